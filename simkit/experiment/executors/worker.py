"""A worker process: started afresh, one cell at a time on one core, ended with the process that started it."""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import threading
import types
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import ClassVar, NamedTuple

from simkit.experiment.cells import Cell, failure

READY = "ready"


class Next(NamedTuple):
    """Said to a worker instead of a cell: its work is done, another follows, for which it may import this meanwhile."""

    modules: tuple[str, ...]


GRACE_SECONDS = 5.0
SELDOM = (50_000, 20, 20)
"""When Python looks for cycles in memory: a run makes few, and looking through all that is imported takes its time."""
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What keeps libraries below Python from taking further cores."""

Task = tuple[Cell, int]
"""A cell, and which attempt at it this is."""


class Spare:
    """A worker process that waits to be told its work, and meanwhile imports the module `early`, if there is one."""

    waiting: ClassVar[list[Spare]] = []
    kept: ClassVar[int] = 0
    """How many ask at the moment that workers are kept for the next work, see :func:`kept_workers`."""
    meanwhile: ClassVar[tuple[str, ...]] = ()
    """What they import while they wait for it."""

    def __init__(self, early: str = "") -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, early), daemon=True)
        with _own_start():
            self.process.start()
        theirs.close()  # or the end of the worker would never be an end of file here
        self.warm = False
        """Whether it has done some work already, and so will take no time to get ready for another."""


def start_early(workers: int | None) -> None:
    """Start the worker processes of a coming study, so that they get ready while its scenario is read."""
    start_spares((workers or os.cpu_count() or 1) - 1)


def start_spares(count: int, early: str = "simkit.simulation") -> None:
    """Have so many processes waiting for their work, with the module imported that it will need."""
    for _ in range(count - len(Spare.waiting)):
        Spare.waiting.append(Spare(early))


@contextlib.contextmanager
def kept_workers(*meanwhile: str) -> Iterator[None]:
    """While this lasts, worker processes that have done their work wait for another; then all that wait end.

    For the streams of one command. Workers never outlive it, because what a user has edited since must be read anew.
    Modules that a later work needs may be imported `meanwhile`.
    """
    Spare.kept += 1
    before, Spare.meanwhile = Spare.meanwhile, Spare.meanwhile + meanwhile
    try:
        yield
    finally:
        Spare.kept -= 1
        Spare.meanwhile = before
        if not Spare.kept:
            end_spares()


def waiting_workers() -> int:
    """How many worker processes have done their work and wait for another."""
    return sum(spare.warm for spare in Spare.waiting)


def end_spares() -> None:
    """End the processes that nobody has asked for."""
    while Spare.waiting:
        spare = Spare.waiting.pop()
        spare.connection.close()  # its end of file ends it
        spare.process.kill()
        spare.process.join()


class Worker:
    """One worker process, seen from the parent: its connection, and the tasks it has.

    It does nothing until it is told to begin.
    """

    def __init__(self) -> None:
        self.spare = _spare()
        self.connection, self.process = self.spare.connection, self.spare.process
        self.tasks: deque[Task] = deque()
        self.ready = False

    def begin(self, payload: bytes, helper: bool = True, idle_seconds: float | None = None) -> None:
        """Send its work, pickled, waiting until the process takes it.

        A `helper` compiles another part of the rules than the process it helps. With `idle_seconds` the process ends
        when it is given nothing for so long.
        """
        with contextlib.suppress(OSError):  # a dead one is noticed when its answer is awaited
            self.connection.send(sys.path)  # a spare may have been started before something was added
            self.connection.send_bytes(payload)
            self.connection.send((helper, idle_seconds))

    def give(self, task: Task) -> None:
        """Send a cell. A worker that is already dead is noticed when its answer is awaited."""
        self.tasks.append(task)
        with contextlib.suppress(OSError):
            self.connection.send(task[0])

    def done(self) -> None:
        """Keep the process for another work where that is wanted and it has nothing left to do; else end it."""
        if Spare.kept and self.ready and not self.tasks:
            with contextlib.suppress(OSError):
                self.connection.send(Next(Spare.meanwhile))
                self.spare.warm = True
                Spare.waiting.append(self.spare)
                return
        self.stop()

    def stop(self, gently: bool = True) -> int | None:
        """End the process, gently and then not; its exit code."""
        self.connection.close()
        if gently:
            self.process.terminate()
            self.process.join(GRACE_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        return self.process.exitcode


def _spare() -> Spare:
    """A process that waits already, or a new one; threads may ask for one at the same time."""
    with contextlib.suppress(IndexError):
        while not (spare := Spare.waiting.pop()).process.is_alive():
            spare.connection.close()
        return spare
    return Spare()


_starting = threading.Lock()
"""Two threads that start processes at once would leave each other's `__main__` behind."""


@contextlib.contextmanager
def _own_start() -> Iterator[None]:
    """Start children that neither rerun the user's script nor answer Ctrl-C with a traceback.

    A spawned child imports the parent's main script again, which without a ``__main__`` guard would start
    the whole study again; workers need nothing from it. An ignored interrupt is inherited by the child. The process
    of a Dask worker is a daemon, which multiprocessing allows no children; ours end with it by themselves.
    """
    with _starting:
        main = sys.modules["__main__"]
        quiet = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGINT, signal.SIG_IGN) if quiet else None
        settings = multiprocessing.current_process()._config  # type: ignore[attr-defined]
        daemon = settings.pop("daemon", None)
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
            if daemon is not None:
                settings["daemon"] = daemon
            if quiet:
                signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def serve(connection: Connection, early: str) -> None:
    """A worker's life: one work after another, until the parent is gone.

    What it imports `early` is ready before the work comes; one that gets its work at once imports what the work needs.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.set_threshold(*SELDOM)
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    _import(early)
    with contextlib.suppress(EOFError, OSError):
        while _serve_one(connection):
            pass


def _import(*modules: str) -> None:
    """Import what is there of these; whether it is needed, the work will say."""
    for name in modules:
        with contextlib.suppress(ImportError, ValueError):  # "" is no module
            importlib.import_module(name)


def _serve_one(connection: Connection) -> bool:
    """The cells of one work: take one, run it on one core, give back the outcome. False when no other work follows.

    With `idle_seconds` it ends when it was given nothing for so long.
    """
    try:
        sys.path[:] = connection.recv()
        work = connection.recv()
        helper, idle_seconds = connection.recv()
        work.warm(helper=helper)
    except (EOFError, OSError):
        raise
    except Exception as error:
        connection.send(failure(error))
        return False
    gc.freeze()  # what is imported and compiled stays; no collection needs to look at it again
    connection.send(READY)
    while connection.poll(idle_seconds):
        cell = connection.recv()
        if isinstance(cell, Next):
            _import(*cell.modules)
            return True
        connection.send(work.run(cell, threads=1))
    return False


def _end_with_parent() -> None:
    """End this process at once when its parent is gone, even in the middle of a cell."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
