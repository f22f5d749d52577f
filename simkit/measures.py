"""What is computed from one run: one definition each, over the measured days, warm-up excluded.

Every measure is a row of `MEASURES`; `simkit/README.md` prints the same table and a test compares the two. Persons
and money are the real market's. Rates of a period are per measured period; money is per year of 365 days.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from simkit.breakdowns import payback_months
from simkit.customers.state import CUSTOMER, MONEY
from simkit.lifetime_value import residual_revenue, residual_tenure_margin
from simkit.outcome import Run
from simkit.scenario.quantity import DAYS_PER_WEEK, DAYS_PER_YEAR
from simkit.scenario.schema import Scenario
from simkit.survival import CumulativeIncidence, cumulative_incidence

Value = float | None
RESTRICTED_DAYS = 60.0
SOON_DAYS = 7.0


@dataclass(frozen=True)
class Measure:
    """One figure: what it is called, its unit, how it is computed, and which direction is better."""

    name: str
    unit: str
    title: str
    formula: str
    numerator: str
    denominator: str
    window: str
    better: Literal["higher", "lower", ""]
    compute: Callable[[Run], Value]


def compute(run: Run, extra: Mapping[str, Measure] | None = None) -> dict[str, Value]:
    """Every measure of a run; None where one does not exist (a median never reached, nothing to divide by)."""
    measures = {**MEASURES, **extended_measures(run.scenario), **(extra or {})}
    return {name: _finite(measure.compute(run)) for name, measure in measures.items()}


def extended_measures(scenario: Scenario) -> dict[str, Measure]:
    """The measures that a scenario's extension adds."""
    return dict(scenario.extended_by.measures) if scenario.extended_by else {}


def _finite(value: Value) -> Value:
    return None if value is None or not math.isfinite(value) else float(value)


def _ratio(above: float, below: float) -> Value:
    return above / below if below else None


def _sum(run: Run, *columns: str) -> float:
    return math.fsum(run.sums[name] for name in columns)


def _per_year(run: Run, amount: float) -> float:
    return amount * DAYS_PER_YEAR / run.scenario.horizon_days


# --- responsiveness --------------------------------------------------------------------------------------


def signal_to_live(run: Run, causes: tuple[str, ...] = ("occasion",)) -> CumulativeIncidence | None:
    """How the signals of the measured days ended: live, expired (never live) or not yet (censored at the end)."""
    cases, horizon = run.cases, run.scenario.horizon_days
    cohort = cases[cases["cause"].isin(causes) & (cases["happened_day"] >= 0)]
    settled = cohort["happened_day"] <= horizon - _longest_wait(run, causes)
    # with enough of them, only those whose occasion had passed before the end: each is live or expired, and the
    # figure exists whichever case happens to be the last
    cohort = cohort[settled] if settled.any() else cohort
    if cohort.empty:
        return None
    end = cohort[["live_day", "expired_day"]].min(axis=1).fillna(horizon)
    kind = np.select([cohort["live_day"].notna(), cohort["expired_day"].notna()], [1, 2], 0)
    return cumulative_incidence((end - cohort["happened_day"]).to_numpy(float), kind)


def _longest_wait(run: Run, causes: tuple[str, ...]) -> float:
    """Days after which work on a signal is given up, the longest of all."""
    rules = [*run.scenario.occasions.values()] if "occasion" in causes else []
    waits = [rule.expires_days for rule in rules]
    if "monitor" in causes:
        waits += [rule.expires_days for rule in run.scenario.monitors.values()]
    return max(waits, default=0.0)


def _restricted_mean(run: Run) -> Value:
    curve = signal_to_live(run)
    return None if curve is None else curve.restricted_mean(RESTRICTED_DAYS)


def _median(run: Run) -> Value:
    curve = signal_to_live(run)
    return None if curve is None else curve.quantile(0.5)


def _soon(run: Run) -> Value:
    curve = signal_to_live(run)
    return None if curve is None else curve.at(SOON_DAYS)


def _expired(run: Run) -> Value:
    curve = signal_to_live(run, ("occasion", "monitor"))
    return None if curve is None else curve.lost_at(RESTRICTED_DAYS)


def _campaigns_live(run: Run) -> Value:
    launches = run.launches["day"]
    return _per_year(run, float(((launches >= 0) & (launches < run.scenario.horizon_days)).sum()))


