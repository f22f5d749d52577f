"""The rulebook is fit for both drivers, its order is the printed one, and an edited rule changes the next run."""

import ast
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from markets import column, live, newborn, quiet_market

from simkit.customers import day, rules
from simkit.customers.compiled import CompiledMarket
from simkit.customers.compiling import MESSAGE_LINES
from simkit.customers.rules import laws
from simkit.customers.state import CUSTOMER_DTYPE
from simkit.scenario.schema import Scenario

ORDER = [
    ("propose", ["arrive", "recover", "fall_due", "propose", "screen", "follow_journeys", "queue_for_calls", "demand"]),
    ("allocate", ["budgets"]),
    ("live", ["admit", "arbitrate", "feel", "deliver", "respond", "see_ads", "search_and_visit", "convert", "buy", "opt_out",
              "score_leads", "walk_journeys", "tire", "forget", "account"]),
]  # fmt: skip


def test_the_order_of_the_day():
    """Both drivers follow this list; a change of it is a change of the model."""
    assert [(p, [s.name for s in day.DAY if s.phase == p]) for p, _ in ORDER] == ORDER
    assert [stage.phase for stage in day.DAY] == sorted(
        (s.phase for s in day.DAY), key=["propose", "allocate", "live"].index
    )


def test_rules_use_no_numpy_and_no_powers():
    """Only `math.exp` and `math.log` agree to the bit in both drivers; powers do not."""
    files = sorted(Path(rules.__file__).parent.glob("*.py"))
    assert len(files) > 5
    for node in (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)), f"a power in line {node.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert node.value.id not in ("np", "numpy"), f"NumPy in line {node.lineno}"
            assert node.value.id != "math" or node.attr in ("exp", "log"), f"math.{node.attr} in line {node.lineno}"


