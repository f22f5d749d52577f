"""The world as the rules see it: read-only tables, identical in both drivers.

`World` holds NumPy record arrays for the compiled driver; `plain_tables.py` turns it into the same tables as
nested named tuples of Python numbers for Mesa. Which numbers stand in it for one day is
`simkit/customers/market.py`'s business.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from simkit.customers.state import (
    ADDRESSED,
    ADS,
    CAPS,
    CATEGORIES,
    CHANNELS,
    JOURNEY_STEPS,
    JOURNEYS,
    LOYALTIES,
    SEGMENTS,
    SLOTS,
    STAGES,
    TALLIES,
    ZONES,
)

TODAY = np.dtype(
    [
        ("day", "i8"),
        ("minute", "i8"),  # of the day's midnight
        ("key0", "i8"),
        ("key1", "i8"),
        ("keep", "i8"),  # done-mask bits that stay; a slot given to a new message is cleared
        ("caps", "i8"),
        ("gap", "i8"),  # minutes
        ("defer", "i8"),  # 1: a blocked message is tried again while it is live
        ("control", "i8"),  # buckets below this get no addressed message
        ("active_days", "f8"),
        ("noting", "i8"),  # 1: events are noted
        ("only_segment", "i8"),  # whose log is kept; index -1: everybody's
        ("only_index", "i8"),
        ("withholding", "i8"),  # 1: a counterfactual, in which something is kept from customers
        ("by_person", "i8"),  # 1: from a share of persons, 0: a share of contacts
        ("weekday", "i8"),  # Monday is 0
        ("month", "i8"),
        ("price", "f8"),  # of the usual price
        ("won", "i8"),  # 1: the sales team has won prospects, who buy today
        ("adoption", "f8"),  # hazard a day that a prospect becomes a customer by word of mouth
        ("contagion", "f8"),  # what is added to it when all of one's ties have adopted
        ("own_fit", "f8"),  # factor on relevance for persons who are targeted one by one
        ("relevance_odds", "f8"),  # reference relevance / (1 - reference relevance)
        ("linked", "i8"),  # persons whose link bucket is below this are one person on all channels
        ("searches", "i8"),  # search channels
        ("sites", "i8"),  # owned channels
        ("queries_per_day", "f8", (len(STAGES),)),  # by stage, over all search channels
        ("visits_per_day", "f8", (len(STAGES),)),
        ("moving", "i8"),  # 1: today persons join or leave channels whose reach changes
        ("callers", "i8"),  # human channels
        ("journeys", "i8"),  # rows of the journey table in use
        ("at_once", "i8"),  # of them one person may be in
        ("lead_threshold", "i8"),  # tenths of a point; 0: nobody keeps scores
        ("lead_open", "i8"),
        ("lead_click", "i8"),
        ("lead_visit", "i8"),
        ("lead_fading", "f8"),  # log of the share of a score that a day takes
        ("lead_again", "i8"),  # days
        ("lead_everyone", "i8"),  # 1: customers too
        ("elasticity", "f8"),
        ("saving", "f8"),  # log of the hazard of leaving after a click that retains; 0 or less
        ("daily", "i8"),  # 1: some journey starts with a silence, which must be looked for every day
        ("exempt", "i8"),  # bit per slot: messages that no rule of the policy holds back
        ("choosy", "i8"),  # bit per slot: messages that are not for everybody they are proposed to and reach
        ("reachable", "i8", (1 << ADDRESSED,)),  # by a person's consent: bit per slot that may go, itself or elsewhere
        ("plain", "i8"),  # bit per slot: messages that but for the gap nothing holds back before the first cap
        ("can_wait", "i8"),  # bit per slot: of the plain ones those that have another day
        ("gap_from", "i8"),  # a contact from this minute on may be within the gap of a plain one
        ("open_until", "i8"),  # a contact before this minute is not in the first cap's window of any plain one
        ("full_from", "i8"),  # a contact from this minute on is in the window of all of them
        ("one_a_day", "i8"),  # 1: no two plain ones keep the gap today, and they compete in the order of their ranks
        ("media", "i8"),  # paid, search and owned channels in use
        ("blackout", "i8"),  # bits for yesterday's, today's and tomorrow's date: nothing else goes
        ("counts", "i8"),  # what caps and gap count: COUNT_SENT, ...
        ("by_value", "i8"),  # 1: scores are multiplied with the liking of the channel
        ("least", "i8"),  # contacts a person should have at least, in so many minutes
        ("least_minutes", "i8"),
        ("suppress", "i8"),  # condition under which a person gets nothing, or -1
        ("opt_out_lag", "i8"),  # days
        ("sunset", "i8"),  # unopened messages in a row after which a channel is closed to a person, or 256
        ("zones", "i8"),  # rows of the zone table in use; under two, everybody has the firm's clock
        ("offline", "i8"),  # bit per addressed channel that is offline
        ("offline_linked", "f8"),  # share of persons whose offline contacts are known to be theirs
        ("look_ahead", "i8"),  # 1: slots are kept for heavier messages already planned
        ("tallies", "i8"),  # counts of outcomes in use
        ("tally_keep", "i8"),  # their bits that stay; -1 unless a calendar period begins
        ("best_effect", "f8"),  # how much the hour matters
        ("deciding", "i8"),  # 1: in some segment purchases are decided on before they are made
        ("opt_down", "f8"),  # share of those who would opt out that only refuse the topic
        ("coming", "i8"),  # 1: prospects may adopt today by word of mouth or upon a referral
        ("referral", "f8"),  # hazard today that a prospect adopts because customers referred yesterday
        ("invitation", "f8"),  # with a network: the same for being asked once, in 1/INVITATION_GRAIN
        ("categories", "i8"),  # of products; 0: no assortment
        ("category_share", "f8", (CATEGORIES,)),
        ("category_spend", "f8", (CATEGORIES,)),  # over the mean of first purchases
        ("category_keeps", "f8"),
        ("roles", "i8"),  # 1: there is a second role
        ("role_eligible", "f8"),  # share of persons
        ("role_interest", "f8"),
        ("role_take_up", "f8"),
        ("role_forgets", "f8"),  # hazards a day
        ("role_drops", "f8"),
    ]
)
SEGMENT = np.dtype(
    [
        ("space", "i8"),  # crc32 of the name: a word of every key
        ("kept", "f8"),  # share of fatigue left after a day
        ("wear_kind", "i8"),  # 0 exponential, 1 hyperbolic, 2 linear
        ("delta", "f8"),
        ("opt_out", "f8"),
        ("opt_out_growth", "f8"),
        ("churn_growth", "f8"),
        ("organic_share", "f8"),
        ("harm", "f8"),  # share of organic purchases lost today to competitors
        ("price_push", "f8"),  # bP x harm
        ("for_customers", "i8"),  # bit per slot
        ("for_prospects", "i8"),
        ("coming_for_customers", "i8"),  # bit per slot: planned for a later day
        ("coming_for_prospects", "i8"),
        ("asks_profiling", "i8"),  # 1: it matters who consents to profiling
        ("profiling", "f8"),  # share of persons who do
        ("private", "i8"),  # 1: without it nothing is personalized
        ("ads_for_customers", "i8"),  # bit per paid campaign
        ("ads_for_prospects", "i8"),
        ("forget_per_day", "f8"),
        ("advocate_after", "i8"),
        ("spend_row", "i8"),
        ("withheld", "f8"),  # share of what is for the segment
        ("season", "f8"),  # multiplies the rate of needs today
        ("satiation", "f8"),  # share of needs missing right after a purchase
        ("satiation_decay", "f8"),  # a day
        ("demand", "f8"),  # share of needs that the brand alone would meet at its usual price
        ("elasticity", "f8"),  # per unit of a person's sensitivity, 1/SENSITIVITY_GRAIN
        ("loyal", "f8"),  # shares of persons
        ("competitor_loyal", "f8"),
        ("rival", "f8", (LOYALTIES,)),  # what competitors would sell without the brand
        ("take_over", "f8", (LOYALTIES,)),
        ("own_price_push", "f8"),  # bP x (price - 1), per unit of sensitivity
        ("opinion_decay", "f8"),  # a day
        ("opinion_message", "f8"),
        ("opinion_ad", "f8"),
        ("opinion_pull", "f8"),
        ("opinion_keeps", "f8"),  # bV
        ("dissatisfied_push", "f8"),  # bS, per unit of DISSATISFACTION_GRAIN
        ("dissatisfied_decay", "f8"),  # a day
        ("loyalty_gain", "f8"),
        ("loyalty_loss", "f8"),
        ("consent_odds", "f8"),  # the region's factor on the odds of consent
        ("decides", "i8"),  # 1: what sells is decided on first
        ("decision_days", "f8"),  # mean
        ("decision_fixed", "i8"),  # 1: everybody takes as long
        ("budget_open", "i8"),  # 1: what is decided can be paid today
        ("grouped", "i8"),  # 1: persons form accounts
        ("process", "i8"),  # how a relationship ends: AFTER_NEED, LIFETIME, OPPORTUNITIES or CONTRACT
    ]
)
CHANNEL = np.dtype(
    [
        ("tag", "i8"),  # low 16 bits of crc32 of the name: its draws are its own wherever it stands in the list
        ("kind", "i8"),
        ("open_rate", "f8"),
        ("click_given_open", "f8"),
        ("bounce", "f8"),
        ("fatigue_weight", "f8"),
        ("opt_out_factor", "f8"),
        ("purchase_days", "f8"),
        ("moves", "f8", (4,)),
        ("per_day", "f8", (len(STAGES),)),  # queries or visits a day by stage
        ("queries_per_visit", "f8"),
        ("click_share", "f8"),  # share of queries that end in a click today
        ("click_rate", "f8"),
        ("awareness", "f8"),
        ("hill_half", "f8"),
        ("hill_slope", "f8"),
        ("ad_decay", "f8"),  # rate a day at which remembered exposures fade
        ("consent_customers", "f8"),
        ("consent_prospects", "f8"),
        ("withheld", "f8"),
        ("moving", "i8"),  # 1: consent or audience is another one from today on
        ("was_customers", "f8"),  # consent until yesterday
        ("was_prospects", "f8"),
        ("audience", "f8"),  # share of persons who use a paid medium
        ("placement", "f8"),  # share of delivered messages that reach the inbox today
        ("address_loss", "f8"),  # hazard a day
        ("lapse", "f8"),
        ("complaint_share", "f8"),
        ("calls", "i8"),  # 1: a human channel
        ("admit", "f8"),  # standing from which on people are called today
    ]
)
MESSAGE = np.dtype(
    [
        ("occurrence", "i8"),
        ("channel", "i8"),
        ("priority", "i8"),
        ("minute", "i8"),  # when it would go today, or on its first day
        ("midnight", "i8"),  # of that day
        ("caps", "i8"),  # bit per cap that holds it back
        ("counts", "i8"),  # bit per cap in which it counts
        ("exempt", "i8"),  # 1: no rule holds it back
        ("best", "i8"),  # 1: it goes at the person's best hour
        ("score", "f8"),  # the higher goes first
        ("rank", "i8"),  # place in today's order of messages
        ("weight", "f8"),
        ("tallies", "i8"),  # bit per count of outcomes it is in, for who is one person to the firm
        ("tallies_side", "i8"),  # for whom online and offline are apart
        ("tallies_apart", "i8"),  # for whom each channel is a person of its own
        ("impersonal", "f8"),  # factor on strength where nothing may be personalized
        ("fallback", "i8"),  # slot of the same on another channel, or -1
        ("topic", "i8"),  # or -1
        ("campaign", "i8"),  # crc32 of its name: names the holdout
        ("holdout", "f8"),  # share of persons who never get the campaign
        ("quiet", "i8"),  # 1: quiet hours hold it back today
        ("last", "i8"),  # 1: today is its last day
        ("bought_within", "f8"),  # days
        ("not_bought_within", "f8"),
        ("condition", "i8"),  # whom it is for besides, or -1
        ("strength", "f8"),  # relevance / reference relevance
        ("dislike", "f8"),  # (1 - relevance) / (1 - reference relevance)
        ("withheld", "f8"),
        ("starts", "i8"),  # bit per journey that a click on it starts
        ("discount", "i8"),  # percent
        ("valid_days", "i8"),
        ("upsell", "f8"),  # share by which a purchase that follows a click is larger
        ("saves", "i8"),  # days of a smaller hazard of leaving that a click brings
        ("asks", "i8"),  # what it asks for: ASKS_TO_BUY, ...
    ]
)
AD = np.dtype(
    [
        ("occurrence", "i8"),
        ("channel", "i8"),
        ("touch", "i8"),  # days since it went live
        ("bought_within", "f8"),
        ("not_bought_within", "f8"),
        ("condition", "i8"),
        ("strength", "f8"),
        ("plan", "f8"),  # impressions today per unit of affinity
        ("withheld", "f8"),
    ]
)
CAP = np.dtype(
    [
        ("count", "i8"),
        ("minutes", "i8"),  # length of a rolling window
        ("calendar", "i8"),  # 1: the window began at `start`
        ("start", "i8"),
        ("before", "i8"),  # beginning of the calendar window before
        ("next", "i8"),  # and of the next one
        ("condition", "i8"),  # for whom it holds, or -1
    ]
)
ZONE = np.dtype(
    [
        ("below", "f8", (SEGMENTS,)),  # share of a segment's persons in this zone and those before it
        ("ahead", "i8"),  # minutes ahead of the firm's clock
        ("calendar", "i8"),  # the same where the policy's dates are the person's; else 0
        ("best_minute", "i8", (24,)),  # of the firm's day: when a message goes to whom has this best hour
        ("minute", "i8", (SLOTS + JOURNEY_STEPS,)),  # of the firm's day: when a message goes
        ("quiet", "i8", (SLOTS + JOURNEY_STEPS,)),  # 1: quiet hours hold it back today
    ]
)
TALLY = np.dtype(
    [
        ("outcome", "i8"),  # TALLY_SENT, ...
        ("limit", "i8"),
        ("rule", "i8"),  # under which what it holds back is counted
        ("final", "i8"),  # 1: it never begins anew
    ]
)
TALLY_SENT, TALLY_UNOPENED, TALLY_BOUNCED, TALLY_OPENED, TALLY_CLICKED, TALLY_PURCHASES, TALLY_COMPLAINTS = range(7)
"""What a tally counts."""

COUNT_SENT, COUNT_DELIVERED, COUNT_ATTEMPTED = range(3)
"""What counts as a contact."""

ASKS_TO_BUY, ASKS_TO_CROSS, ASKS_TO_REFER, ASKS_FOR_ROLE = range(4)
"""What a message asks of a customer."""

STEPS = 24
"""Steps a condition may have."""
CONDITIONS = 32
"""Different conditions a scenario may have."""
LESS, AT_MOST, MORE, AT_LEAST, EQUAL, UNEQUAL, AND, OR, NOT = range(9)
"""Operators of a condition's steps."""
CONDITION_FIELDS = (
    "fatigue", "days_since_purchase", "days_since_contact", "tenure_days", "purchases", "revenue", "stage", "relation",
    "segment", "consent", "linked", "weekday", "month", "role", "favoring", "deciding", "second_role", "categories",
    "categories_left",
)  # fmt: skip
"""What a condition's step compares, by number; `rules/conditions.py` reads each."""
CONDITION = np.dtype(
    [
        ("steps", "i8"),
        ("operator", "i8", (STEPS,)),
        ("field", "i8", (STEPS,)),
        ("value", "f8", (STEPS,)),
    ]
)
"""A condition in postfix order: comparisons push true or false, AND and OR take two, NOT takes one."""
ON_FIRST_PURCHASE, ON_PURCHASE, ON_VISIT, ON_CLICK, ON_STAGE, ON_LAPSE, ON_LEAD = range(1, 8)
"""Occasions that start a journey."""
IF_ALWAYS, IF_OPENED, IF_NOT_OPENED, IF_CLICKED, IF_NOT_CLICKED, IF_ATTENDED, IF_MISSED = range(7)
"""Conditions of a step."""

