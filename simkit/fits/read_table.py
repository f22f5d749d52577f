"""Read the columns that a fit needs from a firm's own file or table, as text, and refuse what cannot be read.

Every problem is a FitError that says the file, the line, what was found and what is allowed; all bad rows of a
file are reported at once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from simkit.customers.purchase_models import FitError
from simkit.fits.numbers import TwoReadingsError, numbers

DATE_FORMATS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y")
TIME_OF_DAY = r"[T ]+\d{1,2}:\d\d.*$"
MISSING = ("", "nan", "none", "null")
NO_COLUMN = (None, "")  # what stands for "there is no such column"
MOST_PROBLEMS_SHOWN = 20
YES, NO = ("1", "true", "yes", "y", "t", "1.0"), ("0", "false", "no", "n", "f", "0.0")

Table = pd.DataFrame | Mapping[str, Any] | str | Path
Column = str | int | None


@dataclass(frozen=True)
class TextTable:
    """Columns by role as text without surrounding space, indexed by line or row number."""

    text: pd.DataFrame
    where: str
    """How messages call it: the name of the file, or "the table"."""
    word: str
    """What its index counts: "line" or "row"."""

    def refuse(self, rules: Mapping[str, tuple[pd.Series, str]]) -> None:
        """Raise FitError when a rule (role -> which rows are wrong, what is allowed) finds a wrong value."""
        problems = [
            (number, f"{role}: found {value!r}; allowed: {allowed}")
            for role in map(str, self.text.columns)
            if role in rules
            for wrong, allowed in [rules[role]]
            for number, value in self.text.loc[wrong, role].items()
        ]
        if not problems:
            return
        shown = [f"  {self.word} {number}: {text}" for number, text in sorted(problems)[:MOST_PROBLEMS_SHOWN]]
        rest = f"first {MOST_PROBLEMS_SHOWN} of " if len(problems) > MOST_PROBLEMS_SHOWN else ""
        raise FitError("\n".join([f"{self.where}: {rest}{len(problems)} problem(s)", *shown]))

    def require(self, name: str, role: str, found: set[str]) -> None:
        """Raise FitError when a name asked for does not occur in a column."""
        if name not in found:
            raise FitError(f"{self.where}: no row has {role} {name!r}; found {', '.join(sorted(found))}")

    def no_name(self, role: str) -> tuple[pd.Series, str]:
        """The rule that a column names somebody or something in every row."""
        return by_value(self.text[role], lambda text: text.str.lower().isin(MISSING)), "a name or number"

    def days(self, role: str, date_format: str | None) -> pd.Series:
        """Dates of a column at midnight, NaT where unreadable; FitError when two formats read them differently.

        A time of day is ignored. `date_format` is as in strptime; without it, one of DATE_FORMATS must fit.
        """
        return by_value(self.text[role], lambda text: self._days(text, date_format))

    def _days(self, text: pd.Series, date_format: str | None) -> pd.Series:
        if date_format:
            try:
                days = pd.to_datetime(text, format=date_format, errors="coerce")
                return days.dt.tz_localize(None).dt.normalize()
            except ValueError as error:
                raise FitError(f"date_format {date_format!r}: {error}") from None
        bare = text.str.replace(TIME_OF_DAY, "", regex=True)
        readings = {form: pd.to_datetime(bare, format=form, errors="coerce") for form in DATE_FORMATS}
        most = max(reading.notna().sum() for reading in readings.values())
        best = {form: reading for form, reading in readings.items() if reading.notna().sum() == most}
        first = next(iter(best.values()))
        if most and not all(first.equals(reading) for reading in best.values()):
            raise FitError(f"{self.where}: dates can be read as {' or '.join(best)}; state which by date_format")
        return first

    def bad_date(self, days: pd.Series, date_format: str | None) -> tuple[pd.Series, str]:
        """The rule that a column read by `days` holds a date in every row."""
        return days.isna(), f"a date written as {date_format or ', '.join(DATE_FORMATS)}"

    def numbers(self, role: str) -> pd.Series:
        """A column as numbers, nan where unreadable; FitError when its commas may mean two things."""
        try:
            return numbers(self.text[role])
        except TwoReadingsError as error:
            raise FitError(f"{self.where}: {role}: {error}") from None

    def flags(self, role: str, *, empty_is_no: bool = False) -> tuple[pd.Series, tuple[pd.Series, str]]:
        """A column of yes and no as booleans, and the rule that every row holds one of them."""
        known = MISSING + NO if empty_is_no else NO
        yes = by_value(self.text[role], lambda text: text.str.lower().isin(YES))
        allowed = by_value(self.text[role], lambda text: text.str.lower().isin(known))
        return yes, (~(yes | allowed), "1 or 0, true or false, yes or no" + (", empty for no" if empty_is_no else ""))


def by_value(column: pd.Series, work: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """What `work` makes of a column, made once for every different value: a long log repeats few."""
    places, values = pd.factorize(column)
    return pd.Series(work(pd.Series(values, dtype=object)).to_numpy()[places], index=column.index)


def read_table(
    source: Table, columns: Mapping[str, Column], *, rows: str, hint: str = "", may_lack: str = ""
) -> TextTable:
    """The columns of a table or file by role; roles whose column is None or '' are left out.

    Columns are given by name when the file has a header, or all by number, from 1, when it has none. A file is
    Parquet by its ending, else text separated by commas, tabs, semicolons or white space, whichever its first line
    shows. `rows` says what a row is ("orders"), `hint` what else would be allowed. The role `may_lack` is left out
    where its column has the role's own name and is not there.
    Raises FitError.
    """
    wanted = {role: column for role, column in columns.items() if column not in NO_COLUMN}
    may_lack = may_lack if wanted.get(may_lack) == may_lack else ""  # a name that somebody gave must be there
    if not isinstance(source, str | Path):
        made = _text_of_table(pd.DataFrame(source), wanted, "the table", rows, may_lack)
        return TextTable(made, "the table", "row")
    path = Path(source)
    if path.suffix.lower() in (".parquet", ".pq"):
        made = _text_of_table(_parquet(path, rows, hint), wanted, path.name, rows, may_lack)
        return TextTable(made, path.name, "row")
    return TextTable(_text_of_file(path, wanted, rows, hint, may_lack), path.name, "line")


def _parquet(path: Path, rows: str, hint: str) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except FileNotFoundError:
        raise FitError(_no_such_file(path, rows, hint)) from None
    except (OSError, ValueError) as error:
        raise FitError(f"{path}: cannot be read as Parquet: {error}") from None


def _no_such_file(path: Path, rows: str, hint: str) -> str:
    return f"{path}: no such file; allowed: a file of {rows}{hint}"


def _text_of_file(path: Path, wanted: Mapping[str, str | int], rows: str, hint: str, may_lack: str) -> pd.DataFrame:
    """The wanted columns of a file as text, by role, indexed by line number."""
    lines = _split(path, rows, hint)
    numbers = {role: str(column) for role, column in wanted.items() if role != may_lack}
    if all(number.isdecimal() for number in numbers.values()):
        places = {role: int(number) - 1 for role, number in numbers.items()}
    else:
        places = _by_name([name.strip() for name in lines.pop(0)[1]], wanted, path.name, may_lack)
    if not lines:
        raise FitError(f"{path.name}: has a header but no {rows}")
    if min(places.values()) < 0:
        raise FitError(f"{path.name}: columns are numbered from 1")
    if max(places.values()) >= (width := max(len(row) for _, row in lines)):
        raise FitError(f"{path.name}: has {width} columns, needs {max(places.values()) + 1}")
    padded = [row + [""] * (width - len(row)) for _, row in lines]  # what a short row lacks is missing
    text = {role: [row[place].strip() for row in padded] for role, place in places.items()}
    return pd.DataFrame(text, index=[line for line, _ in lines], dtype=str)


def _split(path: Path, rows: str, hint: str) -> list[tuple[int, list[str]]]:
    """The lines of a file that are not blank, split into columns, with their numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FitError(_no_such_file(path, rows, hint)) from None
    except UnicodeDecodeError as error:
        raise FitError(f"{path}: is not UTF-8 text (byte {error.object[error.start]:#04x}); save it as UTF-8") from None
    except OSError as error:
        what = "is a folder" if path.is_dir() else f"cannot be read: {error.strerror}"
        raise FitError(f"{path}: {what}; allowed: a file of {rows}{hint}") from None
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise FitError(f"{path.name}: is empty; needs one row for each of the {rows}")
    separator = next((mark for mark in ",\t;" if mark in lines[0][1]), None)
    if separator is None:
        return [(number, line.split()) for number, line in lines]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise FitError(f"{path.name}: line {reader.line_num}: {error}") from None


