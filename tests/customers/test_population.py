"""Who is there at the start: traits that differ as stated, identities that stay, a base that is not new."""

import numpy as np
import pytest
from scipy import stats

from simkit.customers.compiled import CompiledMarket
from simkit.customers.population import population
from simkit.customers.state import AWAY, CUSTOMER, LOST, PROSPECT
from simkit.scenario.market import Market
from simkit.scenario.schema import Scenario


def people(days=455, replication=0, seed=1, **market):
    scenario = Scenario(market={"customers": 40_000, **market})
    return population(scenario.market, scenario.channels, days, seed, replication)


def test_purchase_traits_follow_their_distributions():
    """Rates are gamma, dropout beta, mean spend inverse gamma, patience lognormal with mean 1."""
    made, fit = people(), Market().purchases
    per_week = made["rate"] * 7
    assert stats.kstest(per_week, stats.gamma(fit.r, scale=1 / fit.alpha).cdf).pvalue > 0.001
    assert stats.kstest(made["dropout"], stats.beta(fit.a, fit.b).cdf).pvalue > 0.001
    assert stats.kstest(1 / made["spend_scale"], stats.gamma(fit.spend.q, scale=1 / fit.spend.v).cdf).pvalue > 0.001
    patience = 1 / made["sensitivity"].astype(float)
    assert patience.mean() == pytest.approx(1, abs=0.02)
    assert np.log(patience).std() == pytest.approx(0.5, abs=0.01)


def test_traits_are_independent():
    """No two traits of a person know each other."""
    made = people()
    traits = [stats.rankdata(made[name]) for name in ("rate", "dropout", "spend_scale", "sensitivity", "bucket")]
    traits += [stats.rankdata(made["affinity"][:, k]) for k in range(3)]
    correlations = np.corrcoef(traits)[np.triu_indices(len(traits), 1)]
    assert np.abs(correlations).max() < 4 / np.sqrt(len(made))


def test_a_parameter_keeps_everybodys_rank():
    """A different purchase rate moves all persons and reorders none."""
    plain, faster = people(), people(purchases={"alpha": 2.0})
    assert np.array_equal(np.argsort(plain["rate"], kind="stable"), np.argsort(faster["rate"], kind="stable"))
    assert np.array_equal(plain["bucket"], faster["bucket"])


def test_arrivals_keep_the_rate_of_history():
    """First purchases are as frequent in the run as in the two years before it, and the horizon changes nobody."""
    made = people(prospects=0)
    arriving = int(((made["relation"] == AWAY) & (made["first_purchase_day"] < 455)).sum())
    here = int((made["relation"] == CUSTOMER).sum())
    assert arriving / 455 == pytest.approx(here / 730, rel=0.03)
    assert np.array_equal(made, people(prospects=0, days=120))
    assert (people(prospects=0.3)["relation"] == PROSPECT).mean() == pytest.approx(0.3, abs=0.01)


def test_aging_follows_the_fitted_process():
    """Customers of the start have lived since their first purchase: the share still there is the BG/NBD's."""
    scenario = Scenario(market={"customers": 40_000, "prospects": 0})
    market = CompiledMarket(scenario, 0)
    base = market.customers()
    here = base[base["relation"] != AWAY]
    assert set(np.unique(here["relation"])) == {CUSTOMER, LOST}
    rng = np.random.default_rng(5)
    alive = _alive_by_simulation(rng, 200_000, 730.0)
    share = (here["relation"] == CUSTOMER).mean()
    assert share == pytest.approx(alive, abs=4 * np.sqrt(0.25 / len(here)))
    assert (here["last_purchase_day"] < 0).all()
    assert (here["last_purchase_day"] >= here["first_purchase_day"]).all()


def _alive_by_simulation(rng, n, span):
    """Share alive now of people who entered uniformly over the span, by an event loop of the test's own."""
    fit = Market().purchases
    rate, dropout = rng.gamma(fit.r, 1 / fit.alpha, n) / 7, rng.beta(fit.a, fit.b, n)
    time, alive = -span * rng.random(n), np.ones(n, bool)
    going = np.ones(n, bool)
    while going.any():
        time[going] += rng.exponential(1 / np.maximum(rate[going], 1e-300))
        going &= time < 0
        leaves = going & (rng.random(n) < dropout)
        alive &= ~leaves
        going &= ~leaves
    return alive.mean()


def test_consent_at_the_start():
    """Shares with consent are the channels', customers' and prospects' apart."""
    made = people()
    buyers, prospects = made[made["relation"] == CUSTOMER], made[made["relation"] == PROSPECT]
    assert (buyers["consent"] & 1).mean() == pytest.approx(0.75, abs=0.015)
    assert (prospects["consent"] & 1).mean() == pytest.approx(0.10, abs=0.015)


def test_replications_are_different_people_and_repeatable():
    """Same seed and replication, same bits; another replication, other people."""
    assert np.array_equal(people(), people())
    assert not np.array_equal(people(replication=1)["rate"], people()["rate"])
    assert not np.array_equal(people(seed=2)["rate"], people()["rate"])
