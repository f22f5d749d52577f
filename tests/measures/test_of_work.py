"""Measures of the department where theory says what they must be, and computed anew from the run's tables."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from simkit.measures.catalog import compute
from simkit.measures.responsiveness import arrival_cohorts, signal_to_live
from simkit.report.style import COST_COLORS
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

ALWAYS = {"days": "all", "hours": [[0, 24]]}
QUIET = {"campaigns": {}, "occasions": {}, "monitors": {}, "market": {"customers": 20}}
WEEKS, WARMUP_WEEKS = 6, 4


def step(name, skill, hours, after=(), **more):
    return {"id": name, "skill": skill, "after": after, "effort": hours, "internal_error": 0, **more}


def department(*steps, per_week=7, people=(("p1", "write"), ("p2", "draw")), **more):
    """Two persons around the clock, one kind of work that arrives evenly, nothing but effort takes time."""
    return {
        "calendars": {"office": ALWAYS}, "primary_share": 1, "intake": {"latency_hours": 0, "effort_hours": 0},
        "distance": [{"when": "same_company"}], "errors": {"caught": 1, "rework_share": 1},
        "people": [{"id": who, "skills": {skill: 1}, "unit": "all"} for who, skill in people],
        "structure": {"units": [{"id": "all", "lead": people[0][0]}], "assign": [{"scope": "company"}]},
        "gates": {gate: {"approver": "head"} for gate in ("board", "legal")},
        "work": {"job": {"steps": steps, "demand": {"process": "regular", "per_week": per_week, "calendar": "always"}}},
        **more,
    }  # fmt: skip


def found(teams, **more):
    """Measures of six weeks after four weeks of warm-up, without campaigns."""
    run = simulate(Scenario(**{**QUIET, **more}, teams=teams, horizon=7 * WEEKS, warmup=7 * WARMUP_WEEKS))
    return compute(run), run


def test_a_steady_flow_has_its_own_arithmetic():
    """One job a day of 6 hours here and 6 there: half a job under way (Little's law), seven a week, one hand-off each."""
    measures, _ = found(department(step("a", "write", 6), step("b", "draw", 6, ("a",))))
    assert measures["throughput_per_week"] == pytest.approx(7, abs=1 / WEEKS)
    assert measures["wip_cases"] == pytest.approx(0.5, abs=0.02)
    assert measures["wip_cases"] == pytest.approx(measures["throughput_per_week"] / 7 * 0.5, abs=0.02)
    assert measures["backlog_days"] <= 1
    assert measures["utilization_productive"] == measures["utilization"] == pytest.approx(0.25, abs=0.01)
    assert measures["flow_efficiency"] == pytest.approx(1)
    assert measures["hand_offs_per_case"] == 1
    assert measures["rework_share"] == measures["hidden_work_share"] == 0
    assert measures["quality_risk"] is None
    assert measures["cost_per_live_campaign"] is None


def test_an_overloaded_department_shows_its_backlog():
    """A job a day where two days are needed: half are open at the end, ten weeks' growth in days of its own pace."""
    measures, _ = found(department(step("a", "write", 48)))
    days = 7 * (WEEKS + WARMUP_WEEKS)
    assert measures["throughput_per_week"] == pytest.approx(3.5, abs=1 / WEEKS)
    assert measures["backlog_days"] == pytest.approx(days / 2 / 0.5, rel=0.06)
    assert measures["wip_cases"] == pytest.approx((7 * WARMUP_WEEKS + days) / 2 / 2, rel=0.06)
    assert measures["utilization_productive"] == pytest.approx(0.5, abs=0.01)  # one of two persons


def test_rework_is_the_chance_of_an_error():
    """Every error is noticed and done again in full: passes are geometric, and the share of later ones is the chance."""
    measures, run = found(department(step("a", "write", 0.5, internal_error=0.4), per_week=140))
    passes = (run.log["event"] == "complete").sum()
    assert measures["rework_share"] == pytest.approx(0.4, abs=3 * np.sqrt(0.24 / passes))
    assert measures["hidden_work_share"] == pytest.approx(measures["rework_share"])
    assert measures["utilization_productive"] < measures["utilization"]


def test_taking_over_and_waiting_for_decisions_are_hidden_work():
    """An hour of taking over to three hours of work; and then a decision that waits behind other work."""
    taking_over = [{"when": "same_person"}, {"when": "same_company", "effort_hours": 1}]
    measures, _ = found(department(step("a", "write", 1.5), step("b", "draw", 1.5, ("a",)), distance=taking_over))
    assert measures["hidden_work_share"] == pytest.approx(1 / 4, abs=0.01)
    gates = {
        "board": {"approver": "head"},
        "legal": {"mode": "on_demand", "approver": "person:p1", "effort": 1, "reject": {"first": 0}, "finds": 0},
    }
    line = (step("a", "draw", 2), {"id": "legal", "gate": "legal", "after": ["a"]}, step("c", "write", 10))
    measures, run = found(department(*line, gates=gates))
    live = run.cases[(run.cases["live_day"] >= 0)]
    waited = live["part_approver_queue_seconds"].sum()
    touch = run.persons["touch"].sum()
    assert waited > 0
    assert measures["hidden_work_share"] == pytest.approx(waited / (waited + touch))


@pytest.fixture(scope="module")
def shipped():
    """The shipped department under the shipped campaigns."""
    return simulate(Scenario(horizon=60, warmup=30, market={"customers": 60}))


def test_the_shipped_department_by_hand(shipped):
    """Each figure again, in plain loops over the tables and the log."""
    measures, horizon = compute(shipped), 60
    people = shipped.persons.to_dict("records")
    assert measures["utilization_productive"] == pytest.approx(
        sum(p["touch"] for p in people) / sum(p["paid_seconds"] for p in people)
    )
    assert measures["rework_share"] == pytest.approx(
        sum(p["rework"] for p in people) / sum(p["rework"] + p["touch"] for p in people)
    )
    cases = shipped.cases.to_dict("records")
    done = [case for case in cases if 0 <= case["live_day"] < horizon]
    assert measures["throughput_per_week"] == pytest.approx(len(done) * 7 / horizon)
    grid = np.linspace(0, horizon, 20_001)[:-1]
    inside = np.zeros(len(grid))
    for case in cases:
        end = np.nanmin([case["live_day"], case["expired_day"], np.inf])
        inside += (grid >= case["arrived_day"]) & (grid < end)
    assert measures["wip_cases"] == pytest.approx(inside.mean(), rel=1e-3)
    assert measures["backlog_days"] == pytest.approx(inside[-1] / (len(done) / horizon), rel=0.1)
    begun = shipped.log[(shipped.log["event"] == "start") & (shipped.log["case"] != "")]
    changes = Counter()
    last = {}
    for case, person in zip(begun["case"], begun["person"], strict=True):
        changes[case] += case in last and last[case] != person
        last[case] = person
    assert measures["hand_offs_per_case"] == pytest.approx(sum(changes[case["name"]] for case in done) / len(done))
    launched = [case["quality"] for case in done if isinstance(case["campaign"], str)]
    assert 0 < measures["quality_risk"] == pytest.approx(1 - np.mean(launched))
    live = sum(0 <= day < horizon for day in shipped.launches["day"])
    assert measures["cost_per_live_campaign"] == pytest.approx(shipped.sums["team_cost"] / live)


# --- what the department costs -----------------------------------------------------------------------------


def everything_paid():
    """The shipped work on a small market by few people who stay late, leave and have an agency beside them; a change of
    structure, a service desk and a sales team are paid, too."""
    agency = {"skills": ["copy", "design"], "limit": "unlimited"}
    return Scenario(
        market={"customers": 60}, horizon=28, warmup=28, leads={}, sales={"people": 1}, service={"agents": 1},
        work={"campaigns_per_week": 12},
        teams={
            "headcount": {"strategy": 2, "copy": 2, "design": 3, "build": 2, "data": 1, "crm": 1}, "learning": {},
            "structure": {"preset": "hybrid", "core": "hierarchy", "when": "queue_days > 0", "agency": agency},
            "desk": {"end_of_shift": "finish", "overtime_limit_hours": 3}, "turnover": {"leaving_per_year": 4},
            "transition": {"one_off_cost": 5_000},
        },
    )  # fmt: skip


def test_whatever_is_paid_is_in_profit_and_on_the_page():
    """Every column of cost by day, overtime at its rate among them, is taken from profit once and known to the pictures;
    a campaign's cost is all that is paid for the department, as the marketing cost of a new customer and the budget have it."""
    run = simulate(everything_paid())
    days, persons, measures = run.measured, run.persons, compute(run)
    costs = [name for name in COST_COLORS if name in days]
    assert all(days[name].abs().sum() > 0 for name in costs[3:])
    assert set(costs) == set(COST_COLORS)
    assert set(costs) >= {name for name in days if name.endswith("_cost")}
    earned = days["revenue"] + days["tenure_margin"] + days["second_role_income"]
    assert (earned - days[costs].sum(axis=1)).to_numpy() == pytest.approx(days["profit"].to_numpy())
    overtime = (persons["overtime_seconds"] / 3600 * persons["hourly_cost"])[persons["employer"] == "own"]
    assert days["overtime_cost"].sum() == pytest.approx(overtime.sum())
    paid = days[["team_cost", "overtime_cost", "turnover_cost", "agency_cost"]].sum().sum()
    live = measures["campaigns_live"] * 28 / 365
    assert measures["cost_per_live_campaign"] == pytest.approx(paid / live)
    others = days[["contact_cost", "media_cost", "technology_cost", "transition_cost", "sales_cost"]].sum().sum()
    assert measures["cac"] * run.sums["new_customers"] == pytest.approx(paid + others)


def test_a_counterfactual_pays_the_same_overtime():
    """A department done again as it was costs as much on every day."""
    run = simulate(everything_paid())
    again = simulate(everything_paid(), script=run.script)
    assert again.daily["overtime_cost"].tolist() == run.daily["overtime_cost"].tolist()


# --- responsiveness by arrival -----------------------------------------------------------------------------


def test_cohorts_add_up(shipped):
    """Every piece of work of the measured days is in one week of arrival, and live, expired or unfinished."""
    table, cases = shipped.responsiveness, shipped.cases
    day = cases["happened_day"].fillna(cases["arrived_day"])
    assert table["arrived"].sum() == ((day >= 0) & (day < 60)).sum()
    assert (table[["live", "expired", "unfinished"]].sum(axis=1) == table["arrived"]).all()
    assert table["unfinished"].sum() > 0
    one = table[(table["cohort"] == "2026-01-12") & (table["cause"] == "planned")].iloc[0]
    start = (np.datetime64("2026-01-12") - np.datetime64(shipped.scenario.start)).astype(int)
    mine = cases[(day >= start) & (day < start + 7) & (cases["cause"] == "planned")]
    assert one["arrived"] == len(mine)
    if not mine["live_day"].isna().any():
        assert one["days_to_live"] == pytest.approx((mine["live_day"] - mine["arrived_day"]).mean())


@pytest.mark.parametrize(("days", "name"), [(100, "2026-02-23"), (300, "2026-03"), (900, "2026-Q1")])
def test_cohorts_are_weeks_months_or_quarters(shipped, days, name):
    """By the length of the horizon; day 60 of a start on 4 January 2026 is 5 March."""
    cases = shipped.cases.head(1).assign(happened_day=56.0 if days == 100 else 60.0, live_day=70.0)
    (row,) = arrival_cohorts(cases, Scenario(horizon=days, start="2026-01-04")).to_dict("records")
    assert (row["cohort"], row["live"]) == (name, 1)


def test_an_overloaded_structure_is_reported_as_slow_although_few_of_its_cases_finished():
    """Only what the free half of it answers is ever live, within a day: the others expire or are open. The steady
    structure takes four days for each. By finished cases alone the overloaded one would look faster."""

    def answers(half, latency_hours):
        seats = (("p1", "left", 1), ("p2", "right", half))
        teams = department() | {
            "people": [{"id": who, "unit": unit, "skills": {"write": level}} for who, unit, level in seats],
            "work": {"answer": {"steps": [step("write", "write", 10)]}},
            "structure": {
                "units": [{"id": "top", "lead": "p1"}, *({"id": unit, "parent": "top", "serves": [serves]} for unit, serves in (("left", "a"), ("right", "b")))],
                "assign": [{"scope": "home"}],
            },
            "intake": {"latency_hours": latency_hours, "effort_hours": 0},
            "gates": {gate: {"approver": "person:p1"} for gate in ("board", "legal")},
        }  # fmt: skip
        cut = {"per_year": 180, "noticed_after": 0, "expires_days": 50, "answered_by": "counter", "segments": "each"}
        scenario = Scenario(
            market={"customers": 20, "segments": {"a": {"share": 0.5}, "b": {"share": 0.5}}}, monitors={}, horizon=120, warmup=0,
            campaigns={"counter": {"work": "answer"}}, occasions={"cut": cut}, teams=teams,
        )  # fmt: skip
        return simulate(scenario)

    overloaded, steady = answers(0.011, 0), answers(1, 96)
    naive = [(run.cases["live_day"] - run.cases["happened_day"]).mean() for run in (overloaded, steady)]
    slow, fast = (compute(run)["signal_to_live_days"] for run in (overloaded, steady))
    assert naive[0] < naive[1]
    assert slow > 4 * fast
    assert compute(overloaded)["live_within_7_days_share"] < 0.75
    assert compute(overloaded)["expired_signal_share"] > 0.25
    assert signal_to_live(steady).restricted_mean(60) == pytest.approx(naive[1], rel=0.05)
    cohorts = overloaded.responsiveness
    assert (cohorts["unfinished"].sum(), cohorts["expired"].sum()) > (0, 0)
    followed = cohorts[cohorts["days_to_live"].notna()]
    assert len(followed) >= 2
    assert (followed["days_to_live"] > 2 * fast).all()


def test_turnover_vacancy_and_morale_are_those_of_the_seats():
    """Counted anew from the work log and the table of persons; absent where nobody leaves and nothing is worn."""
    told = department(step("a", "write", 30), per_week=7, learning={}, turnover={"leaving_per_year": 6}, morale={})
    measures, run = found(told)
    log = run.log[run.log.time >= 7 * WARMUP_WEEKS * 86_400]
    assert measures["turnover_rate"] == pytest.approx((log.event == "left").sum() / 2 / (7 * WEEKS / 365))
    assert measures["turnover_rate"] > 0
    assert measures["vacancy_share"] == pytest.approx(run.persons.vacant_seconds.sum() / (2 * 7 * WEEKS * 86_400))
    assert 0 < measures["vacancy_share"] < 1
    assert 0 < measures["morale"] < 1
    paid = run.measured[["team_cost", "turnover_cost"]].sum().sum()
    wages = (run.persons.paid_seconds / 3600 * run.persons.hourly_cost).sum()
    assert paid == pytest.approx(wages + (log.event == "hired").sum() * 4129)
    without, _ = found(department(step("a", "write", 30)))
    assert [without[name] for name in ("turnover_rate", "vacancy_share", "morale")] == [None] * 3
