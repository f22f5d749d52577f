"""Maximum likelihood for a log of sends: which form of wear-out, where the maximum is, and what the data cannot say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simkit.customers.purchase_models import FitError
from simkit.fits.contacts.certainty import Certainty, Optimum, certainty
from simkit.fits.contacts.likelihood import WEAR_OUTS, ContactLikelihood, WearOut

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
ROWS_TO_BEGIN = 100_000
"""Of a longer log every n-th person, about so many rows, tell where to begin and which form of wear-out."""
STEPS = 40
TOLERATED_GAIN = 0.001
"""A maximum counts as found when another step would gain about this log-likelihood."""
WEAKEST = 1e-3
"""Information of a person at which a direction counts as unknown to the search."""
ROUNDS = 16
"""Times the quadrature's nodes may move."""
NEAR = 0.7
"""How far a parameter may go before the nodes follow: away from them the quadrature holds no longer."""


Told = Callable[[str], None]
"""Who wants to know how far the search is."""


def begin(likelihood: ContactLikelihood, patience_spread: float) -> Floats:
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
    nodes of the quadrature follow until they no longer matter; a search that went NEAR leaves the curvature it has
    learned to the next.
    """
    layout = likelihood.layout
    idle = {f"frequency:{c}" for c in range(layout.channels) if not likelihood.usual[:, c].any()}
    free = [layout.at(name) for name in layout.names if name not in {*held, *idle}]
    likelihood.adapt(theta)
    values, slopes = likelihood(theta)
    best = Optimum(theta, float(values.sum()), tuple(free))
    learned = None
    for _ in range(ROUNDS):
        whitened = learned if learned is not None else _whitened(slopes[:, free])
        theta, learned = _search(likelihood, best.theta, free, whitened)
        likelihood.adapt(theta)
        values, slopes = likelihood(theta)
        value = float(values.sum())
        if not math.isfinite(value):
            raise FitError("the search for the most likely parameters did not converge")
        before, best = best, max(best, Optimum(theta, value, tuple(free)), key=lambda found: found.log_likelihood)
        if best.log_likelihood - before.log_likelihood < TOLERATED_GAIN:
            break
    return best


def _whitened(slopes: Floats) -> Floats:
    """The matrix that takes steps of like effect to steps of the parameters, by the people's squared slopes."""
    strengths, directions = np.linalg.eigh(slopes.T @ slopes / len(slopes))
    return np.asarray(directions / np.sqrt(np.maximum(strengths, WEAKEST)))


def _search(
    likelihood: ContactLikelihood, theta: Floats, free: list[int], to_theta: Floats
) -> tuple[Floats, Floats | None]:
    """One search with the nodes where they are: its end, and `to_theta` as learned on the way if that was not far."""
    from scipy.optimize import minimize

    people = likelihood.people

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

    def near(steps: Floats) -> None:
        if float(np.abs(to_theta @ steps).max()) > NEAR:
            raise StopIteration

    options = {"gtol": math.sqrt(TOLERATED_GAIN / people), "norm": 2, "maxiter": STEPS}
    how: Any = {"method": "BFGS", "jac": True, "options": options, "callback": near}
    found: Any = minimize(cost, np.zeros(len(free)), **how)
    if np.abs(to_theta @ found.x).max() > NEAR:
        return full(found.x), None
    gains, ways = np.linalg.eigh(found.hess_inv)
    return full(found.x), to_theta @ (ways * np.sqrt(np.maximum(gains, WEAKEST)))


