"""From the short forms of the `teams` section to an :class:`Organization` with every table explicit.

Hierarchy, pods and hub-and-spoke are derived from the same people and the same work: they differ only in the
unit each person sits in, second skills, who may do which step, and who decides at the gates.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simkit.scenario import retail_department as retail
from simkit.scenario.agencies import agency_people, do_without, in_place_of, known_skills, means
from simkit.scenario.authority import DownTo
from simkit.scenario.case_conditions import names
from simkit.scenario.errors import SenseError
from simkit.scenario.naming import known
from simkit.scenario.organization import (
    Assign,
    Hierarchy,
    HubAndSpoke,
    Hybrid,
    Organization,
    Person,
    Pods,
    Teams,
    Unit,
    WrittenOut,
)
from simkit.scenario.organization_sense import check_sense
from simkit.scenario.structure_tables import CrossTraining, UnitKind
from simkit.scenario.work_kinds import CadenceGate, Delegation, Effort, Fixed, Gate, OnDemandGate
from simkit.scenario.workforce import Workforce
from simkit.scenario.working_week import WorkingWeek

TOP = "marketing"
SHARED = "shared"
CENTER = "center"
AGENCY = "agency"
_EVERY = re.compile(r"^\s*every\s+(?:(\d+)\s+)?(working\s+)?(day|week)s?\s*$", re.IGNORECASE)
_ON_DEMAND = re.compile(r"^\s*on[ _-]demand\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class _Seating:
    """What a structure decides: who sits where with which skills, the tree, who does what, who decides."""

    people: list[Person]
    units: list[Unit]
    assign: list[Assign]
    delegation: Delegation | None = None


def organization(teams: Teams, segments: Sequence[str]) -> Organization:
    """The department with every table written out.

    `segments` are the customer segments among which pods and spokes divide the work. Raises SenseError, with
    the dotted path inside the scenario, for what is well formed and makes no sense.
    """
    people = _people(teams)
    calendars = _calendars(teams)
    seating = _seating(teams, people, segments, calendars)
    result = Organization(
        calendars=calendars,
        people=(*seating.people, *agency_people(seating.units, people)),
        units=tuple(seating.units),
        assign=tuple(seating.assign),
        distance=teams.distance,
        intake=teams.intake,
        gates=_gates(teams, calendars["office"], seating.delegation),
        work=teams.work,
        primary_share=teams.primary_share,
        errors=teams.errors,
        authority=teams.authority,
        desk=teams.desk,
        attention=teams.attention,
        wip_limit=teams.wip_limit,
        unit_wip_limit=teams.unit_wip_limit,
        transition=teams.transition,
        set_up=teams.set_up,
        **{name: getattr(teams, name) for name in Workforce.model_fields},
    )
    check_sense(result)
    known_skills(result.units, result, isinstance(teams.structure, WrittenOut))
    _segments_named(result, segments)
    return result


def _segments_named(organization: Organization, segments: Sequence[str]) -> None:
    """The segments that units serve, and that conditions about work name, exist."""
    for unit in organization.units:
        for name in unit.serves or ():
            known(f"teams.structure.units[{unit.id}].serves", "segment", name, segments)
    authority = organization.authority
    told: list[tuple[str, Delegation | DownTo | None]] = [
        (f"teams.gates.{name}.delegate.when", gate.delegate) for name, gate in organization.gates.items()
    ]
    told += [
        (f"teams.authority.delegate[{i}].when", rule) for i, rule in enumerate(authority.delegate if authority else ())
    ]
    for path, rule in told:
        for field, name in names(rule.when) if rule is not None and rule.when is not None else ():
            if field == "segment" and name not in segments:
                raise SenseError(path, f"no such segment: {name!r}; known are {', '.join(segments) or 'none'}")


def check_equal_means(a: Organization, b: Organization) -> None:
    """Raise SenseError unless two structures have the same people at the same cost.

    A comparison of structures with different means compares the means. An agency has the means of the people it stands
    in for: its monthly minimum is their payroll. What it bills beyond is a result, and profit pays it.
    """
    (people, cost), (others, other_cost) = means(a), means(b)
    if people != others:
        raise SenseError("teams.people", f"the structures compared have {people} and {others} people")
    if not math.isclose(cost, other_cost, rel_tol=1e-12):
        raise SenseError(
            "teams.people", f"the structures compared cost {cost:,.2f} and {other_cost:,.2f} a day in wages"
        )


# --- people and calendars -----------------------------------------------------------------------------


def _people(teams: Teams) -> list[Person]:
    if teams.people is not None:
        people = list(teams.people)
    else:
        headcount = teams.headcount if teams.headcount is not None else retail.HEADCOUNT
        people = [
            Person(id=f"{skill}-{i + 1}", skills={skill: 1.0})
            for skill, count in headcount.items()
            for i in range(count)
        ]
    if not people:
        where = "teams.headcount" if teams.people is None else "teams.people"
        raise SenseError(where, "a department needs at least one person")
    for name in ("experience", "digital_skill"):
        shared = getattr(teams, name)
        if shared is not None:
            people = [
                person if name in person.model_fields_set else person.model_copy(update={name: shared})
                for person in people
            ]
    return [_with_cost(person, teams.hourly_costs) for person in people]


def _with_cost(person: Person, hourly_costs: dict[str, float]) -> Person:
    if person.hourly_cost is not None:
        return person
    cost = hourly_costs.get(person.craft, retail.OTHER_HOURLY_COST.value)
    return person.model_copy(update={"hourly_cost": cost})


def _calendars(teams: Teams) -> dict[str, WorkingWeek]:
    calendars = dict(teams.calendars)
    short = {"days": teams.week, "holidays": teams.holidays}
    for name, value in short.items():
        if value is None:
            continue
        if name in calendars["office"].model_fields_set:
            shown = "week" if name == "days" else name
            raise SenseError(f"teams.{shown}", f"calendars.office.{name} says it already; write one of the two")
        calendars["office"] = calendars["office"].model_copy(update={name: value})
    return calendars


# --- gates --------------------------------------------------------------------------------------------


def _gates(teams: Teams, office: WorkingWeek, delegation: Delegation | None) -> dict[str, Gate]:
    gates = dict(teams.gates)
    for name, words in teams.approvals.items():
        if name not in gates:
            raise SenseError(
                f"teams.approvals.{name}",
                f"no such gate; known are {', '.join(gates)}; another one stands in teams.gates, and steps of "
                "teams.work name it",
            )
        gates[name] = _meeting(gates[name], words, len(office.days), f"teams.approvals.{name}")
    if delegation is not None:
        gates = {
            name: gate.model_copy(update={"delegate": delegation})
            if gate.approver == "head" and gate.delegate is None
            else gate
            for name, gate in gates.items()
        }
    return gates


def _meeting(gate: CadenceGate | OnDemandGate, words: str, days_per_week: int, path: str) -> Gate:
    """The same gate, meeting as the words say."""
    shared = {name: getattr(gate, name) for name in ("approver", "reject", "finds", "return_to", "delegate")}
    if _ON_DEMAND.match(words):
        if isinstance(gate, OnDemandGate):
            return gate
        return OnDemandGate(effort=Effort(fixed=Fixed(hours=gate.effort_hours)), **shared)
    found = _EVERY.match(words)
    every_days = int(found[1] or 1) * (days_per_week if found[3].lower() == "week" else 1) if found else 0
    if not 1 <= every_days <= 250:
        raise SenseError(
            path, f"expected 'every 5 days' (working days, 1 to 250), 'every week' or 'on demand'; found {words!r}"
        )
    if isinstance(gate, CadenceGate):
        return gate.model_copy(update={"every_days": every_days})
    return CadenceGate(every_days=every_days, effort_hours=gate.effort.mean_hours, **shared)


# --- structures ---------------------------------------------------------------------------------------


def _seating(
    teams: Teams, people: list[Person], segments: Sequence[str], calendars: Mapping[str, WorkingWeek]
) -> _Seating:
    structure = teams.structure
    if isinstance(structure, WrittenOut):
        return _written_out(structure, people)
    head = _head(teams, people)
    if isinstance(structure, Hybrid):
        return _hybrid(structure, people, head, segments, calendars)
    return _own(structure, people, head, segments)


def _own(
    structure: Hierarchy | Pods | HubAndSpoke, people: list[Person], head: str, segments: Sequence[str]
) -> _Seating:
    """One of the structures of own people alone."""
    if isinstance(structure, Pods):
        return _pods(structure, people, head, segments)
    if isinstance(structure, HubAndSpoke):
        return _hub_and_spoke(structure, people, head, segments)
    return _hierarchy(structure, people, head)


def _head(teams: Teams, people: list[Person]) -> str:
    if teams.head is None:
        return max(people, key=lambda person: person.hourly_cost or 0).id
    if all(person.id != teams.head for person in people):
        raise SenseError("teams.head", f"nobody has the id {teams.head!r}")
    return teams.head


def _written_out(structure: WrittenOut, people: list[Person]) -> _Seating:
    for person in people:
        if person.unit is None:
            raise SenseError(f"teams.people[{person.id}].unit", "a written-out structure needs everybody's unit")
    return _Seating(people, list(structure.units), list(structure.assign))


def _crafts(people: Iterable[Person]) -> dict[str, list[Person]]:
    """People by their best skill, in the order in which the skills appear."""
    crafts: dict[str, list[Person]] = {}
    for person in people:
        crafts.setdefault(person.craft, []).append(person)
    return crafts


def _lead(people: list[Person]) -> str | None:
    """The first of the dearest: seniority as wages show it."""
    return max(people, key=lambda person: person.hourly_cost or 0).id if people else None


def _hierarchy(structure: Hierarchy, people: list[Person], head: str) -> _Seating:
    crafts = _crafts(people)
    seated = [person.model_copy(update={"unit": person.craft}) for person in _trained(structure, people, list(crafts))]
    units = [Unit(id=TOP, lead=head)]
    units += [Unit(id=craft, parent=TOP, lead=_lead(members)) for craft, members in crafts.items()]
    helping = _helping(list(crafts), structure.cross_training)
    assign = [Assign(scope=f"unit:{craft}", also=helping[craft], skills=(craft,)) for craft in crafts]
    return _Seating(seated, units, [*assign, Assign(scope="company")])


def _pods(structure: Pods, people: list[Person], head: str, segments: Sequence[str]) -> _Seating:
    crafts = _crafts(people)
    core = {craft: members for craft, members in crafts.items() if len(members) >= structure.number}
    names = [f"pod-{i + 1}" for i in range(structure.number)]
    seat = _dealt(core, names)
    trained = _trained(structure, people, list(core))
    seated = [person.model_copy(update={"unit": seat.get(person.id, SHARED)}) for person in trained]
    units = _segment_units(names, seated, head, segments, error_factor=1.0, kind="pod")
    common = _common_unit(SHARED, seated, error_factor=1.0, kind="function")
    assign = [Assign(scope="home", also=tuple(unit.id for unit in common)), Assign(scope="company")]
    return _Seating(seated, [*units, *common], assign, structure.delegation)


def _hub_and_spoke(structure: HubAndSpoke, people: list[Person], head: str, segments: Sequence[str]) -> _Seating:
    crafts = _crafts(people)
    central = structure.central_skills
    if central is None:
        central = tuple(craft for craft, members in crafts.items() if len(members) <= structure.number)
    for craft in central:
        if craft not in crafts:
            known = ", ".join(crafts)
            raise SenseError("teams.structure.central_skills", f"nobody's craft is {craft!r}; known are {known}")
    spread = {craft: members for craft, members in crafts.items() if craft not in central}
    names = [f"spoke-{i + 1}" for i in range(structure.number)]
    seat = _dealt(spread, names)
    trained = _trained(structure, people, list(spread))
    seated = [person.model_copy(update={"unit": seat.get(person.id, CENTER)}) for person in trained]
    units = _segment_units(names, seated, head, segments, structure.error_factor, "spoke")
    common = _common_unit(CENTER, seated, structure.error_factor, "coe")
    units, common = _share_learning(units, structure), _share_learning(common, structure)
    assign = [Assign(scope=f"unit:{CENTER}", skills=central)] if central else []
    assign += [Assign(scope="home", also=tuple(unit.id for unit in common)), Assign(scope="company")]
    return _Seating(seated, [*units, *common], assign, structure.delegation)


def _share_learning(units: list[Unit], structure: HubAndSpoke) -> list[Unit]:
    """What one unit learns reaches the others."""
    return [unit.model_copy(update={"learning_shared": structure.learning_shared}) for unit in units]


def _hybrid(
    structure: Hybrid, people: list[Person], head: str, segments: Sequence[str], calendars: Mapping[str, WorkingWeek]
) -> _Seating:
    """The own core, and an agency that gets work by a condition, in place of some of the people."""
    kept, gone = do_without(people, head, structure.fewer_people)
    core = _own(structure.core, kept, head, segments)
    terms = in_place_of(structure.agency, gone, calendars)
    if terms.skills is None:
        own = next(person.craft for person in people if person.id == head)
        terms = terms.model_copy(update={"skills": tuple(craft for craft in _crafts(people) if craft != own)})
    agency = Unit(id=AGENCY, kind="agency", parent=TOP, agency=terms)
    overflow = Assign(scope=f"unit:{AGENCY}", skills=terms.skills, when=structure.when)
    return _Seating(core.people, [*core.units, agency], [overflow, *core.assign], core.delegation)


def _dealt(crafts: dict[str, list[Person]], names: list[str]) -> dict[str, str]:
    """Person -> unit, the same number of a craft to each; who is left over is not seated and helps all.

    A unit with one copywriter less than its neighbors would have the same work and be the slow one by
    arithmetic alone.
    """
    return {
        person.id: names[i % len(names)]
        for members in crafts.values()
        for i, person in enumerate(members[: len(members) - len(members) % len(names)])
    }


def _trained(structure: Hierarchy | Pods | HubAndSpoke, people: Iterable[Person], crafts: list[str]) -> list[Person]:
    """People with what they learn besides their craft; a skill somebody has already stays as it is."""
    learned = {craft: _learned(crafts, craft, structure.cross_training) for craft in crafts}
    level = structure.second_skill_level
    return [
        person.model_copy(update={"skills": {**person.skills, **_new(learned.get(person.craft, ()), person, level)}})
        for person in people
    ]


def _new(crafts: Iterable[str], person: Person, level: float) -> dict[str, float]:
    return {craft: level for craft in crafts if craft not in person.skills}


def _learned(crafts: list[str], craft: str, training: CrossTraining) -> tuple[str, ...]:
    """The crafts that people of a craft learn: the next in the ring, or all others."""
    others = tuple(crafts[(crafts.index(craft) + i) % len(crafts)] for i in range(1, len(crafts)))
    return {"none": (), "chain": others[:1], "t_shaped": others}[training]


def _helping(crafts: list[str], training: CrossTraining) -> dict[str, tuple[str, ...]]:
    """Craft -> departments whose people have learned it."""
    return {craft: tuple(one for one in crafts if craft in _learned(crafts, one, training)) for craft in crafts}


def _segment_units(
    names: list[str], people: list[Person], head: str, segments: Sequence[str], error_factor: float, kind: UnitKind
) -> list[Unit]:
    """The top unit, and one unit below it for each name, with its share of the segments."""
    serves: dict[str, list[str]] = {name: [] for name in names}
    for i in range(max(len(names), len(segments)) if segments else 0):
        serves[names[i % len(names)]].append(segments[i % len(segments)])
    units = [Unit(id=TOP, lead=head, error_factor=error_factor)]
    for name in names:
        lead = _lead([person for person in people if person.unit == name]) or head
        units.append(
            Unit(id=name, kind=kind, parent=TOP, lead=lead, serves=tuple(serves[name]), error_factor=error_factor)
        )
    return units


def _common_unit(name: str, people: list[Person], error_factor: float, kind: UnitKind) -> list[Unit]:
    """The unit of those who work for all, when there are any."""
    members = [person for person in people if person.unit == name]
    if not members:
        return []
    return [Unit(id=name, kind=kind, parent=TOP, lead=_lead(members), error_factor=error_factor)]
