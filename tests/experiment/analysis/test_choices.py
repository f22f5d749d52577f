"""Robustness, regimes, break-even and Pareto fronts against tables worked out by hand and brute force."""

import itertools

import numpy as np
import pandas as pd
import pytest
from worlds import grid_design, luck, runs_of

from simkit.experiment.analysis.break_even import break_even, break_even_of_runs
from simkit.experiment.analysis.pareto import dominates, pareto
from simkit.experiment.analysis.regimes import regime_map
from simkit.experiment.analysis.robustness import robustness
from simkit.experiment.analysis.tables import AnalysisError, decisions, warnings_of

PROFIT = {"safe": (5, 5, 5, 5), "bold": (9, 8, 7, 0), "dull": (4, 4, 4, 4)}
"""By hand: profit of three alternatives in four worlds."""


def hand_made(sign=1):
    """Runs of PROFIT with two equal replications."""
    return runs_of(
        pd.DataFrame(index=pd.RangeIndex(4, name="case")),
        {"y": lambda case, name, _: sign * PROFIT[name][case.name]},
        PROFIT,
        replications=2,
    )


@pytest.mark.parametrize(("sign", "better"), [(1, "higher"), (-1, "lower")])
def test_robustness_by_hand(sign, better):
    """Mean, worst, regret, satisficing and spread of the table above, for gains and for the same as costs."""
    found = robustness(hand_made(sign), "y", better, threshold=sign * 5)
    table = found.table
    assert table["mean"].to_dict() == {"safe": sign * 5, "bold": sign * 6, "dull": sign * 4}
    assert table["worst"].to_dict() == {"safe": sign * 5, "bold": 0, "dull": sign * 4}
    # regret in the worlds: safe 4 3 2 0, bold 0 0 0 5, dull 5 4 3 1
    assert table["mean_regret"].to_dict() == {"safe": 2.25, "bold": 1.25, "dull": 3.25}
    assert table["max_regret"].to_dict() == {"safe": 4, "bold": 5, "dull": 5}
    assert table["regret_90"].tolist() == pytest.approx([3.7, 3.5, 4.7])
    assert table["satisfied"].to_dict() == {"safe": 1, "bold": 0.75, "dull": 0}
    assert table["standard_deviation"].tolist() == pytest.approx([0, np.std([9, 8, 7, 0], ddof=1), 0])
    assert found.best["best"].to_dict() == {
        "mean": "bold", "worst": "safe", "mean_regret": "bold", "regret_90": "bold", "max_regret": "safe",
        "satisfied": "safe", "standard_deviation": "",
    }  # fmt: skip


def test_a_robust_choice_says_how_sure_it_is():
    """Four worlds of which one turns the mean: not settled; twenty times the first three worlds: settled."""
    few = robustness(hand_made(), "y", "higher")
    assert not few.settled("mean")
    assert few.low.at["bold", "mean"] < 6 < few.high.at["bold", "mean"]
    many = pd.DataFrame(index=pd.RangeIndex(60, name="case"))
    runs = runs_of(many, {"y": lambda case, name, _: PROFIT[name][case.name % 3]}, PROFIT, replications=2)
    assert robustness(runs, "y", "higher").settled("mean")


def test_gaps_cost_as_few_runs_as_they_can():
    """A decision that fails in one replication of every world costs that replication, not all worlds."""
    runs = hand_made()
    runs.loc[(runs.alternative == "dull") & (runs.replication == 1), "status"] = "failed"
    found = robustness(runs, "y", "higher")
    assert (found.worlds, found.left_out, found.replications_left_out) == (4, 0, 1)
    runs = hand_made()
    runs.loc[(runs.alternative == "dull") & (runs.case == 1), "status"] = "failed"
    found = robustness(runs, "y", "higher")
    assert (found.worlds, found.left_out, found.replications_left_out) == (3, 1, 0)


def test_levers_make_decisions():
    """A grid of a lever and an uncertainty: decisions are alternative and lever, worlds the uncertainty."""
    design = grid_design(**{"policy.cap": [1, 2], "market.half_life": [5.0, 10.0, 20.0]})
    runs = runs_of(design, {"y": lambda case, name, _: case["policy.cap"] * case["market.half_life"]}, ("a", "b"))
    split = decisions(runs, design, ["policy.cap"])
    assert sorted(set(split.runs["alternative"])) == ["a, cap=1", "a, cap=2", "b, cap=1", "b, cap=2"]
    assert split.worlds["market.half_life"].tolist() == [5.0, 10.0, 20.0]
    found = robustness(split.runs, "y", "higher")
    assert found.table.at["b, cap=2", "mean"] == pytest.approx(2 * 35 / 3)
    with pytest.raises(AnalysisError, match=r"did you mean 'policy.cap'"):
        decisions(runs, design, ["policy.cup"])


