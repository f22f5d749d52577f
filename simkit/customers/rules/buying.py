"""What clicks and needs lead to: purchases, and leaving."""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from simkit.customers.rules.laws import at_least, draw, draw_clock
from simkit.customers.rules.noting import note
from simkit.customers.rules.person import become_customer, count_purchase, move_up, pay
from simkit.customers.state import (
    BOUGHT,
    CLICK,
    CUSTOMER,
    EARNED,
    GONE,
    INTENT,
    LOST,
    LOST_NOW,
    MOVED,
    NEEDS,
    NEW_CUSTOMERS,
    PER_CHANNEL,
    PROSPECT,
    PURCHASES_ORGANIC,
    REVENUE_ORGANIC,
)
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
NEED_CLOCK = int(Purpose.NEED_CLOCK)
NEED_MET = int(Purpose.NEED_MET)
LEAVE = int(Purpose.LEAVE)
SPEND = int(Purpose.SPEND)


def convert(c: Any, w: Any, s: Any) -> None:
    """10 What today's clicks and visits lead to: a customer may buy, a prospect may move up."""
    for i in range(s.clicks):
        if engaged(c, w, s, i) and s.click_message[i] >= 0:
            s.bought[s.click_message[i]] = 1


@register_jitable
def engaged(c: Any, w: Any, s: Any, i: int) -> bool:
    """One click; True when it sold.

    A customer buys with 1 - exp(-rate x purchase_days x strength): a click brings the purchases of so many days
    at the person's own rate, so that frequent buyers stay the frequent ones. A prospect moves up with the channel's
    probability x strength; the move after intent is the first purchase. The money of a purchase has the purpose
    right after the conversion's own.
    """
    k, what, purpose, touch = s.click_channel[i], s.click_what[i], s.click_purpose[i], s.click_touch[i]
    channel = w.channel[k]
    at = k * PER_CHANNEL
    note(w, s, CLICK, s.click_time[i], k, what, 0, 0)
    if c.relation == PROSPECT:
        if draw(c, w, what, purpose, touch) >= channel.moves[c.stage] * s.click_strength[i]:
            return False
        s.total[at + MOVED] += 1
        if c.stage < INTENT:
            move_up(c, w)
            return False
        become_customer(c, w, s.click_time[i])
        s.total[NEW_CUSTOMERS] += 1
    elif c.relation == CUSTOMER:
        chance = 1.0 - math.exp(-c.rate * channel.purchase_days * s.click_strength[i])
        if draw(c, w, what, purpose, touch) >= chance:
            return False
        count_purchase(c, w, s.click_time[i])
    else:
        return False
    s.total[at + BOUGHT] += 1
    s.total[at + EARNED] += pay(c, w, s, what, purpose + 1, touch, s.click_time[i], k)
    return True


def buy(c: Any, w: Any, s: Any) -> None:
    """11 and 12 Needs arise by the person's clock; each may become an organic purchase, and after each the
    person may leave for good.

    BG/NBD (Fader, Hardie & Lee 2005) on the person's own rate and dropout: with an organic share of 1 every need
    is a purchase and the model is exact, several a day allowed. Below 1 a need is met without a message with that
    probability; lifetimes stay those of the fit.
    """
    if c.relation != CUSTOMER:
        return
    c.need_clock -= c.rate
    while c.need_clock < 0.0 and c.relation == CUSTOMER:
        time = w.today.day + 1.0 + c.need_clock / c.rate
        need_arises(c, w, s, time)


@register_jitable
def need_arises(c: Any, w: Any, s: Any, time: float) -> None:
    """One repeat need: bought or not, then stay or leave."""
    segment = w.segment[c.segment]
    need = c.needs
    s.total[NEEDS] += 1
    if draw(c, w, need, NEED_MET, 0) < segment.organic_share * (1.0 - segment.harm):
        count_purchase(c, w, time)
        s.total[PURCHASES_ORGANIC] += 1
        s.total[REVENUE_ORGANIC] += pay(c, w, s, need, SPEND, 0, time, -1)
    push = segment.churn_growth * c.fatigue * c.sensitivity + segment.price_push
    if draw(c, w, need, LEAVE, 0) < at_least(math.exp(push) if push > 0.0 else 1.0, c.dropout):
        c.relation = LOST
        c.stage = GONE
        c.lost_day = time
        s.total[LOST_NOW] += 1
        return
    c.needs += 1
    # the time already overshot today counts against the next need, so that the process stays exact
    c.need_clock += draw_clock(c, w, c.needs, NEED_CLOCK)


def age(c: Any, w: Any, s: Any) -> None:
    """Life from the first purchase to day 0 by the fitted purchase process alone, so that nobody starts new.

    The past contains the marketing of its time: every need was met, nobody tired.
    """
    if c.relation != CUSTOMER:
        return
    time = c.first_purchase_day
    c.needs = 1
    clock = draw_clock(c, w, c.needs, NEED_CLOCK)
    while clock < -c.rate * time:
        time += clock / c.rate
        count_purchase(c, w, time)
        if draw(c, w, c.needs, LEAVE, 0) < c.dropout:
            c.relation = LOST
            c.stage = GONE
            c.lost_day = time
            return
        c.needs += 1
        clock = draw_clock(c, w, c.needs, NEED_CLOCK)
    c.need_clock = clock + c.rate * time
