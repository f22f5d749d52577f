"""What is remembered of a customer, what is noted while one lives a day, and how the day's ledger is laid out.

A customer is a record of a NumPy structured array in the compiled driver and a `mesa.Agent` with the same
attribute names in the other. Sizes are fixed, so that every scenario shares one compiled kernel.
"""

from __future__ import annotations

import numpy as np

ADDRESSED = 8
"""Addressed channels a record has room for."""
MEDIA = 12
"""Paid, search and owned channels a record has room for."""
CHANNELS = ADDRESSED + MEDIA
RECENT = 16
"""Recent contacts remembered for caps and gaps."""
CANDIDATES = 32
"""Messages that can compete for one person on one day; more are counted as overflow."""
CLICKS = 32
"""Clicks and visits of one person on one day that can lead to something; more are counted as overflow."""
NOTES = 48
"""Events of one person in one phase of a day that can be noted; more are counted as lost."""
SLOTS = 62
"""Messages that can be live at once: bits of a customer's done-mask."""
ADS = 16
"""Paid campaigns that can run at once."""
SEGMENTS = 62
"""Segments a market can have: bits of a mask."""
CAPS = 8
"""Caps a contact policy can have."""
TALLIES = 15
"""Counts of outcomes that a record has room for."""
ZONES = 8
"""Time zones a market can have."""
CALL_BINS = 64
"""Steps of standing among those who wait for a human channel."""
JOURNEYS = 8
"""Journeys a scenario can have."""
JOURNEY_STEPS = 64
"""Steps of all journeys: messages numbered from SLOTS on."""
AT_ONCE = 4
"""Journeys one person can be in at once."""

TENURE_YEARS = 8
"""Years of a relationship that the ledger keeps apart; the last one holds all later years."""

# relation
AWAY, PROSPECT, CUSTOMER, LOST = range(4)

# stage of the funnel; "lost" closes the list so that everyone is somewhere
STAGES = ("unaware", "aware", "considering", "intent", "customer", "repeat", "advocate", "lost", "away")
UNAWARE, AWARE, CONSIDERING, INTENT, FIRST, REPEAT, ADVOCATE, GONE, NOT_YET = range(9)

# how a relationship ends, by segment (`rules/leaving.py`)
AFTER_NEED, LIFETIME, OPPORTUNITIES, CONTRACT = range(4)
"""BG/NBD: a coin after each need. Pareto/NBD and hazard: a lifetime. BG/BB: a coin at each of the regular
opportunities. sBG: a coin at each anniversary. From OPPORTUNITIES on, time passes in whole periods."""

SWITCHER, LOYAL, COMPETITOR_LOYAL = range(3)
LOYALTIES = 3
NO_ROLE, CANDIDATE, HOLDER = range(3)
"""A person's part in the second role."""
CATEGORIES = 8
"""Product categories a market can have: bits of a mask."""
INVITATION_GRAIN = 1000.0
"""Units per time a prospect is asked by those who refer."""
OPINION_GRAIN = 30_000.0
"""Units per unit of opinion."""
INFLUENCE_GRAIN = 254.0
"""Units per share of ties."""
SENSITIVITY_GRAIN = 40.0
"""Units per unit of price sensitivity."""
DISSATISFACTION_GRAIN = 100.0
"""Units per request that was given up."""
CHANCE_GRAIN = 65_534.0
"""Units per unit of an opportunity's chance."""
MEMORY_GRAIN = 50_000.0
"""Units per remembered exposure."""
MEMORY_MOST = 2_000_000_000
"""Units that can be remembered of one medium: 40,000 exposures."""

WORD_OFFSET = 2**31
UPSELL_GRAIN = 250.0
"""Units per doubling of a purchase."""
GROUP_USER, GROUP_BLOCKER, GROUP_WAITS, GROUP_BOUGHT, GROUP_DECIDES = 1, 2, 4, 8, 16
"""Bits of `group`. A payer who is a prospect has WAITS while too few users are in favor; a user has USER, BLOCKER with
a veto, BOUGHT when the account is or was a customer, DECIDES while its payer has a purchase pending."""

NEVER = -1_000_000_000
"""A minute before all time."""

