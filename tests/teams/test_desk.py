"""One desk: urgent work, several open pieces in turns, switching, and the end of a shift; all to the second."""

import pytest
from departments import neutral, order, run, step

HOUR = 3600
OFFICE = {"office": {"days": "all", "hours": [[9, 17]]}}
NINE = 9 / 24


def one_person(desk, orders, days=5, calendars=None, **kinds):
    work = {name: {"steps": [step("s", "copy", hours)]} for name, hours in kinds.items()}
    calendars = calendars or {"office": {"days": "all", "hours": [[0, 24]]}}
    return run(neutral(headcount={"copy": 1}, work=work, desk=desk, calendars=calendars), orders, days).records()


def hours_done(records):
    """Hours after midnight at which each case went live."""
    return (records.cases.set_index("name").live_day * 24).round(6).to_dict()


def events(records, *names):
    rows = records.log[records.log.event.isin(names)]
    return list(zip(rows.case, rows.event, rows.time / HOUR, strict=True))


def test_urgent_work_interrupts_and_the_rest_is_done_afterwards():
    """Ten hours of work, three of them done when two urgent hours come: urgent is done at 5, the rest at 12."""
    orders = [order("calm", "long", 0), order("fire", "short", 3 / 24, priority=1)]
    records = one_person({"urgent_priority": 1, "multitasking_cost": 0}, orders, long=10, short=2)
    assert hours_done(records) == {"calm": 12.0, "fire": 5.0}
    assert events(records, "suspend", "resume") == [("calm", "suspend", 3.0), ("calm", "resume", 5.0)]
    calm = records.cases.set_index("name").loc["calm"]
    assert calm.part_touch_seconds == 10 * HOUR
    assert calm.part_resource_queue_seconds == 2 * HOUR


def test_urgent_work_never_interrupts_urgent_work():
    """The second urgent order waits for the first, and both go before what was interrupted."""
    orders = [order("calm", "long", 0), *(order(f"fire-{i}", "short", (1 + i) / 24, priority=1) for i in range(2))]
    records = one_person({"urgent_priority": 1, "multitasking_cost": 0}, orders, long=4, short=2)
    assert hours_done(records) == {"calm": 8.0, "fire-0": 3.0, "fire-1": 5.0}


def test_urgent_work_takes_who_is_at_the_least_urgent():
    """Of two busy people the one with the order of priority 9 is interrupted."""
    work = {"job": {"steps": [step("s", "copy", 8)]}, "alarm": {"steps": [step("s", "copy", 1)], "urgent": True}}
    teams = neutral(headcount={"copy": 2}, work=work)
    orders = [order("two", "job", 0, priority=2), order("nine", "job", 0, priority=9), order("now", "alarm", 0.1)]
    records = run(teams, orders, 3).records()
    assert [case for case, *_ in events(records, "suspend")] == ["nine"]


def test_a_piece_in_hand_at_the_end_is_counted_where_it_lies():
    """What is interrupted when the simulation ends has its seconds in the log."""
    orders = [order("calm", "long", 20 / 24), order("fire", "short", 22 / 24, priority=1)]
    records = one_person({"urgent_priority": 1, "multitasking_cost": 0}, orders, days=1, long=10, short=8)
    assert records.persons.touch[0] == 4 * HOUR
    assert records.persons.idle[0] == 20 * HOUR


def test_open_pieces_are_worked_in_turns():
    """Two pieces of 3 hours in turns of 1 hour without a cost: done at 5 and 6 instead of 3 and 6."""
    orders = [order("a", "job", 0), order("b", "job", 0)]
    desk = {"wip_limit": 2, "turn_hours": 1, "multitasking_cost": 0}
    assert hours_done(one_person(desk, orders, job=3)) == {"a": 5.0, "b": 6.0}
    assert hours_done(one_person({"wip_limit": 1}, orders, job=3)) == {"a": 3.0, "b": 6.0}


