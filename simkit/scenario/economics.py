"""Money besides media and people: what goods cost, what the future is worth, what was promised."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simkit.scenario.quantity import Days, Share, Table, convention, default

_UNITS = re.compile(r"^\s*([0-9][0-9_,]*\.?[0-9]*)\s*(?:units)?\s*per\s+(day|week)\s*$", re.IGNORECASE)


class Stock(Table):
    """Units that can be sold; a purchase takes one. First purchases of those who arrive by themselves always happen."""

    units_per_week: Annotated[float, Field(gt=0)]
    """What production or purchasing supplies, for the real market."""
    when_out: Literal["lost", "back_ordered"] = "lost"
    """Demand above what there is goes elsewhere, or waits for delivery."""
    keep_weeks: float = convention(
        4.0, unit="weeks of supply", why="room for four weeks' supply; 0 for what does not keep", ge=0, le=520
    )
    patience_days: Days = default(
        14, unit="days", source="simkit, no published estimate", grade="assumption", low=5, high=40, gt=0
    )
    """With back-orders: the wait for delivery at which half of the buyers do not order."""


def parse_stock(value: Any) -> Any:
    """``5_000 per week`` -> a table; tables pass."""
    if isinstance(value, (str, int, float)):
        found = _UNITS.match(str(value))
        if not found:
            raise ValueError(f"expected a stock such as '5_000 per week' or '800 per day'; found {value!r}")
        units = float(found[1].replace("_", "").replace(",", ""))
        return {"units_per_week": units * (7 if found[2].lower() == "day" else 1)}
    return value


_Shares = Annotated[tuple[Annotated[float, Field(ge=-10, le=10)], ...], Field(max_length=8)]


class TenureMargin(Table):
    """What a longer relationship adds to the margin, as shares of revenue by year of the relationship.

    The form of Reichheld & Sasser (1990): base profit, growth, savings, referrals, price premium. The base is revenue
    less goods. The first number is for the first year, the last for all later ones too; what is left out adds nothing.
    """

    growth: _Shares = ()
    """Further products and larger orders, at full margin."""
    cost_saving: _Shares = ()
    """Less effort to serve who knows how things work here."""
    referral: _Shares = ()
    """Margin of customers whom the customer brings."""
    price_premium: _Shares = ()
    """Less discount given."""

    def by_year(self, years: int) -> list[float]:
        """All four together for so many years."""
        parts = (self.growth, self.cost_saving, self.referral, self.price_premium)
        return [sum(part[min(year, len(part) - 1)] for part in parts if part) for year in range(years)]


class Economics(Table):
    """Costs that do not follow from contacts, media or salaries."""

    cost_of_goods: Share = default(
        0.65, unit="share of revenue", source="simkit; gross margins of online retailers are commonly 30-40 %",
        grade="assumption", low=0.55, high=0.75,
    )  # fmt: skip
    price: float = convention(1, unit="of the usual price", why="prices as they are", gt=0, le=100)
    """A lever: money of every purchase is multiplied by it, goods cost what they did, and people respond by
    `market.competition` and `market.price_churn`."""
    discount_per_year: Share = default(
        0.12,
        unit="share per year",
        source="Gupta & Lehmann 2003 use 12 %",
        grade="survey",
        low=0.06,
        high=0.18,
    )
    """Discount rate of customer lifetime value."""
    technology_per_year: float = default(
        250_000,
        unit="currency/year",
        source="simkit, no published estimate",
        grade="assumption",
        low=100_000,
        high=800_000,
        ge=0,
    )
    """Licenses of the marketing department."""
    tenure_margin: TenureMargin = TenureMargin()
    """Nothing unless stated: margins do not rise with tenure by themselves."""
    stock: Annotated[Stock | None, BeforeValidator(parse_stock)] = None
    """None: there is always enough."""

    @property
    def margin(self) -> float:
        """Share of revenue that is left after goods, at today's price."""
        return 1 - self.cost_of_goods / self.price


_TARGET = re.compile(r"^\s*(>=|<=|>|<)\s*([+-]?[0-9][0-9_]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?)\s*(%?)\s*$")


class Target(Table):
    """A bound on a measure, such as ``>= 60%``."""

    at: Literal[">=", "<=", ">", "<"]
    value: Annotated[float, Field()]
    percent: bool = False

    @property
    def text(self) -> str:
        """The target as it was written."""
        return f"{self.at} {self.value * 100:g}%" if self.percent else f"{self.at} {self.value:g}"

    def met(self, value: float) -> bool:
        """Whether `value` keeps the bound."""
        return {
            ">=": value >= self.value,
            "<=": value <= self.value,
            ">": value > self.value,
            "<": value < self.value,
        }[self.at]


def parse_target(value: Any) -> Any:
    """``">= 60%"`` -> a table; tables pass."""
    if isinstance(value, (str, int, float)):
        found = _TARGET.match(str(value))
        if not found:
            raise ValueError(f"expected a bound such as '>= 60%' or '< 12'; found {value!r}")
        at, number, percent = found.groups()
        return {"at": at, "value": float(number) / (100 if percent else 1), "percent": bool(percent)}
    return value


AnyTarget = Annotated[Target, BeforeValidator(parse_target)]
