"""Goals, offers and leads: what a click does besides selling, what a price cut costs, whose score makes a lead."""

import numpy as np
import pytest
from markets import column, live, newborn, quiet_market

from simkit.customers.compiled import CompiledMarket
from simkit.scenario.campaigns import Campaign
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

ALWAYS = {"consent_customers": 1.0, "consent_prospects": 1.0, "bounce": 0, "open_rate": 1.0, "click_given_open": 1.0}


def market_with(campaign, **changes):
    """A market that is sent one letter on day 1, opened and clicked by everybody whom it suits."""
    plain = {"market": quiet_market(300, fatigue={"opt_out": 0}), "channels": {"email": ALWAYS},
             "campaigns": {"letter": {"live_days": 1, **campaign}}, "occasions": {}, "monitors": {},
             "contact_policy": {"at_most": [], "gap": 0}, "horizon": 60, "warmup": 0}  # fmt: skip
    chosen = Scenario(**{**plain, **changes})
    return CompiledMarket(chosen, 0, people=newborn(chosen))


def sends(tables, day):
    if day == 1:
        tables.launch("letter-1", "letter", None, 1.0, day)


@pytest.mark.parametrize(
    ("goal", "who"), [("awareness", "prospects"), ("convert", "prospects"), ("win_back", "customers")]
)
def test_a_goal_says_whom_a_campaign_is_for_unless_the_campaign_does(goal, who):
    """The audience follows the goal; one that is written stays."""
    assert Campaign(goal=goal).audience.who == who
    assert Campaign(goal="win_back").audience.not_bought_within_days == 180
    assert Campaign(goal="convert").audience.where == "stage is intent"
    assert Campaign(goal=goal, audience="everyone").audience.who == "everyone"
    assert Campaign(goal=goal, audience="everyone").audience.where is None


def test_an_offer_raises_response_and_takes_its_share_of_the_price():
    """Without elasticity the same people buy and pay 20 % less, to the unit; with it more of them buy."""
    revenue, bought, given = {}, {}, {}
    for name, offer, elasticity in (("none", None, 0), ("dead", "20%", 0), ("alive", "20%", 2.62)):
        # nobody has a need of the own in these days: purchases follow from the letter alone
        market = market_with({"offer": offer}, market=quiet_market(
            300, organic_share=0, fatigue={"opt_out": 0}, goal_effects={"price_elasticity": elasticity}))  # fmt: skip
        totals = live(market, 3, sends)
        revenue[name] = column(market, totals, "revenue_email").sum()
        bought[name] = column(market, totals, "purchases_email").sum()
        given[name] = column(market, totals, "discounts").sum()
    assert bought["none"] == bought["dead"] < bought["alive"]
    assert given["none"] == 0
    assert revenue["dead"] + given["dead"] == revenue["none"]
    assert given["dead"] == pytest.approx(0.2 * revenue["none"], rel=1e-6)


def test_who_would_have_bought_anyway_uses_the_offer_too():
    """An opened offer makes the next organic purchase cheaper, once, and not after its last day."""
    given = {}
    for days in (3, 20):
        offer = {"discount": 0.5, "valid_days": days}
        market = market_with({"offer": offer}, channels={"email": {**ALWAYS, "click_given_open": 0}}, market=quiet_market(
            300, purchases={"r": 20, "alpha": 20}, fatigue={"opt_out": 0}))  # fmt: skip
        totals = live(market, 30, sends)
        given[days] = column(market, totals, "discounts")
        assert given[days][1 + days :].sum() == 0
        people = market.customers()
        assert (people["coupon"][people["last_purchase_day"] >= 2] == 0).all() or days == 3
    assert 0 < given[3].sum() < given[20].sum()


def test_an_upsell_makes_the_purchase_larger_and_nothing_else():
    """The same people buy at the same moment and spend 20 % more on it."""
    spent = {}
    for goal in (None, "upsell"):
        market = market_with({"goal": goal, "audience": "customers"}, market=quiet_market(
            300, organic_share=0, fatigue={"opt_out": 0}))  # fmt: skip
        totals = live(market, 3, sends)
        spent[goal] = column(market, totals, "revenue_email").sum(), column(market, totals, "purchases_email").sum()
    assert spent[None][1] == spent["upsell"][1] > 10
    assert spent["upsell"][0] == pytest.approx(1.2 * spent[None][0], rel=1e-6)


def test_a_click_that_retains_keeps_more_customers_for_its_time():
    """With the hazard nearly gone nobody leaves for the time it lasts; without the goal many do."""
    lost = {}
    for goal in (None, "retain"):
        market = market_with({"goal": goal, "audience": "customers"}, market=quiet_market(
            300, purchases={"r": 20, "alpha": 20, "a": 2, "b": 3}, fatigue={"opt_out": 0},
            goal_effects={"retain": 0.999999, "retain_days": 10}))  # fmt: skip
        totals = live(market, 25, sends)
        lost[goal] = column(market, totals, "lost")
    assert lost[None][2:11].sum() > 30
    assert lost["retain"][2:11].sum() == 0
    assert lost["retain"][13:].sum() > 10


def test_scores_fade_and_the_threshold_makes_a_lead_once_in_a_while():
    """Five points a click: two clicks within a half-life of 30 days make ten of a threshold of nine, far apart never."""
    for gap, leads in ((2, 300), (60, 0)):
        market = market_with({}, leads={"threshold": 9, "per_open": 0, "per_click": 5, "who": "everyone"},
                             market=quiet_market(300, fatigue={"opt_out": 0, "delta": 0}), horizon=90)  # fmt: skip

        def twice(tables, day, gap=gap):
            if day in (1, 1 + gap, 2 + gap):
                tables.launch(f"letter-{day}", "letter", None, 1.0, day)
            if day == 2 + gap:
                tables.waiting.clear()

        totals = live(market, gap + 3, twice)
        assert column(market, totals, "leads").sum() == leads
        left = 50 * 0.5 ** (gap / 30)
        assert np.allclose(market.customers()["lead_score"], left + 50, atol=0.5)


def test_leads_of_a_run_have_a_day_an_hour_and_a_score():
    """Every lead of the ledger is listed, within its day, at or above the threshold, the same in both drivers."""
    chosen = Scenario(market={"customers": 150, "prospects": 1}, channels={"email": ALWAYS, "web": {}}, warmup=0,
                      horizon=30, leads={}, monitors={}, occasions={}, journeys=["sales_cadence"],
                      campaigns={"invitation": {"per_week": 5, "audience": "prospects", "lead_days": 1}})  # fmt: skip
    runs = [simulate(chosen, engine=engine) for engine in ("compiled", "mesa")]
    assert runs[0].leads == runs[1].leads
    leads = runs[0].leads
    assert len(leads) == runs[0].daily["leads"].sum() > 10
    assert np.array_equal(np.bincount([int(lead.day) for lead in leads], minlength=30), runs[0].daily["leads"])
    assert min(lead.score for lead in leads) >= 10
    assert len({lead.day % 1 for lead in leads}) == len(leads)
    assert runs[0].daily["journey_sales_cadence_entered"].sum() == len(leads)
