"""Deciding at a glance, and leaving alone who has not come yet, change nothing but the time it takes."""

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from markets import live

from simkit.customers.compiled import CompiledMarket
from simkit.customers.mesa_market import MarketModel
from simkit.customers.rules import contact
from simkit.customers.state import NOT_YET, STAGE_AT
from simkit.scenario.schema import Scenario

CROWD = {
    "letter": {"channels": ["email"], "live_days": 3, "weight": 2, "audience": "everyone"},
    "later": {"channels": ["email"], "live_days": 4, "priority": 2, "send_time": "16:30"},
    "text": {"channels": ["sms"], "priority": 3, "live_days": 2, "send_time": "08:00"},
    "both": {"channels": ["email", "push"], "priority": 7, "live_days": 1, "tags": ["offer"]},
    "bill": {"channels": ["email"], "live_days": 2, "tags": ["service"]},
    "own": {"channels": ["sms"], "live_days": 2, "send_time": "best"},
}
EVERY = {"letter": 2, "later": 3, "text": 4, "both": 3, "bill": 9, "own": 11}
"""Days from one launch to the next."""
policies = st.fixed_dictionaries(
    {
        "at_most": st.tuples(
            st.sampled_from(["1 per rolling week", "3 per rolling week", "2 per calendar week", "1 per calendar day",
                             "2 tagged offer per rolling month", "5 email per rolling month"]),
            st.sampled_from(["2 email per rolling week", "9 per rolling month"]),
        ).map(list),
        "gap": st.sampled_from([0, 0.1, 1, 2.5]),
        "quiet": st.sampled_from([None, "21:00-09:00"]),
        "counts": st.sampled_from(["sent", "delivered"]),
        "exempt": st.sampled_from([(), ("service",)]),
        "blocked": st.sampled_from(["defer", "drop"]),
        "arbitration": st.sampled_from(["priority", "first_come", "weight", "expected_value"]),
        "precedence": st.sampled_from(["all", "type"]),
        "look_ahead": st.sampled_from([0, 0, 3]),
    }
)  # fmt: skip


def scenario_of(policy, resolution=1.0, campaigns=CROWD, **more):
    """Some hundred persons under a policy, on three channels that often bounce."""
    channels = {
        name: {"consent_customers": 0.7, "bounce": 0.2, **more.pop(name, {})} for name in ("email", "sms", "push")
    }
    return Scenario(market={"customers": 300, "prospects": 0.2}, channels=channels, campaigns=campaigns, occasions={},
                    monitors={}, contact_policy=policy, data={"identity_resolution": resolution}, warmup=0, horizon=90,
                    **more)  # fmt: skip


def launches(tables, day):
    """Campaigns in turn, so that on most days several compete."""
    for name, every in EVERY.items():
        if day % every == 0 and name in tables.scenario.campaigns:
            tables.launch(f"{name}-{day}", name, None, 0.5, day)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck),
          phases=(Phase.explicit, Phase.generate))  # fmt: skip
@given(policies, st.sampled_from([1.0, 0.6]), st.sets(st.sampled_from(list(CROWD)), min_size=2))
def test_a_glance_finds_what_going_through_candidates_finds(policy, resolution, names):
    """With a log of contacts each candidate is decided by itself, without one most are not: the same ledger, persons."""
    scenario = scenario_of(policy, resolution, {name: CROWD[name] for name in names})
    quick, thorough = CompiledMarket(scenario, 0), CompiledMarket(scenario, 0, log=[])
    assert np.array_equal(live(quick, 30, launches), live(thorough, 30, launches))
    assert np.array_equal(quick.customers(), thorough.customers())


def test_most_people_are_decided_at_a_glance(monkeypatch):
    """The test above is about something: with send hours that differ, a quarter of the persons at most is gone through."""
    glances = []
    at_a_glance = contact.decide_at_a_glance
    monkeypatch.setattr(contact, "decide_at_a_glance", lambda *a: glances.append(at_a_glance(*a)) or glances[-1])
    campaigns = {name: CROWD[name] for name in ("letter", "later", "both")}
    live(MarketModel(scenario=scenario_of({}, campaigns=campaigns)), 20, launches)
    assert len(glances) > 500
    assert np.mean(glances) > 0.75


def test_who_has_not_come_yet_may_be_left_alone(monkeypatch):
    """Passing over those who come weeks later changes neither ledger nor persons, channels that gain or lose people included."""
    trends = {"email": {"trend": {"reach_per_year": -0.6}}, "push": {"trend": {"reach_per_year": 2.0}}}
    scenario = scenario_of({}, **trends)
    some = CompiledMarket(scenario, 0)
    ledger = live(some, 90, launches)
    there = []
    monkeypatch.setattr(CompiledMarket, "_there", lambda self: there.append(len(self._people)) or self._people)
    everybody = CompiledMarket(scenario, 0)
    assert np.array_equal(ledger, live(everybody, 90, launches))
    assert np.array_equal(some.customers(), everybody.customers())
    away = ledger[:, STAGE_AT + NOT_YET]
    assert set(there) == {300}
    assert away[0] > 80
    assert away[-1] < away[0]


def test_nobody_need_be_there():
    """A market whose only person comes weeks later lives its days, and counts that person as away."""
    for seed in range(12):
        market = CompiledMarket(Scenario(market={"customers": 1, "prospects": 0}, campaigns={}, occasions={},
                                         monitors={}, warmup=0, horizon=10, seed=seed), 0)  # fmt: skip
        away = live(market, 10)[:, STAGE_AT + NOT_YET]
        if not len(market._there()):
            assert away.tolist() == [1] * 10
            return
    raise AssertionError("no seed has somebody who comes later")
