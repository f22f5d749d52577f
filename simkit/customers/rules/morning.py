"""Propose: who is there today, and what could be sent to whom."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.asking import end_role
from simkit.customers.rules.bits import lowest
from simkit.customers.rules.conditions import holds
from simkit.customers.rules.deciding import lapse
from simkit.customers.rules.laws import draw
from simkit.customers.rules.person import ADDRESSED_KIND, ads_for, become_customer, fits, pay
from simkit.customers.rules.withholding import withheld
from simkit.customers.state import (
    ADDRESSED,
    AWAY,
    CUSTOMER,
    DEMAND_AT,
    DROPPED_AT,
    GRAIN,
    GROUP_BOUGHT,
    HELD_OUT,
    HOLDOUT,
    INFLUENCE_GRAIN,
    MEDIA,
    NEW_CUSTOMERS,
    PROSPECT,
    PURCHASES_ORGANIC,
    REFERRED,
    REVENUE_ORGANIC,
    TOPIC,
)
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
SPEND = int(Purpose.SPEND)
CONSENT = int(Purpose.CONSENT)
MEDIA_USE = int(Purpose.MEDIA_USE)
HOLDOUT_DRAW = int(Purpose.CAMPAIGN_HOLDOUT)
REFERRED_DRAW = int(Purpose.REFERRED)


def arrive(c: Any, w: Any, s: Any) -> None:
    """1 A person whose entry day has come makes the first purchase, or a prospect whom sales or word of mouth won."""
    comes = c.relation == AWAY or (c.relation == PROSPECT and w.today.won == 1)
    if comes and c.first_purchase_day < w.today.day + 1:
        enter(c, w, s)
    elif c.relation == PROSPECT and w.today.coming == 1 and c.group == 0:
        adopt(c, w, s)


@apart()
def adopt(c: Any, w: Any, s: Any) -> None:
    """A prospect becomes a customer by word of mouth: hazard p + q F(yesterday), Bass 1969, and, where campaigns asked
    for it, what yesterday's referrals add. Which of the two it was is drawn in proportion to their hazards."""
    hazard = w.today.adoption + w.today.contagion * (c.influence / INFLUENCE_GRAIN)
    referral = w.today.referral + w.today.invitation * c.invited
    hazard += referral
    c.life_clock -= hazard
    if c.life_clock < 0.0:
        if c.decision_due > 0:
            lapse(c, s)
        become_customer(c, w, w.today.day + 1.0 + c.life_clock / hazard)
        first_purchase(c, w, s)
        if referral > 0.0 and draw(c, w, 0, REFERRED_DRAW, 0) * hazard < referral:
            s.total[REFERRED] += 1


@apart(first=True)
def enter(c: Any, w: Any, s: Any) -> None:
    """The day of the first purchase has come; what was decided on before is done with it."""
    if c.decision_due > 0:
        lapse(c, s)
    become_customer(c, w, c.first_purchase_day)
    first_purchase(c, w, s)


@register_jitable
def first_purchase(c: Any, w: Any, s: Any) -> None:
    """The first purchase of who came without a message."""
    s.total[NEW_CUSTOMERS] += 1
    s.total[PURCHASES_ORGANIC] += 1
    s.total[REVENUE_ORGANIC] += pay(c, w, s, 0, SPEND, 0, c.first_purchase_day, -1, 1.0)


def recover(c: Any, w: Any, s: Any) -> None:
    """2 Fatigue decays; a message slot given anew is forgotten."""
    if w.today.keep != -1:
        c.done &= w.today.keep
    if w.today.tally_keep != -1:
        c.tallies &= w.today.tally_keep
    c.fatigue *= w.segment[c.segment].kept


def fall_due(c: Any, w: Any, s: Any) -> None:
    """3 Opt-outs and dead addresses of yesterday take effect; growing channels gain people, dying ones lose them."""
    if w.today.moving == 1:
        join_or_leave(c, w)
    if w.today.roles == 1:
        end_role(c, w, s)
    if c.leaving > 0:
        for k in range(ADDRESSED):
            if (c.consent >> k) & 1 == 1 and 0 < c.opt_out_day[k] <= w.today.day:
                c.consent &= ~(1 << k)
                c.leaving -= 1


