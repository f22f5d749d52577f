"""What a sent message does: arrive, be opened and clicked, tire, end consent."""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from simkit.customers.rules.laws import MINUTES_PER_DAY, draw_pair, wear_out
from simkit.customers.rules.person import click
from simkit.customers.state import CONTACTED, DELIVERED, OPENED, OPT_OUTS, OPTED_OUT, PER_CHANNEL, SENT
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
ARRIVE_OPT_OUT = int(Purpose.ARRIVE_OPT_OUT)
OPEN_CLICK = int(Purpose.OPEN_CLICK)
CONVERT = int(Purpose.CONVERT)


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
        for j in range(s.n):
            if s.decision[j] == SENT:
                deliver_message(c, w, s, j)


@register_jitable
def deliver_message(c: Any, w: Any, s: Any, j: int) -> None:
    """One message arrives or bounces; its second uniform waits for the question of opting out."""
    message = w.message[s.slot[j]]
    u_bounce, s.u_opt_out[j] = draw_pair(c, w, message.occurrence, ARRIVE_OPT_OUT, 0)
    if u_bounce >= w.channel[message.channel].bounce:
        s.delivered[j] = 1
        s.total[message.channel * PER_CHANNEL + DELIVERED] += 1


def respond(c: Any, w: Any, s: Any) -> None:
    """9 Open and click: fatigue wears the opening out, relevance carries opening and clicking."""
    if s.sent > 0:
        for j in range(s.n):
            if s.delivered[j] == 1:
                respond_to_message(c, w, s, j)


@register_jitable
def respond_to_message(c: Any, w: Any, s: Any, j: int) -> None:
    """Open with open_rate x affinity x wear-out x strength, click with click_given_open x strength."""
    message = w.message[s.slot[j]]
    channel = w.channel[message.channel]
    u_open, u_click = draw_pair(c, w, message.occurrence, OPEN_CLICK, 0)
    if u_open < channel.open_rate * c.affinity[message.channel] * s.wear_out * message.strength:
        s.opened[j] = 1
        s.total[message.channel * PER_CHANNEL + OPENED] += 1
        if u_click < channel.click_given_open * message.strength:
            s.clicked[j] = 1
            time = message.minute / MINUTES_PER_DAY
            click(s, message.channel, message.occurrence, CONVERT, 0, message.strength, time, j)


def opt_out(c: Any, w: Any, s: Any) -> None:
    """13 A delivered message may end consent on its channel, from tomorrow on."""
    if s.sent > 0:
        for j in range(s.n):
            if s.delivered[j] == 1:
                message = w.message[s.slot[j]]
                k = message.channel
                chance = s.opt_out * w.channel[k].opt_out_factor * message.dislike
                if s.u_opt_out[j] < chance and c.opt_out_day[k] == 0:
                    s.opted_out[j] = 1
                    c.opt_out_day[k] = w.today.day + 1
                    c.leaving += 1
                    s.total[k * PER_CHANNEL + OPTED_OUT] += 1
                    s.total[OPT_OUTS] += 1


def tire(c: Any, w: Any, s: Any) -> None:
    """14 Today's delivered contacts are added to fatigue."""
    if s.sent > 0:
        s.total[CONTACTED] += 1
        for j in range(s.n):
            if s.delivered[j] == 1:
                c.fatigue += w.channel[w.message[s.slot[j]].channel].fatigue_weight
