"""Channels: budgets, reach, searches, visits, calls, delivery and trends do what their equations say."""

import math
from datetime import date

import numpy as np
import pytest
from markets import column, live, newborn, quiet_market

from simkit.customers.callers import Callers
from simkit.customers.compiled import CompiledMarket
from simkit.customers.market import MarketTables
from simkit.customers.mesa_market import MarketModel
from simkit.customers.reputation import Standing
from simkit.customers.rules import laws
from simkit.customers.state import CALL_BINS, CALLS_AT, MEMORY_GRAIN, OUT, PER_CHANNEL, TOTALS
from simkit.scenario.attention import Attention
from simkit.scenario.channel_presets import KINDS, PRESETS
from simkit.scenario.channels import Flighting, Reputation, Search, preset
from simkit.scenario.schema import Scenario

FREE = {"at_most": [], "gap": 0, "quiet": None}


def market_of(channels, *, people=None, **changes):
    """A compiled market without campaigns of its own."""
    given = {"campaigns": {}, "occasions": {}, "monitors": {}, "horizon": 400, "warmup": 0, **changes}
    scenario = Scenario(channels=channels, **given)
    return CompiledMarket(scenario, 0, people=newborn(scenario) if people == "newborn" else None)


def every_day(campaign, days=10_000):
    """A launch of this campaign a day."""
    return lambda tables, day: day < days and tables.launch(f"{campaign}-{day}", campaign, None, 0.5, day)


def once(campaign):
    """One launch on day 0."""
    return every_day(campaign, 1)


# --- presets ---------------------------------------------------------------------------------------------


def test_all_shipped_channels_live_together_and_drivers_agree():
    """Seven addressed, five paid, search and four owned channels: one kernel, the same bits in both drivers."""
    assert len(PRESETS) == len(KINDS) == 17
    changes = {
        "email": {
            "address_loss_per_year": 0.3,
            "lapse": 0.01,
            "complaint_share": 0.9,
            "trend": {"reach_per_year": -0.5},
        },
        "whatsapp": {"trend": {"reach_per_year": 3.0}},
        "tv": {"trend": {"reach_per_year": -0.6}},
        "phone": {"capacity_per_day": 4},
        "sms": {"complaint_share": 0.05, "reputation": {"complaints_good": 0, "complaints_bad": 1e-9}},
    }
    sent = [name for name, kind in KINDS.items() if kind == "addressed"]
    shown = [name for name, kind in KINDS.items() if kind == "paid"]
    scenario = Scenario(
        market={"customers": 250, "prospects": 0.5, "represents": 50, "attention": {"growth_per_year": 0.5}},
        channels={name: changes.get(name, {}) for name in PRESETS}, horizon=90, warmup=0, occasions={}, monitors={},
        campaigns={"a": {"channels": sent[:4], "audience": "everyone"}, "b": {"channels": sent[4:], "audience": "everyone"},
                   "c": {"channels": shown, "audience": "everyone"}},
        contact_policy={"at_most": ["2 per calendar day"], "gap": 0},
    )  # fmt: skip

    def plan(tables, day):
        for name in "abc"[: 3 if day % 9 == 0 else 2]:
            tables.launch(f"{name}-{day}", name, None, 0.5, day)

    fast, slow = CompiledMarket(scenario, 0), MarketModel(scenario=scenario)
    totals = live(fast, 60, plan)
    assert np.array_equal(totals, live(slow, 60, plan))
    assert np.array_equal(fast.customers(), slow.customers())
    for name in PRESETS:
        assert column(fast, totals, f"sent_{name}").sum() + column(fast, totals, f"clicked_{name}").sum() > 0
    for what in (
        "hard_bounced_email",
        "lapsed_email",
        "filtered_sms",
        "waiting_phone",
        "reached_tv",
        "complained_email",
    ):
        assert column(fast, totals, what).sum() > 0, what


# --- paid and broadcast ----------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [0.0, 0.5, 2.0, 6.0, 40.0])
@pytest.mark.parametrize(("half", "slope"), [(4.0, 1.5), (6.0, 1.0), (2.0, 3.0)])
def test_hill_is_the_one_of_amss(x, half, slope):
    """AMSS `HillTrans`: 1 / (1 + (x / ec)^-slope), 0 at 0."""
    expected = 0.0 if x == 0 else 1 / (1 + (x / half) ** -slope)
    assert laws.hill(x, half, slope) == pytest.approx(expected, rel=1e-12)


