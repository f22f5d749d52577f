"""What holds a message back: consent, blackouts, quiet hours, the gap, and every cap, by the remembered contacts."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.rules.conditions import holds
from simkit.customers.rules.person import linked
from simkit.customers.state import ADDRESSED, BLACKOUT, GAP, NO_CONSENT, QUIET, RECENT, RING_FULL, SUNSET, SUPPRESSED

EVERY_CHANNEL = (1 << ADDRESSED) - 1
ALWAYS = 1 << 40
"""A minute after all time."""


@register_jitable
def blocking_rule(c: Any, w: Any, s: Any, message: Any, minute: int) -> int:
    """The first rule that holds a message back, or -1.

    Of a person whose channels are not linked, the rules see the contacts on the message's own channel only.
    """
    if (c.consent >> message.channel) & 1 == 0:
        return NO_CONSENT
    if message.exempt == 1:
        return -1
    if w.today.blackout == 1:
        return BLACKOUT
    if c.unengaged[message.channel] >= w.today.sunset:
        return SUNSET
    if w.today.suppress >= 0 and holds(c, w, w.today.suppress):
        return SUPPRESSED
    if message.quiet == 1:
        return QUIET
    seen = EVERY_CHANNEL if linked(c, w) else 1 << message.channel
    gap = w.today.gap
    if gap > 0 and held(c, w, s, 0, seen, minute - gap + 1, minute + gap, 1):
        return GAP
    for k in range(w.today.caps):
        if (message.caps >> k) & 1 == 1 and full(c, w, s, k, seen, minute):
            return k
    return -1


@register_jitable
def full(c: Any, w: Any, s: Any, k: int, seen: int, minute: int) -> bool:
    """Whether a cap's window already holds its count of contacts.

    An adaptive cap asks its condition first, and lets persons pass who had fewer contacts than `at_least` says.
    """
    cap = w.cap[k]
    if cap.condition >= 0 and (not holds(c, w, cap.condition) or below_least(c, w, s, seen, minute)):
        return False
    start = cap.start if cap.calendar == 1 else minute - cap.minutes + 1
    return held(c, w, s, 1 << k, seen, start, ALWAYS, cap.count)


@register_jitable
def below_least(c: Any, w: Any, s: Any, seen: int, minute: int) -> bool:
    """Whether the person had fewer contacts than the policy wants at least."""
    least = w.today.least
    return least > 0 and not held(c, w, s, 0, seen, minute - w.today.least_minutes + 1, ALWAYS, least)


@register_jitable
def held(c: Any, w: Any, s: Any, caps: int, channels: int, start: int, end: int, count: int) -> bool:
    """Whether at least `count` contacts are remembered in minutes [start, end), on some channels and under some caps
    (0: under any). Contacts of today stand in the order of arbitration, which need not be that of time.

    When all remembered contacts lie in the window, older ones may be forgotten: then the answer is yes, so that
    no cap is ever exceeded, and the ledger says how often that happened.
    """
    counted = 0
    inside = 0
    while inside < min(c.contacts, RECENT):
        i = (c.contacts - 1 - inside) % RECENT
        then = c.recent_minute[i]
        if then < start and then < w.today.minute:
            break
        inside += 1
        under = caps == 0 or c.recent_caps[i] & caps != 0
        if under and start <= then < end and (channels >> c.recent_channel[i]) & 1 == 1:
            counted += 1
    if counted >= count:
        return True
    if inside == RECENT:
        s.total[RING_FULL] += 1
        return True
    return False
