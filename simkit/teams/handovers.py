"""Handovers of work: how often a case passes from one person to another, read off the event log."""

from __future__ import annotations

from simkit.teams.event_log import Written


def handovers(written: Written) -> dict[str, int]:
    """Case -> how often somebody else began the next thing done for it (`DepartmentRecords.written`).

    Handover of work in the order of the log (van der Aalst, Reijers & Song 2005, "Discovering social networks from
    event logs"): two begins in a row by different people. Cases that nobody began are left out.
    """
    last: dict[str, str] = {}
    count: dict[str, int] = {}
    for case, event, person in zip(*map(written.column, ("case", "event", "person")), strict=True):
        if event == "start" and case:
            before = last.get(case)
            count[case] = count.get(case, 0) + (before is not None and before != person)
            last[case] = person
    return count
