"""Rules of the contact policy that go by outcomes, offers, planned messages, time zones and links between sides."""

from datetime import timedelta

import numpy as np
import pytest
from markets import DRIVERS, column, live, newborn, quiet_market
from test_policy_rules import ALL, scenario_with, sent

from simkit.customers.audit import audit, contacts_of
from simkit.customers.compiled import CompiledMarket
from simkit.customers.market_policy import next_period, waiting_minute
from simkit.customers.market_zones import due
from simkit.customers.state import SENT
from simkit.scenario.policy import ContactPolicy
from simkit.scenario.schema import Scenario


def days(counts, name):
    """Days on which messages of a name went out."""
    return [day for day, n in enumerate(counts.get(name, [])) if n]


# --- outcomes ---------------------------------------------------------------------------------------------


def test_a_campaign_stops_after_so_many_unopened_and_others_go_on():
    """`stop_after: 2 unopened` ends one campaign for the person and no other; the rule is counted, and final."""
    campaigns = {"news": {"live_days": 3, "stop_after": "2 unopened"}, "other": {"live_days": 1}}
    channels = {"email": {**ALL, "open_rate": 0.0}}
    scenario = scenario_with({}, campaigns, channels=channels)
    launches = [("news", day) for day in (1, 2, 3, 4)] + [("other", 5)]
    counts, market, totals, _ = sent(scenario, launches, 8)
    assert days(counts, "news/email") == [1, 2]
    assert days(counts, "other/email") == [5]
    assert column(market, totals, "dropped_news 2 unopened").tolist() == [0, 0, 0, 60, 60, 0, 0, 0]
    assert column(market, totals, "deferred_news 2 unopened").sum() == 0, "waiting cannot help"


def test_unopened_counts_in_a_row():
    """An opening begins the count anew: whom the rule stops had exactly three unopened ones at the end."""
    scenario = scenario_with({}, {"news": {"live_days": 1, "stop_after": "3 unopened"}}, customers=400)
    _, _, _, rows = sent(scenario, [("news", day) for day in range(1, 25)], 26)
    stopped = 0
    for who in range(400):
        mine = rows[(rows["index"] == who) & (rows["decision"] == SENT)]
        opened = mine["opened"].tolist()
        streaks = [sum(opened[i : i + 3]) == 0 for i in range(len(opened) - 2)]
        assert not any(streaks[:-1]), "nothing is sent after three in a row"
        stopped += bool(streaks and streaks[-1])
    assert stopped > 100


@pytest.mark.parametrize("outcome", ["opened", "clicked", "purchases", "sent"])
def test_a_campaign_stops_after_what_it_was_for(outcome):
    """After the first opening, click, purchase or send, the person gets no more of it; everybody else does."""
    channels = {"email": {**ALL, "open_rate": 0.6, "click_given_open": 0.6, "purchase_days": 3000}}
    scenario = scenario_with({}, {"news": {"live_days": 1, "stop_after": f"1 {outcome}"}}, 200, channels)
    _, _, _, rows = sent(scenario, [("news", day) for day in range(1, 9)], 10)
    flag = {"opened": "opened", "clicked": "clicked", "purchases": "bought", "sent": "decision"}[outcome]
    gone = rows[rows["decision"] == SENT]
    for who in range(200):
        mine = gone[gone["index"] == who]
        hits = np.flatnonzero(mine[flag])
        assert len(hits) <= 1
        assert len(mine) == (hits[0] + 1 if len(hits) else 8)
    assert (gone[flag] > 0).sum() > 20


def test_bounces_in_a_row_close_a_channel_and_no_other():
    """With every email bouncing, two go out and then no more; texts go on. Another rule than the sunset's."""
    channels = {"email": {**ALL, "bounce": 1}, "sms": ALL}
    campaigns = {"news": {"live_days": 1}, "text": {"live_days": 1, "channels": ["sms"]}}
    launches = [(name, day) for day in (1, 2, 3, 4) for name in campaigns]
    counts, market, totals, _ = sent(scenario_with({"stop_bounces": 2}, campaigns, channels=channels), launches, 6)
    assert days(counts, "news/email") == [1, 2]
    assert days(counts, "text/sms") == [1, 2, 3, 4]
    assert column(market, totals, "dropped_2 bounced email").tolist() == [0, 0, 0, 60, 60, 0]
    assert column(market, totals, "dropped_2 bounced sms").sum() == 0


