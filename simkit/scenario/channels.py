"""Channels: how a firm reaches people, at what cost, with what response. The shipped ones: `channel_presets.py`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Discriminator, Field, Tag, model_validator

from simkit.scenario.channel_presets import KINDS, OFF_SITE, OFFLINE, PRESETS
from simkit.scenario.overlay import choices
from simkit.scenario.quantity import Clock, Days, Rate, Share, Table, convention, default

STAGES = ("unaware", "aware", "considering", "intent")
PROSPECT_STAGE = Literal["unaware", "aware", "considering", "intent"]
QUERY_STAGE = Literal["unaware", "aware", "considering", "intent", "customer"]
WEEKDAY = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[WEEKDAY, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_OURS = "simkit, no published estimate"
_GOOGLE = "Gmail and Yahoo sender rules 2024"
_AMAZON = "Amazon SES developer guide, reputation metrics"
_MCKINSEY = "none unless stated; McKinsey 2021 reports 10-15 % more revenue, 5-25 % by company"

Money = Annotated[float, Field(ge=0)]
PerWeek = Annotated[float, Field(ge=0, le=1000)]


class Trend(Table):
    """How a channel changes from year to year: one to adopt, one that dies. Compound, from the first measured day."""

    reach_per_year: Rate = convention(0.0, unit="share per year", why="no change unless stated", gt=-1, le=10)
    """Change of the consent shares, or of a paid medium's audience. Persons join or leave every 28 days."""
    response_per_year: Rate = convention(0.0, unit="share per year", why="no change unless stated", gt=-1, le=10)
    """Change of opening, clicking on advertisements and awareness, click-through, or visits."""
    cost_per_year: Rate = convention(0.0, unit="share per year", why="no change unless stated", gt=-1, le=10)
    """Change of the price of a message, impression, click or visit."""


class Reputation(Table):
    """What mailbox providers make of a sender: complaints, dead addresses and unopened mail cost inbox placement.

    Placement is the product of three ramps, each 1 up to the first bound and `worst` from the second one on.
    """

    half_life_days: Days = default(
        14, unit="days", source=_OURS + "; providers look at about a month", grade="assumption", low=7, high=30, gt=0
    )
    """How fast the past stops counting."""
    complaints_good: Share = default(
        0.001, unit="share of delivered", source=_GOOGLE + ": target", grade="survey", low=0.0005, high=0.001
    )
    complaints_bad: Share = default(
        0.003, unit="share of delivered", source=_GOOGLE + ": limit", grade="survey", low=0.003, high=0.005
    )
    bounces_good: Share = default(
        0.02,
        unit="hard bounces, share of sent",
        source=_AMAZON + ": best under 2 %",
        grade="survey",
        low=0.02,
        high=0.05,
    )
    bounces_bad: Share = default(
        0.10, unit="hard bounces, share of sent", source=_AMAZON + ": 10 % pauses", grade="survey", low=0.05, high=0.10
    )
    opened_good: Share = default(
        0.05, unit="opened, share of placed", source=_OURS, grade="assumption", low=0.02, high=0.08
    )
    """Below this share of opened messages placement falls, in proportion."""
    worst: Share = default(0.2, unit="share placed", source=_OURS, grade="assumption", low=0.05, high=0.5)

    @model_validator(mode="after")
    def _bounds_are_ordered(self) -> Self:
        for what in ("complaints", "bounces"):
            if getattr(self, f"{what}_good") >= getattr(self, f"{what}_bad"):
                raise ValueError(f"{what}_good must lie below {what}_bad")
        return self


class FlightWindow(Table):
    """Dates between which a channel spends, both included."""

    first: date
    last: date

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"the window ends on {self.last}, before it begins on {self.first}")
        return self


class Flighting(Table):
    """When a weekly budget is spent: by weekday, in pulses, or on dates.

    Weekdays and pulses move money within the plan, so that `budget_per_week` stays its mean; dates outside of all
    windows spend nothing.
    """

    weekdays: dict[WEEKDAY, Annotated[float, Field(ge=0, le=1000)]] = {}
    """Weights of the days; a day not named has weight 1."""
    weeks_on: Annotated[int, Field(ge=1, le=520)] = convention(1, unit="weeks", why="always on unless stated")
    weeks_off: Annotated[int, Field(ge=0, le=520)] = convention(0, unit="weeks", why="always on unless stated")
    """Pulses begin with the first measured day: so many weeks on, so many off."""
    dates: tuple[FlightWindow, ...] = ()

    @model_validator(mode="after")
    def _some_day_spends(self) -> Self:
        if self.weekdays and not any(self.weekdays.get(day, 1.0) for day in WEEKDAYS):
            raise ValueError("all seven weekdays have weight 0")
        return self

    def factor(self, on: date, days_since_start: int) -> float:
        """Today's money as a multiple of a seventh of the weekly budget."""
        if self.dates and not any(window.first <= on <= window.last for window in self.dates):
            return 0.0
        cycle = self.weeks_on + self.weeks_off
        if days_since_start // 7 % cycle >= self.weeks_on:
            return 0.0
        weights = [self.weekdays.get(day, 1.0) for day in WEEKDAYS]
        return weights[on.weekday()] * 7 / sum(weights) * cycle / self.weeks_on


