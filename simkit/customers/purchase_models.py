"""How often customers without a contract buy (BG/NBD) and how much they spend (Gamma-Gamma).

Both models describe a customer by a short summary of the past: `x` repeat purchases (the first
purchase is not counted), the last of them at age `t_x`, seen up to age `T`. Ages are measured from
the customer's first purchase, in the model's `unit`; a customer without a repeat has `x = t_x = 0`.

Sources:
Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2) [FHL].
Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value, note 025 at brucehardie.com [FH].
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Unit = Literal["day", "week", "month", "year"]
Floats = NDArray[np.float64]
Model = TypeVar("Model")

# Search box of the logarithm of a parameter: wide enough for yen and for days, finite so that data
# that identify no maximum stop at an edge instead of overflowing.
LOG_BOUNDS = (-12.0, 16.0)
# A maximum counts as found when another step would gain less log-likelihood than this.
TOLERATED_GAIN = 0.01


class FitError(ValueError):
    """Purchases that cannot be read, or from which no model can be estimated."""


@dataclass(frozen=True)
class BgNbd:
    """Beta-geometric / NBD: customers buy at their own rate until, after some purchase, they leave.

    Purchase rates (per `unit`) are gamma distributed with shape `r` and rate `alpha` (in units of
    time), so the mean rate is r/alpha. After each repeat purchase a customer drops out with a
    probability that is beta(`a`, `b`) distributed between customers.

    Every method takes scalars or arrays that broadcast, and returns a float array of that shape.
    Raises ValueError when a parameter is not positive and finite, or a history is impossible.
    """

    r: float
    alpha: float
    a: float
    b: float
    unit: Unit = "week"

    def __post_init__(self) -> None:
        require_positive(self, "r", "alpha", "a", "b")

    def log_likelihood(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Floats:
        """Log-likelihood of each customer's history, one value per customer (FHL eq. 6)."""
        return _bg_nbd_log_likelihood((self.r, self.alpha, self.a, self.b), *_histories(x, t_x, T))

    def probability_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Floats:
        """Probability that a customer with this history has not dropped out by age T.

        One over the denominator of FHL eq. 10. It is 1 for customers without a repeat purchase: in
        this model nobody leaves before the second purchase.
        """
        from scipy.special import expit

        x, t_x, T = _histories(x, t_x, T)
        repeaters = np.maximum(x, 1.0)
        log_odds_gone = math.log(self.a) - np.log(self.b + repeaters - 1.0)
        log_odds_gone += (self.r + x) * np.log((self.alpha + T) / (self.alpha + t_x))
        return np.where(x > 0, expit(-log_odds_gone), 1.0)

    def expected_purchases(self, t: ArrayLike) -> Floats:
        """Repeat purchases a new customer is expected to make up to age `t` (FHL eq. 9)."""
        ages = np.asarray(t, dtype=float)
        if not np.all(ages >= 0):
            raise ValueError("age t must be 0 or more")
        return _expected_purchases(self.r, self.alpha, self.a, self.b, ages)

    def conditional_expected_purchases(self, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Floats:
        """Purchases expected in the next `t` units from a customer with this history (FHL eq. 10).

        Written as P(alive) times the expectation of a new customer whose parameters are updated by
        the history: given that a customer is alive, r, alpha and b grow by x, T and x.
        """
        x, t_x, T = _histories(x, t_x, T)
        ahead = np.asarray(t, dtype=float)
        if not np.all(ahead >= 0):
            raise ValueError("horizon t must be 0 or more")
        expected = _expected_purchases(self.r + x, self.alpha + T, self.a, self.b + x, ahead)
        return self.probability_alive(x, t_x, T) * expected


@dataclass(frozen=True)
class GammaGamma:
    """Gamma-Gamma: purchases vary around a customer's own mean, and the means vary between customers.

    One purchase is gamma distributed with shape `p` and a customer's own rate; the rates are gamma
    distributed with shape `q` and rate `v` (money). Spend is assumed unrelated to frequency.

    Every method takes scalars or arrays that broadcast, and returns a float array of that shape.
    Raises ValueError when a parameter is not positive and finite, or a history is impossible.
    """

    p: float
    q: float
    v: float

    def __post_init__(self) -> None:
        require_positive(self, "p", "q", "v")

    def log_likelihood(self, x: ArrayLike, mean_spend: ArrayLike) -> Floats:
        """Log-density of the mean spend over each customer's `x` >= 1 purchases (FH eq. 1a)."""
        x, mean_spend = np.asarray(x, dtype=float), np.asarray(mean_spend, dtype=float)
        if not (np.all(x >= 1) and np.all(mean_spend > 0) and np.all(np.isfinite(mean_spend))):
            raise ValueError("spend needs x of 1 or more and a positive finite mean_spend")
        return _gamma_gamma_log_likelihood((self.p, self.q, self.v), x, mean_spend)

    def mean_spend(self) -> float:
        """Expected spend per purchase of an unknown customer: p v / (q - 1); infinite when q <= 1."""
        return self.p * self.v / (self.q - 1.0) if self.q > 1.0 else math.inf

    def conditional_mean_spend(self, x: ArrayLike, mean_spend: ArrayLike) -> Floats:
        """Expected spend per purchase of a customer seen to spend `mean_spend` over `x` purchases.

        A weighted average of the population's mean and the customer's own (FH eq. 5). With x = 0 it
        is the population's mean, and mean_spend is ignored; infinite when p x + q <= 1.
        """
        x = np.asarray(x, dtype=float)
        if not np.all(x >= 0):
            raise ValueError("x must be 0 or more purchases")
        total = np.where(x > 0, x * np.asarray(mean_spend, dtype=float), 0.0)
        weight = self.p * x + self.q - 1.0
        return np.where(weight > 0, self.p * (self.v + total) / np.where(weight > 0, weight, 1.0), np.inf)


@dataclass(frozen=True)
class Estimate(Generic[Model]):
    """A fitted model, its log-likelihood, and the standard error of each parameter by name.

    The errors come from the observed information in the logarithms of the parameters, carried to the
    natural scale by the delta method; nan when the data do not determine a maximum.
    """

    model: Model
    log_likelihood: float
    standard_errors: dict[str, float]

    def parameters(self) -> dict[str, float]:
        """The estimated parameters by name."""
        return {name: getattr(self.model, name) for name in self.standard_errors}


def fit_bg_nbd(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, unit: Unit = "week") -> Estimate[BgNbd]:
    """BG/NBD by maximum likelihood from one history per customer (arrays of one length).

    Raises FitError when nobody repeats (then any dropout fits) or the search finds no maximum.
    """
    x, t_x, T = _histories(x, t_x, T)
    if not np.any(x > 0):
        raise FitError("no customer bought a second time: a purchase process cannot be identified")
    distinct, count = np.unique(np.column_stack([x, t_x, T]), axis=0, return_counts=True)

    def total(parameters: Floats) -> float:
        return float(count @ _bg_nbd_log_likelihood(tuple(parameters), *distinct.T))

    time_per_repeat = T.sum() / x.sum()
    grid = itertools.product((0.2, 1.0, 5.0), (0.3, 3.0), (0.5, 5.0))
    starts = [(r, r * time_per_repeat, a, b) for r, a, b in grid]
    (r, alpha, a, b), log_likelihood, errors = maximize("BG/NBD", total, starts, x.size)
    names = ("r", "alpha", "a", "b")
    return Estimate(BgNbd(r, alpha, a, b, unit), log_likelihood, dict(zip(names, errors, strict=True)))


def fit_gamma_gamma(x: ArrayLike, mean_spend: ArrayLike) -> Estimate[GammaGamma]:
    """Gamma-Gamma by maximum likelihood from purchases and their mean spend, one row per customer.

    Raises FitError when all customers spend the same, or the search finds no maximum.
    """
    x, mean_spend = np.asarray(x, dtype=float), np.asarray(mean_spend, dtype=float)
    if x.size < 2 or np.ptp(mean_spend) == 0:
        raise FitError("spend needs two customers or more whose mean spend differs")
    GammaGamma(1.0, 1.0, 1.0).log_likelihood(x, mean_spend)  # refuses impossible histories

    def total(parameters: Floats) -> float:
        return float(_gamma_gamma_log_likelihood(tuple(parameters), x, mean_spend).sum())

    center = float(np.median(mean_spend))
    grid = itertools.product((0.7, 3.0, 15.0), (0.8, 3.0, 10.0))
    starts = [(p, q, center * q / p) for p, q in grid]
    best, log_likelihood, errors = maximize("Gamma-Gamma", total, starts, x.size)
    return Estimate(GammaGamma(*best), log_likelihood, dict(zip("pqv", errors, strict=True)))


def require_positive(model: Any, *names: str) -> None:
    """Raise ValueError naming every parameter that is not positive and finite."""
    wrong = {f.name: getattr(model, f.name) for f in fields(model) if f.name in names}
    wrong = {name: value for name, value in wrong.items() if not 0.0 < value < math.inf}
    if wrong:
        raise ValueError(f"{type(model).__name__}: must be positive and finite, found {wrong}")


def _histories(x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """The histories as float arrays of one shape; ValueError when one is impossible."""
    x, t_x, T = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (x, t_x, T)))
    possible = (x >= 0) & (x == np.floor(x)) & (t_x >= 0) & (t_x <= T) & np.isfinite(T) & np.isfinite(x)
    possible &= (x > 0) | (t_x == 0)
    if not np.all(possible):
        first = int(np.argmin(possible.ravel()))
        found = ", ".join(f"{n}={v.ravel()[first]:g}" for n, v in (("x", x), ("t_x", t_x), ("T", T)))
        allowed = "x = 0, 1, 2, ... and 0 <= t_x <= T, with t_x = 0 when x = 0"
        raise ValueError(f"history {first} (from 0): found {found}; allowed: {allowed}")
    return x, t_x, T


