"""A resolved scenario as plain values by dotted path, with the unit of each and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from simkit.scenario.load import Study
from simkit.scenario.quantity import Provenance, provenance_of
from simkit.scenario.retail_department import distance
from simkit.scenario.retail_department import figures as department_figures
from simkit.scenario.schema import Scenario, preset_figures

FILE = "the file"
EXTENSION = "extension"
"""The section that a user's own file adds to a scenario."""
MOST_SHOWN = 6
"""Settings told of a table that only one side has."""


class _Missing:
    """What only the other side has."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


def plain(value: Any) -> Any:
    """Tables as dicts; lists of named tables too, by their names."""
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(part, BaseModel) for part in value):
            return {f"[{label(part, i)}]": plain(part) for i, part in enumerate(value)}
        return [plain(part) for part in value]
    return value


def label(part: BaseModel, i: int) -> str:
    """What an item of a list is called: its id, the distance it is for, or its number."""
    for name in ("id", "when", "label"):
        text = getattr(part, name, None)
        if isinstance(text, str) and text and " " not in text:
            return text
    return str(i)


def compared(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Path and both values of everything that differs; a table that only one side has is one difference."""
    yield from _compared(one if one is MISSING else plain(one), other if other is MISSING else plain(other), path)


def _compared(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            at = f"{path}{key}" if key.startswith("[") else f"{path}.{key}"
            yield from _compared(one.get(key, MISSING), other.get(key, MISSING), at)
    elif one is MISSING or other is MISSING or one != other:
        if {one is MISSING, other is MISSING} == {True, False} and (one is None or other is None):
            return  # not written is the same as none
        yield path, one, other


def shown(value: Any) -> str:
    """A value as a reader would write it."""
    if value is None or value is MISSING:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return f"{value:,.12g}"
    if isinstance(value, dict):
        said = [f"{name} {shown(part)}" for name, part in _settings(value)]
        more = f", and {len(said) - MOST_SHOWN} more" if len(said) > MOST_SHOWN else ""
        return ", ".join(said[:MOST_SHOWN]) + more or "as shipped"
    if isinstance(value, list):
        return ", ".join(map(shown, value)) or "none"
    return str(value)


def _settings(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a table that says something."""
    for key, value in table.items():
        at = f"{path}{key}" if key.startswith("[") or not path else f"{path}.{key}"
        if isinstance(value, dict):
            yield from _settings(value, at)
        elif value not in (None, [], {}):
            yield at, value


class Resolved:
    """Units and sources of one scenario's values."""

    def __init__(self, study: Study, scenario: Scenario):
        self.study, self.scenario = study, scenario
        self._base, self._shipped = plain(study.base), plain(Scenario())
        self._known: dict[str, tuple[Provenance, Any]] = dict(_declared(scenario, ""))
        lines = [line["when"] for line in distance()]
        for path, figure in {**preset_figures(scenario), **_department(lines)}.items():
            self._known[path] = (figure, figure.value)

    @staticmethod
    def path_of(section: str, key: str, department: str) -> str:
        """Where a key of a section stands in the scenario file."""
        outside = key == EXTENSION or (key in Scenario.model_fields and section not in _OF_TEAMS)
        return key if outside or section == department else f"teams.{key}"

    def unit(self, path: str) -> str:
        """The unit of a number, with the scenario's own currency; empty where there is none."""
        said = self._known.get(path)
        return said[0].unit.replace("currency", self.scenario.currency) if said else ""

    def source(self, path: str, value: Any) -> str:
        """Where a value comes from: the file, or what stands behind simkit's default."""
        if value is MISSING:
            return ""
        if self._written(path) and value == found(self._base, path):
            return FILE
        said = self._known.get(path)
        if said is not None and said[1] == value:
            return f"{said[0].source} ({said[0].grade})"
        return "simkit's default" if value == found(self._shipped, path) else FILE

    def _written(self, path: str) -> bool:
        """Whether the base says it, a part of it, or a short form that stands for it."""
        return any(
            path == one or path.startswith((f"{one}.", f"{one}[")) or one.startswith((f"{path}.", f"{path}["))
            for one in self.study.written
        )


def found(tree: Any, path: str) -> Any:
    """The value at a dotted path of plain values; MISSING where there is none."""
    for step in path.replace("[", ".[").split("."):
        if not isinstance(tree, dict) or step not in tree:
            return MISSING
        tree = tree[step]
    return tree


def _department(lines: list[str]) -> dict[str, Any]:
    """The shipped department's figures by the paths used here, where a distance is called by what it is for."""
    found = {}
    for path, figure in department_figures().items():
        for i, name in enumerate(lines):
            path = path.replace(f"distance[{i}]", f"distance[{name}]")
        found[f"teams.{path}"] = figure
    return found


def _declared(value: Any, path: str) -> Iterator[tuple[str, tuple[Provenance, Any]]]:
    """Path -> provenance and default of every number that declares them."""
    if isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            at = f"{path}.{name}" if path else name
            if (said := provenance_of(info)) is not None:
                yield at, (said, info.get_default(call_default_factory=True))
            yield from _declared(getattr(value, name), at)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _declared(part, f"{path}.{key}")
    elif isinstance(value, (list, tuple)):
        for i, part in enumerate(value):
            if isinstance(part, BaseModel):
                yield from _declared(part, f"{path}[{label(part, i)}]")


_OF_TEAMS = {"work kinds", "authority", "approvals"}
"""Sections of the department whose keys are also names of the scenario's fields."""
