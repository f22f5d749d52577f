"""The closed forms of BG/NBD and Gamma-Gamma against published numbers, integrals and simulation."""

import math

import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.stats import gamma

from simkit.customers.purchase_models import BgNbd, FitError, GammaGamma, fit_bg_nbd, fit_gamma_gamma

CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")  # Fader, Hardie & Lee 2005
CDNOW_SPEND = GammaGamma(p=6.25, q=3.74, v=15.44)  # Fader & Hardie 2013
HISTORIES = [(0, 0.0, 38.9), (1, 3.0, 38.9), (2, 30.43, 38.86), (7, 20.0, 26.0), (26, 30.0, 31.0)]


def simulated_histories(model, customers, age, seed):
    """Histories (x, t_x), who is still alive at `age`, and each one's rate and dropout probability."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(model.r, 1 / model.alpha, customers)
    dropout = rng.beta(model.a, model.b, customers)
    x, t_x, now = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    alive, running = np.ones(customers, bool), np.ones(customers, bool)
    while running.any():
        now = now + rng.exponential(1 / rate)
        running &= now <= age
        x[running] += 1
        t_x[running] = now[running]
        alive[running] = rng.random(running.sum()) > dropout[running]
        running &= alive
    return x, t_x, alive, rate, dropout


@pytest.mark.parametrize(("age", "expected"), [(1, 0.0533), (13, 0.5344), (39, 1.1967)])
def test_expected_repeat_purchases_are_the_published_ones(age, expected):
    """E[X(t)] with the CDNOW parameters equals the reference table to its four decimals."""
    assert CDNOW.expected_purchases(age) == pytest.approx(expected, abs=5e-5)


def test_spend_of_the_published_example():
    """Mean spend 35.22, and 24.66 for a customer with two purchases of 22.35 on average."""
    assert CDNOW_SPEND.mean_spend() == pytest.approx(35.22, abs=0.005)
    assert CDNOW_SPEND.conditional_mean_spend(2, 22.35) == pytest.approx(24.66, abs=0.005)


def test_conditional_expectation_of_the_published_customer():
    """Fader, Hardie & Lee's spreadsheet expects 1.226 purchases in 39 weeks of the first CDNOW customer."""
    fitted = BgNbd(r=0.2426, alpha=4.4136, a=0.7929, b=2.4259)
    expected = fitted.conditional_expected_purchases(39, x=2, t_x=30.43, T=38.86)
    assert expected == pytest.approx(1.226, abs=5e-4)


@pytest.mark.parametrize(("x", "t_x", "T"), HISTORIES[:4])
def test_likelihood_is_the_individual_one_averaged_over_customers(x, t_x, T):
    """Integrating one customer's likelihood over gamma rates and beta dropout gives the closed form."""

    def likelihood(dropout, rate):
        stayed = (1 - dropout) ** x * math.exp(-rate * T)
        left = dropout * (1 - dropout) ** (x - 1) * math.exp(-rate * t_x) if x else 0.0
        between = 12 * dropout * (1 - dropout) ** 2 * gamma_constant * math.sqrt(rate) * math.exp(-6 * rate)
        return rate**x * (stayed + left) * between

    gamma_constant = 6**1.5 / math.gamma(1.5)

    integral = dblquad(likelihood, 0, 8, 0, 1, epsabs=0, epsrel=1e-8)[0]
    closed = BgNbd(r=1.5, alpha=6.0, a=2.0, b=3.0).log_likelihood(x, t_x, T)
    assert closed == pytest.approx(np.log(integral), rel=1e-7)


def test_likelihoods_agree_with_the_lifetimes_package():
    """Both log-likelihoods equal those of an independent implementation."""
    fitters = pytest.importorskip("lifetimes")
    x, t_x, T = (np.array(column, dtype=float) for column in zip(*HISTORIES, strict=True))
    theirs = fitters.BetaGeoFitter._negative_log_likelihood(
        np.log([CDNOW.r, CDNOW.alpha, CDNOW.a, CDNOW.b]), x, t_x, T, np.ones_like(x), 0.0
    )
    assert -CDNOW.log_likelihood(x, t_x, T).mean() == pytest.approx(theirs, rel=1e-10)
    count, spend = np.array([1.0, 2.0, 9.0]), np.array([5.0, 22.35, 60.0])
    theirs = fitters.GammaGammaFitter._negative_log_likelihood(
        np.log([CDNOW_SPEND.p, CDNOW_SPEND.q, CDNOW_SPEND.v]), count, spend, np.ones(3), 0.0
    )
    assert -CDNOW_SPEND.log_likelihood(count, spend).mean() == pytest.approx(theirs, rel=1e-10)


