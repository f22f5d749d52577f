"""A factor: one thing that differs between cases, as a list of values or a range."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simkit.scenario.errors import SenseError
from simkit.scenario.overlay import choices

UNIFORM, LOG = "uniform", "log"
RANGE_KEYS = ("low", "high", "distribution", "log", "integer")


class DesignError(SenseError):
    """A design that makes no sense. `path` is the factor it is about, or ``design``."""


@dataclass(frozen=True)
class Factor:
    """What differs between cases: listed `values`, or a range from `low` to `high`, both included.

    `log` spreads a range evenly over orders of magnitude. `integer` keeps a range to whole numbers.
    """

    path: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    integer: bool = False

    @property
    def count(self) -> int | None:
        """How many values it may take; None where they cannot be counted."""
        if self.values:
            return len(self.values)
        return int(self.high - self.low) + 1 if self.integer else None

    def at(self, units: Sequence[float] | np.ndarray) -> list[Any]:
        """The values at places in [0, 1] of the factor: an order of equal parts for lists and whole numbers.

        Monotone in the place for ranges, so that a sample in the unit cube keeps its balance.
        """
        places = np.asarray(units, float)
        if self.values:
            return [self.values[i] for i in _parts(places, len(self.values))]
        if self.integer and not self.log:
            return [int(self.low) + int(i) for i in _parts(places, int(self.high - self.low) + 1)]
        if not self.log:
            return [float(value) for value in self.low + places * (self.high - self.low)]
        if not self.integer:
            return [float(value) for value in _between_logs(self.low, self.high, places)]
        spread = np.rint(_between_logs(self.low - 0.5, self.high + 0.5, places))
        return [int(value) for value in np.clip(spread, self.low, self.high)]

    def levels(self, count: int | None) -> list[Any]:
        """All listed values, or `count` evenly spaced ones of a range from end to end (fewer where whole numbers
        coincide).

        Raises:
            DesignError: a range and no count of two or more.
        """
        if self.values:
            return list(self.values)
        if count is None or count < 2:
            raise DesignError(self.path, "a range has no values of its own; list them, or give the design n >= 2")
        spread = np.geomspace(self.low, self.high, count) if self.log else np.linspace(self.low, self.high, count)
        if not self.integer:
            return [float(value) for value in spread]
        return list(dict.fromkeys(int(value) for value in np.rint(spread)))


def factors_of(given: Mapping[str, Any]) -> list[Factor]:
    """The factors of a mapping from path to a list of values, a range, or a :class:`Factor`.

    A range is ``{low, high}`` with ``distribution: log`` or ``log: true`` for a logarithmic scale. It is of whole
    numbers when both ends are written as such (``5``, not ``5.0``) or ``integer: true`` says so.

    Raises:
        DesignError: see :func:`factor`; or no factor at all.
    """
    if not given:
        raise DesignError("design", "it has no factor; name at least one lever or uncertainty")
    return [held if isinstance(held, Factor) else factor(str(path), held) for path, held in given.items()]


def factor(path: str, held: Any) -> Factor:
    """One factor from what was written for it.

    Raises:
        DesignError: an empty list, a value twice, low >= high, a range at or below zero on a log scale, no numbers.
    """
    if isinstance(held, Mapping):
        return _range(path, held)
    if isinstance(held, str) or not isinstance(held, Sequence):
        raise DesignError(path, f"found {held!r}; allowed: a list of values or {{low, high}}")
    if not held:
        raise DesignError(path, "the list is empty; name the values that it takes")
    told = [_told(value) for value in held]
    twice = [value for value, key in zip(held, told, strict=True) if told.count(key) > 1]
    if twice:
        raise DesignError(path, f"{twice[0]!r} is listed twice; a value counts once")
    return Factor(path, values=tuple(held))


def _range(path: str, held: Mapping[str, Any]) -> Factor:
    for key in held:
        if key not in RANGE_KEYS:
            raise DesignError(path, f"a range knows no {key!r}{choices(str(key), RANGE_KEYS)}")
    low, high = (_number(path, held, end) for end in ("low", "high"))
    if not low < high:
        raise DesignError(path, f"low is {low:g} and high is {high:g}; low must be below high")
    log = _logarithmic(path, held)
    if log and low <= 0:
        raise DesignError(path, f"low is {low:g}; a log scale needs low above 0")
    return Factor(path, low=low, high=high, log=log, integer=_whole(path, held, low, high))


def _number(path: str, held: Mapping[str, Any], end: str) -> float:
    value = held.get(end)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DesignError(path, f"{end} is {value!r}; a range needs low and high as finite numbers")
    return value


def _logarithmic(path: str, held: Mapping[str, Any]) -> bool:
    named = held.get("distribution", UNIFORM)
    if named not in (UNIFORM, LOG):
        raise DesignError(path, f"distribution is {named!r}; allowed: {UNIFORM}, {LOG}")
    log = held.get("log", named == LOG)
    if not isinstance(log, bool):
        raise DesignError(path, f"log is {log!r}; allowed: true, false")
    if "distribution" in held and log != (named == LOG):
        raise DesignError(path, f"distribution is {named} and log is {str(log).lower()}; say one of them")
    return log


def _whole(path: str, held: Mapping[str, Any], low: float, high: float) -> bool:
    """Whether the range is of whole numbers; 0 to 1 is asked about, because a share is usually meant."""
    asked = held.get("integer")
    ends_whole = float(low).is_integer() and float(high).is_integer()
    if asked is None:
        asked = isinstance(low, int) and isinstance(high, int)
        if asked and high - low == 1:
            raise DesignError(
                path,
                f"{low} to {high} as whole numbers are two values; write {float(low)} and {float(high)} for all "
                "between, or integer: true",
            )
    if not isinstance(asked, bool):
        raise DesignError(path, f"integer is {asked!r}; allowed: true, false")
    if asked and not ends_whole:
        raise DesignError(path, f"low is {low:g} and high is {high:g}; a range of whole numbers ends in whole numbers")
    return asked


def _told(value: Any) -> tuple[str, Any]:
    """What makes two values the same: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return type(value).__name__, repr(value)
    return "number", float(value)


def _parts(places: np.ndarray, count: int) -> np.ndarray:
    return np.minimum((places * count).astype(int), count - 1)


def _between_logs(low: float, high: float, places: np.ndarray) -> np.ndarray:
    return np.clip(np.exp(math.log(low) + places * (math.log(high) - math.log(low))), low, high)
