"""What the department watches decides which programs grow, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from simkit.coupling.steering import Plan
from simkit.coupling.world import planned_orders
from simkit.customers.compiled import CompiledMarket
from simkit.customers.state import PER_SLOT, SLOTS, SLOTS_AT, TOTALS
from simkit.rng import run_key
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

HOURS = {"email_campaign": 20.0, "sms_push_campaign": 10.0, "paid_social_campaign": 15.0, "reactive_campaign": 5.0}
ADDRESSED = ("email", "sms", "push")


def scenario(**changes):
    """Everything that ships, for few persons over three quarters."""
    given = {"market": {"customers": 150, "represents": 100}, "horizon": 280, "warmup": 30}
    return Scenario(**{**given, **changes})


def plan(**changes):
    one = scenario(**changes)
    return Plan(one, CompiledMarket(one, 0), run_key(one.seed, 0), HOURS)


def all_orders(one):
    return [order for day in range(one.scenario.days) for order in one.orders(day)]


def test_a_plan_nobody_changes_is_the_plan():
    """Asked for piece by piece, every campaign has the name and the day it has when all are asked for at once."""
    one = plan(steer_by={"by": "opens", "strength": 0})
    whole = planned_orders(one.scenario, run_key(one.scenario.seed, 0))
    pieces = {order.name: order for order in all_orders(one)}
    assert set(pieces) == {order.name for order in whole}
    for order in whole:
        assert pieces[order.name].arrives_day == pytest.approx(order.arrives_day)
        assert (pieces[order.name].key, pieces[order.name].segment) == (order.key, order.segment)


def watched(one, slot, program, delivered, opened, clicked, earned):
    """A live message of a program and what it did today."""
    totals = np.zeros(TOTALS, np.int64)
    one.market.tables.launch(f"{program}-0", program, None, 0.5, 0)
    live = one.market.tables.waiting.pop(0)
    one.market.tables.messages = [live if i == slot else None for i in range(SLOTS)]
    totals[SLOTS_AT + slot * PER_SLOT :][:PER_SLOT] = delivered, opened, clicked, earned * 10_000
    one.close_day(totals)


@pytest.mark.parametrize(
    ("by", "grows", "shrinks"),
    [("opens", "newsletter", "promotion"), ("clicks", "promotion", "newsletter"), ("profit", "loyalty", "newsletter")],
)
def test_programs_grow_with_what_is_watched(by, grows, shrinks):
    """The newsletter is opened, the promotion clicked, the loyalty program earns; the hours of work stay the same."""
    one = plan(steer_by=by)
    before = dict(one.per_day)
    list(one.orders(0))
    watched(one, 3, "newsletter", 1000, 400, 10, 5)
    watched(one, 5, "promotion", 1000, 100, 80, 50)
    watched(one, 61, "loyalty", 1000, 200, 30, 900)
    assert one.orders(30 + 91)
    assert one.per_day[grows] > before[grows]
    assert one.per_day[shrinks] < before[shrinks]
    for name in ("win_back", "social"):  # nothing is known of them, or nobody opens them
        assert one.per_day[name] == before[name]
    hours = [sum(rate[n] * HOURS[one.scenario.campaigns[n].work] for n in rate) for rate in (before, one.per_day)]
    assert hours[0] == pytest.approx(hours[1])
    assert {row["campaign"] for row in one.reviews} == set(one.steered)
    assert [row["day"] for row in one.reviews] == [91] * len(one.steered)


def test_the_factor_is_that_of_the_exponent():
    """Twice the mean figure at exponent 0.5 against half of it: a ratio of 2; bounded by the largest factor."""
    for largest, ratio in ((100, 2.0), (1.2, 1.2 * 1.2)):
        one = plan(steer_by={"by": "opens", "strength": 0.5, "largest_factor": largest})
        before = dict(one.per_day)
        watched(one, 0, "newsletter", 1000, 400, 0, 0)
        watched(one, 1, "win_back", 1000, 100, 0, 0)
        one.orders(121)
        grown = {name: one.per_day[name] / before[name] for name in ("newsletter", "win_back")}
        assert grown["newsletter"] / grown["win_back"] == pytest.approx(ratio)


def test_a_run_that_is_steered():
    """Reviews once a quarter, the programs' own counters add up to the channels', both drivers agree."""
    steered = scenario(steer_by="clicks", market={"customers": 100, "represents": 150})
    run = simulate(steered)
    assert sorted(set(run.reviews["day"])) == [91, 182, 273]
    last = run.reviews[run.reviews["day"] == 182].set_index("campaign")
    known = last[last["figure"].notna()]
    assert len(known) >= 3
    assert known["per_week"].nunique() > 1
    compiled = simulate(steered)
    assert compiled.daily.equals(run.daily)
    assert compiled.reviews.equals(run.reviews)


def test_counters_of_campaigns_add_up_to_those_of_channels():
    """Delivered, opened, clicked and earned over all live messages are those over all addressed channels."""
    one = scenario(market={"customers": 1500, "purchases": {"r": 3}})
    market = CompiledMarket(one, 0)
    sums = np.zeros(TOTALS, np.int64)
    for day in range(40):
        if day % 3 == 0:
            for name in ("newsletter", "flash", "social"):
                market.tables.launch(f"{name}-{day}", name, None, 0.9, day)
        sums += market.live_day()
    at = market.tables.columns
    by_slot = sums[SLOTS_AT : SLOTS_AT + SLOTS * PER_SLOT].reshape(SLOTS, PER_SLOT).sum(axis=0)
    by_channel = [sum(int(sums[at[f"{what}_{c}"]]) for c in ADDRESSED)
                  for what in ("delivered", "opened", "clicked", "revenue")]  # fmt: skip
    assert list(by_slot) == by_channel
    assert by_slot[3] > 0


def test_unknown_figures_are_refused():
    """Only what the department can watch."""
    with pytest.raises(ValidationError):
        Scenario(steer_by="likes")
    assert not math.isnan(Scenario(steer_by="profit").steer_by.strength)
