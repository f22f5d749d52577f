"""Fit the purchase models of a segment to a firm's own order history.

The path of the data: `read_orders` (a file, or a table) -> `summarize` (one history per customer up to
`until`) -> maximum likelihood (`purchase_models`) -> `PurchaseFit`, which `render` prints, `to_json`
exports and `PurchaseFit.snippet` turns into the YAML of a scenario.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd

from simkit.customers.purchase_models import (
    BgNbd,
    Estimate,
    FitError,
    GammaGamma,
    Unit,
    fit_bg_nbd,
    fit_gamma_gamma,
)
from simkit.fits.output import command, described, digits, plain, undetermined
from simkit.fits.output import table as table_of
from simkit.fits.read_table import NO_COLUMN, read_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

DAYS_PER_UNIT: Mapping[str, float] = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
FEW_REPEATERS = 100
STRONG_CORRELATION = 0.2
CDNOW = "cdnow"  # written in place of a file name
CDNOW_COLUMNS = {"customer": 1, "date": 3, "amount": 5}


class MissingExtra(Exception):
    """Something asked for comes with an optional part of simkit that is not installed."""


def _says(text: str) -> Any:
    """A field of counts, with the words that describe it in tables and headers."""
    return field(metadata={"says": text})


@dataclass(frozen=True)
class Counts:
    """How many of what a fit was made from."""

    rows: int = _says("orders read")
    merged: int = _says("orders joined to another one of the same customer on the same day")
    customers: int = _says("customers")
    left_out: int = _says("customers left out: first purchase after the calibration")
    repeaters: int = _says("customers with a repeat purchase in the calibration")
    repeats: int = _says("repeat purchases in the calibration")
    later_repeats: int = _says("repeat purchases after it, not fitted")
    free_repeats: int = _says("repeat purchases without a positive amount, left out of spend")

    def described(self) -> list[tuple[str, int]]:
        """Every count beside the words that describe it."""
        return [(f.metadata["says"], getattr(self, f.name)) for f in fields(self)]


@dataclass(frozen=True, eq=False)
class PurchaseFit:
    """What an order history says about how often and for how much customers buy.

    `spend` is None when spend was not asked for or cannot be estimated (a warning says which).
    `correlation` is that of frequency and mean spend between repeaters, which Gamma-Gamma takes as 0.
    `tracking` has one row per period, cut so that `until` ends one: period, end (date), calibration
    (bool), actual and expected cumulative repeat purchases of the fitted customers.
    """

    source: str
    command: str
    first: dt.date
    until: dt.date
    unit: Unit
    counts: Counts
    purchases: Estimate[BgNbd]
    spend: Estimate[GammaGamma] | None
    correlation: float | None
    warnings: tuple[str, ...]
    tracking: pd.DataFrame

    @property
    def bg_nbd(self) -> BgNbd:
        """The fitted model of purchase frequency."""
        return self.purchases.model

    @property
    def gamma_gamma(self) -> GammaGamma | None:
        """The fitted model of spend per purchase, if there is one."""
        return self.spend.model if self.spend else None

    def estimates(self) -> list[tuple[str, Estimate[Any]]]:
        """The fitted models under their names in the literature."""
        spend: list[tuple[str, Estimate[Any]]] = [("Gamma-Gamma", self.spend)] if self.spend else []
        return [("BG/NBD", self.purchases), *spend]

    def snippet(self) -> str:
        """The YAML that gives a scenario's segment these purchases, under comments on its origin."""
        header = [f"Fitted to {self.source} by", f"  {self.command}"]
        header += [f"calibration {self.first} to {self.until}, unit {self.unit}"]
        header += [f"{number} {words}" for words, number in self.counts.described()]
        for name, estimate in self.estimates():
            errors = ", ".join(f"{k} {digits(e)}" for k, e in estimate.standard_errors.items())
            header += [f"{name}: log-likelihood {estimate.log_likelihood:.2f}; standard errors {errors}"]
        header += [f"warning: {warning}" for warning in self.warnings]
        body = ["model: bg_nbd", f"unit: {self.unit}"]
        body += [f"{k}: {digits(v)}" for k, v in self.purchases.parameters().items()]
        if self.spend:
            spend = ", ".join(f"{k}: {digits(v)}" for k, v in self.spend.parameters().items())
            body += [f"spend: {{model: gamma_gamma, {spend}}}"]
        source = json.dumps(f"simkit fit {self.source}, until {self.until}", ensure_ascii=False)
        return "\n".join([*(f"# {line}" for line in header), *body, f"source: {source}", ""])


