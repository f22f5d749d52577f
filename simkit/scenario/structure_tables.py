"""Tables of the structures: units, who may do which step, the ready structures, and an agency's terms.

What the ready ones expand to is in `structures.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from simkit.scenario.conditions import WORK, parse
from simkit.scenario.quantity import Days, Rate, Share, Table, convention, default
from simkit.scenario.work_kinds import Delegation, Name

_OURS = "simkit, no published estimate"
SkillLevel = Annotated[float, Field(gt=0, le=5)]
UnitKind = Literal["function", "pod", "coe", "spoke", "agency", "it", "sales", "service"]


def _checked(text: str) -> str:
    parse(text, WORK)
    return " ".join(text.split())


WorkCondition = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_checked)]
"""A condition over waiting work, such as ``queue_days > 5``; kept as text."""


class AgencyTerms(Table):
    """What an agency offers and what it costs. Its people are paid by the hours they work, above a monthly minimum."""

    skills: tuple[Name, ...] | None = None
    """Crafts it has people for; in a hybrid all but the head's when left out."""
    limit: Annotated[int, Field(ge=1, le=1000)] | Literal["unlimited"] = default(
        4, unit="people per skill at once", source=_OURS, grade="assumption", low=1, high=20
    )
    """How many of each craft it can have at work for us at once: as many as there is work, up to this."""
    level: SkillLevel = default(1.0, unit="speed", source=_OURS, grade="assumption", low=0.7, high=1.3)
    hourly_factor: Annotated[float, Field(ge=0, le=100)] = default(
        1.6, unit="times the own people's cost per hour", source=_OURS, grade="assumption", low=1.2, high=2.5
    )
    hourly_costs: dict[Name, Annotated[float, Field(ge=0, le=100_000)]] = {}
    """Currency per billed hour by skill, instead of the factor."""
    minimum_per_month: Annotated[float, Field(ge=0)] | None = None
    """Currency per calendar month, billed when the hours cost less. In a hybrid the payroll of those it stands in for
    when left out, else nothing."""
    ready_after_days: Annotated[Days, Field(ge=0, le=3650)] = convention(
        0.0, unit="days from the first simulated one", why="ready from the start unless stated"
    )
    """Until then nothing goes there by a line with `when`."""
    onboarding_passes: Annotated[int, Field(ge=0, le=10_000)] = default(
        10, unit="pieces of work per craft", source=_OURS, grade="assumption", low=3, high=30
    )
    """How many pieces of work of a craft the agency needs to know the firm."""
    onboarding_effort: Annotated[Rate, Field(ge=0, le=10)] = default(
        0.5, unit="share of effort", source=_OURS, grade="assumption", low=0.1, high=1
    )
    """Extra effort of the first of them; it shrinks in equal steps to none."""
    stands_in_for: Annotated[int, Field(ge=0, le=10_000)] = convention(
        0, unit="own people", why="a hybrid counts whom it does without"
    )
    """Own people whose payroll the minimum is; counted as heads where structures are held to equal means."""


class Unit(Table):
    """A team: a node in the tree of the organization."""

    id: Name
    kind: UnitKind = "function"
    """What it is. An agency is treated in its own way: another company, paid by the hour. What waits for `it` is told
    apart in the lead time."""
    parent: Name | None = None
    """The unit above; None only for the top."""
    lead: Name | None = None
    """The person who decides what is delegated to the unit."""
    serves: tuple[Name, ...] | None = None
    """Customer segments whose work has its home here. An empty list takes only work for no segment in particular."""
    wip_limit: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Cases of this home open at once; `teams.unit_wip_limit` when left out."""
    error_factor: Annotated[float, Field(ge=0, le=5)] = convention(
        1.0, unit="factor on internal errors", why="no standards of its own"
    )
    learning_shared: Share = convention(0.0, unit="share of others' practice", why="nobody hears of it")
    """Share of what people of other units that share have learned that reaches people here; needs `learning`."""
    agency: AgencyTerms | None = None
    """Terms of a unit of kind agency."""

    @model_validator(mode="after")
    def _terms_of_an_agency(self) -> Unit:
        if self.agency is not None and self.kind != "agency":
            raise ValueError(f"only a unit of kind 'agency' has terms; {self.id!r} is of kind {self.kind!r}")
        return self


def agencies(units: Sequence[Unit]) -> dict[str, str]:
    """Unit -> the agency it is or belongs to; the firm's own units are not in it."""
    return units_of_kind(units, "agency")


def units_of_kind(units: Sequence[Unit], kind: UnitKind) -> dict[str, str]:
    """Unit -> the unit of a kind that it is or belongs to, the topmost of them; others are not in it."""
    by_id = {unit.id: unit for unit in units}
    found: dict[str, str] = {}
    for unit in units:
        above: Unit | None = unit
        for _ in units:
            if above is None:
                break
            if above.kind == kind:
                found[unit.id] = above.id
            above = by_id.get(above.parent or "")
    return found


