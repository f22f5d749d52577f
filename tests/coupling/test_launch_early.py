"""A launch that goes out before it is finished reaches customers as it is, and better once it is better."""

import math

import pandas as pd
import pytest

from simkit.customers.mesa_market import MarketModel
from simkit.rng import crc
from simkit.scenario.errors import SenseError
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


def department(early, hours=500, **more):
    """A draft of ten days' half-life, and a polish of three weeks worth a quarter of the quality."""
    steps = [
        {"id": "draft", "skill": "making", "effort": 24, "internal_error": 0},
        {
            "id": "polish",
            "skill": "polishing",
            "effort": hours,
            "internal_error": 0,
            "after": ["draft"],
            "polish": 0.25,
        },
    ]
    rule = {"launch_early": {"half_life_days": 1, "value_below": 1, "least_quality": 0.7, **more}}
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


GAIN, PRIOR = 0.5, 2


def learning(hours=96, click_given_open=0.3, engine="mesa"):
    """Asked for two days ahead and live for six; the polish takes four days and uses what was clicked by then."""
    letter = {"work": "making", "per_week": 0.5, "relevance": 0.5, "lead_days": 2, "half_life_days": 8, "live_days": 6}
    given = scenario(
        market={"customers": 40, "reference_relevance": REFERENCE, "represents": 3},
        campaigns={"letter": letter},
        channels={"email": {"click_given_open": click_given_open}},
        teams=department(True, hours, learning={"gain": GAIN, "prior_answers": PRIOR}),
    )
    return simulate(given, engine=engine, contact_log=True)


@pytest.fixture(scope="module")
def taught():
    return learning()


def answers_by_hand(run):
    """Of each launch that got better while live: the touch's day and what had been clicked before it."""
    log = run.log
    touched = log[log.event == "improve"].groupby("case").time.max() // 86_400
    for name, day in touched.items():
        sent = run.contacts[run.contacts["what"] == crc(f"{name}/email")]
        yield name, 3 * int(sent[sent["day"] < day]["clicked"].sum())


def test_what_a_last_touch_learns_is_what_customers_had_clicked(taught):
    """Relevance since the touch is that of the whole work x (1 + gain x sqrt(n / (n + prior))), n counted here from the
    contact log until the evening before, each person standing for three."""
    launches, told = taught.launches.set_index("name"), dict(answers_by_hand(taught))
    assert len(told) > 3
    assert max(told.values()) > 0
    assert launches.loc[list(told), "answers"].tolist() == list(told.values())
    learnt = [1 + GAIN * math.sqrt(n / (n + PRIOR)) for n in told.values()]
    whole = (launches.loc[list(told), "relevance"] / 0.75).tolist()
    assert launches.loc[list(told), "relevance_last"].tolist() == pytest.approx(
        [min(1, relevance * factor) for relevance, factor in zip(whole, learnt, strict=True)]
    )


def test_who_hears_nothing_learns_nothing():
    """Where nobody clicks, a last touch adds what had been left out and no more."""
    done = learning(click_given_open=0).launches.dropna(subset="relevance_last")
    assert len(done) > 3
    assert (done.answers == 0).all()
    assert done.relevance_last.tolist() == pytest.approx((done.relevance / 0.75).tolist())


def test_both_drivers_teach_the_same(taught):
    """Compiled and Mesa count the same answers, and the counterfactual replays what was learnt without customers."""
    compiled = learning(engine="compiled")
    pd.testing.assert_frame_equal(compiled.launches, taught.launches)
    pd.testing.assert_frame_equal(compiled.daily, taught.daily)
    again = simulate(compiled.scenario, script=compiled.script)
    pd.testing.assert_frame_equal(again.launches, compiled.launches)


def test_work_that_sends_no_messages_cannot_learn():
    """Of advertisements nobody knows who clicked."""
    wrong = {"letter": {"work": "making", "per_week": 0.5, "channels": ["paid_social"]}}
    given = scenario(campaigns=wrong, channels=["email", "paid_social"], teams=department(True, learning={}))
    with pytest.raises(SenseError, match=r"making.launch_early.learning.* no campaign that is 'making' work sends"):
        simulate(given)
