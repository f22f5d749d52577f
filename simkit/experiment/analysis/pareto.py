"""Pareto front: which decisions nothing beats in every outcome at once, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simkit.experiment.analysis.tables import AnalysisError, by_decision, sign_of
from simkit.rng import generator

RESAMPLES = 1000


@dataclass(frozen=True)
class Pareto:
    """`table` has a row per decision: the mean of each outcome, on_front, front_probability, dominated_by.

    `dominance` is decision x decision: how often the one of the row dominates that of the column when replications are
    drawn anew. `front_probability` is how often nobody dominates it. Both are nan with one replication.
    """

    table: pd.DataFrame
    dominance: pd.DataFrame
    replications: int
    """Those that every decision has in every case."""
    left_out: list[str]
    """Decisions without any complete replication."""
    replications_left_out: int = 0


def pareto(runs: pd.DataFrame, outcomes: Mapping[str, str], seed: int = 0) -> Pareto:
    """The decisions (alternatives of `runs`) that no other one dominates in the averages.

    One dominates another when it is at least as good in every outcome and better in one. Cases are averaged within a
    replication first; the bootstrap draws replications, the same for all decisions. With few replications it is
    approximate.

    Args:
        outcomes: outcome -> `higher` or `lower`, whichever is better.

    Raises:
        AnalysisError: fewer than two outcomes or complete decisions.
    """
    if len(outcomes) < 2:
        raise AnalysisError("a Pareto front needs two outcomes or more")
    signs = np.array([sign_of(outcomes, name) for name in outcomes])
    tables = {outcome: by_decision(runs, outcome) for outcome in outcomes}
    names = list(next(iter(tables.values())))
    held = np.stack(
        [[tables[o][name].mean(axis=0, skipna=False).to_numpy() for o in outcomes] for name in names]
    )  # decision x outcome x replication
    known = ~np.isnan(held).any(axis=1)  # decision x replication
    whole = known.any(axis=1)
    shared = known[whole].all(axis=0) if whole.any() else np.zeros(held.shape[2], bool)
    if whole.sum() < 2 or not shared.any():
        raise AnalysisError("a front needs two decisions or more with a replication that all of them have")
    values = held[whole][:, :, shared]
    kept = [name for name, one in zip(names, whole, strict=True) if one]
    means = values.mean(axis=2)
    beats = dominates(means * signs)
    dominance, front = _probabilities(values, signs, seed)
    table = pd.DataFrame(means, columns=list(outcomes), index=pd.Index(kept, name="decision"))
    table["on_front"] = np.logical_not(np.any(beats, axis=0))
    table["front_probability"] = front
    table["dominated_by"] = [", ".join(kept[i] for i in np.flatnonzero(beats[:, j])) for j in range(len(kept))]
    left_out = [name for name, one in zip(names, whole, strict=True) if not one]
    square = pd.DataFrame(dominance, index=kept, columns=kept)
    return Pareto(table, square, values.shape[2], left_out, int((~shared).sum()))


def dominates(values: np.ndarray) -> np.ndarray:
    """decision x outcome, more being better -> whether decision i dominates decision j."""
    at_least = np.all(values[:, None, :] >= values[None, :, :], axis=2)
    better = np.any(values[:, None, :] > values[None, :, :], axis=2)
    return np.logical_and(at_least, better)


def _probabilities(values: np.ndarray, signs: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    decisions, _, replications = values.shape
    if replications < 2:
        return np.full((decisions, decisions), np.nan), np.full(decisions, np.nan)
    draw = generator(seed, "bootstrap pareto")
    beaten, front = np.zeros((decisions, decisions)), np.zeros(decisions)
    for _ in range(RESAMPLES):
        weights = draw.multinomial(replications, [1 / replications] * replications) / replications
        beats = dominates((values @ weights) * signs)
        beaten += beats
        front += ~beats.any(axis=0)
    return beaten / RESAMPLES, front / RESAMPLES
