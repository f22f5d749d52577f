"""Rules of the contact policy beyond caps and gap, each by an example; and random policies, held by an audit."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from markets import DRIVERS, column, live, newborn, quiet_market

from simkit.customers.audit import audit, contacts_of
from simkit.customers.compiled import CompiledMarket
from simkit.customers.state import DEFERRED, DROPPED, SENT
from simkit.scenario.load import load
from simkit.scenario.schema import Scenario

ALL = {"consent_customers": 1.0, "consent_prospects": 1.0, "bounce": 0}
CHANNELS = {"email": ALL, "sms": ALL, "push": ALL}
DAILY = {"gap": 0, "quiet": None}
"""A policy that says nothing."""


def scenario_with(policy, campaigns, customers=60, channels=CHANNELS, **more):
    """All newborn customers with consent everywhere."""
    return Scenario(market=quiet_market(customers, fatigue={"opt_out": 0.0}), channels=channels, campaigns=campaigns,
                    occasions={}, monitors={}, contact_policy={"at_most": [], **DAILY, **policy}, warmup=0, horizon=60,
                    **more)  # fmt: skip


def sent(scenario, launches, days, driver="compiled"):
    """Messages sent by campaign and day: `launches` are (campaign, day)."""
    log = []
    market = DRIVERS[driver](scenario, 0, people=newborn(scenario), log=log)

    def launch(tables, day):
        for n, (campaign, first) in enumerate(launches):
            if first == day:
                tables.launch(f"{campaign}-{n}", campaign, None, 0.5, day)

    totals = live(market, days, launch)
    rows = np.concatenate(log)
    counts = {}
    for row in rows[rows["decision"] == SENT]:
        name = market.tables.named[int(row["what"])].name
        counts.setdefault(name.split("-")[0] + "/" + name.split("/")[1], [0] * days)[row["day"]] += 1
    return counts, market, totals, rows


def test_a_type_overrides_its_channel_or_all_caps_hold():
    """One email a week but three service messages: under `all` one goes in all, under `type` three service go."""
    campaigns = {"offer": {"live_days": 1}, "service": {"live_days": 1, "tags": ["service"]}}
    caps = ["1 email per rolling week", "3 tagged service per rolling week"]
    launches = [("service", 1), ("service", 2), ("offer", 3), ("service", 4), ("service", 5), ("offer", 9)]
    held, *_ = sent(scenario_with({"at_most": caps}, campaigns), launches, 12)
    assert held == {"service/email": [0, 60] + [0] * 10, "offer/email": [0] * 9 + [60, 0, 0]}
    free, *_ = sent(scenario_with({"at_most": caps, "precedence": "type"}, campaigns), launches, 12)
    assert free["service/email"] == [0, 60, 60, 0, 60, 0] + [0] * 6
    assert "offer/email" not in free, "service messages still count for the others"


def test_tags_limit_offers_and_leave_other_messages_alone():
    """One message tagged offer a month, whatever else goes out."""
    campaigns = {"offer": {"live_days": 1, "tags": ["offer", "prize"]}, "news": {"live_days": 1}}
    launches = [("offer", 1), ("news", 2), ("offer", 3), ("news", 4), ("offer", 32)]
    counts, *_ = sent(scenario_with({"at_most": "1 tagged offer per rolling month"}, campaigns), launches, 34)
    assert [d for d, n in enumerate(counts["offer/email"]) if n] == [1, 32]
    assert [d for d, n in enumerate(counts["news/email"]) if n] == [2, 4]


def test_what_is_exempt_goes_out_and_does_not_count():
    """Receipts pass cap, gap, quiet hours, blackout, suppression and control group, and use up nothing."""
    campaigns = {"receipt": {"live_days": 1, "tags": ["receipt"], "send_time": "23:00"}, "news": {"live_days": 1}}
    policy = {"at_most": "1 per rolling week", "gap": 7, "quiet": "21:00-09:00", "exempt": ["receipt"],
              "control_group": 0.5}  # fmt: skip
    launches = [("receipt", 1), ("receipt", 2), ("news", 3), ("receipt", 3), ("news", 4)]
    counts, market, *_ = sent(scenario_with(policy, campaigns), launches, 6)
    assert counts["receipt/email"] == [0, 60, 60, 60, 0, 0]
    held_out = int((market.customers()["bucket"] < 5000).sum())
    assert counts["news/email"] == [0, 0, 0, 60 - held_out, 0, 0]
    everything = {"blackout": ["2026-01-05..2026-01-06"], "suppress": "purchases >= 1", "exempt": "receipt"}
    counts, *_ = sent(scenario_with(everything, campaigns), launches, 6)
    assert counts == {"receipt/email": [0, 60, 60, 60, 0, 0]}


def test_nothing_goes_out_on_a_blackout_and_deferred_messages_go_after_it():
    """Two days of blackout: the message of the first waits until the third."""
    campaigns = {"news": {"live_days": 4}}
    for blackout in (["2026-01-05..2026-01-06"], "2026-01-05 .. 2026-01-06", ["2026-01-05", "2026-01-06"]):
        counts, _, totals, _ = sent(scenario_with({"blackout": blackout}, campaigns), [("news", 1)], 5)
        assert counts == {"news/email": [0, 0, 0, 60, 0]}
    rule = market_column(scenario_with({"blackout": blackout}, campaigns), totals, "deferred_blackout")
    assert rule.tolist() == [0, 60, 60, 0, 0]


def market_column(scenario, totals, name):
    """A column of totals by name."""
    return column(CompiledMarket(scenario, 0, people=newborn(scenario)), totals, name)


def test_a_deferred_message_lives_as_long_as_the_policy_says():
    """`time_to_live` ends a campaign's tries before its own `live_days` do."""
    campaigns = {"news": {"live_days": 10}}
    launches = [("news", 1), ("news", 2)]
    for days, expected in ((None, [0, 60, 0, 0, 0, 60, 0, 0]), (3, [0, 60] + [0] * 6)):
        policy = {"gap": 4, "time_to_live": days}
        counts, *_ = sent(scenario_with(policy, campaigns), launches, 8)
        assert counts["news/email"] == expected


