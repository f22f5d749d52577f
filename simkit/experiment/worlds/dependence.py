"""What a choice depends on: rank correlations over worlds, where it turns, and single numbers halved and doubled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from simkit.experiment.statistics import LEVEL, Interval, interval
from simkit.rng import generator

if TYPE_CHECKING:
    from simkit.experiment.result import Result
    from simkit.experiment.worlds.assumptions import Assumption

RESAMPLES = 1000
FEWEST = 8
"""Worlds below which nothing is said of what a choice depends on."""


@dataclass(frozen=True)
class Dependence:
    """How the lead goes with one number over the worlds.

    `turns_at` is where the straight line through the worlds' leads crosses zero, if that is within the worlds' values;
    `low` and `high` its 95 % percentile interval over resampled worlds (None where the line often does not cross).
    """

    name: str
    correlation: float
    """Spearman's."""
    p_adjusted: float
    """Holm's, over all numbers of the worlds."""
    turns_at: float | None
    low: float | None
    high: float | None

    @property
    def sure(self) -> bool:
        """Whether it may be said that the lead depends on it at all."""
        return self.p_adjusted <= 1 - LEVEL


@dataclass(frozen=True)
class Doubling:
    """What halving or doubling one number, as far as its range allows, does to the lead of the choice.

    `lead` is what the choice would be ahead by of the alternative that is then best besides it: its lead in the main
    result plus the paired change; `low` and `high` add both errors (None where one is not known). `changed` says
    whether the number moves the lead beyond luck.
    """

    name: str
    change: str
    value: float
    unit: str
    winner: str
    lead: float
    low: float | None
    high: float | None
    changed: bool

    @property
    def turns(self) -> bool:
        """Whether another alternative is then ahead, because of the number and not by luck."""
        return self.lead < 0 and self.changed

    @property
    def shown(self) -> bool:
        """Whether even the far end of the interval has the other alternative ahead."""
        return self.high is not None and self.high < 0


def dependence(design: pd.DataFrame, lead: np.ndarray, seed: int) -> list[Dependence]:
    """Every number of the worlds, by how strongly the lead is ordered by it; worlds without a lead are left out.

    Spearman's correlation with the p value of its t transform (Kendall and Stuart), adjusted by Holm over all numbers.
    """
    known = ~np.isnan(lead)
    table, lead = design[known], lead[known]
    if len(lead) < FEWEST or np.ptp(lead) == 0:
        return []
    varied = [name for name in table.columns if table[name].nunique() > 1]
    found = [(name, spearman(table[name].to_numpy(float), lead)) for name in varied]
    adjusted = _holm([_p_value(rho, len(lead)) for _, rho in found])
    order = sorted(range(len(found)), key=lambda i: (-abs(found[i][1]), found[i][0]))
    return [
        _described(found[i][0], found[i][1], adjusted[i], table[found[i][0]].to_numpy(float), lead, seed, rank < 5)
        for rank, i in enumerate(order)
    ]


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """The correlation of ranks, ties sharing their mean rank; 0 where one does not vary."""
    a, b = (pd.Series(one).rank().to_numpy(float) for one in (x, y))
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return 0.0 if scale == 0 else float(np.clip((a @ b) / scale, -1, 1))


def spearman_interval(rho: float, count: int, level: float = LEVEL) -> tuple[float, float]:
    """Interval of Spearman's correlation of so many pairs, approximate and within -1 and 1.

    Fisher's transform with the error of Bonett and Wright (2000, Psychometrika 65, 23-28),
    ``sqrt((1 + rho^2 / 2) / (count - 3))``. Raises ValueError for fewer than 4 pairs.
    """
    from scipy.special import ndtri

    if count < 4:
        raise ValueError(f"an interval needs 4 pairs or more; found {count}")
    if abs(rho) >= 1:
        return rho, rho
    half = float(ndtri((1 + level) / 2)) * math.sqrt((1 + rho * rho / 2) / (count - 3))
    return math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)


