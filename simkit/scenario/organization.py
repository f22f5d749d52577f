"""The `teams` section: who works in the department, on what, who decides, and how far a hand-off travels.

Short forms (a headcount, ``week: Sun-Thu``, ``approvals: {board: every 5 days}``, the name of a structure)
expand to :class:`Organization`, in which every table is written out; `simkit.scenario.structures` does that.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario import retail_department as retail
from simkit.scenario.authority import Authority
from simkit.scenario.changeover import SetUp, Transition
from simkit.scenario.quantity import Rate, Share, Table, WorkHours, convention, default
from simkit.scenario.structure_tables import (
    Assign,
    Hierarchy,
    HubAndSpoke,
    Hybrid,
    Pods,
    SkillLevel,
    Structure,
    Unit,
    WrittenOut,
    agencies,
    units_of_kind,
)
from simkit.scenario.work_kinds import Gate, Name, PositiveHours, WorkKind
from simkit.scenario.workforce import DigitalSkill, Workforce
from simkit.scenario.working_week import ALWAYS, Weekdays, WorkingWeek

_OURS = "simkit, no published estimate"
__all__ = [
    "Assign", "Desk", "Distance", "Errors", "Hierarchy", "HubAndSpoke", "Hybrid", "Intake", "Organization", "Person",
    "Pods", "Teams", "Unit", "WrittenOut",
]  # fmt: skip


class Person(Table):
    """One employee."""

    id: Name
    skills: Annotated[dict[Name, SkillLevel], Field(min_length=1)]
    """Skill -> speed, 1 being a full professional; the work of a skill not named is never theirs."""
    unit: Name | None = None
    """Seat in a written-out structure; the preset structures seat people by their skills."""
    hourly_cost: Annotated[float, Field(ge=0, le=100_000)] | None = None
    """Currency per paid hour; that of the best skill in `hourly_costs` when left out."""
    fte: Annotated[Share, Field(gt=0)] = convention(1.0, unit="share of full time", why="full time")
    """A part-timer works, and is paid for, this share of every shift, from its start."""
    calendar: Name = "office"
    wip_limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Pieces of work open on the desk at once, worked in turns; that of `desk` when left out."""
    experience: Annotated[Rate, Field(ge=0, le=10)] = convention(
        1.0, unit="share of full practice", why="a full professional"
    )
    """Practice at the start, 0 being a novice's; what it is worth says `learning`, whose defaults hold where it is left
    out and practice stays what it is."""
    digital_skill: DigitalSkill = "medium"
    """What it is worth says `digital_skills`."""
    ai_adoption: Share | None = None
    """Share of exposed work for which the person uses AI; `ai.adoption` when left out."""
    vacation: tuple[tuple[date, date], ...] = ()
    """First and last day of each absence that is planned."""
    zone: Annotated[float, Field(ge=-14, le=14)] = convention(
        0.0, unit="hours ahead of the scenario's clock", why="where the scenario's clock is"
    )
    """The hours of the person's calendar are those of this time zone."""

    @property
    def craft(self) -> str:
        """The best skill; the first named of equals."""
        return max(self.skills, key=lambda skill: self.skills[skill])


class Distance(Table):
    """What a hand-off costs between two people; the first line whose condition holds is used."""

    when: Literal["same_person", "same_unit", "same_parent", "same_company", "other_company"]
    latency_hours: Annotated[WorkHours, Field(ge=0, le=2000)] = convention(
        0.0, unit="office hours", why="none unless stated"
    )
    """Working hours of the office calendar before the work reaches the receiver."""
    effort_hours: Annotated[WorkHours, Field(ge=0, le=100)] = convention(0.0, unit="hours", why="none unless stated")
    """Hours the receiver spends to take it over."""
    information_loss: Annotated[Share, Field(lt=1)] = convention(0.0, unit="probability", why="none unless stated")
    """Chance that what got lost makes the receiver's step wrong."""


class Intake(Table):
    """How an order reaches the first person: a request is read, understood and put in line."""

    latency_hours: Annotated[WorkHours, Field(ge=0, le=2000)] = default(
        2.0, unit="working hours", source=_OURS, grade="assumption", low=0, high=16
    )
    effort_hours: Annotated[WorkHours, Field(ge=0, le=100)] = default(
        0.2, unit="hours of the first person", source=_OURS, grade="assumption", low=0, high=1
    )


class Errors(Table):
    """What becomes of errors."""

    caught: Share = default(0.8, unit="probability", source=_OURS, grade="assumption", low=0.6, high=0.95)
    """Chance that the doer's own check notices an error; otherwise it is a defect of the case."""
    rework_share: Annotated[Rate, Field(ge=0, le=2)] = default(
        0.4, unit="share of a fresh effort", source=_OURS, grade="assumption", low=0.2, high=1
    )
    """Effort of doing a step again."""
    quality_loss_per_defect: Share = default(
        0.1, unit="share of quality", source=_OURS, grade="assumption", low=0.03, high=0.3
    )
    """Quality of a launch is ``(1 - loss) ** defects``."""
    annoyance_per_defect: Annotated[Rate, Field(ge=0, le=100)] = convention(
        0.0, unit="share of opt-outs per defect", why="an irrelevant message annoys, a wrong one no more unless stated"
    )
    """Opt-outs from, and complaints about, a message are ``1 + annoyance x defects`` times as many, besides what its
    lost relevance does."""