CUSTOMER_DTYPE = np.dtype(
    [
        # hot: what every person's day reads, one cache line
        ("done", "i8"),  # bit per message slot: got it, or it was dropped
        ("candidates", "i8"),  # bit per message slot: proposed today
        ("fatigue", "f8"),  # before today's contacts
        ("need_clock", "f8"),
        ("rate", "f8"),  # needs (opportunities, anniversaries) a day
        ("query_clock", "f8"),
        ("last_purchase_day", "f8"),
        ("group", "u1"),  # place in an account that buys together: GROUP_USER, ...; 0 for who may buy
        ("journeys", "u1"),  # bit per running journey
        ("segment", "i1"),
        ("relation", "i1"),
        ("stage", "i1"),
        ("consent", "u1"),  # bit per addressed channel
        ("leaving", "i1"),  # channels with an opt-out that falls due
        ("influence", "u1"),  # share of one's ties who had adopted by yesterday, in 1/254
        # warm: what a prospect's day reads and what advertisements touch of everybody, the second line (and two of
        # twelve media in the third)
        ("visit_clock", "f8"),
        ("forget_clock", "f8"),
        ("index", "i4"),  # within the segment: the customer's name in every key
        ("bucket", "i2"),  # 0..9999, stable: control group
        ("ad_day", "i2"),  # as of which ad_memory stands
        ("media_affinity", "f4", (MEDIA,)),
        # contacts: up to the fifth line, all else that a message touches
        ("affinity", "f4", (ADDRESSED,)),
        ("opt_out_day", "i2", (ADDRESSED,)),
        ("unengaged", "u1", (ADDRESSED,)),  # delivered messages since one was opened, up to 255
        ("recent_minute", "i4", (RECENT,)),
        ("recent_channel", "i1", (RECENT,)),  # ADDRESSED: it bounced and does not count
        ("recent_caps", "u1", (RECENT,)),  # bit per cap in which it counts
        ("contacts", "i4"),  # sent so far; the newest stands at (contacts - 1) % RECENT
        ("sensitivity", "f4"),  # 1/patience
        ("link_bucket", "i2"),  # 0..9999, stable: whether identities on all channels are known to be one person's
        ("best_hour", "i1"),  # of the day: when the person is most receptive
        ("refused", "u1"),  # bit per topic the person wants no more messages on
        ("dormant", "u1"),  # bit per addressed channel: nothing is opened there until the next purchase
        ("journeys_due", "u1"),  # bit per running journey with a message today
        ("opinion", "i2"),  # of the brand, in 1/30,000 around the norm 0, on the day it last moved
        ("opinion_day", "i2"),
        ("coupon_until", "i2"),  # last day of the offer that was opened
        ("saved_until", "i2"),  # last day of a smaller hazard of leaving
        ("lead_score", "i2"),  # tenths of a point, as of score_day
        ("score_day", "i2"),
        ("lead_day", "i2"),  # day of becoming a lead + 1; 0 for never
        ("need_chance", "u2"),  # an opportunity brings a need, in 1/65,534; all where each does, 0 under contract
        ("price_sensitivity", "u1"),  # times the market's elasticity, in 1/40
        ("coupon", "u1"),  # percent off the next purchase: an offer that was opened
        # buying, visiting and leaving
        ("dropout", "f8"),  # probability to leave at a need, opportunity or anniversary; with a lifetime: hazard a day
        ("revenue", "i8"),  # so far, in 1/10,000 of the currency
        ("first_purchase_day", "f8"),  # of those who will come by themselves: the day they will
        ("lost_day", "f8"),
        ("life_clock", "f8"),  # hazard left until a prospect adopts, or until a lifetime ends (Pareto/NBD, hazard)
        ("decision_due", "i4"),  # minute + 1 of a purchase that is decided on and not yet made; 0 for none
        ("needs", "i4"),  # ordinal of the latest need
        ("purchases", "i4"),
        ("spend_scale", "f4"),  # 1/nu: a purchase is gamma(p) x spend_scale
        ("visits", "i2"),  # ordinals of the latest visit and change of stage
        ("forgets", "i2"),
        ("queries", "i2"),  # ordinal of the latest query
        ("referred_day", "i2"),  # day of the latest referral + 1; 0 for never
        # paid media
        (
            "ad_memory",
            "i4",
            (MEDIA,),
        ),  # exposures remembered on ad_day, in 1/MEMORY_GRAIN; 0 only for who never saw one
        # journeys: the running ones by their bit, and what is remembered of each of the scenario's
        ("journey_day", "i2", (AT_ONCE,)),  # on which the next step falls due
        ("journey_left", "i2", (JOURNEYS,)),  # day of its end + 1; 0 for never
        ("journey_step", "u1", (AT_ONCE,)),  # the next step: a row of the step table
        ("journey_seen", "u1", (AT_ONCE,)),  # of its last message: 1 opened, 2 clicked
        ("journey_entries", "u1", (JOURNEYS,)),  # the person's n-th time in it: names its luck
        # what led to the decision that is pending
        ("decision_what", "i4"),  # word of the click's keys, less WORD_OFFSET
        ("decision_touch", "i2"),
        ("decision_purpose", "u2"),
        ("dissatisfied_day", "i2"),  # when dissatisfaction with service last changed
        ("decision_channel", "i1"),
        ("decision_slot", "u1"),  # of its message + 1; 0 for none
        ("decision_upsell", "u1"),  # in 1/UPSELL_GRAIN
        ("favoring", "u1"),  # share of the account's users in favor yesterday, in 1/INFLUENCE_GRAIN
        ("dissatisfaction", "u1"),  # on that day, in 1/DISSATISFACTION_GRAIN
        ("decision_crossing", "u1"),  # 1: in a category not had yet
        # goals: what campaigns ask for besides purchases
        ("invited", "u2"),  # how often one's ties have asked since yesterday, in 1/1,000
        ("role_until", "i2"),  # day on which the part in the second role ends
        ("role_turns", "i2"),  # ordinal of the latest change of it
        ("role", "u1"),  # NO_ROLE, CANDIDATE, HOLDER
        ("categories", "u1"),  # bit per product category bought in
        ("loyalty", "u1"),  # 1 + SWITCHER, LOYAL or COMPETITOR_LOYAL once it has moved; 0: as drawn
        ("spare", "u1", (7,)),  # room for more
        ("tallies", "i8"),  # counts of outcomes, four bits each (`rules/tallies.py`)
    ]
)
"""One customer, in whole cache lines. Rules read float32 fields and never compute them."""

