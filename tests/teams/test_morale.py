"""Morale: overload wears it, rest brings it back, and it slows people, makes them err and leave."""

from itertools import pairwise

import pytest
from departments import neutral, order, organized, run, step

from simkit.scenario.morale import Morale as MoraleTable
from simkit.teams.people import Person
from simkit.teams.staff.morale import Morale

HALF = {"bearable_days": 1, "wear": 0.1, "half_life_days": 10}


def one(hours=24.0, **tables):
    """Somebody alone who does a job at a time, a day's work each, around the clock."""
    people = [{"id": "ann", "skills": {"copy": 1.0}, "unit": "top"}]
    return neutral(
        people=people, work={"job": {"steps": [step("do", "copy", hours)]}},
        structure={"units": [{"id": "top"}], "assign": [{"scope": "company"}]}, **tables,
    )  # fmt: skip


def test_nobody_overloaded_is_fully_rested():
    """Work that never waits longer than is bearable leaves morale at 1 on every midnight."""
    records = run(one(morale=HALF), [order(f"w{i}", "job", 2.0 * i) for i in range(20)], 40).records()
    assert records.persons.morale_days[0] == 39  # midnights after the first


def test_lasting_overload_wears_morale_down_to_where_rest_makes_up_for_it():
    """Missing morale tends to wear / (1 - 0.5 ** (1 / half-life)), the sum of a geometric series."""
    table = {**HALF, "wear": 0.02, "speed_loss": 0, "error_gain": 0}
    orders = [order(f"w{i}", "job", 0.0) for i in range(230)]
    lasts = 0.02 / (1 - 0.5 ** (1 / 10))
    runs = {days: run(one(morale=table), orders, days).records().persons.morale_days[0] for days in (210, 211)}
    assert runs[211] - runs[210] == pytest.approx(1 - lasts, abs=1e-6)


def test_half_of_what_is_missing_comes_back_in_a_half_life():
    """After the last overloaded day, missing morale is halved every `half_life_days`."""
    orders = [order(f"w{i}", "job", 0.0) for i in range(6)]
    sums = [run(one(morale=HALF), orders, days).records().persons.morale_days[0] for days in range(18, 41)]
    missing = [1 - (after - before) for before, after in pairwise(sums)]
    assert missing[0] > 0.05
    assert missing[20] == pytest.approx(missing[0] / 4, rel=1e-9)


def test_overtime_wears_morale():
    """Hours beyond the shift count as a share of its hours, without anything waiting."""
    office = {"office": {"days": "all", "hours": [[9, 17]]}}
    desk = {"end_of_shift": "finish"}
    told = {**one(10.0, morale={**HALF, "speed_loss": 0}, desk=desk), "calendars": office}
    records = run(told, [order("w", "job", 0.375)], 2).records()
    assert records.persons.overtime_seconds[0] == 2 * 3600
    assert records.persons.morale_days[0] == pytest.approx(1 - 0.1 * 2 / 8)


def test_low_morale_slows_work_and_raises_errors_and_the_rate_of_leaving():
    """Each by its stated share of what is missing, and nothing for the rested."""
    table = MoraleTable(speed_loss=0.2, error_gain=0.5, leaving_gain=3)
    plan = organized(one())
    morale, ann = Morale(plan, table), Person(plan.people[0], 0, None)
    assert (morale.effort_factor(ann), morale.error_factor(ann), morale.leaving_factor(ann)) == (1, 1, 1)
    morale._missing[0] = 0.5
    assert morale.effort_factor(ann) == 1 / 0.9
    assert morale.error_factor(ann) == 1.25
    assert morale.leaving_factor(ann) == 2.5


def test_an_overloaded_department_gets_less_done():
    """The same backlog takes longer by the slower passes; wear of nothing changes nothing."""
    orders = [order(f"w{i}", "job", 0.0) for i in range(20)]
    last = {
        wear: run(one(morale={**HALF, "wear": wear, "speed_loss": 0.5}), orders, 60).records().cases.live_day.max()
        for wear in (0.0, 0.1)
    }
    assert last[0.0] == 20
    assert last[0.1] > 22


def test_without_the_table_nothing_is_worn():
    """Off unless stated: no morale is kept, and the log is the same as with a table that has no effect."""
    orders = [order(f"w{i}", "job", 0.0) for i in range(8)]
    off = run(one(), orders, 20).records()
    idle = run(one(morale={"speed_loss": 0, "error_gain": 0}), orders, 20).records()
    assert off.persons.morale_days[0] == 0
    assert off.log.equals(idle.log)
