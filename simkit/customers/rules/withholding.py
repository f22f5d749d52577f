"""What a counterfactual keeps from a person (see `customers/withheld.py`); in an ordinary run, nothing."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.laws import draw
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
WITHHOLD = int(Purpose.WITHHOLD)
HOLDOUT = int(Purpose.HOLDOUT)


@register_jitable
def withheld(c: Any, w: Any, channel: int, share: float, what: int, k: int) -> bool:
    """Whether this person does not get this contact. `share` is the campaign's; channel and segment have their own."""
    return w.today.withholding == 1 and kept_from(c, w, channel, share, what, k)


@apart()
def kept_from(c: Any, w: Any, channel: int, share: float, what: int, k: int) -> bool:
    """The draw of whether it is kept from this person."""
    share = max(share, w.channel[channel].withheld, w.segment[c.segment].withheld)
    if share <= 0.0 or share >= 1.0:
        return share > 0.0
    if w.today.by_person == 1:
        return draw(c, w, 0, HOLDOUT, 0) < share
    return draw(c, w, what, WITHHOLD, k) < share
