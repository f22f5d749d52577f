"""What a customer is still worth, from the person's own traits: truth, not inference.

Needs, opportunities or periods to come are counted exactly for each purchase process; money is what they bring.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from simkit.customers.purchase_traits import PROCESS, spend_shape
from simkit.customers.state import AFTER_NEED, CHANCE_GRAIN, CONTRACT, CUSTOMER, HOLDER, LIFETIME, TENURE_YEARS
from simkit.scenario.purchases import Purchases
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.schema import Scenario


class _Some:
    """Some persons, by the names of their fields: a selection of whole records would copy every field of each."""

    def __init__(self, people: np.ndarray, here: np.ndarray):
        self._people, self._rows = people, np.flatnonzero(here)

    def __getitem__(self, name: str) -> np.ndarray:
        return self._people[name][self._rows]


People = np.ndarray | _Some


def residual_revenue(scenario: Scenario, people: np.ndarray, per_need: float) -> np.ndarray:
    """Expected discounted revenue, per person in `currency`, after the last day of those who are still customers.

    As many needs become purchases as `per_need` says; a contract's periods are all paid.
    """
    revenue = np.zeros(len(people))
    for here, purchases in _segments(scenario, people):
        mine = _Some(people, here)
        worth = _worth(scenario, mine, purchases, per_need)
        revenue[here] = worth * future_needs(mine, PROCESS[purchases.model], _discount(scenario))
    return revenue


def residual_tenure_margin(scenario: Scenario, people: np.ndarray, per_need: float, today: float) -> np.ndarray:
    """What of it `economics.tenure_margin` adds to the margin: years of the relationship weighed by their own share.

    `today` is the day after the last simulated one; a person's years count from the first purchase.
    """
    shares = scenario.economics.tenure_margin.by_year(TENURE_YEARS)
    margin = np.zeros(len(people))
    if not any(shares):
        return margin
    for here, purchases in _segments(scenario, people):
        mine, process = _Some(people, here), PROCESS[purchases.model]
        tenure = today - mine["first_purchase_day"]
        added, before = np.zeros(len(tenure)), 0.0
        for year, share in enumerate(shares):
            from_then_on = np.maximum(0.0, year * DAYS_PER_YEAR - tenure)
            added += (share - before) * future_needs(mine, process, _discount(scenario), from_then_on)
            before = share
        margin[here] = added * _worth(scenario, mine, purchases, per_need)
    return margin


def future_needs(people: People, process: int, discount: float, after: np.ndarray | float = 0.0) -> np.ndarray:
    """Expected discounted needs, opportunities taken or periods renewed of customers, those `after` so many days.

    BG/NBD: needs come at the person's rate and each is the last with the person's dropout: rate / h x exp(-h t), with
    h = discount + rate x dropout. A lifetime of hazard mu: the same with h = discount + mu. Regular opportunities
    every T days, the next in t, each survived with 1 - p and taken with the person's chance q: from the j-th on
    q (1 - p) exp(-discount t) x^j / (1 - x), x = (1 - p) exp(-discount T); a contract has q = 1. `discount` is
    continuous, a day.
    """
    rate, dropout = people["rate"], people["dropout"]
    if process in (AFTER_NEED, LIFETIME):
        ends = discount + (dropout if process == LIFETIME else rate * dropout)
        return rate / ends * np.exp(-ends * after)
    chance = 1.0 if process == CONTRACT else people["need_chance"] / CHANCE_GRAIN
    each = (1 - dropout) * np.exp(-discount / rate)
    first = chance * (1 - dropout) * np.exp(-discount * people["need_clock"] / rate)
    skipped = np.maximum(0.0, np.ceil(after * rate - people["need_clock"]))
    return first * each**skipped / (1 - each)


def _segments(scenario: Scenario, people: np.ndarray) -> Iterator[tuple[np.ndarray, Purchases]]:
    """Who is still a customer, segment by segment, with its purchase process."""
    market = scenario.market
    for position, segment in enumerate(market.segments.values()):
        here = (people["segment"] == position) & (people["relation"] == CUSTOMER)
        yield here, segment.purchases or market.purchases


def _worth(scenario: Scenario, people: People, purchases: Purchases, per_need: float) -> np.ndarray:
    """Money per need or period at the person's mean spend, in the categories bought in so far, and today's price."""
    spend = people["spend_scale"].astype(float) * (spend_shape(purchases.spend) or 1.0) * scenario.economics.price
    if scenario.market.assortment:
        spend *= _over_categories(scenario, people, scenario.market.assortment.spend_factors())
    return spend * (1.0 if purchases.model == "sbg" else per_need)


def residual_margin_share(scenario: Scenario, people: np.ndarray) -> np.ndarray | float:
    """Share of each person's residual revenue that is left after goods, in the categories bought in so far."""
    assortment, economics = scenario.market.assortment, scenario.economics
    if assortment is None:
        return economics.margin
    factors = assortment.spend_factors()
    goods = [f * share for f, share in zip(factors, assortment.goods_shares(economics.cost_of_goods), strict=True)]
    spend = _over_categories(scenario, people, factors)
    return 1 - _over_categories(scenario, people, goods) / spend / economics.price


def residual_role_income(scenario: Scenario, people: np.ndarray) -> np.ndarray:
    """Expected discounted income, after the last day, of who holds the second role: it lasts each further day with
    exp(-hazard), so income x 1 / (exp(hazard + discount) - 1), discount continuous and a day."""
    role = scenario.market.second_role
    if role is None:
        return np.zeros(len(people))
    return (people["role"] == HOLDER) * (role.income_per_day / math.expm1(role.drops_per_day + _discount(scenario)))


def _over_categories(scenario: Scenario, people: People, values: Sequence[float]) -> np.ndarray:
    """Mean of a value over each person's categories, weighed by their shares; 1 for who has none."""
    assert scenario.market.assortment is not None
    shares = np.array([one.share for one in scenario.market.assortment.categories.values()])
    has = (people["categories"][:, None] >> np.arange(len(shares))) & 1
    weight = has * shares
    total = weight.sum(axis=1)
    return np.where(total > 0, weight @ np.array(values) / np.where(total > 0, total, 1), 1.0)


def _discount(scenario: Scenario) -> float:
    return math.log1p(scenario.economics.discount_per_year) / DAYS_PER_YEAR
