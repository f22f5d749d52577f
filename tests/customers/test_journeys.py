"""Journeys: who enters, what is sent when, how they end, and that the contact policy holds over them."""

import numpy as np
import pytest
from markets import busy, column, live, newborn, quiet_market

from simkit.customers.compiled import CompiledMarket
from simkit.customers.mesa_market import MarketModel
from simkit.customers.state import SENT, SLOTS
from simkit.customers.withheld import Withheld
from simkit.scenario.schema import Scenario

ALWAYS = {"consent_customers": 1.0, "consent_prospects": 1.0, "bounce": 0}
CHANNELS = {"email": ALWAYS, "sms": ALWAYS, "push": ALWAYS, "web": {}}
NO_LIMIT = {"at_most": [], "gap": 0}
READY = ["welcome", "nurture", "post_purchase", "webinar", "cart", "win_back", "sales_cadence"]


def scenario(journeys, **changes):
    plain = {"market": quiet_market(60), "channels": CHANNELS, "campaigns": {"letter": {"live_days": 3}}, "occasions": {},
             "monitors": {}, "contact_policy": NO_LIMIT, "horizon": 90, "warmup": 0}  # fmt: skip
    return Scenario(**{**plain, "journeys": journeys, **changes})


def step(after=1, **more):
    return {"after": after, **more}


def lived(chosen, days, launch=None, people=None):
    """The market after so many days, its totals and its contact log."""
    log = []
    market = CompiledMarket(chosen, 0, people=people, log=log)
    totals = live(market, days, launch)
    return market, totals, np.concatenate(log)


def sent_days(log, market, index):
    """(day, step) of the journey messages that one person was sent."""
    rows = log[(log["decision"] == SENT) & (log["index"] == index) & (log["slot"] >= SLOTS)]
    return [(int(row["day"]), market.tables.message_name(int(row["slot"]))) for row in rows]


@pytest.mark.parametrize("seed", [1, 7])
def test_mesa_and_compiled_agree_to_the_bit_with_journeys(seed):
    """All ready journeys, caps, campaigns and opt-outs: customers, ledger and contact log are equal."""
    segments = {"north": {"share": 0.6}, "south": {"share": 0.4}}
    chosen = Scenario(
        market={"customers": 400, "represents": 2000, "prospects": 0.5, "segments": segments, "fatigue": {"opt_out": 0.01}},
        contact_policy={"at_most": ["2 per rolling week"], "gap": 0.5, "control_group": 0.05}, seed=seed,
        leads={"threshold": 4, "who": "everyone"}, campaigns={
            "newsletter": {"offer": "15%"}, "flash": {"channels": ["sms", "push"], "goal": "upsell", "audience": "customers"},
            "social": {"channels": ["paid_social"], "audience": "prospects"},
            "win_back": {"goal": "retain", "audience": "everyone"}},
        occasions={}, monitors={},
        journeys={name: {} for name in READY} | {"win_back": {"lapsed_days": 30}}, horizon=90, warmup=0,
    )  # fmt: skip
    fast_log, slow_log = [], []
    fast, slow = CompiledMarket(chosen, 0, log=fast_log), MarketModel(scenario=chosen, log=slow_log)
    totals = live(fast, 60, busy)
    assert np.array_equal(totals, live(slow, 60, busy))
    assert np.array_equal(fast.customers(), slow.customers())
    assert np.array_equal(np.concatenate(fast_log), np.concatenate(slow_log))
    assert column(fast, totals, "discounts").sum() > 0
    for name in READY:
        assert column(fast, totals, f"journey_{name}_sent").sum() > 0, name


