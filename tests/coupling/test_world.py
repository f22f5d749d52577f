"""What happens outside the department: the plan, the occasions of the world, and who reads the figures."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simkit import simulation
from simkit.coupling.world import Episode, Watch, episodes, no_two_with_one_key, order_for, planned_orders
from simkit.rng import crc, run_key
from simkit.scenario.campaigns import Monitor, Occasion
from simkit.scenario.errors import SenseError
from simkit.scenario.schema import Scenario

SEGMENTS = {"north": {"share": 0.5}, "south": {"share": 0.3}, "west": {"share": 0.2}}
PLAN = {
    "weekly": {"per_week": 1, "lead_days": 10},
    "often": {"per_week": 3.5, "audience": {"segments": "each"}, "priority": 4},
    "two": {"per_week": 0.5, "audience": {"segments": ["south", "west"]}},
    "one": {"per_week": 0.5, "audience": {"segments": ["south"]}},
    "answer": {"work": "reactive_campaign"},
}
PRICE_CUT = {"per_year": 24, "half_life_days": 20, "harm": 0.2, "answered_by": "answer", "noticed_after": 48}
TREND = {"per_year": 30, "answered_by": "answer"}
REPLICATIONS = 250


def market(**changes):
    """Three segments, four programs and one sort of occasion, for 200 days."""
    given = {
        "market": {"customers": 100, "segments": SEGMENTS}, "campaigns": PLAN, "occasions": {"price_cut": PRICE_CUT},
        "monitors": {}, "horizon": 170, "warmup": 30,
    }  # fmt: skip
    return Scenario(**{**given, **changes})


def orders_of(scenario, campaign, replication=0):
    return [o for o in planned_orders(scenario, run_key(scenario.seed, replication)) if o.campaign == campaign]


def happening(scenario, replication=0):
    return episodes(scenario, run_key(scenario.seed, replication))


def facts(found):
    """All that is known of episodes when nobody has answered them."""
    return sorted((e.source, e.signal, e.segments) for e in found)


# --- the plan ----------------------------------------------------------------------------------------------


def test_planned_orders_come_at_even_distances_over_all_days():
    """A program of k a week asks every 7/k days from its own phase until the end, due `lead_days` later."""
    scenario = market()
    for name, campaign in scenario.campaigns.items():
        days = [order.arrives_day for order in orders_of(scenario, name)]
        if campaign.per_week == 0:
            assert days == []
            continue
        distance = 7 / campaign.per_week
        assert np.diff(days) == pytest.approx(distance, abs=1e-9)
        assert 0 <= days[0] < distance
        assert 200 - distance <= days[-1] < 200
        assert np.subtract([o.due_day for o in orders_of(scenario, name)], days) == pytest.approx(campaign.lead_days)
        assert [o.name for o in orders_of(scenario, name)] == [f"{name}-{n}" for n in range(len(days))]


def test_every_program_has_a_phase_of_its_own():
    """Programs do not ask on the same day, and the phase differs between replications: uniform, mean 1/2, 3 s.e."""
    scenario = market()
    phases = np.array(
        [[orders_of(scenario, n, r)[0].arrives_day * scenario.campaigns[n].per_week / 7 for n in ("weekly", "often")]
         for r in range(REPLICATIONS)]
    )  # fmt: skip
    assert ((phases > 0) & (phases < 1)).all()
    assert np.abs(phases.mean(axis=0) - 0.5).max() < 3 * math.sqrt(1 / 12 / REPLICATIONS)
    assert abs(np.corrcoef(phases.T)[0, 1]) < 3 / math.sqrt(REPLICATIONS)


def test_the_plan_scales_with_campaigns_per_week():
    """`work.campaigns_per_week` doubles every program alike: half the distance, the same phase, the same mix."""
    once, twice = market(), market(work={"campaigns_per_week": 11})
    assert sum(c.per_week for c in once.campaigns.values()) == 5.5
    for name in ("weekly", "often", "two"):
        slow, fast = ([o.arrives_day for o in orders_of(s, name)] for s in (once, twice))
        assert fast[0] == pytest.approx(slow[0] / 2)
        assert np.diff(fast) == pytest.approx(np.diff(slow)[0] / 2)
        assert len(fast) == pytest.approx(2 * len(slow), abs=1)
    assert planned_orders(market(work={"campaigns_per_week": 0}), run_key(1, 0)) == []


def test_segments_take_turns():
    """`each` goes from one segment to the next; one named segment gets all; otherwise a campaign is for all at once."""
    scenario = market()
    turns = [order.segment for order in orders_of(scenario, "often")]
    assert turns[:7] == ["north", "south", "west", "north", "south", "west", "north"]
    assert {order.segment for order in orders_of(scenario, "one")} == {"south"}
    assert {order.segment for order in orders_of(scenario, "two")} == {None}
    assert {order.segment for order in orders_of(scenario, "weekly")} == {None}


def test_two_orders_with_one_key_are_refused(monkeypatch):
    """They would share their luck; the error names both and the campaign to rename."""
    orders = planned_orders(market(), run_key(1, 0))
    no_two_with_one_key(orders)
    twin = replace(orders[-1], key=orders[0].key)
    with pytest.raises(SenseError, match=f"{twin.name}.*{orders[0].name}"):
        no_two_with_one_key([*orders, twin])


def test_plan_and_occasions_are_checked_together(monkeypatch):
    """An order that an occasion asks for must not share the luck of a planned one."""
    scenario = market(warmup=0, horizon=60)
    monkeypatch.setattr(simulation, "order_for", lambda *asked: replace(order_for(*asked), key=crc("weekly-1")))
    with pytest.raises(SenseError, match="have the same key"):
        simulation.simulate(scenario)


# --- occasions ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many():
    """The episodes of many replications."""
    return [happening(market(occasions={"price_cut": PRICE_CUT}), r) for r in range(REPLICATIONS)]


def test_occasions_are_a_poisson_process(many):
    """Counts have mean and variance rate x time within 3 s.e.; moments are uniform over the run."""
    counts = np.array([len(found) for found in many])
    mean = 24 * 200 / 365
    assert abs(counts.mean() - mean) < 3 * math.sqrt(mean / REPLICATIONS)
    # the sample variance of a Poisson count has variance (mean + 2 mean^2) / n, nearly
    assert abs(counts.var(ddof=1) - mean) < 3 * math.sqrt((mean + 2 * mean**2) / REPLICATIONS)
    days = np.array([e.signal.happened_day for found in many for e in found])
    assert days.min() >= 0
    assert days.max() < 200
    assert abs(days.mean() - 100) < 3 * 200 / math.sqrt(12 * len(days))


def test_occasions_are_noticed_after_an_exponential_lag(many):
    """`noticed_after: 48` hours is a mean of two days and, the lag being exponential, a standard deviation of two."""
    lag = np.array([e.signal.noticed_day - e.signal.happened_day for found in many for e in found])
    assert lag.min() > 0
    assert abs(lag.mean() - 2) < 3 * 2 / math.sqrt(len(lag))
    assert abs((lag > 4).mean() - math.exp(-2)) < 3 * math.sqrt(math.exp(-2) / len(lag))


def test_each_occasion_concerns_one_segment_drawn_evenly(many):
    """By default one segment each, a third of the times (3 s.e.); its signal names it."""
    drawn = [e.segments for found in many for e in found]
    for segment in SEGMENTS:
        share = np.mean([names == (segment,) for names in drawn])
        assert abs(share - 1 / 3) < 3 * math.sqrt(2 / 9 / len(drawn))
    assert all((e.signal.segment,) == e.segments for found in many for e in found)


def test_an_occasion_may_concern_all_or_some_segments():
    """Then its signal, and the work, are for no segment in particular."""
    for wanted, concerned in (("all", tuple(SEGMENTS)), (["west", "north"], ("west", "north"))):
        found = happening(market(occasions={"price_cut": {**PRICE_CUT, "segments": wanted}}))
        assert len(found) > 5
        assert {e.segments for e in found} == {concerned}
        assert {e.signal.segment for e in found} == {None}


def test_occasions_scale_with_urgent_per_month():
    """Four a month are 48 a year, over all sorts and with their mix kept: the same gaps, shorter."""
    plain, scaled = market(), market(work={"urgent_per_month": 4})
    first = [min(e.signal.happened_day for e in happening(s)) for s in (plain, scaled)]
    assert first[1] == pytest.approx(first[0] / 2)
    assert happening(market(work={"urgent_per_month": 0})) == []


@pytest.mark.parametrize(
    "change",
    [
        {"teams": {"structure": "pods"}}, {"contact_policy": {"at_most": "1 per rolling week"}},
        {"campaigns": {**PLAN, "more": {"per_week": 5}}}, {"occasions": {"price_cut": PRICE_CUT, "trend": TREND}},
        {"market": {"customers": 5000, "represents": 7, "segments": SEGMENTS}},
    ],
    ids=["structure", "policy", "campaign", "occasion", "size"],
)  # fmt: skip
def test_the_same_episodes_under_every_alternative(change):
    """Nothing that an alternative changes, an unrelated occasion included, moves an occasion."""
    changed = [e for e in happening(market(**change)) if e.signal.source == "price_cut"]
    assert len(changed) > 5
    assert facts(changed) == facts(happening(market()))


def test_replications_and_seeds_have_their_own_occasions():
    """Otherwise an interval over replications would mean nothing."""
    first = facts(happening(market()))
    assert first != facts(happening(market(), 1))
    assert first != facts(happening(market(seed=2)))
    assert first == facts(happening(market()))


def episode(**changes):
    occasion = Occasion(answered_by="answer", harm=0.4, half_life_days=10, answer_effect=0.5)
    found = happening(market())[0]
    return Episode("x@0", occasion, replace(found.signal, happened_day=30.0), ("north",), **changes)


def test_harm_halves_per_half_life():
    """Nothing before it happens, 0.4 when fresh, half of it after each ten days, nothing when it has faded."""
    cut = episode()
    assert cut.harm(29.9) == 0
    assert [cut.harm(30 + 10 * k) for k in range(4)] == pytest.approx([0.4, 0.2, 0.1, 0.05])
    assert cut.harm(35) == pytest.approx(0.4 / math.sqrt(2))
    assert cut.harm(30 + 10 * 12) == pytest.approx(0.4 / 4096)
    assert cut.harm(30 + 10 * 12 + 0.1) == 0


def test_harm_falls_when_answered():
    """From the day the answer is live its relief is taken off, and not a day before."""
    plain, answered = episode(), episode(answered_day=41, relief=0.3)
    assert answered.harm(40) == plain.harm(40)
    assert answered.harm(41) == pytest.approx(0.7 * plain.harm(41))
    assert answered.harm(60) == pytest.approx(0.7 * plain.harm(60))


def test_an_occasion_becomes_work_that_is_given_up_when_it_has_passed():
    """It arrives when noticed, expires counted from when it happened, and has the answering campaign's priority."""
    scenario = market()
    signal = happening(scenario)[0].signal
    order = order_for(signal, "answer-x", "answer", scenario.campaigns["answer"], 30)
    assert (order.arrives_day, order.happened_day) == (signal.noticed_day, signal.happened_day)
    assert order.expires_day == signal.happened_day + 30
    assert (order.kind, order.campaign, order.cause) == ("reactive_campaign", "answer", "occasion")
    assert (order.key, order.segment, order.due_day) == (signal.key, signal.segment, None)


