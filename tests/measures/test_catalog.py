"""Each measure computed anew from a run's tables, in plain loops, and the page that lists them."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from simkit.customers.state import CUSTOMER, SENT
from simkit.measures.catalog import MEASURES, compute
from simkit.scenario.schema import MEASURE_NAMES, Scenario
from simkit.simulation import simulate

README = Path(__file__).parents[2] / "simkit" / "measures" / "README.md"
WARMUP, HORIZON, STANDS_FOR = 30, 120, 40.0
BUDGET = 50e6
ADDRESSED = ("email", "sms", "push")
NEIGHBORS = (
    "service_wait_minutes", "service_abandoned_share", "service_deflected_share", "lead_response_hours", "lead_conversion",
    "turnover_rate", "vacancy_share", "morale",
)  # fmt: skip
"""Measures of what this run has not."""
CHANNELS = (*ADDRESSED, "paid_social", "search", "web")


@pytest.fixture(scope="module")
def run():
    """Everything that ships, two segments with money of their own, 1,000 persons, four months, all contacts kept."""
    segments = {
        "thrifty": {"share": 0.7},
        "lavish": {"share": 0.3, "purchases": {"r": 0.5, "spend": {"p": 4, "v": 60}}},
    }
    market = {"customers": 1000, "represents": STANDS_FOR, "segments": segments}
    plenty = {"budget": {"per_year": BUDGET}, "economics": {"stock": {"units_per_week": 700, "keep_weeks": 0}}}
    return simulate(Scenario(market=market, horizon=HORIZON, warmup=WARMUP, **plenty), contact_log=True)


@pytest.fixture(scope="module")
def found(run):
    """Its measures."""
    return compute(run)


def days(run):
    """The measured days, one by one."""
    return [row for row in run.daily.to_dict("records") if row["day"] >= 0]


def total(run, *names):
    return sum(row[name] for row in days(run) for name in names)


def bare(**changes):
    """A quiet market for a month."""
    nothing = {"campaigns": {}, "occasions": {}, "monitors": {}}
    given = {"market": {"customers": 500}, "horizon": 30, "warmup": 10, **nothing}
    return Scenario(**{**given, **changes})


# --- responsiveness ----------------------------------------------------------------------------------------


def signals(run, *causes):
    """(days until the end, how it ended) of each signal that happened on a measured day."""
    ended = []
    for case in run.cases.to_dict("records"):
        if case["cause"] not in causes or not case["happened_day"] >= 0:
            continue
        if not math.isnan(case["live_day"]):
            ended.append((case["live_day"] - case["happened_day"], "live"))
        elif not math.isnan(case["expired_day"]):
            ended.append((case["expired_day"] - case["happened_day"], "expired"))
        else:
            ended.append((HORIZON - case["happened_day"], "open"))
    return ended


def passed(run, *causes):
    """The signals whose occasion would have expired before the end; all, when there are none."""
    rules = {"occasion": run.scenario.occasions, "monitor": run.scenario.monitors}
    longest = max((rule.expires_days for cause in causes for rule in rules[cause].values()), default=0)
    early = run.cases[run.cases["happened_day"] <= HORIZON - longest]
    ended = signals(replace(run, cases=early), *causes)
    return ended or signals(run, *causes)


def shares_by(ended, day):
    """Aalen-Johansen: shares live and expired by a day, one moment after the other."""
    still_open, live, expired = 1.0, 0.0, 0.0
    for moment in sorted({time for time, kind in ended if kind != "open" and time <= day}):
        at_risk = sum(time >= moment for time, _ in ended)
        now_live = sum(case == (moment, "live") for case in ended)
        now_expired = sum(case == (moment, "expired") for case in ended)
        live += still_open * now_live / at_risk
        expired += still_open * now_expired / at_risk
        still_open *= 1 - (now_live + now_expired) / at_risk
    return live, expired


def test_measures_are_possible(found):
    """Each value lies within what its measure can be; shares are between 0 and 1, but for two of a whole that can be
    exceeded, and only money can be negative."""
    for name, measure in MEASURES.items():
        least, most = measure.possible
        assert found[name] is None or least <= found[name] <= most
        assert (least < 0) == ("currency" in measure.unit)
        assert (most == 1) == (measure.unit == "share" and name not in ("churn_rate", "budget_use"))


def test_signal_to_live(run, found):
    """Restricted mean, median and share within a week, from the occasions of the measured days."""
    ended = passed(run, "occasion")
    assert len(ended) > 4
    times = sorted(time for time, kind in ended if kind == "live" and time < 60)
    edges = [0.0, *times, 60.0]
    area = sum((b - a) * (1 - shares_by(ended, a)[0]) for a, b in pairwise(edges))
    assert found["signal_to_live_days"] == pytest.approx(area)
    median = next(time for time in times if shares_by(ended, time)[0] >= 0.5)
    assert found["signal_to_live_days_median"] == pytest.approx(median)
    assert found["live_within_7_days_share"] == pytest.approx(shares_by(ended, 7)[0])


def test_expired_signal_share():
    """With a department too slow for trends that pass within days; monitors' signals count as well."""
    trend = {"per_year": 200, "expires_days": 8, "answered_by": "trend_offer"}
    slow = simulate(Scenario(market={"customers": 200}, horizon=HORIZON, warmup=0, occasions={"trend": trend}))
    share = compute(slow)["expired_signal_share"]
    assert share == pytest.approx(shares_by(passed(slow, "occasion", "monitor"), 60)[1])
    assert share > 0.1
    assert compute(slow)["signal_to_live_days"] > 8


