"""What clicks and needs lead to: purchases, and leaving."""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.asking import answer
from simkit.customers.rules.categories import all_of, begin_categories
from simkit.customers.rules.choosing import brand_response, lose_over, win_over
from simkit.customers.rules.deciding import carry_out, decide
from simkit.customers.rules.laws import MINUTES_PER_DAY, draw, draw_clock
from simkit.customers.rules.leaving import last_moment, leaves, lose
from simkit.customers.rules.noting import note
from simkit.customers.rules.person import (
    appetite,
    count_purchase,
    move_up,
    need_speed,
    pay,
    until_next_need,
)
from simkit.customers.state import (
    AFTER_NEED,
    CHANCE_GRAIN,
    CLICK,
    CONTRACT,
    CUSTOMER,
    GROUP_USER,
    INTENT,
    LIFETIME,
    MOVED,
    NEEDS,
    OPPORTUNITIES,
    PER_CHANNEL,
    PROSPECT,
    PURCHASES_ORGANIC,
    RENEWALS,
    REVENUE_ORGANIC,
)
from simkit.customers.tables import ASKS_TO_BUY, ASKS_TO_CROSS, ASKS_TO_REFER
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
LIFE = int(Purpose.LIFETIME)
NEED_ARISES = int(Purpose.NEED_ARISES)
NEED_MET = int(Purpose.NEED_MET)
LEAVE = int(Purpose.LEAVE)
SPEND = int(Purpose.SPEND)


def convert(c: Any, w: Any, s: Any) -> None:
    """10 What was decided on earlier is bought, and what today's clicks and visits lead to: a customer may buy, a
    prospect may move up."""
    if w.today.deciding == 1 and 0 < c.decision_due <= w.today.minute + MINUTES_PER_DAY:
        carry_out(c, w, s)
    if s.clicks > 0:
        follow_clicks(c, w, s)


@apart(first=True)
def follow_clicks(c: Any, w: Any, s: Any) -> None:
    """One person's clicks, one after the other."""
    for i in range(s.clicks):
        if engaged(c, w, s, i) and s.click_message[i] >= 0:
            s.bought[s.click_message[i]] = 1


@register_jitable
def engaged(c: Any, w: Any, s: Any, i: int) -> bool:
    """One click; True when it sold.

    A customer buys with 1 - exp(-rate x purchase_days x strength): a click brings the purchases of so many days
    at the person's own rate, so that frequent buyers stay the frequent ones, and nobody under contract pays for one
    more period. A prospect moves up with the channel's
    probability x strength; the move after intent is the first purchase, which the users of an account leave to its
    payer.
    """
    k, what, purpose, touch = s.click_channel[i], s.click_what[i], s.click_purpose[i], s.click_touch[i]
    channel = w.channel[k]
    note(w, s, CLICK, s.click_time[i], k, what, 0, 0)
    asks = w.message[s.slot[s.click_message[i]]].asks if s.click_message[i] >= 0 else ASKS_TO_BUY
    if asks >= ASKS_TO_REFER:
        answer(c, w, s, i, asks)
        return False
    if c.relation == PROSPECT:
        if c.stage == INTENT and c.group & GROUP_USER != 0:
            return False
        eager = eagerness(c, w) if c.stage == INTENT else 1.0
        if draw(c, w, what, purpose, touch) >= channel.moves[c.stage] * s.click_strength[i] * eager:
            return False
        if c.stage < INTENT:
            s.total[k * PER_CHANNEL + MOVED] += 1
            move_up(c, w)
            return False
    elif c.relation == CUSTOMER:
        if asks == ASKS_TO_CROSS and c.categories == all_of(w):
            return False
        days = channel.purchase_days * s.click_strength[i] * eagerness(c, w)
        chance = 1.0 - math.exp(-c.rate * (c.need_chance / CHANCE_GRAIN) * days)
        if draw(c, w, what, purpose, touch) >= chance:
            return False
    else:
        return False
    return decide(c, w, s, i)


@register_jitable
def eagerness(c: Any, w: Any) -> float:
    """What price and opinion do to what a click leads to, and an opened offer while it is valid: (1 - discount)^-e."""
    response = brand_response(c, w)
    if c.coupon == 0 or c.coupon_until < w.today.day:
        return response
    return response * math.exp(-w.today.elasticity * math.log(1.0 - c.coupon / 100.0))


