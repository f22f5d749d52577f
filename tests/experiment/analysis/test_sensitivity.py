"""Sobol, Morris, noise and tornado against closed forms, SALib and hand-made tables, from design to indices."""

import json

import numpy as np
import pandas as pd
import pytest
from SALib.analyze import morris as salib_morris
from SALib.analyze import sobol as salib_sobol
from worlds import grid_design, luck, runs_of

from simkit.experiment.analysis.asked import Asked, Source
from simkit.experiment.analysis.morris import morris_effects
from simkit.experiment.analysis.noise import noise
from simkit.experiment.analysis.sobol import sobol_indices
from simkit.experiment.analysis.tables import AnalysisError, outcome_table
from simkit.experiment.analysis.tornado import tornado
from simkit.experiment.definition.files import load_experiment
from simkit.experiment.designs import design_table
from simkit.experiment.sweep import sweep

PI_RANGES = {name: {"low": -np.pi, "high": np.pi} for name in ("x1", "x2", "x3")}
FIRST, TOTAL, PAIR = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437), 0.2437
"""Of the Ishigami function with a = 7, b = 0.1 (Ishigami and Homma 1990), in closed form; PAIR is x1 with x3."""


def ishigami(case, _name="", _replication=0):
    """sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1."""
    return np.sin(case.x1) + 7 * np.sin(case.x2) ** 2 + 0.1 * case.x3**4 * np.sin(case.x1)


@pytest.mark.parametrize("second_order", [False, True])
def test_ishigami_through_the_whole_machinery(second_order):
    """Design, runs with common and private luck, indices: each closed-form index lies within its interval."""
    design = design_table("saltelli", PI_RANGES, n=256, second_order=second_order, seed=1)
    outcomes = {"y": lambda case, _, r: ishigami(case) + luck(r, sd=3.0) + luck(int(case.name), r, sd=0.3)}
    found = sobol_indices(outcome_table(runs_of(design, outcomes, replications=3), "y"), design)
    for name, first, total in zip(PI_RANGES, FIRST, TOTAL, strict=True):
        row = found.table.loc[name]
        assert row.first_low <= first <= row.first_high
        assert row.total_low <= total <= row.total_high
        assert row.first_high - row.first_low < 0.4
    assert (found.blocks, found.left_out) == (256, 0)
    if second_order:
        pair = found.pairs.loc[("x1", "x3")]
        assert pair.second_low <= PAIR <= pair.second_high
    else:
        assert found.pairs.empty


EXPERIMENT = """
scenario: three.yaml
name: ishigami
levers: {extension.x1: {low: -3.14159265358979, high: 3.14159265358979}}
uncertainties:
  extension.x2: {low: -3.14159265358979, high: 3.14159265358979}
  extension.x3: {low: -3.14159265358979, high: 3.14159265358979}
outcomes: [y]
design: {kind: saltelli, n: 64, second_order: false}
replications: 2
"""


def test_ishigami_from_experiment_file_to_indices(ishigami, simkit, tmp_path):
    """Levers of an extension, a sweep with a results folder, the command that analyzes it: closed forms lie within."""
    (tmp_path / "three.py").write_text(ishigami.EXTENSION)
    (tmp_path / "three.yaml").write_text("market: {customers: 100}\nhorizon: 10 days\nwarmup: 0 days\n")
    (tmp_path / "experiment.yaml").write_text(EXPERIMENT)
    experiment = load_experiment(tmp_path / "experiment.yaml", extend=tmp_path / "three.py")
    swept = sweep(experiment, folder=tmp_path / "results", model=ishigami.MODEL, workers=1)
    assert len(swept.runs) == 64 * (3 + 2) * 2
    assert (swept.runs["status"] == "ok").all()
    code, said, _ = simkit("analyze", str(tmp_path / "results"), "--json")
    assert code == 0
    assert Asked(Source.of(tmp_path / "results")).resolved().side == "higher"  # as the extension's measure says
    (found,) = (one for one in json.loads(said)["analyses"] if one["method"] == "sobol")
    table = {row["factor"]: row for row in found["tables"]["sobol"]}
    for name, first, total in zip(PI_RANGES, FIRST, TOTAL, strict=True):
        row = table[f"extension.{name}"]
        assert row["first_low"] <= first <= row["first_high"]
        assert row["total_low"] <= total <= row["total_high"]
        assert row["first_high"] - row["first_low"] < 0.5
        assert row["total_low"] > 0.1


