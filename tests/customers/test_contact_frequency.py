"""Contacts swept: a best number with fatigue, none without, and more of it with patient customers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from markets import column

from simkit.customers.compiled import CompiledMarket
from simkit.customers.state import MONEY
from simkit.scenario.schema import Scenario

EVERY_DAYS = (28, 14, 7, 4, 3, 2, 1)
WARMUP, DAYS = 60, 200
MARGIN = 0.55


def profit(every: int, fatigue: dict[str, float], weight: float) -> float:
    """Margin on all purchases less the cost of contacts, of a firm that writes to everyone every so many days."""
    scenario = Scenario(
        market={"customers": 4000, "prospects": 0, "fatigue": fatigue},
        channels={"email": {"fatigue_weight": weight}},
        contact_policy={"at_most": "7 per rolling week", "gap": 0, "quiet": None},
        campaigns={"letter": {"channels": ["email"], "live_days": 1}},
        occasions={},
        monitors={},
        horizon=DAYS,
        warmup=WARMUP,
    )
    market, totals = CompiledMarket(scenario, 0), []
    for day in range(WARMUP + DAYS):
        if day % every == 0:
            market.tables.launch(f"letter-{day}", "letter", None, 0.5, day)
        totals.append(market.live_day())
    measured = np.array(totals)[WARMUP:]
    revenue = sum(column(market, measured, name).sum() for name in ("revenue_organic", "revenue_email")) / MONEY
    return MARGIN * revenue - column(market, measured, "sent_email").sum() * scenario.channels["email"].cost_per_message


@pytest.fixture(scope="module")
def swept() -> dict[str, np.ndarray]:
    """Profit by how often the firm writes, all under the same luck."""
    # patience twice as large is half of every slope, for it divides fatigue wherever that is felt
    twice_as_patient = {"delta": 0.125, "opt_out_growth": 0.25, "churn_growth": 0.01}
    cases: dict[str, Any] = {"default": ({}, 1.0), "off": ({}, 0.0), "patient": (twice_as_patient, 1.0)}
    return {name: np.array([profit(every, *case) for every in EVERY_DAYS]) for name, case in cases.items()}


def test_with_fatigue_there_is_a_best_number_of_contacts(swept):
    """The best number a week is neither the least nor the most, and past it more contacts earn less."""
    best = int(swept["default"].argmax())
    assert 0 < best < len(EVERY_DAYS) - 1
    assert swept["default"][best:-1].min() > swept["default"][-1]


def test_without_fatigue_more_is_better(swept):
    """With contacts that tire nobody there is no such number."""
    assert (np.diff(swept["off"]) > 0).all()


def test_patient_customers_want_more(swept):
    """The best number moves up with patience, and no number earns less."""
    assert swept["patient"].argmax() > swept["default"].argmax()
    assert (swept["patient"] >= swept["default"]).all()
    assert swept["patient"][-1] > swept["default"][-1]
