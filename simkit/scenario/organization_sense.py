"""Does a department make sense? Every mistake names its place in the scenario."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from simkit.scenario.case_conditions import names
from simkit.scenario.errors import SenseError
from simkit.scenario.organization import Organization, Unit
from simkit.scenario.work_kinds import LIVE, CadenceGate, Gate, Step, WorkKind
from simkit.scenario.workforce_sense import check_workforce


def check_sense(organization: Organization) -> None:
    """Raise SenseError for the first thing that cannot work: an unknown name, a cycle, a step nobody can do."""
    _calendars(organization)
    _people(organization)
    _units(organization)
    _distance(organization)
    _assign(organization)
    _gates(organization)
    _authority(organization)
    for name, kind in organization.work.items():
        _kind(organization, kind, f"teams.work.{name}")
    check_workforce(organization)


def _known(path: str, what: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name in names:
        return
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"
    raise SenseError(path, f"no such {what}: {name!r}; {hint}")


def _unique(path: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise SenseError(path, f"the id {name!r} appears twice")
        seen.add(name)


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
    _unique("teams.people", (person.id for person in organization.people))
    units = [unit.id for unit in organization.units]
    for person in organization.people:
        at = f"teams.people[{person.id}]"
        _known(f"{at}.calendar", "calendar", person.calendar, organization.calendars)
        _known(f"{at}.unit", "unit", person.unit or "", units)


def _units(organization: Organization) -> None:
    at = "teams.structure.units"
    ids = [unit.id for unit in organization.units]
    _unique(at, ids)
    people = [person.id for person in organization.people]
    for unit in organization.units:
        if unit.parent is not None:
            _known(f"{at}[{unit.id}].parent", "unit", unit.parent, ids)
        if unit.lead is not None:
            _known(f"{at}[{unit.id}].lead", "person", unit.lead, people)
    tops = [unit.id for unit in organization.units if unit.parent is None]
    if len(tops) != 1:
        raise SenseError(at, f"exactly one unit stands at the top; without a parent are {', '.join(tops) or 'none'}")
    parents = {unit.id: unit.parent for unit in organization.units}
    for name in ids:
        _climb(at, name, parents)
    _agencies(organization, at)


def _agencies(organization: Organization, at: str) -> None:
    """Another company takes work and decides nothing."""
    outside = organization.outside
    seats = {person.id: person.unit for person in organization.people}
    for unit in organization.units:
        where = f"{at}[{unit.id}]"
        if unit.id in outside and (unit.parent is None or unit.serves is not None):
            raise SenseError(
                where, "an agency is neither the top unit nor home to a segment's work; leave out `serves`"
            )
        if unit.lead is not None and unit.id not in outside and seats[unit.lead] in outside:
            raise SenseError(f"{where}.lead", f"{unit.lead!r} works for the agency {outside[seats[unit.lead] or '']!r}")


def _climb(at: str, unit: str, parents: dict[str, str | None]) -> None:
    above, seen = parents[unit], {unit}
    while above is not None:
        if above in seen:
            raise SenseError(f"{at}[{unit}].parent", "the units above it form a circle")
        seen.add(above)
        above = parents[above]


def _distance(organization: Organization) -> None:
    lines = [line.when for line in organization.distance]
    inside = lines[:-1] if lines and lines[-1] == "other_company" else lines
    if not inside or inside[-1] != "same_company":
        raise SenseError(
            "teams.distance", "the last line but other_company must be for same_company, so that one always holds"
        )
    if inside is lines and organization.outside:
        raise SenseError("teams.distance", "there is an agency, and no line for other_company at the end")
    _unique("teams.distance", (line.when for line in organization.distance))


def _assign(organization: Organization) -> None:
    units = [unit.id for unit in organization.units]
    for i, rule in enumerate(organization.assign):
        at = f"teams.structure.assign[{i}]"
        if rule.scope.startswith("unit:"):
            _known(f"{at}.scope", "unit", rule.scope.removeprefix("unit:"), units)
        for unit in rule.also:
            _known(f"{at}.also", "unit", unit, units)
        if rule.when is not None and not rule.scope.startswith("unit:"):
            raise SenseError(f"{at}.when", f"only a line for a unit may have a condition, found scope {rule.scope!r}")


# --- gates --------------------------------------------------------------------------------------------


def _gates(organization: Organization) -> None:
    used = {step.gate for kind in organization.work.values() for step in kind.steps if step.gate}
    for name, gate in organization.gates.items():
        at = f"teams.gates.{name}"
        if name in used:
            _approver(organization, gate.approver, f"{at}.approver")
            if gate.delegate is not None:
                _approver(organization, "lead", f"{at}.delegate")
        if gate.delegate is not None and gate.delegate.when is not None:
            _condition(organization, gate.delegate.when, f"{at}.delegate.when")
        if isinstance(gate, CadenceGate):
            _known(f"{at}.calendar", "calendar", gate.calendar, organization.calendars)
            _meets(gate, at)


def _approver(organization: Organization, approver: str, path: str) -> None:
    kind, _, name = approver.partition(":")
    if kind == "person":
        _known(path, "person", name, (person.id for person in organization.people))
    elif kind == "skill":
        _known(path, "skill anybody has", name, _skills(organization))
    elif kind == "head" and organization.top.lead is None:
        raise SenseError(path, f"the top unit {organization.top.id!r} has no lead who could decide")
    elif kind == "lead":
        for unit in _homes(organization):
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
            _known(path, "kind of work", name, organization.work)


def _homes(organization: Organization) -> list[Unit]:
    return [unit for unit in organization.units if unit.serves is not None] or [organization.top]


def _meets(gate: CadenceGate, at: str) -> None:
    if gate.at >= 24:
        raise SenseError(f"{at}.at", "the gate never meets: a meeting starts before midnight")


def _skills(organization: Organization) -> list[str]:
    return sorted({skill for person in organization.people for skill in person.skills})


# --- kinds of work ------------------------------------------------------------------------------------


def _kind(organization: Organization, kind: WorkKind, at: str) -> None:
    ids = [step.id for step in kind.steps]
    _unique(f"{at}.steps", ids)
    if LIVE in ids:
        raise SenseError(f"{at}.steps", f"{LIVE!r} is the name of going live and no step's")
    if kind.demand is not None:
        _known(f"{at}.demand.calendar", "calendar", kind.demand.calendar, organization.calendars)
    for step in kind.steps:
        for before in step.after:
            _known(f"{at}.steps[{step.id}].after", "step", before, [*ids, LIVE])
    ordered = list(in_order(kind, f"{at}.steps"))
    _launch_early(kind, at)
    for step in ordered:
        _step(organization, kind, step, f"{at}.steps[{step.id}]")


def _launch_early(kind: WorkKind, at: str) -> None:
    """A rule needs last touches to leave out, and they come after the first step and before the launch."""
    if kind.launch_early is None:
        return
    upstream = ancestors(kind)
    polish = [step for step in kind.steps if step.polish is not None]
    if not polish:
        raise SenseError(f"{at}.launch_early", "no step has a share of `polish` that an early launch could leave out")
    for step in polish:
        if LIVE in upstream[step.id] or not step.after:
            raise SenseError(
                f"{at}.steps[{step.id}].polish", "a last touch comes after another step and before the launch"
            )


def in_order(kind: WorkKind, path: str) -> Iterator[Step]:
    """The steps of a kind, each after all it waits for; raises SenseError for a cycle."""
    waiting = {step.id: step for step in kind.steps}
    while waiting:
        free = [step for step in waiting.values() if not any(before in waiting for before in step.after)]
        if not free:
            raise SenseError(path, f"the steps {', '.join(waiting)} wait for each other in a circle")
        for step in free:
            del waiting[step.id]
        yield from free


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


def _step(organization: Organization, kind: WorkKind, step: Step, at: str) -> None:
    before = ancestors(kind)[step.id]
    if step.roles:
        _doers(organization, step, at)
        _rework(kind, step, before, at)
        return
    _known(f"{at}.gate", "gate", step.gate or "", organization.gates)
    if LIVE in before:
        raise SenseError(f"{at}.after", "a gate after the launch has nothing left to hold back")
    worked = [other.id for other in kind.steps if other.roles and other.id in before]
    if not worked:
        raise SenseError(f"{at}.after", "a gate needs a worked step before it, to which a rejection returns")
    for back, path in (
        (step.return_to, f"{at}.return_to"),
        (organization.gates[step.gate or ""].return_to, f"teams.gates.{step.gate}.return_to"),
    ):
        if back is not None:
            _known(path, f"worked step before {step.id!r}", back, worked)
            break


def _doers(organization: Organization, step: Step, at: str) -> None:
    """Everywhere somebody can do it, and where it takes several people, that many different ones."""
    key = "skills" if step.skills is not None else "skill"
    for role in step.roles:
        for skill in role:
            if not can_do(organization, skill):
                raise SenseError(f"{at}.{key}", _nobody(organization, skill))
    if len(step.roles) == 1:
        return
    for home in _homes(organization):
        seats = [doers_of(organization, role, home.id, step.roles.count(role)) for role in step.roles]
        if not different_people(seats):
            who = ", ".join(" or ".join(role) for role in step.roles)
            raise SenseError(
                f"{at}.{key if step.skills is not None else 'people'}",
                f"nobody can ever do this together: it takes {len(seats)} different people ({who}), and among those "
                f"who may be asked for work of {home.id!r} there are {len(set().union(*seats))}",
            )


def doers_of(organization: Organization, role: tuple[str, ...], home: str, least: int) -> set[str]:
    """Ids of the people who may fill a place for cases of a home unit."""
    places = places_of(organization, role, home, least)
    return {
        person.id
        for person in organization.people
        if any(skill in person.skills and person.unit in units for units, skill in places)
    }


def different_people(seats: Sequence[set[str]]) -> bool:
    """Whether every place can be filled by somebody of its own (a matching by augmenting paths)."""
    taken: dict[str, int] = {}

    def seat(place: int, tried: set[str]) -> bool:
        for person in sorted(seats[place] - tried):
            tried.add(person)
            if person not in taken or seat(taken[person], tried):
                taken[person] = place
                return True
        return False

    return all(seat(place, set()) for place in range(len(seats)))


def _rework(kind: WorkKind, step: Step, before: set[str], at: str) -> None:
    worked = [other.id for other in kind.steps if other.roles]
    _unique(f"{at}.rework", (edge.to for edge in step.rework))
    for i, edge in enumerate(step.rework):
        path = f"{at}.rework[{i}].to"
        _known(path, "worked step", edge.to, worked)
        if LIVE in before or LIVE in ancestors(kind)[edge.to]:
            raise SenseError(path, "after the launch there is nothing left to hold back: rework ends with going live")
        if edge.to not in before:
            earlier = ", ".join(name for name in worked if name in before) or "none"
            raise SenseError(path, f"{edge.to!r} does not come before {step.id!r}; earlier worked steps are {earlier}")


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


def _nobody(organization: Organization, skill: str) -> str:
    near = get_close_matches(skill, _skills(organization), 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_skills(organization))}"
    return f"nobody who may be asked has the skill {skill!r}; {hint}"


def can_do(organization: Organization, skill: str) -> bool:
    """Whether every case finds somebody with the skill, wherever its home is."""
    homes = _homes(organization)
    return bool(organization.assign) and all(scope_of(organization, skill, home.id) is not None for home in homes)


def scope_of(organization: Organization, skill: str, home: str, least: int = 1) -> frozenset[str] | None:
    """The units whose people do a skill's steps for cases of a home unit: the first assign line that fits.

    It fits when so many people there have the skill. An agency counts where a line names it; lines with a condition
    come on top (`teams/overflow.py`). None when nobody may.
    """
    outside = organization.outside
    for rule in organization.assign:
        if rule.when is not None or (rule.skills is not None and skill not in rule.skills):
            continue
        unit = {"home": home, "company": organization.top.id}.get(rule.scope, rule.scope.removeprefix("unit:"))
        units = frozenset().union(*(own_units_below(organization, name, outside) for name in (unit, *rule.also)))
        if sum(skill in person.skills and person.unit in units for person in organization.people) >= least:
            return units
    return None


def places_of(
    organization: Organization, role: tuple[str, ...], home: str, least: int = 1
) -> list[tuple[frozenset[str], str]]:
    """Where those are who may fill a place for cases of a home unit: units and skill, for each skill that will do.

    `least` people with the same skill are wanted at once; where no line has as many, what there is.
    """
    found = []
    for skill in role:
        units = scope_of(organization, skill, home, least) or scope_of(organization, skill, home)
        if units is not None:
            found.append((units, skill))
    return found


def own_units_below(organization: Organization, unit: str, outside: Mapping[str, str]) -> set[str]:
    """A unit and all units below it; of another company only where the unit itself belongs to it."""
    found = units_below(organization, unit)
    return found if unit in outside else found - set(outside)


def units_below(organization: Organization, unit: str) -> set[str]:
    """A unit and all units below it."""
    found = {unit}
    for _ in organization.units:
        found |= {other.id for other in organization.units if other.parent in found}
    return found