class AttentionRule(Table):
    """Shares of a person's choices among waiting work; they add up to 1. Urgent work goes first in any case.

    VDT's practice is 0.5, 0.2, 0.2 and 0.1 (Jin and Levitt 1996, "The Virtual Design Team").
    """

    priority: Share = convention(1.0, unit="share of choices", why="everybody follows priorities")
    """The most urgent, of equals the own craft, then the longest waiting."""
    oldest: Share = convention(0.0, unit="share of choices", why="everybody follows priorities")
    newest: Share = convention(0.0, unit="share of choices", why="everybody follows priorities")
    random: Share = convention(0.0, unit="share of choices", why="everybody follows priorities")

    @model_validator(mode="before")
    @classmethod
    def _rest_by_priority(cls, value: Any) -> Any:
        """Priority has what the others leave, unless it is stated."""
        if isinstance(value, dict) and value and "priority" not in value:
            stated = [share for share in value.values() if isinstance(share, (int, float))]
            return {**value, "priority": max(0.0, round(1 - sum(stated), 12))} if len(stated) == len(value) else value
        return value

    @model_validator(mode="after")
    def _adds_up(self) -> AttentionRule:
        total = self.priority + self.oldest + self.newest + self.random
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the shares of attention must add up to 1, and these make {total:g}")
        return self


class Desk(Table):
    """How people handle more than one thing: turns, what switching costs, and what the shift's end does."""

    wip_limit: Annotated[int, Field(ge=1, le=1000)] = convention(
        1, unit="pieces of work", why="one thing at a time, finished before the next"
    )
    """Pieces of work a person has open at once, worked in turns."""
    turn_hours: PositiveHours = default(2.0, unit="working hours", source=_OURS, grade="assumption", low=0.25, high=8)
    """With several open pieces, how long one is worked on before the next has its turn."""
    multitasking_cost: Annotated[Rate, Field(ge=0, le=5)] = default(
        0.1, unit="share of effort per further open piece", source=_OURS, grade="assumption", low=0, high=0.4
    )
    """Effort of a pass is (1 + cost x (pieces open when it begins - 1)) times as long."""
    switch_kind_hours: Annotated[WorkHours, Field(ge=0, le=100)] = convention(
        0.0, unit="hours", why="no set-up unless stated"
    )
    """Set-up effort when a person turns to another kind of work than the last."""
    switch_campaign_hours: Annotated[WorkHours, Field(ge=0, le=100)] = convention(
        0.0, unit="hours", why="no set-up unless stated"
    )
    """Set-up effort when a person turns to another campaign of the same kind."""
    end_of_shift: Literal["suspend", "finish", "restart"] = "suspend"
    """Work on a desk rests until the next shift, is finished in overtime, or is begun again; what no shift could hold
    rests in any case."""
    overtime_limit_hours: PositiveHours | None = None
    """With ``finish``: only what can be done within so many hours after the shift; no limit when left out."""
    when_absent: Literal["rest", "hand_over"] = "rest"
    """What somebody away has begun, and what waits for them alone, rests until they are back, or goes to others; that
    of somebody who leaves for good goes to others in any case."""
    hand_over_after_days: Annotated[int, Field(ge=0, le=365)] = default(
        1, unit="working days away", source=_OURS, grade="assumption", low=0, high=5
    )
    """With ``hand_over``: how many days are waited for somebody away."""
    hand_over_loss: Share = default(
        0.3, unit="share of what was done", source=_OURS, grade="assumption", low=0.1, high=0.6
    )
    """What whoever goes on with an unfinished pass has to do again."""
    urgent_priority: Annotated[int, Field(ge=1, le=9)] | None = None
    """Orders of this priority or a more urgent one interrupt others; only urgent kinds of work when left out."""


def _with_standard_calendars(value: Any) -> Any:
    return {"office": {}, "always": ALWAYS, **value} if isinstance(value, dict) else value


def _kinds_change_what_they_state(value: Any) -> Any:
    """A kind of work named like a shipped one changes only what it states."""
    if not isinstance(value, dict):
        return value
    shipped = retail.work()
    return {
        kind: {**shipped[kind], **table} if kind in shipped and isinstance(table, dict) else table
        for kind, table in value.items()
    }


def _gates_change_what_they_state(value: Any) -> Any:
    """Named gates join the shipped ones; one of the same name and mode changes only what it states."""
    if not isinstance(value, dict):
        return value
    shipped = retail.gates()
    merged = {
        name: {**shipped[name], **table}
        if name in shipped
        and isinstance(table, dict)
        and table.get("mode", shipped[name]["mode"]) == shipped[name]["mode"]
        else table
        for name, table in value.items()
    }
    return {**shipped, **merged}


