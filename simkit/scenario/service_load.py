"""How much of the service desk's time customers ask for, before anything is simulated.

Expected requests over the measured days: matters of everybody who is a customer then, and purchases that nobody's
message brings. A purchase process says how many are still customers and how often they buy, by the time since the first
purchase; persons have made theirs at an even pace (`market.history_days`). What messages sell, and who gives up and
asks again, comes on top.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from simkit.scenario.purchases import DAYS_IN, BgBb, BgNbd, Hazard, ParetoNbd, Purchases, Sbg
from simkit.scenario.quantity import DAYS_PER_WEEK, DAYS_PER_YEAR

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario
    from simkit.scenario.service import Service

_CELLS = 100
"""Parts in which an average over persons or ages is taken."""


def asked_of_desk(scenario: Scenario, service: Service, agent_hours_per_week: float) -> float:
    """Work asked for by matters and by organic purchases over what all agents together have time for."""
    requests = sum(_requests_per_day(scenario, service))
    hours = requests * DAYS_PER_WEEK * (1 - service.self_service) * service.minutes / 60
    return hours / agent_hours_per_week if agent_hours_per_week else math.inf if hours else 0.0


def _requests_per_day(scenario: Scenario, service: Service) -> tuple[float, float]:
    """Of real persons in the middle of the measured days: about matters, and about purchases."""
    market = scenario.market
    middle = scenario.warmup_days + (scenario.days - scenario.warmup_days) / 2
    oldest = market.history_days + middle
    matters = purchases = 0.0
    for segment in market.segments.values():
        persons = market.customers * segment.share * market.represents * (1 - market.prospects)
        entering = persons / (market.history_days + max(market.history_days, scenario.days))
        staying, buying = in_ages(segment.purchases or market.purchases, oldest)
        matters += entering * staying * service.per_customer_year / DAYS_PER_YEAR
        purchases += entering * (1 + market.organic_share * buying) * service.per_purchase
    return matters, purchases


def in_ages(process: Purchases, oldest: float) -> tuple[float, float]:
    """Days as a customer, and repeat needs, that a person has within so many days of the first purchase."""
    unit = DAYS_IN[process.unit]
    stays, needs = _curves(process)
    ages = [(i + 0.5) * oldest / _CELLS / unit for i in range(_CELLS)]
    return (
        sum(map(stays, ages)) * oldest / _CELLS,
        sum(map(needs, ages)) * oldest / _CELLS / unit,
    )


def _curves(process: Purchases) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """By the units since the first purchase: the share who are still customers, and needs per unit of all of them."""
    if isinstance(process, BgNbd):
        return _bg_nbd(process)
    if isinstance(process, ParetoNbd):
        rate, shape, scale = process.r / process.alpha, process.s, process.beta
    elif isinstance(process, Hazard):
        rate, shape, scale = process.rate, process.leaving_shape, process.leaving_shape / process.leaving
    else:
        return _at_opportunities(process)

    def stays(age: float) -> float:
        return (scale / (scale + age)) ** shape

    return stays, lambda age: rate * stays(age)


def _bg_nbd(process: BgNbd) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """Who leaves with p after each need of rate gamma(r, alpha) stays with (alpha / (alpha + p t))^r; p is beta."""
    r, alpha = process.r, process.alpha
    leaving = [((i + 0.5) / _CELLS) ** (1 / process.a) for i in range(_CELLS)]
    weights = [(1 - p) ** (process.b - 1) for p in leaving]
    whole = sum(weights)
    mixed = [(p, weight / whole) for p, weight in zip(leaving, weights, strict=True)]

    def stays(age: float) -> float:
        return sum(weight * (alpha / (alpha + p * age)) ** r for p, weight in mixed)

    def needs(age: float) -> float:
        return sum(weight * r / alpha * (alpha / (alpha + p * age)) ** (r + 1) for p, weight in mixed)

    return stays, needs


def _at_opportunities(process: BgBb | Sbg) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """Who leaves does so once a unit, with a probability that differs as a beta; who renews a contract buys again."""
    if isinstance(process, BgBb):
        a, b, rate = process.gamma, process.delta, process.alpha / (process.alpha + process.beta)
    else:
        a, b, rate = process.alpha, process.beta, 1.0

    def stays(age: float) -> float:
        n = int(age)
        return math.exp(math.lgamma(b + n) + math.lgamma(a + b) - math.lgamma(a + b + n) - math.lgamma(b))

    return stays, lambda age: rate * stays(age)
