"""The value of one lever at which a measure gets somewhere, with an interval; or that it does not, between its ends.

All values of the lever meet the same luck, so the mean over replications is one curve, and its crossing with the value
asked for is found as a root. Where the limits of the 95 % interval cross it are the ends of the lever's own interval:
the values of the lever at which the measure may, by luck alone, be what was asked.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simkit.experiment.cells import Model
from simkit.experiment.definition.tables import Range
from simkit.experiment.progress import Progress
from simkit.experiment.search.folder import claim, identity
from simkit.experiment.search.problem import Point, Problem, SearchError, attainable, known
from simkit.experiment.search.runs import Runs
from simkit.experiment.statistics import Interval, interval
from simkit.experiment.storage.address import fingerprint

LOOKS = 5
"""Values of the lever, evenly spread from end to end, at which it is first looked for a crossing."""
TOLERANCE = 0.005
"""Of the range: how exactly the lever's value is found."""


@dataclass(frozen=True)
class Look:
    """One value of the lever that was tried."""

    value: float
    span: Interval


@dataclass(frozen=True)
class Reached:
    """Where the measure gets there, or how near it comes."""

    problem: Problem
    alternative: str
    lever: str
    low: float
    high: float
    measure: str
    target: float
    value: float | None
    """Of the lever; None where the mean does not get there. Of whole numbers the nearest."""
    earliest: float | None
    latest: float | None
    """The lever's interval: where the measure's own interval holds the target. None is beyond an end of the range."""
    neighbors: tuple[float, float] | None
    """The two between which the mean crosses: of whole numbers, where none hits, and where the measure jumps over the
    target; else None."""
    crossings: int
    """How often the mean crosses between the values first looked at; the one found is the first."""
    looks: tuple[Look, ...]
    replications: int
    ran: int

    @property
    def nearest(self) -> Look:
        """The value tried at which the measure comes nearest to the target."""
        return min(self.looks, key=lambda one: abs((one.span.mean or 0.0) - self.target))


def parse_reach(text: str) -> tuple[str, float]:
    """``retention_rate=60%`` -> the measure and the value. Raises SearchError."""
    name, found, value = text.partition("=")
    share = value.strip().endswith("%")
    try:
        number = float(value.strip().removesuffix("%")) / (100 if share else 1)
    except ValueError:
        number = math.nan
    if not found or not name.strip() or not math.isfinite(number):
        raise SearchError(f"expected measure=value, such as retention_rate=60%; found {text!r}")
    return name.strip(), number


def reach(
    problem: Problem,
    measure: str,
    target: float,
    *,
    folder: Path | None = None,
    workers: int | None = None,
    engine: str = "compiled",
    progress: bool = False,
    model: Model | None = None,
) -> Reached:
    """The value of the problem's one lever at which the mean of `measure` is `target`.

    Raises SearchError for an unknown measure, another number of levers than one, a lever that is a list, several
    alternatives, or when a run failed or has no value.
    """
    lever, span = _lever(problem)
    known(measure, problem.measures)
    attainable(measure, target, problem.measures)
    if len(problem.alternatives) > 1:
        raise SearchError(
            f"reach is asked of one alternative: --alternative {', '.join(problem.alternatives[:-1])} or "
            f"{problem.alternatives[-1]}"
        )
    if problem.replications < 2:
        raise SearchError("an interval needs two replications")
    if folder is not None:
        claim(folder, identity(problem, fingerprint(model or Model(), engine, problem.scenarios)))
    runs = Runs(problem, model, folder, workers, engine)
    with Progress(LOOKS * problem.replications, progress) as bar:
        runs.advance = bar.advance
        curve = _Curve(problem, runs, lever, span, measure)
        curve.look([curve.at(i / (LOOKS - 1)) for i in range(LOOKS)])
        bar.total = max(bar.done, 1)
        runs.advance = lambda: None
    return _found(problem, curve, measure, target, runs)


def _lever(problem: Problem) -> tuple[str, Range]:
    if len(problem.levers) != 1:
        raise SearchError(
            f"--reach moves one lever; the experiment has {len(problem.levers)}: {', '.join(problem.levers) or 'none'}"
        )
    ((lever, span),) = problem.levers.items()
    if not isinstance(span, Range):
        raise SearchError(f"--reach needs a lever with low and high; {lever} is a list of values")
    return lever, span


