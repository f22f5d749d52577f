"""What channels are like today and what money buys on them: the rows of `CHANNEL` and `AD`, budgets, costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.customers.population import tag
from simkit.customers.rules.person import ADDRESSED_KIND, NO_BOUND
from simkit.customers.state import CLICKED, DEMAND_AT, GRAIN, INTENT, OUT, PER_CHANNEL, STAGES
from simkit.customers.tables import World
from simkit.scenario.campaigns import Audience
from simkit.scenario.channels import Addressed, Channel, Paid, Search, Web
from simkit.scenario.quantity import DAYS_PER_WEEK
from simkit.scenario.schema import Scenario

if TYPE_CHECKING:
    from simkit.customers.market import Live


class Media:
    """The channels of one run: what they are like, what their budgets buy, what they cost."""

    def __init__(self, scenario: Scenario, channel_at: dict[str, int], world: World):
        self.scenario, self.channel_at, self.world = scenario, channel_at, world
        self.per_week: dict[str, float] = {
            name: channel.budget_per_week
            for name, channel in scenario.channels.items()
            if isinstance(channel, (Paid, Search))
        }
        """What each channel may spend, `currency` a week; the budget moves and cuts it in mid-run."""
        for name, channel in scenario.channels.items():
            _fill_channel(world.channel[channel_at[name]], name, channel)

    def fill_ad(self, j: int, live: Live, day: int) -> None:
        """The row of a running paid campaign; what it gets today is decided in `allocate`."""
        row = self.world.ad[j]
        row["occurrence"], row["channel"] = live.occurrence, self.channel_at[live.channel]
        row["touch"] = day - live.first_day
        row["bought_within"], row["not_bought_within"] = bounds(live.campaign.audience)
        row["strength"] = live.relevance / self.scenario.market.reference_relevance
        row["plan"] = 0.0

    def allocate(self, ads: Sequence[Live], totals: np.ndarray, stages: np.ndarray) -> None:
        """Budgets become planned impressions per unit of affinity, and the share of queries that can be clicked.

        `totals` are the propose phase's; `stages` the persons by stage at the end of yesterday. Spend is the plan.
        """
        represents = self.scenario.market.represents
        for j, ad in enumerate(ads):
            channel = self.scenario.channels[ad.channel]
            assert isinstance(channel, Paid)
            affinity = totals[DEMAND_AT + j] / GRAIN
            impressions = self._daily_budget(ad.channel, ads) / channel.cost_per_thousand * 1000
            self.world.ad["plan"][j] = impressions / represents / affinity if affinity else 0.0
        for name, channel in self.scenario.channels.items():
            if isinstance(channel, Search):
                row = self.world.channel[self.channel_at[name]]
                answered = channel.coverage * channel.click_through
                cost = float(stages @ row["per_day"]) * answered * channel.cost_per_click * represents
                row["click_share"] = answered * min(1.0, self.per_week[name] / DAYS_PER_WEEK / cost if cost else 1.0)

    def cost(self, ads: Sequence[Live], totals: np.ndarray) -> dict[str, float]:
        """Money spent today by channel, for the real market."""
        represents = self.scenario.market.represents
        spent: dict[str, float] = {}
        for name, channel in self.scenario.channels.items():
            at = self.channel_at[name] * PER_CHANNEL
            if isinstance(channel, Addressed):
                spent[name] = float(totals[at + OUT]) * channel.cost_per_message * represents
            elif isinstance(channel, Search):
                spent[name] = float(totals[at + CLICKED]) * channel.cost_per_click * represents
            elif isinstance(channel, Web):
                spent[name] = float(totals[at + CLICKED]) * channel.cost_per_visit * represents
            else:
                running = sum(1 for j, ad in enumerate(ads) if ad.channel == name and self.world.ad["plan"][j] > 0)
                spent[name] = running * self._daily_budget(name, ads)
        return spent

    def _daily_budget(self, name: str, ads: Sequence[Live]) -> float:
        """A paid channel's money for one of its campaigns on one day."""
        return self.per_week[name] / DAYS_PER_WEEK / max(1, sum(1 for ad in ads if ad.channel == name))


def bounds(audience: Audience) -> tuple[float, float]:
    """Days since the last purchase: at most, at least."""
    return audience.bought_within_days or NO_BOUND, audience.not_bought_within_days or -NO_BOUND


def _fill_channel(row: np.void, name: str, channel: Channel) -> None:
    row["tag"] = tag(name)
    row["moves"] = [channel.moves.get(stage, 0.0) for stage in STAGES[: INTENT + 1]]  # type: ignore[call-overload]
    row["kept"] = 1.0
    if isinstance(channel, Addressed):
        row["kind"] = ADDRESSED_KIND
        for field in ("open_rate", "click_given_open", "bounce", "fatigue_weight", "opt_out_factor", "purchase_days",
                      "consent_customers", "consent_prospects"):  # fmt: skip
            row[field] = getattr(channel, field)
    elif isinstance(channel, Paid):
        for field in ("click_rate", "awareness", "hill_half", "hill_slope", "purchase_days"):
            row[field] = getattr(channel, field)
        row["kept"] = 0.5 ** (1 / channel.memory_half_life_days)
    elif isinstance(channel, Search):
        row["purchase_days"] = channel.purchase_days
        row["per_day"] = _by_stage(channel.queries_per_week)
    else:
        row["per_day"] = _by_stage(channel.visits_per_week)


def _by_stage(per_week: Mapping[Any, float]) -> list[float]:
    """Rates a day in the order of STAGES; a customer's rate holds for repeat buyers and advocates too."""
    customer = per_week.get("customer", 0.0)
    weekly = {**per_week, "repeat": customer, "advocate": customer}
    return [weekly.get(stage, 0.0) / DAYS_PER_WEEK for stage in STAGES]
