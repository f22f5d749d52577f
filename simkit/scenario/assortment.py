"""What is sold, in a few product categories: which of them a customer has bought in so far."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from simkit.scenario.quantity import Share, Table, convention

MOST = 8
"""Categories a market can have: bits of a customer's mask."""


class Category(Table):
    """One category of products."""

    share: Annotated[Share, Field(gt=0)]
    """Share of first purchases; of the categories a customer has, purchases take each in proportion to it."""
    spend: Annotated[float, Field(gt=0, le=1000)] = convention(
        1.0, unit="of the mean of all", why="categories cost alike unless stated"
    )
    """Mean spend of a purchase, relative to the others'; first purchases keep the fitted mean."""
    cost_of_goods: Share | None = None
    """Share of its usual price; None is `economics.cost_of_goods`."""


class Assortment(Table):
    """Categories of products. A customer's first purchase decides the first one; later purchases stay in those the
    customer has bought in; a campaign whose goal is `cross_sell` may add one."""

    categories: dict[str, Category]
    keeps: float = convention(
        0.0, unit="log of hazard per category", why="off: more categories need not make more loyal", ge=0, le=5
    )
    """Every category after the first multiplies the hazard of leaving by exp(-keeps)."""

    @model_validator(mode="after")
    def _categories_make_an_assortment(self) -> Self:
        found = len(self.categories)
        if not 2 <= found <= MOST:
            raise ValueError(f"an assortment has 2 to {MOST} categories (one leaves nothing to add), found {found}")
        total = sum(one.share for one in self.categories.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares of the categories must sum to 1, they sum to {total:g}")
        return self

    def spend_factors(self) -> list[float]:
        """Spend of a purchase by category, over the mean of all first purchases."""
        mean = sum(one.share * one.spend for one in self.categories.values())
        return [one.spend / mean for one in self.categories.values()]

    def goods_shares(self, usual: float) -> list[float]:
        """Cost of goods by category; `usual` is the market's."""
        return [usual if one.cost_of_goods is None else one.cost_of_goods for one in self.categories.values()]