def test_one_complaint_ends_all_channels_of_who_is_known_to_be_one_person():
    """Who complains about an email gets no text either; unless the firm does not know that it is the same person."""
    channels = {"email": {**ALL, "complaint_share": 1.0}, "sms": ALL}
    campaigns = {"news": {"live_days": 1}, "text": {"live_days": 1, "channels": ["sms"]}}
    got = {}
    for resolved in (1.0, 0.0):
        scenario = scenario_with({"stop_complaints": 1}, campaigns, 300, channels,
                                 data={"identity_resolution": resolved})  # fmt: skip
        scenario = scenario.model_copy(update={"market": scenario.market.model_copy(update={
            "fatigue": scenario.market.fatigue.model_copy(update={"opt_out": 0.3})})})  # fmt: skip
        counts, market, totals, rows = sent(scenario, [("news", 1), ("text", 2)], 4)
        complained = int(rows["complained"].sum())
        assert complained == column(market, totals, "complained_email").sum() > 30
        got[resolved] = counts["text/sms"][2]
        if resolved == 1.0:
            assert got[1.0] == 300 - complained
            assert column(market, totals, "dropped_1 complaints")[2] == complained
    assert got[0.0] == 300


def test_offers_and_prize_draws_have_limits_of_their_own():
    """One offer a calendar month and one draw a year, on whatever channel; other messages pass."""
    campaigns = {
        "offer": {"live_days": 1, "offer": "10%"}, "deal": {"live_days": 1, "offer": "20%", "channels": ["sms"]},
        "draw": {"live_days": 1, "prize_draw": True}, "news": {"live_days": 1},
    }  # fmt: skip
    launches = [("offer", 1), ("deal", 2), ("draw", 3), ("draw", 4), ("news", 5), ("deal", 30), ("draw", 31)]
    counts, market, totals, rows = sent(
        scenario_with({"offers": "1 per month", "prize_draws": "1 per year"}, campaigns), launches, 34
    )
    assert {name: days(counts, name) for name in counts} == {
        "offer/email": [1], "draw/email": [3], "news/email": [5], "deal/sms": [30]}, "the first of February is day 28"  # fmt: skip
    assert column(market, totals, "dropped_offers 1 per month")[2] == 60
    assert column(market, totals, "dropped_prize_draws 1 per year")[[4, 31]].tolist() == [60, 60]
    assert audit(market.tables.scenario, contacts_of(rows, market.tables)) == []


# --- look-ahead -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"at_most": "1 per rolling week"}, {"light/email": [2, 12]}),
        ({"at_most": "1 per rolling week", "look_ahead": 3}, {"heavy/sms": [4], "light/email": [12]}),
        ({"at_most": "1 per rolling week", "look_ahead": 1}, {"light/email": [2, 12]}),
        ({"at_most": "2 per rolling week", "look_ahead": 3}, {"light/email": [2, 12], "heavy/sms": [4]}),
        ({"gap": 3, "look_ahead": 3}, {"heavy/sms": [4], "light/email": [12]}),
        ({"at_most": "1 per calendar week", "look_ahead": 3}, {"heavy/sms": [4], "light/email": [12]}),
        # day 8 is Monday: the planned message has a week of its own
        ({"at_most": "1 per calendar week", "look_ahead": 9, "heavy": 8}, {"light/email": [2], "heavy/sms": [8]}),
        ({"at_most": "1 email per rolling week", "look_ahead": 3}, {"light/email": [2, 12], "heavy/sms": [4]}),
    ],
)  # fmt: skip
def test_slots_are_kept_for_heavier_messages_already_planned(policy, expected):
    """A light message on day 2 lets the heavy one of day 4 have the slot when it lies in sight and both do not fit."""
    day = policy.get("heavy", 4)
    policy = {name: value for name, value in policy.items() if name != "heavy"}
    campaigns = {"heavy": {"weight": 5, "channels": ["sms"], "live_days": 1}, "light": {"live_days": 1}}
    scenario = scenario_with(policy, campaigns)
    log = []
    market = CompiledMarket(scenario, 0, people=newborn(scenario), log=log)
    market.tables.launch("heavy-0", "heavy", None, 0.5, day)
    market.tables.launch("light-0", "light", None, 0.5, 2)
    if day == 4:
        market.tables.launch("light-1", "light", None, 0.5, 12)
    totals = live(market, 14)
    found = {}
    for row in np.concatenate(log):
        if row["decision"] == SENT and row["index"] == 0:
            name = market.tables.named[int(row["what"])].name
            found.setdefault(name.split("-")[0] + "/" + name.split("/")[1], []).append(int(row["day"]))
    assert found == expected
    if policy.get("look_ahead") and 2 not in expected.get("light/email", []):
        assert column(market, totals, "dropped_reserved")[2] == 60


