"""The market: who the customers are, how they buy, tire of messages and move through the funnel."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simkit.scenario.assortment import Assortment
from simkit.scenario.attention import Attention
from simkit.scenario.competition import Competition, Opinion, Regions, with_shipped_regions
from simkit.scenario.deciding import BuyingGroup, Decision
from simkit.scenario.errors import SenseError
from simkit.scenario.goals import GoalEffects
from simkit.scenario.life_cycle import Satiation, Season, WordOfMouth
from simkit.scenario.purchases import AnyPurchases, BgNbd
from simkit.scenario.quantity import Days, Rate, Share, Table, convention, default
from simkit.scenario.second_role import SecondRole
from simkit.scenario.zones import MOST_ZONES, Zones


class Fatigue(Table):
    """How messages wear people out, and what that does. Sensitivity is 1/patience everywhere."""

    half_life_days: Days = default(
        7, unit="days", source="simkit, no published estimate", grade="assumption", low=3, high=28, gt=0
    )
    wear_out: Literal["exponential", "hyperbolic", "linear"] = "exponential"
    """Response multiplier at fatigue F: exp(-delta F), 1/(1 + delta F), or max(0, 1 - delta F)."""
    delta: float = default(
        0.25,
        unit="per contact",
        source="simkit, no published estimate",
        grade="assumption",
        low=0.05,
        high=0.5,
        ge=0,
        le=20,
    )
    opt_out: Rate = default(
        0.001,
        unit="probability per delivered message",
        source="set so that one send a week gives about .21 %; Mailchimp 2019 reports .25 %",
        grade="assumption",
        low=0.0005,
        high=0.002,
        ge=0,
        le=1,
    )
    """At no fatigue and reference relevance."""
    opt_out_growth: float = default(
        0.5,
        unit="per contact",
        source="simkit, no published estimate",
        grade="assumption",
        low=0.2,
        high=1.0,
        ge=0,
        le=20,
    )
    """kappa in exp(kappa F)."""
    churn_growth: float = default(
        0.02,
        unit="per contact",
        source="simkit, no published estimate",
        grade="assumption",
        low=0,
        high=0.1,
        ge=0,
        le=5,
    )
    """bF: fatigue F multiplies the hazard of leaving by exp(bF F)."""
    patience_spread: float = default(
        0.5,
        unit="sigma of log",
        source="simkit, no published estimate",
        grade="assumption",
        low=0,
        high=1,
        ge=0,
        le=3,
    )
    """Patience differs between people as a lognormal with mean 1."""


class Receptive(Table):
    """When people are receptive: each has a best hour of the day, and opens less the further from it."""

    hour: float = default(
        15,
        unit="hour of the day",
        source="simkit, no published estimate",
        grade="assumption",
        low=10,
        high=20,
        ge=0,
        lt=24,
    )
    """Mean of the persons' best hours."""
    spread_hours: float = default(
        4, unit="hours", source="simkit, no published estimate", grade="assumption", low=2, high=6, ge=0, le=12
    )
    """Standard deviation of their best hours (normal, around the clock)."""
    effect: Rate = convention(
        0.0, unit="share of openings", why="off: published open rates are those of usual send times", ge=0, le=1
    )
    """Opens are multiplied by 1 + effect x (6 - d) / 6 at a distance of d hours (0 to 12)."""


