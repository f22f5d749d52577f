"""Channels and cohorts as compact tables of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from simkit.coupling.wrong_channel import FOUND
from simkit.measures.breakdowns import EARLIER
from simkit.measures.responsiveness import RESTRICTED_DAYS, arrival_cohorts
from simkit.report.rounding import Format, shared
from simkit.report.tables import Table, readable
from simkit.scenario.quantity import DAYS_PER_YEAR

if TYPE_CHECKING:
    from simkit.experiment.result import Result


def tables(result: Result) -> list[Table]:
    """What there is of: channels, cohorts, work by arrival, channels judged by a campaign's figures."""
    made = {
        "channels": channel_table,
        "cohorts": cohort_table,
        "responsiveness": arrival_table,
        "channel_readings": reading_table,
    }
    return [make(result) for name, make in made.items() if name in result.breakdowns]


def investment_tables(result: Result) -> list[Table]:
    """Net present value and payback of each alternative against the first, where changing costs anything."""
    case = result.investment
    if not len(case) or not (case["one_off"] != 0).any():
        return []
    money = shared([*case["one_off"], *case["net_present_value"]], result.base.currency, currency=result.base.currency)
    head = ["alternative", f"one-off, {money.unit}", f"net present value, {money.unit}", "95 % interval",
            "payback day", "earliest to latest", "paid back in"]  # fmt: skip
    rows = [
        [row["alternative"], money.number(row["one_off"]), money.number(row["net_present_value"]),
         f"{money.number(row['low'])} to {money.number(row['high'])}", _day(row["payback_day"]),
         f"{_day(row['payback_earliest'])} to {_day(row['payback_latest'])}", f"{row['paid_back_share']:.0%} of runs"]
        for row in case.to_dict("records")
    ]  # fmt: skip
    return [Table(f"Investment case against {result.base_name}", head, rows)]


def _day(day: float) -> str:
    return "not by the end" if day != day else f"{day:.0f}"


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


def arrival_table(result: Result) -> Table:
    """What became of the signals of each period of arrival: shares of all of them, replications together.

    Occasions; of the department's planned work where there are none. Days to live are the restricted mean by the
    Aalen-Johansen estimate over the cases of all replications, so a period that was not followed for 60 days has none.
    """
    cases = result.cases
    cause = "occasion" if (cases["cause"] == "occasion").any() else "planned"
    tables = {
        name: arrival_cohorts(cases[(cases["alternative"] == name) & (cases["cause"] == cause)], scenario)
        for name, scenario in result.scenarios.items()
    }
    table = pd.concat([one.assign(alternative=name) for name, one in tables.items()])
    table = table.set_index(["alternative", "cohort"]).rename_axis(["alternative", "arrival"])
    counts = table[["live", "expired", "unfinished"]]
    shown = pd.DataFrame({"a run": table["arrived"] / result.replications, **counts.div(table["arrived"], axis=0),
                          "days to live": table["days_to_live"]})  # fmt: skip
    units = {"a run": "ratio", "live": "share", "expired": "share", "unfinished": "share", "days to live": "days"}
    what = "Occasions" if cause == "occasion" else "Planned work"
    caption = (
        f"{what} by arrival: how they ended (days to live up to {RESTRICTED_DAYS:g}; what expired counts as so many)"
    )
    return _table(caption, shown, units, result.base.currency)


def reading_table(result: Result) -> Table:
    """What the figures of campaigns said about their channel: campaigns a run by what was found, mean figures."""
    table = result.breakdowns["channel_readings"]
    groups = table.groupby(["alternative", "campaign", "channel"], sort=False)
    found = groups["found"].value_counts().unstack(fill_value=0).reindex(columns=list(FOUND), fill_value=0)
    # campaigns of a program weigh by their messages, as if all had been one
    answered = (table["figure"] * table["delivered"]).groupby([table[key] for key in groups.keys]).sum()
    shown = (found / result.replications).assign(
        figure=answered / groups["delivered"].sum(), expected=groups["expected"].first()
    )
    shown.index = pd.MultiIndex.from_tuples(
        [(alternative, f"{campaign}, {channel}") for alternative, campaign, channel in shown.index],
        names=["alternative", "campaign and channel"],
    )
    units = {**dict.fromkeys(FOUND, "ratio"), "figure": "share", "expected": "share"}
    return _table("Channels judged by what campaigns did in them: campaigns a run by what was found", shown, units,
                  result.base.currency)  # fmt: skip


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
