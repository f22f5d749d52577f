"""What is computed from one run: one definition each, over the measured days, warm-up excluded.

Every measure is a row of `MEASURES`; `simkit/measures/README.md` prints the same table (tested). Persons
and money are the real market's. Rates of a period are per measured period; money is per year of 365 days.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from simkit.coupling.outcome import Run
from simkit.customers.state import CUSTOMER, HOLDER, LOST, MONEY
from simkit.measures.breakdowns import payback_months
from simkit.measures.lifetime_value import (
    residual_margin_share,
    residual_revenue,
    residual_role_income,
    residual_tenure_margin,
)
from simkit.measures.measure import MEASURED_DAYS, Measure, Value, per_year, ratio, total
from simkit.measures.of_neighbors import NEIGHBOR_MEASURES
from simkit.measures.of_work import RESPONSE_MEASURES, WORK_MEASURES, department_cost
from simkit.scenario.quantity import DAYS_PER_WEEK, DAYS_PER_YEAR
from simkit.scenario.schema import Scenario


def compute(run: Run, extra: Mapping[str, Measure] | None = None) -> dict[str, Value]:
    """Every measure of a run; None where one does not exist (a median never reached, nothing to divide by)."""
    measures = {**MEASURES, **extended_measures(run.scenario), **(extra or {})}
    return {name: _finite(measure.compute(run)) for name, measure in measures.items()}


def extended_measures(scenario: Scenario) -> dict[str, Measure]:
    """The measures that a scenario's extension adds."""
    return dict(scenario.extended_by.measures) if scenario.extended_by else {}


def _finite(value: Value) -> Value:
    return None if value is None or not math.isfinite(value) else float(value)


# --- contacts ----------------------------------------------------------------------------------------------


def _addressed(run: Run, what: str) -> list[str]:
    return [f"{what}_{name}" for name, channel in run.scenario.channels.items() if channel.kind == "addressed"]


def _contacts(run: Run) -> Value:
    return ratio(total(run, *_addressed(run, "delivered")), total(run, "reachable") / DAYS_PER_WEEK)


def _mean_fatigue(run: Run) -> Value:
    return ratio(total(run, "fatigue"), total(run, "reachable"))


def _opt_out_share(run: Run) -> Value:
    return ratio(total(run, "opt_outs"), total(run, *_addressed(run, "delivered")))


def _bounce_share(run: Run) -> Value:
    sent = total(run, *_addressed(run, "sent"))
    return ratio(sent - total(run, *_addressed(run, "delivered")), sent)


def _complaint_share(run: Run) -> Value:
    return ratio(total(run, *_addressed(run, "complained")), total(run, *_addressed(run, "delivered")))


def _inbox_share(run: Run) -> Value:
    delivered = total(run, *_addressed(run, "delivered"))
    return ratio(delivered - total(run, *_addressed(run, "filtered")), delivered)


def _reachable_end(run: Run) -> Value:
    last = run.daily.iloc[-1]
    here = sum(last[name] for name in run.daily.columns if name.startswith("stage_") and name != "stage_away")
    return ratio(float(last["reachable"]), float(here))


def _active_end(run: Run) -> Value:
    return float(run.daily["active_customers"].iloc[-1])


def _conversion(run: Run) -> Value:
    clicks = [f"clicked_{name}" for name in run.scenario.channels]
    return ratio(total(run, "purchases_response"), total(run, *clicks))


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
    return ratio(float((run.customers["relation"][start] == CUSTOMER).sum()), float(start.sum()))


def _churn(run: Run) -> Value:
    return ratio(total(run, "lost"), float(_at_start(run).sum()) * run.scenario.market.represents)


def _clv(run: Run) -> Value:
    """Margin realized in the window plus what is left, from each person's own traits (truth, not inference)."""
    revenue, mine = _clv_revenue(run), _of_measured_days(run)
    if revenue is None:
        return None
    per_need = purchases_per_need(run) or 0.0
    grown = residual_tenure_margin(run.scenario, run.customers, per_need, run.scenario.days)
    grown += residual_role_income(run.scenario, run.customers)
    added = total(run, "tenure_margin", "second_role_income") / run.scenario.market.represents + grown[mine].sum()
    added -= _dearer_goods(run, per_need, mine)
    margin = run.scenario.economics.margin
    return margin * revenue + float(added / mine.sum())


