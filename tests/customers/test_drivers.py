"""One rulebook, two drivers: the same bits, whoever runs it, in whatever order, on however many threads."""

import numpy as np
import pytest
from markets import FEATURED, asking, busy, column, goals, live, newborn, quiet_market

from simkit.customers import compiled
from simkit.customers.compiled import CompiledMarket
from simkit.customers.mesa_market import MarketModel
from simkit.customers.population import population
from simkit.customers.state import people_array
from simkit.scenario.schema import Scenario

MARKET = {"customers": 400, "represents": 2000, "segments": {"north": {"share": 0.6}, "south": {"share": 0.4}}}
DAYS = 60


def scenario(**changes):
    policy = {"at_most": ["2 per rolling week", "1 sms per calendar week"], "control_group": 0.05, "gap": 0.5}
    return Scenario(**{"market": MARKET, "contact_policy": policy, "horizon": 90, "warmup": 0, **changes})


def never_opt_out(c, w, s):
    """A rule of a user's own: nobody ever opts out."""
    for j in range(s.n):
        s.opted_out[j] = 0


@pytest.mark.parametrize(
    ("seed", "rules"), [(1, None), (2, None), (2**40, None), (1, {"opt_out": never_opt_out})],
    ids=["1", "2", "large", "replaced"],
)  # fmt: skip
def test_mesa_and_compiled_agree_to_the_bit(seed, rules):
    """Customers, ledger and contact log are equal, with several seeds and with a replaced rule."""
    logs = [], []
    fast = CompiledMarket(scenario(seed=seed), 0, rules=rules, log=logs[0])
    slow = MarketModel(scenario=scenario(seed=seed), rules=rules, log=logs[1])
    harm = lambda day: {"north": 0.2} if 10 < day < 30 else {}  # noqa: E731
    assert np.array_equal(live(fast, DAYS, busy, harm), live(slow, DAYS, busy, harm))
    assert np.array_equal(fast.customers(), slow.customers())
    fast_log, slow_log = (np.concatenate(log) for log in logs)
    assert len(fast_log) > 1000
    assert np.array_equal(fast_log, slow_log)


@pytest.mark.parametrize("name", FEATURED)
def test_both_drivers_agree_on_what_few_markets_have(name):
    """Ledger, people, contacts and events are equal to the bit, with every feature of the market in use."""
    logs, events, people, totals = ([], []), ([], []), [], []
    chosen = scenario(**FEATURED[name])
    for i, driver in enumerate((CompiledMarket, lambda one, k, **more: MarketModel(scenario=one, **more))):
        market = driver(chosen, 0, log=logs[i], events=events[i])
        totals.append(live(market, DAYS, busy))
        people.append(market.customers())
    assert np.array_equal(*totals)
    assert np.array_equal(*people)
    for one, other in (logs, events):
        assert np.array_equal(np.concatenate(one), np.concatenate(other))
    assert column(market, totals[0], "decided").sum() > 10


def test_drivers_agree_on_goals_beyond_purchases():
    """Categories, referrals over a network, the second role, loyalty that moves, content that makes people search: the
    same bits, and each of them happens."""
    harm = lambda day: {"north": 0.3} if 10 < day < 50 else {}  # noqa: E731
    fast, slow = CompiledMarket(goals(), 0), MarketModel(scenario=goals())
    totals = live(fast, 90, asking, harm)
    assert np.array_equal(totals, live(slow, 90, asking, harm))
    assert np.array_equal(fast.customers(), slow.customers())
    happened = ["referrers", "referred", "role_candidates", "role_holders", "role_taken", "role_dropped", "loyalty_gained",
                "loyalty_lost", "category_shoes_cross_sold", "category_bags_cross_sold", "sent_search"]  # fmt: skip
    assert all(column(fast, totals, name).sum() > 0 for name in happened)


def test_a_replaced_rule_is_used_by_name_or_reference():
    """`rules` takes a function or "module:function", and its effect shows."""
    market = CompiledMarket(scenario(), 0, rules={"opt_out": never_opt_out})
    assert column(market, live(market, DAYS, busy), "opt_outs").sum() == 0
    shipped = CompiledMarket(scenario(), 0, rules={"opt_out": "simkit.customers.rules.messages:opt_out"})
    assert column(shipped, live(shipped, DAYS, busy), "opt_outs").sum() > 0


@pytest.mark.parametrize("rules", [{"opt_outs": never_opt_out}, {"opt_out": "no_colon"}])
def test_an_unknown_rule_is_an_error_that_names_the_rules(rules):
    """A misspelt rule name or reference is refused, not ignored."""
    with pytest.raises(ValueError, match=r"opt_out|module:function"):
        CompiledMarket(scenario(), 0, rules=rules)


