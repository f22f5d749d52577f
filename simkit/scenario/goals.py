"""What campaigns are for, what they offer, and when somebody's interest is worth a salesperson's time."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simkit.scenario.competition import price_elasticity
from simkit.scenario.quantity import Days, Share, Table, convention, default, parse_share

_OURS = "simkit, no published estimate"

Goal = Literal[
    "awareness", "acquisition", "nurture", "convert", "retain", "win_back", "upsell", "cross_sell", "referral",
    "second_role",
]  # fmt: skip
GOAL_AUDIENCE: dict[str, dict[str, Any]] = {
    "awareness": {"who": "prospects", "where": "stage is unaware"},
    "acquisition": {"who": "prospects"},
    "nurture": {"who": "prospects", "where": "stage is aware or stage is considering"},
    "convert": {"who": "prospects", "where": "stage is intent"},
    "retain": {"not_bought_within_days": 60},
    "win_back": {"not_bought_within_days": 180},
    "upsell": {"bought_within_days": 90},
    "cross_sell": {"bought_within_days": 180, "where": "categories_left > 0"},
    "referral": {"bought_within_days": 90},
    "second_role": {"where": "second_role is not holder"},
}
"""Whom a campaign with a goal is for unless it says so itself."""


class Offer(Table):
    """A price cut that whoever opens the message may use for the next purchase, however that comes about."""

    discount: Annotated[float, BeforeValidator(parse_share), Field(gt=0, le=0.9)]
    """Share of the price; whole percents."""
    valid_days: Annotated[int, Field(ge=1, le=365)] = 14
    """Days from opening. The next purchase in them is cheaper, one that would have come anyway included."""


def parse_offer(value: Any) -> Any:
    """``10%`` -> an offer; tables pass."""
    return {"discount": value} if isinstance(value, (str, float, int)) and not isinstance(value, bool) else value


AnyOffer = Annotated[Offer, BeforeValidator(parse_offer)]


class GoalEffects(Table):
    """What a click does besides selling, by the goal of its campaign, and what a price cut does."""

    upsell: Share = default(0.2, unit="share of spend", source=_OURS, grade="assumption", low=0.05, high=0.4)
    """`upsell`: a purchase that follows the click is this much larger."""
    retain: Annotated[Share, Field(lt=1)] = default(
        0.3, unit="share of the hazard of leaving", source=_OURS, grade="assumption", low=0.1, high=0.6
    )
    """`retain`: the hazard of leaving falls by this share for `retain_days` after the click."""
    retain_days: Days = default(60, unit="days", source=_OURS, grade="assumption", low=30, high=180, gt=0, le=3650)
    referral_prospects: float = default(
        2, unit="prospects per click", source=_OURS, grade="assumption", low=0.5, high=5, gt=0, le=60
    )
    """`referral`: prospects whom a customer who clicks asks, on average, on the next day."""
    referral_hazard: float = default(0.1, unit="1", source=_OURS, grade="assumption", low=0.02, high=0.3, gt=0, le=20)
    """What being asked once takes off a prospect's clock of adopting: 0.1 wins 1 - exp(-0.1) = 9.5 % of those asked."""
    price_elasticity: float = price_elasticity()
    """Per cent more of what a click leads to per per cent that an offer cuts the price, at small cuts: an offer
    multiplies it by (1 - discount) to the power of minus this."""


class Leads(Table):
    """Scores of engagement; who reaches the threshold is a lead for the sales team."""

    threshold: float = default(10, unit="points", source=_OURS, grade="assumption", low=5, high=25, ge=0.1, le=1000)
    per_open: float = default(1, unit="points", source=_OURS, grade="assumption", low=0, high=2, ge=0, le=1000)
    per_click: float = default(5, unit="points", source=_OURS, grade="assumption", low=2, high=10, ge=0, le=1000)
    """A click on a message."""
    per_visit: float = default(4, unit="points", source=_OURS, grade="assumption", low=2, high=10, ge=0, le=1000)
    """A click on an advertisement, or a visit of an owned channel."""
    half_life_days: Days = default(30, unit="days", source=_OURS, grade="assumption", low=10, high=90, gt=0)
    """Points fade."""
    again_after: Days = convention(90, unit="days", why="sales needs time with a lead", ge=1, le=3650)
    who: Literal["prospects", "everyone"] = "prospects"
