"""Agencies: who goes there when, how many work there, how they learn, and what they bill to the cent."""

import datetime

import pytest
from departments import MONDAY, neutral, order, organized, retail_orders, run, step
from test_exact_laws import check_all

from simkit.rng import run_key
from simkit.scenario.errors import SenseError
from simkit.scenario.structures import check_equal_means
from simkit.teams.department import Department

FLAT = [{"when": "same_company"}, {"when": "other_company"}]
ONE_OWN = [{"id": "ann", "skills": {"copy": 1}, "unit": "top", "hourly_cost": 50}]


def with_agency(when: str | None, skills: list[str] | None = None, **terms):
    """One own person, and an agency that is asked by a condition or always."""
    line = {"scope": "unit:agency", **({"when": when} if when else {})}
    settled = {"skills": skills or ["copy"], "onboarding_passes": 0, **terms}
    units = [{"id": "top", "lead": "ann"}, {"id": "agency", "parent": "top", "kind": "agency", "agency": settled}]
    return neutral(
        people=ONE_OWN, distance=FLAT, structure={"units": units, "assign": [line, {"scope": "company"}]},
        work={"job": {"steps": [step("write", "copy", 10)]}}, calendars={"office": {"days": "all", "hours": [[0, 24]]}},
    )  # fmt: skip


def at_once(count: int):
    return [order(f"w{i}", "job", 0.001 * i) for i in range(count)]


def who(department):
    log = department.records().log
    return log[log.event == "start"].groupby("unit").size().to_dict()


def test_work_goes_to_the_agency_only_while_the_queue_is_long():
    """Ten hours are on the desk; of the rest each piece stays until more than a day's work waits: three of ten hours."""
    assert who(run(with_agency("queue_days > 1", limit=9), at_once(10), 20)) == {"top": 4, "agency": 6}
    assert who(run(with_agency("queue_length >= 2", limit=9), at_once(10), 20)) == {"top": 3, "agency": 7}
    assert who(run(with_agency("priority < 2 and not queue_length > 99"), at_once(10), 20)) == {"top": 10}


def test_an_expired_piece_waits_no_more():
    """Where all that waited has expired, the queue is short again."""
    late = [order(f"late{i}", "job", 3.0 + i / 1000) for i in range(2)]
    first = [order(f"w{i}", "job", 0.001 * i, expires_day=0.3) for i in range(3)]
    assert who(run(with_agency("queue_length >= 2"), first + late, 9)) == {"top": 3}


def test_without_a_limit_nobody_waits():
    """An agency that is as many as there is work is a queue with any number of servers: every case takes its effort."""
    cases = run(with_agency(None, limit="unlimited"), at_once(40), 3).records().cases
    assert (cases.lead_seconds == 10 * 3600).all()
    two = run(with_agency(None, limit=2), at_once(40), 30).records()
    assert (two.persons.paid_seconds[two.persons.employer == "agency"] == 200 * 3600).all()


def test_who_comes_later_learns_and_uses_ai_like_everybody():
    """Where people's abilities differ, an agency without a limit hires whom it needs, and every law holds."""
    table = {**with_agency(None, limit="unlimited"), "learning": {}, "ai": {}, "digital_skills": {"medium": 0.9}}
    plan = organized(table)
    department = run(plan, at_once(5), 9)
    assert len(department.records().persons) == 6
    check_all(plan, department, 9)


def test_nobody_comes_for_what_only_one_of_the_agency_can_do():
    """Work that returns to a doer who is busy waits: an agency without a limit sends nobody for it, and nobody twice."""
    table = {**with_agency(None, limit="unlimited"), "gates": {"board": {"mode": "cadence", "reject": {"first": 0.9}}}}
    steps = [step("write", "copy", 30), {"id": "decide", "gate": "board", "after": ["write"]}]
    orders = [order(f"w{i}", "job", 0.6 * i) for i in range(20)]
    people = run({**table, "work": {"job": {"steps": steps}}}, orders, 60).records().persons
    assert people.id.is_unique


