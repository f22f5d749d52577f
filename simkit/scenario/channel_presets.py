"""The shipped channels: every number with unit, source, grade and plausible range.

Where somebody publishes a rate it is that rate; the rest are assumptions to be replaced by a firm's own figures.
"""

from __future__ import annotations

from typing import Any

from simkit.scenario.quantity import Figure

_STAGES = ("unaware", "aware", "considering", "intent")
_MAILCHIMP = "Mailchimp benchmarks 2019, e-commerce"
_MAILCHIMP_ALL = "Mailchimp benchmarks 2019, all industries"
_KLAVIYO = "Klaviyo help, ranges considered good"
_DMA = "ANA/DMA Response Rate Report 2018"
_OURS = "simkit, no published estimate"
_LIST = "simkit; typical list prices"


def _figure(value: float, unit: str, source: str, grade: Any, low: float, high: float) -> Figure:
    return Figure(unit=unit, source=source, grade=grade, low=low, high=high, value=value)


def _moves(unaware: float, aware: float, considering: float, intent: float) -> dict[str, Figure]:
    values = dict(zip(_STAGES, (unaware, aware, considering, intent), strict=True))
    return {
        f"moves.{stage}": _figure(p, "probability per engaged contact", _OURS, "assumption", p / 2, min(1, p * 2))
        for stage, p in values.items()
    }


def _by_stage(field: str, unit: str, **rates: float) -> dict[str, Figure]:
    return {f"{field}.{s}": _figure(x, unit, _OURS, "assumption", x / 2, x * 2) for s, x in rates.items()}


def _assumed(value: float, unit: str, low: float, high: float) -> Figure:
    return _figure(value, unit, _OURS, "assumption", low, high)


def _listed(value: float, unit: str, low: float, high: float) -> Figure:
    return _figure(value, unit, _LIST, "assumption", low, high)


