"""Rows of finished cells, as the parts of a store hold them: Parquet that pandas and DuckDB read as it is."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simkit.experiment.storage.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd

LABELS = ("case", "alternative", "replication")
FRONT = (*LABELS, "status", "error")
"""The first columns of a table of runs; a column per measure follows."""
BACK = ("seconds", "cell", "daily")
"""The last columns of a part."""
METADATA = b"simkit"
Key = tuple[int, str, int]
"""Case, alternative, replication."""


@dataclass(frozen=True)
class Row:
    """One finished cell."""

    case: int
    alternative: str
    replication: int
    status: str
    error: str
    measures: Mapping[str, float | None]
    seconds: float
    cell: str
    """Its address."""
    daily: str = ""
    """Checksum of its table of days, where that is kept."""

    @property
    def key(self) -> Key:
        """Its place in the experiment."""
        return self.case, self.alternative, self.replication

    def labelled(self, key: Key) -> Row:
        """The same run under another label."""
        case, alternative, replication = key
        return replace(self, case=case, alternative=alternative, replication=replication)

    @classmethod
    def of(cls, form: Mapping[str, Any]) -> Row:
        """From the line of a journal. Raises KeyError, TypeError or ValueError for anything else."""
        measures = {str(name): None if one is None else float(one) for name, one in form["measures"].items()}
        words = {name: str(form[name]) for name in ("alternative", "status", "error", "cell", "daily")}
        numbers = {name: int(form[name]) for name in ("case", "replication")}
        return cls(**words, **numbers, measures=measures, seconds=float(form["seconds"]))  # type: ignore[arg-type]


def table_of(rows: Iterable[Row], measures: Sequence[str], back: Sequence[str] = ()) -> pd.DataFrame:
    """Rows as a table: labels, status, error, a float column per measure, and the last columns that are asked for."""
    import pandas as pd

    rows = list(rows)
    held: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in FRONT}
    held |= {name: [row.measures.get(name) for row in rows] for name in measures}
    held |= {name: [getattr(row, name) for row in rows] for name in back}
    kinds: dict[str, Any] = {**dict.fromkeys(measures, float), "case": "int64", "replication": "int64"}
    if "seconds" in back:
        kinds["seconds"] = float
    return pd.DataFrame(held).astype(kinds)


def to_bytes(rows: Sequence[Row], about: Mapping[str, Any]) -> bytes:
    """Rows as a Parquet file that says what it belongs to."""
    measures = list(dict.fromkeys(name for row in rows for name in row.measures))
    return parquet(table_of(rows, measures, BACK), about)


def parquet(table: pd.DataFrame, about: Mapping[str, Any]) -> bytes:
    """A table as a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = pa.Table.from_pandas(table, preserve_index=False)
    held = {**(found.schema.metadata or {}), METADATA: json.dumps(about, sort_keys=True).encode()}
    stream = io.BytesIO()
    pq.write_table(found.replace_schema_metadata(held), stream)
    return stream.getvalue()


def from_bytes(data: bytes) -> tuple[list[Row], dict[str, Any]]:
    """The rows of a part, and what it says that it belongs to. Raises StoreError for bytes that are no part."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
        about = json.loads((table.schema.metadata or {})[METADATA])
        columns = table.to_pydict()
        measures = [name for name in columns if name not in (*FRONT, *BACK)]
        rows = [
            Row(
                **{name: columns[name][i] for name in (*FRONT, *BACK)},
                measures={name: _finite(columns[name][i]) for name in measures},
            )
            for i in range(table.num_rows)
        ]
    except (pa.ArrowException, KeyError, ValueError, OSError) as error:
        raise StoreError(f"no part of a sweep: {error}") from None
    return rows, about


def _finite(value: float | None) -> float | None:
    return None if value is None or value != value else value