CACHE_LINE = 64


def people_array(size: int, dtype: np.dtype = CUSTOMER_DTYPE) -> np.ndarray:
    """Zeroed records that begin at a cache line, so that a quiet day touches one line of each."""
    room = np.zeros(size * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + size * dtype.itemsize].view(dtype)


# --- scratch: what is noted while one customer lives one day -----------------------------------------

SENT, DEFERRED, DROPPED = 1, 2, 3

_PER_CHANNEL = (
    "sent", "delivered", "opened", "clicked", "opted_out", "moved", "purchases", "revenue", "hard_bounced", "filtered",
    "complained", "lapsed", "waiting", "reached", "newly_reached", "new_customers",
)  # fmt: skip
(
    OUT, DELIVERED, OPENED, CLICKED, OPTED_OUT, MOVED, BOUGHT, EARNED, HARD_BOUNCED, FILTERED, COMPLAINED, LAPSED,
    WAITING, REACHED, NEWLY_REACHED, NEW,
) = range(len(_PER_CHANNEL))  # fmt: skip
"""Counters per channel. `sent`: messages, impressions, queries; `clicked`: clicks and visits; `filtered`: delivered,
but not to the inbox; `waiting`: candidates for whom no caller had time; `reached`: persons who saw an impression
today, `newly_reached` those among them who never saw one there before."""

GAP, QUIET, BLACKOUT, SUPPRESSED, SUNSET, TOPIC, HOLDOUT, NO_CONSENT, RESERVED = range(CAPS, CAPS + 9)
TALLY_AT = CAPS + 9
RULES = TALLY_AT + TALLIES
"""Rules by number: the caps in their order, those named above, and those that go by counts of outcomes."""

_PER_JOURNEY = ("entered", "no_room", "completed", "left", "sent", "opened", "clicked", "purchases")
JOURNEY_ENTERED, NO_ROOM, JOURNEY_COMPLETED, JOURNEY_LEFT, STEP_SENT, STEP_OPENED, STEP_CLICKED, STEP_BOUGHT = range(
    len(_PER_JOURNEY)
)
"""Counters per journey. `no_room`: the person was in as many as one may be; `left`: before its last step."""

_SCALARS = (
    "active", "reachable", "fatigue", "new_customers", "lost", "customers", "needs", "purchases_organic",
    "revenue_organic", "opt_outs", "held_out", "overflow", "ring_full", "contacted", "renewals",
    "opted_down", "discounts", "leads",
    "decisions", "decided", "decisions_merged", "decisions_lapsed",
    "referrers", "referred", "role_candidates", "role_holders", "role_taken", "role_dropped", "loyalty_gained",
    "loyalty_lost",
)  # fmt: skip
_PER_CATEGORY = ("purchases", "sales", "cross_sold")
"""Counters per product category. `sales`: money at today's price before offers; `cross_sold`: first purchases in it
that a cross-selling message led to."""

