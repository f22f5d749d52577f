"""How many replications until an interval is narrow enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simkit.experiment.statistics import LEVEL, interval

LEAST = 10
"""Replications before the spread is believed at all."""
MOST = 200
"""Replications after which it ends unless more are allowed."""
PATIENCE = 1.1
"""The estimate of how many more are needed is raised by a tenth, as it is itself uncertain."""


@dataclass(frozen=True)
class Stopping:
    """A half-width to reach for each of some measures, with the fewest and the most replications.

    The rule peeks: it looks at the interval again and again and ends when it is narrow, which is a little more often
    than it should be when the spread happens to look small. Coverage is therefore approximate (Law 2015, section
    9.4.1: close to nominal from ten replications on).
    """

    half_widths: Mapping[str, float]
    most: int = MOST
    least: int = LEAST

    def __post_init__(self) -> None:
        for measure, half in self.half_widths.items():
            if not (half > 0 and math.isfinite(half)):
                raise ValueError(f"{measure}: a half-width is above 0; found {half}")
        if not LEAST <= self.least <= self.most:
            raise ValueError(f"from {LEAST} replications on, the fewest first; found {self.least} to {self.most}")


def half_width(values: Sequence[float] | np.ndarray, level: float = LEVEL) -> float:
    """Half of the t interval of the mean; infinite below two values."""
    found = interval(values, level)
    return math.inf if found.low is None or found.high is None else (found.high - found.low) / 2


def needed(values: Sequence[float] | np.ndarray, target: float, level: float = LEVEL) -> int:
    """Replications that would give the target half-width if the spread stays what it is (never fewer than there are).

    The smallest n with t(n - 1) s / sqrt(n) at most the target.
    """
    from scipy.special import stdtrit

    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    if known.size < 2:
        return max(known.size, LEAST)
    spread = float(known.std(ddof=1))
    low, high = known.size, max(known.size, 2 + math.ceil((2 * 12.71 * spread / target) ** 2))

    def wide(n: int) -> bool:
        return float(stdtrit(n - 1, (1 + level) / 2)) * spread / math.sqrt(n) > target

    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if wide(middle) else (low, middle)
    return low


def next_count(samples: Mapping[str, Sequence[np.ndarray]], rule: Stopping, done: int) -> int:
    """How many replications there should be in all; `done` when it is enough or no more are allowed.

    `samples` has, for each measure of the rule, the arrays whose means' intervals are to be narrow: of every paired
    difference, or of the measure itself.
    """
    if done < rule.least:
        return rule.least
    asked = [
        needed(values, half)
        for measure, half in rule.half_widths.items()
        for values in samples[measure]
        if half_width(values) > half
    ]
    if not asked:
        return done
    more = math.ceil(done + PATIENCE * (max(asked) - done))
    return min(max(more, done + 1), rule.most) if done < rule.most else done


def reached(samples: Mapping[str, Sequence[np.ndarray]], rule: Stopping) -> dict[str, float]:
    """The widest half-width of each measure; the rule is met where it is at most what was asked."""
    return {
        measure: max((half_width(values) for values in samples[measure]), default=math.inf)
        for measure in rule.half_widths
    }
