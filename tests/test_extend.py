"""Extending the model: one file adds fields, parameters, stages, rules, columns and measures, in both drivers."""

from __future__ import annotations

import json
import pickle
import textwrap

import numpy as np
import pytest

import simkit
from simkit.customers import extension as extensions
from simkit.customers import state, tables
from simkit.customers.day import DAY
from simkit.extend import Extension, ExtensionError
from simkit.report.page import command, facts
from simkit.scenario.schema import Scenario

POINTS = """
    from simkit.extend import PURPOSE, Extension, Measure, Parameters, default
    from worth import worth

    extension = Extension("customers collect points")

    @extension.parameters
    class Points(Parameters):
        per_purchase: float = default(10, unit="points", source="a guess", grade="assumption", low=5, high=20, ge=0)

    extension.field("points", "f8", does="points on the account")
    extension.field("lucky", "i1", start=lambda people, draw, my: draw(PURPOSE + 1) < 0.5)
    ISSUED = extension.counter("points_issued", scale=10)

    @extension.stage(after="buy", does="points for who bought today")
    def collect(c, w, s):
        if c.last_purchase_day >= w.today.day and c.purchases > 0:
            earned = worth(w.my.per_purchase, c.lucky)
            c.points += earned
            s.total[ISSUED] += int(earned * 10.0 + 0.5)

    extension.measure(Measure("points_a_year", "points/year", "Points", "sum", "points", "years", "measured days", "",
                              lambda run: run.sums["points_issued"]))
"""
SCENARIO = """
    horizon: 40
    warmup: 10
    market: {customers: 200, represents: 3}
    outcomes: [points_a_year, profit]
    extension: {per_purchase: 7}
    alternatives:
      double: {extension.per_purchase: x2}
"""


@pytest.fixture
def write(tmp_path):
    """Write a file into the test's folder; its path."""

    def _write(name: str, text: str):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return _write


@pytest.fixture
def points(write):
    write("worth.py", "def worth(points, lucky):\n    return points * 2.0 if lucky else points\n")
    return write("points.py", POINTS)


@pytest.fixture
def study(write, points):
    return simkit.load(write("study.yaml", SCENARIO), extend=points)


# --- what an extension adds --------------------------------------------------------------------------------------


def test_everything_that_one_file_may_add(study):
    """Field, initial draw, parameter, stage, column and measure; the ledger holds what persons got."""
    run = simkit.simulate(study.base, engine="mesa")
    people, lucky = run.customers, run.customers["lucky"] == 1
    assert 70 < lucky.sum() < 130
    assert run.daily["points_issued"].sum() == people["points"].sum() * 3 > 0
    assert set(np.unique(people["points"][lucky] % 14)) == set(np.unique(people["points"][~lucky] % 7)) == {0.0}
    double = simkit.simulate(study.alternatives["double"], engine="mesa")
    assert (double.customers["points"] == 2 * people["points"]).all(), "the same luck, twice the points"
    assert simkit.compute(run)["points_a_year"] == run.measured["points_issued"].sum()


def test_who_does_not_extend_gets_the_shipped_objects(study):
    """Without an extension the layouts are the shipped ones themselves, so the shipped kernel and its cache serve."""
    plain = extensions.layout_of(Scenario())
    assert plain.customer is state.CUSTOMER_DTYPE
    assert plain.scratch is state.SCRATCH_DTYPE
    assert plain.world is tables.WORLD_DTYPE
    assert extensions.day_of(None) is DAY
    layout = extensions.layout_of(study.base)
    assert layout.customer.itemsize % state.CACHE_LINE == 0
    assert layout.customer.names[: len(state.CUSTOMER_DTYPE.names)] == state.CUSTOMER_DTYPE.names
    rule_only = Extension("a rule")
    rule_only.rule("forget")(lambda c, w, s: None)
    assert rule_only.layout == extensions.SHIPPED


def test_shipped_behavior_does_not_notice_a_passive_extension(study):
    """Fields, columns and stages beside the rules change nobody's luck."""
    scenario = {"horizon": 40, "warmup": 10, "market": {"customers": 200, "represents": 3}, "name": "study"}
    bare, more = simkit.simulate(Scenario(**scenario), engine="mesa"), simkit.simulate(study.base, engine="mesa")
    assert bare.daily.equals(more.daily[bare.daily.columns])


def test_a_scenario_travels_with_its_extension(study):
    """Pickled, as on the way to a worker process, it comes back the same and knows its extension."""
    for scenario in study.alternatives.values():
        again = pickle.loads(pickle.dumps(scenario))
        assert again == scenario
        assert again.extended_by is scenario.extended_by


def test_a_result_says_what_it_was_extended_with(study, tmp_path):
    """Manifest, page and command name the file, its hash and what it changes; the measure is among the outcomes."""
    result = simkit.run(study, replications=1, workers=1, engine="mesa")
    assert result.failed == 0
    folder = result.save(tmp_path / "out")
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["extension"]
    assert told["file"] == "points.py"
    assert told["sha256"] == study.extension.sha256
    assert "stage collect after buy" in told["changes"]
    assert set(told["files"]) == {"points.py", "worth.py"}
    assert "--extend points.py" in command(result)
    assert study.extension.sha256[:12] in dict(facts(result))["Extension"]
    means = result.summary().set_index(["alternative", "measure"])["mean"]
    assert means["double", "points_a_year"] == 2 * means["today", "points_a_year"] > 0


