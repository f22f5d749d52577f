"""What a sent message does: arrive, be opened and clicked, tire, end consent."""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.choosing import impress
from simkit.customers.rules.laws import MINUTES_PER_DAY, draw, draw_pair, wear_out
from simkit.customers.rules.person import click
from simkit.customers.rules.tallies import tally_outcome
from simkit.customers.state import (
    ADDRESSED,
    COMPLAINED,
    COMPLAINTS_AT,
    CONTACTED,
    DELIVERED,
    FILTERED,
    FINE_GRAIN,
    HARD_BOUNCED,
    LAPSED,
    OPENED,
    OPT_OUTS,
    OPTED_DOWN,
    OPTED_OUT,
    PER_CHANNEL,
    PER_SLOT,
    PROSPECT,
    RECENT,
    SENT,
    SLOT_CLICKED,
    SLOT_DELIVERED,
    SLOT_OPENED,
    SLOTS_AT,
)
from simkit.customers.tables import COUNT_DELIVERED
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
ARRIVE_OPT_OUT = int(Purpose.ARRIVE_OPT_OUT)
OPEN_CLICK = int(Purpose.OPEN_CLICK)
CONVERT = int(Purpose.CONVERT)
ADDRESS_LIFE = int(Purpose.ADDRESS_LIFE)
PLACEMENT = int(Purpose.PLACEMENT)
LAPSE = int(Purpose.LAPSE)
OPT_DOWN = int(Purpose.OPT_DOWN)


def feel(c: Any, w: Any, s: Any) -> None:
    """7 What today's fatigue, the one before today's contacts, does to response and to opting out."""
    if s.sent > 0:
        segment = w.segment[c.segment]
        tiredness = c.fatigue * c.sensitivity
        s.wear_out = wear_out(segment.wear_kind, segment.delta * tiredness)
        s.opt_out = segment.opt_out * math.exp(segment.opt_out_growth * tiredness)


def deliver(c: Any, w: Any, s: Any) -> None:
    """8 Sent messages arrive or bounce."""
    if s.sent > 0:
        deliver_all(c, w, s)


@apart(first=True)
def deliver_all(c: Any, w: Any, s: Any) -> None:
    """One person's messages arrive or bounce."""
    for j in range(s.n):
        if s.decision[j] == SENT:
            deliver_message(c, w, s, j)
            if s.delivered[j] == 0 and w.today.counts == COUNT_DELIVERED:
                discount(c, s, j)


@register_jitable
def deliver_message(c: Any, w: Any, s: Any, j: int) -> None:
    """One message arrives or bounces, in the inbox or beside it; its second uniform waits for the question of opting
    out. A dead address bounces for good and ends reachability from tomorrow on."""
    message = w.message[s.slot[j]]
    k = message.channel
    channel = w.channel[k]
    s.filtered[j] = 0
    u_bounce, s.u_opt_out[j] = draw_pair(c, w, message.occurrence, ARRIVE_OPT_OUT, s.touch[j])
    if channel.address_loss > 0.0 and address_is_dead(c, w, k):
        s.total[k * PER_CHANNEL + HARD_BOUNCED] += 1
        if c.opt_out_day[k] == 0:
            c.opt_out_day[k] = w.today.day + 1
            c.leaving += 1
    elif u_bounce >= channel.bounce:
        s.delivered[j] = 1
        s.total[k * PER_CHANNEL + DELIVERED] += 1
        s.total[SLOTS_AT + s.slot[j] * PER_SLOT + SLOT_DELIVERED] += 1
        if channel.placement < 1.0 and draw(c, w, message.occurrence, PLACEMENT, s.touch[j]) >= channel.placement:
            s.filtered[j] = 1
            s.total[k * PER_CHANNEL + FILTERED] += 1


@apart()
def address_is_dead(c: Any, w: Any, k: int) -> bool:
    """Whether an address has outlived its exponential life, known from day 0 or from the first purchase after it."""
    channel = w.channel[k]
    since = 0.0 if c.relation == PROSPECT else max(0.0, c.first_purchase_day)
    alive = math.exp(-channel.address_loss * (w.today.day - since))
    return draw(c, w, 0, ADDRESS_LIFE, channel.tag) >= alive


@register_jitable
def discount(c: Any, s: Any, j: int) -> None:
    """A bounced message no longer counts as a contact; on a day with more than a history holds, all still count."""
    if s.place[j] >= 0 and s.sent <= RECENT:
        c.recent_channel[s.place[j]] = ADDRESSED


def respond(c: Any, w: Any, s: Any) -> None:
    """9 Open and click: fatigue wears the opening out, relevance carries opening and clicking."""
    if s.sent > 0:
        respond_to_all(c, w, s)


@apart(first=True)
def respond_to_all(c: Any, w: Any, s: Any) -> None:
    """One person's messages, opened or not."""
    for j in range(s.n):
        if s.delivered[j] == 1:
            if s.filtered[j] == 0 and (c.dormant >> w.message[s.slot[j]].channel) & 1 == 0:
                respond_to_message(c, w, s, j)
            count_unengaged(c, w, s, j)


@register_jitable
def count_unengaged(c: Any, w: Any, s: Any, j: int) -> None:
    """Delivered messages in a row that were not opened, as the firm counts them."""
    k = w.message[s.slot[j]].channel
    if s.opened[j] == 1:
        c.unengaged[k] = 0
    elif c.unengaged[k] < 255:
        c.unengaged[k] += 1


