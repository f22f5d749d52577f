"""Messages that ask for something else than a purchase: to refer somebody, to take a second role."""

import math

import numpy as np
import pytest
from markets import column, live, newborn, quiet_market

from simkit.customers.compiled import CompiledMarket
from simkit.customers.state import CANDIDATE, HOLDER, INVITATION_GRAIN, NO_ROLE
from simkit.customers.word_of_mouth import Ties
from simkit.measures.catalog import compute
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

CLICKS = {"email": {"consent_customers": 1.0, "bounce": 0, "open_rate": 1.0, "click_given_open": 1.0}}
ALIKE = {"fatigue": {"opt_out": 0, "delta": 0, "churn_growth": 0}, "affinity_spread": 0,
         "purchases": {"model": "hazard", "unit": "day", "rate": 0.01, "leaving": 1e-9}}  # fmt: skip
"""Nobody leaves."""


def asked(goal, market, **changes):
    """A market in which every letter is opened and clicked by every customer."""
    plain = {"channels": CLICKS, "campaigns": {"letter": {"goal": goal, "audience": "customers", "live_days": 1}},
             "occasions": {}, "monitors": {}, "contact_policy": {"at_most": [], "gap": 0, "quiet": None}, "warmup": 0,
             "horizon": 60}  # fmt: skip
    return Scenario(market={**ALIKE, **market}, **{**plain, **changes})


def letters(*days):
    return lambda tables, day: day in days and tables.launch(f"letter-{day}", "letter", None, 0.5, day)


# --- referrals ------------------------------------------------------------------------------------------------


def referring(**market):
    return asked("referral", {"customers": 8000, "prospects": 0.5, **market})


def test_each_click_asks_so_many_prospects_and_each_asked_comes_with_the_stated_hazard():
    """n clicks among m prospects win m (1 - exp(-n x prospects x hazard / m)) of them, the next day and no other."""
    case = referring(goal_effects={"referral_prospects": 3, "referral_hazard": 0.2})
    market = CompiledMarket(case, 0)
    totals = live(market, 8, letters(4))
    prospects = sum(
        column(market, totals, f"stage_{name}")[4] for name in ("unaware", "aware", "considering", "intent")
    )
    referrers, referred = column(market, totals, "referrers"), column(market, totals, "referred")
    assert referrers.nonzero()[0].tolist() == [4]
    assert referrers[4] == column(market, totals, "clicked_email")[4] > 1000
    expected = prospects * -math.expm1(-referrers[4] * 3 * 0.2 / prospects)
    assert referred.nonzero()[0].tolist() == [5]
    assert abs(referred[5] - expected) < 4 * math.sqrt(expected * (1 - expected / prospects))


def test_a_letter_that_asks_to_refer_sells_nothing_and_asks_a_person_once_a_day():
    """Clicks bring no purchase; two letters on one day count a customer once."""
    market = CompiledMarket(referring(), 0)
    both = lambda t, day: day == 4 and [t.launch(name, "letter", None, 0.5, 4) for name in ("a", "b")]  # noqa: E731
    totals = live(market, 6, both)
    assert column(market, totals, "purchases_email").sum() == 0
    assert column(market, totals, "clicked_email")[4] == 2 * column(market, totals, "referrers")[4] > 0


def test_the_referred_are_told_from_those_who_came_by_word_of_mouth_in_proportion_to_the_hazards():
    """With both at work the referred are the share of the day's adopters that their hazard has, and the rest adopt at
    the same rate as ever."""
    case = referring(word_of_mouth={"p": 36.5, "q": 0}, goal_effects={"referral_prospects": 2, "referral_hazard": 0.1})
    market = CompiledMarket(case, 0)
    totals = live(market, 6, letters(4))
    stages = sum(column(market, totals, f"stage_{name}")[4] for name in ("unaware", "aware", "considering", "intent"))
    referral = column(market, totals, "referrers")[4] * 0.2 / stages
    adopters = stages - sum(
        column(market, totals, f"stage_{name}")[5] for name in ("unaware", "aware", "considering", "intent")
    )
    share = referral / (referral + 0.1)
    assert adopters == pytest.approx(stages * -math.expm1(-referral - 0.1), abs=4 * math.sqrt(adopters))
    assert column(market, totals, "referred")[5] == pytest.approx(
        share * adopters, abs=4 * math.sqrt(adopters * share * (1 - share))
    )


