"""One message or advertisement that is live, and what it is to the customers' rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from simkit.customers.market_journeys import fill_goal, starts_by_click
from simkit.customers.market_media import bounds
from simkit.rng import crc
from simkit.scenario.campaigns import Campaign
from simkit.scenario.schema import Scenario


@dataclass(frozen=True, eq=False)
class Live:
    """One message or advertisement on one channel, from its first to its last day."""

    name: str
    """Campaign, planned ordinal or occasion, and channel: names its luck and nothing else does."""
    campaign: Campaign
    channel: str
    segments: tuple[str, ...] | None
    """Whom it is for besides the campaign's audience; None is everyone the audience names."""
    relevance: float
    first_day: int
    last_day: int
    program: str = ""
    """The campaign's name."""
    fallback: str = ""
    """Name of the message on another channel that takes this one where it may not go."""
    stands_by: bool = False
    """True for such a message: it only goes in another's place."""
    annoyance: float = 0.0
    """By what share more people opt out and complain because of its errors."""

    @cached_property
    def occurrence(self) -> int:
        """The word that stands for it in every key."""
        return crc(self.name)


class Meaning(NamedTuple):
    """What stands behind an occurrence: a launch on a channel, or a step of a journey."""

    program: str
    """The campaign or journey."""
    name: str
    label: str
    """The name without the channel."""
    channel: str


def fill_program(
    row: np.void, live: Live, channel_at: dict[str, int], conditions: dict[str, int], scenario: Scenario
) -> None:
    """What is the same for all launches of a campaign on a channel."""
    campaign, where = live.campaign, live.campaign.audience.where
    row["channel"] = channel_at[live.channel]
    row["priority"] = campaign.priority
    row["bought_within"], row["not_bought_within"] = bounds(campaign.audience)
    row["condition"] = -1 if where is None else conditions[where]
    row["impersonal"] = scenario.data.impersonal(campaign.relevance)
    fill_goal(row, campaign, scenario.market.goal_effects)
    row["starts"] = starts_by_click(scenario.journeys, live.program)
