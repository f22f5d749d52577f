"""Which brand meets a need: price and opinion against competitors, by the sales algebra of AMSS."""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.laws import draw
from simkit.customers.state import COMPETITOR_LOYAL, LOYAL, OPINION_GRAIN, SWITCHER
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
LOYALTY = int(Purpose.LOYALTY)


@register_jitable
def rival_sales(alone: float, rival: float, take_over: float) -> float:
    """What competitors sell beside a brand that alone would sell `alone`, they alone `rival`."""
    return max(0.0, rival - (1.0 - take_over) * alone)


@register_jitable
def own_sales(alone: float, rival: float, take_over: float) -> float:
    """What the brand sells beside competitors: all that is sold less what they sell."""
    return max(0.0, max(alone, rival) - rival_sales(alone, rival, take_over))


@register_jitable
def opinion_now(c: Any, w: Any) -> float:
    """Opinion of the brand today; it fades since it last moved."""
    if c.opinion == 0:
        return 0.0
    return c.opinion / OPINION_GRAIN * math.exp(-w.segment[c.segment].opinion_decay * (w.today.day - c.opinion_day))


@register_jitable
def impress(c: Any, w: Any, amount: float) -> None:
    """Something moved the opinion."""
    if amount != 0.0:
        move_opinion(c, w, amount)


@apart()
def move_opinion(c: Any, w: Any, amount: float) -> None:
    """The opinion of today and by how much it moves, kept within -1 and 1."""
    opinion = max(-1.0, min(1.0, opinion_now(c, w) + amount)) * OPINION_GRAIN
    c.opinion = int(opinion + 0.5) if opinion > 0.0 else int(opinion - 0.5)
    c.opinion_day = w.today.day


@register_jitable
def loyalty(c: Any, w: Any) -> int:
    """Whose customer the person is by conviction: drawn once, by its key the same whenever asked."""
    segment = w.segment[c.segment]
    u = draw(c, w, 0, LOYALTY, 0)
    if u < segment.loyal:
        return LOYAL
    return COMPETITOR_LOYAL if u >= 1.0 - segment.competitor_loyal else SWITCHER


@register_jitable
def brand_response(c: Any, w: Any) -> float:
    """The brand's sales to this person at today's price and opinion, over those at the usual ones."""
    if w.today.price == 1.0 and c.opinion == 0:
        return 1.0
    return sales_ratio(c, w)


@apart()
def sales_ratio(c: Any, w: Any) -> float:
    """The algebra of sales beside competitors (AMSS)."""
    segment = w.segment[c.segment]
    opinion = opinion_now(c, w)
    kind = loyalty(c, w)
    rival, take_over = segment.rival[kind], segment.take_over[kind]
    usual = own_sales(segment.demand, rival, take_over)
    if usual == 0.0:
        return 1.0  # competitors meet every need at any price: what is bought all the same has other reasons
    dearer = segment.elasticity * c.price_sensitivity * (w.today.price - 1.0)
    alone = segment.demand * max(0.0, 1.0 - dearer + segment.opinion_pull * opinion)
    return own_sales(min(1.0, alone), rival, take_over) / usual
