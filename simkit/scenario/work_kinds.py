"""Kinds of work: which steps they take, how long each lasts, who must approve, and how much arrives by itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario.case_conditions import CaseCondition
from simkit.scenario.quantity import Clock, Days, Rate, Share, Table, WorkHours, convention, default

LIVE = "live"
"""The reserved name of going live: ``after: [live]`` is follow-up that nobody waits for."""

_OURS = "simkit, no published estimate"
Name = Annotated[str, Field(min_length=1, max_length=60)]
PositiveHours = Annotated[WorkHours, Field(gt=0, le=2000)]


class Lognormal(Table):
    """Effort that is usually moderate and sometimes long."""

    mean_hours: PositiveHours
    cv: float = default(
        0.6, unit="standard deviation / mean", source=_OURS, grade="assumption", low=0.3, high=1.2, gt=0, le=10
    )


class Exponential(Table):
    """Effort without memory: the service time of the textbook queues."""

    mean_hours: PositiveHours


class Fixed(Table):
    """Effort that is always the same."""

    hours: Annotated[WorkHours, Field(ge=0, le=2000)]


def _bare_hours(value: Any) -> Any:
    return {"fixed": {"hours": value}} if isinstance(value, (int, float, str)) else value


class Effort(Table):
    """Person-hours a step takes at skill level 1, undisturbed. A bare number is fixed hours."""

    lognormal: Lognormal | None = None
    exponential: Exponential | None = None
    fixed: Fixed | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Effort:
        if sum(part is not None for part in (self.lognormal, self.exponential, self.fixed)) != 1:
            raise ValueError("write exactly one of lognormal, exponential and fixed")
        return self

    @property
    def mean_hours(self) -> float:
        """Expected person-hours."""
        if self.fixed is not None:
            return self.fixed.hours
        return (self.lognormal or self.exponential).mean_hours  # type: ignore[union-attr]


AnyEffort = Annotated[Effort, BeforeValidator(_bare_hours)]


class Rework(Table):
    """Where an error of an earlier step that has come to light is mended."""

    to: Name
    """The step that is done again."""
    share: Annotated[Rate, Field(gt=0, le=2)] = default(
        0.3, unit="share of a fresh effort", source=_OURS, grade="assumption", low=0.1, high=1
    )
    """Effort of doing that step again."""


class BatchRule(Table):
    """Cases that are gathered and done together: set-up plus the effort of each."""

    size: Annotated[int, Field(ge=2, le=10_000)]
    """Done as soon as so many are there."""
    max_wait_hours: Annotated[WorkHours, Field(ge=0, le=20_000)]
    """Or when the first of them has waited so many office hours: a batch that never fills would wait for ever."""
    setup_hours: Annotated[WorkHours, Field(ge=0, le=1000)] = convention(
        0.0, unit="hours", why="no set-up unless stated"
    )


class Step(Table):
    """One step of a kind of work: done by somebody with a skill, or decided at a gate."""

    id: Name
    skill: Name | Annotated[tuple[Name, ...], Field(min_length=1, max_length=20)] | None = None
    """Who may do it: a skill, or a list of skills of which any will do."""
    people: Annotated[int, Field(ge=1, le=20)] = convention(1, unit="people", why="one person does a step")
    """So many with the skill, who must be free at the same moment, do it together; the effort is each one's."""
    skills: Annotated[tuple[Name, ...], Field(min_length=2, max_length=20)] | None = None
    """Several people together, one for each of these skills; the effort is each one's."""
    gate: Name | None = None
    """Name of a gate; the step is then a decision and has neither skill nor effort."""
    return_to: Name | None = None
    """At a gate: the step that rejected work returns to, where this kind differs from the gate's own."""
    after: tuple[Name, ...] = ()
    """Steps that must be finished first; ``live`` for follow-up after the launch."""
    effort: AnyEffort | None = None
    polish: Annotated[Share, Field(gt=0, lt=1)] | None = None
    """A last touch that an early launch does not wait for; the share of quality that is missing until it is done."""
    raises_fit: Annotated[Rate, Field(ge=0, le=10)] = convention(
        0.0, unit="share of audience fit", why="only research raises it"
    )
    """Research before launch: done without an error, it raises the audience fit of what goes live by this share."""
    batch: BatchRule | None = None
    """Wait for other cases of the kind and do them together."""
    internal_error: Annotated[Share, Field(lt=1)] = default(
        0.10, unit="probability per pass", source=_OURS, grade="assumption", low=0.02, high=0.25
    )
    """Chance that one pass of the step contains an error, besides what the hand-off lost."""

    external_error: Annotated[Share, Field(lt=1)] = convention(
        0.0, unit="probability per pass", why="no errors of others come to light unless stated"
    )
    """Chance that a pass brings to light an error of an earlier step, which `rework` then names."""
    rework: Annotated[tuple[Rework, ...], Field(max_length=60)] = ()
    """The earlier steps that such an error sends the work back to; all between them and this one is done again."""

    @property
    def roles(self) -> tuple[tuple[str, ...], ...]:
        """For each person it takes the skills of which any will do; empty for a decision."""
        if self.skills is not None:
            return tuple((skill,) for skill in self.skills)
        if self.skill is None:
            return ()
        return ((self.skill,) if isinstance(self.skill, str) else self.skill,) * self.people

    @model_validator(mode="after")
    def _worked_or_decided(self) -> Step:
        if self.skill is not None and self.skills is not None:
            raise ValueError(f"step {self.id!r}: write skill (any of them) or skills (one person each), not both")
        if self.people > 1 and self.skill is None:
            raise ValueError(f"step {self.id!r}: people counts those with the skill, so it needs a skill")
        if self.batch is not None and len(self.roles) != 1:
            raise ValueError(f"step {self.id!r}: a batch is for a step that one person does")
        if bool(self.external_error) != bool(self.rework):
            raise ValueError(f"step {self.id!r}: external_error and rework (where the work goes) need each other")
        if bool(self.roles) == (self.gate is not None):
            whole = "; a file that extends no other writes its steps whole" if not self.roles else ""
            raise ValueError(f"step {self.id!r} needs either a skill or a gate{whole}")
        if (self.effort is None) != (not self.roles):
            raise ValueError(f"step {self.id!r}: a step with a skill needs an effort, a gate has its own")
        shipped = type(self).model_fields["internal_error"].default
        if self.gate is not None and self.internal_error != shipped:
            raise ValueError(f"step {self.id!r} is a gate and makes no errors of its own")
        if self.gate is not None and self.polish is not None:
            raise ValueError(
                f"step {self.id!r} is a gate, which work has to pass: polish is something that somebody does"
            )
        if self.gate is not None and self.external_error:
            raise ValueError(f"step {self.id!r} is a gate: what it finds is said by the gate's `finds` and `return_to`")
        if self.gate is None and self.return_to is not None:
            raise ValueError(f"step {self.id!r} is no gate and returns nothing")
        return self


