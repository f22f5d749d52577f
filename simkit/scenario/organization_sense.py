"""Does a department make sense? Every mistake names its place in the scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

from simkit.scenario.case_conditions import names
from simkit.scenario.errors import SenseError, all_found, refuse
from simkit.scenario.naming import known, unique
from simkit.scenario.organization import Organization, Person, Unit
from simkit.scenario.who_can import homes, skills, units_below
from simkit.scenario.work_kinds import CadenceGate, Gate
from simkit.scenario.work_sense import check_kind
from simkit.scenario.workforce_sense import check_workforce

Check = Callable[[], object]
UNITS = "teams.structure.units"
_NEAREST_FIRST = ("same_person", "same_unit", "same_parent", "same_company", "other_company")


def check_sense(organization: Organization) -> None:
    """Raise SenseError for what cannot work: an unknown name, a cycle, a step nobody can do.

    The first mistake carries the others of its group: names and the tree; then who does and decides what; then the work
    and what people grow by. A later group is not looked at while an earlier one is wrong.
    """
    for group in _groups(organization):
        refuse(all_found(group))


def _groups(organization: Organization) -> Iterator[list[Check]]:
    """Checks that have nothing to do with each other, group after group."""
    yield [partial(check, organization) for check in (_calendars, _people, _units, _distance)]
    yield [partial(check, organization) for check in (_leads, _agencies, _assign)]
    kinds = organization.work.items()
    yield [
        *(partial(_gate, organization, name, gate) for name, gate in organization.gates.items()),
        partial(_authority, organization),
        *(partial(check_kind, organization, kind, f"teams.work.{name}") for name, kind in kinds),
        partial(check_workforce, organization),
    ]


def _calendars(organization: Organization) -> None:
    countries = {name: week.holidays for name, week in organization.calendars.items() if week.holidays}
    if countries:
        from holidays.registry import COUNTRIES
        from holidays.utils import list_supported_countries

        supported = list_supported_countries()
        codes = {name.replace("_", " "): entry[1] for name, entry in COUNTRIES.items()}
        for name, country in countries.items():
            if country not in supported:
                code = codes.get(country.lower()) or next((code for code in supported if code == country.upper()), None)
                hint = f"did you mean {code!r}?" if code else "write a code of two letters, such as 'DE', 'SA' or 'US'"
                raise SenseError(f"teams.calendars.{name}.holidays", f"no such country: {country!r}; {hint}")


def _people(organization: Organization) -> None:
    unique("teams.people", (person.id for person in organization.people))
    units = [unit.id for unit in organization.units]
    refuse(all_found(partial(_person, organization, person, units) for person in organization.people))


def _person(organization: Organization, person: Person, units: list[str]) -> None:
    at = f"teams.people[{person.id}]"
    known(f"{at}.calendar", "calendar", person.calendar, organization.calendars)
    known(f"{at}.unit", "unit", person.unit or "", units)


def _units(organization: Organization) -> None:
    ids = [unit.id for unit in organization.units]
    unique(UNITS, ids)
    people = [person.id for person in organization.people]
    refuse(all_found(partial(_unit, unit, ids, people) for unit in organization.units))
    parents = {unit.id: unit.parent for unit in organization.units}
    for name in ids:
        _climb(name, parents)
    tops = [name for name, parent in parents.items() if parent is None]
    if len(tops) != 1:
        raise SenseError(UNITS, f"exactly one unit stands at the top; without a parent are {', '.join(tops)}")


def _unit(unit: Unit, ids: list[str], people: list[str]) -> None:
    if unit.parent is not None:
        known(f"{UNITS}[{unit.id}].parent", "unit", unit.parent, ids)
    if unit.lead is not None:
        known(f"{UNITS}[{unit.id}].lead", "person", unit.lead, people)


def _leads(organization: Organization) -> None:
    """A lead sits on the own branch of the tree: in the unit, below it or above it; or leads a unit above it."""
    seats = {person.id: person.unit or "" for person in organization.people}
    for unit in organization.units:
        if unit.lead is None:
            continue
        above = list(_upward(organization, unit))
        seat = seats[unit.lead]
        near = seat in {one.id for one in above} | units_below(organization, unit.id)
        if not near and unit.lead not in {one.lead for one in above[1:]}:
            raise SenseError(
                f"{UNITS}[{unit.id}].lead",
                f"{unit.lead!r} sits in {seat!r}, another branch of the tree: a lead sits in the unit, below it or "
                "above it, or leads a unit above it",
            )


def _agencies(organization: Organization) -> None:
    """Another company takes work and decides nothing."""
    outside = organization.outside
    seats = {person.id: person.unit for person in organization.people}
    for unit in organization.units:
        where = f"{UNITS}[{unit.id}]"
        if unit.id in outside and (unit.parent is None or unit.serves is not None):
            raise SenseError(
                where, "an agency is neither the top unit nor home to a segment's work; leave out `serves`"
            )
        if unit.lead is not None and unit.id not in outside and seats[unit.lead] in outside:
            raise SenseError(f"{where}.lead", f"{unit.lead!r} works for the agency {outside[seats[unit.lead] or '']!r}")
        if unit.agency is not None and not unit.agency.skills and unit.id not in seats.values():
            raise SenseError(f"{where}.agency", "an agency needs `skills`: the crafts it has people for")


def _climb(unit: str, parents: dict[str, str | None]) -> None:
    path, above = [unit], parents[unit]
    while above is not None and above not in path:
        path.append(above)
        above = parents[above]
    if above is not None:
        circle = path[path.index(above) :]
        raise SenseError(
            f"{UNITS}[{circle[0]}].parent",
            f"the units {', '.join(circle)} stand below each other in a circle"
            if len(circle) > 1
            else "a unit cannot stand below itself",
        )


def _distance(organization: Organization) -> None:
    lines = [line.when for line in organization.distance]
    inside = lines[:-1] if lines and lines[-1] == "other_company" else lines
    if not inside or inside[-1] != "same_company":
        raise SenseError(
            "teams.distance", "the last line but other_company must be for same_company, so that one always holds"
        )
    if inside is lines and organization.outside:
        raise SenseError("teams.distance", "there is an agency, and no line for other_company at the end")
    unique("teams.distance", lines)
    for earlier, later in pairwise(lines):
        if _NEAREST_FIRST.index(earlier) > _NEAREST_FIRST.index(later):
            raise SenseError(
                "teams.distance", f"the first line that holds is used, so {later} has to stand before {earlier}"
            )


def _assign(organization: Organization) -> None:
    units = [unit.id for unit in organization.units]
    steps = [step for kind in organization.work.values() for step in kind.steps]
    skilled = sorted({skill for step in steps for role in step.roles for skill in role} | {*skills(organization)})
    for i, rule in enumerate(organization.assign):
        at = f"teams.structure.assign[{i}]"
        for skill in rule.skills or ():
            known(f"{at}.skills", "skill", skill, skilled)
        if rule.scope.startswith("unit:"):
            known(f"{at}.scope", "unit", rule.scope.removeprefix("unit:"), units)
        for unit in rule.also:
            known(f"{at}.also", "unit", unit, units)
        if rule.when is not None and not rule.scope.startswith("unit:"):
            raise SenseError(f"{at}.when", f"only a line for a unit may have a condition, found scope {rule.scope!r}")


# --- gates --------------------------------------------------------------------------------------------


def _gate(organization: Organization, name: str, gate: Gate) -> None:
    at = f"teams.gates.{name}"
    if any(step.gate == name for kind in organization.work.values() for step in kind.steps):
        _approver(organization, gate.approver, f"{at}.approver")
        if gate.delegate is not None:
            _approver(organization, "lead", f"{at}.delegate")
    if gate.delegate is not None and gate.delegate.when is not None:
        _condition(organization, gate.delegate.when, f"{at}.delegate.when")
    if isinstance(gate, CadenceGate):
        known(f"{at}.calendar", "calendar", gate.calendar, organization.calendars)
        _meets(gate, at)


def _approver(organization: Organization, approver: str, path: str) -> None:
    kind, _, name = approver.partition(":")
    if kind == "person":
        known(path, "person", name, (person.id for person in organization.people))
    elif kind == "skill":
        known(path, "skill anybody has", name, skills(organization))
    elif kind == "head" and organization.top.lead is None:
        raise SenseError(path, f"the top unit {organization.top.id!r} has no lead who could decide")
    elif kind == "lead":
        for unit in homes(organization):
            if unit.lead is None:
                raise SenseError(path, f"the unit {unit.id!r} has no lead who could decide")


def _authority(organization: Organization) -> None:
    """Whoever may be asked about an error exists."""
    authority, at = organization.authority, "teams.authority"
    if authority is None:
        return
    if authority.centralization.top > 0 and organization.top.lead is None:
        raise SenseError(
            f"{at}.centralization.top", f"the top unit {organization.top.id!r} has no lead who could decide"
        )
    if authority.centralization.lead > 0:
        for unit in organization.units:
            if not any(above.lead for above in _upward(organization, unit)):
                message = f"neither the unit {unit.id!r} nor any above it has a lead who could decide"
                raise SenseError(f"{at}.centralization.lead", message)
    for i, rule in enumerate(authority.delegate):
        if rule.when is not None:
            _condition(organization, rule.when, f"{at}.delegate[{i}].when")


def _upward(organization: Organization, unit: Unit) -> Iterator[Unit]:
    by_name = {other.id: other for other in organization.units}
    above: Unit | None = unit
    while above is not None:
        yield above
        above = by_name[above.parent] if above.parent is not None else None


def _condition(organization: Organization, when: str, path: str) -> None:
    """The kinds of work a condition names exist; its segments are checked with the market's."""
    for field, name in names(when):
        if field == "kind":
            known(path, "kind of work", name, organization.work)


def _meets(gate: CadenceGate, at: str) -> None:
    if gate.at >= 24:
        raise SenseError(f"{at}.at", "the gate never meets: a meeting starts before midnight")