class Assign(Table):
    """Who may do a step; the first line that names the skill and has somebody with it is used."""

    scope: Annotated[str, Field(pattern=r"^(home|company|unit:.+)$")]
    """``home`` (the unit that has the case), ``unit:ID`` or ``company``; a unit includes the units below it."""
    also: tuple[Name, ...] = ()
    """Units whose people lend a hand in the same queue."""
    skills: tuple[Name, ...] | None = None
    """Only for steps of these skills; all when left out."""
    when: WorkCondition | None = None
    """Only while this holds of the queue that the work would otherwise join; a line after it must do without."""


CrossTraining = Literal["none", "chain", "t_shaped"]
"""Second skills of people with one craft. chain: the next craft in a ring of all (Jordan and Graves 1995: close to full
flexibility). t_shaped: all other crafts."""


def _level(value: float = 0.6) -> Any:
    return default(value, unit="speed in the further skill", source=_OURS, grade="assumption", low=0.4, high=0.9)


class Hierarchy(Table):
    """Departments by craft under one head; every step goes to the department that owns the skill."""

    preset: Literal["hierarchy"] = "hierarchy"
    cross_training: CrossTraining = "none"
    """With further skills people help other departments when they have nothing of their own craft to do."""
    second_skill_level: Annotated[Share, Field(gt=0)] = _level()


class Pods(Table):
    """Small teams with one of each core craft, by customer segment; gates are delegated to their leads."""

    preset: Literal["pods"] = "pods"
    number: Annotated[int, Field(ge=1, le=100)] = default(
        3, unit="pods", source="pods of about eight", grade="assumption", low=2, high=6
    )
    second_skill_level: Annotated[Share, Field(gt=0)] = default(
        0.6, unit="speed in the second skill", source=_OURS, grade="assumption", low=0.4, high=0.9
    )
    """What people of core crafts learn besides costs nothing extra in wages."""
    cross_training: CrossTraining = "chain"
    delegation: Delegation = Delegation()


class HubAndSpoke(Table):
    """Spokes by segment do the routine; a centre of excellence does the scarce and sets standards."""

    preset: Literal["hub-and-spoke"] = "hub-and-spoke"
    number: Annotated[int, Field(ge=1, le=100)] = default(
        3, unit="spokes", source="spokes of about six", grade="assumption", low=2, high=6
    )
    central_skills: tuple[Name, ...] | None = None
    """Crafts of the center; those with no more people than there are spokes when left out."""
    cross_training: CrossTraining = "none"
    """Of people in the spokes, among the crafts there."""
    second_skill_level: Annotated[Share, Field(gt=0)] = _level()
    error_factor: Share = default(
        0.8, unit="factor on internal errors", source=_OURS, grade="assumption", low=0.6, high=1
    )
    """What the center's standards leave of everybody's internal errors."""
    learning_shared: Share = default(
        0.2, unit="share of others' practice", source=_OURS, grade="assumption", low=0, high=0.6
    )
    """Of what one spoke has learned this reaches the others through the center, where people learn (`learning`)."""
    delegation: Delegation = Delegation(audit_share=0.2)


Core = Annotated[
    Annotated[Hierarchy | Pods | HubAndSpoke, Field(discriminator="preset")],
    BeforeValidator(lambda value: {"preset": value} if isinstance(value, str) else value),
]


class Hybrid(Table):
    """An own core in one of the other structures, and an agency for what is more than it can do."""

    preset: Literal["hybrid"] = "hybrid"
    core: Core = Hierarchy()
    fewer_people: Annotated[int, Field(ge=0, le=10_000)] = default(
        2, unit="own people", source=_OURS, grade="assumption", low=0, high=6
    )
    """Own people the firm does without, whose payroll is the agency's monthly minimum: one after another from the
    largest craft, never the head."""
    when: WorkCondition = "queue_days > 1"
    """When work goes to the agency."""
    agency: AgencyTerms = AgencyTerms()


class WrittenOut(Table):
    """A structure of one's own: the tree of units and who may do which step."""

    preset: Literal["written"] = "written"
    units: Annotated[tuple[Unit, ...], Field(min_length=1)]
    assign: Annotated[tuple[Assign, ...], Field(min_length=1)] = (Assign(scope="home"), Assign(scope="company"))


def _structure_table(value: Any) -> Any:
    if isinstance(value, str):
        return {"preset": value}
    if isinstance(value, dict) and "preset" not in value:
        return {"preset": "written", **value}
    return value


Structure = Annotated[
    Annotated[Hierarchy | Pods | HubAndSpoke | Hybrid | WrittenOut, Field(discriminator="preset")],
    BeforeValidator(_structure_table),
]
