"""Does the department reproduce the textbook? Queues with closed forms, said in the scenario format.

Every case goes through the ordinary dispatcher: a `teams` section in which nothing but effort takes time. An hour
is the unit of service time, and a clock that never stops the calendar, unless the case is about calendars.
The full protocol is that of the table in `simkit/teams/README.md`: 30 replications of 20,000 cases after 2,000 of
warm-up, every row with luck of its own. Without it each kind of queue has a shorter protocol, the same for all its
rows. Run all, or only some of them, by other protocols if need be:

    python experiments/benchmarks/queues.py --full --workers 2
    python experiments/benchmarks/queues.py --only M/M/c --only pooling --replications 8

It prints a Markdown table and ends with 1 if a mean is further than three standard errors from its closed form.
The tests run the same cases with fewer arrivals (tests/teams/test_queueing_theory.py).
"""

from __future__ import annotations

import argparse
import datetime
import gc
import math
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from simkit.records import WorkOrder
from simkit.rng import crc, run_key
from simkit.scenario.organization import Teams
from simkit.scenario.structures import organization
from simkit.teams.department import Department

START = datetime.date(2026, 1, 5)
COOL_DOWN_DAYS = 100
SECOND_HOURS = 1 / 3600
Table = dict[str, Any]


@dataclass(frozen=True)
class Protocol:
    """How much is simulated."""

    replications: int = 30
    warm_up: int = 500
    cases: int = 2000
    seed: int = 5


FULL = Protocol(warm_up=2000, cases=20_000, seed=100)
"""The protocol of the published table. Its seed is that of the first row, and each row has the next one, so that the
rows do not err together; none of these runs had been looked at when the seed was chosen."""
STATION = Protocol()
"""One station at load 0.8, or few: what was there at the start is forgotten after some hundred cases."""
VARIED = Protocol(cases=5000)
"""One server and efforts that vary: long ones are rare, and their mean takes many cases."""
LINE = Protocol(warm_up=1500, cases=2500)
"""Four or twenty stations in lines of five: a tandem of single servers forgets slowly."""


@dataclass(frozen=True)
class Queue:
    """One case with a closed form."""

    name: str
    parameters: str
    quantity: str
    expected: float
    """Closed form, in hours unless the quantity says days."""
    teams: Table
    per_hour: float
    """Arrivals of all kinds together; 0 for a single order."""
    figure: Callable[[pd.DataFrame], pd.Series]
    """The quantity of each case, from the table of cases."""
    protocol: Protocol = STATION
    period_days: int = 0
    """What repeats; then only whole periods count, lest a part of one weigh more than the rest."""
    approximate: bool = False
    """The reference is itself a simulation, of another rule of dispatch."""


# --- saying it in the scenario format -------------------------------------------------------------------


def section(work: Table, **tables: Any) -> Table:
    """A `teams` section in which nothing but effort takes time."""
    return {
        "calendars": {"office": {"days": "all", "hours": [[0, 24]]}},
        "primary_share": 1,
        "intake": {"latency_hours": 0, "effort_hours": 0},
        "distance": [{"when": "same_company"}],
        "errors": {"caught": 1, "rework_share": 1},
        "work": work,
        **tables,
    }


def step(skill: str, after: tuple[str, ...] = (), effort: Any = 1.0, **more: Any) -> Table:
    """A step of exponential effort with that mean, or of the effort stated, without errors."""
    effort = {"exponential": {"mean_hours": effort}} if isinstance(effort, float) else effort
    return {"id": skill, "skill": skill, "after": after, "effort": effort, "internal_error": 0, **more}


def kind(steps: list[Table], per_hour: float, **more: Any) -> Table:
    return {"demand": {"per_week": per_hour * 168, "calendar": "always", **more}, "steps": steps}


def line(stages: int) -> list[Table]:
    """Stages one after the other."""
    return [step(f"stage-{i}", (f"stage-{i - 1}",) if i else ()) for i in range(stages)]


def pool(servers: int, rate: float, **more: Any) -> Table:
    """One pool of servers."""
    return section({"job": kind([step("serve", **more)], rate)}, headcount={"serve": servers})


def priorities(**desk: Any) -> Table:
    """One server, half of the work more urgent."""
    work = {name: kind([step("serve")], 0.4, priority=p) for name, p in (("urgent", 1), ("patient", 9))}
    return section(work, headcount={"serve": 1}, desk=desk)


