"""Contact policy: what each rule lets through, checked from the contact log by code that shares nothing with it."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markets import column, live, newborn, quiet_market

from simkit.customers.compiled import CompiledMarket
from simkit.customers.market import MarketTables
from simkit.customers.market_messages import asks, reachable
from simkit.customers.market_policy import waiting_minute
from simkit.customers.rules.person import NO_BOUND
from simkit.customers.state import DROPPED, SENT, SLOTS
from simkit.customers.tables import MESSAGE
from simkit.customers.withheld import Withheld
from simkit.scenario.policy import ContactPolicy
from simkit.scenario.schema import Scenario

ALWAYS = {"consent_customers": 1.0, "consent_prospects": 1.0}
CHANNELS = {"email": ALWAYS, "sms": ALWAYS, "push": ALWAYS}
CAMPAIGNS = {
    "letter": {"channels": ["email"], "priority": 5, "live_days": 3},
    "text": {"channels": ["sms"], "priority": 3, "live_days": 2},
    "both": {"channels": ["email", "push"], "priority": 7, "live_days": 4},
}


def market_with(policy, customers=150, resolved=1.0, **changes):
    scenario = Scenario(market=quiet_market(customers, **changes), channels=CHANNELS, campaigns=CAMPAIGNS, occasions={},
                        monitors={}, contact_policy=policy, data={"identity_resolution": resolved},
                        horizon=60, warmup=0)  # fmt: skip
    log = []
    return CompiledMarket(scenario, 0, people=newborn(scenario), log=log), log, scenario


def crowd(tables, day):
    """More messages than any policy lets through."""
    tables.launch(f"letter-{day}", "letter", None, 0.5, day)
    tables.launch(f"text-{day}", "text", None, 0.5, day)
    if day % 3 == 0:
        tables.launch(f"both-{day}", "both", None, 0.5, day)


def sent_minutes(log, channel_of):
    """Per customer: sorted (minute, channel name) of what was sent."""
    rows = np.concatenate(log)
    rows = rows[rows["decision"] == SENT]
    contacts: dict[int, list[tuple[int, str]]] = {}
    for row in rows:
        contacts.setdefault(int(row["index"]), []).append(
            (int(row["minute"]), channel_of[int(row["day"]), int(row["slot"])])
        )
    return {who: sorted(times) for who, times in contacts.items()}


def run(policy, days=45, resolved=1.0):
    """Live through a crowd of messages; what was sent to whom, when, on which channel."""
    market, log, scenario = market_with(policy, resolved=resolved)
    channel_of = {}
    for day in range(days):
        crowd(market.tables, day)
        market.live_day()
        for slot, message in enumerate(market.tables.messages):
            if message:
                channel_of[day, slot] = message.channel
    return sent_minutes(log, channel_of), scenario


def window_start(minute, cap, start):
    """Auditor's own reading of a cap: first minute that counts together with `minute`."""
    if cap["window"] == "rolling":
        return minute - {"day": 1, "week": 7, "month": 30}[cap["per"]] * 1440 + 1
    today = start + timedelta(days=minute // 1440)
    first = {"day": today, "week": today - timedelta(days=today.weekday()), "month": today.replace(day=1)}[cap["per"]]
    return (first - start).days * 1440


caps = st.fixed_dictionaries(
    {
        "count": st.integers(0, 6),
        "per": st.sampled_from(["day", "week", "month"]),
        "window": st.sampled_from(["rolling", "calendar"]),
        "channels": st.sampled_from([(), ("email",), ("sms", "push")]),
    }
)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    at_most=st.lists(caps, max_size=4, unique_by=repr),
    gap=st.sampled_from([0, 0.5, 1, 2.5]),
    quiet=st.sampled_from([None, "21:00-09:00", "09:30-12:00"]),
    blocked=st.sampled_from(["defer", "drop"]),
)
def test_no_policy_is_ever_broken(at_most, gap, quiet, blocked):
    """Random policies: no cap exceeded, no gap undercut, nothing sent in quiet hours, by an independent audit."""
    contacts, scenario = run({"at_most": at_most, "gap": gap, "quiet": quiet, "blocked": blocked}, days=35)
    for times in contacts.values():
        minutes = [minute for minute, _ in times]
        assert all(b - a >= gap * 1440 for a, b in pairwise(minutes))
        for cap in at_most:
            counted = [minute for minute, channel in times if not cap["channels"] or channel in cap["channels"]]
            for i, minute in enumerate(counted):
                start = window_start(minute, cap, scenario.start)
                assert sum(start <= other for other in counted[: i + 1]) <= cap["count"]
        if quiet == "21:00-09:00":
            assert all(9 * 60 <= minute % 1440 < 21 * 60 for minute in minutes)
        if quiet == "09:30-12:00":
            assert not any(9.5 * 60 <= minute % 1440 < 12 * 60 for minute in minutes)