# --- monitors ----------------------------------------------------------------------------------------------


def monitor(figure="churn_rate", **changes):
    given = {"worsens_by": 0.3, "window_days": 5, "baseline_days": 10, "every_days": 1, "lag": 12, "quiet_days": 20}
    return Monitor(figure=figure, answered_by="answer", **{**given, **changes})


def read(watch, days):
    """Signals by day, for (numerator, denominator) of each day."""
    found = ((day, watch.read(day, *figures)) for day, figures in enumerate(days))
    return {day: signal for day, signal in found if signal is not None}


def test_no_signal_before_the_window_and_its_baseline_are_full():
    """Churn that explodes from the first day on is seen on the first day that 15 days can be compared."""
    growing = [(2**day, 10**9) for day in range(25)]
    assert min(read(Watch("up", monitor()), growing)) == 14
    assert read(Watch("up", monitor()), growing[:14]) == {}


def test_a_signal_when_churn_rises_by_the_threshold():
    """Of 10,000 a day 100 leave, then 131: seen when all five days of the window are worse, told 12 hours on."""
    days = [(100, 10_000)] * 20 + [(131, 10_000)] * 10
    found = read(Watch("up", monitor()), days)
    assert list(found) == [24]
    signal = found[24]
    assert (signal.happened_day, signal.noticed_day, signal.exogenous) == (25.0, 25.5, False)
    assert read(Watch("up", monitor()), [(100, 10_000)] * 20 + [(129, 10_000)] * 10) == {}
    assert read(Watch("up", monitor()), [(100, 10_000)] * 20 + [(50, 10_000)] * 10) == {}