def test_a_welcome_series_reaches_exactly_new_customers_in_order():
    """Every customer of the first day gets each step once, on its day; who bought before the start gets none."""
    steps = {"one": step(1), "two": step(3), "three": step("36 hours")}
    chosen = scenario({"hello": {"starts": "first_purchase", "exits": [], "steps": steps}})
    people = newborn(chosen)
    people["first_purchase_day"] = np.arange(60) % 4
    market, _, log = lived(chosen, 14, people=people)
    first = market.customers()["first_purchase_day"]
    for i in range(60):
        days = [int(first[i]) + after for after in (1, 4, 6)]
        assert sent_days(log, market, i) == list(zip(days, ["hello/one", "hello/two", "hello/three"], strict=True))
    settled, _, log = lived(chosen, 14)
    newcomers = settled.customers()["first_purchase_day"] >= 0
    assert set(log["index"]) <= set(np.flatnonzero(newcomers))


def test_a_purchase_ends_the_journey_that_says_so():
    """Nobody is sent a step after a purchase since entering; without that exit the others are sent on."""
    lapsed = {"starts": "lapsed", "lapsed_days": 5, "again_after": 0, "exits": ["purchase"],
              "steps": {f"s{i}": step(2) for i in range(8)}}  # fmt: skip
    chosen = scenario({"back": lapsed}, market=quiet_market(200, purchases={"r": 5, "alpha": 10}))
    market, totals, log = lived(chosen, 60, people=newborn(chosen))
    assert column(market, totals, "journey_back_left").sum() > 50
    own = log[(log["slot"] >= SLOTS) & (log["decision"] == SENT)]
    assert len(own) > 200
    seen = CompiledMarket(chosen, 0, people=newborn(chosen))
    bought = []
    for _ in range(60):
        seen.live_day()
        bought.append(seen.customers()["last_purchase_day"])
    for row in own:
        day, who = int(row["day"]), int(row["index"])
        silence = day - bought[day - 1][who]
        assert silence >= 5, "a message of this journey only goes to those who are silent"


def test_caps_hold_over_journeys_and_campaigns_together():
    """With a letter every day and a daily journey, nobody gets more than two messages in any seven days."""
    daily = {"starts": "first_purchase", "exits": [], "steps": {f"s{i}": step(1, priority=5) for i in range(30)}}
    chosen = scenario({"daily": daily}, contact_policy={"at_most": "2 per rolling week", "gap": 0})
    launch = lambda tables, day: tables.launch(f"letter-{day}", "letter", None, 0.5, day)  # noqa: E731
    market, totals, log = lived(chosen, 40, launch, people=newborn(chosen))
    sent = log[log["decision"] == SENT]
    assert {bool(row["slot"] >= SLOTS) for row in sent} == {True, False}
    for i in range(60):
        minutes = np.sort(sent["minute"][sent["index"] == i])
        assert (minutes[2:] - minutes[:-2] >= 7 * 1440).all()
    dropped = log[(log["decision"] == 3) & (log["slot"] >= SLOTS)]
    assert len(dropped) > 0
    assert column(market, totals, "dropped_2 per rolling week").sum() == (log["decision"] == 3).sum()


@pytest.mark.parametrize(
    ("blocked", "wait", "expected"),
    [
        ("defer", 3, [(1, "j/one"), (4, "j/two"), (7, "j/three")]),
        ("drop", 3, [(1, "j/one")]),
        ("leave", 3, [(1, "j/one")]),
        ("defer", 2, [(1, "j/one"), (4, "j/three")]),
    ],
)
def test_a_blocked_step_waits_is_passed_over_or_ends_the_journey(blocked, wait, expected):
    """A gap of three days against a daily journey, told in days; deferral ends after `wait_days`."""
    steps = {name: step(1, wait_days=wait) for name in ("one", "two", "three")}
    chosen = scenario({"j": {"starts": "first_purchase", "exits": [], "blocked": blocked, "steps": steps}},
                      contact_policy={"at_most": [], "gap": 3})  # fmt: skip
    market, totals, log = lived(chosen, 12, people=newborn(chosen))
    assert sent_days(log, market, 0) == expected
    ended = "left" if blocked == "leave" else "completed"
    assert column(market, totals, f"journey_j_{ended}").sum() == 60


