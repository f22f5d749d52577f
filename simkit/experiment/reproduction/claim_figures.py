"""From runs to verdicts: the figure of each claim, its standard error between replications, and what follows.

A run that failed leaves its claim undecided, with a note; a value that does not exist is left out with its replication
and counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from simkit.experiment.reproduction.claims import (
    CasesWon,
    Claim,
    Coefficient,
    Difference,
    Expected,
    InteriorOptimum,
    Mean,
    Ratio,
    Runs,
    Tolerance,
    Trend,
    Verdict,
    chosen,
)


@dataclass(frozen=True)
class Figure:
    """A claim's figure: its value, its standard error (None when it has none) and how many replications it is of.

    `low` and `high` bound a figure that is known by bounds and not by an error. `shown` is the figure in words, where
    the number alone does not say it.
    """

    value: float
    error: float | None
    count: int
    low: float | None = None
    high: float | None = None
    shown: str = ""


@dataclass(frozen=True)
class Found:
    """A claim held against the runs."""

    claim: Claim
    expected: str
    got: str
    verdict: Verdict
    figure: Figure | None
    note: str = ""

    @property
    def as_committed(self) -> bool:
        """Whether the verdict is the one the experiment was committed with."""
        return self.verdict == self.claim.verdict


class NoFigure(ValueError):
    """There is nothing to compute a figure from; says why."""


def evaluate(claims: Sequence[Claim], runs: pd.DataFrame, design: pd.DataFrame) -> list[Found]:
    """Hold every claim against the runs.

    `runs`: a row per cell with `case`, `alternative`, `replication`, `status` and a column per measure. `design`: a row
    per case (its index), a column per lever. The base is the alternative of the first row.
    """
    return [_found(claim, _Table(runs, design, claim.measure)) for claim in claims]


def _found(claim: Claim, table: _Table) -> Found:
    try:
        figure = table.figure(claim)
    except NoFigure as reason:
        why = f"{table.failed} of its runs failed; {reason}" if table.failed else str(reason)
        return Found(claim, _expected(claim), "nothing", "undecided", None, why)
    verdict = _verdict(claim, figure, table)
    notes = list(table.notes)
    if figure.error is None and figure.low is None and claim.tolerance.standard_errors:
        notes.append("one replication has no standard error")
    if table.failed:
        verdict = "undecided"
        notes.insert(0, f"{table.failed} of its runs failed")
    return Found(claim, _expected(claim), _got(figure), verdict, figure, "; ".join(dict.fromkeys(notes)))


# --- what a claim looks at -----------------------------------------------------------------------------------


class _Table:
    """One measure of all runs, by case, alternative and replication."""

    def __init__(self, runs: pd.DataFrame, design: pd.DataFrame, measure: str):
        self.design = design
        self.base = str(runs["alternative"].iloc[0])
        rows = runs.set_index(["alternative", "case", "replication"])
        self.values = rows[measure].astype(float)
        self.bad = rows["status"] != "ok"
        self.failed = 0
        self.notes: list[str] = []

    def figure(self, claim: Claim) -> Figure:
        """The claim's figure; raises NoFigure."""
        if isinstance(claim, Mean):
            return _mean(self.mean_of(claim.of))
        if isinstance(claim, Difference):
            return _mean(self.paired(claim.of, claim.against, np.subtract))
        if isinstance(claim, Ratio):
            return self._ratio(claim)
        if isinstance(claim, CasesWon):
            return self._cases_won(claim)
        if isinstance(claim, InteriorOptimum):
            return self._optimum(claim)
        return self._trend(claim) if isinstance(claim, Trend) else self._coefficient(claim)

    def cases(self, where: Mapping[str, Any]) -> list[Any]:
        """Cases in which levers have these levels."""
        return list(self.design.index[chosen(self.design, where)])

    def block(self, alternative: str | None, cases: Sequence[Any]) -> pd.DataFrame:
        """A row per replication, a column per case; failed runs are counted."""
        name = alternative or self.base
        wanted = set(cases)
        rows = [key for key in self.values.index if key[0] == name and key[1] in wanted]
        if not rows:
            raise NoFigure(f"no runs of {name!r} in the cases asked for")
        self.failed += int(self.bad.loc[rows].sum())
        return self.values.loc[rows].droplevel("alternative").unstack("case")

    def mean_of(self, which: Runs) -> pd.Series:
        """A value per replication: the mean over the cases chosen."""
        return self._mean_of_cases(self.block(which.alternative, self.cases(which.where)))

    def _mean_of_cases(self, block: pd.DataFrame) -> pd.Series:
        """Only replications in which all cases have a value, so that every one is of the same cases."""
        whole = block.dropna()
        if len(whole) < len(block):
            self.notes.append(f"left out {len(block) - len(whole)} of {len(block)} replications without a value")
        if whole.empty:
            raise NoFigure("the measure has no value in the runs asked for")
        return whole.mean(axis=1)

    def paired(self, of: Runs, against: Runs, how: Any) -> pd.Series:
        """A value per replication that both have."""
        a, b = self.mean_of(of), self.mean_of(against)
        both = a.index.intersection(b.index)
        if both.empty:
            raise NoFigure("no replication has both")
        return how(a.loc[both], b.loc[both])

    def levels(self, lever: str, which: Runs) -> tuple[list[Any], pd.DataFrame]:
        """The levels of a lever in order, and a row per replication with a column per level."""
        here = self.design.loc[self.cases(which.where)]
        found = here[lever].dropna().unique().tolist()
        levels = sorted(found) if all(isinstance(one, (int, float)) for one in found) else found
        columns = {i: self.mean_of(replace_where(which, lever, level)) for i, level in enumerate(levels)}
        table = pd.DataFrame(columns).dropna()
        if table.empty:
            raise NoFigure("no replication has all levels")
        return levels, table

    def _ratio(self, claim: Ratio) -> Figure:
        less = claim.less
        pairs = self.paired(claim.of, claim.against, lambda a, b: pd.DataFrame({"a": a - less, "b": b - less}))
        below = float(pairs["b"].mean())
        if below == 0:
            raise NoFigure("the mean below the line is zero")
        value = float(pairs["a"].mean()) / below
        error = _error((pairs["a"] - value * pairs["b"]).to_numpy())
        return Figure(value, None if error is None else abs(error / below), len(pairs))

    def _cases_won(self, claim: CasesWon) -> Figure:
        won = lost = open_ = 0
        for case in self.cases(claim.where):
            verdicts = [self._wins(name, case, claim) for name in claim.of]
            won += "held" in verdicts
            lost += all(one == "not held" for one in verdicts)
            open_ += "held" not in verdicts and "undecided" in verdicts
        cases = won + lost + open_
        shown = f"{won} of {cases} cases" + (f", {open_} open" if open_ else "")
        return Figure(won / cases, None, cases, won / cases, (won + open_) / cases, shown)

    def _wins(self, name: str, case: Any, claim: CasesWon) -> Verdict:
        """Whether one alternative beats all others in one case."""
        mine = self.block(name, [case])[case]
        verdicts: list[Verdict] = []
        for other in claim.against:
            if other != name:
                theirs = self.block(other, [case])[case]
                factor, sign = (1 - claim.by, 1) if claim.better == "lower" else (1 + claim.by, -1)
                lead = (sign * (factor * theirs - mine)).dropna()
                verdicts.append("undecided" if lead.empty else ahead(_mean(lead), claim.tolerance))
        if "not held" in verdicts:
            return "not held"
        return "held" if verdicts and all(one == "held" for one in verdicts) else "undecided"

    def _optimum(self, claim: InteriorOptimum) -> Figure:
        """How much the best level between the ends is ahead of the better end."""
        levels, table = self.levels(claim.over, claim.of)
        table = table if claim.best == "highest" else -table
        means = table.mean().to_numpy()
        best = 1 + int(means[1:-1].argmax())
        ends = [_mean(table[best] - table[end]) for end in (table.columns[0], table.columns[-1])]
        nearest = min(ends, key=lambda lead: _z(lead))
        top = levels[int(means.argmax())]
        return replace(nearest, shown=f"best at {top}; {levels[best]} ahead of the ends by {_plain(nearest)}")

    def where_expected(self, claim: InteriorOptimum, expect: Expected) -> Verdict:
        """Whether the best level lies where it is expected; undecided while a level inside is not told from it."""
        levels, table = self.levels(claim.over, claim.of)
        table = table if claim.best == "highest" else -table
        low, high = expect.region
        inside = [i for i, level in enumerate(levels) if low <= level <= high]
        outside = [i for i in range(len(levels)) if i not in inside]
        if not inside:
            return "not held"
        if not outside:
            return "held"
        means = table.mean().to_numpy()
        champion, rival = (max(some, key=lambda i: float(means[i])) for some in (inside, outside))
        return ahead(_mean(table[champion] - table[rival]), claim.tolerance)

    def _trend(self, claim: Trend) -> Figure:
        """The step that speaks most against the trend."""
        levels, table = self.levels(claim.over, claim.of)
        sign = 1 if claim.direction == "rising" else -1
        steps = [_mean(sign * (table[i] - table[i - 1])) for i in range(1, len(levels))]
        at = min(range(len(steps)), key=lambda i: _z(steps[i]))
        return replace(steps[at], shown=f"weakest step {levels[at]} to {levels[at + 1]}: {_plain(steps[at])}")

    def _coefficient(self, claim: Coefficient) -> Figure:
        levels, table = self.levels(claim.over, claim.of)
        x, y = np.array(levels, float), table.to_numpy(float)
        if claim.curve == "power":
            if (x <= 0).any() or (y <= 0).any():
                raise NoFigure("a power law needs numbers above zero")
            x, y = np.log(x), np.log(y)
        degree = 2 if claim.curve == "parabola" else 1
        return _mean(pd.Series(np.polyfit(x - x.mean(), y.T, degree)[0]))


