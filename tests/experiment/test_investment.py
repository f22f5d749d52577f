"""The investment case: worth and payback of differences that are known by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from simkit.experiment.investment import investment_case, payback_day

DAYS = 10


def result(gains: list[float], one_off: float = 100.0, discount: float = 0.0):
    """Profit of 5 a day in the first alternative; the other has a one-off cost and then so much more a day."""
    rows = []
    for replication, gain in enumerate(gains):
        for day in range(-2, DAYS):
            cost = one_off if day == 0 else 0.0
            rows.append(("now", replication, day, 5.0, math.nan))
            rows.append(("new", replication, day, 5.0 + gain * (day > 0) - cost, cost))
    daily = pd.DataFrame(rows, columns=["alternative", "replication", "day", "profit", "transition_cost"])
    base = SimpleNamespace(economics=SimpleNamespace(discount_per_year=discount))
    return SimpleNamespace(daily=daily, alternatives=["now", "new"], base_name="now", base=base)


def test_payback_and_worth_by_hand():
    """A hundred now and 20, 25 or 30 a day from tomorrow: worth 80, 125, 170; back on day 5, 4 and 4 (0-based)."""
    row = investment_case(result([20, 25, 30])).iloc[0]
    assert row["one_off"] == 100
    assert row["net_present_value"] == pytest.approx(125)
    half = 4.302652729911275 * 45 / math.sqrt(3)  # t(0.975, 2)
    assert (row["low"], row["high"]) == pytest.approx((125 - half, 125 + half))
    assert row["payback_day"] == 4
    assert row["paid_back_share"] == 1
    assert row["payback_earliest"] <= row["payback_day"]
    assert not row["payback_latest"] < row["payback_day"]


def test_discounting():
    """Money of later days is worth less by the scenario's rate."""
    row = investment_case(result([20, 20], discount=0.5)).iloc[0]
    worth = -100 + sum(20 * 1.5 ** (-day / 365) for day in range(1, DAYS))
    assert row["net_present_value"] == pytest.approx(worth, rel=1e-12)


def test_what_never_pays_back():
    """It has no day, and neither has one that is only known to within luck."""
    row = investment_case(result([5, 6])).iloc[0]
    assert math.isnan(row["payback_day"])
    assert row["paid_back_share"] == 0
    assert payback_day(np.array([-1.0, 2.0, -1.0, 3.0])) == 3
    assert payback_day(np.array([1.0, 2.0])) == 0


def test_a_model_without_profit_has_no_case():
    """Studies of other models pass."""
    empty = SimpleNamespace(daily=pd.DataFrame({"alternative": [], "replication": []}), alternatives=["a", "b"])
    assert len(investment_case(empty)) == 0
