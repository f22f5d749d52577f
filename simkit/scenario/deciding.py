"""How purchases are decided: not at once, only when there is a budget, and by several persons of one account."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario.quantity import Days, Share, Table, convention, default, parse_days

_OURS = "simkit, no published estimate"
_CEB = "CEB: 5.4 persons per B2B purchase in 2014, 6.8 in 2016"
CALENDAR = ("month", "quarter", "year")
LARGEST_ACCOUNT = 50


def parse_opening(value: Any) -> Any:
    """``quarter`` stays; ``91 days`` -> 91. Raises ValueError unless whole days come out."""
    if value is None or (isinstance(value, str) and value in CALENDAR):
        return value
    days = parse_days(value) if isinstance(value, str) else value
    if isinstance(days, bool) or not isinstance(days, (int, float)) or days != int(days):
        raise ValueError(f"expected month, quarter, year or whole days such as '91 days'; found {value!r}")
    return int(days)


class Decision(Table):
    """What a click or visit that sells takes until the money is spent; needs that arise by themselves do not wait.

    A person decides one thing at a time: what would sell meanwhile is part of the same decision.
    """

    mean_days: Days = default(30, unit="days", source=_OURS, grade="assumption", low=7, high=180, ge=0, le=730)
    spread: Literal["exponential", "fixed"] = "exponential"
    """``fixed``: everybody takes as long."""
    budget_opens: Annotated[
        Literal["month", "quarter", "year"] | Annotated[int, Field(ge=2, le=730)] | None, BeforeValidator(parse_opening)
    ] = None
    """``quarter``: what is decided waits for the first day of a calendar quarter; ``91 days``: for every 91st day from
    the first measured one on. None: there is always a budget."""
    open_days: Annotated[int, Field(ge=1, le=365)] = convention(
        1, unit="days", why="money is given out on one day", ge=1, le=365
    )
    """Days on which the budget then stays open."""

    @model_validator(mode="after")
    def _it_closes_again(self) -> Self:
        span = {"month": 28, "quarter": 90, "year": 365}.get(str(self.budget_opens), self.budget_opens)
        if isinstance(span, int) and self.open_days >= span:
            raise ValueError(f"a budget that opens every {span} days and stays open for {self.open_days} never closes")
        return self

    @property
    def waits(self) -> bool:
        """Whether anything takes time at all."""
        return self.mean_days > 0 or self.budget_opens is not None


def _by_size(value: Any) -> Any:
    """Sizes are written as numbers or as text: ``{2: 50%, 3: 50%}``."""
    if not isinstance(value, dict):
        return value
    return {int(size) if str(size).isdecimal() else size: share for size, share in value.items()}


class BuyingGroup(Table):
    """The persons of a segment form accounts of one payer and some users.

    The payer buys for the account, once the users want it: a purchase waits until, by yesterday's stages, enough users
    are at `favor_from` or beyond.
    """

    members: Annotated[
        Annotated[int, Field(ge=1, le=LARGEST_ACCOUNT)] | dict[Annotated[int, Field(ge=1, le=LARGEST_ACCOUNT)], Share],
        BeforeValidator(_by_size),
    ] = default(5, unit="persons/account", source=_CEB, grade="survey", low=3, high=10)
    """Persons of an account, the payer included; or the shares of accounts by size, ``{2: 50%, 5: 50%}``."""
    users_needed: Share = default(0.5, unit="share of users", source=_OURS, grade="assumption", low=0.3, high=1)
    """Users who must be in favor, rounded up."""
    favor_from: Literal["aware", "considering", "intent"] = "considering"
    """Stage of the funnel from which on a user is in favor."""
    blockers: Annotated[int, Field(ge=0, lt=LARGEST_ACCOUNT)] = convention(
        0, unit="users/account", why="nobody has a veto unless asked", ge=0, lt=LARGEST_ACCOUNT
    )
    """Of the users, those without whom nothing is bought, whatever the others think."""

    @model_validator(mode="after")
    def _accounts_can_be(self) -> Self:
        sizes = self.sizes
        if abs(sum(sizes.values()) - 1) > 1e-6:
            raise ValueError(f"shares of accounts by size must sum to 1, they sum to {sum(sizes.values()):g}")
        smallest = min(size for size, share in sizes.items() if share > 0)
        if self.blockers >= smallest:
            raise ValueError(
                f"{self.blockers} blockers do not fit an account of {smallest}, of whom {smallest - 1} are users"
            )
        return self

    @property
    def sizes(self) -> dict[int, float]:
        """Share of accounts by size."""
        return self.members if isinstance(self.members, dict) else {self.members: 1.0}

    @property
    def decides(self) -> bool:
        """Whether there are users at all."""
        return any(size > 1 and share > 0 for size, share in self.sizes.items())

    def needed(self, users: int) -> int:
        """Users of so many who must be in favor."""
        return math.ceil(self.users_needed * users - 1e-9)
