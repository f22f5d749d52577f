"""Product categories: the first one by its share, later purchases in those one has, a new one only when cross-sold."""

import numpy as np
import pytest
from markets import column, live, newborn, quiet_market

from simkit.customers.compiled import CompiledMarket
from simkit.measures.lifetime_value import residual_margin_share, residual_revenue
from simkit.scenario.campaigns import Campaign
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

SHOP = {
    "categories": {"shoes": {"share": 0.5}, "bags": {"share": 0.3, "spend": 3}, "belts": {"share": 0.2, "spend": 0.5}}
}
EAGER = {
    "email": {"consent_customers": 1.0, "bounce": 0, "open_rate": 1.0, "click_given_open": 1.0, "purchase_days": 3650}
}
OFTEN = {"model": "hazard", "unit": "day", "rate": 0.2, "rate_shape": 500, "leaving": 1e-9, "leaving_shape": 500}


def shop(people=600, **market):
    """Everybody buys on day 0; one cross-selling letter on day 5 that sells to whom it can."""
    plain = quiet_market(
        people,
        **{"fatigue": {"opt_out": 0, "delta": 0, "churn_growth": 0}, "purchases": OFTEN, "assortment": SHOP, **market},
    )
    return Scenario(market=plain, channels=EAGER, campaigns={"more": {"goal": "cross_sell"}}, occasions={}, monitors={},
                    contact_policy={"at_most": [], "gap": 0, "quiet": None}, horizon=60, warmup=0)  # fmt: skip


def lived(case, days, letter=None):
    market = CompiledMarket(case, 0, people=newborn(case))
    totals = live(market, days, lambda t, day: letter == day and t.launch(f"more-{day}", "more", None, 1.0, day))
    return market, totals, market.customers()


def test_first_purchases_are_in_categories_by_their_shares_and_later_ones_stay_there():
    """Without cross-selling nobody gets a second category; money is counted in the own one, dear ones in proportion."""
    market, totals, people = lived(shop(), 10)
    assert set(people["categories"]) == {1, 2, 4}
    for k, (name, share) in enumerate(zip(("shoes", "bags", "belts"), (0.5, 0.3, 0.2), strict=True)):
        mine = people["categories"] == 1 << k
        assert mine.mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 600))
        assert column(market, totals, f"category_{name}_purchases").sum() == people["purchases"][mine].sum()
        assert column(market, totals, f"category_{name}_sales").sum() == people["revenue"][mine].sum()
        assert column(market, totals, f"category_{name}_cross_sold").sum() == 0


def test_the_same_people_spend_by_category_what_they_spent_without_any():
    """Every purchase of a person with one category is its spend over the mean of first purchases as large as before."""
    factor = np.array([1, 3, 0.5]) / (0.5 + 0.3 * 3 + 0.2 * 0.5)
    plain, parted = lived(shop(assortment=None), 10)[2], lived(shop(), 10)[2]
    own = factor[np.log2(parted["categories"]).astype(int)]
    assert np.array_equal(plain["purchases"], parted["purchases"])
    assert parted["revenue"] == pytest.approx(plain["revenue"] * own, abs=int(parted["purchases"].max()))


def test_a_cross_selling_letter_adds_one_category_to_each_and_none_to_who_has_all():
    """Three letters to 600 persons with three categories: 600, 600 and no sales; afterwards needs spread by the shares."""
    market = CompiledMarket(shop(), 0, people=newborn(shop()))
    letters = lambda t, day: day in (5, 7, 9) and t.launch(f"more-{day}", "more", None, 1.0, day)  # noqa: E731
    totals = live(market, 15, letters)
    sold = sum(column(market, totals, f"category_{name}_cross_sold") for name in SHOP["categories"])
    assert sold.tolist() == column(market, totals, "purchases_email").tolist()
    assert [sold[day] for day in (5, 7, 9)] == [600, 600, 0]
    assert (market.customers()["categories"] == 7).all()
    later = live(market, 30)
    bought = [column(market, later, f"category_{name}_purchases").sum() for name in SHOP["categories"]]
    shares = np.array(bought) / sum(bought)
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=4 * 0.5 / np.sqrt(sum(bought)))


