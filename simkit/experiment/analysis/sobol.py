"""Sobol indices: what share of an outcome's variance each factor explains, alone and with all its interactions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from simkit.experiment.analysis.noise import ROUNDING, Noise, noise
from simkit.experiment.analysis.tables import AnalysisError
from simkit.experiment.extras import optional
from simkit.experiment.statistics import LEVEL
from simkit.rng import generator

RESAMPLES = 400


@dataclass(frozen=True)
class SobolIndices:
    """`table` has a row per factor: first, first_low, first_high, total, total_low, total_high.

    `pairs` has a row per pair of factors (second, second_low, second_high), empty unless the sample has the points.
    """

    table: pd.DataFrame
    pairs: pd.DataFrame
    noise: Noise
    blocks: int
    left_out: int


def sobol_indices(outcomes: pd.DataFrame, design: pd.DataFrame, seed: int = 0) -> SobolIndices:
    """First-order and total Sobol indices of the averages over replications, with 95 % intervals.

    First-order: Saltelli et al. (2010), table 2 (b); total: table 2 (f) (Jansen 1999); second order: Saltelli (2002);
    all from SALib. Intervals are normal with the standard deviation of a bootstrap that draws base points and
    replications anew, so that they hold luck too.

    Args:
        outcomes: case x replication, from :func:`~simkit.experiment.analysis.tables.outcome_table`.
        design: a `saltelli` design. A block with a gap is left out whole.

    Raises:
        AnalysisError: the design is no Saltelli sample, fewer than two whole blocks, or an outcome that never differs.
        MissingExtraError: no SALib.
    """
    formulas = optional("SALib.analyze.sobol")
    second_order = _structure(design)
    size = _block_size(len(design.columns), second_order)
    values = outcomes.reindex(design.index).to_numpy().reshape(-1, size, outcomes.shape[1])
    whole = ~np.isnan(values).any(axis=(1, 2))
    kept = values[whole]
    if len(kept) < 2:
        raise AnalysisError(f"{len(kept)} of {len(values)} blocks of the sample are whole; indices need two or more")
    point = _indices(kept.mean(axis=2), len(design.columns), second_order, formulas)
    spread = _bootstrap(kept, len(design.columns), second_order, formulas, seed)
    reach = _normal_quantile() * spread
    k = len(design.columns)
    table = _intervals(("first", "total"), np.split(point[: 2 * k], 2), np.split(reach[: 2 * k], 2))
    pairs = _intervals(("second",), [point[2 * k :]], [reach[2 * k :]])
    names = list(design.columns)
    table.index = pd.Index(names, name="factor")
    named = [(names[i], names[j]) for i in range(k) for j in range(i + 1, k)] if second_order else []
    pairs.index = pd.MultiIndex.from_tuples(named, names=["factor", "with"]) if named else pairs.index
    return SobolIndices(table, pairs, noise(outcomes), len(kept), len(values) - len(kept))


def _block_size(factors: int, second_order: bool) -> int:
    return 2 * factors + 2 if second_order else factors + 2


def _structure(design: pd.DataFrame) -> bool:
    """Whether a Saltelli sample has second-order points, found by holding its rows against one another.

    Raises:
        AnalysisError: it is none.
    """
    k, cells = len(design.columns), design.to_numpy(dtype=object)
    for second_order in (False, True):
        size = _block_size(k, second_order)
        if k < 2 or not len(cells) or len(cells) % size:
            continue
        blocks = cells.reshape(-1, size, k)
        first, last = blocks[:, 0], blocks[:, -1]
        mixed = all(_is_mixed(blocks[:, 1 + j], first, last, j) for j in range(k))
        if mixed and (not second_order or all(_is_mixed(blocks[:, 1 + k + j], last, first, j) for j in range(k))):
            return second_order
    raise AnalysisError("Sobol indices need the cases of a `saltelli` design, in its order")


def _is_mixed(found: np.ndarray, of: np.ndarray, with_column_of: np.ndarray, column: int) -> bool:
    expected = of.copy()
    expected[:, column] = with_column_of[:, column]
    return bool((found == expected).all())


def _indices(y: np.ndarray, k: int, second_order: bool, formulas: Any) -> np.ndarray:
    """First, total (and second-order) indices of outcomes in blocks, one after the other in one array."""
    if _same(y):
        raise AnalysisError("the outcome is the same in all cases; there is no variance to explain")
    y = (y - y.mean()) / y.std()
    a, b, ab = y[:, 0], y[:, -1], y[:, 1 : 1 + k]
    first = [formulas.first_order(a, ab[:, j], b) for j in range(k)]
    total = [formulas.total_order(a, ab[:, j], b) for j in range(k)]
    if not second_order:
        return np.array([*first, *total])
    ba = y[:, 1 + k : 1 + 2 * k]
    pairs = [(i, j) for i in range(k) for j in range(i + 1, k)]
    return np.array([*first, *total, *(formulas.second_order(a, ab[:, i], ab[:, j], ba[:, i], b) for i, j in pairs)])


def _same(y: np.ndarray) -> bool:
    return bool(y.std() <= ROUNDING * np.abs(y).max())


def _bootstrap(values: np.ndarray, k: int, second_order: bool, formulas: Any, seed: int) -> np.ndarray:
    """Standard deviation of the indices over resamples of blocks and replications."""
    draw = generator(seed, "bootstrap sobol")
    blocks, _, replications = values.shape
    found = []
    for _ in range(RESAMPLES):
        weights = draw.multinomial(replications, [1 / replications] * replications) / replications
        y = (values @ weights)[draw.integers(blocks, size=blocks)]
        if not _same(y):
            found.append(_indices(y, k, second_order, formulas))
    return np.std(found, axis=0, ddof=1)


def _intervals(names: tuple[str, ...], points: list[np.ndarray], reaches: list[np.ndarray]) -> pd.DataFrame:
    columns = {}
    for name, point, reach in zip(names, points, reaches, strict=True):
        columns.update({name: point, f"{name}_low": point - reach, f"{name}_high": point + reach})
    return pd.DataFrame(columns)


def _normal_quantile() -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + LEVEL / 2))
