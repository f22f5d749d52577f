"""The budget while the days pass: it binds, it moves, and next year's follows what could be shown."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from simkit.coupling.budget import DaySpent, Spending
from simkit.coupling.department_only import department_run
from simkit.customers.mesa_market import MarketModel
from simkit.scenario.organization import Teams
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.schema import Scenario
from simkit.scenario.structures import organization
from simkit.simulation import simulate

WARMUP, HORIZON = 30, 50
START = date(2026, 1, 4)
TEAM = 2_986_743.0
COSTS = ("contact_cost", "media_cost", "team_cost", "technology_cost")


def scenario(**changes):
    """Everything that ships, for few persons who each stand for many."""
    given = {"market": {"customers": 200, "represents": 4000}, "horizon": HORIZON, "warmup": WARMUP, "start": START}
    return Scenario(**{**given, **changes})


def spent(run, *names):
    return sum(run.sums[name] for name in names)


@pytest.fixture(scope="module")
def unlimited():
    return simulate(scenario())


def test_a_budget_above_all_cost_changes_nothing(unlimited):
    """Every figure of every day is the same to the bit, and so is everyone."""
    rich = simulate(scenario(budget="500m per year"))
    assert rich.daily.drop(columns="budget").equals(unlimited.daily)
    assert np.array_equal(rich.customers, unlimited.customers)


def test_a_budget_binds(unlimited):
    """Cost of the whole run stays within it, but for one day's messages; media are cut before messages are."""
    run = simulate(scenario(budget="3.5m per year"))
    total = run.daily[list(COSTS)].to_numpy().sum()
    most_a_day = run.daily["contact_cost"].max()
    assert total <= run.daily["budget"].sum() + most_a_day
    assert total > 0.97 * run.daily["budget"].sum()
    assert unlimited.daily[list(COSTS)].to_numpy().sum() > 1.05 * total
    assert spent(run, "media_cost") < 0.8 * spent(unlimited, "media_cost")
    assert spent(run, "contact_cost") > 0.9 * spent(unlimited, "contact_cost")
    assert (run.daily["cost_paid_social"] <= unlimited.daily["cost_paid_social"]).all()


def test_overtime_is_paid_from_the_budget():
    """With people who stay late, cost with their overtime stays within it, but for one day's messages."""
    late = {"desk": {"end_of_shift": "finish", "overtime_limit_hours": 3}}
    run = simulate(scenario(budget="3.7m per year", teams=late))
    most_a_day = run.daily["contact_cost"].max()
    assert spent(run, "overtime_cost") > 5 * most_a_day
    total = run.daily[[*COSTS, "overtime_cost"]].to_numpy().sum()
    assert 0.97 * run.daily["budget"].sum() < total <= run.daily["budget"].sum() + most_a_day


def test_people_who_cost_more_than_the_budget_leave_nothing():
    """No paid message and no paid impression goes out, and the run says why."""
    run = simulate(scenario(budget="2m per year"))
    assert spent(run, "contact_cost", "cost_paid_social", "cost_search") == 0
    assert spent(run, "team_cost") == pytest.approx(TEAM * HORIZON / 365, rel=1e-3)
    assert [note for note in run.warnings if "cost more than the budget" in note]


def test_a_share_of_revenue_is_that_of_the_days_before():
    """From the first measured day on: the share times the mean revenue of the warm-up's days."""
    run = simulate(scenario(budget="30% of revenue"))
    warmup = run.daily[run.daily["day"] < 0]
    assert run.measured["budget"].to_numpy() == pytest.approx(0.3 * warmup["revenue"].mean())
    assert np.isnan(run.daily["budget"].iloc[:28]).all()
    assert run.daily["budget"].iloc[28] == pytest.approx(0.3 * run.daily["revenue"].iloc[:28].mean())


def test_money_moves_on_its_date(unlimited):
    """Paid social loses 30 % from that day on and search may spend as much more; before it nothing differs."""
    move = {"on": START + timedelta(days=20), "channel": "paid_social", "change": "-30%", "to": "search"}
    run = simulate(scenario(budget={"changes": [move]}))
    before, after = run.daily["day"] < 20, run.daily["day"] >= 20
    assert run.daily[before].equals(unlimited.daily[before])
    was, now = (one.daily["cost_paid_social"][after].to_numpy() for one in (unlimited, run))
    assert now == pytest.approx(0.7 * was)
    assert was.sum() > 0


# --- day by day, with days of our own ------------------------------------------------------------------------


def spending(fixed=1000.0, **changes):
    """The budget of a market in which nothing happens but what a test says."""
    nothing = {"campaigns": {}, "occasions": {}, "monitors": {}}
    one = scenario(**{"warmup": 30, "horizon": 800, **nothing, **changes, "market": {"customers": 60}})
    return Spending(one, MarketModel(scenario=one), fixed)


def live(money, days, revenue=0.0, earned=0.0, messages=0.0, figures=((0, 1000), (10, 100))):
    """So many days with the same money each."""
    for _ in range(days):
        day = len(money.history)
        money.open_day(day)
        cost = dict.fromkeys(money.scenario.channels, 0.0) | {"email": messages}
        gained = dict.fromkeys(money.scenario.channels, 0.0) | {"email": earned}
        read = dict(zip(("churn_rate", "conversion_rate"), figures, strict=True))
        money.close_day(day, DaySpent(revenue, cost, gained, read))