def _flow_efficiency(run: Run) -> Value:
    cases = run.cases
    done = cases[(cases["live_day"] >= 0) & (cases["status"] == "live")]
    return _ratio(float(done["part_touch_seconds"].sum()), float(done["lead_seconds"].sum()))


def _utilization(run: Run) -> Value:
    paid = float(run.persons["paid_seconds"].sum())
    return _ratio(paid - float(run.persons["idle"].sum()), paid)


# --- contacts ----------------------------------------------------------------------------------------------


def _addressed(run: Run, what: str) -> list[str]:
    return [f"{what}_{name}" for name, channel in run.scenario.channels.items() if channel.kind == "addressed"]


def _contacts(run: Run) -> Value:
    return _ratio(_sum(run, *_addressed(run, "delivered")), _sum(run, "reachable") / DAYS_PER_WEEK)


def _mean_fatigue(run: Run) -> Value:
    return _ratio(_sum(run, "fatigue"), _sum(run, "reachable"))


def _opt_out_share(run: Run) -> Value:
    return _ratio(_sum(run, "opt_outs"), _sum(run, *_addressed(run, "delivered")))


def _bounce_share(run: Run) -> Value:
    sent = _sum(run, *_addressed(run, "sent"))
    return _ratio(sent - _sum(run, *_addressed(run, "delivered")), sent)


def _complaint_share(run: Run) -> Value:
    return _ratio(_sum(run, *_addressed(run, "complained")), _sum(run, *_addressed(run, "delivered")))


def _inbox_share(run: Run) -> Value:
    delivered = _sum(run, *_addressed(run, "delivered"))
    return _ratio(delivered - _sum(run, *_addressed(run, "filtered")), delivered)


def _reachable_end(run: Run) -> Value:
    last = run.daily.iloc[-1]
    here = sum(last[name] for name in run.daily.columns if name.startswith("stage_") and name != "stage_away")
    return _ratio(float(last["reachable"]), float(here))


def _active_end(run: Run) -> Value:
    return float(run.daily["active_customers"].iloc[-1])


def _conversion(run: Run) -> Value:
    clicks = [f"clicked_{name}" for name in run.scenario.channels]
    return _ratio(_sum(run, "purchases_response"), _sum(run, *clicks))


# --- customers -----------------------------------------------------------------------------------------------


def _at_start(run: Run) -> np.ndarray:
    """Who was a customer when the measured days began (first purchase before, not yet lost)."""
    start = run.scenario.warmup_days
    return (
        (run.customers["first_purchase_day"] < start)
        & (run.customers["lost_day"] >= start)
        & (run.customers["purchases"] > 0)
    )


def _retention(run: Run) -> Value:
    start = _at_start(run)
    return _ratio(float((run.customers["relation"][start] == CUSTOMER).sum()), float(start.sum()))


def _churn(run: Run) -> Value:
    return _ratio(_sum(run, "lost"), float(_at_start(run).sum()) * run.scenario.market.represents)


def _clv(run: Run) -> Value:
    """Margin realized in the window plus what is left, from each person's own traits (truth, not inference)."""
    revenue = _clv_revenue(run)
    if revenue is None:
        return None
    grown = residual_tenure_margin(run.scenario, run.customers, purchases_per_need(run) or 0.0, run.scenario.days)
    added = _sum(run, "tenure_margin") / run.scenario.market.represents + grown[_of_measured_days(run)].sum()
    margin = run.scenario.economics.margin
    return margin * revenue + float(added / _of_measured_days(run).sum())


def _clv_revenue(run: Run) -> Value:
    """The same before the cost of goods."""
    mine = _of_measured_days(run)
    if not mine.any():
        return None
    realized = (run.customers["revenue"] - run.revenue_before)[mine].sum() / MONEY
    residual = residual_revenue(run.scenario, run.customers, purchases_per_need(run) or 0.0)
    return float((realized + residual[mine].sum()) / mine.sum())


def _of_measured_days(run: Run) -> np.ndarray:
    """Who was a customer on a measured day."""
    people = run.customers
    return _at_start(run) | ((people["purchases"] > 0) & (people["first_purchase_day"] >= run.scenario.warmup_days))


def purchases_per_need(run: Run) -> Value:
    """Repeat purchases, with and without messages, per need of the fitted process: 1 where the fit is reproduced.

    A first purchase answers no need and is left out, as are contracts.
    """
    repeat = _sum(run, "purchases_organic", "purchases_response") - _sum(run, "new_customers", "renewals")
    return _ratio(repeat, _sum(run, "needs"))