class Addressed(Table):
    """Email, SMS, push, in-app, messaging app, letter, call: a message to one person, under the contact policy."""

    kind: Literal["addressed"] = "addressed"
    consent_customers: Share
    """Share of customers who may be contacted here."""
    consent_prospects: Share
    """Share of prospects who may be contacted here."""
    bounce: Share
    """Share of sent messages that do not arrive this time."""
    address_loss_per_year: Rate = convention(
        0.0, unit="share of addresses a year", why="off: published response is per delivered message; Mailchimp's hard "
        "bounces of 0.4 % at one send a week are 0.19 a year", ge=0, lt=1
    )  # fmt: skip
    """Addresses that die; the next message there bounces for good and ends reachability."""
    open_rate: Share
    """Probability to open (notice, answer) a delivered message at no fatigue and reference relevance."""
    click_given_open: Share
    """Clicks, answers or agreements per opened message at reference relevance."""
    cost_per_message: Money
    """In `currency`."""
    fatigue_weight: Annotated[float, Field(ge=0, le=100)]
    """What one delivered message adds to fatigue; an email adds 1."""
    opt_out_factor: Annotated[float, Field(ge=0, le=1000)]
    """Multiplies `market.fatigue.opt_out`."""
    complaint_share: Share = convention(0.0, unit="share of opt-outs", why="none unless stated")
    """Of those who opt out, the share who complain (report spam) to do so."""
    lapse: Share = convention(
        0.0, unit="probability per delivered message", why="off: the calibrated open rates already contain the dormant"
    )
    """Chance that a person stops looking, at no fatigue and reference relevance; it grows as opting out does. Who is
    dormant on a channel opens nothing there until the next purchase."""
    reputation: Reputation = Reputation()
    capacity_per_day: Annotated[float, Field(ge=0)] | None = None
    """Most contacts a day, for the real market (people who call). The best by standing go first."""
    lands_on_site: bool = True
    """Clicks lead to the site, whose personalization then helps."""
    offline: bool = False
    """Letters and calls: known to be of the same person as contacts online by `data.offline_linked`."""
    purchase_days: Annotated[float, Field(ge=0, le=3650)]
    """A click brings a customer the purchases of this many days at the person's own rate."""
    moves: dict[PROSPECT_STAGE, Share]
    """Probability that a click moves a prospect up from this stage; from `intent` it is the first purchase."""
    send_time: Clock = convention(10.0, unit="hour of the day", why="mid-morning unless stated")
    """Local time of sending unless the campaign says otherwise."""
    trend: Trend = Trend()


class Paid(Table):
    """Paid and broadcast media: impressions bought for a budget, response by frequency."""

    kind: Literal["paid"] = "paid"
    budget_per_week: Money
    """In `currency`, for the real market."""
    flighting: Flighting = Flighting()
    cost_per_thousand: Annotated[float, Field(gt=0)]
    """Impressions, in `currency`."""
    audience: Share = convention(1.0, unit="share of persons", why="everyone unless stated")
    """Persons who use the medium; only they can see anything there."""
    click_rate: Share
    """Clicks (calls, visits) per impression at reference relevance."""
    memory_half_life_days: Annotated[Days, Field(gt=0)]
    """Half-life of the exposures that are remembered (adstock)."""
    hill_half: Annotated[float, Field(gt=0)]
    """Remembered exposures at which half the effect is reached."""
    hill_slope: Annotated[float, Field(gt=0, le=10)]
    awareness: Share
    """Probability a day with an impression that the unaware become aware, at saturated frequency."""
    lands_on_site: bool = True
    purchase_days: Annotated[float, Field(ge=0, le=3650)]
    moves: dict[PROSPECT_STAGE, Share]
    trend: Trend = Trend()


