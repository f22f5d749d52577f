"""Price and opinion against competitors: AMSS's sales algebra, what it does to purchases, and consent by region."""

import math

import numpy as np
import pytest
from markets import busy, column, live, newborn, quiet_market

from simkit.customers.compiled import CompiledMarket
from simkit.customers.mesa_market import MarketModel
from simkit.customers.population import population
from simkit.customers.rules.choosing import own_sales, rival_sales
from simkit.customers.rules.laws import at_odds
from simkit.customers.state import COMPETITOR_LOYAL, LOYAL, SWITCHER
from simkit.rng import Purpose, crc, run_key, uniforms
from simkit.scenario.schema import Scenario

STEADY = {"model": "hazard", "unit": "day", "rate": 0.2, "rate_shape": 500, "leaving": 1e-9, "leaving_shape": 1,
          "spend": {"model": "fixed", "price": 10}}  # fmt: skip
"""Everybody has a need every five days, pays ten, and nobody leaves."""


def scenario(price=1.0, people=4000, competition=None, purchases=STEADY, **market):
    return Scenario(
        market=quiet_market(
            people, **{"purchases": purchases, "organic_share": 0.5, "competition": competition or {}, **market}
        ),
        channels=["email"], campaigns={}, occasions={}, monitors={}, horizon=60, economics={"price": price},
    )  # fmt: skip


def lived(case, days=100, replication=0):
    """Totals, and everyone at the end, of a cohort whose first purchase is at time 0."""
    market = CompiledMarket(case, replication, people=newborn(case, replication))
    totals = live(market, days)
    return market, totals, market.customers()


def test_sales_algebra_of_amss():
    """d alone, c the competitors', t the take-over (Zhang & Vaver 2017, default sales module): worked by hand.

    Without competitors all of d; without take-over the brand loses nothing; with full take-over competitors sell c
    whatever the brand asks; all that is sold is max(d, c), and nobody sells less than nothing.
    """
    for d, c, t, own, rival in (
        (0.8, 0.0, 0.0, 0.8, 0.0), (0.8, 1.0, 0.5, 0.4, 0.6), (0.8, 0.6, 0.5, 0.6, 0.2), (0.8, 0.6, 0.0, 0.8, 0.0),
        (0.8, 0.6, 1.0, 0.2, 0.6), (0.3, 0.6, 1.0, 0.0, 0.6), (0.0, 0.6, 0.3, 0.0, 0.6), (1.0, 1.0, 0.0, 1.0, 0.0),
    ):  # fmt: skip
        assert own_sales(d, c, t) == pytest.approx(own)
        assert rival_sales(d, c, t) == pytest.approx(rival)
    grid = [k / 10 for k in range(11)]
    for d in grid:
        for c in grid:
            for t in grid:
                assert own_sales(d, c, t) + rival_sales(d, c, t) == pytest.approx(max(d, c))
                assert own_sales(d, c, t) >= own_sales(max(0, d - 0.1), c, t) - 1e-12


@pytest.mark.parametrize("price", [0.9, 1.1, 1.2])
def test_purchases_answer_the_price_by_the_algebra(price):
    """Switchers, loyal and competitor-loyal persons each buy as the formula says at their own sensitivity."""
    rules = {"demand": 0.7, "elasticity": 1.5, "loyal": 0.3, "competitor_loyal": 0.3, "competitors": 0.6}
    case = scenario(price, 8000, rules, price_churn=0)
    _, _, people = lived(case)
    u = uniforms(run_key(case.seed, 0), people["index"], 0, int(Purpose.LOYALTY), 0, crc("everyone"))
    loyalty = np.where(u < 0.3, LOYAL, np.where(u >= 0.7, COMPETITOR_LOYAL, SWITCHER))
    kinds = {SWITCHER: (0.6, 0.5, 0.4), LOYAL: (0.0, 0.0, 0.3), COMPETITOR_LOYAL: (0.6, 0.9, 0.3)}
    for kind, (rival, take_over, share) in kinds.items():
        group = people[loyalty == kind]
        assert len(group) / len(people) == pytest.approx(share, abs=0.02)
        alone = 0.7 * np.maximum(0, 1 - 1.5 * group["price_sensitivity"] / 40 * (price - 1))
        usual = own_sales(0.7, rival, take_over)
        ratio = np.array([own_sales(min(1.0, one), rival, take_over) / usual for one in alone])
        wanted = 0.5 * ratio  # of a hundred days' twenty needs
        met = np.minimum(1, wanted)
        quantity = np.maximum(1, wanted)
        bought = group["purchases"] - 1
        error = math.sqrt(20 * met.mean() / len(group))
        assert abs(bought.mean() - 20 * met.mean()) < 4 * error + 0.1
        repeat = group["revenue"] / 10_000 / price - 10
        assert abs(repeat.mean() - 200 * (met * quantity).mean()) < 40 * error + 1.5


