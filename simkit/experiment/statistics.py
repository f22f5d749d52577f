"""What replications can say: means with t intervals, paired differences, Holm's adjustment, verdicts in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

LEVEL = 0.95
"""The confidence of every interval; 1 - LEVEL is the error allowed over a family of comparisons."""

SAME = "the same"
HIGHER = "higher"
LOWER = "lower"
UNDECIDED = "undecided"
PRACTICALLY_THE_SAME = "practically the same"

ROUNDING = 1e-12
"""Relative differences below this come from the order of additions, not from the alternatives."""


@dataclass(frozen=True)
class Interval:
    """A mean and its t interval over replications; no interval (None) below two values, no mean without any."""

    mean: float | None
    low: float | None
    high: float | None
    count: int

    def within(self, least: float, most: float) -> Interval:
        """The part of it that is possible at all; it holds the truth as often."""
        if self.low is None or self.high is None:
            return self
        return replace(self, low=max(self.low, least), high=min(self.high, most))


@dataclass(frozen=True)
class Difference:
    """The mean of a - b over replications that have both, as a paired t test sees it.

    `variance_reduction` is the share of the variance of the difference that common luck removed, against
    independent runs: 1 - var(a - b) / (var(a) + var(b)). `p_adjusted` is Holm's, over the family that it
    was compared in.
    """

    difference: float | None
    low: float | None
    high: float | None
    pairs: int
    unpaired: int
    p_value: float | None
    p_adjusted: float | None
    variance_reduction: float | None
    within_margin: bool = False

    def reversed(self) -> Difference:
        """The same comparison as b - a."""
        if self.difference is None:
            return self
        low, high = (None, None) if self.low is None or self.high is None else (-self.high, -self.low)
        return replace(self, difference=-self.difference, low=low, high=high)

    @property
    def verdict(self) -> str:
        """What may be said of a against b."""
        if self.within_margin:
            return PRACTICALLY_THE_SAME
        if self.difference is None or self.p_adjusted is None:
            return UNDECIDED
        if self.difference == 0 and self.low == self.high:
            return SAME
        if self.p_adjusted > 1 - LEVEL:
            return UNDECIDED
        return HIGHER if self.difference > 0 else LOWER


def effect(verdict: str, better: str) -> str:
    """``better``, ``worse`` or nothing, for a verdict on a measure of which more (or less) is better."""
    if verdict not in (HIGHER, LOWER) or not better:
        return ""
    return "better" if verdict == better else "worse"


def interval(values: Sequence[float] | np.ndarray, level: float = LEVEL) -> Interval:
    """The mean of independent replications with its two-sided t interval; nan values do not exist and are left out."""
    known = _known(values)
    if not known.size:
        return Interval(None, None, None, 0)
    mean = float(known.mean())
    if known.size < 2:
        return Interval(mean, None, None, 1)
    half = _t_quantile(1 - (1 - level) / 2, known.size - 1) * _standard_error(known)
    return Interval(mean, mean - half, mean + half, int(known.size))


def paired(a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray, margin: float | None = None) -> Difference:
    """The paired difference a - b; position i of both is replication i, nan where it does not exist.

    With a `margin`, two one-sided tests (Schuirmann 1987) say whether the difference lies within it: that
    is so when the interval at level 1 - 2 * 0.05 does.
    """
    first, second = np.asarray(a, float), np.asarray(b, float)
    both = ~np.isnan(first) & ~np.isnan(second)
    either = ~np.isnan(first) | ~np.isnan(second)
    gaps = _gaps(first[both], second[both])
    spread = interval(gaps)
    p_value = _p_value(gaps)
    return Difference(
        difference=spread.mean,
        low=spread.low,
        high=spread.high,
        pairs=int(both.sum()),
        unpaired=int(either.sum() - both.sum()),
        p_value=p_value,
        p_adjusted=p_value,
        variance_reduction=_variance_reduction(first[both], second[both]),
        within_margin=_within(gaps, margin),
    )


def holm(differences: Sequence[Difference]) -> list[Difference]:
    """One family of comparisons with p values adjusted by Holm's step-down rule (Holm 1979).

    Over the family, the chance of even one false `higher` or `lower` is then at most 5 %.
    """
    known = [(one.p_value, i) for i, one in enumerate(differences) if one.p_value is not None]
    adjusted: dict[int, float] = {}
    reached = 0.0
    for rank, (p_value, i) in enumerate(sorted(known)):
        reached = max(reached, min(1.0, p_value * (len(known) - rank)))
        adjusted[i] = reached
    return [replace(one, p_adjusted=adjusted.get(i)) for i, one in enumerate(differences)]


def _known(values: Sequence[float] | np.ndarray) -> np.ndarray:
    array = np.asarray(values, float)
    return array[~np.isnan(array)]


def _gaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a - b, where what is only rounding is no difference."""
    gaps = a - b
    return np.where(np.abs(gaps) <= ROUNDING * np.maximum(np.abs(a), np.abs(b)), 0.0, gaps)


def _standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) / math.sqrt(values.size)


def _t_quantile(probability: float, degrees: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))


def _p_value(gaps: np.ndarray) -> float | None:
    """Two-sided, of no difference; None below two pairs."""
    from scipy.special import stdtr

    if gaps.size < 2:
        return None
    mean, error = float(gaps.mean()), _standard_error(gaps)
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return 2 * float(stdtr(gaps.size - 1, -abs(mean / error)))


def _variance_reduction(a: np.ndarray, b: np.ndarray) -> float | None:
    if a.size < 2:
        return None
    apart = float(a.var(ddof=1) + b.var(ddof=1))
    return None if apart == 0 else 1 - float((a - b).var(ddof=1)) / apart


def _within(gaps: np.ndarray, margin: float | None) -> bool:
    if margin is None or gaps.size < 2:
        return False
    spread = interval(gaps, level=1 - 2 * (1 - LEVEL))
    assert spread.low is not None
    assert spread.high is not None
    return -margin < spread.low and spread.high < margin
