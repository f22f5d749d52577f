"""A scenario written out: every short form expanded, where each number comes from, who sits where."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.representer import SafeRepresenter

from simkit.scenario.load import Study
from simkit.scenario.organization import Organization, Person
from simkit.scenario.overlay import TAGS, without_defaults
from simkit.scenario.quantity import Figure, Provenance, provenance_of, walk
from simkit.scenario.retail_department import figures as department_figures
from simkit.scenario.scalars import resolve
from simkit.scenario.schema import Scenario, preset_figures
from simkit.scenario.structures import organization

Origin = Literal["yours", "published", "assumed", "convention"]
_CHOICE = Provenance("", "a choice of the shipped scenario", "convention", 0, 0)
_WIDTH = 110


# --- written out ------------------------------------------------------------------------------------------


def written_out(study: Study) -> dict[str, Any]:
    """The base with every default and short form expanded, and what each alternative changes in it.

    Loading it again gives a study that runs the same.
    """
    base = expanded(study.base)
    names = [name for name in study.alternatives if name != study.base.base_name]
    if names:
        base["alternatives"] = {name: _changes(base, expanded(study.alternatives[name])) for name in names}
    return base


def expanded(scenario: Scenario) -> dict[str, Any]:
    """One alternative as plain values, nothing left unsaid."""
    table = _dump(scenario)
    office = table["teams"]["calendars"]["office"]
    for short, long in (("week", "days"), ("holidays", "holidays")):
        # a short form beside the calendar it stands for would be said twice
        if short in table["teams"]:
            office[long] = table["teams"].pop(short)
    return table


def _dump(value: Any) -> Any:
    """A checked table as plain values; one that may not say everything says only what it must."""
    if isinstance(value, BaseModel):
        table = {name: _dump(part) for name in type(value).model_fields if (part := getattr(value, name)) is not None}
        return table if _means(table, value) else without_defaults(value)
    if isinstance(value, dict):
        return {str(key): _dump(part) for key, part in value.items()}
    return [_dump(part) for part in value] if isinstance(value, (list, tuple)) else value


def _means(table: dict[str, Any], value: BaseModel) -> bool:
    try:
        return type(value).model_validate(table) == value
    except ValidationError:
        return False


def _changes(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The overlay that turns one table into the other; a value that is gone becomes null."""
    changes: dict[str, Any] = {}
    for key in [*other, *(key for key in base if key not in other and key != "alternatives")]:
        old, new = base.get(key), other.get(key)
        if isinstance(old, dict) and isinstance(new, dict) and not _other_kind(old, new):
            if inner := _changes(old, new):
                changes[key] = inner
        elif old != new:
            changes[key] = new
    return changes


def _other_kind(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether both say what they are, and differ: the one then replaces the other."""
    return any(tag in old and tag in new and old[tag] != new[tag] for tag in TAGS)


def as_yaml(document: Mapping[str, Any]) -> str:
    """The document as a scenario file."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.width = _WIDTH
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = io.StringIO()
    yaml.dump(dict(document), stream)
    return stream.getvalue()


class _Representer(SafeRepresenter):
    """Quotes every text that the scenario format would read as something else."""


def _text(representer: SafeRepresenter, text: str) -> Any:
    try:
        safe = isinstance(resolve(text), str)
    except ValueError:
        safe = False
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=None if safe else '"')


def _number(representer: SafeRepresenter, number: float) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:float", repr(number))


_Representer.add_representer(str, _text)
_Representer.add_representer(float, _number)


# --- where the numbers come from --------------------------------------------------------------------------


@dataclass(frozen=True)
class SourcedNumber:
    """One number of a scenario, with where it comes from and how far it may plausibly be off."""

    path: str
    value: float
    unit: str
    source: str
    grade: str
    """Evidence for the shipped value."""
    low: float | None
    high: float | None
    """Plausible range; None for a convention, which claims nothing about the world."""
    origin: Origin


def sources(study: Study) -> list[SourcedNumber]:
    """Every number of the base: whether it is yours, published, assumed or a mere convention."""
    known = {**preset_figures(study.base), **{f"teams.{path}": figure for path, figure in department_figures().items()}}
    return [_sourced(study, known, *number) for number in _numbers(study.base)]


def counts(numbers: list[SourcedNumber]) -> dict[str, int]:
    """How many numbers are yours, published and assumed."""
    return {origin: sum(number.origin == origin for number in numbers) for origin in ("yours", "published", "assumed")}


def _numbers(scenario: Scenario) -> Iterator[tuple[str, float, Provenance | None, Any]]:
    """Path, value, what its field says of it, and the field's default."""
    for path, table, name, value in walk(scenario):
        field = type(table).model_fields[name]
        for inner, number in _inside(value, path):
            yield inner, number, provenance_of(field), field.get_default(call_default_factory=True)


def _inside(value: Any, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _inside(part, f"{path}.{key}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, value


def _sourced(
    study: Study, known: Mapping[str, Figure], path: str, value: float, declared: Provenance | None, default: Any
) -> SourcedNumber:
    figure = known.get(path)
    said = figure or declared or _CHOICE
    as_shipped = value == figure.value if figure else declared is not None and value == default
    yours = path in study.written or (not as_shipped and _inside_written(path, study.written))
    if said.grade == "convention" and not as_shipped:
        said = replace(_CHOICE, unit=said.unit)
    doubted = said.grade != "convention"
    return SourcedNumber(
        path,
        value,
        said.unit,
        "the scenario file" if yours else said.source,
        said.grade,
        said.low if doubted else None,
        said.high if doubted else None,
        "yours" if yours else _origin(said),
    )


def _origin(said: Provenance) -> Origin:
    if said.grade == "convention":
        return "convention"
    return "assumed" if said.grade == "assumption" else "published"


def _inside_written(path: str, written: set[str]) -> bool:
    """Whether a short form that the user wrote stands for this number."""
    return any(path.startswith((f"{short}.", f"{short}[")) for short in written)


def sources_document(numbers: list[SourcedNumber]) -> dict[str, Any]:
    """The same as plain values."""
    return {"counts": counts(numbers), "numbers": [asdict(number) for number in numbers]}


# --- who sits where ---------------------------------------------------------------------------------------


def departments(study: Study) -> dict[str, Organization]:
    """The organization of every alternative, written out."""
    return {
        name: organization(scenario.teams, list(scenario.market.segments))
        for name, scenario in study.alternatives.items()
    }


def _wages_per_year(department: Organization, people: list[Person]) -> int:
    """Of own people; those of an agency are paid by the hour."""
    own = [person for person in people if person.unit not in department.outside]
    return round(365.25 * sum(department.person_cost(person) for person in own))


def unit_rows(department: Organization) -> list[dict[str, Any]]:
    """A row per unit: its place in the tree, who leads it, who sits in it, whose work it takes, wages a year."""
    rows = []
    for unit in department.units:
        people = [person for person in department.people if person.unit == unit.id]
        crafts = {
            craft: sum(person.craft == craft for person in people) for craft in dict.fromkeys(p.craft for p in people)
        }
        rows.append(
            {
                "unit": unit.id,
                "parent": unit.parent,
                "lead": unit.lead,
                "people": len(people),
                "crafts": crafts,
                "serves": None if unit.serves is None else list(unit.serves),
                "wages_per_year": _wages_per_year(department, people),
            }
        )
    return rows
