"""Replications until an interval is narrow enough. It peeks before it has finished, so the level is approximate."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from simkit.experiment.analysis.half_width import PATIENCE, half_width, needed
from simkit.experiment.definition.tables import Until
from simkit.experiment.storage.rows import Key, Row

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
    if len(values) < 2:
        return had
    target = until.half_width * (abs(math.fsum(values) / len(values)) if until.relative else 1.0)
    if half_width(values) <= target or had >= until.at_most:
        return had
    most = math.ceil(had * GROWTH)
    more = had + math.ceil(PATIENCE * (needed(values, target) - len(values))) if target > 0 else most
    return min(until.at_most, max(had + 1, min(more, most)))
