"""A study: paired, independent of who ran it, honest about what failed."""

from __future__ import annotations

import math
import multiprocessing
import subprocess
import sys
from typing import Any

import pytest

from simkit.experiment import study as study_module
from simkit.experiment.study import run
from simkit.scenario.errors import SenseError


def test_further_cores_have_workers(synthetic: Any, monkeypatch: pytest.MonkeyPatch):
    """By default every core takes part, this process with its own; on one core no process is started; equal results."""
    used = []

    class Spy(study_module.Processes):
        def submit_stream(self, cells: Any, window: int) -> Any:
            used.append(window)
            return super().submit_stream(cells, window)

    monkeypatch.setattr(study_module, "Processes", Spy)
    monkeypatch.setattr(study_module.os, "cpu_count", lambda: 2)
    brief = run(synthetic.study(horizon_days=60), replications=2, workers=1, model=synthetic.MODEL)
    assert used == []
    spread = run(synthetic.study(horizon_days=60), replications=2, model=synthetic.MODEL)
    assert used == [2]
    assert spread.runs.equals(brief.runs)
    assert spread.daily.equals(brief.daily)
    assert spread.cases.equals(brief.cases)
    assert spread.document() == brief.document()


def test_seed_and_replications_can_be_set(synthetic: Any):
    """Another seed is other luck for every alternative; a run is reproduced by its seed."""
    first = run(synthetic.study(), replications=2, workers=1, model=synthetic.MODEL)
    other = run(synthetic.study(), replications=2, seed=99, workers=1, model=synthetic.MODEL)
    again = run(synthetic.study(seed=99), replications=2, workers=1, model=synthetic.MODEL)
    assert not first.runs.equals(other.runs)
    assert other.runs.equals(again.runs)
    assert {scenario.seed for scenario in other.scenarios.values()} == {99}


def test_one_more_replication_leaves_the_others_alone(synthetic: Any):
    """Replication i is the same run whether there are two or three of them."""
    two = run(synthetic.study(), replications=2, workers=1, model=synthetic.MODEL)
    three = run(synthetic.study(), replications=3, workers=1, model=synthetic.MODEL)
    assert (three.values("pods", "profit")[:2] == two.values("pods", "profit")).all()


def test_failed_runs_are_told_first(synthetic: Any):
    """A failed run is a row and the first warning, and is left out of means and pairs."""
    study = synthetic.study()
    study.alternatives["pods"] = study.alternatives["pods"].model_copy(update={"fault": "raise"})
    study.warnings.append("the department is overloaded")
    result = run(study, replications=3, workers=1, model=synthetic.MODEL)
    assert result.failed == 1
    assert result.warnings[0].startswith("1 of 9 runs failed")
    assert "no such luck" in result.warnings[1]
    assert math.isnan(result.values("pods", "profit")[1])
    assert result.interval("pods", "profit").count == 2
    assert result.difference("profit", "pods", "today").unpaired == 1
    later = result.warned("no plausible worlds were run").warned("it peeks")
    assert later.warnings == (*result.warnings[:2], "it peeks", "no plausible worlds were run", *result.warnings[2:])
    failed = result.runs[result.runs["status"] == "failed"]
    assert set(failed["error"]) == {"ValueError: no such luck"}
    assert len(failed) == len(synthetic.MEASURES)


def test_all_runs_failed_is_still_a_result(synthetic: Any):
    """Even when nothing ran there is a document that says so."""

    def never(*_: Any, **__: Any) -> Any:
        raise OSError("disk on fire")

    model = synthetic.Model(never, synthetic.compute, synthetic.MEASURES)
    result = run(synthetic.study(), replications=2, workers=1, model=model)
    assert result.failed == 6
    assert all(row["mean"] is None for row in result.document()["outcomes"])


def test_same_warnings_are_told_once(synthetic: Any):
    """What every run warns of is one line."""
    result = run(synthetic.study(), replications=3, workers=1, model=synthetic.MODEL)
    assert result.warnings == ("every alternative: made up",)