def _bg_nbd_log_likelihood(parameters: tuple[float, ...], x: Floats, t_x: Floats, T: Floats) -> Floats:
    """FHL eq. 6 in logarithms, arranged so that large r, alpha and x lose no digits."""
    from scipy.special import betaln, gammaln

    r, alpha, a, b = parameters
    repeaters = np.maximum(x, 1.0)
    alive = -x * np.log(alpha + T) - r * np.log1p(T / alpha)
    gone = math.log(a) - np.log(b + repeaters - 1.0) - x * np.log(alpha + t_x) - r * np.log1p(t_x / alpha)
    either = np.where(x > 0, np.logaddexp(alive, gone), alive)
    return gammaln(r + x) - gammaln(r) + betaln(a, b + x) - betaln(a, b) + either


def _gamma_gamma_log_likelihood(parameters: tuple[float, ...], x: Floats, mean_spend: Floats) -> Floats:
    """FH eq. 1a in logarithms: the total spend x * mean_spend is beta-prime with shapes p x, q, scale v."""
    from scipy.special import betaln

    p, q, v = parameters
    total = x * mean_spend
    return -betaln(p * x, q) - np.log(mean_spend) - p * x * np.log1p(v / total) - q * np.log1p(total / v)


def _expected_purchases(r: ArrayLike, alpha: ArrayLike, a: float, b: ArrayLike, t: ArrayLike) -> Floats:
    """FHL eq. 9; where its form breaks down, the integral over dropout that it stands for.

    The form is 0/0 at a = 1 and at a + b = 1 although the expectation is smooth there, and scipy's
    hypergeometric function overflows for very large r.
    """
    from scipy.special import hyp2f1

    r, alpha, b, t = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (r, alpha, b, t)))
    with np.errstate(all="ignore"):  # what breaks down here is redone below
        series = hyp2f1(r, b, a + b - 1.0, t / (alpha + t))
        expected = (a + b - 1.0) / (a - 1.0) * (1.0 - (alpha / (alpha + t)) ** r * series)
    redo = ~np.isfinite(expected) | (abs(a - 1.0) < 1e-3) | (np.abs(a + b - 1.0) < 1e-3)
    if np.any(redo):
        integral = np.vectorize(_expected_purchases_integral, otypes=[float])
        expected = np.where(redo, integral(r, alpha, a, b, t), expected)
    return np.asarray(expected, dtype=float)