def test_having_several_pieces_open_makes_each_longer():
    """The second piece begins beside an open one: its 3 hours take 1.1 times as long."""
    orders = [order("a", "job", 0), order("b", "job", 0)]
    records = one_person({"wip_limit": 2, "turn_hours": 1}, orders, job=3)
    assert records.persons.touch[0] == round(6.3 * HOUR)


def test_what_was_interrupted_is_open_too():
    """Two urgent hours beside an interrupted piece take 2.2."""
    orders = [order("calm", "long", 0), order("fire", "short", 3 / 24, priority=1)]
    records = one_person({"urgent_priority": 1}, orders, long=10, short=2)
    assert hours_done(records) == {"calm": 12.2, "fire": 5.2}


def test_no_more_pieces_are_open_than_the_limit():
    """With a limit of two the third piece is begun when the first is done."""
    orders = [order(name, "job", 0) for name in "abc"]
    records = one_person({"wip_limit": 2, "turn_hours": 1, "multitasking_cost": 0}, orders, job=3)
    assert events(records, "start")[2] == ("c", "start", 5.0)


def test_turning_to_another_kind_or_campaign_costs_set_up():
    """Same campaign nothing, another campaign 0.25 h, another kind 0.5 h; the first piece of all is free."""
    orders = [
        order(name, kind, i / 100, campaign=campaign)
        for i, (name, kind, campaign) in enumerate(
            [("a", "one", "x"), ("b", "one", "x"), ("c", "one", "y"), ("d", "two", "y")]
        )
    ]
    desk = {"switch_campaign_hours": 0.25, "switch_kind_hours": 0.5}
    records = one_person(desk, orders, one=1, two=1)
    switching = records.log[records.log.event == "switch"].set_index("case").effort
    assert switching.to_dict() == {"c": 0.25 * HOUR, "d": 0.5 * HOUR}
    assert records.persons.switching[0] == 0.75 * HOUR
    assert records.cases.part_switching_seconds.sum() == 0.75 * HOUR


@pytest.mark.parametrize(
    ("desk", "done", "overtime"),
    [
        ({"end_of_shift": "suspend"}, 24 + 11, 0),
        ({"end_of_shift": "finish"}, 19, 2),
        ({"end_of_shift": "finish", "overtime_limit_hours": 1.5}, 24 + 11, 0),
        ({"end_of_shift": "restart"}, 24 + 15, 0),
    ],
)
def test_the_end_of_the_shift_is_a_choice(desk, done, overtime):
    """Six hours begun at 13 in a 9-17 office: rest until tomorrow 11, overtime until 19, or all again until 15."""
    records = one_person(desk, [order("w", "job", 13 / 24)], calendars=OFFICE, job=6)
    assert hours_done(records) == {"w": done}
    assert records.persons.overtime_seconds[0] == overtime * HOUR
    lost = 4 * HOUR if desk["end_of_shift"] == "restart" else 0
    assert records.persons.rework[0] == records.cases.part_rework_seconds[0] == lost


def test_what_no_shift_could_hold_rests_instead_of_being_begun_for_ever():
    """Twelve hours in eight-hour shifts, to be begun again: done after four hours of the second day."""
    records = one_person({"end_of_shift": "restart"}, [order("w", "job", NINE)], calendars=OFFICE, job=12)
    assert hours_done(records) == {"w": 24 + 13}


def test_overtime_works_over_the_shifts_end_only_once_it_is_within_the_limit():
    """Twelve hours from 9 with two hours of overtime allowed: 4 hours are left on the next morning."""
    desk = {"end_of_shift": "finish", "overtime_limit_hours": 2}
    records = one_person(desk, [order("w", "job", NINE)], calendars=OFFICE, job=12)
    assert hours_done(records) == {"w": 24 + 13}
    desk["overtime_limit_hours"] = 5
    assert hours_done(one_person(desk, [order("w", "job", NINE)], calendars=OFFICE, job=12)) == {"w": 21}