JOURNEY = np.dtype(
    [
        ("occurrence", "i8"),  # crc32 of its name: a word of its keys
        ("trigger", "i8"),
        ("stage", "i8"),  # of the funnel, for a journey that starts when it is reached
        ("lapsed", "f8"),  # days without a purchase
        ("segments", "i8"),  # bit per segment
        ("channels", "i8"),  # bit per channel of its steps
        ("first", "i8"),  # row of its first step
        ("condition", "i8"),  # who may enter besides, or -1
        ("share", "f8"),  # of occasions that lead into it
        ("attendance", "f8"),
        ("again", "f8"),  # days from its end to the next entry
        ("from_day", "i8"),
        ("exit_purchase", "i8"),
        ("exit_opt_out", "i8"),
    ]
)
STEP = np.dtype(
    [
        ("journey", "i8"),
        ("after", "i8"),  # days
        ("only_if", "i8"),
        ("condition", "i8"),  # besides, or -1
        ("then", "i8"),  # row of the next step, or -1
        ("otherwise", "i8"),
        ("wait", "i8"),  # days on which it is tried
        ("leave", "i8"),  # 1: a blocked message ends the journey
        ("closed", "i8"),  # 1: there is no money for its channel today
    ]
)

NODES = 2049
LOGIT_END = 40.0
"""Quantile tables cover logit(u) in [-40, 40]: every u a draw can give, both tails included."""


