"""Journeys a person is in: which message of theirs is due, and how one goes on or ends."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.conditions import holds
from simkit.customers.rules.laws import draw
from simkit.customers.rules.withholding import withheld
from simkit.customers.state import AT_ONCE, JOURNEY_AT, JOURNEY_COMPLETED, PER_JOURNEY, SLOTS
from simkit.customers.tables import IF_ALWAYS, IF_ATTENDED, IF_CLICKED, IF_NOT_CLICKED, IF_NOT_OPENED, IF_OPENED
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
JOURNEY_ATTEND = int(Purpose.JOURNEY_ATTEND)


@register_jitable
def entry_of(c: Any, w: Any, slot: int) -> int:
    """The ordinal of the entry that a step's message belongs to: a word of its keys."""
    return c.journey_entries[w.step[slot - SLOTS].journey]


@apart()
def may_wait(c: Any, w: Any, slot: int) -> bool:
    """Whether a blocked step may be tried again tomorrow."""
    for k in range(AT_ONCE):
        if (c.journeys >> k) & 1 == 1 and c.journey_step[k] == slot - SLOTS:
            return w.today.day - c.journey_day[k] + 1 < w.step[slot - SLOTS].wait
    return False


@register_jitable
def come_due(c: Any, w: Any, s: Any, k: int) -> None:
    """The next step whose day has come and whose condition holds has its message today; others are passed over."""
    while (c.journeys >> k) & 1 == 1 and c.journey_day[k] <= w.today.day:
        row = c.journey_step[k]
        if w.step[row].closed == 1:
            return
        message = w.message[SLOTS + row]
        to = w.step[row].otherwise
        if (c.consent >> message.channel) & 1 == 1 and condition_holds(c, w, k, row):
            if not withheld(
                c, w, message.channel, message.withheld, message.occurrence, entry_of(c, w, SLOTS + row)
            ):  # fmt: skip
                c.journeys_due |= 1 << k
                return
            to = w.step[row].then
        go_on(c, w, s, k, to, c.journey_day[k])


@register_jitable
def condition_holds(c: Any, w: Any, k: int, row: int) -> bool:
    """What a step asks of the journey's last message, or of whether the person came."""
    if not holds(c, w, w.step[row].condition):
        return False
    only_if = w.step[row].only_if
    if only_if == IF_ALWAYS:
        return True
    if only_if in (IF_OPENED, IF_NOT_OPENED):
        return (c.journey_seen[k] & 1 == 1) == (only_if == IF_OPENED)
    if only_if in (IF_CLICKED, IF_NOT_CLICKED):
        return (c.journey_seen[k] & 2 == 2) == (only_if == IF_CLICKED)
    j = w.step[row].journey
    came = draw(c, w, w.journey[j].occurrence, JOURNEY_ATTEND, c.journey_entries[j]) < w.journey[j].attendance
    return came == (only_if == IF_ATTENDED)


@register_jitable
def go_on(c: Any, w: Any, s: Any, k: int, row: int, day: int) -> None:
    """The journey's next step falls due so many days after `day`; behind the last one it is completed."""
    if row < 0:
        end(c, w, s, k, JOURNEY_COMPLETED)
    else:
        c.journey_step[k] = row
        c.journey_day[k] = day + w.step[row].after


@register_jitable
def end(c: Any, w: Any, s: Any, k: int, counter: int) -> None:
    """A running journey ends and is counted as completed or left."""
    j = w.step[c.journey_step[k]].journey
    c.journeys &= ~(1 << k)
    c.journey_left[j] = w.today.day + 1
    s.total[JOURNEY_AT + j * PER_JOURNEY + counter] += 1
