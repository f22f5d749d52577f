"""When people are at work: weekdays, hours and public holidays."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, field_validator

from simkit.scenario.quantity import Clock, Table

Weekday = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
WEEKDAYS: tuple[Weekday, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def parse_weekdays(value: Any) -> Any:
    """``"Sun-Thu"``, ``"Mon"``, ``"all"`` or a list of weekdays -> the weekdays in order."""
    if not isinstance(value, str):
        return value
    if value.strip().lower() in ("all", "always"):
        return WEEKDAYS
    ends = [part.strip().capitalize()[:3] for part in value.split("-")]
    if len(ends) > 2 or any(end not in WEEKDAYS for end in ends):
        raise ValueError(f"expected weekdays such as 'Sun-Thu' or a list of {', '.join(WEEKDAYS)}; found {value!r}")
    first, last = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
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
