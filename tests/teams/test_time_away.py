"""Meetings, training, absence and time zones: what they take, and what they give back."""

import datetime

import pytest
from departments import DAY, MONDAY, neutral, on_shift_calendars, order, organized, retail_orders, run, step

from simkit.rng import run_key
from simkit.scenario.errors import SenseError
from simkit.teams.luck import Luck
from simkit.teams.people import employ

HOUR = 3600
WEEK = {"days": "Mon-Fri", "hours": [[9, 17]]}


def two(hours=4.0, **tables):
    """Two people in an office, one after the other at each piece of work."""
    people = [{"id": u, "skills": {u: 1.0}, "unit": "top", **tables.pop(u, {})} for u in ("ann", "bob")]
    steps = [step("first", "ann", hours), step("then", "bob", hours, after=("first",))]
    return neutral(
        people=people, calendars={"office": WEEK}, work={"job": {"steps": steps}},
        structure={"units": [{"id": "top"}], "assign": [{"scope": "company"}]}, **tables,
    )  # fmt: skip


def live_hour(teams, day=0.375):
    """When work that comes on Monday at nine is live, in hours since midnight."""
    return run(teams, [order("w", "job", day)], 20).records().cases.live_day[0] * 24


def test_a_meeting_takes_its_hours_at_its_time_from_those_invited():
    """It interrupts, is paid as meeting, and everything else goes on afterwards; who is not invited is not kept."""
    meeting = {"id": "daily", "who": ["ann"], "every_days": 1, "hours": 1, "at": 10}
    assert live_hour(two()) == 17
    assert live_hour(two(meetings=[meeting])) == 24 + 10  # an hour of bob's work is left for Tuesday
    records = run(two(meetings=[meeting]), [], 14).records()
    assert records.persons.meeting.tolist() == [10 * HOUR, 0]
    held = records.log[records.log.event == "start"]
    assert (held.time % DAY == 10 * HOUR).all()
    assert held.step.unique().tolist() == ["daily"]


def test_time_in_meetings_is_a_part_of_the_lead_time():
    """Ann meets from ten to twelve: two hours of what is on her desk since nine, of what waits for her, and of what she is
    asked to approve at ten; that she is at the first until three, and at the approval until four, is a queue."""
    gate = {"mode": "on_demand", "approver": "person:ann", "effort": 1, "finds": 0, "reject": {"first": 0}}
    jobs = {"write": [step("write", "ann", 4)],
            "ask": [step("draw", "bob", 1), {"id": "decide", "gate": "ann", "after": ["draw"]}]}  # fmt: skip
    meeting = {"id": "weekly", "who": ["ann"], "every_days": 5, "hours": 2, "at": 10}
    teams = {**two(meetings=[meeting], gates={"ann": gate}), "work": {name: {"steps": of} for name, of in jobs.items()}}
    orders = [order(name, kind, 0.375) for name, kind in (("desk", "write"), ("queue", "write"), ("tray", "ask"))]
    cases = run(teams, orders, 5).records().cases.set_index("name")
    parts = [f"part_{name}_seconds" for name in ("meeting", "resource_queue", "approver_queue")]
    hours = {name: [cases.loc[name, part] / HOUR for part in parts] for name in cases.index}
    assert hours == {"desk": [2, 0, 0], "queue": [2, 1 + 3 + 1, 0], "tray": [2, 0, 3]}


def test_a_meeting_after_a_crew_has_begun_is_no_part_of_its_wait_for_it():
    """Ann is busy until ten, then both work five hours; she meets from two to three and is done last, at four."""
    jobs = {"alone": [step("write", "ann", 1)],
            "both": [{"id": "pair", "skills": ["ann", "bob"], "effort": 5, "internal_error": 0}]}  # fmt: skip
    meeting = {"id": "weekly", "who": ["ann"], "every_days": 5, "hours": 1, "at": 14}
    teams = {**two(meetings=[meeting]), "work": {name: {"steps": of} for name, of in jobs.items()}}
    cases = run(teams, [order(name, name, 0.375) for name in jobs], 5).records().cases.set_index("name")
    parts = {
        name: seconds / HOUR for name, seconds in cases.loc["both"].items() if name.endswith("_seconds") and seconds
    }
    assert parts == {"lead_seconds": 7, "part_resource_queue_seconds": 1, "part_touch_seconds": 5,
                     "part_meeting_seconds": 1}  # fmt: skip