def replace_where(which: Runs, lever: str, level: Any) -> Runs:
    """The same runs at one level of a lever."""
    return which.model_copy(update={"where": {**which.where, lever: level}})


# --- what follows from a figure --------------------------------------------------------------------------------


def judge(figure: Figure, region: tuple[float, float], tolerance: Tolerance) -> Verdict:
    """Whether a figure lies in a region: its interval wholly inside, wholly outside, or neither.

    A region of one point without a band is held when the interval contains it. An interval wider than the resolution
    decides nothing.
    """
    if figure.low is not None and figure.high is not None:
        low, high = figure.low, figure.high
    elif figure.error is None and tolerance.standard_errors:
        return "undecided"
    else:
        half = tolerance.standard_errors * (figure.error or 0.0)
        if tolerance.resolution is not None and half > tolerance.resolution:
            return "undecided"
        low, high = figure.value - half, figure.value + half
    least, most = region[0] - tolerance.band, region[1] + tolerance.band
    if high < least or low > most:
        return "not held"
    return "held" if (least == most or (least <= low and high <= most)) else "undecided"


def ahead(figure: Figure, tolerance: Tolerance) -> Verdict:
    """Whether a lead is above zero; a tie is none. A band is a lead that does not count."""
    if figure.error is None and tolerance.standard_errors:
        return "undecided"
    half = tolerance.standard_errors * (figure.error or 0.0)
    if figure.value - half > tolerance.band:
        return "held"
    return "not held" if figure.value + half <= tolerance.band else "undecided"