def _by_name(header: list[str], wanted: Mapping[str, str | int], where: str, may_lack: str) -> dict[str, int]:
    """The places of the wanted columns in a header; FitError when one is not there exactly once."""
    wanted = {role: name for role, name in wanted.items() if role != may_lack or str(name) in header}
    wrong = [str(name) for name in wanted.values() if header.count(str(name)) != 1]
    if wrong:
        raise FitError(
            f"{where}: needs exactly one column named {', '.join(map(repr, wrong))}; found {header}. "
            f"Name the columns for {_listed(wanted)}, or number them all if there is no header."
        )
    return {role: header.index(str(name)) for role, name in wanted.items()}


def _listed(wanted: Mapping[str, Any]) -> str:
    """The roles as a sentence has them: a, b and c."""
    *most, last = wanted
    return f"{', '.join(most)} and {last}" if most else last


def _text_of_table(
    table: pd.DataFrame, wanted: Mapping[str, str | int], where: str, rows: str, may_lack: str
) -> pd.DataFrame:
    """The wanted columns of a table as text, by role, indexed by row number from 1."""
    places = _by_name([str(name) for name in table.columns], wanted, where, may_lack)
    if table.empty:
        raise FitError(f"{where}: has no {rows}")
    text = {role: table.iloc[:, place].map(_cell).tolist() for role, place in places.items()}
    return pd.DataFrame(text, index=range(1, len(table) + 1), dtype=str)


def _cell(value: Any) -> str:
    """One value of a table as it would stand in a file."""
    return "" if pd.isna(value) else str(value).strip()
