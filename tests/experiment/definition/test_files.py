"""Experiment files: what is wrong is said at once, each at its line; what is right becomes a design and scenarios."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from simkit.experiment.cells import Err, Model, Work
from simkit.experiment.definition.cases import design_of
from simkit.experiment.definition.files import load_experiment
from simkit.experiment.definition.tables import Range
from simkit.experiment.sweep import Plan
from simkit.scenario.errors import ScenarioError

SCENARIO = (
    "market: {customers: 300}\nhorizon: 30 days\nwarmup: 7 days\nalternatives:\n  pods: {teams.structure: pods}\n"
)


@pytest.fixture
def write(tmp_path: Path):
    """Writes an experiment beside a small scenario; the path of it."""
    (tmp_path / "small.yaml").write_text(SCENARIO)

    def written(text: str) -> Path:
        path = tmp_path / "experiment.yaml"
        path.write_text(f"scenario: small.yaml\n{text}")
        return path

    return written


def problems(path: Path) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        load_experiment(path)
    return [f"{one.line}:{one.column} {one.message}" for one in error.value.problems]


def planned(found, design: pd.DataFrame, replications: int, seed: int) -> list:
    """Every cell with its scenario, or with why it has none."""
    plan = Plan(found, design, Work(found.study.alternatives, "compiled", Model()), seed)
    return list(plan.cells(plan.keys(dict.fromkeys(plan.cases, replications), by_case=False)))


def test_what_is_written_is_what_is_read(write):
    """Every field arrives; what is not said comes from the scenario and the folder."""
    found = load_experiment(
        write(
            "question: how often?\nsets: {market.customers: 200}\nlevers: {contact_policy.gap: [1, +2]}\n"
            "uncertainties:\n  market.fatigue.half_life_days: {low: 3, high: 12.5, log: true}\n"
            "design: {kind: latin_hypercube, n: 8, seed: 3}\noutcomes: {profit: higher, mean_fatigue: null}\n"
            "replications: 4\nalternatives: [pods]\nclaims: [{text: more is less}]\n"
        )
    )
    assert (found.name, found.question) == (found.path.parent.name, "how often?")
    assert found.study.base.market.customers == 200
    assert found.levers == {"contact_policy.gap": (1, "+2")}
    assert found.uncertainties == {"market.fatigue.half_life_days": Range(low=3, high=12.5, log=True)}
    assert found.factors["market.fatigue.half_life_days"] == {"low": 3, "high": 12.5, "log": True}
    assert (found.outcomes, found.directions) == (("profit", "mean_fatigue"), {"profit": "higher"})
    assert (found.replications, found.alternatives, found.claims) == (4, ("pods",), ({"text": "more is less"},))
    assert found.design is not None
    assert found.design.options == {"n": 8, "seed": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("levers: {contact_policy.gapp: [1]}\ndesign: grid", "2:10 contact_policy.gapp: unknown key 'gapp'"),
        ("levers: {contact_policy.gap: [1, soon]}\ndesign: grid", "2:34 contact_policy.gap: expected"),
        ("levers: {market.customers: {low: 9.5, high: 20}}\ndesign: {kind: sobol, n: 8}", "2:34 market.customers: expected"),
        ("levers: {market.customers: {low: 10, high: 20, integer: false}}\ndesign: {kind: sobol, n: 8}", "2:10 market.customers takes whole"),
        ("levers: {contact_policy.gap: {low: 2, high: 1}}\ndesign: {kind: sobol, n: 8}", "2:10 levers.contact_policy.gap: low must"),
        ("levers: {profit: [1, 2]}\ndesign: grid", "'profit' is an outcome"),
        ("levers: {contact_policy.gap: [1]}", "2:1 factors are varied only by a design"),
        ("design: grid", "2:1 there is nothing to vary"),
        ("levers: {contact_policy.gap: {low: 1, high: 2}}\ndesign: grid", "2:10 levers.contact_policy.gap: a range has no values"),
        ("levers: {contact_policy.gap: [1]}\ndesign: {kind: sobol, n: 100}", "3:1 design: n of a sobol sample must be a power of two"),
        ("levers: {contact_policy.gap: [1]}\ndesign: {kind: sobl, n: 8}", "did you mean 'sobol'"),
        ("levers: {contact_policy.gap: [1]}\ndesign: {kind: grid, levels: 8}", "'levels' belongs to morris"),
        ("outcomes: [profitt]", "2:12 outcomes: nobody computes 'profitt'; did you mean 'profit'"),
        ("replications: {outcome: sales, half_width: 2%}", "2:25 replications: nobody computes 'sales'"),
        ("alternatives: [pod]", "2:16 unknown alternative 'pod'; did you mean 'pods'"),
        ("sets: {horizn: 3}", "2:8 unknown key 'horizn'"),
        ("lever: 3", "2:1 unknown key 'lever' in the experiment; did you mean 'levers'"),
        ("scenario: other.yaml", "2:1 the key 'scenario' stands twice"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_at_its_place(write, text, said):
    """Line and column of the value, what is wrong, what is allowed."""
    assert any(said in one for one in problems(write(text))), problems(write(text))


def test_all_mistakes_at_once(write):
    """Of the file, of its design and of what it does to the scenario."""
    found = problems(write("levers: {contact_policy.gapp: [1], market.customers: [-9]}\noutcomes: [x]\ndesign: grid\n"))
    assert len(found) == 3


def test_a_missing_scenario_is_a_mistake_of_the_experiment(write):
    """With a hint at what lies there."""
    path = write("")
    path.write_text("scenario: smal.yaml\n")
    assert problems(path) == ["1:11 scenario: there is no file 'smal.yaml'; did you mean 'small.yaml'?"]


def test_cases_are_the_scenario_overlaid(write):
    """A row of the design is laid over base and alternatives as `--set` is; an empty value leaves what is there."""
    found = load_experiment(write("levers: {contact_policy.gap: [1, 3]}\ndesign: grid\n"))
    design = pd.DataFrame({"contact_policy.gap": [3, None]})
    cells = [cell for cell, error in planned(found, design, replications=2, seed=9) if error is None]
    assert [(cell.case, cell.replication, cell.alternative) for cell in cells[:4]] == [
        (0, 0, "today"), (0, 0, "pods"), (0, 1, "today"), (0, 1, "pods")
    ]  # fmt: skip
    assert [cell.scenario.contact_policy.gap for cell in cells] == [3.0] * 4 + [found.study.base.contact_policy.gap] * 4
    assert {cell.scenario.seed for cell in cells} == {9}
    assert cells[1].scenario.teams.structure.preset == "pods"


def test_a_case_that_makes_no_sense_is_a_failed_cell(write):
    """It stops no other case."""
    found = load_experiment(write(""))
    cells = planned(found, pd.DataFrame({"contact_policy.gap": [1, -5]}), replications=1, seed=1)
    assert [isinstance(error, Err) for _, error in cells] == [False, False, True, True]


def test_a_lever_that_changes_nothing_is_said(write):
    """The alternatives set it themselves."""
    found = load_experiment(write("levers: {teams.structure: [hierarchy]}\ndesign: grid\n"))
    assert "changes nothing" in found.warnings[0]


def test_an_option_changes_what_the_file_sets(write):
    """`--set` is laid over the `sets` of the file, in the study and in every case; a change is of what the file sets."""
    path = write("sets: {market.customers: 200}\nlevers: {contact_policy.gap: [1]}\ndesign: grid\n")
    for option, customers in (("market.customers=150", 150), ("market.customers=-50%", 100)):
        found = load_experiment(path, [option])
        assert found.study.base.market.customers == customers
        assert found.study_of({"contact_policy.gap": 3}).base.market.customers == customers


def test_an_option_that_no_case_hears_of_is_said(write):
    """A lever has a value in each case, unless its values are changes or the design keeps the scenario's value."""
    levers = "levers: {contact_policy.gap: [1, 3]}\n"
    sets = ["contact_policy.gap=2"]
    assert load_experiment(write(f"{levers}design: grid\n"), sets).warnings == (
        "--set contact_policy.gap changes no case: it is a lever here, which has a value in each",
    )
    assert load_experiment(write(f"{levers}design: one_at_a_time\n"), sets).warnings == ()
    assert load_experiment(write("levers: {contact_policy.gap: [+1, x2]}\ndesign: grid\n"), sets).warnings == ()