@pytest.mark.parametrize(
    "model",
    [
        CDNOW,
        BgNbd(r=0.5, alpha=3.0, a=1.0, b=2.0),  # 0/0 at a = 1
        BgNbd(r=0.5, alpha=3.0, a=0.4, b=0.6),  # 0/0 at a + b = 1
        BgNbd(r=0.5, alpha=3.0, a=1.0005, b=2.0),
        BgNbd(r=0.1, alpha=40.0, a=0.05, b=0.1),
        BgNbd(r=150.0, alpha=4.414, a=0.793, b=120.0),  # the hypergeometric function overflows
    ],
)
@pytest.mark.parametrize("age", [0.1, 39.0, 500.0])
def test_expectation_is_the_integral_over_customers(model, age):
    """E[X(t)] integrates the rate of buying while alive, also where the closed form is singular."""

    def rate_at(dropout, s):  # mean over gamma rates of rate * exp(-rate * dropout * s)
        return model.r / model.alpha * (1 + dropout * s / model.alpha) ** -(model.r + 1)

    nodes, weights = np.polynomial.legendre.leggauss(200)
    log_age = np.log(age) - 20 * (1 - nodes)  # in the logarithm of time the integrand is smooth
    times, time_weights = np.exp(log_age), 20 * weights * np.exp(log_age)
    by_dropout = quad(
        lambda p: float(time_weights @ rate_at(p, times)),
        0,
        1,
        weight="alg",
        wvar=(model.a - 1, model.b - 1),
        epsrel=1e-10,
        limit=200,
    )[0]
    total = quad(lambda p: 1.0, 0, 1, weight="alg", wvar=(model.a - 1, model.b - 1))[0]
    assert model.expected_purchases(age) == pytest.approx(by_dropout / total, rel=1e-6)


def test_a_customer_without_a_past_is_a_new_customer():
    """The conditional expectation of a customer seen for no time is the unconditional one."""
    ages = np.array([1.0, 13.0, 39.0])
    conditional = CDNOW.conditional_expected_purchases(ages, x=0, t_x=0, T=0)
    np.testing.assert_allclose(conditional, CDNOW.expected_purchases(ages), rtol=1e-12)


def test_conditional_forms_are_right_on_average():
    """Over simulated customers, P(alive) and E[Y(t)] average to who lives and what they go on to buy."""
    x, t_x, alive, rate, dropout = simulated_histories(CDNOW, 100_000, age=26.0, seed=5)
    probability = CDNOW.probability_alive(x, t_x, 26.0)
    assert abs((alive - probability).mean()) < 3 * (alive - probability).std() / np.sqrt(x.size)
    truth = alive * -np.expm1(-rate * dropout * 13.0) / np.maximum(dropout, 1e-12)
    miss = truth - CDNOW.conditional_expected_purchases(13.0, x, t_x, 26.0)
    assert abs(miss.mean()) < 3 * miss.std() / np.sqrt(x.size)
    frequent = x >= 3  # and within a group chosen by its history
    assert abs(miss[frequent].mean()) < 3 * miss[frequent].std() / np.sqrt(frequent.sum())


def test_nobody_leaves_before_a_repeat_purchase():
    """P(alive) is 1 without a repeat purchase, and falls with the time since the last one."""
    np.testing.assert_array_equal(CDNOW.probability_alive(0, 0, [0, 10, 1e6]), 1.0)
    assert np.all(np.diff(CDNOW.probability_alive(3, 10.0, [10, 20, 40, 1e5])) < 0)


def test_long_histories_lose_no_digits():
    """Thousands of purchases neither overflow nor underflow."""
    assert np.isfinite(CDNOW.log_likelihood(5000, 99.0, 100.0))
    assert np.isfinite(CDNOW_SPEND.log_likelihood(5000, 35.0))
    assert 0 < CDNOW.probability_alive(5000, 99.0, 100.0) < 1e-9


@pytest.mark.parametrize("x", [1, 3])
def test_mean_spend_has_a_density_and_its_mean(x):
    """The Gamma-Gamma likelihood integrates to 1 over mean spend, and its mean is p v / (q - 1)."""
    density = lambda z: np.exp(CDNOW_SPEND.log_likelihood(x, z))  # noqa: E731
    assert quad(density, 0, np.inf)[0] == pytest.approx(1.0, abs=1e-6)
    assert quad(lambda z: z * density(z), 0, np.inf)[0] == pytest.approx(CDNOW_SPEND.mean_spend(), rel=1e-4)


def test_conditional_spend_is_the_posterior_mean():
    """Averaging p / rate over the rates that explain a customer's spend gives the closed form."""
    x, spend = 4, 50.0

    def weight(rate):
        return gamma.pdf(rate, CDNOW_SPEND.q, scale=1 / CDNOW_SPEND.v) * gamma.pdf(
            x * spend, CDNOW_SPEND.p * x, scale=1 / rate
        )

    total = quad(weight, 0, 5)[0]
    mean = quad(lambda rate: CDNOW_SPEND.p / rate * weight(rate), 1e-9, 5)[0] / total
    assert CDNOW_SPEND.conditional_mean_spend(x, spend) == pytest.approx(mean, rel=1e-6)


