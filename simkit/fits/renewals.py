"""Fit contract renewals to a firm's own data: shifted-beta-geometric (sBG).

At each renewal a customer leaves with a probability of one's own, which never changes and is beta(alpha, beta)
distributed between customers; so a cohort's retention rises although nobody's does. The path of the data:
`read_renewals` (one row per customer, or a table of survivors by period) -> maximum likelihood -> `RenewalFit`, which
`render` prints, `to_json` exports and `RenewalFit.snippet` turns into the YAML of a scenario.

Source: Fader & Hardie (2007), How to Project Customer Retention, Journal of Interactive Marketing 21(1) [FH].
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from simkit.customers.purchase_models import Estimate, FitError, Unit, maximize, require_positive
from simkit.fits.output import command, described, digits, plain, undetermined
from simkit.fits.output import table as table_of
from simkit.fits.read_table import MISSING, Column, Table, TextTable, read_table

if TYPE_CHECKING:
    from rich.console import Console

Floats = NDArray[np.float64]
MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Sbg:
    """Shifted-beta-geometric: contract periods until a customer leaves (FH).

    Raises ValueError when a parameter is not positive and finite.
    """

    alpha: float
    beta: float

    def __post_init__(self) -> None:
        require_positive(self, "alpha", "beta")

    def survival(self, periods: ArrayLike) -> Floats:
        """Share of a cohort still customers after so many renewals: B(alpha, beta + t) / B(alpha, beta) (FH eq. 6)."""
        from scipy.special import betaln

        periods = np.asarray(periods, dtype=float)
        return np.asarray(np.exp(betaln(self.alpha, self.beta + periods) - betaln(self.alpha, self.beta)))

    def retention(self, period: ArrayLike) -> Floats:
        """Share of those before the t-th renewal who renew: (beta + t - 1) / (alpha + beta + t - 1) (FH eq. 8)."""
        period = np.asarray(period, dtype=float)
        return np.asarray((self.beta + period - 1) / (self.alpha + self.beta + period - 1))


@dataclass(frozen=True, eq=False)
class RenewalFit:
    """What a history of contracts says about renewal.

    `tracking` has one row per renewal: period, calibration (bool), at_risk and renewed (customers), actual and
    expected survival and retention; `actual_survival` is the product of the retentions so far (Kaplan & Meier 1958).
    """

    source: str
    command: str
    unit: Unit
    customers: int
    lost: int
    estimate: Estimate[Any]
    warnings: tuple[str, ...]
    tracking: pd.DataFrame

    @property
    def sbg(self) -> Sbg:
        """The fitted model."""
        model: Sbg = self.estimate.model
        return model

    def snippet(self) -> str:
        """The YAML that gives a scenario's segment these contracts, under comments on its origin."""
        periods = int(self.tracking["calibration"].sum())
        errors = ", ".join(f"{k} {digits(e)}" for k, e in self.estimate.standard_errors.items())
        header = [f"Fitted to {self.source} by", f"  {self.command}"]
        header += [f"{self.customers} customers, {self.lost} of them lost in {periods} renewals"]
        header += [f"sBG: log-likelihood {self.estimate.log_likelihood:.2f}; standard errors {errors}"]
        header += [f"warning: {warning}" for warning in self.warnings]
        body = ["model: sbg", f"unit: {self.unit}"]
        body += [f"{k}: {digits(v)}" for k, v in self.estimate.parameters().items()]
        source = json.dumps(f"simkit fit {self.source}, {periods} renewals", ensure_ascii=False)
        return "\n".join([*(f"# {line}" for line in header), *body, f"source: {source}", ""])


def fit_renewals(
    renewals: Table,
    *,
    customer: Column = "customer",
    start: Column = "start",
    end: Column = "end",
    period: Column = "period",
    survivors: Column = "survivors",
    until: str | dt.date | None = None,
    periods: int | None = None,
    unit: Unit = "year",
    date_format: str | None = None,
) -> RenewalFit:
    """Estimate sBG by maximum likelihood from contracts that are renewed every `unit`.

    The data are one row per customer (`start`, and `end` or empty for who is still there), or, when the columns
    `period` and `survivors` are there, a cohort's survivors after 0, 1, 2, ... renewals. `until` is the last day known
    of customers (default: the latest start or end); an end counts at the renewal it falls on or before. `periods`
    limits the calibration to the first so many renewals; later ones only test the fit.

    Raises FitError when the data cannot be read or no model can be estimated.
    """
    cohort = _is_cohort(renewals, period, survivors)
    if cohort:
        lost, stayed = _of_cohort(read_table(renewals, {"period": period, "survivors": survivors}, rows="periods"))
    else:
        columns = {"customer": customer, "start": start, "end": end}
        lost, stayed = _of_customers(read_table(renewals, columns, rows="customers"), until, unit, date_format)
    if periods is not None and not 1 <= periods <= len(lost):
        raise FitError(f"periods: found {periods}; allowed: 1 to {len(lost)}, the renewals in the data")
    used = len(lost) if periods is None else periods
    source = Path(renewals).name if isinstance(renewals, str | Path) else "a table"
    names = {"period": period, "survivors": survivors} if cohort else columns
    words = command(["simkit", "fit", source, "--model", "sbg"], {**names, "date_format": date_format, "until": until,
                    "periods": periods}) + f" --unit {unit}"  # fmt: skip
    estimate = fit_sbg(lost[:used], _stayed(lost, stayed, used))
    return RenewalFit(
        source=source,
        command=words,
        unit=unit,
        customers=int(lost.sum() + stayed.sum()),
        lost=int(lost[:used].sum()),
        estimate=estimate,
        warnings=tuple(_doubts(estimate, used)),
        tracking=_tracking(lost, stayed, used, estimate.model),
    )


