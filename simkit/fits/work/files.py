"""The rows of an event log as they stand in a file: CSV, Parquet or XES; all text, with the place of each.

XES is read by a small reader over expat rather than with `pm4py`, which weighs over a hundred megabytes and is under
the AGPL: what a fit needs are the flat attributes of traces and events, in one pass and without a tree in memory.
A file that declares a document type is refused, so that no entity is ever expanded.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

if TYPE_CHECKING:
    import pandas as pd


class LogError(ValueError):
    """An event log that cannot be read or fitted: the file, the place, what was found and what is allowed."""


def read_rows(path: Path) -> tuple[pd.DataFrame, str]:
    """All columns as text, indexed by line, row or event, and which of these. Rows without anything are left out.

    A file is XES (also .xes.gz) or Parquet by its ending, else text separated by whichever of comma, semicolon, tab and
    bar its first line has most of. Raises LogError.
    """
    import pandas as pd

    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise LogError(f"{path}: {what}; allowed: an event log as XES, CSV or Parquet")
    if path.name.lower().endswith((".xes", ".xes.gz")):
        rows = list(_xes_events(path))
        return pd.DataFrame(rows, index=range(1, len(rows) + 1)).fillna("").astype(str), "event"
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            table = pd.read_parquet(path)
            table.index = pd.RangeIndex(1, len(table) + 1)
            return pd.DataFrame({str(name): [_cell(one) for one in table[name]] for name in table}, table.index), "row"
        return _separated(path), "line"
    except pd.errors.EmptyDataError:
        raise LogError(f"{path.name}: is empty; needs a row of column names and a row an event") from None
    except UnicodeDecodeError as error:
        raise LogError(
            f"{path.name}: is not UTF-8 text (byte {error.object[error.start]:#04x}); save it as UTF-8"
        ) from None
    except (OSError, ValueError) as error:
        raise LogError(f"{path.name}: {_unreadable(str(error))}") from None


def _separated(path: Path) -> pd.DataFrame:
    """A text file; its index counts lines, the first of which names the columns."""
    import pandas as pd

    with path.open(encoding="utf-8-sig") as file:
        head = file.readline()
    table = pd.read_csv(
        path, dtype=str, keep_default_na=False, sep=max(",;\t|", key=head.count), encoding="utf-8-sig",
        skip_blank_lines=False,
    )  # fmt: skip
    table.index = pd.RangeIndex(2, len(table) + 2)
    table = table.fillna("").apply(lambda column: column.str.strip())  # what a short row lacks is missing
    return table[(table != "").any(axis=1)]


def _unreadable(why: str) -> str:
    """What the parser says, in a reader's words where a row is too long."""
    long = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", why)
    if long is None:
        return f"cannot be read: {' '.join(why.split())}"
    return f"line {long[2]} has {long[3]} columns, the first line {long[1]}"


def _cell(value: Any) -> str:
    import pandas as pd

    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return "" if pd.isna(value) else str(value).strip()


def _xes_events(path: Path) -> Iterator[Mapping[str, str]]:
    """Flat attributes of each event, those of its trace with ``case:`` in front; nested ones are left out."""
    reader = _Xes()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as file:
            while part := file.read(1 << 20):
                parser.Parse(part)
                yield from reader.take()
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise LogError(
            f"{path.name}:{error.lineno}:{error.offset + 1}: not well-formed XML: {expat.errors.messages[error.code]}"
        ) from None
    except (gzip.BadGzipFile, EOFError) as error:
        raise LogError(f"{path.name}: cannot be read: {error}") from None
    except _Declares:
        raise LogError(
            f"{path.name}:{parser.CurrentLineNumber}: declares a document type; allowed: XES without one"
        ) from None
    if not reader.is_log:
        raise LogError(f"{path.name}: is no XES: expected an element <log>")
    yield from reader.take()


class _Declares(Exception):
    pass


class _Xes:
    """Keeps the attributes of the trace and event at hand, and the events that are whole."""

    def __init__(self) -> None:
        self.is_log = False
        self._inside: list[str] = []
        self._trace: dict[str, str] = {}
        self._event: dict[str, str] = {}
        self._late: list[dict[str, str]] = []
        self._whole: list[dict[str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins: a trace, an event, or an attribute of one."""
        element = name.rpartition(" ")[2]
        above = self._inside[-1] if self._inside else ""
        self.is_log |= element == "log" and not self._inside
        self._inside.append(element)
        if element == "trace":
            self._trace = {}
        elif element == "event":
            self._event = {}
        elif above in ("trace", "event") and "key" in attributes:
            target = self._trace if above == "trace" else self._event
            key = f"case:{attributes['key']}" if above == "trace" else attributes["key"]
            target[key] = attributes.get("value", "").strip()

    def end(self, name: str) -> None:
        """An element is over; a trace may tell of itself after its events, so they are whole with it."""
        element = self._inside.pop()
        if element == "event":
            self._late.append(self._event)
        elif element == "trace":
            self._whole += [{**self._trace, **event} for event in self._late]
            self._late = []

    def refuse(self, *_: Any) -> None:
        """No document types."""
        raise _Declares

    def take(self) -> list[dict[str, str]]:
        """The events that are whole and were not taken before."""
        taken, self._whole = self._whole, []
        return taken
