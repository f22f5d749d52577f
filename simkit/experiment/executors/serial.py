"""Cells one after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simkit.experiment.cells import Cell, Outcome, Work


class Serial:
    """One cell after the other in this process; `threads` go to the compiled loop inside each."""

    def __init__(self, work: Work, threads: int):
        self.work, self.threads = work, threads
        self._stopped = False

    def submit_stream(self, cells: Iterable[Cell], window: int = 1) -> Iterator[tuple[Cell, Outcome]]:
        """Run a cell only when the next outcome is asked for; the window is always one."""
        for cell in cells:
            if self._stopped:
                return
            yield cell, self.work.run(cell, self.threads)

    def stop(self) -> None:
        """Begin no further cell."""
        self._stopped = True
