"""The commands of experiments as they are typed: what is refused in words, what is said first, exit codes."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from simkit.commands.experiments import _show
from simkit.experiment.definition.files import load_experiment
from simkit.experiment.sweep import Swept, document

SCENARIO = """
horizon: 7 days
warmup: 0
market: {customers: 30}
alternatives: {calm: {contact_policy.gap: 5}}
"""
EXPERIMENT = """
scenario: small.yaml
levers: {market.fatigue.half_life_days: {low: 3.0, high: 9.0}}
outcomes: [profit, retention_rate]
alternatives: [today]
design: {kind: grid, n: 3}
replications: 2
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a scenario and an experiment, from where commands are typed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SCENARIO)
    (tmp_path / "gap.yaml").write_text(EXPERIMENT)
    (tmp_path / "free.yaml").write_text(EXPERIMENT.replace("alternatives: [today]\n", ""))
    (tmp_path / "once.yaml").write_text(EXPERIMENT.replace("replications: 2", "replications: 1"))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("run", "gap.yaml"), 3, "gap.yaml is an experiment, which varies a scenario; `simkit sweep gap.yaml` runs it"),
        (("export", "gap.yaml", "--what", "transactions"), 3, "gap.yaml is an experiment, which varies a scenario"),
        (("diff", "small.yaml", "gap.yaml:today"), 3, "gap.yaml is an experiment, which varies a scenario"),
        (("optimize", "free.yaml", "--reach", "profit=1"), 2, "is asked of one alternative: --alternative today or calm"),
        (("optimize", "once.yaml"), 2, "found 60, 4 and 1 (--trials, --first, --replications)"),
        (("sweep", "small.yaml"), 3, "small.yaml is a scenario; an experiment names one (scenario: small.yaml)"),
        (("sweep", "gap.yaml", "--executor", "bus"), 2, "'--executor': 'bus' is not one of 'serial', 'dask'"),
        (("sweep", "gap.yaml", "--executor", "serial", "--workers", "2"), 2, "serial is this process alone"),
        (("optimize", "gap.yaml", "--reach", "retention_rate=140%"), 2, "retention_rate is between 0 % and 100 %; found 140 %"),
        (("optimize", "gap.yaml", "--reach", "mean_fatigue=-1"), 2, "mean_fatigue is never below 0; found -1"),
        (("optimize", "gap.yaml", "--constraint", "retention_rate >= 140%"), 2, "between 0 % and 100 %; found 140 %"),
        (("optimize", "gap.yaml", "--reach", "profit=1", "--trials", "60"), 2, "has no use for --trials"),
        (("optimize", "gap.yaml", "--reach", "profit=1", "--constraint", "profit > 1"), 2, "no use for --constraint"),
        (("optimize", "gap.yaml", "--reach", "profit=1", "--outcome", "profit"), 2, "has no use for --outcome"),
        (("optimize", "gap.yaml", "--reach", "profit=1", "--first", "4"), 2, "has no use for --first"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_before_anything_runs(simkit, place, words, code, says):
    """Each in one sentence, without a word of a library in front; no folder of results is made."""
    found, out, err = simkit(*words)
    assert (found, out) == (code, "")
    assert says in err
    assert "Value error" not in err
    assert not (place / "results").exists()


def test_an_experiment_can_be_validated(simkit, place):
    """How many runs it has; what is wrong with it, with its line; also as JSON."""
    assert simkit("validate", "gap.yaml")[:2] == (0, "ok: 3 cases x 1 alternatives x 2 replications\n")
    told = json.loads(simkit("validate", "gap.yaml", "--json")[1])
    assert (told["valid"], told["cases"], told["alternatives"], told["replications"]) == (True, 3, ["today"], 2)
    (place / "gap.yaml").write_text(EXPERIMENT.replace("retention_rate", "retention_rat"))
    code, out, err = simkit("validate", "gap.yaml")
    assert (code, out) == (3, "")
    assert err.startswith("gap.yaml:4:20: outcomes: nobody computes 'retention_rat'; did you mean 'retention_rate'?")
    assert json.loads(simkit("validate", "gap.yaml", "--json")[1])["valid"] is False


def test_no_average_leaves_anything_out_silently(place, capsys):
    """A case of which all runs failed has its row; failed runs are counted beside the mean, absent values said."""
    experiment = load_experiment(place / "gap.yaml")
    cells = [
        (0, 0, "ok", 10.0, 0.5), (0, 1, "ok", 30.0, np.nan),
        (1, 0, "failed", np.nan, np.nan), (1, 1, "ok", 7.0, 0.25),
        (2, 0, "failed", np.nan, np.nan), (2, 1, "failed", np.nan, np.nan),
    ]  # fmt: skip
    names = ["case", "replication", "status", "profit", "retention_rate"]
    runs = pd.DataFrame(cells, columns=names).assign(alternative="today", error=lambda table: table["status"])
    design = pd.DataFrame({"market.fatigue.half_life_days": [3.0, 6.0, 9.0]}).rename_axis("case")
    found = document(experiment, Swept(runs, design))
    rows = [(one["case"], one["runs"], one["failed"], one["profit"], one["retention_rate"]) for one in found["means"]]
    assert rows == [(0, 2, 0, 20.0, 0.5), (1, 1, 1, 7.0, 0.25), (2, 0, 2, None, None)]
    assert found["absent"] == {"retention_rate": 1}
    _show(found)
    said = capsys.readouterr().out
    order = ["3 cases, 6 runs, 3 failed", "failed: case 1, today, replication 0: failed (3 times)",
             "no value: retention_rate in 1 of the 3 finished runs", "market.fatigue", "0.25"]  # fmt: skip
    assert sorted(order, key=said.index) == order


def test_a_search_with_failed_runs_ends_with_4(simkit, place):
    """As every other command that finished with failed runs; the best of the others is told after the failures."""
    (place / "own.py").write_text(
        "from simkit.extend import Extension, Measure\n"
        "extension = Extension('fails where it is told to')\n"
        "def y(run):\n"
        "    days = run.scenario.market.fatigue.half_life_days\n"
        "    assert days < 5, 'planned'\n"
        "    return days\n"
        "extension.measure(Measure('y', 'points', 'Y', 'x', 'x', 'measured', 'days', 'higher', y))\n"
    )
    (place / "own.yaml").write_text(
        "scenario: small.yaml\nalternatives: [today]\nlevers: {market.fatigue.half_life_days: [3, 4, 5]}\n"
        "outcomes: [y]\ndesign: grid\nreplications: 2\n"
    )
    code, out, _ = simkit(
        "optimize", "own.yaml", "--extend", "own.py", "--trials", "8", "--first", "2", "--workers", "1"
    )
    assert code == 4
    assert out.index("trials failed") < out.index("Best of 8 trials: market.fatigue.half_life_days = 4")


def test_paths_stand_in_tables_as_they_are_typed(simkit, place):
    """The head of a column can be copied into a file or an option."""
    _, out, _ = simkit("sweep", "gap.yaml")
    assert "market.fatigue.half_life_days" in out
    assert "retention rate" in out


def test_what_was_said_of_other_runs_is_taken_away_by_a_shard_too(simkit, place):
    """A shard makes no page, and that of the sweep which had the folder before would be taken for its own."""
    simkit("sweep", "gap.yaml", "--out", "r")
    (place / "r" / "analysis" / "mine.txt").write_text("kept")
    assert (place / "r" / "report.html").is_file()
    assert simkit("sweep", "gap.yaml", "--out", "r", "--seed", "9", "--shard", "1/2")[0] == 0
    assert not (place / "r" / "report.html").exists()
    assert [path.name for path in (place / "r" / "analysis").iterdir()] == ["mine.txt"]


def test_a_sweep_prints_six_digits(simkit, place):
    """Of a factor that was drawn too; the tables and --json have all."""
    text = EXPERIMENT.replace("{kind: grid, n: 3}", "{kind: latin_hypercube, n: 3, seed: 4}")
    (place / "gap.yaml").write_text(text)
    _, out, _ = simkit("sweep", "gap.yaml")
    drawn = [
        row["market.fatigue.half_life_days"] for row in json.loads(simkit("sweep", "gap.yaml", "--json")[1])["means"]
    ]
    assert all(f" {value:.6g} " in out and str(value) not in out for value in drawn)


def test_an_experiment_is_validated_by_its_folder(simkit, place):
    """As `simkit sweep` takes it."""
    (place / "experiment.yaml").write_text(EXPERIMENT)
    assert simkit("validate", ".")[:2] == (0, "ok: 3 cases x 1 alternatives x 2 replications\n")


def test_validate_reads_the_claims(simkit, place):
    """With their lines: a claim that nobody can judge is not found only after the runs. A file that cannot be read
    whole is still known for an experiment."""
    (place / "gap.yaml").write_text(EXPERIMENT + "claims:\n  - {name: more, kind: meen}\n")
    code, out, err = simkit("validate", "gap.yaml")
    assert (code, out) == (3, "")
    assert err.startswith("gap.yaml:9:24: claim 'more': kind: unknown kind 'meen'; did you mean 'mean'?")
    (place / "gap.yaml").write_text(EXPERIMENT.replace("high: 9.0", "high: .nan"))
    assert "in the scenario" not in simkit("validate", "gap.yaml")[2]


def test_what_an_extension_lets_scenarios_set_is_told_by_its_path(simkit, place):
    """`simkit diff` names a parameter as a scenario file does."""
    (place / "own.py").write_text(
        "from simkit.extend import Extension, Parameters, convention\n"
        "extension = Extension('a number')\n"
        "@extension.parameters\n"
        "class Numbers(Parameters):\n"
        "    x: float = convention(1.0, unit='', why='any')\n"
    )
    (place / "more.yaml").write_text(SCENARIO.replace("calm: {contact_policy.gap: 5}", "more: {extension.x: 2}"))
    code, out, _ = simkit("diff", "more.yaml", "more.yaml:more", "--extend", "own.py")
    assert (code, "\n  extension.x: 1 → 2" in out) == (0, True)