def _expected_purchases_integral(r: float, alpha: float, a: float, b: float, t: float) -> float:
    """E[X(t)] as the mean of (1 - (1 + p t/alpha)^-r) / p over the dropout probability p ~ beta(a, b)."""
    from scipy.integrate import quad
    from scipy.special import betaln

    def given_dropout(p: float) -> float:
        return -math.expm1(-r * math.log1p(p * t / alpha)) / p if p > 0 else r * t / alpha

    powers = (a - 1.0, b - 1.0)
    found = quad(given_dropout, 0.0, 1.0, weight="alg", wvar=powers, epsabs=0.0, epsrel=1e-10, limit=200)
    return float(found[0] * math.exp(-betaln(a, b)))


def maximize(
    name: str, total: Callable[[Floats], float], starts: Iterable[tuple[float, ...]], customers: int
) -> tuple[list[float], float, list[float]]:
    """Maximize a log-likelihood over positive parameters: estimates, its value, standard errors.

    Searches in logarithms, roughly from the three most likely starts, then closely from the best end.
    Raises FitError when it does not converge.
    """
    from scipy.optimize import OptimizeResult, minimize

    def cost(logs: Floats) -> float:
        return -total(np.exp(logs)) / customers  # per customer, so that tolerances fit any size

    def search(logs: Floats, slopes: Literal["2-point", "3-point"], tolerance: float) -> OptimizeResult:
        bounds = [LOG_BOUNDS] * logs.size
        options: Any = {"ftol": tolerance, "gtol": 1e-9, "maxiter": 2000, "maxfun": 50_000}
        return minimize(cost, logs, method="L-BFGS-B", jac=slopes, bounds=bounds, options=options)

    candidates = sorted((np.log(start) for start in starts), key=cost)[:3]
    rough = min((search(logs, "2-point", 1e-8) for logs in candidates), key=lambda found: found.fun)
    best = search(rough.x, "3-point", 1e-14)
    covariance = _covariance(cost, best.x, customers)
    step, gain = _next_step(best.x, customers * best.jac, covariance)
    if not (math.isfinite(best.fun) and gain <= TOLERATED_GAIN):
        raise FitError(f"{name}: the search for the most likely parameters did not converge ({best.message})")
    estimate = np.exp(best.x + step)
    return estimate.tolist(), total(estimate), (estimate * np.sqrt(np.diag(covariance))).tolist()


