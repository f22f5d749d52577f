"""`analyze`: from a folder or tables to an answer, with warnings first and no sentence beyond its interval."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from worlds import grid_design, luck, runs_of

import simkit
from simkit import cli
from simkit.experiment.analysis.analyze import METHODS, MORE_TABLES, USES, analyze, run_method
from simkit.experiment.analysis.asked import Asked, Source
from simkit.experiment.analysis.tables import AnalysisError
from simkit.experiment.designs import design_table
from simkit.report.analyses import SHOWN_ROWS, show

RANGES = {
    "market.a": {"low": 0.0, "high": 2.0},
    "market.b": {"low": 0.0, "high": 1.0},
    "market.c": {"low": 0.0, "high": 1.0},
}
BASE = {"market.a": 1.0, "market.b": 0.5, "market.c": 0.5}
EXPERIMENT = """
name: gaps
scenario: s.yaml
levers: {contact_policy.gap: [1, 7, 13]}
uncertainties: {market.fatigue.half_life_days: [3.5, 7, 14]}
outcomes: {profit: higher}
design: grid
replications: 4
"""


def model(case, name, replication):
    """Profit rises with a, and for pods with b; c does nothing."""
    own = luck(int(case.name), replication, len(name), sd=0.05)
    return 5 * case["market.a"] + (name == "pods") * 6 * (case["market.b"] - 0.5) + luck(replication, sd=9) + own


def swept(kind, replications=4, alternatives=("hierarchy", "pods"), **options):
    """Runs of the model under a design, with its table."""
    design = design_table(kind, RANGES, **options)
    costs = {"profit": model, "cost": lambda case, name, r: -model(case, name, r)}
    return runs_of(design, costs, alternatives, replications), design


@pytest.mark.parametrize(
    ("kind", "options", "method", "says", "never"),
    [
        ("saltelli", {"n": 32}, "sobol", "market.a explains", "market.c explains"),
        ("morris", {"n": 6}, "morris", "market.a moves it by", "market.c moves"),
        ("one_at_a_time", {"base": BASE}, "tornado", "market.a = 2.0 instead of 1.0: +5", "market.c ="),
    ],
)
def test_a_design_brings_its_method(tmp_path, kind, options, method, says, never):
    """Unnamed, the method that the cases were made for; its sentences leave out what is not shown."""
    found = simkit.analyze(swept(kind, **options), outcome="profit", alternative="hierarchy")
    assert found.method == method
    assert any(says in sentence for sentence in found.sentences)
    assert not any(never in sentence for sentence in found.sentences)
    assert any("market.c" in sentence for sentence in found.sentences if sentence.startswith("No "))
    assert {path.suffix for path in found.save(tmp_path)} == {".csv", ".png", ".svg"}


def test_the_difference_of_two_alternatives_depends_on_other_things():
    """Profit hangs on a; whether pods earn more hangs on b alone."""
    found = simkit.analyze(swept("saltelli", n=32), "sobol", outcome="profit", alternative="pods", against="hierarchy")
    assert found.found.table["total"].idxmax() == "market.b"
    assert found.found.table.at["market.a", "total_low"] < 0.02


def test_where_one_loses_is_found():
    """Pods lose where b is below a half; the box says so and nothing of a and c."""
    found = simkit.analyze(swept("latin_hypercube", n=120), "scenarios", outcome="profit", alternative="pods")
    assert "pods is worse than hierarchy" in found.sentences[0]
    box = found.found.prim.box.limits["market.b"]
    assert box[1] == pytest.approx(0.5, abs=0.06)
    assert "market.b" in found.sentences[1]
    assert "market.c" not in found.sentences[1]


def test_the_shares_that_are_told_are_of_the_box_that_is_told():
    """All limits of a box stand with its density and coverage, also those that may be chance and are said to be."""
    found = simkit.analyze(swept("latin_hypercube", n=60, seed=2), "scenarios", outcome="profit", alternative="pods")
    loose = [name for name, chance in found.found.prim.box.chance.items() if chance >= 0.05]
    assert loose  # else this shows nothing
    assert all(name in found.sentences[1] for name in found.found.prim.box.limits)
    assert found.sentences[2] == f"That it limits {', '.join(loose)} may be chance."
    assert found.found.undecided
    assert found.sentences[0].endswith("pods is worse than hierarchy, by its average.")


def test_levers_that_were_drawn_with_the_world_have_no_robust_setting():
    """No world is met by two settings: what would answer is said, and without levers alternatives are compared."""
    cells = swept("latin_hypercube", n=12)
    for method in ("robustness", "pareto"):
        sides = {"profit": "higher", "cost": "lower"}
        with pytest.raises(AnalysisError, match=r"no world is met by every setting of market\.a: .* `--lever none`"):
            simkit.analyze(cells, method, outcome="profit", better=sides, levers=["market.a"])
        found = simkit.analyze(cells, method, outcome="profit", better=sides, levers=[])
        assert set(found.tables[method].iloc[:, 0]) == {"hierarchy", "pods"}


def test_what_no_case_changes_is_not_called_luck_between_averages():
    """Cases that are all the same but for rounding have no variance that averages could leave luck in, and no indices."""
    design = design_table("saltelli", RANGES, n=8)
    days = {"days": lambda case, _, r: 11.7 + 0.3 * r + 1e-15 * case["market.a"]}
    runs = runs_of(design, days, ("pods",), 4)
    found = simkit.analyze((runs, design), "noise")
    (one,) = found.found.values()
    assert (one.between, one.residual, one.luck_share, one.noise_share) == (0, 0, 1, None)
    told = "days of pods: the variance of a single run is all luck; all cases have the same average."
    assert found.sentences == [told]
    with pytest.raises(AnalysisError, match="the outcome is the same in all cases"):
        simkit.analyze((runs, design), "sobol")


def test_a_break_even_is_told_with_its_interval():
    """Pods are level with hierarchy at b = 0.5."""
    design = grid_design(**{"market.a": [1.0], "market.b": [0.0, 0.4, 1.0]})
    found = simkit.analyze((runs_of(design, {"profit": model}, ("pods", "hierarchy"), 6), design), "break-even")
    assert found.found.low < 0.5 < found.found.high
    assert found.sentences[0].startswith("pods and hierarchy are equal at market.b = 0.")
    assert found.sentences[0].endswith("above it pods is higher.")


def test_what_luck_could_have_made_is_not_told_as_a_result():
    """Without any difference: no winner, no robust choice that is settled, no break-even, no box."""
    design = grid_design(**{"market.a": [1.0, 2.0, 3.0], "market.b": [0.0, 0.5, 1.0]})
    pure = {"profit": lambda case, name, r: luck(int(case.name), r, len(name))}
    runs = runs_of(design, pure, ("pods", "hierarchy"), 5)
    assert simkit.analyze((runs, design), "regimes").sentences == ["In none of 9 places is anybody shown to be best."]
    robust = simkit.analyze((runs, design), "robustness").sentences[1:]
    assert all("not settled" in sentence or "none is alone" in sentence for sentence in robust)
    even = simkit.analyze((runs, design), "break-even", x="market.b")
    assert "No break-even" in even.sentences[0] or even.found.low is None or even.found.high is None
    assert simkit.analyze((runs, design), "scenarios").sentences[-1] == "No box of conditions is shown to hold them."


def test_warnings_come_before_the_answer(capsys):
    """Failed cells, then replications; names that look like markup are printed as they are."""
    from rich.console import Console

    runs, design = swept("one_at_a_time", 3, base=BASE)
    runs.loc[4, ["status", "error"]] = ["failed", "ValueError: [bold]no[/bold]"]
    found = simkit.analyze((runs, design), "tornado", outcome="profit")
    show(found, Console(width=200, highlight=False))
    told = capsys.readouterr().out
    places = [
        told.index(text) for text in ("1 of 42 cells failed", "[bold]no[/bold]", "3 replications only", "market.a =")
    ]
    assert places == sorted(places)
    assert str(found).startswith("Warning: 1 of 42 cells failed")


def test_every_method_is_refused_in_words_where_it_does_not_fit():
    """One alternative, one case: each method says what it needs; together they are the message."""
    one = pd.DataFrame(index=pd.RangeIndex(1, name="case"))
    runs = runs_of(one, {"profit": lambda *_: 1.0}, ["a"], 3)
    for method in METHODS:
        with pytest.raises(AnalysisError, match=r"\w{3,} .*\w"):
            simkit.analyze((runs, one), method)
    with pytest.raises(AnalysisError, match="no analysis fits"):
        simkit.analyze((runs, one))
    with pytest.raises(AnalysisError, match="did you mean 'sobol'"):
        simkit.analyze((runs, one), "soboll")
    with pytest.raises(AnalysisError, match="no outcome 'profits'"):
        simkit.analyze((runs, one), outcome="profits")


def test_long_tables_are_cut_on_the_terminal_only(capsys, tmp_path):
    """The CSV has every row."""
    from rich.console import Console

    design = grid_design(**{"market.a": list(np.linspace(0, 2, 9)), "market.b": list(np.linspace(0, 1, 7))})
    found = simkit.analyze((runs_of(design, {"profit": model}, ("pods", "hierarchy"), 3), design), "regimes")
    show(found, Console(width=200))
    assert f"and {63 - SHOWN_ROWS} more rows in regimes.csv" in capsys.readouterr().out
    found.save(tmp_path)
    assert len(pd.read_csv(tmp_path / "regimes.csv")) == 63


@pytest.fixture(scope="module")
def folder(tmp_path_factory, cheap):
    """A sweep's results, six cells of which failed."""
    tmp_path = tmp_path_factory.mktemp("analyze")
    (tmp_path / "s.yaml").write_text("alternatives:\n  lines: {}\n  pods: {teams.structure: pods}\n")
    (tmp_path / "e.yaml").write_text(EXPERIMENT)
    held = tmp_path / "results" / "gaps"
    simkit.sweep(simkit.load_experiment(tmp_path / "e.yaml"), folder=held, workers=1, model=cheap.MODEL)
    return held