class Demand(Table):
    """Work of a kind that arrives by itself, besides what campaigns and signals create."""

    process: Literal["poisson", "regular"] = "poisson"
    per_week: Annotated[float, Field(gt=0, le=10_000)]
    calendar: Name = "office"
    """Arrivals fall into the hours of this calendar."""
    priority: Annotated[int, Field(ge=1, le=9)] = convention(5, unit="1 most urgent", why="the middle of the scale")


class LiveLearning(Table):
    """What customers answer to a launch that went out early teaches those who do its last touches.

    Of two ways to do what is left one is better for the audience, and before anybody has answered it is a toss-up.
    After n answers the way that looks better gains `gain` x sqrt(n / (n + `prior_answers`)) of audience fit: what a
    sample is worth with linear losses and a normal prior (Raiffa & Schlaifer 1961, ch. 5).
    """

    figure: Literal["opens", "clicks"] = "clicks"
    """What counts as an answer."""
    gain: Annotated[Rate, Field(gt=0, le=10)] = default(
        0.15, unit="share of audience fit", source=_OURS, grade="assumption", low=0.02, high=0.5
    )
    """What knowing everything would raise the audience fit by."""
    prior_answers: Annotated[float, Field(gt=0, le=1e9)] = default(
        200, unit="answers", source=_OURS, grade="assumption", low=20, high=2000
    )
    """What was believed before weighs as much as so many answers."""


