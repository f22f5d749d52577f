"""What a scenario's answer rests on without knowing it: its doubted numbers, and values they may plausibly have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simkit.scenario.errors import ScenarioError, SenseError
from simkit.scenario.node import steps_of

if TYPE_CHECKING:
    from pydantic import BaseModel

    from simkit.scenario.explain import SourcedNumber
    from simkit.scenario.load import Study

DOUBTED = ("assumption", "survey")
"""Grades whose plausible range is sampled: what was measured on one population or is a convention is left alone."""
STATED = "stated"
VETTINGS = 5
"""How often numbers that the scenario cannot use are looked for, some being found only once others are gone."""


@dataclass(frozen=True)
class Assumption:
    """One doubted number, or several that share value, range and source: if one is wrong, all are.

    A shipped value is the median of its worlds: half of them lie between `low` and the value, half between the value
    and `high`, each evenly. A stated range is sampled evenly from end to end, and its value in the scenario plays no
    part.
    """

    name: str
    paths: tuple[str, ...]
    unit: str
    grade: str
    value: float
    low: float
    high: float

    @property
    def whole(self) -> bool:
        """Whether it counts something, so that worlds have whole numbers of it."""
        return isinstance(self.value, int)

    def at(self, place: float) -> float:
        """The value of the world at a place from 0 to 1."""
        if self.grade == STATED:
            found = self.low + place * (self.high - self.low)
        elif place < 0.5:
            found = self.low + 2 * place * (self.value - self.low)
        else:
            found = self.value + (2 * place - 1) * (self.high - self.value)
        return self._kept(found)

    def times(self, factor: float) -> float | None:
        """The value times a factor, as far as the plausible range allows; None where that changes nothing."""
        found = self._kept(min(max(self.value * factor, self.low), self.high))
        return None if found == self.value else found

    def nudged(self) -> float:
        """A value next to what it is, inside its range."""
        return self._kept(self.at(0.501 if self.value < self.high else 0.499))

    def _kept(self, value: float) -> float:
        return round(value) if self.whole else value


def assumptions(study: Study) -> list[Assumption]:
    """The base's doubted numbers that the user did not set, those that share value, range and source as one."""
    from simkit.scenario.explain import sources

    groups: dict[tuple[Any, ...], list[SourcedNumber]] = {}
    for number in sources(study):
        if number.origin == "yours" or number.grade not in DOUBTED or number.low is None or number.low == number.high:
            continue
        steps = steps_of(number.path)
        alike = (steps[0], steps[-1], number.unit, number.source, number.grade, number.value, number.low, number.high)
        groups.setdefault(alike, []).append(number)
    starred = [_starred(members) for members in groups.values()]
    return [
        _one(members, star if star and starred.count(star) == 1 else _listed(members), study.base.currency)
        for members, star in zip(groups.values(), starred, strict=True)
    ]


def stated(study: Study, ranges: Mapping[str, tuple[float, float]]) -> list[Assumption]:
    """Ranges of the user's own over numbers of the base.

    Raises :class:`SenseError` for a path that is no number of the scenario, and for a range that is none.
    """
    from simkit.scenario.explain import sources
    from simkit.scenario.overlay import choices

    known = {number.path: number for number in sources(study)}
    found = []
    for path, (low, high) in ranges.items():
        if path not in known:
            hint = choices(path, known) if len(known) < 30 else _near(path, list(known))
            raise SenseError(path, f"is no number of the scenario, so it has no plausible range{hint}")
        if not low < high:
            raise SenseError(path, f"the range runs from {low:g} to {high:g}; low must be below high")
        number = known[path]
        unit = _in(number.unit, study.base.currency)
        found.append(Assumption(path, (path,), unit, STATED, number.value, low, high))
    return found


def usable(held: Sequence[Assumption], make: Callable[[Mapping[str, float]], Any], base: BaseModel) -> list[Assumption]:
    """Without numbers that the scenario has and cannot use (the errors of a step that is a gate): they are tried all at
    once a hair from where they are, and what is refused is left out.

    Raises what is wrong where leaving out does not help.
    """
    left = list(held)
    for _ in range(VETTINGS):
        try:
            make(values_of(left, [one.nudged() for one in left]))
            return left
        except ScenarioError as error:
            refused = {_by_name(problem.message.split(":", 1)[0], base) for problem in error.problems}
            kept = [replace(one, paths=tuple(path for path in one.paths if not _within(path, refused))) for one in left]
            kept = [one for one in kept if one.paths]
            if sum(len(one.paths) for one in kept) == sum(len(one.paths) for one in left):
                raise
            left = kept
    make(values_of(left, [one.nudged() for one in left]))
    return left


def _by_name(path: str, base: BaseModel) -> str:
    """``steps[4]`` as ``steps[board]``, where items have names."""
    from simkit.scenario.checking import value_at

    found = ""
    for step in re.findall(r"[^.\[\]]+|\[[^\]]*\]", path):
        if step.startswith("["):
            items = value_at(base, found)
            number = step[1:-1]
            item = items[int(number)] if number.isdecimal() and isinstance(items, (list, tuple)) else None
            found += f"[{getattr(item, 'id', number)}]"
        else:
            found = f"{found}.{step}" if found else step
    return found


def _within(path: str, tables: set[str]) -> bool:
    return any(path == table or path.startswith((f"{table}.", f"{table}[")) for table in tables)


def nested(values: Mapping[str, float]) -> dict[str, Any]:
    """Dotted paths as the tables that a scenario file would have them in."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *way, last = steps_of(path)
        at = tree
        for step in way:
            at = at.setdefault(step, {})
        at[last] = value
    return tree


def values_of(held: Sequence[Assumption], values: Sequence[float | None]) -> dict[str, float]:
    """Path by path, what a world says; None leaves a number as it is."""
    return {path: value for one, value in zip(held, values, strict=True) if value is not None for path in one.paths}


def _one(members: list[SourcedNumber], name: str, currency: str) -> Assumption:
    first = members[0]
    assert first.low is not None
    assert first.high is not None
    paths = tuple(number.path for number in members)
    return Assumption(name, paths, _in(first.unit, currency), first.grade, first.value, first.low, first.high)


def _in(unit: str, currency: str) -> str:
    return unit.replace("currency", currency)


def _starred(members: list[SourcedNumber]) -> str:
    """One path as it is, several of a kind with a star where they differ; nothing where they are of several kinds."""
    steps = [steps_of(number.path) for number in members]
    if len(steps) == 1:
        return members[0].path
    if len({len(one) for one in steps}) > 1:
        return ""
    return ".".join(at[0] if len(set(at)) == 1 else "*" for at in zip(*steps, strict=True))


def _listed(members: list[SourcedNumber]) -> str:
    return f"{members[0].path} and {len(members) - 1} more like it"


def _near(path: str, known: list[str]) -> str:
    from simkit.scenario.overlay import did_you_mean

    return did_you_mean(path, known) or "; `simkit explain FILE --sources` lists them"
