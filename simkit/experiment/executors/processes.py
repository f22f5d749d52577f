"""Worker processes of this machine, and this process among them."""

from __future__ import annotations

import math
import pickle
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import wait
from queue import Empty, SimpleQueue
from typing import Any

from simkit.experiment.cells import Cell, Err, Outcome
from simkit.experiment.executors.protocol import ATTEMPTS, STOP_SECONDS, Job, WorkerStartError, killer
from simkit.experiment.executors.worker import READY, Task, Worker

TICK_SECONDS = 0.1


class Processes:
    """Worker processes, started afresh (``spawn``, as on every platform), each on one core.

    A worker that dies loses only its cell, which is tried again and in the end reported as an :class:`Err`.
    Workers end by themselves when this process dies. With `lend_a_hand` this process runs cells as well: it begins
    at once, while workers are still starting, so that a short study is over before any of them is needed.
    """

    def __init__(self, work: Job, workers: int, lend_a_hand: bool = False):
        self.work, self.workers, self.lend_a_hand = work, workers, lend_a_hand
        self._stopped = threading.Event()
        self._desk: Desk | None = None

    def submit_stream(self, cells: Iterable[Cell], window: int) -> Iterator[tuple[Cell, Outcome]]:
        """Hand cells to workers in order; leaving the loop early ends the workers."""
        yield from self.begin(cells, window)

    def begin(self, cells: Iterable[Cell], window: int) -> Iterator[tuple[Cell, Outcome]]:
        """The same stream, but workers begin now and not when the first outcome is asked for, which it has to be."""
        desk = Desk(self.work, cells, min(window, self.workers), self.lend_a_hand, self._stopped)
        desk.open()
        self._desk = desk
        return self._stream(desk)

    def _stream(self, desk: Desk) -> Iterator[tuple[Cell, Outcome]]:
        try:
            if self.lend_a_hand:
                self.work.warm(helper=False)
                while (cell := desk.take()) is not None:
                    yield cell, self.work.run(cell, threads=1)
                    yield from desk.finished()
            while desk.expects_more():
                found = desk.next()
                if found is not None:
                    yield found
        finally:
            self._desk = None
            desk.close()

    def stop(self) -> None:
        """Begin no further cell; those that have begun have ten seconds left. May be called by a signal."""
        self._stopped.set()
        if self._desk is not None:
            self._desk.wake()