def test_a_signal_when_conversion_falls_by_the_threshold():
    """From 10 % to 6.9 % is over 30 % worse; to 8 % is not, and a rise never is."""
    watch = lambda: Watch("down", monitor("conversion_rate"))  # noqa: E731
    assert list(read(watch(), [(100, 1000)] * 20 + [(69, 1000)] * 5)) == [24]
    assert read(watch(), [(100, 1000)] * 20 + [(80, 1000)] * 10) == {}
    assert read(watch(), [(100, 1000)] * 20 + [(300, 1000)] * 10) == {}


def test_conversion_that_stops_altogether_is_the_worst_fall():
    """Clicks and no purchase at all is a fall of 100 %; no clicks at all says nothing."""
    daily = monitor("conversion_rate", window_days=1)
    assert list(read(Watch("down", daily), [(100, 1000)] * 20 + [(0, 1000)])) == [20]
    assert read(Watch("down", daily), [(100, 1000)] * 20 + [(0, 0)]) == {}
    assert read(Watch("down", daily), [(0, 0)] * 20 + [(100, 1000)]) == {}


def test_quiet_after_a_signal():
    """For `quiet_days` after a signal nothing is told, however bad it gets; then it is."""
    growing = [(round(100 * 1.1**day), 10**6) for day in range(80)]
    assert list(read(Watch("up", monitor()), growing)) == [14, 34, 54, 74]
    assert list(read(Watch("up", monitor(quiet_days=0)), growing)) == list(range(14, 80))


