"""The contact policy: candidates in their order against the rules; sent, deferred or dropped, and why."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.ahead import crowds_out
from simkit.customers.rules.bits import lowest
from simkit.customers.rules.caps import blocking_rule, is_quiet, look_at, minute_of
from simkit.customers.rules.glance import decide_at_a_glance
from simkit.customers.rules.laws import draw
from simkit.customers.rules.running import entry_of, may_wait
from simkit.customers.rules.sending import nothing_yet, remember, send
from simkit.customers.rules.withholding import withheld
from simkit.customers.state import (
    AT_ONCE,
    CANDIDATES,
    DEFERRED,
    DEFERRED_AT,
    DROPPED,
    DROPPED_AT,
    OVERFLOW,
    RESERVED,
    SLOTS,
    TALLY_AT,
)
from simkit.customers.tables import COUNT_ATTEMPTED
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
PROFILING = int(Purpose.PROFILING)


def arbitrate(c: Any, w: Any, s: Any) -> None:
    """6 Candidates in order of (score, time, priority) against the rules: sent, deferred or dropped, and why; and
    whether what is sent is meant for the person instead of the segment."""
    s.n = 0
    s.sent = 0
    s.clicks = 0
    s.stage = c.stage
    if c.candidates != 0 or c.journeys != 0:
        settle(c, w, s)


@apart(first=True)
def settle(c: Any, w: Any, s: Any) -> None:
    """A person's candidates, decided at a glance or one after the other."""
    glanced = c.candidates & ~w.today.plain == 0 and c.journeys == 0 and decide_at_a_glance(c, w, s)
    if not glanced:
        go_through(c, w, s)
    s.own_fit = 1.0
    s.impersonal = 0
    if w.segment[c.segment].asks_profiling == 1:
        if draw(c, w, 0, PROFILING, 0) < w.segment[c.segment].profiling:
            s.own_fit = w.today.own_fit
        else:
            s.impersonal = w.segment[c.segment].private


@apart()
def go_through(c: Any, w: Any, s: Any) -> None:
    """A person's candidates, decided one after the other."""
    look_at(c, w, s)
    gather(c, w, s)
    for j in range(s.n):
        decide(c, w, s, j)


@register_jitable
def gather(c: Any, w: Any, s: Any) -> None:
    """Candidates into the scratch, in the order in which they compete."""
    rest = c.candidates
    while rest != 0:
        if s.n < CANDIDATES:
            line_up(c, w, s, lowest(rest))
        else:
            s.total[OVERFLOW] += 1
        rest &= rest - 1
    if c.journeys != 0:
        gather_steps(c, w, s)


@apart()
def gather_steps(c: Any, w: Any, s: Any) -> None:
    """Steps of running journeys that are due, among the other candidates."""
    for k in range(AT_ONCE):
        if (c.journeys_due >> k) & 1 == 1:
            if s.n < CANDIDATES:
                line_up(c, w, s, SLOTS + c.journey_step[k])
            else:
                s.total[OVERFLOW] += 1


@register_jitable
def line_up(c: Any, w: Any, s: Any, slot: int) -> None:
    """Insert a candidate: the higher score first, then the earlier, the more urgent, the smaller occurrence.

    Scores are all alike unless the policy arbitrates by weight, expected value or first come.
    """
    message = w.message[slot]
    score = message.score
    minute = minute_of(c, w, s, slot)
    if w.today.by_value == 1:
        score *= c.affinity[message.channel]
    j = s.n
    while j > 0:
        if s.score[j - 1] > score:
            break
        if s.score[j - 1] == score:
            other = w.message[s.slot[j - 1]]
            if s.minute[j - 1] < minute:
                break
            if s.minute[j - 1] == minute:
                if other.priority < message.priority:
                    break
                if other.priority == message.priority and other.occurrence <= message.occurrence:
                    break
        s.slot[j] = s.slot[j - 1]
        s.score[j] = s.score[j - 1]
        s.minute[j] = s.minute[j - 1]
        j -= 1
    s.slot[j] = slot
    s.score[j] = score
    s.minute[j] = minute
    s.n += 1


@register_jitable
def decide(c: Any, w: Any, s: Any, j: int) -> None:
    """One candidate against every rule; when it is held back, its fallback channel may take it."""
    slot = s.slot[j]
    message = w.message[slot]
    s.touch[j] = entry_of(c, w, slot) if slot >= SLOTS else 0
    nothing_yet(s, j)
    quiet = is_quiet(w, s, slot)
    rule = blocking_rule(c, w, s, slot, s.minute[j], quiet)
    if rule == -1 and w.today.look_ahead == 1 and message.exempt == 0 and crowds_out(c, w, s, slot, s.minute[j]):
        rule = RESERVED
    if rule != -1 and message.fallback >= 0:
        other = w.message[message.fallback]
        kept = withheld(c, w, other.channel, other.withheld, other.occurrence, 0)
        kept = kept or (
            w.today.look_ahead == 1 and other.exempt == 0 and crowds_out(c, w, s, message.fallback, s.minute[j])
        )
        if not kept and blocking_rule(c, w, s, message.fallback, s.minute[j], quiet) == -1:
            rule = -1
            s.slot[j] = message.fallback
            message = other
    s.rule[j] = rule
    if rule == -1:
        send(c, w, s, j, slot)
    elif not is_final(w, rule) and (
        (w.today.defer == 1 and message.last == 0) if slot < SLOTS else may_wait(c, w, slot)
    ):
        s.decision[j] = DEFERRED
        s.total[DEFERRED_AT + rule] += 1
    else:
        s.decision[j] = DROPPED
        if slot < SLOTS:
            c.done |= 1 << slot
        s.total[DROPPED_AT + rule] += 1
        if w.today.counts == COUNT_ATTEMPTED:
            remember(c, s, message, j)


@register_jitable
def is_final(w: Any, rule: int) -> bool:
    """Whether waiting cannot help: the count that holds the message back never begins anew by itself."""
    return rule >= TALLY_AT and w.tally[rule - TALLY_AT].final == 1
