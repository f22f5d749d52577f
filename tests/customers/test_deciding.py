"""Decisions that take time: purchases come later, and none is lost or made twice by it."""

import math
from datetime import date, timedelta

import numpy as np
import pytest
from markets import column, live

from simkit.customers.compiled import CompiledMarket
from simkit.customers.feedback import Feedback
from simkit.customers.market_life import budget_is_open
from simkit.customers.state import CUSTOMER, PURCHASE
from simkit.scenario.deciding import Decision
from simkit.scenario.schema import Scenario

EMAIL = {"consent_prospects": 1.0, "consent_customers": 1.0, "bounce": 0, "open_rate": 1.0, "click_given_open": 1.0,
         "address_loss_per_year": 0, "moves": {"intent": 0.6}}  # fmt: skip
AT_INTENT = {"start": {"intent": 1.0}, "forgetting_half_life_days": 20}
NO_NEEDS = {"model": "hazard", "rate": 0.001, "leaving": 0.0001}
"""Purchases are those that letters sell."""


def scenario(decision, persons=400, letter=None, **more):
    market = {"customers": persons, "prospects": 1, "funnel": AT_INTENT, "fatigue": {"opt_out": 0}, "organic_share": 0,
              "purchases": NO_NEEDS, "decision": decision, **more}  # fmt: skip
    return Scenario(
        market=market, channels={"email": EMAIL}, occasions={}, monitors={}, horizon=120, warmup=0,
        contact_policy={"at_most": [], "gap": 0}, start=date(2026, 1, 1),
        campaigns={"letter": {"audience": "everyone", "live_days": 1, **(letter or {})}},
    )  # fmt: skip


def letters(days):
    return lambda tables, day: day in days and tables.launch(f"letter-{day}", "letter", None, 0.5, day)


def purchases(chosen, days, sent=(2,)):
    """The market after so many days, its totals, and (index, time, amount) of every purchase in order of time."""
    events = []
    market = CompiledMarket(chosen, 0, events=events)
    totals = live(market, days, letters(sent))
    rows = np.concatenate(events)
    rows = rows[rows["kind"] == PURCHASE]
    return market, totals, np.sort(rows[["index", "time", "amount"]], order="time")


def first(rows):
    """Each person's first purchase, by index."""
    return {int(row["index"]): (float(row["time"]), int(row["amount"])) for row in rows[::-1]}


@pytest.mark.parametrize("spread", ["fixed", "exponential"])
def test_a_delay_shifts_purchases_by_its_mean_and_changes_no_total(spread):
    """The same persons buy for the same money, ten days later: each of them, or on average."""
    _, at_once, today = purchases(scenario(None), 10)
    market, totals, later = purchases(scenario({"mean_days": 10, "spread": spread}), 120)
    one, other = first(today), first(later)
    assert len(one) > 100
    assert {who: paid for who, (_, paid) in one.items()} == {who: paid for who, (_, paid) in other.items()}
    shift = np.array([other[who][0] - one[who][0] for who in one])
    if spread == "fixed":
        assert shift == pytest.approx(10, abs=1 / 1440)
    else:
        assert shift.mean() == pytest.approx(10, abs=3 * 10 / math.sqrt(len(shift)))
        assert (shift > 10).mean() == pytest.approx(math.exp(-1), abs=3 * 0.48 / math.sqrt(len(shift)))
    for name in ("new_customers", "purchases_email", "revenue_email", "moved_email"):
        assert column(market, totals, name).sum() == sum(at_once[:, market.tables.columns[name]]), name


def test_no_delay_is_no_decision():
    """A mean of zero without a budget leaves every record and the ledger as they are without the table."""
    lives = []
    for decision in (None, {"mean_days": 0}):
        market = CompiledMarket(scenario(decision, persons=100), 0)
        lives.append((live(market, 15, letters((2, 6, 10))), market.customers()))
    assert np.array_equal(lives[0][0], lives[1][0])
    assert np.array_equal(lives[0][1], lives[1][1])


def test_one_decision_at_a_time_and_none_gets_lost():
    """Begun are those made, lapsed and pending; what would sell meanwhile joins the pending one, and nobody who
    decides forgets."""
    chosen = scenario({"mean_days": 15}, purchases={"model": "hazard", "rate": 30, "leaving": 3})
    market, totals, rows = purchases(chosen, 90, sent=range(0, 90, 2))
    begun, made, merged, lapsed = (
        column(market, totals, name).sum() for name in ("decisions", "decided", "decisions_merged", "decisions_lapsed")
    )
    people = market.customers()
    assert begun == made + lapsed + (people["decision_due"] > 0).sum()
    assert min(made, merged, lapsed) > 20
    assert column(market, totals, "purchases_email").sum() == made == len(rows)
    waiting = people[(people["decision_due"] > 0) & (people["relation"] < CUSTOMER)]
    assert (waiting["stage"] == 3).all()


