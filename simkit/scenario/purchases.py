"""How people buy, how much they spend and when they leave: one purchase process per segment, chosen by `model`.

Exactly one process ends a relationship. `bg_nbd` is the default; `simkit fit` writes these tables.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from simkit.scenario.quantity import Table, default

TimeUnit = Literal["day", "week", "month", "year"]
DAYS_IN: dict[str, float] = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}

_CDNOW = "Fader, Hardie & Lee 2005, CDNOW cohort, maximum likelihood"
_CDNOW_SPEND = "Fader & Hardie 2013, CDNOW repeaters, maximum likelihood"
_DONORS = "Fader, Hardie & Shang 2010, donors to a public radio station, maximum likelihood"
_HIGH_END = "Fader & Hardie 2007, High End segment, maximum likelihood"
_OURS = "simkit, no published estimate"


class GammaGamma(Table):
    """Money per purchase: Gamma-Gamma (Fader & Hardie 2013), in `currency`.

    A purchase is gamma(p, scale 1/nu); nu differs between people as gamma(q, scale 1/v).
    """

    model: Literal["gamma_gamma"] = "gamma_gamma"
    p: float = default(6.25, unit="shape", source=_CDNOW_SPEND, grade="measured", low=2, high=12, gt=0, le=500)
    q: float = default(3.74, unit="shape", source=_CDNOW_SPEND, grade="measured", low=2, high=8, gt=1, le=500)
    """Must exceed 1, or mean spend is infinite."""
    v: float = default(15.44, unit="currency", source=_CDNOW_SPEND, grade="measured", low=5, high=60, gt=0)


class FixedPrice(Table):
    """The same money for every purchase or period of a contract, in `currency`: a fee."""

    model: Literal["fixed"] = "fixed"
    price: Annotated[float, Field(gt=0, le=1e9)]


def _by_model(usual: str) -> Discriminator:
    """A table says by `model` what it is; one that does not is the usual one."""

    def _model(value: Any) -> Any:
        return value.get("model", usual) if isinstance(value, dict) else getattr(value, "model", None)

    return Discriminator(_model)


Spend = GammaGamma | FixedPrice
AnySpend = Annotated[
    Annotated[GammaGamma, Tag("gamma_gamma")] | Annotated[FixedPrice, Tag("fixed")], _by_model("gamma_gamma")
]


class BgNbd(Table):
    """How often people buy and when they leave for good: BG/NBD (Fader, Hardie & Lee 2005).

    The rate differs between people as gamma(r, scale 1/alpha) per `unit`; after each repeat need a person
    leaves with a probability that differs as beta(a, b). Written by `simkit fit`.
    """

    model: Literal["bg_nbd"] = "bg_nbd"
    unit: TimeUnit = "week"
    r: float = default(0.243, unit="shape", source=_CDNOW, grade="measured", low=0.15, high=1.0, gt=0, le=500)
    alpha: float = default(4.414, unit="time", source=_CDNOW, grade="measured", low=2, high=12, gt=0)
    a: float = default(0.793, unit="shape", source=_CDNOW, grade="measured", low=0.3, high=2, gt=0, le=500)
    b: float = default(2.426, unit="shape", source=_CDNOW, grade="measured", low=1.5, high=6, gt=0, le=500)
    spend: AnySpend = GammaGamma()
    source: str = _CDNOW
    """Where the parameters come from, in words; shown by `simkit explain`."""


class ParetoNbd(Table):
    """Buying until an unseen end: Pareto/NBD (Schmittlein, Morrison & Colombo 1987).

    The rate differs between people as gamma(r, scale 1/alpha) per `unit`. A lifetime is exponential, its hazard
    differs as gamma(s, scale 1/beta) per `unit`; nothing is bought after its end.
    """

    model: Literal["pareto_nbd"] = "pareto_nbd"
    unit: TimeUnit = "week"
    r: float = default(0.553, unit="shape", source=_CDNOW, grade="measured", low=0.2, high=2, gt=0, le=500)
    alpha: float = default(10.578, unit="time", source=_CDNOW, grade="measured", low=4, high=30, gt=0)
    s: float = default(0.606, unit="shape", source=_CDNOW, grade="measured", low=0.2, high=2, gt=0, le=500)
    beta: float = default(11.669, unit="time", source=_CDNOW, grade="measured", low=4, high=50, gt=0)
    spend: AnySpend = GammaGamma()
    source: str = _CDNOW
    """Where the parameters come from, in words; shown by `simkit explain`."""


class BgBb(Table):
    """One opportunity to buy per `unit`: BG/BB (Fader, Hardie & Shang 2010), for donations, seasons, events.

    At each opportunity a person first leaves for good with a probability that differs as beta(gamma, delta); who
    stays buys with one that differs as beta(alpha, beta).
    """

    model: Literal["bg_bb"] = "bg_bb"
    unit: TimeUnit = "year"
    alpha: float = default(1.204, unit="shape", source=_DONORS, grade="measured", low=0.5, high=3, gt=0, le=500)
    beta: float = default(0.750, unit="shape", source=_DONORS, grade="measured", low=0.3, high=3, gt=0, le=500)
    gamma: float = default(0.657, unit="shape", source=_DONORS, grade="measured", low=0.3, high=2, gt=0, le=500)
    delta: float = default(2.783, unit="shape", source=_DONORS, grade="measured", low=1, high=10, gt=0, le=500)
    spend: AnySpend = GammaGamma()
    source: str = _DONORS
    """Where the parameters come from, in words; shown by `simkit explain`."""


class Sbg(Table):
    """A contract: at each anniversary (every `unit`) it is renewed or ends, sBG (Fader & Hardie 2007).

    The probability to end differs between people as beta(alpha, beta) and never changes within one. Every period
    that begins pays `spend`, the first at the start. A message can keep a customer, it cannot sell one more period.
    Written by `simkit fit --model sbg`.
    """

    model: Literal["sbg"] = "sbg"
    unit: TimeUnit = "year"
    alpha: float = default(0.668, unit="shape", source=_HIGH_END, grade="measured", low=0.3, high=2, gt=0, le=500)
    beta: float = default(3.806, unit="shape", source=_HIGH_END, grade="measured", low=1, high=12, gt=0, le=500)
    spend: AnySpend = GammaGamma()
    source: str = _HIGH_END
    """Where the parameters come from, in words; shown by `simkit explain`."""


class Hazard(Table):
    """Plain numbers for who has no fit: purchases at a mean rate, losses at a mean rate, both differing by person.

    Purchases of a person are Poisson with a rate that is gamma with mean `rate` and shape `rate_shape`; the hazard
    of leaving is gamma with mean `leaving` and shape `leaving_shape`. In law a Pareto/NBD in other words.
    """

    model: Literal["hazard"] = "hazard"
    unit: TimeUnit = "year"
    rate: float = default(3, unit="purchases/unit", source=_OURS, grade="assumption", low=1, high=12, gt=0, le=1e4)
    rate_shape: float = default(1, unit="shape", source=_OURS, grade="assumption", low=0.3, high=4, gt=0, le=500)
    leaving: float = default(0.3, unit="losses/unit", source=_OURS, grade="assumption", low=0.1, high=0.8, gt=0, le=1e4)
    """Mean hazard. As the most loyal stay, the losses of a cohort fall below it."""
    leaving_shape: float = default(1, unit="shape", source=_OURS, grade="assumption", low=0.3, high=4, gt=0, le=500)
    spend: AnySpend = GammaGamma()
    source: str = _OURS
    """Where the parameters come from, in words; shown by `simkit explain`."""


Purchases = BgNbd | ParetoNbd | BgBb | Sbg | Hazard
AnyPurchases = Annotated[
    Annotated[BgNbd, Tag("bg_nbd")]
    | Annotated[ParetoNbd, Tag("pareto_nbd")]
    | Annotated[BgBb, Tag("bg_bb")]
    | Annotated[Sbg, Tag("sbg")]
    | Annotated[Hazard, Tag("hazard")],
    _by_model("bg_nbd"),
]