def test_a_regime_map_finds_the_line_and_its_doubt():
    """Pods win where load x distance is above 1 by more than luck; on the line nobody is said to win."""
    design = grid_design(load=[0.5, 1.0, 2.0], distance=[0.5, 1.0, 2.0])
    effect = {"pods": 1.0, "hierarchy": 0.0, "worse": -50.0}
    outcomes = {
        "days": lambda case, name, r: (
            -effect[name] * np.log2(case.load * case.distance) + luck(r, sd=30) + luck(int(case.name), r, len(name), sd=0.1)
            - min(effect[name], 0) * 4
        )
    }  # fmt: skip
    found = regime_map(runs_of(design, outcomes, effect, replications=8), design, "load", "distance", "days", "lower")
    verdict, best = found.grid("verdict"), found.grid("best")
    for load, distance in itertools.product((0.5, 1.0, 2.0), repeat=2):
        if load * distance == 1:
            assert verdict.at[distance, load] == "undecided"
        else:
            assert (verdict.at[distance, load], best.at[distance, load]) == (
                "wins", "pods" if load * distance > 1 else "hierarchy"
            )  # fmt: skip
    assert found.undecided == 3
    row = found.table[(found.table.load == 2) & (found.table.distance == 2)].iloc[0]
    assert row.low < 2 < row.high
    assert found.table[found.table.verdict == "undecided"].rivals.isin(["pods", "hierarchy"]).all()


def test_equal_alternatives_win_at_most_in_one_of_twenty_places():
    """Three alternatives that differ by luck only: false winners in 400 places stay near or below 5 %."""
    design = grid_design(x=list(range(20)), y=list(range(20)))
    outcomes = {"v": lambda case, name, r: luck(int(case.name), r, ord(name))}
    found = regime_map(runs_of(design, outcomes, "abc", replications=5), design, "x", "y", "v", "higher")
    assert (found.table["verdict"] == "wins").mean() < 0.05


def test_a_map_with_failed_runs_keeps_pairs():
    """Failed cells reduce the pairs of their place; a place without an alternative's runs is undecided."""
    design = grid_design(x=[0, 1], y=[0, 1])
    runs = runs_of(design, {"v": lambda case, name, r: (name == "a") * 5.0 + luck(r, sd=9)}, "ab", replications=4)
    runs.loc[(runs.case == 0) & (runs.alternative == "a") & (runs.replication == 2), "status"] = "failed"
    runs.loc[(runs.case == 3) & (runs.alternative == "b"), "status"] = "failed"
    found = regime_map(runs, design, "x", "y", "v", "higher").table
    assert found["pairs"].tolist() == [3, 4, 4, 0]
    assert found["verdict"].tolist() == ["wins", "wins", "wins", "undecided"]
    assert found["lead"].tolist()[:3] == pytest.approx([5, 5, 5])
    assert (found["a"] - found["b"]).tolist()[:3] == pytest.approx([5, 5, 5])


def test_a_place_averages_the_same_cases_in_every_replication():
    """Two cases a place, one with a failed run: its replication is no pair, rather than the other case by itself."""
    design = grid_design(x=[0, 1], y=[0, 1], other=[0.0, 100.0])
    runs = runs_of(
        design, {"v": lambda case, name, r: (name == "a") * (1 + case.other) + luck(r)}, "ab", replications=4
    )
    runs.loc[(runs.case == 0) & (runs.alternative == "b") & (runs.replication == 2), "status"] = "failed"
    found = regime_map(runs, design, "x", "y", "v", "higher").table
    assert found["pairs"].tolist() == [3, 4, 4, 4]
    assert found["lead"].tolist() == pytest.approx([51.0] * 4)


def linear(root, slope, replications=12, sd=1.0, seed=0):
    """Paired differences slope * (x - root) + luck that belongs to the replication."""
    errors = np.random.default_rng(seed).normal(0, sd, replications)
    return lambda x: slope * (x - root) + errors


@pytest.mark.parametrize("slope", [2.0, -0.5])
def test_break_even_of_a_line(slope):
    """The root of the mean line and of both bounds of its interval, in closed form."""
    differences = linear(3.0, slope)
    found = break_even(differences, -40.0, 40.0, tolerance=1e-9)
    errors = differences(3.0)
    half = 2.200985160 * errors.std(ddof=1) / np.sqrt(12)
    assert found.at == pytest.approx(3 - errors.mean() / slope, abs=1e-8)
    bounds = sorted(3 - (errors.mean() + sign * half) / slope for sign in (-1, 1))
    assert (found.low, found.high) == pytest.approx(bounds, abs=1e-7)
    assert found.direction == np.sign(slope)