def command(monkeypatch, capsys, *words):
    """A command in this process: exit code, stdout, stderr."""
    monkeypatch.setattr(sys, "argv", ["simkit", "analyze", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return int(ended.value.code or 0), said.out, said.err


def test_the_command_reads_a_sweep(monkeypatch, capsys, folder):
    """Levers, outcome and its better side are the experiment's; failed cells come first and give exit code 4."""
    code, out, err = command(monkeypatch, capsys, folder, "--method", "robustness", "--method", "regimes")
    assert code == 4
    assert out.index("cells failed") < out.index("By mean: pods, gap=1")
    assert "pods is shown to be best in" in out
    assert {path.name for path in (folder / "analysis").iterdir()} == {
        "robustness.csv", "robust_choice.csv", "regimes.csv", "regimes.png", "regimes.svg"
    }  # fmt: skip
    assert "wrote 5 files" in err
    assert "pods is shown to be best in" in (folder / "report.html").read_text()
    assert f"simkit analyze {folder.name} --method robustness" in (folder / "report.html").read_text()


def test_the_command_as_json(monkeypatch, capsys, folder, tmp_path):
    """One document; everything that fits when no method is named."""
    code, out, _ = command(monkeypatch, capsys, folder, "--json", "--out", tmp_path / "elsewhere")
    found = json.loads(out)
    assert all((tmp_path / "elsewhere") in Path(path).parents for path in found["files"])
    assert code == 4
    assert [one["method"] for one in found["analyses"]][:2] == ["regimes", "robustness"]
    assert all(one["warnings"] and one["answer"] for one in found["analyses"])


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("nowhere",), 2, "there is no folder"),
        (("{folder}", "--method", "sobol"), 2, "saltelli"),
        (("{folder}", "--method", "soboll"), 2, "did you mean 'sobol'"),
        (("{folder}", "--outcome", "profti"), 2, "did you mean 'profit'"),
        (("{folder}", "--alternative", "podss"), 2, "did you mean 'pods'"),
        (("{folder}", "--lever", "market.load", "--method", "robustness"), 2, "no factor of the design"),
        (("{folder}", "--method", "morris"), 2, "need the cases of a `morris` design"),
        (("{folder}", "--lever", "none", "--lever", "x", "--method", "robustness"), 2, "'none' is no factor"),
        (("{folder}", "--better", "more", "--method", "regimes"), 2, "higher or lower"),
        (("{folder}/..",), 7, "holds no sweep"),
    ],
)
def test_the_command_refuses_with_a_sentence(monkeypatch, capsys, folder, words, code, says):
    """Wrong use is exit code 2, a folder without a sweep 7."""
    found, _, err = command(monkeypatch, capsys, *(word.format(folder=folder) for word in words))
    assert found == code
    assert says in err


