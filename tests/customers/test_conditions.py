"""Conditions carried out by the rules, against truth computed by other code."""

import operator
from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import DRIVERS, column, live, quiet_market

from simkit.customers.conditions import condition_rows, fill_conditions
from simkit.customers.plain_tables import PlainTables
from simkit.customers.rules.conditions import holds
from simkit.customers.state import GROUP_DECIDES, GROUP_USER
from simkit.customers.tables import CONDITION_FIELDS, CONDITIONS, STEPS, blank_world
from simkit.scenario.conditions import FIELDS, LONGEST, MOST
from simkit.scenario.schema import Scenario

SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne}
NUMBERS = ("fatigue", "purchases", "month")
comparisons = st.tuples(st.sampled_from(NUMBERS), st.sampled_from(list(SIGNS)), st.integers(0, 4))
trees = st.recursive(
    comparisons,
    lambda below: st.one_of(
        st.tuples(st.just("not"), below), st.tuples(st.sampled_from(["and", "or"]), below, below)
    ),
    max_leaves=8,
)  # fmt: skip


def written(tree):
    """A tree as the author would write it."""
    if tree[0] == "not":
        return f"not ({written(tree[1])})"
    if tree[0] in ("and", "or"):
        return f"({written(tree[1])}) {tree[0]} ({written(tree[2])})"
    return f"{tree[0]} {tree[1]} {tree[2]}"


def truth(tree, values):
    """What a tree means, by Python's own logic."""
    if tree[0] == "not":
        return not truth(tree[1], values)
    if tree[0] == "and":
        return truth(tree[1], values) and truth(tree[2], values)
    if tree[0] == "or":
        return truth(tree[1], values) or truth(tree[2], values)
    return SIGNS[tree[1]](values[tree[0]], tree[2])


def world_with(*texts, segments=None, channels=None, **today):
    """Plain tables with some conditions, and their rows."""
    _, world = blank_world()
    rows = condition_rows(texts)
    fill_conditions(world.condition, rows, segments or {}, channels or {})
    for name, value in today.items():
        world.today[name] = value
    return PlainTables(world).read(world), rows


@settings(max_examples=150, deadline=None, derandomize=True)
@given(trees, st.fixed_dictionaries({name: st.integers(0, 4) for name in NUMBERS}))
def test_any_condition_means_what_it_says(tree, values):
    """Random trees of comparisons: the interpreter agrees with Python's own and, or, not."""
    w, rows = world_with(written(tree), month=values["month"])
    c = SimpleNamespace(fatigue=float(values["fatigue"]), purchases=values["purchases"])
    assert holds(c, w, rows[written(tree)]) == truth(tree, values)


def test_every_field_is_read():
    """The rules read each field of the language, and each as the firm sees it."""
    assert (*FIELDS,) == CONDITION_FIELDS
    assert (LONGEST, MOST) == (STEPS, CONDITIONS)
    person = SimpleNamespace(
        fatigue=1.5, last_purchase_day=10.0, first_purchase_day=4.0, purchases=2, revenue=1_230_000, stage=7, relation=3,
        segment=1, consent=0b10, link_bucket=40, contacts=1, recent_minute=[18 * 1440] + [0] * 15,
        group=GROUP_USER + GROUP_DECIDES, favoring=127, decision_due=0,
    )  # fmt: skip
    true = [
        "fatigue = 1.5", "days_since_purchase = 10", "days_since_contact = 2", "tenure_days = 16", "purchases = 2",
        "revenue = 123", "stage is repeat", "relation is customer", "segment is south", "consents_to sms",
        "linked is yes", "weekday is tuesday", "month = 5", "role is user", "favoring = 0.5", "deciding is yes", "not segment is north", "segment is not north",
    ]  # fmt: skip
    false = [
        "role is payer",
        "consents_to email",
        "linked is no",
        "stage is customer",
        "bought_within 9",
        "contacted_within 1",
    ]
    w, rows = world_with(*true, *false, segments={"north": 0, "south": 1}, channels={"email": 0, "sms": 1},
                         day=20, weekday=1, month=5, linked=50)  # fmt: skip
    w = w._replace(segment=tuple(row._replace(advocate_after=5, grouped=1) for row in w.segment))
    assert [text for text in true if not holds(person, w, rows[text])] == []
    assert [text for text in false if holds(person, w, rows[text])] == []
    assert holds(person, w, -1)
    never = SimpleNamespace(relation=1, contacts=0, recent_minute=[0] * 16)
    w, rows = world_with("bought_within 9999", "not_contacted_within 9999", day=20)
    assert [holds(never, w, k) for k in rows.values()] == [False, True]


def test_an_audience_by_condition_reaches_whom_it_names():
    """Only persons for whom it holds get the message, in both drivers alike."""
    scenario = Scenario(
        market=quiet_market(400, segments={"north": {"share": 0.5}, "south": {"share": 0.5}}),
        channels={"email": {"consent_customers": 1.0}}, campaigns={"few": {"audience": {
            "where": "segment is south and bought_within 60 days"}}}, occasions={}, monitors={}, horizon=30,
    )  # fmt: skip
    logs = {}
    for name, driver in DRIVERS.items():
        log = []
        market = driver(scenario, 0, log=log)
        start = market.customers()
        totals = live(market, 2, lambda t, day: day == 1 and t.launch("few-1", "few", None, 0.5, 1))
        logs[name] = np.concatenate(log)
        after = market.customers()
        unchanged = start["last_purchase_day"] == after["last_purchase_day"]
        meant = (start["segment"] == 1) & (1 - start["last_purchase_day"] <= 60) & (start["relation"] >= 2)
        got = np.isin(np.arange(len(start)), logs[name]["index"] + 200 * logs[name]["segment"].astype(int))
        assert (got[unchanged] == meant[unchanged]).all()
        assert 0 < column(market, totals, "sent_email").sum() < 200
    assert np.array_equal(logs["compiled"], logs["mesa"])
