"""What else moves a market's purchases: the season, being satisfied for a while, and word of mouth."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simkit.scenario.quantity import Days, Share, Table, default

_OURS = "simkit, no published estimate"
_SULTAN = "Sultan, Farley & Lehmann 1990, mean of 213 applications of the Bass model"
_Profile = tuple[Annotated[float, Field(ge=0, le=1000)], ...]
MONTH_DAYS = (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Season(Table):
    """When needs arise: profiles by weekday and month, each scaled to mean 1, so that a year brings as many."""

    weekdays: _Profile = ()
    """Seven numbers, Monday first; all alike when left out."""
    months: _Profile = ()
    """Twelve numbers, January first; all alike when left out."""

    @model_validator(mode="after")
    def _profiles_are_whole(self) -> Self:
        for name, profile, length in (("weekdays", self.weekdays, 7), ("months", self.months, 12)):
            if profile and len(profile) != length:
                raise ValueError(f"{name} needs {length} numbers, found {len(profile)}")
            if profile and not any(profile):
                raise ValueError(f"{name} is zero throughout: no need would ever arise")
        if not self.weekdays and not self.months:
            raise ValueError("a season needs weekdays (7 numbers) or months (12 numbers)")
        return self

    def factor(self, weekday: int, month: int) -> float:
        """Multiplier of the rate of needs: Monday is 0, January 1."""
        day = self.weekdays[weekday] * 7 / sum(self.weekdays) if self.weekdays else 1.0
        if not self.months:
            return day
        year = sum(length * value for length, value in zip(MONTH_DAYS, self.months, strict=True))
        return day * self.months[month - 1] * sum(MONTH_DAYS) / year


class Satiation(Table):
    """After a purchase needs are rarer for a while: the rate is multiplied by 1 - depth x 0.5^(days / half-life).

    A fit knows nothing of it: with satiation people buy less than the fitted process says, the more a message
    has just sold them.
    """

    depth: Share = default(0.5, unit="share of needs", source=_OURS, grade="assumption", low=0.1, high=0.9)
    """Share of needs that is missing right after a purchase."""
    half_life_days: Days = default(14, unit="days", source=_OURS, grade="assumption", low=3, high=60, gt=0)


class Network(Table):
    """Who hears from whom; drawn once a run and fixed."""

    kind: Literal["random", "small_world"] = "random"
    """random: everybody has as many ties, to anybody. small_world: a ring of neighbors, some ties rewired."""
    neighbors: Annotated[int, Field(ge=2, le=2000, multiple_of=2)] = default(
        10, unit="ties/person", source=_OURS, grade="assumption", low=4, high=30
    )
    rewired: Share = default(0.1, unit="share of ties", source=_OURS, grade="assumption", low=0, high=0.5)
    """Of a small world: ties that lead anywhere instead of to a neighbor (Watts & Strogatz 1998)."""


class WordOfMouth(Table):
    """Prospects become customers by themselves: Bass (1969), hazard p + q F a year, F who has adopted by yesterday.

    F is the share of all prospects and customers who are or were customers; with a network, of the person's own ties.
    """

    p: float = default(0.03, unit="1/year", source=_SULTAN, grade="survey", low=0.005, high=0.06, ge=0, le=100)
    """Innovation: adopting without having heard of it from anybody."""
    q: float = default(0.38, unit="1/year", source=_SULTAN, grade="survey", low=0.2, high=0.6, ge=0, le=1000)
    """Imitation."""
    network: Network | None = None
    """Everybody hears from everybody when left out."""
