"""Load against capacity, before anything is simulated: does the department stand a chance?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from simkit.scenario.organization import Organization, Person
from simkit.scenario.quantity import DAYS_PER_WEEK, DAYS_PER_YEAR
from simkit.scenario.step_order import redone, undone
from simkit.scenario.work_kinds import CadenceGate, Delegation, Gate, Step, WorkKind
from simkit.scenario.workforce import Learning


def load_report(organization: Organization, arrivals_per_week: Mapping[str, float]) -> dict[str, float]:
    """Expected utilization by skill: hours asked for over the hours that other duties leave.

    `arrivals_per_week` are the orders by kind of work besides the kinds' own demand. Rework and approvals
    count as expected; hand-offs and redone hand-offs do not, so the true load is a little higher. People are as
    fast as they begin. A person counts where the best skill is; skills that are nobody's best are one pool with
    those of the people who have them. Above 1 the backlog grows without end.
    """
    asked: dict[str, float] = {}
    for name, kind in organization.work.items():
        own = kind.demand.per_week if kind.demand is not None else 0.0
        per_week = arrivals_per_week.get(name, 0.0) + own
        for skill, hours in _hours_per_case(organization, kind).items():
            asked[skill] = asked.get(skill, 0.0) + per_week * hours
    capacity = _capacity(organization)
    report = {skill: share_of(hours, capacity[skill]) for skill, hours in asked.items() if skill in capacity}
    nobodys = [skill for skill in asked if skill not in capacity]
    if nobodys:
        crafts = {person.craft for person in organization.people if set(nobodys) & set(person.skills)}
        pooled = sum(asked.get(skill, 0.0) for skill in sorted({*nobodys, *crafts}))
        there = sum(capacity[craft] for craft in sorted(crafts))
        report |= dict.fromkeys([*nobodys, *(crafts & asked.keys())], share_of(pooled, there))
    return {skill: report[skill] for skill in asked}


def share_of(hours: float, capacity: float) -> float:
    """Hours asked for over the hours there are."""
    return hours / capacity if capacity else math.inf if hours else 0.0


def hours_per_case(organization: Organization) -> dict[str, float]:
    """Expected hours of one case of each kind of work, rework and approvals included, all skills together."""
    return {name: sum(_hours_per_case(organization, kind).values()) for name, kind in organization.work.items()}


def crafts_without_work(organization: Organization) -> list[str]:
    """Crafts that no step and no decision asks anybody for; who leads others has the work of leading them."""
    steps = [step for kind in organization.work.values() for step in kind.steps]
    approvers = [gate.approver.partition(":") for gate in organization.gates.values()]
    asked = {skill for step in steps for role in step.roles for skill in role}
    asked |= {name for who, _, name in approvers if who == "skill"}
    busy = {unit.id for unit in organization.units} & {
        *(person.unit for person in organization.people if asked & set(person.skills)),
        *(unit.parent for unit in organization.units),
    }
    deciding = {name for who, _, name in approvers if who == "person"}
    deciding |= {unit.lead for unit in organization.units if unit.lead and unit.id in busy}
    working = {person.craft for person in organization.people if asked & set(person.skills) or person.id in deciding}
    return sorted({person.craft for person in organization.people} - working)


def _capacity(organization: Organization) -> dict[str, float]:
    """Primary hours a week by craft."""
    capacity: dict[str, float] = {}
    for person in organization.people:
        unit = next(unit for unit in organization.units if unit.id == person.unit)
        if unit.agency is not None and unit.agency.limit == "unlimited":
            capacity[person.craft] = math.inf
        hours = capacity_hours(organization, person) * person.skills[person.craft] / _pace(organization, person)
        capacity[person.craft] = capacity.get(person.craft, 0.0) + hours
    return capacity


def _pace(organization: Organization, person: Person) -> float:
    """Effort of somebody, as at the start, relative to a full professional's of the same level of skill."""
    curve, ai = organization.learning or Learning(), organization.ai
    effort = curve.effort_factor(person.experience * curve.full_practice)
    effort /= getattr(organization.digital_skills, person.digital_skill)
    if ai is not None:
        adoption = ai.adoption if person.ai_adoption is None else person.ai_adoption
        effort *= ai.effort_factor(adoption * ai.exposure.get(person.craft, ai.exposure_elsewhere), person.experience)
    return effort


