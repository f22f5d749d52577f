"""Claims on hand-made tables: what holds, what does not, what stays open, and what cannot be asked."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter, ValidationError

from simkit.experiment.reproduction.claim_figures import Found, evaluate
from simkit.experiment.reproduction.claims import AnyClaim, claim_problems

NOISE = (-0.3, -0.1, 0.1, 0.3)
"""Luck of four replications, the same in every cell: mean 0, standard deviation .258, standard error .129."""
CAPS = [1.0, 2.0, 4.0, 8.0]


def tables(value: Any, caps: list[Any] = CAPS, alternatives: tuple[str, ...] = ("today", "pods")) -> Any:
    """Runs of `value(cap, alternative, replication)` over a lever `cap`, and the design."""
    design = pd.DataFrame({"cap": caps})
    rows = [
        (case, name, i, "ok", "", value(cap, name, i))
        for (case, cap), name, i in itertools.product(enumerate(caps), alternatives, range(len(NOISE)))
    ]
    return pd.DataFrame(rows, columns=["case", "alternative", "replication", "status", "error", "profit"]), design


def claim(**said: Any) -> Any:
    """A claim on `profit`."""
    told = {"name": "it", "says": "Something is so.", "source": "a test", "measure": "profit", **said}
    return TypeAdapter(AnyClaim).validate_python(told)


def found(runs_and_design: Any, **said: Any) -> Found:
    """What one claim comes to."""
    return evaluate([claim(**said)], *runs_and_design)[0]


def plain(cap: float, name: str, i: int) -> float:
    """10 at a cap of 1 for everybody, 2 more in pods; noise that both share."""
    return 10 * cap + 2 * (name == "pods") + NOISE[i]


@pytest.mark.parametrize(
    ("expect", "verdict"),
    [
        ({"equals": 10.2}, "held"),
        ({"equals": 10.4}, "not held"),
        ({"between": [9, 11]}, "held"),
        ({"between": [10.1, 11]}, "undecided"),
        ({"at_least": 10.5}, "not held"),
        ({"at_most": 10.1}, "undecided"),
    ],
)
def test_a_mean(expect, verdict):
    """The mean 10 with a standard error of .129, at two standard errors, against each form of what is expected."""
    one = found(tables(plain), kind="mean", of={"where": {"cap": 1}}, expect=expect, tolerance={"resolution": 0.5})
    assert one.verdict == verdict
    assert one.figure is not None
    assert (one.figure.value, one.figure.error) == pytest.approx((10, np.std(NOISE, ddof=1) / 2))


def test_a_difference_is_paired():
    """What both share leaves no error; of the same runs unpaired the error would be .18."""
    one = found(tables(plain), kind="difference", of="pods", against="today", expect={"at_least": 1.999})
    assert one.verdict == "held"
    assert one.figure is not None
    assert one.figure.error == pytest.approx(0, abs=1e-12)
    assert (
        found(tables(plain), kind="difference", of="pods", against="today", expect={"at_most": 0}).verdict == "not held"
    )


def test_a_difference_between_levels():
    """Both sides may be cases of the design; several cases are averaged."""
    high, low = {"where": {"cap": 8}}, {"where": {"cap": 2}}
    one = found(tables(plain), kind="difference", of=high, against=low, expect={"between": [59, 61]})
    assert (one.verdict, one.figure and one.figure.value) == ("held", pytest.approx(60))


def test_a_ratio_and_what_is_paid_anyway():
    """12 / 10, and (12 - 5) / (10 - 5) after a cost of 5 on both sides; its error is the delta method's."""
    said = {"kind": "ratio", "of": {"alternative": "pods", "where": {"cap": 1}}, "against": {"where": {"cap": 1}}}
    one = found(tables(plain), **said, expect={"equals": 1.2}, tolerance={"band": 0.01})
    assert one.verdict == "held"
    residual = [12 + e - 1.2 * (10 + e) for e in NOISE]
    assert one.figure is not None
    assert one.figure.error == pytest.approx(np.std(residual, ddof=1) / 2 / 10)
    assert found(tables(plain), **said, less=5, expect={"at_least": 1.35}).verdict == "held"


