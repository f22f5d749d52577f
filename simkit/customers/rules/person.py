"""What several rules do to a person."""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.categories import begin_categories, in_category
from simkit.customers.rules.laws import at_odds, draw, draw_clock, quantile
from simkit.customers.rules.leaving import pressure
from simkit.customers.rules.noting import note
from simkit.customers.state import (
    ADDRESSED,
    ADVOCATE,
    AWAY,
    CLICKED,
    CLICKS,
    CUSTOMER,
    DISCOUNTS,
    FIRST,
    GROUP_BOUGHT,
    LIFETIME,
    MONEY,
    OPPORTUNITIES,
    OVERFLOW,
    PER_CHANNEL,
    PROSPECT,
    PURCHASE,
    REPEAT,
    TENURE_AT,
    TENURE_YEARS,
)
from simkit.rng import Purpose
from simkit.scenario.quantity import DAYS_PER_YEAR

ADDRESSED_KIND = 1
PAID_KIND = 2
NO_BOUND = 1e9
"""Days: an audience without a bound on the last purchase."""
# purposes as plain integers: compiled code has no enums
NEED_CLOCK = int(Purpose.NEED_CLOCK)
CONSENT = int(Purpose.CONSENT)
FORGET = int(Purpose.FORGET)
LIFE = int(Purpose.LIFETIME)


@apart(first=True)
def pay(c: Any, w: Any, s: Any, what: int, purpose: int, k: int, time: float, channel: int, quantity: float) -> int:
    """Money of one purchase in ledger units: gamma(p) at the person's own scale (Gamma-Gamma), today's price, and
    `quantity` times as much as usual.

    `time` and `channel` (-1: organic) are only noted.
    """
    u = draw(c, w, what, purpose, k)
    amount = quantile(w.spend[w.segment[c.segment].spend_row], u) * c.spend_scale * (1.0 + s.upsell)
    amount *= w.today.price * quantity
    if w.today.categories > 0:
        units = in_category(c, w, s, amount, what, purpose, k)
    else:
        units = int(amount * MONEY + 0.5)
    if c.coupon > 0:
        units = redeem(c, w, s, units)
    c.revenue += units
    years = int((time - c.first_purchase_day) / DAYS_PER_YEAR)
    s.total[TENURE_AT + min(years, TENURE_YEARS - 1)] += units
    note(w, s, PURCHASE, time, channel, what, c.purchases, units)
    return units


@apart()
def redeem(c: Any, w: Any, s: Any, units: int) -> int:
    """What is left to pay when an opened offer is still valid; it is used up, or has run out."""
    off = int(units * c.coupon / 100.0 + 0.5) if c.coupon_until >= w.today.day else 0
    s.total[DISCOUNTS] += off
    c.coupon = 0
    return units - off


@register_jitable
def count_purchase(c: Any, w: Any, time: float) -> None:
    """A purchase moves the customer's stage: first, repeat, advocate."""
    c.purchases += 1
    c.last_purchase_day = time
    c.dormant = 0
    if c.purchases >= w.segment[c.segment].advocate_after:
        c.stage = ADVOCATE
    elif c.purchases >= 2:
        c.stage = REPEAT


@register_jitable
def until_next_need(c: Any, w: Any) -> float:
    """What the clock of needs is filled with: unit exponential, or one whole period."""
    if w.segment[c.segment].process >= OPPORTUNITIES:
        return 1.0
    return draw_clock(c, w, c.needs, NEED_CLOCK)


@register_jitable
def need_speed(c: Any, w: Any) -> float:
    """What a day takes off the clock of needs. Season and satiation slow or speed needs, but move no anniversary."""
    if w.segment[c.segment].process >= OPPORTUNITIES:
        return c.rate
    return c.rate * appetite(c, w)


@register_jitable
def appetite(c: Any, w: Any) -> float:
    """Multiplier of needs today: the season, and 1 - depth x 0.5^(days since the last purchase / half-life)."""
    segment = w.segment[c.segment]
    if segment.satiation == 0.0:
        return segment.season
    since = max(0.0, w.today.day - c.last_purchase_day)
    return segment.season * (1.0 - segment.satiation * math.exp(-segment.satiation_decay * since))


@apart(first=True)
def become_customer(c: Any, w: Any, time: float) -> None:
    """The first purchase: time zero of the purchase process; consent is asked at the till."""
    c.relation = CUSTOMER
    c.stage = FIRST
    c.purchases = 1
    c.dormant = 0
    c.first_purchase_day = time
    c.last_purchase_day = time
    c.needs = 1
    # buy() takes a whole day off the clocks today; give back what lies before the purchase
    c.need_clock = until_next_need(c, w) + need_speed(c, w) * (time - w.today.day)
    if w.segment[c.segment].process == LIFETIME:
        c.life_clock = draw_clock(c, w, 0, LIFE) + c.dropout * pressure(c, w) * (time - w.today.day)
    if w.today.categories > 0:
        begin_categories(c, w)
    consent_odds = w.segment[c.segment].consent_odds
    for k in range(ADDRESSED):
        channel = w.channel[k]
        asked = channel.kind == ADDRESSED_KIND and (c.consent >> k) & 1 == 0 and c.opt_out_day[k] == 0
        if asked and draw(c, w, 0, CONSENT, channel.tag) < at_odds(consent_odds, channel.consent_customers):
            c.consent |= 1 << k


@register_jitable
def click(s: Any, k: int, what: int, purpose: int, touch: int, strength: float, time: float, message: int) -> None:
    """Note a click or visit on channel k for `convert`; `message` is its place among the candidates, or -1."""
    s.total[k * PER_CHANNEL + CLICKED] += 1
    if s.clicks < CLICKS:
        at = s.clicks
        s.click_channel[at] = k
        s.click_what[at] = what
        s.click_purpose[at] = purpose
        s.click_touch[at] = touch
        s.click_strength[at] = strength
        s.click_time[at] = time
        s.click_message[at] = message
        s.clicks += 1
    else:
        s.total[OVERFLOW] += 1


@register_jitable
def move_up(c: Any, w: Any) -> None:
    """A prospect's next stage."""
    c.stage += 1
    restart_forgetting(c, w)


@apart(first=True)
def restart_forgetting(c: Any, w: Any) -> None:
    """A new clock of forgetting, after every change of stage."""
    c.forgets += 1
    c.forget_clock = draw_clock(c, w, c.forgets, FORGET)


@register_jitable
def fits(c: Any, w: Any, bought_within: float, not_bought_within: float) -> bool:
    """Whether the last purchase lies within the audience's bounds; who never bought did not buy lately."""
    if c.relation == PROSPECT:
        return bought_within >= NO_BOUND
    since = w.today.day - c.last_purchase_day
    return not_bought_within <= since <= bought_within


@register_jitable
def linked(c: Any, w: Any) -> bool:
    """Whether the person's addresses on all channels are known to be one person's."""
    return c.link_bucket < w.today.linked


@register_jitable
def ads_for(c: Any, w: Any) -> int:
    """Paid campaigns for the person's segment and relation, a bit each."""
    if c.relation == AWAY:
        return 0
    if c.relation == PROSPECT and c.group & GROUP_BOUGHT == 0:
        return w.segment[c.segment].ads_for_prospects
    return w.segment[c.segment].ads_for_customers