def capacity_hours(organization: Organization, person: Person) -> float:
    """Hours a week that other duties, meetings, sickness and interruptions leave somebody."""
    week = organization.calendars[person.calendar]
    hours = week.weekly_hours * person.fte
    outside = person.unit in organization.outside
    for meeting in organization.meetings:
        if {person.id, person.unit} & {*meeting.who} or not (meeting.who or outside):
            hours -= meeting.hours * len(organization.calendars[meeting.calendar].days) / meeting.every_days
    if organization.absence is not None and not outside:
        working_days = len(week.days) * DAYS_PER_YEAR / DAYS_PER_WEEK
        hours *= max(0.0, 1 - organization.absence.spells_per_year * organization.absence.mean_days / working_days)
    if organization.interruptions is not None:
        noise = organization.interruptions
        hours /= 1 + noise.per_hour * (noise.minutes + noise.resume_minutes) / 60
    return max(0.0, hours) * organization.primary_share


def _hours_per_case(organization: Organization, kind: WorkKind) -> dict[str, float]:
    hours: dict[str, float] = {}
    for step in kind.steps:
        if step.effort is not None:
            again = step.internal_error * organization.errors.caught
            passes = 1 + organization.errors.rework_share * again / (1 - again)
            for role in step.roles:
                hours[role[0]] = hours.get(role[0], 0.0) + step.effort.mean_hours * passes
            _add_rework(organization, kind, step, hours)
        else:
            _add_gate(organization, kind, step, hours)
    return hours


def _add_gate(organization: Organization, kind: WorkKind, step: Step, hours: dict[str, float]) -> None:
    """The approver's rounds, and the steps that opinion has done again."""
    gate = organization.gates[step.gate or ""]
    rejections = expected_rejections(gate.reject.first, gate.reject.decay)
    effort = gate.effort_hours if isinstance(gate, CadenceGate) else gate.effort.mean_hours
    approver = _approver_craft(organization, gate)
    if gate.delegate is not None:
        rejections = expected_rejections(gate.reject.first * gate.delegate.reject_factor, gate.reject.decay)
        effort = _delegated_hours(gate.delegate, effort)
    if approver is not None:
        hours[approver] = hours.get(approver, 0.0) + effort * (1 + rejections)
    for again in redone(kind, step, gate):
        _add_again(again, rejections * organization.errors.rework_share, hours)


def _add_again(step: Step, fresh: float, hours: dict[str, float]) -> None:
    """Hours of so many fresh efforts of a step."""
    if step.effort is not None:
        for role in step.roles:
            hours[role[0]] = hours.get(role[0], 0.0) + fresh * step.effort.mean_hours


def _add_rework(organization: Organization, kind: WorkKind, step: Step, hours: dict[str, float]) -> None:
    """What errors that come to light here cost in earlier steps, in those between, and here again."""
    times = step.external_error / (1 - step.external_error)
    shares = {edge.to: edge.share for edge in step.rework}
    for again in undone(kind, step, shares) if times else ():
        _add_again(again, times * shares.get(again.id, organization.errors.rework_share), hours)


def _delegated_hours(delegate: Delegation, own: float) -> float:
    return delegate.audit_share * own + (1 - delegate.audit_share) * delegate.effort_hours


def expected_rejections(first: float, decay: float, found: float = 0.0) -> float:
    """Mean rejections when round k rejects with ``first * decay ** (k - 1)`` by opinion and with `found` for a defect.

    After ten thousand rounds it stops counting.
    """
    total, reached, opinion = 0.0, 1.0, first
    for _ in range(10_000):
        reached *= 1 - (1 - min(opinion, 1.0)) * (1 - found)
        total += reached
        opinion *= decay
        if reached < 1e-12:
            break
    return total


def _approver_craft(organization: Organization, gate: Gate) -> str | None:
    """The craft that pays for decisions; leads differ by unit and count with the head."""
    kind, _, name = gate.approver.partition(":")
    if kind == "skill":
        return name
    who = name if kind == "person" else organization.top.lead
    return next((person.craft for person in organization.people if person.id == who), None)
