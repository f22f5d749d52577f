"""A result: tidy tables, comparisons in families, goals, checks, and one JSON document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simkit.experiment.statistics import interval
from simkit.experiment.study import run
from simkit.scenario.load import load

QUICKSTART = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"


@pytest.fixture(scope="module")
def result(synthetic: Any) -> Any:
    return run(synthetic.study(), replications=6, workers=1, model=synthetic.MODEL)


def test_no_interval_goes_beyond_what_its_measure_can_be():
    """Two runs with hardly a signal each: the share that was answered within a week is nowhere below 0 or above 1."""
    study = load(QUICKSTART, ["market.customers=200", "horizon=28 days", "warmup=7 days", "replications=2"])
    found = run(study, workers=1)
    measure = "live_within_7_days_share"
    raw = [interval(found.values(name, measure)) for name in found.alternatives]
    shown = [found.interval(name, measure) for name in found.alternatives]
    assert any(one.high > 1 or one.low < 0 for one in raw)
    assert all(0 <= one.low <= one.mean <= one.high <= 1 for one in shown)
    rows = found.summary().query("measure == @measure")
    assert [*zip(rows["low"], rows["high"], strict=True)] == [(one.low, one.high) for one in shown]


def test_summary_is_tidy(result: Any):
    """A row per alternative and measure, means that numpy agrees with, money in the scenario's currency."""
    table = result.summary()
    assert list(table) == ["alternative", "measure", "unit", "mean", "low", "high", "replications"]
    assert len(table) == 3 * len(result.measures)
    row = table[(table["alternative"] == "pods") & (table["measure"] == "profit")].iloc[0]
    assert row["mean"] == pytest.approx(np.mean(result.values("pods", "profit")))
    assert row["unit"] == "SAR/year"
    assert row["low"] < row["mean"] < row["high"]


def test_compare_is_paired_per_replication(result: Any):
    """Differences are of the same replication, and the base is the default other side."""
    table = result.compare("pods").set_index("measure")
    gaps = result.values("pods", "profit") - result.values("today", "profit")
    assert table.loc["profit", "difference"] == pytest.approx(gaps.mean())
    assert set(table["b"]) == {"today"}
    assert table.loc["profit", "verdict"] == "higher"
    assert table.loc["signal_to_live_days", "effect"] == "better"


def test_turning_a_comparison_turns_its_sign(result: Any):
    """a against b and b against a say the same."""
    one = result.compare("pods", "hub").set_index("measure")["difference"]
    other = result.compare("hub", "pods").set_index("measure")["difference"]
    assert np.allclose(one, -other)
    shown, turned = result.difference("profit", "hub", "pods"), result.difference("profit", "pods", "hub")
    assert (shown.p_adjusted, shown.difference) == (turned.p_adjusted, -turned.difference)


def test_all_pairs_of_the_deciding_measure_are_shown(result: Any):
    """The best can be held against the second best under the same adjustment."""
    table = result.comparisons()
    pairs = set(table[table["measure"] == "profit"][["a", "b"]].itertuples(index=False, name=None))
    assert pairs == {("pods", "today"), ("hub", "today"), ("hub", "pods")}


def test_margins_say_what_is_too_small_to_matter(result: Any):
    """With a margin wider than the interval the two are practically the same."""
    table = result.compare("pods", margins={"profit": 1e9}).set_index("measure")
    assert table.loc["profit", "verdict"] == "practically the same"


def test_what_does_not_exist_stays_none(synthetic: Any):
    """A median that was never reached is None in the document, and pairs without it are left out."""

    def rarely(run_: Any) -> Any:
        figures = synthetic.compute(run_)
        return {**figures, "signal_to_live_days_median": None}

    model = synthetic.Model(synthetic.simulate, rarely, synthetic.MEASURES)
    document = run(synthetic.study(), replications=2, workers=1, model=model).document()
    rows = [row for row in document["outcomes"] if row["measure"] == "signal_to_live_days_median"]
    assert [(row["mean"], row["replications"]) for row in rows] == [(None, 0)] * 3
    differences = [row for row in document["comparisons"] if row["measure"] == "signal_to_live_days_median"]
    assert {(row["difference"], row["verdict"]) for row in differences} == {(None, "undecided")}


def test_document_is_plain_json(result: Any):
    """Every promised key, nothing that JSON does not know, no nan."""
    document = json.loads(json.dumps(result.document("out"), allow_nan=False))
    assert list(document) == [
        "scenario",
        "seed",
        "alternatives",
        "outcomes",
        "comparisons",
        "investment",
        "worlds",
        "numbers",
        "warnings",
        "results",
    ]
    assert set(document["outcomes"][0]) == {"alternative", "measure", "unit", "mean", "low", "high", "replications"}
    assert {"measure", "unit", "a", "b", "difference", "low", "high", "verdict"} <= set(document["comparisons"][0])
    assert document["results"] == "out"


def test_one_replication_has_no_intervals(synthetic: Any):
    """One replication: no interval, no verdict, and a warning that says why."""
    result = run(synthetic.study(), replications=1, workers=1, model=synthetic.MODEL)
    assert result.interval("pods", "profit").low is None
    assert set(result.comparisons()["verdict"]) == {"undecided"}
    assert any("One replication" in warning for warning in result.warnings)


def test_one_alternative_has_nothing_to_compare(synthetic: Any):
    """A scenario without alternatives has means and an empty table of comparisons."""
    study = synthetic.Study({"today": synthetic.Scenario()})
    result = run(study, replications=2, workers=1, model=synthetic.MODEL)
    assert result.comparisons().empty
    assert result.document()["comparisons"] == []


def test_goals_and_checks(synthetic: Any):
    """Goals are reported with the share of replications that met them; a check that is missed is a sentence."""
    least = synthetic.Goal(least=0.6025)
    result = run(
        synthetic.study(goals={"retention_rate": least}, checks={"retention_rate": least}),
        replications=2, workers=1, model=synthetic.MODEL,
    )  # fmt: skip
    goals = result.goals().set_index("alternative")
    assert dict(goals["met"]) == {"today": False, "pods": True, "hub": False}
    assert dict(goals["share_met"]) == {"today": 0.0, "pods": 1.0, "hub": 0.0}
    assert [line.split(":")[0] for line in result.checks_failed] == ["today", "hub"]


def test_unknown_names_are_explained(result: Any):
    """A name that does not exist is answered with those that do."""
    with pytest.raises(KeyError, match="today, pods, hub"):
        result.compare("podz")
    with pytest.raises(KeyError, match="profit"):
        result.plot("gain")


def test_shows_itself(result: Any):
    """A result prints its outcomes, as text and as an escaped HTML table."""
    assert "3 alternatives x 6 replications" in repr(result)
    assert "<table" in result._repr_html_()
    assert "Signal to live" in result._repr_html_()