@dataclass(frozen=True, eq=False)
class FatigueFit:
    """What a log says about fatigue.

    `optimum` is the best point found and `certainty` how sure it is. `gain` is the log-likelihood that fatigue adds.
    Without `detected`, the half-life is held, and `hulls` has an interval of delta and kappa that holds whatever the
    half-life. `flat` says whether a half-life FAR shorter, or FAR longer, fits nearly as well; then the optimum is the
    one at ASSUMED_HALF_LIFE. `aic` has, when forms of wear-out were compared, how much worse each is than the best.
    """

    likelihood: ContactLikelihood
    optimum: Optimum
    certainty: Certainty
    gain: float
    detected: bool
    hulls: dict[str, tuple[float, float]] = field(default_factory=dict)
    flat: tuple[bool, bool] = (False, False)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By profile likelihood, for whichever of half-life (as a logarithm), delta and kappa need one."""
    aic: Mapping[WearOut, float] = field(default_factory=dict)

    def standard_error(self, name: str) -> float:
        """Of a parameter; nan when it was held or the data do not determine it."""
        return self.certainty.error(self.likelihood.layout.at(name))

    def value(self, name: str) -> float:
        """The most likely value of a parameter; positive ones as logarithms."""
        return float(self.optimum.theta[self.likelihood.layout.at(name)])

    def differs(self, name: str) -> bool:
        """Whether 0 lies outside a slope's 95 % interval."""
        return abs(self.value(name)) > 1.96 * self.standard_error(name)