def fit(
    orders: pd.DataFrame | Mapping[str, Any] | str | Path,
    *,
    customer: str | int = "customer",
    date: str | int = "date",
    amount: str | int | None = "amount",
    until: str | dt.date | None = None,
    unit: Unit = "week",
    date_format: str | None = None,
) -> PurchaseFit:
    """Estimate BG/NBD and Gamma-Gamma from orders by maximum likelihood.

    `orders` is a table or the path of one, one row per order; the string "cdnow" means the CDNOW sample.
    `customer`, `date`, `amount` name its columns (see read_orders); without an amount (None or "") no
    spend is fitted. `until` is the last day of the calibration (default: the last order); later orders
    only test the fit. `unit` is the unit of time of the parameters. Purchases of one customer on one day
    count once.

    Raises FitError when orders cannot be read or no model can be estimated, MissingExtra when the
    CDNOW sample is not installed.
    """
    if unit not in get_args(Unit):
        raise FitError(f"unit: found {unit!r}; allowed: {', '.join(get_args(Unit))}")
    columns: dict[str, Any] = {"customer": customer, "date": date, "amount": amount}
    sample = isinstance(orders, str) and orders == CDNOW
    if sample:
        orders, columns, date_format = cdnow_sample(), dict(CDNOW_COLUMNS), None
    table = read_orders(orders, date_format=date_format, **columns)
    end = _calibration_end(until, table["day"])
    people, counts = summarize(table, end, unit)
    purchases = fit_bg_nbd(people["x"], people["t_x"], people["T"], unit)
    spend, correlation, doubts = _fit_spend(people, wanted=columns["amount"] not in NO_COLUMN)
    source = Path(orders).name if isinstance(orders, str | Path) else "a table"
    options = {} if sample else {**columns, "amount": amount or "", "date_format": date_format}
    return PurchaseFit(
        source=source,
        command=_command(CDNOW if sample else source, options, end, unit),
        first=people["entry"].min().date(),
        until=end.date(),
        unit=unit,
        counts=counts,
        purchases=purchases,
        spend=spend,
        correlation=correlation,
        warnings=(*_doubts(table, end, counts, purchases), *doubts),
        tracking=_tracking(table, people, end, purchases.model),
    )


def cdnow_sample() -> Path:
    """The CDNOW sample (2,357 customers who first bought in early 1997) where `lifetimes` ships it.

    Raises MissingExtra when that package is not installed; it is found but never imported.
    """
    package = importlib.util.find_spec("lifetimes")
    for folder in (package.submodule_search_locations or []) if package else []:
        path = Path(folder) / "datasets" / "CDNOW_sample.txt"
        if path.is_file():
            return path
    raise MissingExtra('the CDNOW sample is not installed; get it by: python -m pip install --editable ".[data]"')


def read_orders(
    orders: pd.DataFrame | Mapping[str, Any] | str | Path,
    *,
    customer: str | int = "customer",
    date: str | int = "date",
    amount: str | int | None = "amount",
    date_format: str | None = None,
) -> pd.DataFrame:
    """Orders as a table with one row each: customer (text), day (date), amount (money; nan when none).

    Columns are given by name when the file has a header, or all by number, from 1, when it has none. The
    file is separated by commas, tabs or white space, whichever its first line shows. Dates are read by
    `date_format` (as in strptime) or by the one of read_table.DATE_FORMATS that reads them; a time of day is ignored.
    Amounts may have decimal commas.

    Raises FitError with every problem found: a file or column that is not there, no orders, and by line
    an unreadable or missing date, a missing customer, an amount that is negative or not a finite number.
    """
    columns = {"customer": customer, "date": date, "amount": amount}
    table = read_table(orders, columns, rows="orders", hint=f", or {CDNOW}")
    day = table.days("date", date_format)
    amounts = table.numbers("amount") if "amount" in table.text else pd.Series(np.nan, index=table.text.index)
    table.refuse(
        {
            "customer": table.no_name("customer"),
            "date": table.bad_date(day, date_format),
            "amount": (~(np.isfinite(amounts) & (amounts >= 0)), "a finite number, 0 or more"),
        }
    )
    found = {"customer": table.text["customer"], "day": day, "amount": amounts.astype(float)}
    return pd.DataFrame(found).reset_index(drop=True)


