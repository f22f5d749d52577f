"""Cells on Dask: worker processes of this machine by default, or a cluster of any kind by its scheduler's address."""

from __future__ import annotations

import itertools
import os
import pickle
import queue
import sys
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from simkit.experiment.cells import Cell, Err, Ok, Outcome, Work
from simkit.experiment.executors.cluster import CONNECT_SECONDS, ClusterError, code_here, local, remote
from simkit.experiment.executors.crew import IDLE_SECONDS, Terms, dismiss, halt, run_cells
from simkit.experiment.executors.limits import Limits
from simkit.experiment.executors.protocol import STOP_SECONDS, WorkerStartError
from simkit.experiment.executors.worker import end_spares, start_spares

BATCH_SECONDS = 0.2
"""Cells much shorter than this share a task, so that the scheduler's few milliseconds are few per cell too."""
BATCHES_PER_CORE = 2
"""One at work, one that waits at the scheduler."""
CELLS_PER_CORE = 32
"""The window, where none is stated."""
TICK_SECONDS = 0.1
COUNT_SECONDS = 2.0
"""How often the cores of a cluster are counted: clusters grow and shrink."""


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Dask:
    """Runs cells on a Dask cluster; one code path from a laptop to a cluster.

    Without `cluster`, a scheduler in this process with `workers` worker processes, by default one per core. With
    `cluster`, the scheduler at that address (or in that scheduler file). A cell is ended at its `limits`. A worker
    process that is killed loses only its cell, which is tried again and in the end reported as an :class:`Err`.

    It connects at its first stream and is left with that; used as a context it stays connected for several.
    Raises ClusterError and MissingExtraError on connecting.
    """

    def __init__(
        self,
        work: Work,
        workers: int | None = None,
        cluster: str | None = None,
        limits: Limits | None = None,
        connect_seconds: float | None = None,
        tell: Callable[[str], None] = _tell,
    ):
        self.work, self.workers, self.cluster = work, workers or os.cpu_count() or 1, cluster
        self.limits, self.tell = limits or Limits(), tell
        self.connect_seconds = CONNECT_SECONDS if connect_seconds is None else connect_seconds
        self.stopped = False
        self._client: Any = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self.cluster is None:
            start_spares(self.workers, self.work.model.module)  # they get ready while Dask is imported
            self._open.callback(end_spares)
            opened = local(self.workers)
        else:
            opened = remote(self.cluster, self.connect_seconds)
        try:
            self._client = self._open.enter_context(opened)
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client = None
        self._open.close()

    def submit_stream(self, cells: Iterable[Cell], window: int | None = None) -> Iterator[tuple[Cell, Outcome]]:
        """Yield cells as they finish; leaving the loop early ends what is under way.

        `window` is by default 32 cells per core of the cluster. Raises ClusterError when the cluster goes away or
        has another simkit, WorkerStartError when worker processes cannot start.
        """
        if self._client is None:
            with self:
                yield from self.submit_stream(cells, window)
            return
        stream = _Stream(self, self._client, iter(cells), window)
        try:
            yield from stream.outcomes()
        finally:
            stream.leave()

    def stop(self) -> None:
        """Begin no further cell; those that have begun have ten seconds left. May be called by a signal."""
        self.stopped = True


@dataclass
class _Batch:
    """Cells that travel together."""

    cells: list[Cell]