def test_a_cap_that_holds_is_also_used():
    """With more messages than the cap allows, every customer gets exactly the cap in every rolling week."""
    contacts, _ = run({"at_most": "3 per rolling week", "gap": 0})
    full = [len([m for m, _ in times if 14 * 1440 <= m < 21 * 1440]) for times in contacts.values()]
    assert set(full) == {3}


def test_unresolved_identities_let_more_contacts_through():
    """Fully linked nobody exceeds a cap on all channels; the fewer are linked, the more do, and never on one channel."""
    over = {}
    for resolved in (1.0, 0.6, 0.0):
        contacts, _ = run({"at_most": "2 per rolling week", "gap": "3 days", "quiet": None}, resolved=resolved)
        over[resolved] = sum(_most_in_a_week([m for m, _ in times]) > 2 for times in contacts.values())
        for times in contacts.values():
            for channel in CHANNELS:
                minutes = [minute for minute, on in times if on == channel]
                assert _most_in_a_week(minutes) <= 2
                assert all(b - a >= 3 * 1440 for a, b in pairwise(minutes))
        if resolved == 1.0:
            sent = sum(len(times) for times in contacts.values())
    assert over[1.0] == 0
    assert over[0.0] == 150
    assert 40 < over[0.6] < 80, "about 40 % of 150 persons are not linked"
    assert sum(len(times) for times in contacts.values()) > 1.5 * sent


def _most_in_a_week(minutes):
    return max((sum(minute - 7 * 1440 < other <= minute for other in minutes) for minute in minutes), default=0)


def test_eleven_pm_and_midnight_under_a_calendar_and_a_rolling_day():
    """One a calendar day lets 11 pm and the next midnight through; one a rolling day does not."""
    campaigns = {"late": {"send_time": "23:00", "live_days": 1}, "early": {"send_time": "00:00", "live_days": 1}}
    sent = {}
    for window in ("calendar", "rolling"):
        scenario = Scenario(
            market=quiet_market(50), channels=CHANNELS, campaigns=campaigns, occasions={}, monitors={}, warmup=0,
            contact_policy={"at_most": f"1 per {window} day", "gap": 0, "quiet": None}, horizon=30,
        )  # fmt: skip
        market = CompiledMarket(scenario, 0, people=newborn(scenario))

        def launch(tables, day):
            if day in (1, 2):
                tables.launch("late" if day == 1 else "early", "late" if day == 1 else "early", None, 0.5, day)

        sent[window] = column(market, live(market, 4, launch), "sent_email").tolist()
    assert sent == {"calendar": [0, 50, 50, 0], "rolling": [0, 50, 0, 0]}


def test_the_more_urgent_message_goes_first():
    """At the same hour priority decides: with one contact a day the text (3) beats the letter (5)."""
    market, _, _ = market_with({"at_most": "1 per calendar day", "gap": 0})

    def launch(tables, day):
        if day == 1:
            tables.launch("letter-1", "letter", None, 0.5, 1)
            tables.launch("text-1", "text", None, 0.5, 1)

    totals = live(market, 3, launch)
    assert column(market, totals, "sent_sms").tolist() == [0, 150, 0]
    assert column(market, totals, "sent_email")[1] == 0
    assert column(market, totals, "sent_email")[2] > 100, "the deferred letter goes the next day"


def test_every_blocked_message_is_counted_under_its_rule():
    """Proposed = sent + deferred + dropped, and log and ledger agree rule by rule."""
    market, log, _ = market_with({"at_most": ["2 per rolling week", "1 sms per calendar week"], "gap": 1})
    totals = live(market, 30, crowd)
    rows = np.concatenate(log)
    for position, name in market.tables.rules.items():
        k = position
        dropped = int(((rows["decision"] == DROPPED) & (rows["rule"] == k)).sum())
        assert dropped == column(market, totals, f"dropped_{name}").sum()
    sent = sum(column(market, totals, f"sent_{c}").sum() for c in CHANNELS)
    assert int((rows["decision"] == SENT).sum()) == sent
    assert column(market, totals, "dropped_2 per rolling week").sum() > 0


