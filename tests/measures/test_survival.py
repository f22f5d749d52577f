"""Times to an event when some never come: held to hand calculation, Kaplan-Meier and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simkit.measures.survival import CENSORED, COMPETING, EVENT, CumulativeIncidence, cumulative_incidence


def estimate(*cases: tuple[float, int]) -> CumulativeIncidence:
    """The estimate for a few (time, outcome)."""
    time, outcome = zip(*cases, strict=True)
    return cumulative_incidence(np.array(time, float), np.array(outcome))


def by_hand() -> CumulativeIncidence:
    """Six cases, in no order: two pass at day 1 and 4, one expires at 3, two are censored, the last passes at 6."""
    return estimate((4, CENSORED), (1, EVENT), (3, COMPETING), (2, CENSORED), (6, EVENT), (4, EVENT))


def test_a_small_case_worked_by_hand():
    """Open shares 5/6, 5/8, 5/12, 0 at days 1, 3, 4, 6 with 6, 4, 3, 1 at risk, split by who ended."""
    curve = by_hand()
    assert curve.time.tolist() == [1, 3, 4, 6]
    assert curve.event == pytest.approx([1 / 6, 1 / 6, 3 / 8, 19 / 24], rel=1e-14)
    assert curve.competing == pytest.approx([0, 5 / 24, 5 / 24, 5 / 24], rel=1e-14)
    assert curve.at(0.5) == 0
    assert curve.at(1) == pytest.approx(1 / 6)
    assert curve.at(5.9) == pytest.approx(3 / 8)
    assert curve.lost_at(2.9) == 0
    assert curve.lost_at(3) == pytest.approx(5 / 24)


def test_the_restricted_mean_is_the_area_above_the_curve():
    """By hand 1 + 3 x 5/6 + 1 x 5/8 up to day 5; the expired case counts as the limit for ever after."""
    curve = by_hand()
    assert curve.restricted_mean(5) == pytest.approx(1 + 3 * 5 / 6 + 5 / 8)
    assert curve.restricted_mean(10) == pytest.approx(1 + 3 * 5 / 6 + 2 * 5 / 8 + 4 * 5 / 24)
    grid = (np.arange(200_000) + 0.5) / 200_000 * 5
    area = np.mean([1 - (curve.at(t) or 0.0) for t in grid[::20]]) * 5
    assert curve.restricted_mean(5) == pytest.approx(area, abs=5e-3)


def test_without_censoring_the_restricted_mean_is_a_plain_mean():
    """Mean of min(time, limit), where those who never come count as the limit."""
    draw = np.random.default_rng(3)
    time = draw.exponential(20, 400)
    outcome = np.where(draw.random(400) < 0.7, EVENT, COMPETING)
    plain = np.where(outcome == EVENT, np.minimum(time, 30), 30).mean()
    assert cumulative_incidence(time, outcome).restricted_mean(30) == pytest.approx(plain, rel=1e-12)


def kaplan_meier(time: np.ndarray, died: np.ndarray, at: float) -> float:
    """The product over death times, straight from its definition (Kaplan & Meier 1958)."""
    survived = 1.0
    for moment in sorted({t for t, d in zip(time, died, strict=True) if d and t <= at}):
        at_risk = sum(1 for t in time if t >= moment)
        deaths = sum(1 for t, d in zip(time, died, strict=True) if d and t == moment)
        survived *= 1 - deaths / at_risk
    return survived


def test_it_is_one_minus_kaplan_meier_when_nothing_competes():
    """On whole days, so that events and censorings tie, at every day."""
    draw = np.random.default_rng(5)
    time = np.ceil(draw.exponential(12, 150))
    died = draw.random(150) < 0.6
    curve = cumulative_incidence(time, np.where(died, EVENT, CENSORED))
    assert len(np.unique(time)) < 60
    for day in range(int(time.max()) + 1):
        assert curve.at(day) == pytest.approx(1 - kaplan_meier(time, died, day), abs=1e-12)


def test_exponential_competing_risks_have_their_closed_form():
    """Rates a and b, censored at random: a / (a + b) x (1 - exp(-(a + b) t)) within 3 s.e. of 200 samples."""
    a, b, draw = 0.08, 0.04, np.random.default_rng(11)
    moments = np.array([3.0, 7.0, 20.0])
    found = []
    for _ in range(200):
        go, lost, seen = draw.exponential(1 / a, 300), draw.exponential(1 / b, 300), draw.uniform(5, 60, 300)
        time = np.minimum(np.minimum(go, lost), seen)
        curve = cumulative_incidence(time, np.select([time == go, time == lost], [EVENT, COMPETING], CENSORED))
        found.append([[curve.at(t) for t in moments], [curve.lost_at(t) for t in moments]])
    values = np.array(found, float)
    error = values.std(axis=0, ddof=1) / math.sqrt(len(values))
    shape = (1 - np.exp(-(a + b) * moments)) / (a + b)
    assert (np.abs(values.mean(axis=0) - np.array([a * shape, b * shape])) < 3 * error).all()
    assert (error < 0.003).all()


def test_a_quantile_that_is_never_reached_is_absent():
    """With one in four expired at once, nine tenths can never go live; the median can."""
    curve = estimate((1, COMPETING), (2, EVENT), (5, EVENT), (9, EVENT))
    assert curve.quantile(0.5) == 5
    assert curve.quantile(0.9) is None
    assert estimate((4, CENSORED), (5, CENSORED)).quantile(0.01) is None


def test_a_quantile_is_not_lost_to_rounding():
    """Without censoring the first time by which k of n came is the k-th time, for every k and n."""
    for n in range(1, 60):
        curve = cumulative_incidence(np.arange(1.0, n + 1), np.full(n, EVENT))
        assert [curve.quantile(k / n) for k in range(1, n + 1)] == list(range(1, n + 1))


def test_nothing_is_said_beyond_follow_up():
    """While a case is open nothing is known after the longest time anybody was followed."""
    curve = estimate((2, EVENT), (3, COMPETING), (8, CENSORED))
    assert curve.followed == 8
    assert curve.at(8) == pytest.approx(1 / 3)
    assert curve.at(8.1) is None
    assert curve.lost_at(8.1) is None
    assert curve.restricted_mean(8) == pytest.approx(2 + 6 * 2 / 3)
    assert curve.restricted_mean(60) is None


def test_once_everything_ended_the_curve_holds_for_ever():
    """When the longest followed case ended, nothing is open and later times are known."""
    curve = estimate((2, EVENT), (3, COMPETING), (4, EVENT))
    assert curve.at(1000) == pytest.approx(2 / 3)
    assert curve.restricted_mean(60) == pytest.approx((2 + 60 + 4) / 3)


def test_ties_are_taken_together_and_censored_cases_are_still_at_risk():
    """Two pass, one expires and one is censored at the same moment: 2/5 and 1/5 of five at risk."""
    curve = estimate((3, EVENT), (3, COMPETING), (3, EVENT), (3, CENSORED), (7, CENSORED))
    assert curve.time.tolist() == [3]
    assert curve.event.tolist() == pytest.approx([2 / 5])
    assert curve.competing.tolist() == pytest.approx([1 / 5])


def test_the_order_of_cases_does_not_matter():
    """Permuted cases give the same curve."""
    draw = np.random.default_rng(2)
    time, outcome = np.ceil(draw.exponential(9, 80)), draw.integers(0, 3, 80)
    mixed = draw.permutation(80)
    one, other = cumulative_incidence(time, outcome), cumulative_incidence(time[mixed], outcome[mixed])
    assert np.array_equal(one.time, other.time)
    assert np.array_equal(one.event, other.event)
    assert np.array_equal(one.competing, other.competing)


def test_no_cases_say_nothing():
    """Without a case, or with censored ones only, no event was seen and beyond follow-up nothing is known."""
    none = cumulative_incidence(np.array([]), np.array([], int))
    assert none.quantile(0.5) is None
    assert none.restricted_mean(60) is None
    waiting = estimate((10, CENSORED), (20, CENSORED))
    assert waiting.restricted_mean(20) == 20
    assert waiting.restricted_mean(21) is None


def test_an_overloaded_structure_is_not_fast_because_only_its_quick_cases_finished():
    """Five of a hundred signals live on day 1, the rest still open: slow, though the finished ones took a day."""
    overloaded = estimate(*[(1.0, EVENT)] * 5, *[(60.0, CENSORED)] * 95)
    steady = estimate(*[(6.0, EVENT)] * 100)
    assert overloaded.restricted_mean(60) == pytest.approx(0.05 * 1 + 0.95 * 60)
    assert steady.restricted_mean(60) == 6
    assert overloaded.at(7) == pytest.approx(0.05)
    assert overloaded.quantile(0.5) is None


def test_the_restricted_mean_of_exponential_competing_risks_has_its_closed_form():
    """Rates a and b, censored at random: T - s (T - (1 - exp(-(a + b) T)) / (a + b)) with s = a / (a + b), within 3
    s.e. of 200 samples: the area above s (1 - exp(-(a + b) t)) up to T."""
    a, b, limit, draw = 0.08, 0.04, 30.0, np.random.default_rng(17)
    found = []
    for _ in range(200):
        go, lost, seen = draw.exponential(1 / a, 400), draw.exponential(1 / b, 400), draw.uniform(10, 90, 400)
        time = np.minimum(np.minimum(go, lost), seen)
        curve = cumulative_incidence(time, np.select([time == go, time == lost], [EVENT, COMPETING], CENSORED))
        found.append(curve.restricted_mean(limit))
    known = np.array([one for one in found if one is not None])
    share = a / (a + b)
    expected = limit - share * (limit - (1 - math.exp(-(a + b) * limit)) / (a + b))
    error = known.std(ddof=1) / math.sqrt(len(known))
    assert len(known) > 190
    assert abs(known.mean() - expected) < 3 * error < 0.2
