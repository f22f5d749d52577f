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

_standard_normal_quantile = NormalDist().inv_cdf
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
        self.size = len(cells)


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

    def of_cases(self, cases: Sequence[tuple[int, Draws]]) -> CasesLuck:
        """The luck of (work key, draws) each."""
        return CasesLuck(self, [key for key, _ in cases], [draws for _, draws in cases])

    def sweep(self, keys: Sequence[int], draws: Sequence[Draws]) -> bytes:
        """All that some cases draw ahead, one case after the other, as float64."""
        if not keys:
            return b""
        words = np.concatenate([one.words for one in draws])
        uses = np.concatenate([one.uses for one in draws])
        who = np.repeat(np.array([key & MASK for key in keys], np.int64), [one.size for one in draws])
        x0, x1, _, _ = philox(who, words, uses, np.full(len(who), self._space, np.int64), self._key0, self._key1)
        return np.ascontiguousarray(unit_interval(x0, x1)).tobytes()


class CasesLuck:
    """The luck of many cases, the first passes drawn in sweeps over arrays.

    A case's own is made when the case begins: thousands of little objects that wait for that would keep the garbage
    collector busy.
    """

    def __init__(self, luck: Luck, keys: Sequence[int], draws: Sequence[Draws]):
        self._luck, self._keys, self._draws = luck, keys, draws
        self._firsts = array("q", accumulate((one.size for one in draws), initial=0))
        self._ahead = array("d")
        begin = 0
        for end in range(1, len(keys) + 1):
            if end == len(keys) or self._firsts[end] - self._firsts[begin] >= _SWEEP:
                self._ahead.frombytes(luck.sweep(keys[begin:end], draws[begin:end]))
                begin = end

    def __getitem__(self, i: int) -> CaseLuck:
        ahead = self._ahead[self._firsts[i] : self._firsts[i + 1]]
        return CaseLuck(self._luck, self._keys[i], self._draws[i], ahead)


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
        hours = math.exp(location + scale * _standard_normal_quantile(u)) * factor
    elif name == "exponential":
        hours = -location * math.log(u) * factor
    else:
        hours = location * factor
    return max(1, round(hours * 3600)) if hours > 0 else 0
