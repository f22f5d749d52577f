"""The plan of campaigns while the days pass: what the department watches decides which programs grow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from simkit.coupling.world import Key, plan_phase, planned_order, planned_orders
from simkit.customers.driver import MarketDriver
from simkit.customers.state import MONEY, PER_SLOT, SLOT_CLICKED, SLOT_DELIVERED, SLOT_EARNED, SLOT_OPENED, SLOTS
from simkit.customers.state import SLOTS_AT as AT
from simkit.records import WorkOrder
from simkit.scenario.channels import Addressed
from simkit.scenario.quantity import DAYS_PER_WEEK
from simkit.scenario.schema import Scenario


@dataclass
class Seen:
    """What a program's campaigns did since the last review."""

    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    margin: float = 0.0
    """Of purchases upon a click, less the cost of messages; the real market's."""
    campaigns: set[str] = field(default_factory=set)


class Plan:
    """Planned work, at even distances until a review changes them.

    A program's n-th campaign is asked for when its rate, added up over time, reaches n + its phase, so that its
    ordinals, and with them its luck, stay in order whatever the rates.
    """

    def __init__(self, scenario: Scenario, market: MarketDriver, key: Key, hours: Mapping[str, float]):
        """`hours` of work that a campaign of each kind takes; only reviews ask for them."""
        self.scenario, self.market, self.hours = scenario, market, hours
        self.rule = scenario.steer_by
        programs = {name: one for name, one in scenario.campaigns.items() if one.per_week}
        scale = scenario.campaign_scale / DAYS_PER_WEEK
        self.per_day = {name: one.per_week * scale for name, one in programs.items()}
        self.steered = [name for name, one in programs.items() if any(self._is_addressed(c) for c in one.channels)]
        """Programs that send messages; advertisements have nobody who opens, and keep their number."""
        self.seen: dict[str, Seen] = {name: Seen() for name in self.steered}
        self.reviews: list[dict[str, object]] = []
        """A row per review and program: day, campaign, figure, campaigns a week from then on."""
        self._phase = {name: plan_phase(key, name) for name in programs}
        self._reached, self._next = dict.fromkeys(programs, 0.0), dict.fromkeys(programs, 0)
        self._key = key

    def orders(self, day: int) -> list[WorkOrder]:
        """What is asked for from the morning of `day` until the next review: at the start, and on days of reviews."""
        if self.rule.by == "none":
            return planned_orders(self.scenario, self._key) if day == 0 else []
        first = self.scenario.warmup_days
        since = (day - first) % self.rule.every_days
        if day > 0 and (since or day < first):
            return []
        if day > first:
            self._review(day)
        until = first if day < first else day + self.rule.every_days
        return [order for name in self.per_day for order in self._between(name, day, min(until, self.scenario.days))]

    def close_day(self, totals: np.ndarray) -> None:
        """Note what every live message did today."""
        if self.rule.by == "none":
            return
        unit = self.scenario.economics.margin * self.scenario.market.represents / MONEY
        for slot in range(SLOTS):
            live = self.market.tables.messages[slot]
            if live is None or live.program not in self.seen:
                continue
            at, seen = AT + slot * PER_SLOT, self.seen[live.program]
            delivered = int(totals[at + SLOT_DELIVERED])
            if not delivered:
                continue
            channel = self.scenario.channels[live.channel]
            cost = channel.cost_per_message if isinstance(channel, Addressed) else 0.0
            seen.delivered += delivered
            seen.opened += int(totals[at + SLOT_OPENED])
            seen.clicked += int(totals[at + SLOT_CLICKED])
            seen.margin += int(totals[at + SLOT_EARNED]) * unit
            seen.margin -= delivered * cost * self.scenario.market.represents
            seen.campaigns.add(live.name.rpartition("/")[0])

    def _between(self, name: str, start: int, end: int) -> list[WorkOrder]:
        rate, before = self.per_day[name], self._reached[name]
        reached = before + rate * (end - start)
        orders, program = [], self.scenario.campaigns[name]
        while (due := self._next[name] + self._phase[name]) < reached:
            day = start + (due - before) / rate
            orders.append(planned_order(self.scenario, name, program, self._next[name], day))
            self._next[name] += 1
        self._reached[name] = reached
        return orders

    # --- reviews ------------------------------------------------------------------------------------------

    def _review(self, day: int) -> None:
        """Programs of which something is known grow with their figure; all hours together stay what they were."""
        figures = {name: value for name in self.steered if (value := self._figure(self.seen[name])) is not None}
        weight = math.fsum(self.per_day[name] for name in figures)
        mean = math.fsum(self.per_day[name] * value for name, value in figures.items()) / weight if weight else 0.0
        if mean > 0:
            before = self._hours(figures)
            for name, value in figures.items():
                factor = (max(0.0, value) / mean) ** self.rule.strength
                self.per_day[name] *= min(self.rule.largest_factor, max(1 / self.rule.largest_factor, factor))
            scale = before / self._hours(figures)
            for name in figures:
                self.per_day[name] *= scale
        self.reviews += [
            {"day": day - self.scenario.warmup_days, "campaign": name, "figure": figures.get(name, math.nan),
             "per_week": self.per_day[name] * DAYS_PER_WEEK}
            for name in self.steered
        ]  # fmt: skip
        self.seen = {name: Seen() for name in self.steered}

    def _figure(self, seen: Seen) -> float | None:
        if not seen.delivered:
            return None
        if self.rule.by == "opens":
            return seen.opened / seen.delivered
        if self.rule.by == "clicks":
            return seen.clicked / seen.delivered
        return seen.margin / len(seen.campaigns)

    def _hours(self, names: Mapping[str, float]) -> float:
        return math.fsum(self.per_day[name] * self.hours[self.scenario.campaigns[name].work] for name in names)

    def _is_addressed(self, channel: str) -> bool:
        return isinstance(self.scenario.channels[channel], Addressed)
