"""The market's totals of a day, read as figures and money, and all of them as the daily table of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.coupling.budget import DaySpent
from simkit.customers.driver import MarketDriver
from simkit.customers.state import (
    BOUGHT,
    CHANNELS,
    CLICKED,
    CUSTOMERS_NOW,
    GRAIN,
    LOST_NOW,
    MONEY,
    NEW,
    NEW_CUSTOMERS,
    PER_CHANNEL,
    PURCHASES_ORGANIC,
    RENEWALS,
    TENURE_YEARS,
)
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd


def watched_figures(totals: np.ndarray) -> dict[str, tuple[int, int]]:
    """What monitors and conditions may watch: numerator and denominator of the day."""
    return {
        "churn_rate": (int(totals[LOST_NOW]), int(totals[CUSTOMERS_NOW])),
        "conversion_rate": (over_channels(totals, BOUGHT), over_channels(totals, CLICKED)),
    }


def over_channels(totals: np.ndarray, what: int) -> int:
    """A day's counter per channel, added over all channels."""
    return sum(totals[what : CHANNELS * PER_CHANNEL : PER_CHANNEL].tolist())


def units_sold(totals: np.ndarray, represents: float) -> tuple[float, float]:
    """Purchases of the day, one takes one unit; and those of them that happen whatever the stock: first purchases
    of persons who arrive, and renewals of contracts."""
    sold = int(totals[PURCHASES_ORGANIC]) + over_channels(totals, BOUGHT)
    promised = int(totals[NEW_CUSTOMERS]) - over_channels(totals, NEW) + int(totals[RENEWALS])
    return sold * represents, promised * represents


class Takings:
    """Reads a day's money off its totals, for the budget; where it stands there is looked up once."""

    def __init__(self, scenario: Scenario, market: MarketDriver):
        at = market.tables.columns
        self._channels, self._unit = list(scenario.channels), scenario.market.represents / MONEY
        self._at = np.array([at["revenue_organic"], *(at[f"revenue_{name}"] for name in self._channels)])

    def of_day(self, totals: np.ndarray, by_channel: dict[str, float], figures: dict[str, tuple[int, int]]) -> DaySpent:
        """The day's money; `by_channel` is what messages and media cost, `figures` what conditions watch."""
        organic, *others = totals[self._at].tolist()
        earned = {name: amount * self._unit for name, amount in zip(self._channels, others, strict=True)}
        return DaySpent(organic * self._unit + math.fsum(earned.values()), by_channel, earned, figures)


def daily_table(
    scenario: Scenario, market: MarketDriver, totals: np.ndarray, media: list[dict[str, float]], payroll: float
) -> pd.DataFrame:
    """The ledger as a tidy table: counts and money of the real market."""
    import pandas as pd

    represents, columns = scenario.market.represents, market.tables.columns
    days = np.arange(len(totals)) - scenario.warmup_days
    channels = scenario.channels
    table: dict[str, Any] = {"day": days, "date": pd.to_datetime(scenario.start) + pd.to_timedelta(days, unit="D")}
    assortment = scenario.market.assortment
    sales = {f"category_{name}_sales" for name in (assortment.categories if assortment else ())}
    for name, at in columns.items():
        money = name.startswith(("revenue_", "tenure_revenue_", "discounts")) or name in sales
        table[name] = totals[:, at] * (represents / MONEY if money else represents)
    for counter in market.tables.counters:
        table[counter.name] = totals[:, counter.place] / counter.scale * represents
    table["fatigue"] = totals[:, columns["fatigue"]] / GRAIN * represents
    table["mean_fatigue"] = table["fatigue"] / np.maximum(table["reachable"], 1e-9)
    table["active_customers"] = table.pop("active")
    for name, channel in channels.items():
        if channel.kind == "paid":
            table[f"impressions_{name}"] = table[f"sent_{name}"]
        elif channel.kind == "addressed":
            table[f"bounced_{name}"] = table[f"sent_{name}"] - table[f"delivered_{name}"]
    for rule in market.tables.rules.values():
        table[f"blocked_{rule}"] = table[f"dropped_{rule}"] + table[f"deferred_{rule}"]
    response = [f"purchases_{name}" for name in channels]
    table["purchases_response"] = sum(table[name] for name in response)
    table["revenue_response"] = sum(table[f"revenue_{name}"] for name in channels)
    table["revenue"] = table["revenue_organic"] + table["revenue_response"]
    table["cost_of_goods"] = _cost_of_goods(scenario, table)
    shares = scenario.economics.tenure_margin.by_year(TENURE_YEARS)
    table["tenure_margin"] = sum(share * table[f"tenure_revenue_{year}"] for year, share in enumerate(shares, 1))
    spent = pd.DataFrame(media, columns=list(channels))
    addressed = [name for name, channel in channels.items() if channel.kind == "addressed"]
    table["contact_cost"] = spent[addressed].sum(axis=1)
    table["media_cost"] = spent.drop(columns=addressed).sum(axis=1)
    for name in channels:
        table[f"cost_{name}"] = spent[name]
    role = scenario.market.second_role
    table["second_role_income"] = table["role_holders"] * (role.income_per_day if role else 0.0)
    table["team_cost"] = payroll
    table["technology_cost"] = scenario.economics.technology_per_year / DAYS_PER_YEAR
    daily = pd.DataFrame(table)
    costs = ["cost_of_goods", "contact_cost", "media_cost", "team_cost", "technology_cost"]
    earned = daily["revenue"] + daily["tenure_margin"] + daily["second_role_income"]
    daily["profit"] = earned - daily[costs].sum(axis=1)
    return daily


def _cost_of_goods(scenario: Scenario, table: Mapping[str, Any]) -> Any:
    """By product category where there are any. A price cut takes nothing off what goods cost."""
    usual, assortment = scenario.economics.cost_of_goods, scenario.market.assortment
    if assortment is None:
        return (table["revenue"] + table["discounts"]) * usual / scenario.economics.price
    shares = zip(assortment.categories, assortment.goods_shares(usual), strict=True)
    return sum(table[f"category_{name}_sales"] * share for name, share in shares) / scenario.economics.price
