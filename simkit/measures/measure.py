"""One figure of a run: what it is called and how it is computed; and what measures are made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from simkit.coupling.outcome import Run
from simkit.scenario.quantity import DAYS_PER_YEAR

Value = float | None
MEASURED_DAYS = "measured days"
"""The window of most measures."""


@dataclass(frozen=True)
class Measure:
    """One figure: what it is called, its unit, how it is computed, and which direction is better."""

    name: str
    unit: str
    title: str
    formula: str
    numerator: str
    denominator: str
    window: str
    better: Literal["higher", "lower", ""]
    compute: Callable[[Run], Value]
    possible: tuple[float, float] = (-math.inf, math.inf)
    """The least and the most it can be: no interval goes beyond."""
    absent: str = ""
    """What is true of a run that has no value, where that says something about it; as in "in 2 of 5 runs ..."."""


def ratio(above: float, below: float) -> Value:
    """A share or rate; None where there is nothing to divide by."""
    return above / below if below else None


def total(run: Run, *columns: str) -> float:
    """Columns of the daily table added over the measured days."""
    return math.fsum(run.sums[name] for name in columns)


def per_year(run: Run, amount: float) -> float:
    """An amount of the measured days as one of 365 days."""
    return amount * DAYS_PER_YEAR / run.scenario.horizon_days
