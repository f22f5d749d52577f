"""Channels: how a firm reaches people, at what cost, with what response. Presets with published rates."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from simkit.scenario.quantity import Clock, Days, Figure, Share, Table

STAGES = ("unaware", "aware", "considering", "intent")
PROSPECT_STAGE = Literal["unaware", "aware", "considering", "intent"]
QUERY_STAGE = Literal["unaware", "aware", "considering", "intent", "customer"]

_MAILCHIMP = "Mailchimp benchmarks 2019, e-commerce"
_MAILCHIMP_ALL = "Mailchimp benchmarks 2019, all industries"
_KLAVIYO = "Klaviyo help, ranges considered good"
_OURS = "simkit, no published estimate"
_LIST = "simkit; typical list prices"


class Addressed(Table):
    """Email, SMS, push: a message to one person, under consent and the contact policy."""

    kind: Literal["addressed"] = "addressed"
    consent_customers: Share
    """Share of customers who may be contacted here."""
    consent_prospects: Share
    """Share of prospects who may be contacted here."""
    bounce: Share
    """Share of sent messages that do not arrive."""
    open_rate: Share
    """Probability to open a delivered message at no fatigue and reference relevance."""
    click_given_open: Share
    cost_per_message: Annotated[float, Field(ge=0)]
    """In `currency`."""
    fatigue_weight: Annotated[float, Field(ge=0, le=100)]
    """What one delivered message adds to fatigue; an email adds 1."""
    opt_out_factor: Annotated[float, Field(ge=0, le=1000)]
    """Multiplies `market.fatigue.opt_out`."""
    purchase_days: Annotated[float, Field(ge=0, le=3650)]
    """A click brings a customer the purchases of this many days at the person's own rate."""
    moves: dict[PROSPECT_STAGE, Share]
    """Probability that a click moves a prospect up from this stage; from `intent` it is the first purchase."""
    send_time: Clock = 10.0
    """Local time of sending unless the campaign says otherwise."""


class Paid(Table):
    """Paid media: impressions bought for a budget, response by frequency."""

    kind: Literal["paid"] = "paid"
    budget_per_week: Annotated[float, Field(ge=0)]
    """In `currency`, for the real market."""
    cost_per_thousand: Annotated[float, Field(gt=0)]
    """Impressions, in `currency`."""
    click_rate: Share
    """Clicks per impression at reference relevance."""
    memory_half_life_days: Annotated[Days, Field(gt=0)]
    """Half-life of the exposures that are remembered (adstock)."""
    hill_half: Annotated[float, Field(gt=0)]
    """Remembered exposures at which half the effect is reached."""
    hill_slope: Annotated[float, Field(gt=0, le=10)]
    awareness: Share
    """Probability a day with an impression that the unaware become aware, at saturated frequency."""
    purchase_days: Annotated[float, Field(ge=0, le=3650)]
    moves: dict[PROSPECT_STAGE, Share]


class Search(Table):
    """Search advertising: people ask, some see and click the advertisement."""

    kind: Literal["search"] = "search"
    budget_per_week: Annotated[float, Field(ge=0)]
    queries_per_week: dict[QUERY_STAGE, Annotated[float, Field(ge=0, le=1000)]]
    """Queries of a person in this stage."""
    coverage: Share
    """Share of queries on which the advertisement is shown (keywords and bid)."""
    click_through: Share
    cost_per_click: Annotated[float, Field(gt=0)]
    purchase_days: Annotated[float, Field(ge=0, le=3650)]
    moves: dict[PROSPECT_STAGE, Share]


class Web(Table):
    """The firm's own site: people come by themselves, by stage."""

    kind: Literal["web"] = "web"
    visits_per_week: dict[PROSPECT_STAGE, Annotated[float, Field(ge=0, le=1000)]]
    """Direct visits of a prospect. Customers' direct visits are part of their fitted purchases."""
    cost_per_visit: Annotated[float, Field(ge=0)]
    moves: dict[PROSPECT_STAGE, Share]