# --- money -----------------------------------------------------------------------------------------------------


def _profit_per_customer(run: Run) -> Value:
    return _ratio(_per_year(run, _sum(run, "profit")), float(run.measured["customers"].mean()))


def _cac(run: Run) -> Value:
    spent = _sum(run, "contact_cost", "media_cost", "team_cost", "technology_cost")
    return _ratio(spent, _sum(run, "new_customers"))


def _roas(run: Run) -> Value:
    return _ratio(_sum(run, "revenue_response"), _sum(run, "contact_cost", "media_cost"))


def _contribution(run: Run) -> Value:
    return _per_year(
        run, _sum(run, "revenue", "tenure_margin") - _sum(run, "cost_of_goods", "contact_cost", "media_cost")
    )


def _discounted_profit(run: Run) -> Value:
    """Worth, on the first measured day, of every measured day's profit."""
    daily = math.log1p(run.scenario.economics.discount_per_year) / DAYS_PER_YEAR
    return float((run.measured["profit"] * np.exp(-daily * run.measured["day"])).sum())


def _budget_use(run: Run) -> Value:
    if "budget" not in run.daily.columns:
        return None
    return _ratio(_sum(run, "contact_cost", "media_cost", "team_cost", "technology_cost"), _sum(run, "budget"))


def _payback(run: Run) -> Value:
    cac = _cac(run)
    return None if cac is None or run.cohorts is None else payback_months(run.cohorts, cac)


def _unmet_share(run: Run) -> Value:
    if "unmet_demand" not in run.daily.columns:
        return None
    unmet = _sum(run, "unmet_demand")
    return _ratio(unmet, unmet + _sum(run, "purchases_organic", "purchases_response"))


_SIGNALS = (
    "signals of occasions (the same in every alternative) that happened on measured days and would have expired "
    "before the end; if there are none, all, censored at the end"
)
_SIGNALS_OF_ALL = (
    "signals of measured days that would have expired before the end; if there are none, all, censored at the end"
)
_MEASURED = "measured days"

