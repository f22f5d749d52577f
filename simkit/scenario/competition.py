"""Brand against competitors: price response, loyalty and opinion; and what the law of a region makes of consent."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario.quantity import Days, Rate, Share, Table, convention, default
from simkit.scenario.zones import Zones

_OURS = "simkit, no published estimate"
_AMSS = "AMSS 1.0, default of its sales module"
_STILL = "off: AMSS 1.0 has no transition matrices by default, so loyalty stays"


def price_elasticity() -> Any:
    """A field for how sales answer to price: per cent of sales lost (gained) per per cent that the price rises (falls).

    One number wherever prices act: a meta-analysis finds -2.62 on average; the sign is left out.
    """
    return default(
        2.62, unit="% of sales per % of price", source="Bijmolt, van Heerde & Pieters 2005, mean of 1,851 estimates",
        grade="survey", low=1, high=4, ge=0, le=20,
    )  # fmt: skip


class Competition(Table):
    """How needs answer to price and opinion when competitors stand beside: the sales algebra of AMSS.

    Alone, the brand would meet d of a person's needs at its usual price, and d x (1 - elasticity x (price - 1)) at
    another; competitors take max(0, c - (1 - t) d), the brand max(d, c) less that. c is what competitors would sell
    were the brand out of reach, t the take-over, both by loyalty. The fit contains the usual price: needs are met with
    the organic share times the brand's sales over those at the usual price.
    """

    demand: Annotated[Share, Field(gt=0)] = default(
        0.8, unit="share of needs", source=_OURS, grade="assumption", low=0.5, high=1
    )
    """d: what the brand would sell alone at its usual price."""
    elasticity: float = price_elasticity()
    """By how many per cent d falls when the usual price rises by one per cent, for the mean person."""
    elasticity_spread: float = default(
        0.5, unit="sigma of log", source=_OURS, grade="assumption", low=0, high=1, ge=0, le=1.5
    )
    """How much people differ in it (lognormal, mean 1)."""
    loyal: Share = convention(0, unit="share of persons", why="everyone is a switcher unless stated")
    competitor_loyal: Share = convention(0, unit="share of persons", why="everyone is a switcher unless stated")
    competitors: Share = convention(1, unit="share of needs", why=_AMSS)
    """c of switchers and of those loyal to a competitor; 0 for the loyal."""
    take_over: Share = convention(0.5, unit="share", why=_AMSS)
    """t of switchers; 0 for the loyal."""
    take_over_competitor_loyal: Share = convention(0.9, unit="share", why="AMSS 1.0 has 1: nothing would ever be sold")
    loyalty_gain: Share = convention(0.0, unit="probability per purchase", why=_STILL)
    """A purchase moves a person one step toward the brand: loyal to a competitor, switcher, loyal."""
    loyalty_loss: Share = convention(0.0, unit="probability per lost need", why=_STILL)
    """A need of the organic share that competitors meet instead (their price cut, the own price, empty stock) moves a
    person one step away."""

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if self.loyal + self.competitor_loyal > 1 + 1e-9:
            raise ValueError("loyal and competitor_loyal together exceed 1")
        return self


class Opinion(Table):
    """Opinion of the brand, -1 to 1 around each person's norm of 0: moved by what one opens and sees, fading."""

    half_life_days: Days = default(90, unit="days", source=_OURS, grade="assumption", low=30, high=365, gt=0)
    message: float = default(
        0.02, unit="per opened message", source=_OURS, grade="assumption", low=0, high=0.1, ge=0, le=1
    )
    """Added x (relevance / reference - 1): what fits raises the opinion, what does not lowers it."""
    advertising: float = default(
        0.01, unit="per day with impressions", source=_OURS, grade="assumption", low=0, high=0.05, ge=0, le=1
    )
    """Added x Hill effect of the remembered frequency x relevance / reference."""
    pull: Rate = default(0.3, unit="share of demand", source=_OURS, grade="assumption", low=0, high=1, ge=0, le=10)
    """The brand's demand is multiplied by 1 + pull x opinion."""
    keeps: float = default(0.5, unit="log of hazard", source=_OURS, grade="assumption", low=0, high=1.5, ge=0, le=10)
    """bV: opinion V multiplies the hazard of leaving by exp(-bV V)."""


class Region(Table):
    """Where people live, as far as the law of consent goes. Channels state their consent for opting in."""

    consent: Literal["opt_in", "opt_out"] = "opt_in"
    opt_out_odds: float = default(
        28, unit="odds ratio", grade="measured", low=5, high=40, gt=0, le=1000,
        source="Johnson, Bellman & Lohse 2002: 96.3 % take part when they may opt out, 48.2 % when they must opt in",
    )  # fmt: skip
    """Odds of consent where silence is consent, over those where it is not."""

    profiling: Literal["opt_in", "opt_out", "forbidden"] = "opt_in"
    """What silence means for targeting and personalization by person. Who does not consent is targeted by segment, and
    nothing is personalized; `data.profiling_consent` is the share that consents when asked."""

    zones: Zones | None = None
    """Shares of persons by hours ahead of the firm's clock, such as ``{-3: 20%, 0: 80%}``; none: the firm's own."""

    def profiled(self, consent: float) -> float:
        """Share of persons who may be targeted one by one, where `consent` of those who are asked agree."""
        if self.profiling == "forbidden":
            return 0.0
        odds = self.opt_out_odds if self.profiling == "opt_out" else 1.0
        return odds * consent / (1.0 - consent + odds * consent)

    @property
    def odds(self) -> float:
        """Factor on the odds of every channel's consent."""
        return self.opt_out_odds if self.consent == "opt_out" else 1.0


REGIONS: dict[str, dict[str, str]] = {
    # Directive 2002/58/EC, article 13; General Data Protection Regulation, articles 6 and 22
    "eu": {"consent": "opt_in", "profiling": "opt_in"},
    # Privacy and Electronic Communications Regulations 2003; UK GDPR, articles 6 and 22
    "uk": {"consent": "opt_in", "profiling": "opt_in"},
    # Anti-Spam Legislation 2014; PIPEDA, guidance of the privacy commissioner on behavioral advertising
    "canada": {"consent": "opt_in", "profiling": "opt_out"},
    # Personal Data Protection Law, articles 25 and 5
    "saudi_arabia": {"consent": "opt_in", "profiling": "opt_in"},
    # CAN-SPAM Act 2003; state law, such as California Civil Code 1798.120
    "us": {"consent": "opt_out", "profiling": "opt_out"},
}
"""Regions that ship, with the defaults their law sets for commercial messages to persons and for profiling."""


def with_shipped_regions(value: Any) -> Any:
    """A user's regions beside those that ship; one named like a shipped one changes what it states."""
    if not isinstance(value, dict):
        return value
    return {
        **REGIONS,
        **{
            name: {**REGIONS.get(name, {}), **table} if isinstance(table, dict) else table
            for name, table in value.items()
        },
    }


Regions = Annotated[dict[str, Region], BeforeValidator(with_shipped_regions)]
