"""Robustness: how an alternative does over all plausible worlds, not only in the one thought likely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simkit.experiment.analysis.tables import AnalysisError, by_decision, sign_of
from simkit.experiment.statistics import LEVEL
from simkit.rng import generator

RESAMPLES = 1000
CRITERIA = {
    "mean": 1,
    "worst": 1,
    "mean_regret": -1,
    "regret_90": -1,
    "max_regret": -1,
    "satisfied": 1,
    "standard_deviation": -1,
}
"""By what a robust choice may be made; 1 where more is better (for an outcome of which more is better)."""
SHOWN_PROBABILITY = LEVEL


@dataclass(frozen=True)
class Robustness:
    """`table` has a row per alternative with the criteria of :data:`CRITERIA` (`satisfied` with a threshold only).

    For each criterion, `best` has the alternative it picks and `probability` how often it does when worlds and
    replications are drawn anew; below 0.95 the choice is not settled. `low` and `high` are 95 % intervals of the
    criteria by the same bootstrap. `regret` is world x alternative.
    """

    table: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    best: pd.DataFrame
    regret: pd.DataFrame
    worlds: int
    left_out: int
    """Worlds."""
    replications_left_out: int = 0

    def settled(self, criterion: str) -> bool:
        """Whether the choice by a criterion holds in 95 % of the resamples."""
        return float(self.best["probability"][criterion]) >= SHOWN_PROBABILITY


def robustness(
    runs: pd.DataFrame, outcome: str, better: str, threshold: float | None = None, seed: int = 0
) -> Robustness:
    """Criteria of each alternative over the cases of `runs`, seen as worlds of equal weight.

    Of averages over replications: mean and standard deviation over worlds (Markowitz 1952), worst world (Wald 1950),
    regret = what the best alternative of the same world has over it (Savage 1954), with its mean, 90th percentile and
    maximum, and the share of worlds in which `threshold` is met (Starr 1963). A survey: McPhail et al. (2018). Worlds
    or replications that not every alternative has are left out. Luck inflates regret: the best of several averages is
    partly lucky.

    Raises:
        AnalysisError: one alternative only, or no world that all have.
    """
    sign = sign_of(better, outcome)
    tables = by_decision(runs, outcome)
    if len(tables) < 2:
        raise AnalysisError("robustness compares alternatives; there is one only")
    stacked = np.stack([table.to_numpy() for table in tables.values()], axis=2)
    whole, shared = _complete(stacked)
    values = sign * stacked[whole][:, shared]
    names = list(tables)
    bar = None if threshold is None else sign * threshold
    point = _criteria(values.mean(axis=1), bar)
    drawn = _bootstrap(values, bar, seed)
    table, low, high = (
        pd.DataFrame({name: _signed(name, one[i], sign) for i, name in enumerate(_names(bar))}, index=names)
        for one in (point, np.quantile(drawn, (1 - LEVEL) / 2, axis=0), np.quantile(drawn, (1 + LEVEL) / 2, axis=0))
    )
    if sign < 0:  # the interval of what was turned round is turned round
        for name in ("mean", "worst"):
            low[name], high[name] = high[name].copy(), low[name].copy()
    means = values.mean(axis=1)
    regret = pd.DataFrame(
        means.max(axis=1, keepdims=True) - means, columns=names, index=next(iter(tables.values())).index[whole]
    )
    best = _best(point, drawn, names, bar)
    return Robustness(table, low, high, best, regret, int(whole.sum()), int((~whole).sum()), int((~shared).sum()))


def _complete(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which worlds and which replications to keep of world x replication x alternative, so that no gap is left.

    Worlds with a gap go, or replications with one, whichever costs fewer runs.
    """
    gaps = np.isnan(values).any(axis=2)
    worlds, replications = ~gaps.any(axis=1), ~gaps.any(axis=0)
    by_world, by_replication = worlds.sum() * gaps.shape[1], replications.sum() * gaps.shape[0]
    if not by_world and not by_replication:
        raise AnalysisError("no world and no replication has a run of every alternative")
    if by_world >= by_replication:
        return worlds, np.ones(gaps.shape[1], bool)
    return np.ones(gaps.shape[0], bool), replications


def _names(bar: float | None) -> list[str]:
    return [name for name in CRITERIA if name != "satisfied" or bar is not None]


def _criteria(means: np.ndarray, bar: float | None) -> np.ndarray:
    """Criterion x alternative, of world x alternative where more is better."""
    regret = means.max(axis=1, keepdims=True) - means
    found = {
        "mean": means.mean(axis=0),
        "worst": means.min(axis=0),
        "mean_regret": regret.mean(axis=0),
        "regret_90": np.quantile(regret, 0.9, axis=0),
        "max_regret": regret.max(axis=0),
        "satisfied": (means >= (-np.inf if bar is None else bar)).mean(axis=0),
        "standard_deviation": means.std(axis=0, ddof=1) if len(means) > 1 else np.full(means.shape[1], np.nan),
    }
    return np.array([found[name] for name in _names(bar)])


def _bootstrap(values: np.ndarray, bar: float | None, seed: int) -> np.ndarray:
    """The criteria with worlds and replications drawn anew, the same for every alternative."""
    draw = generator(seed, "bootstrap robustness")
    worlds, replications, _ = values.shape
    found = []
    for _ in range(RESAMPLES):
        weights = draw.multinomial(replications, [1 / replications] * replications) / replications
        means = np.einsum("wra,r->wa", values, weights)
        found.append(_criteria(means[draw.integers(worlds, size=worlds)], bar))
    return np.array(found)


def _best(point: np.ndarray, drawn: np.ndarray, names: list[str], bar: float | None) -> pd.DataFrame:
    rows = []
    for i, criterion in enumerate(_names(bar)):
        score, again = CRITERIA[criterion] * point[i], CRITERIA[criterion] * drawn[:, i]
        tied = [names[j] for j in np.flatnonzero(score == np.max(score))] if not np.isnan(score).any() else []
        unique = tied[0] if len(tied) == 1 else None
        alone = (again == again.max(axis=1, keepdims=True)) & (
            (again == again.max(axis=1, keepdims=True)).sum(axis=1) == 1
        )[:, None]
        share = float(alone[:, names.index(unique)].mean()) if unique else 0.0
        rows.append({"criterion": criterion, "best": unique or "", "probability": share})
    return pd.DataFrame(rows).set_index("criterion")


def _signed(criterion: str, values: np.ndarray, sign: int) -> np.ndarray:
    """Mean and worst world in the outcome's own direction; the others have none."""
    return sign * values if criterion in ("mean", "worst") else values