def fit_sbg(lost: ArrayLike, stayed: ArrayLike) -> Estimate[Any]:
    """sBG by maximum likelihood (FH eq. 10).

    `lost[t - 1]` is how many left at the t-th renewal; `stayed[t]` how many were last seen after t renewals, not
    having left (one longer). Raises FitError when nobody, or everybody at once, left, or no maximum is found.
    """
    lost, stayed = np.asarray(lost, dtype=float), np.asarray(stayed, dtype=float)
    renewed = float(stayed[1:].sum() + lost[1:].sum())
    if lost.sum() == 0 or renewed == 0:
        raise FitError(f"{'nobody left' if lost.sum() == 0 else 'nobody renewed'}: renewal cannot be identified")
    if len(lost) < 2:
        raise FitError("one renewal tells the mean chance to leave, not how people differ; two or more are needed")
    ages = np.arange(len(stayed), dtype=float)

    def total(parameters: Floats) -> float:
        from scipy.special import betaln

        alpha, beta = parameters
        base = betaln(alpha, beta)
        left = betaln(alpha + 1, beta + ages[:-1]) - base
        return float(lost @ left + stayed @ (betaln(alpha, beta + ages) - base))

    churn = lost[0] / (lost.sum() + stayed.sum())
    starts = [(size * max(churn, 1e-3), size * max(1 - churn, 1e-3)) for size in (0.5, 3.0, 20.0)]
    (alpha, beta), log_likelihood, errors = maximize("sBG", total, starts, int(lost.sum() + stayed.sum()))
    return Estimate(Sbg(alpha, beta), log_likelihood, dict(zip(("alpha", "beta"), errors, strict=True)))


# --- reading ---------------------------------------------------------------------------------------------


def _is_cohort(renewals: Table, period: Column, survivors: Column) -> bool:
    """Whether the data have the two columns of a table of survivors."""
    try:
        read_table(renewals, {"period": period, "survivors": survivors}, rows="periods")
    except FitError:
        return False
    return True


def _of_cohort(table: TextTable) -> tuple[Floats, Floats]:
    """Lost and stayed by renewal from survivors after 0, 1, 2, ... renewals."""
    numbers = {role: pd.to_numeric(table.text[role], errors="coerce") for role in ("period", "survivors")}
    whole = {role: (value >= 0) & (value == np.floor(value)) for role, value in numbers.items()}
    table.refuse({role: (~good, "0, 1, 2, ...") for role, good in whole.items()})
    order = numbers["period"].argsort().to_numpy()
    periods, alive = (numbers[role].to_numpy(float)[order] for role in ("period", "survivors"))
    if not np.array_equal(periods, np.arange(len(periods))):
        raise FitError(
            f"{table.where}: period: needs every one of 0, 1, 2, ... once; found {periods.astype(int).tolist()}"
        )
    if len(alive) < 2 or np.any(np.diff(alive) > 0):
        raise FitError(f"{table.where}: survivors: needs two periods or more, and never more survivors than before")
    stayed = np.zeros(len(alive))
    stayed[-1] = alive[-1]
    return -np.diff(alive), stayed


