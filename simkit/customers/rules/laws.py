"""Small laws that several rules use, and how a customer draws."""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.tables import LOGIT_END, NODES
from simkit.rng import uniform, uniform_pair

MINUTES_PER_DAY = 1440
STEPS_PER_LOGIT = (NODES - 1) / (2 * LOGIT_END)


@register_jitable
def quantile(table: Any, u: float) -> float:
    """A gamma quantile by its table: linear in logit(u) on the log scale, so that both tails are exact."""
    place = (math.log(u / (1.0 - u)) + LOGIT_END) * STEPS_PER_LOGIT
    node = int(place)
    part = place - node
    return math.exp(table[node] * (1.0 - part) + table[node + 1] * part)


@register_jitable
def at_least(multiplier: float, p: float) -> float:
    """A probability under a multiplied hazard: 1 - (1 - p)^m."""
    if multiplier == 1.0:
        return p
    return 1.0 - math.exp(multiplier * math.log(1.0 - p))


@register_jitable
def at_odds(factor: Any, p: Any) -> Any:
    """A probability whose odds are multiplied; also for arrays."""
    if factor == 1.0:
        return p
    return factor * p / (1.0 - p + factor * p)


@register_jitable
def wear_out(kind: int, tiredness: float) -> float:
    """Response that is left at delta x F: exponential, hyperbolic or linear."""
    if kind == 0:
        return math.exp(-tiredness)
    if kind == 1:
        return 1.0 / (1.0 + tiredness)
    return max(0.0, 1.0 - tiredness)


@register_jitable
def hill(x: float, half: float, slope: float) -> float:
    """Share of the full effect at x remembered exposures: x^s / (x^s + half^s)."""
    if x <= 0.0:
        return 0.0
    return 1.0 / (1.0 + math.exp(slope * math.log(half / x)))


@register_jitable
def poisson(mean: float, u: float) -> int:
    """The Poisson count at quantile u, by adding up probabilities; means above 500 count as 500."""
    if u <= 1.0 - mean:  # below exp(-mean) without having to compute it
        return 0
    mean = min(mean, 500.0)
    term = math.exp(-mean)
    below = term
    count = 0
    # far in the tail the terms no longer move the sum: then this count is as close as float64 gets
    while u > below and (count < mean or term > 1e-18):
        count += 1
        term *= mean / count
        below += term
    return count


@apart(first=True)
def draw(c: Any, w: Any, what: int, purpose: int, k: int) -> float:
    """One uniform for this customer: what it is about, and what it is for."""
    return uniform(
        w.today.key0, w.today.key1, c.index, what, purpose, k, w.segment[c.segment].space
    )  # fmt: skip


@register_jitable
def draw_pair(c: Any, w: Any, what: int, purpose: int, k: int) -> tuple[float, float]:
    """Two independent uniforms for this customer."""
    return uniform_pair(
        w.today.key0, w.today.key1, c.index, what, purpose, k, w.segment[c.segment].space
    )  # fmt: skip


@register_jitable
def draw_clock(c: Any, w: Any, what: int, purpose: int) -> float:
    """A unit-exponential clock for the customer's `what`-th event of this sort."""
    return -math.log(draw(c, w, what, purpose, 0))