def summarize(orders: pd.DataFrame, until: pd.Timestamp, unit: Unit) -> tuple[pd.DataFrame, Counts]:
    """One history per customer as known at the end of day `until`, from what read_orders returns.

    Columns: entry (day of first purchase), x, t_x, T (in `unit`, as in purchase_models), spend_x and
    mean_spend (repeat purchases with a positive amount, and their mean; nan without one). Customers
    whose first purchase is after `until` are left out. Raises FitError when that leaves nobody.
    """
    per_day = _per_day(orders)
    kept = per_day[per_day["entry"] <= until]
    if kept.empty:
        raise FitError(f"until {until:%Y-%m-%d}: the first order is on {orders['day'].min():%Y-%m-%d}")
    known = kept[kept["day"] <= until]
    repeats = known[known["day"] > known["entry"]]
    paid = repeats[repeats["amount"] > 0].groupby("customer")["amount"]
    people = known.groupby("customer").agg(entry=("entry", "min"), x=("day", "size"), last=("day", "max"))
    people["x"] -= 1
    people["t_x"] = (people.pop("last") - people["entry"]).dt.days / DAYS_PER_UNIT[unit]
    people["T"] = (until - people["entry"]).dt.days / DAYS_PER_UNIT[unit]
    people["spend_x"] = paid.size().reindex(people.index, fill_value=0)
    people["mean_spend"] = paid.mean()
    counts = Counts(
        rows=len(orders),
        merged=len(orders) - len(per_day),
        customers=len(people),
        left_out=int(per_day["customer"].nunique() - len(people)),
        repeaters=int((people["x"] > 0).sum()),
        repeats=len(repeats),
        later_repeats=int((kept["day"] > until).sum()),
        free_repeats=int((repeats["amount"] <= 0).sum()),
    )
    return people, counts


def _per_day(orders: pd.DataFrame) -> pd.DataFrame:
    """Purchases: the orders of a customer on one day as one, with the customer's entry day beside them."""
    per_day = orders.groupby(["customer", "day"])["amount"].sum(min_count=1).reset_index()
    per_day["entry"] = per_day.groupby("customer")["day"].transform("min")
    return per_day


def render(fit: PurchaseFit, console: Console) -> None:
    """Print a fit: warnings first, then what it was made from, its parameters and how well it tracks."""
    for warning in fit.warnings:
        console.print(f"[bold yellow]warning[/]: {warning}", highlight=False)
    console.print(_counts_table(fit), _parameter_table(fit), _tracking_table(fit))


def to_json(fit: PurchaseFit) -> dict[str, Any]:
    """A fit as plain numbers, text and lists, ready for json.dump; what is not known is None."""
    told = {name: getattr(fit, name) for name in ("source", "command", "unit", "correlation", "warnings")}
    dates = {"first": fit.first.isoformat(), "until": fit.until.isoformat()}
    models = {"bg_nbd": described(fit.purchases), "gamma_gamma": fit.spend and described(fit.spend)}
    tracking = fit.tracking.assign(end=fit.tracking["end"].map(str)).to_dict("records")
    return plain({**told, **dates, "counts": asdict(fit.counts), **models, "tracking": tracking})


def _calibration_end(until: str | dt.date | None, days: pd.Series) -> pd.Timestamp:
    """The last day of the calibration."""
    if until is None:
        return pd.Timestamp(days.max())
    try:
        return pd.Timestamp(dt.date.fromisoformat(until) if isinstance(until, str) else until).normalize()
    except ValueError:
        raise FitError(f"until: found {until!r}; allowed: a date written as YYYY-MM-DD") from None


def _fit_spend(people: pd.DataFrame, wanted: bool) -> tuple[Estimate[GammaGamma] | None, float | None, list[str]]:
    """Gamma-Gamma over the repeat purchases, their correlation with frequency, and what to doubt."""
    if not wanted:
        return None, None, []
    payers = people[people["spend_x"] > 0]
    if len(payers) < 2 or payers["mean_spend"].nunique() < 2:
        return None, None, ["spend is not fitted: fewer than two repeaters with different mean spend"]
    estimate = fit_gamma_gamma(payers["spend_x"], payers["mean_spend"])
    doubts = list(undetermined("Gamma-Gamma", estimate))
    if estimate.model.q <= 1.0:
        doubts.append(f"Gamma-Gamma q = {estimate.model.q:.3g} is 1 or less: mean spend is infinite")
    varied = payers["spend_x"].nunique() > 1
    correlation = float(np.corrcoef(payers["spend_x"], payers["mean_spend"])[0, 1]) if varied else None
    if correlation is not None and abs(correlation) > max(STRONG_CORRELATION, 2.0 / math.sqrt(len(payers))):
        doubts.append(f"frequency and mean spend correlate ({correlation:.2f}); Gamma-Gamma takes them as 0")
    return estimate, correlation, doubts


