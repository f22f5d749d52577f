"""From the maximum of the likelihood to numbers with intervals, or to the reason why there is none."""

from __future__ import annotations

import math

import numpy as np

from simkit.fits.contacts.estimation import FatigueFit
from simkit.fits.contacts.likelihood import ContactLikelihood
from simkit.fits.contacts.result import ChannelRates, Estimated
from simkit.fits.contacts.sends import SendLog

FEWEST_EVENTS = 10
"""Opens or opt-outs below which nothing is said about what they depend on."""
VAGUE = 1.0
"""Standard error of a slope (per contact) or a log rate from which on the data cannot tell: a factor of e."""


def shared_estimates(likelihood: ContactLikelihood, found: FatigueFit | None, why_not: str) -> dict[str, Estimated]:
    """Half-life, delta, kappa and the spread of affinity."""
    names = ("half_life_days", "delta", "opt_out_growth", "affinity_spread")
    if found is None:
        return dict.fromkeys(names, Estimated.unknown(why_not))
    few = few_opt_outs(likelihood)
    values = (
        _half_life(found),
        _slope(found, "delta"),
        Estimated.unknown(few) if few else _slope(found, "kappa"),
        _log(found.value("affinity_spread"), found.standard_error("affinity_spread")),
    )
    return dict(zip(names, values, strict=True))


def few_opt_outs(likelihood: ContactLikelihood) -> str:
    """Why nothing is said about opting out; empty when something is."""
    leaving = int(likelihood.left.sum())
    return f"only {leaving} opted out after the run-in" if leaving < FEWEST_EVENTS else ""


def _half_life(found: FatigueFit) -> Estimated:
    slopes = [name for name in ("delta", "kappa") if name in found.likelihood.layout.names]
    if not found.detected or not any(map(found.differs, slopes)):
        return Estimated.unknown("neither opens nor opt-outs are seen to depend on what was sent before")
    if any(found.flat):
        sides = " and ".join(side for side, flat in zip(("shorter", "longer"), found.flat, strict=True) if flat)
        return Estimated.unknown(f"the likelihood is flat: much {sides} half-lives fit as well")
    return _log(found.value("half_life"), found.standard_error("half_life"), found.intervals.get("half_life"))


def _slope(found: FatigueFit, name: str) -> Estimated:
    value, error = found.value(name), found.standard_error(name)
    if not found.detected:
        low, high = found.hulls[name]
        if not (high - low) / 3.92 < VAGUE:
            return Estimated.unknown(
                "the likelihood is flat" if math.isnan(low + high) else f"from {low:.2g} to {high:.2g}"
            )
        return Estimated(value, low, high, error)
    if not error < VAGUE:
        return Estimated.unknown("the likelihood is flat")
    ends = found.intervals.get(name)
    return Estimated(value, *ends, standard_error=error) if ends else Estimated.plain(value, error)


def _log(value: float, error: float, ends: tuple[float, float] | None = None) -> Estimated:
    if not error < VAGUE:
        return Estimated.unknown("the likelihood is flat")
    if ends is None:
        return Estimated.of_log(value, error)
    return Estimated(math.exp(value), math.exp(ends[0]), math.exp(ends[1]), math.exp(value) * error)


def channel_rates(
    log: SendLog, likelihood: ContactLikelihood, found: FatigueFit | None, why_not: str, c: int
) -> ChannelRates:
    """What is observed on a channel, and what would be at no fatigue."""
    rows = log.channel == c
    got = rows & log.delivered
    seen = got & log.opened
    none = Estimated.unknown
    opt_out = none(why_not)
    open_rate = none(why_not)
    if found:
        open_rate = _open_rate(found, c)
        opt_out = none(few_opt_outs(likelihood))
        if not opt_out.why_not:
            opt_out = _log(found.value(f"opt_out:{c}"), found.standard_error(f"opt_out:{c}"))
    return ChannelRates(
        sends=int(rows.sum()),
        delivered=int(got.sum()),
        bounce=_share(log, ~log.delivered, rows, "nothing was sent"),
        opened=_share(log, log.opened, got, "nothing was delivered"),
        click_given_open=(
            none("the log has no clicks") if log.clicked is None else _share(log, log.clicked, seen, "nobody opened")
        ),
        opted_out=(
            none("the log has no opt-outs")
            if log.opted_out is None
            else _share(log, log.opted_out, got, "nothing was delivered")
        ),
        open_rate=open_rate,
        opt_out=opt_out,
    )


def _open_rate(found: FatigueFit, c: int) -> Estimated:
    """p0 of the mean person: the mean over people's usual frequency too."""
    likelihood, theta = found.likelihood, found.optimum.theta
    base, tilt = likelihood.layout.at(f"open:{c}"), likelihood.layout.at(f"frequency:{c}")
    present = np.bincount(likelihood.person[likelihood.channel == c], minlength=likelihood.people) > 0
    usual = likelihood.usual[present, c]
    weight = np.exp(theta[tilt] * usual)
    value = float(theta[base] + math.log(weight.mean()))
    slopes = np.array([1.0, float((weight * usual).sum() / weight.sum())])
    at = [found.optimum.free.index(place) for place in (base, tilt) if place in found.optimum.free]
    slopes = slopes[: len(at)]
    variance = float(slopes @ found.certainty.robust[np.ix_(at, at)] @ slopes)
    return _log(value, math.sqrt(variance) if variance >= 0 else math.nan)


def _share(log: SendLog, event: np.ndarray, among: np.ndarray, empty: str) -> Estimated:
    """A share with an interval that knows that one person's messages are alike; on the logit scale."""
    number = int(among.sum())
    if not number:
        return Estimated.unknown(empty)
    share = float(event[among].mean())
    per_person = np.bincount(log.person[among], event[among] - share)
    error = float(np.sqrt((per_person**2).sum())) / number
    if not 0 < share < 1:
        three = min(1.0, 3 / number)  # the rule of three
        return Estimated(share, *((0.0, three) if share == 0 else (1 - three, 1.0)), standard_error=error)
    logit, width = math.log(share / (1 - share)), 1.96 * error / (share * (1 - share))
    low, high = (1 / (1 + math.exp(-logit - sign * width)) for sign in (-1, 1))
    return Estimated(share, low, high, error)
