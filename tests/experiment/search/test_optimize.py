"""The search finds what is known to be best, says how sure that is, and goes on where it stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest

from simkit.experiment.cells import Answer, Model
from simkit.experiment.definition.tables import Range
from simkit.experiment.search.optimize import optimize
from simkit.experiment.search.problem import Constraint, Point, Problem, SearchError, constraint, problem_of, sided
from simkit.experiment.search.runs import Runs
from simkit.experiment.store import ResultsFolderError
from simkit.report.search import _state as state
from simkit.report.search import document, headline, sureness
from simkit.rng import run_key, uniform
from simkit.scenario.errors import Problem as Mistake
from simkit.scenario.errors import ScenarioError


@dataclass(frozen=True)
class Toy:
    """Values of levers as a scenario."""

    values: dict[str, Any] = field(default_factory=dict)
    alternative: str = "today"


@dataclass(frozen=True)
class Measure:
    unit: str = "points"
    better: str = "higher"


MEASURES = {"gain": Measure(), "cost": Measure(better="lower"), "size": Measure(better="")}
RAN: list[tuple[str, int]] = []


def luck(replication):
    return uniform(*run_key(5, replication), 0, 0, 1, 0, 0) - 0.5


def run(scenario, replication, *, engine, threads):
    """gain = 10 - (x - 3)^2, less 2 unless y is b, plus 1 in pods, plus luck that all share; cost = 2 x."""
    x, y = scenario.values.get("x", 8.0), scenario.values.get("y", "a")
    RAN.append((json.dumps(scenario.values, sort_keys=True), replication))
    if x > 9:
        raise ValueError("too much")
    gain = 10 - (x - 3) ** 2 - 2 * (y != "b") + (scenario.alternative == "pods") + 5 * luck(replication) * (1 + x / 50)
    return Answer({"gain": gain, "cost": 2 * x, "size": 1.0}, pd.DataFrame())


MODEL = Model(run, "simkit.experiment.cells:figures_of", MEASURES, warm_up=None)
LEVERS = {"x": Range(low=0.0, high=8.0), "y": ("a", "b", "c")}


def problem(levers=None, outcomes=None, alternatives=("today",), **more):
    return Problem(
        name="toy", levers=levers or LEVERS, outcomes=outcomes or {"gain": "higher"},
        constraints=more.pop("constraints", ()), alternatives=alternatives,
        scenario_of=lambda values, name: Toy(dict(values), name),
        scenarios={name: Toy({}, name) for name in alternatives}, measures=MEASURES, seed=7,
        **{"replications": 12, **more},
    )  # fmt: skip


def search(problem, **more):
    return optimize(problem, **{"model": MODEL, "workers": 1, **more})


def test_the_known_optimum_is_found():
    """x = 3 and y = b of a parabola; it gains on the scenario as it is (x = 8, y = a) what the formula says."""
    found = search(problem(), trials=60)
    best = found.best.point.values
    assert best["x"] == pytest.approx(3, abs=0.4)
    assert best["y"] == "b"
    by_hand = 27 - (best["x"] - 3) ** 2
    assert found.against_base.difference == pytest.approx(by_hand, abs=0.5)
    assert found.against_base.verdict == "higher"
    assert "shown to be higher" in sureness(found)[-1]
    assert headline(found).startswith("Best of 60 trials: x = ")


def test_finalists_meet_luck_the_search_has_not_seen():
    """The first replications choose, later ones compare; who is shown to be worse gets no more of them."""
    RAN.clear()
    found = search(problem(), trials=16, first=3)
    searched = {key for key, replication in RAN if replication < 3}
    compared = {key: {r for k, r in RAN if k == key and r >= 3} for key, _ in RAN}
    best = json.dumps(dict(found.best.point.values), sort_keys=True)
    assert found.best.intervals["gain"].count == len(compared[best]) == found.replications
    assert min(compared[best]) == 3
    assert best in searched
    assert sum(bool(more) for more in compared.values()) <= 7  # six finalists and the base
    assert found.replications < 12  # soon decided
    assert found.against_second.verdict == "higher"
    assert [state(found, one) for one in found.finalists] == ["best"] + ["shown to be worse"] * (
        len(found.finalists) - 1
    )
    alike = search(problem({"y": ("a", "c")}), trials=8)
    assert [state(alike, one) for one in alike.finalists] == ["best", "near the best"]
    assert alike.replications == 12  # never decided: all there are
    assert alike.against_second.verdict == "the same"
    assert [one.in_race for one in alike.finalists] == [True, True]


def test_a_stopped_search_goes_on_as_if_it_had_not_been(tmp_path):
    """Stopped in the middle of a batch, gone on: the same trials, and no run twice."""
    RAN.clear()
    whole = search(problem(), trials=24, folder=tmp_path / "whole")
    once = len(RAN)
    RAN.clear()

    def stopped(scenario, replication, **more):
        if len(RAN) == 50:
            raise KeyboardInterrupt
        return run(scenario, replication, **more)

    folder = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        search(problem(), trials=24, folder=folder, model=Model(stopped, MODEL.compute, MEASURES, warm_up=None))
    with (folder / "cells.jsonl").open("ab") as file:
        file.write(b'["cut o')
    after = search(problem(), trials=24, folder=folder)
    pd.testing.assert_frame_equal(whole.table(), after.table())
    assert len(RAN) == once
    assert after.resumed == 12
    RAN.clear()
    again = search(problem(), trials=24, folder=folder)
    assert RAN == []
    assert again.resumed == 24
    assert again.best == after.best
    longer = search(problem(), trials=28, folder=folder)
    assert longer.trials[:24] == after.trials


@pytest.mark.parametrize("harm", ["torn", "garbage", "flipped", "emptied"])
def test_a_damaged_journal_is_told_and_made_again(tmp_path, capsys, harm):
    """The course of a search is the same again from wherever its journal is whole; no run is made twice."""
    whole = search(problem(), trials=24, folder=tmp_path / "search")
    journal = tmp_path / "search" / "study.jnl"
    lines = journal.read_bytes().splitlines(keepends=True)
    middle = len(lines) // 2
    damaged = {
        "torn": [*lines[:-1], lines[-1][:-5]],
        "garbage": [*lines[:middle], b"garbage\n", *lines[middle:]],
        "flipped": [*lines[:middle], b"\xff" + lines[middle][1:], *lines[middle + 1 :]],
        "emptied": [],
    }[harm]
    journal.write_bytes(b"".join(damaged))
    RAN.clear()
    after = search(problem(), trials=24, folder=tmp_path / "search")
    pd.testing.assert_frame_equal(whole.table(), after.table())
    assert RAN == []
    told = capsys.readouterr().err
    assert (told == "") if harm == "emptied" else (f"{journal} was damaged from line" in told)
    assert journal.read_bytes().count(b"\n") >= len(lines) - 1


def test_a_folder_of_another_search_is_refused(tmp_path):
    """Other levers, another seed, or no search at all; nothing is overwritten."""
    search(problem(), trials=4, folder=tmp_path / "a")
    with pytest.raises(ResultsFolderError, match=r"another search \(levers differ\)"):
        search(problem({"x": Range(low=0, high=5)}), trials=4, folder=tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "letter.txt").write_text("dear")
    with pytest.raises(ResultsFolderError, match="holds no search"):
        search(problem(), trials=4, folder=tmp_path / "b")


def test_a_constraint_holds_the_optimum_back():
    """cost = 2 x at most 4: the best is at x = 2 and not at 3; with a bound nobody keeps, that is said."""
    bound = constraint("cost <= 4", MEASURES)
    found = search(problem(constraints=(bound,)), trials=60)
    assert found.best.point.values["x"] == pytest.approx(2, abs=0.3)
    assert found.best.point.values["x"] <= 2
    never = search(problem(constraints=(constraint("cost < -1", MEASURES),)), trials=8)
    assert never.best is None
    assert headline(never).startswith("No trial of 8 keeps cost < -1; the nearest is x = ")
    assert document(never)["best"] is None


def test_two_outcomes_make_a_front():
    """Most gain for least cost: every point between x = 0 and x = 3 is on the front, and none above 3; y is b."""
    found = search(problem(outcomes={"gain": "higher", "cost": "lower"}), trials=80)
    front = [one.point.values["x"] for one in found.finalists]
    assert len(front) >= 5
    assert all(0 <= x <= 3.4 for x in front)
    means = [(one.intervals["gain"].mean, -one.intervals["cost"].mean) for one in found.finalists]
    assert not any(a[0] >= b[0] and a[1] >= b[1] and a != b for a in means for b in means)
    assert found.against_second is None


def test_how_sure_the_front_is():
    """Luck of a point's own makes the front unsure: shares are those of `pareto`, the answer names who is ahead."""

    def noisy(scenario, replication, *, engine, threads):
        x = float(scenario.values["x"]) if scenario.values else 8.0
        own = uniform(*run_key(5, replication), int(x), 0, 2, 0, 0) - 0.5 if replication >= 4 else 0.0
        gain = 1.3 + 8 * own if x == 2 else min(x, 3)
        return Answer({"gain": gain, "cost": x / 100}, pd.DataFrame())

    model = Model(noisy, "simkit.experiment.cells:figures_of", MEASURES, warm_up=None)
    levers = {"x": (1, 2, 3)}
    found = optimize(problem(levers, {"gain": "higher", "cost": "lower"}), trials=20, model=model, workers=1)
    shares = {one.point.values["x"]: one.front_probability for one in found.finalists}
    assert shares[1] == 1  # nothing is cheaper
    assert 0.8 < shares[3] <= 1  # nothing has more but x = 2 with luck
    doubted = next(one for one in found.finalists if one.point.values["x"] == 2)
    assert 0.3 < doubted.front_probability < 1
    assert set(doubted.dominated_by) == {"x = 1"}
    assert doubted.dominated_by["x = 1"] == pytest.approx(1 - doubted.front_probability)
    assert any("x = 2 is not surely on the front" in line and "x = 1 does in" in line for line in sureness(found))
    told = {one["levers"]["x"]: one["front_probability"] for one in document(found)["finalists"]}
    assert told == shares


