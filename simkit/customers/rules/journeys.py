"""Journeys through a day: in the morning a step comes due, in the evening they go on, end and begin."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.conditions import holds
from simkit.customers.rules.laws import draw
from simkit.customers.rules.running import come_due, end, go_on
from simkit.customers.state import (
    ADDRESSED,
    AT_ONCE,
    AWAY,
    CUSTOMER,
    DEFERRED,
    DROPPED,
    JOURNEY_AT,
    JOURNEY_ENTERED,
    JOURNEY_LEFT,
    NO_ROOM,
    PER_JOURNEY,
    PROSPECT,
    SENT,
    SLOTS,
    STEP_BOUGHT,
    STEP_CLICKED,
    STEP_OPENED,
    STEP_SENT,
)
from simkit.customers.tables import ON_CLICK, ON_FIRST_PURCHASE, ON_LAPSE, ON_LEAD, ON_PURCHASE, ON_STAGE, ON_VISIT
from simkit.rng import MASK, Purpose

# purposes as plain integers: compiled code has no enums
JOURNEY_ENTER = int(Purpose.JOURNEY_ENTER)
MOST_ENTRIES = 255


def follow_journeys(c: Any, w: Any, s: Any) -> None:
    """5 Running journeys: the next step whose day has come and whose condition holds has a message today."""
    if c.journeys != 0:
        come_due_today(c, w, s)


@apart()
def come_due_today(c: Any, w: Any, s: Any) -> None:
    """The messages of one person's journeys."""
    c.journeys_due = 0
    for k in range(AT_ONCE):
        come_due(c, w, s, k)


def walk_journeys(c: Any, w: Any, s: Any) -> None:
    """14 Journeys go on after what was sent, are left for a purchase or an opt-out, and begin with what happened."""
    if w.today.journeys > 0 and c.relation != AWAY:
        move_on(c, w, s)


@apart()
def move_on(c: Any, w: Any, s: Any) -> None:
    """The journeys of one person at the end of a day."""
    if c.journeys != 0:
        for k in range(AT_ONCE):
            if (c.journeys >> k) & 1 == 1:
                walk(c, w, s, k)
    bought = c.relation >= CUSTOMER and c.last_purchase_day >= w.today.day
    moved = c.relation == PROSPECT and c.stage > s.stage
    if bought or moved or s.clicks > 0 or s.sent > 0 or w.today.daily == 1:
        for j in range(w.today.journeys):
            begin(c, w, s, j, bought)


@register_jitable
def walk(c: Any, w: Any, s: Any, k: int) -> None:
    """One running journey at the end of a day."""
    row = c.journey_step[k]
    j = w.step[row].journey
    if (c.journeys_due >> k) & 1 == 1:
        decided = follow_message(c, w, s, k, row, JOURNEY_AT + j * PER_JOURNEY)
        if decided == DROPPED and w.step[row].leave == 1:
            end(c, w, s, k, JOURNEY_LEFT)
            return
        if decided != DEFERRED:
            c.journeys_due &= ~(1 << k)
            to = w.step[row].then
            go_on(c, w, s, k, to, w.today.day)
            if to < 0:
                return
            c.journey_day[k] = max(c.journey_day[k], w.today.day + 1)
    bought = w.journey[j].exit_purchase == 1 and c.relation >= CUSTOMER and c.last_purchase_day >= w.today.day
    if bought or (w.journey[j].exit_opt_out == 1 and c.leaving > 0 and opting_out(c, w, w.journey[j].channels)):
        end(c, w, s, k, JOURNEY_LEFT)


@register_jitable
def follow_message(c: Any, w: Any, s: Any, k: int, row: int, at: int) -> int:
    """What became of the step's message today, counted for its journey; without room for it, it waits."""
    for i in range(s.n):
        if s.slot[i] == SLOTS + row:
            if s.decision[i] == SENT:
                c.journey_seen[k] = s.opened[i] + 2 * s.clicked[i]
                s.total[at + STEP_SENT] += 1
                s.total[at + STEP_OPENED] += s.opened[i]
                s.total[at + STEP_CLICKED] += s.clicked[i]
                s.total[at + STEP_BOUGHT] += s.bought[i]
            return s.decision[i]
    return DEFERRED