def test_a_new_category_follows_the_shares_of_those_not_had():
    """Who had shoes gets bags and belts as 3 to 2."""
    people = lived(shop(2000), 6, letter=5)[2]
    had_shoes = people["categories"][(people["categories"] & 1 == 1) & (people["categories"] != 1)]
    before = lived(shop(2000), 5)[2]["categories"]
    new = people["categories"][before == 1] & ~np.uint8(1)
    assert len(had_shoes) > len(new) > 900
    assert (new == 2).mean() == pytest.approx(0.6, abs=4 * np.sqrt(0.24 / len(new)))


def test_categories_keep_people_only_when_the_scenario_says_so():
    """`keeps` multiplies the hazard of leaving by exp(-keeps) per further category; at 0 not a bit moves."""
    leaving = {**OFTEN, "leaving": 0.02, "leaving_shape": 500}
    left = {}
    for keeps in (0.0, 1.5):
        case = shop(3000, purchases=leaving, assortment={**SHOP, "keeps": keeps})
        for letter in (None, 0):
            # the letter of day 0 goes on day 1, when everybody has bought
            _, _, people = lived(case, 40, letter)
            left[keeps, letter] = (people["relation"] == 3) & (people["lost_day"] >= 5), people["lost_day"] < 5
    for letter in (None, 0):
        assert np.array_equal(left[0.0, None][0], left[0.0, letter][0])
    for (keeps, letter), hazard in (((1.5, None), 0.02), ((0.0, 0), 0.02), ((1.5, 0), 0.02 * np.exp(-1.5))):
        gone, before = left[keeps, letter]
        expected = -np.expm1(-35 * hazard)
        assert gone[~before].mean() == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 2500) + 0.005)


def test_goods_and_lifetime_value_follow_the_categories():
    """Goods cost what the categories' sales say; residual revenue and its margin follow what each person has."""
    categories = {"a": {"share": 0.5, "cost_of_goods": 0.9}, "b": {"share": 0.5, "spend": 3, "cost_of_goods": 0.1}}
    run = simulate(Scenario(market={"customers": 200, "assortment": {"categories": categories}}, horizon=30, warmup=0),
                   engine="mesa")  # fmt: skip
    daily = run.daily
    assert daily["cost_of_goods"].to_numpy() == pytest.approx(
        daily["category_a_sales"] * 0.9 + daily["category_b_sales"] * 0.1
    )
    sales = daily["category_a_sales"] + daily["category_b_sales"]
    assert sales.to_numpy() == pytest.approx((daily["revenue"] + daily["discounts"]).to_numpy())
    people = run.customers.copy()
    worth, margin = {}, {}
    for mask in (1, 2, 3):
        people["categories"] = mask
        worth[mask] = residual_revenue(run.scenario, people, 1.0).sum()
        margin[mask] = residual_margin_share(run.scenario, people)[0]
    assert worth[2] == pytest.approx(3 * worth[1])
    assert worth[3] == pytest.approx((worth[1] + worth[2]) / 2)
    assert [margin[mask] for mask in (1, 2, 3)] == pytest.approx([0.1, 0.9, 0.7])


@pytest.mark.parametrize(
    ("market", "words"),
    [
        (
            {"assortment": {"categories": {"all": {"share": 1}}}},
            "2 to 8 categories .one leaves nothing to add., found 1",
        ),
        ({"assortment": {"categories": {"a": {"share": 0.5}, "b": {"share": 0.4}}}}, "must sum to 1, they sum to 0.9"),
        ({"assortment": {"categories": {f"c{k}": {"share": 1 / 9} for k in range(9)}}}, "found 9"),
    ],
)
def test_an_assortment_that_is_none_is_refused(market, words):
    """One category leaves nothing to sell; shares are shares."""
    with pytest.raises(ValueError, match=words):
        Scenario(market=market)


def test_cross_selling_needs_categories():
    """The goal, or a condition on categories, without an assortment is an error at its place."""
    (at, sentence), *_ = Scenario(campaigns={"more": {"goal": "cross_sell"}}, occasions={}, monitors={}).check_sense()
    assert at == "campaigns.more.goal"
    assert "market.assortment" in sentence
    asked = {"more": {"audience": {"where": "categories > 1"}}}
    (at, sentence), *_ = Scenario(campaigns=asked, occasions={}, monitors={}).check_sense()
    assert at == "campaigns.more.audience.where"
    assert "'categories'" in sentence
    assert Campaign(goal="cross_sell").audience.where == "categories_left > 0"
