"""The rulebook: what one customer does in one day, in the order of `day.py`.

Every rule is ``rule(c, w, s)``: `c` the customer, `w` the world (`tables.py`), `s` the scratch (`state.py`).
Rules are plain Python that Numba can compile: Mesa runs them as they stand, the compiled driver runs the same
functions over a million customers, and the two agree to the bit. So only ``math.exp`` and ``math.log``, no
NumPy and no powers. Times are days or minutes since the first simulated midnight.
"""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from simkit.customers.state import (
    ACTIVE,
    ADDRESSED,
    ADVOCATE,
    AWARE,
    AWAY,
    BOUGHT,
    CANDIDATES,
    CLICKED,
    CLICKS,
    CONTACTED,
    CUSTOMER,
    CUSTOMERS_NOW,
    DEFERRED,
    DEFERRED_AT,
    DELIVERED,
    DEMAND_AT,
    DROPPED,
    DROPPED_AT,
    EARNED,
    FATIGUE,
    FIRST,
    GAP,
    GONE,
    GRAIN,
    HELD_OUT,
    INTENT,
    LOST,
    LOST_NOW,
    MEDIA,
    MONEY,
    MOVED,
    NEEDS,
    NEW_CUSTOMERS,
    OPENED,
    OPT_OUTS,
    OPTED_OUT,
    OUT,
    OVERFLOW,
    PER_CHANNEL,
    PROSPECT,
    PURCHASES_ORGANIC,
    QUIET,
    REACHABLE,
    RECENT,
    REPEAT,
    REVENUE_ORGANIC,
    RING_FULL,
    SENT,
    STAGE_AT,
    UNAWARE,
)  # fmt: skip
from simkit.customers.tables import LOGIT_END, NODES
from simkit.rng import Purpose, exponential, uniform, uniform_pair

MINUTES_PER_DAY = 1440
ADDRESSED_KIND = 1
NO_BOUND = 1e9
"""Days: an audience without a bound on the last purchase."""
STEPS_PER_LOGIT = (NODES - 1) / (2 * LOGIT_END)

# Purposes as plain integers: compiled code has no enums.
NEED_CLOCK, NEED_MET, LEAVE = int(Purpose.NEED_CLOCK), int(Purpose.NEED_MET), int(Purpose.LEAVE)
SPEND, CONSENT, FORGET = int(Purpose.SPEND), int(Purpose.CONSENT), int(Purpose.FORGET)
ARRIVE_OPT_OUT, OPEN_CLICK, CONVERT = int(Purpose.ARRIVE_OPT_OUT), int(Purpose.OPEN_CLICK), int(Purpose.CONVERT)
IMPRESSIONS, AD_RESPONSE, AD_CONVERT = int(Purpose.IMPRESSIONS), int(Purpose.AD_RESPONSE), int(Purpose.AD_CONVERT)
QUERY, QUERY_CLICK, QUERY_CONVERT = int(Purpose.QUERY), int(Purpose.QUERY_CLICK), int(Purpose.QUERY_CONVERT)
VISIT, VISIT_CONVERT = int(Purpose.VISIT), int(Purpose.VISIT_CONVERT)


# --- small laws, used by the rules ---------------------------------------------------------------------


@register_jitable
def quantile(table: Any, u: float) -> float:
    """A gamma quantile by its table: linear in logit(u) on the log scale, so that both tails are exact."""
    place = (math.log(u / (1.0 - u)) + LOGIT_END) * STEPS_PER_LOGIT
    node = int(place)
    part = place - node
    return math.exp(table[node] * (1.0 - part) + table[node + 1] * part)


@register_jitable
def at_least(multiplier: float, p: float) -> float:
    """A probability under a multiplied hazard: 1 - (1 - p)^m."""
    if multiplier == 1.0:
        return p
    return 1.0 - math.exp(multiplier * math.log(1.0 - p))


@register_jitable
def wear_out(kind: int, tiredness: float) -> float:
    """Response that is left at delta x F: exponential, hyperbolic or linear."""
    if kind == 0:
        return math.exp(-tiredness)
    if kind == 1:
        return 1.0 / (1.0 + tiredness)
    return max(0.0, 1.0 - tiredness)