@register_jitable
def respond_to_message(c: Any, w: Any, s: Any, j: int) -> None:
    """Open with open_rate x affinity x wear-out x strength, click with click_given_open x strength."""
    message = w.message[s.slot[j]]
    channel = w.channel[message.channel]
    strength = message.strength * (s.own_fit if s.impersonal == 0 else message.impersonal)
    u_open, u_click = draw_pair(c, w, message.occurrence, OPEN_CLICK, s.touch[j])
    chance = channel.open_rate * c.affinity[message.channel] * s.wear_out * strength
    if w.today.best_effect > 0.0:
        chance *= timely(c, w, s.minute[j], w.zone[s.zone].ahead)
    if u_open < chance:
        s.opened[j] = 1
        s.total[message.channel * PER_CHANNEL + OPENED] += 1
        s.total[SLOTS_AT + s.slot[j] * PER_SLOT + SLOT_OPENED] += 1
        impress(c, w, w.segment[c.segment].opinion_message * (strength - 1.0))
        if message.discount > 0:
            c.coupon = message.discount
            c.coupon_until = w.today.day + message.valid_days - 1
        if u_click < channel.click_given_open * strength:
            s.clicked[j] = 1
            if message.saves > 0:
                c.saved_until = w.today.day + 1 + message.saves
            s.total[SLOTS_AT + s.slot[j] * PER_SLOT + SLOT_CLICKED] += 1
            time = s.minute[j] / MINUTES_PER_DAY
            click(s, message.channel, message.occurrence, CONVERT, s.touch[j], strength, time, j)


@apart()
def timely(c: Any, w: Any, minute: int, ahead: int) -> float:
    """Response by the distance d in hours from the person's best hour: 1 + effect x (6 - d) / 6, on average 1."""
    away = abs((minute - w.today.minute + ahead) % MINUTES_PER_DAY / 60.0 - c.best_hour)
    return 1.0 + w.today.best_effect * (6.0 - min(away, 24.0 - away)) / 6.0


def opt_out(c: Any, w: Any, s: Any) -> None:
    """13 A delivered message may end consent on its channel, from tomorrow on."""
    if s.sent > 0:
        annoy_by_all(c, w, s)


@apart(first=True)
def annoy_by_all(c: Any, w: Any, s: Any) -> None:
    """One person's messages, one after the other."""
    for j in range(s.n):
        if s.delivered[j] == 1 and s.filtered[j] == 0:
            annoy(c, w, s, j)


@register_jitable
def annoy(c: Any, w: Any, s: Any, j: int) -> None:
    """One message that was placed may end consent, as a complaint in the lowest part of the chance; or attention."""
    message = w.message[s.slot[j]]
    k = message.channel
    channel = w.channel[k]
    fit = s.own_fit if s.impersonal == 0 else message.impersonal
    dislike = max(0.0, message.dislike - (fit - 1.0) * message.strength * w.today.relevance_odds)
    chance = s.opt_out * channel.opt_out_factor * dislike
    complaint = min(1.0, chance) * channel.complaint_share
    s.total[COMPLAINTS_AT + k] += int(complaint * FINE_GRAIN + 0.5)
    leaves = s.u_opt_out[j] < chance and c.opt_out_day[k] == 0
    if leaves and w.today.opt_down > 0.0:
        leaves = not opts_down(c, w, s, s.slot[j])
    if leaves:
        s.opted_out[j] = 1
        c.opt_out_day[k] = w.today.day + 1 + w.today.opt_out_lag
        c.leaving += 1
        s.total[k * PER_CHANNEL + OPTED_OUT] += 1
        s.total[OPT_OUTS] += 1
        if s.u_opt_out[j] < complaint:
            s.complained[j] = 1
            s.total[k * PER_CHANNEL + COMPLAINED] += 1
    if channel.lapse > 0.0 and (c.dormant >> k) & 1 == 0:
        lose_attention(c, w, s, j, dislike)


@apart()
def lose_attention(c: Any, w: Any, s: Any, j: int, dislike: float) -> None:
    """A message may be the last that is looked at on its channel."""
    message = w.message[s.slot[j]]
    k = message.channel
    channel = w.channel[k]
    growth = s.opt_out / w.segment[c.segment].opt_out if w.segment[c.segment].opt_out > 0.0 else 1.0
    if draw(c, w, message.occurrence, LAPSE, s.touch[j]) < channel.lapse * growth * dislike:
        c.dormant |= 1 << k
        s.total[k * PER_CHANNEL + LAPSED] += 1


@apart()
def opts_down(c: Any, w: Any, s: Any, slot: int) -> bool:
    """Whether somebody who would opt out refuses the message's topic only, as a preference center offers."""
    message = w.message[slot]
    if message.topic < 0:
        return False
    if draw(c, w, message.occurrence, OPT_DOWN, 0) >= w.today.opt_down:
        return False
    c.refused |= 1 << message.topic
    s.total[OPTED_DOWN] += 1
    return True


def tire(c: Any, w: Any, s: Any) -> None:
    """14 Today's delivered contacts are added to fatigue, and what they met with to the counts of outcomes."""
    if s.sent > 0:
        s.total[CONTACTED] += 1
        for j in range(s.n):
            if w.today.tallies > 0 and s.decision[j] == SENT:
                tally_outcome(c, w, s, j)
            if s.delivered[j] == 1 and s.filtered[j] == 0:
                c.fatigue += w.channel[w.message[s.slot[j]].channel].fatigue_weight
