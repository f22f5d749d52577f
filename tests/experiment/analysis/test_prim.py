"""PRIM finds what was planted, and takes the same steps as the EMA workbench."""

import numpy as np
import pandas as pd
import pytest

from simkit.experiment.analysis.prim import prim
from simkit.experiment.analysis.tables import AnalysisError
from simkit.experiment.designs import design_table

EMA_STEPS = [
    (400, 56, 0), (267, 52, 1), (253, 52, 2), (240, 52, 2), (228, 52, 2), (216, 52, 3), (205, 51, 3), (194, 50, 3),
    (184, 49, 3), (174, 48, 3), (165, 47, 3), (156, 46, 3), (148, 46, 3), (140, 46, 3), (133, 46, 3), (126, 46, 3),
    (119, 46, 3), (113, 46, 3), (107, 46, 3), (101, 46, 3), (95, 45, 3), (90, 45, 3), (85, 45, 3), (80, 44, 3),
    (76, 44, 3), (72, 44, 3), (68, 44, 3), (64, 44, 3), (60, 44, 3), (57, 44, 3), (54, 44, 3), (51, 44, 3), (48, 44, 3),
    (45, 43, 3), (42, 41, 3), (22, 22, 3),
]  # fmt: skip
"""Cases, cases of interest and restricted factors of each box that ema_workbench 2.5.3 finds on `points()`:
`Prim(x, y, threshold=0.5).find_box().peeling_trajectory`. The workbench needs 600 MB of packages, so it is not installed
for this; with it installed the test below runs it."""


def points():
    """400 points of an additive recurrence, three numbers and a name, a planted box, one in 29 labels turned round."""
    k = np.arange(1, 401)
    a, b, c = ((k * step) % 1 for step in (0.8191725133961645, 0.6710436067037893, 0.5497004779019703))
    d = np.array(["low", "mid", "high"])[(k * 7) % 3]
    x = pd.DataFrame({"a": a, "b": b, "c": c, "d": d})
    y = (a > 0.3) & (a < 0.7) & (b > 0.6) & (d != "low")
    return x, pd.Series(np.where(k % 29 == 0, ~y, y))


def test_every_step_is_that_of_the_ema_workbench():
    """36 boxes: cases, cases of interest, restricted factors; then the limits of the last and their chances."""
    found = prim(*points())
    assert [(box.cases, box.of_interest, len(box.limits)) for box in found.trajectory] == EMA_STEPS
    last = found.trajectory[-1]
    assert last.limits["a"] == pytest.approx((0.310491, 0.683044), abs=1e-6)
    assert last.limits["b"][0] == pytest.approx(0.616120, abs=1e-6)
    assert last.limits["d"] == {"high"}


def test_against_the_ema_workbench_itself():
    """The same steps, live; skipped where it is not installed."""
    ema = pytest.importorskip("ema_workbench.analysis.prim")
    x, y = points()
    theirs = ema.Prim(x, y.to_numpy().astype(int), threshold=0.5).find_box().peeling_trajectory
    assert [(box.cases, box.of_interest) for box in prim(x, y).trajectory] == list(zip(theirs.n, theirs.k, strict=True))


def test_the_planted_box_is_found():
    """In a Latin hypercube of five factors: the two planted limits, near where they are, and no other that matters."""
    ranges = {name: {"low": 0.0, "high": 1.0} for name in "abcde"}
    design = design_table("latin_hypercube", ranges, n=600, seed=6)
    found = prim(design, (design.a < 0.4) & (design.c > 0.55))
    box = found.box
    assert box.limits["a"][1] == pytest.approx(0.4, abs=0.03)
    assert box.limits["c"][0] == pytest.approx(0.55, abs=0.03)
    assert {name for name, chance in box.chance.items() if chance < 0.05} == {"a", "c"}
    assert box.density > 0.95
    assert box.coverage > 0.9


def test_the_first_peel_by_hand():
    """Ten points, a tenth at a time: the first slice goes off the side where nothing of interest is."""
    x = pd.DataFrame({"a": np.arange(10.0), "b": [0.0, 9, 1, 8, 2, 7, 3, 6, 4, 5]})
    found = prim(x, pd.Series([False] * 4 + [True] * 6), peel=0.1, least_mass=0.1)
    # 0.9 of the way from 0 to 9 lies between 8 and 9: cut at 8.5. Off the low end of a: 6 of 9 instead of 6 of 10
    first = found.trajectory[1]
    assert (first.limits, first.cases, first.of_interest) == ({"a": (0.5, 9.0)}, 9, 6)
    assert found.box.limits["a"] == (3.5, 9.0)
    assert (found.box.coverage, found.box.density) == (1.0, 1.0)


def test_whole_numbers_and_a_stated_density():
    """Levels of a grid are peeled level by level; the first box with the density asked for is shown."""
    design = design_table("grid", {"n": [1, 2, 3, 4, 5], "m": [10, 20, 30, 40]})
    found = prim(design, (design.n >= 4) & (design.m == 40), density=0.6)
    assert found.box.density >= 0.6
    assert found.trajectory[found.chosen - 1].density < 0.6
    assert found.trajectory[-1].limits == {"n": (3.5, 5.0), "m": (35.0, 40.0)}


def test_nothing_to_separate_is_said():
    """None or all of interest, or no factor that varies."""
    x = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    for flags in ([True] * 3, [False] * 3):
        with pytest.raises(AnalysisError, match="between some and all"):
            prim(x, pd.Series(flags))
    with pytest.raises(AnalysisError, match="no factor that varies"):
        prim(pd.DataFrame({"a": [1.0, 1.0]}), pd.Series([True, False]))
