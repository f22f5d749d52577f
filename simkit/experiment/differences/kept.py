"""Runs of scenarios between two alternatives, kept by address, as in a sweep's store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from simkit.experiment.cells import Cell, Ok, Work
from simkit.experiment.storage import disk
from simkit.experiment.storage.address import cell_address, fingerprint, scenario_digest
from simkit.experiment.storage.errors import StoreError
from simkit.experiment.storage.journal import PATTERN, Journal, rows_of
from simkit.experiment.storage.rows import Row

INPUTS = "why"
"""What the journals of such a folder are named by; their labels mean nothing, only addresses do."""


class KeptRuns:
    """Finished runs of some work in a folder of journals; a new journal for what this process adds.

    Runs that failed are not kept. Raises StoreError for a folder that holds something else, or cannot be used.
    """

    def __init__(self, folder: Path, work: Work):
        self.folder, self.work = folder, work
        self._code = fingerprint(work.model, work.engine, work.scenarios)
        self._journal: Journal | None = None
        with _explained(folder):
            if folder.exists() and not folder.is_dir():
                raise StoreError(f"{folder} is a file; name a folder for the runs")
            folder.mkdir(parents=True, exist_ok=True)
            strange = [path.name for path in disk.names(folder, "*") if not path.match(PATTERN)]
            if strange:
                raise StoreError(f"{folder} holds something else than kept runs ({strange[0]}); name another folder")
            held = [row for path in disk.names(folder, PATTERN) for row in rows_of(disk.read(path))]
        self._known = {row.cell: row.measures for row in held}

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {name: scenario_digest(one) for name, one in self.work.scenarios.items()}

    def address(self, cell: Cell) -> str:
        """Which run a cell is."""
        return cell_address(self._digests[cell.alternative], cell.replication, self._code)

    def measures(self, cell: Cell) -> Mapping[str, float | None] | None:
        """What was measured in a run that is there; None for one that is not."""
        return self._known.get(self.address(cell))

    def add(self, cell: Cell, outcome: Ok) -> None:
        """A finished run; after this call it survives the end of the process."""
        with _explained(self.folder):
            if self._journal is None:
                self._journal = Journal(self.folder, INPUTS)
            told = ("ok", "", outcome.measures, outcome.seconds, self.address(cell))
            self._journal.add(Row(0, cell.alternative, cell.replication, *told))

    def close(self) -> None:
        """Give the journal up; it stays."""
        if self._journal is not None:
            self._journal.close(remove=False)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror or error}; what was kept before is still there") from None