@register_jitable
def hill(x: float, half: float, slope: float) -> float:
    """Share of the full effect at x remembered exposures: x^s / (x^s + half^s)."""
    if x <= 0.0:
        return 0.0
    return 1.0 / (1.0 + math.exp(slope * math.log(half / x)))


@register_jitable
def poisson(mean: float, u: float) -> int:
    """The Poisson count at quantile u, by adding up probabilities; means above 500 count as 500."""
    if u <= 1.0 - mean:  # below exp(-mean) without having to compute it
        return 0
    mean = min(mean, 500.0)
    term = math.exp(-mean)
    below = term
    count = 0
    # far in the tail the terms no longer move the sum: then this count is as close as float64 gets
    while u > below and (count < mean or term > 1e-18):
        count += 1
        term *= mean / count
        below += term
    return count


@register_jitable
def draw(c: Any, w: Any, what: int, purpose: int, k: int) -> float:
    """One uniform for this customer: what it is about, and what it is for."""
    return uniform(
        w.today.key0, w.today.key1, c.index, what, purpose, k, w.segment[c.segment].space
    )  # fmt: skip


@register_jitable
def draw_pair(c: Any, w: Any, what: int, purpose: int, k: int) -> tuple[float, float]:
    """Two independent uniforms for this customer."""
    return uniform_pair(
        w.today.key0, w.today.key1, c.index, what, purpose, k, w.segment[c.segment].space
    )  # fmt: skip


@register_jitable
def draw_clock(c: Any, w: Any, what: int, purpose: int) -> float:
    """A unit-exponential clock for the customer's `what`-th event of this sort."""
    return exponential(
        w.today.key0, w.today.key1, c.index, what, purpose, 0, w.segment[c.segment].space
    )  # fmt: skip


# --- what several rules do -------------------------------------------------------------------------------


@register_jitable
def pay(c: Any, w: Any, what: int, purpose: int, k: int) -> int:
    """Money of one purchase in ledger units: gamma(p) at the person's own scale (Gamma-Gamma)."""
    u = draw(c, w, what, purpose, k)
    amount = quantile(w.spend[w.segment[c.segment].spend_row], u) * c.spend_scale
    units = int(amount * MONEY + 0.5)
    c.revenue += units
    return units


@register_jitable
def count_purchase(c: Any, w: Any, time: float) -> None:
    """A purchase moves the customer's stage: first, repeat, advocate."""
    c.purchases += 1
    c.last_purchase_day = time
    if c.purchases >= w.segment[c.segment].advocate_after:
        c.stage = ADVOCATE
    elif c.purchases >= 2:
        c.stage = REPEAT


@register_jitable
def become_customer(c: Any, w: Any, time: float) -> None:
    """The first purchase: time zero of the purchase process; consent is asked at the till."""
    c.relation = CUSTOMER
    c.stage = FIRST
    c.purchases = 1
    c.first_purchase_day = time
    c.last_purchase_day = time
    c.needs = 1
    # buy() takes a whole day off the clock today; give back what lies before the purchase
    c.need_clock = draw_clock(c, w, c.needs, NEED_CLOCK) + c.rate * (time - w.today.day)
    for k in range(ADDRESSED):
        channel = w.channel[k]
        asked = channel.kind == ADDRESSED_KIND and (c.consent >> k) & 1 == 0 and c.opt_out_day[k] == 0
        if asked and draw(c, w, 0, CONSENT, channel.tag) < channel.consent_customers:
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


@register_jitable
def fits(c: Any, w: Any, bought_within: float, not_bought_within: float) -> bool:
    """Whether the last purchase lies within the audience's bounds; who never bought did not buy lately."""
    if c.relation == PROSPECT:
        return bought_within >= NO_BOUND
    since = w.today.day - c.last_purchase_day
    return not_bought_within <= since <= bought_within


# --- propose ---------------------------------------------------------------------------------------------


