"""When people are at work: weekdays, hours and public holidays."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, field_validator

from simkit.scenario.quantity import Clock, Table

Weekday = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
WEEKDAYS: tuple[Weekday, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_IN_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _weekday(word: str) -> int | None:
    """Its place in the week; None for a word that is no weekday, short or in full."""
    return next((i for i, day in enumerate(_IN_FULL) if word.strip().lower() in (day, day[:3])), None)


def parse_weekdays(value: Any) -> Any:
    """``"Sun-Thu"``, ``"Sunday to Thursday"``, ``"Mon"``, ``"all"`` or a list of weekdays -> the weekdays in order."""
    if not isinstance(value, str):
        return value
    if value.strip().lower() in ("all", "always"):
        return WEEKDAYS
    ends = [_weekday(part) for part in re.split(r"-|\s+to\s+", value)]
    if len(ends) > 2 or any(end is None for end in ends):
        raise ValueError(f"expected weekdays such as 'Sun-Thu' or a list of {', '.join(WEEKDAYS)}; found {value!r}")
    first, last = ends[0] or 0, ends[-1] or 0
    return tuple(WEEKDAYS[(first + i) % 7] for i in range((last - first) % 7 + 1))


Weekdays = Annotated[tuple[Weekday, ...], BeforeValidator(parse_weekdays)]


class WorkingWeek(Table):
    """A calendar: the hours that recur every week, less a country's public holidays."""

    days: Weekdays = ("Mon", "Tue", "Wed", "Thu", "Fri")
    hours: tuple[tuple[Clock, Clock], ...] = ((9, 13), (14, 18))
    """Shifts of a working day, in order."""
    holidays: str | None = None
    """Country code (``SA``, ``US``) whose public holidays are free, as the `holidays` package knows them."""

    @field_validator("days")
    @classmethod
    def _some_day_once(cls, days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        if not days or len(set(days)) < len(days):
            raise ValueError("name at least one weekday, and each once")
        return days

    @field_validator("hours")
    @classmethod
    def _in_order(cls, hours: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        edges = [edge for shift in hours for edge in shift]
        if not hours or any(start >= end for start, end in hours) or edges != sorted(edges):
            raise ValueError("shifts must be non-empty, in order and apart, such as [[9, 13], [14, 18]]")
        return hours

    @property
    def weekly_hours(self) -> float:
        """Hours of a week without holidays."""
        return len(self.days) * sum(end - start for start, end in self.hours)


ALWAYS = {"days": "all", "hours": [[0, 24]]}
"""The calendar without nights: for machines, the public and textbook queues."""