def _dearer_goods(run: Run, per_need: float, mine: np.ndarray) -> float:
    """What goods cost, and will cost, beyond the usual share because categories differ in it; of simulated persons."""
    scenario, price = run.scenario, run.scenario.economics.price
    if scenario.market.assortment is None:
        return 0.0
    usual = scenario.economics.cost_of_goods / price
    spent = total(run, "cost_of_goods") - usual * total(run, "revenue", "discounts")
    share = scenario.economics.margin - residual_margin_share(scenario, run.customers)
    residual = residual_revenue(scenario, run.customers, per_need) * share
    return spent / scenario.market.represents + float(residual[mine].sum())


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
    repeat = total(run, "purchases_organic", "purchases_response") - total(run, "new_customers", "renewals")
    return ratio(repeat, total(run, "needs"))


# --- money -----------------------------------------------------------------------------------------------------


def _profit_per_customer(run: Run) -> Value:
    return ratio(per_year(run, total(run, "profit")), float(run.measured["customers"].mean()))


def _cac(run: Run) -> Value:
    spent = _marketing_cost(run) + run.sums.get("sales_cost", 0.0)
    return ratio(spent, total(run, "new_customers"))


def _roas(run: Run) -> Value:
    return ratio(total(run, "revenue_response"), total(run, "contact_cost", "media_cost"))


def _contribution(run: Run) -> Value:
    return per_year(
        run,
        total(run, "revenue", "tenure_margin", "second_role_income")
        - total(run, "cost_of_goods", "contact_cost", "media_cost"),
    )


def _discounted_profit(run: Run) -> Value:
    """Worth, on the first measured day, of every measured day's profit."""
    daily = math.log1p(run.scenario.economics.discount_per_year) / DAYS_PER_YEAR
    return float((run.measured["profit"] * np.exp(-daily * run.measured["day"])).sum())


def _budget_use(run: Run) -> Value:
    if "budget" not in run.daily.columns:
        return None
    return ratio(_marketing_cost(run), total(run, "budget"))


def _marketing_cost(run: Run) -> float:
    """Contacts, media, the department, technology and a change of structure."""
    rest = total(run, "contact_cost", "media_cost", "technology_cost") + run.sums.get("transition_cost", 0.0)
    return department_cost(run) + rest


def _payback(run: Run) -> Value:
    cac = _cac(run)
    return None if cac is None or run.cohorts is None else payback_months(run.cohorts, cac)


def _second_role_share(run: Run) -> Value:
    if run.scenario.market.second_role is None:
        return None
    ever = np.isin(run.customers["relation"], (CUSTOMER, LOST))
    return ratio(float((run.customers["role"][ever] == HOLDER).sum()), float(ever.sum()))


def _unmet_share(run: Run) -> Value:
    if "unmet_demand" not in run.daily.columns:
        return None
    unmet = total(run, "unmet_demand")
    return ratio(unmet, unmet + total(run, "purchases_organic", "purchases_response"))


def _bounded(measure: Measure) -> Measure:
    """What is counted is never negative and a share at most one; money may be lost, and two shares are of a whole that
    can be exceeded."""
    if "currency" in measure.unit:
        return measure
    whole = measure.unit == "share" and measure.name not in ("churn_rate", "budget_use")
    return replace(measure, possible=(0.0, 1.0 if whole else math.inf))