@pytest.mark.parametrize("method", sorted(METHODS))
def test_what_a_method_does_not_take_is_refused(method):
    """An option that would do nothing is an error that names the methods it is for; the table of uses is the truth."""
    design = grid_design(a=[1.0, 2.0, 3.0], b=[0.0, 1.0])
    runs = runs_of(design, {"y": lambda case, name, r: case.a + luck(r)}, ("x", "z"), 3)
    given = {"alternative": "z", "against": "z", "better": "higher", "levers": ["a"], "threshold": 1.0, "x": "a",
             "y": "b", "seed": 3, "levels": 6}  # fmt: skip
    for name, value in given.items():
        if name in USES[method]:
            continue
        takers = [one for one, taken in USES.items() if name in taken]
        with pytest.raises(AnalysisError, match=f"{method} has no use for {name}; it is for {', '.join(takers)}"):
            analyze((runs, design), method, **{name: value})


def test_a_method_reads_only_what_it_takes():
    """Every other field of a question may be anything: the answer is the same to the bit."""
    design = grid_design(a=[1.0, 2.0, 3.0], b=[0.0, 1.0])
    outcomes = {"y": lambda case, name, r: case.a * case.b + (name == "z") * (case.a - 2.2) + luck(r, int(case.a))}
    runs = runs_of(design, outcomes, ("x", "z"), 4)
    usual = {"better": "higher", "levers": ("a",), "x": "a", "y": "b"}
    other = {"alternative": "z", "against": "x", "better": "lower", "levers": ("b",), "threshold": 1.0, "x": "b",
             "y": "a", "seed": 3}  # fmt: skip
    for method in ("regimes", "break-even", "robustness", "scenarios", "noise"):
        asked = Asked(Source.of((runs, design)), **usual).resolved()
        plain = run_method(method, asked).tables
        assert set(plain) <= {*METHODS, *MORE_TABLES}  # which are taken away when the results are new
        idle = {name: value for name, value in other.items() if name not in USES[method]}
        idle.pop("alternative", None)
        idle.pop("against", None)
        again = run_method(method, replace(asked, **idle)).tables
        for name, table in plain.items():
            pd.testing.assert_frame_equal(table, again[name])