@apart()
def join_or_leave(c: Any, w: Any) -> None:
    """Where the reach of a channel has changed, those between the old and the new share come in or drop out.

    The draw is the one that decided consent or use at the start: whoever a channel of this reach would have had from
    the start is who has it now. Opted out stays opted out.
    """
    for k in range(ADDRESSED):
        channel = w.channel[k]
        if channel.moving == 1 and channel.kind == ADDRESSED_KIND and c.opt_out_day[k] == 0:
            bought = c.relation >= CUSTOMER
            was = channel.was_customers if bought else channel.was_prospects
            share = channel.consent_customers if bought else channel.consent_prospects
            u = draw(c, w, 0, CONSENT, channel.tag)
            if was <= u < share:
                c.consent |= 1 << k
            elif share <= u < was:
                c.consent &= ~(1 << k)
    for k in range(MEDIA):
        channel = w.channel[ADDRESSED + k]
        if channel.moving == 1:
            uses = draw(c, w, 0, MEDIA_USE, channel.tag) < channel.audience
            if uses != (c.media_affinity[k] > 0.0):
                c.media_affinity[k] = -c.media_affinity[k]


def propose(c: Any, w: Any, s: Any) -> None:
    """4 Live messages for the person's segment and relation that were not had yet."""
    if c.relation == AWAY or (c.relation >= CUSTOMER and c.last_purchase_day >= w.today.day):
        c.candidates = 0  # not there yet, or arrived in the course of today
    elif c.relation >= CUSTOMER or c.group & GROUP_BOUGHT != 0:
        c.candidates = w.segment[c.segment].for_customers & ~c.done
    else:
        c.candidates = w.segment[c.segment].for_prospects & ~c.done


def screen(c: Any, w: Any, s: Any) -> None:
    """5 Strike out what the person may not get: control group, consent, audience."""
    if c.candidates != 0:
        if w.today.control > 0 and c.bucket < w.today.control:
            s.total[HELD_OUT] += 1
            c.candidates &= w.today.exempt
        c.candidates &= w.today.reachable[c.consent]
        if c.candidates & w.today.choosy != 0:
            strike_out(c, w, s)


@apart(first=True)
def strike_out(c: Any, w: Any, s: Any) -> None:
    """Of the candidates that are not for everybody, those whose audience the person is not in, or which a rule that
    looks at the person alone holds back."""
    rest = c.candidates & w.today.choosy
    while rest != 0:
        slot = lowest(rest)
        rest &= rest - 1
        message = w.message[slot]
        meant = fits(c, w, message.bought_within, message.not_bought_within) and holds(c, w, message.condition)
        if not meant or withheld(c, w, message.channel, message.withheld, message.occurrence, 0):
            c.candidates &= ~(1 << slot)
        elif message.exempt == 0 and (message.holdout > 0.0 or c.refused != 0):
            hold_out(c, w, s, slot)


@apart()
def hold_out(c: Any, w: Any, s: Any, slot: int) -> None:
    """One candidate against the campaign's holdout and the topics the person refused; both are for good."""
    message = w.message[slot]
    if message.holdout > 0.0 and draw(c, w, message.campaign, HOLDOUT_DRAW, 0) < message.holdout:
        s.total[DROPPED_AT + HOLDOUT] += 1
    elif message.topic >= 0 and (c.refused >> message.topic) & 1 == 1:
        s.total[DROPPED_AT + TOPIC] += 1
    else:
        return
    c.candidates &= ~(1 << slot)
    c.done |= 1 << slot


def demand(c: Any, w: Any, s: Any) -> None:
    """5 Paid campaigns see how much affinity their audience has: what a budget is divided by."""
    rest = ads_for(c, w)
    if rest != 0:
        ask_for_ads(c, w, s, rest)


@apart(first=True)
def ask_for_ads(c: Any, w: Any, s: Any, rest: int) -> None:
    """What a person adds to the demand of these campaigns."""
    while rest != 0:
        j = lowest(rest)
        rest &= rest - 1
        ad = w.ad[j]
        if fits(c, w, ad.bought_within, ad.not_bought_within) and holds(c, w, ad.condition):
            liking = c.media_affinity[ad.channel - ADDRESSED]
            if liking > 0.0:
                s.total[DEMAND_AT + j] += int(liking * GRAIN + 0.5)