class Search(Table):
    """Search advertising: people ask, some see and click the advertisement (AMSS's form)."""

    kind: Literal["search"] = "search"
    budget_per_week: Money
    queries_per_week: dict[QUERY_STAGE, PerWeek]
    """Queries of a person in this stage."""
    coverage: Share
    """Share of queries that match the keywords."""
    bid: Annotated[float, Field(gt=0)] | None = None
    """Offer per click. None: all matching queries, at `cost_per_click`. Otherwise the advertisement is shown on
    min(1, (bid - lowest) / (highest - lowest)) of them, and a click costs the bid, within the two bounds."""
    lowest_cost_per_click: Annotated[float, Field(ge=0)] = default(
        0.3, unit="currency", source=_OURS, grade="assumption", low=0.05, high=0.8
    )
    highest_cost_per_click: Annotated[float, Field(gt=0)] = default(
        2.5, unit="currency", source=_OURS, grade="assumption", low=1, high=6
    )
    click_through: Share
    """Clicks per query on which the advertisement is shown."""
    cost_per_click: Annotated[float, Field(gt=0)]
    lands_on_site: bool = True
    purchase_days: Annotated[float, Field(ge=0, le=3650)]
    moves: dict[PROSPECT_STAGE, Share]
    trend: Trend = Trend()

    @model_validator(mode="after")
    def _an_auction_has_a_range(self) -> Self:
        if self.lowest_cost_per_click >= self.highest_cost_per_click:
            raise ValueError("lowest_cost_per_click must lie below highest_cost_per_click")
        return self

    @property
    def share_of_voice(self) -> float:
        """Share of matching queries on which the bid wins."""
        low, high = self.lowest_cost_per_click, self.highest_cost_per_click
        return 1.0 if self.bid is None else min(1.0, max(0.0, (self.bid - low) / (high - low)))

    @property
    def price(self) -> float:
        """What a click costs."""
        if self.bid is None:
            return self.cost_per_click
        return min(max(self.bid, self.lowest_cost_per_click), self.highest_cost_per_click)


class Owned(Table):
    """Content, organic social, a store: people come by themselves, by stage. Customers' direct visits are part of
    their fitted purchases."""

    kind: Literal["owned"] = "owned"
    visits_per_week: dict[PROSPECT_STAGE, PerWeek]
    """Visits of a prospect in this stage."""
    cost_per_visit: Money
    cost_per_week: Money = convention(0.0, unit="currency/week", why="none unless stated")
    """Upkeep (writing, posting), whoever comes."""
    queries_per_visit: float = convention(0.0, unit="queries/visit", why="none unless stated", ge=0, le=100)
    """Queries on search channels that a visit brings about, beside those of the visitor's stage."""
    lands_on_site: bool = True
    moves: dict[PROSPECT_STAGE, Share]
    trend: Trend = Trend()


class Web(Owned):
    """The firm's own site. What personalization and recommendations add holds for every click that lands on it."""

    kind: Literal["web"] = "web"  # type: ignore[assignment]
    personalization: Rate = convention(0.0, unit="share of conversions", why=_MCKINSEY, ge=0, le=5)
    """Conversions that personalized pages add."""
    recommendations: Rate = convention(0.0, unit="share of conversions", why="none unless stated", ge=0, le=5)
    """Conversions that recommendations add, on top."""

    @property
    def lift(self) -> float:
        """Factor on conversion."""
        return (1 + self.personalization) * (1 + self.recommendations)


Channel = Addressed | Paid | Search | Owned | Web


def _kind(value: Any) -> Any:
    return value.get("kind", "addressed") if isinstance(value, dict) else getattr(value, "kind", None)


AnyChannel = Annotated[
    Annotated[Addressed, Tag("addressed")]
    | Annotated[Paid, Tag("paid")]
    | Annotated[Search, Tag("search")]
    | Annotated[Owned, Tag("owned")]
    | Annotated[Web, Tag("web")],
    Discriminator(_kind),
]


DEFAULT_CHANNELS = ("email", "sms", "push", "paid_social", "search", "web")
"""The channels of a scenario that names none."""


def preset(name: str) -> dict[str, Any]:
    """The shipped channel as the nested table a user could have written."""
    table: dict[str, Any] = {"kind": KINDS[name]}
    for field, figure in PRESETS[name].items():
        *outer, last = field.split(".")
        into = table
        for part in outer:
            into = into.setdefault(part, {})
        into[last] = figure.value
    if name in OFF_SITE:
        table["lands_on_site"] = False
    if name in OFFLINE:
        table["offline"] = True
    return table


def fill(channels: Any) -> Any:
    """Short forms of `channels`: a list of names, or a table that changes single numbers of a preset."""
    if isinstance(channels, (list, tuple)) and all(isinstance(name, str) for name in channels):
        channels = {name: {} for name in channels}
    if isinstance(channels, str):
        raise ValueError(f"expected a list such as [email, sms] or a table, found {channels!r}")
    if not isinstance(channels, dict):
        return channels
    for name, table in channels.items():
        if name not in PRESETS and not (isinstance(table, BaseModel) or (table and {"kind", "moves"} & set(table))):
            hint = choices(str(name), list(PRESETS), "presets")
            raise ValueError(f"there is no channel preset {name!r}{hint}; a channel of your own states its kind")
    return {name: _filled(name, table) for name, table in channels.items()}


def _filled(name: str, table: Any) -> Any:
    """A channel over the preset of its name, unless it is of another kind."""
    if name not in PRESETS or (isinstance(table, dict) and table.get("kind", KINDS[name]) != KINDS[name]):
        return table
    return _over(preset(name), table)


def _over(base: dict[str, Any], table: Any) -> Any:
    if table is None:
        return base
    if not isinstance(table, dict):
        return table
    merged = dict(base)
    for key, value in table.items():
        inner = merged.get(key)
        merged[key] = {**inner, **value} if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged
