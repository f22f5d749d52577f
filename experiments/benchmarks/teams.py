"""How fast is the department? A year of the shipped one, and a plain queue beside bare SimPy.

Correctness first: the parts of every lead time and of everybody's time must add up before anything is timed.
Run with ``python experiments/benchmarks/teams.py``; figures are CPU seconds, the least of some repeats.
"""

from __future__ import annotations

import datetime
import gc
import importlib.util
import math
import random
import time
from collections.abc import Callable
from typing import Any

import simpy

from simkit.experiment.executors.worker import SELDOM
from simkit.records import WorkOrder
from simkit.rng import crc, run_key
from simkit.scenario.organization import Organization, Teams
from simkit.scenario.retail_department import REQUESTS_PER_WEEK
from simkit.scenario.structures import organization
from simkit.teams.department import Department
from simkit.teams.department_records import DepartmentRecords
from simkit.teams.work import PARTS

START = datetime.date(2026, 1, 5)
DAYS = 365
REPEATS = 5
WEEKLY = {"email_campaign": 6, "sms_push_campaign": 3, "paid_social_campaign": 3, "reactive_campaign": 2}
CROWDED = 1.86
"""Times the shipped campaigns at which a year has about 1,500 cases: more than the department can finish."""
SEGMENTS = ("a", "b", "c")
SERVERS, LOAD, JOBS = 4, 0.8, 20_000
QUEUE = {
    "headcount": {"serve": SERVERS},
    "calendars": {"office": {"days": "all", "hours": [[0, 24]]}},
    "primary_share": 1,
    "intake": {"latency_hours": 0, "effort_hours": 0},
    "distance": [{"when": "same_company"}],
    "work": {
        "job": {
            "demand": {"per_week": LOAD * SERVERS * 168, "calendar": "always"},
            "steps": [
                {"id": "serve", "skill": "serve", "effort": {"exponential": {"mean_hours": 1}}, "internal_error": 0}
            ],
        }
    },
}


def year_of_orders(times: float = 1.0) -> list[WorkOrder]:
    """The shipped work load, or so many times as much: 14 campaigns a week, evenly spread."""
    return [
        WorkOrder(
            key=crc(f"{kind}-{n}"),
            name=f"{kind}-{n}",
            kind=kind,
            arrives_day=n * 7 / (per_week * times),
            segment=SEGMENTS[n % 3],
            campaign=kind,
        )
        for kind, per_week in WEEKLY.items()
        for n in range(int(DAYS * per_week * times / 7))
    ]


def simulate(plan: Organization, orders: list[WorkOrder], days: int) -> DepartmentRecords:
    """A department from its first day to its tables."""
    department = Department(plan, run_key(1, 0), START, days)
    department.submit(orders)
    for day in range(days):
        department.run_day(day)
    return department.records()


def check(records: DepartmentRecords) -> None:
    """Raise AssertionError unless every lead time and everybody's time add up exactly."""
    live = records.cases[records.cases.status == "live"]
    parts = live[[f"part_{part}_seconds" for part in PARTS]].sum(axis=1)
    assert (parts == live.lead_seconds).all(), "lead times do not add up"
    spent = records.persons[["touch", "rework", "coordination", "approval", "other_duties", "idle"]].sum(axis=1)
    assert (spent == records.persons.paid_seconds).all(), "people's time does not add up"


def bare_simpy() -> int:
    """The M/M/c queue as SimPy's own examples would write it, with a log; returns its rows."""
    env = simpy.Environment()
    servers = simpy.Resource(env, SERVERS)
    rng = random.Random(1)
    log: list[tuple[int, str, float]] = []

    def job(number: int) -> Any:
        log.append((number, "arrive", env.now))
        with servers.request() as request:
            yield request
            log.append((number, "start", env.now))
            yield env.timeout(rng.expovariate(1.0))
            log.append((number, "complete", env.now))

    def source() -> Any:
        for number in range(JOBS):
            yield env.timeout(rng.expovariate(LOAD * SERVERS))
            env.process(job(number))

    env.process(source())
    env.run()
    return len(log)