def test_the_choice_among_alternatives_is_a_lever():
    """Pods gain one more at every x."""
    found = search(problem(alternatives=("today", "pods")), trials=60)
    assert found.best.point.alternative == "pods"
    assert headline(found).startswith("Best of 60 trials: pods with x = ")


def test_failures_are_rows_and_never_win():
    """Runs fail above x = 9; values that make no sense together are refused; both are told with their reason."""

    def refusing(values, name):
        if values.get("y") == "c":
            raise ScenarioError([Mistake("toy.yaml", 3, 1, "y: c makes no sense")])
        return Toy(dict(values), name)

    one = problem({"x": Range(low=0.0, high=12.0), "y": ("a", "b", "c")})
    found = search(Problem(**{**one.__dict__, "scenario_of": refusing}), trials=40)
    errors = {trial.error for trial in found.failed}
    assert any("c makes no sense" in error for error in errors)
    assert any("too much" in error for error in errors)
    assert found.best.point.values["y"] == "b"
    assert document(found)["trials"][found.failed[0].number]["error"]


def test_workers_change_nothing(synthetic):
    """The made-up model on one core and on two."""

    def made(workers):
        study = synthetic.study()
        one = Problem(
            name="made", levers={"lift": Range(low=-0.1, high=0.1)}, outcomes={"profit": "higher"}, constraints=(),
            alternatives=("today",), scenario_of=lambda values, name: study.base.model_copy(update=dict(values)),
            scenarios={"today": study.base}, measures=synthetic.MEASURES, seed=1, replications=4,
        )  # fmt: skip
        return optimize(one, trials=8, first=2, model=synthetic.MODEL, workers=workers)

    one, two = made(1), made(2)
    pd.testing.assert_frame_equal(one.table(), two.table())
    assert one.finalists == two.finalists


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: constraint("cots <= 4", MEASURES), "nobody computes 'cots'; did you mean 'cost'"),
        (lambda: constraint("cost", MEASURES), "expected a constraint such as"),
        (lambda: constraint("cost <= much", MEASURES), "constraint 'cost <= much'"),
        (lambda: sided(["size"], {}, MEASURES), "size has no better side; state one in the file"),
        (lambda: sided([], {}, MEASURES), "no outcome has a better side"),
        (lambda: search(Problem(**{**problem().__dict__, "levers": {}})), "there is nothing to choose"),
    ],
)
def test_bad_input(call, message):
    """Each with what was found and what is allowed."""
    with pytest.raises(SearchError, match=message):
        call()