def media(money):
    return money.market.tables.media.per_week


def test_media_get_what_people_and_messages_leave():
    """1,500 a day, 1,000 for people, messages at 200 a day: media get 300 a day, cut evenly."""
    money = spending(budget={"per_year": 1500 * DAYS_PER_YEAR}, channels=["email", "paid_social", "search"])
    for day in range(60):
        money.open_day(day)
        asked = sum(media(money).values()) / 7
        cost = {"email": 200.0, "paid_social": media(money)["paid_social"] / 7, "search": media(money)["search"] / 7}
        money.close_day(day, DaySpent(0, cost, dict.fromkeys(cost, 0.0), {}))
    assert asked == pytest.approx(300)
    assert media(money)["paid_social"] / media(money)["search"] == pytest.approx(12_000 / 8_000)
    assert money.market.tables.unpaid == frozenset()


def test_messages_wait_while_the_purse_is_empty():
    """100 a day are left and a day's messages cost 250: they go on two days of five."""
    money, went = spending(budget={"per_year": 1100 * DAYS_PER_YEAR}), []
    for day in range(30, 130):
        money.open_day(day)
        went.append("email" not in money.market.tables.unpaid)
        cost = dict.fromkeys(money.scenario.channels, 0.0) | {"email": 250.0 * went[-1]}
        money.close_day(day, DaySpent(0, cost, dict.fromkeys(cost, 0.0), {}))
    assert sum(went) == pytest.approx(40, abs=1)
    assert media(money)["paid_social"] < 100 * 7


def test_a_rule_moves_money_when_its_figure_falls():
    """Conversion halves; the next reading takes a fifth from paid social, once within its quiet days."""
    rule = {"figure": "conversion_rate", "worsens_by": 0.2, "window_days": 14, "baseline_days": 28, "quiet_days": 60}
    move = {"when": rule, "channel": "paid_social", "change": "x0.8"}
    money = spending(budget={"changes": [move]})
    live(money, 60, figures=((0, 1000), (100, 1000)))
    assert media(money)["paid_social"] == 12_000
    live(money, 30, figures=((0, 1000), (50, 1000)))
    assert media(money)["paid_social"] == pytest.approx(0.8 * 12_000)


@pytest.mark.parametrize(
    ("proof", "earned", "factor"),
    [
        ("not_asked", 0, 1.0),
        ("none", 100_000, 1 - 0.154),
        ("last_touch", 0, 1 - 0.2),  # no margin shown: return -1
        ("last_touch", 1000 / 0.35, 1.0),  # margin shown equals cost
        ("last_touch", 1500 / 0.35, 1.1),  # half as much again
        ("last_touch", 100_000, 1.25),  # at most
    ],
)
def test_next_year_follows_what_could_be_shown(proof, earned, factor):
    """1 + trust x (margin shown / cost - 1), bounded; two years later twice over."""
    money = spending(budget={"per_year": 365_000, "proof": proof})
    live(money, 30 + DAYS_PER_YEAR, earned=earned)
    assert money.per_day == 1000
    live(money, 1, earned=earned)
    assert money.per_day == pytest.approx(1000 * factor)
    live(money, DAYS_PER_YEAR, earned=earned)
    assert money.per_day == pytest.approx(1000 * factor * factor)


def test_a_holdout_shows_what_the_others_bought_more():
    """Everyone outside the control group earned us 50 more this year; that is what messages can be shown to add."""
    policy = {"control_group": 0.3}
    money = spending(budget={"per_year": 365_000, "proof": "holdout", "trust": 0.1}, contact_policy=policy)
    live(money, 30 + DAYS_PER_YEAR, earned=1e6)
    people = money.market.people
    others = [one for one in people if one.bucket >= 3000]
    assert 0 < len(others) < len(people)
    for one in people:
        one.revenue += (70 if one.bucket >= 3000 else 20) * 10_000
    live(money, 1)
    shown = 0.35 * 50 * len(others) * money.scenario.market.represents
    assert money.per_day == pytest.approx(1000 * (1 + 0.1 * (shown / 365_000 - 1)))


def test_the_departments_own_budget_binds_its_agency():
    """With nothing left beyond the minimum, agencies bill less than with money enough, work waits for the firm's own, and the run
    says so; the same department alone does the same."""
    hybrid = {"structure": {"preset": "hybrid", "when": "queue_days > 0", "agency": {"minimum_per_month": 0}}}
    tiny = {"market": {"customers": 30}, "horizon": 40, "warmup": 7, "monitors": {}, "work": {"campaigns_per_week": 12}}
    found = {}
    plan = organization(Teams(**hybrid), [])
    least = plan.payroll_per_day * 365 + 250_000
    for limit in (least + 10_000, least + 10_000_000):
        scenario = Scenario(**tiny, teams=hybrid, budget={"department_per_year": limit})
        run = simulate(scenario, engine="mesa")
        daily = run.daily[run.daily.day >= 0]
        said = any("left nothing for agencies" in note for note in run.warnings)
        found[limit] = (float(daily.agency_cost.sum()), float(run.cases.lead_days.mean()), said)
        alone = department_run(scenario, organization(scenario.teams, list(scenario.market.segments))).cases
        assert alone.lead_days.mean() == run.cases.lead_days.mean()
    (short, slow, told), (enough, fast, silent) = found.values()
    assert told
    assert not silent
    assert short < 0.25 * enough
    assert slow > fast
