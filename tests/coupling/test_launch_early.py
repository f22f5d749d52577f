"""A launch that goes out before it is finished reaches customers as it is, and better once it is better."""

import pytest

from simkit.customers.mesa_market import MarketModel
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

REFERENCE = 0.5
ALWAYS = {"days": "all", "hours": [[0, 24]]}


def scenario(**changes):
    campaigns = {"letter": {"work": "making", "per_week": 0.5, "relevance": 0.6, "half_life_days": 8, "live_days": 6}}
    market = {"customers": 40, "reference_relevance": REFERENCE}
    given = {"campaigns": campaigns, "channels": ["email"], "occasions": {}, "monitors": {}, "horizon": 80, "warmup": 0}
    return Scenario(**{"market": market, **given, **changes})


def test_what_becomes_better_is_better_from_its_day_on():
    """The strength of a live message is relevance / reference: 0.4 until day 2, 0.8 from day 3."""
    market = MarketModel(scenario=scenario(), replication=0)
    market.tables.launch("letter-0", "letter", None, 0.4, 1)
    strengths = []
    for day in range(6):
        if day == 2:
            market.tables.improve("letter-0", "letter", 0.8, 3)
        market.live_day({})
        strengths += [
            float(market.tables.world.message[slot]["strength"])
            for slot, live in enumerate(market.tables.messages)
            if live is not None
        ]
    assert strengths == pytest.approx([0.4 / REFERENCE] * 2 + [0.8 / REFERENCE] * 3)


def department(early):
    """A draft of ten days' half-life, and a polish of three weeks worth a quarter of the quality."""
    steps = [
        {"id": "draft", "skill": "making", "effort": 24, "internal_error": 0},
        {"id": "polish", "skill": "polishing", "effort": 500, "internal_error": 0, "after": ["draft"], "polish": 0.25},
    ]
    rule = {"launch_early": {"half_life_days": 1, "value_below": 1, "least_quality": 0.7}}
    return {
        "calendars": {"office": ALWAYS}, "headcount": {"making": 1, "polishing": 2}, "primary_share": 1,
        "intake": {"latency_hours": 0, "effort_hours": 0}, "distance": [{"when": "same_company"}],
        "work": {"making": {"steps": steps, **(rule if early else {})}}, "errors": {"caught": 1},
    }  # fmt: skip


def test_an_early_launch_is_earlier_poorer_and_one():
    """Each campaign is one launch, days earlier, at three quarters of the quality; the polish is no second launch."""
    early, late = (simulate(scenario(teams=department(which))) for which in (True, False))
    assert early.launches.name.is_unique
    both = early.launches.merge(late.launches, on="name")
    quality = both.merge(early.cases[["name", "quality"]], on="name").quality
    assert len(both) > 3
    assert (both.lateness_days_x <= both.lateness_days_y).all()
    assert both.lateness_days_x.sum() < both.lateness_days_y.sum()
    assert quality.to_numpy() == pytest.approx(0.75)