def test_people_who_meet_misunderstand_each_other_less():
    """Errors from lost information fall by the stated factor, two hours a week halving what can be prevented.

    Of 2,000 cases, a share of wrong ones that is 0.1 off would be seen at 9 standard errors.
    """
    far = [{"when": "same_person"}, {"when": "same_company", "information_loss": 0.4}]
    wrong = {}
    for hours in (0.0, 2.0):
        meetings = [{"id": "weekly", "hours": hours}] if hours else []
        told = two(0.01, distance=far, errors={"caught": 0}, meetings=meetings)
        teams = {**told, "calendars": {"office": {"days": "all", "hours": [[0, 24]]}}, "meeting_effect": {"floor": 0.5}}
        if meetings:
            meetings[0]["every_days"] = 7
        cases = run(teams, [order(f"w{i}", "job", i / 50) for i in range(2000)], 41).records().cases
        wrong[hours] = (cases.defects > 0).mean()
    assert wrong[0] == pytest.approx(0.4, abs=3 * (0.24 / 2000) ** 0.5)
    assert wrong[2] == pytest.approx(0.4 * 0.75, abs=3 * (0.21 / 2000) ** 0.5)


def test_who_does_not_sit_in_a_meeting_misunderstands_as_before():
    """A third person's meeting with the giver prevents nothing between the two who work together; theirs does."""
    people = [{"id": who, "skills": {who: 1.0}, "unit": "top"} for who in ("ann", "bob", "cleo")]
    defects = {}
    for who in ("cleo", "bob"):
        meeting = {"id": "m", "who": ["ann", who], "every_days": 1, "hours": 2, "at": 9}
        teams = two(0.1, meetings=[meeting], meeting_effect={"floor": 0, "halving_hours": 0.5}, errors={"caught": 0},
                    distance=[{"when": "same_company", "information_loss": 0.5}])  # fmt: skip
        teams = {**teams, "people": people}
        cases = run(teams, [order(f"w{i}", "job", i * 0.5) for i in range(200)], 120).records().cases
        defects[who] = cases.defects.mean()
    assert defects["cleo"] == pytest.approx(0.5, abs=0.12)
    assert defects["bob"] == 0


def test_who_is_off_shift_misses_a_meeting():
    """Bob works the first half of each day, and on Tuesday Ann has a day off: at three he is never there, and she is four times."""
    meeting = {"id": "late", "every_days": 1, "hours": 1, "at": 15}
    teams = two(meetings=[meeting], bob={"fte": 0.5}, ann={"vacation": [["2026-01-06", "2026-01-06"]]})
    assert run(teams, [], 7).records().persons.meeting.tolist() == [4 * HOUR, 0]


def test_lead_time_is_a_u_in_meeting_hours():
    """Few meetings: much is lost and done again. Many: nobody has time. In between the shipped work is fastest."""
    far = [{"when": "same_person"}, {"when": "same_company", "latency_hours": 4, "information_loss": 0.5}]
    lead, rework = [], []
    for hours in (0.0, 0.4, 2.5):
        meetings = [{"id": "daily", "every_days": 1, "hours": hours}] if hours else []
        effect = {"floor": 0, "halving_hours": 1}
        records = run(
            {"distance": far, "meetings": meetings, "meeting_effect": effect}, retail_orders(90), 90
        ).records()
        lead.append(records.cases[records.cases.arrived_day < 50].lead_days.fillna(90).mean())
        rework.append(records.persons.rework.sum())
    assert lead[1] < lead[0]
    assert lead[1] < lead[2]
    assert rework[1] < 0.9 * rework[0]


def test_training_costs_now_and_is_forgotten_by_halves():
    """Away for its hours; then faster by the gain, by half of it a half-life later."""
    training = {"id": "course", "who": ["ann"], "on": "2026-01-05", "hours": 8, "gain": 0.5, "half_life_days": 7}
    told = two(3.0, training=[training])
    records = run(told, [order(f"w{i}", "job", i + 0.375) for i in (1, 8, 15)], 20).records()
    assert records.persons.training.tolist() == [8 * HOUR, 0]
    touch = records.log[(records.log.person == "ann") & (records.log.category == "touch")]
    back = 17 * HOUR
    expected = [3 * HOUR / (1 + 0.5 * 0.5 ** ((time - back) / DAY / 7)) for time in touch.time - touch.effort]
    assert touch.effort.tolist() == [round(seconds) for seconds in expected]
    before = two(3.0, training=[{**training, "on": "2025-12-29"}])
    assert run(before, [], 2).records().persons.training.sum() == 0
    assert live_hour(before) < live_hour(two(3.0))