def test_what_counts_sent_delivered_or_attempted():
    """Half of the messages bounce: counting deliveries lets the second through to those; attempts count drops too."""
    channels = {"email": {**ALL, "bounce": 0.5}, "sms": ALL}
    campaigns = {"news": {"live_days": 1}, "text": {"live_days": 1, "channels": ["sms"]}}
    by = {}
    for counts in ("sent", "delivered", "attempted"):
        policy = {"at_most": ["1 email per rolling 2 days", "3 per rolling month"], "counts": counts}
        launches = [("news", 1), ("news", 2), ("news", 3), ("text", 4)]
        found, market, totals, _ = sent(scenario_with(policy, campaigns, channels=channels), launches, 5)
        delivered = column(market, totals, "delivered_email").tolist()
        by[counts] = found["news/email"], found.get("text/sms", [0] * 5), delivered
    assert by["sent"][0] == [0, 60, 0, 60, 0]
    assert by["delivered"][0][2] == 60 - by["delivered"][2][1] > 10
    assert by["attempted"][0] == [0, 60, 0, 0, 0], "the dropped second one starts the two days anew"
    assert [by[counts][1][4] for counts in by] == [60, 60, 0]


def test_an_adaptive_cap_holds_for_whom_its_condition_is_true():
    """The cap is halved for the tired only, and who had too few contacts passes it."""
    campaigns = {"news": {"live_days": 1}}
    tight = {"at_most": ["4 per rolling week", "2 per rolling week when fatigue > 1.5"]}
    launches = [("news", day) for day in range(1, 8)]
    counts, *_ = sent(scenario_with(tight, campaigns), launches, 8)
    # fatigue before the day, half-life 7: 0, .91, 1.73, 1.56, 1.42, then 2.19: the tighter cap holds above 1.5
    assert counts["news/email"] == [0, 60, 60, 0, 0, 60, 0, 0]
    counts, *_ = sent(scenario_with({**tight, "at_least": "3 per week"}, campaigns), launches, 8)
    assert counts["news/email"] == [0, 60, 60, 60, 0, 0, 0, 0]


def test_a_fallback_channel_takes_what_may_not_go():
    """Blocked by the cap on email, or without consent to email, the message goes by sms at once."""
    campaigns = {"news": {"live_days": 1, "fallback": "sms"}}
    policy = {"at_most": "1 email per rolling week"}
    counts, *_ = sent(scenario_with(policy, campaigns), [("news", 1), ("news", 2)], 4)
    assert counts == {"news/email": [0, 60, 0, 0], "news/sms": [0, 0, 60, 0]}
    channels = {"email": {**ALL, "consent_customers": 0.5}, "sms": ALL}
    counts, _, totals, _ = sent(scenario_with({}, campaigns, channels=channels), [("news", 1)], 3)
    assert counts["news/email"][1] + counts["news/sms"][1] == 60
    assert counts["news/sms"][1] > 15
    capped = {"at_most": ["1 email per rolling week", "1 sms per rolling week"]}
    counts, market, totals, _ = sent(scenario_with(capped, campaigns), [("news", d) for d in (1, 2, 3)], 4)
    assert counts == {"news/email": [0, 60, 0, 0], "news/sms": [0, 0, 60, 0]}
    assert column(market, totals, "dropped_1 email per rolling week").tolist() == [0, 0, 0, 60]


