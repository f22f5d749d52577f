"""The investment case of every alternative against the first: what changing costs, what it is worth, when it pays back.

Each replication gives one path of accumulated, discounted differences in profit under the same luck. Costs of
changing (`transition_cost`) are in profit, so the path begins below zero and pays back on the first day from which it
stays at or above zero until the end.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from simkit.experiment.statistics import interval
from simkit.scenario.quantity import DAYS_PER_YEAR

if TYPE_CHECKING:
    from simkit.experiment.result import Result

COLUMNS = (
    "alternative", "against", "one_off", "net_present_value", "low", "high", "pairs", "payback_day",
    "payback_earliest", "payback_latest", "paid_back_share",
)  # fmt: skip


def investment_case(result: Result) -> pd.DataFrame:
    """One row an alternative but the first; no rows for a model without profit by day.

    `one_off` is the mean cost of changing beyond that of the first. `net_present_value` is the worth on the first
    measured day of the difference in profit over all measured days, with its paired 95 % t interval. `payback_day` is
    that of the mean path, nan where it ends below zero; `payback_earliest` and `payback_latest` are those of the upper
    and lower 95 % limits of the path, day by day; `paid_back_share` is the share of replications whose own path has
    paid back by the end.
    """
    daily = result.daily
    if not {"day", "profit"} <= set(daily.columns) or len(result.alternatives) < 2:
        return pd.DataFrame(columns=list(COLUMNS))
    measured = daily[daily["day"] >= 0]
    profit = {name: _by_day(measured, name, "profit") for name in result.alternatives}
    rows = [_row(result, measured, name, profit) for name in result.alternatives[1:]]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _by_day(measured: pd.DataFrame, alternative: str, column: str) -> pd.DataFrame:
    """A row a replication, a column a day."""
    mine = measured[measured["alternative"] == alternative]
    return mine.pivot(index="replication", columns="day", values=column)


def _row(result: Result, measured: pd.DataFrame, name: str, profit: dict[str, pd.DataFrame]) -> tuple[object, ...]:
    first = result.base_name
    differences = (profit[name] - profit[first]).dropna()
    one_off = _one_off(measured, name) - _one_off(measured, first)
    paths = discounted(differences.to_numpy(float), differences.columns.to_numpy(float), result)
    if not len(paths):
        return (name, first, one_off, math.nan, math.nan, math.nan, 0, math.nan, math.nan, math.nan, math.nan)
    worth = interval(paths[:, -1])
    low, high = _limits(paths)
    paid = [not math.isnan(payback_day(path)) for path in paths]
    return (
        name, first, one_off, worth.mean, worth.low, worth.high, worth.count, payback_day(paths.mean(axis=0)),
        payback_day(high), payback_day(low), sum(paid) / len(paid),
    )  # fmt: skip


def discounted(differences: np.ndarray, days: np.ndarray, result: Result) -> np.ndarray:
    """Differences in profit (replications x days) accumulated at their worth on the first measured day; a model
    without a discount rate has none."""
    economics = getattr(result.base, "economics", None)
    daily = math.log1p(economics.discount_per_year) / DAYS_PER_YEAR if economics is not None else 0.0
    return np.cumsum(differences * np.exp(-daily * days), axis=1)


def _limits(paths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % t interval of the mean path, day by day; nan below two replications."""
    spans = [interval(column) for column in paths.T]
    return (np.array([math.nan if one.low is None else one.low for one in spans]),
            np.array([math.nan if one.high is None else one.high for one in spans]))  # fmt: skip


def payback_day(path: np.ndarray) -> float:
    """The first measured day from which a path stays at or above zero; 0 where it was never below, nan where it ends
    below or is not known."""
    if np.isnan(path).any() or path[-1] < 0:
        return math.nan
    below = np.flatnonzero(path < 0)
    return float(below[-1] + 1) if below.size else 0.0


def _one_off(measured: pd.DataFrame, alternative: str) -> float:
    if "transition_cost" not in measured:
        return 0.0
    mine = measured[measured["alternative"] == alternative]
    return float(mine["transition_cost"].fillna(0.0).sum()) / max(1, mine["replication"].nunique())
