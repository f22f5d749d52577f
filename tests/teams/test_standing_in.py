"""Standing in: the work of somebody away rests or goes to others, as the scenario says."""

import pytest
from departments import neutral, order, run, step

HOUR = 3600
WEEK = {"office": {"days": "Mon-Fri", "hours": [[9, 17]]}}
AWAY = [["2026-01-06", "2026-01-09"]]  # Tuesday to Friday of the first week


def two(desk, hours=12.0, gate=False, names=("ann", "bob"), **tables):
    """Two people who can do the same; the first begins on Monday and is then away for four days."""
    people = [{"id": name, "skills": {"copy": 1.0}, "unit": "top"} for name in names]
    people[0]["vacation"] = AWAY
    steps = [step("do", "copy", hours)]
    gates = {}
    if gate:
        gates = {"ok": {"mode": "on_demand", "approver": "head", "effort": 1, "finds": 0, "reject": {"first": 0}}}
        steps.append({"id": "ok", "gate": "ok", "after": ["do"]})
    return {
        **neutral(
            people=people, gates=gates, work={"job": {"steps": steps}}, desk=desk, **tables,
            structure={"units": [{"id": "top", "lead": names[0]}], "assign": [{"scope": "company"}]},
        ),
        "calendars": WEEK,
    }  # fmt: skip


HANDS_OVER = {"when_absent": "hand_over", "hand_over_after_days": 0, "hand_over_loss": 0.5}


def live_hour(told):
    """Work that comes on Monday at nine, in hours since that midnight."""
    return run(told, [order("w", "job", 0.375)], 20).records().cases.live_day[0] * 24


def test_work_rests_unless_the_scenario_says_that_it_goes_to_others():
    """Eight of twelve hours are done on Monday: the rest is done a week later, or with half again by a colleague."""
    assert live_hour(two({})) == 7 * 24 + 9 + 4
    assert live_hour(two(HANDS_OVER)) == 24 + 9 + 8  # four hours left and half of eight
    assert live_hour(two({**HANDS_OVER, "hand_over_loss": 0})) == 24 + 9 + 4


def test_what_is_done_at_the_very_midnight_is_not_handed_over():
    """Ten hours from Monday 14:00 are done when the days away begin: the colleague does nothing of it again."""
    told = two(HANDS_OVER, hours=10) | {"calendars": {"office": {"days": "all", "hours": [[0, 24]]}}}
    records = run(told, [order("w", "job", 14 / 24)], 10).records()
    assert records.cases.live_day[0] == 1
    assert records.persons.touch.sum() == 10 * HOUR


def test_somebody_away_is_waited_for_as_long_as_stated():
    """With a day's patience the colleague begins on the second day away."""
    assert live_hour(two({**HANDS_OVER, "hand_over_after_days": 1})) == 2 * 24 + 9 + 8
    assert live_hour(two({**HANDS_OVER, "hand_over_after_days": 4})) == live_hour(two({}))


def test_what_nobody_else_can_do_rests():
    """Alone there is nobody to give it to, and nothing is lost."""
    assert live_hour(two(HANDS_OVER, names=("ann",))) == live_hour(two({}, names=("ann",)))


def test_a_deputy_decides_for_somebody_away():
    """A decision that waits for the head goes to whoever else there is; without the choice it waits for the head."""
    told = [order("first", "job", 0.375), order("second", "job", 0.376)]  # each does one: both done on Monday
    for desk, hour in (({}, 7 * 24 + 9 + 1), (HANDS_OVER, 24 + 9 + 1)):
        people = two(desk, hours=8.0, gate=True)
        records = run(people, [told[0]], 20).records()
        assert records.cases.live_day[0] * 24 == hour
    approvals = records.log[records.log.event == "approve"]
    assert approvals.person.tolist() == ["bob"]


@pytest.mark.parametrize("patience", [0, 2])
def test_people_are_not_paid_twice(patience):
    """What both did of a pass is what the log shows of each; paid time is as without the choice."""
    records = run(two({**HANDS_OVER, "hand_over_after_days": patience}), [order("w", "job", 0.375)], 20).records()
    persons = records.persons.set_index("id")
    assert persons.touch["ann"] == 8 * HOUR
    assert persons.touch["bob"] == 8 * HOUR
    assert (persons.paid_seconds == 15 * 8 * HOUR).all()