def test_slots_are_only_kept_for_whom_the_planned_message_is_meant():
    """Those without consent to its channel, and another segment, lose nothing to it."""
    campaigns = {"heavy": {"weight": 5, "channels": ["sms"], "live_days": 1}, "light": {"live_days": 1}}
    channels = {"email": ALL, "sms": {**ALL, "consent_customers": 0.5, "consent_prospects": 0.5}}
    scenario = scenario_with({"at_most": "1 per rolling week", "look_ahead": 5}, campaigns, 300, channels)
    log = []
    market = CompiledMarket(scenario, 0, people=newborn(scenario), log=log)
    market.tables.launch("heavy-0", "heavy", None, 0.5, 5)
    market.tables.launch("light-0", "light", None, 0.5, 2)
    live(market, 7)
    rows = np.concatenate(log)
    gone = rows[rows["decision"] == SENT]
    light, heavy = (set(gone["index"][gone["day"] == day].tolist()) for day in (2, 5))
    assert not light & heavy
    assert light | heavy == set(range(300))
    assert 100 < len(heavy) < 200


# --- time zones -------------------------------------------------------------------------------------------


def zoned(policy, zones, customers=400, campaigns=None):
    """A market whose people live in some time zones."""
    campaigns = campaigns or {"news": {"live_days": 1}}
    return Scenario(
        market={**quiet_market(customers, fatigue={"opt_out": 0.0}), "segments": {"all": {"share": 1, "zones": zones}}},
        channels={"email": ALL, "sms": ALL}, campaigns=campaigns, occasions={}, monitors={}, warmup=0, horizon=60,
        contact_policy={"at_most": [], "gap": 0, "quiet": None, **policy},
    )  # fmt: skip