@pytest.mark.parametrize(
    ("gains", "share", "expect", "verdict"),
    [
        ((5, 5, 5, -5), (0.75, 0.75), {"at_least": 0.7}, "held"),
        ((5, 5, 5, -5), (0.75, 0.75), {"at_least": 0.8}, "not held"),
        ((5, 5, 0.1, -5), (0.5, 0.75), {"at_least": 0.7}, "undecided"),
        ((5, 5, 0.1, -5), (0.5, 0.75), {"at_least": 0.5}, "held"),
    ],
)
def test_cases_won(gains, share, expect, verdict):
    """A case whose difference is not told from zero may yet be won; the share is known between bounds."""
    mine = lambda cap, name, i: (name == "pods") * (gains[CAPS.index(cap)] + 2 * NOISE[i]) + NOISE[i]  # noqa: E731
    one = found(tables(mine), kind="cases_won", of="pods", against="today", better="higher", expect=expect)
    assert one.figure is not None
    assert (one.figure.low, one.figure.high) == pytest.approx(share)
    assert one.verdict == verdict


def test_cases_won_by_a_share():
    """At least 40 % lower: 6 days against 10 is, 6.5 is not, and any of several may do it."""
    days = {"today": 10.0, "pods": 6.5, "hub": 5.9}
    made = tables(lambda cap, name, i: days[name], alternatives=tuple(days))
    said = {"kind": "cases_won", "against": "today", "better": "lower", "by": 0.4, "expect": {"at_least": 1}}
    assert found(made, of="pods", **said).verdict == "not held"
    assert found(made, of=["pods", "hub"], **said).verdict == "held"


def test_a_tie_is_not_won():
    """Two alternatives that never differ: nobody is better, and no step rises."""
    made = tables(lambda cap, name, i: 7.0)
    won = {"kind": "cases_won", "of": "pods", "against": "today", "better": "higher", "expect": {"at_least": 0.1}}
    assert found(made, **won).verdict == "not held"
    assert found(made, kind="trend", over="cap", direction="rising").verdict == "not held"


@pytest.mark.parametrize(
    ("profits", "expect", "verdict"),
    [
        ((1, 5, 3, 1), None, "held"),
        ((1, 2, 3, 4), None, "not held"),
        ((1, 4, 3, 3.9), None, "undecided"),
        ((1, 5, 3, 1), {"between": [2, 3]}, "held"),
        ((1, 5, 3, 1), {"between": [4, 8]}, "not held"),
        ((1, 5, 4.9, 1), {"between": [4, 8]}, "undecided"),
        ((1, 5, 3, 1), {"between": [20, 30]}, "not held"),
    ],
)
def test_an_interior_optimum(profits, expect, verdict):
    """The best level against both ends, and where it lies, each as far as noise of its own allows."""
    own = lambda cap, name, i: profits[CAPS.index(cap)] + NOISE[(i * (1 + CAPS.index(cap)) + CAPS.index(cap)) % 4]  # noqa: E731
    said = {} if expect is None else {"expect": expect}
    assert found(tables(own), kind="interior_optimum", over="cap", **said).verdict == verdict


@pytest.mark.parametrize(
    ("profits", "verdict"), [((1, 2, 3, 4), "held"), ((1, 2, 1.2, 4), "not held"), ((1, 2, 2.1, 4), "undecided")]
)
def test_a_trend(profits, verdict):
    """One step back is enough against it, one that is not told from none leaves it open."""
    own = lambda cap, name, i: profits[CAPS.index(cap)] + NOISE[i] * (1 if cap == 2 else -1)  # noqa: E731
    one = found(tables(own), kind="trend", over="cap", direction="rising")
    assert one.verdict == verdict


def test_coefficients_are_the_curves():
    """Slope, square and exponent of curves that are known."""
    for curve, law, value in (
        ("line", lambda x: 3 * x + 1, 3),
        ("parabola", lambda x: -2 * x * x + 5 * x, -2),
        ("power", lambda x: 7 * x**0.5, 0.5),
    ):
        one = found(
            tables(lambda cap, name, i, law=law: law(cap) * (1 + NOISE[i] / 100)),
            kind="coefficient", over="cap", curve=curve, expect={"equals": value}, tolerance={"band": 0.01},
        )  # fmt: skip
        assert one.verdict == "held"
        assert one.figure is not None
        assert one.figure.value == pytest.approx(value)


