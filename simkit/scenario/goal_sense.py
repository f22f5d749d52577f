"""Goals that a market gives no room for: said where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simkit.scenario.conditions import parse

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario

NEEDS = {"second_role": "market.second_role", "categories": "market.assortment", "categories_left": "market.assortment"}
"""What a condition's field asks of the market."""


def goal_problems(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Campaigns whose goal, and conditions whose question, the market cannot answer: (dotted path, sentence)."""
    market = scenario.market
    for name, campaign in scenario.campaigns.items():
        at = f"campaigns.{name}.goal"
        if campaign.goal == "cross_sell" and market.assortment is None:
            yield at, "cross_sell needs categories to sell: give market.assortment two or more"
        if campaign.goal == "second_role" and market.second_role is None:
            yield at, "second_role needs a role to take: give market.second_role its income_per_day"
        if campaign.goal == "referral" and market.prospects == 0:
            yield at, "referral needs prospects whom customers can ask: market.prospects is 0"
        if campaign.goal in ("cross_sell", "referral", "second_role"):
            if campaign.audience.who == "prospects":
                yield f"campaigns.{name}.audience", f"{campaign.goal} is asked of customers, found who: prospects"
            paid = [
                one for one in campaign.channels if one in scenario.channels and scenario.channels[one].kind == "paid"
            ]
            if paid:
                yield f"campaigns.{name}.channels", f"{campaign.goal} is asked on addressed channels, found {paid[0]!r}"
    there = {"market.second_role": market.second_role, "market.assortment": market.assortment}
    for at, text in scenario.conditions():
        for field in dict.fromkeys(step.field for step in parse(text)):
            if field in NEEDS and there[NEEDS[field]] is None and not _said(scenario, at):
                yield at, f"a condition can ask about {field!r} only where there is {NEEDS[field]}"


def _said(scenario: Scenario, at: str) -> bool:
    """Whether the condition is a goal's own, about which enough has been said."""
    parts = at.split(".")
    return parts[0] == "campaigns" and scenario.campaigns[".".join(parts[1:-2])].goal in ("cross_sell", "second_role")


def goal_warnings(scenario: Scenario) -> Iterator[str]:
    """Goals that are allowed and cannot do anything."""
    market = scenario.market
    contracts = all((one.purchases or market.purchases).model == "sbg" for one in market.segments.values())
    for name, campaign in scenario.campaigns.items():
        if campaign.goal == "cross_sell" and contracts:
            yield f"campaigns.{name}: messages sell nothing under contract (sbg), so cross_sell never adds a category"