PER_CHANNEL = len(_PER_CHANNEL)
DEFERRED_AT = CHANNELS * PER_CHANNEL
DROPPED_AT = DEFERRED_AT + RULES
STAGE_AT = DROPPED_AT + RULES
DEMAND_AT = STAGE_AT + len(STAGES)
COMPLAINTS_AT = DEMAND_AT + ADS
CALLS_AT = COMPLAINTS_AT + ADDRESSED
JOURNEY_AT = CALLS_AT + ADDRESSED * CALL_BINS
PER_JOURNEY = len(_PER_JOURNEY)
SLOTS_AT = JOURNEY_AT + JOURNEYS * PER_JOURNEY
PER_SLOT = 4
SLOT_DELIVERED, SLOT_OPENED, SLOT_CLICKED, SLOT_EARNED = range(PER_SLOT)
"""Counters per message, journeys' steps included, at SLOTS_AT + slot x PER_SLOT: what can be said of
each campaign."""
SCALAR_AT = SLOTS_AT + (SLOTS + JOURNEY_STEPS) * PER_SLOT
(
    ACTIVE, REACHABLE, FATIGUE, NEW_CUSTOMERS, LOST_NOW, CUSTOMERS_NOW, NEEDS, PURCHASES_ORGANIC,
    REVENUE_ORGANIC, OPT_OUTS, HELD_OUT, OVERFLOW, RING_FULL, CONTACTED, RENEWALS,
    OPTED_DOWN, DISCOUNTS, LEADS,
    DECISIONS, DECIDED, DECISIONS_MERGED, DECISIONS_LAPSED,
    REFERRERS, REFERRED, ROLE_CANDIDATES, ROLE_HOLDERS, ROLE_TAKEN, ROLE_DROPPED,
    LOYALTY_GAINED, LOYALTY_LOST,
) = range(SCALAR_AT, SCALAR_AT + len(_SCALARS))  # fmt: skip
TENURE_AT = SCALAR_AT + len(_SCALARS)
CATEGORY_AT = TENURE_AT + TENURE_YEARS
PER_CATEGORY = len(_PER_CATEGORY)
TOTALS = CATEGORY_AT + CATEGORIES * PER_CATEGORY
"""Length of a day's ledger: int64 counts and fixed-point sums, so that no order of summing can show."""

MONEY = 10_000.0
"""Ledger units per unit of currency."""
SCORE_GRAIN = 10
"""Units of a lead's score per point."""
GRAIN = 65_536.0
"""Ledger units per unit of fatigue or affinity."""
FINE_GRAIN = 1e9
"""Ledger units per expected complaint."""

SCRATCH_DTYPE = np.dtype(
    [
        ("stage", "i8"),  # when the day began to be lived
        ("sight", "i8"),  # how much of one person the firm sees (`rules/caps.py`)
        ("zone", "i8"),  # row of the person's time zone
        ("own_fit", "f8"),  # factor on relevance for this person
        ("impersonal", "i8"),  # 1: no message may be personalized for this person
        ("upsell", "f8"),  # share by which a purchase is larger
        ("crossing", "i8"),  # 1: the purchase is in a category the customer does not have yet
        ("wear_out", "f8"),
        ("opt_out", "f8"),
        ("n", "i8"),  # candidates
        ("sent", "i8"),  # of them sent
        ("slot", "i8", (CANDIDATES,)),
        ("touch", "i8", (CANDIDATES,)),  # k of its draws: for a step of a journey the entry it belongs to
        ("minute", "i8", (CANDIDATES,)),
        ("decision", "i8", (CANDIDATES,)),
        ("rule", "i8", (CANDIDATES,)),
        ("score", "f8", (CANDIDATES,)),
        ("place", "i8", (CANDIDATES,)),  # in the contact history, or -1
        ("delivered", "i8", (CANDIDATES,)),
        ("opened", "i8", (CANDIDATES,)),
        ("clicked", "i8", (CANDIDATES,)),
        ("bought", "i8", (CANDIDATES,)),
        ("opted_out", "i8", (CANDIDATES,)),
        ("complained", "i8", (CANDIDATES,)),
        ("filtered", "i8", (CANDIDATES,)),
        ("u_opt_out", "f8", (CANDIDATES,)),
        ("clicks", "i8"),
        ("click_channel", "i8", (CLICKS,)),
        ("click_what", "i8", (CLICKS,)),
        ("click_purpose", "i8", (CLICKS,)),
        ("click_touch", "i8", (CLICKS,)),
        ("click_strength", "f8", (CLICKS,)),
        ("click_time", "f8", (CLICKS,)),
        ("click_message", "i8", (CLICKS,)),
        # only while a log is kept
        ("was_relation", "i8"),
        ("was_stage", "i8"),
        ("was_consent", "i8"),
        ("was_tired", "f8"),  # fatigue before today's contacts
        ("notes", "i8"),
        ("notes_lost", "i8"),
        ("note_kind", "i8", (NOTES,)),
        ("note_time", "f8", (NOTES,)),
        ("note_channel", "i8", (NOTES,)),
        ("note_what", "i8", (NOTES,)),
        ("note_number", "i8", (NOTES,)),
        ("note_amount", "i8", (NOTES,)),
        ("total", "i8", (TOTALS,)),  # last, so that an extension's counters move no other field
    ]
)


