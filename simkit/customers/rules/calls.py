"""Channels with a limited number of people who call or visit: the best by standing go first.

Everyone who waits has a standing in [0, 1): sixteen steps of what the firm can see, and within a step a keyed draw.
`propose` counts those who wait by standing, `allocate` publishes the standing from which on there is time today
(`Media`), and `live` lets the others wait.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.laws import draw
from simkit.customers.state import AT_ONCE, CALL_BINS, CALLS_AT, PER_CHANNEL, PROSPECT, SLOTS, WAITING
from simkit.rng import Purpose

STANDING = int(Purpose.STANDING)
STEPS = 16


def queue_for_calls(c: Any, w: Any, s: Any) -> None:
    """5 Who waits for a caller, by standing."""
    if w.today.callers > 0 and (c.candidates != 0 or c.journeys != 0):
        wait_for_calls(c, w, s)


@apart()
def wait_for_calls(c: Any, w: Any, s: Any) -> None:
    """One person in the queues of callers."""
    if c.candidates != 0:
        rest = c.candidates
        slot = 0
        while rest != 0:
            if rest & 1 == 1 and w.channel[w.message[slot].channel].calls == 1:
                s.total[CALLS_AT + w.message[slot].channel * CALL_BINS + int(standing(c, w, slot) * CALL_BINS)] += 1
            rest >>= 1
            slot += 1
    if c.journeys != 0:
        for k in range(AT_ONCE):
            slot = SLOTS + c.journey_step[k]
            if (c.journeys_due >> k) & 1 == 1 and w.channel[w.message[slot].channel].calls == 1:
                s.total[CALLS_AT + w.message[slot].channel * CALL_BINS + int(standing(c, w, slot) * CALL_BINS)] += 1


def admit(c: Any, w: Any, s: Any) -> None:
    """6 Callers take those of the best standing; the others wait while the campaign is live."""
    if w.today.callers > 0 and (c.candidates != 0 or c.journeys != 0):
        take_calls(c, w, s)


@apart()
def take_calls(c: Any, w: Any, s: Any) -> None:
    """Whether callers have time for one person."""
    if c.candidates != 0:
        rest = c.candidates
        slot = 0
        while rest != 0:
            if rest & 1 == 1:
                k = w.message[slot].channel
                if w.channel[k].calls == 1 and standing(c, w, slot) < w.channel[k].admit:
                    c.candidates &= ~(1 << slot)
                    s.total[k * PER_CHANNEL + WAITING] += 1
            rest >>= 1
            slot += 1
    if c.journeys != 0:
        for i in range(AT_ONCE):
            slot = SLOTS + c.journey_step[i]
            k = w.message[slot].channel
            if (c.journeys_due >> i) & 1 == 1 and w.channel[k].calls == 1 and standing(c, w, slot) < w.channel[k].admit:
                c.journeys_due &= ~(1 << i)  # comes due again tomorrow
                s.total[k * PER_CHANNEL + WAITING] += 1


@register_jitable
def standing(c: Any, w: Any, slot: int) -> float:
    """What the firm sees of somebody: prospects by stage; buyers by purchases, fading with the days since the last."""
    if c.relation == PROSPECT:
        score = 0.25 * c.stage
    else:
        recent = c.purchases / (1.0 + max(0.0, w.today.day - c.last_purchase_day) / w.today.active_days)
        score = recent / (1.0 + recent)
    step = int(score * STEPS)
    return (step + draw(c, w, w.message[slot].occurrence, STANDING, 0)) / STEPS
