"""The contact policy: candidates in order of time and priority against gap, quiet hours and caps."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.rules.person import linked
from simkit.customers.rules.running import entry_of, may_wait
from simkit.customers.state import (
    ADDRESSED,
    AT_ONCE,
    CANDIDATES,
    DEFERRED,
    DEFERRED_AT,
    DROPPED,
    DROPPED_AT,
    GAP,
    OUT,
    OVERFLOW,
    PER_CHANNEL,
    QUIET,
    RECENT,
    RING_FULL,
    SENT,
    SLOTS,
)

EVERY_CHANNEL = (1 << ADDRESSED) - 1


def arbitrate(c: Any, w: Any, s: Any) -> None:
    """6 Candidates in order of (time, priority) against the rules: sent, deferred or dropped, and why."""
    s.n = 0
    s.sent = 0
    s.clicks = 0
    s.stage = c.stage
    if c.candidates != 0 or c.journeys != 0:
        gather(c, w, s)
        for j in range(s.n):
            decide(c, w, s, j)


@register_jitable
def gather(c: Any, w: Any, s: Any) -> None:
    """Candidates into the scratch, in the order in which they compete."""
    rest = c.candidates
    slot = 0
    while rest != 0:
        if rest & 1 == 1:
            if s.n < CANDIDATES:
                line_up(w, s, slot)
            else:
                s.total[OVERFLOW] += 1
        rest >>= 1
        slot += 1
    if c.journeys != 0:
        gather_steps(c, w, s)


@register_jitable
def gather_steps(c: Any, w: Any, s: Any) -> None:
    """Steps of running journeys that are due, among the other candidates."""
    for k in range(AT_ONCE):
        if (c.journeys_due >> k) & 1 == 1:
            if s.n < CANDIDATES:
                line_up(w, s, SLOTS + c.journey_step[k])
            else:
                s.total[OVERFLOW] += 1


@register_jitable
def line_up(w: Any, s: Any, slot: int) -> None:
    """Insert a candidate so that the earlier, then the more urgent, then the smaller occurrence stands first."""
    message = w.message[slot]
    j = s.n
    while j > 0:
        other = w.message[s.slot[j - 1]]
        if other.minute < message.minute:
            break
        if other.minute == message.minute:
            if other.priority < message.priority:
                break
            if other.priority == message.priority and other.occurrence <= message.occurrence:
                break
        s.slot[j] = s.slot[j - 1]
        j -= 1
    s.slot[j] = slot
    s.n += 1


@register_jitable
def decide(c: Any, w: Any, s: Any, j: int) -> None:
    """One candidate against quiet hours, the gap and every cap; a sent one enters the contact history."""
    slot = s.slot[j]
    message = w.message[slot]
    s.minute[j] = message.minute
    s.touch[j] = entry_of(c, w, slot) if slot >= SLOTS else 0
    s.delivered[j] = s.opened[j] = s.clicked[j] = s.bought[j] = s.opted_out[j] = 0
    rule = blocking_rule(c, w, s, message)
    s.rule[j] = rule
    if rule < 0:
        s.decision[j] = SENT
        s.sent += 1
        at = c.contacts % RECENT
        c.recent_minute[at] = message.minute
        c.recent_channel[at] = message.channel
        c.contacts += 1
        if slot < SLOTS:
            c.done |= 1 << slot
        s.total[message.channel * PER_CHANNEL + OUT] += 1
    elif (w.today.defer == 1 and message.last == 0) if slot < SLOTS else may_wait(c, w, slot):
        s.decision[j] = DEFERRED
        s.total[DEFERRED_AT + rule] += 1
    else:
        s.decision[j] = DROPPED
        if slot < SLOTS:
            c.done |= 1 << slot
        s.total[DROPPED_AT + rule] += 1


@register_jitable
def blocking_rule(c: Any, w: Any, s: Any, message: Any) -> int:
    """The first rule that holds a message back, or -1.

    Of a person whose channels are not linked, the rules see the contacts on the message's own channel only.
    """
    if message.quiet == 1:
        return QUIET
    seen = EVERY_CHANNEL if linked(c, w) else 1 << message.channel
    if w.today.gap > 0 and held(c, s, seen, message.minute - w.today.gap + 1, 1):
        return GAP
    for k in range(w.today.caps):
        cap = w.cap[k]
        start = cap.start if cap.calendar == 1 else message.minute - cap.minutes + 1
        if (cap.channels >> message.channel) & 1 == 1 and held(c, s, cap.channels & seen, start, cap.count):
            return k
    return -1


@register_jitable
def held(c: Any, s: Any, channels: int, start: int, count: int) -> bool:
    """Whether at least `count` contacts on some channels are remembered since minute `start`.

    When all remembered contacts lie in the window, older ones may be forgotten: then the answer is yes, so that
    no cap is ever exceeded, and the ledger says how often that happened.
    """
    counted = 0
    inside = 0
    while inside < min(c.contacts, RECENT):
        i = (c.contacts - 1 - inside) % RECENT
        if c.recent_minute[i] < start:
            break
        inside += 1
        if (channels >> c.recent_channel[i]) & 1 == 1:
            counted += 1
    if counted >= count:
        return True
    if inside == RECENT:
        s.total[RING_FULL] += 1
        return True
    return False