def test_suppression_holds_back_whom_it_names():
    """Nothing goes to those for whom the condition holds today; the rule is counted."""
    campaigns = {"news": {"live_days": 2}}
    counts, market, totals, _ = sent(scenario_with({"suppress": "tenure_days < 5"}, campaigns), [("news", 4)], 7)
    assert counts == {"news/email": [0, 0, 0, 0, 0, 60, 0]}
    assert column(market, totals, "deferred_suppressed").tolist() == [0, 0, 0, 0, 60, 0, 0]


def test_a_campaigns_holdout_is_stable_and_its_own():
    """The same persons miss every launch of a campaign; another campaign's are others."""
    campaigns = {name: {"live_days": 1, "holdout": 0.3} for name in ("news", "offer")}
    scenario = scenario_with({}, campaigns, customers=400)
    _, market, totals, rows = sent(scenario, [("news", 1), ("offer", 2), ("news", 3)], 5)
    by_day = {day: set(rows["index"][rows["day"] == day].tolist()) for day in (1, 2, 3)}
    assert by_day[1] == by_day[3] != by_day[2]
    assert 250 < len(by_day[1]) < 310
    assert column(market, totals, "dropped_holdout").tolist() == [0, 400 - len(by_day[1]), 400 - len(by_day[2]),
                                                                  400 - len(by_day[3]), 0]  # fmt: skip


@pytest.mark.parametrize(
    ("arbitration", "first"),
    [("priority", "early"), ("first_come", "older"), ("weight", "heavy"), ("expected_value", "strong")],
)
def test_arbitration_decides_what_goes_first(arbitration, first):
    """One message a day, four that want to go: the hour, the age, the weight or the expected value decides."""
    campaigns = {
        "older": {"live_days": 3, "send_time": "15:00"}, "early": {"live_days": 1, "send_time": "09:00"},
        "heavy": {"live_days": 1, "send_time": "16:00", "weight": 3, "channels": ["push"]},
        "strong": {"live_days": 1, "send_time": "17:00", "weight": 2},
    }  # fmt: skip
    channels = {"email": ALL, "push": {**ALL, "open_rate": 0.1}}
    scenario = scenario_with({"at_most": "1 per calendar day", "arbitration": arbitration,
                              "blackout": "2026-01-05"}, campaigns, channels=channels)  # fmt: skip
    counts, *_ = sent(scenario, [("older", 1), ("early", 2), ("heavy", 2), ("strong", 2)], 3)
    assert {name.split("/")[0]: by_day[2] for name, by_day in counts.items()} == {first: 60}


def test_expected_value_follows_the_persons_own_liking():
    """With two channels alike but for the person's liking, everyone gets the one they like better."""
    campaigns = {"letter": {"live_days": 1}, "text": {"live_days": 1, "channels": ["sms"]}}
    like = {**ALL, "open_rate": 0.3, "click_given_open": 0.1}
    scenario = Scenario(market=quiet_market(200) | {"affinity_spread": 0.5}, channels={"email": like, "sms": like},
                        campaigns=campaigns, occasions={}, monitors={}, warmup=0, horizon=30,
                        contact_policy={"at_most": "1 per calendar day", **DAILY, "arbitration": "expected_value"})  # fmt: skip
    _, market, _, rows = sent(scenario, [("letter", 1), ("text", 1)], 2)
    people = market.customers()
    at = [market.tables.channel_at[name] for name in ("email", "sms")]
    likes_email = people["affinity"][:, at[0]] > people["affinity"][:, at[1]]
    email = {live.occurrence for live in market.tables.named.values() if live.channel == "email"}
    got_email = np.isin(rows["what"][rows["decision"] == SENT], list(email))
    assert np.array_equal(got_email, likes_email)


