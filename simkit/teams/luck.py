"""A case's luck: draws keyed by (work, step, pass, purpose), the same under every structure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from simkit.rng import MASK, Purpose, crc, philox, uniform, unit_interval
from simkit.scenario.work_kinds import Effort

_NORMAL_QUANTILE = NormalDist().inv_cdf


class Luck:
    """All draws of one replication's department."""

    def __init__(self, key: tuple[int, int]):
        self._key0, self._key1 = key
        self._space = crc("teams")

    def uniform(self, work_key: int, what: int, purpose: Purpose, k: int = 0) -> float:
        """One uniform in (0, 1)."""
        return uniform(self._key0, self._key1, work_key & MASK, what, int(purpose), k, self._space)

    def first_passes(
        self, work_keys: Sequence[int], whats: Sequence[int], purposes: Sequence[Purpose]
    ) -> list[list[list[float]]]:
        """[work][step][purpose]: what :meth:`uniform` gives for k = 0, in one sweep over arrays."""
        works, steps, uses = np.meshgrid(
            np.array([key & MASK for key in work_keys], np.int64),
            np.array(whats, np.int64),
            np.array([int(purpose) * 65536 for purpose in purposes], np.int64),
            indexing="ij",
        )
        space = np.full(works.shape, self._space, np.int64)
        x0, x1, _, _ = philox(works, steps, uses, space, self._key0, self._key1)
        return unit_interval(x0, x1).tolist()


def effort_hours(effort: Effort, u: float) -> float:
    """Person-hours at a quantile: lognormal with the stated mean and coefficient of variation, and so on."""
    if effort.lognormal is not None:
        variance = math.log1p(effort.lognormal.cv**2)
        mu = math.log(effort.lognormal.mean_hours) - variance / 2
        return math.exp(mu + math.sqrt(variance) * _NORMAL_QUANTILE(u))
    if effort.exponential is not None:
        return -effort.exponential.mean_hours * math.log(u)
    return effort.mean_hours


def effort_seconds(effort: Effort, u: float, factor: float = 1.0) -> int:
    """Whole seconds of effort, at least one unless there is none."""
    hours = effort_hours(effort, u) * factor
    return max(1, round(hours * 3600)) if hours > 0 else 0
