"""How the commands show things: tables, JSON, YAML; plain when stdout is a file."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH = 180
"""Columns of a table that goes to a file."""


def print_explained(document: dict[str, Any], currency: str) -> None:
    """A resolved scenario, and what was asked to be known of it."""
    from simkit.scenario.explain import as_yaml

    if "scenario" in document:
        print(as_yaml(document["scenario"]), end="")
    if "sources" in document:
        numbers = document["sources"]["numbers"]
        columns = ("path", "value", "unit", "origin", "grade", "low", "high", "source")
        print_table([{**number, "value": f"{number['value']:g}"} for number in numbers], columns)
        print(", ".join(f"{count} {origin}" for origin, count in document["sources"]["counts"].items()))
    if "day" in document:
        print_table(document["day"], ("phase", "name", "does"))
    if "purchases" in document:
        print(document["purchases"]["sentence"])
    for name, trial in document.get("policy", {}).items():
        print(f"\n{name}: {trial['sentence']}")
        print_table(trial["rules"], ("rule", "deferred", "dropped", "persons"))
    for name, drawn in document.get("charts", {}).items():
        print(f"\n{name}", *drawn["tree"], "", sep="\n")
        print_table(drawn["who_does_what"], tuple(drawn["who_does_what"][0]))
    for name, units in document.get("teams", {}).items():
        wages = f"wages_per_year ({currency})"
        rows = [{**unit, wages: f"{unit['wages_per_year']:,}", "crafts": _listed(unit["crafts"])} for unit in units]
        print(f"\n{name}")
        print_table(rows, ("unit", "parent", "lead", "people", "crafts", "serves", wages))


def _listed(counted: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counted.items())


def print_table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Cells are data: what looks like markup is printed as it is."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        shown = column if "." in column else column.replace("_", " ")  # a path is written as it is typed
        table.add_column(Text(shown), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row[column])) for column in columns))
    console().print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def console(stderr: bool = False, markup: bool = False) -> Console:
    """Rich's console, as wide as the terminal; markup is off unless what is printed is ours alone."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else PLAIN_WIDTH, markup=markup, highlight=False)


def print_json(document: Any) -> None:
    """One JSON document on stdout; numbers that are not finite are a defect of ours."""
    print(json.dumps(document, indent=2, ensure_ascii=False, default=str, allow_nan=False))
