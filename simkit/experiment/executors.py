"""Who runs the cells: this process, or spawned worker processes. One protocol, so that the choice is no one's concern.

``submit_stream(cells, window)`` yields ``(cell, Ok | Err)`` as they finish, with at most `window` cells
handed out and not yet given back.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import threading
import types
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, ClassVar, Protocol

from simkit.experiment.cells import Cell, Err, Outcome, Work

READY = "ready"
ATTEMPTS = 2
"""A cell whose worker was killed is tried once more, because the killer (the memory killer, mostly) may not return."""
GRACE_SECONDS = 5.0


class WorkerStartError(RuntimeError):
    """A worker process ended before it could take any work."""


class Executor(Protocol):
    """Runs cells in whatever order and place; the outcome of a cell never depends on either."""

    def submit_stream(self, cells: Iterable[Cell], window: int) -> Iterator[tuple[Cell, Outcome]]:
        """Yield each cell with its outcome as it finishes."""
        ...


class Serial:
    """One cell after the other in this process; `threads` go to the compiled loop inside each."""

    def __init__(self, work: Work, threads: int):
        self.work, self.threads = work, threads

    def submit_stream(self, cells: Iterable[Cell], window: int = 1) -> Iterator[tuple[Cell, Outcome]]:
        """Run a cell only when the next outcome is asked for; the window is always one."""
        for cell in cells:
            yield cell, self.work.run(cell, self.threads)


class Processes:
    """Worker processes, started afresh (``spawn``, as on every platform), each on one core.

    A worker that dies loses only its cell, which is tried once more and then reported as an :class:`Err`.
    Workers end by themselves when this process dies. With `lend_a_hand` this process runs cells as well: it begins
    at once, while workers are still starting, so that a short study is over before any of them is needed.
    """

    def __init__(self, work: Work, workers: int, lend_a_hand: bool = False):
        self.work, self.workers, self.lend_a_hand = work, workers, lend_a_hand

    def submit_stream(self, cells: Iterable[Cell], window: int) -> Iterator[tuple[Cell, Outcome]]:
        """Hand cells to workers in order; leaving the loop early ends the workers."""
        queue, again = deque((cell, 1) for cell in cells), deque[Task]()
        crew = [Worker(self.work) for _ in range(min(window, self.workers, len(queue)))]
        try:
            if self.lend_a_hand:
                self.work.warm(helper=False)
            while queue or again or any(worker.tasks for worker in crew):
                self._hand_out(queue, again, crew)
                if self.lend_a_hand and queue:
                    cell, _ = queue.popleft()
                    yield cell, self.work.run(cell, threads=1)
                    yield from _collect(crew, again, timeout=0, needed=False)
                else:
                    yield from _collect(crew, again, timeout=None)
        finally:
            for worker in crew:
                worker.stop()

    def _hand_out(self, queue: deque[Task], again: deque[Task], crew: list[Worker]) -> None:
        """Give tasks to workers that have none; while this process is at a cell of its own they need one in reserve."""
        if (not crew and not self.lend_a_hand) or (again and len(crew) < self.workers):
            crew.append(Worker(self.work))
        plenty = self.lend_a_hand and len(queue) > 2 * (len(crew) + 1)
        for worker in crew:
            waits = worker.ready or not self.lend_a_hand
            while waits and len(worker.tasks) < (2 if plenty else 1) and (again or queue):
                worker.give((again or queue).popleft())


Task = tuple[Cell, int]
"""A cell, and which attempt at it this is."""


def _collect(
    crew: list[Worker], again: deque[Task], timeout: float | None, needed: bool = True
) -> Iterator[tuple[Cell, Outcome]]:
    """Take the messages that are there (waiting for one when `timeout` is None), and yield the outcomes among them.

    A worker that cannot even start is an error where workers are `needed`; else the others do its work.
    """
    by_connection: dict[Any, Worker] = {worker.connection: worker for worker in crew}
    for connection in wait(list(by_connection), timeout):
        worker = by_connection[connection]
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            crew.remove(worker)
            yield from _lost(worker, again, needed)
            continue
        if message == READY:
            worker.ready = True
        else:
            cell, _ = worker.tasks.popleft()
            yield cell, message


def _lost(worker: Worker, again: deque[Task], needed: bool) -> Iterator[tuple[Cell, Outcome]]:
    """A worker has ended: what it was at is tried once more, what it had in reserve as if it had never been given."""
    code = worker.stop()
    if not worker.ready and needed:
        raise WorkerStartError(f"a worker process ended before it could start (exit code {code})") from None
    if worker.tasks:
        cell, attempt = worker.tasks.popleft()
        again.extend(worker.tasks)
        if attempt < ATTEMPTS:
            again.append((cell, attempt + 1))
        else:
            yield cell, Err(f"the worker process ended {ATTEMPTS} times (exit code {code})", "worker", 0.0)


class Spare:
    """A worker process that imports what any study needs, and waits to be told which."""

    waiting: ClassVar[list[Spare]] = []

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        with _own_start():
            self.process.start()
        theirs.close()  # or the end of the worker would never be an end of file here


def start_early(workers: int | None) -> None:
    """Start the worker processes of a coming study, so that they get ready while its scenario is read."""
    for _ in range((workers or os.cpu_count() or 1) - 1 - len(Spare.waiting)):
        Spare.waiting.append(Spare())


class Worker:
    """One worker process, seen from the parent: its connection, and the tasks it has."""

    def __init__(self, work: Work):
        spare = Spare.waiting.pop() if Spare.waiting else Spare()
        self.connection, self.process = spare.connection, spare.process
        self.tasks: deque[Task] = deque()
        self.ready = False
        with contextlib.suppress(OSError):  # a dead one is noticed when its answer is awaited
            self.connection.send(work)

    def give(self, task: Task) -> None:
        """Send a cell. A worker that is already dead is noticed when its answer is awaited."""
        self.tasks.append(task)
        with contextlib.suppress(OSError):
            self.connection.send(task[0])

    def stop(self) -> int | None:
        """End the process, gently and then not; its exit code."""
        self.connection.close()
        self.process.terminate()
        self.process.join(GRACE_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        return self.process.exitcode


@contextlib.contextmanager
def _own_start() -> Iterator[None]:
    """Start children that neither rerun the user's script nor answer Ctrl-C with a traceback.

    A spawned child imports the parent's main script again, which without a ``__main__`` guard would start
    the whole study again; workers need nothing from it. An ignored interrupt is inherited by the child.
    """
    main = sys.modules["__main__"]
    quiet = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if quiet else None
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        if quiet:
            signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def serve(connection: Connection) -> None:
    """A worker's life: take a cell, run it on one core, give back the outcome, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    threading.Thread(target=_end_with_parent, daemon=True).start()
    importlib.import_module("simkit.simulation")
    with contextlib.suppress(EOFError, OSError):
        work = connection.recv()
        work.warm(helper=True)
        connection.send(READY)
        while True:
            connection.send(work.run(connection.recv(), threads=1))


def _end_with_parent() -> None:
    """End this process at once when its parent is gone, even in the middle of a cell."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
