"""The numbers behind the pictures."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from simkit.experiment.study import run
from simkit.measures.catalog import MEASURES
from simkit.report import tables
from simkit.report.rounding import NOTHING
from simkit.report.style import LEAD_COLORS
from simkit.teams.work import PARTS


def test_without_censoring_the_curve_is_the_plain_share(synthetic: Any):
    """Every signal settled: the share live by a day is a count of them."""

    def simulate(scenario: Any, replication: int, **_: Any) -> Any:
        made_up = synthetic.simulate(scenario, replication)
        early = made_up.cases["happened_day"] < 200
        return synthetic.Run(made_up.daily, made_up.cases[early])

    model = synthetic.Model(simulate, synthetic.compute, synthetic.MEASURES)
    result = run(synthetic.study(), replications=2, workers=1, model=model)
    cases = tables.signals(result)
    waited = (cases["live_day"] - cases["happened_day"]) <= 12
    expected = waited.groupby(cases["alternative"]).mean()
    assert tables.live_share(result).loc[12].to_dict() == pytest.approx(expected.to_dict())


def test_every_part_of_a_lead_time_has_a_color_of_its_own():
    """No two parts look alike, and none is drawn as `other`."""
    colors = [LEAD_COLORS[tables.readable(part)] for part in ("noticing", *PARTS)]
    assert len({*colors, LEAD_COLORS["other"]}) == len(PARTS) + 2


def test_no_signals_have_no_share(synthetic: Any):
    """Without signals there is nothing to say."""

    def simulate(scenario: Any, replication: int, **_: Any) -> Any:
        made_up = synthetic.simulate(scenario, replication)
        return synthetic.Run(made_up.daily, made_up.cases.iloc[:0])

    model = synthetic.Model(simulate, synthetic.compute, synthetic.MEASURES)
    assert tables.live_share(run(synthetic.study(), replications=1, workers=1, model=model)).isna().all().all()


def test_expired_signals_never_go_live(result: Any):
    """What expired keeps the curve below one: a tenth of the made-up work expires."""
    share = tables.live_share(result)
    assert (share.diff().dropna() >= -1e-12).all().all()
    assert share.iloc[-1].between(0.75, 0.99).all()
    assert share.loc[10, ["pods", "hub", "today"]].is_monotonic_decreasing


def test_parts_of_the_lead_sum_to_it(result: Any):
    """The bars of the decomposition, noticing included, are as long as the mean time from signal to live."""
    cases = tables.signals(result)
    lead = (cases["live_day"] - cases["happened_day"]).groupby(cases["alternative"]).mean()
    assert tables.lead_parts(result).sum(axis=1).to_dict() == pytest.approx(lead.to_dict())


def test_channels_sum_to_the_measure(result: Any):
    """Contacts by channel add up to the contacts per customer and week that the measure tells."""
    sums = tables.contacts_by_channel(result).sum(axis=1)
    for name in result.alternatives:
        assert sums[name] == pytest.approx(result.interval(name, "contacts_per_customer_week").mean)


def test_the_bridge_ends_at_the_paired_difference(result: Any):
    """Revenue and cost steps sum to the difference in profit, which is the paired one."""
    steps = tables.profit_steps(result)
    for name in steps:
        assert steps[name].drop("profit").sum() == pytest.approx(steps.loc["profit", name])
        assert steps.loc["profit", name] == pytest.approx(result.difference("profit", name, "today").difference)


def test_warm_up_is_not_shown(result: Any):
    """Weeks count from the first measured day."""
    assert tables.fatigue_by_week(result).index[0] == 1
    assert (tables.measured(result)["day"] >= 0).all()


def test_a_mean_says_in_how_many_runs_there_is_none(synthetic: Any):
    """A median that is never reached is said in words; where some runs have none, the mean is that of the others, and that
    is said; what is in every run is told as ever."""
    median = "signal_to_live_days_median"

    def simulate(scenario: Any, replication: int, **_: Any) -> Any:
        without = scenario.lead_days == 20 or (scenario.lead_days == 9 and replication == 2)
        return replace(synthetic.simulate(scenario, replication), warnings=["without"] if without else [])

    def compute(run: Any) -> dict[str, float | None]:
        found = synthetic.compute(run)
        return {**found, median: None} if run.warnings else found

    model = synthetic.Model(simulate, compute, {**synthetic.MEASURES, median: MEASURES[median]})
    result = run(synthetic.study(), replications=4, workers=1, model=model)
    (line,) = tables.lines(result, [median])
    today, pods, hub = line.entries
    assert (today.mean, today.range) == (NOTHING, "fewer than half were ever live")
    assert pods.range.endswith("; in 1 of 4 runs fewer than half were ever live")
    assert (pods.difference, pods.verdict, pods.effect) == ("", "", "")  # against nothing there is no difference
    assert re.fullmatch(r"[\d.]+ to [\d.]+", hub.range)
    assert re.fullmatch(r"[\d.]+ to [\d.]+", pods.range.partition(";")[0])
    assert all(";" not in entry.range for entry in tables.lines(result, ["profit"])[0].entries)
