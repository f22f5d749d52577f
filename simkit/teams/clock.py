"""Moments on SimPy's clock: what is done when one comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simpy import Environment
from simpy.events import NORMAL, Event


class Moment(Event):
    """Something to be done at a known time: SimPy's `Timeout` without what nobody here asks of it.

    Every pass makes some, so it costs as little as SimPy permits: the list of callbacks is shared, and the time is
    told and not asked for.
    """

    def __init__(
        self,
        env: Environment,
        callbacks: list[Callable[[Any], None]],
        time: int,
        delay: int,
        call: Callable[..., Any],
        about: tuple[Any, ...],
    ):
        self.callbacks, self._ok = callbacks, True  # what SimPy looks at
        self.time, self.call, self.about = time, call, about
        env.schedule(self, NORMAL, delay)
