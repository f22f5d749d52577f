"""Statistics over replications, against scipy, closed forms and exact distributions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from simkit.experiment.analysis.best import probability_of_best
from simkit.experiment.analysis.bootstrap import bca
from simkit.experiment.analysis.half_width import Stopping, half_width, needed, next_count, reached
from simkit.experiment.analysis.quantiles import quantile_interval
from simkit.experiment.analysis.selection import kn
from simkit.experiment.analysis.warm_up import mser, warm_up, welch
from simkit.experiment.definition.tables import Until
from simkit.experiment.halting import wanted_replications
from simkit.experiment.statistics import paired
from simkit.experiment.storage.rows import Row
from simkit.rng import generator


def normal(shape, name: str) -> np.ndarray:
    return generator(11, name).standard_normal(shape)


# --- paired intervals and equivalence -----------------------------------------------------------------------


def test_paired_intervals_cover_as_often_as_they_say():
    """On a model of known difference, with shared luck and ten replications, 95 +- 2 % of the intervals hold it."""
    covered = 0
    for study in range(2000):
        luck = generator(study, "coverage").standard_normal((3, 10))
        found = paired(100 + 5 * luck[0] + 1.5 + luck[1], 100 + 5 * luck[0] + luck[2])
        covered += found.low < 1.5 < found.high
    assert abs(covered / 2000 - 0.95) < 0.02


def test_equivalence_is_two_one_sided_tests():
    """`practically the same` exactly when both of scipy's one-sided tests at 5 % reject."""
    seen = set()
    for study in range(200):
        a, b = normal((2, 12), f"tost {study}")
        gaps = a - b
        lower = stats.ttest_1samp(gaps, -0.9, alternative="greater").pvalue
        upper = stats.ttest_1samp(gaps, 0.9, alternative="less").pvalue
        said = paired(a, b, margin=0.9).verdict == "practically the same"
        assert said == (max(lower, upper) < 0.05)
        seen.add(said)
    assert seen == {True, False}


def test_equivalence_is_wrongly_said_at_most_in_a_twentieth():
    """A difference of exactly the margin is called practically the same in 5 % of studies at most, give or take luck."""
    wrong = sum(
        paired(one[0] + 0.5, one[1], margin=0.5).verdict == "practically the same"
        for one in (normal((2, 40), f"margin {study}") * 0.3 for study in range(1000))
    )
    assert 0.02 < wrong / 1000 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)


# --- quantiles and bootstrap ----------------------------------------------------------------------------------


def test_median_interval_of_a_table():
    """With n = 20 the median lies between the 6th and the 15th value, at 95.86 % (the textbooks' table)."""
    found = quantile_interval(np.arange(1.0, 21.0), 0.5)
    assert (found.low, found.high) == (6, 15)
    assert found.coverage == pytest.approx(0.9586, abs=5e-5)
    assert found.value == 10.5


def test_quantile_interval_is_the_binomials():
    """Ranks and coverage are those of scipy's binomial distribution; too few values leave an end open."""
    found = quantile_interval(np.arange(1.0, 61.0), 0.9)
    below, above = stats.binom(60, 0.9).cdf(found.low - 1), stats.binom(60, 0.9).sf(found.high - 1)
    assert below <= 0.025 < stats.binom(60, 0.9).cdf(found.low)
    assert above <= 0.025 < stats.binom(60, 0.9).sf(found.high - 2)
    assert found.coverage == pytest.approx(1 - below - above)
    assert quantile_interval(np.arange(10.0), 0.9).high is None
    assert quantile_interval([], 0.5).value is None
    with pytest.raises(ValueError, match="found 1"):
        quantile_interval([1.0], 1)


def test_quantile_intervals_cover():
    """Over 1,000 exponential samples the interval of the 80 % quantile holds it at least as often as it says."""
    truth = -np.log(0.2)
    samples = generator(3, "exponential").exponential(size=(1000, 40))
    found = [quantile_interval(one, 0.8) for one in samples]
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert covered == pytest.approx(found[0].coverage, abs=3 * np.sqrt(0.05 * 0.95 / 1000))
    assert found[0].coverage >= 0.95


