"""The organization chart in text: the tree of units with their people and leads, and who does which skill where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from simkit.scenario.organization import Organization, Person
from simkit.scenario.structure_tables import Unit
from simkit.scenario.who_can import places_of

WIDTH = 100
"""Columns a chart keeps to."""
_NUMBERED = re.compile(r"^(.*?)-?(\d+)$")


def drawn(department: Organization) -> dict[str, Any]:
    """Both, as `simkit explain --teams` shows them."""
    return {"tree": chart(department), "who_does_what": duties(department)}


def chart(department: Organization) -> list[str]:
    """Lines of the tree: units below their parent, with kind, whose work they are home to, lead and people."""
    return list(_branch(department, department.top, "", ""))


def _branch(department: Organization, unit: Unit, first: str, rest: str) -> Iterator[str]:
    below = [other for other in department.units if other.parent == unit.id]
    inside = rest + ("│   " if below else "    ")
    yield from _wrapped(f"{first}{_title(unit)}", inside)
    staff = _staff(department, unit)
    if staff or not below:
        yield from _wrapped(f"{inside}{staff or 'nobody'}", inside)
    for i, other in enumerate(below):
        corner, trunk = ("└── ", "    ") if i == len(below) - 1 else ("├── ", "│   ")
        yield from _branch(department, other, rest + corner, rest + trunk)


def _title(unit: Unit) -> str:
    told: list[str] = [unit.kind] if unit.kind != "function" else []
    if unit.lead is not None:
        told.append(f"lead {unit.lead}")
    if unit.serves is not None:
        told.append(f"home of {', '.join(unit.serves)}" if unit.serves else "home of work for no segment")
    if unit.error_factor != 1:
        told.append(f"errors x {unit.error_factor:g}")
    return f"{unit.id} ({'; '.join(told)})" if told else unit.id


def _staff(department: Organization, unit: Unit) -> str:
    """The people of a unit, alike ones together; nothing where there are none."""
    groups: dict[tuple[tuple[str, float], ...], list[Person]] = {}
    for person in department.people:
        if person.unit == unit.id:
            groups.setdefault(tuple(person.skills.items()), []).append(person)
    unlimited = unit.agency is not None and unit.agency.limit == "unlimited"
    return "; ".join(
        f"{'any number like ' if unlimited else ''}{_named([person.id for person in people])}: {_skills(skills)}"
        for skills, people in groups.items()
    )


def _named(ids: list[str]) -> str:
    """copy-1, copy-2, copy-3 -> copy-1..3."""
    parts = [_NUMBERED.match(name) for name in ids]
    numbers = [int(part[2]) for part in parts if part]
    stems = {part[1] for part in parts if part}
    in_a_row = len(numbers) == len(ids) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1))
    if in_a_row and len(stems) == 1:
        return f"{ids[0]}..{numbers[-1]}"
    return ", ".join(ids)


def _skills(skills: tuple[tuple[str, float], ...]) -> str:
    return ", ".join(name if level == 1 else f"{name} {level:g}" for name, level in skills)


def _wrapped(line: str, indent: str) -> Iterator[str]:
    """Broken at spaces, so that no line is longer than the chart is wide."""
    import textwrap

    yield from textwrap.wrap(
        line, WIDTH, subsequent_indent=f"{indent}  ", break_long_words=False, break_on_hyphens=False,
        drop_whitespace=True, replace_whitespace=False,
    )  # fmt: skip


def duties(department: Organization) -> list[dict[str, str]]:
    """A row per skill that steps ask for, a column per home unit: the units whose people do it, and how many they are.

    Where the homes agree there is one column. Lines with a condition are told as well.
    """
    homes = [unit.id for unit in department.units if unit.serves is not None] or [department.top.id]
    asked = dict.fromkeys(
        skill for kind in department.work.values() for step in kind.steps for role in step.roles for skill in role
    )
    cells = {skill: [_doers(department, skill, home) for home in homes] for skill in asked}
    if all(len(set(row)) == 1 for row in cells.values()):
        homes, cells = ["everywhere"], {skill: row[:1] for skill, row in cells.items()}
    overflow = {skill: _overflow(department, skill) for skill in asked}
    rows = [{"skill": skill, **dict(zip(homes, row, strict=True))} for skill, row in cells.items()]
    if any(overflow.values()):
        rows = [{**row, "besides": overflow[row["skill"]]} for row in rows]
    return rows


def _doers(department: Organization, skill: str, home: str) -> str:
    """Units with a count of people, of the queue for work of a home."""
    counted: dict[str, int] = {}
    for units, name in places_of(department, (skill,), home):
        for person in department.people:
            if person.unit in units and name in person.skills:
                counted[person.unit or ""] = counted.get(person.unit or "", 0) + 1
    return ", ".join(f"{count} {unit}" for unit, count in counted.items())


def _overflow(department: Organization, skill: str) -> str:
    lines = [rule for rule in department.assign if rule.when and (rule.skills is None or skill in rule.skills)]
    return ", ".join(f"{rule.scope.removeprefix('unit:')} when {rule.when}" for rule in lines)
