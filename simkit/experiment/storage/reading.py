"""A sweep's results, read again: every part verified, nothing executed."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simkit.experiment.storage import disk, manifest
from simkit.experiment.storage.errors import StoreError
from simkit.experiment.storage.rows import LABELS, Key, Row, from_bytes, table_of
from simkit.experiment.storage.store import DESIGN, RUNS, days_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Results:
    """What a results folder holds."""

    runs: pd.DataFrame
    """A row per finished cell: `case`, `alternative`, `replication`, `status`, `error`, a column per measure."""
    design: pd.DataFrame
    """Index `case`, a column per factor."""
    about: dict[str, Any]
    """The manifest: name, question, levers, uncertainties, outcomes, replications, origin, times."""
    rows: dict[Key, Row]
    """The same as `runs`, with seconds and addresses."""
    inputs: str

    @property
    def missing(self) -> int:
        """Cells of the design that are not there (yet)."""
        wanted = self.about["cases"] * len(self.about["alternatives"]) * self.about["replications"]
        return max(0, wanted - sum(row.replication < self.about["replications"] for row in self.rows.values()))


def read_results(folder: str | Path) -> Results:
    """The results of a sweep. Raises StoreError for a folder without, or with a damaged part.

    >>> read_results("results/cadence").runs  # doctest: +SKIP
    """
    folder = Path(folder)
    held, rows = _settled(folder)
    runs = runs_of(rows, held.about["alternatives"])
    return Results(runs, _design(folder, held), dict(held.about), rows, held.inputs)


def kept_design(folder: Path, inputs_of: Callable[[pd.DataFrame], str]) -> pd.DataFrame | None:
    """The cases as an earlier sweep drew them, if they are whole and belong to what is asked now; else None.

    `inputs_of` is the digest of all that labels depend on, these cases among it: the manifest must have the same.
    """
    try:
        held = manifest.read(folder)
        design = _design(folder, held) if held is not None else None
    except (StoreError, OSError, ValueError, KeyError):
        return None
    return design if held is not None and design is not None and inputs_of(design) == held.inputs else None


def _settled(folder: Path, tries: int = 3) -> tuple[manifest.Manifest, dict[Key, Row]]:
    """Manifest and rows; read again where a sweep beside has just put parts together."""
    held = manifest.read(folder)
    if held is None:
        raise StoreError(f"{folder} holds no sweep; `simkit sweep FILE` makes one")
    try:
        return held, {row.key: row for name in held.parts if name.startswith(RUNS) for row in _part(folder, name, held)}
    except FileNotFoundError as error:
        if tries > 1:
            return _settled(folder, tries - 1)
        raise StoreError(f"{error.filename} is gone; the same sweep again makes its runs again") from None


def read_daily(folder: str | Path) -> pd.DataFrame:
    """The days of all runs whose days were kept: case, alternative and replication, then the columns of `Run.daily`.

    Raises StoreError where there are none, or a file is damaged or gone.
    """
    import pandas as pd

    found = []
    for key, row in read_results(folder).rows.items():
        if not row.daily:
            continue
        place = Path(folder) / days_of(row)
        data = disk.read(place) if place.exists() else b""
        if disk.checksum(data) != row.daily:
            raise StoreError(f"{place} is damaged or gone; the same sweep with its days again makes it again")
        table = pd.read_parquet(io.BytesIO(data)).drop(columns="cell")
        labels: dict[str, Any] = dict(zip(LABELS, key, strict=True))
        found.append(table.assign(**labels))
    if not found:
        raise StoreError(f"{folder} holds no days; `simkit sweep FILE --daily` keeps them")
    days = pd.concat(found, ignore_index=True).sort_values(list(LABELS), kind="stable", ignore_index=True)
    return days[[*LABELS, *(name for name in days.columns if name not in LABELS)]]


def runs_of(rows: dict[Key, Row], alternatives: list[str]) -> pd.DataFrame:
    """The table of runs, by case, alternative as the scenario has them, and replication."""
    place = {name: i for i, name in enumerate(alternatives)}
    ordered = sorted(rows.values(), key=lambda row: (row.case, place[row.alternative], row.replication))
    return table_of(ordered, list(dict.fromkeys(name for row in ordered for name in row.measures)))


def _part(folder: Path, name: str, held: manifest.Manifest) -> list[Row]:
    data = disk.read(folder / name)
    if not disk.checksum(data).startswith(held.parts[name]):
        raise StoreError(f"{folder / name} is damaged; the same sweep again puts it aside and makes its runs again")
    return from_bytes(data)[0]


def _design(folder: Path, held: manifest.Manifest) -> pd.DataFrame:
    """The cases. A folder of an older simkit has no checksum of them: then they need only be readable."""
    import pandas as pd

    path, again = folder / DESIGN, "the same sweep again makes it again"
    try:
        data = disk.read(path)
    except FileNotFoundError:
        raise StoreError(f"{path} is gone; {again}") from None
    if held.about.get("design_sha256") in (None, disk.checksum(data)):
        with suppress(ValueError, OSError, KeyError):  # what is no Parquet, or none of cases
            return pd.read_parquet(io.BytesIO(data)).set_index("case")
    raise StoreError(f"{path} is damaged; {again}")
