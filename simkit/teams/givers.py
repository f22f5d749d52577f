"""Who hands something to a step besides whoever made it ready: the other branches of a join."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simkit.teams.work import Case, Run

if TYPE_CHECKING:
    from simkit.teams.people import Person


def other_givers(case: Case, run: Run) -> Sequence[Run]:
    """Results that reach a step for the first time with this pass, one for each giver.

    What the step's last pass had already received is not handed over again, nor is what comes from whoever made the
    step ready.
    """
    before, cause = run.node.before, run.caused_by
    if len(before) < 2 or cause is None:
        return ()
    results = [case.last[number] for number in before]
    known = case.received.get(run.node.number, ())
    case.received[run.node.number] = results
    found: dict[Person | str, Run] = {}
    for result in results:
        if result is None or result is cause or result in known:
            continue
        who = result.giver or result.giver_unit
        if who != (cause.giver or cause.giver_unit):
            found.setdefault(who, result)
    return list(found.values())
