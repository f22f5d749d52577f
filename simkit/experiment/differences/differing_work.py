"""What differs between two departments, in sentences: who is there, what they can, where they sit, what work takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from simkit.experiment.differences.resolved import MISSING, compared, plain, shown
from simkit.experiment.differences.sections import Pair
from simkit.scenario.organization import Person
from simkit.scenario.structure_tables import Assign

MOST_NAMED = 6
"""Persons named in a sentence; of more the first few and how many."""
_SCOPES = {"home": "the unit that has the case", "company": "anybody"}
_STEP = re.compile(r"teams\.work\.(?P<kind>.+)\.steps\[(?P<step>[^\]]+)\]")
_KIND = re.compile(r"teams\.work\.(?P<kind>[^.\[]+)")


def named(ids: Sequence[str]) -> str:
    """``copy-1, copy-2``; of many the first few."""
    if len(ids) <= MOST_NAMED:
        return ", ".join(ids)
    return f"{', '.join(ids[: MOST_NAMED - 1])} and {len(ids) - MOST_NAMED + 1} more"


def counted(count: int, what: str = "person", many: str = "people") -> str:
    """``1 person``, ``3 people``."""
    return f"{count} {what if count == 1 else many}"


def grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    """What is the same of several, with all it is the same of."""
    found: dict[Any, list[Any]] = {}
    for what, who in pairs:
        found.setdefault(what, []).append(who)
    return found


def people(pair: Pair, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    """Who is only in one of the two, and what changed about the others."""
    for here, there, word in ((theirs, ours, "only in B"), (ours, theirs, "only in A")):
        alone = [one for key, one in here.items() if key not in there and isinstance(one, Person)]
        for craft, ids in grouped((one.craft, one.id) for one in alone).items():
            yield f"{word}: {counted(len(ids))} of craft {craft} ({named(ids)})"
    changed = [
        ((at, shown(one), shown(other)), key.removeprefix("people."))
        for key in ours
        if key in theirs and key != "order"
        for at, one, other in compared(ours[key], theirs[key], "")
    ]
    for (at, one, other), ids in grouped(changed).items():
        yield f"{at.removeprefix('.')}: {one} → {other} for {counted(len(ids))} ({named(ids)})"
    if ours.get("order") != theirs.get("order"):
        yield "the same people stand in another order, which decides between equals"


def skills(pair: Pair, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    """Skills learned, lost or done at another speed, by craft."""
    changes = []
    for who in ours:
        if who in theirs and ours[who] != theirs[who]:
            told = [
                f"{at.removeprefix('.')} "
                + (f"at {shown(other)} besides" if one is MISSING else
                   f"no more (was {shown(one)})" if other is MISSING else f"{shown(one)} → {shown(other)}")
                for at, one, other in compared(ours[who], theirs[who], "")
            ]  # fmt: skip
            craft = max(ours[who], key=lambda skill, of=ours[who]: of[skill])  # type: ignore[misc]
            changes.append(((craft, ", ".join(told)), who))
    for (craft, what), ids in grouped(changes).items():
        yield f"{counted(len(ids))} of craft {craft}: {what} ({named(ids)})"


def structure(pair: Pair, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    """Units there are, and people who sit elsewhere."""
    before, after = ({unit_id(one): plain(one) for one in side["units"]} for side in (ours, theirs))
    gone = [name for name in before if name not in after]
    if gone:
        yield f"units only in A: {', '.join(gone)}"
    for name in after:
        if name not in before:
            yield f"unit only in B: {name}{_unit(after[name])}"
    for name in before:
        if name in after:
            for at, one, other in compared(before[name], after[name], ""):
                yield f"unit {name}, {at.removeprefix('.')}: {shown(one)} → {shown(other)}"
    seats, others = ours["seats"], theirs["seats"]
    moved = [(seats[who], (others[who], who)) for who in seats if who in others and seats[who] != others[who]]
    for start, there in grouped(moved).items():
        ends = [f"{end} ({named(ids)})" for end, ids in grouped(there).items()]
        yield f"{counted(len(there))} moved from {start} to {', '.join(ends)}"


def unit_id(unit: Any) -> str:
    """The id of a unit, whole or without its standards."""
    return str(unit["id"] if isinstance(unit, Mapping) else unit.id)


def _unit(unit: Mapping[str, Any]) -> str:
    told = []
    if unit.get("lead"):
        told.append(f"led by {unit['lead']}")
    if unit.get("serves") is not None:
        told.append(f"home of {', '.join(unit['serves']) or 'work for no segment in particular'}")
    if unit.get("agency"):
        told.append("an agency")
    return f" ({'; '.join(told)})" if told else ""


def assignment(pair: Pair, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    """Who gets a step, the first line that fits, in both."""
    for name, side in (("A", ours), ("B", theirs)):
        yield f"in {name} a step goes to " + "; else ".join(_assigned(line) for line in side["assign"])


def _assigned(line: Assign) -> str:
    whom = _SCOPES.get(line.scope, line.scope.removeprefix("unit:"))
    told = whom + (f" with help of {', '.join(line.also)}" if line.also else "")
    if line.skills:
        told += f" (its skill being {' or '.join(line.skills)})" if line.skills != (whom,) else " (its own craft)"
    return told + (f" while {line.when}" if line.when else "")


def work_step(path: str, one: Any, other: Any) -> str:
    """A step or a kind of work that only one side has, as a sentence; nothing for anything else."""
    if (one is MISSING) == (other is MISSING):
        return ""
    side, table = ("B", other) if one is MISSING else ("A", one)
    for pattern, told in ((_STEP, _told_step), (_KIND, _told_kind)):
        if (found := pattern.fullmatch(path)) and isinstance(table, dict):
            return told(found, table, side)
    return ""


def _told_step(found: re.Match[str], step: Mapping[str, Any], side: str) -> str:
    who = f"gate {step['gate']}" if step.get("gate") else f"skill {shown(step.get('skill') or step.get('skills'))}"
    effort = step.get("effort") or {}
    hours = next((part.get("mean_hours", part.get("hours")) for part in effort.values() if part), None)
    lasts = f", {hours:g} hours" if hours is not None else ""
    after = f", after {', '.join(step['after'])}" if step.get("after") else ""
    return f"{found['kind']}: step {found['step']} only in {side} ({who}{lasts}{after})"


def _told_kind(found: re.Match[str], kind: Mapping[str, Any], side: str) -> str:
    steps = [key.strip("[]") for key in kind.get("steps", {})]
    return f"kind of work {found['kind']} only in {side} (steps {', '.join(steps)})"