class LaunchEarly(Table):
    """When the work goes live without its last touches, which then follow while it is live."""

    half_life_days: Annotated[Days, Field(gt=0, le=3650)]
    """The value of a timely launch halves in so many days from what it answers, or from its date."""
    value_below: Annotated[Share, Field(gt=0)] = default(
        0.5, unit="share of the value", source=_OURS, grade="assumption", low=0.2, high=0.9
    )
    """Early once no more than this share is left; 1 is at once."""
    least_quality: Share = default(0.7, unit="share of quality", source=_OURS, grade="assumption", low=0.5, high=0.95)
    """Readiness threshold: never early with less than this."""
    learning: LiveLearning | None = None
    """Last touches done while the work is live use what customers have answered."""


class WorkKind(Table):
    """A kind of work: a graph of steps."""

    urgent: bool = False
    """Interrupts the less urgent work of those who can do it, and goes before everything that is not urgent."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=60)]
    demand: Demand | None = None
    expires_days: Annotated[Days, Field(gt=0, le=3650)] | None = None
    """Unfinished work is abandoned so long after its arrival, unless the order says otherwise."""
    launch_early: LaunchEarly | None = None
    """Without it a launch waits for every step, `polish` or not."""


class Reject(Table):
    """Rejection as opinion: the chance in round k is ``first * decay ** (k - 1)``."""

    first: Share = default(0.3, unit="probability", source=_OURS, grade="assumption", low=0.1, high=0.6)
    decay: Annotated[Share, Field(gt=0)] = default(
        0.6, unit="factor per round", source=_OURS, grade="assumption", low=0.3, high=1
    )

    @model_validator(mode="after")
    def _lets_work_pass(self) -> Reject:
        if self.first == 1 and self.decay == 1:
            raise ValueError("a gate that rejects every round never lets work pass: lower first or decay")
        return self


class Delegation(Table):
    """A gate decided by the lead of the unit that has the case, on demand, instead of by its own approver."""

    to: Literal["lead"] = "lead"
    when: CaseCondition | None = None
    """Only what this is true of when it reaches the gate, such as ``risk < 0.3``; everything when left out."""
    effort_hours: PositiveHours = default(0.4, unit="hours", source=_OURS, grade="assumption", low=0.1, high=1.5)
    reject_factor: Share = default(
        0.6, unit="factor on the opinion's chance to reject", source=_OURS, grade="assumption", low=0.3, high=1
    )
    """A lead saw the work grow and is surprised less often."""
    finds_factor: Share = default(
        0.7, unit="factor on the chance to find a defect", source=_OURS, grade="assumption", low=0.4, high=1
    )
    """A lead is closer to the work and blinder to it."""
    audit_share: Share = default(
        0.0, unit="share of cases", source="delegation without an audit", grade="assumption", low=0, high=0.3
    )
    """Sampled cases that go to the gate's own approver after all."""


_APPROVER = r"^(head|lead|person:.+|skill:.+)$"


class _Gate(Table):
    approver: Annotated[str, Field(pattern=_APPROVER)] = "head"
    """``head`` (leads the top unit), ``lead`` (of the unit that has the case), ``person:ID`` or ``skill:NAME``."""
    reject: Reject = Reject()
    finds: Share = default(0.6, unit="probability per open defect", source=_OURS, grade="assumption", low=0.3, high=0.9)
    """Chance to find each defect; a found defect is a rejection."""
    return_to: Name | None = None
    """Step that rejected work returns to; the latest worked step before the gate when left out."""
    delegate: Delegation | None = None


class CadenceGate(_Gate):
    """A board: meets every so many working days and decides what is on its agenda."""

    mode: Literal["cadence"] = "cadence"
    every_days: Annotated[int, Field(ge=1, le=250)] = default(
        5, unit="working days", source="a weekly board", grade="assumption", low=1, high=10
    )
    at: Clock = convention(10, unit="hour of the day", why="mid-morning")
    calendar: Name = "office"
    capacity: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Cases per meeting; without a limit when left out."""
    effort_hours: Annotated[WorkHours, Field(ge=0, le=100)] = default(
        0.4, unit="approver's hours per case", source=_OURS, grade="assumption", low=0.1, high=1.5
    )


class OnDemandGate(_Gate):
    """An approver who decides when the work reaches the top of the in-tray, among other work."""

    mode: Literal["on_demand"] = "on_demand"
    effort: AnyEffort


Gate = Annotated[CadenceGate | OnDemandGate, Field(discriminator="mode")]