SPEND_ROWS = 8
"""Different shapes of spending that a market may have."""

WORLD_DTYPE = np.dtype(
    [
        ("today", TODAY),
        ("segment", SEGMENT, (SEGMENTS,)),
        ("channel", CHANNEL, (CHANNELS,)),
        ("message", MESSAGE, (SLOTS + JOURNEY_STEPS,)),  # launches by slot, then the steps of journeys
        ("ad", AD, (ADS,)),
        ("cap", CAP, (CAPS,)),
        ("zone", ZONE, (ZONES,)),
        ("tally", TALLY, (TALLIES,)),
        ("condition", CONDITION, (CONDITIONS,)),
        ("journey", JOURNEY, (JOURNEYS,)),
        ("step", STEP, (JOURNEY_STEPS,)),
        ("spend", "f8", (SPEND_ROWS, NODES)),  # log of the unit-scale gamma quantile at equal steps of logit(u)
    ]
)


class World(NamedTuple):
    """All a rule may read besides the customer: one row per thing in each table, fields as in its dtype."""

    today: Any
    segment: Any
    channel: Any
    message: Any
    ad: Any
    cap: Any
    zone: Any
    tally: Any
    condition: Any
    journey: Any
    step: Any
    spend: Any


def blank_world(dtype: np.dtype = WORLD_DTYPE) -> tuple[np.ndarray, World]:
    """The tables, empty: as the one record that compiled rules get, and as views to fill it by."""
    array = np.zeros(1, dtype)
    return array, World(*(array[name][0] for name in World._fields))


@lru_cache(maxsize=SPEND_ROWS)
def gamma_table(shape: float) -> np.ndarray:
    """Log quantiles of a gamma(shape, scale 1) at NODES equal steps of logit(u), tails by their own inverses.

    Alternatives and replications share it; it is not to be changed.
    """
    from scipy.special import expit, gammainccinv, gammaincinv, gammaln

    logit = np.linspace(-LOGIT_END, LOGIT_END, NODES)
    with np.errstate(divide="ignore"):
        low = np.log(gammaincinv(shape, expit(np.minimum(logit, 0))))
    # below the smallest float the leading term of the series is exact: u = x^shape / Gamma(shape + 1)
    series = (np.minimum(logit, 0) + gammaln(shape + 1)) / shape
    low = np.where(np.isfinite(low) & (low > -300), low, series)
    high = np.log(gammainccinv(shape, expit(-np.maximum(logit, 0))))
    table = np.where(logit < 0, low, high)
    table.flags.writeable = False
    return table