def test_indices_are_salibs():
    """One replication: the same numbers as SALib's own analysis, and intervals of about its width."""
    design = design_table("saltelli", PI_RANGES, n=256, second_order=True)
    y = ishigami(design)
    problem = {"num_vars": 3, "names": list(PI_RANGES), "bounds": [[-np.pi, np.pi]] * 3}
    expected = salib_sobol.analyze(problem, y.to_numpy(), num_resamples=400, seed=1)
    found = sobol_indices(y.to_frame(), design)
    assert found.table["first"].to_numpy() == pytest.approx(expected["S1"], abs=1e-12)
    assert found.table["total"].to_numpy() == pytest.approx(expected["ST"], abs=1e-12)
    assert found.pairs["second"].to_numpy() == pytest.approx(expected["S2"][np.triu_indices(3, 1)], abs=1e-12)
    width = (found.table["total_high"] - found.table["total"]).to_numpy()
    assert width == pytest.approx(expected["ST_conf"], rel=0.25)


def test_a_block_with_a_failed_cell_is_left_out_and_counted():
    """A gap costs its whole block, never a cell of it."""
    design = design_table("saltelli", PI_RANGES, n=16)
    runs = runs_of(design, {"y": ishigami})
    runs.loc[[7, 8, 33], "status"] = "failed"
    found = sobol_indices(outcome_table(runs, "y"), design)
    assert (found.blocks, found.left_out) == (14, 2)


def test_other_designs_have_no_indices():
    """A grid, or a sample that was sorted, is refused."""
    grid = grid_design(a=[1, 2], b=[1, 2])
    with pytest.raises(AnalysisError, match="saltelli"):
        sobol_indices(pd.DataFrame({0: [1.0, 2, 3, 4]}), grid)
    shuffled = design_table("saltelli", PI_RANGES, n=8).sort_values("x1", ignore_index=True)
    with pytest.raises(AnalysisError, match="saltelli"):
        sobol_indices(ishigami(shuffled).to_frame(), shuffled)
    with pytest.raises(AnalysisError, match="Morris"):
        morris_effects(ishigami(shuffled).to_frame(), shuffled)
    design = design_table("saltelli", PI_RANGES, n=8)
    with pytest.raises(AnalysisError, match="no variance"):
        sobol_indices(pd.DataFrame({0: np.ones(len(design))}), design)


def test_morris_knows_a_linear_model():
    """y = 3 a - 2 b + luck: mu is the slope times the range, sigma 0, and d, without influence, stays at the floor."""
    factors = {"a": {"low": 0.0, "high": 2.0}, "b": {"low": 1, "high": 7}, "d": ["x", "y"]}
    design = design_table("morris", factors, n=10, seed=3)
    plain = morris_effects(runs_table(design, 0.0), design)
    assert plain.table.loc["a", "mu"] == pytest.approx(6)
    assert plain.table.loc["a", "sigma"] == pytest.approx(0, abs=1e-9)
    assert plain.table.loc["d", "mu_star"] == 0
    assert plain.floor == pytest.approx(0, abs=1e-12)
    noisy = morris_effects(runs_table(design, 0.5), design)
    assert noisy.table.loc["d", "mu_star_low"] < noisy.floor < noisy.table.loc["a", "mu_star_low"]
    assert noisy.table.loc["d", "mu_star"] == pytest.approx(noisy.floor, rel=0.6)


def runs_table(design, sd):
    """Outcomes of the linear model over four replications with shared and private luck."""
    outcomes = {"y": lambda case, _, r: 3 * case.a - 2 * case.b + luck(r) + luck(int(case.name), r, sd=sd)}
    return outcome_table(runs_of(design, outcomes, replications=4), "y")


def test_a_step_is_that_of_its_levels():
    """A sample of six levels has the same slopes, and is not taken for one of four."""
    factors = {name: {"low": 0.0, "high": 2.0} for name in "ab"}
    design = design_table("morris", factors, n=12, levels=6)
    y = (3 * design.a - design.b).to_frame()
    assert morris_effects(y, design, levels=6).table["mu"].to_numpy() == pytest.approx([6, -2])
    with pytest.raises(AnalysisError, match="levels"):
        morris_effects(y, design)


