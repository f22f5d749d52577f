"""A CSV of cases: a column per factor, a row per case."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from simkit.scenario.errors import Problem, ScenarioError
from simkit.scenario.overlay import choices


def cases_from_csv(file: Path | str, known: Collection[str] | None = None) -> pd.DataFrame:
    """The cases in a CSV file: the first line names the factors, each further one is a case.

    Cells are read as YAML reads a plain word: whole numbers, numbers, true and false, else text.

    Args:
        known: the paths that may be columns; not checked without.

    Raises:
        ScenarioError: every mistake with its line: a column that is not known or comes twice, a row that is too
            short or too long, an empty cell, the same case twice, no case at all.
    """
    path = Path(file)
    rows = list(_numbered(path))
    if not rows:
        raise ScenarioError([Problem(str(path), 1, 1, "the file is empty; its first line names the factors")])
    (line, header), *cases = rows
    names = [name.strip() for name in header]
    problems = [Problem(str(path), line, at, text) for at, text in _wrong_names(names, known)]
    if not cases:
        problems.append(Problem(str(path), line, 1, "there is no case below the names of the factors"))
    seen: dict[tuple[str, ...], int] = {}
    for number, cells in cases:
        problems += [Problem(str(path), number, at, text) for at, text in _wrong_cells(names, cells)]
        earlier = seen.setdefault(tuple(cells), number)
        if earlier != number:
            problems.append(Problem(str(path), number, 1, f"the same case as line {earlier}; a case counts once"))
    if problems:
        raise ScenarioError(problems)
    columns = zip(*([_value(cell) for cell in cells] for _, cells in cases), strict=True)
    return cases_table(dict(zip(names, columns, strict=True)))


def cases_table(held: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Values by factor as a table of cases; whole numbers stay whole numbers, and what is mixed stays as written."""
    table = pd.DataFrame({path: _column(list(values)) for path, values in held.items()})
    table.index.name = "case"
    return table


def _column(values: list[Any]) -> pd.Series:
    kinds = {type(value) for value in values}
    for one in (bool, int, float):
        if kinds == {one}:
            return pd.Series(values, dtype=one)
    return pd.Series(values, dtype=float if kinds == {int, float} else object)


def _numbered(path: Path) -> list[tuple[int, list[str]]]:
    """Rows with the line they end on, without empty lines and comments."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ScenarioError([Problem(str(path), 1, 1, "it is not UTF-8 text; save the table as CSV (UTF-8)")]) from None
    except OSError as error:
        raise ScenarioError([Problem(str(path), 0, 0, f"it cannot be read: {error.strerror}")]) from None
    reader = csv.reader(io.StringIO(text, newline=""))
    rows = ((reader.line_num, cells) for cells in reader)
    return [(line, [cell.strip() for cell in cells]) for line, cells in rows if any(cell.strip() for cell in cells)]


def _wrong_names(names: list[str], known: Collection[str] | None) -> list[tuple[int, str]]:
    found = []
    for at, name in enumerate(names, start=1):
        if not name:
            found.append((at, f"column {at} has no name"))
        elif names.index(name) < at - 1:
            found.append((at, f"column {name!r} comes twice"))
        elif known is not None and name not in known:
            found.append((at, f"column {name!r} is no known path{choices(name, known)}"))
    return found


def _wrong_cells(names: list[str], cells: list[str]) -> list[tuple[int, str]]:
    if len(cells) != len(names):
        return [(1, f"{len(cells)} cells for {len(names)} factors")]
    empty = [at for at, cell in enumerate(cells, start=1) if not cell]
    odd = [at for at, cell in enumerate(cells, start=1) if not _finite(_value(cell))]
    return [(at, f"{names[at - 1]!r} is empty; every case names all factors") for at in empty] + [
        (at, f"{names[at - 1]!r} is {cells[at - 1]!r}; allowed: a finite number or text") for at in odd
    ]


def _finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _value(cell: str) -> Any:
    if cell.lower() in ("true", "false"):
        return cell.lower() == "true"
    for read in (int, float):
        try:
            return read(cell)
        except ValueError:
            continue
    return cell
