"""Accounts that buy together: the payer buys once the users are in favor, and who buys alone notices nothing."""

import math

import numpy as np
import pytest
from markets import TOGETHER, busy, column, live

from simkit.customers.accounts import Accounts, account_sizes
from simkit.customers.compiled import CompiledMarket
from simkit.customers.population import population
from simkit.customers.state import CUSTOMER, PURCHASE, people_array
from simkit.rng import crc
from simkit.scenario.deciding import BuyingGroup
from simkit.scenario.errors import ScenarioError
from simkit.scenario.load import load
from simkit.scenario.schema import Scenario

EMAIL = {"consent_prospects": 1.0, "consent_customers": 1.0, "bounce": 0, "open_rate": 1.0, "click_given_open": 1.0,
         "address_loss_per_year": 0, "moves": {"unaware": 0, "aware": 0, "considering": 1, "intent": 0.7}}  # fmt: skip
NO_NEEDS = {"model": "hazard", "rate": 0.001, "leaving": 0.0001}
LETTERS = {"all": "everyone", "payers": {"who": "everyone", "where": "role is payer"},
           "users": {"who": "everyone", "where": "role is user"}, "blockers": {"who": "everyone", "where": "role is blocker"}}  # fmt: skip


def scenario(group, persons=600, start=None, forget=1e6, decision=None, **more):
    """One segment of accounts whose members start by chance in one of two stages; only letters sell."""
    market = {
        "customers": persons, "prospects": 1, "fatigue": {"opt_out": 0}, "organic_share": 0, "purchases": NO_NEEDS,
        "affinity_spread": 0, "segments": {"firms": {"share": 1, "buying_group": group, "decision": decision}},
        "funnel": {"start": start or {"unaware": 0.4, "intent": 0.6}, "forgetting_half_life_days": forget}, **more,
    }  # fmt: skip
    return Scenario(
        market=market, channels={"email": EMAIL}, occasions={}, monitors={}, horizon=120, warmup=0, leads=None,
        contact_policy={"at_most": [], "gap": 0},
        campaigns={name: {"audience": audience, "live_days": 1} for name, audience in LETTERS.items()},
    )  # fmt: skip


def lived(chosen, days, plan, **more):
    """The market after so many days of a plan {day: campaign}, its totals, and its purchases as (index, day)."""
    events = []
    market = CompiledMarket(chosen, 0, events=events, **more)
    totals = live(
        market, days, lambda tables, day: day in plan and tables.launch(f"{plan[day]}-{day}", plan[day], None, 0.5, day)
    )
    rows = np.concatenate(events)
    rows = rows[rows["kind"] == PURCHASE]
    return market, totals, {int(row["index"]): int(row["time"]) for row in rows}


def at_least(needed, users, p):
    """P(so many of independent users are in favor)."""
    return sum(math.comb(users, n) * p**n * (1 - p) ** (users - n) for n in range(needed, users + 1))


@pytest.mark.parametrize("members", [1, {1: 1.0}])
def test_an_account_of_one_is_an_ordinary_customer(members):
    """Whoever is payer and user in one person lives to the bit as without accounts, and so does the ledger."""
    lives = []
    for group in (None, {"members": members}):
        segments = {"north": {"share": 0.6, "buying_group": group}, "south": {"share": 0.4}}
        market = CompiledMarket(
            Scenario(market={"customers": 200, "segments": segments, "prospects": 0.5}, warmup=0), 0
        )
        lives.append((live(market, 40, busy), market.customers()))
    assert np.array_equal(lives[0][0], lives[1][0])
    assert np.array_equal(lives[0][1], lives[1][1])


def test_the_chance_of_an_account_has_a_closed_form():
    """Payer at intent and convinced x enough of the independent users in favor, accounts of two sizes."""
    chosen = scenario({"members": {2: 0.4, 5: 0.6}, "users_needed": 0.5}, persons=3000)
    _, _, bought = lived(chosen, 5, {1: "all"})
    accounts = Accounts(chosen, 0)
    of = accounts.users
    chance = np.array([0.6 * 0.7 * at_least(math.ceil(n / 2), n, 0.6) for n in range(5)])[of]
    assert len(bought) == pytest.approx(chance.sum(), abs=3 * math.sqrt((chance * (1 - chance)).sum()))
    big = [who for who in bought if of[accounts.account[who]] == 4]
    assert len(big) == pytest.approx(chance[of == 4].sum(), abs=3 * math.sqrt((chance * (1 - chance))[of == 4].sum()))
    assert (accounts.place[list(bought)] == 0).all()


@pytest.mark.parametrize(("needed", "favor_from"), [(0.5, "considering"), (1.0, "intent"), (0, "aware")])
def test_exactly_those_buy_whose_users_were_in_favor_yesterday(needed, favor_from):
    """Counted by other code from where everyone stood the evening before; decisions of the others wait."""
    chosen = scenario(
        {"members": 4, "users_needed": needed, "favor_from": favor_from}, start={"aware": 0.3, "intent": 0.7}
    )
    market = CompiledMarket(chosen, 0)
    live(market, 1)
    stage = market.customers()["stage"].reshape(150, 4)
    live(market, 1, lambda tables, day: tables.launch("all-1", "all", None, 0.5, 1))
    people = market.customers()
    bought = people["relation"].reshape(150, 4)[:, 0] == CUSTOMER
    waiting = people["decision_due"].reshape(150, 4)[:, 0] > 0
    least = {"aware": 1, "considering": 2, "intent": 3}[favor_from]
    enough = (stage[:, 1:] >= least).sum(axis=1) >= math.ceil(3 * needed)
    assert (bought <= enough).all()
    assert not (waiting & enough).any()
    assert ((bought | waiting) <= (stage[:, 0] == 3)).all()
    assert (bought | waiting).sum() == pytest.approx(0.7 * (stage[:, 0] == 3).sum(), abs=3 * 5)
    assert bought.sum() > 10


