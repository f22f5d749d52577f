"""A diary tells everything that the logs say of one person, in order, with the reason."""

from datetime import date

import numpy as np
import pytest

from simkit.customers.state import DEFERRED, DROPPED, PURCHASE, SENT
from simkit.experiment.inquiries.tracing import NoSuchCustomer, find_customer, trace
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

SCENARIO = Scenario(horizon=60, warmup=20, market={"customers": 400, "fatigue": {"opt_out": 0.02},
                    "segments": {"north": {"share": 0.5}, "far-south": {"share": 0.5}}})  # fmt: skip


@pytest.fixture(scope="module")
def run():
    """The run with everybody's logs."""
    return simulate(SCENARIO, contact_log=True, event_log=True)


def busiest(run, rows):
    """(segment, index) of the person with most of these rows."""
    people, counts = np.unique(rows[["segment", "index"]], return_counts=True)
    one = people[np.argmax(counts)]
    return list(SCENARIO.market.segments)[one["segment"]], int(one["index"])


def test_a_diary_holds_all_that_happened(run):
    """Messages got, purchases and their money, opt-outs and days are those of everybody's log."""
    bought = run.events[run.events["kind"] == PURCHASE]
    who = busiest(run, run.contacts[np.isin(run.contacts["index"], bought["index"][bought["channel"] >= 0])])
    diary, place = trace(SCENARIO, who), list(SCENARIO.market.segments).index(who[0])
    mine = lambda rows: rows[(rows["segment"] == place) & (rows["index"] == who[1])]  # noqa: E731
    contacts, events = mine(run.contacts), mine(run.events)
    texts = [one.text for one in diary.entries]
    assert sum(text.startswith("got ") for text in texts) == (contacts["decision"] == SENT).sum() > 0
    assert sum(text.startswith("opted out") for text in texts) == contacts["opted_out"].sum()
    waited = sum(text.count(" (") for text in texts if text.startswith("deferred: "))
    assert waited == (contacts["decision"] == DEFERRED).sum() > 0
    given_up = sum(text.count(" (") for text in texts if text.startswith("dropped: "))
    assert given_up == (contacts["decision"] == DROPPED).sum()
    sold = events[events["kind"] == PURCHASE]
    assert sum(one.kind == "purchase" for one in diary.entries) == len(sold)
    for row in sold:
        assert any(f"bought for {row['amount'] / 10_000:,.2f} USD" in text for text in texts)
    assert [one.time for one in diary.entries] == sorted(one.time for one in diary.entries)


def test_reasons_are_said(run):
    """A message held back names the rule, and a purchase what brought it."""
    diary = trace(SCENARIO, busiest(run, run.contacts[run.contacts["decision"] == DEFERRED]))
    texts = " | ".join(one.text for one in diary.entries)
    assert 'the rule "3 per rolling week" allows no more' in texts
    assert "less than a day since the last contact" in texts
    responded = run.events[(run.events["kind"] == PURCHASE) & (run.events["channel"] >= 0)]
    told = [one.text for one in trace(SCENARIO, busiest(run, responded)).entries if one.kind == "purchase"]
    assert any("after a click on" in text or "on a visit" in text for text in told)


def test_days_can_be_picked(run):
    """`between` keeps both ends and nothing outside."""
    diary = trace(SCENARIO, busiest(run, run.contacts))
    days = sorted({one.time.date() for one in diary.entries})
    picked = {one.time.date() for one in diary.between(days[2], days[-3]).entries}
    assert picked == set(days[2:-2])
    assert diary.between(date(2040, 1, 1), None).entries == ()


def test_customers_are_found_by_name_or_number():
    """segment:index, the exported id, or a number that counts through the segments."""
    assert find_customer("north:3", SCENARIO) == ("north", 3)
    assert find_customer("far-south-7", SCENARIO) == ("far-south", 7)
    assert find_customer("200", SCENARIO) == ("far-south", 0)
    for wrong in ("north:200", "400", "east:1", "north:x", ""):
        with pytest.raises(NoSuchCustomer, match=r"0 to|SEGMENT one of north, far-south"):
            find_customer(wrong, SCENARIO)