def test_a_failed_run_is_never_left_out_silently():
    """It leaves its claim open and is said; claims on other runs stand."""
    runs, design = tables(plain)
    runs.loc[0, ["status", "profit"]] = ["failed", np.nan]
    said = {"kind": "mean", "expect": {"between": [9, 11]}}
    one = found((runs, design), of={"where": {"cap": 1}}, **said)
    assert (one.verdict, one.note.split(";")[0]) == ("undecided", "1 of its runs failed")
    runs.loc[runs["case"] == runs["case"][0], ["status", "profit"]] = ["failed", np.nan]
    one = found((runs, design), of={"where": {"cap": 1}}, **said)  # no run of it is left
    assert (one.verdict, one.got) == ("undecided", "nothing")
    assert one.note.partition(" of its runs failed; ")[0].isdigit()
    said["expect"] = {"between": [19, 21]}
    assert found((runs, design), of={"where": {"cap": 2}}, **said).verdict == "held"


def test_a_value_that_does_not_exist_is_counted():
    """Its replication is left out and said; without any value there is no figure."""
    runs, design = tables(plain)
    runs.loc[0, "profit"] = np.nan
    one = found((runs, design), kind="mean", of={"where": {"cap": 1}}, expect={"between": [9, 11]})
    assert (one.verdict, one.note) == ("held", "left out 1 of 4 replications without a value")
    runs["profit"] = np.nan
    one = found((runs, design), kind="mean", expect={"between": [9, 11]})
    assert (one.verdict, one.figure, one.got) == ("undecided", None, "nothing")


def test_one_replication_decides_nothing():
    """Unless the claim takes its figure as it is."""
    runs, design = tables(plain)
    made = runs[runs.replication == 0], design
    said = {"kind": "mean", "of": {"where": {"cap": 1}}, "expect": {"between": [0, 20]}}
    assert found(made, **said).verdict == "undecided"
    assert found(made, **said, tolerance={"standard_errors": 0}).verdict == "held"


def test_noise_does_not_make_a_claim_hold():
    """An interval wider than the resolution decides nothing."""
    said = {"kind": "mean", "of": {"where": {"cap": 1}}, "expect": {"equals": 10}}
    assert found(tables(plain), **said, tolerance={"resolution": 0.3}).verdict == "held"
    assert found(tables(plain), **said, tolerance={"resolution": 0.2}).verdict == "undecided"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"measure": "profits"}, "unknown measure 'profits'; did you mean 'profit'?"),
        ({"of": "podz"}, "unknown alternative 'podz'; did you mean 'pods'?"),
        ({"of": {"where": {"caps": 1}}}, "unknown lever 'caps'; did you mean 'cap'?"),
        ({"of": {"where": {"cap": 3}}}, "no case of the design has cap = 3"),
        ({"expect": {"equals": 1}}, "needs a `band`, or the `resolution`"),
        ({"kind": "trend", "over": "gap", "direction": "rising", "expect": None}, "unknown lever 'gap'"),
    ],
)
def test_what_cannot_be_asked_is_said(said, words):
    """Before anything runs, each with what there is."""
    told = {"kind": "mean", "expect": {"at_least": 1}, **said}
    one = claim(**{key: value for key, value in told.items() if value is not None})
    problems = list(claim_problems([one], ["profit"], ["today", "pods"], pd.DataFrame({"cap": CAPS})))
    assert len(problems) == 1
    assert words in problems[0][2]


def test_two_claims_of_one_name():
    """Or a verdict would stand for the wrong one."""
    one = claim(kind="mean", expect={"at_least": 1})
    problems = list(claim_problems([one, one], ["profit"], ["today"], pd.DataFrame({"cap": CAPS})))
    assert problems == [(1, "name", "two claims are called 'it'")]


@pytest.mark.parametrize("expect", [{}, {"equals": 1, "at_least": 0}, {"between": [2, 1]}, {"about": 3}])
def test_what_is_expected_is_one_thing(expect):
    """None, two, a range the wrong way round and a word nobody knows."""
    with pytest.raises(ValidationError):
        claim(kind="mean", expect=expect)
