"""Morris screening: which factors matter at all, from one-factor steps all over their ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simkit.experiment.analysis.noise import Noise, noise
from simkit.experiment.analysis.tables import AnalysisError
from simkit.experiment.statistics import LEVEL
from simkit.rng import generator

RESAMPLES = 400


@dataclass(frozen=True)
class MorrisEffects:
    """`table` has a row per factor: mu, mu_star, mu_star_low, mu_star_high, sigma, in the outcome's unit per range.

    `floor` is the mu_star that luck alone would give (None with one replication): a factor whose interval reaches
    down to it is not shown to matter.
    """

    table: pd.DataFrame
    noise: Noise
    trajectories: int
    left_out: int
    floor: float | None


def morris_effects(outcomes: pd.DataFrame, design: pd.DataFrame, levels: int = 4, seed: int = 0) -> MorrisEffects:
    """Elementary effects (Morris 1991) of the averages over replications: mean, mean size, spread.

    An effect is the change of the outcome by one step of a factor, divided by the step, levels / (2 (levels - 1)) of
    the factor's range. mu_star is the mean of its absolute value (Campolongo, Cariboni and Saltelli 2007), sigma its
    spread: interactions and curvature. Intervals are normal, by a bootstrap over trajectories and replications.

    Args:
        outcomes: case x replication, from :func:`~simkit.experiment.analysis.tables.outcome_table`.
        design: a `morris` design, with as many `levels`. A trajectory with a gap is left out whole.

    Raises:
        AnalysisError: the design is no Morris sample or one of more levels, or fewer than two trajectories are whole.
    """
    factor, up = _steps(design)
    found_levels = max((design[name].nunique() for name in design if design[name].dtype.kind == "f"), default=0)
    if found_levels > levels:
        raise AnalysisError(
            f"a factor of the design takes {found_levels} values; a Morris sample of {levels} levels has fewer"
        )
    size = len(design.columns) + 1
    values = outcomes.reindex(design.index).to_numpy().reshape(-1, size, outcomes.shape[1])
    whole = ~np.isnan(values).any(axis=(1, 2))
    if whole.sum() < 2:
        raise AnalysisError(f"{whole.sum()} of {len(values)} trajectories are whole; effects need two or more")
    delta = levels / (2 * (levels - 1))
    steps = np.diff(values[whole], axis=1) * up[whole, :, None] / delta
    effects = np.take_along_axis(steps, np.argsort(factor[whole], axis=1)[:, :, None], axis=1)
    means = effects.mean(axis=2)
    reach = _reach(effects, seed)
    size_of = np.abs(means).mean(axis=0)
    table = pd.DataFrame(
        {
            "mu": means.mean(axis=0),
            "mu_star": size_of,
            "mu_star_low": size_of - reach,
            "mu_star_high": size_of + reach,
            "sigma": means.std(axis=0, ddof=1),
        },
        index=pd.Index(design.columns, name="factor"),
    )
    found = noise(outcomes)
    return MorrisEffects(table, found, int(whole.sum()), int((~whole).sum()), _floor(found, delta))


def _steps(design: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Which factor each step of each trajectory moves, and whether up (1) or down (-1); trajectories x factors."""
    k = len(design.columns)
    wrong = AnalysisError("Morris effects need the cases of a `morris` design, in its order")
    if k < 2 or not len(design) or len(design) % (k + 1):
        raise wrong
    places = np.column_stack([_ordered(design[name]) for name in design]).reshape(-1, k + 1, k)
    moves = np.sign(np.diff(places, axis=1))
    if not ((moves != 0).sum(axis=2) == 1).all() or not ((moves != 0).sum(axis=1) == 1).all():
        raise wrong
    return np.abs(moves).argmax(axis=2), moves.sum(axis=2)


def _ordered(column: pd.Series) -> np.ndarray:
    """Numbers as they are; anything else by the order in which its values first occur, so signs mean nothing there."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(float)
    return pd.factorize(column)[0].astype(float)


def _reach(effects: np.ndarray, seed: int) -> np.ndarray:
    """Half of the interval of mu_star for each factor."""
    from scipy.special import ndtri

    draw = generator(seed, "bootstrap morris")
    trajectories, _, replications = effects.shape
    found = []
    for _ in range(RESAMPLES):
        weights = draw.multinomial(replications, [1 / replications] * replications) / replications
        again = (effects @ weights)[draw.integers(trajectories, size=trajectories)]
        found.append(np.abs(again).mean(axis=0))
    return float(ndtri(0.5 + LEVEL / 2)) * np.std(found, axis=0, ddof=1)


def _floor(found: Noise, delta: float) -> float | None:
    """Mean size of a normal with the variance that luck gives an effect: two cells' residuals, averaged."""
    if found.residual is None:
        return None
    return math.sqrt(2 / math.pi) * math.sqrt(2 * found.residual / found.replications) / delta
