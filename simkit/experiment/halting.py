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
    values, had = _values(until, keys, rows)
    wanted = dict(had)
    for (case, _), one in values.items():
        wanted[case] = max(wanted[case], _needed(until, one, had[case]))
    return {} if wanted == had else wanted


def how_it_ended(until: Until, keys: Iterable[Key], rows: Mapping[Key, Row]) -> str:
    """What to say of the intervals: how many are not as narrow as was asked, or that the rule peeked."""
    values, _ = _values(until, keys, rows)
    wide = [one for one in values.values() if half_width(one) > _target(until, one)]
    asked = f"{100 * until.half_width:.3g} %" if until.relative else f"{until.half_width:.3g}"
    if not wide:
        narrow = f"every half-width of {until.outcome} was at most {asked}"
        return f"replications ended when {narrow}: their 95 % is approximate"
    ratios = [half_width(one) / _target(until, one) for one in wide if len(one) > 1 and _target(until, one)]
    widest = f"; the widest has {max(ratios):.3g} times that" if ratios else ""
    return (
        f"{len(wide)} of {len(values)} means of {until.outcome} have a half-width above {asked} after {until.at_most} "
        f"replications, the most allowed{widest}"
    )


def _values(
    until: Until, keys: Iterable[Key], rows: Mapping[Key, Row]
) -> tuple[dict[tuple[int, str], list[float]], dict[int, int]]:
    """The outcome by case and alternative, and how many replications each case has."""
    values: dict[tuple[int, str], list[float]] = defaultdict(list)
    had: dict[int, int] = defaultdict(int)
    for key in keys:
        case, name, replication = key
        had[case] = max(had[case], replication + 1)
        found = rows[key].measures.get(until.outcome)
        if found is not None:
            values[case, name].append(found)
    return values, had


def _target(until: Until, values: list[float]) -> float:
    """The half-width that is asked, in the outcome's unit."""
    return until.half_width * (abs(math.fsum(values) / len(values)) if until.relative else 1.0)


def _needed(until: Until, values: list[float], had: int) -> int:
    """Replications after which the half-width should be small enough (Law 2015, section 9.4.1, with a limit)."""
    if len(values) < 2:
        return had
    target = _target(until, values)
    if half_width(values) <= target or had >= until.at_most:
        return had
    most = math.ceil(had * GROWTH)
    more = had + math.ceil(PATIENCE * (needed(values, target) - len(values))) if target > 0 else most
    return min(until.at_most, max(had + 1, min(more, most)))
