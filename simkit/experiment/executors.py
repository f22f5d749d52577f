"""Who runs the cells: this process, or spawned worker processes. One protocol, so that the choice is no one's concern.

``submit_stream(cells, window)`` yields ``(cell, Ok | Err)`` as they finish, with at most `window` cells
handed out and not yet given back.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import types
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

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
    Workers end by themselves when this process dies.
    """

    def __init__(self, work: Work, workers: int):
        self.work, self.workers = work, workers

    def submit_stream(self, cells: Iterable[Cell], window: int) -> Iterator[tuple[Cell, Outcome]]:
        """Hand cells to idle workers in order; leaving the loop early ends the workers."""
        queue, again, crew = iter(cells), deque[tuple[Cell, int]](), list[Worker]()
        try:
            while True:
                busy = [worker for worker in crew if worker.cell is not None]
                while len(busy) < min(window, self.workers) and (task := _next(queue, again)) is not None:
                    busy.append(self._give(task, crew))
                if not busy:
                    return
                yield from _collect(busy, crew, again)
        finally:
            for worker in crew:
                worker.stop()

    def _give(self, task: tuple[Cell, int], crew: list[Worker]) -> Worker:
        """Give a task to an idle worker; the crew grows only when there is work for one more."""
        worker = next((one for one in crew if one.cell is None), None)
        if worker is None:
            worker = Worker(self.work)
            crew.append(worker)
        worker.give(*task)
        return worker


def _next(queue: Iterator[Cell], again: deque[tuple[Cell, int]]) -> tuple[Cell, int] | None:
    """The next task as (cell, attempt): what has to be repeated first."""
    if again:
        return again.popleft()
    cell = next(queue, None)
    return None if cell is None else (cell, 1)


def _collect(busy: list[Worker], crew: list[Worker], again: deque[tuple[Cell, int]]) -> Iterator[tuple[Cell, Outcome]]:
    """Wait for at least one message, and yield the outcomes among them."""
    by_connection: dict[Any, Worker] = {worker.connection: worker for worker in busy}
    for connection in wait(list(by_connection)):
        worker = by_connection[connection]
        cell, attempt = worker.task()
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            crew.remove(worker)
            code = worker.stop()
            if not worker.ready:
                raise WorkerStartError(f"a worker process ended before it could start (exit code {code})") from None
            if attempt < ATTEMPTS:
                again.append((cell, attempt + 1))
            else:
                yield cell, Err(f"the worker process ended {ATTEMPTS} times (exit code {code})", "worker", 0.0)
            continue
        if message == READY:
            worker.ready = True
        else:
            worker.cell = None
            yield cell, message


class Worker:
    """One worker process, seen from the parent: its connection, and the cell that it is at."""

    def __init__(self, work: Work):
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, work), daemon=True)
        self.cell: Cell | None = None
        self.attempt = 0
        self.ready = False
        with _own_start():
            self.process.start()
        theirs.close()  # or the end of the worker would never be an end of file here

    def give(self, cell: Cell, attempt: int) -> None:
        """Send a cell. A worker that is already dead is noticed when its answer is awaited."""
        self.cell, self.attempt = cell, attempt
        with contextlib.suppress(OSError):
            self.connection.send(cell)

    def task(self) -> tuple[Cell, int]:
        """What it is at."""
        assert self.cell is not None
        return self.cell, self.attempt

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


def serve(connection: Connection, work: Work) -> None:
    """A worker's life: take a cell, run it on one core, give back the outcome, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    threading.Thread(target=_end_with_parent, daemon=True).start()
    connection.send(READY)
    while True:
        try:
            cell = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(work.run(cell, threads=1))


def _end_with_parent() -> None:
    """End this process at once when its parent is gone, even in the middle of a cell."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