def test_roles_are_addressed_and_users_unlock_the_purchase():
    """Payers decide and wait; the day after the users were convinced everyone who waited buys, once an account."""
    chosen = scenario(
        {"members": 3, "users_needed": 1, "favor_from": "intent"}, start={"considering": 0.3, "intent": 0.7}
    )
    log = []
    market, totals, bought = lived(chosen, 14, {2: "payers", 9: "users"}, log=log)
    sent = np.concatenate(log)
    assert set(sent["index"][sent["day"] == 2] % 3) == {0}
    assert set(sent["index"][sent["day"] == 9] % 3) == {1, 2}
    days = np.array(list(bought.values()))
    assert set(days) == {2, 10}
    assert min((days == 2).sum(), (days == 10).sum()) > 20
    assert len(bought) == column(market, totals, "decisions").sum() == column(market, totals, "decided").sum()
    people = market.customers()
    assert (people["purchases"] > 0).sum() == column(market, totals, "customers")[-1] == len(bought)


def test_a_blocker_has_a_veto_and_payers_cool_down():
    """With everybody but the blocker in favor nothing is bought, until the blocker is; who waits long forgets."""
    group = {"members": 4, "users_needed": 0.3, "blockers": 1, "favor_from": "intent"}
    start = {"considering": 0.3, "intent": 0.7}
    chosen = scenario(group, start=start)
    market = CompiledMarket(chosen, 0)
    stage = market.customers()["stage"].reshape(150, 4)
    _, _, bought = lived(chosen, 12, {1: "payers", 5: "blockers"})
    vetoed = {4 * k for k in np.flatnonzero(stage[:, 1] < 3)}
    assert {day for who, day in bought.items() if who in vetoed} == {6}
    assert 10 < len(vetoed & set(bought)) < len(bought)
    cold, totals, _ = lived(scenario(group, start=start, forget=5), 80, {1: "payers"})
    begun, made, lapsed = (column(cold, totals, name).sum() for name in ("decisions", "decided", "decisions_lapsed"))
    assert lapsed > 10
    assert begun == made + lapsed + (cold.customers()["decision_due"] > 0).sum()


def test_users_never_buy_and_an_account_is_addressed_as_the_customer_it_is():
    """With needs, word of mouth and two years of history, all money is the payers'; their users count as customers."""
    segments = {"firms": {"share": 1, "buying_group": {"members": 3}}}
    chosen = Scenario(market={"customers": 300, "prospects": 0.3, "segments": segments, "word_of_mouth": {"p": 50},
                              "funnel": {"start": {"aware": 0.4, "considering": 0.6}}},
                      channels={"email": EMAIL}, campaigns={"letter": {"live_days": 1, "audience": {"where": "role is user"}}}, occasions={},
                      monitors={}, warmup=0)  # fmt: skip
    log = []
    market = CompiledMarket(chosen, 0, log=log)
    was = market.customers()["relation"].reshape(100, 3)[:, 0] >= CUSTOMER
    live(market, 20, lambda tables, day: day == 0 and tables.launch("letter-0", "letter", None, 0.5, 0))
    people = market.customers()
    assert (people["purchases"].reshape(100, 3)[:, 1:] == 0).all()
    assert (people["revenue"][::3] > 0).sum() > 15
    sent = np.concatenate(log)["index"]
    assert set(sent // 3) == set(np.flatnonzero(was))
    assert set(sent % 3) == {1, 2}


def test_order_never_shows_in_accounts():
    """Permuted persons give the same ledger and the same people."""
    chosen = Scenario(market=TOGETHER, warmup=0)
    made = population(chosen.market, chosen.channels, chosen.days, chosen.seed, 0)
    shuffled = people_array(len(made))
    shuffled[:] = made[np.argsort(made["spend_scale"])]
    one, other = CompiledMarket(chosen, 0), CompiledMarket(chosen, 0, people=shuffled)
    assert np.array_equal(live(one, 25, busy), live(other, 25, busy))
    assert np.array_equal(one.customers(), other.customers())
    assert (one.customers()["group"] > 0).any()


def test_sizes_follow_their_shares_and_stay_when_the_segment_grows():
    """Accounts of a segment are those of a larger one as far as they go; the last may be left smaller."""
    group = BuyingGroup(members={2: 0.25, 3: 0.5, 6: 0.25})
    small, large = (account_sizes(group, size, (1, 2), crc("firms")) for size in (1000, 40_000))
    assert (small.sum(), large.sum()) == (1000, 40_000)
    assert np.array_equal(small[:-1], large[: len(small) - 1])
    assert [(large == k).mean() for k in (2, 3, 6)] == pytest.approx([0.25, 0.5, 0.25], abs=0.015)
    assert account_sizes(BuyingGroup(members=4), 10, (1, 2), 0).tolist() == [4, 4, 2]


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("{members: 0}", "members"),
        ("{members: {2: 50%, 3: 40%}}", "sum to 1"),
        ("{members: 3, blockers: 3}", "of whom 2 are users"),
        ("{members: 40}", "do not make one account of 40"),
        ("{users_needed: 120%}", "at most 1"),
        ("{favor_from: unaware}", "aware"),
        ("{payer: 1}", "payer"),
    ],
)
def test_nonsense_is_refused_with_its_place(group, words, tmp_path):
    """File, line and column, and what is wrong."""
    path = tmp_path / "s.yaml"
    path.write_text(f"market:\n  customers: 30\n  segments:\n    firms: {{share: 1, buying_group: {group}}}\n", "utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    (problem,) = [str(one) for one in caught.value.problems]
    assert "s.yaml:4:" in problem
    assert words in problem
