"""Gates: dates, capacity, delegation, audit, and what a rejection undoes."""

import pytest
from departments import neutral, order, organized, run, step

HOUR = 3600
ALWAYS_PASS = {"finds": 0, "reject": {"first": 0}}


def board(**changes):
    return {
        "mode": "cadence",
        "approver": "head",
        "every_days": 5,
        "at": 10,
        "effort_hours": 0,
        **ALWAYS_PASS,
        **changes,
    }


def reviewed(gate, steps=None, **tables):
    steps = steps or [step("make", "make", 1), {"id": "decide", "gate": "board", "after": ["make"]}]
    tables = {"headcount": {"boss": 1, "make": 2}, "hourly_costs": {"boss": 200}, **tables}
    return neutral(gates={"board": gate}, work={"job": {"steps": steps}}, **tables)


def live_days(teams, arrivals, days=40):
    orders = [order(f"w{i}", "job", day) for i, day in enumerate(arrivals)]
    return list(run(teams, orders, days).records().cases.live_day)


def test_a_board_meets_midweek_and_its_half_as_frequent_sister_on_every_second_date():
    """Every 5 working days from Wednesday at 10; every 10 keeps every second date."""
    office = {"office": {"days": "Mon-Fri", "hours": [[0, 24]]}}
    arrivals = [0.5, 3.5, 8.0]
    assert live_days(reviewed(board(), calendars=office), arrivals) == [2 + 10 / 24, 9 + 10 / 24, 9 + 10 / 24]
    assert live_days(reviewed(board(every_days=10), calendars=office), arrivals) == [2 + 10 / 24, *[16 + 10 / 24] * 2]


def test_a_full_agenda_waits_for_the_next_meeting_the_urgent_first():
    """Three cases and room for two: the least urgent is decided a cadence later."""
    orders = [order(f"w{i}", "job", 0.1, priority=priority) for i, priority in enumerate((5, 9, 1))]
    cases = run(reviewed(board(capacity=2)), orders, 20).records().cases
    assert list(cases.live_day) == [2 + 10 / 24, 7 + 10 / 24, 2 + 10 / 24]
    assert (cases.part_approval_cadence_seconds > 0).all()


def test_who_hands_in_at_the_start_of_a_meeting_has_missed_it_whoever_else_is_on_the_agenda():
    """Handed in at Monday 10:00 itself, decided on Tuesday: alone, and beside a case that had the board called."""
    steps = {"slow": 10, "quick": 8}
    work = {
        kind: {"steps": [step("make", "make", hours), {"id": "decide", "gate": "board", "after": ["make"]}]}
        for kind, hours in steps.items()
    }
    teams = {**reviewed(board(every_days=1)), "work": work}
    slow, quick = order("w0", "slow", 0), order("w1", "quick", 0)
    assert list(run(teams, [slow], 5).records().cases.live_day) == [1 + 10 / 24]
    assert list(run(teams, [slow, quick], 5).records().cases.live_day) == [1 + 10 / 24, 10 / 24]


def test_two_boards_that_meet_at_the_same_hour_are_two_meetings_whoever_else_comes():
    """What the first lets pass at 10:00 is decided by the second a day later, also if the second meets at 10:00."""
    gates = {"board": board(every_days=1), "second": board(every_days=1)}
    both = [
        step("make", "make", 1),
        {"id": "decide", "gate": "board", "after": ["make"]},
        {"id": "again", "gate": "second", "after": ["decide"]},
    ]
    one = [step("make", "make", 2), {"id": "again", "gate": "second", "after": ["make"]}]
    teams = {**reviewed(board()), "gates": gates, "work": {"both": {"steps": both}, "one": {"steps": one}}}
    case, other = order("w0", "both", 0), order("w1", "one", 0)
    assert list(run(teams, [case], 5).records().cases.live_day) == [1 + 10 / 24]
    assert list(run(teams, [case, other], 5).records().cases.live_day) == [1 + 10 / 24, 10 / 24]


def test_a_meeting_costs_its_members_time():
    """Half an hour a case for the head, in the log as approval effort of no case in particular."""
    records = run(reviewed(board(effort_hours=0.5)), [order(f"w{i}", "job", 0.1) for i in range(4)], 10).records()
    assert records.persons.set_index("id").approval["boss-1"] == 4 * 0.5 * HOUR
    assert records.log[(records.log.category == "approval")].case.eq("").all()


def test_an_approver_on_demand_decides_among_other_work():
    """Two cases at once: the second waits for the approver, which is the approver's queue."""
    gate = {"mode": "on_demand", "approver": "skill:boss", "effort": 3, **ALWAYS_PASS}
    orders = [order(f"w{i}", "job", 0.0) for i in range(2)]
    cases = run(reviewed(gate), orders, 5).records().cases
    assert list(cases.part_approval_seconds) == [3 * HOUR] * 2
    assert list(cases.part_approver_queue_seconds) == [0, 3 * HOUR]


