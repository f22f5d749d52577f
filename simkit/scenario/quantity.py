"""Numbers a user may write: units in the value, and where every default comes from.

A field of a scenario table that carries a default number is declared with :func:`default`, so that each
shipped number has a unit, a source, an evidence grade and a plausible range. `simkit explain --sources`
prints them and a test refuses a number without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo

Grade = Literal["measured", "survey", "assumption", "convention"]

HOURS_PER_DAY = 24
DAYS_PER_WEEK = 7
DAYS_PER_YEAR = 365
DAYS_PER_MONTH = 365.25 / 12
DAYS_PER_QUARTER = 365.25 / 4

_UNIT_DAYS = {
    "minute": 1 / 1440,
    "hour": 1 / 24,
    "day": 1.0,
    "week": 7.0,
    "month": DAYS_PER_MONTH,
    "quarter": DAYS_PER_QUARTER,
    "year": 365.25,
}


class Table(BaseModel):
    """A section of a scenario file: unknown keys are errors, numbers are finite, values never change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        validate_default=True,
        defer_build=True,  # a validator is built when first asked for: a worker process needs few of them
    )


@dataclass(frozen=True)
class Provenance:
    """Where a default comes from: its unit, source, evidence grade and the range it may plausibly have.

    Grade ``convention`` marks what is no claim about the world (a seed, a horizon): it has no doubt to sample.
    """

    unit: str
    source: str
    grade: Grade
    low: float
    high: float


@dataclass(frozen=True)
class Figure(Provenance):
    """A number of a preset table together with where it comes from."""

    value: float


def default(value: Any, *, unit: str, source: str, grade: Grade, low: float, high: float, **limits: Any) -> Any:
    """A field with a default number and its provenance.

    `low` and `high` are the plausible range (what the world may be like), `limits` (``ge``, ``gt``, ``le``,
    ``lt``) are what is allowed at all.
    """
    extra: Any = {"unit": unit, "source": source, "grade": grade, "plausible": [low, high]}
    return Field(default=value, json_schema_extra=extra, **limits)


def convention(value: Any, *, unit: str, why: str, **limits: Any) -> Any:
    """A field whose default is a choice of ours and not a claim about the world (a seed, a window)."""
    extra: Any = {"unit": unit, "source": why, "grade": "convention", "plausible": [value, value]}
    return Field(default=value, json_schema_extra=extra, **limits)


def provenance_of(field: FieldInfo) -> Provenance | None:
    """The provenance declared with a field, or None."""
    extra: Any = field.json_schema_extra
    if not isinstance(extra, dict) or "grade" not in extra:
        return None
    low, high = extra["plausible"]
    return Provenance(extra["unit"], extra["source"], extra["grade"], low, high)


def walk(table: BaseModel, path: str = "") -> Iterator[tuple[str, BaseModel, str, Any]]:
    """Every leaf of a filled table as (dotted path, the table it stands in, field name, value)."""
    for name in type(table).model_fields:
        yield from _walk_value(getattr(table, name), f"{path}.{name}" if path else name, table, name)


def _walk_value(value: Any, path: str, table: BaseModel, name: str) -> Iterator[tuple[str, BaseModel, str, Any]]:
    if isinstance(value, BaseModel):
        yield from walk(value, path)
    elif isinstance(value, dict) and value and all(isinstance(v, BaseModel) for v in value.values()):
        for key, part in value.items():
            yield from walk(part, f"{path}.{key}")
    elif isinstance(value, (list, tuple)) and value and all(isinstance(v, BaseModel) for v in value):
        for i, part in enumerate(value):
            yield from walk(part, f"{path}[{getattr(part, 'id', i)}]")
    else:
        yield path, table, name, value


# --- units in the value -------------------------------------------------------------------------------

_SPAN = re.compile(r"^\s*([0-9]*\.?[0-9]+)\s*(minute|hour|day|week|month|quarter|year)s?\s*$", re.IGNORECASE)
_SHARE = re.compile(r"^\s*([+-]?[0-9]*\.?[0-9]+)\s*%\s*$")
_CLOCK = re.compile(r"^\s*([01]?[0-9]|2[0-4]):([0-5][0-9])\s*$")


def parse_days(value: Any) -> Any:
    """``"2 days"``, ``"36 hours"``, ``"1 week"`` or a number of days -> days; anything else is left to fail."""
    return _span(value, "a number of days or a span such as '2 days', '36 hours', '1 week'")


def parse_hours(value: Any) -> Any:
    """As :func:`parse_days`, in hours; a bare number is hours."""
    days = _span(value, "a number of hours or a span such as '36 hours', '2 days', '90 minutes'")
    return days * HOURS_PER_DAY if isinstance(value, str) else value


def parse_work_hours(value: Any) -> Any:
    """Hours that somebody works or an office is open, or ``"90 minutes"``, ``"2 hours"``.

    A day would be 24 of them and is never meant.
    """
    expected = "a number of working hours, '2 hours' or '90 minutes'"
    days = _span(value, expected)
    if isinstance(value, str) and not value.strip().lower().rstrip("s").endswith(("hour", "minute")):
        raise ValueError(f"expected {expected}, for it is not said how long a day of work is; found {value!r}")
    return days * HOURS_PER_DAY if isinstance(value, str) else value


def _span(value: Any, expected: str) -> Any:
    if isinstance(value, str):
        found = _SPAN.match(value)
        if not found:
            raise ValueError(f"expected {expected}; found {value!r}")
        return float(found[1]) * _UNIT_DAYS[found[2].lower()]
    return value


def parse_share(value: Any) -> Any:
    """``"5%"`` or a number from 0 to 1 -> a share."""
    if isinstance(value, str):
        found = _SHARE.match(value)
        if not found:
            raise ValueError(f"expected a share such as 0.05 or '5%'; found {value!r}")
        return float(found[1]) / 100
    return value


def parse_clock(value: Any) -> Any:
    """``"21:30"`` or an hour 0..24 -> hours since midnight."""
    if isinstance(value, str):
        found = _CLOCK.match(value)
        if not found:
            raise ValueError(f"expected a time of day such as '09:00'; found {value!r}")
        return int(found[1]) + int(found[2]) / 60
    return value


Days = Annotated[float, BeforeValidator(parse_days)]
Hours = Annotated[float, BeforeValidator(parse_hours)]
WorkHours = Annotated[float, BeforeValidator(parse_work_hours)]
Share = Annotated[float, BeforeValidator(parse_share), Field(ge=0, le=1)]
Rate = Annotated[float, BeforeValidator(parse_share)]
"""A share that may be negative or exceed one, such as a change per year."""
Clock = Annotated[float, BeforeValidator(parse_clock), Field(ge=0, le=24)]