@dataclass
class _Stream:
    """The state of one stream of cells."""

    owner: Dask
    client: Any
    source: Iterator[Cell]
    window: int | None
    running: dict[Any, _Batch] = field(default_factory=dict)
    again: deque[_Batch] = field(default_factory=deque)
    left: deque[Cell] = field(default_factory=deque)
    """Cells of batches that gave back what they had not come to: batched anew, by what a cell is now known to take."""
    done: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)
    cell_seconds: float | None = None
    """What a cell takes, lately; None before the first has finished."""
    cores: int = 1
    _counted_at: float = float("-inf")
    _stopped_at: float | None = None
    _waiting_told: bool = False

    def __post_init__(self) -> None:
        self.name = f"simkit-{uuid.uuid4().hex}"
        idle_seconds = None if self.owner.cluster is None else IDLE_SECONDS
        terms = Terms(self.name, pickle.dumps(self.owner.work), self.owner.limits, idle_seconds)
        self.started = time.monotonic()
        self.numbers = itertools.count()
        self.terms = self.client.submit(_kept, terms, key=f"{self.name}-terms")  # a task: lost with a worker, run again
        self.code = code_here()

    def outcomes(self) -> Iterator[tuple[Cell, Outcome]]:
        """Hand out, take back, until nothing is left."""
        while True:
            self._count()
            self._hand_out()
            if not self.running or self._out_of_time():
                return
            for future in self._finished():
                yield from self._taken(future, self.running.pop(future))

    def leave(self) -> None:
        """Give up what is still under way, and end its processes."""
        with suppress(Exception):  # a cluster that is gone has nothing to end
            self.client.cancel(list(self.running))
            self.client.run(dismiss, self.name, on_error="ignore")

    # --- out ---

    def _hand_out(self) -> None:
        if self.owner.stopped:
            return
        window = self.window or CELLS_PER_CORE * self.cores
        while len(self.running) < BATCHES_PER_CORE * self.cores:
            batch = self.again.popleft() if self.again else self._next(window)
            if not batch.cells:
                return
            pickled = [pickle.dumps(cell) for cell in batch.cells]
            key = f"{self.name}-{next(self.numbers)}"
            future = self.client.submit(run_cells, self.terms, pickled, self.code, key=key)
            self.running[future] = batch
            future.add_done_callback(self.done.put)

    def _next(self, window: int) -> _Batch:
        """As many cells as fill a batch, within the window."""
        room = window - sum(len(batch.cells) for batch in self.running.values())
        size = int(BATCH_SECONDS / max(self.cell_seconds, 1e-4)) if self.cell_seconds is not None else 1
        fair = max(1, window // (BATCHES_PER_CORE * self.cores))
        count = max(0, min(max(size, 1), fair, room))
        before = [self.left.popleft() for _ in range(min(count, len(self.left)))]
        return _Batch([*before, *itertools.islice(self.source, count - len(before))])

    def _count(self) -> None:
        """How many cores there are now; none is said once, for a batch system may take its time."""
        now = time.monotonic()
        if now - self._counted_at < COUNT_SECONDS:
            return
        cores = sum(self.client.nthreads().values())
        self.cores, self._counted_at = max(cores, 1), now
        if cores == 0 and now - self.started > COUNT_SECONDS and not self._waiting_told:
            self._waiting_told = True
            self.owner.tell(f"the scheduler at {self.owner.cluster} has no workers yet; waiting for them")

    # --- back ---

    def _finished(self) -> list[Any]:
        """Batches that have come back, after a short wait if there are none."""
        found = []
        with suppress(queue.Empty):
            found.append(self.done.get(timeout=TICK_SECONDS))
            while True:
                found.append(self.done.get_nowait())
        return found

    def _taken(self, future: Any, batch: _Batch) -> Iterator[tuple[Cell, Outcome]]:
        """The outcomes of a batch; what it has not come to is handed out again, to whoever is free."""
        if future.status == "error":
            yield from self._failed(future.exception(), batch)
            return
        if future.status != "finished":
            raise ClusterError(f"the Dask scheduler{self._place} went away while cells were under way")
        outcomes = future.result()
        for cell, outcome in zip(batch.cells, outcomes, strict=False):
            self._learn(outcome)
            yield cell, outcome
        if len(outcomes) < len(batch.cells):
            self.left.extend(batch.cells[len(outcomes) :])

    def _failed(self, error: BaseException, batch: _Batch) -> Iterator[tuple[Cell, Outcome]]:
        """A batch whose Dask workers died is taken apart, until it is one cell that must be to blame."""
        from distributed.scheduler import KilledWorker

        if isinstance(error, (ClusterError, WorkerStartError)):
            raise error
        if not isinstance(error, KilledWorker):
            text = f"the Dask cluster{self._place} cannot run cells ({type(error).__name__}: {error})"
            raise ClusterError(f"{text}; its scheduler and workers need the same simkit as this process")
        if len(batch.cells) > 1:
            self.again.extend(_Batch([cell]) for cell in batch.cells)
        else:
            times = error.allowed_failures + 1
            yield batch.cells[0], Err(f"{times} Dask workers died while they ran it", "dask worker", 0.0)

    def _learn(self, outcome: Outcome) -> None:
        """What a cell takes: half of it from the last one, so that the first, which compiles, is soon forgotten."""
        if isinstance(outcome, Ok):
            before = outcome.seconds if self.cell_seconds is None else self.cell_seconds
            self.cell_seconds = 0.5 * (before + outcome.seconds)

    @property
    def _place(self) -> str:
        return f" at {self.owner.cluster}" if self.owner.cluster else ""

    def _out_of_time(self) -> bool:
        """Once stopped, tell the workers to begin nothing, and wait for them a while."""
        if not self.owner.stopped:
            return False
        if self._stopped_at is None:
            self._stopped_at = time.monotonic()
            with suppress(Exception):
                self.client.run(halt, self.name, on_error="ignore")
        return time.monotonic() - self._stopped_at > STOP_SECONDS


def _kept(terms: Terms) -> Terms:
    return terms
