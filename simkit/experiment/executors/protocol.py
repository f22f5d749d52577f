"""What every executor does, and what they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from simkit.experiment.cells import Cell, Err, Outcome

ATTEMPTS = 3
"""A cell whose worker was killed is tried again, because the killer (the memory killer, mostly) may not return."""

STOP_SECONDS = 10.0
"""How long cells that have begun may still take when worker processes are stopped."""


class WorkerStartError(OSError):
    """A worker process ended before it could take any work. Commands end with exit code 7."""


class Job(Protocol):
    """What executors ask of the work whose cells they run: :class:`simkit.experiment.cells.Work`, or the like of it."""

    def warm(self, helper: bool) -> None:
        """Get ready for the first cell."""
        ...

    def run(self, cell: Any, threads: int) -> Any:
        """Run one cell. Never raises."""
        ...


class Executor(Protocol):
    """Runs cells in whatever order and place; the outcome of a cell never depends on either."""

    def submit_stream(self, cells: Iterable[Cell], window: int) -> Iterator[tuple[Cell, Outcome]]:
        """Yield each cell with its outcome as it finishes, with at most `window` cells out at a time."""
        ...

    def stop(self) -> None:
        """Begin no further cell. The stream gives back what has begun and then ends. May be called by a signal."""
        ...


def killer(code: int | None) -> Err:
    """A cell that killed each worker process it was given to; `code` is the last one's exit code."""
    doubt = "; -9 is how the system ends a process when memory is short" if code == -9 else ""
    return Err(f"the worker process ended {ATTEMPTS} times (exit code {code}{doubt})", "worker", 0.0)
