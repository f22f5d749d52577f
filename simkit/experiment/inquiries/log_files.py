"""Files of logs: tables that grow on disk row by row, and files that are whole or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_ONCE = 100_000
"""Rows gathered before they are written: a row group of a Parquet file."""


class Column(NamedTuple):
    """A column of an exported table: what it is called, holds and means."""

    name: str
    type: str
    means: str


class _Writer(Protocol):
    def write_table(self, table: pa.Table) -> None: ...

    def close(self) -> None: ...


class GrowingTable:
    """A table that grows on disk, some rows at a time."""

    def __init__(self, path: Path, form: str, columns: tuple[Column, ...]):
        import pyarrow as pa

        types = {
            "timestamp": pa.timestamp("us"), "text": pa.string(), "flag": pa.bool_(), "count": pa.int64(),
            "money": pa.float64(), "number": pa.float64(),
        }  # fmt: skip
        self.rows = 0
        self._waiting: list[pa.Table] = []
        self._schema = pa.schema([(column.name, types[column.type]) for column in columns])
        self._csv = form == "csv"
        self._writer = _csv_writer(path, self._schema) if self._csv else _parquet_writer(path, self._schema)

    def add(self, columns: dict[str, Any]) -> None:
        """More rows, as arrays by column."""
        import pyarrow as pa

        part = pa.table({name: columns[name] for name in self._schema.names}, schema=self._schema)
        self.rows += part.num_rows
        self._waiting.append(part)
        if sum(one.num_rows for one in self._waiting) >= ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            table = pa.concat_tables(self._waiting).combine_chunks()
            self._writer.write_table(_for_people(table) if self._csv else table)
            self._waiting = []

    def __enter__(self) -> GrowingTable:
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self._flush()
        self._writer.close()


def _for_people(table: pa.Table) -> pa.Table:
    """A table as text that a spreadsheet takes for data: ISO times, 0 and 1, no formulas."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from simkit.experiment.store import defused

    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_timestamp(column.type):
            column = pc.strftime(column.cast(pa.timestamp("s")), format="%Y-%m-%dT%H:%M:%S")
        elif pa.types.is_boolean(column.type):
            column = column.cast(pa.int8())
        elif pa.types.is_string(column.type):
            coded = column.combine_chunks().dictionary_encode()
            words = pa.array([defused(word) for word in coded.dictionary.to_pylist()], pa.string())
            column = pa.DictionaryArray.from_arrays(coded.indices, words).cast(pa.string())
        columns.append((name, column))
    return pa.table(dict(columns))


def _csv_writer(path: Path, schema: pa.Schema) -> _Writer:
    import pyarrow as pa
    from pyarrow.csv import CSVWriter, WriteOptions

    empty = _for_people(pa.table({field.name: pa.array([], field.type) for field in schema}))
    return CSVWriter(path, empty.schema, write_options=WriteOptions(quoting_style="needed"))


def _parquet_writer(path: Path, schema: pa.Schema) -> _Writer:
    from pyarrow.parquet import ParquetWriter

    return ParquetWriter(path, schema)


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[Path]:
    """A file beside the wanted one, moved into its place when all went well and removed when not."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    try:
        beside = folder / path.name
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