def nagasim_seconds() -> float:
    """CPU seconds of the engine `nagasim` (PyPI) for the same queue; infinite where it is not installed."""
    if importlib.util.find_spec("nagasim") is None:
        return math.inf
    from nagasim import build

    model = build.Model(time_limit=JOBS / (LOAD * SERVERS), replications=1)
    model.add_resource(name="Server", capacity=SERVERS)
    source = model.create(distribution=build.Exponential(rate=LOAD * SERVERS))
    server = model.process(resource_name="Server", distribution=build.Exponential(rate=1.0))
    source >> server >> model.dispose()
    return least_seconds(model.run)[0]


def crowd(people: int, open_cases: int) -> tuple[float, int]:
    """CPU seconds and log rows of so many people, of two crafts, who work off so many cases that are there at once."""
    steps = [
        {"id": craft, "skill": craft, "after": after, "effort": {"exponential": {"mean_hours": 1}}, "internal_error": 0}
        for craft, after in (("first", []), ("second", ["first"]))
    ]
    told = {**QUEUE, "headcount": {"first": people // 2, "second": people // 2}, "work": {"job": {"steps": steps}}}
    plan = organization(Teams.model_validate(told), ())
    orders = [WorkOrder(key=n, name=f"job-{n}", kind="job", arrives_day=0.0) for n in range(open_cases)]
    days = 3 * open_cases // people // 24 + 5
    begin = time.process_time()
    records = simulate(plan, orders, days)
    seconds = time.process_time() - begin
    assert (records.cases.status == "live").all(), "not all is done"
    return seconds, len(records.written)


def least_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of the fastest of some repeats, and what the last one returned."""
    seconds, result = [], None
    for _ in range(REPEATS):
        begin = time.process_time()
        result = work()
        seconds.append(time.process_time() - begin)
    return min(seconds), result


def year(structure: str, orders: list[WorkOrder]) -> None:
    """Check and time a year of the shipped department under a structure, and print it."""
    plan = organization(Teams.model_validate({"structure": structure}), SEGMENTS)
    check(simulate(plan, orders, DAYS))
    seconds, records = least_seconds(lambda: simulate(plan, orders, DAYS))
    rows, live = len(records.written), (records.cases.status == "live").sum()
    print(
        f"  {structure:13} {seconds:5.2f} s, {len(plan.people)} people, {len(records.cases):,} cases, "
        f"{live} of them live, {rows:,} log rows, {rows / seconds:,.0f} rows/s"
    )


def main() -> None:
    """Check, time, and print ratios; all engines under the setting of Python's memory that `simkit run` has."""
    gc.set_threshold(*SELDOM)
    for times in (1.0, CROWDED):
        orders = year_of_orders(times)
        print(f"A year of {len(orders) / DAYS * 7:.0f} campaigns and {REQUESTS_PER_WEEK.value:g} requests a week:")
        for structure in ("hierarchy", "pods", "hub-and-spoke"):
            year(structure, orders)
    queue = organization(Teams.model_validate(QUEUE), ())
    days = int(JOBS / (LOAD * SERVERS * 24)) + 1
    check(simulate(queue, [], days))
    own_seconds, records = least_seconds(lambda: simulate(queue, [], days))
    own_rate = len(records.written) / own_seconds
    bare_seconds, rows = least_seconds(bare_simpy)
    bare_rate = rows / bare_seconds
    print(f"M/M/{SERVERS}, simkit: {own_rate:,.0f} rows/s ({len(records.cases) / own_seconds:,.0f} cases/s)")
    print(f"M/M/{SERVERS}, SimPy:  {bare_rate:,.0f} rows/s ({JOBS / bare_seconds:,.0f} cases/s)")
    print(
        f"ratio of log rows per second {own_rate / bare_rate:.2f}, of cases per second "
        f"{len(records.cases) / own_seconds / (JOBS / bare_seconds):.2f}"
    )
    naga = JOBS / nagasim_seconds()
    print(f"M/M/{SERVERS}, nagasim: {f'{naga:,.0f} cases/s' if naga else 'not installed'}")
    few, many = (
        min(seconds / rows for seconds, rows in (crowd(*size) for _ in range(2)))
        for size in ((20, 1000), (200, 10_000))
    )
    print(
        f"20 people, 1,000 open cases: {few * 1e6:.1f} us a log row; 200 people, 10,000 open cases: "
        f"{many * 1e6:.1f} us, {many / few:.2f} times as much"
    )


if __name__ == "__main__":
    main()