def test_the_usual_price_changes_nothing():
    """At price 1 competition says nothing, whatever its numbers are; the same bits."""
    plain = lived(scenario(), 60)
    other = lived(scenario(competition={"demand": 0.5, "elasticity": 4, "competitors": 0.4, "take_over": 0.7}), 60)
    assert np.array_equal(plain[1], other[1])


def test_the_mean_persons_elasticity_is_the_stated_one():
    """With AMSS's switchers, one per cent on the price costs the stated elasticity in purchases per cent."""
    alike = {"elasticity_spread": 0, "elasticity": 2.6}
    usual, dearer = (lived(scenario(price, 8000, alike, price_churn=0), 200) for price in (1.0, 1.05))
    needs = [column(market, totals, "needs").sum() for market, totals, _ in (usual, dearer)]
    assert needs[0] == needs[1]
    bought = [column(market, totals, "purchases_organic").sum() - 8000 for market, totals, _ in (usual, dearer)]
    assert 1 - bought[1] / bought[0] == pytest.approx(2.6 * 0.05, abs=0.006)


def test_a_higher_price_makes_people_leave_and_a_lower_one_stay():
    """bP: the hazard of leaving is multiplied by exp(bP (price - 1) x sensitivity)."""
    leaving = {**STEADY, "leaving": 0.01, "leaving_shape": 500}
    left = []
    for price in (0.8, 1.0, 1.3):
        case = scenario(price, 20_000, {"elasticity_spread": 0}, leaving, price_churn=2)
        market, totals, _ = lived(case, 60)
        left.append(column(market, totals, "lost").sum() / 20_000)
    for share, price in zip(left, (0.8, 1.0, 1.3), strict=True):
        expected = 1 - math.exp(-0.6 * math.exp(2 * (price - 1)))
        assert share == pytest.approx(expected, abs=4 * math.sqrt(0.25 / 20_000))


def test_opinion_rises_by_what_fits_and_falls_by_what_does_not():
    """Opened messages above the reference relevance raise the opinion and purchases, those below lower both."""
    email = {"email": {"open_rate": 1.0, "click_given_open": 0.0, "consent_customers": 1.0, "bounce": 0}}
    means, bought = [], []
    for relevance in (1.0, 0.5, 0.1):
        market = quiet_market(3000, purchases=STEADY, organic_share=0.5, fatigue={"delta": 0, "opt_out": 0},
                              opinion={"message": 0.1, "half_life_days": 50, "pull": 1})  # fmt: skip
        case = Scenario(market=market, channels=email, campaigns={"n": {}}, occasions={}, monitors={}, horizon=30,
                        contact_policy={"at_most": [], "gap": 0, "quiet": None})  # fmt: skip
        told = CompiledMarket(case, 0, people=newborn(case, 0))
        totals = live(told, 60, lambda tables, day, r=relevance: tables.launch(f"n-{day}", "n", None, r, day))
        means.append(told.customers()["opinion"].mean() / 30_000)
        bought.append(column(told, totals, "purchases_organic").sum())
    assert means[0] > 0.5 > means[1] == 0 > -0.5 > means[2]
    assert bought[0] > bought[1] > bought[2]


def test_opinion_fades_with_its_half_life():
    """One message of twice the reference relevance adds .1; fifty days later half of it is left."""
    from simkit.customers.rules.choosing import impress, opinion_now

    class Thing:
        pass

    c, w, row = Thing(), Thing(), Thing()
    c.opinion, c.opinion_day, c.segment, row.opinion_decay = 0, 0, 0, math.log(2) / 50
    w.today, w.segment = Thing(), [row]
    w.today.day = 10
    impress(c, w, 0.1)
    w.today.day = 60
    assert opinion_now(c, w) == pytest.approx(0.05, abs=1e-4)
    impress(c, w, 3.0)
    assert (c.opinion, c.opinion_day) == (30_000, 60)


def test_drivers_agree_on_price_loyalty_and_opinion():
    """Mesa and compiled, at another price, with three loyalties, opinions, regions and every purchase process."""
    processes = ("bg_nbd", "pareto_nbd", "bg_bb", "sbg", "hazard")
    periods = {"sbg": {"unit": "week"}, "bg_bb": {"unit": "week"}}
    segments = {p: {"share": 0.2, "purchases": {"model": p, **periods.get(p, {})}, "region": "us"} for p in processes}
    market = {"customers": 300, "represents": 2000, "segments": segments, "opinion": {},
              "competition": {"loyal": 0.3, "competitor_loyal": 0.2, "competitors": 0.7}}  # fmt: skip
    case = Scenario(market=market, economics={"price": 1.1}, horizon=60, warmup=0)
    fast, slow = CompiledMarket(case, 0), MarketModel(scenario=case)
    totals = live(fast, 45, busy)
    assert np.array_equal(totals, live(slow, 45, busy))
    assert np.array_equal(fast.customers(), slow.customers())
    assert (fast.customers()["opinion"] != 0).sum() > 20


