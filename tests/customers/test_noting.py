"""The event log: complete, exact in time and money, equal in both drivers, and without effect on anybody."""

import numpy as np
import pytest
from markets import DRIVERS, busy, column, live

from simkit.customers import state
from simkit.customers.compiled import CompiledMarket
from simkit.scenario.schema import Scenario

MARKET = {"customers": 400, "represents": 2000, "segments": {"north": {"share": 0.6}, "south": {"share": 0.4}}}
DAYS = 60


def scenario(**changes):
    policy = {"at_most": ["3 per rolling week"], "control_group": 0.05, "gap": 0.5}
    fatigue = {"opt_out": 0.02}
    return Scenario(
        **{"market": {**MARKET, "fatigue": fatigue}, "contact_policy": policy, "horizon": 90, "warmup": 0, **changes}
    )


@pytest.fixture(scope="module")
def logged():
    """(market, totals, contacts, events, customers on day 0) of a busy market."""
    contacts, events = [], []
    market = CompiledMarket(scenario(), 0, log=contacts, events=events)
    before = market.customers()
    totals = live(market, DAYS, busy)
    return market, totals, np.concatenate(contacts), np.concatenate(events), before


def of(events, kind):
    return events[events["kind"] == kind]


def test_both_drivers_write_the_same_events(logged):
    """Mesa notes what the compiled driver notes, to the bit; every kind of event occurs."""
    contacts, events = [], []
    live(DRIVERS["mesa"](scenario(), 0, log=contacts, events=events), DAYS, busy)
    assert np.array_equal(np.concatenate(events), logged[3])
    assert np.array_equal(np.concatenate(contacts), logged[2])
    assert set(np.unique(logged[3]["kind"])) == set(range(len(state.EVENTS)))


def test_logging_changes_nothing(logged):
    """Ledger and customers are the same with and without a log."""
    quiet = CompiledMarket(scenario(), 0)
    assert np.array_equal(live(quiet, DAYS, busy), logged[1])
    assert np.array_equal(quiet.customers(), logged[0].customers())


def test_the_ledger_follows_from_the_events(logged):
    """Money, purchases, clicks, impressions, new and lost customers: each sum of the log is the ledger's, each day."""
    market, totals, _, events, _ = logged
    bought = of(events, state.PURCHASE)
    channels = market.tables.channel_at
    for name, k in [("organic", -1), *channels.items()]:
        mine = bought[bought["channel"] == k]
        assert np.array_equal(np.bincount(mine["day"], minlength=DAYS), column(market, totals, f"purchases_{name}"))
        money = np.zeros(DAYS, np.int64)
        np.add.at(money, mine["day"], mine["amount"])
        assert np.array_equal(money, column(market, totals, f"revenue_{name}"))
    clicks = of(events, state.CLICK)
    for name, k in channels.items():
        assert (clicks["channel"] == k).sum() == column(market, totals, f"clicked_{name}").sum()
    assert of(events, state.AD_SEEN)["number"].sum() == column(market, totals, "sent_paid_social").sum()
    assert len(of(events, state.BECAME_CUSTOMER)) == column(market, totals, "new_customers").sum()
    assert len(of(events, state.LEFT)) == column(market, totals, "lost").sum()
    assert market.notes_lost == 0


def test_consent_and_stage_follow_from_the_events(logged):
    """Who may be written to at the end, and where everyone stands, is the start plus the events."""
    market, _, contacts, events, before = logged
    after = market.customers()
    place = {(c["segment"], c["index"]): i for i, c in enumerate(before)}
    consent, stage = before["consent"].astype(int), before["stage"].astype(int)
    for event in events:
        i = place[event["segment"], event["index"]]
        if event["kind"] == state.CONSENT_GIVEN:
            consent[i] |= 1 << event["channel"]
        elif event["kind"] == state.CONSENT_WITHDRAWN:
            consent[i] &= ~(1 << event["channel"])
        elif event["kind"] == state.MOVED_STAGE:
            assert stage[i] == event["what"]
            stage[i] = event["number"]
    assert np.array_equal(consent, after["consent"])
    assert np.array_equal(stage, after["stage"])
    asked = contacts[(contacts["opted_out"] == 1) & (contacts["day"] < DAYS - 1)]
    assert len(of(events, state.CONSENT_WITHDRAWN)) == len(asked) > 10


def test_times_lie_within_their_day(logged):
    """An event's time is within the day that wrote it, and purchases of a person count up by one."""
    events = logged[3]
    assert np.array_equal(np.floor(events["time"]).astype(int), events["day"])
    bought = of(events, state.PURCHASE)
    for person in np.unique(bought[["segment", "index"]]):
        mine = bought[(bought["segment"] == person["segment"]) & (bought["index"] == person["index"])]
        assert (np.diff(np.sort(mine["number"])) == 1).all()


def test_one_person_only(logged):
    """A log of one person holds that person's rows and no others."""
    opened = logged[2][logged[2]["opened"] == 1][0]
    who = int(opened["segment"]), int(opened["index"])
    contacts, events = [], []
    live(CompiledMarket(scenario(), 0, log=contacts, events=events, only=who), DAYS, busy)
    for rows, everyone in ((contacts, logged[2]), (events, logged[3])):
        mine = everyone[(everyone["segment"] == who[0]) & (everyone["index"] == who[1])]
        assert len(mine)
        assert np.array_equal(np.concatenate(rows), mine)
