"""SimPy's clock, with a short way for the many things that happen at a known moment."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, Protocol

from simpy import Environment
from simpy.events import NORMAL


class Timed(Protocol):
    """Whoever is told the time."""

    now: int


class Clock(Environment):
    """SimPy's environment. Moments stand in its queue among all other events, and in the same order.

    A pass of a step makes some moments, and nothing ever waits for them, so that they need no `Event` with its list of
    callbacks: a moment is an entry of the queue that says what to call in place of an event.
    """

    def __init__(self) -> None:
        super().__init__()
        self._moments: list[tuple[Any, ...]] = self._queue

    def after(self, seconds: int, call: Callable[..., Any], *about: Any) -> None:
        """Do something when so many seconds have passed; at once, when none. Raises ValueError for a time past."""
        if seconds > 0:
            heappush(self._moments, (self._now + seconds, NORMAL, next(self._eid), None, call, about))
        elif seconds == 0:
            call(*about)
        else:
            raise ValueError(f"{-seconds} seconds ago")

    def last(self, time: int, call: Callable[..., Any], *about: Any) -> None:
        """Do something at a time to come, after all else that happens at it."""
        heappush(self._moments, (time, NORMAL + 1, next(self._eid), None, call, about))

    def numbered(self, time: int, call: Callable[..., Any], who: Any, what: Any) -> int:
        """Have something called at a time to come, with the moment's number, which is told.

        A moment cannot be taken back; whoever has put it off since knows it by its number.
        """
        number = next(self._eid)
        heappush(self._moments, (time, NORMAL, number, None, call, (who, what, number)))
        return number

    def run_to(self, until: int, told: Timed) -> None:
        """Have everything happen that is due before a moment; `told.now` is the time of each."""
        queue = self._moments
        while queue and (first := queue[0])[0] < until:
            if first[3] is None:
                heappop(queue)
                told.now = self._now = first[0]
                first[4](*first[5])
            else:
                self.step()  # an event or a process of SimPy's own
        self._now = told.now = until