def test_a_webinar_goes_on_by_attendance():
    """Who came gets the one message, who missed it the other; the share that came is the stated one."""
    steps = {"invite": step(1), "came": step(1, only_if="attended", then="leave"), "recording": step(0)}
    chosen = scenario({"w": {"starts": "first_purchase", "attendance": "40%", "exits": [], "steps": steps}},
                      market=quiet_market(4000, fatigue={"opt_out": 0}))  # fmt: skip
    _, _, log = lived(chosen, 8, people=newborn(chosen))
    by_step = {name: set(log["index"][log["slot"] == SLOTS + i]) for i, name in enumerate(steps)}
    assert len(by_step["invite"]) == 4000
    assert not by_step["came"] & by_step["recording"]
    assert len(by_step["came"] | by_step["recording"]) == 4000
    assert abs(len(by_step["came"]) / 4000 - 0.4) < 4 * np.sqrt(0.4 * 0.6 / 4000)


def test_a_branch_asks_what_the_last_message_met_with():
    """The reminder goes exactly to those who did not open the letter."""
    steps = {"letter": step(1), "reminder": step(2, only_if="not_opened")}
    chosen = scenario({"j": {"starts": "first_purchase", "exits": [], "steps": steps}},
                      market=quiet_market(1000, fatigue={"opt_out": 0}))  # fmt: skip
    _, _, log = lived(chosen, 6, people=newborn(chosen))
    first = log[log["slot"] == SLOTS]
    assert 0 < first["opened"].sum() < len(first)
    assert set(log["index"][log["slot"] == SLOTS + 1]) == set(first["index"][first["opened"] == 0])


def test_journeys_meet_the_same_luck_whenever_they_begin():
    """Draws belong to journey, step and the person's entry, not to the day: a later start opens the same messages."""
    steps = {"one": step(1), "two": step(2)}
    opened = []
    for day in (0, 5):
        chosen = scenario({"j": {"starts": "first_purchase", "exits": [], "steps": steps}},
                          market=quiet_market(500, fatigue={"delta": 0, "opt_out": 0}))  # fmt: skip
        people = newborn(chosen)
        people["first_purchase_day"] = day
        _, _, log = lived(chosen, day + 5, people=people)
        opened.append(log[["index", "slot", "opened", "clicked"]].tolist())
    assert opened[0] == opened[1]


def test_nobody_is_in_more_than_four_journeys_and_re_entry_waits():
    """A fifth journey finds no room and is counted; `again_after` spaces entries, and none means once."""
    six = {f"j{i}": {"starts": "first_purchase", "exits": [], "steps": {"s": step(1), "t": step(5)}} for i in range(6)}
    chosen = scenario(six)
    market, totals, _ = lived(chosen, 10, people=newborn(chosen))
    entered = [column(market, totals, f"journey_j{i}_entered").sum() for i in range(6)]
    assert entered == [60, 60, 60, 60, 0, 0]
    assert [column(market, totals, f"journey_j{i}_no_room").sum() for i in range(6)] == [0, 0, 0, 0, 60, 60]
    for again, most in ((None, 1), (20, 3)):
        bought = {"starts": "purchase", "again_after": again, "exits": [], "steps": {"s": step(1)}}
        chosen = scenario({"j": bought}, market=quiet_market(200, purchases={"r": 50, "alpha": 50, "a": 0.1, "b": 50}))
        market, _, log = lived(chosen, 60, people=newborn(chosen))
        days = [[day for day, _ in sent_days(log, market, i)] for i in range(200)]
        assert max(len(one) for one in days) == most
        assert all((np.diff(one) >= 21).all() for one in days)


