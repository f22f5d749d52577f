"""The contact policy at a glance: most days of most people are decided without going through their candidates.

Under a plain policy (`market_glance.py`) two cases make up nearly all: the first cap is full, so that everything waits;
or it is not, the first candidate in order goes, and the gap to it holds the others back. What is found here is what
`contact.settle` finds; where neither case is certain, or a log asks why, that one decides.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.rules.bits import lowest, ones
from simkit.customers.rules.person import linked
from simkit.customers.rules.sending import nothing_yet, send
from simkit.customers.state import ADDRESSED, CANDIDATES, DEFERRED_AT, DROPPED_AT, GAP, RECENT

OPEN, FULL, UNCERTAIN = range(3)


@register_jitable
def first_cap(c: Any, w: Any) -> int:
    """Whether the first cap holds back all plain messages of today (FULL), none (OPEN) or neither for certain."""
    newest = c.contacts - 1
    if c.recent_minute[newest & (RECENT - 1)] >= w.today.gap_from or not linked(c, w):
        return UNCERTAIN
    count = w.cap[0].count
    if c.contacts < count or c.recent_minute[(newest - count + 1) & (RECENT - 1)] < w.today.open_until:
        return OPEN
    for n in range(count):
        at = (newest - n) & (RECENT - 1)
        counts = c.recent_caps[at] & 1 == 1 and c.recent_channel[at] != ADDRESSED
        if not counts or c.recent_minute[at] < w.today.full_from:
            return UNCERTAIN
    return FULL


@register_jitable
def first_in_order(w: Any, candidates: int) -> int:
    """The plain message among these that competes first."""
    first = lowest(candidates)
    rest = candidates & (candidates - 1)
    while rest != 0:
        slot = lowest(rest)
        if w.message[slot].rank < w.message[first].rank:
            first = slot
        rest &= rest - 1
    return first


@register_jitable
def hold_back(c: Any, w: Any, s: Any, candidates: int, rule: int) -> None:
    """Plain messages that a rule holds back: they wait for another day, or are dropped on their last."""
    s.total[DEFERRED_AT + rule] += ones(candidates & w.today.can_wait)
    rest = candidates & ~w.today.can_wait
    if rest != 0:
        s.total[DROPPED_AT + rule] += ones(rest)
        c.done |= rest


@register_jitable
def decide_at_a_glance(c: Any, w: Any, s: Any) -> bool:
    """Decide on a person's plain candidates, if one of the two cases is certain; False leaves everything as it was."""
    candidates = c.candidates
    cap = first_cap(c, w)
    if cap == UNCERTAIN or ones(candidates) > CANDIDATES:
        return False
    if cap == FULL:
        hold_back(c, w, s, candidates, 0)
        return True
    slot = first_in_order(w, candidates)
    others = candidates & ~(1 << slot)
    if w.message[slot].caps != 1 or (others != 0 and w.today.one_a_day == 0):
        return False
    s.sight = s.zone = s.touch[0] = 0
    s.slot[0] = slot
    s.minute[0] = w.message[slot].minute
    s.n = 1
    nothing_yet(s, 0)
    send(c, w, s, 0, slot)
    if others != 0:
        hold_back(c, w, s, others, GAP)
    return True
