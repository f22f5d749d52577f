"""Worker processes of this machine, and this process among them."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait
from typing import Any

from simkit.experiment.cells import Cell, Err, Outcome
from simkit.experiment.executors.protocol import ATTEMPTS, Job, WorkerStartError, killer
from simkit.experiment.executors.worker import READY, Task, Worker


class Processes:
    """Worker processes, started afresh (``spawn``, as on every platform), each on one core.

    A worker that dies loses only its cell, which is tried again and in the end reported as an :class:`Err`.
    Workers end by themselves when this process dies. With `lend_a_hand` this process runs cells as well: it begins
    at once, while workers are still starting, so that a short study is over before any of them is needed.
    """

    def __init__(self, work: Job, workers: int, lend_a_hand: bool = False):
        self.work, self.workers, self.lend_a_hand = work, workers, lend_a_hand
        self._payload, self._stopped = b"", False

    def submit_stream(self, cells: Iterable[Cell], window: int) -> Iterator[tuple[Cell, Outcome]]:
        """Hand cells to workers in order; leaving the loop early ends the workers."""
        queue, again = deque((cell, 1) for cell in cells), deque[Task]()
        self._payload = pickle.dumps(self.work)
        crew = [Worker(self._payload) for _ in range(min(window, self.workers, len(queue)))]
        try:
            if self.lend_a_hand:
                self._hand_out(queue, again, crew)  # to those that have worked before
                self.work.warm(helper=False)
            while self._left(queue) or again or any(worker.tasks for worker in crew):
                self._hand_out(queue, again, crew)
                if self.lend_a_hand and queue:
                    cell, _ = queue.popleft()
                    yield cell, self.work.run(cell, threads=1)
                    yield from _collect(crew, again, timeout=0, needed=False)
                else:
                    yield from _collect(crew, again, timeout=None)
        finally:
            for worker in crew:
                worker.done()

    def stop(self) -> None:
        """Begin no further cell."""
        self._stopped = True

    def _left(self, queue: deque[Task]) -> bool:
        """Whether there are cells to begin."""
        if self._stopped:
            queue.clear()
        return bool(queue)

    def _hand_out(self, queue: deque[Task], again: deque[Task], crew: list[Worker]) -> None:
        """Give a task to each worker that has none. While this process is at a cell of its own nobody hands out; so
        then they get one in reserve as well, as long as one is left for this process."""
        if (not crew and not self.lend_a_hand) or (again and len(crew) < self.workers):
            crew.append(Worker(self._payload))
        idle = [worker for worker in crew if worker.ready or worker.spare.warm or not self.lend_a_hand]
        for worker in idle:
            if not worker.tasks and (again or queue):
                worker.give((again or queue).popleft())
        for worker in idle if self.lend_a_hand else ():
            if len(worker.tasks) < 2 and len(queue) > 1:
                worker.give(queue.popleft())


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
        if not worker.ready and isinstance(message, Err):
            crew.remove(worker)
            yield from _lost(worker, again, needed, message.error)
        elif message == READY:
            worker.ready = True
        else:
            cell, _ = worker.tasks.popleft()
            yield cell, message


def _lost(worker: Worker, again: deque[Task], needed: bool, why: str = "") -> Iterator[tuple[Cell, Outcome]]:
    """A worker has ended: what it was at is tried again, what it had in reserve as if it had never been given."""
    code = worker.stop()
    if not worker.ready and needed:
        raise WorkerStartError(f"a worker process ended before it could start ({why or f'exit code {code}'})") from None
    if worker.tasks:
        cell, attempt = worker.tasks.popleft()
        again.extend(worker.tasks)
        if attempt < ATTEMPTS:
            again.append((cell, attempt + 1))
        else:
            yield cell, killer(code)