def test_invitations_go_to_prospects_among_the_own_ties_alone():
    """A star: the middle one asks its two prospects as often as stated together; who has none asks nobody."""
    ties = Ties(np.array([[0, 1], [0, 2], [0, 3], [3, 4]]), [3, 2])
    segment, index = np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 0, 1])
    relation = np.array([2, 1, 1, 2, 2])
    refers = np.array([True, False, False, False, True])
    once = ties.invitations(segment, index, relation, refers, 3.0) / INVITATION_GRAIN
    assert once.tolist() == [0, 1.5, 1.5, 0, 0]
    order = np.array([4, 2, 0, 3, 1])
    mixed = ties.invitations(segment[order], index[order], relation[order], refers[order], 3.0) / INVITATION_GRAIN
    assert mixed.tolist() == once[order].tolist()


def test_over_a_dense_network_referrals_are_those_of_the_mean_field():
    """Where everybody knows a tenth of all, as many come as where everybody knows all."""
    came = []
    for network in ({}, {"network": {"neighbors": 400}}):
        case = referring(customers=4000, word_of_mouth={"p": 0, "q": 0, **network},
                         goal_effects={"referral_prospects": 3, "referral_hazard": 0.2})  # fmt: skip
        market = CompiledMarket(case, 0)
        came.append(column(market, live(market, 8, letters(4)), "referred").sum())
    assert came[0] > 200
    assert came[1] == pytest.approx(came[0], abs=2 * math.sqrt(came[0]))


# --- the second role --------------------------------------------------------------------------------------------

ROLE = {"income_per_day": 2, "eligible": 0.5, "interest": 0.4, "take_up": 0.25, "forgetting_half_life_days": 50,
        "drop_per_year": 0.99}  # fmt: skip


def guests(people=20_000, **role):
    return asked("second_role", quiet_market(people, second_role={**ROLE, **role}))


def hosted(case, days, *sent):
    market = CompiledMarket(case, 0, people=newborn(case))
    return market, live(market, days, letters(*sent)), market.customers()


def test_a_click_makes_candidates_of_the_eligible_and_another_one_holders_of_candidates():
    """The shares of each step are those stated, of the step before, and nobody else moves."""
    never = {"forgetting_half_life_days": 1e6, "drop_per_year": 0}
    for sent, shares in (((2,), (0.8, 0.2, 0)), ((2, 4), (0.68, 0.27, 0.05))):
        market, totals, people = hosted(guests(**never), 6, *sent)
        found = [(people["role"] == role).mean() for role in (NO_ROLE, CANDIDATE, HOLDER)]
        assert found == pytest.approx(list(shares), abs=4 * math.sqrt(0.16 / 20_000))
        assert column(market, totals, "role_holders")[-1] == (people["role"] == HOLDER).sum()
        assert column(market, totals, "purchases_email").sum() == 0


def test_who_is_eligible_has_nothing_to_do_with_who_is_a_customer_at_the_start():
    """In a market with prospects the eligible among customers are the stated share: the draw is one of its own."""
    role = {"income_per_day": 2, "eligible": 0.4, "interest": 1, "take_up": 1}
    case = asked("second_role", {"customers": 4000, "prospects": 0.5, "history_days": 10_000, "second_role": role})
    market = CompiledMarket(case, 0)
    totals = live(market, 2, letters(1))
    clicks = column(market, totals, "clicked_email")[1]
    share = column(market, totals, "role_candidates")[1] / clicks
    assert share == pytest.approx(0.4, abs=4 * math.sqrt(0.24 / clicks))


def test_candidates_forget_and_holders_give_up_at_the_stated_hazards():
    """Each night a candidate stays with 0.5^(1/half-life), a holder with (1 - share)^(1/365)."""
    sure = {"eligible": 1, "interest": 1, "take_up": 1}
    for sent, night in (((2,), 0.5 ** (1 / 50)), ((2, 3), 0.01 ** (1 / 365))):
        market, totals, _ = hosted(guests(**sure), 63, *sent)
        name = "role_candidates" if len(sent) == 1 else "role_holders"
        curve = column(market, totals, name)[3:] / column(market, totals, name)[sent[-1]]
        expected = night ** np.arange(3 - sent[-1], 60 + 3 - sent[-1])
        assert np.abs(curve - expected).max() < 4 * math.sqrt(0.25 / 20_000)
    taken, dropped = (column(market, totals, f"role_{what}").sum() for what in ("taken", "dropped"))
    assert taken - dropped == column(market, totals, "role_holders")[-1]


