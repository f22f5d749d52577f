"""Boards without room and people without time for what they alone decide are told of before anything is simulated."""

import pytest

from simkit.scenario.gate_load import gate_warnings
from simkit.scenario.organization import Teams
from simkit.scenario.structures import organization

BOARD = {"mode": "cadence", "every_days": 10, "capacity": 3, "approver": "person:boss", "effort_hours": 2,
         "finds": 0, "reject": {"first": 0.2, "decay": 1}}  # fmt: skip


def warned(per_week, **gate):
    """Five-day weeks of 40 hours, half of them for primary duties; every fifth case comes back, each time."""
    told = {
        "calendars": {"office": {"days": "Mon-Fri", "hours": [[9, 17]]}}, "primary_share": 0.5,
        "people": [{"id": "boss", "skills": {"lead": 1}}, {"id": "ann", "skills": {"copy": 1}}],
        "gates": {"board": BOARD | gate},
        "work": {"job": {"steps": [{"id": "write", "skill": "copy", "effort": 1},
                                   {"id": "decide", "gate": "board", "after": ["write"]}]}},
    }  # fmt: skip
    return list(gate_warnings(organization(Teams.model_validate(told), []), {"job": per_week}))


@pytest.mark.parametrize(("per_week", "share"), [(1.19, None), (1.21, "101%"), (2.4, "200%")])
def test_a_board_has_so_many_places_a_week(per_week, share):
    """Three every two weeks are 1.5 a week, and a case needs 1 / (1 - 0.2) of them: there is room for 1.2 cases."""
    told = warned(per_week)
    assert [share in one and "board" in one for one in told] == ([True] if share else [])


@pytest.mark.parametrize(("per_week", "share"), [(7.9, None), (8.1, "101%")])
def test_who_alone_decides_has_so_many_hours_a_week(per_week, share):
    """20 hours are ten decisions of two, and a case needs 1.25 of them: eight cases."""
    told = warned(per_week, capacity=None)
    assert [share in one and "boss" in one for one in told] == ([True] if share else [])


def test_what_is_delegated_counts_with_its_audits():
    """A tenth is audited: 12 cases a week instead of 1.2."""
    delegate = {"audit_share": 0.1, "reject_factor": 1}
    assert warned(11.9, delegate=delegate) == []
    assert len(warned(12.1, delegate=delegate)) == 1
