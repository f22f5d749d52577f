"""The commands about luck, and the options of `run` about it: right and wrong use."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from simkit.experiment.cells import Err
from simkit.experiment.selecting import FailedRunError, select
from simkit.experiment.store import save
from simkit.experiment.study import run


@pytest.fixture(scope="module")
def synthetic() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[1] / "experiment"))
        yield importlib.import_module("synthetic")


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_text("question: Why?\nalternatives:\n  pods: {teams.structure: pods}\n")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--worlds", "0"], 2, "greater than or equal to 1"),
        (["--worlds", "5", "--no-worlds"], 2, "give one of them"),
        (["--uncertain", "market.prospect=0.1..0.2"], 3, "market.prospect: is no number of the scenario"),
        (["--uncertain", "market.prospects=0.4..0.2"], 3, "low must be below high"),
        (["--uncertain", "market.prospects"], 2, "expected A.B=LOW..HIGH"),
        (["--until", "profit"], 2, "expected a measure, '=' and a number"),
        (["--until", "gain=5"], 3, "is no measure"),
        (["--until", "profit=-5"], 3, "above 0"),
        (["--until", "profit=5", "--replications", "3"], 3, "found 3"),
    ],
)
def test_wishes_that_cannot_be_met_end_before_anything_runs(simkit, words, code, says):
    """Each is told in a sentence, and nothing is written."""
    found, out, err = simkit("run", "s.yaml", "--workers", "1", *words)
    assert (found, out) == (code, "")
    assert says in err
    assert not Path("results").exists()


def test_warmup_reads_a_results_folder(simkit, synthetic: Any, tmp_path: Path):
    """What has not settled is a warning and comes first; the picture is written; wrong names are told."""
    save(run(synthetic.study(), replications=3, workers=1, model=synthetic.MODEL), tmp_path / "r", lambda: "")
    code, out, _ = simkit("warmup", "r", "--column", "mean_fatigue", "--column", "revenue", "--out", "w.svg")
    assert code == 0
    assert out.startswith("Warning: today: mean fatigue")
    assert Path("w.svg").read_text().startswith("<?xml")
    rows = json.loads(simkit("warmup", "r", "--column", "revenue", "--json")[1])["columns"]
    assert {row["alternative"] for row in rows} == {"today", "pods", "hub"}
    assert {row["left_out"] for row in rows} == {28}
    assert simkit("warmup", "nowhere")[0] == 2
    assert "no column 'fun'" in simkit("warmup", "r", "--column", "fun")[2]


def test_select_gives_up_what_is_not_best(synthetic: Any):
    """Under common luck the best alternative is found with the first replications, and odds are told."""
    found = select(synthetic.study(), indifference=1000, model=synthetic.MODEL)
    assert found.selection.chosen == "pods"
    assert set(found.selection.replications.values()) == {10}
    assert found.probabilities["pods"] > 0.99
    assert found.sentence.startswith("Choose pods: with at least 95% confidence it is best on profit")
    with pytest.raises(ValueError, match="gain"):
        select(synthetic.study(), indifference=1000, outcome="gain", model=synthetic.MODEL)
    with pytest.raises(FailedRunError, match="replication 1: ValueError: no such luck; nobody is chosen"):
        select(synthetic.study(fault="raise"), indifference=1000, model=synthetic.MODEL)


def test_select_prints_figures_that_can_be_read(simkit, synthetic: Any, monkeypatch: pytest.MonkeyPatch):
    """Means have a unit and as many digits as a lead needs to be seen; a run that takes long says how far it is."""
    told: list[str] = []

    def made(study: Any, **wanted: Any) -> Any:
        assert callable(wanted.pop("told"))
        return select(synthetic.study(), **wanted, model=synthetic.MODEL, told=told.append)

    monkeypatch.setattr("simkit.experiment.selecting.select", made)
    code, out, _ = simkit("select", "s.yaml", "--set", "currency=SAR", "--indifference", "100000")
    assert code == 0
    assert "within 100,000 of the best" in out
    rows = [line.split() for line in out.splitlines() if line.split()[:1] in (["today"], ["pods"], ["hub"])]
    assert [row[2:5] for row in rows] == [["m", "SAR", "per"]] * 3
    assert all(len(row[1].partition(".")[2]) == 2 and row[-1].endswith("%") for row in rows)
    assert told[0] == "replication 1 of at most 200: today, 3 alternatives left"


def test_a_run_that_failed_is_no_wrong_use(simkit, monkeypatch: pytest.MonkeyPatch):
    """`simkit select` then ends with 4, as every command with failed runs, and chooses nobody."""
    monkeypatch.setattr("simkit.experiment.cells.Work.run", lambda *_, **__: Err("ValueError: planned", "x", 0.0))
    code, out, err = simkit("select", "s.yaml", "--indifference", "1000")
    assert (code, out) == (4, "")
    assert "replication 0: ValueError: planned; nobody is chosen while a run is missing" in err