def test_the_control_group_gets_nothing_and_is_the_same_everywhere():
    """Held-out persons get no message; who they are does not depend on the policy's other rules."""
    held = []
    for cap in ("1 per rolling week", "5 per rolling week"):
        market, log, _ = market_with({"at_most": cap, "control_group": "10%", "gap": 0}, customers=1000)
        live(market, 20, crowd)
        people = market.customers()
        group = set(people["index"][people["bucket"] < 1000].tolist())
        assert not group & set(np.concatenate(log)["index"].tolist())
        held.append(group)
    assert held[0] == held[1]
    assert 70 < len(held[0]) < 130


def test_an_opt_out_holds_from_the_next_day_on():
    """Nobody is contacted on a channel after the day of opting out, and consent never comes back by itself."""
    market, log, _ = market_with({"at_most": [], "gap": 0}, fatigue={"opt_out": 0.05})
    last, late = {}, []
    for day in range(40):
        crowd(market.tables, day)
        market.live_day()
        for row in log[-1][log[-1]["decision"] == SENT]:
            one = int(row["index"]), market.tables.messages[row["slot"]].channel
            late += [one] if one in last else []
            if row["opted_out"]:
                last[one] = day
        late = [one for one in late if last[one] < day]
        assert late == []
    assert len({channel for _, channel in last}) == 3
    assert len(last) > 50
    consent = {row["index"]: row["consent"] for row in market.customers()}
    assert not any(
        consent[who] >> market.tables.channel_at[channel] & 1 for (who, channel), day in last.items() if day < 39
    )


@pytest.mark.parametrize(
    ("send", "waited", "expected"),
    [(10, False, (600, False)), (7, False, (540, False)), (22, False, (1320, True)), (22, True, (540, False)), (21, False, (1260, True)), (9, False, (540, False))],
)  # fmt: skip
def test_quiet_hours_wait_until_they_end(send, waited, expected):
    """21:00-09:00: due at 7 it goes at 9; due at 22 it is held until the next day at 9; the borders are exact."""
    assert waiting_minute(ContactPolicy(quiet="21:00-09:00"), send, waited) == expected


def test_a_late_message_is_blocked_by_quiet_hours_and_sent_the_next_morning():
    """The rule is counted on the first day and the message goes at nine on the next."""
    campaigns = {"late": {"send_time": "22:00", "live_days": 2}}
    scenario = Scenario(market=quiet_market(50), channels=CHANNELS, campaigns=campaigns, occasions={}, monitors={},
                        horizon=30, contact_policy={"quiet": "21:00-09:00"})  # fmt: skip
    market = CompiledMarket(scenario, 0, people=newborn(scenario))
    totals = live(market, 4, lambda tables, day: day == 1 and tables.launch("late-1", "late", None, 0.5, 1))
    assert column(market, totals, "deferred_quiet").tolist() == [0, 50, 0, 0]
    assert column(market, totals, "sent_email").tolist() == [0, 0, 50, 0]


def test_fatigue_without_weight_means_policy_cannot_change_response():
    """With messages that do not tire, opens per delivered message are the same under a tight and a loose cap."""
    channels = {"email": {**ALWAYS, "fatigue_weight": 0, "bounce": 0}}
    shares = []
    for cap in ("1 per rolling week", "7 per rolling week"):
        scenario = Scenario(market=quiet_market(3000), channels=channels, campaigns={"letter": {"live_days": 1}},
                            occasions={}, monitors={}, contact_policy={"at_most": cap, "gap": 0}, horizon=60)  # fmt: skip
        market = CompiledMarket(scenario, 0, people=newborn(scenario))
        totals = live(market, 60, lambda t, day: t.launch(f"letter-{day}", "letter", None, 0.5, day))
        shares.append(column(market, totals, "opened_email").sum() / column(market, totals, "delivered_email").sum())
    assert shares[0] == pytest.approx(shares[1], rel=0.05)


def test_more_patience_never_lowers_opens():
    """Under the same draws a more patient market opens at least as often."""
    opened = []
    for half_life in (14, 7, 2):
        market, _, _ = market_with({"at_most": [], "gap": 0}, fatigue={"half_life_days": half_life, "opt_out": 0})
        opened.append(int(column(market, live(market, 40, crowd), "opened_email").sum()))
    assert opened == sorted(opened)
    assert opened[0] < opened[-1]