def _bought(
    budget: float, cost: float, *, audience: float, click_rate: float, memory: float, half: float, awareness: float
) -> dict[str, Figure]:
    """A paid or broadcast medium; ranges from a third to triple for money, half to double for the rest."""
    return {
        "budget_per_week": _assumed(budget, "currency/week", budget / 3, budget * 3),
        "cost_per_thousand": _listed(cost, "currency/1,000 impressions", cost / 2, cost * 2),
        "audience": _assumed(audience, "share of persons", audience / 2, min(1, audience * 1.25)),
        "click_rate": _assumed(click_rate, "share of impressions", click_rate / 4, click_rate * 4),
        "memory_half_life_days": _assumed(memory, "days", memory / 2, memory * 2),
        "hill_half": _assumed(half, "exposures", half / 2, half * 2),
        "hill_slope": _assumed(1.5, "exponent", 1, 3),
        "awareness": _assumed(awareness, "probability a day", awareness / 3, awareness * 2),
        "purchase_days": _assumed(20.0, "days of purchases per click", 5, 40),
    }


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
        "complaint_share": _figure(
            0.048,
            "share of opt-outs",
            "Mailchimp: .012 % complaints (2018) / .25 % unsubscribes (2019)",
            "survey",
            0.03,
            0.08,
        ),
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
    "in_app": {
        "consent_customers": _assumed(0.35, "share of customers", 0.1, 0.6),
        "consent_prospects": _assumed(0.02, "share of prospects", 0, 0.1),
        "bounce": _assumed(0.0, "share of sent", 0, 0.02),
        "open_rate": _assumed(0.30, "share of delivered", 0.15, 0.5),
        "click_given_open": _assumed(0.10, "share of opens", 0.04, 0.2),
        "cost_per_message": _listed(0.0002, "currency", 0, 0.001),
        "fatigue_weight": _assumed(0.4, "per message", 0.2, 1),
        "opt_out_factor": _assumed(0.5, "factor", 0.1, 1),
        "purchase_days": _assumed(30.0, "days of purchases per click", 10, 60),
        **_moves(0.30, 0.25, 0.20, 0.10),
    },
    "whatsapp": {
        "consent_customers": _assumed(0.30, "share of customers", 0.1, 0.6),
        "consent_prospects": _assumed(0.03, "share of prospects", 0, 0.1),
        "bounce": _assumed(0.03, "share of sent", 0.01, 0.08),
        "open_rate": _assumed(0.80, "share of delivered", 0.5, 0.95),
        "click_given_open": _assumed(0.12, "share of opens", 0.05, 0.2),
        "cost_per_message": _listed(0.05, "currency", 0.01, 0.12),
        "fatigue_weight": _assumed(1.5, "per message", 1, 3),
        "opt_out_factor": _assumed(4.0, "factor", 2, 8),
        "complaint_share": _assumed(0.05, "share of opt-outs", 0.02, 0.15),
        "purchase_days": _assumed(30.0, "days of purchases per click", 10, 60),
        **_moves(0.30, 0.25, 0.20, 0.10),
    },
    "direct_mail": {
        "consent_customers": _assumed(0.95, "share of customers", 0.8, 1),
        "consent_prospects": _assumed(0.30, "share of prospects", 0.05, 0.6),
        "bounce": _assumed(0.03, "share of sent", 0.01, 0.08),
        "address_loss_per_year": _figure(
            0.087, "share of addresses a year", "US Census Bureau: 8.7 % of people moved in 2022", "survey", 0.04, 0.12
        ),
        "open_rate": _assumed(0.75, "share of delivered", 0.5, 0.9),
        "click_given_open": _figure(
            0.12, "share of opens", _DMA + ": 9 % of a house list answers; 75 % of .12", "survey", 0.05, 0.16
        ),
        "cost_per_message": _listed(0.65, "currency", 0.3, 1.5),
        "fatigue_weight": _assumed(0.5, "per message", 0.2, 1.5),
        "opt_out_factor": _assumed(0.2, "factor", 0.05, 1),
        "purchase_days": _assumed(30.0, "days of purchases per click", 10, 60),
        **_moves(0.30, 0.25, 0.20, 0.10),
    },
    "phone": {
        "consent_customers": _assumed(0.40, "share of customers", 0.1, 0.7),
        "consent_prospects": _assumed(0.05, "share of prospects", 0, 0.2),
        "bounce": _assumed(0.05, "share of sent", 0.01, 0.1),
        "open_rate": _assumed(0.25, "share of calls answered", 0.1, 0.5),
        "click_given_open": _assumed(0.15, "share of answered calls", 0.05, 0.3),
        "cost_per_message": _assumed(4.0, "currency", 2, 8),
        "capacity_per_day": _assumed(200.0, "calls/day", 20, 2000),
        "fatigue_weight": _assumed(3.0, "per message", 2, 6),
        "opt_out_factor": _assumed(8.0, "factor", 3, 20),
        "purchase_days": _assumed(60.0, "days of purchases per click", 20, 120),
        **_moves(0.50, 0.45, 0.40, 0.25),
    },
    "tv": {
        **_bought(40_000.0, 22.0, audience=0.8, click_rate=0.0002, memory=14.0, half=6.0, awareness=0.04),
        **_moves(0.40, 0.30, 0.20, 0.08),
    },
    "radio": {
        **_bought(8_000.0, 8.0, audience=0.7, click_rate=0.0001, memory=7.0, half=8.0, awareness=0.02),
        **_moves(0.40, 0.30, 0.20, 0.08),
    },
    "display": {
        **_bought(5_000.0, 3.0, audience=0.9, click_rate=0.0046, memory=5.0, half=6.0, awareness=0.015),
        "click_rate": _figure(
            0.0046, "share of impressions", "WordStream, Google Ads benchmarks, display network", "survey", 0.001, 0.01
        ),
        **_moves(0.40, 0.30, 0.20, 0.08),
    },
    "print": {
        **_bought(6_000.0, 25.0, audience=0.4, click_rate=0.0003, memory=10.0, half=4.0, awareness=0.04),
        **_moves(0.40, 0.30, 0.20, 0.08),
    },
    "content": {
        **_by_stage("visits_per_week", "visits/person/week", unaware=0.002, aware=0.03, considering=0.12, intent=0.15),
        "cost_per_visit": _listed(0.002, "currency", 0, 0.01),
        "cost_per_week": _assumed(2_000.0, "currency/week", 500, 10_000),
        "queries_per_visit": _assumed(0.2, "queries/visit", 0, 0.5),
        **_moves(0.30, 0.20, 0.12, 0.06),
    },
    "organic_social": {
        **_by_stage("visits_per_week", "visits/person/week", unaware=0.003, aware=0.02, considering=0.03, intent=0.03),
        "cost_per_visit": _assumed(0.0, "currency", 0, 0.01),
        "cost_per_week": _assumed(800.0, "currency/week", 200, 4_000),
        **_moves(0.25, 0.12, 0.06, 0.03),
    },
    "store": {
        **_by_stage("visits_per_week", "visits/person/week", unaware=0.001, aware=0.01, considering=0.06, intent=0.20),
        "cost_per_visit": _assumed(0.5, "currency", 0, 3),
        **_moves(0.40, 0.30, 0.20, 0.20),
    },
}
"""Every number of every shipped channel, by dotted field."""

KINDS = {
    **dict.fromkeys(("email", "sms", "push", "in_app", "whatsapp", "direct_mail", "phone"), "addressed"),
    **dict.fromkeys(("paid_social", "tv", "radio", "display", "print"), "paid"),
    "search": "search",
    **dict.fromkeys(("content", "organic_social", "store"), "owned"),
    "web": "web",
}
OFFLINE = {"phone", "direct_mail"}
OFF_SITE = {"phone", "store"}
"""Where a click is no visit of the site."""
