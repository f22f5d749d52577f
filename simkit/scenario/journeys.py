"""Journeys: series of messages that one person's own occasion starts, and how far each person has come.

A journey waits for its occasion (a first purchase, a visit that ended without one, a long silence), then sends
one message per step, each into the same contest for the inbox as the campaigns. Steps only go forward.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario.conditions import Condition as Where
from simkit.scenario.goals import AnyOffer
from simkit.scenario.quantity import Clock, Days, Share, Table, convention, default
from simkit.scenario.ready_journeys import READY, ready_journey

_OURS = "simkit, no published estimate"

JOURNEYS = 8
"""Journeys that a scenario may have: a customer's record remembers the entries into each."""
STEPS = 64
"""Steps of all journeys together."""
AT_ONCE = 4
"""Journeys that one person can be in at the same time."""

Trigger = Literal[
    "first_purchase", "purchase", "visit_without_purchase", "click", "became_aware", "became_considering",
    "became_intent", "lapsed", "lead",
]  # fmt: skip
Condition = Literal["always", "opened", "not_opened", "clicked", "not_clicked", "attended", "missed"]
NEXT, LEAVE = "next", "leave"


class Step(Table):
    """One message of a journey, and where the journey goes from there."""

    after: Annotated[Days, Field(ge=0, le=365)] = convention(1.0, unit="days", why="the next day")
    """Since the step before was sent or passed over, or since the occasion. Journeys are worked through once a day:
    hours round up to days, and no message goes on the day of its occasion or of the message before."""
    channel: str = "email"
    relevance: Share = default(0.6, unit="share", source=_OURS, grade="assumption", low=0.5, high=0.8)
    """Fit to the person at this moment; a message on an own occasion fits better than a campaign."""
    priority: Annotated[int, Field(ge=1, le=9)] = 3
    """1 goes first among the messages of the same hour, campaigns included."""
    send_time: Clock | None = None
    only_if: Condition = "always"
    """What the journey's last message met with (`opened`, `clicked`), or whether the person came (`attended`)."""
    where: Where | None = None
    """A condition besides (`scenario/conditions.py`), such as ``purchases < 2``; asked on the day the step is due."""
    offer: AnyOffer | None = None
    """A price cut, such as ``10%``."""
    otherwise: str = NEXT
    """Where the journey goes when `only_if` or `where` does not hold, or consent is missing: a later step, `next` or
    `leave`."""
    then: str = NEXT
    """Where it goes after the message: a later step, `next` or `leave`."""
    wait_days: Annotated[int, Field(ge=1, le=60)] = 3
    """Days on which a blocked message is tried."""


