"""What a fit of fatigue means for how often to write: opens and opt-outs at steady frequencies, and a few sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from simkit.fits.contacts.result import ContactFit, Estimated

PER_WEEK = (0.5, 1.0, 2.0, 3.0, 5.0, 7.0)
"""Messages a week, evenly spaced."""
MONTH_DAYS = 30
NODES = 21
"""Of the quadrature over people's affinity, and over their patience."""


def steady_frequencies(fit: ContactFit) -> pd.DataFrame:
    """Opens and opt-outs on the lead channel if everybody were written to at a steady frequency, and on no other.

    One row per number of messages a week: fatigue before each of them (d^g / (1 - d^g) times the channel's weight, d
    what is left of fatigue after a day and g the days between), the share opened, opens per person and week, and of
    1,000 people those who opt out within 30 days (nan when that is not known); `seen` says whether the log had as much
    fatigue. Means over people who differ as in the fit. Empty when nothing is known of fatigue.
    """
    half_life = fit.assumed_half_life or fit.half_life_days.value
    rates = fit.channels[fit.lead_channel]
    if fit.delta.why_not or rates.open_rate.why_not or math.isnan(half_life):
        return pd.DataFrame()
    rows = []
    for per_week in PER_WEEK:
        kept = 0.5 ** (7 / per_week / half_life)
        level = fit.weights[fit.lead_channel] * kept / (1 - kept)
        share = _opened(fit, level)
        rows.append(
            {
                "per_week": per_week,
                "fatigue": level,
                "opened": share,
                "opens_per_week": per_week * share,
                "lost_of_1000": _lost(fit, level, per_week * MONTH_DAYS / 7),
                "seen": bool(level <= fit.check["to"].max()),
            }
        )
    return pd.DataFrame(rows)


def summary(fit: ContactFit) -> Iterator[str]:
    """The fit in a few sentences."""
    if not fit.identified:
        yield f"Nothing can be said about fatigue: {fit.delta.why_not}."
        yield (
            "To learn it, let frequency vary for some weeks, such as three of many messages and six of few; if chance "
            "decided how often each person is written to, say --randomized."
        )
        return
    if fit.half_life_days.why_not and not fit.assumed_half_life:
        yield f"Fatigue cannot be told: {fit.half_life_days.why_not}."
        return
    if fit.assumed_half_life:
        yield f"How fast fatigue fades is not known; the rest takes a half-life of {fit.assumed_half_life:g} days."
    else:
        yield f"Half of the fatigue is gone after {_of(fit.half_life_days)} days."
    if not fit.delta.why_not:
        low, middle, high = (100 * (1 - float(_left(fit, d))) for d in (fit.delta.low, fit.delta.value, fit.delta.high))
        yield f"The first remembered contact takes {middle:.0f} % of the opens ({low:.0f} to {high:.0f})."
    if not fit.opt_out_growth.why_not:
        low, middle, high = (100 * math.expm1(k) for k in _triple(fit.opt_out_growth))
        yield f"Each makes opting out {middle:.0f} % likelier ({low:.0f} to {high:.0f})."
    yield from _compared(steady_frequencies(fit))


def _compared(steady: pd.DataFrame) -> Iterator[str]:
    """Once a week against the most that the log has seen."""
    seen = steady[steady["seen"]] if len(steady) else steady
    if len(seen) < 2 or seen["per_week"].iloc[-1] <= 1:
        return
    once, often = seen[seen["per_week"] == 1].iloc[0], seen.iloc[-1]
    told = f"One message a week is opened by {once['opened']:.0%}, "
    told += f"each of {often['per_week']:g} a week by {often['opened']:.0%}"
    if not math.isnan(often["lost_of_1000"]):
        told += f"; of 1,000 people {once['lost_of_1000']:.0f} and {often['lost_of_1000']:.0f} opt out within a month"
    yield f"{told}."


def _of(found: Estimated) -> str:
    return f"{found.value:.1f} ({found.low:.1f} to {found.high:.1f})"


def _triple(found: Estimated) -> tuple[float, float, float]:
    return found.low, found.value, found.high


def _left(fit: ContactFit, z: float | np.ndarray) -> np.ndarray:
    """The response that is left at z = delta S F."""
    z = np.asarray(z)
    if fit.wear_out == "exponential":
        return np.exp(-z)
    return 1 / (1 + z) if fit.wear_out == "hyperbolic" else np.maximum(0.0, 1 - z)


def _people(spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of exp(spread u), u standard normal."""
    points, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return np.exp(spread * points), weights / weights.sum()


def _opened(fit: ContactFit, level: float) -> float:
    """Mean of min(1, p0 A W(delta S F)) over people; affinity A and patience 1/S lognormal with mean 1."""
    affinity = 0.0 if fit.affinity_spread.why_not else fit.affinity_spread.value
    likes, like_weights = _people(affinity)
    sensitive, weights = _people(fit.patience_spread)
    likes, sensitive = likes * math.exp(-(affinity**2) / 2), sensitive * math.exp(fit.patience_spread**2 / 2)
    rate = fit.channels[fit.lead_channel].open_rate.value
    chance = np.minimum(1.0, rate * likes[:, None] * _left(fit, fit.delta.value * sensitive * level))
    return float(like_weights @ chance @ weights)


def _lost(fit: ContactFit, level: float, messages: float) -> float:
    """Of 1,000 people, those who opt out within so many messages; nan when opting out is not known."""
    rate = fit.channels[fit.lead_channel].opt_out
    if rate.why_not or fit.opt_out_growth.why_not:
        return math.nan
    sensitive, weights = _people(fit.patience_spread)
    exponent = fit.opt_out_growth.value * sensitive * math.exp(fit.patience_spread**2 / 2) * level
    chance = np.minimum(1.0, rate.value * np.exp(np.minimum(exponent, 50.0)))
    return float(1000 * (1 - weights @ (1 - chance) ** messages))
