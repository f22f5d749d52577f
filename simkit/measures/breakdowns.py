"""Figures of a run by cohort and by channel: what came of those who first bought in a month, what each channel cost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.customers.driver import MarketDriver
from simkit.customers.state import CUSTOMER, MONEY
from simkit.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

EARLIER = "earlier"
"""The cohort of all who bought before the first simulated day."""
COHORT_COLUMNS = ("cohort", "months_since", "date", "customers", "retained", "retained_share", "purchases", "revenue",
                  "margin_per_customer")  # fmt: skip


class Cohorts:
    """Looks at everyone when a calendar month ends, by the month of the first purchase."""

    def __init__(self, scenario: Scenario, market: MarketDriver):
        self.scenario, self.market = scenario, market
        self.first = scenario.start - timedelta(days=scenario.warmup_days)
        self._months = list(_month_starts(self.first, scenario.days))
        self._rows: list[tuple[Any, ...]] = []

    def close_day(self, day: int) -> None:
        """Note where every cohort stands if a month ends with this day."""
        tomorrow = self.first + timedelta(days=day + 1)
        if tomorrow.day == 1:
            self._note(day, tomorrow - timedelta(days=1))

    def table(self) -> pd.DataFrame:
        """A row per cohort and month end, persons and money of the real market (`README.md` of the package)."""
        import pandas as pd

        return pd.DataFrame(self._rows, columns=list(COHORT_COLUMNS))

    def _note(self, day: int, today: date) -> None:
        column = self.market.column
        bought = np.flatnonzero(column("purchases") > 0)
        starts = np.array([start for start, _ in self._months if start <= day])
        size = len(starts) + 1
        begun = np.searchsorted(starts, np.arange(-1, day + 2), side="right")  # months by the evening of each day
        cohort = begun[np.maximum(np.floor(column("first_purchase_day")[bought]), -1).astype(np.int64) + 1]

        def count(weights: np.ndarray | None = None) -> np.ndarray:
            return np.bincount(cohort, weights, size)

        persons = count()
        retained = count(column("relation")[bought] == CUSTOMER)
        purchases = count(column("purchases")[bought])
        revenue = count(column("revenue")[bought]) / MONEY
        margin, stands_for = self.scenario.economics.margin, self.scenario.market.represents
        for k in np.flatnonzero(persons):
            name = self._months[k - 1][1] if k else EARLIER
            self._rows.append(
                (
                    name, len(starts) - max(int(k), 1), today, persons[k] * stands_for, retained[k] * stands_for,
                    retained[k] / persons[k], purchases[k] * stands_for, revenue[k] * stands_for,
                    margin * revenue[k] / persons[k],
                )
            )  # fmt: skip


def _month_starts(first: date, days: int) -> list[tuple[int, str]]:
    """(day, ``2026-01``) of every calendar month that the run touches; the first begins with the run."""
    starts = [(0, f"{first:%Y-%m}")]
    for day in range(1, days):
        today = first + timedelta(days=day)
        if today.day == 1:
            starts.append((day, f"{today:%Y-%m}"))
    return starts


def by_channel(scenario: Scenario, sums: dict[str, float]) -> pd.DataFrame:
    """A row per channel over the measured days: cost, first purchases, cost of one, revenue and margin over cost; and
    what went out and came back: messages, impressions or queries, bounces, clicks or visits, opt-outs, complaints, and
    persons whom a paid medium reached on a mean day. What a kind of channel has not is empty.

    Purchases are those upon a click or visit of the channel (last touch): attributed, not incremental.
    """
    import pandas as pd

    margin = scenario.economics.margin
    rows = []
    for name, channel in scenario.channels.items():
        cost, new = sums[f"cost_{name}"], sums[f"new_customers_{name}"]
        revenue = sums[f"revenue_{name}"]
        rows.append(
            {
                "channel": name, "kind": channel.kind, "cost": cost, "new_customers": new,
                "cac": cost / new if new else np.nan, "purchases": sums[f"purchases_{name}"], "revenue": revenue,
                "roas": revenue / cost if cost else np.nan, "contribution": margin * revenue - cost,
                **_traffic(name, channel.kind, sums, scenario.horizon_days),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _traffic(name: str, kind: str, sums: dict[str, float], days: int) -> dict[str, float]:
    """What went out and came back on a channel."""
    addressed, paid = kind == "addressed", kind == "paid"
    sent = sums[f"sent_{name}"]
    return {
        "sent": np.nan if kind in ("owned", "web") else sent,
        "bounced": sent - sums[f"delivered_{name}"] if addressed else np.nan,
        "clicks": sums[f"clicked_{name}"],
        "opt_outs": sums[f"opted_out_{name}"] if addressed else np.nan,
        "complaints": sums[f"complained_{name}"] if addressed else np.nan,
        "reached_a_day": sums[f"reached_{name}"] / days if paid else np.nan,
    }


def payback_months(cohorts: pd.DataFrame, cac: float) -> float | None:
    """Months until the margin of a new customer has paid what winning one cost; None while it has not.

    Cohorts of the run together: at each age in months, margin so far per customer over all cohorts that old, on
    the middle of their ages (a cohort that began k months ago is k + 1/2 months old), joined by straight lines.
    """
    ours = cohorts[cohorts["cohort"] != EARLIER]
    total = (ours["margin_per_customer"] * ours["customers"]).groupby(ours["months_since"]).sum()
    mean = total / ours.groupby("months_since")["customers"].sum()
    before_age, before = 0.0, 0.0
    for age, margin in zip(mean.index + 0.5, mean, strict=True):
        if margin >= cac:
            return float(before_age + (age - before_age) * (cac - before) / (margin - before))
        before_age, before = age, margin
    return None
