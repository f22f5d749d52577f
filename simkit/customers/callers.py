"""People who call: whom of those who wait they have time for today."""

from __future__ import annotations

from typing import Any

import numpy as np

from simkit.customers.state import CALL_BINS, CALLS_AT, OUT, PER_CHANNEL

_LEARNING = 0.2
"""Weight of today in the share of the admitted who are really called."""


class Callers:
    """One human channel: turns a capacity into the standing from which on people are admitted.

    Persons decide in parallel, so a day's calls scatter around the capacity; what was too many is taken off the
    following days, and in the long run nobody calls more than the capacity. Some of the admitted are held back by
    the contact policy; the share that is not is learned, so that callers stay busy.
    """

    def __init__(self, capacity: float, channel: int, row: Any):
        self.capacity, self.channel, self.row = capacity, channel, row
        self.owed, self.called, self.admitted = 0.0, 1.0, 0.0

    def open(self, totals: np.ndarray) -> None:
        """Today's threshold: from the best standing down until the day is full; within a step in proportion."""
        at = CALLS_AT + self.channel * CALL_BINS
        waiting = totals[at : at + CALL_BINS]
        room = max(0.0, self.capacity - self.owed) / max(self.called, 0.05)
        threshold, self.admitted = 1.0, 0.0
        for step in range(CALL_BINS - 1, -1, -1):
            here = float(waiting[step])
            share = min(1.0, (room - self.admitted) / here) if here else 1.0
            self.admitted += share * here
            threshold = (step + 1 - share) / CALL_BINS
            if share < 1.0:
                break
        self.row["admit"] = threshold

    def note(self, totals: np.ndarray) -> None:
        """How many of the admitted were called, and what is owed."""
        calls = float(totals[self.channel * PER_CHANNEL + OUT])
        if self.admitted > 0:
            self.called += _LEARNING * (min(1.0, calls / self.admitted) - self.called)
        self.owed = max(0.0, self.owed + calls - self.capacity)
