"""The order of a kind's steps, and what has to be done again when work goes back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simkit.scenario.errors import SenseError
from simkit.scenario.work_kinds import LIVE, Gate, Step, WorkKind


def in_order(kind: WorkKind, path: str) -> Iterator[Step]:
    """The steps of a kind, each after all it waits for; raises SenseError for a cycle."""
    waiting = {step.id: step for step in kind.steps}
    while waiting:
        free = [step for step in waiting.values() if not any(before in waiting for before in step.after)]
        if not free:
            raise SenseError(path, _circle(waiting))
        for step in free:
            del waiting[step.id]
        yield from free


def _circle(waiting: dict[str, Step]) -> str:
    """The steps that wait for each other, without those that wait for them."""
    path = [next(iter(waiting))]
    while (before := next(name for name in waiting[path[-1]].after if name in waiting)) not in path:
        path.append(before)
    circle = path[path.index(before) :]
    if len(circle) == 1:
        return f"the step {circle[0]} waits for itself"
    return f"the steps {', '.join(reversed(circle))} wait for each other in a circle"


def ancestors(kind: WorkKind) -> dict[str, set[str]]:
    """Step -> everything it directly or indirectly waits for."""
    found: dict[str, set[str]] = {LIVE: set()}
    for step in in_order(kind, "teams.work"):
        found[step.id] = set(step.after).union(*(found[before] for before in step.after))
    return found


def redone(kind: WorkKind, step: Step, gate: Gate) -> list[Step]:
    """What a rejection at a gate undoes, in order: from the step it returns to, all steps up to the gate.

    The work returns to the step the kind or the gate names, else to the latest worked one before the gate.
    """
    upstream = ancestors(kind)
    before = [other for other in in_order(kind, "teams.work") if other.id in upstream[step.id]]
    worked = [other.id for other in before if other.roles]
    target = step.return_to or gate.return_to or worked[-1]
    return [other for other in before if other.id == target or target in upstream[other.id]]


def undone(kind: WorkKind, step: Step, targets: Iterable[str]) -> list[Step]:
    """What is done again when work goes back from a step to others: all that lies between them, and they."""
    upstream = ancestors(kind)
    targets = set(targets)
    between = upstream[step.id] | {step.id}
    return [
        other
        for other in in_order(kind, "teams.work")
        if other.id in between and (other.id in targets or targets & upstream[other.id])
    ]