def test_bca_is_scipys_and_keyed():
    """The interval of a mean is close to Student's, of a skewed statistic not symmetric, and always the same."""
    values = normal(50, "bca")
    found = bca(values, np.mean, seed=1, what_for="mean", resamples=2000)
    student = stats.t.interval(0.95, 49, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(student, abs=0.06)
    assert found == bca(values, np.mean, seed=1, what_for="mean", resamples=2000)
    assert found != bca(values, np.mean, seed=2, what_for="mean", resamples=2000)
    skewed = bca(np.exp(values), np.mean, seed=1, what_for="skew", resamples=2000)
    assert skewed.high - skewed.mean > skewed.mean - skewed.low
    assert bca([1.0, 1.0, 1.0], np.mean, seed=1, what_for="flat").low is None


# --- replications until a half-width ------------------------------------------------------------------------


def test_needed_replications_solve_the_equation():
    """The count is the smallest whose t half-width fits, and never fewer than there are."""
    values = normal(10, "needed")
    spread, target = values.std(ddof=1), 0.2
    n = needed(values, target)

    def half(count: int) -> float:
        return float(stats.t.ppf(0.975, count - 1)) * spread / np.sqrt(count)

    assert half(n) <= target < half(n - 1)
    assert needed(values, 100.0) == 10


def test_stopping_reaches_the_half_width_and_peeks_little():
    """From ten replications on, it ends at the half-width, and coverage stays within three points of nominal."""
    rule, covered = Stopping({"profit": 0.3}, most=500), 0
    for study in range(400):
        values = generator(study, "stopping").standard_normal(500)
        done = next_count({"profit": []}, rule, 0)
        assert done == 10
        while (more := next_count({"profit": [values[:done]]}, rule, done)) > done:
            done = more
        assert half_width(values[:done]) <= 0.3
        covered += abs(values[:done].mean()) <= half_width(values[:done])
    assert abs(covered / 400 - 0.95) < 0.03 + 2 * np.sqrt(0.05 * 0.95 / 400)


def test_stopping_ends_at_the_most():
    """Where the half-width is out of reach it ends, and what was reached is told."""
    rule, values = Stopping({"profit": 1e-6}, most=30), normal(30, "most")
    assert next_count({"profit": [values[:10]]}, rule, 10) == 30
    assert next_count({"profit": [values]}, rule, 30) == 30
    assert reached({"profit": [values]}, rule)["profit"] > 1e-6
    with pytest.raises(ValueError, match="found 0"):
        Stopping({"profit": 0.0})


# --- warm-up ---------------------------------------------------------------------------------------------------


def mser_by_definition(values: np.ndarray) -> int:
    means = values[: len(values) // 5 * 5].reshape(-1, 5).mean(axis=1)
    n = len(means)
    told = [((means[d:] - means[d:].mean()) ** 2).sum() / (n - d) ** 2 for d in range(int(n * 0.9))]
    return 5 * int(np.argmin(told))


def test_mser_is_its_definition():
    """The truncation is that of the formula written out, on series of several shapes."""
    for study in range(20):
        values = normal(400, f"mser {study}") + 5 * np.exp(-np.arange(400) / (5 + 5 * study))
        assert mser(values) == mser_by_definition(values)


def test_mser_finds_a_planted_warm_up():
    """A start that is off by ten errors for 60 days is left out, and a stationary series almost not."""
    values = normal(365, "planted")
    values[:60] += 10
    assert 60 <= mser(values) <= 80
    with pytest.raises(ValueError, match="50 observations"):
        mser(values[:49])


def test_a_trend_never_settles_and_welch_is_law():
    """A column that grows all along is said to be too short; Welch's average is the one written out."""
    day = np.arange(-28, 72)
    grown = pd.DataFrame({"alternative": "a", "replication": 0, "day": day, "x": day + normal(100, "trend")})
    found = warm_up(grown, "a", "x")
    assert not found.settled
    assert "too short for a steady state" in found.sentence
    assert warm_up(grown, "a", "y") is None
    table = normal((3, 40), "welch")
    mean = table.mean(axis=0)
    assert welch(table, 5)[2] == pytest.approx(mean[:5].mean())
    assert welch(table, 5)[20] == pytest.approx(mean[15:26].mean())
    assert len(welch(table, 5)) == 35


# --- which is best ---------------------------------------------------------------------------------------------


def test_probability_of_best_of_two_is_the_t_test():
    """With two alternatives it is one minus the one-sided p value of the paired t test."""
    a, b = normal((2, 12), "two")
    expected = 1 - stats.ttest_rel(a + 0.4, b, alternative="greater").pvalue
    assert probability_of_best({"a": a + 0.4, "b": b})["a"] == pytest.approx(expected, abs=0.005)
    assert probability_of_best({"a": a + 0.4, "b": b}, better="lower")["b"] == pytest.approx(expected, abs=0.005)


def test_probability_of_best_of_three_is_the_multivariate_t():
    """With three it is the orthant probability of scipy's multivariate t, whichever alternative is named first."""
    a, b, c = normal((3, 15), "three")
    values = {"a": a + 0.3, "b": b + 0.1, "c": c}
    gaps = np.column_stack([values["b"] - values["a"], values["c"] - values["a"]])
    n, freedom = 15, 13
    shape = np.cov(gaps, rowvar=False) * (n - 1) / (n * freedom)
    expected = stats.multivariate_t(gaps.mean(axis=0), shape, df=freedom, seed=1).cdf(np.zeros(2))
    found = probability_of_best(values)
    turned = probability_of_best({name: values[name] for name in ("c", "b", "a")})
    assert found["a"] == pytest.approx(expected, abs=0.01)
    assert turned == pytest.approx(found, abs=0.01)
    assert sum(found.values()) == pytest.approx(1)
    with pytest.raises(ValueError, match="found 2"):
        probability_of_best({name: one[:2] for name, one in values.items()})


def selecting(correlation: float, macro: int) -> tuple[float, float]:
    """How often KN chooses rightly when the best is ahead by just the indifference, and the runs it takes."""
    names, right, runs = ["a", "b", "c", "d", "e"], 0, 0
    ahead = {"c": 0.5}
    for study in range(macro):
        luck = generator(study, f"kn {correlation}").standard_normal((1000, 6))

        def sample(alive, replication, luck=luck):
            return {
                name: ahead.get(name, 0.0)
                + np.sqrt(correlation) * luck[replication, 5]
                + np.sqrt(1 - correlation) * luck[replication, names.index(name)]
                for name in alive
            }

        found = kn(names, sample, indifference=0.5)
        right += found.chosen == "c"
        runs += sum(found.replications.values())
    return right / macro, runs / macro


def test_kn_is_right_as_often_as_it_says_and_common_luck_makes_it_cheaper():
    """Over 200 macro-replications at least 95 % are right (slippage: the hardest case); paired luck saves runs."""
    apart, runs_apart = selecting(0.0, 200)
    together, runs_together = selecting(0.8, 200)
    assert apart >= 0.95
    assert together >= 0.95
    assert runs_together < runs_apart / 2


def test_kn_worked_by_hand():
    """Two alternatives without luck: the worse goes at once; the lower is best where lower is better."""
    found = kn(["a", "b"], lambda alive, _: {name: {"a": 2.0, "b": 1.0}[name] for name in alive}, indifference=0.1)
    assert (found.chosen, found.replications) == ("a", {"a": 10, "b": 10})
    lower = kn(["a", "b"], lambda alive, _: dict.fromkeys(alive, 1.0) | {"a": 2.0}, indifference=0.1, better="lower")
    assert lower.chosen == "b"
    with pytest.raises(ValueError, match="found 0"):
        kn(["a"], lambda *_: {}, indifference=0)


def test_kn_gives_up_undecided():
    """Alternatives that are the same but for noise larger than the allowance are undecided after the most."""
    luck = normal((40, 2), "undecided")
    found = kn(
        ["a", "b"], lambda alive, r: {n: float(luck[r, "ab".index(n)]) for n in alive}, indifference=0.01, most=40
    )
    assert found.chosen is None
    assert found.survivors == ("a", "b")


# --- sim-tools -------------------------------------------------------------------------------------------------

STEPS = (0.8191725133961645, 0.6710436067037893, 0.5497004779019703)
SIM_TOOLS_REPLICATIONS = {0.1: 18, 0.06: 43, 0.04: 92, 0.03: 169}
"""Relative half-width -> replications after which sim-tools 1.3.0 first has it, not before the tenth:
`confidence_interval_method(50 + 10 * recurrence(0, 200), alpha=0.05, desired_precision=..., min_rep=9)`."""
SIM_TOOLS_HALF_WIDTHS = {10: 5.92726869941, 25: 4.019592222952, 60: 2.455258320833, 200: 1.392986511028}
"""Replications -> half-width in the same table (`Upper Interval` less `Cumulative Mean`)."""
SIM_TOOLS_KN = {
    (0.2, 0.3, 0.05): (0, 74), (0.5, 0.5, 0.05): (0, 35), (0.1, 0.2, 0.05): (0, 152), (-0.3, 0.25, 0.1): (1, 20),
}  # fmt: skip
"""(lead, indifference, chance of being wrong) -> the design that `sim_tools.ovs.indifference_zone.KN(model, 2, ...,
n_0=10)` chooses between `recurrence(1) + lead` and `recurrence(2)`, and the runs of the one it gives up. Two designs: with
more, its table of variances is looked up in the wrong place (`design_l - 1` also where l comes before i)."""


def recurrence(which: int, count: int = 3000) -> np.ndarray:
    """Numbers that are spread like the normal distribution, by an additive recurrence: anybody can make them again."""
    return stats.norm.ppf((np.arange(1, count + 1) * STEPS[which]) % 1)


def first_enough(share: float, values: np.ndarray) -> int:
    """Replications after which a sweep that may look after each of them asks for no more."""
    until = Until.model_validate({"outcome": "profit", "half_width": f"{100 * share:g}%", "at_most": 10_000})
    rows = {(0, "a", i): Row(0, "a", i, "ok", "", {"profit": float(value)}, 0.0, "") for i, value in enumerate(values)}
    for count in range(10, len(values) + 1):
        known = {key: row for key, row in rows.items() if key[2] < count}
        if not wanted_replications(until, known, known):
            return count
    return -1


def test_half_widths_and_when_they_are_enough_are_those_of_sim_tools():
    """The half-width after so many replications, and the first count whose relative half-width is small enough."""
    values = 50 + 10 * recurrence(0, 200)
    for count, half in SIM_TOOLS_HALF_WIDTHS.items():
        assert half_width(values[:count]) == pytest.approx(half, rel=1e-9)
    assert {share: first_enough(share, values) for share in SIM_TOOLS_REPLICATIONS} == SIM_TOOLS_REPLICATIONS


def chosen(lead: float, indifference: float, wrong: float) -> tuple[int, int]:
    """Whom KN chooses, and after how many runs it gives the other one up."""
    values = {"0": recurrence(1) + lead, "1": recurrence(2)}
    found = kn(
        ["0", "1"], lambda alive, r: {name: float(values[name][r]) for name in alive},
        indifference=indifference, confidence=1 - wrong, first=10, most=3000,
    )  # fmt: skip
    assert found.chosen is not None
    return int(found.chosen), min(found.replications.values())


def test_kn_is_that_of_sim_tools():
    """The same choice after the same number of runs."""
    assert {key: chosen(*key) for key in SIM_TOOLS_KN} == SIM_TOOLS_KN


def test_against_sim_tools_itself():
    """The same numbers, live; skipped where it is not installed (it brings plotly and scikit-learn, 150 MB)."""
    output_analysis = pytest.importorskip("sim_tools.output_analysis")
    values = 50 + 10 * recurrence(0, 200)
    for share, count in SIM_TOOLS_REPLICATIONS.items():
        assert output_analysis.confidence_interval_method(values, 0.05, share, 9)[0] == count
