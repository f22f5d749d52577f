"""The lever's value that gets a measure somewhere: exact on a line, honest where there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simkit.cli import main
from simkit.experiment.cells import Answer, Model
from simkit.experiment.definition.tables import Range
from simkit.experiment.search.problem import Problem, SearchError
from simkit.experiment.search.reach import parse_reach, reach
from simkit.experiment.statistics import interval
from simkit.report.search import reached_document, reached_sentence
from simkit.rng import run_key, uniform


@dataclass(frozen=True)
class Toy:
    """Values of levers as a scenario."""

    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    unit: str = "points"
    better: str = "higher"


MEASURES = {"line": Measure(), "curve": Measure(), "power": Measure(), "rare": Measure(), "stair": Measure()}
RAN: list[tuple[float, int]] = []


def luck(replication):
    return uniform(*run_key(5, replication), 0, 0, 1, 0, 0) - 0.5


def run(scenario, replication, *, engine, threads):
    x = scenario.values["x"]
    RAN.append((x, replication))
    noise = luck(replication)
    return Answer(
        {"line": 3 + 2 * x + noise, "curve": (x - 5) ** 2 + noise, "power": math.log10(x + 1e-9) + noise,
         "rare": None if replication == 1 else x, "stair": (4 if x >= 3 else 1) + 0.1 * noise}, pd.DataFrame(),
    )  # fmt: skip


MODEL = Model(run, "simkit.experiment.cells:figures_of", MEASURES, warm_up=None)


def problem(levers=None, alternatives=("today",), replications=8):
    return Problem(
        name="toy", levers=levers or {"x": Range(low=0.0, high=10.0)}, outcomes={}, constraints=(),
        alternatives=alternatives, scenario_of=lambda values, name: Toy(dict(values)), scenarios={"today": Toy()},
        measures=MEASURES, seed=7, replications=replications,
    )  # fmt: skip


def solve(measure, target, **more):
    return reach(problem(**more), measure, target, model=MODEL, workers=1)


def test_a_line_is_solved_exactly():
    """3 + 2 x + luck = 13: the root of the mean, and the interval of the mean divided by the slope."""
    RAN.clear()
    found = solve("line", 13)
    noise = interval([luck(i) for i in range(8)])
    assert found.value == pytest.approx((10 - noise.mean) / 2, abs=0.05)
    assert found.earliest == pytest.approx((10 - noise.high) / 2, abs=0.05)
    assert found.latest == pytest.approx((10 - noise.low) / 2, abs=0.05)
    assert len(RAN) == len(set(RAN)) == found.ran
    assert reached_sentence(found).startswith("line = 13.0 points is reached at x = 5.")
    assert "95% interval over simulated luck: " in reached_sentence(found)


def test_what_is_out_of_reach_is_said():
    """Between 0 and 10 the line stays below 24: the nearest is told, with no value made up."""
    found = solve("line", 40)
    assert found.value is None
    assert (found.earliest, found.latest) == (None, None)
    assert found.nearest.value == 10
    assert "not reachable between x = 0 and 10" in reached_sentence(found)
    assert reached_document(found)["value"] is None


def test_luck_alone_might_reach_it():
    """Just above the mean at the end, inside its interval: not reached, and the doubt is said."""
    noise = interval([luck(i) for i in range(8)])
    found = solve("line", 23 + noise.mean + 0.5 * (noise.high - noise.mean))
    assert found.value is None
    assert found.latest is None
    assert 9.5 < found.earliest < 10
    assert reached_sentence(found).endswith("Luck alone might reach it.")


def test_an_interval_may_be_open():
    """Just below the mean at the end: reached, and the interval's far end lies beyond the range."""
    noise = interval([luck(i) for i in range(8)])
    found = solve("line", 23 + noise.mean - 0.2 * (noise.mean - noise.low))
    assert 9.5 < found.value < 10
    assert found.earliest < found.value
    assert found.latest is None
    assert "10 or beyond" in reached_sentence(found)


def test_whole_numbers_have_neighbors():
    """2 x + 3 = 14.4 lies between 5 and 6, nearer to 6."""
    found = solve("line", 14.4, levers={"x": Range(low=0, high=10)})
    mean = np.mean([luck(i) for i in range(8)])
    assert found.neighbors == (5, 6)
    assert found.value == (6 if mean < 0.4 and 15 + mean - 14.4 < 14.4 - 13 - mean else 5)
    assert "is never hit, it is passed: line is 12." in reached_sentence(found)
    assert f"the nearer is {found.value:g}" in reached_sentence(found)


