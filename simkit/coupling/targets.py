"""How much of its targets a run attained: over the whole measured time, and in each calendar month of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from simkit.coupling.outcome import Run
from simkit.measures.catalog import MEASURES, extended_measures
from simkit.measures.measure import Value
from simkit.scenario.economics import Target

if TYPE_CHECKING:
    import pandas as pd

WHOLE = "whole"
"""In place of a month: all measured days."""
UNREALISTIC = 0.5
"""A target of which not even the best month attained this share is warned of: a convention."""
ATTAINMENT_COLUMNS = ("measure", "month", "target", "value", "attainment")
BY_MONTH = frozenset((
    "contacts_per_customer_week", "mean_fatigue", "opt_out_share", "bounce_share", "complaint_share", "inbox_share",
    "reachable_share_end", "active_customers_end", "conversion_rate", "revenue", "profit", "profit_per_customer", "cac",
    "roas", "contribution_margin", "budget_use", "unmet_demand_share", "service_wait_minutes",
    "service_abandoned_share", "service_deflected_share", "lead_conversion",
))  # fmt: skip
"""Measures that the days' table alone defines, so that each month has its own; yearly ones are that month's pace."""


def attainment(target: Target, value: Value) -> Value:
    """Share of a target that a value attains: value / target where more is asked, target / value where less is.

    1 and more is attained. None without a value; a bound from above has none either at a value of 0 or less.

    >>> attainment(Target(at=">=", value=4.0), 3.0), attainment(Target(at="<=", value=3.0), 4.0)
    (0.75, 0.75)
    """
    if value is None:
        return None
    if target.at in (">=", ">"):
        return value / target.value
    return target.value / value if value > 0 else None


def attained(run: Run) -> pd.DataFrame:
    """A row per target for the whole measured time and, for measures in `BY_MONTH`, for each month of it
    (`ATTAINMENT_COLUMNS`); months at either end may be short, and a value that does not exist is nan."""
    import pandas as pd

    measures = {**MEASURES, **extended_measures(run.scenario)}
    rows = []
    for name, target in run.scenario.targets.items():
        spans = [(WHOLE, run), *(_months(run) if name in BY_MONTH else ())]
        for month, part in spans:
            value = measures[name].compute(part)
            rows.append((name, month, target.text, value, attainment(target, value)))
    return pd.DataFrame(rows, columns=list(ATTAINMENT_COLUMNS)).astype({"value": float, "attainment": float})


def _months(run: Run) -> Iterator[tuple[str, Run]]:
    """The run as if only one calendar month of it had been measured; the days' table alone is cut."""
    for month, days in run.measured.groupby(run.measured["date"].dt.strftime("%Y-%m"), sort=True):
        scenario = run.scenario.model_copy(update={"horizon": len(days)})
        yield str(month), replace(run, scenario=scenario, daily=days)


def unrealistic(run: Run) -> list[str]:
    """Targets of which neither the whole time nor any month attained half, each as a sentence."""
    if run.attainment is None:
        return []
    notes = []
    for name, rows in run.attainment.groupby("measure", sort=False):
        best = float(rows["attainment"].max())
        if best < UNREALISTIC:
            when = "its best month" if len(rows) > 1 else "the run"
            notes.append(f"target {name} {rows['target'].iloc[0]} is out of reach: {when} attained {best:.0%} of it")
    return notes
