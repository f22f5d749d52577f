"""What a customer is still worth: the literature's formula, and margins that rise with tenure."""

import numpy as np
import pytest

from simkit.customers.state import AFTER_NEED, CHANCE_GRAIN, CONTRACT, CUSTOMER, LIFETIME, OPPORTUNITIES, people_array
from simkit.measures.catalog import compute
from simkit.measures.lifetime_value import future_needs, residual_revenue, residual_tenure_margin
from simkit.scenario.economics import TenureMargin
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

YEARLY = 1 / 365
INTEREST = np.log(1.12) / 365


def contract(dropout):
    """One customer whose contract has just begun a year."""
    people = people_array(1)
    people["relation"], people["rate"], people["dropout"], people["need_clock"] = CUSTOMER, YEARLY, dropout, 1.0
    people["need_chance"], people["spend_scale"] = CHANCE_GRAIN, 1.0
    return people


@pytest.mark.parametrize(("retention", "multiple"), [(0.8, 2.50), (0.9, 4.09)])
def test_a_contract_is_worth_the_margin_multiple(retention, multiple):
    """Gupta & Lehmann 2003: r / (1 + i - r) at 12 %."""
    assert future_needs(contract(1 - retention), CONTRACT, INTEREST)[0] == pytest.approx(multiple, abs=0.005)


@pytest.mark.parametrize(("retention", "percent"), [(0.6, 19.9), (0.7, 21.6), (0.8, 25.9), (0.9, 36.6)])
def test_five_points_of_retention_at_a_flat_margin(retention, percent):
    """Five more points raise the value of all payments to come by so much; by more if margins rise with tenure."""
    flat, rising = [], []
    steps = Scenario(economics={"tenure_margin": {"growth": [0, 0.2, 0.4, 0.6, 0.8]}},
                     market={"purchases": {"model": "sbg", "spend": {"model": "fixed", "price": 1}}})  # fmt: skip
    for r in (retention, retention + 0.05):
        people = contract(1 - r)
        flat.append(future_needs(people, CONTRACT, INTEREST)[0])
        rising.append(flat[-1] + residual_tenure_margin(steps, people, 1.0, 0.0)[0])
    assert 100 * (flat[1] / flat[0] - 1) == pytest.approx(percent, abs=0.06)
    assert rising[1] / rising[0] > flat[1] / flat[0] + 0.02


@pytest.mark.parametrize("process", [AFTER_NEED, LIFETIME, OPPORTUNITIES, CONTRACT])
def test_needs_of_later_years_are_those_that_are_counted_one_by_one(process):
    """Needs after so many days against a sum over days or opportunities."""
    people = contract(0.1)
    people["rate"], people["need_clock"], people["need_chance"] = 1 / 50, 0.3, 0.7 * CHANCE_GRAIN
    if process == LIFETIME:
        people["dropout"] = 0.001
    for after in (0.0, 15.0, 15.5, 400.0):
        if process in (AFTER_NEED, LIFETIME):
            step = 0.01
            times = np.arange(after, 60_000, step) + step / 2
            hazard = 0.1 / 50 if process == AFTER_NEED else 0.001
            expected = (np.exp(-(hazard + INTEREST) * times) / 50 * step).sum()
        else:
            times = 15.0 + 50 * np.arange(4000)
            chance = float(people["need_chance"][0]) / CHANCE_GRAIN if process == OPPORTUNITIES else 1.0
            worth = chance * 0.9 ** np.arange(1, 4001) * np.exp(-INTEREST * times)
            expected = worth[times >= after].sum()
        found = future_needs(people, process, INTEREST, np.array([after]))[0]
        assert found == pytest.approx(expected, rel=1e-5)


def test_shares_of_all_four_sources_add_up_and_the_last_year_stays():
    """The schedule by year; what is left out adds nothing."""
    schedule = TenureMargin(growth=(0.0, 0.1), referral=(0.01, 0.02, 0.03), cost_saving=(0.05,))
    assert schedule.by_year(4) == pytest.approx([0.06, 0.17, 0.18, 0.18])
    assert TenureMargin().by_year(3) == [0, 0, 0]


def test_profit_and_value_rise_with_tenure_as_stated():
    """The ledger keeps revenue by year of the relationship apart; profit and lifetime value gain their share of it."""
    case = {"market": {"customers": 2000, "prospects": 0}, "campaigns": {}, "occasions": {}, "monitors": {},
            "channels": ["email"], "horizon": 60, "warmup": 5}  # fmt: skip
    flat = simulate(Scenario(**case))
    rising = simulate(
        Scenario(**case, economics={"tenure_margin": {"growth": [0, 0.1], "price_premium": [0, 0, 0.05]}})
    )
    by_year = [flat.sums[f"tenure_revenue_{year}"] for year in range(1, 9)]
    assert sum(by_year) == pytest.approx(flat.sums["revenue"])
    assert by_year[0] > by_year[1] > 0
    assert sum(by_year[3:]) == 0  # entries began two years before
    gain = 0.1 * by_year[1] + 0.15 * by_year[2]
    assert rising.sums["profit"] - flat.sums["profit"] == pytest.approx(gain)
    customers = flat.customers
    later = residual_tenure_margin(rising.scenario, customers, 0.9, 65)
    whole = residual_revenue(flat.scenario, customers, 0.9)
    assert 0 < later.sum() < 0.15 * whole.sum()
    assert compute(rising)["clv"] > compute(flat)["clv"] + gain / len(customers)
    assert compute(rising)["clv_revenue"] == compute(flat)["clv_revenue"]