def test_a_customer_fits_its_cache_lines():
    """At most 512 bytes, whole cache lines; a quiet day of a customer reads the first, of a prospect or where
    advertisements run the second too, and a message the next three, which the compiled loop fetches ahead."""
    assert CUSTOMER_DTYPE.itemsize == 512
    hot = ("done", "candidates", "fatigue", "need_clock", "rate", "query_clock", "last_purchase_day", "segment", "relation",
           "stage", "consent", "leaving", "journeys")  # fmt: skip
    lines = {name: place // 64 for name, (_, place, *_) in CUSTOMER_DTYPE.fields.items()}
    assert {lines[name] for name in hot} == {0}
    assert {lines[name] for name in ("visit_clock", "forget_clock", "index", "bucket", "media_affinity")} == {1}
    message = ("affinity", "opt_out_day", "unengaged", "recent_minute", "recent_channel", "recent_caps", "contacts",
               "sensitivity", "link_bucket", "dormant")  # fmt: skip
    assert {lines[name] for name in message} == set(MESSAGE_LINES)


@pytest.mark.parametrize(("m", "p", "expected"), [(1.0, 0.3, 0.3), (2.0, 0.5, 0.75), (0.5, 0.75, 0.5), (3.0, 0.0, 0.0)])
def test_multiplied_hazards(m, p, expected):
    """1 - (1 - p)^m, exact for m = 1."""
    assert laws.at_least(m, p) == pytest.approx(expected)


def test_hill_and_poisson():
    """Half the effect at half saturation; Poisson counts have the law's distribution function."""
    assert laws.hill(4.0, 4.0, 1.5) == pytest.approx(0.5)
    assert laws.hill(0.0, 4.0, 1.5) == 0
    assert laws.hill(1e9, 4.0, 1.5) == pytest.approx(1)
    for mean in (0.05, 1.0, 7.5):
        below = 0.0
        for count in range(12):
            below += math.exp(-mean) * mean**count / math.factorial(count)
            if below < 1 - 1e-6:
                assert laws.poisson(mean, below - 1e-9) <= count
                assert laws.poisson(mean, below + 1e-9) == count + 1
        assert laws.poisson(mean, 1 - 2.0**-53) < 60, "the last quantile is finite too"


def test_harm_to_purchases_and_price_churn():
    """A competitor's price cut of 30 % takes 30 % of organic purchases away, and more people leave."""
    scenario = Scenario(market=quiet_market(20_000, price_churn=2.0), channels=["email"], campaigns={}, occasions={},
                        monitors={}, horizon=120)  # fmt: skip
    calm, harmed = (CompiledMarket(scenario, 0, people=newborn(scenario)) for _ in range(2))
    before = live(calm, 120)
    after = live(harmed, 120, harm=lambda day: {"everyone": 0.3} if day > 0 else {})
    repeat = [column(calm, t, "purchases_organic")[1:].sum() for t in (before, after)]
    needs = [column(calm, t, "needs")[1:].sum() for t in (before, after)]
    assert repeat[1] / needs[1] == pytest.approx(0.7, abs=0.02)
    assert repeat[0] == needs[0]
    assert column(calm, after, "lost").sum() > 1.15 * column(calm, before, "lost").sum()


def test_forgetting_has_its_half_life():
    """Prospects nobody reminds: after a half-life half of those aware have fallen back."""
    funnel = {"start": {"aware": 1.0}, "forgetting_half_life_days": 30}
    scenario = Scenario(market={"customers": 8000, "prospects": 1, "funnel": funnel}, channels=["email"], campaigns={},
                        occasions={}, monitors={}, horizon=30)  # fmt: skip
    market = CompiledMarket(scenario, 0)
    assert column(market, live(market, 30), "stage_aware")[-1] / 8000 == pytest.approx(
        0.5, abs=4 * math.sqrt(0.25 / 8000)
    )


def test_a_paid_budget_buys_its_impressions():
    """Impressions follow the budget: money / cost per thousand, whatever the audience's size."""
    channels = {"paid_social": {"budget_per_week": 7000, "cost_per_thousand": 10}}
    seen = []
    for prospects in (0.2, 0.8):
        scenario = Scenario(
            market={"customers": 5000, "represents": 100, "prospects": prospects}, channels=channels, horizon=60,
            campaigns={"social": {"channels": ["paid_social"], "audience": "prospects", "flight_days": 30}},
            occasions={}, monitors={},
        )  # fmt: skip
        market = CompiledMarket(scenario, 0)
        totals = live(market, 30, lambda t, d: d == 0 and t.launch("social-0", "social", None, 0.5, 0))
        seen.append(column(market, totals, "sent_paid_social").sum() / 30)
    # 1,000 a day at 10 per thousand are 100,000 impressions, 1,000 of them simulated
    assert seen == pytest.approx([1000, 1000], rel=0.02)


def test_search_spends_at_most_its_budget():
    """Clicks cost money; a small budget answers a part of the queries only."""
    costs = []
    for budget in (10, 1e9):
        scenario = Scenario(market={"customers": 5000, "represents": 100},
                            channels={"search": {"budget_per_week": budget}}, campaigns={}, occasions={}, monitors={},
                            horizon=60)  # fmt: skip
        market = CompiledMarket(scenario, 0)
        costs.append(np.mean([market.tables.media_cost(market.live_day())["search"] for _ in range(400)]))
    assert costs[0] == pytest.approx(10 / 7, rel=0.5)
    assert costs[1] > 10 * costs[0]


RUN = """
from simkit.customers.compiled import CompiledMarket
from simkit.scenario.schema import Scenario
market = CompiledMarket(Scenario(market={"customers": 300}, horizon=30), 0, rules={"age": "my_rules:age"})
print(*sorted(set(market.customers()["last_purchase_day"].tolist())))
"""


def test_editing_a_rule_changes_the_next_run(tmp_path):
    """A rule in a user's file, a helper it calls and a number it imports may be edited: no cached code outlives that."""
    module = tmp_path / "my_rules.py"

    def run():
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(rules.__file__).parents[3])]),
               "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip
        out = subprocess.run([sys.executable, "-c", RUN], env=env, capture_output=True, text=True,
                             check=True, cwd=tmp_path)  # fmt: skip
        return [float(age) for age in out.stdout.split()]

    (tmp_path / "my_numbers.py").write_text("DAYS = 7.0\n")
    source = """from numba.extending import register_jitable

from my_numbers import DAYS

@register_jitable
def since(relation):
    return {answer}

def age(c, w, s):
    c.last_purchase_day = since(c.relation)
"""
    module.write_text(source.format(answer="-DAYS"))
    assert run() == [-7]
    module.write_text(source.format(answer="-DAYS * 2"))
    assert run() == [-14]
    (tmp_path / "my_numbers.py").write_text("DAYS = 5.0\n")
    assert run() == [-10], "a number in another file counts too"
