"""Turnover: people leave at the stated rate, seats are vacant, and no work is lost."""

import math

import pytest
from departments import DAY, neutral, order, organized, run, step

from simkit.rng import Purpose, crc, run_key
from simkit.scenario.errors import SenseError
from simkit.teams.luck import Luck

LEARNS = {"learning": {"rate": 0, "error_rate": 0}}
OFFICE = {"office": {"days": "all", "hours": [[9, 17]]}}


def team(names=("ann", "bob"), hours=4.0, turnover=None, **tables):
    """People who can all do the one step."""
    people = [{"id": name, "skills": {"copy": 1.0}, "unit": "top", "hourly_cost": 50} for name in names]
    told = neutral(
        people=people, work={"job": {"steps": [step("do", "copy", hours)]}},
        structure={"units": [{"id": "top", "lead": names[0]}], "assign": [{"scope": "company"}]}, **LEARNS, **tables,
    )  # fmt: skip
    return {**told, **({"turnover": turnover} if turnover is not None else {})}


def first_leaving(name, rate, replication=0):
    """The first midnight at which a constant rate, added up, reaches the seat's exponential draw."""
    u = Luck(run_key(1, replication)).uniform(crc(f"person/{name}"), 0, Purpose.LEAVING, 0)
    return math.ceil(-math.log(u) / (rate / 365.25))


def test_people_leave_at_the_stated_rate():
    """Of many seats as many are left as expected with vacancies taken off, within three standard errors."""
    names = [f"p{i}" for i in range(150)]
    table = {"leaving_per_year": 1.0, "hiring_days": 30, "onboarding_hours": 0}
    persons = run(team(names, turnover=table), [], 730).records().persons
    occupied = 150 * 730 - persons.vacant_seconds.sum() / DAY  # around the clock
    expected = occupied / 365.25
    assert persons.left.sum() == pytest.approx(expected, abs=3 * math.sqrt(expected))
    assert 220 < expected < 300


def test_who_leaves_when_is_the_seats_own_luck():
    """The day follows from the rate and a draw keyed by the seat, whatever else is done and whoever else there is."""
    table = {"leaving_per_year": 5.0, "hiring_days": 10}
    for names in (("ann",), ("zoe", "ann", "bob")):
        log = run(team(names, turnover=table), [order("w", "job", 1.0)], 200).records().log
        left = log[(log.event == "left") & (log.person == "ann")]
        assert left.time.iloc[0] == first_leaving("ann", 5.0) * DAY


def test_the_tired_leave_sooner():
    """With all morale gone from the first midnight on, a rate of 1 and a gain of 3 is a rate of 4."""
    names = [f"p{i}" for i in range(100)]
    table = {"leaving_per_year": 1.0, "hiring_days": 1, "onboarding_hours": 0}
    worn = {
        "bearable_days": 0.001,
        "wear": 1,
        "speed_loss": 0,
        "error_gain": 0,
        "half_life_days": 3650,
        "leaving_gain": 3,
    }
    orders = [order(f"w{i}", "job", 0.0) for i in range(3000)]
    left = {}
    for gain in (0, 3):
        teams = team(names, hours=100, turnover=table, morale={**worn, "leaving_gain": gain})
        left[gain] = run(teams, orders, 90).records().persons.left.sum()
    expected = 100 * 90 / 365.25
    assert left[0] == pytest.approx(expected, abs=3 * math.sqrt(expected))
    assert left[3] > 2.2 * left[0]


def test_a_seat_is_vacant_unpaid_and_then_filled():
    """Vacant for the hiring lag; its pay is saved and the new person's hiring is paid, in currency of the day."""
    table = {"leaving_per_year": 5.0, "hiring_days": 10, "hiring_cost": 1000, "onboarding_hours": 16}
    left = first_leaving("ann", 5.0)
    days = left + 20
    department = run({**team(("ann",), turnover=table), "calendars": OFFICE}, [], days)
    person = department.records().persons.iloc[0]
    again = (department.records().log.event == "left").sum() - 1
    assert again == 0  # with this seed
    assert person.vacant_seconds == 10 * 8 * 3600
    assert person.paid_seconds == (days - 10) * 8 * 3600
    assert person.training == 16 * 3600
    saved = 8 * 50
    assert department.turnover_costs == [0] * left + [-saved] * 10 + [1000] + [0] * 9
    assert sum(department.turnover_costs) + days * department.payroll_per_day == person.paid_seconds / 3600 * 50 + 1000


