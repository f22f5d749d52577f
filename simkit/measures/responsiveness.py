"""From a signal to a live campaign: how long it takes when some expire first and some are not finished yet.

By the Aalen-Johansen estimate: expiry competes with going live, and what is open at the end is censored. A structure
that finishes only its quick cases is then as slow as it is.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.measures.survival import CENSORED, COMPETING, EVENT, CumulativeIncidence, cumulative_incidence
from simkit.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from simkit.coupling.department_only import DepartmentRun
    from simkit.coupling.outcome import Run

RESTRICTED_DAYS = 60.0
"""Days to live are counted up to so many; what never goes live counts as so many."""
SOON_DAYS = 7.0
COHORT_COLUMNS = ("cohort", "cause", "arrived", "live", "expired", "unfinished", "days_to_live")
_WEEKS_BELOW, _MONTHS_BELOW = 120, 800
"""Cohorts are weeks of a shorter horizon, months of a longer one, quarters of one longer still; in days."""


def signal_to_live(run: Run | DepartmentRun, causes: tuple[str, ...] = ("occasion",)) -> CumulativeIncidence | None:
    """How the signals of the measured days ended: live, expired (never live) or not yet (censored at the end)."""
    cases, horizon = run.cases, run.scenario.horizon_days
    happened, live, expired = (cases[name].to_numpy(float) for name in ("happened_day", "live_day", "expired_day"))
    cohort = cases["cause"].isin(causes).to_numpy(bool) & (happened >= 0)
    # with enough of them, only those whose occasion had passed before the end: each is live or expired, and the
    # figure exists whichever case happens to be the last
    settled = cohort & (happened <= horizon - _longest_wait(run, causes))
    cohort = settled if settled.any() else cohort
    if not cohort.any():
        return None
    return _until(happened[cohort], live[cohort], expired[cohort], horizon)


def _longest_wait(run: Run | DepartmentRun, causes: tuple[str, ...]) -> float:
    """Days after which work on a signal is given up, the longest of all."""
    rules = [*run.scenario.occasions.values()] if "occasion" in causes else []
    waits = [rule.expires_days for rule in rules]
    if "monitor" in causes:
        waits += [rule.expires_days for rule in run.scenario.monitors.values()]
    return max(waits, default=0.0)


def days_until(cases: pd.DataFrame, horizon_days: int) -> CumulativeIncidence:
    """How pieces of work ended since they happened, or arrived where nothing had happened."""
    day, live, expired = (column.to_numpy(float) for column in (origin(cases), cases["live_day"], cases["expired_day"]))
    return _until(day, live, expired, horizon_days)


def _until(day: np.ndarray, live: np.ndarray, expired: np.ndarray, horizon_days: int) -> CumulativeIncidence:
    end = np.fmin(live, expired)
    end = np.where(np.isnan(end), float(horizon_days), end)
    kind = np.select([~np.isnan(live), ~np.isnan(expired)], [EVENT, COMPETING], CENSORED)
    return cumulative_incidence(end - day, kind)


def origin(cases: pd.DataFrame) -> pd.Series:
    """The day on which what a piece of work answers happened, or else the day it was asked for."""
    return cases["happened_day"].fillna(cases["arrived_day"])


def arrival_cohorts(cases: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """What became of the work of each week, month or quarter of arrival, by cause (`COHORT_COLUMNS`).

    Measured days only. `days_to_live` is the mean restricted to 60 days, nan for a cohort that was not followed
    that long. The cases of several replications of one scenario may be given together.
    """
    import pandas as pd

    days = origin(cases).to_numpy(float)
    mine = np.flatnonzero((days >= 0) & (days < scenario.horizon_days))
    live, expired = cases["live_day"].to_numpy(float), cases["expired_day"].to_numpy(float)
    causes = cases["cause"].to_numpy(object)
    names = {day: _cohort(day, scenario) for day in set(days[mine].astype(int).tolist())}
    groups: dict[tuple[str, str], list[int]] = {}
    for at in mine.tolist():
        groups.setdefault((names[int(days[at])], causes[at]), []).append(at)
    rows: list[tuple[Any, ...]] = []
    for (cohort, cause), group in sorted(groups.items()):
        done, gone = int((~np.isnan(live[group])).sum()), int((~np.isnan(expired[group])).sum())
        mean = _until(days[group], live[group], expired[group], scenario.horizon_days).restricted_mean(RESTRICTED_DAYS)
        rows.append((cohort, cause, len(group), done, gone, len(group) - done - gone, mean))
    return pd.DataFrame(rows, columns=list(COHORT_COLUMNS)).astype({"days_to_live": float})


def _cohort(day: int, scenario: Scenario) -> str:
    today: date = scenario.start + timedelta(days=day)
    if scenario.horizon_days < _WEEKS_BELOW:
        return f"{today - timedelta(days=today.weekday())}"
    return f"{today:%Y-%m}" if scenario.horizon_days < _MONTHS_BELOW else f"{today:%Y}-Q{(today.month + 2) // 3}"
