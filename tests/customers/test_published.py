"""Published and exact values that the ordinary rules and drivers must reproduce (rows of the reference tables)."""

import numpy as np
import pytest
from markets import column, live, newborn, quiet_market

from simkit.customers.compiled import CompiledMarket
from simkit.scenario.schema import Scenario

REPLICATIONS = 20
CUSTOMERS = 4000
BG_NBD = {1: 0.0533, 13: 0.5344, 39: 1.1967}
"""Fader, Hardie & Lee 2005: expected repeat purchases of a new CDNOW customer after so many weeks."""
MEAN_SPEND = 35.22
"""Fader & Hardie 2013: mean spend of the CDNOW Gamma-Gamma model, p v / (q - 1)."""


@pytest.fixture(scope="module")
def cohorts():
    """Repeat purchases per customer by week, and mean spend per purchase, of a cohort in each replication."""
    scenario = Scenario(market=quiet_market(CUSTOMERS), channels=["email"], campaigns={}, occasions={}, monitors={},
                        horizon=39 * 7)  # fmt: skip
    repeats, spend = {week: [] for week in BG_NBD}, []
    for replication in range(REPLICATIONS):
        market = CompiledMarket(scenario, replication, people=newborn(scenario, replication))
        totals = live(market, 39 * 7)
        bought = np.cumsum(column(market, totals, "purchases_organic"))
        for week in BG_NBD:
            repeats[week].append(bought[week * 7 - 1] / CUSTOMERS - 1)
        spend.append(column(market, totals, "revenue_organic").sum() / 10_000 / bought[-1])
    return repeats, spend


def within_three_standard_errors(values, expected):
    """Mean of replications against a value, by the spread between replications."""
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values) - expected) < 3 * error, f"{np.mean(values):.4f} +- {error:.4f} against {expected}"
    return error


@pytest.mark.parametrize("week", BG_NBD)
def test_repeat_purchases_of_bg_nbd(cohorts, week):
    """The simulated cohort buys as the BG/NBD closed form says, within 3 standard errors of twenty replications."""
    error = within_three_standard_errors(cohorts[0][week], BG_NBD[week])
    assert error < 0.01 * max(BG_NBD[week], 0.2)


def test_mean_spend_of_gamma_gamma(cohorts):
    """Money per purchase has the published mean, within 3 standard errors."""
    assert within_three_standard_errors(cohorts[1], MEAN_SPEND) < 0.5


def test_spend_quantiles_follow_the_gamma_law():
    """The quantile table is the gamma's inverse, in the middle and far in both tails."""
    from scipy.special import gammainccinv, gammaincinv

    from simkit.customers.rules.laws import quantile
    from simkit.customers.tables import gamma_table

    for shape in (0.3, 1.0, 6.25, 60.0):
        table = gamma_table(shape)
        for u in (2.0**-53, 1e-12, 1e-4, 0.1, 0.5, 0.9, 1 - 1e-6):
            assert quantile(table, u) == pytest.approx(gammaincinv(shape, u), rel=2e-4)
        assert quantile(table, 1 - 2.0**-53) == pytest.approx(gammainccinv(shape, 2.0**-53), rel=2e-4)


def multiplier(*, every_days=1, chance=1.0, replications=REPLICATIONS, people=1000):
    """Mean response multiplier of people messaged every so many days, each message arriving with a chance."""
    email = {"email": {"open_rate": 1.0, "consent_customers": 1.0, "consent_prospects": 1.0, "bounce": 1 - chance}}
    scenario = Scenario(
        market=quiet_market(people, fatigue={"opt_out": 0, "patience_spread": 0}), channels=email, horizon=30,
        campaigns={"daily": {"live_days": 1}}, occasions={}, monitors={},
        contact_policy={"at_most": [], "gap": 0, "quiet": None},
    )  # fmt: skip
    values = []
    for replication in range(replications):
        market = CompiledMarket(scenario, replication, people=newborn(scenario, replication))
        send = lambda tables, day: day % every_days == 1 % every_days and tables.launch(  # noqa: E731
            f"daily-{day}", "daily", None, 0.5, day)  # fmt: skip
        totals = live(market, 170, send)[70:]
        values.append(column(market, totals, "opened_email").sum() / column(market, totals, "delivered_email").sum())
    return values


@pytest.mark.parametrize(("per_week", "expected"), [(1, 0.7216), (3, 0.3698)])
def test_response_under_random_contacts(per_week, expected):
    """Contacts on independent days: the mean multiplier equals the exact product formula (half-life 7, delta .25)."""
    within_three_standard_errors(multiplier(chance=per_week / 7), expected)


def test_response_under_regular_contacts():
    """One contact a week exactly: exp(-delta d^7 / (1 - d^7)) = .7788, fatigue before the contact."""
    within_three_standard_errors(multiplier(every_days=7), 0.7788)


@pytest.mark.parametrize(("kind", "expected"), [("hyperbolic", 1 / 1.25), ("linear", 0.75)])
def test_other_forms_of_wear_out(kind, expected):
    """The two other forms at the stationary fatigue of one contact a week, which is 1."""
    email = {"email": {"open_rate": 1.0, "consent_customers": 1.0, "bounce": 0}}
    scenario = Scenario(
        market=quiet_market(4000, fatigue={"opt_out": 0, "patience_spread": 0, "wear_out": kind}), channels=email,
        campaigns={"weekly": {"live_days": 1}}, occasions={}, monitors={}, horizon=30,
        contact_policy={"at_most": [], "gap": 0, "quiet": None},
    )  # fmt: skip
    market = CompiledMarket(scenario, 0, people=newborn(scenario))
    totals = live(market, 200, lambda t, day: day % 7 == 1 and t.launch(f"w-{day}", "weekly", None, 0.5, day))[100:]
    share = column(market, totals, "opened_email").sum() / column(market, totals, "delivered_email").sum()
    assert share == pytest.approx(expected, abs=0.01)