class Journey(Table):
    """A series of messages with an entry, exits and a person's own clock."""

    starts: Trigger
    """The occasion. `lapsed`: no purchase for `lapsed_days`. `click`: on a message of `campaign` (any when none is
    named). `lead`: the score of `leads` reached its threshold. `visit_without_purchase`: a click or a visit of the site
    on a day without a purchase."""
    campaign: str | None = None
    lapsed_days: Days = default(180, unit="days", source=_OURS, grade="assumption", low=90, high=365, gt=0)
    segments: Literal["all"] | tuple[str, ...] = "all"
    where: Where | None = None
    """A condition besides for entering, asked at the end of the day of the occasion."""
    share: Share = convention(1.0, unit="share of occasions", why="everybody the occasion happens to")
    """Share of occasions that lead into the journey: of visits without a purchase, those that leave a full cart."""
    attendance: Share | None = None
    """Share of those who signed up that come; steps ask for it by `attended` and `missed`."""
    again_after: Days | None = None
    """Days after its end until a person may enter once more; none: once in a lifetime."""
    exits: tuple[Literal["purchase", "opt_out"], ...] = ("opt_out",)
    """What ends it early. `opt_out`: from one of its channels."""
    blocked: Literal["defer", "drop", "leave"] = "defer"
    """A message that the contact policy blocks is tried again for the step's `wait_days` and then passed over,
    passed over at once, or ends the journey."""
    tags: tuple[str, ...] = ()
    """What sort of messages these are, for the caps and exemptions of the contact policy."""
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """Worth of one response against other messages', where the contact policy arbitrates by it."""
    live_from: Days | None = None
    """Days after the first measured day from which people may enter; none: all the time, warm-up included. With `work`,
    when the department is asked for it; none: on the first day of the warm-up."""
    work: str | None = None
    """The kind of work, a key of `teams.work`, that makes its messages: nobody enters before the day after it is done,
    and errors that escape lower the relevance of all its messages. None: the journey exists already."""
    steps: Annotated[dict[str, Step], Field(min_length=1)]

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        names = list(self.steps)
        for at, (name, step) in enumerate(self.steps.items()):
            for way, to in (("then", step.then), ("otherwise", step.otherwise)):
                if to in (NEXT, LEAVE):
                    continue
                if to not in names:
                    raise ValueError(f"step {name!r}: {way} names no step {to!r}; there are: {', '.join(names)}")
                if names.index(to) <= at:
                    raise ValueError(
                        f"step {name!r}: {way} goes back to {to!r}; a journey with a loop never ends, steps go forward"
                    )
            if step.only_if in ("attended", "missed") and self.attendance is None:
                raise ValueError(f"step {name!r} asks who {step.only_if}; give the journey an `attendance`")
        for word in (NEXT, LEAVE):
            if word in names:
                raise ValueError(f"a step cannot be called {word!r}: `then` and `otherwise` use the word")
        return self

    @model_validator(mode="after")
    def _campaigns_only_for_clicks(self) -> Self:
        if self.campaign is not None and self.starts != "click":
            raise ValueError(f"`campaign` is for journeys that start with a click; this one starts with {self.starts}")
        return self

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels that its steps use."""
        return tuple(dict.fromkeys(step.channel for step in self.steps.values()))


def days_after(step: Step) -> int:
    """Whole days from the step before; a journey is worked through once a day."""
    return math.ceil(step.after - 1e-9)


def journey_problems(
    journeys: dict[str, Journey], addressed: set[str], campaigns: set[str], segments: set[str], leads: bool
) -> Iterator[tuple[str, str]]:
    """Mistakes that no single journey shows, as (dotted path, sentence)."""
    if len(journeys) > JOURNEYS:
        yield "journeys", f"at most {JOURNEYS} journeys fit a customer's record, found {len(journeys)}"
    steps = sum(len(journey.steps) for journey in journeys.values())
    if steps > STEPS:
        yield "journeys", f"at most {STEPS} steps of all journeys together, found {steps}"
    for name, journey in journeys.items():
        for step_name, step in journey.steps.items():
            yield from _missing(
                f"journeys.{name}.steps.{step_name}.channel", "addressed channel", step.channel, addressed
            )
        if journey.starts == "lead" and not leads:
            yield f"journeys.{name}.starts", "there are no leads to start with; add `leads: {}`"
        if journey.campaign is not None:
            yield from _missing(f"journeys.{name}.campaign", "campaign", journey.campaign, campaigns)
        for segment in journey.segments if isinstance(journey.segments, tuple) else ():
            yield from _missing(f"journeys.{name}.segments", "segment", segment, segments)


def _missing(path: str, what: str, name: str, allowed: set[str]) -> Iterator[tuple[str, str]]:
    if name not in allowed:
        yield path, f"unknown {what} {name!r}; there are: {', '.join(sorted(allowed)) or 'none'}"


def fill(journeys: Any) -> Any:
    """Short forms of `journeys`: a list of ready ones, or a table that changes single values of a ready one."""
    if isinstance(journeys, str):
        raise ValueError(f"expected a list such as [welcome, cart] or a table, found {journeys!r}")
    if isinstance(journeys, (list, tuple)):
        for name in journeys:
            if name not in READY:
                raise ValueError(f"there is no ready journey {name!r}; there are: {', '.join(READY)}")
        return {name: ready_journey(name) for name in journeys}
    if not isinstance(journeys, dict):
        return journeys
    return {name: _over(ready_journey(name), table) if name in READY else table for name, table in journeys.items()}


def _over(base: dict[str, Any], table: Any) -> Any:
    """The table laid over a ready journey; steps by name, and null takes a step out."""
    if table is None:
        return base
    if not isinstance(table, dict):
        return table
    merged = {**base, **table}
    if isinstance(table.get("steps"), dict):
        steps = dict(base["steps"])
        for name, step in table["steps"].items():
            if step is None:
                steps.pop(name, None)
            else:
                steps[name] = {**steps.get(name, {}), **step} if isinstance(step, dict) else step
        merged["steps"] = steps
    return merged


AnyJourneys = Annotated[dict[str, Journey], BeforeValidator(fill)]


def journey_conditions(journeys: dict[str, Journey]) -> Iterator[tuple[str, str]]:
    """Every condition of journeys with the dotted path of its place."""
    for name, journey in journeys.items():
        if journey.where is not None:
            yield f"journeys.{name}.where", journey.where
        for step_name, step in journey.steps.items():
            if step.where is not None:
                yield f"journeys.{name}.steps.{step_name}.where", step.where