def estimate(
    likelihood: ContactLikelihood, patience_spread: float, wear_out: WearOut | None, told: Told = lambda _: None
) -> FatigueFit:
    """Fatigue by maximum likelihood at a given spread of patience; without a form of wear-out, the likeliest."""
    step = -(-len(likelihood.fitted) // ROWS_TO_BEGIN)
    some = likelihood.every(step) if step > 1 else likelihood
    if step > 1:
        told(f"first on every {step}th person")
    first = some.with_wear_out(wear_out or WEAR_OUTS[0])
    found = _fatigue(first, begin(first, patience_spread), told)
    if wear_out is None and found.detected and found.differs("delta"):
        found = _likeliest(found, told)
    if step == 1:
        return _with_intervals(found, told)
    told(f"then on all {likelihood.people:,} people")
    theta = found.optimum.theta if some.layout == likelihood.layout else begin(likelihood, patience_spread)
    whole = _fatigue(likelihood.with_wear_out(found.likelihood.wear_out), theta, told)
    return _with_intervals(replace(whole, aic=found.aic), told)


def _likeliest(found: FatigueFit, told: Told) -> FatigueFit:
    """The fit under the form of wear-out with the least AIC; all forms have as many parameters (Akaike 1974)."""
    held = ["patience_spread", *(["half_life"] if any(found.flat) else [])]
    tried = {found.likelihood.wear_out: (found.likelihood, found.optimum)}
    for form in WEAR_OUTS:
        if form not in tried:
            told(f"{form} wear-out")
            other = found.likelihood.with_wear_out(form)
            tried[form] = other, maximize(other, _translated(other, found.optimum.theta), held)
    best = max(tried, key=lambda form: tried[form][1].log_likelihood)
    likelihood, optimum = tried[best]
    aic = {form: 2 * (optimum.log_likelihood - tried[form][1].log_likelihood) for form in WEAR_OUTS}
    if best == found.likelihood.wear_out:
        return replace(found, aic=aic)
    return replace(_fatigue(likelihood, optimum.theta, told), aic=aic)


def _translated(likelihood: ContactLikelihood, theta: Floats) -> Floats:
    """From exponential wear-out: the delta with the same loss at mean fatigue."""
    theta, layout = theta.copy(), likelihood.layout
    level = float(likelihood.level(theta).mean())
    loss = theta[layout.at("delta")] * level
    form = {"hyperbolic": math.expm1, "linear": lambda z: -math.expm1(-z)}
    theta[layout.at("delta")] = form[likelihood.wear_out](loss) / max(level, 1e-9)
    return theta


def _fatigue(likelihood: ContactLikelihood, theta: Floats, told: Told) -> FatigueFit:
    """Fatigue under one form of wear-out, if there is any."""
    layout, held = likelihood.layout, ["patience_spread"]
    fatigue: list[str] = [name for name in ("delta", "kappa") if name in layout.names]
    nothing = theta.copy()
    nothing[[layout.at(name) for name in fatigue]] = 0.0
    null = maximize(likelihood, nothing, [*held, "half_life", *fatigue]).log_likelihood
    told("searching the most likely fatigue")
    best = maximize(likelihood, theta, held)
    if best.log_likelihood - null < CLEAR:
        tried = [_at_half_life(likelihood, best, h, held) for h in HALF_LIVES]
        best = max(tried, key=lambda found: found.log_likelihood)
        if best.log_likelihood - null < DETECTED:
            hulls = {name: _hull(likelihood, tried, layout.at(name)) for name in fatigue}
            likelihood.adapt(best.theta)
            sure = certainty(likelihood, best)
            return FatigueFit(likelihood, best, sure, best.log_likelihood - null, False, hulls, (True, True))
        best = maximize(likelihood, best.theta, held)
    likelihood.adapt(best.theta)
    fit = FatigueFit(likelihood, best, certainty(likelihood, best), best.log_likelihood - null, True)
    if fit.standard_error("half_life") < SURELY_KNOWN:
        return fit
    middle = math.exp(fit.value("half_life"))
    ends = [_at_half_life(likelihood, best, middle * factor, held) for factor in (1 / FAR, FAR)]
    flat = [best.log_likelihood - end.log_likelihood < PLAUSIBLE_DROP for end in ends]
    if not any(flat):
        return fit
    best = _at_half_life(likelihood, best, ASSUMED_HALF_LIFE, held)
    likelihood.adapt(best.theta)
    return replace(fit, optimum=best, certainty=certainty(likelihood, best), flat=(flat[0], flat[1]))


def _with_intervals(fit: FatigueFit, told: Told) -> FatigueFit:
    """With the intervals of the profile likelihood where a standard error is wide enough for its curve to matter.

    Near enough, the signed root of twice the drop is a parabola through the maximum and the ends of the normal
    interval; it meets the quantiles of the normal distribution at the ends sought. It is stretched as much as the
    robust standard error exceeds that of the information alone.
    """
    if not fit.detected:
        return fit
    layout = fit.likelihood.layout
    intervals: dict[str, tuple[float, float]] = {}
    for name in ("half_life", "delta", "kappa"):
        if name not in layout.names or layout.at(name) not in fit.optimum.free:
            continue
        place, error = layout.at(name), fit.standard_error(name)
        unit = 1.0 if name == "half_life" else abs(fit.value(name))
        if not 0.05 * unit < error < 1.0:
            continue
        told(f"interval of {name.replace('_', ' ')}")
        roots = []
        for sign in (-1, 1):
            theta = fit.certainty.shifted(fit.optimum, place, sign * 1.96 * error)
            held = [name, *(n for n in layout.names if layout.at(n) not in fit.optimum.free)]
            drop = fit.optimum.log_likelihood - maximize(fit.likelihood, theta, held).log_likelihood
            roots.append(sign * math.sqrt(max(2 * drop, 0.0)))
        ends = _ends(roots, 1.96 * error, 1.96 * fit.certainty.stretch(place))
        if ends is not None:
            intervals[name] = (fit.value(name) + ends[0], fit.value(name) + ends[1])
    fit.likelihood.adapt(fit.optimum.theta)
    return replace(fit, intervals=intervals)


def _ends(roots: Sequence[float], width: float, quantile: float) -> tuple[float, float] | None:
    """Where a parabola through (-width, roots[0]), (0, 0) and (width, roots[1]) is -quantile and +quantile; None where
    it never is, or too far away to be trusted."""
    slope, bend = (roots[1] - roots[0]) / (2 * width), (roots[1] + roots[0]) / (2 * width**2)
    if not slope > 0:
        return None
    found = []
    for target in (-quantile, quantile):
        inside = slope**2 + 4 * bend * target
        if inside <= 0:
            return None
        found.append(2 * target / (slope + math.sqrt(inside)))
    return (found[0], found[1]) if max(map(abs, found)) < 2.5 * width else None


def _at_half_life(likelihood: ContactLikelihood, near: Optimum, half_life: float, held: Sequence[str]) -> Optimum:
    """The maximum at a given half-life, begun from one elsewhere: fatigue's effects as large as there."""
    layout, theta = likelihood.layout, near.theta.copy()
    here = likelihood.level(theta)
    theta[layout.at("half_life")] = math.log(half_life)
    there = likelihood.level(theta)
    scale = float(here.std() / max(there.std(), 1e-9))
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
        error = certainty(likelihood, found).error(place)
        ends += [found.theta[place] + sign * 1.96 * error for sign in (-1, 1)]
    return min(ends), max(ends)