def test_the_interval_holds_the_break_even_as_often_as_promised():
    """95 % of 400 experiments on a known line."""
    found = [break_even(linear(1.0, 1.0, seed=seed), -30.0, 30.0, tolerance=1e-6) for seed in range(400)]
    inside = [one.low <= 1.0 <= one.high for one in found]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.025)


def test_no_break_even_is_no_number():
    """Throughout higher, throughout lower, and not decided are told apart."""
    assert break_even(linear(0.0, 1.0), 5.0, 10.0, tolerance=0.1).status == "higher throughout"
    assert break_even(linear(0.0, 1.0), -9.0, -5.0, tolerance=0.1).status == "lower throughout"
    small = break_even(lambda x: np.array([1.0, -1.0, 0.5]), 0.0, 1.0, tolerance=0.1)
    assert (small.status, small.at) == ("undecided", None)
    open_end = break_even(linear(0.9, 1.0, sd=3.0), 0.0, 1.5, tolerance=0.01)
    assert open_end.low is None or open_end.high is None
    with pytest.raises(AnalysisError, match="two are the least"):
        break_even(lambda x: np.array([x]), 0.0, 1.0, tolerance=0.1)


def test_break_even_of_a_sweep():
    """From runs at four values of a lever, between which each replication is a line."""
    design = grid_design(cap=[0.0, 1.0, 2.0, 4.0], other=["u", "v"])
    outcomes = {
        "y": lambda case, name, r: (name == "b") * (case.cap - 1.5) + luck(r, sd=50) + luck(r, ord(name), sd=0.1)
    }
    found = break_even_of_runs(runs_of(design, outcomes, "ab", 8), design, "cap", "y", "b", "a")
    assert found.at == pytest.approx(1.5, abs=0.2)
    assert found.low < 1.5 < found.high


def test_a_break_even_is_of_the_lever_alone():
    """What other factors do is in no break-even: cases that do not meet every value of the lever, a failed run's
    replication, and a lever that never changes alone."""
    # b is level with a at cap = 2 - other, so each row of the design has a crossing of its own: 2 and 0
    outcomes = {"y": lambda case, name, r: (name == "b") * (case.cap + case.other - 2) + luck(r)}
    cross = grid_design(cap=[0.0, 1.0, 3.0], other=[0.0])
    alone = pd.concat([cross, pd.DataFrame({"cap": [0.0, 0.0], "other": [2.0, 1.0]})], ignore_index=True)
    alone.index.name = "case"
    found = break_even_of_runs(runs_of(alone, outcomes, "ab", 4), alone, "cap", "y", "b", "a")
    assert (found.at, found.left_out) == (pytest.approx(2.0, abs=1e-5), 2)

    both = grid_design(cap=[0.0, 1.0, 3.0], other=[0.0, 2.0])
    runs = runs_of(both, outcomes, "ab", 4)
    runs.loc[(runs["case"] == 5) & (runs["alternative"] == "b") & (runs["replication"] == 1), "status"] = "failed"
    found = break_even_of_runs(runs, both, "cap", "y", "b", "a")
    assert (found.at, found.replications_left_out) == (pytest.approx(1.0, abs=1e-5), 1)
    runs.loc[runs["case"] == 5, "status"] = "failed"  # then the row of other = 2 lacks cap = 3
    found = break_even_of_runs(runs, both, "cap", "y", "b", "a")
    assert (found.at, found.left_out) == (pytest.approx(2.0, abs=1e-5), 3)

    sampled = pd.DataFrame({"cap": [0.0, 1.0, 3.0], "other": [1.0, 2.0, 0.0]}).rename_axis("case")
    with pytest.raises(AnalysisError, match="cap never changes alone in these runs, but together with other"):
        break_even_of_runs(runs_of(sampled, outcomes, "ab", 4), sampled, "cap", "y", "b", "a")


def test_dominance_probabilities_are_those_of_all_resamples():
    """Four replications have 256 resamples: how often one dominates another, and nothing does, counted one by one."""
    gain = {"a": (1.1, 4.2, 2.3, 6.1), "b": (3.2, 2.1, 5.4, 1.3), "c": (2.7, 2.5, 3.1, 2.2)}
    cost = {"a": (1.3, 3.1, 2.2, 1.7), "b": (2.4, 1.6, 1.1, 2.9), "c": (1.8, 1.75, 1.5, 1.65)}
    outcomes = {"gain": lambda case, name, r: gain[name][r], "cost": lambda case, name, r: cost[name][r]}
    design = pd.DataFrame(index=pd.RangeIndex(1, name="case"))
    found = pareto(runs_of(design, outcomes, gain, 4), {"gain": "higher", "cost": "lower"})
    beaten = pd.DataFrame(0.0, index=list(gain), columns=list(gain))
    front = dict.fromkeys(gain, 0.0)
    for drawn in itertools.product(range(4), repeat=4):
        g, c = ({name: sum(values[i] for i in drawn) for name, values in of.items()} for of in (gain, cost))
        for name in gain:
            rivals = [other for other in gain if other != name and g[other] > g[name] and c[other] < c[name]]
            front[name] += (not rivals) / 256
            for other in rivals:
                beaten.loc[other, name] += 1 / 256
    assert (beaten.to_numpy() > 0.05).sum() > 2
    pd.testing.assert_frame_equal(found.dominance, beaten, check_exact=False, atol=0.05, rtol=0)  # 3 errors of 1,000
    assert found.table["front_probability"].to_dict() == pytest.approx(front, abs=0.05)