def arrive(c: Any, w: Any, s: Any) -> None:
    """1 A person whose entry day has come makes the first purchase."""
    if c.relation == AWAY and c.first_purchase_day < w.today.day + 1:
        become_customer(c, w, c.first_purchase_day)
        s.total[NEW_CUSTOMERS] += 1
        s.total[PURCHASES_ORGANIC] += 1
        s.total[REVENUE_ORGANIC] += pay(c, w, 0, SPEND, 0)


def recover(c: Any, w: Any, s: Any) -> None:
    """2 Fatigue and remembered advertisements decay; a message slot given anew is forgotten."""
    if w.today.keep != -1:
        c.done &= w.today.keep
    c.fatigue *= w.segment[c.segment].kept
    if c.exposed > 0:
        for k in range(MEDIA):
            c.ad_memory[k] *= w.channel[ADDRESSED + k].kept


def fall_due(c: Any, w: Any, s: Any) -> None:
    """3 Opt-outs of yesterday take effect."""
    if c.leaving > 0:
        for k in range(ADDRESSED):
            if (c.consent >> k) & 1 == 1 and 0 < c.opt_out_day[k] <= w.today.day:
                c.consent &= ~(1 << k)
                c.leaving -= 1


def propose(c: Any, w: Any, s: Any) -> None:
    """4 Live messages for the person's segment and relation that were not had yet."""
    if c.relation == AWAY or (c.relation >= CUSTOMER and c.last_purchase_day >= w.today.day):
        c.candidates = 0  # not there yet, or arrived in the course of today
    elif c.relation >= CUSTOMER:
        c.candidates = w.segment[c.segment].for_customers & ~c.done
    else:
        c.candidates = w.segment[c.segment].for_prospects & ~c.done


def screen(c: Any, w: Any, s: Any) -> None:
    """5 Strike out what the person may not get: control group, consent, audience."""
    if c.candidates != 0:
        if c.bucket < w.today.control:
            s.total[HELD_OUT] += 1
            c.candidates = 0
        else:
            strike_out(c, w)


@register_jitable
def strike_out(c: Any, w: Any) -> None:
    """Candidates without consent on their channel, or whose audience the person is not in."""
    rest = c.candidates
    slot = 0
    while rest != 0:
        if rest & 1 == 1:
            message = w.message[slot]
            if (c.consent >> message.channel) & 1 == 0 or not fits(
                c, w, message.bought_within, message.not_bought_within
            ):
                c.candidates &= ~(1 << slot)
        rest >>= 1
        slot += 1


def demand(c: Any, w: Any, s: Any) -> None:
    """5 Paid campaigns see how much affinity their audience has: what a budget is divided by."""
    rest = ads_for(c, w)
    j = 0
    while rest != 0:
        if rest & 1 == 1 and fits(c, w, w.ad[j].bought_within, w.ad[j].not_bought_within):
            s.total[DEMAND_AT + j] += int(c.media_affinity[w.ad[j].channel - ADDRESSED] * GRAIN + 0.5)
        rest >>= 1
        j += 1


@register_jitable
def ads_for(c: Any, w: Any) -> int:
    """Paid campaigns for the person's segment and relation, a bit each."""
    if c.relation == AWAY:
        return 0
    if c.relation == PROSPECT:
        return w.segment[c.segment].ads_for_prospects
    return w.segment[c.segment].ads_for_customers


# --- live --------------------------------------------------------------------------------------------------


def arbitrate(c: Any, w: Any, s: Any) -> None:
    """6 Candidates in order of (time, priority) against the rules: sent, deferred or dropped, and why."""
    s.n = 0
    s.sent = 0
    s.clicks = 0
    if c.candidates != 0:
        gather(c, w, s)
        for j in range(s.n):
            decide(c, w, s, j)


@register_jitable
def gather(c: Any, w: Any, s: Any) -> None:
    """Candidates into the scratch, in the order in which they compete."""
    rest = c.candidates
    slot = 0
    while rest != 0:
        if rest & 1 == 1:
            if s.n < CANDIDATES:
                line_up(w, s, slot)
            else:
                s.total[OVERFLOW] += 1
        rest >>= 1
        slot += 1


