"""Paid media, search and the site."""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.bits import lowest
from simkit.customers.rules.choosing import impress
from simkit.customers.rules.conditions import holds
from simkit.customers.rules.laws import at_least, draw, draw_clock, draw_pair, hill, poisson
from simkit.customers.rules.noting import note
from simkit.customers.rules.person import ads_for, click, fits, move_up
from simkit.customers.rules.withholding import withheld
from simkit.customers.state import (
    AD_SEEN,
    ADDRESSED,
    CHANNELS,
    MEMORY_GRAIN,
    MEMORY_MOST,
    MOVED,
    NEWLY_REACHED,
    OUT,
    PER_CHANNEL,
    PROSPECT,
    REACHED,
    UNAWARE,
)
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
IMPRESSIONS = int(Purpose.IMPRESSIONS)
AD_RESPONSE = int(Purpose.AD_RESPONSE)
AD_CONVERT = int(Purpose.AD_CONVERT)
QUERY = int(Purpose.QUERY)
QUERY_CLICK = int(Purpose.QUERY_CLICK)
QUERY_CONVERT = int(Purpose.QUERY_CONVERT)
VISIT = int(Purpose.VISIT)
VISIT_CONVERT = int(Purpose.VISIT_CONVERT)
VISIT_CHOICE = int(Purpose.VISIT_CHOICE)
QUERY_CHOICE = int(Purpose.QUERY_CHOICE)
SEARCH_KIND = 3
SITE_KIND = 4


def see_ads(c: Any, w: Any, s: Any) -> None:
    """9 Paid media: impressions by plan and affinity, awareness by remembered frequency (Hill), clicks."""
    rest = ads_for(c, w)
    if rest != 0:
        see_each(c, w, s, rest)


@apart(first=True)
def see_each(c: Any, w: Any, s: Any, rest: int) -> None:
    """The campaigns of a mask, one after the other."""
    while rest != 0:
        see_ad(c, w, s, lowest(rest))
        rest &= rest - 1


@register_jitable
def see_ad(c: Any, w: Any, s: Any, j: int) -> None:
    """One campaign's impressions on one person today: Poisson around plan x affinity."""
    ad = w.ad[j]
    liking = c.media_affinity[ad.channel - ADDRESSED]
    fitting = ad.plan > 0.0 and liking > 0.0 and fits(c, w, ad.bought_within, ad.not_bought_within)
    if fitting and holds(c, w, ad.condition) and not withheld(c, w, ad.channel, ad.withheld, ad.occurrence, ad.touch):
        k = ad.channel - ADDRESSED
        seen = poisson(ad.plan * liking, draw(c, w, ad.occurrence, IMPRESSIONS, ad.touch))
        if seen > 0:
            if c.ad_day < w.today.day:
                recall(c, w)
            s.total[ad.channel * PER_CHANNEL + OUT] += seen
            note(w, s, AD_SEEN, w.today.day + 0.5, ad.channel, ad.occurrence, seen, 0)
            s.total[ad.channel * PER_CHANNEL + REACHED] += 1
            if c.ad_memory[k] == 0:
                s.total[ad.channel * PER_CHANNEL + NEWLY_REACHED] += 1
            c.ad_memory[k] = min(MEMORY_MOST, c.ad_memory[k] + seen * int(MEMORY_GRAIN))
            respond_to_ad(c, w, s, ad, seen)


@register_jitable
def recall(c: Any, w: Any) -> None:
    """What is left today of the exposures remembered so far; who ever saw one keeps a unit of it."""
    days = w.today.day - c.ad_day
    for k in range(w.today.media):
        if c.ad_memory[k] > 0:
            left = c.ad_memory[k] * math.exp(-days * w.channel[ADDRESSED + k].ad_decay)
            c.ad_memory[k] = max(1, int(left + 0.5))
    c.ad_day = w.today.day


