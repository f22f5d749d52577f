"""Settings of a department that change nothing where they stand: allowed, and told of before anything runs."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from simkit.scenario import retail_department as retail
from simkit.scenario.organization import HubAndSpoke, Organization, Pods, Teams, WrittenOut
from simkit.scenario.who_can import homes, own_units_below, units_below
from simkit.scenario.working_week import WorkingWeek


def idle_settings(teams: Teams, organization: Organization, start: datetime.date, days: int) -> Iterator[str]:
    """A sentence with its place for each setting of the section that does nothing; `start` is the first day of all."""
    for found in (_units, _lines, _people, _work, _desk, _growth, _names):
        yield from found(teams, organization)
    yield from _meetings(organization)
    yield from _dates(organization, start + datetime.timedelta(days=days))


def _units(teams: Teams, organization: Organization) -> Iterator[str]:
    """Units without people, and what is said of units that is asked of others."""
    seats = [person.unit for person in organization.people]
    owners = {unit.id for unit in homes(organization)}
    written = isinstance(teams.structure, WrittenOut)
    below = {unit.id: units_below(organization, unit.id) for unit in organization.units}
    empty = [name for name, there in below.items() if not any(seat in there for seat in seats)]
    if empty and written:
        yield f"teams.structure.units: {' and '.join(empty)} have no people"
    elif empty and isinstance(teams.structure, (Pods, HubAndSpoke)):
        number = teams.structure.number
        why = (
            f"no craft has {number} people"
            if isinstance(teams.structure, Pods)
            else f"no craft of {number} is left to them"
        )
        yield f"teams.structure.number: {why}, so {empty[0]} and its like are empty and everybody works for all"
    for unit in organization.units:
        at = f"teams.structure.units[{unit.id}]"
        if written and unit.wip_limit is not None and unit.id not in owners:
            yield f"{at}.wip_limit limits nothing: cases have their home in {', '.join(sorted(owners))}"
        if written and unit.learning_shared and organization.learning is None:
            yield f"{at}.learning_shared does nothing without `learning: {{}}`"
    hub = teams.structure
    if isinstance(hub, HubAndSpoke) and "learning_shared" in hub.model_fields_set and organization.learning is None:
        yield "teams.structure.learning_shared does nothing without `learning: {}`"


def _lines(teams: Teams, organization: Organization) -> Iterator[str]:
    """Assign lines that no work can take, and agencies that no line names."""
    if not isinstance(teams.structure, WrittenOut):
        return
    asked = _asked(organization)
    for i, rule in enumerate(organization.assign):
        named = {"home": [home.id for home in homes(organization)], "company": [organization.top.id]}
        units = [*named.get(rule.scope, [rule.scope.removeprefix("unit:")]), *rule.also]
        there = set().union(*(own_units_below(organization, unit, organization.outside) for unit in units))
        able = {skill for person in organization.people if person.unit in there for skill in person.skills}
        if not able & asked & set(rule.skills or asked):
            yield f"teams.structure.assign[{i}] is never used: nobody in {', '.join(units)} has a skill it is for"
    told = {rule.scope.removeprefix("unit:") for rule in organization.assign}
    told |= {unit for rule in organization.assign for unit in rule.also}
    for unit, agency in organization.outside.items():
        if unit == agency and not told & units_below(organization, unit):
            yield f"teams.structure.units[{unit}] gets no work: no line of `assign` names the agency"


def _people(teams: Teams, organization: Organization) -> Iterator[str]:
    """What is said of persons and is asked for only where people use AI."""
    if organization.ai is None:
        for person in teams.people or ():
            if "ai_adoption" in person.model_fields_set:
                yield f"teams.people[{person.id}].ai_adoption does nothing without `ai: {{}}`"


def _work(teams: Teams, organization: Organization) -> Iterator[str]:
    """Last touches that nothing may leave out, and gates that no work passes."""
    for name, kind in organization.work.items():
        for step in kind.steps:
            if step.polish is not None and kind.launch_early is None:
                yield f"teams.work.{name}.steps[{step.id}].polish does nothing without `launch_early` of {name}"
    used = {step.gate for kind in organization.work.values() for step in kind.steps}
    for name in organization.gates:
        if name not in used and name not in retail.gates():
            yield f"teams.gates.{name} decides nothing: no step names it"


def _desk(teams: Teams, organization: Organization) -> Iterator[str]:
    """Settings of the desk that need another one."""
    desk, stated = organization.desk, organization.desk.model_fields_set
    one_at_a_time = desk.wip_limit == 1 and all(person.wip_limit in (None, 1) for person in organization.people)
    needs = {
        "turn_hours": (not one_at_a_time, "a wip_limit of more than one"),
        "overtime_limit_hours": (desk.end_of_shift == "finish", "end_of_shift: finish"),
        "hand_over_after_days": (desk.when_absent == "hand_over", "when_absent: hand_over"),
        "hand_over_loss": (desk.when_absent == "hand_over" or organization.turnover is not None,
                           "when_absent: hand_over, or people who leave"),
    }  # fmt: skip
    for name, (there, needed) in needs.items():
        if name in stated and not there:
            yield f"teams.desk.{name} does nothing without {needed}"


def _growth(teams: Teams, organization: Organization) -> Iterator[str]:
    morale = organization.morale
    if morale is not None and "leaving_gain" in morale.model_fields_set and organization.turnover is None:
        yield "teams.morale.leaving_gain does nothing without `turnover: {}`: nobody leaves"


def _names(teams: Teams, organization: Organization) -> Iterator[str]:
    """Names that nothing has, where a table may have more names than are used."""
    there = {skill for person in organization.people for skill in person.skills}
    for skill in teams.hourly_costs:
        if skill not in there and skill not in retail.HOURLY_COSTS:
            yield f"teams.hourly_costs.{skill} is nobody's: skills are {', '.join(sorted(there))}"
    if teams.head is not None and isinstance(teams.structure, WrittenOut):
        yield "teams.head does nothing in a written-out structure: the lead of the top unit is the head"


def _meetings(organization: Organization) -> Iterator[str]:
    """Meetings in hours in which nobody who is asked is on shift."""
    for meeting in organization.meetings:
        weeks = [
            (organization.calendars[person.calendar], person.zone)
            for person in organization.people
            if not meeting.who or {person.id, person.unit} & set(meeting.who)
        ]
        if not any(_on_shift(week, (meeting.at + zone) % 24) for week, zone in weeks):
            yield f"teams.meetings[{meeting.id}].at: nobody is on shift at {meeting.at:g} o'clock, so nobody comes"


def _on_shift(week: WorkingWeek, hour: float) -> bool:
    return any(opens <= hour < closes for opens, closes in week.hours)


def _dates(organization: Organization, end: datetime.date) -> Iterator[str]:
    """Trainings and migrations after the last day."""
    for training in organization.training:
        if training.on >= end:
            yield f"teams.training[{training.id}].on: {training.on} is after the last day simulated"
    migration = organization.tool_migration
    if migration is not None and migration.on >= end:
        yield f"teams.tool_migration.on: {migration.on} is after the last day simulated"


def _asked(organization: Organization) -> set[str]:
    steps = [step for kind in organization.work.values() for step in kind.steps]
    return {skill for step in steps for role in step.roles for skill in role}
