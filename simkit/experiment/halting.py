"""Replications until an interval is narrow enough. It peeks before it has finished, so the level is approximate."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from simkit.experiment.definition.tables import Until
from simkit.experiment.storage.rows import Key, Row

LEVEL = 0.95
GROWTH = 2.0
"""At most so many times as many runs as before: an early estimate of the spread is a poor one."""


def wanted_replications(until: Until, keys: Iterable[Key], rows: Mapping[Key, Row]) -> dict[int, int]:
    """Case -> replications it should have, for all cases; empty when every interval is narrow enough or at its limit.

    All alternatives of a case get as many as the one that needs most, so that they stay paired. Failed runs and runs
    without the outcome do not count.
    """
    values: dict[tuple[int, str], list[float]] = defaultdict(list)
    had: dict[int, int] = defaultdict(int)
    for key in keys:
        case, name, replication = key
        had[case] = max(had[case], replication + 1)
        found = rows[key].measures.get(until.outcome)
        if found is not None:
            values[case, name].append(found)
    wanted = dict(had)
    for (case, _), one in values.items():
        wanted[case] = max(wanted[case], _needed(until, one, had[case]))
    return {} if wanted == had else wanted


def _needed(until: Until, values: list[float], had: int) -> int:
    """Replications after which the half-width should be small enough (Law 2015, section 9.4.1, with a limit)."""
    n = len(values)
    if n < 2:
        return had
    mean = math.fsum(values) / n
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = _quantile(n - 1) * deviation / math.sqrt(n)
    target = until.half_width * (abs(mean) if until.relative else 1.0)
    if half <= target or had >= until.at_most:
        return had
    factor = min(GROWTH, (half / target) ** 2 if target > 0 else GROWTH)
    return min(until.at_most, max(had + 1, math.ceil(had * factor)))


def _quantile(degrees: int) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + LEVEL) / 2, degrees))
