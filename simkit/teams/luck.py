"""A case's luck: draws keyed by (work, step, pass, purpose), the same under every structure."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from itertools import accumulate
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
_SWEEP = 8192
"""Draws of one sweep over arrays: as many as stay in the processor's cache."""


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

    __slots__ = ("_ahead", "_draws", "_first", "_key", "_luck")

    def __init__(self, luck: Luck, key: int, draws: Draws, ahead: array[float], first: int):
        self._luck, self._key, self._draws = luck, key, draws
        self._ahead, self._first = ahead, first
        """What was drawn for many cases at once, and where this case's begins."""

    def draw(self, step: int, what: int, k: int = 0) -> float:
        """The uniform of a step's k-th pass (or round) for one of effort, outcome and check."""
        if k < _AHEAD:
            return self._ahead[self._first + (step * 3 + what) * _AHEAD + k]
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
        """The luck of (work key, draws) each, the first passes drawn in sweeps over arrays."""
        ahead, found = array("d"), []
        waiting: list[tuple[int, Draws]] = []
        firsts = accumulate((len(draws.words) for _, draws in cases), initial=0)
        for (key, draws), first in zip(cases, firsts, strict=False):
            found.append(CaseLuck(self, key, draws, ahead, first))
            waiting.append((key, draws))
            if first - len(ahead) >= _SWEEP:
                ahead.frombytes(self._sweep(waiting))
                waiting = []
        ahead.frombytes(self._sweep(waiting))
        return found

    def _sweep(self, cases: Sequence[tuple[int, Draws]]) -> bytes:
        """All that some cases draw ahead, one case after the other."""
        if not cases:
            return b""
        sizes = [len(draws.words) for _, draws in cases]
        keys = np.repeat(np.array([key & MASK for key, _ in cases], np.int64), sizes)
        words = np.concatenate([draws.words for _, draws in cases])
        uses = np.concatenate([draws.uses for _, draws in cases])
        x0, x1, _, _ = philox(keys, words, uses, np.full(len(keys), self._space, np.int64), self._key0, self._key1)
        return np.ascontiguousarray(unit_interval(x0, x1)).tobytes()


def effort_quantile(effort: Effort) -> tuple[str, float, float]:
    """What :func:`effort_seconds` needs of an effort: its form, and location and scale (log hours for lognormal)."""
    if effort.lognormal is not None:
        variance = math.log1p(effort.lognormal.cv**2)
        return "lognormal", math.log(effort.lognormal.mean_hours) - variance / 2, math.sqrt(variance)
    if effort.exponential is not None:
        return "exponential", effort.exponential.mean_hours, 0.0
    return "fixed", effort.mean_hours, 0.0


def effort_seconds(form: tuple[str, float, float], u: float, factor: float = 1.0) -> int:
    """Whole seconds of effort at a quantile, at least one unless there is none.

    The lognormal has the stated mean and coefficient of variation.
    """
    name, location, scale = form
    if name == "lognormal":
        hours = math.exp(location + scale * _STANDARD_NORMAL.inv_cdf(u)) * factor
    elif name == "exponential":
        hours = -location * math.log(u) * factor
    else:
        hours = location * factor
    return max(1, round(hours * 3600)) if hours > 0 else 0