def tv(**changes):
    return {"tv": {"budget_per_week": 7000, "cost_per_thousand": 1000, "audience": 1, **changes}}


PROSPECTS = {"spot": {"channels": ["tv"], "audience": "prospects", "flight_days": 365}}


@pytest.mark.parametrize("audience", [1.0, 0.6])
def test_reach_is_that_of_balls_in_urns(audience):
    """AMSS: n impressions over an audience of N reach N (1 - (1 - 1/N)^n) persons, within 3 standard errors."""
    persons = 5000
    market = market_of(tv(audience=audience, budget_per_week=21_000), campaigns=PROSPECTS,
                       market={"customers": persons, "prospects": 1, "affinity_spread": 0})  # fmt: skip
    totals = live(market, 3, once("spot"))
    urns = (market.customers()["media_affinity"][:, 0] > 0).sum()
    assert urns == pytest.approx(audience * persons, abs=4 * math.sqrt(persons) / 2)
    balls = column(market, totals, "sent_tv")
    for day in range(3):
        assert balls[day] == pytest.approx(3000, abs=4 * math.sqrt(3000))
        reached = urns * (1 - (1 - 1 / urns) ** balls[day])
        assert column(market, totals, "reached_tv")[day] == pytest.approx(reached, abs=3 * math.sqrt(urns) / 2)
    ever = urns * (1 - (1 - 1 / urns) ** balls.sum())
    assert column(market, totals, "newly_reached_tv").sum() == pytest.approx(ever, abs=3 * math.sqrt(urns) / 2)


def test_unequal_viewers_are_reached_less():
    """At the same mean frequency, people who differ in their viewing are fewer: E[1 - exp(-plan x liking)]."""
    reached = []
    for spread in (0.0, 1.0):
        market = market_of(tv(budget_per_week=70_000), campaigns=PROSPECTS,
                           market={"customers": 5000, "prospects": 1, "affinity_spread": spread})  # fmt: skip
        totals = live(market, 1, once("spot"))
        reached.append(int(column(market, totals, "reached_tv").sum()))
    liking = market.customers()["media_affinity"][:, 0].astype(float)
    expected = (1 - np.exp(-10_000 / liking.sum() * liking)).sum()
    assert reached[1] == pytest.approx(expected, abs=3 * math.sqrt(5000) / 2)
    assert reached[1] < 0.9 * reached[0]


def test_remembered_exposures_fade_with_their_half_life():
    """Adstock: a steady plan settles at plan / (1 - kept), and what it left behind halves every half-life."""
    market = market_of(tv(memory_half_life_days=5, budget_per_week=35_000), market={"customers": 5000, "prospects": 1},
                       campaigns={"spot": {**PROSPECTS["spot"], "flight_days": 60},
                                  "again": {**PROSPECTS["spot"], "flight_days": 1}})  # fmt: skip
    live(market, 60, once("spot"))
    settled = remembered(market, 59)
    assert settled.mean() == pytest.approx(1 / (1 - 0.5 ** (1 / 5)), rel=0.03)
    live(market, 4)
    totals = live(market, 1, lambda tables, _: tables.launch("again", "again", None, 0.5, 64))
    shown = column(market, totals, "sent_tv").sum() / 5000
    assert (market.customers()["ad_day"] == 64).mean() > 0.5
    # fixed point: a unit of 1/50,000 for each time that it is rounded
    assert remembered(market, 64).mean() == pytest.approx(settled.mean() / 2 + shown, rel=1e-5)


def remembered(market, day, half_life=5):
    """Exposures everyone remembers on a day: they are kept as of `ad_day`."""
    people = market.customers()
    return people["ad_memory"][:, 0] / MEMORY_GRAIN * 0.5 ** ((day - people["ad_day"]) / half_life)


