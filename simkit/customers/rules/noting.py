"""What happened to a person today, noted when somebody asked for it; nothing here changes anybody's day.

A purchase, a click and an advertisement seen are noted where they happen, by :func:`note`. Changes of relation, stage
and consent are seen by comparing a person before and after a phase, so no rule can forget to tell.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.laws import MINUTES_PER_DAY
from simkit.customers.state import (
    ADDRESSED,
    BECAME_CUSTOMER,
    CONSENT_GIVEN,
    CONSENT_WITHDRAWN,
    CUSTOMER,
    GONE,
    LEFT,
    LOST,
    MOVED_STAGE,
    NOTES,
)

LAST_MINUTE = 1.0 - 1.0 / MINUTES_PER_DAY
"""Of a day: when that is all that is known of the hour."""


@register_jitable
def note(w: Any, s: Any, kind: int, time: float, channel: int, what: int, number: int, amount: int) -> None:
    """Note an event of today: `time` in days, `channel` -1 for none; the rest as its kind says (`EVENT_DTYPE`)."""
    if w.today.noting == 1:
        write_note(s, kind, time, channel, what, number, amount)


@apart()
def write_note(s: Any, kind: int, time: float, channel: int, what: int, number: int, amount: int) -> None:
    """The next place among today's notes; what finds none is counted."""
    if s.notes < NOTES:
        at = s.notes
        s.note_kind[at] = kind
        s.note_time[at] = time
        s.note_channel[at] = channel
        s.note_what[at] = what
        s.note_number[at] = number
        s.note_amount[at] = amount
        s.notes += 1
    else:
        s.notes_lost += 1


@register_jitable
def watched(c: Any, w: Any) -> bool:
    """Whether this person's day is to be written down: everybody's, or one person's only."""
    return w.today.only_index < 0 or (c.index == w.today.only_index and c.segment == w.today.only_segment)


@register_jitable
def remember(c: Any, w: Any, s: Any) -> None:
    """What a person was before a phase of the day."""
    s.notes = 0
    s.was_relation = c.relation
    s.was_stage = c.stage
    s.was_consent = c.consent
    s.was_tired = c.fatigue


@register_jitable
def notice(c: Any, w: Any, s: Any) -> None:
    """What changed since :func:`remember`, noted."""
    day = w.today.day
    if c.relation != s.was_relation:
        if c.relation == CUSTOMER:
            note(w, s, BECAME_CUSTOMER, c.first_purchase_day, -1, 0, s.was_relation, 0)
        elif c.relation == LOST:
            note(w, s, LEFT, c.lost_day, -1, 0, s.was_relation, 0)
    if c.stage != s.was_stage:
        note(w, s, MOVED_STAGE, hour_of_move(c, w, s), -1, s.was_stage, c.stage, 0)
    if c.consent != s.was_consent:
        time = max(c.first_purchase_day, day + 0.0) if c.relation != s.was_relation else day + 0.0
        for k in range(ADDRESSED):
            if (c.consent ^ s.was_consent) >> k & 1 == 1:
                kind = CONSENT_GIVEN if c.consent >> k & 1 == 1 else CONSENT_WITHDRAWN
                note(w, s, kind, time, k, 0, 0, 0)


@register_jitable
def hour_of_move(c: Any, w: Any, s: Any) -> float:
    """When the stage changed: with the purchase, the loss or the last click; else in the day's last minute."""
    if c.stage == GONE:
        return c.lost_day
    if c.relation == CUSTOMER:
        return c.last_purchase_day
    if c.stage > s.was_stage and s.clicks > 0:
        return s.click_time[s.clicks - 1]
    return w.today.day + LAST_MINUTE
