"""Which brand meets a need: price and opinion against competitors, by the sales algebra of AMSS."""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.laws import draw
from simkit.customers.state import COMPETITOR_LOYAL, LOYAL, LOYALTY_GAINED, LOYALTY_LOST, OPINION_GRAIN, SWITCHER
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
LOYALTY = int(Purpose.LOYALTY)
LOYALTY_GAIN = int(Purpose.LOYALTY_GAIN)
LOYALTY_LOSS = int(Purpose.LOYALTY_LOSS)


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
def loyalty_at_first(c: Any, w: Any) -> int:
    """Whose customer the person was by conviction at the start: drawn once, by its key the same whenever asked."""
    segment = w.segment[c.segment]
    u = draw(c, w, 0, LOYALTY, 0)
    if u < segment.loyal:
        return LOYAL
    return COMPETITOR_LOYAL if u >= 1.0 - segment.competitor_loyal else SWITCHER


@register_jitable
def loyalty(c: Any, w: Any) -> int:
    """Whose customer the person is by conviction now."""
    return c.loyalty - 1 if c.loyalty > 0 else loyalty_at_first(c, w)


@register_jitable
def win_over(c: Any, w: Any, s: Any) -> None:
    """A purchase may move a person one step toward the brand: loyal to a competitor, switcher, loyal."""
    if w.segment[c.segment].loyalty_gain > 0.0:
        step_nearer(c, w, s)


@apart()
def step_nearer(c: Any, w: Any, s: Any) -> None:
    """The coin of this purchase."""
    if draw(c, w, c.purchases, LOYALTY_GAIN, 0) < w.segment[c.segment].loyalty_gain:
        kind = loyalty(c, w)
        if kind != LOYAL:
            c.loyalty = 1 + (LOYAL if kind == SWITCHER else SWITCHER)
            s.total[LOYALTY_GAINED] += 1


@register_jitable
def lose_over(c: Any, w: Any, s: Any) -> None:
    """A need that went to a competitor may move a person one step away."""
    if w.segment[c.segment].loyalty_loss > 0.0:
        step_away(c, w, s)


@apart()
def step_away(c: Any, w: Any, s: Any) -> None:
    """The coin of this need."""
    if draw(c, w, c.needs, LOYALTY_LOSS, 0) < w.segment[c.segment].loyalty_loss:
        kind = loyalty(c, w)
        if kind != COMPETITOR_LOYAL:
            c.loyalty = 1 + (COMPETITOR_LOYAL if kind == SWITCHER else SWITCHER)
            s.total[LOYALTY_LOST] += 1


@register_jitable
def brand_response(c: Any, w: Any) -> float:
    """The brand's sales to this person at today's price, opinion and loyalty, over those at the usual ones."""
    if w.today.price == 1.0 and c.opinion == 0 and c.loyalty == 0:
        return 1.0
    return sales_ratio(c, w)


@apart()
def sales_ratio(c: Any, w: Any) -> float:
    """The algebra of sales beside competitors (AMSS)."""
    segment = w.segment[c.segment]
    opinion = opinion_now(c, w)
    first = loyalty_at_first(c, w)
    kind = c.loyalty - 1 if c.loyalty > 0 else first
    rival, take_over = segment.rival[kind], segment.take_over[kind]
    usual = own_sales(segment.demand, segment.rival[first], segment.take_over[first])
    if usual == 0.0:
        return 1.0  # competitors meet every need at any price: what is bought all the same has other reasons
    dearer = segment.elasticity * c.price_sensitivity * (w.today.price - 1.0)
    alone = segment.demand * max(0.0, 1.0 - dearer + segment.opinion_pull * opinion)
    return own_sales(min(1.0, alone), rival, take_over) / usual