def test_what_no_run_depends_on_is_no_lever(write):
    """Luck and words would be varied without any run being another: refused, in a table of cases too."""
    told = problems(write("levers: {seed: [1, 2]}\nuncertainties: {goals.profit: [1]}\ndesign: grid\n"))
    assert "2:10 levers.seed: all cases meet the same luck; --seed gives all of them another" in told
    assert "3:17 uncertainties.goals.profit: no run depends on it" in told
    path = write("design: {kind: cases, file: cases.csv}\n")
    (path.parent / "cases.csv").write_text("contact_policy.gap,seed\n1,2\n")
    with pytest.raises(ScenarioError, match=r"cases\.csv:1:2: column 'seed': all cases meet the same luck"):
        design_of(load_experiment(path))


def test_a_column_that_the_scenario_lacks_is_refused(write):
    """Before anything runs, with its line: not as a table of failed runs. A value that makes no sense stays a row."""
    path = write("design: {kind: cases, file: cases.csv}\n")
    (path.parent / "cases.csv").write_text("contact_policy.gapp,alternatives.podz.contact_policy.gap\n1,2\n")
    with pytest.raises(ScenarioError) as error:
        design_of(load_experiment(path))
    first, second = error.value.problems
    assert (first.line, first.column) == (1, 1)
    assert first.message.startswith("column 'contact_policy.gapp': unknown key 'gapp'")
    assert "did you mean 'gap'?" in first.message
    assert (second.column, second.message[:74]) == (
        2, "column 'alternatives.podz.contact_policy.gap': unknown alternative 'podz';"
    )  # fmt: skip
    (path.parent / "cases.csv").write_text("contact_policy.gap\n-5\n1\n")
    assert len(design_of(load_experiment(path))) == 2


