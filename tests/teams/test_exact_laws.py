"""Laws that hold to the second in every run, whatever the department."""

from collections import Counter, defaultdict

import pytest
import random_departments
from departments import DAY, on_shift_calendars, order, organized, retail_orders, run
from hypothesis import HealthCheck, given, settings

from simkit.teams.work import PARTS

CATEGORIES = [
    "touch",
    "rework",
    "coordination",
    "approval",
    "other_duties",
    "switching",
    "meeting",
    "training",
    "decision",
    "absent",
    "idle",
]
DAYS = 42
"""Whole weeks: pay is that of the average day."""


def random_orders():
    return [
        order(f"one-{i}", "one", i * 0.6, segment=(None, "a", "b", "elsewhere")[i % 4], priority=1 + i % 3)
        for i in range(40)
    ]


def check_parts(cases):
    live = cases[cases.status == "live"]
    parts = live[[f"part_{part}_seconds" for part in PARTS]]
    assert (parts >= 0).all().all()
    assert (parts.sum(axis=1) == live.lead_seconds).all()
    assert ((live.live_day - live.arrived_day) * DAY - live.lead_seconds).abs().max() < 1e-3 or live.empty


def check_parts_of_what_is_not_there(plan, cases):
    """Nobody waits for an agency, for IT or because of meetings where there are none."""
    there = {"agency": plan.outside, "it": any(map(plan.is_it, plan.people)), "meeting": plan.meetings}
    assert not cases[[f"part_{part}_seconds" for part, any_ in there.items() if not any_]].to_numpy().any()


def check_person_time(records):
    persons = records.persons
    assert (persons[CATEGORIES].sum(axis=1) == persons.paid_seconds).all()
    assert (persons[CATEGORIES] >= 0).all().all()


def check_cost_is_time_at_its_rate(plan, department, days):
    """Overtime to the cent; agencies bill what they work at least; wages over whole weeks where no holiday is paid that
    nobody works, and no seat is vacant, whose pay is taken off by the average day."""
    persons = department.records().persons
    seconds = persons[["paid_seconds", "overtime_seconds", "billed_seconds"]]
    worth = seconds.mul(persons.hourly_cost / 3600, axis=0)
    own = worth[persons.employer == "own"].sum()
    assert sum(department.overtime_costs) == pytest.approx(own.overtime_seconds)
    assert sum(department.extra_costs) >= worth.billed_seconds.sum() * (1 - 1e-9)
    if plan.turnover is None and not any(week.holidays for week in plan.calendars.values()):
        wages = plan.payroll_per_day * days + sum(department.overtime_costs)
        assert wages > 0
        assert own.paid_seconds == pytest.approx(wages)


BEGINS, ENDS = ("start", "resume"), ("complete", "suspend")


def check_nobody_does_two_things_at_once(plan, records, end):
    """Stretches of work are apart, and their on-shift time and overtime are what was spent on each pass."""
    log, calendars = records.log, on_shift_calendars(plan)
    for person in set(records.persons.id) - set(calendars):  # an agency's, who came when there was work for them
        calendars[person] = calendars[f"{person.rpartition('-')[0]}-1"]
    for row in log[log.event == "left"].itertuples():
        calendars[row.person].close(row.time, row.time + round(plan.turnover.hiring_days) * DAY)
    overtime = records.persons.set_index("id").overtime_seconds
    spent, stretches = Counter(), defaultdict(list)
    columns = ["person", "case", "step", "pass", "effort", "event", "time"]
    for person, *what, effort, event, time in log.loc[log.person.ne(""), columns].itertuples(index=False, name=None):
        spent[person, *what] += effort
        if event in BEGINS + ENDS:
            stretches[person].append((tuple(what), event, time))
    for person, every in stretches.items():
        rows = batches_as_one(person, every, spent)
        begins, ends = rows[::2], rows[1::2]
        assert {event for _, event, _ in begins} <= set(BEGINS)
        assert {event for _, event, _ in ends} <= set(ENDS)
        passes = [what for what, _, _ in begins]
        assert passes[: len(ends)] == [what for what, _, _ in ends]
        worked, last = dict.fromkeys(passes, 0), -1
        for (what, _, begin), done in zip(begins, [*(time for _, _, time in ends), end], strict=False):
            assert begin >= last
            assert calendars[person].on_shift(begin) or begin == last  # a redo may begin as the shift ends
            last = done
            worked[what] += calendars[person].between(begin, done)
        beyond = {what: spent[(person, *what)] - seconds for what, seconds in worked.items()}
        assert min(beyond.values()) >= 0
        assert sum(beyond.values()) == overtime[person]
        assert not sum(beyond.values()) or plan.desk.end_of_shift == "finish"


