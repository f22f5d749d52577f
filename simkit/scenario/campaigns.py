"""Campaigns the department makes, and what happens in the world that asks for more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario.conditions import Condition
from simkit.scenario.goals import GOAL_AUDIENCE, AnyOffer, Goal
from simkit.scenario.quantity import Clock, Days, Hours, Share, Table, convention, default
from simkit.scenario.stops import Stops
from simkit.scenario.wrong_channel import WrongChannel

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario

_OURS = "simkit, no published estimate"
_SHEWHART = "one side of a three-sigma control chart has 0.00135 (Montgomery, Statistical Quality Control)"


class Audience(Table):
    """Whom a campaign is for, by what the firm can see."""

    who: Literal["customers", "prospects", "everyone"] = "customers"
    """Customers are persons who ever bought: a firm cannot see who has left for good."""
    segments: Literal["all", "each"] | tuple[str, ...] = "all"
    """``each``: successive campaigns go to one segment after the other."""
    bought_within_days: Annotated[Days, Field(gt=0)] | None = None
    not_bought_within_days: Annotated[Days, Field(gt=0)] | None = None
    where: Condition | None = None
    """A condition besides (`scenario/conditions.py`), such as ``stage is intent and fatigue < 2``."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _parse_audience(value: Any) -> Any:
    return {"who": value} if isinstance(value, str) else value