def test_a_rejection_undoes_the_way_back_and_only_that():
    """Returned to copy: copy and build are redone, design is not, and the approval before stands."""
    gates = {
        "first": {"mode": "on_demand", "approver": "head", "effort": 1, **ALWAYS_PASS},
        "second": {"mode": "on_demand", "approver": "head", "effort": 1, "finds": 0,
                   "reject": {"first": 1, "decay": 0.01}, "return_to": "copy"},
    }  # fmt: skip
    steps = [
        step("copy", "make", 1),
        step("design", "make", 1),
        {"id": "look", "gate": "first", "after": ["copy", "design"]},
        step("build", "make", 1, ("look",)),
        {"id": "decide", "gate": "second", "after": ["build"]},
    ]
    teams = neutral(gates=gates, headcount={"boss": 1, "make": 2}, hourly_costs={"boss": 200},
                    work={"job": {"steps": steps}}, errors={"caught": 1, "rework_share": 0.5})  # fmt: skip
    records = run(teams, [order("w", "job", 0)], 10).records()
    done = records.log[records.log.event == "complete"].step.value_counts().to_dict()
    assert done == {"copy": 2, "build": 2, "design": 1, "look": 1, "decide": 2}
    case = records.cases.iloc[0]
    assert case.versions == 2
    assert case.part_rework_seconds == HOUR
    assert case.lead_seconds == 6 * HOUR


def test_a_gate_finds_defects_and_the_redo_mends_them():
    """Escaped errors are found with probability 1: what goes live has none, after more rounds."""
    steps = [step("make", "make", 1, internal_error=0.5), {"id": "decide", "gate": "board", "after": ["make"]}]
    gate = {"mode": "on_demand", "approver": "head", "effort": 0.1, "finds": 1, "reject": {"first": 0}}
    orders = [order(f"w{i}", "job", i) for i in range(60)]
    cases = run(reviewed(gate, steps, errors={"caught": 0}), orders, 80).records().cases
    assert (cases.defects == 0).all()
    assert cases.versions.mean() == pytest.approx(2, abs=0.6)
    missed = run(reviewed({**gate, "finds": 0}, steps, errors={"caught": 0}), orders, 80).records().cases
    assert missed.defects.mean() == pytest.approx(0.5, abs=0.2)


def delegated(audit_share: float):
    gate = board(
        finds=0.5, reject={"first": 0.4, "decay": 0.5}, delegate={"audit_share": audit_share, "effort_hours": 0.1}
    )
    steps = [step("make", "make", 1, internal_error=0.4), {"id": "decide", "gate": "board", "after": ["make"]}]
    orders = [order(f"w{i}", "job", i / 2) for i in range(160)]
    teams = reviewed(gate, steps, errors={"caught": 0})
    return run(teams, orders, 120).records().cases


def test_delegation_is_faster_and_finds_less():
    """A lead decides at once, rejects less on opinion and overlooks more: nothing is free."""
    own, lead = delegated(1.0), delegated(0.0)
    assert lead.part_approval_cadence_seconds.sum() == 0
    assert lead.lead_days.mean() < own.lead_days.mean() / 3
    assert lead.versions.mean() < own.versions.mean()
    assert lead.defects.mean() > own.defects.mean()


def test_an_audit_sends_its_share_of_cases_to_the_board_in_every_round():
    """A quarter of the cases meet the board; the same cases whatever else happens."""
    cases = delegated(0.25)
    audited = cases.part_approval_cadence_seconds > 0
    assert audited.mean() == pytest.approx(0.25, abs=0.1)
    assert (cases[audited].part_approver_queue_seconds == 0).all()


def test_rejection_in_round_k_is_first_times_decay():
    """Versions to approval: 1 + 0.6 + 0.6 x 0.3 + 0.6 x 0.3 x 0.15 + ... for first 0.6 and decay 0.5."""
    gate = {"mode": "on_demand", "approver": "head", "effort": 0, "finds": 0, "reject": {"first": 0.6, "decay": 0.5}}
    orders = [order(f"w{i}", "job", i / 20) for i in range(2000)]
    plan = organized(reviewed(gate, [step("make", "make", 0.01), {"id": "decide", "gate": "board", "after": ["make"]}]))
    versions = run(plan, orders, 102).records().cases.versions
    expected = 1 + 0.6 + 0.6 * 0.3 + 0.6 * 0.3 * 0.15 + 0.6 * 0.3 * 0.15 * 0.075
    assert abs(versions.mean() - expected) < 3 * versions.std() / len(versions) ** 0.5
