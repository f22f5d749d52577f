"""Purchase processes of the literature, by the ordinary rules: published values, and what must hold in each."""

import math
from datetime import date
from functools import lru_cache

import numpy as np
import pytest
from markets import column, live, newborn, quiet_market

from simkit.customers.compiled import CompiledMarket
from simkit.customers.mesa_market import MarketModel
from simkit.customers.population import population
from simkit.customers.state import AWAY, CUSTOMER, LOST
from simkit.measures.catalog import purchases_per_need
from simkit.measures.lifetime_value import residual_revenue
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

MODELS = ("bg_nbd", "pareto_nbd", "bg_bb", "sbg", "hazard")
REPLICATIONS = 20
PEOPLE = 2500
HIGH_END = {"model": "sbg", "unit": "week", "alpha": 0.668, "beta": 3.806}
"""A period is a week here, so that a dozen of them are quick to live."""
DONORS = {"model": "bg_bb", "unit": "week", "alpha": 1.204, "beta": 0.750, "gamma": 0.657, "delta": 2.783}
CDNOW = {"model": "pareto_nbd", "unit": "week", "r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}


def scenario(purchases, people=PEOPLE, **market):
    return Scenario(market=quiet_market(people, purchases=purchases, **market), channels=["email"], campaigns={},
                    occasions={}, monitors={}, horizon=60)  # fmt: skip


def cohort(purchases, days, replication, change=lambda people: None, people=PEOPLE):
    """A market and its totals, everyone's first purchase at time 0."""
    case = scenario(purchases, people)
    made = newborn(case, replication)
    change(made)
    market = CompiledMarket(case, replication, people=made)
    return market, live(market, days)


@lru_cache(maxsize=2)
def survivors(mean_rates=False):
    """Shares of twenty cohorts still under contract after 0, 1, ... 12 periods, a row each."""
    rows = []
    for replication in range(REPLICATIONS):
        average = (lambda people: people["dropout"].fill(people["dropout"].mean())) if mean_rates else lambda _: None
        market, totals = cohort(HIGH_END, 12 * 7 + 1, replication, average)
        customers = column(market, totals, "customers")
        # an anniversary falls on the stroke of midnight, so a period's count is taken a day later
        rows.append([1.0, *(customers[7 * period] / PEOPLE for period in range(1, 13))])
    return np.array(rows)


def against(values, expected, own_error=0.0):
    """Mean of replications against a value within 3 standard errors between them."""
    error = math.hypot(np.std(values, ddof=1) / np.sqrt(len(values)), own_error)
    assert abs(np.mean(values) - expected) < 3 * error, f"{np.mean(values):.4f} +- {error:.4f} against {expected}"
    return error


@pytest.mark.parametrize(("period", "expected"), [(1, 0.8507), (4, 0.6099), (7, 0.4889), (12, 0.3780)])
def test_survival_of_contracts(period, expected):
    """sBG, High End (Fader & Hardie 2007): share still under contract after so many periods."""
    assert against(survivors()[:, period], expected) < 0.005


@pytest.mark.parametrize(("period", "observed"), [(7, 0.491), (12, 0.394)])
def test_survival_of_contracts_against_the_observed_sample(period, observed):
    """The sample that the sBG was fitted to (a thousand customers), and its hold-out, within both errors."""
    against(survivors()[:, period], observed, own_error=math.sqrt(observed * (1 - observed) / 1000))


@pytest.mark.parametrize(("period", "expected"), [(1, 0.8507), (5, 0.9212)])
def test_retention_of_contracts(period, expected):
    """sBG, High End: share of a period's contracts that are renewed into the next."""
    lives = survivors()
    against(lives[:, period] / lives[:, period - 1], expected)


def test_retention_rises_with_tenure_although_nobody_changes():
    """In an sBG market the rate of renewal rises as those likely to leave have left; with the mean in place of the
    distribution it stays where it was, and is too low from the second period on."""
    rates = [np.mean(lives[:, 1:] / lives[:, :-1], axis=0) for lives in (survivors(), survivors(mean_rates=True))]
    assert (np.diff(rates[0][:8]) > 0).all()
    assert rates[0][11] - rates[0][0] > 0.1
    assert np.abs(rates[1] - rates[1][0]).max() < 0.02
    assert rates[1][4] < 0.9212 - 0.05


def test_repeat_purchases_of_pareto_nbd():
    """Pareto/NBD, CDNOW (Fader, Hardie & Lee 2005): expected repeat purchases of a new customer by weeks 13 and 39."""
    values = []
    for replication in range(REPLICATIONS):
        market, totals = cohort(CDNOW, 39 * 7, replication)
        values.append(np.cumsum(column(market, totals, "purchases_organic"))[[13 * 7 - 1, -1]] / PEOPLE - 1)
    assert against(np.array(values)[:, 0], 0.5312) < 0.01
    assert against(np.array(values)[:, 1], 1.2130) < 0.02


def test_transactions_of_bg_bb():
    """BG/BB, donors (Fader, Hardie & Shang 2010): expected transactions in six opportunities."""
    values = []
    for replication in range(REPLICATIONS):
        market, totals = cohort(DONORS, 6 * 7 + 1, replication)
        values.append(column(market, totals, "purchases_organic").sum() / PEOPLE - 1)
    assert against(values, 2.220) < 0.02


def test_hazard_is_a_pareto_nbd_in_other_words():
    """Mean rate and hazard with their shapes give the same people, to rounding, and the same mean as stated."""
    plain = scenario(
        {"model": "hazard", "unit": "year", "rate": 4, "rate_shape": 0.8, "leaving": 0.5, "leaving_shape": 2}
    )
    same = scenario({"model": "pareto_nbd", "unit": "year", "r": 0.8, "alpha": 0.2, "s": 2, "beta": 4})
    people = [population(s.market, s.channels, 60, 1, 0) for s in (plain, same)]
    for trait, mean in (("rate", 4), ("dropout", 0.5)):
        assert np.allclose(people[0][trait], people[1][trait], rtol=1e-12)
        assert people[0][trait].mean() * 365.25 == pytest.approx(mean, rel=0.05)


# --- every process -----------------------------------------------------------------------------------------


def every_model(**more):
    fast = {"bg_nbd": {"r": 2, "alpha": 2}, "sbg": {"unit": "week", "spend": {"model": "fixed", "price": 9.99}},
            "bg_bb": {"unit": "week"}}  # fmt: skip
    segments = {m: {"share": 1 / len(MODELS), "purchases": {"model": m, **fast.get(m, {})}} for m in MODELS}
    return Scenario(**{"market": {"customers": 500, "segments": segments}, "horizon": 60, "warmup": 0, **more})


def test_drivers_agree_to_the_bit_whatever_the_process():
    """Mesa and compiled live the same days with one segment of each purchase process."""

    def news(tables, day):
        if day % 5 == 0:
            tables.launch(f"n-{day}", "newsletter", None, 0.6, day)

    fast, slow = CompiledMarket(every_model(), 0), MarketModel(scenario=every_model())
    harm = lambda day: {"sbg": 0.2, "hazard": 0.3} if 10 < day < 50 else {}  # noqa: E731
    totals = live(fast, 60, news, harm)
    assert np.array_equal(totals, live(slow, 60, news, harm))
    assert np.array_equal(fast.customers(), slow.customers())
    lost = fast.customers()[(fast.customers()["relation"] == LOST) & (fast.customers()["lost_day"] > 0)]
    assert set(lost["segment"]) == set(range(len(MODELS)))
    assert column(fast, totals, "renewals").sum() > 50


@pytest.mark.parametrize("model", MODELS)
def test_aging_is_living(model):
    """Who was aged to day 0 is like who lived until then: as many are left, after as many purchases, equally recent."""
    unit = {"unit": "month"} if model in ("bg_bb", "sbg") else {}
    days, people = 270, 8000
    case = scenario({"model": model, **unit}, people)
    lived = CompiledMarket(case, 0, people=newborn(case, 0))
    live(lived, days)
    made = newborn(case, 1)
    made["relation"], made["purchases"], made["first_purchase_day"] = CUSTOMER, 1, -float(days)
    made["last_purchase_day"] = made["first_purchase_day"]
    aged = CompiledMarket(case, 1, people=made).customers()
    for figure in (
        lambda p, now: p["relation"] == CUSTOMER,
        lambda p, now: p["purchases"],
        lambda p, now: now - p["last_purchase_day"],
        lambda p, now: p["need_clock"] * (p["relation"] == CUSTOMER),
    ):
        there, here = figure(lived.customers(), days).astype(float), figure(aged, 0).astype(float)
        error = math.hypot(there.std(), here.std()) / math.sqrt(people)
        assert abs(there.mean() - here.mean()) < 4 * error + 1e-9


def test_a_lifetime_ends_once_and_nothing_is_bought_after_it():
    """Pareto/NBD: nobody buys later than the day of loss, and exposed to a price cut lives are shorter."""
    case = scenario(CDNOW)
    lost = []
    for harm in (0.0, 0.8):
        market = CompiledMarket(case, 0, people=newborn(case, 0))
        live(market, 200, harm=lambda day, harm=harm: {"everyone": harm})
        people = market.customers()
        gone = people[people["relation"] == LOST]
        assert (gone["last_purchase_day"] <= gone["lost_day"]).all()
        lost.append(people["lost_day"])
    assert (lost[1] <= lost[0]).all()
    assert (lost[1] < lost[0]).sum() > 0.1 * PEOPLE


def test_a_contract_pays_its_fee_every_period_and_counts_as_active():
    """Everyone under contract has paid the fee at the start and at each renewal, and only they are active."""
    market, totals = cohort({**HIGH_END, "spend": {"model": "fixed", "price": 9.99}}, 40, 0)
    people = market.customers()
    assert (people["revenue"] == people["purchases"] * 99_900).all()
    here = people["relation"] == CUSTOMER
    assert (people["purchases"][here] == 1 + 40 // 7).all()
    assert column(market, totals, "active")[-1] == here.sum()
    assert (people["relation"] != AWAY).all()


def test_clicks_sell_no_second_period():
    """A message upon which everybody clicks sells to buyers, and nothing to who is under contract."""
    email = {"email": {"open_rate": 1.0, "click_given_open": 1.0, "consent_customers": 1.0, "purchase_days": 3650}}
    for purchases, sells in ((CDNOW, True), ({**HIGH_END, "unit": "year"}, False)):
        case = Scenario(market=quiet_market(500, purchases=purchases), channels=email, campaigns={"n": {}},
                        occasions={}, monitors={}, horizon=30)  # fmt: skip
        market = CompiledMarket(case, 0, people=newborn(case, 0))
        totals = live(market, 20, lambda tables, day: tables.launch(f"n-{day}", "n", None, 0.5, day))
        assert column(market, totals, "clicked_email").sum() > 100
        assert (column(market, totals, "purchases_email").sum() > 0) == sells


@pytest.mark.parametrize("model", MODELS)
def test_residual_value_is_what_a_long_life_brings(model):
    """Living on for years brings, discounted, what the own traits of those present promise: within 3.5 s.e."""
    numbers = {
        "bg_nbd": {"r": 2, "alpha": 60, "a": 3, "b": 12, "unit": "day"},
        "pareto_nbd": {"r": 2, "alpha": 60, "s": 4, "beta": 1200, "unit": "day"},
        "bg_bb": {"alpha": 2, "beta": 1, "gamma": 3, "delta": 12, "unit": "month"},
        "sbg": {"alpha": 3, "beta": 12, "unit": "month"},
        "hazard": {"rate": 6, "leaving": 1, "leaving_shape": 4, "unit": "year"},
    }[model]
    market = quiet_market(4000, purchases={"model": model, **numbers, "spend": {"model": "fixed", "price": 1}},
                          history_days=400)  # fmt: skip
    case = Scenario(market=market, channels=["email"], campaigns={}, occasions={}, monitors={}, horizon=7, warmup=0,
                    economics={"discount_per_year": 0.12})  # fmt: skip
    run = simulate(case)
    there = (run.customers["relation"] == CUSTOMER) & (run.customers["first_purchase_day"] < 7)
    assert there.sum() > 500
    market, worth, last = CompiledMarket(case, 0), np.zeros(len(there)), run.customers["revenue"]
    for day in range(2507):
        market.live_day()
        if day % 50 == 6:  # the first time after as long as the run was
            now = market.customers()["revenue"]
            worth += (now - last) / 10_000 * 1.12 ** (-max(day - 31.0, 0) / 365)
            last = now
    promised = residual_revenue(case, run.customers, purchases_per_need(run))[there]
    difference = worth[there] - promised
    assert abs(difference.mean()) < 3.5 * difference.std() / math.sqrt(len(difference))
    assert difference.std() / math.sqrt(len(difference)) < 0.06 * promised.mean()


# --- season and satiation ----------------------------------------------------------------------------------

STEADY = {"model": "hazard", "unit": "day", "rate": 0.2, "rate_shape": 500, "leaving": 1e-9, "leaving_shape": 1}
"""Everybody has a need every five days and nobody leaves."""


def needs_by_day(days, people=4000, purchases=STEADY, **market):
    case = scenario(purchases, people, **market)
    made = newborn(case, 0)
    made["first_purchase_day"] = 0.5
    market = CompiledMarket(case, 0, people=made)
    return column(market, live(market, days), "needs"), market


def test_a_season_moves_needs_and_adds_none():
    """Weekdays and months have their shares; a year brings as many needs as without."""
    weekdays, months = [1, 1, 1, 1, 2, 3, 0], [1] * 11 + [2]
    steady, _ = needs_by_day(365, 1000)
    moved, market = needs_by_day(365, 1000, season={"weekdays": weekdays, "months": months})
    assert moved.sum() == pytest.approx(steady.sum(), rel=0.02)
    first = market.tables.scenario.start.toordinal() - market.tables.scenario.warmup_days
    days = [date.fromordinal(first + day) for day in range(365)]
    shares = [moved[[day.weekday() == k for day in days]].sum() / moved.sum() for k in range(7)]
    assert shares == pytest.approx(np.array(weekdays) / 9, abs=0.006)
    december, november = (moved[[day.month == month for day in days]].mean() for month in (12, 11))
    assert december / november == pytest.approx(2, rel=0.1)


def test_satiation_delays_the_next_need_by_its_formula():
    """Of 4,000 who bought half a day before, so many have had no further need: exp(-rate x sum of the multipliers)."""
    purchases = {**STEADY, "spend": {"model": "fixed", "price": 1}}
    _, market = needs_by_day(8, purchases=purchases, satiation={"depth": 0.8, "half_life_days": 3})
    people = market.customers()
    # the day of the purchase counts half; then whole days since the purchase on day 0.5
    rested = 0.5 * 0.2 + sum(1 - 0.8 * 0.5 ** ((day - 0.5) / 3) for day in range(1, 8))
    expected = math.exp(-0.2 * rested)
    share = (people["purchases"] == 1).mean()
    assert share == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 4000))


