"""Intervals for figures that no formula covers: the bias-corrected and accelerated bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from simkit.experiment.statistics import LEVEL, Interval
from simkit.rng import generator

RESAMPLES = 9_999
"""So many that the ends move little with the seed (Davison and Hinkley 1997)."""


def bca(
    values: Sequence[float] | np.ndarray,
    statistic: Callable[[np.ndarray], float],
    *,
    seed: int,
    what_for: str,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
) -> Interval:
    """The statistic of independent replications with its BCa interval (Efron 1987), by scipy.

    `statistic` takes one array; resamples are keyed by `seed` and `what_for`, so the same question gets the same
    interval. Values that do not exist are left out. No interval below three values, or where all are the same or
    nearly so (the acceleration is then unknown); Interval.mean is the statistic of the sample.
    """
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    if not known.size:
        return Interval(None, None, None, 0)
    found = float(statistic(known))
    if known.size < 3 or np.ptp(known) == 0:
        return Interval(found, None, None, int(known.size))
    from scipy.stats import bootstrap

    ends = bootstrap(
        (known,), statistic, n_resamples=resamples, confidence_level=level, method="BCa", vectorized=False,
        random_state=generator(seed, f"bootstrap {what_for}"),
    ).confidence_interval  # fmt: skip
    if math.isnan(ends.low) or math.isnan(ends.high):
        return Interval(found, None, None, int(known.size))
    return Interval(found, float(ends.low), float(ends.high), int(known.size))