def test_campaigns_live(run, found):
    """Launches whose first day is a measured one, a year."""
    live = sum(0 <= day < HORIZON for day in run.launches["day"])
    assert live > 30
    assert found["campaigns_live"] == pytest.approx(live * 365 / HORIZON)


def test_flow_efficiency(run, found):
    """Seconds of touch over seconds of lead time, of all work finished on measured days."""
    touch = lead = 0
    for case in run.cases.to_dict("records"):
        if case["live_day"] >= 0:
            touch += case["part_touch_seconds"]
            lead += case["lead_seconds"]
    assert found["flow_efficiency"] == pytest.approx(touch / lead)
    assert 0 < touch < lead


def test_utilization(run, found):
    """Paid seconds that were not idle, category by category."""
    people = run.persons.to_dict("records")
    busy = sum(p["touch"] + p["rework"] + p["coordination"] + p["approval"] + p["other_duties"] for p in people)
    assert found["utilization"] == pytest.approx(busy / sum(p["paid_seconds"] for p in people))


# --- contacts ----------------------------------------------------------------------------------------------


def test_contacts_from_the_contact_log(run, found):
    """Delivered messages of the log over reachable person-weeks; opt-outs of the log over delivered messages."""
    log = run.contacts[run.contacts["day"] >= WARMUP]
    log = log[log["decision"] == SENT]
    person_weeks = total(run, "reachable") / 7
    assert found["contacts_per_customer_week"] == pytest.approx(log["delivered"].sum() * STANDS_FOR / person_weeks)
    assert found["opt_out_share"] == pytest.approx(log["opted_out"].sum() / log["delivered"].sum())
    assert log["opted_out"].sum() > 0
    assert found["bounce_share"] == pytest.approx(1 - log["delivered"].mean())
    assert 0 < found["bounce_share"] < 0.05


def test_complaints_and_placement(run, found):
    """Complaints are among the opt-outs; placement counts what was delivered beside the inbox."""
    addressed = [name for name, one in run.scenario.channels.items() if one.kind == "addressed"]
    delivered, filtered, complained = (
        sum(total(run, f"{what}_{name}") for name in addressed) for what in ("delivered", "filtered", "complained")
    )
    assert found["inbox_share"] == pytest.approx(1 - filtered / delivered)
    assert found["complaint_share"] == pytest.approx(complained / delivered)
    assert found["complaint_share"] < found["opt_out_share"]


