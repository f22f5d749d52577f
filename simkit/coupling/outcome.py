"""What one run leaves behind: its tables, and what it warns of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.coupling.replay import Script
from simkit.customers.driver import MarketDriver
from simkit.customers.state import OVERFLOW, RING_FULL
from simkit.measures.breakdowns import by_channel
from simkit.records import Lead, WorkOrder
from simkit.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from simkit.measures.survival import CumulativeIncidence

LAUNCH_COLUMNS = ("name", "campaign", "segment", "cause", "day", "lateness_days", "relevance", "defects")


@dataclass(frozen=True)
class Run:
    """What one run leaves behind. Days count from the first measured one: the warm-up has negative days.

    Persons and money stand for the real market (`market.represents` applied).
    """

    scenario: Scenario
    replication: int
    daily: pd.DataFrame
    """One row a day: `day`, `date`, persons by stage, messages by channel and rule, money."""
    cases: pd.DataFrame
    """One row a piece of work (see `teams/department_records.py`), and `launch_day`, when customers could first
    get it. What happened and was noticed only after the end is open and arrives after the last day."""
    persons: pd.DataFrame
    """One row a person of the department: where the measured days' time went."""
    launches: pd.DataFrame
    """One row a launch: name, campaign, segment, day, lateness_days, relevance, defects."""
    customers: np.ndarray
    """Everyone at the end (`customers.state.CUSTOMER_DTYPE`)."""
    revenue_before: np.ndarray
    """Everyone's revenue until the first measured day, in ledger units."""
    contacts: np.ndarray | None
    """The contact log (`customers.state.LOG_DTYPE`), when asked for."""
    events: np.ndarray | None = None
    """What happened to everybody (`customers.state.EVENT_DTYPE`), when asked for."""
    script: Script | None = field(default=None, repr=False)
    """What the department did, to be done again in a counterfactual."""
    cohorts: pd.DataFrame | None = None
    """One row a month of first purchase and a month end (`breakdowns.COHORT_COLUMNS`)."""
    reviews: pd.DataFrame | None = None
    """One row a review and program (`steer_by`): day, campaign, figure, campaigns a week from then on."""
    channel_readings: pd.DataFrame | None = None
    """One row a campaign whose channel was judged (`wrong_channel.READING_COLUMNS`)."""
    leads: tuple[Lead, ...] = ()
    """Persons whose score reached the threshold of `leads`, by day; days count from the first simulated one."""
    lead_answers: pd.DataFrame | None = None
    """One row a lead (`neighbors.LEAD_COLUMNS`), open where no sales team answered; days count from the first
    measured one."""
    warnings: list[str] = field(default_factory=list)
    _log: Callable[[], pd.DataFrame] = field(default=lambda: _no_log(), repr=False)

    @property
    def log(self) -> pd.DataFrame:
        """The department's event log; made when asked for."""
        return self._log()

    @cached_property
    def measured(self) -> pd.DataFrame:
        """The daily table without the warm-up."""
        return self.daily.iloc[int((self.daily["day"].to_numpy() < 0).sum()) :]

    @cached_property
    def sums(self) -> dict[str, float]:
        """Every column of the daily table added over the measured days."""
        days = self.measured.drop(columns="date")
        return dict(zip(days.columns, days.to_numpy(float).sum(axis=0).tolist(), strict=True))

    @cached_property
    def went_live(self) -> np.ndarray:
        """Which cases went live on measured days: bool, by row of `cases`."""
        live = self.cases["live_day"].to_numpy(float)
        return (live >= 0) & (live < self.scenario.horizon_days)

    @cached_property
    def channels(self) -> pd.DataFrame:
        """One row a channel over the measured days: cost, first purchases and what one cost, revenue, contribution."""
        return by_channel(self.scenario, self.sums)

    @cached_property
    def answers(self) -> CumulativeIncidence | None:
        """How its signals of occasions ended: live, expired, or not yet (`measures.responsiveness.signal_to_live`)."""
        from simkit.measures.responsiveness import signal_to_live

        return signal_to_live(self)

    @cached_property
    def responsiveness(self) -> pd.DataFrame:
        """One row a week, month or quarter of arrival and cause of work: what became of it, days to live."""
        from simkit.measures.responsiveness import arrival_cohorts

        return arrival_cohorts(self.cases, self.scenario)

    @cached_property
    def attainment(self) -> pd.DataFrame | None:
        """How much of its `targets` the run attained (`targets.ATTAINMENT_COLUMNS`); None without."""
        from simkit.coupling.targets import attained

        return attained(self) if self.scenario.targets else None


def launches_table(launched: list[dict[str, Any]], warmup_days: int, further: Iterable[str] = ()) -> pd.DataFrame:
    """One row a launch, with these columns besides; days count from the first measured one."""
    import pandas as pd

    launches = pd.DataFrame(launched, columns=[*LAUNCH_COLUMNS, *further])
    launches["day"] -= warmup_days
    return launches


def cases_table(
    cases: pd.DataFrame, asked: Iterable[WorkOrder], launches: pd.DataFrame, warmup_days: int
) -> pd.DataFrame:
    """One row a piece of work, with the day on which customers could first get it.

    `asked` is the work that the signals of the simulated days ask for. What happened and nobody noticed before the end
    is open work too, or late signals would seem quick.
    """
    import pandas as pd

    known, rows = set(cases["name"]), []
    for order in asked:
        if order.name not in known:
            told = {name: getattr(order, name, None) for name in cases.columns}
            told |= {
                "arrived_day": order.arrives_day,
                "unit": "",
                "status": "open",
                "versions": 1,
                "defects": 0,
                "risk": 0.0,
            }
            seconds = {name: 0 for name in cases.columns if name.endswith("_seconds")}
            rows.append(told | seconds | {"lead_seconds": -1})
    if rows:
        cases = pd.concat([cases, pd.DataFrame(rows).astype(cases.dtypes)], ignore_index=True)
    cases = cases.merge(launches[["name", "day"]].rename(columns={"day": "launch_day"}), "left", on="name")
    for column in ("arrived_day", "happened_day", "due_day", "live_day", "expired_day"):
        cases[column] -= warmup_days
    return cases


def spent_since(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """People's seconds by category between two moments."""
    spent = after.set_index("id")
    columns = [name for name in spent.columns if name not in ("unit", "hourly_cost", "fte", "employer")]
    spent[columns] = spent[columns] - before.set_index("id")[columns].reindex(spent.index, fill_value=0)
    return spent.reset_index()


def market_warnings(market: MarketDriver, totals: np.ndarray) -> list[str]:
    """What did not fit in the room that there is, in words."""
    notes = []
    if market.tables.crowded:
        notes.append(f"{market.tables.crowded} messages of campaigns never went: too many were live at once")
    if overflow := int(totals[:, OVERFLOW].sum()):
        notes.append(f"{overflow} messages were not considered: more than fit one customer's day")
    if full := int(totals[:, RING_FULL].sum()):
        notes.append(f"{full} messages were held back because a customer's contact history was full")
    if market.notes_lost:
        notes.append(f"{market.notes_lost} events are missing in the log: more than fit one customer's day")
    return notes


def _no_log() -> pd.DataFrame:
    raise ValueError("this run has no event log")