def test_a_range_is_of_whole_numbers_only_when_both_ends_are_written_so():
    """0 to 10 is; 0.0 to 10.0 is not."""
    assert Range.model_validate({"low": 0, "high": 10}).whole
    assert not Range.model_validate({"low": 0.0, "high": 10.0}).whole


def test_a_jump_over_the_target_is_said():
    """A stair from 1 to 4 at x = 3 never is 2: both sides of the jump are told, and no smooth crossing is made up."""
    found = solve("stair", 2)
    low, high = found.neighbors
    assert low < 3 <= high
    assert high - low < 0.2
    assert "is never hit, it is passed: stair is 0.99 points at x = 2.9" in reached_sentence(found)
    assert solve("line", 13).neighbors is None


def test_two_crossings_are_counted():
    """A parabola is at 4 twice: the first is given, and that there are two is said."""
    found = solve("curve", 4)
    assert found.crossings == 2
    assert found.value == pytest.approx(5 - math.sqrt(4 - np.mean([luck(i) for i in range(8)])), abs=0.05)
    assert "crosses 2 times" in reached_sentence(found)


def test_a_log_range_is_walked_by_orders_of_magnitude():
    """log10 x = 1 in 0.01 to 10,000 is at 10."""
    found = solve("power", 1.0, levers={"x": Range(low=0.01, high=10_000.0, log=True)})
    assert math.log10(found.value) == pytest.approx(1 - np.mean([luck(i) for i in range(8)]), abs=0.05)


def test_it_goes_on_where_it_stopped(tmp_path):
    """A second call runs nothing; another target of the same search runs only what is new."""
    first = reach(problem(), "line", 13, model=MODEL, workers=1, folder=tmp_path / "r")
    again = reach(problem(), "line", 13, model=MODEL, workers=1, folder=tmp_path / "r")
    assert again.ran == 0
    assert (first.value, first.earliest, first.latest) == (again.value, again.earliest, again.latest)


@pytest.mark.parametrize(
    ("text", "found"), [("retention_rate=60%", ("retention_rate", 0.6)), ("line = 13", ("line", 13.0))]
)
def test_what_is_asked(text, found):
    """A measure and a number, or a share."""
    assert parse_reach(text) == found


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: parse_reach("line"), "expected measure=value"),
        (lambda: parse_reach("line=soon"), "expected measure=value, such as retention_rate=60%; found 'line=soon'"),
        (lambda: solve("lien", 1), "nobody computes 'lien'; did you mean 'line'"),
        (lambda: solve("line", 1, levers={"x": Range(low=0, high=1), "y": Range(low=0, high=1)}),
         "moves one lever; the experiment has 2: x, y"),
        (lambda: solve("line", 1, levers={"x": (1, 2)}), "x is a list of values"),
        (lambda: solve("line", 1, alternatives=("today", "pods")), "asked of one alternative: --alternative today or pods"),
        (lambda: solve("rare", 1), "rare has no value in 1 of 8 runs"),
    ],
)  # fmt: skip
def test_bad_input(call, message):
    """What cannot be searched is said before, or as soon as it is known."""
    with pytest.raises(SearchError, match=message):
        call()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--reach", "profit=0"], 2, "--reach moves one lever; the experiment has 2"),
        (["--outcome", "proft"], 2, "nobody computes 'proft'; did you mean 'profit'"),
        (["--constraint", "profit"], 2, "expected a constraint"),
        (["--alternative", "pods"], 2, "no alternative is called 'pods'; there are: today"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, monkeypatch, capsys, options, code, said):
    """Exit code 2 and one sentence; nothing is simulated."""
    (tmp_path / "tiny.yaml").write_text("horizon: 10\nwarmup: 7\nreplications: 2\nmarket: {customers: 20}\n")
    (tmp_path / "experiment.yaml").write_text(
        "scenario: tiny.yaml\ndesign: {kind: latin_hypercube, n: 4}\n"
        "levers: {contact_policy.gap: {low: 0.5, high: 4}, market.fatigue.delta: {low: 0.1, high: 0.4}}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["simkit", "optimize", ".", *options])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == code
    assert said in capsys.readouterr().err
