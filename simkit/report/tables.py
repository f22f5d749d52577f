"""The numbers behind every picture and table of the page, as DataFrames and as text ready to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simkit.experiment.statistics import effect
from simkit.report.rounding import Format, decimals, shared
from simkit.report.style import COST_COLORS
from simkit.scenario.quantity import DAYS_PER_YEAR

if TYPE_CHECKING:
    from simkit.experiment.result import Result

_MOMENTS = ("happened_day", "arrived_day", "live_day", "expired_day")
LIVE_LIMIT_DAYS = 60
"""Signals are followed for so long, as in the measure of the same limit."""
SIGNAL_CAUSES = ("occasion",)
"""Signals that happen whatever the department does, so that all alternatives face the same."""
COST_PARTS = tuple(COST_COLORS)
STAGES = ("unaware", "aware", "considering", "intent", "customer", "repeat", "advocate", "lost")


@dataclass(frozen=True)
class Table:
    """A table ready to show: a caption, a heading, and rows of text whose first column names the row."""

    caption: str
    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Entry:
    """One outcome of one alternative as a reader sees it."""

    alternative: str
    mean: str
    range: str
    difference: str
    verdict: str
    effect: str


@dataclass(frozen=True)
class Line:
    """One outcome over all alternatives; `unit` is said once for the line."""

    title: str
    unit: str
    formula: str
    entries: list[Entry]


# --- outcomes -----------------------------------------------------------------------------------------------


def lines(result: Result, measures: list[str]) -> list[Line]:
    """Each measure by alternative: mean, interval, paired difference to the base, verdict."""
    return [_line(result, measure) for measure in measures]


def _line(result: Result, measure: str) -> Line:
    about, unit, currency = result.measures[measure], result.unit(measure), result.base.currency
    spreads = {name: result.interval(name, measure) for name in result.alternatives}
    form = shared([spread.mean for spread in spreads.values()], unit, currency=currency)
    entries = []
    for name, spread in spreads.items():
        mean = form.quantity(spread.mean) if form.unit == "%" else form.number(spread.mean)
        entries.append(Entry(name, mean, _spread(result, measure, name, form), *_gap(result, measure, name, form)))
    return Line(about.title, "" if form.unit == "%" else form.unit, about.formula, entries)


def _spread(result: Result, measure: str, name: str, form: Format) -> str:
    """The interval, and in how many runs there was nothing to take a mean of: the mean is of the others alone."""
    spread, runs = result.interval(name, measure), result.runs
    ran = runs.loc[(runs["alternative"] == name) & (runs["status"] == "ok"), "replication"].nunique()
    missing = ran - spread.count
    if not missing:
        return form.range(spread.low, spread.high)
    why = getattr(result.measures[measure], "absent", "")
    if not spread.count:
        return why or "does not exist"
    return f"{form.range(spread.low, spread.high)}; in {missing} of {ran} runs {why or 'there is none'}"


def _gap(result: Result, measure: str, name: str, line: Format) -> tuple[str, str, str]:
    """Difference to the base, verdict and whether that is good; all empty for the base itself and without a value.

    In the line's own unit where that leaves something to see, else the unit is said.
    """
    if name == result.base_name:
        return "", "", ""
    gap = result.difference(measure, name, result.base_name)
    if gap.difference is None:
        return "", "", ""
    known = [gap.difference, gap.low, gap.high]
    form = shared(known, result.unit(measure), gap=True, currency=result.base.currency)
    if form.scale < line.scale <= 100 * abs(gap.difference or 0.0):
        form = Format(line.scale, decimals(max(abs(one or 0.0) for one in known) / line.scale), line.unit)
    tell = form.number if form.unit == line.unit else form.quantity
    return tell(gap.difference, sign=True), gap.verdict, effect(gap.verdict, result.measures[measure].better)


def difference_table(result: Result) -> Table:
    """Every paired difference with what pairing bought."""
    rows = []
    for one in map(_without_nan, result.comparisons().to_dict("records")):
        known = [one["difference"], one["low"], one["high"]]
        form = shared(known, one["unit"], gap=True, currency=result.base.currency)
        rows.append(
            [
                ", ".join(part for part in (result.measures[one["measure"]].title, form.unit) if part),
                f"{one['a']} − {one['b']}",
                form.number(one["difference"], sign=True),
                form.range(one["low"], one["high"], sign=True),
                f"{one['verdict']} ({one['effect']})" if one["effect"] else one["verdict"],
                _pairs(one["pairs"], one["unpaired"]),
                _share(one["variance_reduction"]),
            ]
        )
    head = ["measure", "difference", "mean", "95% interval", "verdict", "pairs", "variance removed"]
    return Table("Mean of the differences over replications", head, rows)


def goal_table(result: Result) -> Table:
    """Goals of the scenario and who attains them."""
    rows = []
    for one in map(_without_nan, result.goals().to_dict("records")):
        form = shared([one["mean"]], result.unit(one["measure"]), currency=result.base.currency)
        met = "attained" if one["met"] else "not attained"
        title, share = result.measures[one["measure"]].title, _share(one["share_met"])
        rows.append([title, one["alternative"], one["goal"], form.quantity(one["mean"]), met, share])
    head = ["goal", "alternative", "asked", "mean", "on average", "replications that attain it"]
    return Table("Attained when the mean over replications meets the goal", head, rows)


def outcomes_html(result: Result) -> str:
    """The shown outcomes as a small HTML table, for notebooks."""
    rows = [
        {"outcome": line.title, "unit": line.unit, "alternative": entry.alternative, "mean": entry.mean,
         "95% interval": entry.range, "difference": entry.difference, "verdict": entry.verdict}
        for line in lines(result, result.outcomes)
        for entry in line.entries
    ]  # fmt: skip
    return pd.DataFrame(rows).to_html(index=False, escape=True, border=0)


def _pairs(pairs: int, unpaired: int) -> str:
    return f"{pairs} ({unpaired} without a partner)" if unpaired else str(pairs)


def _share(value: float | None) -> str:
    return Format(0.01, 0, "%").quantity(value)


def _without_nan(row: dict[Any, Any]) -> dict[Any, Any]:
    return {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in row.items()}


# --- signal to live -----------------------------------------------------------------------------------------


def signals(result: Result) -> pd.DataFrame:
    """Cases that answer something which happened in the measured time."""
    cases = result.cases
    if "cause" not in cases:
        return pd.DataFrame({name: [] for name in ("alternative", "status", *_MOMENTS)})
    return cases[cases["cause"].isin(SIGNAL_CAUSES) & (cases["happened_day"] >= 0)]


def live_share(result: Result) -> pd.DataFrame:
    """Share of signals answered by a live campaign within so many days: index days, a column per alternative.

    The estimate that the measures use (Aalen and Johansen 1978; expired competes, open is censored), over the
    signals of all replications together.
    """
    from simkit.measures.survival import CENSORED, COMPETING, EVENT, cumulative_incidence

    days = np.arange(LIVE_LIMIT_DAYS + 1)
    cases, shares = signals(result), {}
    for name, scenario in result.scenarios.items():
        own = cases[cases["alternative"] == name]
        end = own[["live_day", "expired_day"]].min(axis=1).fillna(scenario.horizon_days)
        outcome = np.select([own["live_day"].notna(), own["expired_day"].notna()], [EVENT, COMPETING], CENSORED)
        curve = cumulative_incidence((end - own["happened_day"]).to_numpy(float), outcome)
        shares[name] = [curve.at(float(day)) for day in days] if len(own) else [None] * len(days)
    return pd.DataFrame(shares, index=pd.Index(days, name="days"), dtype=float)


def lead_parts(result: Result) -> pd.DataFrame:
    """Mean days that answered signals spent in each part of their way: index alternatives, columns parts.

    From when it happened: first until it was noticed, then the parts of the department's lead time.
    """
    cases = signals(result)
    live = cases[cases["status"] == "live"]
    live = live.assign(part_noticing_days=live["arrived_day"] - live["happened_day"])
    parts = [name for name in map(str, cases) if name.startswith("part_") and name.endswith("_days")]
    columns = ["part_noticing_days", *parts]
    means = live.groupby("alternative")[columns].mean().reindex(result.alternatives)
    means = means.rename(columns=lambda name: readable(name.removeprefix("part_").removesuffix("_days")))
    return means.loc[:, means.fillna(0).sum() > 0]


# --- contacts -----------------------------------------------------------------------------------------------


def contacts_by_channel(result: Result) -> pd.DataFrame:
    """Contacts per person and week by channel; they sum to the measure `contacts_per_customer_week`."""
    return _per_person_week(result, "delivered_", addressed(result))


def blocked_by_rule(result: Result) -> pd.DataFrame:
    """Messages that a rule of the contact policy dropped or put off, per person and week."""
    rules = [name.removeprefix("blocked_") for name in map(str, result.daily) if name.startswith("blocked_")]
    return _per_person_week(result, "blocked_", rules)


def addressed(result: Result) -> list[str]:
    """Channels of any alternative that reach a known customer; the others make impressions, not contacts."""
    tables = (scenario.channels.items() for scenario in result.scenarios.values())
    return list(dict.fromkeys(name for table in tables for name, one in table if one.kind == "addressed"))


def _per_person_week(result: Result, prefix: str, names: list[str]) -> pd.DataFrame:
    """Sums over days by alternative, in the units of the measure `contacts_per_customer_week`."""
    days = measured(result)
    channels = [name for name in (f"delivered_{channel}" for channel in addressed(result)) if name in days]
    columns = [name for name in (f"{prefix}{one}" for one in names) if name in days]
    totals = days.groupby("alternative")[list(dict.fromkeys([*channels, *columns]))].sum().reindex(result.alternatives)
    sums, delivered = totals[columns], totals[channels].sum(axis=1)
    contacts = [result.interval(name, "contacts_per_customer_week").mean or 0.0 for name in result.alternatives]
    scale = pd.Series(contacts, index=result.alternatives) / delivered.replace(0, np.nan)
    table = sums.mul(scale, axis=0).rename(columns=lambda name: readable(name.removeprefix(prefix)))
    return table.loc[:, table.fillna(0).sum() > 0]


def fatigue_by_week(result: Result) -> pd.DataFrame:
    """Mean fatigue by week of the measured time: index weeks, a column per alternative."""
    return _by_week(result, ["mean_fatigue"])["mean_fatigue"]


# --- funnel -------------------------------------------------------------------------------------------------


def funnel_by_week(result: Result) -> dict[str, pd.DataFrame]:
    """Persons in each stage by week: stage -> (index weeks, a column per alternative)."""
    present = {f"stage_{stage}": stage for stage in STAGES if f"stage_{stage}" in result.daily}
    return {present[column]: table for column, table in _by_week(result, list(present)).items()}


def _by_week(result: Result, columns: list[str]) -> dict[str, pd.DataFrame]:
    """Means over days and replications: column -> (index full weeks, a column per alternative)."""
    days = measured(result)
    days = days[days["day"] < max(7, result.base.horizon_days // 7 * 7)]
    weeks = (days["day"] // 7 + 1).rename("week")
    means = days.groupby([weeks, "alternative"])[columns].mean().reset_index()
    return {
        column: means.pivot(index="week", columns="alternative", values=column).reindex(columns=result.alternatives)
        for column in columns
    }


def persons(frame: pd.DataFrame) -> Format:
    """How numbers of persons are told."""
    return shared(list(frame.to_numpy(float).ravel()), "persons", currency="persons")


# --- profit -------------------------------------------------------------------------------------------------


def profit_parts(result: Result) -> pd.DataFrame:
    """Revenue, each cost and profit a year, mean over replications: index alternatives."""
    return _money(result).groupby("alternative").mean().reindex(result.alternatives)


def profit_steps(result: Result) -> pd.DataFrame:
    """What each part adds to the difference in yearly profit against the base: index parts, a column per alternative.

    Over replications that both have, so that the parts sum to the paired difference.
    """
    totals = _money(result)
    sign = pd.Series({name: -1.0 if name in COST_PARTS else 1.0 for name in totals})
    steps = {}
    for name in result.alternatives[1:]:
        if {name, result.base_name} <= set(totals.index.get_level_values(0)):
            steps[name] = (totals.loc[name] - totals.loc[result.base_name]).dropna().mean() * sign
    return pd.DataFrame(steps, index=totals.columns, columns=result.alternatives[1:], dtype=float)


def _money(result: Result) -> pd.DataFrame:
    """Money of each run, a year: index (alternative, replication), columns revenue, costs, profit."""
    days = measured(result)
    besides = [name for name in ("tenure_margin", "second_role_income") if name in days and days[name].any()]
    columns = [name for name in ("revenue", *besides, *COST_PARTS, "profit") if name in days]
    totals = days.groupby(["alternative", "replication"])[columns].sum()
    return totals * (DAYS_PER_YEAR / result.base.horizon_days)


# --- shared -------------------------------------------------------------------------------------------------


def measured(result: Result) -> pd.DataFrame:
    """Days after the warm-up."""
    days = result.daily
    return days[days["day"] >= 0] if "day" in days else days.assign(day=[])


def readable(name: str) -> str:
    """A column name as words."""
    return name.replace("_", " ")


def as_table(caption: str, frame: pd.DataFrame, unit: str = "", currency: str = "") -> Table:
    """A frame of numbers of one unit as text: three significant digits on the largest."""
    form = shared(list(frame.to_numpy(float).ravel()), unit, currency=currency)
    said = f"{caption}, {form.unit}" if form.unit else caption
    numbers = [[form.number(value) for value in row] for row in frame.to_numpy(float)]
    rows = [[str(name), *row] for name, row in zip(frame.index, numbers, strict=True)]
    return Table(said, [str(frame.index.name or ""), *map(str, frame.columns)], rows)
