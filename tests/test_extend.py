"""Extending the model: one file adds fields, parameters, stages, rules, columns and measures, in both drivers."""

from __future__ import annotations

import json
import pickle
import textwrap
from pathlib import Path

import numpy as np
import pytest

import simkit
from simkit import cli
from simkit.customers import extension as extensions
from simkit.customers import state, tables
from simkit.customers.compiled import CompiledMarket
from simkit.customers.day import DAY
from simkit.experiment.inquiries.one_cell import one_cell
from simkit.extend import Extension, ExtensionError, check
from simkit.report.page import command, facts
from simkit.scenario.extending import extended
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
    horizon: 28
    warmup: 7
    market: {customers: 100, represents: 3}
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


WORTH = "def worth(points, lucky):\n    return points * 2.0 if lucky else points\n"


@pytest.fixture
def points(write):
    write("worth.py", WORTH)
    return write("points.py", POINTS)


@pytest.fixture
def study(write, points):
    return simkit.load(write("study.yaml", SCENARIO), extend=points)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The same study in a folder of its own, and its result."""
    folder = tmp_path_factory.mktemp("ran")
    for name, text in (("worth.py", WORTH), ("points.py", POINTS), ("study.yaml", SCENARIO)):
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    study = simkit.load(folder / "study.yaml", extend=folder / "points.py")
    return study, simkit.run(study, replications=1, workers=1, engine="mesa")


# --- what an extension adds --------------------------------------------------------------------------------------


def test_everything_that_one_file_may_add(study):
    """Field, initial draw, parameter, stage, column and measure; the ledger holds what persons got."""
    run = simkit.simulate(study.base, engine="mesa")
    people, lucky = run.customers, run.customers["lucky"] == 1
    assert 30 < lucky.sum() < 70
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
    scenario = {"horizon": 28, "warmup": 7, "market": {"customers": 100, "represents": 3}, "name": "study"}
    bare, more = simkit.simulate(Scenario(**scenario), engine="mesa"), simkit.simulate(study.base, engine="mesa")
    assert bare.daily.equals(more.daily[bare.daily.columns])


def test_a_scenario_travels_with_its_extension(study):
    """Pickled, as on the way to a worker process, it comes back the same and knows its extension."""
    for scenario in study.alternatives.values():
        again = pickle.loads(pickle.dumps(scenario))
        assert again == scenario
        assert again.extended_by is scenario.extended_by


def test_a_result_says_what_it_was_extended_with(ran, tmp_path):
    """Manifest, page and command name the file, its hash and what it changes; the measure is among the outcomes."""
    study, result = ran
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


# --- in both drivers ---------------------------------------------------------------------------------------------------

OWN_AGE = """
    from simkit.extend import Extension
    from size import size
    extension = Extension("another youth")

    @extension.rule("age")
    def age(c, w, s):
        c.last_purchase_day = size(c.rate)
"""


@pytest.mark.parametrize("name", ["loyalty_points", "inverted_u"])
def test_worked_examples_agree_to_the_bit(name):
    """The extensions in `experiments/` give the same persons and the same ledger in both drivers, every day."""
    study = example(name)
    assert "to the bit on 60 persons over 30 days" in check(study, persons=60, days=30).sentence


def example(name, *sets):
    folder = Path(__file__).parents[1] / "experiments" / name
    return simkit.load(folder / f"{name}.yaml", sets, extend=folder / f"{name}.py")


def test_loyalty_points_are_conserved():
    """Issued = redeemed + expired + still on accounts; who does not take part has none; a stronger pull sells more."""
    few = ["market.customers=150", "market.represents=1", "horizon=150", "warmup=7", "extension.reward_at=40",
           "extension.valid_days=50", "alternatives.half_year.extension.valid_days=50"]  # fmt: skip
    study = example("loyalty_points", *few, "alternatives.one_year.extension.pull=2")
    strong, weak = (simkit.simulate(study.alternatives[name], engine="mesa") for name in ("one_year", "half_year"))
    for run in (strong, weak):
        issued, expired, rewards = (run.daily[name].sum() for name in ("points_issued", "points_expired", "rewards"))
        assert min(issued, expired, rewards) > 0
        assert issued == pytest.approx(
            40 * rewards + expired + run.customers["points"].sum(), abs=0.01 * run.customers.size
        )
        assert (run.customers["points"][run.customers["member"] == 0] == 0).all()
    assert strong.daily["purchases_for_reward"].sum() > weak.daily["purchases_for_reward"].sum() > 0
    assert strong.customers["revenue"].sum() == pytest.approx(strong.daily["revenue"].sum() * 10_000, rel=1e-12)


def test_without_wear_in_the_inverted_u_is_the_shipped_law():
    """At wear-in 0 the replaced rule gives the same bits as the rule it replaces; above, more is opened."""
    few = ["market.customers=150", "horizon=40", "warmup=0"]
    study = example("inverted_u", *few)
    base = {
        name: simkit.simulate(study.alternatives[name], engine="mesa") for name in ("exponential_6", "inverted_u_6")
    }
    shipped = simkit.load(study.path.parents[2] / "scenarios" / "retail.yaml")
    plain = {name: getattr(study.alternatives["exponential_6"], name) for name in type(shipped.base).model_fields}
    assert simkit.simulate(type(shipped.base).model_construct(**plain), engine="mesa").daily.equals(
        base["exponential_6"].daily
    )
    opened = {name: run.sums["opened_email"] for name, run in base.items()}
    assert opened["inverted_u_6"] > 1.1 * opened["exponential_6"]


def test_a_rule_that_breaks_identity_is_found(write):
    """A power is not the same in both drivers: `check` names the person and the field."""
    write("size.py", "def size(rate):\n    return -((rate * 1000.0) ** 3)\n")
    with pytest.raises(
        ExtensionError, match=r"differ before day 0, person \d+ of segment 0, field 'last_purchase_day'"
    ):
        check(Scenario(horizon=30), write("mine.py", OWN_AGE), persons=60, days=2)


def test_a_rule_that_does_not_compile_is_named(write):
    """One sentence with the rule, its file and line, and the compiler's first reason, whichever engine was asked."""
    write("size.py", "def size(rate):\n    return {rate: 1}[2.5] + [][rate]\n")
    path = write("mine.py", OWN_AGE)
    with pytest.raises(ExtensionError) as caught:
        simkit.simulate(Scenario(market={"customers": 20}), extend=path)
    said = str(caught.value)
    assert f"{path}:" in said
    assert "the rule 'age' does not compile: " in said
    assert len(said) < 600
    assert "\n" not in said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("c.pionts += 1", "there is no field 'pionts'"),
        ("c.points += bonus", "name 'bonus' is not defined"),
        ("c.points = 'a'", "Cannot cast"),
        ("c.points = 'a' + 1", "found for signature: add(Literal[str](a), Literal[int](1))"),
    ],
)
def test_the_reason_is_what_the_author_got_wrong(write, body, said):
    """Not which of the compiler's own functions found no candidate."""
    text = f"{HEAD}extension.field('points', 'f8')\n@extension.stage(after='buy')\ndef collect(c, w, s):\n    {body}\n"
    with pytest.raises(ExtensionError) as caught:
        simkit.simulate(Scenario(market={"customers": 20}), extend=write("mine.py", text))
    assert "the rule 'collect' does not compile: " in str(caught.value)
    assert said in str(caught.value)