def test_satiation_makes_what_a_message_sells_partly_borrowed():
    """A purchase upon a message lowers the needs of the days after it; without satiation it does not."""
    gains = []
    for satiation in (None, {"depth": 0.9, "half_life_days": 30}):
        market = {"satiation": satiation} if satiation else {}
        email = {"email": {"open_rate": 1.0, "click_given_open": 1.0, "consent_customers": 1.0, "purchase_days": 3650}}
        case = Scenario(market=quiet_market(2000, purchases=STEADY, **market), channels=email, campaigns={"n": {}},
                        occasions={}, monitors={}, horizon=30)  # fmt: skip
        needs = []
        for sent in (False, True):
            told = CompiledMarket(case, 0, people=newborn(case, 0))
            totals = live(told, 60, lambda tables, day, sent=sent: sent and day == 30
                          and tables.launch("n", "n", None, 1, day))  # fmt: skip
            needs.append(column(told, totals, "needs")[31:].sum())
        gains.append(needs[1] - needs[0])
    assert gains[0] == 0
    assert gains[1] < -500


def test_drivers_agree_with_season_and_satiation():
    """Both drivers, every process, with a season and satiation by segment."""

    def with_moods():
        case = every_model()
        market = {**case.market.model_dump(), "season": {"weekdays": [1, 1, 1, 1, 2, 3, 0]}, "satiation": {}}
        return every_model(market=market)

    fast, slow = CompiledMarket(with_moods(), 0), MarketModel(scenario=with_moods())
    assert np.array_equal(live(fast, 40), live(slow, 40))
    assert np.array_equal(fast.customers(), slow.customers())