def test_mean_fatigue(run, found):
    """Sum of fatigue over reachable person-days; the daily column is the same ratio of one day."""
    assert found["mean_fatigue"] == pytest.approx(total(run, "fatigue") / total(run, "reachable"))
    last, people = days(run)[-1], run.customers
    mean = people["fatigue"][(people["consent"] > 0) & (people["relation"] > 0)].mean()
    assert last["mean_fatigue"] == pytest.approx(mean, rel=1e-4)


def test_the_market_at_the_end(run, found):
    """Reachable share and active customers counted from the persons themselves on the last day."""
    people, end = run.customers, WARMUP + HORIZON
    here = people[people["relation"] > 0]
    assert found["reachable_share_end"] == pytest.approx((here["consent"] > 0).mean())
    active = sum(person["relation"] >= CUSTOMER and end - person["last_purchase_day"] <= 180 for person in people)
    assert found["active_customers_end"] == active * STANDS_FOR


def test_conversion(run, found):
    """Purchases that a click or visit led to, over all clicks and visits, channel by channel."""
    bought = total(run, *(f"purchases_{name}" for name in CHANNELS))
    assert found["conversion_rate"] == pytest.approx(bought / total(run, *(f"clicked_{name}" for name in CHANNELS)))


# --- customers ---------------------------------------------------------------------------------------------


def had_bought(run):
    """Positions of those who were customers when the measured days began."""
    return [
        i for i, p in enumerate(run.customers)
        if p["purchases"] > 0 and p["first_purchase_day"] < WARMUP and not p["lost_day"] < WARMUP
    ]  # fmt: skip


def test_retention_and_churn(run, found):
    """Of the customers of day 0: the share who still are at the end; all who were lost, over their number."""
    start = had_bought(run)
    eve = run.daily[run.daily["day"] == -1]["customers"].iloc[0]
    assert len(start) * STANDS_FOR == eve
    stayed = sum(run.customers[i]["relation"] == CUSTOMER for i in start)
    assert found["retention_rate"] == pytest.approx(stayed / len(start))
    assert found["churn_rate"] == pytest.approx(total(run, "lost") / eve)
    lost = sum(WARMUP <= p["lost_day"] < WARMUP + HORIZON for p in run.customers)
    assert total(run, "lost") == lost * STANDS_FOR
    assert found["churn_rate"] > 1 - found["retention_rate"] > 0


def test_clv(run, found):
    """Margin on what each customer of a measured day paid in them, and on what the own traits promise after."""
    people, start = run.customers, set(had_bought(run))
    new = {i for i, p in enumerate(people) if p["purchases"] > 0 and p["first_purchase_day"] >= WARMUP}
    repeat = total(run, "purchases_organic", "purchases_response") - total(run, "new_customers")
    met = repeat / total(run, "needs")
    discount = math.log(1.12) / 365
    shape = {0: 6.25, 1: 4.0}
    worth = 0.0
    for i in start | new:
        p = people[i]
        worth += (p["revenue"] - run.revenue_before[i]) / 10_000
        if p["relation"] == CUSTOMER:
            spend = shape[int(p["segment"])] * float(p["spend_scale"])
            worth += p["rate"] * met * spend / (discount + p["rate"] * p["dropout"])
    assert len(new) > 30
    assert found["clv"] == pytest.approx(0.35 * worth / len(start | new), rel=1e-9)
    assert found["clv_revenue"] == pytest.approx(worth / len(start | new), rel=1e-9)


