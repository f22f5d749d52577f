"""Personal calendars: a time zone, vacations and spells of sickness, as arithmetic like all working time.

A day away has no shifts, so that it costs no event; what is on the desk rests until the person is back.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from simkit.rng import Purpose, crc
from simkit.teams.calendar import CHUNK_DAYS, DAY_SECONDS, Calendar

if TYPE_CHECKING:
    from simkit.scenario.organization import Organization, Person
    from simkit.scenario.workforce import Absence
    from simkit.teams.luck import Luck

_DAYS_PER_YEAR = 365.25


class PersonalCalendar(Calendar):
    """One person's working time: shifts in the own time zone, less the days away."""

    zone_seconds = 0
    away: Callable[[int], bool] | None = None
    """Whether a working day is away; asked once for each working day, in order."""
    vacancies: Sequence[tuple[int, int]] = ()
    """From when until when nobody has the seat."""

    def close(self, begin: int, end: int) -> None:
        """Nobody has the seat between two midnights."""
        known = list(zip(self._starts, self._ends, strict=True))
        self.vacancies = [*self.vacancies, (begin, end)]
        self._starts, self._ends, self._worked = [], [], [0]
        self._shift_begin = self._shift_end = -1
        for start, until in known:
            self._keep(start, until)

    def _extend(self, time: int) -> None:
        while self._known_until <= time:
            first = self._known_until // DAY_SECONDS
            # a day elsewhere begins up to a day earlier or later
            for day in range(first + 1 if first else -1, first + CHUNK_DAYS + 1):
                if self.is_working_day(day) and (self.away is None or not self.away(day)):
                    for opens, closes in self._week.hours:
                        self._add_shift(day, opens, closes)
            self._known_until += CHUNK_DAYS * DAY_SECONDS

    def _add_shift(self, day: int, opens: float, closes: float) -> None:
        begins = day * DAY_SECONDS + round(opens * 3600) - self.zone_seconds
        end = begins + max(1, round((closes - opens) * 3600 * self._fte))
        self._keep(max(begins, 0), end)

    def _keep(self, start: int, end: int) -> None:
        """One more shift, or what of it lies outside the vacancies."""
        for left, back in self.vacancies:
            if left < end and start < back:
                start, end = (start, left) if start < left else (back, end)
        if end > start:
            self._starts.append(start)
            self._ends.append(end)
            self._worked.append(self._worked[-1] + end - start)


class DaysAway:
    """Vacations and keyed spells of sickness of one person.

    Healthy days between spells are exponential, the working days of a spell geometric with the stated mean.
    """

    def __init__(
        self,
        start: datetime.date,
        vacation: Sequence[tuple[datetime.date, datetime.date]],
        absence: Absence | None,
        draw: Callable[[Purpose, int], float],
    ):
        self._start, self._vacation, self._absence, self._draw = start, vacation, absence, draw
        self._spells = 0
        self._left = 0
        self._next_spell = math.inf
        if absence is not None and absence.spells_per_year > 0:
            self._next_spell = self._healthy_days()

    def __call__(self, day: int) -> bool:
        """Whether the person is away on a working day."""
        if self._left == 0 and day >= self._next_spell:
            self._left = self._working_days()
            self._spells += 1
            self._next_spell = math.inf
        if self._left:
            self._left -= 1
            if self._left == 0:
                self._next_spell = day + 1 + self._healthy_days()
            return True
        date = self._start + datetime.timedelta(days=day)
        return any(first <= date <= last for first, last in self._vacation)

    def _healthy_days(self) -> float:
        assert self._absence is not None
        u = self._draw(Purpose.SICKNESS_GAP, self._spells)
        return -math.log(u) * _DAYS_PER_YEAR / self._absence.spells_per_year

    def _working_days(self) -> int:
        assert self._absence is not None
        well_again = 1 / self._absence.mean_days
        u = self._draw(Purpose.SICKNESS_DAYS, self._spells)
        return 1 if well_again == 1 else 1 + int(math.log(u) / math.log(1 - well_again))


def personal_calendars(
    organization: Organization, person: Person, start: datetime.date, luck: Luck | None
) -> tuple[Calendar, Calendar] | None:
    """A person's working time and that of the contract, which pays for days away; None where the common one will do."""
    absence = organization.absence
    away = absence is not None or bool(person.vacation)
    if not away and not person.zone and organization.turnover is None:
        return None
    week = organization.calendars[person.calendar]
    contract = PersonalCalendar(week, start, person.fte)
    contract.zone_seconds = round(person.zone * 3600)
    if not away and organization.turnover is None:
        return contract, contract
    work_key = crc(f"person/{person.id}")

    def draw(purpose: Purpose, k: int) -> float:
        assert luck is not None
        return luck.uniform(work_key, 0, purpose, k)

    calendar = PersonalCalendar(week, start, person.fte)
    calendar.zone_seconds = contract.zone_seconds
    if away:
        calendar.away = DaysAway(start, person.vacation, absence, draw)
    return calendar, contract
