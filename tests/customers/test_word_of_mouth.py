"""Word of mouth: Bass's model by the ordinary rules, and a fixed network of who hears from whom."""

import math

import numpy as np
import pytest
from markets import column, live

from simkit.customers.compiled import CompiledMarket
from simkit.customers.mesa_market import MarketModel
from simkit.customers.state import INFLUENCE_GRAIN
from simkit.customers.word_of_mouth import Ties, ties_of
from simkit.scenario.schema import Scenario

REPLICATIONS = 20
CLOSED_FORM = {5: 0.3312, 10: 0.8128}
"""Bass 1969 at p .03, q .38 a year: cumulative share of adopters after so many years."""


def prospects(people, **word):
    """A market of prospects who only hear from each other."""
    market = {"customers": people, "prospects": 1, "word_of_mouth": word}
    return Scenario(market=market, channels=["email"], campaigns={}, occasions={}, monitors={}, horizon=30, warmup=0)


def adopted(case, days, replication):
    """Share who have become customers by the end of each day."""
    market = CompiledMarket(case, replication)
    return np.cumsum(column(market, live(market, days), "new_customers")) / case.market.customers


def recursion(p, q, days):
    """Share of adopters day by day when nobody is a whole person: F + (1 - F)(1 - exp(-(p + q F) / 365))."""
    share, curve = 0.0, []
    for _ in range(days):
        share += (1 - share) * -math.expm1(-(p + q * share) / 365)
        curve.append(share)
    return np.array(curve)


def test_the_daily_recursion_is_within_3e_4_of_the_closed_form():
    """A day is short enough a step for Bass's differential equation."""
    curve = recursion(0.03, 0.38, 3650)
    for year, value in CLOSED_FORM.items():
        e = math.exp(-0.41 * year)
        exact = (1 - e) / (1 + 0.38 / 0.03 * e)
        assert exact == pytest.approx(value, abs=5e-5)
        assert abs(curve[365 * year - 1] - exact) < 3e-4


def test_adoption_follows_bass():
    """The default p and q, ten times as fast: half way and at the end within 3 standard errors of the daily recursion."""
    word = prospects(10).market.word_of_mouth
    assert (word.p, word.q) == (0.03, 0.38)
    p, q, days = 10 * word.p, 10 * word.q, 365
    curve = recursion(p, q, days)
    shares = np.array([adopted(prospects(1000, p=p, q=q), days, replication) for replication in range(REPLICATIONS)])
    for day in (days // 2, days - 1):
        values = shares[:, day]
        error = values.std(ddof=1) / math.sqrt(REPLICATIONS)
        assert abs(values.mean() - curve[day]) < 3 * error
        assert error < 0.012


def test_a_dense_network_is_the_mean_field():
    """Where everybody hears from a quarter of all, adoption is that of a market in which all hear from all, within 3
    standard errors and within .006 at the same luck; with four ties each it is slower."""
    fast, few = {"p": 1.2, "q": 15.2}, 10  # a decade in a quarter
    networks = [fast, *({**fast, "network": {"neighbors": ties}} for ties in (200, 4))]
    whole, dense, sparse = (
        np.array([adopted(prospects(800, **word), 91, replication)[[45, 90]] for replication in range(few)])
        for word in networks
    )
    error = np.sqrt((whole.var(axis=0, ddof=1) + dense.var(axis=0, ddof=1)) / few)
    assert (np.abs((dense - whole).mean(axis=0)) < np.minimum(3 * error, 0.006)).all()
    assert ((whole - sparse).mean(axis=0) > 3 * error).any()


def test_a_ring_is_slower_than_chance_ties():
    """Among neighbors who know each other the news goes round in circles; ties to anywhere carry it off."""
    ends = [
        np.mean([adopted(prospects(1500, p=0.02, q=12, network=network), 250, replication)[-1] for replication in range(3)])
        for network in ({"kind": "small_world", "neighbors": 4, "rewired": 0}, {"kind": "small_world", "neighbors": 4, "rewired": 0.3})
    ]  # fmt: skip
    assert ends[1] > ends[0] + 0.1


@pytest.mark.parametrize("kind", ["random", "small_world"])
def test_ties_are_those_of_the_stated_network(kind):
    """Ten ties a person on average (exactly, in a random one), the same in every run of a replication."""
    case = prospects(2000, network={"kind": kind, "neighbors": 10})
    ties = ties_of(case, 0)
    assert ties.degree.mean() == 10
    assert (kind == "small_world") == (ties.degree.std() > 0)
    nobody = np.zeros(2000, int)
    one = nobody.copy()
    one[7] = 2
    segment, index = nobody, np.arange(2000)
    assert ties.heard(segment, index, nobody).max() == 0
    assert (ties.heard(segment, index, one) > 0).sum() == ties.degree[7]
    assert np.array_equal(ties.heard(segment, index, one), ties_of(case, 0).heard(segment, index, one))
    assert not np.array_equal(ties.heard(segment, index, one), ties_of(case, 1).heard(segment, index, one))


def test_what_is_heard_is_the_share_of_ties_whatever_the_order():
    """Three persons in a row, two segments: the middle one hears half when one end has adopted."""
    ties = Ties(np.array([[0, 1], [1, 2]]), [2, 1])
    segment, index, relation = np.array([1, 0, 0]), np.array([0, 1, 0]), np.array([2, 1, 1])
    assert ties.heard(segment, index, relation).tolist() == [0, INFLUENCE_GRAIN / 2, 0]


@pytest.mark.parametrize("network", [None, {"kind": "random"}, {"kind": "small_world"}])
def test_drivers_agree_on_word_of_mouth(network):
    """Mesa and compiled: the same adopters at the same moments, two segments, lifetimes and contracts among them."""
    word = {"p": 1, "q": 8, **({"network": network} if network else {})}
    segments = {
        "a": {"share": 0.5, "purchases": {"model": "pareto_nbd"}},
        "b": {"share": 0.5, "purchases": {"model": "sbg", "unit": "week"}},
    }
    case = Scenario(
        market={"customers": 300, "prospects": 0.8, "word_of_mouth": word, "segments": segments}, horizon=90, warmup=0
    )
    fast, slow = CompiledMarket(case, 0), MarketModel(scenario=case)
    totals = live(fast, 60)
    assert np.array_equal(totals, live(slow, 60))
    assert np.array_equal(fast.customers(), slow.customers())
    assert column(fast, totals, "new_customers").sum() > 100


def test_without_word_of_mouth_nobody_comes_by_it():
    """Off unless stated: prospects nobody reaches stay what they are."""
    case = Scenario(
        market={"customers": 300, "prospects": 1}, channels=["email"], campaigns={}, occasions={}, monitors={}
    )
    market = CompiledMarket(case, 0)
    assert column(market, live(market, 200), "new_customers").sum() == 0


def test_more_neighbors_than_people_is_refused():
    """A network needs somebody to know."""
    with pytest.raises(ValueError, match="neighbors each need more than"):
        prospects(10, network={"neighbors": 10})
