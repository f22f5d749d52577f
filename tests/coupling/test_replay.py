"""Counterfactual runs: the same department, the same luck, and only what is withheld differs."""

import numpy as np
import pandas as pd
import pytest
from markets import DRIVERS, busy, live

from simkit.customers.state import LOG_DTYPE
from simkit.customers.withheld import Withheld, held_out
from simkit.rng import crc
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

SMALL = {"horizon": 60, "warmup": 20, "channels": ["email", "sms", "push"],
         "contact_policy": {"at_most": [], "gap": 0},  # under a full cap other messages take the place of withheld ones
         "market": {"customers": 600, "fatigue": {"opt_out": 0}, "segments": {"north": {"share": 0.5}, "south": {"share": 0.5}}}}  # fmt: skip
EMAIL = Withheld("channel", "email")


@pytest.fixture(scope="module")
def base():
    """A run, and what the department did in it."""
    return simulate(Scenario(**SMALL), contact_log=True)


def again(base, without=None, **changes):
    """The same department again."""
    return simulate(Scenario(**{**SMALL, **changes}), script=base.script, without=without, contact_log=True)


def test_a_replayed_department_changes_nothing(base):
    """With nothing withheld the counterfactual is the run itself: days, customers, cases, people's time."""
    replayed = again(base)
    for name in ("daily", "cases", "persons", "launches"):
        pd.testing.assert_frame_equal(getattr(replayed, name), getattr(base, name))
    assert np.array_equal(replayed.customers, base.customers)


def test_launches_and_team_cost_stay_when_a_channel_is_withheld(base):
    """No email is sent, the department does and costs the same, and the other channels meet the same luck."""
    gone = again(base, EMAIL)
    assert base.daily["sent_email"].sum() > 0
    assert gone.daily["sent_email"].sum() == 0
    assert gone.daily["sent_sms"].sum() > 0
    pd.testing.assert_frame_equal(gone.launches, base.launches)
    assert (gone.daily["team_cost"] == base.daily["team_cost"]).all()


def test_a_holdout_splits_the_market_into_two_counterfactuals(base):
    """Who is not held out lives as if nothing were withheld, who is held out as if it were from everybody: to the bit."""
    part = again(base, Withheld("channel", "email", 0.3, by_person=True))
    gone = again(base, EMAIL)
    out = held_out(Scenario(**SMALL), 0, part.customers, 0.3)
    assert 0.2 < out.mean() < 0.4
    assert np.array_equal(part.customers[~out], base.customers[~out])
    assert np.array_equal(part.customers[out], gone.customers[out])


@pytest.mark.parametrize(("kind", "name"), [("campaign", "promotion"), ("segment", "south"), ("channel", "email")])
def test_a_tenth_of_the_contacts_is_drawn_by_message(base, kind, name):
    """A tenth of the messages is withheld, of many different ones, and where nothing blocks nothing replaces them."""
    sent = lambda run: run.contacts[run.contacts["decision"] == 1]  # noqa: E731
    less, gone = again(base, Withheld(kind, name, 0.1)), again(base, Withheld(kind, name))
    lost, all_of_it = len(sent(base)) - len(sent(less)), len(sent(base)) - len(sent(gone))
    assert 0.07 * all_of_it < lost < 0.13 * all_of_it
    assert set(sent(less)["what"]) == set(sent(base)["what"])


def test_a_withheld_segment_gets_nothing(base):
    """Messages go to the other segment alone."""
    gone = again(base, Withheld("segment", "south"))
    assert set(gone.contacts["segment"]) == {0}
    assert gone.contacts.dtype == LOG_DTYPE


def test_paid_media_that_nobody_sees_cost_nothing():
    """Withholding a paid campaign or channel saves its money; a tenth of it saves a tenth."""
    market = {"customers": 4000, "represents": 1000, "prospects": 0.9}
    scenario = Scenario(**{**SMALL, "channels": ["email", "paid_social", "search"], "market": market, "horizon": 30})
    base = simulate(scenario)
    spent = base.daily["cost_paid_social"].sum()
    for kind, name in (("channel", "paid_social"), ("campaign", "social")):
        gone = simulate(scenario, script=base.script, without=Withheld(kind, name))
        less = simulate(scenario, script=base.script, without=Withheld(kind, name, 0.1))
        assert gone.daily[["cost_paid_social", "impressions_paid_social"]].to_numpy().sum() == 0
        assert less.daily["cost_paid_social"].sum() == pytest.approx(0.9 * spent)
        ratio = less.daily["impressions_paid_social"].sum() / base.daily["impressions_paid_social"].sum()
        assert ratio == pytest.approx(0.9, abs=0.02)
    gone = simulate(scenario, script=base.script, without=Withheld("channel", "search"))
    assert gone.daily["cost_search"].sum() == 0


def test_an_answer_nobody_gets_relieves_no_harm():
    """Without the counter offer a price cut harms longer."""
    scenario = Scenario(**{**SMALL, "market": {"customers": 600, "price_churn": 3}, "horizon": 120,
                           "occasions": {"price_cut": {"per_year": 40, "harm": 0.6, "answer_effect": 1}}})  # fmt: skip
    base = simulate(scenario)
    gone = simulate(scenario, script=base.script, without=Withheld("campaign", "counter_offer"))
    organic = lambda run: run.daily["purchases_organic"].sum()  # noqa: E731
    assert organic(gone) < organic(base)


def test_a_withheld_journey_sends_nothing():
    """Its steps are kept from everybody, and campaigns go on."""
    scenario = Scenario(**SMALL, journeys=["win_back"])
    base = simulate(scenario, contact_log=True)
    gone = simulate(scenario, script=base.script, without=Withheld("journey", "win_back"), contact_log=True)
    steps = {crc(f"win_back/{step}") for step in scenario.journeys["win_back"].steps}
    assert steps & set(base.contacts["what"])
    assert not steps & set(gone.contacts["what"])
    assert len(gone.contacts)


@pytest.mark.parametrize("by_person", [False, True])
def test_both_drivers_withhold_the_same(by_person):
    """Mesa and compiled agree to the bit when a part is withheld."""
    scenario = Scenario(market={"customers": 200}, horizon=40, warmup=0)
    lives = []
    for make in DRIVERS.values():
        market = make(scenario, 0)
        market.tables.withhold(Withheld("channel", "email", 0.4, by_person))
        lives.append(live(market, 40, busy))
    assert np.array_equal(*lives)
