"""Look-ahead: a light message does not take the slot of a heavier one that is already planned for the person."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.caps import ALWAYS, held, minute_of, seen, window_start
from simkit.customers.rules.conditions import holds
from simkit.customers.rules.laws import draw
from simkit.customers.rules.person import fits
from simkit.customers.rules.tallies import exhausted
from simkit.customers.rules.withholding import withheld
from simkit.customers.state import CUSTOMER
from simkit.rng import Purpose

HOLDOUT_DRAW = int(Purpose.CAMPAIGN_HOLDOUT)


@apart()
def crowds_out(c: Any, w: Any, s: Any, light: int, minute: int) -> bool:
    """Whether the message in slot `light` at this minute would leave no room for a heavier one that is ready and waits
    for its date."""
    message = w.message[light]
    segment = w.segment[c.segment]
    coming = segment.coming_for_customers if c.relation >= CUSTOMER else segment.coming_for_prospects
    rest = coming & ~c.done
    slot = 0
    while rest != 0:
        if rest & 1 == 1 and is_meant(c, w, s, message, slot) and takes_room(c, w, s, message, minute, coming, slot):
            return True
        rest >>= 1
        slot += 1
    return False


@register_jitable
def is_meant(c: Any, w: Any, s: Any, message: Any, slot: int) -> bool:
    """Whether a planned message is heavier, for this person as things stand today, and in the rules' sight."""
    other = w.message[slot]
    if other.weight <= message.weight or other.exempt == 1 or (c.consent >> other.channel) & 1 == 0:
        return False
    if (seen(w, s, message.channel) >> other.channel) & 1 == 0 or (c.done >> slot) & 1 == 1:
        return False
    if c.unengaged[other.channel] >= w.today.sunset or (w.today.tallies > 0 and exhausted(c, w, s, slot) >= 0):
        return False
    if other.topic >= 0 and (c.refused >> other.topic) & 1 == 1:
        return False
    if other.holdout > 0.0 and draw(c, w, other.campaign, HOLDOUT_DRAW, 0) < other.holdout:
        return False
    if not fits(c, w, other.bought_within, other.not_bought_within) or not holds(c, w, other.condition):
        return False
    return not withheld(c, w, other.channel, other.withheld, other.occurrence, 0)


@register_jitable
def takes_room(c: Any, w: Any, s: Any, message: Any, minute: int, coming: int, slot: int) -> bool:
    """Whether gap or caps would then hold back the planned message in `slot`, others as heavy before it included."""
    other = w.message[slot]
    then = minute_of(c, w, s, slot)
    if then - minute < w.today.gap:
        return True
    channels = seen(w, s, other.channel)
    both = message.counts & other.caps
    for k in range(w.today.caps):
        if (both >> k) & 1 == 1 and w.cap[k].count > 0:
            cap = w.cap[k]
            start = window_start(w, s, k, then)
            if minute >= start and (cap.condition < 0 or holds(c, w, cap.condition)):
                left = cap.count - planned_within(c, w, s, message, k, coming, start, then)
                if left <= 0 or held(c, w, s, 1 << k, channels, start, ALWAYS, left):
                    return True
    return False


@register_jitable
def planned_within(c: Any, w: Any, s: Any, message: Any, k: int, coming: int, start: int, end: int) -> int:
    """Heavier planned messages to the person that count in a cap, from `start` to `end`."""
    counted = 0
    rest = coming
    slot = 0
    while rest != 0:
        if rest & 1 == 1 and (w.message[slot].counts >> k) & 1 == 1 and is_meant(c, w, s, message, slot):
            then = minute_of(c, w, s, slot)
            if start <= then <= end:
                counted += 1
        rest >>= 1
        slot += 1
    return counted
