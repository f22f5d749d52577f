"""How a relationship ends: exactly one process by segment, under the pressure of fatigue, bad service and price."""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.categories import how_many
from simkit.customers.rules.choosing import opinion_now
from simkit.customers.rules.laws import at_least, draw
from simkit.customers.state import GONE, LOST, LOST_NOW
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
LEAVE = int(Purpose.LEAVE)


@register_jitable
def pressure(c: Any, w: Any) -> float:
    """m, by which the hazard of leaving is multiplied: exp(bF F s + bS S + bP P - bV V).

    P is what competitors take away today, and the own price above the usual one x the person's price sensitivity.
    """
    segment = w.segment[c.segment]
    push = segment.churn_growth * c.fatigue * c.sensitivity + segment.price_push
    if c.saved_until > w.today.day:
        push += w.today.saving
    if c.dissatisfaction > 0:
        faded = math.exp(-segment.dissatisfied_decay * (w.today.day - c.dissatisfied_day))
        push += segment.dissatisfied_push * c.dissatisfaction * faded
    if w.today.category_keeps > 0.0:
        push -= w.today.category_keeps * (how_many(c.categories) - 1)
    push += segment.own_price_push * c.price_sensitivity - segment.opinion_keeps * opinion_now(c, w)
    return math.exp(push) if push != 0.0 else 1.0


@register_jitable
def leaves(c: Any, w: Any, s: Any, time: float) -> bool:
    """The coin of this need, opportunity or anniversary: 1 - (1 - p)^m; True when the person is lost by it."""
    if draw(c, w, c.needs, LEAVE, 0) < at_least(pressure(c, w), c.dropout):
        lose(c, s, time)
        return True
    return False


@register_jitable
def lose(c: Any, s: Any, time: float) -> None:
    """The person will never buy again."""
    c.relation = LOST
    c.stage = GONE
    c.lost_day = time
    s.total[LOST_NOW] += 1


@apart()
def last_moment(c: Any, w: Any) -> float:
    """Time at which a lifetime ends today, or the end of the day when it does not.

    The lifetime was drawn once, as a unit-exponential clock; a day takes the hazard x m off it.
    """
    hazard = c.dropout * pressure(c, w)
    c.life_clock -= hazard
    if c.life_clock >= 0.0:
        return w.today.day + 1.0
    return w.today.day + 1.0 + c.life_clock / hazard
