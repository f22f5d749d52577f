"""SimPy's clock, with a short way for the many things that happen at a known moment."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from simpy import Environment
from simpy.events import NORMAL, Event


class Moment(Event):
    """Something to be done at a known time.

    A pass of a step makes some, and nothing ever waits for them, so that they need neither the list of callbacks nor
    the value of SimPy's `Timeout`.
    """

    def __init__(self, time: int, ring: Callable[[Any], None], call: Callable[..., Any], about: tuple[Any, ...]):
        self.time, self.ring, self.call, self.about = time, ring, call, about


class Clock(Environment):
    """SimPy's environment; moments stand in its queue among all other events, and in the same order."""

    def at(self, moment: Moment) -> None:
        """Put a moment into the queue."""
        heappush(self._queue, (moment.time, NORMAL, next(self._eid), moment))

    def step(self) -> None:
        """Process the next event: have a moment ring, and anything else as SimPy does."""
        queue = self._queue
        if queue and type(moment := queue[0][3]) is Moment:
            self._now = heappop(queue)[0]
            moment.ring(moment)
        else:
            super().step()
