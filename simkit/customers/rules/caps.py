"""What holds a message back: consent, blackouts, quiet hours, counts of outcomes, the gap, and every cap, by the
remembered contacts."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.bits import lowest
from simkit.customers.rules.conditions import holds
from simkit.customers.rules.laws import MINUTES_PER_DAY, draw
from simkit.customers.rules.person import linked
from simkit.customers.rules.tallies import exhausted
from simkit.customers.state import ADDRESSED, BLACKOUT, GAP, NO_CONSENT, QUIET, RECENT, RING_FULL, SUNSET, SUPPRESSED
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
ZONE = int(Purpose.ZONE)
OFFLINE_LINK = int(Purpose.OFFLINE_LINK)

EVERY_CHANNEL = (1 << ADDRESSED) - 1
ALWAYS = 1 << 40
"""A minute after all time."""


@register_jitable
def look_at(c: Any, w: Any, s: Any) -> None:
    """What the rules need of the person whatever the message: how much of one person the firm sees, and the zone.

    A sight of 0 is the whole person, 1 online apart from offline, 2 each channel for itself.
    """
    s.sight = 0 if linked(c, w) else 2
    if s.sight == 0 and w.today.offline_linked < 1.0 and draw(c, w, 0, OFFLINE_LINK, 0) >= w.today.offline_linked:
        s.sight = 1
    s.zone = 0
    if w.today.zones > 1:
        u = draw(c, w, 0, ZONE, 0)
        while s.zone < w.today.zones - 1 and u >= w.zone[s.zone].below[c.segment]:
            s.zone += 1


@register_jitable
def seen(w: Any, s: Any, channel: int) -> int:
    """Channels, a bit each, whose contacts the rules see beside a message on this one."""
    if s.sight == 0:
        return EVERY_CHANNEL
    if s.sight == 2:
        return 1 << channel
    offline = w.today.offline
    return offline if (offline >> channel) & 1 == 1 else EVERY_CHANNEL & ~offline


@register_jitable
def minute_of(c: Any, w: Any, s: Any, slot: int) -> int:
    """When a message goes to the person, on the firm's clock."""
    message = w.message[slot]
    if message.best == 1:
        return message.midnight + w.zone[s.zone].best_minute[c.best_hour]
    return message.minute if w.today.zones == 0 else message.midnight + w.zone[s.zone].minute[slot]


@register_jitable
def is_quiet(w: Any, s: Any, slot: int) -> bool:
    """Whether quiet hours hold a message back today."""
    return (w.message[slot].quiet if w.today.zones == 0 else w.zone[s.zone].quiet[slot]) == 1


@register_jitable
def is_blackout(w: Any, s: Any, minute: int) -> bool:
    """Whether nothing goes out on the date of this minute: of yesterday, today and tomorrow, by the policy's clock."""
    date = (minute + w.zone[s.zone].calendar) // MINUTES_PER_DAY
    return (w.today.blackout >> (date - w.today.day + 1)) & 1 == 1


@register_jitable
def blocking_rule(c: Any, w: Any, s: Any, slot: int, minute: int, quiet: bool) -> int:
    """The first rule that holds a message back, or -1.

    Of a person whose channels are not linked, the rules see the contacts on the message's own channel only.
    """
    message = w.message[slot]
    if (c.consent >> message.channel) & 1 == 0:
        return NO_CONSENT
    if message.exempt == 1:
        return -1
    if w.today.blackout != 0 and is_blackout(w, s, minute):
        return BLACKOUT
    if c.unengaged[message.channel] >= w.today.sunset:
        return SUNSET
    if w.today.suppress >= 0 and holds(c, w, w.today.suppress):
        return SUPPRESSED
    if w.today.tallies > 0:
        rule = exhausted(c, w, s, slot)
        if rule >= 0:
            return rule
    if quiet:
        return QUIET
    channels = seen(w, s, message.channel)
    gap = w.today.gap
    if gap > 0 and held(c, w, s, 0, channels, minute - gap + 1, minute + gap, 1):
        return GAP
    caps = message.caps
    while caps != 0:
        k = lowest(caps)
        if full(c, w, s, k, channels, minute):
            return k
        caps &= caps - 1
    return -1


@register_jitable
def full(c: Any, w: Any, s: Any, k: int, channels: int, minute: int) -> bool:
    """Whether a cap's window already holds its count of contacts.

    An adaptive cap asks its condition first, and lets persons pass who had fewer contacts than `at_least` says.
    """
    cap = w.cap[k]
    if cap.condition >= 0:
        if not holds(c, w, cap.condition):
            return False
        if w.today.least > 0 and below_least(c, w, s, channels, minute):
            return False
    return held(c, w, s, 1 << k, channels, window_start(w, s, k, minute), window_end(w, s, k, minute), cap.count)


@register_jitable
def window_start(w: Any, s: Any, k: int, minute: int) -> int:
    """First minute that counts together with this one in a cap: of its rolling window, or of the calendar's day,
    week, ... in which it lies by the policy's clock (yesterday's, today's or a later one)."""
    cap = w.cap[k]
    if cap.calendar == 0:
        return minute - cap.minutes + 1
    ahead = w.zone[s.zone].calendar
    if minute + ahead < cap.start:
        return cap.before - ahead
    if minute + ahead < cap.next:
        return cap.start - ahead
    return cap.next + (minute + ahead - cap.next) // cap.minutes * cap.minutes - ahead


@register_jitable
def window_end(w: Any, s: Any, k: int, minute: int) -> int:
    """First minute that does not: contacts of today are decided in the order of arbitration, so later ones may
    already be there, and a rolling window of theirs would hold this one."""
    cap = w.cap[k]
    ahead = w.zone[s.zone].calendar
    if cap.calendar == 0 or minute + ahead >= cap.next:
        return ALWAYS
    return (cap.start if minute + ahead < cap.start else cap.next) - ahead


@apart()
def below_least(c: Any, w: Any, s: Any, channels: int, minute: int) -> bool:
    """Whether the person had fewer contacts than the policy wants at least."""
    least = w.today.least
    return not held(c, w, s, 0, channels, minute - w.today.least_minutes + 1, ALWAYS, least)


@register_jitable
def held(c: Any, w: Any, s: Any, caps: int, channels: int, start: int, end: int, count: int) -> bool:
    """Whether at least `count` contacts are remembered in minutes [start, end), on some channels and under some caps
    (0: under any). Contacts of today stand in the order of arbitration, which need not be that of time.

    When all remembered contacts lie in the window, older ones may be forgotten: then the answer is yes, so that
    no cap is ever exceeded, and the ledger says how often that happened.
    """
    if count == 0:
        return True
    counted = 0
    inside = 0
    remembered = min(c.contacts, RECENT)
    newest = c.contacts - 1
    if count <= remembered:  # most often the count-th newest lies before the window, and that is all to be asked
        then = c.recent_minute[(newest - count + 1) & (RECENT - 1)]
        if then < start and then < w.today.minute:
            return False
    elif remembered < RECENT:
        return False
    while inside < remembered:
        i = (newest - inside) & (RECENT - 1)  # the remainder: RECENT is a power of two
        then = c.recent_minute[i]
        if then < start and then < w.today.minute:
            return False
        inside += 1
        under = caps == 0 or c.recent_caps[i] & caps != 0
        if under and start <= then < end and (channels >> c.recent_channel[i]) & 1 == 1:
            counted += 1
            if counted == count:
                return True
    if inside == RECENT:
        s.total[RING_FULL] += 1
        return True
    return False
