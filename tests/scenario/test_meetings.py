"""A board that has no meeting in the days simulated is refused, and only such a board."""

import datetime

import pytest

from simkit.scenario.meetings import boards_that_met_before, boards_that_never_meet
from simkit.scenario.organization import Teams
from simkit.scenario.structures import organization
from simkit.teams.calendar import DAY_SECONDS, Calendar
from simkit.teams.gates import Board

STARTS = [datetime.date(2026, 1, 1) + datetime.timedelta(days=day) for day in range(14)]


@pytest.mark.parametrize("every", [1, 2, 3, 5, 10, 20, 60])
def test_refused_are_the_boards_whose_first_meeting_lies_beyond_the_run(every):
    """What is said before a run agrees with when the board of a run first meets, from any weekday and for any length."""
    plan = organization(Teams.model_validate({"gates": {"board": {"every_days": every}}, "holidays": "US"}), [])
    gate, refused = plan.gates["board"], 0
    for start in STARTS:
        board = Board(gate, Calendar(plan.calendars[gate.calendar], start), None, None)
        first = board.next_meeting(-1) // DAY_SECONDS
        for days in (1, 2, 4, 7, 30, 100):
            found = list(boards_that_never_meet(plan, start, days))
            assert [place for place, _ in found] == (["teams.gates.board"] if first >= days else []), (start, days)
            refused += len(found)
    assert refused > 0


def test_a_board_that_no_work_waits_for_may_rest():
    """A gate that stands in no kind of work is not looked at."""
    work = {"only": {"steps": [{"id": "write", "skill": "copy", "effort": 1}]}}
    plan = organization(Teams.model_validate({"gates": {"board": {"every_days": 200}}, "work": work}), [])
    assert list(boards_that_never_meet(plan, datetime.date(2026, 1, 8), 3)) == []


def test_a_board_that_met_in_the_warm_up_only_is_told_of():
    """Every sixty working days from the third on: met on Wednesday the 7th, and not again until the end of March."""
    plan = organization(Teams.model_validate({"gates": {"board": {"every_days": 60}}}), [])
    monday = datetime.date(2026, 1, 5)
    assert list(boards_that_never_meet(plan, monday, 50)) == []
    assert list(boards_that_met_before(plan, monday, 50, 2)) == []
    (told,) = boards_that_met_before(plan, monday, 50, 3)
    assert "'board' meets every 60 working days, and on none of the measured days" in told
