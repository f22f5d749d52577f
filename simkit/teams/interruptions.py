"""Interruptions: how often a pass is broken off by what has nothing to do with it, and what that takes."""

from __future__ import annotations

import math
from statistics import NormalDist

from simkit.rng import Purpose
from simkit.scenario.interruptions import Interruptions
from simkit.teams.tasks import Task

_MANY = 200.0
"""Mean number from which on the Poisson law is taken for a normal one; its exponential would vanish far beyond."""


def interrupted_seconds(table: Interruptions, task: Task) -> int:
    """On-shift seconds that interruptions of a pass take; keyed by (work, step, pass)."""
    hours = (task.switching + task.coordination + task.effort) / 3600
    u = task.of_case.luck.about(task.run.node.id, Purpose.INTERRUPTED, task.run.number)
    return round(poisson(hours * table.per_hour, u) * (table.minutes + table.resume_minutes) * 60)


def poisson(mean: float, u: float) -> int:
    """The quantile of a Poisson law: the least number whose cumulative probability reaches u.

    >>> poisson(1.0, 0.5), poisson(1.0, 0.95), poisson(0.0, 0.99)
    (1, 3, 0)
    """
    if mean > _MANY:
        return max(0, round(mean + math.sqrt(mean) * NormalDist().inv_cdf(u)))
    number, term = 0, math.exp(-mean)
    reached = term
    while reached < u and term > 0:
        number += 1
        term *= mean / number
        reached += term
    return number
