"""What a firm would credit a channel, campaign or segment with, from the same run that the truth is known of.

A touch is a click: on a message, a paid advertisement or a search result. Direct visits of the site are none, as in web
analytics, unless the site itself is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simkit.coupling.outcome import Run
from simkit.customers.log import CustomerLog
from simkit.customers.state import CLICK, EVENT_DTYPE, MONEY, PURCHASE
from simkit.scenario.schema import Scenario

WINDOW_DAYS = 30.0
"""A touch counts for purchases of so many days after it: what ad platforms and web analytics commonly use."""
BEFORE_AFTER_DAYS = 7
"""A week against the week before: every weekday counts once."""
STRETCH_DAYS = 10_000.0
"""More than the longest run and window together."""


class TouchLog(CustomerLog):
    """Keeps purchases and clicks of a run, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[np.ndarray] = [np.zeros(0, EVENT_DTYPE)]
        self.events = self

    def append(self, rows: np.ndarray, /) -> None:
        """One day's rows."""
        self._rows.append(rows[(rows["kind"] == PURCHASE) | (rows["kind"] == CLICK)])

    def rows(self) -> np.ndarray:
        """Everything kept, in order of (person, time), a click before the purchase it led to."""
        rows = np.concatenate(self._rows)
        return rows[np.lexsort((rows["kind"] != CLICK, rows["time"], rows["index"], rows["segment"]))]


@dataclass(frozen=True)
class Touched:
    """Purchases of the measured days, each with its last and first touch within the window."""

    sold: np.ndarray
    """Purchases (EVENT_DTYPE)."""
    last: np.ndarray
    """The touch of each (EVENT_DTYPE); kind -1 where there is none."""
    first: np.ndarray

    def revenue(self, which: str, matches: np.ndarray) -> float:
        """Revenue of simulated persons credited where `matches` (a bool per purchase) and there is a touch."""
        touched = getattr(self, which)["kind"] == CLICK
        return float(self.sold["amount"][touched & matches].sum()) / MONEY


def touched(rows: np.ndarray, first_day: int, window_days: float, no_touch: Sequence[int] = ()) -> Touched:
    """Each purchase from `first_day` on with its touches; clicks on the channels `no_touch` count for nothing."""
    clicks = rows[(rows["kind"] == CLICK) & ~np.isin(rows["channel"], list(no_touch))]
    sold = rows[(rows["kind"] == PURCHASE) & (rows["time"] >= first_day)]
    # one number line for all persons: each has a stretch of its own, longer than any run and window
    who = np.concatenate(
        [part["segment"].astype(np.int64) * 2**31 + part["index"].astype(np.int64) for part in (sold, clicks)]
    )
    place = np.unique(who, return_inverse=True)[1] * STRETCH_DAYS
    at, mine = place[: len(sold)] + sold["time"], place[len(sold) :] + clicks["time"]
    newest = np.searchsorted(mine, at, side="right") - 1
    oldest = np.searchsorted(mine, at - window_days, side="left")
    found = newest >= oldest
    nothing = np.zeros(1, EVENT_DTYPE)
    nothing["kind"] = -1
    clicks = np.concatenate([clicks, nothing])
    return Touched(sold, clicks[np.where(found, newest, -1)], clicks[np.where(found, oldest, -1)])


def before_after(run: Run, rows: np.ndarray, campaigns: Sequence[str], segment: str | None) -> float | None:
    """Revenue of the week after each launch less that of the week before, added up; None without a launch.

    What a report without a control group shows. Weeks that overlap count more than once, as they do there; for a
    launch to one segment it is that segment's revenue. In money of simulated persons.
    """
    scenario, names = run.scenario, list(run.scenario.market.segments)
    sold = rows[rows["kind"] == PURCHASE]
    by_day = np.zeros((scenario.days, len(names)), np.int64)
    np.add.at(by_day, (sold["day"], sold["segment"]), sold["amount"])
    gained, launches = 0, 0
    for launch in run.launches.to_dict("records"):
        day = int(launch["day"]) + scenario.warmup_days
        here = launch["segment"] if isinstance(launch["segment"], str) else None
        fits = launch["campaign"] in campaigns and (segment is None or here in (None, segment))
        inside = day >= max(scenario.warmup_days, BEFORE_AFTER_DAYS) and day + BEFORE_AFTER_DAYS <= scenario.days
        if fits and inside:
            who = slice(None) if (here or segment) is None else [names.index(here or segment or "")]
            after = by_day[day : day + BEFORE_AFTER_DAYS, who].sum()
            gained += int(after - by_day[day - BEFORE_AFTER_DAYS : day, who].sum())
            launches += 1
    return gained / MONEY if launches else None


def campaigns_of(scenario: Scenario, kind: str, name: str) -> list[str]:
    """Campaigns that are, or that use, what is asked about."""
    if kind == "channel":
        return [one for one, campaign in scenario.campaigns.items() if name in campaign.channels]
    if kind == "journey":
        return []  # it has no launches
    return [name] if kind == "campaign" else list(scenario.campaigns)
