"""What the columns of an event log of work are called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LogColumns:
    """What the columns of a log are called; '' for one that there is not. The defaults are those of XES and of
    ``simkit export --what work``; a column that was not asked for by another name may be missing."""

    case: str = "case:concept:name"
    step: str = "concept:name"
    time: str = "time:timestamp"
    transition: str = "lifecycle:transition"
    person: str = "org:resource"
    unit: str = "org:group"
    kind: str = "case:kind"
    outcome: str = "outcome"
    effort_hours: str = "effort_hours"
    coordination_hours: str = "coordination_hours"
    instance: str = "concept:instance"
    """What belongs to one pass of a step; several people at once are one pass then."""
    start: str = ""
    """When it began, where a row is a whole pass and `time` says when it was done."""


DEFAULTS = LogColumns()