def test_calendar_weeks_begin_on_monday():
    """Two a calendar week: the third waits for Monday, however few days that is."""
    start = date(2026, 1, 5)  # a Monday
    scenario = Scenario(market=quiet_market(50), channels=CHANNELS, campaigns={"letter": {"live_days": 1}}, occasions={},
                        monitors={}, start=start, warmup=0, horizon=30,
                        contact_policy={"at_most": "2 per calendar week", "gap": 0})  # fmt: skip
    market = CompiledMarket(scenario, 0, people=newborn(scenario))
    totals = live(market, 21, lambda t, day: t.launch(f"letter-{day}", "letter", None, 0.5, day))
    sent = column(market, totals, "sent_email")
    # the first day's customers come in the course of that day, so nobody is written to before the second
    assert [day for day in range(21) if sent[day]] == [1, 2, 7, 8, 14, 15]


def test_nobody_is_contacted_before_the_first_purchase():
    """Who first buys at 21:36 does not get the ten o'clock message of that day."""
    scenario = Scenario(market=quiet_market(50), channels=CHANNELS, campaigns={"letter": {"live_days": 1}}, occasions={},
                        monitors={}, horizon=30)  # fmt: skip
    people = newborn(scenario)
    people["first_purchase_day"] = 0.9
    market = CompiledMarket(scenario, 0, people=people)
    totals = live(market, 3, lambda t, day: t.launch(f"letter-{day}", "letter", None, 0.5, day))
    assert column(market, totals, "sent_email").tolist() == [0, 50, 50]


def test_an_audience_of_recent_buyers_holds_no_prospects():
    """`bought_within_days` leaves prospects out although the audience is everyone; `not_bought_within_days` does not."""
    audiences = {"recent": {"bought_within_days": 30}, "lapsed": {"not_bought_within_days": 30}}
    for name, bounds in audiences.items():
        campaigns = {name: {"live_days": 1, "audience": {"who": "everyone", **bounds}}}
        scenario = Scenario(market={"customers": 200, "prospects": 1}, channels=CHANNELS, campaigns=campaigns,
                            occasions={}, monitors={}, horizon=30)  # fmt: skip
        market = CompiledMarket(scenario, 0)
        totals = live(market, 2, lambda t, day, name=name: t.launch(f"{name}-{day}", name, None, 0.5, day))
        assert column(market, totals, "sent_email").sum() == (0 if name == "recent" else 400)


def test_messages_that_a_consent_lets_through_are_those_one_would_find_one_by_one():
    """A message reaches a consent by its channel or by its fallback's; slots nobody uses have no bit."""
    draws, channels = np.random.default_rng(3), 3
    ways = [(slot, *map(int, draws.integers(0, channels, 2))) for slot in range(SLOTS) if slot % 3]
    through = reachable(ways, channels)
    assert len(through) == 1 << channels
    for consent, bits in enumerate(through):
        reached = {slot for slot, own, other in ways if consent >> own & 1 or consent >> other & 1}
        assert {slot for slot in range(SLOTS) if bits >> slot & 1} == reached


@pytest.mark.parametrize(
    ("field", "value"),
    [("bought_within", 30.0), ("not_bought_within", 30.0), ("condition", 0), ("holdout", 0.1), ("topic", 2), (None, 0)],
)
def test_a_message_is_choosy_when_it_asks_anything_of_a_person(field, value):
    """Each thing that a message may ask makes it so, and nothing else does."""
    row = np.zeros(1, MESSAGE)[0]
    row["bought_within"], row["not_bought_within"], row["condition"], row["topic"] = NO_BOUND, -NO_BOUND, -1, -1
    if field:
        row[field] = value
    assert asks(row) == (field is not None)


def test_all_messages_are_looked_at_while_something_is_withheld():
    """Every bit of `choosy` is set; without it only that of the message with an audience of its own."""
    scenario = Scenario(channels=CHANNELS, campaigns=CAMPAIGNS, occasions={}, monitors={})
    for what in (None, Withheld("channel", "email")):
        tables = MarketTables(scenario, 0)
        if what:
            tables.withhold(what)
        for day, name in enumerate(CAMPAIGNS):
            tables.launch(f"{name}-{day}", name, None, 0.5, 0)
        world = tables.begin_day({})
        choosy = sum(1 << slot for slot, live in enumerate(tables.messages) if live and asks(world.message[slot]))
        assert world.today["choosy"] == (-1 if what else choosy)
