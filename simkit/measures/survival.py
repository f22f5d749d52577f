"""Times to an event when some never come: cumulative incidence with a competing outcome and censoring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CENSORED, EVENT, COMPETING = 0, 1, 2
_ROUNDING = 1e-12
"""Shares are sums of fractions: this much short of a share is that share."""


@dataclass(frozen=True)
class CumulativeIncidence:
    """Step functions of time: the share that had the event, and the share that never can any more."""

    time: np.ndarray
    event: np.ndarray
    competing: np.ndarray
    followed: float
    """The longest time anybody was followed; beyond it nothing is known."""

    def at(self, time: float) -> float | None:
        """Share with the event by `time`; None beyond what was followed."""
        return self._value(self.event, time)

    def lost_at(self, time: float) -> float | None:
        """Share with the competing outcome by `time`; None beyond what was followed."""
        return self._value(self.competing, time)

    def quantile(self, share: float) -> float | None:
        """First time by which `share` had the event; None when that is never seen."""
        reached = np.flatnonzero(self.event >= share - _ROUNDING)
        return float(self.time[reached[0]]) if len(reached) else None

    def restricted_mean(self, limit: float) -> float | None:
        """Mean of min(time to the event, limit), where the competing outcome counts as `limit`.

        The area above the event's curve up to the limit; None when nobody was followed that long and the curve is
        still open.
        """
        if self._value(self.event, limit) is None:
            return None
        inside = self.time < limit
        edges = np.concatenate([[0.0], self.time[inside], [limit]])
        heights = np.concatenate([[0.0], self.event[inside]])
        return float(np.sum(np.diff(edges) * (1 - heights)))

    def _value(self, curve: np.ndarray, time: float) -> float | None:
        settled = len(curve) and self.event[-1] + self.competing[-1] >= 1 - _ROUNDING
        if time > self.followed and not settled:
            return None
        at = int(np.searchsorted(self.time, time, side="right")) - 1
        return float(curve[at]) if at >= 0 else 0.0


def cumulative_incidence(time: np.ndarray, outcome: np.ndarray) -> CumulativeIncidence:
    """Aalen-Johansen estimate for one event and one competing outcome.

    `time` (float) is when each case ended or was last seen, `outcome` is CENSORED, EVENT or COMPETING. At each
    time the still open share is split by the hazards among those at risk (Aalen & Johansen 1978).
    """
    order = np.argsort(time, kind="stable")
    time, outcome = time[order], outcome[order]
    moments = np.unique(time[outcome != CENSORED])
    at_risk = len(time) - np.searchsorted(time, moments, side="left")
    event = _count(time, outcome == EVENT, moments)
    competing = _count(time, outcome == COMPETING, moments)
    open_after = np.cumprod(1 - (event + competing) / at_risk)
    open_before = np.concatenate([[1.0], open_after[:-1]])
    return CumulativeIncidence(
        time=moments,
        event=np.cumsum(open_before * event / at_risk),
        competing=np.cumsum(open_before * competing / at_risk),
        followed=float(time[-1]) if len(time) else 0.0,
    )


def _count(time: np.ndarray, chosen: np.ndarray, moments: np.ndarray) -> np.ndarray:
    return np.searchsorted(time[chosen], moments, side="right") - np.searchsorted(time[chosen], moments, side="left")