def test_a_lever_of_an_alternative_that_takes_no_part_is_said(write):
    """It would make cases that are all the same."""
    text = "levers: {alternatives.pods.contact_policy.gap: [1, 3]}\ndesign: grid\n"
    assert "changes nothing" in load_experiment(write(f"{text}alternatives: [today]\n")).warnings[0]
    assert load_experiment(write(text)).warnings == ()


def test_one_at_a_time_takes_the_ends_of_a_range(write):
    """As `designs/README.md` says: without `n`, and it is no mistake."""
    path = write("levers: {contact_policy.gap: {low: 2.0, high: 5.0}}\ndesign: one_at_a_time\n")
    assert design_of(load_experiment(path))["contact_policy.gap"].tolist() == [1.0, 2.0, 5.0]


def test_a_path_that_is_none_is_a_mistake(write):
    """Of what is set, of a lever and of a column: said with its place, not an internal error."""
    told = "expected a dotted path such as market.customers, found "
    assert f"2:8 {told}''" in problems(write('sets: {"": 1}\n'))
    (one,) = problems(write('levers: {".": [1]}\ndesign: grid\n'))
    assert one.startswith("2:")
    assert told in one
    path = write("design: {kind: cases, file: cases.csv}\n")
    (path.parent / "cases.csv").write_text("..\n1\n")
    with pytest.raises(ScenarioError, match=told):
        design_of(load_experiment(path))
