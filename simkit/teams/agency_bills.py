"""What agencies bill: the hours of their people at their rates, or the monthly minimum when that is more.

An hour is billed as it is worked, other duties of the agency's people excluded. The minimum of a month comes due day by
day, so that every day has a cost and a month that begins or ends with the simulation pays for its days only.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Sequence
from typing import Any

from simkit.scenario.organization import Organization
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.decomposition import spent_so_far
from simkit.teams.desk import Desk
from simkit.teams.event_log import column
from simkit.teams.people import Person

UNBILLED = ("other_duties", "meeting", "training", "absent")
"""Categories of an agency's people's time that it does not bill."""


class AgencyBills:
    """The bills of every agency of a department, day by day."""

    def __init__(self, organization: Organization, people: list[Person], start: datetime.date):
        self._people, self._start, self._outside = people, start, organization.outside
        self._minimum = {
            unit.id: (unit.agency.minimum_per_month or 0.0) if unit.agency is not None else 0.0
            for unit in organization.units
            if unit.kind == "agency" and self._outside[unit.id] == unit.id
        }
        self._rows = 0
        self._seconds: dict[str, int] = {}
        """Person -> billed seconds of what is logged."""
        self._before_month = dict.fromkeys(self._minimum, 0.0)
        self._charged = dict.fromkeys(self._minimum, 0.0)
        self._first_day = 1

    def of_day(self, day: int, cells: list[Any], desk: Desk) -> float:
        """Currency due for a day that is over, all agencies together."""
        if not self._minimum:
            return 0.0
        date = self._start + datetime.timedelta(days=day)
        length = calendar.monthrange(date.year, date.month)[1]
        if day == 0:
            self._first_day = date.day
        worth = self._worth(cells, desk, (day + 1) * DAY_SECONDS)
        due = 0.0
        for agency, minimum in self._minimum.items():
            share = (date.day - self._first_day + 1) / length
            bill = max(minimum * share, worth[agency] - self._before_month[agency])
            due += bill - self._charged[agency]
            self._charged[agency] = bill
            if date.day == length:
                self._before_month[agency], self._charged[agency] = worth[agency], 0.0
        if date.day == length:
            self._first_day = 1
        return due

    def _worth(self, cells: list[Any], desk: Desk, now: int) -> dict[str, float]:
        """What the hours worked so far cost, by agency."""
        self._read(cells)
        worth = dict.fromkeys(self._minimum, 0.0)
        for person in self._people:
            if person.unit in self._outside:
                seconds = self._seconds.get(person.id, 0) + _unlogged(person, desk, now)
                worth[self._outside[person.unit]] += seconds * (person.table.hourly_cost or 0.0) / 3600
        return worth

    def _read(self, cells: list[Any]) -> None:
        """Take in what was logged since the last time."""
        new = cells[self._rows :]
        self._rows = len(cells)
        for unit, person, seconds, category in zip(
            *(column(new, name) for name in ("unit", "person", "effort", "category")), strict=True
        ):
            if seconds and unit in self._outside and category not in UNBILLED:
                self._seconds[person] = self._seconds.get(person, 0) + seconds


def _unlogged(person: Person, desk: Desk, now: int) -> int:
    """Billed seconds of what lies on a desk unfinished."""
    seconds = 0
    if person.task is not None:
        done, lost, _ = desk.stretch(person, person.task, now)
        seconds += _billed(spent_so_far(person.task, person.task.spent + done, person.task.lost + lost))
    for task in person.desk:
        seconds += _billed(spent_so_far(task, task.spent, task.lost))
    return seconds


def _billed(spent: dict[str, int]) -> int:
    return sum(seconds for category, seconds in spent.items() if category not in UNBILLED)


class AgencyLimit:
    """What agencies may bill in a year of 365 days from the first measured one; the warm-up is a year of its own.

    The money comes in equal parts a day, and what is not billed stays until the year ends. What has begun is finished,
    and a monthly minimum is owed in any case: so bills may exceed it by what was under way.
    """

    def __init__(self, per_year: float | None, first_day: int):
        self._per_year, self._first_day = per_year, first_day
        self._closed = self._days = 0

    def is_used_up(self, day: int, costs: Sequence[float]) -> bool:
        """Whether there is no money left on a day, all earlier days having cost what they did."""
        if self._per_year is None:
            return False
        ahead = day - self._first_day
        begin = day - ahead % DAYS_PER_YEAR if ahead >= 0 else 0
        used_up = sum(costs[begin:day]) >= self._per_year * (day - begin + 1) / DAYS_PER_YEAR
        if ahead >= 0:
            self._days += 1
            self._closed += used_up
        return used_up

    def notes(self) -> list[str]:
        """What a user should know when the days are over."""
        if not self._closed:
            return []
        return [
            f"the department's budget left nothing for agencies on {self._closed} of {self._days} days: no more work "
            "went to them then"
        ]
