"""A first-come queue of many servers on shifts as a recursion over arrivals: no events, no process per request.

Kiefer & Wolfowitz (1955): all that an arrival needs to know of the past is when each server is free. Who gives up
before being served takes no server's time, so whether somebody gives up is known on arrival too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from simkit.teams.calendar import DAY_SECONDS, Calendar

NEVER = float("inf")


class Stretches(NamedTuple):
    """Stretches of time in order, apart from each other (float64 seconds), and how much of them lies before each."""

    starts: np.ndarray
    ends: np.ndarray
    before: np.ndarray
    """Seconds of all earlier stretches."""

    @classmethod
    def of(cls, calendars: Sequence[Calendar], until: int) -> Stretches:
        """When at least one of the calendars is on shift."""
        merged: list[list[int]] = []
        for start, end in sorted(shift for calendar in calendars for shift in calendar.shifts(until)):
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        edges = np.array(merged, np.float64).reshape(-1, 2)
        lengths = edges[:, 1] - edges[:, 0]
        return cls(edges[:, 0].copy(), edges[:, 1].copy(), np.cumsum(lengths) - lengths)

    def opening(self, days: int) -> tuple[np.ndarray, np.ndarray]:
        """For each of so many days, the first day from then on with a stretch that begins on it or goes on; and the
        seconds of stretches before each midnight, one more than days."""
        midnights = np.arange(days + 1) * float(DAY_SECONDS)
        i = np.searchsorted(self.starts, midnights, side="right")
        inside = np.minimum(midnights, np.append(self.ends, 0.0)[i - 1]) - np.append(self.starts, 0.0)[i - 1]
        before = np.where(i > 0, np.append(self.before, 0.0)[i - 1] + inside, 0.0)
        day = np.where(np.diff(before) > 0, np.arange(days), days)
        return np.minimum.accumulate(day[::-1])[::-1], before

    def moments(self, seconds: np.ndarray) -> np.ndarray:
        """The moments at which so many seconds of the stretches have passed, inside a stretch."""
        i = np.searchsorted(self.before, seconds, side="right") - 1
        return self.starts[i] + seconds - self.before[i]


class Answers(NamedTuple):
    """What became of arrivals, a row each."""

    moment: np.ndarray
    """When it was begun or given up (float64 seconds); inf when neither happened before the end."""
    waited: np.ndarray
    """Open seconds until then."""
    served: np.ndarray
    """Whether it was begun (bool)."""


class FirstCome:
    """Crews of servers who serve in the order of arrival. Times are seconds since the first midnight.

    A server whose shift ends finishes what was begun. Who comes while nobody is on shift waits; waiting is counted in
    the hours in which somebody is, and so is patience. Nothing is begun after `until`.
    """

    def __init__(self, crews: Sequence[tuple[int, Calendar]], until: int):
        """`crews` are (servers, calendar); a calendar without servers says when people wait in vain."""
        self.open = Stretches.of([calendar for _, calendar in crews], until)
        there = [(count, Stretches.of([calendar], until)) for count, calendar in crews if count]
        self._starts = np.concatenate([np.zeros(0), *(shifts.starts for _, shifts in there)])
        self._ends = np.concatenate([np.zeros(0), *(shifts.ends for _, shifts in there)])
        self._shift_at = np.cumsum([0, *(len(shifts.starts) for _, shifts in there)])
        self._free = np.zeros(sum(count for count, _ in there))
        self._free_at = np.cumsum([0, *(count for count, _ in there)])
        self.busy_seconds = 0.0
        """Work begun so far."""

    def serve(self, arrives: np.ndarray, work: np.ndarray, patience: np.ndarray) -> Answers:
        """What becomes of these arrivals, one row each.

        `arrives` (float64, ascending, none before an earlier call's), `work` and `patience` are seconds; a patience
        of inf never ends.
        """
        answers = Answers(np.empty(len(arrives)), np.empty(len(arrives)), np.zeros(len(arrives), np.bool_))
        _compiled()(arrives, work, patience, self._starts, self._ends, self._shift_at, self._free, self._free_at,
                    *self.open, *answers)  # fmt: skip
        self.busy_seconds += float(work[answers.served].sum())
        return answers


def in_turn(
    arrives: Any, work: Any, patience: Any, starts: Any, ends: Any, shift_at: Any, free: Any, free_at: Any,
    opens: Any, closes: Any, before: Any, moment: Any, waited: Any, served: Any,
) -> None:  # fmt: skip
    """Fill the answers to arrivals in turn and move on when each server is free.

    Shifts and servers of all crews stand behind each other; `shift_at` and `free_at` say where each crew's begin.
    """
    for i in range(len(arrives)):
        came = arrives[i]
        begin, chosen = NEVER, -1
        for crew in range(len(free_at) - 1):
            ready = max(came, free[free_at[crew]])
            first, last = shift_at[crew], shift_at[crew + 1]
            could = next_open(ready, starts[first:last], ends[first:last])
            if could < begin:
                begin, chosen = could, crew
        asked = elapsed(came, opens, closes, before)
        wait = elapsed(begin, opens, closes, before) - asked if begin < NEVER else NEVER
        if chosen >= 0 and wait <= patience[i]:
            moment[i], waited[i], served[i] = begin, wait, True
            replace_first(free[free_at[chosen] : free_at[chosen + 1]], begin + work[i])
        else:
            moment[i] = max(came, reached(asked + patience[i], opens, closes, before))
            waited[i] = patience[i]


@register_jitable
def next_open(time: float, starts: Any, ends: Any) -> float:
    """The first moment of a stretch from a moment on; inf after the last."""
    i = np.searchsorted(starts, time, side="right")
    if i > 0 and time < ends[i - 1]:
        return time
    return starts[i] if i < len(starts) else NEVER


@register_jitable
def elapsed(time: float, starts: Any, ends: Any, before: Any) -> float:
    """Seconds of the stretches before a moment."""
    i = np.searchsorted(starts, time, side="right")
    return before[i - 1] + min(time, ends[i - 1]) - starts[i - 1] if i > 0 else 0.0


@register_jitable
def reached(seconds: float, starts: Any, ends: Any, before: Any) -> float:
    """The moment at which so many seconds of the stretches have passed; inf when they never do."""
    if len(starts) == 0:
        return NEVER
    i = np.searchsorted(before, seconds, side="left")
    if i > 0:
        i -= 1
    time = starts[i] + seconds - before[i]
    return time if time <= ends[i] else NEVER


@register_jitable
def replace_first(heap: Any, value: float) -> None:
    """Put `value` in the place of the smallest of a heap, and the heap in order."""
    at, size = 0, len(heap)
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = value


@cache
def _compiled() -> Any:
    """The loop as machine code: the same operations on floats in the same order."""
    import numba

    return numba.njit(cache=True, nogil=True)(in_turn)