def test_names_of_a_front_stay_within_the_picture():
    """However long, and wherever their points lie."""
    design = grid_design(a=[1.0, 2.0, 3.0])
    outcomes = {"y": lambda case, name, r: case.a + luck(r, sd=0.1), "z": lambda case, name, r: case.a + 0.1}
    runs = runs_of(design, outcomes, ("hub_and_spoke_and_a_half", "pods_and_a_half"), 4)
    found = analyze((runs, design), "pareto", better={"y": "higher", "z": "lower"}, levers=["a"])
    figure = found.figure()
    figure.canvas.draw()
    names = figure.axes[0].texts
    assert len(names) == 6
    for name in names:
        box = name.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1, name.get_text()


def test_what_failed_and_what_was_not_run_stand_first():
    """In that order, whatever the method; a sweep that is not finished is not taken for a finished one."""
    design = grid_design(a=[1.0, 2.0, 3.0])
    runs = runs_of(design, {"y": lambda case, name, r: case.a + luck(r)}, ("x", "z"), 3)
    swept = SimpleNamespace(runs=runs, design=design, missing=7)
    unfinished = "7 cells of the design have not been run yet"
    for method in ("noise", "break-even"):
        assert analyze(swept, method).warnings[0] == unfinished
        runs.loc[0, "status"] = "failed"
        assert [told.split(" and ")[0] for told in analyze(swept, method).warnings[:2]] == [
            "1 of 18 cells failed",
            unfinished,
        ]
        runs.loc[0, "status"] = "ok"