def test_opting_down_refuses_a_topic_and_keeps_the_channel():
    """With a preference center for all, nobody leaves the channel; refused topics stop, other messages go on."""
    campaigns = {"offer": {"live_days": 1, "topic": "offers"}, "news": {"live_days": 1, "topic": "news"}}
    scenario = scenario_with({"opt_down": 1.0}, campaigns, customers=300)
    scenario = scenario.model_copy(update={"market": scenario.market.model_copy(update={
        "fatigue": scenario.market.fatigue.model_copy(update={"opt_out": 0.3})})})  # fmt: skip
    _, market, totals, _ = sent(scenario, [("offer", 1), ("offer", 2), ("news", 3)], 5)
    down = column(market, totals, "opted_down")
    assert column(market, totals, "opt_outs").sum() == 0
    assert column(market, totals, "sent_email").tolist()[1:3] == [300, 300 - down[1]]
    assert column(market, totals, "dropped_topic").tolist() == [0, 0, int(down[1]), 0, 0]
    assert column(market, totals, "sent_email")[3] == 300
    assert down[1] > 50


def test_an_opt_out_takes_effect_after_its_lag():
    """With a lag of two days, who opts out on day 1 still gets the messages of days 2 and 3."""
    campaigns = {"news": {"live_days": 1}}
    scenario = scenario_with({"opt_out_lag": 2}, campaigns, customers=300)
    scenario = scenario.model_copy(update={"market": scenario.market.model_copy(update={
        "fatigue": scenario.market.fatigue.model_copy(update={"opt_out": 0.3})})})  # fmt: skip
    counts, _, _, rows = sent(scenario, [("news", day) for day in range(1, 6)], 7)
    first = int(rows["opted_out"][rows["day"] == 1].sum())
    assert counts["news/email"][1:4] == [300, 300, 300]
    assert counts["news/email"][4] == 300 - first < 260


def test_the_best_hour_is_the_persons_own_and_outside_quiet_hours():
    """`send_time: best` sends at the person's hour or the nearest allowed one; people open more the nearer it is."""
    campaigns = {"best": {"live_days": 1, "send_time": "best"}, "noon": {"live_days": 1, "send_time": "12:00"}}
    market = {**quiet_market(3000, fatigue={"opt_out": 0.0}), "receptive": {"effect": 0.5}}
    scenario = Scenario(market=market, channels=CHANNELS, campaigns=campaigns, occasions={}, monitors={}, warmup=0,
                        horizon=30, contact_policy={"at_most": [], "gap": 0, "quiet": "21:00-09:00"})  # fmt: skip
    _, driver, _, rows = sent(scenario, [("best", 1), ("noon", 10)], 12)
    best_hour = driver.customers()["best_hour"][rows["index"]].astype(int)
    hour = rows["minute"] % 1440 // 60
    best = rows["day"] == 1
    allowed = (best_hour >= 9) & (best_hour < 21)
    assert np.array_equal(hour[best & allowed], best_hour[best & allowed])
    assert set(hour[best & ~allowed]) == {9, 20}
    assert set(hour[~best]) == {12}
    assert abs(best_hour.mean() - 15) < 0.5
    near = ~best & (abs(best_hour - 12) <= 1)
    far = ~best & (abs(best_hour - 12) >= 7)
    # an opening rate at distance 0.5 on average against 8: 1 + .5 (6 - d) / 6
    ratio = rows["opened"][near].mean() / rows["opened"][far].mean()
    assert 1.2 < ratio < 2.6


def test_the_sunset_closes_a_channel_to_the_unengaged():
    """With nobody opening, three messages go out and then no more."""
    channels = {"email": {**ALL, "open_rate": 0.0}}
    campaigns = {"news": {"live_days": 1}}
    scenario = scenario_with({"sunset": 3}, campaigns, channels=channels)
    counts, market, totals, _ = sent(scenario, [("news", day) for day in range(1, 7)], 8)
    assert counts["news/email"] == [0, 60, 60, 60, 0, 0, 0, 0]
    assert column(market, totals, "dropped_sunset").tolist() == [0, 0, 0, 0, 60, 60, 60, 0]