@pytest.mark.parametrize(("clock", "expected"), [("customer", {4, 9, 14}), ("firm", {10})])
def test_a_send_hour_is_the_customers_or_the_firms(clock, expected):
    """Ten o'clock there is 14:00 here for who lives four hours behind, 04:00 for six ahead; or ten o'clock here."""
    scenario = zoned({"send_clock": clock}, {-4: 0.25, 1: 0.5, 6: 0.25})
    *_, rows = sent(scenario, [("news", 1)], 3)
    assert set(rows["minute"] % 1440 // 60) == expected
    shares = np.bincount(rows["zone"], minlength=3) / 400
    assert np.allclose(shares, [0.25, 0.5, 0.25], atol=0.08)
    assert set(rows["day"]) == {1}


def test_a_message_goes_at_the_next_such_hour_there():
    """Eleven hours ahead of the firm, 09:00 lies before the firm's midnight: it goes on the evening of the same day."""
    scenario = zoned({}, 11, 50, {"news": {"live_days": 1, "send_time": "09:00"}})
    _, _, _, rows = sent(scenario, [("news", 1)], 3)
    assert set(rows["minute"]) == {1440 + 22 * 60}


def test_quiet_hours_are_the_customers_or_the_firms():
    """A send at noon of the firm is midnight twelve hours ahead: quiet there, so it waits for nine in the morning
    there; by the firm's clock it goes."""
    quiet = {"quiet": "21:00-09:00", "send_clock": "firm"}
    campaigns = {"news": {"live_days": 2, "send_time": "12:00"}}
    counts, _, _, rows = sent(zoned(quiet, 12, 40, campaigns), [("news", 1)], 4)
    assert counts == {"news/email": [0, 40, 0, 0]}
    assert set(rows["minute"]) == {1440 + 21 * 60}
    counts, _, _, rows = sent(zoned({**quiet, "clock": "firm"}, 12, 40, campaigns), [("news", 1)], 4)
    assert set(rows["minute"]) == {1440 + 12 * 60}
    late = {"news": {"live_days": 2, "send_time": "23:00"}}
    counts, market, totals, rows = sent(zoned(quiet, -1, 40, late), [("news", 1)], 4)
    assert counts == {"news/email": [0, 0, 40, 0]}, "22:00 there; nine there is ten of the next day here"
    assert set(rows["minute"][rows["decision"] == SENT]) == {2 * 1440 + 10 * 60}
    assert column(market, totals, "deferred_quiet")[1] == 40


def test_calendar_days_and_blackouts_are_the_customers_or_the_firms():
    """23:00 and 01:00 the next day by the firm's clock are one day for who lives three hours ahead."""
    campaigns = {"late": {"live_days": 1, "send_time": "23:00"}, "early": {"live_days": 1, "send_time": "01:00"}}
    for clock, expected in (("customer", [0, 40, 0, 0]), ("firm", [0, 40, 40, 0])):
        policy = {"at_most": "1 per calendar day", "send_clock": "firm", "clock": clock}
        counts, *_ = sent(zoned(policy, 3, 40, campaigns), [("late", 1), ("early", 2)], 4)
        assert [sum(by_day) for by_day in zip(*counts.values(), strict=True)] == expected
    for clock, expected in (("customer", {"early/email"}), ("firm", {"late/email", "early/email"})):
        policy = {"blackout": "2026-01-06", "send_clock": "firm", "clock": clock}  # day 2; 23:00 of day 1 is 2:00 there
        counts, *_ = sent(zoned(policy, 3, 40, campaigns), [("late", 1), ("early", 4)], 5)
        assert set(counts) == expected


def test_a_best_hour_is_on_the_persons_own_clock():
    """`send_time: best` five hours ahead: the hour there is the person's best one, or the nearest allowed there."""
    scenario = zoned({"quiet": "21:00-09:00"}, 5, 300, {"news": {"live_days": 1, "send_time": "best"}})
    _, market, _, rows = sent(scenario, [("news", 1)], 3)
    there = (rows["minute"] + 300) % 1440 // 60
    best = market.customers()["best_hour"][rows["index"]].astype(int)
    allowed = (best >= 9) & (best < 21)
    assert np.array_equal(there[allowed], best[allowed])
    assert set(there) <= set(range(9, 21))


def test_one_zone_is_as_the_rules_without_zones():
    """The rule for zones and the one without agree where the clock is the firm's, at every quarter of an hour."""
    for quiet in (None, "21:00-09:00", "09:30-12:00", "00:00-24:00", "23:30-00:00"):
        policy = ContactPolicy(quiet=quiet)
        for quarter in range(96):
            for waited in (False, True):
                minute, held = waiting_minute(policy, quarter / 4, waited)
                assert due(policy, quarter / 4, waited, 0, False) == (minute if not held else quarter * 15, held)


def test_calendar_periods_follow_each_other():
    """A day, a week, a month, a quarter and a year each begin where the one before ends."""
    for first, per, expected in (
        ("2026-01-31", "day", "2026-02-01"), ("2026-12-28", "week", "2027-01-04"), ("2026-12-01", "month", "2027-01-01"),
        ("2026-10-01", "quarter", "2027-01-01"), ("2026-01-01", "year", "2027-01-01"),
    ):  # fmt: skip
        start = np.datetime64(first).astype("O")
        assert str(next_period(start, per)) == expected
        assert next_period(start, per) - start >= timedelta(days=1)


# --- links between online and offline --------------------------------------------------------------------------


def test_letters_count_for_whom_they_are_linked():
    """One contact a week over letter and email: who is not linked between the sides gets one of each."""
    channels = {"email": ALL, "sms": ALL, "direct_mail": ALL}
    campaigns = {name: {"live_days": 1, "channels": [on]}
                 for name, on in (("letter", "direct_mail"), ("news", "email"), ("text", "sms"))}  # fmt: skip
    launches = [("letter", 1), ("news", 2), ("text", 3)]
    policy = {"at_most": "1 per rolling week"}
    for linked, expected in ((1.0, (60, 0, 0)), (0.0, (60, 60, 0))):
        scenario = scenario_with(policy, campaigns, channels=channels, data={"offline_linked": linked})
        counts, *_ = sent(scenario, launches, 5)
        assert (
            tuple(sum(counts.get(name, [0])) for name in ("letter/direct_mail", "news/email", "text/sms")) == expected
        )
    some = scenario_with(policy, campaigns, 400, channels, data={"offline_linked": 0.6})
    counts, market, _, rows = sent(some, launches, 5)
    assert 120 < counts["news/email"][2] < 200
    over = {breach.customer for breach in audit(some, contacts_of(rows, market.tables))}
    assert len(over) == counts["news/email"][2], "the audit knows each person as one"


def test_caps_by_side():
    """`1 offline per rolling month` holds letters and calls back and nothing online."""
    channels = {"email": ALL, "direct_mail": ALL, "phone": {**ALL, "capacity_per_day": None}}
    campaigns = {"letter": {"live_days": 1, "channels": ["direct_mail"]}, "call": {"live_days": 1, "channels": ["phone"]},
                 "news": {"live_days": 1}}  # fmt: skip
    counts, *_ = sent(scenario_with({"at_most": ["1 offline per rolling week", "3 online per day"]}, campaigns, channels=channels),
                      [("letter", 1), ("call", 2), ("news", 3)], 5)  # fmt: skip
    assert set(counts) == {"letter/direct_mail", "news/email"}


# --- all of it --------------------------------------------------------------------------------------------


def test_drivers_agree_under_the_newer_rules():
    """Everything of this page at once: Mesa and compiled give the same persons, totals and log, and the audit nothing."""
    policy = {
        "at_most": ["3 per rolling week", "1 offline per calendar week", "2 per calendar day"], "gap": "6 hours",
        "quiet": "21:00-09:00", "stop_bounces": 2, "stop_complaints": 1, "offers": "2 per month",
        "prize_draws": "1 per quarter", "look_ahead": 4, "blackout": ["2026-01-10"],
    }  # fmt: skip
    channel = {**ALL, "bounce": 0.3, "complaint_share": 0.5}
    campaigns = {
        "news": {"live_days": 2, "stop_after": ["3 unopened", "1 purchase"], "send_time": "20:00"},
        "deal": {"live_days": 3, "offer": "10%", "weight": 4, "fallback": "sms", "send_time": "best"},
        "draw": {"live_days": 2, "prize_draw": True, "channels": ["direct_mail"], "weight": 2, "send_time": "03:00"},
    }  # fmt: skip
    segments = {"east": {"share": 0.5, "region": "eu", "zones": {-8: 0.3, 0: 0.3, 9: 0.4}},
                "west": {"share": 0.5, "region": "us", "zones": -5}}  # fmt: skip
    scenario = Scenario(
        market={"customers": 160, "fatigue": {"opt_out": 0.05}, "receptive": {"effect": 0.4}, "segments": segments},
        channels={"email": channel, "sms": channel, "direct_mail": channel}, campaigns=campaigns, occasions={},
        monitors={}, contact_policy=policy, warmup=0, horizon=30,
        data={"identity_resolution": 0.9, "offline_linked": 0.7, "personalization": 0.8, "targeting": "individual"},
    )  # fmt: skip

    def launch(tables, day):
        for name in campaigns:
            tables.launch(f"{name}-{day}", name, None, 0.5, day + (3 if name == "deal" else 0))

    logs, ends, sums = [], [], []
    for driver in DRIVERS.values():
        log = []
        market = driver(scenario, 0, log=log)
        sums.append(live(market, 22, launch))
        logs.append(np.concatenate(log))
        ends.append(market.customers())
    assert np.array_equal(sums[0], sums[1])
    assert np.array_equal(logs[0], logs[1])
    assert np.array_equal(ends[0], ends[1])
    for rule in ("reserved", "offers 2 per month", "2 bounced email", "news 3 unopened"):
        assert column(market, sums[0], f"dropped_{rule}").sum() + column(market, sums[0], f"deferred_{rule}").sum() > 0


def test_the_audit_sees_what_outcomes_should_have_stopped():
    """A log made under no rule breaks each of the newer ones; the audit can fail."""
    campaigns = {"news": {"live_days": 1, "offer": "10%", "prize_draw": True}}
    channels = {"email": {**ALL, "bounce": 0.4, "complaint_share": 1.0}}
    loose = scenario_with({}, campaigns, 200, channels)
    loose = loose.model_copy(update={"market": loose.market.model_copy(update={
        "fatigue": loose.market.fatigue.model_copy(update={"opt_out": 0.2})})})  # fmt: skip
    loose = loose.model_copy(update={"contact_policy": ContactPolicy(at_most=[], gap=0, quiet=None, opt_out_lag=3)})
    _, market, _, rows = sent(loose, [("news", day) for day in range(1, 8)], 9)
    contacts = contacts_of(rows, market.tables)
    assert audit(loose, contacts) == []
    strict = scenario_with(
        {"stop_bounces": 2, "stop_complaints": 1, "offers": "3 per month", "prize_draws": "2 per year",
         "opt_out_lag": 3}, {"news": {**campaigns["news"], "stop_after": ["2 unopened", "1 opened"]}}, 200, channels,
    )  # fmt: skip
    found = {breach.rule for breach in audit(strict, contacts)}
    assert found == {"bounces", "complaints", "offers", "prize_draws", "news 2 unopened", "news 1 opened"}