@register_jitable
def opting_out(c: Any, w: Any, channels: int) -> bool:
    """Whether the person has asked today to hear no more on one of these channels."""
    asked = 0
    for ch in range(ADDRESSED):
        if c.opt_out_day[ch] in (w.today.day + 1, w.today.day + 1 + w.today.opt_out_lag):
            asked |= 1 << ch
    return asked & channels != 0


@register_jitable
def begin(c: Any, w: Any, s: Any, j: int, bought: bool) -> None:
    """A journey begins when its occasion happened today and the person may enter."""
    journey = w.journey[j]
    if (journey.segments >> c.segment) & 1 == 0 or w.today.day < journey.from_day:
        return
    if not happened(c, w, s, j, bought) or c.consent & journey.channels == 0 or c.bucket < w.today.control:
        return
    if not holds(c, w, journey.condition):
        return
    entries = c.journey_entries[j]
    if entries > 0 and (w.today.day + 1 - c.journey_left[j] < journey.again or running(c, w, j)):
        return
    busy = 0
    for k in range(AT_ONCE):
        busy += (c.journeys >> k) & 1
    for k in range(AT_ONCE):
        if (c.journeys >> k) & 1 == 0 and busy < w.today.at_once:
            c.journeys |= 1 << k
            c.journey_entries[j] = min(entries + 1, MOST_ENTRIES)
            c.journey_seen[k] = 0
            c.journey_step[k] = journey.first
            c.journey_day[k] = w.today.day + max(1, w.step[journey.first].after)
            s.total[JOURNEY_AT + j * PER_JOURNEY + JOURNEY_ENTERED] += 1
            return
    s.total[JOURNEY_AT + j * PER_JOURNEY + NO_ROOM] += 1


@register_jitable
def running(c: Any, w: Any, j: int) -> bool:
    """Whether the person is in this journey now."""
    places = 0
    for k in range(AT_ONCE):
        if w.step[c.journey_step[k]].journey == j:
            places |= 1 << k
    return c.journeys & places != 0


@register_jitable
def happened(c: Any, w: Any, s: Any, j: int, bought: bool) -> bool:
    """Whether the journey's occasion happened today, and is one of the share that leads into it."""
    journey = w.journey[j]
    trigger = journey.trigger
    if trigger == ON_VISIT:
        return not bought and clicked_in(c, w, s, j)
    if trigger == ON_CLICK:
        return clicked_in(c, w, s, j)
    if trigger == ON_STAGE:
        there = c.relation == PROSPECT and s.stage < journey.stage <= c.stage
        return there and leads_in(c, w, j, c.forgets, 0)
    if trigger == ON_LEAD:
        return c.lead_day == w.today.day + 1 and leads_in(c, w, j, w.today.day, 0)
    if trigger == ON_LAPSE:
        silence = w.today.day + 1 - c.last_purchase_day
        there = c.relation >= CUSTOMER and journey.lapsed <= silence < journey.lapsed + 1.0
    else:
        there = bought and (
            trigger == ON_PURCHASE or (trigger == ON_FIRST_PURCHASE and c.first_purchase_day >= w.today.day)
        )
    return there and leads_in(c, w, j, c.purchases, 0)


@register_jitable
def clicked_in(c: Any, w: Any, s: Any, j: int) -> bool:
    """Whether one of today's clicks or visits leads into the journey."""
    for i in range(s.clicks):
        message = s.click_message[i]
        asked = w.journey[j].trigger == ON_VISIT or (message >= 0 and (w.message[s.slot[message]].starts >> j) & 1 == 1)
        if asked and leads_in(c, w, j, s.click_what[i], s.click_touch[i]):
            return True
    return False


@register_jitable
def leads_in(c: Any, w: Any, j: int, occasion: int, touch: int) -> bool:
    """Whether this occasion is one of the share that leads into the journey."""
    share = w.journey[j].share
    if share >= 1.0:
        return True
    return draw(c, w, (w.journey[j].occurrence ^ occasion) & MASK, JOURNEY_ENTER, touch) < share
