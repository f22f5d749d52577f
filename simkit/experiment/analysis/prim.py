"""Scenario discovery: a box in the space of uncertainties that holds most cases of interest and little else.

The patient rule induction method (Friedman and Fisher 1999) as used for scenarios (Bryant and Lempert 2010): peel thin
slices off a box while the share of cases of interest grows, then paste back what was peeled too much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from simkit.experiment.analysis.tables import AnalysisError

Limit = tuple[float, float] | frozenset[Any]
"""From, to (both inside); or the categories that are inside."""
PEEL, PASTE, LEAST_MASS = 0.05, 0.05, 0.05
"""Shares of a box peeled or pasted at once, and of all cases that a box keeps at least (Friedman and Fisher 1999)."""


@dataclass(frozen=True)
class Box:
    """One box of the trajectory. `limits` are of the factors that it restricts.

    `coverage` is the share of all cases of interest that lie inside, `density` the share of interest among the cases
    inside, `mass` the share of all cases that lie inside. `chance` (factor -> side -> probability) is the chance of
    so much density if the limit made no difference (one-sided binomial test, Bryant and Lempert 2010).
    """

    limits: dict[str, Limit]
    coverage: float
    density: float
    mass: float
    cases: int
    of_interest: int
    chance: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Prim:
    """The trajectory of boxes, from the whole space to the last paste; `chosen` is the position of the one to show."""

    trajectory: tuple[Box, ...]
    chosen: int
    share: float
    """Of interest among all cases: the density of the whole space."""

    @property
    def box(self) -> Box:
        """The box to show."""
        return self.trajectory[self.chosen]

    def table(self) -> pd.DataFrame:
        """A row per box: coverage, density, mass, cases, of_interest, restricted."""
        rows = [
            {"coverage": one.coverage, "density": one.density, "mass": one.mass, "cases": one.cases,
             "of_interest": one.of_interest, "restricted": len(one.limits)}
            for one in self.trajectory
        ]  # fmt: skip
        return pd.DataFrame(rows)


def prim(
    design: pd.DataFrame,
    of_interest: pd.Series,
    *,
    peel: float = PEEL,
    paste: float = PASTE,
    least_mass: float = LEAST_MASS,
    density: float | None = None,
) -> Prim:
    """The trajectory of boxes around the cases of interest.

    A peel or paste is chosen by the gain in density per case moved (Kwakkel and Jaxa-Rozen 2016), ties by fewer
    restricted factors. Numbers are cut at quantiles halfway between neighboring values, names category by category.
    The box shown is the one with the largest F1 of coverage and density, or the first that reaches a stated `density`.

    Raises:
        AnalysisError: no case of interest, or nothing else; no factor that varies.
    """
    flags = of_interest.reindex(design.index)
    if flags.isna().any():
        raise AnalysisError("a case has no verdict on whether it is of interest; leave such cases out and say so")
    y = flags.to_numpy(bool)
    if y.all() or not y.any():
        raise AnalysisError(f"{int(y.sum())} of {len(y)} cases are of interest; a box is found between some and all")
    space = _Space({str(name): _column(design[name]) for name in design if design[name].nunique() > 1}, y)
    if not space.columns:
        raise AnalysisError("the design has no factor that varies")
    limits, inside = dict(space.whole), np.ones(len(y), bool)
    boxes = [space.box(limits)]
    for candidates, grows, share in ((space.peels, False, peel), (space.pastes, True, paste)):
        while True:
            step = space.best(candidates(limits, inside, share), inside, grows)
            if step is None or step[1].sum() < least_mass * len(y):
                break
            limits, inside = step
            boxes.append(space.box(limits))
    return Prim(tuple(boxes), _chosen(boxes, density), float(y.mean()))


def _column(values: pd.Series) -> np.ndarray:
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return values.to_numpy(float) if numeric else values.to_numpy(object)


def _chosen(boxes: list[Box], density: float | None) -> int:
    reached = [i for i, box in enumerate(boxes) if density is not None and box.density >= density]
    if reached:
        return reached[0]
    f1 = [2 * box.coverage * box.density / (box.coverage + box.density) if box.of_interest else 0.0 for box in boxes]
    return int(np.argmax([box.density for box in boxes] if density is not None else f1))


class _Space:
    """All cases, which of them are of interest, and the box that holds them all."""

    def __init__(self, columns: dict[str, np.ndarray], y: np.ndarray):
        self.columns, self.y = columns, y
        self.whole: dict[str, Limit] = {
            name: frozenset(values) if values.dtype == object else (float(values.min()), float(values.max()))
            for name, values in columns.items()
        }

    def within(self, name: str, limit: Limit) -> np.ndarray:
        """Which cases one limit lets in."""
        values = self.columns[name]
        if isinstance(limit, frozenset):
            return np.array([value in limit for value in values])
        return (values >= limit[0]) & (values <= limit[1])

    def inside(self, limits: dict[str, Limit]) -> np.ndarray:
        """Which cases a box holds."""
        found = np.ones(len(self.y), bool)
        for name, limit in limits.items():
            found &= self.within(name, limit)
        return found

    def best(
        self, candidates: Iterator[dict[str, Limit]], inside: np.ndarray, grows: bool
    ) -> tuple[dict[str, Limit], np.ndarray] | None:
        """The candidate with the largest gain in density per case moved; None where none gains or none moves."""
        now, size, chosen, top = self.y[inside].mean(), inside.sum(), None, (0.0, 0)
        for limits in candidates:
            held = self.inside(limits)
            moved = int(held.sum() - size)
            if not held.any() or (moved <= 0 if grows else moved >= 0):
                continue
            rank = ((self.y[held].mean() - now) / abs(moved), sum(limits[one] == self.whole[one] for one in limits))
            if rank[0] > 0 and rank > top:
                chosen, top = (limits, held), rank
        return chosen

    def peels(self, limits: dict[str, Limit], inside: np.ndarray, share: float) -> Iterator[dict[str, Limit]]:
        """A slice off each side of each number, a category off each name."""
        for name, limit in limits.items():
            if isinstance(limit, frozenset):
                if len(limit) > 1:
                    yield from ({**limits, name: limit - {one}} for one in sorted(limit, key=str))
                continue
            values = self.columns[name][inside]
            yield {**limits, name: (limit[0], _quantile(values, 1 - share))}
            yield {**limits, name: (_quantile(values, share), limit[1])}

    def pastes(self, limits: dict[str, Limit], inside: np.ndarray, share: float) -> Iterator[dict[str, Limit]]:
        """A slice back onto each restricted side, a category back."""
        for name, limit in limits.items():
            whole: Any = self.whole[name]
            others = self.inside({one: held for one, held in limits.items() if one != name})
            values = self.columns[name][others]
            if isinstance(limit, frozenset):
                yield from ({**limits, name: limit | {one}} for one in sorted(whole - limit, key=str))
                continue
            below, above = values[values <= limit[0]], values[values >= limit[1]]
            if limit[0] > whole[0]:
                yield {**limits, name: (_quantile(below, 1 - share) if below.size else whole[0], limit[1])}
            if limit[1] < whole[1]:
                yield {**limits, name: (limit[0], _quantile(above, share) if above.size else whole[1])}

    def box(self, limits: dict[str, Limit]) -> Box:
        """A box with what it holds, and how surprising each of its limits is."""
        held = self.inside(limits)
        hits, size = int(self.y[held].sum()), int(held.sum())
        restricted = {name: limit for name, limit in limits.items() if limit != self.whole[name]}
        return Box(
            limits=restricted,
            coverage=hits / float(self.y.sum()),
            density=hits / size,
            mass=size / len(self.y),
            cases=size,
            of_interest=hits,
            chance={name: self._chance({**limits, name: self.whole[name]}, hits, size) for name in restricted},
        )

    def _chance(self, without: dict[str, Limit], hits: int, size: int) -> float:
        from scipy.stats import binomtest

        held = self.inside(without)
        return float(binomtest(hits, size, float(self.y[held].mean()), alternative="greater").pvalue)


def _quantile(values: np.ndarray, share: float) -> float:
    """Halfway between the two neighbors of a quantile, moved on over equal values so that a cut always cuts.

    As in sdtoolkit (Bryant 2009) and the EMA workbench.
    """
    ordered = np.sort(values)
    place = (len(ordered) - 1) * share
    below, above = int(np.floor(place)), int(np.ceil(place))
    if share > 0.5:
        while ordered[below] == ordered[above] and below > 0:
            below -= 1
    else:
        while ordered[below] == ordered[above] and above < len(ordered) - 1:
            above += 1
    return float((ordered[below] + ordered[above]) / 2)
