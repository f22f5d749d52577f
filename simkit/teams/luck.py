"""A case's luck: draws keyed by (work, step, pass, purpose), the same under every structure."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from simkit.rng import MASK, Purpose, crc, philox, uniform, unit_interval
from simkit.scenario.work_kinds import Effort

EFFORT, OUTCOME, CHECK = range(3)
"""What a pass draws: how long, wrong (or rejected) or not, noticed (or audited) or not."""

WORK_PURPOSES = (Purpose.EFFORT, Purpose.INTERNAL_ERROR, Purpose.CAUGHT)
GATE_PURPOSES = (Purpose.GATE_EFFORT, Purpose.REJECT, Purpose.AUDIT)

_AHEAD = 3
"""Passes drawn when the case is taken in: most need no more."""

Draw = tuple[int, tuple[Purpose, ...]]
"""A step's word in the key, and what its passes draw."""


class CaseLuck:
    """The draws of one case."""

    __slots__ = ("_ahead", "_key", "_luck", "_steps")

    def __init__(self, luck: Luck, key: int, steps: Sequence[Draw], ahead: array[float]):
        self._luck, self._key, self._steps, self._ahead = luck, key, steps, ahead

    def draw(self, step: int, what: int, k: int = 0) -> float:
        """The uniform of a step's k-th pass (or round) for one of effort, outcome and check."""
        if k < _AHEAD:
            return self._ahead[(step * 3 + what) * _AHEAD + k]
        word, purposes = self._steps[step]
        return self._luck.uniform(self._key, word, purposes[what], k)

    def about(self, text: str, purpose: Purpose, k: int) -> float:
        """The uniform of something named by a text."""
        return self._luck.uniform(self._key, crc(text), purpose, k)


class Luck:
    """All draws of one replication's department."""

    def __init__(self, key: tuple[int, int]):
        self._key0, self._key1 = key
        self._space = crc("teams")

    def uniform(self, work_key: int, what: int, purpose: Purpose, k: int = 0) -> float:
        """One uniform in (0, 1)."""
        return uniform(self._key0, self._key1, work_key & MASK, what, int(purpose), k, self._space)

    def of_cases(self, cases: Sequence[tuple[int, Sequence[Draw]]]) -> list[CaseLuck]:
        """The luck of (work key, steps) each, the first passes drawn in one sweep over arrays."""
        keys: list[int] = []
        words: list[int] = []
        uses: list[int] = []
        sizes = []
        for key, steps in cases:
            before = len(words)
            for word, purposes in steps:
                for purpose in purposes:
                    words += [word] * _AHEAD
                    uses += range(purpose * 65536, purpose * 65536 + _AHEAD)
            sizes.append(len(words) - before)
            keys += [key & MASK] * sizes[-1]
        drawn = self._uniforms(keys, words, uses)
        ends = np.cumsum(sizes).tolist()
        return [
            CaseLuck(self, key, steps, array("d", drawn[end - size : end].tobytes()))
            for (key, steps), size, end in zip(cases, sizes, ends, strict=True)
        ]

    def _uniforms(self, keys: list[int], words: list[int], uses: list[int]) -> np.ndarray:
        space = np.full(len(keys), self._space, np.int64)
        key, word, use = (np.array(part, np.int64) for part in (keys, words, uses))
        x0, x1, _, _ = philox(key, word, use, space, self._key0, self._key1)
        return np.asarray(unit_interval(x0, x1))


def effort_quantile(effort: Effort) -> tuple[str, float, float]:
    """What :func:`effort_hours` needs of an effort: its form, and location and scale (log hours for lognormal)."""
    if effort.lognormal is not None:
        variance = math.log1p(effort.lognormal.cv**2)
        return "lognormal", math.log(effort.lognormal.mean_hours) - variance / 2, math.sqrt(variance)
    if effort.exponential is not None:
        return "exponential", effort.exponential.mean_hours, 0.0
    return "fixed", effort.mean_hours, 0.0


def effort_hours(form: tuple[str, float, float], u: float) -> float:
    """Person-hours at a quantile; the lognormal has the stated mean and coefficient of variation."""
    name, location, scale = form
    if name == "lognormal":
        return math.exp(location + scale * NormalDist().inv_cdf(u))
    if name == "exponential":
        return -location * math.log(u)
    return location


def effort_seconds(form: tuple[str, float, float], u: float, factor: float = 1.0) -> int:
    """Whole seconds of effort, at least one unless there is none."""
    hours = effort_hours(form, u) * factor
    return max(1, round(hours * 3600)) if hours > 0 else 0