@register_jitable
def respond_to_ad(c: Any, w: Any, s: Any, ad: Any, seen: int) -> None:
    """The unaware may become aware by seeing; anybody may click."""
    channel = w.channel[ad.channel]
    u_aware, u_click = draw_pair(c, w, ad.occurrence, AD_RESPONSE, ad.touch)
    unaware = c.relation == PROSPECT and c.stage == UNAWARE
    opinion = w.segment[c.segment].opinion_ad
    if unaware or opinion != 0.0:
        effect = hill(c.ad_memory[ad.channel - ADDRESSED] / MEMORY_GRAIN, channel.hill_half, channel.hill_slope)
        if unaware and u_aware < channel.awareness * effect * ad.strength:
            s.total[ad.channel * PER_CHANNEL + MOVED] += 1
            move_up(c, w)
        impress(c, w, opinion * effect * ad.strength)
    chance = at_least(float(seen), min(0.5, channel.click_rate * ad.strength))
    if u_click < chance:
        click(s, ad.channel, ad.occurrence, AD_CONVERT, ad.touch, ad.strength, w.today.day + 0.5, -1)


def search_and_visit(c: Any, w: Any, s: Any) -> None:
    """9 Queries and direct visits: clocks whose speed depends on the stage; no draw on a quiet day."""
    if w.today.searches > 0:
        c.query_clock -= w.today.queries_per_day[c.stage]
        while c.query_clock < 0.0:
            search(c, w, s)
    if w.today.sites > 0 and c.relation == PROSPECT:
        c.visit_clock -= w.today.visits_per_day[c.stage]
        while c.visit_clock < 0.0:
            visit(c, w, s)


@register_jitable
def which(c: Any, w: Any, kind: int, total: float, what: int, purpose: int) -> int:
    """The channel of a query or visit: one clock rings for all of a kind, in proportion to their rates."""
    left = draw(c, w, what, purpose, 0) * total
    chosen = -1
    for k in range(ADDRESSED, CHANNELS):
        rate = w.channel[k].per_day[c.stage]
        if w.channel[k].kind == kind and rate > 0.0 and (left >= 0.0 or chosen < 0):
            chosen = k
            left -= rate
    return chosen


@apart(first=True)
def search(c: Any, w: Any, s: Any) -> None:
    """A query; the advertisement may be shown and clicked. What the clock overshot counts against the next one."""
    c.queries += 1
    c.query_clock += draw_clock(c, w, c.queries, QUERY)
    k = which(c, w, SEARCH_KIND, w.today.queries_per_day[c.stage], c.queries, QUERY_CHOICE)
    s.total[k * PER_CHANNEL + OUT] += 1
    answered = draw(c, w, c.queries, QUERY_CLICK, 0) < w.channel[k].click_share
    if answered and not withheld(c, w, k, 0.0, c.queries, 0):
        click(s, k, c.queries, QUERY_CONVERT, 0, 1.0, w.today.day + 0.5, -1)


@apart(first=True)
def visit(c: Any, w: Any, s: Any) -> None:
    """A prospect comes to a site, store or feed of the firm's without having been asked."""
    c.visits += 1
    c.visit_clock += draw_clock(c, w, c.visits, VISIT)
    k = which(c, w, SITE_KIND, w.today.visits_per_day[c.stage], c.visits, VISIT_CHOICE)
    if withheld(c, w, k, 0.0, c.visits, 0):
        return
    click(s, k, c.visits, VISIT_CONVERT, 0, 1.0, w.today.day + 0.5, -1)
    if w.channel[k].queries_per_visit > 0.0 and w.today.queries_per_day[c.stage] > 0.0:
        ask_more(c, w, s, w.channel[k].queries_per_visit)


@register_jitable
def ask_more(c: Any, w: Any, s: Any, queries: float) -> None:
    """What somebody read brings on so many further queries on average: the clock of queries runs ahead by as much."""
    c.query_clock -= queries
    while c.query_clock < 0.0:
        search(c, w, s)