def test_an_edited_helper_is_not_served_from_the_cache(write):
    """Compiled code follows the file it was made of, and what that imports."""
    path, ages = write("mine.py", OWN_AGE), []
    for size in (1.0, 2.0):
        write("size.py", f"def size(rate):\n    return -{size}\n")
        market = CompiledMarket(extended(Scenario(market={"customers": 20, "prospects": 0}, horizon=30), path), 0)
        ages.append(set(market.customers()["last_purchase_day"]))
    assert ages == [{-1.0}, {-2.0}]


def test_workers_get_the_extension_by_its_file(ran):
    """A worker process imports the file itself; who runs the cells never shows."""
    study, here = ran
    spread = simkit.run(study, replications=1, workers=2, engine="mesa")
    assert spread.failed == 0
    assert spread.runs.equals(here.runs)
    assert spread.daily.equals(here.daily)


# --- on the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def typed(monkeypatch, capsys, tmp_path):
    """Run a command in the test's folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def _typed(*words: str):
        monkeypatch.setattr("sys.argv", ["simkit", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return _typed


def test_the_day_and_the_schema_show_what_was_added(study, typed):
    """`explain --day` lists the inserted stage at its place; the schema has the section of parameters."""
    _, out, _ = typed("explain", "study.yaml", "--extend", "points.py", "--day", "--json")
    names = [stage["name"] for stage in json.loads(out)["day"]]
    assert names[names.index("collect") - 1] == "buy"
    assert "points for who bought today" in out
    _, out, _ = typed("explain", "study.yaml", "--extend", "points.py", "--sources")
    assert "extension.per_purchase" in out
    assert "extension" in json.loads(typed("schema", "--extend", "points.py")[1])["properties"]
    assert "extension" not in json.loads(typed("schema")[1])["properties"]


@pytest.mark.parametrize("words", [("run",), ("validate",), ("explain",), ("export", "--what", "daily")])
def test_mistakes_end_with_an_exit_code(study, typed, write, words):
    """No such file is wrong use (2); a file with a mistake is said with its line (3), and nothing is written."""
    name, *more = words
    code, _, said = typed(name, "study.yaml", *more, "--extend", "nowhere.py")
    assert code == 2
    assert "nowhere.py" in said
    write("mine.py", HEAD + "extension.field('fatigue', 'f8')\n")
    code, out, said = typed(name, "study.yaml", *more, "--extend", "mine.py")
    assert (code, out) == (3, "")
    assert said == "mine.py:3:1: a field 'fatigue' exists already; choose another name\n"
    assert not list(study.path.parent.glob("results"))


def test_results_of_an_extension_are_read_with_it(ran, study, typed, tmp_path):
    """`export` from a results folder asks for the file that made it, and warns when it was edited since."""
    ran[1].save(tmp_path / "out")
    code, _, said = typed("export", "out", "--what", "daily")
    assert code == 2
    assert "--extend points.py" in said
    assert one_cell(tmp_path / "out", extend=tmp_path / "points.py").scenario == study.base
    (tmp_path / "worth.py").write_text("def worth(points, lucky):\n    return points\n")
    assert "edited since" in one_cell(tmp_path / "out", extend=tmp_path / "points.py").note