def test_threads_and_order_never_show(monkeypatch):
    """One thread, three threads and permuted customers give the same ledger and the same customers."""
    one = CompiledMarket(scenario(), 0)
    expected = live(one, DAYS, busy)
    monkeypatch.setattr(compiled, "PEOPLE_PER_THREAD", 50)  # or 400 persons would not be worth a second one
    three = CompiledMarket(scenario(), 0, threads=3)
    assert three.threads == 3
    assert np.array_equal(live(three, DAYS, busy), expected)
    made = population(scenario().market, scenario().channels, 90, 1, 0)
    shuffled = people_array(len(made))
    shuffled[:] = made[np.argsort(made["rate"])]
    mixed = CompiledMarket(scenario(), 0, people=shuffled)
    assert np.array_equal(live(mixed, DAYS, busy), expected)
    assert np.array_equal(mixed.customers(), one.customers())
    assert np.array_equal(three.customers(), one.customers())


def _only(people, segment):
    rest = [name for name in people.dtype.names if name not in ("segment", "media_affinity", "ad_memory")]
    return people[people["segment"] == segment][rest]


def test_an_added_segment_changes_nobodys_luck():
    """People of a segment live the same life when another segment is added (budgets apart: no paid media here)."""
    parts = {"north": {"share": 0.5}, "south": {"share": 0.5}}
    more = {"north": {"share": 0.25}, "south": {"share": 0.25}, "west": {"share": 0.5}}
    lives = []
    for segments, customers in ((parts, 400), (more, 800)):
        market = CompiledMarket(
            scenario(market={**MARKET, "customers": customers, "segments": segments}, channels=["email", "sms", "push", "web"],
                     campaigns={"newsletter": {}, "flash": {}}, occasions={}, monitors={}), 0,
        )  # fmt: skip
        live(market, DAYS, lambda tables, day: tables.launch(f"newsletter-{day}", "newsletter", None, 0.5, day))
        lives.append(market.customers())
    for segment in (0, 1):
        assert np.array_equal(_only(lives[0], segment), _only(lives[1], segment))


def test_a_channel_added_in_front_changes_nobodys_luck():
    """Draws belong to a channel's name, not to its place in the list."""
    lives = []
    for channels in (["email"], ["push", "email"]):
        market = CompiledMarket(
            scenario(channels=channels, campaigns={"newsletter": {}}, occasions={}, monitors={},
                     contact_policy={"at_most": [], "gap": 0}), 0,
        )  # fmt: skip
        totals = live(market, DAYS, lambda tables, day: tables.launch(f"n-{day}", "newsletter", None, 0.5, day))
        lives.append([column(market, totals, f"{what}_email") for what in ("sent", "delivered", "opened", "clicked")])
    assert np.array_equal(lives[0], lives[1])


def test_a_later_launch_meets_the_same_luck():
    """A campaign a week later reaches rested people with the same draws: who bounces, opens and clicks is unchanged."""
    logs = [], []
    for log, day in zip(logs, (0, 7), strict=True):
        market = CompiledMarket(
            scenario(market=quiet_market(2000, fatigue={"delta": 0}), monitors={}, occasions={}), 0,
            people=newborn(scenario(market=quiet_market(2000))), log=log,
        )  # fmt: skip
        live(market, 14, lambda tables, d, day=day: d == day and tables.launch("once", "newsletter", None, 0.5, d + 1))
    early, late = (np.concatenate(log) for log in logs)
    fields = ["index", "delivered", "opened", "clicked"]
    # consent is asked at the first purchase on day 0, so both meet the same persons
    assert len(early) > 1000
    assert np.array_equal(early[fields], late[fields])


def test_conservation_of_customers():
    """Every day everyone is in exactly one stage, and customers change only by first purchases and losses."""
    market = CompiledMarket(scenario(), 0)
    before = int((market.customers()["relation"] == 2).sum())
    totals = live(market, DAYS, busy)
    stages = sum(column(market, totals, name) for name in market.tables.columns if name.startswith("stage_"))
    assert (stages == 400).all()
    customers = column(market, totals, "customers")
    change = column(market, totals, "new_customers") - column(market, totals, "lost")
    assert np.array_equal(np.diff(customers, prepend=before), change)


def test_conservation_of_money():
    """What customers paid since the start is what the ledger took in, to the last unit."""
    market = CompiledMarket(scenario(), 0)
    totals = live(market, DAYS, busy)
    revenue = [name for name in market.tables.columns if name.startswith("revenue_")]
    assert int(market.customers()["revenue"].sum()) == int(sum(column(market, totals, name).sum() for name in revenue))