def test_morris_effects_are_salibs():
    """mu, mu_star and sigma of a curved model with interactions, to the last digits; intervals of about its width."""
    factors = {name: {"low": 0.0, "high": 1.0} for name in "abcd"}
    design = design_table("morris", factors, n=30, seed=8)
    y = 2 * design.a + design.b**2 * design.c + np.sin(5 * design.d)
    problem = {"num_vars": 4, "names": list("abcd"), "bounds": [[0, 1]] * 4}
    expected = salib_morris.analyze(problem, design.to_numpy(), y.to_numpy(), num_resamples=1000, seed=1)
    found = morris_effects(y.to_frame(), design).table
    for name in ("mu", "mu_star", "sigma"):
        assert found[name].to_numpy() == pytest.approx(np.asarray(expected[name], float), abs=1e-12)
    width = (found["mu_star_high"] - found["mu_star"]).to_numpy()
    assert width == pytest.approx(np.asarray(expected["mu_star_conf"], float), rel=0.2, abs=1e-9)


def test_noise_by_hand():
    """2 cases x 2 replications, worked out on paper: values 1, 3 | 7, 5."""
    found = noise(pd.DataFrame([[1.0, 3.0], [7.0, 5.0]]))
    # case means 2 and 6, replication means 4 and 4, rests -1, 1, 1, -1: MS(case) 16, MS(replication) 0, MS(rest) 4
    assert (found.between, found.common, found.residual) == (6.0, 0.0, 4.0)
    assert found.luck_share == pytest.approx(0.4)
    assert found.noise_share == pytest.approx(2 / 8)


def test_noise_of_whole_cases_only():
    """A case with a failed run is in no component: the others give what they give by themselves."""
    whole = pd.DataFrame([[1.0, 3.0], [7.0, 5.0]])
    gap = pd.concat([whole, pd.DataFrame([[100.0, np.nan]])], ignore_index=True)
    assert noise(gap) == noise(whole)


def test_noise_finds_the_components():
    """Planted variances 4 (cases), 9 (shared luck), 1 (private luck) come back from 300 cases x 200 replications."""
    draw = np.random.default_rng(5)
    table = pd.DataFrame(draw.normal(0, 2, (300, 1)) + draw.normal(0, 3, (1, 200)) + draw.normal(0, 1, (300, 200)))
    found = noise(table)
    assert found.between == pytest.approx(4, rel=0.2)
    assert found.common == pytest.approx(9, rel=0.25)
    assert found.residual == pytest.approx(1, rel=0.02)
    assert found.luck_share == pytest.approx(10 / 14, rel=0.1)


def test_one_replication_knows_no_luck():
    """Neither share exists, and no zero is made up for it."""
    found = noise(pd.DataFrame({0: [1.0, 2.0, 4.0]}))
    assert (found.luck_share, found.noise_share) == (None, None)


def test_a_tornado_is_paired():
    """Shared luck of 100 does not hide effects of 2; the wider factor comes first, one without effect stays undecided."""
    factors = {"a": {"low": 0.0, "high": 2.0}, "b": [1, 5], "c": ["x", "y"]}
    design = design_table("one_at_a_time", factors, base={"a": 1.0, "b": 1, "c": "x"})
    private = 0.01
    outcomes = {"y": lambda case, _, r: 2 * case.a + 3 * case.b + luck(r, sd=100) + luck(int(case.name), r, sd=private)}
    found = tornado(outcome_table(runs_of(design, outcomes, replications=6), "y"), design)
    assert found.span.index.tolist() == ["b", "a", "c"]
    table = found.table.set_index(["factor", "value"])
    assert table.loc[("b", 5), "difference"] == pytest.approx(12, abs=0.05)
    assert table.loc[("b", 5), "verdict"] == "higher"
    assert table.loc[("a", 0.0), "low"] < -2 < table.loc[("a", 0.0), "high"]
    assert table.loc[("c", "y"), "verdict"] == "undecided"
    assert found.span["a"] == pytest.approx(4, abs=0.05)


def test_a_tornado_needs_a_base_case():
    """A grid has none."""
    design = grid_design(a=[1, 2, 3], b=[1, 2, 3])
    with pytest.raises(AnalysisError, match="one_at_a_time"):
        tornado(pd.DataFrame({0: range(9), 1: range(9)}, dtype=float), design)


def test_an_empty_base_value_is_one_value():
    """Where the scenario has a table, the base case has nothing there; that is no difference between cases."""
    design = pd.DataFrame({"a": [None, 2.0, 3.0, None], "b": [np.nan, np.nan, np.nan, 1.0]})
    found = tornado(pd.DataFrame({0: [1.0, 2, 4, 1], 1: [1.5, 2.4, 4.6, 1.5]}), design)
    assert found.table["factor"].tolist() == ["a", "a", "b"]
    assert found.table["difference"].tolist() == pytest.approx([0.95, 3.05, 0])