def test_whoever_comes_has_less_experience():
    """The first pass after the vacancy takes what the learning curve says of the stated experience."""
    table = {"leaving_per_year": 5.0, "hiring_days": 3, "experience": 0.25, "onboarding_hours": 0}
    left = first_leaving("ann", 5.0)
    told = {**team(("ann",), turnover=table), "learning": {"rate": 0.2, "full_practice": 99}}
    orders = [order("before", "job", 1.0), order("after", "job", left + 4.0)]
    touch = run(told, orders, left + 10).records().cases.set_index("name").part_touch_seconds
    assert touch["before"] == 4 * 3600
    assert touch["after"] == round(4 * 3600 * ((1 + 24.75) / 100) ** math.log2(0.8))


def test_what_the_leaver_had_in_hand_goes_on_with_a_loss():
    """Another redoes the stated share of what was done; nothing else is lost, and the parts tell all of it."""
    left = first_leaving("ann", 5.0)
    table = {"leaving_per_year": 5.0, "hiring_days": 90}
    told = team(("ann", "bob"), hours=40.0, turnover=table, desk={"hand_over_loss": 0.25})
    orders = [order("w", "job", left - 0.5)]  # ann, first of the list, has done 12 of 40 hours when she leaves
    records = run(told, orders, left + 5).records()
    log, case = records.log, records.cases.iloc[0]
    assert log[log.event == "hand_over"].person.tolist() == ["ann"]
    assert log[log.event == "spent"].effort.tolist() == [12 * 3600]
    assert log[log.event == "complete"].person.tolist() == ["bob"]
    assert case.part_touch_seconds == (12 + 40 - 0.75 * 12) * 3600
    assert case.lead_seconds == case.part_touch_seconds


def mixed(**tables):
    """Steps of every sort: alone, together, in batches, decided at a gate, with errors that somebody decides about."""
    people = [
        {"id": f"p{i}", "skills": {("copy", "design")[i % 2]: 1.0}, "unit": ("top", "left")[i % 2]} for i in range(6)
    ]
    steps = [
        step("brief", "copy", 3, internal_error=0.3),
        {"id": "both", "skills": ["copy", "design"], "after": ["brief"], "effort": 2, "internal_error": 0.3},
        step("batch", "design", 2, ("brief",), batch={"size": 3, "max_wait_hours": 20}, internal_error=0.3),
        {"id": "ok", "gate": "ok", "after": ["both", "batch"], "return_to": "brief"},
    ]
    gates = {"ok": {"mode": "on_demand", "approver": "head", "effort": 1, "finds": 0.5, "reject": {"first": 0.3}}}
    return neutral(
        people=people, gates=gates, work={"job": {"steps": steps}}, **tables,
        structure={
            "units": [{"id": "top", "lead": "p0"}, {"id": "left", "parent": "top", "lead": "p1"}],
            "assign": [{"scope": "company"}],
        },
    )  # fmt: skip


@pytest.mark.parametrize("attention", [{}, {"random": 0.3, "newest": 0.2}])
def test_no_work_is_lost_when_people_leave(attention):
    """With a seat left every few weeks all cases are live in the end, whatever they were when somebody left."""
    table = {"leaving_per_year": 8.0, "hiring_days": 12, "onboarding_hours": 8}
    told = mixed(turnover=table, learning={}, authority={}, attention=attention, desk={"wip_limit": 2})
    handed_over = 0
    for replication in range(3):
        orders = [order(f"w{i}", "job", 0.2 * i) for i in range(200)]
        records = run({**told, "calendars": OFFICE}, orders, 300, replication).records()
        assert (records.log.event == "left").sum() > 20
        handed_over += (records.log.event == "hand_over").sum()
        assert (records.cases.status == "live").all()
    assert handed_over > 5


def test_turnover_without_learning_is_refused():
    """Whoever comes would stay a beginner for ever: an error that says what to write."""
    told = {key: value for key, value in team(turnover={}).items() if key != "learning"}
    with pytest.raises(SenseError, match="needs `learning"):
        organized(told)
