"""What channels are like today and what money buys on them: the rows of `CHANNEL` and `AD`, budgets, costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.customers.callers import Callers
from simkit.customers.population import tag
from simkit.customers.reputation import Standing
from simkit.customers.rules.media import SEARCH_KIND, SITE_KIND
from simkit.customers.rules.person import ADDRESSED_KIND, NO_BOUND, PAID_KIND
from simkit.customers.state import ADDRESSED, CHANNELS, CLICKED, DEMAND_AT, GRAIN, INTENT, OUT, PER_CHANNEL, STAGES
from simkit.customers.tables import AD, World
from simkit.scenario.campaigns import Audience
from simkit.scenario.channels import Addressed, Channel, Owned, Paid, Search, Web
from simkit.scenario.quantity import DAYS_PER_WEEK, DAYS_PER_YEAR
from simkit.scenario.schema import Scenario

if TYPE_CHECKING:
    from simkit.customers.live import Live

JOINING_DAYS = 28
"""Persons join or leave a channel whose reach changes once in so many days."""


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
        self._paid = [(name, one) for name, one in scenario.channels.items() if isinstance(one, Paid)]
        self._searches = [(name, one) for name, one in scenario.channels.items() if isinstance(one, Search)]
        self.paid = frozenset(name for name, _ in self._paid)
        self._each: dict[str, float] = {}
        """Today's money of a paid channel for each of its campaigns, and how many of them can spend it."""
        self._running: dict[str, int] = {}
        self.day, self.years = 0, 0.0
        self.changing = scenario.market.attention.growth_per_year != 0 or any(
            value != 0 for channel in scenario.channels.values() for value in channel.trend.model_dump().values()
        )
        lift = math.prod(channel.lift for channel in scenario.channels.values() if isinstance(channel, Web))
        for name, row in self._rows():
            _fill_channel(row, name, scenario.channels[name], lift)
        self._follow_trends()
        self._set_reach()
        addressed = {name: row for name, row in self._rows() if row["kind"] == ADDRESSED_KIND}
        self.standings = [
            Standing(scenario.channels[name].reputation, channel_at[name], row)  # type: ignore[union-attr]
            for name, row in addressed.items()
        ]
        self.callers = [
            Callers(
                channel.capacity_per_day / scenario.market.represents, channel_at[name], world.channel[channel_at[name]]
            )
            for name, channel in scenario.channels.items()
            if isinstance(channel, Addressed) and channel.capacity_per_day is not None
        ]
        today = world.today
        today["callers"] = len(self.callers)
        today["searches"] = sum(row["kind"] == SEARCH_KIND for _, row in self._rows())
        today["sites"] = sum(row["kind"] == SITE_KIND for _, row in self._rows())
        today["media"] = max(0, 1 + max(channel_at.values(), default=0) - ADDRESSED)

    def _rows(self) -> list[tuple[str, Any]]:
        return [(name, self.world.channel[at]) for name, at in self.channel_at.items()]

    # --- from day to day ------------------------------------------------------------------------------

    def begin_day(self, day: int) -> None:
        """What a year's change and yesterday's reputation make of the channels today."""
        self.day = day
        if self.changing:
            self.years = max(0, day - self.scenario.warmup_days) / DAYS_PER_YEAR
            self._follow_trends()
            joining = day > self.scenario.warmup_days and (day - self.scenario.warmup_days) % JOINING_DAYS == 0
            self.world.today["moving"] = 0
            self.world.channel["moving"] = 0
            if joining:
                self._set_reach()

    def end_day(self, totals: np.ndarray) -> None:
        """Reputation follows the day's complaints, bounces and openings; callers see how far they got."""
        for standing in self.standings:
            standing.note(totals)
        for callers in self.callers:
            callers.note(totals)

    def _follow_trends(self) -> None:
        """Response today: the stated one, what trends made of it, and the attention that is left."""
        noticed = self.scenario.market.attention.noticed(self.years)
        queries, visits = np.zeros(len(STAGES)), np.zeros(len(STAGES))
        for name, row in self._rows():
            channel = self.scenario.channels[name]
            response = (1 + channel.trend.response_per_year) ** self.years
            if isinstance(channel, Addressed):
                row["open_rate"] = channel.open_rate * response * noticed
            elif isinstance(channel, Paid):
                row["click_rate"], row["awareness"] = channel.click_rate * response, channel.awareness * response
            elif isinstance(channel, Search):
                row["per_day"] = _by_stage(channel.queries_per_week)
                queries += row["per_day"]
            else:
                row["per_day"] = np.array(_by_stage(channel.visits_per_week)) * response
                visits += row["per_day"]
        self.world.today["queries_per_day"], self.world.today["visits_per_day"] = queries, visits

    def _set_reach(self) -> None:
        """Consent and audiences as of today; who lies between the old and the new share joins or leaves."""
        for name, row in self._rows():
            channel = self.scenario.channels[name]
            reach = (1 + channel.trend.reach_per_year) ** self.years
            if isinstance(channel, Addressed):
                row["was_customers"], row["was_prospects"] = row["consent_customers"], row["consent_prospects"]
                row["consent_customers"] = min(1.0, channel.consent_customers * reach)
                row["consent_prospects"] = min(1.0, channel.consent_prospects * reach)
            elif isinstance(channel, Paid):
                row["audience"] = min(1.0, channel.audience * reach)
            if channel.trend.reach_per_year != 0 and self.years > 0:
                row["moving"] = self.world.today["moving"] = 1

    def _price(self, channel: Channel, today: float) -> float:
        """A price of today, after what its trend made of it."""
        if not self.changing:
            return float(today)
        return today * (1 + channel.trend.cost_per_year) ** self.years

    # --- money --------------------------------------------------------------------------------------------

    def row_of(self, live: Live, conditions: dict[str, int]) -> np.void:
        """The row of a paid campaign, without what differs between its days."""
        row, where = np.zeros(1, AD)[0], live.campaign.audience.where
        row["occurrence"], row["channel"] = live.occurrence, self.channel_at[live.channel]
        row["bought_within"], row["not_bought_within"] = bounds(live.campaign.audience)
        row["condition"] = -1 if where is None else conditions[where]
        row["strength"] = live.relevance / self.scenario.market.reference_relevance
        return row

    def allocate(self, ads: Sequence[Live], totals: np.ndarray, stages: np.ndarray) -> None:
        """Budgets become planned impressions per unit of affinity, and the share of queries that can be clicked;
        human channels get the standing from which on there is time.

        `totals` are the propose phase's; `stages` the persons by stage at the end of yesterday. Spend is the plan.
        """
        represents = self.scenario.market.represents
        self._share_budgets(ads)
        plans, demand = [], totals[DEMAND_AT : DEMAND_AT + len(ads)].tolist()
        for ad, wanted in zip(ads, demand, strict=True):
            channel = self.scenario.channels[ad.channel]
            assert isinstance(channel, Paid)
            affinity = wanted / GRAIN
            thousand = self._price(channel, channel.cost_per_thousand)
            impressions = self._each[ad.channel] / thousand * 1000
            plans.append(impressions / represents / affinity if affinity else 0.0)
            self._running[ad.channel] += plans[-1] > 0
        self.world.ad["plan"][: len(ads)] = plans
        for name, channel in self._searches:
            self._allocate_search(name, channel, stages)
        for callers in self.callers:
            callers.open(totals)

    def _share_budgets(self, ads: Sequence[Live]) -> None:
        """The money of each paid channel today for one of its campaigns."""
        since_start = self.day - self.scenario.warmup_days
        today = self.scenario.start + timedelta(days=since_start)
        on = [ad.channel for ad in ads]
        for name, channel in self._paid:
            factor = channel.flighting.factor(today, since_start)
            self._each[name] = factor * self.per_week[name] / DAYS_PER_WEEK / max(1, on.count(name))
            self._running[name] = 0

    def _allocate_search(self, name: str, channel: Search, stages: np.ndarray) -> None:
        """Share of queries clicked: coverage x share of voice x click-through, less when the budget runs out."""
        at = self.channel_at[name]
        response = (1 + channel.trend.response_per_year) ** self.years
        answered = channel.coverage * channel.share_of_voice * min(1.0, channel.click_through * response)
        asked = float(stages @ self.world.channel["per_day"][at]) * self.scenario.market.represents
        cost = asked * answered * self._price(channel, channel.price)
        budget = self.per_week[name] / DAYS_PER_WEEK
        self.world.channel["click_share"][at] = answered * min(1.0, budget / cost if cost else 1.0)

    def cost(self, totals: np.ndarray) -> dict[str, float]:
        """Money spent today by channel, for the real market."""
        represents = self.scenario.market.represents
        sent, clicked = (totals[what : CHANNELS * PER_CHANNEL : PER_CHANNEL].tolist() for what in (OUT, CLICKED))
        spent: dict[str, float] = {}
        for name, channel in self.scenario.channels.items():
            at = self.channel_at[name]
            if isinstance(channel, Addressed):
                spent[name] = sent[at] * self._price(channel, channel.cost_per_message) * represents
            elif isinstance(channel, Search):
                spent[name] = clicked[at] * self._price(channel, channel.price) * represents
            elif isinstance(channel, Owned):
                visits = clicked[at] * represents
                spent[name] = visits * self._price(channel, channel.cost_per_visit) + self.planned(name)
            else:
                spent[name] = self.planned(name)
        return spent

    def planned(self, name: str) -> float:
        """The part of a channel's money of today that is a plan, whoever answers: a paid budget, a site's upkeep."""
        channel = self.scenario.channels[name]
        if isinstance(channel, Owned):
            return self._price(channel, channel.cost_per_week) / DAYS_PER_WEEK
        return self._running.get(name, 0) * self._each.get(name, 0.0)