def sharing(**effort: Any) -> Table:
    """One server who works on all that is there in turns of three minutes."""
    desk = {"wip_limit": 1000, "turn_hours": 0.05, "multitasking_cost": 0}
    return {**pool(1, 0.8, **effort), "desk": desk}


def jackson() -> Table:
    """Brief, build and a QA that returns a quarter to build."""
    gate = {
        "mode": "on_demand", "approver": "skill:qa", "effort": {"exponential": {"mean_hours": 1 / 1.2}},
        "finds": 0, "reject": {"first": 0.25, "decay": 1},
    }  # fmt: skip
    steps = [step("brief"), step("build", ("brief",)), {"id": "check", "gate": "qa", "after": ["build"]}]
    return section({"job": kind(steps, 0.5)}, headcount={"brief": 1, "build": 1, "qa": 1}, gates={"qa": gate})


def functions(penalty_hours: float = 0.0) -> Table:
    """Five departments of four; each stage, intake included, pays the penalty."""
    stages = [f"stage-{i}" for i in range(5)]
    return section(
        {"job": kind(line(5), 3.2)},
        people=[{"id": f"{s}-{i}", "skills": {s: 1.0}, "unit": s} for s in stages for i in range(4)],
        structure={"units": [{"id": "top"}, *({"id": s, "parent": "top"} for s in stages)]},
        distance=[{"when": "same_unit"}, {"when": "same_company", "latency_hours": penalty_hours}],
        intake={"latency_hours": penalty_hours, "effort_hours": 0},
    )


def pods(skills_each: int = 1) -> Table:
    """The same twenty people as four pods with one of each; a case belongs to one of them.

    With a second skill each can do the stage before the own one as well (the first person the last stage).
    """
    names = [f"pod-{i}" for i in range(4)]
    skills = [{f"stage-{(i - k) % 5}": 1.0 for k in range(skills_each)} for i in range(5)]
    return section(
        {"job": kind(line(5), 3.2)},
        people=[{"id": f"{p}-{i}", "skills": skills[i], "unit": p} for p in names for i in range(5)],
        structure={
            "units": [{"id": "top"}, *({"id": p, "parent": "top", "serves": []} for p in names)],
            "assign": [{"scope": "home"}],
        },
    )


def flexible(skills_each: int) -> Table:
    """Four kinds of work and four people, each with so many of the four skills, the next ones round."""
    skills = [{f"skill-{(i + k) % 4}": 1.0 for k in range(skills_each)} for i in range(4)]
    return section(
        {f"kind-{i}": kind([step(f"skill-{i}")], 0.8) for i in range(4)},
        people=[{"id": f"p{i}", "skills": own, "unit": "all"} for i, own in enumerate(skills)],
        structure={"units": [{"id": "all"}]},
    )


def board(reject: float) -> Table:
    """A meeting every five days that takes everything; rework fits between meetings."""
    gate = {
        "mode": "cadence", "approver": "head", "every_days": 5, "calendar": "always", "at": 0, "effort_hours": 0,
        "finds": 0, "reject": {"first": reject, "decay": 1},
    }  # fmt: skip
    steps = [step("make", effort=0), {"id": "decide", "gate": "board", "after": ["make"]}]
    return section({"job": kind(steps, 1.0)}, headcount={"make": 1}, gates={"board": gate})


def office_hours() -> Table:
    """Work that takes no time, asked for around the clock in a Mon-Fri 9-17 office."""
    week = {"office": {"days": "Mon-Fri", "hours": [[9, 17]]}}
    return section({"job": kind([step("serve", effort=0)], 5.0)}, headcount={"serve": 1}, calendars=week)


def diamond() -> Table:
    """Brief 4 h, copy 6 h beside design 10 h, build 5 h: 19 h."""
    steps = [
        step("brief", effort=4),
        step("copy", ("brief",), 6),
        step("design", ("brief",), 10),
        step("build", ("copy", "design"), 5),
    ]
    return section({"job": {"steps": steps}}, headcount=dict.fromkeys(("brief", "copy", "design", "build"), 1))


# --- the cases ------------------------------------------------------------------------------------------


def hours_in_system(cases: pd.DataFrame) -> pd.Series:
    return cases.lead_days * 24