def test_the_first_pieces_take_an_agency_longer():
    """Two pieces until it knows the firm, half the effort more for the first and a quarter for the second."""
    teams = with_agency(None, limit=1, onboarding_passes=2, onboarding_effort=0.5)
    log = run(teams, at_once(4), 9).records().log
    assert list(log[log.event == "complete"].effort / 3600) == [15, 12.5, 10, 10]


def test_an_agency_starts_up():
    """Before it is ready nothing overflows."""
    teams = with_agency("queue_length >= 0", ready_after_days=2)
    orders = [order("before", "job", 1.9), order("after", "job", 2.1)]
    assert who(run(teams, orders, 9)) == {"top": 1, "agency": 1}


def test_a_change_of_the_firm_does_not_slow_its_agency():
    """Half the speed for the firm's own from the first day: 20 hours of Ann's, 10 of the agency's."""
    teams = with_agency("queue_length > 0", limit=2)
    teams["transition"] = {"productivity_dip": 0.5, "recovery_days": 3650}
    log = run(teams, at_once(3), 5).records().log
    hours = log[log.event == "complete"].groupby("unit").effort.agg(["min", "max"]) / 3600
    assert hours.loc["top"].tolist() == pytest.approx([20, 20], abs=0.05)
    assert hours.loc["agency"].tolist() == [10, 10]


def test_it_is_another_company():
    """A hand-off to an agency and back is as far as the table says for another company."""
    teams = with_agency(None, skills=["draw"])
    teams["work"] = {"job": {"steps": [
        step("a", "copy", 1), step("b", "draw", 1, ("a",)), step("c", "copy", 1, ("b",))
    ]}}  # fmt: skip
    teams["distance"] = [{"when": "same_company"}, {"when": "other_company", "latency_hours": 24, "effort_hours": 2}]
    case = run(teams, [order("w", "job", 0)], 9).records().cases.iloc[0]
    assert case.part_agency_seconds == 2 * 24 * 3600
    assert case.part_hand_off_seconds == 2 * 2 * 3600
    assert case.lead_seconds == (2 * (24 + 2) + 3) * 3600


def test_waiting_for_an_agency_is_a_part_of_its_own():
    """One of the agency's for three pieces of ten hours: what waits for its people and not for the firm's."""
    records = run(with_agency(None, limit=1), at_once(3), 9).records()
    waits = records.cases.part_agency_seconds / 3600
    assert waits.to_numpy() == pytest.approx([0, 10, 20], abs=0.1)
    assert (records.cases.part_resource_queue_seconds == 0).all()
    assert (records.cases.part_agency_seconds + 10 * 3600 == records.cases.lead_seconds).all()


def bills(department_days):
    return sum(department_days.extra_costs)


def hours_worth(records):
    return float((records.persons.billed_seconds * records.persons.hourly_cost).sum()) / 3600


@pytest.mark.parametrize("limit", [3, "unlimited"])
def test_what_agencies_bill_is_hours_times_rates(limit):
    """Without a minimum: the sum of person-time x rate, exactly, unfinished work included; wages are the own people's."""
    hybrid = {"preset": "hybrid", "fewer_people": 0, "agency": {"limit": limit}, "when": "queue_length > 1"}
    plan = organized({"structure": hybrid})
    department = run(plan, retail_orders(70), 70)
    records = department.records()
    assert hours_worth(records) > 0
    assert bills(department) == pytest.approx(hours_worth(records), rel=1e-12)
    assert plan.payroll_per_day == pytest.approx(organized({}).payroll_per_day, rel=1e-15)
    if limit == 3:
        check_all(plan, department, 70)


def test_a_month_costs_its_minimum_or_its_hours():
    """January from the 5th, February, and March until the 15th: the larger of each, part months by their days."""
    teams = with_agency(None, limit=1, minimum_per_month=9000, hourly_costs={"copy": 100})
    start = datetime.date(2026, 1, 5)
    department = Department(organized(teams), run_key(1, 0), start, 70)
    department.submit([order(f"w{i}", "job", 28 + i / 100) for i in range(12)])
    ends = {27: (9000 * 27 / 31), 55: 12 * 10 * 100.0, 70: 9000 * 15 / 31}
    for day in range(70):
        department.run_day(day)
    costs, begin = department.extra_costs, 0
    for end, due in ends.items():
        assert sum(costs[begin:end]) == pytest.approx(due, rel=1e-12)
        begin = end


