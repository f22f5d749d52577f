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

_STANDARD_NORMAL = NormalDist()
_AHEAD = 6
"""Passes drawn when the case is taken in: few need more."""


class Draws:
    """What the passes of a kind of work's steps draw: each step's word in the key and its purposes."""

    def __init__(self, steps: Sequence[tuple[int, tuple[Purpose, ...]]]):
        self.steps = steps
        passes = range(_AHEAD)
        cells = [(word, purpose * 65536 + k) for word, uses in steps for purpose in uses for k in passes]
        self.words = np.array([word for word, _ in cells], np.int64)
        self.uses = np.array([use for _, use in cells], np.int64)


class CaseLuck:
    """The draws of one case."""

    __slots__ = ("_ahead", "_draws", "_key", "_luck")

    def __init__(self, luck: Luck, key: int, draws: Draws, ahead: array[float]):
        self._luck, self._key, self._draws, self._ahead = luck, key, draws, ahead

    def draw(self, step: int, what: int, k: int = 0) -> float:
        """The uniform of a step's k-th pass (or round) for one of effort, outcome and check."""
        if k < _AHEAD:
            return self._ahead[(step * 3 + what) * _AHEAD + k]
        word, purposes = self._draws.steps[step]
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

    def of_cases(self, cases: Sequence[tuple[int, Draws]]) -> list[CaseLuck]:
        """The luck of (work key, draws) each, the first passes drawn in one sweep over arrays."""
        if not cases:
            return []
        sizes = np.array([len(draws.words) for _, draws in cases])
        keys = np.repeat(np.array([key & MASK for key, _ in cases], np.int64), sizes)
        words = np.concatenate([draws.words for _, draws in cases])
        uses = np.concatenate([draws.uses for _, draws in cases])
        space = np.full(len(keys), self._space, np.int64)
        x0, x1, _, _ = philox(keys, words, uses, space, self._key0, self._key1)
        drawn = np.ascontiguousarray(unit_interval(x0, x1)).data
        ends = np.cumsum(sizes).tolist()
        begins = [0, *ends[:-1]]
        return [
            CaseLuck(self, key, draws, array("d", drawn[begin:end]))
            for (key, draws), begin, end in zip(cases, begins, ends, strict=True)
        ]


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
        return math.exp(location + scale * _STANDARD_NORMAL.inv_cdf(u))
    if name == "exponential":
        return -location * math.log(u)
    return location


def effort_seconds(form: tuple[str, float, float], u: float, factor: float = 1.0) -> int:
    """Whole seconds of effort, at least one unless there is none."""
    hours = effort_hours(form, u) * factor
    return max(1, round(hours * 3600)) if hours > 0 else 0