def hours_in_system_of(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda cases: hours_in_system(cases[cases.kind == name])


def hours_waited(cases: pd.DataFrame) -> pd.Series:
    return cases.part_resource_queue_days * 24


def hours_waited_by(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda cases: hours_waited(cases[cases.kind == name])


def hours_off_shift(cases: pd.DataFrame) -> pd.Series:
    return cases.part_off_shift_days * 24


def days_in_system(cases: pd.DataFrame) -> pd.Series:
    return cases.lead_days


def _cv(cv: float) -> Table:
    return {"lognormal": {"mean_hours": 1, "cv": cv}} if cv else {"fixed": {"hours": 1}}


IN_SYSTEM, WAIT, DAYS = "time in system", "mean wait", "mean days"
QUEUES = [
    *(
        Queue("M/M/c", f"c = {c}, load 0.8", IN_SYSTEM, expected, pool(c, 0.8 * c), 0.8 * c, hours_in_system)
        for c, expected in ((1, 5.0), (2, 2.7778), (4, 1.7455), (10, 1.2046))
    ),
    *(
        Queue("M/G/1", f"load 0.8, cv2 = {cv**2:g}", WAIT, expected, pool(1, 0.8, effort=_cv(cv)), 0.8, hours_waited,
              VARIED)
        for cv, expected in ((0.0, 2.0), (math.sqrt(0.5), 3.0), (2.0, 10.0))
    ),
    *(
        Queue("priority, non-preemptive", f"0.4 + 0.4, {who}", WAIT, expected, priorities(), 0.8, hours_waited_by(who))
        for who, expected in (("urgent", 1.3333), ("patient", 6.6667))
    ),
    *(
        Queue("priority, preemptive resume", f"0.4 + 0.4, {who}", IN_SYSTEM, expected,
              priorities(urgent_priority=1, multitasking_cost=0), 0.8, hours_in_system_of(who))
        for who, expected in (("urgent", 1.6667), ("patient", 8.3333))
    ),
    Queue("processor sharing", "load 0.8, cv2 = 4", IN_SYSTEM, 5.0, sharing(effort=_cv(2.0)), 0.8, hours_in_system,
          VARIED),
    *(
        Queue("rework loop", f"rate 0.6, p = {p}", IN_SYSTEM, expected, pool(1, 0.6, internal_error=p), 0.6,
              hours_in_system)
        for p, expected in ((0.2, 5.0), (0.3, 10.0))
    ),
    Queue("Jackson", "brief, build, QA returns 25 %", IN_SYSTEM, 8.5, jackson(), 0.5, hours_in_system),
    Queue("functional departments", "5 x M/M/4, load 0.8", IN_SYSTEM, 8.728, functions(), 3.2, hours_in_system,
          LINE),
    Queue("pods of identical specialists", "4 x 5 x M/M/1, load 0.8", IN_SYSTEM, 25.0, pods(), 3.2, hours_in_system,
          LINE),
    Queue("functional, break-even paid", "3.254 at each of 5 stages", IN_SYSTEM, 25.0, functions(3.254), 3.2,
          hours_in_system, LINE),
    Queue("pods with a second skill", "the stage before one's own", IN_SYSTEM, 10.4, pods(2), 3.2, hours_in_system,
          LINE, approximate=True),
    Queue("pooling", "4 dedicated, load 0.8", WAIT, 4.0, flexible(1), 3.2, hours_waited),
    Queue("pooling", "4 in full flexibility", WAIT, 0.7455, flexible(4), 3.2, hours_waited),
    Queue("pooling", "chain of two skills each", WAIT, 1.09, flexible(2), 3.2, hours_waited, approximate=True),
    Queue("approval board", "every 5 days", DAYS, 2.5, board(0.0), 1.0, days_in_system, period_days=5),
    Queue("approval board", "every 5 days, 20 % rejected", DAYS, 3.75, board(0.2), 1.0, days_in_system, period_days=5),
    Queue("calendar", "Mon-Fri 9-17", "mean wait to shift", 15.238, office_hours(), 5.0, hours_off_shift,
          period_days=7),
    Queue("critical path", "one case, no noise", "lead time", 19.0, diamond(), 0.0, hours_in_system),
]  # fmt: skip
"""Every row of the reference table, one line for each number in it."""


# --- simulating it --------------------------------------------------------------------------------------


def measured(queue: Queue, protocol: Protocol) -> tuple[float, float]:
    """Mean over replications of the mean of the cases that count, and its standard error."""
    return _summary([_replication(queue, protocol, number) for number in _numbers(queue, protocol)])


def _numbers(queue: Queue, protocol: Protocol) -> range:
    return range(protocol.replications if queue.per_hour else 2)


def _summary(means: Sequence[float]) -> tuple[float, float]:
    return float(np.mean(means)), float(np.std(means, ddof=1) / math.sqrt(len(means)))


def agrees(queue: Queue, mean: float, error: float) -> bool:
    """Within three standard errors, and a second for what has no noise; a tenth where the reference is rounded."""
    allowed = 0.1 * queue.expected if queue.approximate else SECOND_HOURS
    return abs(mean - queue.expected) <= 3 * error + allowed


def _replication(queue: Queue, protocol: Protocol, number: int) -> float:
    """Mean of the cases that count; the clock runs on after the last arrival, so that the slow ones do too."""
    first, last = _window_days(queue, protocol)
    days = math.ceil(last)
    plan = organization(Teams.model_validate(queue.teams), ())
    department = Department(plan, run_key(protocol.seed, number), START, days)
    if not queue.per_hour:
        department.submit([WorkOrder(key=crc("one"), name="one", kind="job", arrives_day=0.0)])
    for day in range(days + COOL_DOWN_DAYS):
        department.run_day(day)
    cases = department.records().cases.sort_values("arrived_day", kind="stable")
    if queue.period_days or not queue.per_hour:
        counted = cases[(cases.arrived_day >= first) & (cases.arrived_day < last)]
    else:
        counted = cases.iloc[protocol.warm_up : protocol.warm_up + protocol.cases]
        assert len(counted) == protocol.cases, "too few arrivals"
    assert (counted.status == "live").all(), "the clock stopped before the last case that counts was done"
    return float(queue.figure(counted).mean())


def _window_days(queue: Queue, protocol: Protocol) -> tuple[float, float]:
    """When the cases that count begin to arrive, and when demand may stop: five standard deviations beyond."""
    if not queue.per_hour:
        return 0.0, 1.0
    per_day = 24 * queue.per_hour
    if queue.period_days:
        first, length = (
            queue.period_days * math.ceil(cases / per_day / queue.period_days)
            for cases in (protocol.warm_up, protocol.cases)
        )
        return first, first + length
    cases = protocol.warm_up + protocol.cases
    return 0.0, (cases + 5 * math.sqrt(cases)) / per_day


def _in_process(position: int, protocol: Protocol, number: int) -> float:
    """A replication of the row with that position, for a process that cannot be handed the row itself."""
    gc.collect()
    return _replication(QUEUES[position], protocol, number)


def row(queue: Queue, protocol: Protocol, mean: float, error: float) -> str:
    """A line of the printed table."""
    expected = f"about {queue.expected:g}" if queue.approximate else f"{queue.expected:g}"
    size = f"{protocol.replications} x {protocol.cases:,}" if queue.per_hour else "exact"
    if queue.period_days:
        size += ", whole periods"
    away = f"{(mean - queue.expected) / error:+.1f}" if error and not queue.approximate else ""
    figures = f"{mean:.4f} | {error:.4f} | {away}"
    return f"| {queue.name} | {queue.parameters} | {queue.quantity} | {expected} | {figures} | {size} |"


def protocols(full: bool, other: Table) -> list[Protocol]:
    """That of each row."""
    if full:
        return [replace(FULL, **{"seed": FULL.seed + position, **other}) for position in range(len(QUEUES))]
    return [replace(queue.protocol, **other) for queue in QUEUES]


def main() -> int:
    """Simulate and print; 1 if anything disagrees."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", metavar="NAME", help="cases whose name begins so; may be repeated")
    parser.add_argument("--full", action="store_true", help="the protocol of the published table: an hour")
    parser.add_argument("--workers", type=int, default=1, metavar="N")
    for name in vars(Protocol()):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="N")
    given = vars(parser.parse_args())
    only, full, workers = tuple(given.pop("only") or [""]), given.pop("full"), given.pop("workers")
    by_row = protocols(full, {name: value for name, value in given.items() if value is not None})
    chosen = [position for position, queue in enumerate(QUEUES) if queue.name.startswith(only)]
    print("| case | parameters | quantity | closed form | simulated | s.e. | z | replications x cases |")
    print("|---|---|---|--:|--:|--:|--:|---|", flush=True)
    wrong = []
    with ProcessPoolExecutor(workers, initializer=gc.disable) as pool:  # tables of numbers, no cycles worth a search
        runs = {
            at: [pool.submit(_in_process, at, by_row[at], number) for number in _numbers(QUEUES[at], by_row[at])]
            for at in chosen
        }
        for at in chosen:
            queue, (mean, error) = QUEUES[at], _summary([run.result() for run in runs[at]])
            print(row(queue, by_row[at], mean, error), flush=True)
            if not agrees(queue, mean, error):
                wrong.append(f"{queue.name}, {queue.parameters}")
    for name in wrong:
        print(f"disagrees: {name}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