@pytest.mark.parametrize("horizon", [60, 900])
def test_clv_is_the_expected_value_of_a_customer(horizon):
    """Without messages, discount and differences between people, a customer of dropout p has 1/p purchases to come.

    Mean margin x spend x (old / p + new x (1 + 1/p)) / all, within 3 s.e. of geometric counts, however long the
    window: what is realized and what is left add up. Rate 1/20 a day, p 0.2, spend 30.
    """
    alike = {"r": 500, "alpha": 10_000, "unit": "day", "a": 100, "b": 400, "spend": {"p": 500, "q": 500, "v": 29.94}}
    market = {"customers": 1500, "prospects": 0, "organic_share": 1, "purchases": alike, "history_days": 300}
    scenario = bare(
        market=market, horizon=horizon, economics={"discount_per_year": 0, "cost_of_goods": 0.6}, channels=[]
    )
    run = simulate(scenario)
    people = run.customers
    bought = people["purchases"] > 0
    new = int((bought & (people["first_purchase_day"] >= 10)).sum())
    old = int((bought & (people["first_purchase_day"] < 10) & (people["lost_day"] >= 10)).sum())
    assert min(old, new) > 100
    p, spend = 0.2, 500 * 29.94 / 499
    purchases = (old / p + new * (1 + 1 / p)) / (old + new)
    error = 0.4 * spend * math.sqrt(1 - p) / p / math.sqrt(old + new)
    assert compute(run)["clv"] == pytest.approx(0.4 * spend * purchases, abs=3 * error)


# --- money -------------------------------------------------------------------------------------------------


def test_revenue_and_profit_a_year(run, found):
    """Sums of the measured days, times 365 / days; revenue is what customers paid."""
    year = 365 / HORIZON
    paid = int((run.customers["revenue"] - run.revenue_before).sum()) / 10_000 * STANDS_FOR
    assert found["revenue"] == pytest.approx(paid * year)
    spent = total(run, "contact_cost", "media_cost", "team_cost", "technology_cost")
    profit = (0.35 * paid - spent) * year
    assert found["profit"] == pytest.approx(profit)
    mean_customers = sum(row["customers"] for row in days(run)) / HORIZON
    assert found["profit_per_customer"] == pytest.approx(profit / mean_customers)


def test_cac_and_roas(run, found):
    """All marketing cost per first purchase; attributed revenue per money spent on contacts and media."""
    spent = total(run, "contact_cost", "media_cost", "team_cost", "technology_cost")
    first = sum(p["purchases"] > 0 and p["first_purchase_day"] >= WARMUP for p in run.customers)
    assert found["cac"] == pytest.approx(spent / (first * STANDS_FOR))
    earned = total(run, *(f"revenue_{name}" for name in CHANNELS))
    bought_for = total(run, *(f"cost_{name}" for name in CHANNELS))
    assert found["roas"] == pytest.approx(earned / bought_for)


def test_what_is_left_before_people_and_in_todays_money(run, found):
    """Contribution is profit before people and technology; discounted profit is each day's at 12 % a year."""
    fixed = total(run, "team_cost", "technology_cost") * 365 / HORIZON
    assert found["contribution_margin"] == pytest.approx(found["profit"] + fixed)
    worth = sum(row["profit"] / 1.12 ** (row["day"] / 365) for row in days(run))
    assert found["discounted_profit"] == pytest.approx(worth)
    assert abs(found["discounted_profit"]) < abs(total(run, "profit"))


def test_budget_use(run, found):
    """What the department spent over what it might have spent in the same days."""
    spent = total(run, "contact_cost", "media_cost", "team_cost", "technology_cost")
    assert found["budget_use"] == pytest.approx(spent / (BUDGET * HORIZON / 365))


def test_unmet_demand(run, found):
    """Units not sold for want of stock, over those and the units sold."""
    unmet, sold = total(run, "unmet_demand"), total(run, "purchases_organic", "purchases_response")
    assert found["unmet_demand_share"] == pytest.approx(unmet / (unmet + sold))
    assert 0.05 < found["unmet_demand_share"] < 0.95


# --- what does not exist -----------------------------------------------------------------------------------


