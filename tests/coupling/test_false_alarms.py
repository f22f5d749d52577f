"""False alarms: signals without a cause, at the stated rate, that cost work and launch without a stake."""

from __future__ import annotations

import math
from dataclasses import replace

from simkit.coupling.world import Watch
from simkit.rng import run_key
from simkit.scenario.campaigns import Monitor
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

STEADY = (100, 10_000)
RATE = 0.2


def monitor(**changes):
    given = {"window_days": 5, "baseline_days": 10, "every_days": 1, "quiet_days": 0, "false_alarm_rate": RATE}
    return Monitor(figure="churn_rate", answered_by="answer", **{**given, **changes})


def read(rule, days, replication=0, name="up"):
    """Signals by day."""
    watch = Watch(name, rule, run_key(1, replication))
    found = ((day, watch.read(day, *figures)) for day, figures in enumerate(days))
    return {day: signal for day, signal in found if signal is not None}


def test_false_alarms_are_binomial_over_the_readings():
    """Of a figure that never changes, a share RATE of all readings speaks (3 s.e.), gaps have mean 1 / RATE."""
    readings = 3000
    found = read(monitor(), [STEADY] * (readings + 14))
    assert abs(len(found) - RATE * readings) < 3 * math.sqrt(RATE * (1 - RATE) * readings)
    alone = sum(day + 1 in found for day in found)
    assert abs(alone / len(found) - RATE) < 3 * math.sqrt(RATE * (1 - RATE) / len(found))
    assert all(s.false_alarm and s.stake == 0 and not s.exogenous for s in found.values())
    assert read(monitor(false_alarm_rate=0), [STEADY] * 500) == {}


def test_only_readings_mislead():
    """Read every seven days, nothing is said between, nor while quiet, nor before there is a baseline; at rate 1 every
    reading speaks."""
    assert list(read(monitor(every_days=7, false_alarm_rate=1), [STEADY] * 70)) == list(range(20, 70, 7))
    assert list(read(monitor(quiet_days=20, false_alarm_rate=1), [STEADY] * 70)) == [14, 34, 54]


def test_the_same_readings_mislead_whatever_the_figure_says():
    """An alternative that changes the figure, or another monitor beside it, moves no false alarm; what really happened
    is told as it is, with its stake."""
    plain = read(monitor(), [STEADY] * 200)
    better = read(monitor(), [(90, 10_000)] * 200)
    assert plain == better
    assert set(read(monitor(), [STEADY] * 200, name="other")) != set(plain)
    assert set(read(monitor(), [STEADY] * 200, replication=1)) != set(plain)
    worse = read(monitor(), [STEADY] * 100 + [(200, 10_000)] * 100)
    true = {day for day, signal in worse.items() if not signal.false_alarm}
    assert true
    assert {worse[day].stake for day in true} == {monitor().stake}
    assert {day: s for day, s in worse.items() if day not in true} == {d: s for d, s in plain.items() if d not in true}
    assert all(replace(worse[d], stake=0, false_alarm=True) == plain[d] for d in true & set(plain))


def test_a_false_alarm_costs_work_and_launches_without_a_stake():
    """The department works on it, so hours are spent; relevance is that of the campaign alone; nothing else asks."""
    tables = {
        "market": {"customers": 60}, "horizon": 60, "warmup": 20, "occasions": {},
        "campaigns": {"save": {"work": "reactive_campaign", "half_life_days": 10}},
    }  # fmt: skip
    rule = {"figure": "churn_rate", "answered_by": "save", "window_days": 7, "baseline_days": 14, "worsens_by": 1}
    runs = [simulate(Scenario(**tables, monitors={"up": {**rule, "false_alarm_rate": rate}})) for rate in (0, 1)]
    assert set(runs[0].cases["cause"]) == {"request"}
    assert set(runs[1].cases["cause"]) == {"request", "false_alarm"}
    assert runs[1].cases.query("cause == 'false_alarm'")["part_touch_seconds"].sum() > 0
    launches = runs[1].launches
    assert len(launches) > 0
    assert (launches["relevance"] <= runs[1].scenario.campaigns["save"].relevance).all()