def test_what_an_agency_may_bill_in_a_year_closes_it():
    """A budget of 24 hours' bills a year, in equal parts: of a piece every other day of ten hours at 80 each, all that comes in
    a year goes there without a limit; with it the bills keep to the budget but for what was under way, in each year."""
    teams = with_agency("queue_length >= 0", limit=1, hourly_factor=1.6)
    orders = [order(f"w{i}", "job", 2.0 * i) for i in range(415)]
    costs = {}
    for limit in (None, 24 * 80.0):
        department = Department(organized(teams), run_key(1, 0), MONDAY, 830, 100, limit)
        department.submit(orders)
        for day in range(830):
            department.run_day(day)
        costs[limit] = [sum(department.extra_costs[first:last]) for first, last in ((100, 465), (465, 830))]
        assert bool(department.notes()) == (limit is not None)
    assert costs[None] == pytest.approx([365 / 2 * 800] * 2, rel=0.02)
    assert all(24 * 80 - 800 < cost <= 24 * 80 + 800 for cost in costs[24 * 80.0])


def test_equal_means_with_an_agency():
    """The agency has the payroll of those it stands in for; another minimum is other means."""
    a = organized({})
    check_equal_means(a, organized({"structure": "hybrid"}))
    check_equal_means(a, organized({"structure": {"preset": "hybrid", "fewer_people": 5, "core": "pods"}}))
    dear = organized({"structure": {"preset": "hybrid", "agency": {"minimum_per_month": 99_000}}})
    with pytest.raises(SenseError, match="a day in wages"):
        check_equal_means(a, dear)


def test_an_agency_nobody_asks_changes_nothing():
    """A hybrid that does without nobody and never overflows has its core's log bit for bit; so has an unrelated unit."""
    never = {"preset": "hybrid", "fewer_people": 0, "when": "queue_length > 9999"}
    for core in ("hierarchy", "pods", "hub-and-spoke"):
        own = run({"structure": core}, retail_orders(35), 35).records().log
        hybrid = run({"structure": {**never, "core": core}}, retail_orders(35), 35).records().log
        assert hybrid.equals(own)


def test_one_pod_with_flat_distances_is_the_functional_core():
    """A hybrid of one pod holding everybody and one of departments by craft agree bit for bit, agency included."""
    flat = {"distance": FLAT, "headcount": {"strategy": 2, "copy": 2, "design": 2, "build": 2, "data": 2, "crm": 2}}
    logs = []
    for core in ({"preset": "hierarchy"}, {"preset": "written"}):
        plan = organized({**flat, "structure": {"preset": "hybrid", "fewer_people": 0, "when": "queue_length > 2"}})
        if core["preset"] == "written":
            seats = [person.model_copy(update={"unit": "marketing"}) if person.unit not in plan.outside else person
                     for person in plan.people]  # fmt: skip
            units = tuple(unit for unit in plan.units if unit.id in ("marketing", "agency"))
            assign = (plan.assign[0], plan.assign[-1])
            plan = plan.model_copy(update={"people": tuple(seats), "units": units, "assign": assign})
            plan.__dict__.pop("outside", None)
        logs.append(run(plan, retail_orders(35), 35).records().log.drop(columns="unit"))
    assert (logs[0].person.str.startswith("agency")).any()
    assert logs[0].equals(logs[1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"distance": [{"when": "same_company"}]}, "no line for other_company"),
        ({"structure": {"preset": "hybrid", "fewer_people": 99}}, "can be done without"),
        ({"structure": {"preset": "hybrid", "agency": {"skills": ["kopy"]}}}, "no step asks for 'kopy'"),
        ({"structure": {"preset": "hybrid", "when": "queue_dayz > 5"}}, "did you mean 'queue_days'"),
        ({"structure": {"preset": "hybrid", "when": "open('x')"}}, "cannot ask about 'open'"),
    ],
)
def test_what_makes_no_sense_is_said(change, said):
    """With the names there are."""
    with pytest.raises((SenseError, ValueError), match=said):
        organized({"structure": "hybrid", **change})
