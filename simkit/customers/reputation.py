"""A sender's reputation: what complaints, dead addresses and unopened mail do to everybody's inbox placement."""

from __future__ import annotations

from typing import Any

import numpy as np

from simkit.customers.state import (
    COMPLAINTS_AT,
    DELIVERED,
    FILTERED,
    FINE_GRAIN,
    HARD_BOUNCED,
    OPENED,
    OUT,
    PER_CHANNEL,
)
from simkit.scenario.channels import Reputation


class Standing:
    """One channel's reputation, from day to day; writes the channel's `placement`.

    Complaints are the *expected* ones, summed over persons: in a small simulated market a single complaint more or
    less would otherwise decide over everybody's placement.
    """

    def __init__(self, reputation: Reputation, channel: int, row: Any):
        self.reputation, self.channel, self.row = reputation, channel, row
        self.kept = 0.5 ** (1 / reputation.half_life_days)
        self.sent = self.delivered = self.placed = self.complaints = self.bounces = self.opened = 0.0

    def note(self, totals: np.ndarray) -> None:
        """A day passes: the past fades, today counts, and tomorrow's placement follows."""
        at = self.channel * PER_CHANNEL
        today = totals[at : at + PER_CHANNEL].tolist()
        self.sent = self.kept * self.sent + today[OUT]
        self.delivered = self.kept * self.delivered + today[DELIVERED]
        self.placed = self.kept * self.placed + (today[DELIVERED] - today[FILTERED])
        self.opened = self.kept * self.opened + today[OPENED]
        self.bounces = self.kept * self.bounces + today[HARD_BOUNCED]
        self.complaints = self.kept * self.complaints + float(totals[COMPLAINTS_AT + self.channel]) / FINE_GRAIN
        self.row["placement"] = self.placement()

    def placement(self) -> float:
        """Share of delivered messages that reach the inbox: three ramps multiplied, never below the worst."""
        r = self.reputation
        complaints = _ramp(_rate(self.complaints, self.delivered), r.complaints_good, r.complaints_bad)
        bounces = _ramp(_rate(self.bounces, self.sent), r.bounces_good, r.bounces_bad)
        opened = 1.0
        if r.opened_good > 0 and self.placed > 0:
            opened = min(1.0, self.opened / self.placed / r.opened_good)
        return r.worst + (1 - r.worst) * complaints * bounces * opened


def _rate(count: float, of: float) -> float:
    return count / of if of > 0 else 0.0


def _ramp(rate: float, good: float, bad: float) -> float:
    """1 up to `good`, 0 from `bad` on, straight in between."""
    return min(1.0, max(0.0, (bad - rate) / (bad - good)))