def test_days_away_are_paid_and_cost_no_work_time():
    """A vacation by date: no shifts on its working days, work waits, wages go on."""
    plan = organized(two(ann={"vacation": [["2026-01-06", "2026-01-07"]]}))
    ann = on_shift_calendars(plan)["ann"]
    assert ann.worked(7 * DAY) == 3 * 8 * HOUR
    persons = run(plan, [], 7).records().persons
    assert persons.absent.tolist() == [2 * 8 * HOUR, 0]
    assert persons.paid_seconds.tolist() == [5 * 8 * HOUR] * 2
    assert live_hour(plan, day=1.375) == 3 * 24 + 17


def test_sickness_has_the_stated_rate_and_length_and_is_each_persons_own():
    """Days lost agree with renewal theory within three errors; another person changes nobody's spells."""
    stated = {"spells_per_year": 6, "mean_days": 4}
    office = {"days": "all", "hours": [[0, 24]]}
    people = [{"id": f"p{i}", "skills": {"copy": 1}} for i in range(200)]
    work = {"job": {"steps": [step("write", "copy", 1)]}}
    away = []
    for number in (20, 200):
        plan = organized({"people": people[:number], "absence": stated, "calendars": {"office": office}, "work": work})
        staff = employ(plan, MONDAY, Luck(run_key(1, 0)))
        days = 3 * 365
        away.append([days - person.calendar.worked(days * DAY) / DAY for person in staff])
    assert away[0] == away[1][:20]
    lost = sum(away[1]) / (200 * 3 * 365)
    assert lost == pytest.approx(4 / (4 + 365.25 / 6), rel=0.05)


def test_people_elsewhere_work_the_hours_of_their_zone():
    """Nine to five, three hours ahead, is six to two; eight hours behind, the working week starts at 17 on Monday."""
    calendars = on_shift_calendars(organized(two(ann={"zone": 3}, bob={"zone": -8})))
    assert calendars["ann"].shifts(DAY)[0] == (6 * HOUR, 14 * HOUR)
    assert calendars["bob"].shifts(DAY)[0] == (17 * HOUR, 25 * HOUR)
    for calendar in calendars.values():
        assert calendar.worked(364 * DAY) == 52 * 5 * 8 * HOUR
    far_east = on_shift_calendars(organized(two(ann={"zone": 14})))["ann"]
    assert far_east.shifts(DAY)[0] == (0, 3 * HOUR)  # the first five hours were on Sunday
    assert far_east.worked(364 * DAY) == 52 * 5 * 8 * HOUR  # as many of the next year's first shift are


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ({"meetings": [{"id": "m", "hours": 1, "who": ["nobody"]}]}, "teams.meetings[m].who"),
        ({"meetings": [{"id": "m", "hours": 1}, {"id": "m", "hours": 1}]}, "teams.meetings"),
        ({"meetings": [{"id": "m", "hours": 1, "calendar": "offize"}]}, "teams.meetings[m].calendar"),
        ({"training": [{"id": "t", "on": "2026-01-05", "hours": 1, "who": ["x"]}]}, "teams.training[t].who"),
        ({"tool_migration": {"on": "2026-01-05", "who": ["x"]}}, "teams.tool_migration.who"),
        (
            {"people": [{"id": "p", "skills": {"copy": 1}, "vacation": [["2026-02-05", "2026-02-01"]]}],
             "work": {"job": {"steps": [step("write", "copy", 1)]}}},
            "teams.people[p].vacation",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_its_place(told, path):
    """Unknown names, names twice, a vacation that ends before it begins."""
    with pytest.raises(SenseError) as error:
        organized(told)
    assert error.value.path == path


def test_holidays_of_a_country_and_a_zone_go_together():
    """Who works elsewhere has the holidays of the own calendar."""
    calendars = {"office": WEEK, "riyadh": {"days": "Sun-Thu", "hours": [[9, 17]], "holidays": "SA"}}
    people = [{"id": "a", "skills": {"copy": 1}, "calendar": "riyadh", "zone": 2}]
    plan = organized({"people": people, "calendars": calendars, "work": {"job": {"steps": [step("w", "copy", 1)]}}})
    calendar = on_shift_calendars(plan)["a"]
    founding = (datetime.date(2026, 2, 22) - MONDAY).days  # a Sunday, Saudi Arabia's Founding Day
    assert calendar.between((founding - 7) * DAY, (founding - 6) * DAY) == 8 * HOUR
    assert calendar.between(founding * DAY, (founding + 1) * DAY) == 0