def test_consent_follows_the_law_of_the_region():
    """Where silence is consent, the odds of consent are the stated factor higher; opting in changes nothing."""
    shares = {}
    for region in (None, "eu", "us"):
        where = {"region": region} if region else {}
        case = Scenario(market={"customers": 20_000, "segments": {"all": {"share": 1, **where}}})
        made = population(case.market, case.channels, 60, 1, 0)
        shares[region] = [(made["consent"][made["purchases"] == bought] & 1).mean() for bought in (1, 0)]
    assert shares["eu"] == shares[None]
    for there, here in zip(shares["us"], shares["eu"], strict=True):
        assert there == pytest.approx(at_odds(28, here), abs=0.015)
    assert at_odds(28, 0.482) == pytest.approx(0.963, abs=0.001)


def test_a_region_nobody_knows_is_an_error_that_names_the_regions():
    """A misspelt region is refused; regions of one's own stand beside those that ship."""
    with pytest.raises(ValueError, match=r"unknown region 'usa'; regions: eu, uk, .*us"):
        Scenario(market={"segments": {"a": {"share": 1, "region": "usa"}}})
    own = Scenario(market={"regions": {"mars": {"consent": "opt_out", "opt_out_odds": 3}, "us": {"opt_out_odds": 10}},
                           "segments": {"a": {"share": 1, "region": "mars"}}})  # fmt: skip
    assert own.market.regions["mars"].odds == 3
    assert own.market.regions["us"].odds == 10
    assert own.market.regions["eu"].odds == 1


# --- loyalty that moves ---------------------------------------------------------------------------------------


def test_purchases_win_people_over_step_by_step():
    """After n purchases with gain g a switcher is loyal with 1 - (1 - g)^n, a competitor's with less; nobody goes back.

    Without competitors' sales loyalty does not change n."""
    rules = {"loyal": 0.2, "competitor_loyal": 0.3, "loyalty_gain": 0.05, "competitors": 0}
    case = scenario(people=12_000, competition=rules)
    _, _, people = lived(case, 60)
    u = uniforms(run_key(case.seed, 0), people["index"], 0, int(Purpose.LOYALTY), 0, crc("everyone"))
    first = np.where(u < 0.2, LOYAL, np.where(u >= 0.7, COMPETITOR_LOYAL, SWITCHER))
    now = np.where(people["loyalty"] > 0, people["loyalty"].astype(int) - 1, first)
    assert (now[first == LOYAL] == LOYAL).all()
    for start in (SWITCHER, COMPETITOR_LOYAL):
        group, n = now[first == start], people["purchases"][first == start] - 1
        none = 0.95**n
        once = n * 0.05 * 0.95 ** np.maximum(n - 1, 0) * (n > 0)
        loyal = 1 - none - (once if start == COMPETITOR_LOYAL else 0)
        assert (group == LOYAL).mean() == pytest.approx(loyal.mean(), abs=4 * math.sqrt(0.25 / len(group)))
        assert (group == start).mean() == pytest.approx(none.mean(), abs=4 * math.sqrt(0.25 / len(group)))


def test_who_was_won_over_buys_as_the_sales_algebra_says():
    """At the usual price a switcher who became loyal buys own(loyal) / own(switcher) as much: .8 / .4 with AMSS's numbers."""
    case = scenario(people=6000, competition={"loyalty_gain": 1.0, "demand": 0.8}, organic_share=0.3)
    stays = scenario(people=6000, competition={"demand": 0.8}, organic_share=0.3)
    rates = []
    for one in (case, stays):
        market, totals, people = lived(one, 200)
        late = slice(100, 200)
        rates.append(
            column(market, totals, "purchases_organic")[late].sum() / column(market, totals, "needs")[late].sum()
        )
    assert rates[1] == pytest.approx(0.3, abs=0.01)
    assert rates[0] == pytest.approx(0.6, abs=0.01)
    assert (people["loyalty"] == 0).all()


def test_needs_that_competitors_meet_lose_people_step_by_step():
    """Only what their price cut takes away loses anybody: none without it, (1 - loss)^lost needs stay with it."""
    rules = {"loyal": 1.0, "loyalty_loss": 0.2, "demand": 0.8}
    case = scenario(people=8000, competition=rules, organic_share=0.6)
    market, totals, people = lived(case, 60)
    assert column(market, totals, "loyalty_lost").sum() == 0
    market = CompiledMarket(case, 0, people=newborn(case))
    totals = live(market, 20, harm=lambda day: {"everyone": 0.5})
    people = market.customers()
    needs = people["needs"] - 1
    # as long as a person is loyal a need is lost with .3; the first loss ends that
    expected = (1 - 0.2 * 0.3) ** needs
    assert (people["loyalty"] == 0).mean() == pytest.approx(expected.mean(), abs=4 * math.sqrt(0.25 / 8000))
    assert (people["loyalty"] == 1 + COMPETITOR_LOYAL).sum() > 0
