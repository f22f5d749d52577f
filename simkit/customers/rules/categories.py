"""Product categories: which of them a purchase is in, and how many a customer has bought in."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.laws import draw
from simkit.customers.state import CATEGORY_AT, MONEY, PER_CATEGORY
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
CATEGORY = int(Purpose.CATEGORY)
BASKET = 1 << 15
"""Added to k: the draw of the category beside the draw of a purchase's money, with the same purpose."""


@register_jitable
def one_of(w: Any, mask: int, u: float) -> int:
    """The category at quantile u among those of a mask, each in proportion to its share."""
    total = 0.0
    for k in range(w.today.categories):
        if (mask >> k) & 1 == 1:
            total += w.today.category_share[k]
    left = u * total
    chosen = -1
    for k in range(w.today.categories):
        if (mask >> k) & 1 == 1 and (left >= 0.0 or chosen < 0):
            chosen = k
            left -= w.today.category_share[k]
    return chosen


@register_jitable
def all_of(w: Any) -> int:
    """The mask of every category."""
    return (1 << w.today.categories) - 1


@apart()
def begin_categories(c: Any, w: Any) -> None:
    """The first purchase decides the first category."""
    c.categories = 1 << one_of(w, all_of(w), draw(c, w, 0, CATEGORY, 0))


@apart()
def in_category(c: Any, w: Any, s: Any, amount: float, what: int, purpose: int, k: int) -> int:
    """Money of a purchase in its category, in ledger units: in one the customer has, or, cross-sold, in a new one.

    `what`, `purpose` and `k` are the key of its money.
    """
    mask = all_of(w) & ~c.categories if s.crossing == 1 else c.categories
    category = one_of(w, mask, draw(c, w, what, purpose, k + BASKET))
    c.categories |= 1 << category
    units = int(amount * w.today.category_spend[category] * MONEY + 0.5)
    at = CATEGORY_AT + category * PER_CATEGORY
    s.total[at] += 1
    s.total[at + 1] += units
    s.total[at + 2] += s.crossing
    return units


@register_jitable
def how_many(mask: int) -> int:
    """Categories in a mask."""
    count = 0
    while mask != 0:
        count += mask & 1
        mask >>= 1
    return count