def test_the_preset_of_one_message_sends_the_same_to_everyone(tmp_path):
    """`same_email_to_everyone`: one launch reaches every person with consent, prospects included, on one day."""
    file = tmp_path / "s.yaml"
    file.write_text("extends: same_email_to_everyone\nmarket: {customers: 300}\n")
    scenario = load(file).base
    assert list(scenario.campaigns) == ["blast"]
    log = []
    market = CompiledMarket(scenario, 0, log=log)
    people = market.customers()
    live(market, 2, lambda tables, day: day == 0 and tables.launch("blast-0", "blast", None, 0.5, 0))
    email = market.tables.channel_at["email"]
    reachable = {(p["segment"], p["index"]) for p in people if p["relation"] > 0 and p["consent"] >> email & 1}
    rows = np.concatenate(log)
    got = {(row["segment"], row["index"]) for row in rows[rows["decision"] == SENT]}
    assert reachable <= got
    assert len(got - reachable) <= 2, "first purchases of day 0"
    assert {p["relation"] for p in people if (p["segment"], p["index"]) in got} >= {1, 2}


# --- random policies -------------------------------------------------------------------------------------

caps = st.fixed_dictionaries(
    {
        "count": st.integers(0, 5),
        "per": st.sampled_from(["day", "week", "month"]),
        "window": st.sampled_from(["rolling", "calendar"]),
        "channels": st.sampled_from([(), ("email",), ("sms", "push"), ("online",), ("offline",)]),
        "tags": st.sampled_from([(), ("offer",), ("service", "offer")]),
    }
)
policies = st.fixed_dictionaries(
    {
        "at_most": st.lists(caps, max_size=4, unique_by=repr),
        "precedence": st.sampled_from(["all", "type"]),
        "at_least": st.sampled_from([None, "2 per week"]),
        "counts": st.sampled_from(["sent", "delivered", "attempted"]),
        "gap": st.sampled_from([0, 0.2, 1, 2.5]),
        "quiet": st.sampled_from([None, "21:00-09:00", "09:30-12:00"]),
        "blackout": st.sampled_from([(), "2026-01-10..2026-01-13"]),
        "exempt": st.sampled_from([(), ("service",)]),
        "blocked": st.sampled_from(["defer", "drop"]),
        "arbitration": st.sampled_from(["priority", "first_come", "weight", "expected_value"]),
        "opt_out_lag": st.integers(0, 2),
        "opt_down": st.sampled_from([0, 0.5]),
        "stop_bounces": st.sampled_from([None, 1, 3]),
        "stop_complaints": st.sampled_from([None, 1]),
        "offers": st.sampled_from([None, "1 per week", "3 per month"]),
        "prize_draws": st.sampled_from([None, "2 per day", "1 per week"]),
        "look_ahead": st.sampled_from([0, 2, 9]),
        "send_clock": st.sampled_from(["customer", "firm"]),
        "clock": st.sampled_from(["customer", "firm"]),
    }
)
zones = st.sampled_from([None, 0, 5.5, {-8: 0.5, 0: 0.2, 12: 0.3}, {-11: 0.5, 11: 0.5}])
markets = st.fixed_dictionaries(
    {
        "customers": st.integers(20, 60),
        "prospects": st.sampled_from([0, 0.3]),
        "fatigue": st.fixed_dictionaries({"opt_out": st.sampled_from([0.0, 0.02, 0.2])}),
        "segments": st.builds(
            lambda a, b: {"one": {"share": 0.6, "zones": a}, "two": {"share": 0.4, "zones": b}}, zones, zones
        ),
    }
)
MAIL = {"channels": ["direct_mail"], "tags": ["offer"], "offer": "20%", "prize_draw": True, "send_time": "02:00"}
AHEAD = {"letter": 0, "text": 0, "both": 1, "own": 0, "turn": 4, "mail": 2}
"""Days from being ready to the planned date."""
STOPS = ["2 unopened", "1 purchase", "3 sent", "1 opened", "1 complaint", "2 bounced"]
CROWD = {
    "letter": {"channels": ["email"], "live_days": 3, "tags": ["offer"], "topic": "offers", "weight": 2,
               "audience": "everyone"},
    "text": {"channels": ["sms"], "priority": 3, "live_days": 2, "send_time": "16:30", "tags": ["service"]},
    "both": {"channels": ["email", "push"], "priority": 7, "live_days": 4, "send_time": "22:00"},
    "own": {"channels": ["sms"], "send_time": "best", "live_days": 2, "tags": ["offer"]},
    "turn": {"channels": ["push"], "fallback": "sms", "tags": ["offer"], "live_days": 2, "weight": 5, "offer": "10%"},
}  # fmt: skip


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck),
          phases=(Phase.explicit, Phase.generate))  # fmt: skip
