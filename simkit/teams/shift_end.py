"""What becomes of work on a desk when the shift ends: it rests, is finished in overtime, or begun again.

A stretch of work starts at a moment and needs so many seconds. Each choice says when it is over, and what of it
has happened by any moment: seconds done, seconds lost (to be done again) and seconds outside the shifts.
"""

from __future__ import annotations

import math

from simkit.teams.calendar import Calendar


class Suspend:
    """Work rests until the next shift."""

    def over(self, calendar: Calendar, since: int, seconds: int) -> int:
        """The moment at which the seconds are done."""
        return calendar.add(since, seconds)

    def spent(self, calendar: Calendar, since: int, seconds: int, now: int) -> tuple[int, int, int]:
        """Seconds done, lost and worked outside the shifts by a moment not after the end."""
        return calendar.between(since, now), 0, 0


class Finish(Suspend):
    """Whoever can finish within the permitted overtime stays; otherwise the work rests."""

    def __init__(self, limit_seconds: float = math.inf):
        self._limit = limit_seconds

    def _stays(self, calendar: Calendar, since: int, seconds: int) -> int | None:
        """The shift's end from which on it is overtime."""
        over = calendar.add(since, seconds)
        for edge in calendar.shift_ends(since, over):
            if seconds - calendar.between(since, edge) <= self._limit:
                return edge
        return None

    def over(self, calendar: Calendar, since: int, seconds: int) -> int:
        """The moment at which the seconds are done."""
        edge = self._stays(calendar, since, seconds)
        if edge is None:
            return calendar.add(since, seconds)
        return edge + seconds - calendar.between(since, edge)

    def spent(self, calendar: Calendar, since: int, seconds: int, now: int) -> tuple[int, int, int]:
        """Seconds done, lost and worked outside the shifts by a moment not after the end."""
        edge = self._stays(calendar, since, seconds)
        on_shift = calendar.between(since, now)
        if edge is None or now <= edge:
            return on_shift, 0, 0
        done = calendar.between(since, edge) + now - edge
        return done, 0, done - on_shift


class Restart(Suspend):
    """What the shift's end cuts off is begun again; only what no shift could hold rests instead."""

    def over(self, calendar: Calendar, since: int, seconds: int) -> int:
        """The moment at which the seconds are done."""
        if seconds > calendar.longest_shift:
            return calendar.add(since, seconds)
        return self._last_start(calendar, since, seconds, math.inf) + seconds

    def spent(self, calendar: Calendar, since: int, seconds: int, now: int) -> tuple[int, int, int]:
        """Seconds done, lost and worked outside the shifts by a moment not after the end."""
        on_shift = calendar.between(since, now)
        if seconds > calendar.longest_shift:
            return on_shift, 0, 0
        begun = min(self._last_start(calendar, since, seconds, now), now)
        done = calendar.between(begun, now)
        return done, on_shift - done, 0

    def _last_start(self, calendar: Calendar, since: int, seconds: int, until: float) -> int:
        """When the attempt begins that succeeds, or the last one before a moment."""
        begun = calendar.next_shift(since)
        while True:
            edge = calendar.shift_end(begun, seconds)
            if edge - begun >= seconds:
                return begun
            again = calendar.next_shift(edge)
            if again > until:
                return begun
            begun = again
