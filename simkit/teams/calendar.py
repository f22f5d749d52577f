"""Working time as arithmetic: when is a person on shift, and when is a stretch of work over?

Shift edges cost no events: a duration in working seconds becomes a moment on the clock by bisection.
"""

from __future__ import annotations

import datetime
import math
from bisect import bisect_left, bisect_right
from functools import cached_property

import numpy as np

from simkit.scenario.working_week import WEEKDAYS, WorkingWeek

DAY_SECONDS = 86_400
CHUNK_DAYS = 128


class Calendar:
    """The shifts of a working week from a start date on, in whole seconds since that day's midnight.

    A part-timer (`fte` below 1) works the first `fte` of every shift. The list of shifts grows as far as
    anybody asks.
    """

    def __init__(self, week: WorkingWeek, start: datetime.date, fte: float = 1.0):
        self.start = start
        self._week = week
        self._fte = fte
        self._free: dict[int, set[datetime.date]] = {}
        self._known_until = 0
        self._weekdays = {WEEKDAYS.index(day) for day in week.days}
        self._first_weekday, self._country = start.weekday(), week.holidays
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._worked: list[int] = [0]
        """On-shift seconds before each shift; one longer than the shifts."""
        self._shift_begin = self._shift_end = self._worked_at_end = -1
        """The shift looked up last, and the on-shift seconds up to its end: most questions are about the same again."""

    @property
    def days_into_week(self) -> int:
        """Days between the first weekday of the working week and the start."""
        return (self.start.weekday() - WEEKDAYS.index(self._week.days[0])) % 7

    def is_working_day(self, day: int) -> bool:
        """Whether anybody on this calendar works on a simulated day."""
        if (self._first_weekday + day) % 7 not in self._weekdays:
            return False
        return self._country is None or not self._is_holiday(self._country, self.start + datetime.timedelta(days=day))

    def _is_holiday(self, country: str, date: datetime.date) -> bool:
        if date.year not in self._free:
            import holidays

            self._free[date.year] = set(holidays.country_holidays(country, years=[date.year]))
        return date in self._free[date.year]

    def _extend(self, time: int) -> None:
        """Know the shifts beyond a moment."""
        while self._known_until <= time:
            first = self._known_until // DAY_SECONDS
            for day in range(first, first + CHUNK_DAYS):
                if self.is_working_day(day):
                    for opens, closes in self._week.hours:
                        self._add_shift(day, opens, closes)
            self._known_until += CHUNK_DAYS * DAY_SECONDS

    def _add_shift(self, day: int, opens: float, closes: float) -> None:
        start = day * DAY_SECONDS + round(opens * 3600)
        length = max(1, round((closes - opens) * 3600 * self._fte))
        self._starts.append(start)
        self._ends.append(start + length)
        self._worked.append(self._worked[-1] + length)

    def shifts(self, until: int) -> list[tuple[int, int]]:
        """All shifts that begin before a moment, as (start, end)."""
        self._extend(until)
        return list(zip(self._starts[: (n := bisect_left(self._starts, until))], self._ends[:n], strict=True))

    def on_shift(self, time: int) -> bool:
        """Whether the moment lies in a shift; its end is already outside."""
        return self._shift_begin <= time < self._shift_end or self._look_up(time)

    def _look_up(self, time: int) -> bool:
        """Whether the moment lies in a shift, which is then the one last looked up."""
        if time >= self._known_until:
            self._extend(time)
        i = bisect_right(self._starts, time) - 1
        if i < 0 or time >= self._ends[i]:
            return False
        self._shift_begin, self._shift_end, self._worked_at_end = self._starts[i], self._ends[i], self._worked[i + 1]
        return True

    def worked(self, time: int) -> int:
        """On-shift seconds from the start up to a moment."""
        if self._shift_begin <= time <= self._shift_end:
            return self._worked_at_end - self._shift_end + time
        if time >= self._known_until:
            self._extend(time)
        i = bisect_right(self._starts, time)
        beyond = self._ends[i - 1] - time if i else 0
        return self._worked[i] - beyond if beyond > 0 else self._worked[i]

    def between(self, begin: int, end: int) -> int:
        """On-shift seconds of an interval."""
        if self._shift_begin <= begin and end <= self._shift_end:
            return end - begin
        return self.worked(end) - self.worked(begin)

    def add(self, time: int, seconds: int) -> int:
        """The moment at which so many on-shift seconds have passed; the moment itself for none."""
        over = time + seconds
        if seconds <= 0:
            return time
        if self._shift_begin <= time < self._shift_end or self._look_up(time):
            if over <= self._shift_end:
                return over
            target = self._worked_at_end + over - self._shift_end
        else:
            target = self._worked[bisect_right(self._starts, time)] + seconds
        while self._worked[-1] < target:
            self._extend(self._known_until)
        i = bisect_left(self._worked, target) - 1
        return self._starts[i] + target - self._worked[i]

    def next_shift(self, time: int) -> int:
        """The first on-shift moment from a moment on."""
        if self.on_shift(time):
            return time
        i = bisect_right(self._starts, time)
        while i >= len(self._starts):
            self._extend(self._known_until)
        return self._starts[i]

    def shift_end(self, time: int, enough: int) -> int:
        """When the shift of an on-shift moment ends, or any moment in it at least `enough` seconds later.

        Shifts that follow without a gap count as one.
        """
        i = bisect_right(self._starts, time) - 1
        while self._ends[i] < time + enough:
            if i + 1 >= len(self._starts):
                self._extend(self._known_until)
            elif self._starts[i + 1] != self._ends[i]:
                break
            else:
                i += 1
        return self._ends[i]

    def shift_ends(self, begin: int, end: int) -> list[int]:
        """Where shifts end strictly between two moments."""
        while not self._ends or self._ends[-1] < end:
            self._extend(self._known_until)
        i = bisect_right(self._ends, begin)
        found = []
        while self._ends[i] < end:
            while i + 1 >= len(self._starts):
                self._extend(self._known_until)
            if self._starts[i + 1] != self._ends[i]:
                found.append(self._ends[i])
            i += 1
        return found

    @cached_property
    def longest_shift(self) -> float:
        """Seconds of the longest stretch without a break in a week without holidays; no end around the clock."""
        if self._fte == 1 and len(self._week.hours) == 1 and self._week.hours[0] == (0, 24):
            return math.inf if len(self._weekdays) == 7 else _longest_run(self._weekdays) * DAY_SECONDS
        longest, begun, last = 0.0, 0.0, -1.0
        for opens, closes in self._week.hours:
            begun = begun if opens == last and self._fte == 1 else opens
            last = closes
            longest = max(longest, closes - begun)
        return round(longest * 3600 * self._fte)

    def at_worked(self, seconds: np.ndarray) -> np.ndarray:
        """The moments at which so many on-shift seconds have passed since the start, fractions kept."""
        whole = seconds.astype(np.int64)
        while self._worked[-1] <= whole.max(initial=0):
            self._extend(self._known_until)
        worked = np.array(self._worked)
        i = np.searchsorted(worked, whole, side="right") - 1
        return np.array(self._starts)[i] + whole - worked[i] + (seconds - whole)


def _longest_run(weekdays: set[int]) -> int:
    """Consecutive days of a week, Sunday being followed by Monday."""
    return max(next(n for n in range(1, 8) if (day + n) % 7 not in weekdays) for day in weekdays)