def _doubts(orders: pd.DataFrame, until: pd.Timestamp, counts: Counts, purchases: Estimate[BgNbd]) -> Iterator[str]:
    """What the reader should know before using the fitted purchase process."""
    last = orders["day"].max()
    if until > last:
        yield f"until {until:%Y-%m-%d} is after the last order, {last:%Y-%m-%d}: nobody buys between"
    if counts.repeaters < FEW_REPEATERS:
        yield f"only {counts.repeaters} customers bought again; below {FEW_REPEATERS} a fit is a rough guide"
    yield from undetermined("BG/NBD", purchases)


def _tracking(orders: pd.DataFrame, people: pd.DataFrame, until: pd.Timestamp, model: BgNbd) -> pd.DataFrame:
    """Actual and expected cumulative repeat purchases at the end of each period, from each one's entry."""
    length = DAYS_PER_UNIT[model.unit]
    start, last = people["entry"].min(), max(until, orders["day"].max())
    steps = np.arange(-((until - start).days // length), (last - until).days // length + 1)
    steps = steps[(until - start).days + steps * length > 0]
    ends = (until - start).days + steps * length  # in days since the first purchase
    per_day = _per_day(orders[orders["customer"].isin(people.index)])
    repeats = np.sort((per_day["day"] - start).dt.days[per_day["day"] > per_day["entry"]])
    entries, customers = np.unique((people["entry"] - start).dt.days, return_counts=True)
    ages, place = np.unique(np.maximum(ends[:, None] - entries, 0.0), return_inverse=True)
    expected = model.expected_purchases(ages / length)[place].reshape(ends.size, -1) @ customers
    return pd.DataFrame(
        {
            "period": np.arange(1, ends.size + 1),
            "end": [(start + pd.Timedelta(days=int(end))).date() for end in ends],
            "calibration": steps <= 0,
            "actual": np.searchsorted(repeats, ends, side="right"),
            "expected": expected,
        }
    )


def _command(source: str, options: Mapping[str, Any], until: pd.Timestamp, unit: Unit) -> str:
    """The command line that repeats a fit; a table in memory has no file to name, and `source` says so."""
    return f"{command(['simkit', 'fit', source], options)} --until {until:%Y-%m-%d} --unit {unit}"


def _counts_table(fit: PurchaseFit) -> Table:
    """What the fit was made from."""
    table = table_of(f"{fit.source}: calibration {fit.first} to {fit.until}", "what", "how many")
    for words, number in fit.counts.described():
        table.add_row(words, f"{number:,}")
    if fit.correlation is not None:
        table.add_row("correlation of frequency and mean spend", f"{fit.correlation:.2f}")
    return table


def _parameter_table(fit: PurchaseFit) -> Table:
    """Estimates with their standard errors, one block per model."""
    table = table_of(f"Estimates, unit {fit.unit}", "model", "parameter", "estimate", "standard error")
    for name, estimate in fit.estimates():
        for parameter, value in estimate.parameters().items():
            table.add_row(name, parameter, digits(value), f"{estimate.standard_errors[parameter]:.3g}")
        table.add_row(name, "log-likelihood", f"{estimate.log_likelihood:.2f}", "", end_section=True)
    return table


def _tracking_table(fit: PurchaseFit) -> Table:
    """About a dozen periods of the tracking table, the ends of calibration and data among them."""
    table = table_of("Cumulative repeat purchases", fit.unit, "end", "actual", "expected", "difference")
    every = math.ceil(len(fit.tracking) / 12)
    split = int(fit.tracking["calibration"].sum())
    for period, end, _, actual, expected in fit.tracking.itertuples(index=False, name=None):
        if (period - split) % every == 0 or period == len(fit.tracking):
            gap = f"{actual / expected - 1:+.1%}"
            row = (str(period), str(end), f"{actual:,}", f"{expected:,.1f}", gap)
            table.add_row(*row, end_section=period == split)
    return table
