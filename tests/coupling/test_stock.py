"""Units for sale: what is short is lost or waits, nothing more is sold than there is, both drivers agree."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import ValidationError

from simkit.coupling.stock import Supply
from simkit.measures.catalog import compute
from simkit.scenario.economics import Stock
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate


def scenario(stock=None, **changes):
    """300 persons who buy often, each standing for many, with clicks of all sorts."""
    market = {"customers": 300, "represents": 1000, "purchases": {"r": 2, "a": 0.5, "b": 9}}
    given = {"market": market, "horizon": 80, "warmup": 20, "economics": {"stock": stock}}
    return Scenario(**{**given, **changes})


def sold(run):
    return (run.daily["purchases_organic"] + run.daily["purchases_response"]).to_numpy()


@pytest.fixture(scope="module")
def plenty():
    return simulate(scenario())


def test_more_stock_than_demand_changes_nothing(plenty):
    """Every day is the same to the bit, everything is served."""
    run = simulate(scenario("500_000 per week"))
    assert run.daily.drop(columns=["served_share", "unmet_demand"]).equals(plenty.daily)
    assert (run.daily["served_share"] == 1).all()
    assert compute(run)["unmet_demand_share"] == 0


def test_no_more_is_sold_than_there_is(plenty):
    """Half of what is wanted: sales stay within supply, and what is not sold is about the other half."""
    wanted = sold(plenty).mean()
    stock = {"units_per_week": 3.5 * wanted, "keep_weeks": 1}
    run = simulate(scenario(stock))
    assert sold(run).sum() <= 0.5 * wanted * 100 + sold(run).max()
    assert sold(run)[20:].mean() == pytest.approx(0.5 * wanted, rel=0.05)
    assert compute(run)["unmet_demand_share"] == pytest.approx(0.5, abs=0.07)
    click = run.sums["purchases_response"] / run.sums["purchases_organic"]
    assert click < 1.6 * plenty.sums["purchases_response"] / plenty.sums["purchases_organic"]


def test_a_click_and_a_need_are_short_alike():
    """With a quarter served, needs are met at a quarter of their share and clicks bring a quarter of the days."""
    market = simulate_tables(0.25, harm=0.2)
    full = simulate_tables(1.0, harm=0.2)
    assert 1 - market.segment["harm"][0] == pytest.approx(0.25 * (1 - full.segment["harm"][0]))
    assert market.segment["price_push"][0] == full.segment["price_push"][0] > 0
    assert market.channel["purchase_days"] == pytest.approx(0.25 * full.channel["purchase_days"])
    assert market.channel["moves"][:, 3] == pytest.approx(0.25 * full.channel["moves"][:, 3])
    assert np.array_equal(market.channel["moves"][:, :3], full.channel["moves"][:, :3])


def simulate_tables(served, harm):
    from simkit.customers.market import MarketTables

    tables = MarketTables(scenario(), 0)
    tables.served = served
    return tables.begin_day({"everyone": harm})


def test_both_drivers_agree():
    """Everyone and every day, to the bit, while stock is short."""
    short = scenario("20_000 per week")
    one, other = simulate(short, engine="mesa"), simulate(short)
    assert (one.daily["served_share"] < 1).sum() > 20
    assert one.daily.equals(other.daily)
    assert np.array_equal(one.customers, other.customers)
    assert one.cohorts.equals(other.cohorts)


# --- day by day -------------------------------------------------------------------------------------------------


def sell(rule, demand, days):
    """A steady demand against the stock; a day sells the share that is served."""
    supply = Supply(Stock(**rule), SimpleNamespace(tables=SimpleNamespace(served=1.0)))
    for _ in range(days):
        supply.open_day()
        supply.close_day(demand * supply.served[-1])
    return supply


def test_steady_demand_is_served_by_its_share():
    """10 a day come and 40 are wanted: a quarter is served once the overdrawn first day is paid back."""
    supply = sell({"units_per_week": 70, "keep_weeks": 1}, 40, 60)
    assert supply.served[0] == 1
    assert supply.served[1] == 0
    assert supply.served[-1] == pytest.approx(0.25)
    assert sum(supply.unmet[1:]) == pytest.approx(40 * 59 - (10 * 60 - 40) + supply.kept)


def test_who_arrives_is_served_first():
    """Of 10 a day 4 go to arrivals; the 24 others wanted get the other 6."""
    supply = Supply(Stock(units_per_week=70), SimpleNamespace(tables=SimpleNamespace(served=1.0)))
    for _ in range(60):
        supply.open_day()
        supply.close_day(4 + 24 * supply.served[-1], 4)
    assert supply.served[-1] == pytest.approx(0.25)
    assert supply.unmet[-1] == pytest.approx(18)


def test_what_is_not_sold_is_kept_within_its_room():
    """Two weeks' supply at most, nothing of what does not keep."""
    assert sell({"units_per_week": 70, "keep_weeks": 2}, 4, 60).kept == 140
    assert sell({"units_per_week": 70, "keep_weeks": 0}, 4, 60).kept == 0


def test_back_orders_wait_until_half_of_the_buyers_leave():
    """Twice as much wanted as comes: the wait grows to the patience at which half do not order."""
    rule = {"units_per_week": 70, "when_out": "back_ordered", "patience_days": 6}
    supply = sell(rule, 20, 400)
    assert supply.served[-1] == pytest.approx(0.5, rel=0.01)
    assert -supply.kept / supply.per_day == pytest.approx(6, rel=0.02)


@pytest.mark.parametrize("written", ["0 per week", "5_000", "5000 per month", {"units_per_week": 0}])
def test_no_stock_at_all_is_refused(written):
    """Zero and no period."""
    with pytest.raises(ValidationError):
        Scenario(economics={"stock": written})


def test_short_forms():
    """Per day and per week."""
    assert Scenario(economics={"stock": "1_000 per day"}).economics.stock == Stock(units_per_week=7000)
