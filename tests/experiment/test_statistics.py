"""Intervals, paired differences, Holm's adjustment and verdicts, against scipy and worked examples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simkit.experiment.statistics import Difference, effect, holm, interval, paired
from simkit.rng import uniforms

NAN = float("nan")


def sample(count: int, k: int) -> np.ndarray:
    return uniforms((1, 2), np.arange(count), 0, 1, k, 3)


def test_interval_is_students():
    """The interval of a mean is scipy's t interval."""
    values = sample(9, 0)
    low, high = stats.t.interval(0.95, 8, values.mean(), stats.sem(values))
    found = interval(values)
    assert (found.mean, found.low, found.high) == pytest.approx((values.mean(), low, high), rel=1e-12)


def test_interval_covers_as_often_as_it_says():
    """Over 2,000 samples of normal luck, 95 % intervals cover the truth 95 % of the time, give or take 4 errors."""
    normal = stats.norm.ppf(sample(2000 * 5, 1)).reshape(2000, 5)
    covered = sum(1 for row in normal if (one := interval(row)).low < 0 < one.high)
    assert abs(covered / 2000 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 2000)


def test_what_is_impossible_can_be_cut_off_an_interval():
    """Of shares, of three runs each, the part between 0 and 1 holds the true share exactly as often as the whole."""
    shares = (sample(400 * 3, 2) < 0.8).reshape(400, 3) + 0.0
    whole = [interval(row) for row in shares]
    part = [one.within(0, 1) for one in whole]
    assert sum(one.high > 1 for one in whole) > 100
    assert all(0 <= one.low <= one.mean <= one.high <= 1 for one in part)
    assert [one.low <= 0.8 <= one.high for one in part] == [one.low <= 0.8 <= one.high for one in whole]
    assert interval([0.5]).within(0, 1).low is None


def test_one_value_has_no_interval():
    """One replication knows nothing of luck; none has no mean either; missing values are left out."""
    assert interval([3.0]).low is None
    assert interval([3.0, NAN]).count == 1
    assert interval([]).mean is None


def test_paired_is_scipys_paired_test():
    """Difference, interval and p value are those of scipy's paired t test."""
    a, b = sample(12, 2) + 0.3, sample(12, 3)
    expected = stats.ttest_rel(a, b)
    found = paired(a, b)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    low, high = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)


def test_pairing_removes_common_luck():
    """Two alternatives that share their luck are told apart where independent runs could not be."""
    luck = 100 * sample(10, 4)
    found = paired(luck + 1 + 0.01 * sample(10, 5), luck)
    assert found.verdict == "higher"
    assert found.variance_reduction > 0.999
    assert stats.ttest_ind(luck + 1, luck).pvalue > 0.9


def test_only_replications_with_both_are_paired():
    """A replication without a value in one alternative is left out, and counted."""
    found = paired([1.0, 2.0, NAN, 4.0], [0.0, NAN, NAN, 2.0])
    assert (found.pairs, found.unpaired, found.difference) == (2, 1, 1.5)


def test_no_pair_decides_nothing():
    """Without a pair there is no difference, with one there is no verdict."""
    assert paired([NAN], [1.0]).difference is None
    assert paired([2.0], [1.0]).verdict == "undecided"


def test_rounding_is_no_difference():
    """Sums that differ in their last bits are the same."""
    a = sample(10, 6)
    assert paired(a * (1 + 3e-16), a).verdict == "the same"


def test_constant_difference_is_decided():
    """A difference that no luck touches needs no interval wider than itself."""
    found = paired([2.0, 3.0, 4.0], [1.0, 2.0, 3.0])
    assert (found.low, found.high, found.verdict) == (1.0, 1.0, "higher")


def test_holm_worked_example():
    """p values .01, .04, .03, .005 adjust to .03, .06, .06, .02 (the step-down rule by hand)."""
    family = [Difference(1.0, 0.5, 1.5, 5, 0, p, p, None) for p in (0.01, 0.04, 0.03, 0.005)]
    assert [one.p_adjusted for one in holm(family)] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert [one.verdict for one in holm(family)] == ["higher", "undecided", "undecided", "higher"]


def test_holm_leaves_unknowns_out():
    """A comparison without a p value neither gets one nor counts in the family."""
    unknown = Difference(None, None, None, 0, 3, None, None, None)
    known = Difference(1.0, 0.5, 1.5, 5, 0, 0.04, 0.04, None)
    assert [one.p_adjusted for one in holm([unknown, known])] == [None, 0.04]


def test_practically_the_same_only_with_a_margin():
    """Equivalence is said when the 90 % interval lies within a stated margin, and never without one."""
    a, b = sample(30, 7), sample(30, 7) + 0.001 * (sample(30, 8) - 0.5)
    assert paired(a, b, margin=0.01).verdict == "practically the same"
    assert paired(a, b, margin=1e-6).verdict != "practically the same"
    assert paired(a, b).verdict != "practically the same"


def test_reversed_swaps_sides():
    """b - a is a - b with the sign changed and the interval turned."""
    found = paired([3.0, 5.0, 4.0], [1.0, 2.0, 3.0]).reversed()
    assert (found.difference, found.verdict) == (-2.0, found.verdict)
    assert found.low < found.difference < found.high


@pytest.mark.parametrize(
    ("verdict", "better", "expected"),
    [("higher", "higher", "better"), ("higher", "lower", "worse"), ("lower", "", ""), ("undecided", "higher", "")],
)
def test_effect(verdict: str, better: str, expected: str):
    """Better and worse follow from the measure's better side, and from nothing else."""
    assert effect(verdict, better) == expected
