"""What differs between two scenarios, as a reader would say it: resolved values by section, with units and sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simkit.experiment.differences.differing_work import assignment, people, skills, structure, work_step
from simkit.experiment.differences.resolved import MISSING, Resolved, compared, shown
from simkit.experiment.differences.sections import (
    ASSIGNMENT,
    DEPARTMENT,
    PEOPLE,
    SKILLS,
    STRUCTURE,
    Pair,
    department,
)
from simkit.scenario.agencies import means
from simkit.scenario.load import Study
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.schema import Scenario

UNTOLD = {"name", "question", "base_name"}
"""Fields of a study that make no difference to what is simulated."""


class NoSuchSide(ValueError):
    """A file or alternative that is not there."""


@dataclass(frozen=True)
class Side:
    """One of the two scenarios: which, and the study it is of."""

    name: str
    study: Study
    scenario: Scenario


@dataclass(frozen=True)
class Line:
    """One difference, as a sentence and, for a value, as data."""

    said: str
    path: str = ""
    """Dotted path in the scenario file; empty for what has none (people who moved)."""
    a: Any = None
    b: Any = None
    unit: str = ""
    source_a: str = ""
    source_b: str = ""


@dataclass(frozen=True)
class Means:
    """Heads and currency a year of each; an agency counts with those it stands in for and its minimum."""

    heads: tuple[int, int]
    payroll: tuple[float, float]

    @property
    def equal(self) -> bool:
        """Whether a comparison of the two is one of like means."""
        return self.heads[0] == self.heads[1] and abs(self.payroll[0] - self.payroll[1]) <= 1e-9 * abs(self.payroll[0])


@dataclass(frozen=True)
class Differences:
    """All that differs, by section."""

    a: Side
    b: Side
    means: Means
    sections: Mapping[str, Sequence[Line]] = field(default_factory=dict)

    @property
    def none(self) -> bool:
        """Whether the two simulate the same."""
        return not self.sections


def side(text: str, sets: Sequence[str] = (), extend: Path | None = None, other: str = "") -> Side:
    """``FILE``, ``FILE:alternative`` or, of the file named before, ``:alternative``; the base where none is named.

    Raises NoSuchSide, ScenarioError for a file with mistakes.
    """
    from simkit.scenario.load import load
    from simkit.scenario.overlay import choices, did_you_mean

    path, name = _split(text, other)
    if not path.is_file():
        near = did_you_mean(path.name, [one.name for one in path.parent.glob("*.y*ml")])
        raise NoSuchSide(f"there is no file {str(path)!r}{near}; name FILE or FILE:alternative")
    study = load(path, sets, extend)
    if name and name not in study.alternatives:
        raise NoSuchSide(f"{path}: no alternative is called {name!r}{choices(name, study.alternatives, 'there are')}")
    return Side(f"{path}:{name}" if name else str(path), study, study.alternatives[name] if name else study.base)


def _split(text: str, other: str) -> tuple[Path, str]:
    """The file and the alternative of a name; a file may have a colon in its own."""
    file, colon, name = text.rpartition(":")
    if not colon or Path(text).is_file():
        return Path(text), ""
    if not file and not other:
        raise NoSuchSide(f"{text!r} names no file; name FILE or FILE:alternative")
    return Path(file or other), name


def diff(a: Side, b: Side) -> Differences:
    """What differs between the two."""
    pair = Pair(a.scenario, b.scenario)
    found = {}
    for section in pair.differing:
        lines = list(_lines(section, pair, a, b))
        if lines:
            found[section] = lines
    return Differences(a, b, _means(a.scenario, b.scenario), found)


def _means(first: Scenario, second: Scenario) -> Means:
    (heads, cost), (others, other_cost) = (means(department(one)) for one in (first, second))
    return Means((heads, others), (cost * DAYS_PER_YEAR, other_cost * DAYS_PER_YEAR))


def _lines(section: str, pair: Pair, a: Side, b: Side) -> Iterator[Line]:
    ours, theirs = pair.pieces(a.scenario).get(section, {}), pair.pieces(b.scenario).get(section, {})
    told = {PEOPLE: people, SKILLS: skills, STRUCTURE: structure, ASSIGNMENT: assignment}.get(section)
    if told is not None:
        yield from (Line(said) for said in told(pair, ours, theirs))
        return
    yield from _values(section, ours, theirs, (Resolved(a.study, a.scenario), Resolved(b.study, b.scenario)))


def _values(
    section: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], sides: tuple[Resolved, Resolved]
) -> Iterator[Line]:
    """Every value that differs, with its unit and where each of the two comes from."""
    for key in dict.fromkeys([*ours, *theirs]):
        if key in UNTOLD:
            continue
        path = sides[0].path_of(section, key, DEPARTMENT)
        for at, one, other in compared(ours.get(key, MISSING), theirs.get(key, MISSING), path):
            unit = sides[0].unit(at) or sides[1].unit(at)
            said = work_step(at, one, other) or _said(at, one, other, unit)
            yield Line(said, at, _plain(one), _plain(other), unit, sides[0].source(at, one), sides[1].source(at, other))


def _said(path: str, one: Any, other: Any, unit: str) -> str:
    if one is MISSING:
        return f"{path}: only in B: {shown(other)}"
    if other is MISSING:
        return f"{path}: only in A: {shown(one)}"
    numbers = isinstance(one, (int, float)) or isinstance(other, (int, float))
    return f"{path}: {shown(one)} → {shown(other)}{f' {unit}' if unit and numbers else ''}"


def _plain(value: Any) -> Any:
    return None if value is MISSING else value