def batches_as_one(person, rows, spent):
    """Cases begun and ended together are one stretch, told of the first of them with what was spent on all."""
    kept, before, leader = [], None, None
    for what, event, time in rows:
        _, step, _ = what
        together = event in ("start", "complete") and before == (event, time, step)
        before = (event, time, step)
        if event == "start":
            if together:
                spent[(person, *leader)] += spent.pop((person, *what))
            else:
                leader = what
        if not together:
            kept.append((what, event, time))
    return kept


def check_flow_is_conserved(cases, log):
    """What arrived is live, expired or still there; every piece taken up is completed or on a desk at the end."""
    events = log.event.value_counts()
    status = cases.status.value_counts()
    assert events["arrive"] == len(cases)
    assert events.get("live", 0) == status.get("live", 0)
    assert events.get("expire", 0) == status.get("expired", 0)
    cut = log[log.event == "cut"]
    unfinished = len(cut[cut.case.ne("")].drop_duplicates(["person", "case", "step", "pass"]))
    unfinished += (cut.case.eq("") & cut.category.eq("coordination")).sum()  # of a board two may lie on one desk
    assert events.get("start", 0) - events.get("complete", 0) - events.get("hand_over", 0) == unfinished


def check_littles_law(cases, log, end):
    """The integral of the number in the department equals the sum of the times spent there."""
    moves = log[log.event.isin(["arrive", "live", "expire"])]
    inside, area, last = 0, 0, 0
    for time, event in zip(moves.time, moves.event, strict=True):
        area += inside * (time - last)
        inside, last = inside + (1 if event == "arrive" else -1), time
    area += inside * (end - last)
    left = cases.live_day.fillna(cases.expired_day).fillna(end / DAY)
    assert area == round(((left - cases.arrived_day) * DAY).round().sum())


def check_all(plan, department, days):
    records = department.records()
    check_parts(records.cases)
    check_parts_of_what_is_not_there(plan, records.cases)
    check_person_time(records)
    check_flow_is_conserved(records.cases, records.log)
    check_littles_law(records.cases, records.log, days * DAY)
    check_nobody_does_two_things_at_once(plan, records, days * DAY)
    check_cost_is_time_at_its_rate(plan, department, days)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(random_departments.teams())
def test_every_law_holds_in_random_departments(teams):
    """Lead time = sum of its parts, person-time, cost, flow conservation, Little's law: exactly."""
    plan = organized(teams)
    check_all(plan, run(plan, random_orders(), DAYS), DAYS)


def test_every_law_holds_in_the_shipped_department():
    """The same in a year's first quarter of the retail department, under each structure."""
    for structure in ("hierarchy", "pods", "hub-and-spoke"):
        plan = organized({"structure": structure})
        check_all(plan, run(plan, retail_orders(91), 91), 91)


def test_the_parts_can_be_read_off_the_log():
    """Without parallel steps, gates or errors the touch part is the effort the log shows for the case."""
    steps = [
        {"id": "a", "skill": "copy", "effort": {"lognormal": {"mean_hours": 3}}, "internal_error": 0},
        {"id": "b", "skill": "design", "after": ["a"], "effort": {"lognormal": {"mean_hours": 3}}, "internal_error": 0},
    ]
    teams = {"work": {"line": {"steps": steps}}, "distance": [{"when": "same_company", "effort_hours": 0.2}]}
    records = run(teams, [order(f"w{i}", "line", i / 3) for i in range(40)], 30).records()
    touched = records.log[records.log.category == "touch"].groupby("case").effort.sum()
    live = records.cases[records.cases.status == "live"].set_index("name")
    assert len(live) == 40
    assert (touched[live.index] == live.part_touch_seconds).all()
    taken_over = records.log[records.log.category == "coordination"].groupby("case").effort.sum()
    assert (taken_over[live.index] == 0.4 * 3600).all()  # 0.2 h of intake and 0.2 h of hand-off
