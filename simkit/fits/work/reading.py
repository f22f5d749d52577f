"""Read an event log of work: CSV or Parquet with columns by name, or XES; one row a transition of a step.

XES is read by a small reader over expat rather than with `pm4py`, which weighs over a hundred megabytes and is under
the AGPL: what a fit needs are the flat attributes of traces and events, in one pass and without a tree in memory.
A file that declares a document type is refused, so that no entity is ever expanded.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

if TYPE_CHECKING:
    import pandas as pd

PROBLEMS_SHOWN = 20
START, COMPLETE, READY, ASSIGNED = "start", "complete", "schedule", "assign"
KNOWN_TRANSITIONS = (READY, ASSIGNED, START, "suspend", "resume", COMPLETE)
APPROVED = ("approve", "approved", "accept", "accepted", "pass", "passed", "ok", "yes", "1", "true")
REJECTED = ("reject", "rejected", "decline", "declined", "return", "returned", "no", "0", "false")


class LogError(ValueError):
    """An event log that cannot be read or fitted: the file, the place, what was found and what is allowed."""


@dataclass(frozen=True)
class LogColumns:
    """What the columns of a log are called; '' for one that there is not. The defaults are those of XES and of
    ``simkit export --what work``; a column that was not asked for by another name may be missing."""

    case: str = "case:concept:name"
    step: str = "concept:name"
    time: str = "time:timestamp"
    transition: str = "lifecycle:transition"
    person: str = "org:resource"
    unit: str = "org:group"
    kind: str = "case:kind"
    outcome: str = "outcome"
    effort_hours: str = "effort_hours"
    coordination_hours: str = "coordination_hours"
    instance: str = "concept:instance"
    """What belongs to one pass of a step; several people at once are one pass then."""


DEFAULTS = LogColumns()
NEEDED = ("case", "step", "time")
_NUMBERS = ("effort_hours", "coordination_hours")


def read_log(path: Path, columns: LogColumns = DEFAULTS, time_format: str | None = None) -> pd.DataFrame:
    """The events of a log in order of time: a column per role of :class:`LogColumns` that the log has.

    Times are taken as they are written, without their zone. A file is XES (also .xes.gz) or Parquet by its ending, else
    CSV. Rows without a transition are
    completions; transitions that no fit uses are left out. Raises LogError.
    """
    if not path.is_file():
        raise LogError(f"{path}: no such file; allowed: an event log as XES, CSV or Parquet")
    text, word = _read(path)
    if text.empty:
        raise LogError(f"{path.name}: has no events")
    named = {one.name: getattr(columns, one.name) for one in fields(LogColumns)}
    missing = [
        f"{role} ({name!r})"
        for role, name in named.items()
        if name and name not in text.columns and (role in NEEDED or name != getattr(DEFAULTS, role))
    ]
    missing += [f"{role} (no column named)" for role in NEEDED if not named[role]]
    if missing:
        raise LogError(
            f"{path.name}: no column for {', '.join(missing)}; the log has {', '.join(map(repr, text.columns))}"
        )
    table = text[[name for name in named.values() if name in text.columns]]
    table = table.rename(columns={name: role for role, name in named.items() if name})
    return _typed(table, path.name, word, time_format)


def _typed(table: pd.DataFrame, where: str, word: str, time_format: str | None) -> pd.DataFrame:
    """Times, numbers and words of transitions; all bad rows are told at once."""
    import pandas as pd

    problems: list[tuple[int, str]] = []

    def refuse(role: str, wrong: pd.Series, allowed: str) -> None:
        problems.extend(
            (int(row), f"{role}: found {table.at[row, role]!r}; allowed: {allowed}") for row in table.index[wrong]
        )

    times = _times(table["time"], time_format)
    refuse("time", times.isna(), f"a time written as {time_format or 'in ISO 8601, such as 2026-01-31T09:30:00'}")
    for role in ("case", "step"):
        refuse(role, table[role] == "", "a name")
    made = table.assign(time=times)
    for role in _NUMBERS:
        if role in table:
            numbers = pd.to_numeric(table[role].where(table[role] != "", "0"), errors="coerce")
            refuse(role, ~(numbers >= 0), "hours, 0 or more")
            made[role] = numbers
    if problems:
        shown = [f"  {word} {row}: {text}" for row, text in sorted(problems)[:PROBLEMS_SHOWN]]
        first = f"first {PROBLEMS_SHOWN} of " if len(problems) > PROBLEMS_SHOWN else ""
        raise LogError("\n".join([f"{where}: {first}{len(problems)} problem(s)", *shown]))
    made["transition"] = made["transition"].str.lower().replace("", COMPLETE) if "transition" in made else COMPLETE
    for role in ("person", "unit", "kind", "outcome", "instance"):
        made[role] = made.get(role, "")
    made["outcome"] = made["outcome"].str.lower().map(_outcome)
    known = made[made["transition"].isin(KNOWN_TRANSITIONS)]
    if known.empty:
        found = ", ".join(sorted(set(made["transition"]))[:10])
        raise LogError(
            f"{where}: no event has a transition that is known; found {found}; allowed: {', '.join(KNOWN_TRANSITIONS)}"
        )
    return known.sort_values("time", kind="stable").reset_index(names="row")


def _outcome(word: str) -> str:
    return "approve" if word in APPROVED else "reject" if word in REJECTED else ""


def _times(text: pd.Series, time_format: str | None) -> pd.Series:
    """Local times without zone, NaT where unreadable."""
    import pandas as pd

    bare = text.str.replace(r"(Z|[+-]\d\d:?\d\d)$", "", regex=True) if time_format is None else text
    times = pd.to_datetime(bare, format=time_format or "ISO8601", errors="coerce")
    return times.dt.tz_localize(None).dt.as_unit("us")


# --- files ------------------------------------------------------------------------------------------------


def _read(path: Path) -> tuple[pd.DataFrame, str]:
    """All columns as text, indexed by line, row or event, and which of these."""
    import pandas as pd

    if path.name.lower().endswith((".xes", ".xes.gz")):
        rows = list(_xes_events(path))
        table = pd.DataFrame(rows, index=range(1, len(rows) + 1)).fillna("").astype(str)
        return table, "event"
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            table = pd.read_parquet(path)
            table.index = pd.RangeIndex(1, len(table) + 1)
            return pd.DataFrame({str(name): [_cell(one) for one in table[name]] for name in table}, table.index), "row"
        with path.open(encoding="utf-8-sig") as file:
            head = file.readline()
        mark = next((one for one in ",;\t" if one in head), ",")
        table = pd.read_csv(
            path, dtype=str, keep_default_na=False, sep=mark, encoding="utf-8-sig", skip_blank_lines=False
        )
    except (OSError, UnicodeDecodeError, ValueError, pd.errors.ParserError) as error:
        if isinstance(error, pd.errors.EmptyDataError):
            raise LogError(f"{path.name}: is empty; needs a row of column names and a row an event") from None
        raise LogError(f"{path.name}: cannot be read: {' '.join(str(error).split())}") from None
    table.index = pd.RangeIndex(2, len(table) + 2)  # line 1 names the columns
    return table.apply(lambda column: column.str.strip()), "line"


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