def test_campaigns_address_people_by_role():
    """`second_role is candidate` reaches candidates only; the goal's own audience leaves out who holds it."""
    sure = {"eligible": 1, "interest": 0.5, "take_up": 1, "forgetting_half_life_days": 1e6, "drop_per_year": 0}
    case = guests(2000, **sure)
    chosen = {
        "letter": case.campaigns["letter"],
        "reminder": {"goal": "second_role", "audience": {"where": "second_role is candidate"}},
    }
    case = case.model_copy(update={"campaigns": Scenario(campaigns=chosen, occasions={}, monitors={}).campaigns})
    market = CompiledMarket(case, 0, people=newborn(case))
    totals = live(
        market, 5, lambda t, d: d in (2, 4) and t.launch(f"x-{d}", {2: "letter", 4: "reminder"}[d], None, 0.5, d)
    )
    candidates = column(market, totals, "role_candidates")
    assert column(market, totals, "sent_email")[4] == candidates[3] == column(market, totals, "role_holders")[4] > 900
    assert candidates[4] == 0


def test_holders_earn_a_day_and_the_measure_counts_them():
    """Income is holders x income a day and enters profit; the share is holders over all who ever bought."""
    role = {"income_per_day": 4, "eligible": 1, "interest": 1, "take_up": 1}
    case = asked("second_role", {"customers": 300, "represents": 10, "second_role": role}, horizon=60)
    campaigns = {"letter": {"goal": "second_role", "per_week": 3, "lead_days": 5}}
    case = case.model_copy(update={"campaigns": Scenario(campaigns=campaigns, occasions={}, monitors={}).campaigns})
    run = simulate(case, engine="mesa")
    daily = run.daily
    assert daily["second_role_income"].tolist() == (4 * daily["role_holders"]).tolist()
    assert daily["second_role_income"].sum() > 0
    costs = daily[["cost_of_goods", "contact_cost", "media_cost", "team_cost", "technology_cost"]].sum(axis=1)
    left = daily["revenue"] + daily["second_role_income"] - costs
    assert daily["profit"].to_numpy() == pytest.approx(left.to_numpy())
    ever = np.isin(run.customers["relation"], (2, 3))
    found = compute(run)["second_role_share"]
    assert found == (run.customers["role"][ever] == HOLDER).mean() > 0


def test_what_holders_will_earn_is_the_sum_over_the_days_they_stay():
    """A day's income x the sum of exp(-(hazard + discount) n) over all days n to come."""
    from simkit.customers.population import population
    from simkit.measures.lifetime_value import residual_role_income

    case = guests(10)
    people = population(case.market, case.channels, 60, 1, 0).copy()
    people["role"][3] = HOLDER
    daily = -math.log(0.01) / 365 + math.log1p(case.economics.discount_per_year) / 365
    expected = 2 * sum(math.exp(-daily * n) for n in range(1, 5000))
    assert residual_role_income(case, people).tolist() == pytest.approx([0, 0, 0, expected] + [0] * 6)


def test_without_a_role_or_an_income_the_goal_is_refused():
    """Errors stand where the mistake is: no role, a role without yield, nobody to refer, prospects asked."""
    with pytest.raises(ValueError, match="income_per_day"):
        Scenario(market={"second_role": {}})
    with pytest.raises(ValueError, match="greater than 0"):
        Scenario(market={"second_role": {"income_per_day": 0}})
    for market, campaign, place, words in (
        ({}, {"goal": "second_role"}, "goal", "market.second_role"),
        ({"prospects": 0}, {"goal": "referral"}, "goal", "market.prospects is 0"),
        ({}, {"goal": "referral", "audience": "prospects"}, "audience", "asked of customers"),
        ({}, {"goal": "referral", "channels": ["paid_social"]}, "channels", "addressed channels"),
        ({}, {"audience": {"where": "second_role is holder"}}, "audience.where", "market.second_role"),
    ):
        case = Scenario(market=market, campaigns={"letter": campaign}, occasions={}, monitors={})
        (at, sentence), *more = case.check_sense()
        assert (at, more) == (f"campaigns.letter.{place}", [])
        assert words in sentence