@register_jitable
def line_up(w: Any, s: Any, slot: int) -> None:
    """Insert a candidate so that the earlier, then the more urgent, then the smaller occurrence stands first."""
    message = w.message[slot]
    j = s.n
    while j > 0:
        other = w.message[s.slot[j - 1]]
        if other.minute < message.minute:
            break
        if other.minute == message.minute:
            if other.priority < message.priority:
                break
            if other.priority == message.priority and other.occurrence <= message.occurrence:
                break
        s.slot[j] = s.slot[j - 1]
        j -= 1
    s.slot[j] = slot
    s.n += 1


@register_jitable
def decide(c: Any, w: Any, s: Any, j: int) -> None:
    """One candidate against quiet hours, the gap and every cap; a sent one enters the contact history."""
    slot = s.slot[j]
    message = w.message[slot]
    s.minute[j] = message.minute
    s.delivered[j] = s.opened[j] = s.clicked[j] = s.bought[j] = s.opted_out[j] = 0
    rule = blocking_rule(c, w, s, message)
    s.rule[j] = rule
    if rule < 0:
        s.decision[j] = SENT
        s.sent += 1
        at = c.contacts % RECENT
        c.recent_minute[at] = message.minute
        c.recent_channel[at] = message.channel
        c.contacts += 1
        c.done |= 1 << slot
        s.total[message.channel * PER_CHANNEL + OUT] += 1
    elif w.today.defer == 1 and message.last == 0:
        s.decision[j] = DEFERRED
        s.total[DEFERRED_AT + rule] += 1
    else:
        s.decision[j] = DROPPED
        c.done |= 1 << slot
        s.total[DROPPED_AT + rule] += 1


@register_jitable
def blocking_rule(c: Any, w: Any, s: Any, message: Any) -> int:
    """The first rule that holds a message back, or -1."""
    if message.quiet == 1:
        return QUIET
    if c.contacts > 0 and message.minute - c.recent_minute[(c.contacts - 1) % RECENT] < w.today.gap:
        return GAP
    for k in range(w.today.caps):
        cap = w.cap[k]
        if (cap.channels >> message.channel) & 1 == 1 and full(c, s, cap, message.minute):
            return k
    return -1


@register_jitable
def full(c: Any, s: Any, cap: Any, minute: int) -> bool:
    """Whether the window of a cap already holds its count of contacts.

    When all remembered contacts lie in the window, older ones may be forgotten: then it counts as full, so that
    no cap is ever exceeded, and the ledger says how often that happened.
    """
    start = cap.start if cap.calendar == 1 else minute - cap.minutes + 1
    counted = 0
    inside = 0
    while inside < min(c.contacts, RECENT):
        i = (c.contacts - 1 - inside) % RECENT
        if c.recent_minute[i] < start:
            break
        inside += 1
        if (cap.channels >> c.recent_channel[i]) & 1 == 1:
            counted += 1
    if counted >= cap.count:
        return True
    if inside == RECENT:
        s.total[RING_FULL] += 1
        return True
    return False


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


def see_ads(c: Any, w: Any, s: Any) -> None:
    """9 Paid media: impressions by plan and affinity, awareness by remembered frequency (Hill), clicks."""
    rest = ads_for(c, w)
    j = 0
    while rest != 0:
        if rest & 1 == 1:
            see_ad(c, w, s, j)
        rest >>= 1
        j += 1


@register_jitable
def see_ad(c: Any, w: Any, s: Any, j: int) -> None:
    """One campaign's impressions on one person today: Poisson around plan x affinity."""
    ad = w.ad[j]
    if ad.plan > 0.0 and fits(c, w, ad.bought_within, ad.not_bought_within):
        k = ad.channel - ADDRESSED
        seen = poisson(ad.plan * c.media_affinity[k], draw(c, w, ad.occurrence, IMPRESSIONS, ad.touch))
        if seen > 0:
            s.total[ad.channel * PER_CHANNEL + OUT] += seen
            c.exposed = 1
            c.ad_memory[k] += seen
            respond_to_ad(c, w, s, ad, seen)