def test_an_opt_out_and_the_control_group_end_journeys():
    """After an opt-out no step follows, and who is held out enters none."""
    steps = {f"s{i}": step(1) for i in range(20)}
    chosen = scenario({"j": {"starts": "first_purchase", "steps": steps}}, contact_policy={**NO_LIMIT, "control_group": "20%"},
                      market=quiet_market(500, fatigue={"opt_out": 0.05}))  # fmt: skip
    market, totals, log = lived(chosen, 25, people=newborn(chosen))
    people = market.customers()
    assert set(log["index"]) == set(np.flatnonzero(people["bucket"] >= 2000))
    for row in log[log["opted_out"] == 1]:
        assert not ((log["index"] == row["index"]) & (log["day"] > row["day"])).any()
    before_the_last = (log["opted_out"] == 1) & (log["slot"] < SLOTS + 19)
    assert column(market, totals, "journey_j_left").sum() == before_the_last.sum() > 100


def test_a_channel_without_money_keeps_journeys_waiting():
    """While the budget has nothing left for a channel no step goes; then they go on where they stood."""
    chosen = scenario({"j": {"starts": "first_purchase", "exits": [], "steps": {"one": step(1), "two": step(1)}}})

    def launch(tables, day):
        tables.unpaid = frozenset(["email"] if 1 <= day < 5 else ())

    market, _, log = lived(chosen, 8, launch, people=newborn(chosen))
    assert sent_days(log, market, 0) == [(5, "j/one"), (6, "j/two")]


def test_conditions_decide_who_enters_and_which_way_a_journey_goes():
    """`where` of a journey and of a step: only recent segments enter, and only who bought once gets the second step."""
    journey = {"starts": "first_purchase", "exits": [], "where": "segment is north",
               "steps": {"one": step(1), "two": step(20, where="purchases < 2"), "three": step(1)}}  # fmt: skip
    market = quiet_market(300, purchases={"r": 5, "alpha": 20}, segments={"north": {"share": 0.5}, "south": {"share": 0.5}},
                          fatigue={"opt_out": 0})  # fmt: skip
    chosen = scenario({"j": journey}, market=market)
    log = []
    lived_market = MarketModel(scenario=chosen, people=newborn(chosen), log=log)
    live(lived_market, 21)
    bought = lived_market.customers()["purchases"][:150]
    live(lived_market, 3)
    rows = np.concatenate(log)
    assert set(rows["segment"]) == {0}
    assert set(rows["index"][rows["slot"] == SLOTS]) == set(range(150))
    assert set(rows["index"][rows["slot"] == SLOTS + 1]) == set(np.flatnonzero(bought < 2))
    assert set(rows["index"][rows["slot"] == SLOTS + 2]) == set(range(150))
    assert 0 < (bought < 2).sum() < 150


def test_a_policy_may_allow_fewer_journeys_at_once():
    """With one at a time the second occasion passes; the journey listed first is the one that begins."""
    two = {f"j{i}": {"starts": "first_purchase", "exits": [], "steps": {"s": step(1)}} for i in range(2)}
    chosen = scenario(two, contact_policy={**NO_LIMIT, "journeys_at_once": 1})
    market = MarketModel(scenario=chosen, people=newborn(chosen))
    totals = live(market, 4)
    assert column(market, totals, "journey_j0_sent").sum() == 60
    assert column(market, totals, "journey_j1_entered").sum() == 0
    assert column(market, totals, "journey_j1_no_room").sum() == 60


def test_a_counterfactual_withholds_a_journey_and_nothing_else():
    """Nobody gets a message of the journey that is off, and everybody the other's."""
    two = {f"j{i}": {"starts": "first_purchase", "exits": [], "steps": {"s": step(1), "t": step(3)}} for i in range(2)}
    sent = []
    for off in (False, True):
        chosen = scenario(two, market=quiet_market(60, fatigue={"opt_out": 0}))
        market = MarketModel(scenario=chosen, people=newborn(chosen))
        if off:
            market.tables.withhold(Withheld("journey", "j0"))
        totals = live(market, 7)
        sent.append([column(market, totals, f"journey_{name}_sent").sum() for name in two])
    assert sent == [[120, 120], [0, 120]]
