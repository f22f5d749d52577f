"""What runs on a Dask worker: its threads hand cells to worker processes of their own, and watch over them.

A cell that hangs, takes too much memory or kills its process takes nothing along but that process: neither the Dask
worker nor the cells beside it. There is one process for each thread of the Dask worker, each on one core.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from simkit.experiment.cells import Err, Outcome
from simkit.experiment.executors.limits import Limits
from simkit.experiment.executors.protocol import ATTEMPTS, WorkerStartError, killer
from simkit.experiment.executors.worker import READY, Worker

LOOK_SECONDS = 0.1
"""How often a running cell is looked at: its memory, and whether its outcome is still wanted."""
PATIENCE_SECONDS = 1.0
"""A batch that has taken longer gives back what it has, and leaves the rest to be handed out again."""
IDLE_SECONDS = 5.0
"""A process on a cluster that was given nothing for so long ends: the program that wanted it may have been killed."""


class UnwantedError(RuntimeError):
    """Nobody waits for the outcome any more."""


@dataclass(frozen=True)
class Terms:
    """What every batch of one sweep has in common."""

    sweep: str
    """A name that no other sweep has."""
    payload: bytes
    """The pickled work; only the worker processes read it."""
    limits: Limits
    idle_seconds: float | None
    """A process that was given nothing for so long ends; None where it ends with this program anyway."""


class Crew:
    """The worker processes that one Dask worker keeps for one sweep."""

    of_sweeps: ClassVar[dict[str, Crew]] = {}
    lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, terms: Terms):
        self.terms = terms
        self.stopped = self.dismissed = False
        self.free: list[Post] = []
        self.posts: list[Post] = []

    @classmethod
    def of(cls, terms: Terms) -> Crew:
        """The crew of a sweep, which is made when it is first asked for."""
        with cls.lock:
            return cls.of_sweeps.setdefault(terms.sweep, cls(terms))

    @contextmanager
    def post(self) -> Iterator[Post]:
        """A place that nobody else is at, with the process that was there last."""
        with self.lock:
            if not self.free:
                self.posts.append(Post(self, helper=bool(self.posts)))
                self.free.append(self.posts[-1])
            post = self.free.pop()
        try:
            yield post
        finally:
            with self.lock:
                self.free.append(post)


def halt(sweep: str) -> None:
    """Begin no further cell of a sweep on this Dask worker."""
    if sweep in Crew.of_sweeps:
        Crew.of_sweeps[sweep].stopped = True


def dismiss(sweep: str) -> None:
    """End the processes of a sweep on this Dask worker at once, whatever they are at."""
    with Crew.lock:
        crew = Crew.of_sweeps.pop(sweep, None)
        if crew is None:
            return
        crew.stopped = crew.dismissed = True
        free = set(crew.free)
        for post in crew.posts:
            post.end(at_work=post not in free)


class Post:
    """The place of one process; it is filled again when the process has ended."""

    def __init__(self, crew: Crew, helper: bool):
        self.crew, self.helper = crew, helper
        self.worker: Worker | None = None
        self.served = 0

    def run(self, cell: bytes, wanted: Callable[[], bool]) -> Outcome:
        """One cell within its limits, tried again when its process is killed.

        Raises UnwantedError, and WorkerStartError when no process gets as far as the cell.
        """
        limits, code = self.crew.terms.limits, None
        for _ in range(ATTEMPTS):
            worker = self._filled(wanted)
            fresh, self.served = self.served == 0, self.served + 1
            with suppress(OSError):  # a dead one is noticed when its answer is awaited
                worker.connection.send_bytes(cell)
            found = self._awaited(worker, wanted, limits)
            if found is None:
                code = worker.process.exitcode
            elif fresh or not limits.blames_memory(found):  # else the cells before may have left too much behind
                return found
        return killer(code)

    def end(self, at_work: bool) -> None:
        """End the process at once; the thread that watches it at its work collects it."""
        if self.worker is not None and at_work:
            self.worker.process.kill()
        elif self.worker is not None:
            self.worker.stop(gently=False)

    def _filled(self, wanted: Callable[[], bool]) -> Worker:
        """The process, ready for a cell."""
        if self.worker is not None and self.worker.process.is_alive():
            return self.worker
        for _ in range(ATTEMPTS):
            self.served = 0
            self.worker = worker = Worker()
            worker.begin(self.crew.terms.payload, self.helper, self.crew.terms.idle_seconds)
            message = self._awaited(worker, wanted, Limits())
            if message == READY:
                return worker
            if isinstance(message, Err):
                raise WorkerStartError(f"a worker process could not start: {message.error}")
        code = worker.process.exitcode
        raise WorkerStartError(f"a worker process ended {ATTEMPTS} times before it could start (exit code {code})")

    def _awaited(self, worker: Worker, wanted: Callable[[], bool], limits: Limits) -> Any:
        """What the process says next; None when it has been killed, an Err when that was here, at a limit."""
        started, found = time.monotonic(), None
        try:
            while not worker.connection.poll(LOOK_SECONDS):
                seconds = time.monotonic() - started
                if self.crew.dismissed or not wanted():
                    raise UnwantedError
                found = limits.exceeded(worker.process.pid, seconds)
                if found:
                    break
            else:
                return worker.connection.recv()
        except (EOFError, OSError):
            pass
        except UnwantedError:
            self._vacated(worker)
            raise
        self._vacated(worker)
        return found

    def _vacated(self, worker: Worker) -> None:
        """End the process and forget it: it can look alive a while when another thread, starting one, collects it."""
        worker.stop(gently=False)
        self.worker = None


def run_cells(terms: Terms, cells: list[bytes], code: str) -> list[Outcome]:
    """The task of a Dask worker: outcomes of the first of these cells, in their order.

    Fewer than there are cells when they take long, when the sweep is stopped, or when nobody wants them any more.
    `code` is the fingerprint of the simkit that wants them; OtherCodeError when this one differs.
    """
    from simkit.experiment.executors.cluster import check_code

    check_code(code)
    outcomes: list[Outcome] = []
    crew, wanted, started = Crew.of(terms), _wanted(), time.monotonic()
    with crew.post() as post, suppress(UnwantedError):
        for cell in cells:
            if crew.stopped or (outcomes and time.monotonic() - started > PATIENCE_SECONDS):
                break
            outcomes.append(post.run(cell, wanted))
    return outcomes


def _wanted() -> Callable[[], bool]:
    """Whether the task of this thread is still wanted: it is not when its client is gone or has cancelled it."""
    from distributed import Status, get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def asked() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state != "cancelled" and worker.status not in (Status.closing, Status.closed)

    return asked
