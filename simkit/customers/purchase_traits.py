"""A person's own purchase rhythm, way of leaving and spend: quantiles of the segment's distributions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simkit.customers.state import AFTER_NEED, CHANCE_GRAIN, CONTRACT, LIFETIME, OPPORTUNITIES
from simkit.rng import Purpose
from simkit.scenario.purchases import DAYS_IN, BgBb, BgNbd, FixedPrice, Hazard, ParetoNbd, Purchases, Sbg, Spend

PROCESS = {
    "bg_nbd": AFTER_NEED, "pareto_nbd": LIFETIME, "hazard": LIFETIME, "bg_bb": OPPORTUNITIES, "sbg": CONTRACT
}  # fmt: skip
"""How a relationship ends, by the model of purchases."""
SURE = 1 - 1e-12
"""Probabilities to leave stay below this, so that their logarithm is finite."""

Draw = Callable[[Purpose], np.ndarray]


def give_purchase_traits(people: np.ndarray, draw: Draw, purchases: Purchases) -> None:
    """Fill rate, chance of a need, dropout and spend scale of a segment's people.

    `rate` is needs, opportunities or anniversaries a day; `dropout` a probability, or with a lifetime the hazard a day.
    """
    days = DAYS_IN[purchases.unit]
    rank, leaving = draw(Purpose.PURCHASE_RATE), draw(Purpose.DROPOUT)
    people["need_chance"] = CHANCE_GRAIN
    if isinstance(purchases, BgNbd):
        people["rate"] = _gamma(purchases.r, purchases.alpha * days, rank)
        people["dropout"] = _beta(purchases.a, purchases.b, leaving)
    elif isinstance(purchases, ParetoNbd):
        people["rate"] = _gamma(purchases.r, purchases.alpha * days, rank)
        people["dropout"] = _gamma(purchases.s, purchases.beta * days, leaving)
    elif isinstance(purchases, Hazard):
        people["rate"] = _gamma(purchases.rate_shape, purchases.rate_shape / purchases.rate * days, rank)
        people["dropout"] = _gamma(purchases.leaving_shape, purchases.leaving_shape / purchases.leaving * days, leaving)
    elif isinstance(purchases, BgBb):
        people["rate"] = 1 / days
        people["need_chance"] = np.rint(_beta(purchases.alpha, purchases.beta, rank) * CHANCE_GRAIN)
        people["dropout"] = _beta(purchases.gamma, purchases.delta, leaving)
    else:
        assert isinstance(purchases, Sbg)
        people["rate"] = 1 / days
        people["need_chance"] = 0
        people["dropout"] = _beta(purchases.alpha, purchases.beta, leaving)
    people["spend_scale"] = _spend_scale(purchases.spend, draw)


def spend_shape(spend: Spend) -> float | None:
    """Shape of the gamma of one purchase; None when every purchase is the same money."""
    return None if isinstance(spend, FixedPrice) else spend.p


def _spend_scale(spend: Spend, draw: Draw) -> np.ndarray | float:
    from scipy.special import gammaincinv

    if isinstance(spend, FixedPrice):
        return spend.price
    return spend.v / np.maximum(gammaincinv(spend.q, draw(Purpose.SPEND_SCALE)), 1e-300)


def _gamma(shape: float, rate: float, u: np.ndarray) -> np.ndarray:
    from scipy.special import gammaincinv

    return gammaincinv(shape, u) * (1 / rate)


def _beta(a: float, b: float, u: np.ndarray) -> np.ndarray:
    from scipy.special import betaincinv

    return np.minimum(betaincinv(a, b, u), SURE)