def test_awareness_follows_the_hill_of_memory():
    """Unaware persons with one impression a day at equal memory become aware at awareness x hill(memory)."""
    half, awareness = 3.0, 0.5
    market = market_of(
        tv(hill_half=half, hill_slope=2, awareness=awareness, click_rate=0, budget_per_week=350_000), campaigns=PROSPECTS,
        market={"customers": 5000, "prospects": 1, "affinity_spread": 0, "funnel": {"start": {"unaware": 1.0}}},
    )  # fmt: skip
    totals = live(market, 1, once("spot"))
    memory = (
        market.customers()["ad_memory"][:, 0] / MEMORY_GRAIN
    )  # on the first day: today's impressions, ten on average
    expected = (awareness * np.array([laws.hill(x, half, 2.0) for x in memory])).sum()
    assert column(market, totals, "moved_tv").sum() == pytest.approx(expected, abs=3 * math.sqrt(5000) / 2)


@pytest.mark.parametrize(
    "flighting",
    [{"weekdays": {"sat": 3, "sun": 0}}, {"weeks_on": 1, "weeks_off": 3}, {"weeks_on": 2, "weeks_off": 2, "weekdays": {"mon": 5}}],
)  # fmt: skip
def test_flighting_moves_money_and_keeps_the_budget(flighting):
    """Over whole cycles weekday weights and pulses spend the weekly budget on average; the impressions follow."""
    market = market_of(tv(flighting=flighting), campaigns={"spot": {**PROSPECTS["spot"], "flight_days": 28}},
                       market={"customers": 5000, "prospects": 1})  # fmt: skip
    spent, seen = [], []
    market.tables.launch("spot-0", "spot", None, 0.5, 0)
    for _ in range(28):
        totals = market.live_day()
        spent.append(market.tables.media_cost(totals)["tv"])
        seen.append(totals[market.tables.columns["sent_tv"]])
    assert sum(spent) == pytest.approx(4 * 7000)
    assert all((n > 0) == (money > 0) for n, money in zip(seen, spent, strict=True))
    assert seen == pytest.approx(spent, abs=4 * math.sqrt(max(spent)))


def test_flighting_by_date_and_weekday():
    """Saturday three times a day's share, nothing outside of the window."""
    plan = Flighting(weekdays={"sat": 3}, dates=({"first": "2026-03-02", "last": "2026-03-08"},))
    assert plan.factor(date(2026, 3, 7), 62) == pytest.approx(3 * 7 / 9)
    assert plan.factor(date(2026, 3, 9), 64) == 0


# --- search and owned ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bid", "voice", "price"), [(None, 1, 1.2), (0.2, 0, 0.3), (1.4, 0.5, 1.4), (9, 1, 2.5)])
def test_a_bid_buys_share_of_voice(bid, voice, price):
    """AMSS: shown on (bid - lowest) / (highest - lowest) of matching queries; the click costs the bid, within bounds."""
    search = Search(**{**preset("search"), "bid": bid})
    assert search.share_of_voice == pytest.approx(voice)
    assert search.price == pytest.approx(price)


def test_half_the_voice_half_the_clicks():
    """Clicks follow the bid, and money follows clicks x price."""
    clicks = []
    for bid in (None, 1.4):
        market = market_of(
            {"search": {"bid": bid, "budget_per_week": 1e9, "click_through": 0.5}},
            market={"customers": 5000, "prospects": 1},
        )
        totals = live(market, 200)
        clicks.append(column(market, totals, "clicked_search").sum() / column(market, totals, "sent_search").sum())
    assert clicks == pytest.approx([0.3, 0.15], rel=0.1)


def test_several_owned_channels_share_one_clock():
    """Visits of each owned channel come at its own rate by stage; upkeep and visits cost what they say."""
    channels = {name: {"visits_per_week": {"unaware": rate}, "moves": dict.fromkeys(("unaware", "aware", "considering", "intent"), 0)}
                for name, rate in (("web", 0.2), ("content", 0.5), ("store", 0.1))}  # fmt: skip
    market = market_of(
        channels, market={"customers": 4000, "prospects": 1, "represents": 10, "funnel": {"start": {"unaware": 1}}}
    )
    totals = live(market, 70)
    for name, rate in (("web", 0.2), ("content", 0.5), ("store", 0.1)):
        expected = 4000 * 10 * rate
        assert column(market, totals, f"clicked_{name}").sum() == pytest.approx(expected, abs=4 * math.sqrt(expected))
    visits = column(market, totals, "clicked_content")[-1]
    assert market.tables.media_cost(totals[-1])["content"] == pytest.approx(visits * 10 * 0.002 + 2000 / 7)