def test_editing_any_of_its_files_is_another_extension(study, points, write):
    """The hash follows the file and what it imports of its folder; the next load gets the new code."""
    write("worth.py", "def worth(points, lucky):\n    return 0.0\n")
    again = simkit.load(study.path, extend=points)
    assert again.extension.sha256 != study.extension.sha256
    assert simkit.simulate(again.base, engine="mesa").customers["points"].sum() == 0
    with pytest.raises(ExtensionError, match="cannot have another"):
        simkit.simulate(study.base, extend=points)


# --- parameters in the scenario file -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("extension: {per_purchases: 7}", "study.yaml:2:13: unknown key 'per_purchases' in extension; did you mean 'per_purchase'"),
        ("extension: {per_purchase: -1}", "study.yaml:2:27: extension.per_purchase: expected at least 0, found -1"),
        ("goals: {points_a_yaer: \">= 1\"}", "study.yaml:2:1: goals: unknown measure 'points_a_yaer'"),
    ],
)  # fmt: skip
def test_mistakes_in_parameters_are_told_with_their_place(write, points, line, said):
    """The scenario file is checked against the extension's table as against any other."""
    with pytest.raises(simkit.ScenarioError) as caught:
        simkit.load(write("study.yaml", f"horizon: 40\n{line}\n"), extend=points)
    assert said in str(caught.value)


def test_parameters_without_their_extension(write):
    """A scenario file alone executes nothing: it says which option it needs."""
    path = write("study.yaml", "extension: {per_purchase: 7}\n")
    with pytest.raises(simkit.ScenarioError, match=r"study.yaml:1:1: .*--extend FILE.py"):
        simkit.load(path)


# --- mistakes in the file --------------------------------------------------------------------------------------------

HEAD = "from simkit.extend import *\nextension = Extension('x')\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("import no_such_module_of_mine\n", 1, "cannot be imported: ModuleNotFoundError"),
        ("def broken(:\n", 1, "cannot be imported: "),
        ("x = 1\n", 0, "expected one extension = Extension(...)"),
        (HEAD + "extension.field('fatigue', 'f8')\n", 3, "a field 'fatigue' exists already"),
        (HEAD + "extension.field('pos', 'f8')\n", 3, "a field 'pos' exists already"),
        (HEAD + "extension.field('mood', 'f4')\n", 3, "kinds: i1, i2, i4, i8, f8"),
        (HEAD + "extension.counter('lost')\n", 3, "a counter 'lost' exists already"),
        (HEAD + "@extension.rule('feels')\ndef feel(c, w, s): pass\n", 3, "no rule is called 'feels'; did you mean 'feel'"),
        (HEAD + "@extension.stage(after='bye')\ndef feel(c, w, s): pass\n", 3, "no stage is called 'bye'; did you mean 'buy'"),
        (HEAD + "@extension.stage(after='budgets')\ndef mine(c, w, s): pass\n", 3, "no stage of one person's day"),
        (HEAD + "@extension.stage(after='buy')\ndef tire(c, w, s): pass\n", 3, "a stage 'tire' exists already"),
        (HEAD + "@extension.rule('feel')\ndef feel(c, w): pass\n", 3, "takes a customer, the world and the scratch"),
        (HEAD + "@extension.parameters\nclass P(Parameters):\n    a: float = 1.0\n", 3, "says not where it comes from"),
        (HEAD + "@extension.parameters\nclass P(Parameters):\n    a: str = 'x'\n", 3, "rules read float, int or bool"),
        (HEAD + "extension.measure(Measure('profit', *['']*8))\n", 3, "a measure 'profit' exists already"),
    ],
)  # fmt: skip
def test_mistakes_in_the_file_are_told_with_their_line(write, text, line, said):
    """A sentence with file and line, never a traceback."""
    path = write("mine.py", text)
    with pytest.raises(ExtensionError) as caught:
        simkit.simulate(Scenario(), extend=path)
    problem = caught.value.problems[0]
    assert problem.file == str(path)
    assert problem.line == line
    assert said in problem.message


def test_names_that_persons_of_mesa_have_are_taken():
    """No field can hide what an agent of the Mesa driver needs."""
    import mesa

    from simkit.customers.mesa_market import Customer

    own = {name for name in {*dir(Customer), *vars(mesa.Agent(mesa.Model()))} if not name.startswith("_")}
    assert own <= extensions.TAKEN


@pytest.mark.parametrize(
    "start", [lambda people, draw, my: np.full(len(people), 300), lambda people, draw, my: draw(5)]
)
def test_a_start_that_cannot_be(start):
    """A value that does not fit the field, and a draw under somebody else's purpose, are refused."""
    extension = Extension("x")
    extension.field("mood", "i1", start=start)
    with pytest.raises(ExtensionError, match=r"does not fit its kind i1|purposes of an extension"):
        simkit.simulate(Scenario(market={"customers": 20}), extend=extension, engine="mesa")