def test_warnings_that_differ_in_numbers_are_one(synthetic: Any):
    """What some runs warn of in other numbers is one line that says so."""

    def simulate(scenario: Any, replication: int, **_: Any) -> Any:
        run_ = synthetic.simulate(scenario, replication)
        return synthetic.Run(run_.daily, run_.cases, warnings=[f"{replication} lost"] if replication else [])

    model = synthetic.Model(simulate, synthetic.compute, synthetic.MEASURES)
    result = run(synthetic.study(), replications=3, workers=1, model=model)
    assert result.warnings == ("every alternative: 1 lost (in 6 of 9 runs, the first of them is told)",)


def test_interrupt_reaches_the_caller(synthetic: Any, monkeypatch: pytest.MonkeyPatch):
    """Ctrl-C ends the workers and is raised on."""
    done = []

    class Interrupted(study_module.Progress):
        def advance(self, failed: bool = False, seconds: float | None = None) -> None:
            done.append(1)
            if len(done) == 3:
                raise KeyboardInterrupt

    monkeypatch.setattr(study_module, "Progress", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(synthetic.study(), workers=2, model=synthetic.MODEL)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("wrong", [{"replications": 0}, {"workers": 0}])
def test_nothing_to_run_is_an_error(synthetic: Any, wrong: dict[str, int]):
    """At least one replication and one core."""
    with pytest.raises(ValueError, match="at least 1"):
        run(synthetic.study(), model=synthetic.MODEL, **wrong)


def test_importing_is_light():
    """Pictures, statistics and Parquet are imported where they are used."""
    heavy = ("matplotlib", "scipy.special", "pyarrow.parquet", "jinja2", "rich")
    script = (
        "import sys, simkit.experiment.study, simkit.experiment.store, simkit.report.page\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_progress_is_quiet_when_brief(synthetic: Any, capsys: pytest.CaptureFixture[str]):
    """No bar and no line where stderr is not a terminal and the work is brief; never anything on stdout."""
    run(synthetic.study(), replications=1, workers=1, progress=True, model=synthetic.MODEL)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == ""


def test_progress_tells_the_time_left(capsys: pytest.CaptureFixture[str]):
    """After a while a plain line says how far it is and how long it takes."""
    progress = study_module.Progress(4, shown=True)
    progress.started -= 30
    progress._told_at -= 30
    progress.advance()
    said = capsys.readouterr().err
    assert said.startswith("1 of 4 runs finished, about ")
    assert said.strip().endswith("s left")


def test_time_to_get_ready_is_not_in_the_time_left(capsys: pytest.CaptureFixture[str]):
    """Rules that were compiled for half a minute before a first run of ten seconds: ten more take a hundred seconds."""
    progress = study_module.Progress(11, shown=True)
    progress.started -= 40
    progress._told_at -= 40
    progress.advance(seconds=10.0)
    assert capsys.readouterr().err.strip() == "1 of 11 runs finished, about 100 s left"


def test_until_runs_more_where_luck_asks_for_it(synthetic: Any):
    """Replications go on from ten until paired differences are narrow; the runs are those of a longer study."""
    study = synthetic.study(noise=40.0)
    wide = run(study, replications=10, workers=1, model=synthetic.MODEL)
    half = max(
        (one.high - one.low) / 2 for name in ("pods", "hub") for one in [wide.difference("profit", name, "today")]
    )
    found = run(study, until={"profit": half / 1.5}, workers=1, model=synthetic.MODEL)
    assert 10 < found.replications < 60
    reached = [found.difference("profit", name, "today") for name in ("pods", "hub")]
    assert max((one.high - one.low) / 2 for one in reached) <= half / 1.5
    again = run(study, replications=found.replications, workers=1, model=synthetic.MODEL)
    assert again.runs.equals(found.runs)
    assert "their 95% is approximate" in found.warnings[0]


def test_until_says_what_it_did_not_reach(synthetic: Any):
    """At the most it ends, and the first warning says how far it came; what cannot be asked is refused."""
    found = run(synthetic.study(), until={"profit": 1.0}, replications=12, workers=1, model=synthetic.MODEL)
    assert found.replications == 12
    assert "not 1." in found.warnings[0]
    for wrong, said in (({"gain": 1.0}, "is no measure"), ({"profit": 0.0}, "above 0")):
        with pytest.raises(SenseError, match=said):
            run(synthetic.study(), until=wrong, workers=1, model=synthetic.MODEL)
    with pytest.raises(SenseError, match="found 5"):
        run(synthetic.study(), until={"profit": 1.0}, replications=5, workers=1, model=synthetic.MODEL)
