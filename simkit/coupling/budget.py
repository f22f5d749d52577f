"""The budget while the days pass: what is left for messages and media, when money moves, what next year brings.

Order of payment: people, agencies and technology first; then messages; media get the rest, all cut by one share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from simkit.coupling.world import Trend
from simkit.customers.driver import MarketDriver
from simkit.customers.state import MONEY
from simkit.scenario.budget import KNOWN_DAYS, Move
from simkit.scenario.channels import Addressed
from simkit.scenario.quantity import DAYS_PER_WEEK, DAYS_PER_YEAR
from simkit.scenario.schema import Scenario

_WEEK = int(DAYS_PER_WEEK)
BUCKETS = 10_000


@dataclass(frozen=True)
class DaySpent:
    """One day's money of the real market."""

    revenue: float
    by_channel: dict[str, float]
    """Cost of messages and media."""
    earned: dict[str, float]
    """Revenue of purchases upon a click or visit, by channel."""
    figures: dict[str, tuple[int, int]]
    """What conditions may watch: numerator and denominator."""


@dataclass
class Spending:
    """What the department may spend, day by day.

    A budget year begins with the first measured day and every 365 days after it. Its amount is fixed then: a share
    of the revenue of the last 365 days (of all days so far when there are fewer, the warm-up's included), or the
    stated amount, times what proof of return has made of it. In the warm-up it follows the revenue so far. A
    year's money comes in equal parts a day; what is not spent stays until the year ends.
    """

    scenario: Scenario
    market: MarketDriver
    fixed_per_day: float
    """People, agencies and technology."""
    per_day: float | None = None
    """Today's part of the budget; None: no limit."""
    purse: float = 0.0
    """What earlier days of the year left for messages and media."""
    level: float = 1.0
    """What proof of return has made of the budget so far."""
    history: list[float | None] = field(default_factory=list)
    """`per_day` of every day so far."""
    short_days: int = 0
    """Days on which people and technology alone cost more than the budget."""

    def __post_init__(self) -> None:
        self._planned = dict(self.market.tables.media.per_week)
        self._days: list[DaySpent] = []
        self._extra: list[float] = []
        self._trends = [(Trend(move.when), move) for move in self.scenario.budget.changes if move.when is not None]
        self._paid_messages = [
            name for name, one in self.scenario.channels.items() if isinstance(one, Addressed) and one.cost_per_message
        ]
        self._year_began, self._groups = 0, self._revenue_by_group()

    def open_day(self, day: int) -> None:
        """Move what is moved today and say what messages and media may cost; call before the customers live it."""
        today = day - self.scenario.warmup_days
        for move in self.scenario.budget.changes:
            if move.on is not None and (move.on - self.scenario.start).days == today:
                self._move(move)
        self._set_amount(day)
        self.history.append(self.per_day)
        tables = self.market.tables
        if self.per_day is None:
            tables.media.per_week, tables.unpaid = dict(self._planned), frozenset()
            return
        left = self.per_day - self.fixed_per_day
        self.short_days += left < 0
        self.purse += max(0.0, left)
        share = self._media_share()
        tables.media.per_week = {name: plan * share for name, plan in self._planned.items()}
        tables.unpaid = frozenset(self._paid_messages if self.purse <= 0 else ())

    def close_day(self, day: int, spent: DaySpent, extra: float = 0.0) -> None:
        """Take the day's cost from the purse, what agencies billed included, and look at what conditions watch."""
        self._days.append(spent)
        self._extra.append(extra)
        if self.per_day is not None:
            self.purse -= math.fsum(spent.by_channel.values()) + extra
        for trend, move in self._trends:
            assert move.when is not None
            if trend.worsened(day, *spent.figures[move.when.figure]):
                self._move(move)

    def notes(self) -> list[str]:
        """What a user should know when the run is over."""
        if not self.short_days:
            return []
        return [
            f"people and technology alone cost more than the budget on {self.short_days} days: nothing was left for "
            "media and paid messages"
        ]

    # --- what is left ---------------------------------------------------------------------------------------

    def _media_share(self) -> float:
        """Share of the planned media that can be paid when messages cost what they cost in the last week."""
        wanted = math.fsum(self._planned.values()) / DAYS_PER_WEEK
        last = self._days[-_WEEK:]
        messages = math.fsum(day.by_channel[name] for day in last for name in self._paid_messages) / max(1, len(last))
        return min(1.0, max(0.0, self.purse - messages) / wanted) if wanted else 1.0

    def _move(self, move: Move) -> None:
        before = self._planned[move.channel]
        self._planned[move.channel] = before * move.change
        if move.to is not None:
            given = before - self._planned[move.channel]
            self._planned[move.to] = max(0.0, self._planned[move.to] + given)

    # --- how much a year ------------------------------------------------------------------------------------

    def _set_amount(self, day: int) -> None:
        budget, first = self.scenario.budget, self.scenario.warmup_days
        if not budget.limited:
            return
        known = budget.per_year is not None or len(self._days) >= KNOWN_DAYS
        if day >= first and (day - first) % DAYS_PER_YEAR == 0:
            if day > first:
                self.level *= self._next_year()
            self.purse, self._year_began, self._groups = 0.0, day, self._revenue_by_group()
            self.per_day = self._amount() if known else None
        elif known and (day < first or self.per_day is None):
            self.per_day = self._amount()

    def _amount(self) -> float:
        budget = self.scenario.budget
        if budget.share_of_revenue is None:
            return (budget.per_year or 0.0) * self.level / DAYS_PER_YEAR
        last = [day.revenue for day in self._days[-DAYS_PER_YEAR:]]
        return budget.share_of_revenue * math.fsum(last) / len(last) * self.level

    def _next_year(self) -> float:
        """Factor on the budget of the year that begins, by what the last one could be shown to have returned."""
        budget = self.scenario.budget
        if budget.proof == "not_asked":
            return 1.0
        if budget.proof == "none":
            return 1.0 - budget.unproven_cut
        year = self._days[self._year_began :]
        cost = math.fsum(sum(day.by_channel.values()) for day in year) + self.fixed_per_day * len(year)
        cost += math.fsum(self._extra[self._year_began :])
        margin = self.scenario.economics.margin * self._shown_revenue(year)
        change = budget.trust * (margin / cost - 1) if cost else 0.0
        return 1.0 + min(budget.largest_change, max(-budget.largest_change, change))

    def _shown_revenue(self, year: list[DaySpent]) -> float:
        holdout = self.scenario.budget.proof == "holdout"
        channels = self.scenario.channels
        touched = [name for name, one in channels.items() if not (holdout and isinstance(one, Addressed))]
        shown = math.fsum(day.earned[name] for day in year for name in touched)
        return shown + self._held_out_difference() if holdout else shown

    def _held_out_difference(self) -> float:
        """Revenue of the year that messages added: what a person earned us more than one of the control group."""
        (held, held_revenue), (others, others_revenue) = (
            (persons, now - before)
            for (persons, before), (_, now) in zip(self._groups, self._revenue_by_group(), strict=True)
        )
        if not held or not others:
            return 0.0
        per_person = others_revenue / others - held_revenue / held
        return per_person * others * self.scenario.market.represents / MONEY

    def _revenue_by_group(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Persons and their revenue so far in ledger units: the control group, and all others; nobody where the budget
        does not go by them."""
        if self.scenario.budget.proof != "holdout":
            return (0, 0), (0, 0)
        held = self.market.column("bucket") < round(self.scenario.contact_policy.control_group * BUCKETS)
        revenue = self.market.column("revenue")
        return (int(held.sum()), int(revenue[held].sum())), (int((~held).sum()), int(revenue[~held].sum()))