@pytest.mark.parametrize(("opens", "open_days"), [("quarter", 1), ("month", 3), (30, 2)])
def test_what_is_decided_waits_for_the_budget(opens, open_days):
    """Every purchase lies on an open day, and is the first open one after the decision."""
    rule = {"mean_days": 10, "spread": "fixed", "budget_opens": opens, "open_days": open_days}
    _, _, rows = purchases(scenario(rule), 100, sent=(2, 15, 40))
    _, _, free = purchases(scenario({**rule, "budget_opens": None}), 100, sent=(2, 15, 40))
    is_open = [budget_is_open(Decision(**rule), date(2026, 1, 1) + timedelta(days=day), day) for day in range(200)]
    assert 0 < sum(is_open[:100]) < 100 - open_days
    decided = first(free)
    for who, (time, _) in first(rows).items():
        assert int(time) == next(day for day in range(int(decided[who][0]), 200) if is_open[day])
    assert len(first(rows)) > 100


def test_an_offer_may_run_out_before_the_decision():
    """Who decides within the days of an offer pays less; who takes longer pays in full."""
    rule, offer = {"mean_days": 10}, {"offer": {"discount": 0.5, "valid_days": 8}}
    plain, cheap = (first(purchases(scenario(rule, letter=letter), 100)[2]) for letter in (None, offer))
    assert set(plain) < set(cheap)
    times = np.array([cheap[who][0] for who in plain])
    assert 0.2 < (times < 10).mean() < 0.8
    for who, (_, paid) in plain.items():
        time, less = cheap[who]
        assert less == pytest.approx(paid * (0.5 if time < 10 else 1), abs=1)


def test_a_larger_purchase_stays_larger():
    """What an upsell adds is kept until the money is spent, when its letter is long gone and another in its place."""
    rule = {"mean_days": 20, "spread": "fixed"}
    usual, larger = (first(purchases(scenario(rule, letter={"goal": goal, "audience": "everyone"}), 60, (2, 9))[2])
                     for goal in (None, "upsell"))  # fmt: skip
    assert len(usual) > 100
    assert all(larger[who][1] == pytest.approx(1.2 * paid, abs=1) for who, (_, paid) in usual.items())


def test_who_becomes_a_customer_by_word_of_mouth_has_nothing_left_to_decide():
    """Everybody adopts while deciding: one first purchase each, and the decision lapses."""
    chosen = scenario({"mean_days": 300, "spread": "fixed"}, word_of_mouth={"p": 100, "q": 0})
    market, totals, rows = purchases(chosen, 60)
    assert column(market, totals, "new_customers").sum() == len(rows) == 400
    assert column(market, totals, "decisions_lapsed").sum() == column(market, totals, "decisions").sum() > 20
    assert not market.customers()["decision_due"].any()


def test_whom_sales_win_buys_once():
    """A prospect with a pending decision whom the sales team wins makes one first purchase, and the decision lapses."""
    market = CompiledMarket(scenario({"mean_days": 5, "spread": "fixed"}), 0)
    live(market, 4, letters((2,)))
    who = int(np.flatnonzero(market.customers()["decision_due"])[0])
    assert Feedback(market, ["everyone"]).win("everyone", who, 4.5)
    totals = live(market, 10)
    person = market.customers()[who]
    assert (person["purchases"], person["first_purchase_day"], person["decision_due"]) == (1, 4.5, 0)
    assert column(market, totals, "decisions_lapsed").sum() == 1


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"budget_opens": "fortnight"}, "span"),
        ({"budget_opens": "36 hours"}, "whole days"),
        ({"budget_opens": 1}, "greater than or equal to 2"),
        ({"budget_opens": "30 days", "open_days": 30}, "never closes"),
        ({"mean_days": -1}, "greater than or equal to 0"),
        ({"spread": "normal"}, "exponential"),
    ],
)
def test_nonsense_is_refused(table, words):
    """Each with what is wrong."""
    with pytest.raises(ValueError, match=words):
        Decision(**table)