@register_jitable
def respond_to_ad(c: Any, w: Any, s: Any, ad: Any, seen: int) -> None:
    """The unaware may become aware by seeing; anybody may click."""
    channel = w.channel[ad.channel]
    u_aware, u_click = draw_pair(c, w, ad.occurrence, AD_RESPONSE, ad.touch)
    effect = hill(c.ad_memory[ad.channel - ADDRESSED], channel.hill_half, channel.hill_slope)
    if c.relation == PROSPECT and c.stage == UNAWARE and u_aware < channel.awareness * effect * ad.strength:
        s.total[ad.channel * PER_CHANNEL + MOVED] += 1
        move_up(c, w)
    chance = at_least(float(seen), min(0.5, channel.click_rate * ad.strength))
    if u_click < chance:
        click(s, ad.channel, ad.occurrence, AD_CONVERT, ad.touch, ad.strength, w.today.day + 0.5, -1)


def search_and_visit(c: Any, w: Any, s: Any) -> None:
    """9 Queries and direct visits: clocks whose speed depends on the stage; no draw on a quiet day."""
    k = w.today.search
    if k >= 0:
        c.query_clock -= w.channel[k].per_day[c.stage]
        if c.query_clock < 0.0:
            search(c, w, s, k)
    k = w.today.web
    if k >= 0 and c.relation == PROSPECT:
        c.visit_clock -= w.channel[k].per_day[c.stage]
        if c.visit_clock < 0.0:
            visit(c, w, s, k)


@register_jitable
def search(c: Any, w: Any, s: Any, k: int) -> None:
    """A query; the advertisement may be shown and clicked. Then the clock is filled again."""
    c.queries += 1
    c.query_clock = draw_clock(c, w, c.queries, QUERY)
    s.total[k * PER_CHANNEL + OUT] += 1
    if draw(c, w, c.queries, QUERY_CLICK, 0) < w.channel[k].click_share:
        click(s, k, c.queries, QUERY_CONVERT, 0, 1.0, w.today.day + 0.5, -1)


@register_jitable
def visit(c: Any, w: Any, s: Any, k: int) -> None:
    """A prospect comes to the site without having been asked."""
    c.visits += 1
    c.visit_clock = draw_clock(c, w, c.visits, VISIT)
    click(s, k, c.visits, VISIT_CONVERT, 0, 1.0, w.today.day + 0.5, -1)


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
    s.total[at + EARNED] += pay(c, w, what, purpose + 1, touch)
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
        s.total[REVENUE_ORGANIC] += pay(c, w, need, SPEND, 0)
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


def forget(c: Any, w: Any, s: Any) -> None:
    """15 A prospect nobody reminds falls back a stage."""
    if c.relation == PROSPECT and c.stage >= AWARE:
        c.forget_clock -= w.segment[c.segment].forget_per_day
        if c.forget_clock < 0.0:
            c.stage -= 1
            restart_forgetting(c, w)


@register_jitable
def restart_forgetting(c: Any, w: Any) -> None:
    """A new clock of forgetting, after every change of stage."""
    c.forgets += 1
    c.forget_clock = draw_clock(c, w, c.forgets, FORGET)


def account(c: Any, w: Any, s: Any) -> None:
    """16 Where everyone stands when the day ends."""
    s.total[STAGE_AT + c.stage] += 1
    if c.relation == AWAY:
        return
    if c.relation == CUSTOMER:
        s.total[CUSTOMERS_NOW] += 1
    if c.relation >= CUSTOMER and w.today.day + 1 - c.last_purchase_day <= w.today.active_days:
        s.total[ACTIVE] += 1
    if c.consent != 0:
        s.total[REACHABLE] += 1
        s.total[FATIGUE] += int(c.fatigue * GRAIN + 0.5)


# --- before the first day ----------------------------------------------------------------------------------


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