def test_a_bound_is_strict_where_it_says_so():
    """At the bound itself, <= is kept and < is not."""
    kept, strict = constraint("cost <= 4", MEASURES), constraint("cost < 4", MEASURES)
    assert kept.excess(4.0) <= 0
    assert strict.excess(4.0) > 0
    assert isinstance(kept, Constraint)
    assert kept.excess(float("nan")) > 0


def test_a_real_experiment(tmp_path):
    """From the file: levers over a tiny market, profit because the file states no direction; one trial."""
    from simkit.experiment.definition.files import load_experiment

    (tmp_path / "tiny.yaml").write_text("horizon: 10\nwarmup: 7\nreplications: 2\nmarket: {customers: 20}\n")
    (tmp_path / "experiment.yaml").write_text(
        "scenario: tiny.yaml\nlevers: {contact_policy.gap: {low: 0.5, high: 4}}\n"
        "design: {kind: latin_hypercube, n: 4}\nreplications: 2\n"
    )
    made = problem_of(load_experiment(tmp_path / "experiment.yaml"))
    assert list(made.outcomes) == ["profit"]
    found = optimize(made, trials=1, first=1, engine="mesa", workers=1, folder=tmp_path / "found")
    again = optimize(load_experiment(tmp_path / "experiment.yaml"), trials=1, first=1, engine="mesa", workers=1)
    assert again.best.point == found.best.point
    with pytest.raises(SearchError, match="give an experiment"):
        optimize(made, constraints=["profit >= 0"])
    assert not found.failed
    assert found.best.intervals["profit"].count == 2
    assert 0.5 <= found.best.point.values["contact_policy.gap"] <= 4
    known = Runs(made, folder=tmp_path / "found", workers=1)
    point = Point("today", {})
    known.need([point], [1, 2])
    assert known.ran == 0
    with pytest.raises(SearchError, match="no alternative is called 'pods'; there are: today"):
        problem_of(load_experiment(tmp_path / "experiment.yaml"), alternative="pods")