class Desk:
    """Where workers get cells and bring outcomes, kept by a thread, so that they never wait for this process to be done
    with a cell of its own."""

    def __init__(self, work: Job, cells: Iterable[Cell], workers: int, lends: bool, stopped: threading.Event):
        self._queue, self._again = deque((cell, 1) for cell in cells), deque[Task]()
        self._payload = pickle.dumps(work)
        self._workers, self._lends, self._stopped = workers, lends, stopped
        self.crew = [Worker() for _ in range(min(workers, len(self._queue)))]
        self._lock, self._closed = threading.Lock(), False
        self._outcomes: SimpleQueue[tuple[Cell, Outcome] | BaseException] = SimpleQueue()
        self._expected = 0
        """Outcomes that are with workers, to be tried again, or brought and not yet taken."""
        self._awaited: set[Cell] | None = None
        """Once stopped: the cells that were under way then, until `_until` (monotonic seconds)."""
        self._until = math.inf
        self._bell, self._ring = Pipe(duplex=False)
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def open(self) -> None:
        """Begin to hand out."""
        self._keeper.start()

    def take(self) -> Cell | None:
        """The next cell, for this process itself; None when none is left."""
        with self._lock:
            return self._left().popleft()[0] if self._left() else None

    def expects_more(self) -> bool:
        """Whether any outcome is still to come."""
        with self._lock:
            if not self._outcomes.empty():
                return True
            if self._awaited is not None:
                return bool(self._awaited) and time.monotonic() < self._until
            return bool(self._left() or self._expected)

    def next(self) -> tuple[Cell, Outcome] | None:
        """The next outcome of a worker; None where none comes within a moment. Raises what makes all further waiting
        vain."""
        try:
            found = self._outcomes.get(timeout=TICK_SECONDS)
        except Empty:
            return None
        if isinstance(found, BaseException):
            raise found
        with self._lock:
            self._expected -= 1
            if self._awaited is not None:
                self._awaited.discard(found[0])
        return found

    def finished(self) -> Iterator[tuple[Cell, Outcome]]:
        """The outcomes that are there already."""
        while not self._outcomes.empty() and (found := self.next()) is not None:
            yield found

    def wake(self) -> None:
        """Have the thread see at once that it is stopped. May be called by a signal."""
        with suppress(OSError):
            self._ring.send(None)

    def close(self) -> None:
        """Hand out nothing any more, and let the workers go."""
        self._closed = True
        self._ring.send(None)
        self._keeper.join()
        self._ring.close()
        self._bell.close()
        for worker in self.crew:
            worker.done()

    # --- the thread -----------------------------------------------------------------------------------

    def _keep(self) -> None:
        try:
            for worker in self.crew:
                worker.begin(self._payload)  # a worker that still imports something takes it when it has done so
            while not self._closed:
                with self._lock:
                    if self._stopped.is_set() and self._awaited is None:
                        self._last_call()
                    self.hand_out()
                self._collect()
        except BaseException as error:
            with self._lock:
                self._expected += 1
            self._outcomes.put(error)

    def _last_call(self) -> None:
        """Wait for what workers are at, not for what they have in reserve, and not for ever."""
        self._awaited = {worker.tasks[0][0] for worker in self.crew if worker.tasks}
        self._until = time.monotonic() + STOP_SECONDS

    def _left(self) -> deque[Task]:
        """Cells to begin."""
        if self._stopped.is_set():
            self._queue.clear()
        return self._queue

    def hand_out(self) -> None:
        """Give a task to each worker that has none, and one in reserve, so that it need not wait for the next; but the
        last one is left for this process where it lends a hand.

        Then this process takes cells from the front and workers take them from the back: neighbors share a
        replication, and so the people at its start, which each process makes for itself."""
        if self._awaited is not None:
            return
        queue, again = self._left(), self._again
        following = queue.pop if self._lends else queue.popleft
        if (not self.crew and not self._lends and queue) or (again and len(self.crew) < self._workers):
            self.crew.append(Worker())
            self.crew[-1].begin(self._payload)
        idle = [worker for worker in self.crew if worker.ready or worker.spare.warm or not self._lends]
        for worker in idle:
            if not worker.tasks and again:
                worker.give(again.popleft())
            elif not worker.tasks and queue:
                self._expected += 1
                worker.give(following())
        for worker in idle if self._lends else ():
            if len(worker.tasks) < 2 and len(queue) > 1:
                self._expected += 1
                worker.give(following())

    def _collect(self) -> None:
        """Wait for messages of workers, and take what they bring."""
        by_connection: dict[Any, Worker] = {worker.connection: worker for worker in self.crew}
        for connection in wait([*by_connection, self._bell]):
            if connection is self._bell:
                self._bell.recv()
                return
            worker = by_connection[connection]
            try:
                message = worker.connection.recv()
            except (EOFError, OSError):
                self._lose(worker)
                continue
            if not worker.ready and isinstance(message, Err):
                self._lose(worker, message.error)
            elif message == READY:
                worker.ready = True
            else:
                cell, _ = worker.tasks.popleft()
                self._outcomes.put((cell, message))

    def _lose(self, worker: Worker, why: str = "") -> None:
        """A worker has ended: what it was at is tried again, what it had in reserve as if it had never been given.

        One that cannot even start is an error where nobody else does its work.
        """
        self.crew.remove(worker)
        code = worker.stop()
        if not worker.ready and (not self._lends or self._again):
            why = why or f"exit code {code}"
            raise WorkerStartError(f"a worker process ended before it could start ({why})") from None
        if worker.tasks:
            cell, attempt = worker.tasks.popleft()
            if self._awaited is not None:
                self._awaited.discard(cell)
                return
            self._again.extend(worker.tasks)
            if attempt < ATTEMPTS:
                self._again.append((cell, attempt + 1))
            else:
                self._outcomes.put((cell, killer(code)))