Calendars = Annotated[dict[Name, WorkingWeek], BeforeValidator(_with_standard_calendars)]
Kinds = Annotated[dict[Name, WorkKind], BeforeValidator(_kinds_change_what_they_state), Field(min_length=1)]
Gates = Annotated[dict[Name, Gate], BeforeValidator(_gates_change_what_they_state)]
Headcount = Annotated[dict[Name, Annotated[int, Field(ge=0, le=10_000)]], Field(min_length=1)]


class Teams(Workforce):
    """The department. An empty table is a retailer's 24 people in a hierarchy."""

    structure: Structure = Hierarchy()
    headcount: Headcount | None = None
    """Skill -> people. The shipped department when neither this nor `people` is given."""
    people: tuple[Person, ...] | None = None
    """Everybody by name, instead of a headcount."""
    experience: Annotated[float, Field(ge=0, le=10)] | None = None
    """Short for that of everybody who does not state it."""
    digital_skill: DigitalSkill | None = None
    """Short for that of everybody who does not state it."""
    head: Name | None = None
    """Who leads the department in the preset structures; the first of the dearest people when left out."""
    hourly_costs: dict[Name, Annotated[float, Field(ge=0, le=100_000)]] = Field(
        default_factory=lambda: {skill: figure.value for skill, figure in retail.HOURLY_COSTS.items()}
    )
    """Currency per paid hour by skill, benefits included, where a person does not state it."""
    week: Weekdays | None = None
    """Short for ``calendars.office.days``."""
    holidays: str | None = None
    """Short for ``calendars.office.holidays``: a country code."""
    calendars: Calendars = Field(default_factory=dict)
    """`office` and `always` exist without being written."""
    distance: tuple[Distance, ...] = Field(default_factory=retail.distance)  # type: ignore[arg-type]
    intake: Intake = Intake()
    gates: Gates = Field(default_factory=dict)
    approvals: dict[Name, str] = {}
    """Short form that changes how a gate meets: ``every 5 days`` (working days), ``every week``, ``on demand``."""
    work: Kinds = Field(default_factory=retail.work)  # type: ignore[arg-type]
    primary_share: Annotated[Share, Field(gt=0)] = default(
        0.39,
        unit="share of working time",
        source="Workfront State of Work 2016-2018: 38-40 % on primary duties",
        grade="survey",
        low=0.3,
        high=0.6,
    )
    """What mail, meetings and administration leave of a working hour for the work itself."""
    errors: Errors = Errors()
    authority: Authority | None = None
    """Who decides about an error that the doer notices; the doer alone, who does the work again, when left out."""
    desk: Desk = Desk()
    attention: AttentionRule = AttentionRule()
    wip_limit: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Cases open in the department at once; more wait outside, the most urgent first. No limit when left out."""
    unit_wip_limit: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """The same for the cases of each home unit."""
    transition: Transition = Transition()
    """What changing to this structure costs."""
    set_up: SetUp | None = None
    """Set-up work that every unit repeats when it meets something first; none unless stated."""

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Teams:
        if self.headcount is not None and self.people is not None:
            raise ValueError("give a headcount or a list of people, not both")
        return self


class Organization(Workforce):
    """A department with every table explicit: all that the model of the teams reads."""

    calendars: dict[Name, WorkingWeek]
    people: tuple[Person, ...]
    units: tuple[Unit, ...]
    assign: tuple[Assign, ...]
    distance: tuple[Distance, ...]
    intake: Intake
    gates: dict[Name, Gate]
    work: dict[Name, WorkKind]
    primary_share: float
    errors: Errors
    authority: Authority | None = None
    desk: Desk = Desk()
    attention: AttentionRule = AttentionRule()
    wip_limit: int | None = None
    unit_wip_limit: int | None = None
    transition: Transition = Transition()
    set_up: SetUp | None = None

    def person_cost(self, person: Person) -> float:
        """Currency per average calendar day: salaries are paid on holidays too."""
        hours_per_day = self.calendars[person.calendar].weekly_hours / 7
        return hours_per_day * person.fte * (person.hourly_cost or 0.0)

    @property
    def payroll_per_day(self) -> float:
        """Currency per calendar day, of the own people; an agency's are paid by the hours they work."""
        outside = self.outside
        return sum(self.person_cost(person) for person in self.people if person.unit not in outside)

    @property
    def transition_cost(self) -> float:
        """Currency that changing to this structure costs on the first measured day."""
        return self.transition.cost(sum(person.unit not in self.outside for person in self.people))

    @cached_property
    def outside(self) -> dict[str, str]:
        """Unit -> the agency it belongs to; the firm's own units are not in it."""
        return agencies(self.units)

    def is_it(self, person: Person) -> bool:
        """Whether somebody is of IT: of a unit of that kind or below it, or of the craft `it`; an agency is not."""
        return person.unit not in self.outside and (person.craft == "it" or person.unit in self._it_units)

    @cached_property
    def _it_units(self) -> frozenset[str]:
        return frozenset(units_of_kind(self.units, "it"))

    @property
    def top(self) -> Unit:
        """The unit above all."""
        return next(unit for unit in self.units if unit.parent is None)
