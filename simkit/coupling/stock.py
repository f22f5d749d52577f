"""Units for sale while the days pass: what is left sets which share of tomorrow's demand can be served."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from simkit.customers.driver import MarketDriver
from simkit.scenario.economics import Stock
from simkit.scenario.quantity import DAYS_PER_WEEK

DEMAND_DAYS = 7
"""Days whose demand says what today's will be."""


@dataclass
class Supply:
    """A stock that is filled daily and sold from; one purchase takes one unit. Counts are the real market's.

    First purchases of arrivals and renewals of contracts are always served. What others wanted is only seen through
    what could be served: their demand is sold / served, over the last week.
    """

    rule: Stock | None
    market: MarketDriver
    kept: float = 0.0
    """Units from earlier days; below zero, units sold yesterday that today's supply must deliver."""
    served: list[float] = field(default_factory=list)
    """Share of the demand of each day that could be served."""
    unmet: list[float] = field(default_factory=list)
    """Units asked for and not sold, each day."""
    _recent: deque[tuple[float, float, float]] = field(default_factory=lambda: deque(maxlen=DEMAND_DAYS))

    @property
    def per_day(self) -> float:
        """Units that come in a day."""
        return self.rule.units_per_week / DAYS_PER_WEEK if self.rule else 0.0

    def open_day(self) -> None:
        """Say which share of today's purchases can happen; call before the customers live the day."""
        share = 1.0 if self.rule is None else self._share(self.rule)
        self.market.tables.served = share
        self.served.append(share)

    def close_day(self, sold: float, promised: float = 0.0) -> None:
        """Take what was sold from the stock, `promised` units among it."""
        if self.rule is None:
            return
        share = self.served[-1]
        limited = sold - promised
        self.unmet.append(limited * (1 - share) / share if share else self._expected())
        self._recent.append((limited, share, promised))
        most = self.rule.keep_weeks * self.rule.units_per_week
        self.kept = min(most, self.kept + self.per_day - sold)

    def _share(self, rule: Stock) -> float:
        if rule.when_out == "back_ordered":
            wait = max(0.0, -self.kept) / self.per_day
            return 0.5 ** (wait / rule.patience_days)
        demand = self._expected()
        promised = sum(one for _, _, one in self._recent) / max(1, len(self._recent))
        left = self.kept + self.per_day - promised
        return min(1.0, max(0.0, left) / demand) if demand else 1.0

    def _expected(self) -> float:
        """Units a day that would be sold if there were enough."""
        served = sum(share for _, share, _ in self._recent)
        return sum(sold for sold, _, _ in self._recent) / served if served else 0.0
