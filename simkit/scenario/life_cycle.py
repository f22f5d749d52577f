"""What else moves a market's purchases: the season, and being satisfied for a while."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from simkit.scenario.quantity import Days, Share, Table, default

_OURS = "simkit, no published estimate"
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