def _verdict(claim: Claim, figure: Figure, table: _Table) -> Verdict:
    if isinstance(claim, (InteriorOptimum, Trend)):
        both = [ahead(figure, claim.tolerance)]
        if isinstance(claim, InteriorOptimum) and claim.expect is not None:
            both.append(table.where_expected(claim, claim.expect))
        if "not held" in both:
            return "not held"
        return "undecided" if "undecided" in both else "held"
    return judge(figure, claim.expect.region, claim.tolerance)


def _expected(claim: Claim) -> str:
    if isinstance(claim, InteriorOptimum):
        where = f", {claim.expect}" if claim.expect is not None else ""
        return f"{claim.best} between the ends of {claim.over}{where}"
    if isinstance(claim, Trend):
        return f"{claim.direction} with {claim.over}"
    return str(claim.expect)


def _got(figure: Figure) -> str:
    return figure.shown or _plain(figure)


def _plain(figure: Figure) -> str:
    return f"{figure.value:.4g}" + ("" if figure.error is None else f" (s.e. {figure.error:.2g})")


def _mean(values: pd.Series) -> Figure:
    array = values.to_numpy(float)
    return Figure(float(array.mean()), _error(array), len(array))


def _error(values: np.ndarray) -> float | None:
    """Standard error between replications; None below two."""
    return float(values.std(ddof=1)) / math.sqrt(values.size) if values.size > 1 else None


def _z(figure: Figure) -> float:
    """How many standard errors above zero."""
    if figure.error:
        return figure.value / figure.error
    return math.copysign(math.inf, figure.value) if figure.value else 0.0