def test_personalization_helps_every_click_that_lands_on_the_site():
    """10 % personalization and 5 % recommendations multiply moves and purchases of a click by 1.155, not in the store."""
    site = {"personalization": 0.10, "recommendations": "5%"}
    rows = MarketTables(
        Scenario(channels={"email": {}, "web": site, "store": {}}, campaigns={}, occasions={}, monitors={}), 0
    )
    channel, at = rows.world.channel, rows.channel_at
    assert channel[at["email"]]["purchase_days"] == pytest.approx(30 * 1.155)
    assert channel[at["web"]]["moves"] == pytest.approx(np.array([0.4, 0.2, 0.12, 0.06]) * 1.155)
    assert channel[at["store"]]["moves"] == pytest.approx([0.4, 0.3, 0.2, 0.2])


# --- calls -----------------------------------------------------------------------------------------------


def calling(capacity, **policy):
    return market_of(
        {"phone": {"capacity_per_day": capacity, "consent_customers": 1, "bounce": 0, "opt_out_factor": 0, "fatigue_weight": 0}},
        market=quiet_market(3000, history_days=300), campaigns={"call": {"channels": ["phone"], "live_days": 20}},
        contact_policy={**FREE, **policy},
    )  # fmt: skip


@pytest.mark.parametrize("policy", [{}, {"at_most": ["1 per rolling week"]}])
def test_callers_are_busy_and_never_call_more_than_they_can(policy):
    """Calls add up to the capacity in the long run, a policy that holds people back or not, and never to more."""
    market = calling(25, **policy)
    calls = column(market, live(market, 120, lambda t, d: d % 20 == 0 and every_day("call")(t, d)), "sent_phone")
    assert calls.sum() <= 120 * 25 + 4 * math.sqrt(25)
    assert calls.sum() >= 0.93 * 120 * 25


def test_the_best_are_called_first():
    """Whoever is called on the first day stands no lower, in what the firm sees, than who waits."""
    market = calling(100)
    before = market.customers()
    live(market, 1, once("call"))
    called = market.customers()["contacts"] > 0
    here = before["relation"] == 2
    recent = before["purchases"] / (1 + np.maximum(0, -before["last_purchase_day"]) / 180)
    step = np.floor(recent / (1 + recent) * 16)
    assert 70 < called.sum() < 130
    assert step[called & here].min() >= step[~called & here].max()


def test_a_threshold_fills_the_day():
    """Two in the top step and forty below, time for twelve: the top, and a quarter of those below."""
    row, totals = {}, np.zeros(TOTALS, np.int64)
    totals[CALLS_AT + CALL_BINS - 1], totals[CALLS_AT + CALL_BINS - 2] = 2, 40
    callers = Callers(12, 0, row)
    callers.open(totals)
    assert row["admit"] == pytest.approx((CALL_BINS - 1 - 0.25) / CALL_BINS)
    totals[OUT] = 20
    callers.note(totals)
    assert callers.owed == 8
    callers.open(np.zeros(TOTALS, np.int64))
    assert row["admit"] == 0, "with nobody waiting everybody may come"


# --- delivery --------------------------------------------------------------------------------------------


def mailing(channel, days=100, **changes):
    given = {"consent_customers": 1, "bounce": 0, "opt_out_factor": 0, "fatigue_weight": 0, **channel}
    market = market_of({"email": given}, people="newborn", market=quiet_market(4000, **changes.pop("market", {})),
                       campaigns={"daily": {"live_days": 1}}, contact_policy=FREE, **changes)  # fmt: skip
    return market, live(market, days, every_day("daily"))


def test_addresses_die_with_time_and_bounce_once():
    """20 % a year die whatever is sent; the first message after that bounces, and none follows."""
    market, totals = mailing({"address_loss_per_year": 0.2}, days=366)
    dead = column(market, totals, "hard_bounced_email").sum() / 4000
    assert dead == pytest.approx(0.2, abs=3 * math.sqrt(0.16 / 4000))
    assert (market.customers()["consent"] == 0).mean() == pytest.approx(dead, abs=0.002)