MEASURES: dict[str, Measure] = {
    m.name: _bounded(m)
    for m in (
        *RESPONSE_MEASURES,
        Measure("contacts_per_customer_week", "contacts/person/week", "Contacts a week",
            "delivered messages / reachable person-weeks", "delivered messages",
            "persons with consent on any channel x weeks", MEASURED_DAYS, "", _contacts),
        Measure("mean_fatigue", "contacts", "Mean fatigue", "sum of fatigue / reachable person-days",
            "fatigue at the end of each day", "reachable person-days", MEASURED_DAYS, "lower", _mean_fatigue),
        Measure("opt_out_share", "share", "Opt-outs", "opt-outs / delivered messages", "opt-outs",
            "delivered messages", MEASURED_DAYS, "lower", _opt_out_share),
        Measure("bounce_share", "share", "Bounces", "(sent - delivered) / sent messages", "messages not delivered",
            "sent messages", MEASURED_DAYS, "lower", _bounce_share),
        Measure("complaint_share", "share", "Complaints", "complaints / delivered messages", "opt-outs by complaint",
            "delivered messages", MEASURED_DAYS, "lower", _complaint_share),
        Measure("inbox_share", "share", "Placed in the inbox", "(delivered - filtered) / delivered messages",
            "messages placed where people look", "delivered messages", MEASURED_DAYS, "higher", _inbox_share),
        Measure("reachable_share_end", "share", "Reachable at the end", "reachable / persons in the market",
            "persons with consent on any channel", "prospects, customers and lost customers", "last day", "higher",
            _reachable_end),
        Measure("active_customers_end", "persons", "Active customers",
            "customers under contract, or whose last purchase lies within market.active_within_days",
            "persons", "1", "last day", "higher", _active_end),
        Measure("conversion_rate", "share", "Conversion", "purchases upon a click or visit / clicks and visits",
            "purchases that a click or visit led to", "clicks and visits", MEASURED_DAYS, "higher", _conversion),
        Measure("retention_rate", "share", "Retention",
            "customers at the start who still are at the end / customers at the start",
            "still customers (truth, not inference)", "customers when the measured days begin",
            "the whole measured period", "higher", _retention),
        Measure("churn_rate", "share", "Churn", "lost in the period / customers at its start",
            "customers lost, new ones included", "customers when the measured days begin",
            "the whole measured period", "lower", _churn),
        Measure("revenue", "currency/year", "Revenue", "sum x 365 / measured days", "revenue", "measured years",
            MEASURED_DAYS, "higher", lambda run: per_year(run, total(run, "revenue"))),
        Measure("profit", "currency/year", "Profit",
            "(revenue + tenure margin + income of the second role - goods - contacts - media - team - "
            "overtime - turnover - agency - change - technology - service - sales) x 365 / measured days",
            "profit", "measured years", MEASURED_DAYS,
            "higher", lambda run: per_year(run, total(run, "profit"))),
        Measure("profit_per_customer", "currency/customer/year", "Profit per customer",
            "profit a year / mean number of customers", "profit", "customer-years", MEASURED_DAYS, "higher",
            _profit_per_customer),
        Measure("clv", "currency/customer", "Customer lifetime value",
            "margin realized + (1 - goods) x mean spend x expected discounted purchases of the person's own traits; "
            "BG/NBD: rate x repeat purchases per need / (discount + rate x dropout) while alive; tenure margin "
            "and income of the second role added",
            "margin on revenue, before marketing cost", "persons who were customers on a measured day",
            "measured days and, discounted, all after", "higher", _clv),
        Measure("cac", "currency/customer", "Acquisition cost",
            "(contacts + media + team + overtime + turnover + agency + change + technology + sales) / new customers",
            "all sales and marketing cost", "first purchases", MEASURED_DAYS, "lower", _cac),
        Measure("roas", "ratio", "Return on ad spend",
            "revenue of purchases upon a click or visit / (contacts + media)", "attributed, not incremental, revenue",
            "contact and media cost", MEASURED_DAYS, "higher", _roas),
        Measure("contribution_margin", "currency/year", "Contribution margin",
            "(revenue + tenure margin + income of the second role - goods - contacts - media) x 365 / measured days",
            "revenue less what grows with it", "measured years", MEASURED_DAYS, "higher", _contribution),
        Measure("discounted_profit", "currency", "Discounted profit",
            "sum of each day's profit / (1 + discount)^(days / 365)", "profit", "1", MEASURED_DAYS, "higher",
            _discounted_profit),
        Measure("clv_revenue", "currency/customer", "Customer lifetime revenue",
            "clv before the cost of goods: revenue realized + mean spend x expected discounted purchases of the "
            "person's own traits",
            "revenue", "persons who were customers on a measured day", "measured days and, discounted, all after",
            "higher", _clv_revenue),
        Measure("budget_use", "share", "Budget used",
            "(contacts + media + team + overtime + turnover + agency + change + technology) / budget",
            "all sales and marketing cost", "budget of the same days; absent without one", MEASURED_DAYS, "",
            _budget_use),
        Measure("payback_months", "months", "Payback",
            "age at which margin so far per new customer reaches cac, between month ends (run.cohorts)",
            "margin of those who first bought in the run", "cac; absent while it is not reached",
            "the whole run, warm-up included", "lower", _payback, absent="what they bring never reached their cost"),
        Measure("unmet_demand_share", "share", "Demand not met", "units not sold for want of stock / units asked for",
            "units asked for and not sold", "units asked for; absent without economics.stock", MEASURED_DAYS, "lower",
            _unmet_share),
        Measure("second_role_share", "share", "In the second role", "holders / persons who ever bought",
            "holders of the second role", "customers and lost customers; absent without market.second_role",
            "last day", "higher", _second_role_share),
        *WORK_MEASURES,
        *NEIGHBOR_MEASURES,
    )
}  # fmt: skip
"""By name, in the order in which a report lists them."""
