"""Cohorts and channels add up to the run they are of."""

from __future__ import annotations

import pandas as pd
import pytest

from simkit.customers.population import population
from simkit.customers.state import AWAY, CUSTOMER
from simkit.measures.breakdowns import EARLIER, payback_months
from simkit.measures.catalog import compute
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

STANDS_FOR = 20.0


@pytest.fixture(scope="module")
def run():
    """Ends with a month: 30 days of warm-up from 5 December, then until 31 March."""
    market = {"customers": 1500, "represents": STANDS_FOR, "purchases": {"r": 1}, "prospects": 0.5}
    return simulate(Scenario(market=market, warmup=30, horizon=87, start="2026-01-04"))


def test_cohorts_are_everybody_once(run):
    """On the last day: every customer, all purchases counted in a person's record, all revenue, by calendar month."""
    last = run.cohorts[run.cohorts["date"] == run.cohorts["date"].max()]
    assert str(last["date"].iloc[0]) == "2026-03-31"
    assert list(last["cohort"]) == [EARLIER, "2025-12", "2026-01", "2026-02", "2026-03"]
    assert list(last["months_since"]) == [3, 3, 2, 1, 0]
    bought = run.customers[run.customers["purchases"] > 0]
    assert last["customers"].sum() == len(bought) * STANDS_FOR
    assert last["retained"].sum() == (bought["relation"] == CUSTOMER).sum() * STANDS_FOR
    assert last["revenue"].sum() == pytest.approx(run.daily["revenue"].sum())
    for cohort in last.to_dict("records"):
        members = [p for p in bought if month(p["first_purchase_day"]) == cohort["cohort"]]
        assert cohort["customers"] == len(members) * STANDS_FOR
        assert cohort["purchases"] == sum(int(p["purchases"]) for p in members) * STANDS_FOR
        margin = 0.35 * sum(int(p["revenue"]) for p in members) / 10_000 / len(members)
        assert cohort["margin_per_customer"] == pytest.approx(margin)


def month(day):
    if day < 0:
        return EARLIER
    return f"{pd.Timestamp('2025-12-05') + pd.Timedelta(days=int(day)):%Y-%m}"


def test_a_cohort_only_grows_old(run):
    """Once its month is over nobody joins or comes back, and margin never falls."""
    for _, one in run.cohorts.groupby("cohort"):
        assert one["customers"].nunique() == 1
        assert one["retained"].is_monotonic_decreasing
        assert one["margin_per_customer"].is_monotonic_increasing


def test_channels_add_up(run):
    """First purchases upon clicks and those of arrivals are all there are; cost and revenue are the ledger's."""
    table = run.channels
    assert set(table["channel"]) == set(run.scenario.channels)
    assert table["cost"].sum() == pytest.approx(run.sums["contact_cost"] + run.sums["media_cost"])
    assert table["revenue"].sum() == pytest.approx(run.sums["revenue_response"])
    people = run.customers
    one = run.scenario
    came = population(one.market, one.channels, one.days, one.seed, 0)
    arrived = (came["relation"] == AWAY) & (came["first_purchase_day"] >= 30) & (came["first_purchase_day"] < 117)
    first = (people["purchases"] > 0) & (people["first_purchase_day"] >= 30)
    assert table["new_customers"].sum() == (first.sum() - arrived.sum()) * STANDS_FOR > 0
    row = table[table["new_customers"] > 0].iloc[0]
    assert row["cac"] == pytest.approx(row["cost"] / row["new_customers"])
    assert row["contribution"] == pytest.approx(0.35 * row["revenue"] - row["cost"])


def test_channels_say_what_went_out_and_came_back(run):
    """Sent, bounced, clicked, opted out and reached are the ledger's; a column is empty where a kind has no such thing."""
    table = run.channels.set_index("channel")
    assert table["opt_outs"].sum() == run.sums["opt_outs"]
    assert table.at["email", "bounced"] == run.sums["sent_email"] - run.sums["delivered_email"]
    seen, reached = table.at["paid_social", "sent"], table.at["paid_social", "reached_a_day"]
    assert seen == run.sums["impressions_paid_social"] > reached > 0
    assert reached == pytest.approx(run.measured["reached_paid_social"].mean())
    for kind, absent in (
        ("addressed", ["reached_a_day"]),
        ("paid", ["bounced", "opt_outs", "complaints"]),
        ("web", ["sent"]),
    ):
        assert table.loc[table["kind"] == kind, absent].isna().all(axis=None)


def cohort(name, *margins, customers=100):
    return [{"cohort": name, "months_since": k, "customers": customers, "margin_per_customer": m}
            for k, m in enumerate(margins)]  # fmt: skip


@pytest.mark.parametrize(("cac", "months"), [(5, 0.25), (10, 0.5), (15, 1.0), (20, 1.5), (30, 2.5), (31, None)])
def test_payback_lies_between_month_ends(cac, months):
    """Margins of 10, 20, 30 at half a month, one and a half, two and a half."""
    table = pd.DataFrame(cohort("2026-01", 10, 20, 30) + cohort(EARLIER, 500, 500, 500))
    assert payback_months(table, cac) == (None if months is None else pytest.approx(months))


def test_payback_weighs_cohorts_by_their_customers():
    """At half a month 300 with 10 and 100 with 30 have 15 on average."""
    table = pd.DataFrame(cohort("2026-01", 10, 40, customers=300) + cohort("2026-02", 30))
    assert payback_months(table, 15) == pytest.approx(0.5)


def test_payback_is_that_of_the_cohorts(run):
    """The measure joins the run's cohorts and its acquisition cost, and is absent when that is not reached."""
    assert compute(run)["payback_months"] is None
    free = Scenario(market={"customers": 1500, "represents": 5000}, warmup=30, horizon=87)
    one = simulate(free)
    found = compute(one)
    assert found["payback_months"] == payback_months(one.cohorts, found["cac"])
    assert 0 < found["payback_months"] < 4
