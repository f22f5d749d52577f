"""Counts of what a person did with some messages: fifteen of four bits each, and the rules that go by them."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.tables import (
    TALLY_BOUNCED,
    TALLY_CLICKED,
    TALLY_COMPLAINTS,
    TALLY_OPENED,
    TALLY_PURCHASES,
    TALLY_SENT,
    TALLY_UNOPENED,
)

BITS = 4
FULL = 15


@register_jitable
def tallies_of(s: Any, message: Any) -> int:
    """The counts that a message is in, a bit each: who is one person to the firm has one for all its channels."""
    if s.sight == 0:
        return message.tallies
    return message.tallies_side if s.sight == 1 else message.tallies_apart


@apart()
def exhausted(c: Any, w: Any, s: Any, slot: int) -> int:
    """The rule of the first count of a message that has reached its limit, or -1."""
    rest = tallies_of(s, w.message[slot])
    k = 0
    while rest != 0:
        if rest & 1 == 1 and (c.tallies >> (BITS * k)) & FULL >= w.tally[k].limit:
            return int(w.tally[k].rule)
        rest >>= 1
        k += 1
    return -1


@register_jitable
def tally_sent(c: Any, w: Any, s: Any, message: Any) -> None:
    """A message goes out; what counts sends counts it at once, for the next one of the same day."""
    rest = tallies_of(s, message)
    k = 0
    while rest != 0:
        if rest & 1 == 1 and w.tally[k].outcome == TALLY_SENT:
            set_tally(c, k, 1)
        rest >>= 1
        k += 1


@apart()
def tally_outcome(c: Any, w: Any, s: Any, j: int) -> None:
    """What one sent message met with, when the day is over; a count that has reached its limit stays there."""
    rest = tallies_of(s, w.message[s.slot[j]])
    k = 0
    while rest != 0:
        if rest & 1 == 1 and (c.tallies >> (BITS * k)) & FULL < w.tally[k].limit:
            set_tally(c, k, change_of(s, w.tally[k].outcome, j))
        rest >>= 1
        k += 1


@register_jitable
def tally_bought(c: Any, w: Any, s: Any, message: Any) -> None:
    """A purchase that was decided on after an earlier click, while its message is still live."""
    rest = tallies_of(s, message)
    k = 0
    while rest != 0:
        if rest & 1 == 1 and w.tally[k].outcome == TALLY_PURCHASES:
            set_tally(c, k, 1)
        rest >>= 1
        k += 1


@register_jitable
def change_of(s: Any, outcome: int, j: int) -> int:
    """What a message's outcome adds to a count; -1 sets it back."""
    if outcome == TALLY_UNOPENED:
        return -1 if s.opened[j] == 1 else s.delivered[j]
    if outcome == TALLY_BOUNCED:
        return -1 if s.delivered[j] == 1 else 1
    if outcome == TALLY_OPENED:
        return s.opened[j]
    if outcome == TALLY_CLICKED:
        return s.clicked[j]
    if outcome == TALLY_PURCHASES:
        return 1 if s.bought[j] > 0 else 0
    if outcome == TALLY_COMPLAINTS:
        return s.complained[j]
    return 0


@register_jitable
def set_tally(c: Any, k: int, change: int) -> None:
    """One count goes up by one at most, to fifteen, or back to zero."""
    now = (c.tallies >> (BITS * k)) & FULL
    if change < 0:
        c.tallies -= now << (BITS * k)
    elif change > 0 and now < FULL:
        c.tallies += 1 << (BITS * k)