def test_a_front_by_brute_force():
    """Dominance of 60 random points in three outcomes, against the definition spelled out."""
    values = np.random.default_rng(2).integers(0, 5, (60, 3)).astype(float)
    found = dominates(values)
    for i, j in itertools.product(range(60), repeat=2):
        assert found[i, j] == (all(values[i] >= values[j]) and any(values[i] > values[j]))
    assert 0 < (~found.any(axis=0)).sum() < 60


def test_a_front_with_probabilities():
    """A clear loser is dominated for sure, a trade-off stays, and a near tie is neither."""
    design = pd.DataFrame(index=pd.RangeIndex(3, name="case"))
    gain = {"cheap": 10.0, "rich": 20.0, "loser": 8.0, "twin": 20.0}
    cost = {"cheap": 1.0, "rich": 5.0, "loser": 6.0, "twin": 5.0}
    outcomes = {
        "gain": lambda case, name, r: gain[name] + luck(r, len(name), ord(name[0]), sd=0.5) + luck(r, sd=40),
        "cost": lambda case, name, r: cost[name],
    }
    found = pareto(runs_of(design, outcomes, gain, 10), {"gain": "higher", "cost": "lower"})
    assert found.table.at["cheap", "front_probability"] == 1
    assert found.table.at["loser", "front_probability"] == 0
    assert not found.table.at["loser", "on_front"]
    assert found.dominance.at["cheap", "loser"] == 1
    assert 0 < found.table.at["twin", "front_probability"] < 1
    assert found.table.at["twin", "front_probability"] + found.table.at["rich", "front_probability"] == pytest.approx(1)


def test_a_failed_run_costs_its_replication_not_its_decision():
    """A front is made of the replications that all have; a decision without any is left out and named."""
    outcomes = {"gain": lambda case, name, r: len(name) + luck(r), "cost": lambda case, name, r: len(name)}
    design = pd.DataFrame(index=pd.RangeIndex(2, name="case"))
    runs = runs_of(design, outcomes, ("a", "bb", "ccc"), 5)
    runs.loc[(runs.case == 1) & (runs.alternative == "bb") & (runs.replication == 3), "status"] = "failed"
    runs.loc[runs.alternative == "ccc", "status"] = "failed"
    found = pareto(runs, {"gain": "higher", "cost": "lower"})
    assert (found.replications, found.replications_left_out, found.left_out) == (4, 1, ["ccc"])
    assert found.table["gain"]["bb"] - found.table["gain"]["a"] == pytest.approx(1)


def test_warnings_put_failures_first():
    """Failed cells, then measures that do not exist, then few replications."""
    runs = hand_made()
    runs.loc[5, ["status", "error"]] = ["failed", "ValueError: no\nmore"]
    runs["z"] = [np.nan, *[1.0] * 23]
    told = warnings_of(runs, ["y", "z"])
    assert told[0].startswith("1 of 24 cells failed")
    assert told[0].endswith("ValueError: no")
    assert "z does not exist in 1 of 24 cells" in told[1]
    assert told[2].startswith("2 replications only")


def test_runs_of_another_experiment_are_refused():
    """A case that the design lacks, a cell twice, an outcome nobody computes."""
    design = grid_design(x=[0, 1], y=[0, 1])
    runs = runs_of(design, {"v": lambda *_: 1.0}, "ab", 2)
    with pytest.raises(AnalysisError, match="not in the design"):
        regime_map(runs, design.iloc[:3], "x", "y", "v", "higher")
    with pytest.raises(AnalysisError, match="twice"):
        regime_map(pd.concat([runs, runs]), design, "x", "y", "v", "higher")
    with pytest.raises(AnalysisError, match="no outcome 'w'"):
        regime_map(runs, design, "x", "y", "w", "higher")
    with pytest.raises(AnalysisError, match="better side"):
        regime_map(runs, design, "x", "y", "v", "more")