class Scratch:
    """The scratch record as plain Python lists, for the Mesa driver."""

    def __init__(self, dtype: np.dtype = SCRATCH_DTYPE) -> None:
        for name in dtype.names or ():
            field = dtype[name]
            zero = 0.0 if field.base.kind == "f" else 0
            setattr(self, name, [zero] * field.shape[0] if field.shape else zero)


LOG_DTYPE = np.dtype(
    [
        ("day", "i4"),
        ("segment", "i1"),
        ("index", "i4"),
        ("slot", "i2"),
        ("what", "i8"),  # occurrence of the message
        ("minute", "i4"),
        ("decision", "i1"),
        ("rule", "i1"),
        ("delivered", "i1"),
        ("opened", "i1"),
        ("clicked", "i1"),
        ("bought", "i1"),
        ("opted_out", "i1"),
        ("complained", "i1"),
        ("zone", "i1"),  # row of the person's time zone
        ("fatigue", "f4"),  # before today's contacts
    ]
)
"""One message considered for one customer on one day; minute counts from the first simulated midnight."""

EVENTS = (
    "purchase",
    "click",
    "ad_seen",
    "consent_given",
    "consent_withdrawn",
    "became_customer",
    "moved_stage",
    "left",
)
PURCHASE, CLICK, AD_SEEN, CONSENT_GIVEN, CONSENT_WITHDRAWN, BECAME_CUSTOMER, MOVED_STAGE, LEFT = range(len(EVENTS))
"""Kinds of events in a customer's life; append only."""

EVENT_DTYPE = np.dtype(
    [
        ("day", "i4"),
        ("segment", "i1"),
        ("index", "i4"),
        ("kind", "i1"),
        ("channel", "i1"),  # -1: none (an organic purchase)
        ("time", "f8"),  # days since the first simulated midnight
        ("what", "i8"),  # purchase, click, ad_seen: occurrence or ordinal; moved_stage: stage before
        (
            "number",
            "i4",
        ),  # purchase: how many so far; ad_seen: impressions; moved_stage: stage after; else relation before
        ("amount", "i8"),  # purchase: money in ledger units
    ]
)
"""One event in the life of one customer."""


def in_order(rows: np.ndarray) -> np.ndarray:
    """A day's log by (segment, index); one person's rows keep their order."""
    return rows[np.lexsort((rows["index"], rows["segment"]))]


def ledger_names(
    channels: dict[int, str], rules: dict[int, str], journeys: dict[int, str], categories: dict[int, str]
) -> dict[str, int]:
    """Readable column -> position in the totals, for the channels, rules, journeys and categories of a scenario."""
    names = {
        f"{what}_{name}": k * PER_CHANNEL + j for k, name in channels.items() for j, what in enumerate(_PER_CHANNEL)
    }
    names |= {f"deferred_{name}": DEFERRED_AT + k for k, name in rules.items()}
    names |= {f"dropped_{name}": DROPPED_AT + k for k, name in rules.items()}
    names |= {f"stage_{name}": STAGE_AT + k for k, name in enumerate(STAGES)}
    names |= {f"tenure_revenue_{year + 1}": TENURE_AT + year for year in range(TENURE_YEARS)}
    names |= {
        f"journey_{name}_{what}": JOURNEY_AT + k * PER_JOURNEY + j
        for k, name in journeys.items()
        for j, what in enumerate(_PER_JOURNEY)
    }
    names |= {
        f"category_{name}_{what}": CATEGORY_AT + k * PER_CATEGORY + j
        for k, name in categories.items()
        for j, what in enumerate(_PER_CATEGORY)
    }
    return names | {name: SCALAR_AT + k for k, name in enumerate(_SCALARS)}