def test_spend_without_a_finite_mean():
    """With q <= 1 the mean of all customers is infinite; that of a known customer is not."""
    heavy = GammaGamma(p=2.0, q=0.9, v=10.0)
    assert heavy.mean_spend() == np.inf
    np.testing.assert_array_equal(np.isinf(heavy.conditional_mean_spend([0, 1], [0.0, 20.0])), [True, False])


def test_parameters_are_recovered_from_simulated_customers():
    """Maximum likelihood finds the BG/NBD that made 6,000 histories, within 3 standard errors."""
    truth = BgNbd(r=0.5, alpha=6.0, a=0.8, b=2.5)
    x, t_x, *_ = simulated_histories(truth, 6000, age=52.0, seed=11)
    estimate = fit_bg_nbd(x, t_x, 52.0)
    for name, found in estimate.parameters().items():
        assert abs(found - getattr(truth, name)) < 3 * estimate.standard_errors[name]
        assert 0 < estimate.standard_errors[name] < 0.3 * found
    assert estimate.log_likelihood >= truth.log_likelihood(x, t_x, 52.0).sum()


def test_spend_parameters_are_recovered_from_simulated_customers():
    """Maximum likelihood finds the Gamma-Gamma that made 3,000 mean spends, within 3 standard errors."""
    rng = np.random.default_rng(3)
    x = rng.integers(1, 8, 3000)
    spend = rng.gamma(6.25 * x) / rng.gamma(3.74, 1 / 15.44, 3000) / x
    estimate = fit_gamma_gamma(x, spend)
    for name, found in estimate.parameters().items():
        assert abs(found - getattr(CDNOW_SPEND, name)) < 3 * estimate.standard_errors[name]


def test_units_only_rescale():
    """Time in days instead of weeks multiplies alpha and its error by 7 and leaves the rest; money likewise."""
    x, t_x, *_ = simulated_histories(CDNOW, 1500, age=39.0, seed=2)
    weeks, days = fit_bg_nbd(x, t_x, 39.0), fit_bg_nbd(x, 7 * t_x, 7 * 39.0, unit="day")
    scale = np.array([1, 7, 1, 1])
    for of in (lambda e: e.parameters(), lambda e: e.standard_errors):
        np.testing.assert_allclose(list(of(days).values()), list(of(weeks).values()) * scale, rtol=1e-4)
    spend = np.random.default_rng(1).lognormal(3, 0.5, 800)
    euros, cents = fit_gamma_gamma(np.ones(800), spend), fit_gamma_gamma(np.ones(800), 100 * spend)
    assert cents.model.v == pytest.approx(100 * euros.model.v, rel=1e-4)
    assert cents.model.q == pytest.approx(euros.model.q, rel=1e-4)


def test_without_dropout_its_parameters_are_undetermined():
    """Without dropout in the data the errors of a and b are unknown, while r and alpha are estimated."""
    rng = np.random.default_rng(7)
    rate = rng.gamma(0.8, 1 / 5.0, 1000)
    x = rng.poisson(rate * 52.0)
    t_x = np.where(x > 0, 52.0 * rng.random(1000) ** (1 / np.maximum(x, 1)), 0.0)
    estimate = fit_bg_nbd(x, t_x, 52.0)
    errors = estimate.standard_errors
    assert np.isnan([errors["a"], errors["b"]]).all()
    assert abs(estimate.model.r - 0.8) < 3 * errors["r"]


def test_what_cannot_be_estimated_is_refused():
    """Nobody repeating, and everybody spending the same, are errors that say so."""
    with pytest.raises(FitError, match="bought a second time"):
        fit_bg_nbd([0, 0], [0, 0], [3, 4])
    with pytest.raises(FitError, match="differs"):
        fit_gamma_gamma([1, 2], [10.0, 10.0])


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
def test_parameters_must_be_positive_and_finite(wrong):
    """A parameter outside (0, infinity) is refused by name."""
    with pytest.raises(ValueError, match=r"BgNbd.*'a'"):
        BgNbd(1.0, 1.0, wrong, 1.0)
    with pytest.raises(ValueError, match=r"GammaGamma.*'q'"):
        GammaGamma(1.0, wrong, 1.0)


@pytest.mark.parametrize(
    ("x", "t_x", "T"), [(-1, 0, 1), (1.5, 1, 2), (1, 3, 2), (0, 1, 2), (1, np.nan, 2), (1, 1, np.inf)]
)
def test_impossible_histories_are_refused(x, t_x, T):
    """Negative or fractional counts, a purchase after the end, or ages that are no numbers are errors."""
    with pytest.raises(ValueError, match="history 0"):
        CDNOW.log_likelihood(x, t_x, T)


def test_impossible_spend_is_refused():
    """Spend needs a purchase and a positive amount, and a horizon is not negative."""
    for x, spend in [(0, 10.0), (1, 0.0), (1, np.nan)]:
        with pytest.raises(ValueError, match="mean_spend"):
            CDNOW_SPEND.log_likelihood(x, spend)
    with pytest.raises(ValueError, match="0 or more"):
        CDNOW.expected_purchases(-1)