Channel = Addressed | Paid | Search | Web


def _kind(value: Any) -> Any:
    return value.get("kind", "addressed") if isinstance(value, dict) else getattr(value, "kind", None)


AnyChannel = Annotated[
    Annotated[Addressed, Tag("addressed")]
    | Annotated[Paid, Tag("paid")]
    | Annotated[Search, Tag("search")]
    | Annotated[Web, Tag("web")],
    Discriminator(_kind),
]


def _figure(value: float, unit: str, source: str, grade: Any, low: float, high: float) -> Figure:
    return Figure(unit=unit, source=source, grade=grade, low=low, high=high, value=value)


def _moves(unaware: float, aware: float, considering: float, intent: float) -> dict[str, Figure]:
    values = dict(zip(STAGES, (unaware, aware, considering, intent), strict=True))
    return {
        f"moves.{stage}": _figure(p, "probability per engaged contact", _OURS, "assumption", p / 2, min(1, p * 2))
        for stage, p in values.items()
    }


def _by_stage(field: str, unit: str, **rates: float) -> dict[str, Figure]:
    return {f"{field}.{s}": _figure(x, unit, _OURS, "assumption", x / 2, x * 2) for s, x in rates.items()}


PRESETS: dict[str, dict[str, Figure]] = {
    "email": {
        "consent_customers": _figure(0.75, "share of customers", _OURS, "assumption", 0.5, 0.9),
        "consent_prospects": _figure(0.10, "share of prospects", _OURS, "assumption", 0.02, 0.3),
        "bounce": _figure(0.0101, "share of sent", _MAILCHIMP_ALL + ", hard + soft", "survey", 0.004, 0.02),
        "open_rate": _figure(
            0.30,
            "share of delivered",
            "calibrated: " + _MAILCHIMP + " reports 15.7 % under fatigue",
            "survey",
            0.20,
            0.40,
        ),
        "click_given_open": _figure(0.128, "share of opens", _MAILCHIMP + ", 2.01 % / 15.68 %", "survey", 0.08, 0.18),
        "cost_per_message": _figure(0.001, "currency", _LIST, "assumption", 0.0003, 0.004),
        "fatigue_weight": _figure(1.0, "per message", "scale of fatigue", "convention", 1, 1),
        "opt_out_factor": _figure(1.0, "factor", "scale of market.fatigue.opt_out", "convention", 1, 1),
        "purchase_days": _figure(30.0, "days of purchases per click", _OURS, "assumption", 10, 60),
        **_moves(0.30, 0.25, 0.20, 0.10),
    },
    "sms": {
        "consent_customers": _figure(0.25, "share of customers", _OURS, "assumption", 0.1, 0.5),
        "consent_prospects": _figure(0.02, "share of prospects", _OURS, "assumption", 0, 0.1),
        "bounce": _figure(0.03, "share of sent", _OURS, "assumption", 0.01, 0.06),
        "open_rate": _figure(
            0.90, "share of delivered", "simkit; nearly all text messages are seen", "assumption", 0.7, 0.98
        ),
        "click_given_open": _figure(0.12, "share of opens", _KLAVIYO + ": click 8.9-14.5 %", "survey", 0.089, 0.145),
        "cost_per_message": _figure(0.015, "currency", _LIST, "assumption", 0.007, 0.05),
        "fatigue_weight": _figure(1.5, "per message", _OURS, "assumption", 1, 3),
        "opt_out_factor": _figure(4.0, "factor", _KLAVIYO + ": unsubscribe 0.6-1.4 %", "survey", 3, 7),
        "purchase_days": _figure(30.0, "days of purchases per click", _OURS, "assumption", 10, 60),
        **_moves(0.30, 0.25, 0.20, 0.10),
    },
    "push": {
        "consent_customers": _figure(0.20, "share of customers", _OURS, "assumption", 0.1, 0.5),
        "consent_prospects": _figure(0.02, "share of prospects", _OURS, "assumption", 0, 0.1),
        "bounce": _figure(0.05, "share of sent", _OURS, "assumption", 0.02, 0.15),
        "open_rate": _figure(0.50, "share of delivered", _OURS, "assumption", 0.3, 0.7),
        "click_given_open": _figure(0.06, "share of opens", _OURS, "assumption", 0.03, 0.12),
        "cost_per_message": _figure(0.0002, "currency", _LIST, "assumption", 0, 0.001),
        "fatigue_weight": _figure(0.7, "per message", _OURS, "assumption", 0.4, 1.5),
        "opt_out_factor": _figure(
            3.0, "factor", "37 % say 2-5 a week would make them switch off (Localytics 2017)", "survey", 1, 6
        ),
        "purchase_days": _figure(30.0, "days of purchases per click", _OURS, "assumption", 10, 60),
        **_moves(0.30, 0.25, 0.20, 0.10),
    },
    "paid_social": {
        "budget_per_week": _figure(12_000.0, "currency/week", _OURS, "assumption", 4_000, 40_000),
        "cost_per_thousand": _figure(9.0, "currency/1,000 impressions", _LIST, "assumption", 5, 15),
        "click_rate": _figure(
            0.009, "share of impressions", "simkit; commonly reported near 0.9 %", "assumption", 0.004, 0.015
        ),
        "memory_half_life_days": _figure(7.0, "days", _OURS, "assumption", 2, 21),
        "hill_half": _figure(4.0, "exposures", _OURS, "assumption", 2, 10),
        "hill_slope": _figure(1.5, "exponent", _OURS, "assumption", 1, 3),
        "awareness": _figure(0.05, "probability a day", _OURS, "assumption", 0.02, 0.12),
        "purchase_days": _figure(20.0, "days of purchases per click", _OURS, "assumption", 5, 40),
        **_moves(0.40, 0.30, 0.20, 0.08),
    },
    "search": {
        "budget_per_week": _figure(8_000.0, "currency/week", _OURS, "assumption", 2_000, 30_000),
        **_by_stage(
            "queries_per_week",
            "queries/person/week",
            unaware=0.002,
            aware=0.02,
            considering=0.15,
            intent=0.40,
            customer=0.01,
        ),
        "coverage": _figure(0.6, "share of queries", _OURS, "assumption", 0.3, 0.9),
        "click_through": _figure(0.06, "share of shown", "simkit; commonly reported near 6 %", "assumption", 0.03, 0.1),
        "cost_per_click": _figure(1.2, "currency", _LIST, "assumption", 0.5, 3),
        "purchase_days": _figure(45.0, "days of purchases per click", _OURS, "assumption", 15, 90),
        **_moves(0.50, 0.40, 0.30, 0.15),
    },
    "web": {
        **_by_stage("visits_per_week", "visits/person/week", unaware=0.0005, aware=0.02, considering=0.10, intent=0.30),
        "cost_per_visit": _figure(0.002, "currency", _LIST, "assumption", 0, 0.01),
        **_moves(0.40, 0.20, 0.12, 0.06),
    },
}
"""Every number of every shipped channel, by dotted field."""

KINDS = {
    "email": "addressed",
    "sms": "addressed",
    "push": "addressed",
    "paid_social": "paid",
    "search": "search",
    "web": "web",
}


def preset(name: str) -> dict[str, Any]:
    """The shipped channel as the nested table a user could have written."""
    table: dict[str, Any] = {"kind": KINDS[name]}
    for field, figure in PRESETS[name].items():
        *outer, last = field.split(".")
        into = table
        for part in outer:
            into = into.setdefault(part, {})
        into[last] = figure.value
    return table


def fill(channels: Any) -> Any:
    """Short forms of `channels`: a list of names, or a table that changes single numbers of a preset."""
    if isinstance(channels, (list, tuple)) and all(isinstance(name, str) for name in channels):
        channels = {name: {} for name in channels}
    if not isinstance(channels, dict):
        return channels
    return {name: _over(preset(name), table) if name in PRESETS else table for name, table in channels.items()}


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
