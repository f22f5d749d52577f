"""Handovers of work: how often a case passes from one person to another, read off the event log."""

from __future__ import annotations

from typing import Any

from simkit.teams.event_log import column


def handovers(cells: list[Any]) -> dict[str, int]:
    """Case -> how often somebody else began the next thing done for it (`DepartmentRecords.cells`).

    Handover of work in the order of the log (van der Aalst, Reijers & Song 2005, "Discovering social networks from
    event logs"): two begins in a row by different people. Cases that nobody began are left out.
    """
    last: dict[str, str] = {}
    count: dict[str, int] = {}
    for case, event, person in zip(*(column(cells, name) for name in ("case", "event", "person")), strict=True):
        if event == "start" and case:
            before = last.get(case)
            count[case] = count.get(case, 0) + (before is not None and before != person)
            last[case] = person
    return count