def bounds(audience: Audience) -> tuple[float, float]:
    """Days since the last purchase: at most, at least."""
    return audience.bought_within_days or NO_BOUND, audience.not_bought_within_days or -NO_BOUND


def _fill_channel(row: Any, name: str, channel: Channel, lift: float) -> None:
    """What stays as it is all run long; `lift` is what the site's personalization adds to conversion."""
    lift = lift if channel.lands_on_site else 1.0
    row["tag"] = tag(name)
    row["moves"] = [channel.moves.get(stage, 0.0) * lift for stage in STAGES[: INTENT + 1]]  # type: ignore[call-overload]
    row["placement"] = 1.0
    if not isinstance(channel, Owned):
        row["purchase_days"] = channel.purchase_days * lift
    if isinstance(channel, Addressed):
        row["kind"] = ADDRESSED_KIND
        for field in ("click_given_open", "bounce", "fatigue_weight", "opt_out_factor", "consent_customers",
                      "consent_prospects", "lapse", "complaint_share"):  # fmt: skip
            row[field] = getattr(channel, field)
        row["address_loss"] = -math.log1p(-channel.address_loss_per_year) / DAYS_PER_YEAR
        row["calls"] = channel.capacity_per_day is not None
    elif isinstance(channel, Paid):
        row["kind"] = PAID_KIND
        for field in ("hill_half", "hill_slope"):
            row[field] = getattr(channel, field)
        row["ad_decay"] = math.log(2) / channel.memory_half_life_days
    elif isinstance(channel, Search):
        row["kind"] = SEARCH_KIND
    else:
        row["kind"] = SITE_KIND
        row["queries_per_visit"] = channel.queries_per_visit


def _by_stage(per_week: Mapping[Any, float]) -> list[float]:
    """Rates a day in the order of STAGES; a customer's rate holds for repeat buyers and advocates too."""
    customer = per_week.get("customer", 0.0)
    weekly = {**per_week, "repeat": customer, "advocate": customer}
    return [weekly.get(stage, 0.0) / DAYS_PER_WEEK for stage in STAGES]