def test_dormant_people_open_nothing_until_they_buy():
    """With lapse 2 % a message, no purchases: the share who open falls as .98^n; a purchase wakes."""
    lapsing = {"lapse": 0.02, "open_rate": 1.0, "click_given_open": 0}
    market, totals = mailing(lapsing, days=80, market={"organic_share": 0})
    awake = column(market, totals, "opened_email") / np.maximum(1, column(market, totals, "delivered_email"))
    assert awake[41] == pytest.approx(0.98**40, abs=0.03)
    market, totals = mailing(lapsing, days=80, market={"organic_share": 1})
    people = market.customers()
    lately = people["last_purchase_day"] > 70
    assert (people["dormant"][lately] > 0).mean() < 0.25 < (people["dormant"][~lately] > 0).mean()
    woken = people["unengaged"][(people["dormant"] == 0) & (people["last_purchase_day"] < 79), 0]
    assert woken.max() == 0, "who is awake here opened the latest message"


def test_complaints_are_a_share_of_opt_outs_and_cost_placement():
    """15 % of those who leave complain: .45 % of what is placed. Mail beside the inbox annoys nobody, so placement p
    settles where p = .2 + .8 (.003 - .0045 p) / (.003 - .001), which is one half."""
    market, totals = mailing({"opt_out_factor": 30, "open_rate": 1.0, "complaint_share": 0.15}, days=12)
    left, complained = (column(market, totals, f"{what}_email").sum() for what in ("opted_out", "complained"))
    assert complained / left == pytest.approx(0.15, abs=3 * math.sqrt(0.15 * 0.85 / left))
    placed = 1 - column(market, totals, "filtered_email") / np.maximum(1, column(market, totals, "delivered_email"))
    assert placed[1] == 1, "yesterday's complaints count from tomorrow on"
    assert placed[5:].mean() == pytest.approx(0.5, abs=0.03)
    assert (
        column(market, totals, "opened_email")
        == column(market, totals, "delivered_email") - column(market, totals, "filtered_email")
    ).all()


@pytest.mark.parametrize(
    ("complaints", "bounces", "opened", "expected"),
    [(0.0009, 0.01, 0.2, 1.0), (0.002, 0, 0.2, 0.6), (0.004, 0, 0.2, 0.2), (0, 0.06, 0.2, 0.6), (0, 0, 0.025, 0.6),
     (0.002, 0.06, 0.2, 0.4)],
)  # fmt: skip
def test_placement_is_the_product_of_its_ramps(complaints, bounces, opened, expected):
    """1 at the published targets, `worst` at the limits, straight in between, multiplied."""
    standing = Standing(Reputation(), 0, {})
    standing.sent = standing.delivered = standing.placed = 1000.0
    standing.complaints, standing.bounces, standing.opened = 1000 * complaints, 1000 * bounces, 1000 * opened
    assert standing.placement() == pytest.approx(expected)


def test_the_reference_inbox_changes_nothing_and_a_fuller_one_does():
    """At 75 messages a day the published open rate holds; at 150 with room for 25 it is 100/175 of that."""
    assert Attention().noticed(3.0) == 1
    assert Attention(growth_per_year=1.0).noticed(1.0) == pytest.approx(100 / 175)
    assert Attention(growth_per_year=1.0).noticed(-0.2) == 1, "the warm-up is like the first day"


# --- trends ----------------------------------------------------------------------------------------------


def test_a_channel_is_adopted_and_another_dies():
    """Consent follows its trend: whoever has it after a year would have had it in a channel of that reach from the start."""
    market = market_of(
        {"whatsapp": {"consent_customers": 0.2, "trend": {"reach_per_year": 1.0}},
         "direct_mail": {"consent_customers": 0.8, "trend": {"reach_per_year": -0.5, "cost_per_year": 0.1}}},
        people="newborn", market=quiet_market(4000), horizon=365,
    )  # fmt: skip
    live(market, 365)
    years = 364 // 28 * 28 / 365
    consent = market.customers()["consent"]
    for bit, share in ((0, 0.2 * 2**years), (1, 0.8 * 0.5**years)):
        assert ((consent >> bit) & 1).mean() == pytest.approx(share, abs=3 * math.sqrt(share * (1 - share) / 4000))
    sent = np.zeros(TOTALS, np.int64)
    sent[PER_CHANNEL + OUT] = 100
    assert market.tables.media_cost(sent)["direct_mail"] == pytest.approx(100 * 0.65 * 1.1 ** (364 / 365))


