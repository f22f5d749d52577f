"""Channels and cohorts as compact tables of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from simkit.breakdowns import EARLIER
from simkit.report.rounding import Format, shared
from simkit.report.tables import Table, readable
from simkit.scenario.quantity import DAYS_PER_YEAR

if TYPE_CHECKING:
    from simkit.experiment.result import Result


def tables(result: Result) -> list[Table]:
    """What there is of: channels, cohorts."""
    made = {"channels": channel_table, "cohorts": cohort_table}
    return [make(result) for name, make in made.items() if name in result.breakdowns]


def channel_table(result: Result) -> Table:
    """Cost and what came of it by alternative and channel, money a year, means over replications."""
    table = result.breakdowns["channels"]
    sums = ["cost", "new_customers", "revenue", "contribution"]
    yearly = table.groupby(["alternative", "channel"], sort=False)[sums].mean()
    yearly = yearly * (DAYS_PER_YEAR / result.base.horizon_days)
    cost = yearly["cost"].where(yearly["cost"] > 0)
    yearly["cac"] = cost / yearly["new_customers"].where(yearly["new_customers"] > 0)
    yearly["roas"] = yearly["revenue"] / cost
    money = f"{result.base.currency}/year"
    units = {"cost": money, "new_customers": "persons", "cac": result.base.currency, "revenue": money, "roas": "ratio",
             "contribution": money}  # fmt: skip
    names = {"cac": "cost per new customer", "roas": "revenue per cost"}
    return _table("Channels, a year", yearly[list(units)].rename(columns=names),
                  {names.get(key, key): unit for key, unit in units.items()}, result.base.currency)  # fmt: skip


def cohort_table(result: Result) -> Table:
    """Where the cohorts of each quarter stand at the last month's end, means over replications."""
    table = result.breakdowns["cohorts"]
    last = table[table["date"] == table["date"].max()]
    months = last["cohort"].where(last["cohort"] != EARLIER)
    quarter = pd.PeriodIndex(months, freq="M").asfreq("Q").astype(str)
    named = pd.Series(quarter, index=last.index).where(months.notna(), EARLIER)
    margin = last["margin_per_customer"] * last["customers"]
    groups = last.assign(cohort=named, margin=margin).groupby(["alternative", "replication", "cohort"], sort=False)
    sums = groups[["customers", "retained", "purchases", "revenue", "margin"]].sum()
    mean = sums.groupby(["alternative", "cohort"], sort=False).mean()
    shown = pd.DataFrame(
        {
            "customers": mean["customers"],
            "still customers": mean["retained"] / mean["customers"],
            "purchases each": mean["purchases"] / mean["customers"],
            "revenue so far": mean["revenue"],
            "margin each so far": mean["margin"] / mean["customers"],
        }
    )
    money = result.base.currency
    units = dict(zip(map(str, shown), ("persons", "share", "ratio", money, money), strict=True))
    return _table(f"Cohorts by quarter of the first purchase, on {last['date'].iloc[0]}" if len(last) else "Cohorts",
                  shown, units, money)  # fmt: skip


def _table(caption: str, frame: pd.DataFrame, units: dict[str, str], currency: str) -> Table:
    """Rows named by alternative and second key; a column is told in one form."""
    forms = {name: shared(list(frame[name].dropna()), unit, currency=currency) for name, unit in units.items()}
    head = ["alternative", str(frame.index.names[1]), *(_headed(name, forms[name]) for name in units)]
    rows = []
    for row in frame.reset_index().to_dict("records"):
        front = [str(row[name]) for name in frame.index.names]
        rows.append([*front, *(forms[name].number(row[name]) for name in units)])
    return Table(caption, head, rows)


def _headed(name: str, form: Format) -> str:
    return f"{readable(name)}, {form.unit}" if form.unit and form.unit != "persons" else readable(name)