def share_interval(held: int, count: int, level: float = LEVEL) -> tuple[float, float]:
    """Clopper and Pearson's exact interval of a share; wider than it need be, as a hypercube spreads evenly."""
    from scipy.special import betaincinv

    alpha = (1 - level) / 2
    low = 0.0 if held == 0 else float(betaincinv(held, count - held + 1, alpha))
    high = 1.0 if held == count else float(betaincinv(held + 1, count - held, 1 - alpha))
    return low, high


def crossing(x: np.ndarray, lead: np.ndarray) -> float:
    """Where the least-squares line through (x, lead) is zero; nan where it is flat."""
    across = x - x.mean()
    slope = float(across @ lead) / float(across @ across) if across.any() else 0.0
    return math.nan if slope == 0 else float(x.mean() - lead.mean() / slope)


def doublings(
    tries: Sequence[tuple[Assumption, str, float]], runs: pd.DataFrame, result: Result, chosen: str
) -> list[Doubling]:
    """What each try (case 1, 2, ... of `runs`; case 0 is the scenario as written) makes of the choice's lead."""
    measure = str(result.deciding)
    by = runs.pivot(index=["case", "replication"], columns="alternative", values=measure)
    if result.measures[measure].better != "higher":
        by = -by
    others = [name for name in result.alternatives if name != chosen]
    found = []
    for case, (one, change, value) in enumerate(tries, 1):
        stands = [_against(by, case, result, chosen, other) for other in others]
        known = [(lead, stand, other) for (lead, stand), other in zip(stands, others, strict=True) if lead is not None]
        if not known:
            continue
        lead, stand, other = min(known, key=lambda entry: entry[0].mean if entry[0].mean is not None else math.inf)
        if lead.mean is None or stand is None:
            continue
        winner = chosen if lead.mean >= 0 else other
        moved = stand.low is not None and stand.high is not None and (stand.high < 0 or stand.low > 0)
        found.append(Doubling(one.name, change, value, one.unit, winner, lead.mean, lead.low, lead.high, moved))
    return found


def _against(
    by: pd.DataFrame, case: int, result: Result, chosen: str, other: str
) -> tuple[Interval | None, Interval | None]:
    """The lead over one alternative with the number changed, and the paired change itself."""
    gaps = by[chosen] - by[other]
    change = interval((gaps.loc[case] - gaps.loc[0]).to_numpy(float))
    sign = 1.0 if result.measures[str(result.deciding)].better == "higher" else -1.0
    main = result.difference(str(result.deciding), chosen, other)
    if main.difference is None or change.mean is None:
        return None, None
    mean = sign * main.difference + change.mean
    halves = [(one.high - one.low) / 2 for one in (main, change) if one.low is not None and one.high is not None]
    half = math.hypot(*halves) if len(halves) == 2 else None
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return Interval(mean, low, high, change.count), change


def _described(
    name: str, rho: float, p_adjusted: float, x: np.ndarray, lead: np.ndarray, seed: int, near: bool
) -> Dependence:
    at = crossing(x, lead)
    inside = x.min() <= at <= x.max()
    low, high = _crossing_interval(name, x, lead, seed) if inside and near else (None, None)
    return Dependence(name, rho, p_adjusted, at if inside else None, low, high)


def _crossing_interval(name: str, x: np.ndarray, lead: np.ndarray, seed: int) -> tuple[float | None, float | None]:
    picks = generator(seed, f"turning at {name}").integers(0, len(x), (RESAMPLES, len(x)))
    found = np.array([crossing(x[pick], lead[pick]) for pick in picks])
    inside = found[(found >= x.min()) & (found <= x.max())]
    if len(inside) < LEVEL * RESAMPLES:
        return None, None
    low, high = np.quantile(inside, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _p_value(rho: float, count: int) -> float:
    from scipy.special import stdtr

    if abs(rho) >= 1:
        return 0.0
    return 2 * float(stdtr(count - 2, -abs(rho) * math.sqrt((count - 2) / (1 - rho * rho))))


def _holm(p_values: Sequence[float]) -> list[float]:
    adjusted, reached = [1.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        reached = max(reached, min(1.0, p_values[i] * (len(p_values) - rank)))
        adjusted[i] = reached
    return adjusted