def _next_step(logs: Floats, slope: Floats, covariance: Floats) -> tuple[Floats, float]:
    """The Newton step still to take from the end of a search, and the log-likelihood it would gain.

    On a plateau no step is taken, and the gain is that of a step of one in the steepest parameter;
    slopes that point out of the search box do not count.
    """
    if np.all(np.isfinite(covariance)):
        return -covariance @ slope, float(slope @ covariance @ slope) / 2.0
    low, high = LOG_BOUNDS
    outward = ((logs <= low) & (slope > 0)) | ((logs >= high) & (slope < 0))
    return np.zeros_like(logs), float(np.abs(np.where(outward, 0.0, slope)).max())


def _covariance(cost: Callable[[Floats], float], logs: Floats, customers: int) -> Floats:
    """Inverse of the observed information at `logs`, by central differences; nan where there is none."""
    steps = 5e-3 * np.eye(logs.size)

    def curvature(i: Floats, j: Floats) -> float:
        return cost(logs + i + j) - cost(logs + i - j) - cost(logs - i + j) + cost(logs - i - j)

    information = customers * np.array([[curvature(i, j) for j in steps] for i in steps]) / (2 * 5e-3) ** 2
    strengths, directions = np.linalg.eigh(information)
    # A strength of 0.01 is knowing a parameter to within a factor of e^10: the data say nothing of it.
    firm = strengths > 0.01
    covariance = (directions[:, firm] / strengths[firm]) @ directions[:, firm].T
    loose = np.any(np.abs(directions[:, ~firm]) > 0.03, axis=1)
    covariance[loose, :] = covariance[:, loose] = np.nan
    return np.asarray(covariance, dtype=float)
