"""Quantiles over replications with intervals that assume no distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simkit.experiment.statistics import LEVEL


@dataclass(frozen=True)
class QuantileInterval:
    """A quantile of independent replications and the two order statistics around it.

    `coverage` is the exact chance, for a continuous distribution, that they enclose the true quantile. `low` or `high`
    is None where so few replications bound it on no side: the interval is then one-sided or missing.
    """

    quantile: float
    value: float | None
    low: float | None
    high: float | None
    coverage: float
    count: int


def quantile_interval(values: Sequence[float] | np.ndarray, quantile: float, level: float = LEVEL) -> QuantileInterval:
    """The quantile with an interval by order statistics (David and Nagaraja 2003, section 7.1).

    The number of replications below the true quantile is binomial, whatever the distribution. The ranks are the
    innermost whose tails each stay at or below half of 1 - `level`. Values that do not exist (nan) are left out.

    Raises ValueError for a quantile that does not lie between 0 and 1.
    """
    if not 0 < quantile < 1:
        raise ValueError(f"a quantile lies between 0 and 1; found {quantile}")
    known = np.sort(np.asarray(values, float)[~np.isnan(np.asarray(values, float))])
    n = known.size
    if n == 0:
        return QuantileInterval(quantile, None, None, None, 0.0, 0)
    lower, upper = _ranks(n, quantile, (1 - level) / 2)
    below = _at_most(lower - 1, n, quantile) if lower else 0.0
    above = 1 - _at_most(upper - 1, n, quantile) if upper <= n else 0.0
    return QuantileInterval(
        quantile,
        float(np.quantile(known, quantile)),
        float(known[lower - 1]) if lower else None,
        float(known[upper - 1]) if upper <= n else None,
        1 - below - above,
        n,
    )


def _ranks(n: int, quantile: float, tail: float) -> tuple[int, int]:
    """The largest lower and the smallest upper rank (from 1) within the tails; 0 and n + 1 where there is none."""
    lower = max((rank for rank in range(1, n + 1) if _at_most(rank - 1, n, quantile) <= tail), default=0)
    upper = min((rank for rank in range(1, n + 1) if 1 - _at_most(rank - 1, n, quantile) <= tail), default=n + 1)
    return lower, upper


def _at_most(k: int, n: int, share: float) -> float:
    """The binomial distribution function."""
    from scipy.special import bdtr

    return float(bdtr(k, n, share))