MEASURES: dict[str, Measure] = {
    m.name: m
    for m in (
        Measure("signal_to_live_days", "days", "Signal to live",
            f"mean of min(days to live, {RESTRICTED_DAYS:g}); expired counts as {RESTRICTED_DAYS:g} (Aalen-Johansen)",
            "area above the cumulative incidence of going live", "1", _SIGNALS, "lower", _restricted_mean),
        Measure("signal_to_live_days_median", "days", "Signal to live, median",
            "first day by which half are live; absent when never reached", "-", "-", _SIGNALS, "lower", _median),
        Measure("live_within_7_days_share", "share", "Live within 7 days",
            "cumulative incidence of going live at 7 days", "signals live within 7 days", "signals", _SIGNALS,
            "higher", _soon),
        Measure("campaigns_live", "campaigns/year", "Campaigns live", "launches x 365 / measured days",
            "campaigns that reached customers", "measured years", _MEASURED, "higher", _campaigns_live),
        Measure("flow_efficiency", "share", "Flow efficiency", "touch time / lead time",
            "touch time on the critical path", "lead time around the clock", "work finished on measured days",
            "higher", _flow_efficiency),
        Measure("utilization", "share", "Utilization", "(paid - idle) / paid",
            "paid time not idle, other duties included", "paid time", _MEASURED, "", _utilization),
        Measure("expired_signal_share", "share", "Signals expired",
            f"cumulative incidence of expiring at {RESTRICTED_DAYS:g} days",
            "signals given up before anything was live", "signals of occasions and monitors",
            _SIGNALS_OF_ALL, "lower", _expired),
        Measure("contacts_per_customer_week", "contacts/person/week", "Contacts a week",
            "delivered messages / reachable person-weeks", "delivered messages",
            "persons with consent on any channel x weeks", _MEASURED, "", _contacts),
        Measure("mean_fatigue", "contacts", "Mean fatigue", "sum of fatigue / reachable person-days",
            "fatigue at the end of each day", "reachable person-days", _MEASURED, "lower", _mean_fatigue),
        Measure("opt_out_share", "share", "Opt-outs", "opt-outs / delivered messages", "opt-outs",
            "delivered messages", _MEASURED, "lower", _opt_out_share),
        Measure("bounce_share", "share", "Bounces", "(sent - delivered) / sent messages", "messages not delivered",
            "sent messages", _MEASURED, "lower", _bounce_share),
        Measure("complaint_share", "share", "Complaints", "complaints / delivered messages", "opt-outs by complaint",
            "delivered messages", _MEASURED, "lower", _complaint_share),
        Measure("inbox_share", "share", "Placed in the inbox", "(delivered - filtered) / delivered messages",
            "messages placed where people look", "delivered messages", _MEASURED, "higher", _inbox_share),
        Measure("reachable_share_end", "share", "Reachable at the end", "reachable / persons in the market",
            "persons with consent on any channel", "prospects, customers and lost customers", "last day", "higher",
            _reachable_end),
        Measure("active_customers_end", "persons", "Active customers",
            "customers under contract, or whose last purchase lies within market.active_within_days",
            "persons", "1", "last day", "higher", _active_end),
        Measure("conversion_rate", "share", "Conversion", "purchases upon a click or visit / clicks and visits",
            "purchases that a click or visit led to", "clicks and visits", _MEASURED, "higher", _conversion),
        Measure("retention_rate", "share", "Retention",
            "customers at the start who still are at the end / customers at the start",
            "still customers (truth, not inference)", "customers when the measured days begin",
            "the whole measured period", "higher", _retention),
        Measure("churn_rate", "share", "Churn", "lost in the period / customers at its start",
            "customers lost, new ones included", "customers when the measured days begin",
            "the whole measured period", "lower", _churn),
        Measure("revenue", "currency/year", "Revenue", "sum x 365 / measured days", "revenue", "measured years",
            _MEASURED, "higher", lambda run: _per_year(run, _sum(run, "revenue"))),
        Measure("profit", "currency/year", "Profit",
            "(revenue + tenure margin - goods - contacts - media - team - technology) x 365 / measured days", "profit",
            "measured years", _MEASURED, "higher", lambda run: _per_year(run, _sum(run, "profit"))),
        Measure("profit_per_customer", "currency/customer/year", "Profit per customer",
            "profit a year / mean number of customers", "profit", "customer-years", _MEASURED, "higher",
            _profit_per_customer),
        Measure("clv", "currency/customer", "Customer lifetime value",
            "margin realized + (1 - goods) x mean spend x expected discounted purchases of the person's own traits; "
            "BG/NBD: rate x repeat purchases per need / (discount + rate x dropout) while alive; tenure margin added",
            "margin on revenue, before marketing cost", "persons who were customers on a measured day",
            "measured days and, discounted, all after", "higher", _clv),
        Measure("cac", "currency/customer", "Acquisition cost",
            "(contacts + media + team + technology) / new customers", "all sales and marketing cost",
            "first purchases", _MEASURED, "lower", _cac),
        Measure("roas", "ratio", "Return on ad spend",
            "revenue of purchases upon a click or visit / (contacts + media)", "attributed, not incremental, revenue",
            "contact and media cost", _MEASURED, "higher", _roas),
        Measure("contribution_margin", "currency/year", "Contribution margin",
            "(revenue + tenure margin - goods - contacts - media) x 365 / measured days",
            "revenue less what grows with it", "measured years", _MEASURED, "higher", _contribution),
        Measure("discounted_profit", "currency", "Discounted profit",
            "sum of each day's profit / (1 + discount)^(days / 365)", "profit", "1", _MEASURED, "higher",
            _discounted_profit),
        Measure("clv_revenue", "currency/customer", "Customer lifetime revenue",
            "clv before the cost of goods: revenue realized + mean spend x expected discounted purchases of the "
            "person's own traits",
            "revenue", "persons who were customers on a measured day", "measured days and, discounted, all after",
            "higher", _clv_revenue),
        Measure("budget_use", "share", "Budget used", "(contacts + media + team + technology) / budget",
            "all sales and marketing cost", "budget of the same days; absent without one", _MEASURED, "",
            _budget_use),
        Measure("payback_months", "months", "Payback",
            "age at which margin so far per new customer reaches cac, between month ends (run.cohorts)",
            "margin of those who first bought in the run", "cac; absent while it is not reached",
            "the whole run, warm-up included", "lower", _payback),
        Measure("unmet_demand_share", "share", "Demand not met", "units not sold for want of stock / units asked for",
            "units asked for and not sold", "units asked for; absent without economics.stock", _MEASURED, "lower",
            _unmet_share),
    )
}  # fmt: skip
"""By name, in the order in which a report lists them."""