def test_every_measure_was_recomputed_above(found):
    """The real run has all of them, so that no comparison above was with nothing; payback: test_breakdowns.py, service
    and sales: test_neighbors.py, the second role: customers/test_asking.py."""
    assert set(found) == set(MEASURES)
    assert {name for name, value in found.items() if value is None} == {
        "payback_months",
        "second_role_share",
        *NEIGHBORS,
    }


def test_nothing_is_said_where_there_is_nothing():
    """No occasions: no signal to live. No clicks: no conversion. No message: no opt-out share. No media: no ROAS."""
    found = compute(simulate(bare(channels=["email"])))
    absent = {name for name, value in found.items() if value is None}
    assert absent == {
        "signal_to_live_days", "signal_to_live_days_median", "live_within_7_days_share", "expired_signal_share",
        "opt_out_share", "bounce_share", "complaint_share", "inbox_share", "conversion_rate", "roas", "budget_use",
        "payback_months", "unmet_demand_share", "quality_risk", "cost_per_live_campaign", "second_role_share", *NEIGHBORS,
    }  # fmt: skip
    assert found["contacts_per_customer_week"] == 0
    assert found["campaigns_live"] == 0


def test_a_market_nobody_enters_has_no_acquisition_cost():
    """No first purchase on a measured day: the cost of one does not exist."""
    market = {"customers": 200, "prospects": 1}
    found = compute(simulate(bare(market=market, channels=[])))
    assert {found[name] for name in ("cac", "clv", "retention_rate", "churn_rate", "profit_per_customer")} == {None}
    assert found["revenue"] == 0


def test_days_to_live_up_to_60_need_60_days_or_an_end():
    """After 30 days with a signal still open the restricted mean is unknown; with all ended it is known."""
    cut = {"per_year": 100, "noticed_after": 0, "answered_by": "counter_offer"}
    run = simulate(bare(occasions={"cut": cut}, campaigns={"counter_offer": {}}))
    cases = run.cases[run.cases["cause"] == "occasion"].copy()
    assert len(cases) > 3
    cases["happened_day"], cases["expired_day"] = 1.0, np.nan
    cases["live_day"] = 4.0
    assert compute(replace(run, cases=cases))["signal_to_live_days"] == pytest.approx(3)
    cases.iloc[0, cases.columns.get_loc("live_day")] = np.nan
    still_open = compute(replace(run, cases=cases))
    assert still_open["signal_to_live_days"] is None
    assert still_open["signal_to_live_days_median"] == pytest.approx(3)
    assert still_open["live_within_7_days_share"] == pytest.approx(1 - 1 / len(cases))


# --- the list of measures ----------------------------------------------------------------------------------


def measures_table() -> str:
    """The table of all measures as the README shows it."""
    rows = [
        ("measure", "unit", "formula", "numerator", "denominator", "window", "better"),
        ("---",) * 7,
        *(
            (f"`{m.name}`", m.unit, m.formula, m.numerator, m.denominator, m.window, m.better or "-")
            for m in MEASURES.values()
        ),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def test_measures_are_those_a_scenario_may_ask_for():
    """Names in `outcomes`, `goals` and `checks` are the measures, in the same order."""
    assert tuple(MEASURES) == MEASURE_NAMES


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda m: m.name)
def test_every_measure_is_fully_described(measure):
    """Name, unit, title, formula, numerator, denominator and window are said; better is higher, lower or neither."""
    said = (measure.unit, measure.title, measure.formula, measure.numerator, measure.denominator, measure.window)
    assert all(text.strip() for text in said)
    assert not any("|" in text for text in said)
    assert measure.better in ("higher", "lower", "")


def test_the_readme_lists_the_measures():
    """The table in `simkit/measures/README.md` is that of the code; ``python tests/measures/test_catalog.py`` prints it."""
    assert measures_table() in README.read_text(encoding="utf-8")


if __name__ == "__main__":
    print(measures_table())
