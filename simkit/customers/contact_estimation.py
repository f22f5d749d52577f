"""Maximum likelihood for a log of sends: where the maximum is, how sure it is, and what the data cannot say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simkit.customers.contact_likelihood import ContactLikelihood
from simkit.customers.purchase_models import FitError

Floats = NDArray[np.float64]

HALF_LIVES = (1.0, 2.0, 4.0, 7.0, 14.0, 28.0)
"""Days: among them the search begins, and over them a statement must hold that does without a half-life."""
ASSUMED_HALF_LIFE = 7.0
"""Days: taken for the rest when the data do not tell."""
FAR = 6.0
"""A half-life is known when the data speak against one this many times shorter, and longer."""
SURELY_KNOWN = 0.25
"""Standard error of a log half-life below which nobody need look."""
PLAUSIBLE_DROP = 1.92
"""Log-likelihood lost at the ends of a 95 % interval: half the quantile of chi-squared with one degree of freedom."""
DETECTED = 3.91
"""Log-likelihood gained by fatigue (delta, kappa and their half-life) that chance reaches in 5 % of logs without it:
half the quantile of chi-squared with three degrees of freedom."""
CLEAR = 12.0
"""Log-likelihood gained by fatigue from which no other half-lives need be tried to be sure of it."""
STEPS = 40
TOLERATED_GAIN = 0.01
"""A maximum counts as found when another step would gain about this log-likelihood."""
WEAKEST = 1e-3
"""Information of a person at which a direction counts as unknown to the search."""
ROUNDS = 8
"""Times the quadrature's nodes may move."""
NEAR = 0.7
"""How far a parameter may go before the nodes follow: away from them the quadrature holds no longer."""


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where the likelihood is largest over the `free` parameters."""

    theta: Floats
    log_likelihood: float
    free: tuple[int, ...]


def start(likelihood: ContactLikelihood, patience_spread: float) -> Floats:
    """Where to begin: half-life and delta by the person-stratified likelihood, rates as observed."""
    layout = likelihood.layout
    theta = np.zeros(len(layout.names))
    half_life, delta = max(
        ((h, *_stratified(likelihood, h)) for h in HALF_LIVES), key=lambda found: found[2]
    )[:2]  # fmt: skip
    theta[layout.at("half_life")], theta[layout.at("delta")] = math.log(half_life), delta
    theta[layout.at("affinity_spread")] = math.log(0.5)
    theta[layout.at("patience_spread")] = math.log(max(patience_spread, 1e-3))
    level = likelihood.log.fatigue(half_life)[0][likelihood.fitted]
    for c in range(layout.channels):
        rows = likelihood.channel == c
        seen = likelihood.opened[rows].mean() / np.exp(-delta * level[rows]).mean()
        theta[layout.at(f"open:{c}")] = math.log(min(max(seen, 1e-6), 0.9))
        if layout.opt_outs:
            rate = (likelihood.left & rows).sum() / max((likelihood.at_risk & rows).sum(), 1)
            theta[layout.at(f"opt_out:{c}")] = math.log(max(rate, 1e-6))
    return theta


def _stratified(likelihood: ContactLikelihood, half_life: float) -> tuple[float, float]:
    """Delta, and the log-likelihood, given how often each person opened on each channel.

    Which of a person's messages were opened is multinomial with shares exp(-delta F) whatever the person's own
    rate, if it is small (Hausman, Hall & Griliches 1984, Econometrica 52(4)). Good enough to begin with.
    """
    level = likelihood.log.fatigue(half_life)[0][likelihood.fitted]
    _, group = np.unique(likelihood.person * likelihood.layout.channels + likelihood.channel, return_inverse=True)
    opens = np.bincount(group, likelihood.opened)
    delta, value = 0.0, -math.inf
    for _ in range(12):
        share = np.exp(-delta * level)
        total = np.bincount(group, share)
        mean = np.bincount(group, share * level) / total
        spread = np.bincount(group, share * level**2) / total - mean**2
        value = float(-delta * level[likelihood.opened].sum() - opens @ np.log(total))
        information = opens @ spread
        if information < 1e-9:
            break
        slope = opens @ mean - level[likelihood.opened].sum()
        delta = float(np.clip(delta + np.clip(slope / information, -0.5, 0.5), -2.0, 5.0))
    return delta, value


def maximize(likelihood: ContactLikelihood, theta: Floats, held: Sequence[str] = ()) -> Optimum:
    """The maximum over all parameters but those `held` at their values; FitError when none is found.

    A quasi-Newton search (BFGS) that begins with the information estimated by the people's squared slopes. The
    nodes of the quadrature follow until they no longer matter.
    """
    layout = likelihood.layout
    idle = {f"frequency:{c}" for c in range(layout.channels) if not likelihood.usual[:, c].any()}
    free = [layout.at(name) for name in layout.names if name not in {*held, *idle}]
    likelihood.adapt(theta)
    best = Optimum(theta, float(likelihood(theta)[0].sum()), tuple(free))
    for _ in range(ROUNDS):
        theta = _search(likelihood, best.theta, free)
        likelihood.adapt(theta)
        value = float(likelihood(theta)[0].sum())
        if not math.isfinite(value):
            raise FitError("the search for the most likely parameters did not converge")
        before, best = best, max(best, Optimum(theta, value, tuple(free)), key=lambda found: found.log_likelihood)
        if best.log_likelihood - before.log_likelihood < TOLERATED_GAIN:
            break
    return best


def _search(likelihood: ContactLikelihood, theta: Floats, free: list[int]) -> Floats:
    """One search with the nodes where they are."""
    from scipy.optimize import minimize

    people = likelihood.people
    slopes = likelihood(theta)[1][:, free]
    strengths, directions = np.linalg.eigh(slopes.T @ slopes / people)
    to_theta = directions / np.sqrt(np.maximum(strengths, WEAKEST))

    def full(steps: Floats) -> Floats:
        whole = theta.copy()
        whole[free] += np.clip(to_theta @ steps, -2 * NEAR, 2 * NEAR)
        return whole

    def cost(steps: Floats) -> tuple[float, Floats]:
        values, slopes = likelihood(full(steps))
        beyond = to_theta @ steps
        beyond -= np.clip(beyond, -NEAR, NEAR)
        slope = slopes[:, free].sum(0) / people - 20 * beyond
        return -float(values.sum()) / people + 10 * float(beyond @ beyond), -to_theta.T @ slope

    options: Any = {"gtol": math.sqrt(TOLERATED_GAIN / people), "norm": 2, "maxiter": STEPS}
    found = minimize(cost, np.zeros(len(free)), method="BFGS", jac=True, options=options)
    return full(found.x)


def covariance(likelihood: ContactLikelihood, found: Optimum) -> Floats:
    """Covariance of the free parameters, robust to what is alike within a person; nan where nothing is known.

    Observed information J by differences of the exact slopes, B the sum of the people's squared slopes:
    J^-1 B J^-1 (Huber 1967; White 1982, Econometrica 50(1)).
    """
    free = list(found.free)
    slopes = likelihood(found.theta)[1][:, free]
    steps = 0.5 / np.sqrt(np.maximum((slopes**2).sum(0), 1.0))  # wide: probabilities that reach 1 make small kinks
    rows = []
    for k, step in zip(free, steps, strict=True):
        moved = np.zeros_like(found.theta)
        moved[k] = step
        up, down = (likelihood(found.theta + sign * moved)[1][:, free].sum(0) for sign in (1, -1))
        rows.append(-(up - down) / (2 * step))
    bread = np.array(rows)
    bread = (bread + bread.T) / 2
    strengths, directions = np.linalg.eigh(bread)
    firm = strengths > 0.05  # less is knowing a parameter to +-4.5: nothing, for logarithms and slopes alike
    inverse = (directions[:, firm] / strengths[firm]) @ directions[:, firm].T
    robust = inverse @ (slopes.T @ slopes) @ inverse * likelihood.people / max(likelihood.people - 1, 1)
    loose = np.any(np.abs(directions[:, ~firm]) > 0.1, axis=1)
    robust[loose, :] = robust[:, loose] = np.nan
    return np.asarray(robust)


@dataclass(frozen=True, eq=False)
class FatigueFit:
    """What a log says about fatigue.

    `optimum` is the best point found and `covariance` that of its free parameters. `gain` is the log-likelihood that
    fatigue adds. Without `detected`, the half-life is held, and `hulls` has an interval of delta and kappa that holds
    whatever the half-life. `flat` says whether a half-life FAR shorter, or FAR longer, fits nearly as well; then the
    optimum is the one at ASSUMED_HALF_LIFE.
    """

    optimum: Optimum
    covariance: Floats
    gain: float
    detected: bool
    hulls: dict[str, tuple[float, float]]
    flat: tuple[bool, bool]

    def standard_error(self, place: int) -> float:
        """Of the parameter at this place; nan when it was held or the data do not determine it."""
        if place not in self.optimum.free:
            return math.nan
        at = self.optimum.free.index(place)
        return float(np.sqrt(self.covariance[at, at]))


def estimate(likelihood: ContactLikelihood, patience_spread: float) -> FatigueFit:
    """Fatigue by maximum likelihood, at a given spread of patience, if there is any."""
    layout, held = likelihood.layout, ["patience_spread"]
    begin = start(likelihood, patience_spread)
    fatigue = [name for name in ("delta", "kappa") if name in layout.names]
    nothing = begin.copy()
    nothing[[layout.at(name) for name in fatigue]] = 0.0
    null = maximize(likelihood, nothing, [*held, "half_life", *fatigue]).log_likelihood
    best = maximize(likelihood, begin, [*held, "half_life"])
    if best.log_likelihood - null < CLEAR:
        tried = [_at_half_life(likelihood, best, h, held) for h in HALF_LIVES]
        best = max(tried, key=lambda found: found.log_likelihood)
        if best.log_likelihood - null < DETECTED:
            return FatigueFit(
                best, covariance(likelihood, best), best.log_likelihood - null, False,
                {name: _hull(likelihood, tried, layout.at(name)) for name in fatigue}, (True, True),
            )  # fmt: skip
    best = maximize(likelihood, best.theta, held)
    likelihood.adapt(best.theta)
    fit = FatigueFit(best, covariance(likelihood, best), best.log_likelihood - null, True, {}, (False, False))
    place = layout.at("half_life")
    if fit.standard_error(place) < SURELY_KNOWN:
        return fit
    middle = math.exp(best.theta[place])
    ends = [_at_half_life(likelihood, best, middle * factor, held) for factor in (1 / FAR, FAR)]
    flat = [best.log_likelihood - end.log_likelihood < PLAUSIBLE_DROP for end in ends]
    if not any(flat):
        return fit
    best = _at_half_life(likelihood, best, ASSUMED_HALF_LIFE, held)
    return replace(fit, optimum=best, covariance=covariance(likelihood, best), flat=(flat[0], flat[1]))


def _at_half_life(likelihood: ContactLikelihood, near: Optimum, half_life: float, held: Sequence[str]) -> Optimum:
    """The maximum at a given half-life, begun from one elsewhere: fatigue's effects as large as there."""
    layout, theta = likelihood.layout, near.theta.copy()
    here, there = (
        likelihood.log.fatigue(h)[0][likelihood.fitted] for h in (math.exp(theta[layout.at("half_life")]), half_life)
    )
    scale = float(here.std() / max(there.std(), 1e-9))
    theta[layout.at("half_life")] = math.log(half_life)
    for effect, base, sign in (("delta", "open", -1.0), ("kappa", "opt_out", 1.0)):
        if effect in layout.names:
            before = theta[layout.at(effect)]
            theta[layout.at(effect)] = before * scale
            shift = sign * before * (here.mean() - scale * there.mean())
            for c in range(layout.channels):
                theta[layout.at(f"{base}:{c}")] += shift
    return maximize(likelihood, theta, [*held, "half_life"])


def _hull(likelihood: ContactLikelihood, tried: Sequence[Optimum], place: int) -> tuple[float, float]:
    """The least interval that holds the 95 % intervals of a parameter at every half-life tried."""
    ends = []
    for found in tried:
        likelihood.adapt(found.theta)
        variance = covariance(likelihood, found)[found.free.index(place), found.free.index(place)]
        ends += [found.theta[place] + sign * 1.96 * math.sqrt(variance) for sign in (-1, 1)]
    return min(ends), max(ends)
