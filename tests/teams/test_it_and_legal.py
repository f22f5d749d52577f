"""IT as a release train and legal as an approver on demand are ordinary gates, demand and priorities."""

from pathlib import Path

import numpy as np
import pytest
from departments import MONDAY, neutral, order, organized, run, step

from simkit.rng import run_key
from simkit.scenario.load import load
from simkit.scenario.workload import load_report
from simkit.teams.department import Department

FILE = Path(__file__).parents[2] / "scenarios" / "it_and_legal.yaml"


REPLICATIONS, CASES, COOL_DOWN_DAYS = 8, 2000, 40


def job(skill: str, hours: float = 1.0, after: tuple[str, ...] = (), **more):
    return step(skill, skill, hours, after, **{"effort": {"exponential": {"mean_hours": hours}}, **more})


def mean_and_error(teams, per_hour: float, cases: int, figure, warm_up: float = 0.15):
    """Mean over replications of a figure of the cases after the warm-up, and its standard error."""
    return mean_of(measured(teams, per_hour, cases, warm_up), figure)


def mean_of(samples, figure):
    """The same of replications that were already run."""
    means = [figure(found).mean() for found in samples]
    return np.mean(means), np.std(means, ddof=1) / np.sqrt(len(means))


def measured(teams, per_hour: float, cases: int, warm_up: float = 0.15):
    """The cases after the warm-up, by replication; the clock runs on after the last arrival, so the slow ones count."""
    plan = organized(teams)
    days = int(cases / per_hour / 24) + 1
    samples = []
    for replication in range(REPLICATIONS):
        department = Department(plan, run_key(5, replication), MONDAY, days)
        for day in range(days + COOL_DOWN_DAYS):
            department.run_day(day)
        found = department.records().cases
        samples.append(found[(found.status == "live") & (found.arrived_day > warm_up * days)])
    return samples


def agrees(found, expected):
    mean, error = found
    assert error < 0.15 * expected
    assert abs(mean - expected) < 3 * error + 1e-4


def train(capacity: int, other_per_week: float):
    """Every seven days at midnight; IT's own work is made at once and goes first."""
    gate = {
        "mode": "cadence", "approver": "skill:it", "every_days": 7, "calendar": "always", "at": 0, "effort_hours": 0,
        "finds": 0, "reject": {"first": 0}, "capacity": capacity,
    }  # fmt: skip
    ours = [step("make", "copy", 0), {"id": "release", "gate": "train", "after": ["make"], "return_to": "make"}]
    theirs = [
        step("develop", "it", 0),
        {"id": "release", "gate": "train", "after": ["develop"], "return_to": "develop"},
    ]
    demand = {"process": "regular", "per_week": other_per_week, "calendar": "always", "priority": 1}
    work = {"campaign": {"steps": ours}, "other": {"steps": theirs, "demand": demand}}
    return neutral(headcount={"copy": 3, "it": 3}, gates={"train": gate}, work=work)


def released(teams, count: int, days: int):
    """Cases by kind; all campaigns are there on the first day."""
    cases = run(teams, [order(f"c{i}", "campaign", 0.1 + i / 1000) for i in range(count)], days).records().cases
    return {kind: cases[cases.kind == kind] for kind in ("campaign", "other")}


def test_what_needs_it_goes_live_when_a_train_leaves():
    """Every release is at a departure, seven days apart."""
    found = released(train(5, 2), 20, 100)
    departures = np.unique(np.concatenate([found[kind]["live_day"].dropna() for kind in found]))
    assert np.allclose(np.diff(departures), 7)


@pytest.mark.parametrize(("other_per_week", "left"), [(1, 4), (3, 2), (5, 0)])
def test_marketing_gets_the_seats_that_it_leaves(other_per_week, left):
    """Five seats a train and IT's own work first: 5 less what IT fills, and none when IT fills all."""
    found = released(train(5, other_per_week), 20, 60)
    by_train = found["campaign"]["live_day"].value_counts()
    # the first train leaves before a week of IT's own work has come
    later = by_train[by_train.index > 8]
    assert later.max() == left if left else later.empty
    theirs = found["other"]
    assert theirs[theirs["arrived_day"] < 50]["live_day"].notna().all()


@pytest.mark.parametrize("kind", ["it", "function"])
def test_waiting_for_it_is_a_part_of_its_own(kind):
    """Two pieces at nine: an hour of ann's each, two of ian's, the train at four. What the second waits for ian and both for
    the train is IT's, where ian's unit is IT; otherwise it is a queue and a cadence, to the second."""
    train = {"mode": "cadence", "approver": "skill:code", "every_days": 1, "at": 16, "effort_hours": 0, "finds": 0,
             "reject": {"first": 0}}  # fmt: skip
    steps = [step("write", "copy", 1), step("integrate", "code", 2, ("write",)),
             {"id": "release", "gate": "train", "after": ["integrate"]}]  # fmt: skip
    teams = neutral(
        people=[{"id": "ann", "skills": {"copy": 1}, "unit": "top"}, {"id": "ian", "skills": {"code": 1}, "unit": "desk"}],
        structure={"units": [{"id": "top", "lead": "ann"}, {"id": "systems", "parent": "top", "kind": kind},
                             {"id": "desk", "parent": "systems"}]},
        gates={"train": train}, work={"job": {"steps": steps}},
    )  # fmt: skip
    cases = run(teams, [order(name, "job", 0.375) for name in "ab"], 5).records().cases
    hours = [(cases[f"part_{part}_seconds"] / 3600).tolist() for part in ("it", "resource_queue", "approval_cadence")]
    assert hours == ([[4, 1 + 2], [0, 1], [0, 0]] if kind == "it" else [[0, 0], [0, 1 + 1], [4, 2]])


def test_campaigns_wait_for_the_lawyer_behind_contracts():
    """One lawyer, rates 0.3 and 0.3, contracts first: waits 0.6 / 0.7 and 0.6 / (0.7 x 0.4) of a service (Cobham), the
    review being a gate on demand."""
    gate = {
        "mode": "on_demand", "approver": "skill:legal", "effort": {"exponential": {"mean_hours": 1}}, "finds": 0,
        "reject": {"first": 0},
    }  # fmt: skip
    demand = {"per_week": 0.3 * 168, "calendar": "always"}
    teams = neutral(
        headcount={"legal": 1, "copy": 50},
        gates={"review": gate},
        work={
            "contract": {"demand": {**demand, "priority": 1}, "steps": [job("legal")]},
            "campaign": {"demand": {**demand, "priority": 9},
                         "steps": [step("make", "copy", 0), {"id": "review", "gate": "review", "after": ["make"]}]},
        },
    )  # fmt: skip

    samples = measured(teams, 0.6, CASES)
    for kind, part, expected in (
        ("contract", "part_resource_queue_days", 0.8571), ("campaign", "part_approver_queue_days", 2.1429),
    ):  # fmt: skip
        agrees(mean_of([cases.loc[cases.kind == kind, part] * 24 for cases in samples], lambda waits: waits), expected)


def test_the_ready_scenario_has_room_for_everybody():
    """No craft is overloaded in any alternative, and IT and legal cost marketing nothing."""
    study = load(FILE)
    assert study.warnings == []
    for scenario in study.alternatives.values():
        department = organized(scenario.teams.model_dump(exclude_none=True), tuple(scenario.market.segments))
        busy = load_report(department, scenario.orders_per_week())
        assert 0.05 < busy["it"] < 0.9
        assert 0.05 < busy["legal"] < 0.9
        assert all(p.hourly_cost == 0 for p in department.people if p.craft in ("it", "legal"))