class Funnel(Table):
    """Prospects: where they start and how fast they forget. Customers move on by buying."""

    start: dict[Literal["unaware", "aware", "considering", "intent"], Share] = {
        "unaware": 0.70,
        "aware": 0.20,
        "considering": 0.08,
        "intent": 0.02,
    }
    """Shares of prospects by stage at the start; must sum to one. Assumption of simkit; warm-up forgets it."""
    forgetting_half_life_days: Days = default(
        60, unit="days", source="simkit, no published estimate", grade="assumption", low=20, high=180, gt=0
    )
    """A prospect falls back one stage with this half-life when nothing happens."""
    advocate_after: int = convention(5, unit="purchases", why="stage label only", ge=2, le=1000)
    """A customer with this many purchases counts as an advocate."""

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> Self:
        total = sum(self.start.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares of the starting stages must sum to 1, they sum to {total:g}")
        return self


class Segment(Table):
    """A part of the market with its own parameters; what is left out is the market's."""

    share: Share
    purchases: AnyPurchases | None = None
    fatigue: Fatigue | None = None
    region: str | None = None
    """One of `market.regions`: its law decides what silence means. None changes no consent."""
    season: Season | None = None
    satiation: Satiation | None = None
    decision: Decision | None = None
    buying_group: BuyingGroup | None = None
    """Everybody buys alone when left out; `{}` makes accounts by its defaults. `customers` counts persons."""
    zones: Zones | None = None
    """Shares of its persons by hours ahead of the firm's clock; none: those of its region."""


class Market(Table):
    """All persons who may ever matter, from the first day on with permanent identities."""

    customers: Annotated[int, Field(ge=1, le=50_000_000)] = convention(
        10_000, unit="persons simulated", why="small enough to answer in seconds"
    )
    """Persons simulated: customers, those who will arrive, and prospects."""
    represents: float = convention(1, unit="persons per simulated person", why="no scaling", gt=0, le=1e9)
    """Each simulated person stands for this many; money and counts scale, behavior does not."""
    prospects: Share = default(
        0.2,
        unit="share of persons",
        source="simkit, no published estimate",
        grade="assumption",
        low=0.05,
        high=0.5,
    )
    """Persons who are no customers at the start and come only if marketing moves them."""
    history_days: Days = convention(730, unit="days", why="two years of entries before the start", ge=1, le=36_500)
    """The other persons' first purchases are uniform from this long before the first simulated day until as long after
    it, or until the end of a longer run: half of them are customers at the start, whatever the horizon."""
    active_within_days: Days = convention(180, unit="days", why="observable definition of active", gt=0, le=36_500)
    """A customer counts as active when the last purchase is at most this old."""
    organic_share: Share = default(
        0.92,
        unit="share of needs",
        source="set so that retail's own messages reproduce its fitted purchase rate",
        grade="assumption",
        low=0.75,
        high=0.97,
    )
    """Share of needs that become purchases without any message; messages add the rest."""
    price_churn: float = default(
        0.5,
        unit="per share of purchases harmed",
        source="simkit, no published estimate",
        grade="assumption",
        low=0,
        high=2,
        ge=0,
        le=20,
    )
    """bP: a competitor's price cut that harms the share P multiplies the hazard of leaving by exp(bP P)."""
    reference_relevance: Rate = default(
        0.5,
        unit="share",
        source="simkit scale: the relevance at which channel rates were measured",
        grade="assumption",
        low=0.4,
        high=0.6,
        gt=0,
        lt=1,
    )
    affinity_spread: float = default(
        0.5,
        unit="sigma of log",
        source="simkit, no published estimate",
        grade="assumption",
        low=0.2,
        high=1,
        ge=0,
        le=3,
    )
    """How much people differ in their liking for a channel (lognormal, mean 1)."""
    purchases: AnyPurchases = BgNbd()
    fatigue: Fatigue = Fatigue()
    season: Season | None = None
    """No season when left out."""
    satiation: Satiation | None = None
    """No satiation when left out; `{}` is satiation by its defaults."""
    decision: Decision | None = None
    """What sells is bought at once when left out; `{}` is a delay by its defaults. Segments may have their own."""
    competition: Competition = Competition()
    """Says nothing as long as the price and opinions are the usual ones."""
    opinion: Opinion | None = None
    """Opinions never move when left out; `{}` lets them, by its defaults."""
    regions: Regions = Field(default_factory=lambda: with_shipped_regions({}), validate_default=True)
    """Where segments may live (`eu`, `uk`, `canada`, `saudi_arabia`, `us`), and regions of your own."""
    word_of_mouth: WordOfMouth | None = None
    """None when left out: prospects come only if marketing moves them."""
    assortment: Assortment | None = None
    """Product categories, for campaigns that sell what a customer does not have yet; none unless stated."""
    second_role: SecondRole | None = None
    """A role that customers may take besides, such as the host's; none unless stated."""
    funnel: Funnel = Funnel()
    goal_effects: GoalEffects = GoalEffects()
    receptive: Receptive = Receptive()
    attention: Attention = Attention()
    segments: dict[str, Segment] = {"everyone": Segment(share=1.0)}

    @model_validator(mode="after")
    def _segments_make_a_market(self) -> Self:
        if not self.segments:
            raise ValueError("a market needs at least one segment")
        if len(self.segments) > 62:
            raise ValueError(f"at most 62 segments, found {len(self.segments)}")
        for name, segment in self.segments.items():
            if segment.region is not None and segment.region not in self.regions:
                known = ", ".join(self.regions)
                raise SenseError(
                    f"market.segments.{name}.region", f"unknown region {segment.region!r}; regions: {known}"
                )
        for name, size in self.sizes().items():
            group = self.segments[name].buying_group
            if group and size < min(group.sizes):
                raise SenseError(
                    f"market.segments.{name}.buying_group",
                    f"the segment's {size} persons do not make one account of {min(group.sizes)}",
                )
        if len(self.zone_hours()) > MOST_ZONES:
            raise ValueError(f"at most {MOST_ZONES} different time zones, found {len(self.zone_hours())}")
        network = self.word_of_mouth.network if self.word_of_mouth else None
        if network and network.neighbors >= self.customers:
            raise ValueError(f"{network.neighbors} neighbors each need more than {self.customers} customers")
        total = sum(segment.share for segment in self.segments.values())
        if abs(total - 1) > 1e-6:
            each = ", ".join(f"{name} {segment.share:g}" for name, segment in self.segments.items())
            raise SenseError("market.segments", f"shares must sum to 1, they sum to {total:g} ({each})")
        return self

    def zones_of(self, segment: str) -> dict[float, float]:
        """Shares of a segment's persons by hours ahead of the firm's clock."""
        part = self.segments[segment]
        region = self.regions[part.region] if part.region else None
        return part.zones or (region.zones if region else None) or {0.0: 1.0}

    def zone_hours(self) -> list[float]:
        """All zones in which somebody may live, in order."""
        return sorted({hours for name in self.segments for hours in self.zones_of(name)})

    def sizes(self) -> dict[str, int]:
        """Persons per segment: largest remainders, so that they add up to `customers`."""
        exact = {name: segment.share * self.customers for name, segment in self.segments.items()}
        whole = {name: int(value) for name, value in exact.items()}
        left = self.customers - sum(whole.values())
        for name in sorted(exact, key=lambda n: (whole[n] - exact[n], n))[:left]:
            whole[name] += 1
        return whole
