"""Break-even: where on a lever two alternatives are equal, and how well that place is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simkit.experiment.analysis.tables import AnalysisError, outcome_table
from simkit.experiment.statistics import LEVEL, interval

HALVINGS = 60
FOUND, ABOVE, BELOW, UNDECIDED = "found", "higher throughout", "lower throughout", "undecided"


@dataclass(frozen=True)
class BreakEven:
    """Where the mean paired difference crosses zero between `lower` and `upper`.

    `at` is None unless `status` is "found"; `low` and `high` bound the values at which the 95 % interval of the
    difference holds zero, None where they lie beyond the range that was searched. `direction` is 1 where the difference
    rises with the lever. `evaluated` has a row per value that was run: value, difference, low, high, pairs.
    """

    status: str
    at: float | None
    low: float | None
    high: float | None
    direction: int
    lower: float
    upper: float
    evaluated: pd.DataFrame
    left_out: int = 0
    """Cases whose other factors do not occur at every value of the lever, or that have no pair."""
    replications_left_out: int = 0


def break_even(
    differences: Callable[[float], np.ndarray], lower: float, upper: float, *, tolerance: float
) -> BreakEven:
    """Bisect for the lever value at which the mean of paired differences is zero.

    The interval inverts the paired t interval: a value is in it when zero is in the interval of the differences there.
    At the true break-even that happens in 95 % of experiments, so the interval holds it as often (Fieller 1954 for
    lines). One crossing is assumed; the ends of the range are evaluated first.

    Args:
        differences: lever value -> differences of two alternatives by replication, under the same luck for all values.
        tolerance: the bisection stops at this width, in the lever's unit.

    Raises:
        AnalysisError: lower >= upper, no positive tolerance, or fewer than two pairs at a value.
    """
    if not lower < upper or not tolerance > 0:
        raise AnalysisError("break-even needs lower < upper and a tolerance above zero")
    asked = _Asked(differences)
    first, last = asked.mean(lower), asked.mean(upper)
    if first * last > 0 or first == last:
        return _no_crossing(asked, lower, upper)
    direction = 1 if last > first else -1
    at = _bisect(asked.mean, lower, upper, tolerance)
    near = _edge(asked.high if direction > 0 else asked.low, lower, at, tolerance)
    far = _edge(asked.low if direction > 0 else asked.high, at, upper, tolerance)
    return BreakEven(FOUND, at, near, far, direction, lower, upper, asked.table())


def break_even_of_runs(
    runs: pd.DataFrame, design: pd.DataFrame, lever: str, outcome: str, alternative: str, against: str
) -> BreakEven:
    """The break-even of two alternatives on a lever that a sweep has run at several values.

    Between neighboring values each replication's difference is taken as a straight line. Other factors, if any, are
    averaged over, and must be the same at every value, or the difference would be theirs as well: cases for which that
    is not so are left out and counted, and so are replications that one of the other cases lacks.

    Raises:
        AnalysisError: the lever is no factor or no number, has one value only, always changes together with others, or
            too few replications are complete.
    """
    if lever not in design or not pd.api.types.is_numeric_dtype(design[lever]):
        raise AnalysisError(f"break-even needs a factor with numbers; {lever!r} is none")
    gaps = outcome_table(runs, outcome, alternative, against)
    there = design.reindex(gaps.dropna(how="all").index)
    if there[lever].nunique() < 2:
        raise AnalysisError(f"{lever} has one value in these runs; break-even needs two or more")
    crossed = there[_crossed(there, lever)]
    if crossed.empty:
        others = ", ".join(str(name) for name in there if name != lever and there[name].nunique() > 1)
        raise AnalysisError(
            f"{lever} never changes alone in these runs, but together with {others}; a grid or one_at_a_time design "
            "shows what it does by itself"
        )
    whole = gaps.loc[crossed.index].dropna(axis=1)
    by_value = whole.groupby(crossed[lever]).mean()
    values = by_value.index.to_numpy(float)
    lines = by_value.to_numpy()

    def between(value: float) -> np.ndarray:
        return np.array([np.interp(value, values, line) for line in lines.T])

    found = break_even(between, values[0], values[-1], tolerance=(values[-1] - values[0]) * 1e-6)
    lost = len(gaps.columns) - len(whole.columns)
    return replace(found, left_out=len(gaps) - len(crossed), replications_left_out=lost)


def _crossed(design: pd.DataFrame, lever: str) -> pd.Series:
    """Which cases stand in a row that has every value of the lever with all other factors alike."""
    others = [name for name in design if name != lever]
    row = design.groupby(others, sort=False, dropna=False).ngroup() if others else pd.Series(0, index=design.index)
    return design.groupby(row)[lever].transform("nunique") == design[lever].nunique()


class _Asked:
    """Differences by lever value, each run once."""

    def __init__(self, differences: Callable[[float], np.ndarray]):
        self._differences = differences
        self._known: dict[float, tuple[float, float, float, int]] = {}

    def _at(self, value: float) -> tuple[float, float, float, int]:
        if value not in self._known:
            found = interval(self._differences(value), LEVEL)
            if found.mean is None or found.low is None or found.high is None:
                raise AnalysisError(f"at {value:g} there are {found.count} paired differences; two are the least")
            self._known[value] = found.mean, found.low, found.high, found.count
        return self._known[value]

    def mean(self, value: float) -> float:
        return self._at(value)[0]

    def low(self, value: float) -> float:
        return self._at(value)[1]

    def high(self, value: float) -> float:
        return self._at(value)[2]

    def table(self) -> pd.DataFrame:
        rows = [(value, *found) for value, found in sorted(self._known.items())]
        return pd.DataFrame(rows, columns=["value", "difference", "low", "high", "pairs"])


def _no_crossing(asked: _Asked, lower: float, upper: float) -> BreakEven:
    """Higher or lower at both ends is said only where both intervals leave zero out."""
    status = UNDECIDED
    if min(asked.low(lower), asked.low(upper)) > 0:
        status = ABOVE
    elif max(asked.high(lower), asked.high(upper)) < 0:
        status = BELOW
    return BreakEven(status, None, None, None, 0, lower, upper, asked.table())


def _edge(bound: Callable[[float], float], lower: float, upper: float, tolerance: float) -> float | None:
    """Where a bound of the interval crosses zero between two values; None where it does not."""
    if bound(lower) * bound(upper) > 0:
        return None
    return _bisect(bound, lower, upper, tolerance)


def _bisect(of: Callable[[float], float], lower: float, upper: float, tolerance: float) -> float:
    at_lower = of(lower)
    if at_lower == 0:
        return lower
    if of(upper) == 0:
        return upper
    for _ in range(HALVINGS):
        if upper - lower <= tolerance:
            break
        middle = (lower + upper) / 2
        found = of(middle)
        if found == 0:
            return middle
        if (found > 0) == (at_lower > 0):
            lower = middle
        else:
            upper = middle
    return (lower + upper) / 2
