"""A message goes out, and is remembered as a contact."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.rules.tallies import tally_sent
from simkit.customers.state import OUT, PER_CHANNEL, RECENT, SENT, SLOTS


@register_jitable
def nothing_yet(s: Any, j: int) -> None:
    """What came of the j-th candidate, before anything did."""
    s.place[j] = -1
    s.delivered[j] = s.opened[j] = s.clicked[j] = s.bought[j] = s.opted_out[j] = s.complained[j] = 0


@register_jitable
def send(c: Any, w: Any, s: Any, j: int, slot: int) -> None:
    """The j-th candidate goes, for the message of a slot: its own, or the one it is the fallback of."""
    message = w.message[s.slot[j]]
    s.rule[j] = -1
    s.decision[j] = SENT
    s.sent += 1
    remember(c, s, message, j)
    if w.today.tallies > 0:
        tally_sent(c, w, s, message)
    if slot < SLOTS:
        c.done |= 1 << slot
    s.total[message.channel * PER_CHANNEL + OUT] += 1


@register_jitable
def remember(c: Any, s: Any, message: Any, j: int) -> None:
    """A contact enters the history by which caps, gap and least frequency go; what is exempt does not."""
    if message.exempt == 0:
        at = c.contacts & (RECENT - 1)
        s.place[j] = at
        c.recent_minute[at] = s.minute[j]
        c.recent_channel[at] = message.channel
        c.recent_caps[at] = message.counts
        c.contacts += 1
