"""Event logs as XES, the XML of process mining (IEEE 1849-2016)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from simkit.experiment.inquiries.work_log import CASE, COLUMNS

if TYPE_CHECKING:
    import pandas as pd

NAMESPACE = "http://www.xes-standard.org/"
_EXTENSIONS = {
    "Concept": "concept",
    "Lifecycle": "lifecycle",
    "Time": "time",
    "Organizational": "org",
    "Cost": "cost",
}
_ELEMENTS = {"text": "string", "timestamp": "date", "count": "int", "number": "float", "money": "float"}
_EMPTY: dict[str, Any] = {"text": "", "count": 0, "number": 0.0, "money": 0.0}
_ALWAYS = ("concept:name", "lifecycle:transition", "time:timestamp")
"""Attributes that every event has."""
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_xes(rows: pd.DataFrame, path: Path) -> int:
    """Write the rows of a work log (columns `work_log.COLUMNS`) to `path`, a trace a case; how many events.

    Attributes that say nothing (empty text, 0) are left out. Times are local times and written as UTC, since a
    scenario has no time zone.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in _lines(rows):
            file.write(line + "\n")
    return len(rows)


def _lines(rows: pd.DataFrame) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<log xes.version="1849.2016" xes.features="" xmlns="{NAMESPACE}">'
    for name, prefix in _EXTENSIONS.items():
        yield f'  <extension name="{name}" prefix="{prefix}" uri="{NAMESPACE}{prefix}.xesext"/>'
    yield '  <global scope="trace">'
    yield '    <string key="concept:name" value=""/>'
    yield "  </global>"
    yield '  <global scope="event">'
    yield '    <string key="concept:name" value=""/>'
    yield '    <string key="lifecycle:transition" value=""/>'
    yield '    <date key="time:timestamp" value="1970-01-01T00:00:00+00:00"/>'
    yield "  </global>"
    yield '  <classifier name="Step" keys="concept:name"/>'
    yield '  <classifier name="Step and transition" keys="concept:name lifecycle:transition"/>'
    own = [column for column in COLUMNS if column.name.startswith(CASE)]
    others = [column for column in COLUMNS if not column.name.startswith(CASE)]
    for _, events in rows.groupby(own[0].name, sort=False):
        yield "  <trace>"
        first = next(iter(events[[column.name for column in own]].itertuples(index=False, name=None)))
        yield from _attributes(zip(own, first, strict=True), "    ")
        for event in events[[column.name for column in others]].itertuples(index=False, name=None):
            yield "    <event>"
            yield from _attributes(zip(others, event, strict=True), "      ")
            yield "    </event>"
        yield "  </trace>"
    yield "</log>"


def _attributes(cells: Any, indent: str) -> Iterator[str]:
    for column, value in cells:
        key = column.name.removeprefix(CASE)
        if key in _ALWAYS or value != _EMPTY.get(column.type):
            yield f'{indent}<{_ELEMENTS[column.type]} key="{key}" value={_value(value, column.type)}/>'


def _value(value: Any, kind: str) -> str:
    if kind == "timestamp":
        return f'"{value.isoformat(timespec="seconds")}+00:00"'
    if kind == "text":
        return quoteattr(_NOT_IN_XML.sub("\ufffd", value))
    return f'"{value!r}"'