def test_response_follows_its_trend():
    """Opening falls by half a year: after a year half as many open."""
    market, totals = mailing(
        {"trend": {"response_per_year": -0.5}, "open_rate": 0.8}, days=366, market={"fatigue": {"delta": 0}}
    )
    opened = column(market, totals, "opened_email") / np.maximum(1, column(market, totals, "delivered_email"))
    assert opened[360:].mean() / opened[1:7].mean() == pytest.approx(0.5, abs=0.03)


# --- what a user would be told ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "told"),
    [({"email": {"consent_customers": 0, "consent_prospects": 0}}, "nobody consents"), ({"tv": {"budget_per_week": 0}}, "nothing is bought"),
     ({"search": {"bid": 0.2}}, "never shown"), ({"phone": {"capacity_per_day": 0}}, "nobody is ever contacted"),
     ({"print": {"flighting": {"dates": [{"first": "2020-01-01", "last": "2020-02-01"}]}}}, "outside of the measured days")],
)  # fmt: skip
def test_a_channel_that_can_do_nothing_is_said(channel, told):
    """It is allowed, and it is warned of, by its name."""
    (name,) = channel
    notes = Scenario(channels=channel, campaigns={}, occasions={}, monitors={}).sense_warnings()
    assert [note for note in notes if note.startswith(f"channels.{name}: ") and told in note]
    fine = Scenario(channels=[name], campaigns={}, occasions={}, monitors={}).sense_warnings()
    assert not [note for note in fine if note.startswith("channels.")]


@pytest.mark.parametrize(
    ("channels", "told"),
    [(["emial"], "did you mean 'email'"), ({"emial": {}}, "did you mean 'email'"), ({"tv": {"flighting": {"weekdays": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 0)}}}, "weight 0"),
     ({"search": {"lowest_cost_per_click": 3}}, "must lie below"), ({"email": {"reputation": {"complaints_good": 0.01}}}, "must lie below"),
     ({"web": {}, "web2": preset("web")}, "at most one channel of kind 'web'")],
)  # fmt: skip
def test_senseless_channels_are_refused(channels, told):
    """Unknown presets, impossible ranges and a second site are errors that say what is allowed."""
    try:
        problems = Scenario(channels=channels, campaigns={}, occasions={}, monitors={}).check_sense()
        assert told in str(problems)
    except ValueError as error:
        assert told in str(error)  # noqa: PT017


# --- content makes people search ----------------------------------------------------------------------------------


def readers(per_visit, asked=0.2):
    """Prospects who neither move nor forget, visit content once a week and search at a rate of their own."""
    stuck = {"moves": {"considering": 0.0}}
    channels = {
        "search": {"queries_per_week": {"considering": asked}, **stuck},
        "content": {"visits_per_week": {"considering": 1.0}, "queries_per_visit": per_visit, **stuck},
    }
    funnel = {"start": {"considering": 1.0}, "forgetting_half_life_days": 1e9}
    return market_of(channels, market={"customers": 2000, "prospects": 1, "funnel": funnel})


def test_a_visit_of_content_brings_the_stated_queries():
    """So many further queries per visit on average, beside those of the stage; the visits are the same ones."""
    found = {}
    for per_visit in (0.0, 0.5, 3.0):
        market = readers(per_visit)
        totals = live(market, 30)
        found[per_visit] = column(market, totals, "sent_search").sum(), column(market, totals, "clicked_content").sum()
    (usual, visits), *_ = found.values()
    assert usual == pytest.approx(2000 * 0.2 * 30 / 7, abs=4 * math.sqrt(usual))
    for per_visit, (asked, came) in found.items():
        assert came == visits > 8000
        assert asked - usual == pytest.approx(per_visit * visits, abs=4 * math.sqrt(2 * usual + per_visit * visits))


def test_where_nobody_searches_content_brings_no_queries():
    """A stage without queries stays without them."""
    market = readers(3.0, asked=0.0)
    assert column(market, live(market, 10), "sent_search").sum() == 0