@given(policies, markets, st.lists(st.sampled_from(STOPS), max_size=2, unique=True))
def test_an_audit_finds_nothing_under_any_policy(policy, market, stops):
    """Random policies, markets, time zones and campaigns: nothing ignored, by an audit that shares no code."""
    channels = {name: {"consent_customers": 0.8, "consent_prospects": 0.5, "bounce": 0.2, "complaint_share": 0.5}
                for name in [*CHANNELS, "direct_mail"]}  # fmt: skip
    crowd = {**CROWD, "letter": {**CROWD["letter"], "stop_after": stops}, "mail": MAIL}
    scenario = Scenario(market=market, channels=channels, campaigns=crowd, occasions={}, monitors={},
                        contact_policy=policy, warmup=0, horizon=30)  # fmt: skip
    assert scenario.check_sense() == [] or any("remembers" in said for _, said in scenario.check_sense())
    log = []
    driver = CompiledMarket(scenario, 0, log=log)
    totals = live(driver, 24, lambda t, day: [t.launch(f"{n}-{day}", n, None, 0.5, day + AHEAD[n]) for n in crowd])
    rows = np.concatenate(log)
    assert audit(scenario, contacts_of(rows, driver.tables)) == []
    for decision, what in ((DEFERRED, "deferred"), (DROPPED, "dropped")):
        for rule, name in driver.tables.rules.items():
            logged = int(((rows["decision"] == decision) & (rows["rule"] == rule)).sum())
            told = int(column(driver, totals, f"{what}_{name}").sum())
            assert logged == told or name in ("topic", "suppressed", "holdout")


def test_the_audit_sees_what_is_broken():
    """The test above can fail: a log made under no policy breaks a strict one in every way."""
    scenario = scenario_with({}, CROWD, customers=20)
    log = []
    driver = CompiledMarket(scenario, 0, people=newborn(scenario), log=log)
    live(driver, 14, lambda t, day: [t.launch(f"{name}-{day}", name, None, 0.5, day) for name in CROWD])
    strict = Scenario(channels=CHANNELS, campaigns=CROWD, occasions={}, monitors={}, warmup=0, contact_policy={
        "at_most": ["1 tagged offer per calendar week", "3 per rolling week"], "gap": 1, "quiet": "21:00-09:00",
        "blackout": "2026-01-08"})  # fmt: skip
    rows = np.concatenate(log)
    contacts = contacts_of(rows, driver.tables)
    found = {breach.rule for breach in audit(strict, contacts)}
    assert found == {"1 tagged offer per calendar week", "3 per rolling week", "gap", "quiet", "blackout"}
    first = contacts[0]
    after = [c for c in contacts if c.customer == first.customer and c.channel == first.channel]
    ended = [type(first)(**{**vars(first), "opted_out": True}), *after[1:]]
    assert {b.rule for b in audit(scenario, ended)} == {"consent"}


def test_drivers_agree_under_every_rule():
    """A policy that uses everything: Mesa and compiled give the same persons, totals and log."""
    policy = {
        "at_most": ["4 per rolling week", "1 tagged offer per calendar week", "1 per rolling week when fatigue > 2"],
        "precedence": "type", "at_least": "1 per week", "counts": "delivered", "gap": "6 hours", "exempt": ["service"],
        "blackout": ["2026-01-10"], "suppress": "bought_within 1", "arbitration": "expected_value", "opt_down": 0.5,
        "opt_out_lag": 1, "quiet": "21:00-09:00", "sunset": 4,
    }  # fmt: skip
    scenario = Scenario(market={"customers": 150, "fatigue": {"opt_out": 0.05}, "receptive": {"effect": 0.4}}, channels=["email", "sms", "push"],
                        campaigns={**CROWD, "kept": {"holdout": 0.2, "send_time": "best"}}, occasions={}, monitors={},
                        contact_policy=policy, data={"identity_resolution": 0.7}, warmup=0, horizon=30)  # fmt: skip
    logs, ends, sums = [], [], []
    for driver in DRIVERS.values():
        log = []
        market = driver(scenario, 0, log=log)
        sums.append(live(market, 20, lambda t, day: [
            t.launch(f"{name}-{day}", name, None, 0.5, day) for name in scenario.campaigns]))  # fmt: skip
        logs.append(np.concatenate(log))
        ends.append(market.customers())
    assert np.array_equal(sums[0], sums[1])
    assert np.array_equal(logs[0], logs[1])
    assert np.array_equal(ends[0], ends[1])
    assert len(logs[0]) > 1000
