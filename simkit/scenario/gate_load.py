"""Load of gates before anything is simulated: does a board have room on its agenda, and one approver the time?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from simkit.scenario.organization import Organization
from simkit.scenario.work_kinds import CadenceGate, Gate
from simkit.scenario.workload import capacity_hours, expected_rejections, share_of


def gate_warnings(organization: Organization, arrivals_per_week: Mapping[str, float]) -> Iterator[str]:
    """What gates cannot get done however long they are given: boards, and people who alone decide at some.

    `arrivals_per_week` are the orders by kind of work besides the kinds' own demand. Expected rejections count;
    what is delegated counts with its audits only, and errors that a gate finds do not count, so the true load is a
    little higher.
    """
    handed_in = _handed_in(organization, arrivals_per_week)
    full = [
        f"{name} {cases / room:.0%}"
        for name, cases in handed_in.items()
        if (room := _room(organization, organization.gates[name])) is not None and cases > room
    ]
    if full:
        yield f"more cases than places on the agenda ({', '.join(full)} of them): the backlog grows as long as the run"
    hours: dict[str, float] = {}
    for name, cases in handed_in.items():
        gate = organization.gates[name]
        effort = gate.effort_hours if isinstance(gate, CadenceGate) else gate.effort.mean_hours
        if (who := _decider(organization, gate)) is not None:
            hours[who] = hours.get(who, 0.0) + cases * effort
    busy = [
        f"{person.id} {share_of(hours[person.id], capacity_hours(organization, person)):.0%}"
        for person in organization.people
        if hours.get(person.id, 0.0) > capacity_hours(organization, person)
    ]
    if busy:
        yield f"more decisions than time ({', '.join(busy)} of it): the backlog grows as long as the run"


def _handed_in(organization: Organization, arrivals_per_week: Mapping[str, float]) -> dict[str, float]:
    """Cases a week at each gate that some work passes, returned ones counted again."""
    found: dict[str, float] = {}
    for name, kind in organization.work.items():
        own = kind.demand.per_week if kind.demand is not None else 0.0
        for step in kind.steps:
            if step.gate is not None:
                gate = organization.gates[step.gate]
                delegate = gate.delegate
                rounds = 1 + expected_rejections(gate.reject.first, gate.reject.decay)
                share = 1.0 if delegate is None else delegate.audit_share
                cases = (arrivals_per_week.get(name, 0.0) + own) * rounds * share
                found[step.gate] = found.get(step.gate, 0.0) + cases
    return found


def _room(organization: Organization, gate: Gate) -> float | None:
    """Places on the agenda a week; None without a limit."""
    if not isinstance(gate, CadenceGate) or gate.capacity is None:
        return None
    return gate.capacity * len(organization.calendars[gate.calendar].days) / gate.every_days


def _decider(organization: Organization, gate: Gate) -> str | None:
    """The one person who decides; None where several may."""
    kind, _, name = gate.approver.partition(":")
    return {"person": name, "head": organization.top.lead}.get(kind)