class _Curve:
    """The measure over the lever; every value is run once."""

    def __init__(self, problem: Problem, runs: Runs, lever: str, span: Range, measure: str):
        self.problem, self.runs, self.lever, self.span, self.measure = problem, runs, lever, span, measure
        self.log = bool(span.log) or span.distribution == "log"
        self.known: dict[float, Interval] = {}

    def at(self, share: float) -> float:
        """The lever at a share of the way from its low to its high end."""
        low, high = float(self.span.low), float(self.span.high)
        value = low * (high / low) ** share if self.log else low + (high - low) * share
        value = min(max(value, low), high)
        return float(round(value)) if self.span.whole else value

    def share(self, value: float) -> float:
        """The way back."""
        low, high = float(self.span.low), float(self.span.high)
        return math.log(value / low) / math.log(high / low) if self.log else (value - low) / (high - low)

    def look(self, values: Sequence[float]) -> None:
        """Run these values together."""
        new = [one for one in dict.fromkeys(values) if one not in self.known]
        name = self.problem.alternatives[0]
        points = {one: Point(name, {self.lever: int(one) if self.span.whole else one}) for one in new}
        luck = range(self.problem.replications)
        self.runs.need(points.values(), luck)
        for one, point in points.items():
            if error := self.runs.error(point, luck):
                raise SearchError(f"{self.lever} = {one:g}: {error}")
            figures = self.runs.values(point, self.measure, luck)
            if np.isnan(figures).any():
                missing = int(np.isnan(figures).sum())
                raise SearchError(
                    f"{self.lever} = {one:g}: {self.measure} has no value in {missing} of {figures.size} runs"
                )
            self.known[one] = interval(figures)

    def __call__(self, value: float) -> Interval:
        self.look([value])
        return self.known[value]


def _found(problem: Problem, curve: _Curve, measure: str, target: float, runs: Runs) -> Reached:
    grid = sorted(curve.known)
    value, neighbors, crossings = _crossing(curve, grid, target, _mean)
    if value is not None and not curve.span.whole:
        neighbors = _jump(curve, value, target)
    lower, _, _ = _crossing(curve, grid, target, _lower)
    upper, _, _ = _crossing(curve, grid, target, _upper)
    ends = sorted(one for one in (lower, upper) if one is not None)
    earliest, latest = _ends(curve, ends, value, target)
    looks = tuple(Look(one, curve.known[one]) for one in sorted(curve.known))
    return Reached(
        problem, problem.alternatives[0], curve.lever, float(curve.span.low), float(curve.span.high), measure, target,
        value, earliest, latest, neighbors, crossings, looks, problem.replications, runs.ran,
    )  # fmt: skip


def _ends(curve: _Curve, ends: list[float], value: float | None, target: float) -> tuple[float | None, float | None]:
    """Two crossings of the limits are the interval; of one, the other end lies beyond the range."""
    if len(ends) == 2:
        return ends[0], ends[1]
    if len(ends) == 1:
        before = value is None and _holds(curve(float(curve.span.low)), target)
        return (None, ends[0]) if before or (value is not None and ends[0] > value) else (ends[0], None)
    return None, None


def _holds(span: Interval, target: float) -> bool:
    return span.low is not None and span.high is not None and span.low <= target <= span.high


Part = Callable[[Interval], float]


def _mean(span: Interval) -> float:
    return span.mean if span.mean is not None else math.nan


def _lower(span: Interval) -> float:
    return span.low if span.low is not None else math.nan


def _upper(span: Interval) -> float:
    return span.high if span.high is not None else math.nan


def _crossing(
    curve: _Curve, grid: list[float], target: float, part: Part
) -> tuple[float | None, tuple[float, float] | None, int]:
    """The first crossing on the grid, narrowed down: the lever, whole neighbors, and how many crossings there are."""
    gaps = [part(curve.known[one]) - target for one in grid]
    if 0 in gaps:
        return grid[gaps.index(0)], None, sum(gap == 0 for gap in gaps)
    crossed = [i for i in range(len(grid) - 1) if gaps[i] * gaps[i + 1] < 0]
    if not crossed:
        return None, None, 0
    low, high = grid[crossed[0]], grid[crossed[0] + 1]
    if curve.span.whole:
        return (*_between(curve, low, high, target, part), len(crossed))
    return _root(curve, low, high, target, part), None, len(crossed)


def _root(curve: _Curve, low: float, high: float, target: float, part: Part) -> float:
    """Brent's method on the way along the range."""
    from scipy.optimize import brentq

    def gap(share: float) -> float:
        value = low if share == start else high if share == end else curve.at(share)
        return part(curve(value)) - target

    start, end = curve.share(low), curve.share(high)
    return curve.at(float(brentq(gap, start, end, xtol=TOLERANCE, rtol=1e-12)))


def _jump(curve: _Curve, value: float, target: float) -> tuple[float, float] | None:
    """The two values tried around a crossing, where they are close and the measure is shown to miss on both sides."""
    tried = sorted(curve.known)
    for low, high in itertools.pairwise(tried):
        ends = [curve.known[low], curve.known[high]]
        crosses = (_mean(ends[0]) - target) * (_mean(ends[1]) - target) < 0
        if low <= value <= high and crosses and not any(_holds(one, target) for one in ends):
            return (low, high) if curve.share(high) - curve.share(low) <= 4 * TOLERANCE else None
    return None


def _between(
    curve: _Curve, low: float, high: float, target: float, part: Part
) -> tuple[float, tuple[float, float] | None]:
    """Whole numbers by halving: the nearer of the two neighbors between which it crosses."""
    side = part(curve(low)) > target
    while high - low > 1:
        middle = float((int(low) + int(high)) // 2)
        gap = part(curve(middle)) - target
        if gap == 0:
            return middle, None
        low, high = (middle, high) if (gap > 0) == side else (low, middle)
    nearer = min((low, high), key=lambda one: abs(part(curve(one)) - target))
    return nearer, (low, high)