class Campaign(Table):
    """A program of campaigns of one sort: how many, for whom, through what, and what they take to make."""

    work: str = "email_campaign"
    """The kind of work it takes, a key of `teams.work`."""
    per_week: float = default(
        0, unit="campaigns/week", source="the firm's plan", grade="convention", low=0, high=0, ge=0, le=1000
    )
    """Planned ones; campaigns that only answer signals have none."""
    channels: Annotated[tuple[str, ...], Field(min_length=1, max_length=6)] = ("email",)
    goal: Goal | None = None
    """What it is for: whom it addresses unless `audience` says so, and what a click does besides (`upsell`, `retain`;
    see `market.goal_effects`)."""
    offer: AnyOffer | None = None
    """A price cut, such as ``10%``; on addressed channels."""
    audience: Annotated[Audience, BeforeValidator(_parse_audience)] = Audience()
    relevance: Share = default(0.5, unit="share", source=_OURS, grade="assumption", low=0.4, high=0.6)
    """Fit to the audience when it is on time and without errors."""
    priority: Annotated[int, Field(ge=1, le=9)] = 5
    """1 goes first, in the department and in the inbox."""
    lead_days: Days = default(
        21,
        unit="days",
        source="simkit; three weeks from request to planned date",
        grade="assumption",
        low=14,
        high=35,
        ge=0,
    )
    """From the request to the planned date. What is ready early waits for its date."""
    half_life_days: Days = default(10, unit="days", source=_OURS, grade="assumption", low=4, high=30, gt=0)
    """Lateness after which half the relevance is gone."""
    live_days: Annotated[int, Field(ge=1, le=60)] = 4
    """Days on which a message that could not go may still be tried."""
    flight_days: Annotated[int, Field(ge=1, le=365)] = 14
    """Days over which a paid campaign spends."""
    send_time: Clock | Literal["best"] | None = None
    """Hour of the day; ``best``: each person's own (`market.receptive`), or the nearest one outside quiet hours."""
    tags: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()
    """What sort of message it is (offer, service), for the caps and exemptions of the contact policy."""
    topic: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    """What it is about, which a person may refuse without opting out of the channel."""
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """Worth of one response against other campaigns', where the contact policy arbitrates by it."""
    fallback: str | None = None
    """Addressed channel that takes a message which the policy or a missing consent keeps from its own."""
    prize_draw: bool = False
    """Whoever gets it may win something; limited by `contact_policy.prize_draws`."""
    stop_after: Stops = ()
    """When a person gets no more of it: ``[3 unopened, 1 purchase, 1 complaint]``."""
    holdout: Share = convention(0.0, unit="share of persons", why="nobody is held out unless asked")
    """Persons who never get this campaign; always the same."""
    wrong_channel: WrongChannel | None = None
    """How its own figures tell that its channel was the wrong one, and what then does it again; nobody looks unless
    written."""

    @model_validator(mode="before")
    @classmethod
    def _a_goal_has_its_audience(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("goal") in GOAL_AUDIENCE and data.get("audience") is None:
            return {**data, "audience": GOAL_AUDIENCE[data["goal"]]}
        return data


class Occasion(Table):
    """Something in the world that a timely campaign can use or must answer."""

    per_year: float = default(6, unit="occasions/year", source=_OURS, grade="assumption", low=2, high=24, ge=0, le=1000)
    half_life_days: Days = default(14, unit="days", source=_OURS, grade="assumption", low=4, high=40, gt=0)
    """How fast it fades by itself."""
    answered_by: str
    """The campaign that answers it."""
    segments: Literal["all", "each"] | tuple[str, ...] = "each"
    """``each``: every occasion concerns one segment, drawn evenly."""
    stake: Share = default(0.5, unit="share", source=_OURS, grade="assumption", low=0.2, high=0.8)
    """Extra relevance of a campaign that answers at once."""
    harm: Share = default(
        0.0, unit="share of purchases", source="none unless stated", grade="convention", low=0, high=0
    )
    """Share of organic purchases lost to it when fresh and unanswered (a competitor's price cut)."""
    answer_effect: Share = default(0.6, unit="share of harm", source=_OURS, grade="assumption", low=0.3, high=0.9)
    """Share of the harm that a perfectly relevant answer takes away."""
    noticed_after: Hours = default(36, unit="hours", source=_OURS, grade="assumption", low=6, high=120, ge=0)
    """Mean detection lag (exponential)."""
    expires_days: Days = default(30, unit="days", source=_OURS, grade="assumption", low=14, high=60, gt=0)
    """Unanswered after this long, the work on it is given up."""


class Monitor(Table):
    """A figure somebody reads; when it worsens, work begins."""

    figure: Literal["churn_rate", "conversion_rate", "service_abandoned_share", "lead_rejected_share"]
    """churn_rate: persons lost per customer a day. conversion_rate: purchases per click or visit. What `service` and
    `sales` tell: service_abandoned_share: requests given up, of those that ended at the desk in the day;
    lead_rejected_share: leads that sales sends back, of those it answered in the day."""
    worsens_by: Share = default(0.3, unit="share", source=_OURS, grade="assumption", low=0.15, high=0.5)
    """Relative worsening that is acted on."""
    window_days: Annotated[int, Field(ge=1, le=365)] = 14
    baseline_days: Annotated[int, Field(ge=1, le=730)] = 56
    """The window is compared with this many days before it."""
    every_days: Annotated[int, Field(ge=1, le=365)] = 7
    """How often the figure is read."""
    lag: Hours = default(24, unit="hours", source=_OURS, grade="assumption", low=4, high=72, ge=0)
    """From reading the figure to a request for work."""
    quiet_days: Annotated[int, Field(ge=0, le=365)] = 28
    """After a signal the monitor is not acted on for this long."""
    half_life_days: Days = default(30, unit="days", source=_OURS, grade="assumption", low=10, high=60, gt=0)
    expires_days: Days = default(45, unit="days", source=_OURS, grade="assumption", low=20, high=90, gt=0)
    answered_by: str
    stake: Share = default(0.3, unit="share", source=_OURS, grade="assumption", low=0.1, high=0.6)
    false_alarm_rate: Share = default(
        0.0, unit="share of readings", source="none unless stated; " + _SHEWHART, grade="convention", low=0, high=0.05
    )
    """Readings that raise a signal although nothing has changed: work without a cause, a launch without a stake."""


def monitor_sense(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Monitors of a service desk or sales team that is not there."""
    there = {"service": scenario.service, "sales": scenario.sales}
    for name, monitor in scenario.monitors.items():
        section = {"service_abandoned_share": "service", "lead_rejected_share": "sales"}.get(monitor.figure)
        if section is not None and there[section] is None:
            yield f"monitors.{name}.figure", f"{monitor.figure} is told by `{section}`, and the scenario has none"
