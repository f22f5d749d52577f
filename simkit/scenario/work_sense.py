"""Does a kind of work make sense in its department? Every mistake names its place in the scenario."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from simkit.scenario.errors import SenseError
from simkit.scenario.naming import known, unique
from simkit.scenario.organization import Organization
from simkit.scenario.step_order import ancestors, in_order, redone
from simkit.scenario.who_can import can_do, different_people, doers_of, ever_together, homes, skills
from simkit.scenario.work_kinds import LIVE, Step, WorkKind
from simkit.scenario.workload import expected_rejections

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario

MOST_REJECTIONS = 50
"""Rejections of one case, on average, that nobody can mean."""


def check_kind(organization: Organization, kind: WorkKind, at: str) -> None:
    ids = [step.id for step in kind.steps]
    unique(f"{at}.steps", ids)
    if LIVE in ids:
        raise SenseError(f"{at}.steps", f"{LIVE!r} is the name of going live and no step's")
    if kind.demand is not None:
        known(f"{at}.demand.calendar", "calendar", kind.demand.calendar, organization.calendars)
    for step in kind.steps:
        for before in step.after:
            known(f"{at}.steps[{step.id}].after", "step", before, [*ids, LIVE])
    ordered = list(in_order(kind, f"{at}.steps"))
    _launch_early(kind, at)
    upstream = ancestors(kind)
    if all(LIVE in upstream[step.id] for step in kind.steps):
        raise SenseError(f"{at}.steps", f"nothing is done before the launch: every step comes after {LIVE!r}")
    for step in ordered:
        _step(organization, kind, step, upstream, f"{at}.steps[{step.id}]")


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


def live_learning_sense(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Learning from live work that no customer can answer."""
    for name, kind in scenario.teams.work.items():
        if kind.launch_early is None or kind.launch_early.learning is None:
            continue
        made = [campaign for campaign in scenario.campaigns.values() if campaign.work == name]
        there = scenario.channels
        if not any(there[to].kind == "addressed" for campaign in made for to in campaign.channels if to in there):
            yield (
                f"teams.work.{name}.launch_early.learning",
                f"no campaign that is {name!r} work sends messages: only of messages it is known who opens and clicks",
            )


def _step(organization: Organization, kind: WorkKind, step: Step, upstream: Mapping[str, set[str]], at: str) -> None:
    before = upstream[step.id]
    if step.roles:
        _doers(organization, step, at)
        _rework(kind, step, upstream, at)
        _ends(organization, step, at)
        return
    known(f"{at}.gate", "gate", step.gate or "", organization.gates)
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
            known(path, f"worked step before {step.id!r}", back, worked)
            break
    _lets_pass(organization, kind, step)


def _ends(organization: Organization, step: Step, at: str) -> None:
    """A step is right some day: by its own check, unless somebody decides, and by what it brings to light of others."""
    alone = organization.authority is None
    for name, chance in (
        ("internal_error", step.internal_error * organization.errors.caught * alone),
        ("external_error", step.external_error),
    ):
        if chance > MOST_REJECTIONS * (1 - chance):
            again = f"would be done again {chance / (1 - chance):,.0f} times" if chance < 1 else "would never end"
            raise SenseError(f"{at}.{name}", f"a case {again}, on average, before no error is noticed")


def _lets_pass(organization: Organization, kind: WorkKind, step: Step) -> None:
    """A gate lets work pass some day: by opinion, and by the defects that work done again brings."""
    gate, lenient = organization.gates[step.gate or ""], (1.0, 1.0)
    if gate.delegate is not None:
        lenient = gate.delegate.reject_factor, gate.delegate.finds_factor
    missed = 1 - organization.errors.caught
    again = [other for other in redone(kind, step, gate) if other.roles]
    clean = math.prod(1 - gate.finds * lenient[1] * other.internal_error * missed for other in again)
    times = expected_rejections(gate.reject.first * lenient[0], gate.reject.decay, 1 - clean)
    if times > MOST_REJECTIONS:
        why = "opinion: lower `first` or `decay`" if clean > 0.5 else "defects: lower `finds` or the steps' errors"
        raise SenseError(
            f"teams.gates.{step.gate}.reject",
            f"the gate does not let work pass: a case of {step.id!r} would be rejected {times:,.0f} times or more, "
            f"mostly by {why}",
        )


def _doers(organization: Organization, step: Step, at: str) -> None:
    """Everywhere somebody can do it, and where it takes several people, that many different ones."""
    key = "skills" if step.skills is not None else "skill"
    for role in step.roles:
        for skill in role:
            if not can_do(organization, skill):
                raise SenseError(f"{at}.{key}", _nobody(organization, skill))
    if len(step.roles) == 1:
        return
    path = f"{at}.{key if step.skills is not None else 'people'}"
    for home in homes(organization):
        seats = [doers_of(organization, role, home.id, step.roles.count(role)) for role in step.roles]
        if not different_people(seats):
            who = ", ".join(" or ".join(role) for role in step.roles)
            raise SenseError(
                path,
                f"nobody can ever do this together: it takes {len(seats)} different people ({who}), and among those "
                f"who may be asked for work of {home.id!r} there are {len(set().union(*seats))}",
            )
        if not ever_together(organization, seats):
            ids = set().union(*seats)
            who = ", ".join(f"{person.id} ({person.calendar})" for person in organization.people if person.id in ids)
            raise SenseError(
                path,
                f"nobody can ever do this together: of those who may be asked, no {len(seats)} who would do are on "
                f"shift at the same moment of any week: {who}",
            )


def _rework(kind: WorkKind, step: Step, upstream: Mapping[str, set[str]], at: str) -> None:
    before = upstream[step.id]
    worked = [other.id for other in kind.steps if other.roles]
    unique(f"{at}.rework", (edge.to for edge in step.rework))
    for i, edge in enumerate(step.rework):
        path = f"{at}.rework[{i}].to"
        known(path, "worked step", edge.to, worked)
        if LIVE in before or LIVE in upstream[edge.to]:
            raise SenseError(path, "after the launch there is nothing left to hold back: rework ends with going live")
        if edge.to not in before:
            earlier = ", ".join(name for name in worked if name in before) or "none"
            raise SenseError(path, f"{edge.to!r} does not come before {step.id!r}; earlier worked steps are {earlier}")


def _nobody(organization: Organization, skill: str) -> str:
    there = skills(organization)
    if skill in there:
        who = ", ".join(f"{person.id} ({person.unit})" for person in organization.people if skill in person.skills)
        return f"nobody who may be asked has the skill {skill!r}; `structure.assign` asks none of those who do: {who}"
    near = get_close_matches(skill, there, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(there)}"
    return f"nobody who may be asked has the skill {skill!r}; {hint}"