def buy(c: Any, w: Any, s: Any) -> None:
    """11 and 12 Needs arise by the person's clock, each may become an organic purchase, and the relationship may end
    for good: after a need (BG/NBD), with the lifetime (Pareto/NBD, hazard), at an opportunity (BG/BB), at an
    anniversary (sBG).

    With an organic share of 1 every need is a purchase and the models are exact, several needs a day allowed.
    Below 1 a need is met without a message with that probability; lifetimes stay those of the fit.
    """
    if c.relation != CUSTOMER:
        return
    speed = need_speed(c, w)
    c.need_clock -= speed
    end = w.today.day + 1.0
    if w.segment[c.segment].process == LIFETIME:
        end = last_moment(c, w)
    while c.need_clock < 0.0 and c.relation == CUSTOMER:
        time = w.today.day + 1.0 + c.need_clock / speed
        if time > end:
            break
        need_arises(c, w, s, time)
    if end < w.today.day + 1.0:
        lose(c, s, end)


@apart(first=True)
def need_arises(c: Any, w: Any, s: Any, time: float) -> None:
    """One repeat need, opportunity or anniversary: bought or not, stay or leave."""
    process = w.segment[c.segment].process
    if process >= OPPORTUNITIES and leaves(c, w, s, time):
        return
    if process == CONTRACT:
        s.total[RENEWALS] += 1
        purchase(c, w, s, time, 1.0)
    elif process != OPPORTUNITIES or draw(c, w, c.needs, NEED_ARISES, 0) < c.need_chance / CHANCE_GRAIN * appetite(
        c, w
    ):
        meet(c, w, s, time)
        if process == AFTER_NEED and leaves(c, w, s, time):
            return
    c.needs += 1
    # the time already overshot today counts against the next need, so that the process stays exact
    c.need_clock += until_next_need(c, w)


@register_jitable
def meet(c: Any, w: Any, s: Any, time: float) -> None:
    """A need is met without a message with the organic share x the response to price and opinion, less what
    competitors take away today. What exceeds certainty is bought in larger quantity."""
    segment = w.segment[c.segment]
    s.total[NEEDS] += 1
    wanted = segment.organic_share * brand_response(c, w)
    u = draw(c, w, c.needs, NEED_MET, 0)
    if u < min(1.0, wanted) * (1.0 - segment.harm):
        purchase(c, w, s, time, max(1.0, wanted))
    elif u < segment.organic_share:
        lose_over(c, w, s)


@register_jitable
def purchase(c: Any, w: Any, s: Any, time: float, quantity: float) -> None:
    """An organic purchase, or the period of a contract that begins."""
    count_purchase(c, w, time)
    win_over(c, w, s)
    s.total[PURCHASES_ORGANIC] += 1
    s.total[REVENUE_ORGANIC] += pay(c, w, s, c.needs, SPEND, 0, time, -1, quantity)


def age(c: Any, w: Any, s: Any) -> None:
    """Life from the first purchase to day 0 by the fitted process alone, so that nobody starts new.

    The past contains the marketing of its time: every need was met, nobody tired.
    """
    if c.relation != CUSTOMER:
        return
    if w.today.categories > 0:
        begin_categories(c, w)
    process = w.segment[c.segment].process
    time = c.first_purchase_day
    end = 0.0
    if process == LIFETIME:
        c.life_clock = draw_clock(c, w, 0, LIFE) + c.dropout * time
        if c.life_clock < 0.0:
            end = c.life_clock / c.dropout
    c.needs = 1
    clock = until_next_need(c, w)
    while clock < c.rate * (end - time):
        time += clock / c.rate
        gone = process != LIFETIME and draw(c, w, c.needs, LEAVE, 0) < c.dropout
        # who leaves at an opportunity does not take it; who leaves after a need has bought
        stays = process == AFTER_NEED or not gone
        if stays and (process != OPPORTUNITIES or draw(c, w, c.needs, NEED_ARISES, 0) < c.need_chance / CHANCE_GRAIN):
            count_purchase(c, w, time)
        if gone:
            lose(c, s, time)
            return
        c.needs += 1
        clock = until_next_need(c, w)
    if end < 0.0:
        lose(c, s, end)
        return
    c.need_clock = clock + c.rate * time