def test_figures_are_read_at_their_cadence():
    """A figure read every seven days is acted on only then."""
    growing = [(round(100 * 1.1**day), 10**6) for day in range(80)]
    found = read(Watch("up", monitor(every_days=7, quiet_days=0)), growing)
    assert list(found) == [day for day in range(14, 80) if (day + 1) % 7 == 0]


def test_a_figure_is_a_ratio_of_sums():
    """A day with two customers of whom one leaves does not outweigh days with thousands."""
    odd = [(100, 10_000)] * 20 + [(100, 10_000)] * 4 + [(1, 2)]
    assert np.mean([a / b for a, b in odd[-5:]]) > 1.3 * 0.01
    assert read(Watch("up", monitor()), odd) == {}


def test_the_same_day_gives_a_monitor_the_same_key():
    """Work born of a monitor is named by monitor and day, so that its luck is its own."""
    days = [(100, 10_000)] * 20 + [(200, 10_000)] * 60
    keys = {s.key for name in ("up", "other") for s in read(Watch(name, monitor()), days).values()}
    again = {s.key for s in read(Watch("up", monitor()), days).values()}
    assert len(keys) == 2
    assert again < keys


def test_counting_noise_raises_no_alarm():
    """The same rates from a tenth of the persons: what is clear in large counts is no signal in small ones."""
    large = [(100, 10_000)] * 20 + [(140, 10_000)] * 10
    small = [(1, 100)] * 20 + [(2, 100)] * 10
    assert read(Watch("up", monitor()), large) != {}
    assert read(Watch("up", monitor()), small) == {}
