"""Small markets for the tests: everything that is not under test switched off."""

from __future__ import annotations

from typing import Any

import numpy as np

from simkit.customers.compiled import CompiledMarket
from simkit.customers.mesa_market import MarketModel
from simkit.customers.population import population
from simkit.customers.state import AWAY, NOT_YET, people_array
from simkit.scenario.schema import Scenario

DRIVERS = {"compiled": CompiledMarket, "mesa": lambda scenario, replication, **more: MarketModel(
    scenario=scenario, replication=replication, **more)}  # fmt: skip

SLOW = {
    "customers": 400,
    "prospects": 0.5,
    "word_of_mouth": {},
    "decision": {"mean_days": 12},
    "segments": {"north": {"share": 0.5}, "south": {"share": 0.5, "decision": {"mean_days": 3, "spread": "fixed", "budget_opens": "month", "open_days": 2}}},
}  # fmt: skip
"""A market whose purchases are decided on first; channels of every kind sell."""
TOGETHER = {
    **SLOW,
    "customers": 300,
    "prospects": 0.9,
    "segments": {
        "north": {"share": 0.5, "buying_group": {"members": {2: 0.5, 5: 0.5}, "favor_from": "aware", "blockers": 1}},
        "south": {"share": 0.3, "decision": {"mean_days": 0}, "buying_group": {"members": 3, "favor_from": "aware"}},
        "alone": {"share": 0.2},
    },
}
"""A market of accounts, some with a veto, beside persons who buy alone."""
BY_ROLE = {
    "newsletter": {"audience": {"who": "everyone", "where": "role is user or role is alone"}},
    "flash": {
        "channels": ["sms", "push"],
        "audience": {"who": "everyone", "where": "role is payer and favoring > 0.3"},
    },
    "social": {"channels": ["paid_social"], "audience": {"who": "prospects", "where": "not deciding is yes"}},
    "win_back": {"audience": "customers"},
}
FEATURED = {
    "decisions": {"market": SLOW},
    "accounts": {"market": TOGETHER, "campaigns": BY_ROLE, "occasions": {}, "monitors": {}},
}
"""Scenarios with what few markets have, for both drivers."""


def quiet_market(customers: int, **market: Any) -> dict[str, Any]:
    """A market without prospects whose customers all enter at the start, all alike but for their purchases."""
    return {"customers": customers, "prospects": 0, "organic_share": 1, "affinity_spread": 0, **market}


def newborn(scenario: Scenario, replication: int = 0) -> np.ndarray:
    """Everyone makes the first purchase at time 0."""
    made = population(scenario.market, scenario.channels, scenario.days, scenario.seed, replication)
    people = people_array(len(made))
    people[:] = made
    people["relation"], people["stage"], people["purchases"] = AWAY, NOT_YET, 0
    people["first_purchase_day"] = 0.0
    people["last_purchase_day"] = np.inf
    return people


def live(market: Any, days: int, launch: Any = None, harm: Any = None) -> np.ndarray:
    """Totals of so many days; `launch(tables, day)` may send something before each."""
    totals = []
    for day in range(days):
        if launch:
            launch(market.tables, day)
        totals.append(market.live_day(harm(day) if harm else None))
    return np.array(totals)


def busy(tables: Any, day: int) -> None:
    """A plan that touches every channel and several rules."""
    if day % 2 == 0:
        tables.launch(f"newsletter-{day}", "newsletter", None, 0.5, day)
    if day % 3 == 0:
        tables.launch(f"flash-{day}", "flash", None, 0.7, day)
    if day % 7 == 0:
        tables.launch(f"social-{day}", "social", None, 0.5, day)
        tables.launch(f"win_back-{day}", "win_back", None, 0.4, day)


def goals() -> Scenario:
    """A market in which campaigns ask for more than purchases, loyalty moves, and content makes people search."""
    asked = {name: {"goal": name, "audience": "customers"} for name in ("cross_sell", "referral", "second_role")}
    word = {"p": 0.5, "q": 1, "network": {"neighbors": 6}}
    return Scenario(
        market={
            "customers": 400, "represents": 2000, "prospects": 0.5, "word_of_mouth": word,
            "segments": {"north": {"share": 0.6}, "south": {"share": 0.4, "purchases": {"model": "pareto_nbd"}}},
            "assortment": {"categories": {"shoes": {"share": 0.6}, "bags": {"share": 0.3, "spend": 2},
                                          "belts": {"share": 0.1, "cost_of_goods": 0.2}}, "keeps": 0.3},
            "second_role": {"income_per_day": 3, "eligible": 0.8, "interest": 0.7, "take_up": 0.6, "drop_per_year": 0.9},
            "competition": {"loyal": 0.2, "competitor_loyal": 0.2, "loyalty_gain": 0.3, "loyalty_loss": 0.5},
            "goal_effects": {"referral_prospects": 5, "referral_hazard": 2},
        },
        channels={"email": {"consent_customers": 1, "open_rate": 0.9, "click_given_open": 0.5, "purchase_days": 200},
                  "search": {}, "content": {"queries_per_visit": 3}},
        campaigns={"newsletter": {"audience": "everyone"}, **asked}, occasions={}, monitors={}, horizon=90, warmup=0,
        contact_policy={"at_most": [], "gap": 0, "quiet": None},
    )  # fmt: skip


def asking(tables: Any, day: int) -> None:
    """Everything that :func:`goals` can ask for, by turns."""
    if day % 3 == 0:
        name = ("cross_sell", "referral", "second_role", "newsletter")[day // 3 % 4]
        tables.launch(f"{name}-{day}", name, None, 0.6, day)


def column(market: Any, totals: np.ndarray, name: str) -> np.ndarray:
    """One named column of the totals."""
    return totals[:, market.tables.columns[name]]
