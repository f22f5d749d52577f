"""From being convinced to paying: a decision takes its time, waits for a budget and for the users of an account."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.caps import look_at
from simkit.customers.rules.choosing import win_over
from simkit.customers.rules.laws import MINUTES_PER_DAY, draw_clock
from simkit.customers.rules.person import become_customer, count_purchase, pay
from simkit.customers.rules.tallies import tally_bought
from simkit.customers.state import (
    BOUGHT,
    CUSTOMER,
    DECIDED,
    DECISIONS,
    DECISIONS_LAPSED,
    DECISIONS_MERGED,
    EARNED,
    JOURNEY_AT,
    LOST,
    MOVED,
    NEW,
    NEW_CUSTOMERS,
    PER_CHANNEL,
    PER_JOURNEY,
    PER_SLOT,
    PROSPECT,
    SLOT_EARNED,
    SLOTS,
    SLOTS_AT,
    STEP_BOUGHT,
    UPSELL_GRAIN,
    WORD_OFFSET,
)
from simkit.customers.tables import ASKS_TO_CROSS
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
DECISION_DELAY = int(Purpose.DECISION_DELAY)


@apart(first=True)
def sell(c: Any, w: Any, s: Any, k: int, what: int, purpose: int, touch: int, time: float, slot: int) -> None:
    """A purchase that a click or visit on channel k led to; the first one makes a customer. `slot` of the message, or
    -1. The money has the purpose right after the conversion's own."""
    at = k * PER_CHANNEL
    if c.relation == PROSPECT:
        s.total[at + MOVED] += 1
        become_customer(c, w, time)
        s.total[NEW_CUSTOMERS] += 1
        s.total[at + NEW] += 1
    else:
        count_purchase(c, w, time)
        win_over(c, w, s)
    s.total[at + BOUGHT] += 1
    paid = pay(c, w, s, what, purpose + 1, touch, time, k, 1.0)
    s.upsell = 0.0
    s.crossing = 0
    s.total[at + EARNED] += paid
    if slot >= 0:
        s.total[SLOTS_AT + slot * PER_SLOT + SLOT_EARNED] += paid


@register_jitable
def decide(c: Any, w: Any, s: Any, i: int) -> bool:
    """Today's click i has convinced; True when it is bought today.

    Who already has a decision pending takes none besides: both are one. The time it takes is keyed by the purchases so
    far, so that it does not matter which message convinced.
    """
    segment = w.segment[c.segment]
    slot = s.slot[s.click_message[i]] if s.click_message[i] >= 0 else -1
    time = s.click_time[i]
    if segment.decides == 1:
        if c.decision_due > 0:
            s.total[DECISIONS_MERGED] += 1
            return False
        s.total[DECISIONS] += 1
        if segment.decision_fixed == 1:
            time += segment.decision_days
        elif segment.decision_days > 0.0:
            time += segment.decision_days * draw_clock(c, w, c.purchases, DECISION_DELAY)
        if time >= w.today.day + 1.0 or segment.budget_open == 0 or c.group != 0:
            put_off(c, w, s, i, slot, time)
            return False
        s.total[DECIDED] += 1
    s.upsell = w.message[slot].upsell if slot >= 0 else 0.0
    s.crossing = crosses(c, w, slot)
    sell(c, w, s, s.click_channel[i], s.click_what[i], s.click_purpose[i], s.click_touch[i], time, slot)
    return True


@register_jitable
def crosses(c: Any, w: Any, slot: int) -> int:
    """1 when what the message sells is in a category that the customer does not have yet."""
    return 1 if slot >= 0 and c.relation == CUSTOMER and w.message[slot].asks == ASKS_TO_CROSS else 0


@apart()
def put_off(c: Any, w: Any, s: Any, i: int, slot: int, time: float) -> None:
    """Keep what led to a purchase until it is made."""
    c.decision_due = int(time * MINUTES_PER_DAY + 0.5) + 1
    c.decision_what = s.click_what[i] - WORD_OFFSET
    c.decision_touch = s.click_touch[i]
    c.decision_purpose = s.click_purpose[i]
    c.decision_channel = s.click_channel[i]
    c.decision_slot = slot + 1
    c.decision_crossing = crosses(c, w, slot)
    c.decision_upsell = int(w.message[slot].upsell * UPSELL_GRAIN + 0.5) if slot >= 0 else 0


@apart()
def carry_out(c: Any, w: Any, s: Any) -> None:
    """A purchase whose day has come is made today if there is a budget and, for an account, enough users are in favor;
    else it waits. With the person's loss it comes to nothing."""
    if c.relation >= LOST:
        lapse(c, s)
    elif w.segment[c.segment].budget_open == 1 and c.group == 0:
        time = w.today.day + (c.decision_due - 1) % MINUTES_PER_DAY / float(MINUTES_PER_DAY)
        what, slot = c.decision_what + WORD_OFFSET, c.decision_slot - 1
        if slot >= 0 and w.message[slot].occurrence != what:
            slot = -1  # something else stands there by now
        c.decision_due = 0
        s.total[DECIDED] += 1
        s.upsell = c.decision_upsell / UPSELL_GRAIN
        s.crossing = c.decision_crossing + 0
        # sums make 64-bit integers of small fields, so that the rule compiles once
        sell(c, w, s, c.decision_channel + 0, what, c.decision_purpose + 0, c.decision_touch + 0, time, slot)
        if slot >= 0 and w.today.tallies > 0:
            look_at(c, w, s)
            tally_bought(c, w, s, w.message[slot])
        if slot >= SLOTS:
            s.total[JOURNEY_AT + w.step[slot - SLOTS].journey * PER_JOURNEY + STEP_BOUGHT] += 1


@register_jitable
def lapse(c: Any, s: Any) -> None:
    """A decision comes to nothing."""
    c.decision_due = 0
    s.total[DECISIONS_LAPSED] += 1


@register_jitable
def keeps_in_mind(c: Any, w: Any) -> bool:
    """Whether a pending decision keeps a prospect from forgetting: while it takes its time or waits for a budget.
    Users who hold out let a payer cool down."""
    return c.decision_due > 0 and (c.group == 0 or c.decision_due > w.today.minute + MINUTES_PER_DAY)