def _of_customers(
    table: TextTable, until: str | dt.date | None, unit: Unit, date_format: str | None
) -> tuple[Floats, Floats]:
    """Lost and stayed by renewal from one row per customer."""
    start = table.days("start", date_format)
    open_end = table.text["end"].str.lower().isin(MISSING)
    end = pd.Series(pd.NaT, index=start.index, dtype="datetime64[ns]")
    if not open_end.all():
        known = TextTable(table.text[~open_end], table.where, table.word)
        end[~open_end] = known.days("end", date_format)
    rules = {
        "customer": table.no_name("customer"),
        "start": table.bad_date(start, date_format),
        "end": (end.isna() & ~open_end | (end <= start), "empty, or a date after the start"),
    }
    table.refuse(rules)
    twice = table.text["customer"][table.text["customer"].duplicated()]
    if len(twice):
        raise FitError(f"{table.where}: customer {twice.iloc[0]!r} has several rows; needs one each")
    last = _last_day(until, start, end)
    gone = ~open_end & (end <= last)
    seen = start <= last
    age = _renewals(start, end.where(gone, last), unit)
    # who ends between two renewals has let the earlier one be the last: lost at the next
    at = np.where(gone, _renewals(start, end - pd.Timedelta(days=1), unit) + 1, age)[seen].astype(int)
    left = gone[seen].to_numpy()
    size = int(at.max()) + 1
    lost, stayed = np.bincount(at[left], minlength=size)[1:], np.bincount(at[~left], minlength=size)
    return lost.astype(float), stayed.astype(float)


def _last_day(until: str | dt.date | None, start: pd.Series, end: pd.Series) -> pd.Timestamp:
    if until is None:
        return pd.Timestamp(max(day for day in (start.max(), end.max()) if not pd.isna(day)))
    try:
        return pd.Timestamp(dt.date.fromisoformat(until) if isinstance(until, str) else until)
    except ValueError:
        raise FitError(f"until: found {until!r}; allowed: a date written as YYYY-MM-DD") from None


def _renewals(start: pd.Series, day: pd.Series, unit: Unit) -> pd.Series:
    """Whole periods from start to a day: anniversaries that have passed."""
    if unit in DAYS:
        return (day - start).dt.days // DAYS[unit]
    months = (day.dt.year - start.dt.year) * 12 + day.dt.month - start.dt.month
    # a contract of the 31st is renewed on the last day of a shorter month
    due = np.minimum(start.dt.day, day.dt.days_in_month)
    return (months - (day.dt.day < due)) // MONTHS[unit]


# --- what is said ----------------------------------------------------------------------------------------


def _stayed(lost: Floats, stayed: Floats, used: int) -> Floats:
    """Stayed, when only the first `used` renewals are known."""
    known = stayed[: used + 1].copy()
    known[used] += stayed[used + 1 :].sum() + lost[used:].sum()
    return known


def _doubts(estimate: Estimate[Any], used: int) -> Iterator[str]:
    yield from undetermined("sBG", estimate)
    if used < 4:
        yield f"only {used} renewals: how people differ rests on few; a projection is a rough guide"


def _tracking(lost: Floats, stayed: Floats, used: int, model: Sbg) -> pd.DataFrame:
    """Actual against expected survival and retention by renewal."""
    renewed = np.cumsum((lost + stayed[1:])[::-1])[::-1] - lost
    at_risk = renewed + lost
    periods = np.arange(1, len(lost) + 1)
    with np.errstate(invalid="ignore"):
        retention = renewed / at_risk
    return pd.DataFrame(
        {
            "period": periods,
            "calibration": periods <= used,
            "at_risk": at_risk,
            "renewed": renewed,
            "actual_retention": retention,
            "expected_retention": model.retention(periods),
            "actual_survival": np.cumprod(retention),
            "expected_survival": model.survival(periods),
        }
    )


def render(fit: RenewalFit, console: Console) -> None:
    """Print a fit: warnings first, then its parameters and how well it tracks."""
    for warning in fit.warnings:
        console.print(f"[bold yellow]warning[/]: {warning}", highlight=False)
    estimates = table_of(f"{fit.source}: {fit.customers:,} customers", "parameter", "estimate", "standard error")
    for name, value in fit.estimate.parameters().items():
        estimates.add_row(name, digits(value), f"{fit.estimate.standard_errors[name]:.3g}")
    estimates.add_row("log-likelihood", f"{fit.estimate.log_likelihood:.2f}", "")
    told = table_of("Renewal", fit.unit, "before", "renewed", "retention", "expected", "survival", "expected")
    split = int(fit.tracking["calibration"].sum())
    for period, _, at_risk, renewed, *shares in fit.tracking.itertuples(index=False, name=None):
        cells = ["" if math.isnan(share) else f"{share:.3f}" for share in shares]
        told.add_row(str(period), f"{at_risk:,.0f}", f"{renewed:,.0f}", *cells, end_section=period == split)
    console.print(estimates, told)


def to_json(fit: RenewalFit) -> dict[str, Any]:
    """A fit as plain numbers, text and lists, ready for json.dump; what is not known is None."""
    told = {name: getattr(fit, name) for name in ("source", "command", "unit", "customers", "lost", "warnings")}
    return plain({**told, "sbg": described(fit.estimate), "tracking": fit.tracking.to_dict("records")})
