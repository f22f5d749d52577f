"""Plain queueing models said in the scenario format agree with their closed forms.

Efforts are an hour and the clock always runs; results are in hours. Each mean is held within three standard
errors between replications.
"""

import numpy as np
import pytest
from departments import AROUND_THE_CLOCK, MONDAY, neutral, order, organized, run, step

from simkit.rng import run_key
from simkit.teams.department import Department

REPLICATIONS = 8
CASES = 2000
COOL_DOWN_DAYS = 40


def job(skill: str, hours: float = 1.0, after: tuple[str, ...] = (), **more):
    return step(skill, skill, hours, after, **{"effort": {"exponential": {"mean_hours": hours}}, **more})


def network(steps, per_hour: float, headcount, **tables):
    demand = {"per_week": per_hour * 168, "calendar": "always"}
    return neutral(headcount=headcount, work={"job": {"demand": demand, "steps": steps}}, **tables)


def mean_and_error(teams, per_hour: float, cases: int, figure, warm_up: float = 0.15):
    """Mean over replications of a figure of the cases after the warm-up, and its standard error.

    The clock runs on after the last arrival, so that the slow cases count too.
    """
    plan = organized(teams)
    days = int(cases / per_hour / 24) + 1
    means = []
    for replication in range(REPLICATIONS):
        department = Department(plan, run_key(5, replication), MONDAY, days)
        for day in range(days + COOL_DOWN_DAYS):
            department.run_day(day)
        found = department.records().cases
        found = found[(found.status == "live") & (found.arrived_day > warm_up * days)]
        means.append(figure(found).mean())
    return np.mean(means), np.std(means, ddof=1) / np.sqrt(REPLICATIONS)


def sojourn_hours(cases):
    return cases.lead_days * 24


def agrees(found, expected):
    mean, error = found
    assert error < 0.15 * expected
    assert abs(mean - expected) < 3 * error + 1e-4


@pytest.mark.parametrize(("servers", "expected"), [(1, 5.0), (2, 2.7778), (4, 1.7455)])
def test_one_pool_of_exponential_servers_is_an_mmc_queue(servers, expected):
    """M/M/c at load 0.8: mean time in system by Erlang C."""
    rate = 0.8 * servers
    teams = network([job("serve")], rate, {"serve": servers})
    agrees(mean_and_error(teams, rate, CASES, sojourn_hours), expected)


@pytest.mark.parametrize(
    ("effort", "expected_wait"),
    [({"fixed": {"hours": 1}}, 2.0), ({"lognormal": {"mean_hours": 1, "cv": 0.7071068}}, 3.0)],
)
def test_the_wait_grows_with_the_variance_of_effort(effort, expected_wait):
    """M/G/1 at load 0.8: the Pollaczek-Khinchine mean wait is 2 (1 + cv^2)."""
    teams = network([job("serve", effort=effort)], 0.8, {"serve": 1})
    agrees(mean_and_error(teams, 0.8, CASES, lambda cases: cases.part_resource_queue_days * 24), expected_wait)


def test_caught_errors_are_a_rework_loop():
    """M/M/1 at rate 0.6 redone with probability 0.2: mean time in system 1 / (mu (1 - p) - lambda) = 5."""
    teams = network([job("serve", internal_error=0.2)], 0.6, {"serve": 1})
    agrees(mean_and_error(teams, 0.6, CASES, sojourn_hours), 5.0)


def test_a_gate_that_returns_work_is_a_jackson_network():
    """Brief, build, QA at rate 0.5 with a quarter returned to build: mean time in system 8.5."""
    gate = {
        "mode": "on_demand", "approver": "skill:qa", "effort": {"exponential": {"mean_hours": 1 / 1.2}},
        "finds": 0, "reject": {"first": 0.25, "decay": 1},
    }  # fmt: skip
    steps = [job("brief"), job("build", after=("brief",)), {"id": "check", "gate": "qa", "after": ["build"]}]
    teams = network(steps, 0.5, {"brief": 1, "build": 1, "qa": 1}, gates={"qa": gate})
    agrees(mean_and_error(teams, 0.5, CASES, sojourn_hours), 8.5)


def board(reject: float):
    gate = {
        "mode": "cadence", "approver": "head", "every_days": 5, "calendar": "always", "at": 0, "effort_hours": 0,
        "finds": 0, "reject": {"first": reject, "decay": 1},
    }  # fmt: skip
    steps = [step("make", "make", 0), {"id": "decide", "gate": "board", "after": ["make"]}]
    return network(steps, 1.0, {"make": 3}, gates={"board": gate})


@pytest.mark.parametrize(("reject", "expected_days"), [(0.0, 2.5), (0.2, 3.75)])
def test_a_board_costs_half_its_cadence_and_a_whole_one_for_each_rejection(reject, expected_days):
    """Every T = 5 days: mean wait T/2, and T/2 + T r / (1 - r) when rework fits between meetings."""

    def wait_days(cases):
        """Over whole cadences, lest a part of one count more than the rest."""
        whole = (cases.arrived_day >= 20) & (cases.arrived_day < 80)
        return cases[whole].part_approval_cadence_days

    agrees(mean_and_error(board(reject), 1.0, CASES, wait_days), expected_days)


def test_demand_around_the_clock_waits_for_office_hours():
    """Mon-Fri 9-17 and arrivals at any time: the mean wait to the shift is sum gap^2 / (2 x 168) = 15.238 hours."""
    office = {"days": "Mon-Fri", "hours": [[9, 17]]}
    orders = [order(f"w{i}", "job", (i + 0.5) / 487) for i in range(487 * 7)]
    teams = neutral(
        calendars={"office": office, "always": AROUND_THE_CLOCK},
        headcount={"serve": 1},
        work={"job": {"steps": [step("serve", "serve", 0)]}},
    )
    cases = run(teams, orders, 9).records().cases
    assert (cases.part_off_shift_days.mean() * 24) == pytest.approx(15.238, abs=0.02)


@pytest.mark.parametrize(("kind", "expected"), [("urgent", 1.3333), ("patient", 6.6667)])
def test_urgent_work_overtakes(kind, expected):
    """Non-preemptive priority, M/M/1 with rates 0.4 and 0.4: mean waits 1.3333 and 6.6667 (Cobham)."""
    demand = {"per_week": 0.4 * 168, "calendar": "always"}
    work = {
        name: {"demand": {**demand, "priority": priority}, "steps": [job("serve")]}
        for name, priority in (("urgent", 1), ("patient", 9))
    }
    teams = neutral(headcount={"serve": 1}, work=work)

    def wait_hours(cases):
        return cases[cases.kind == kind].part_resource_queue_days * 24

    agrees(mean_and_error(teams, 0.8, CASES, wait_hours), expected)
