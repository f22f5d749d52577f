"""The shipped department: a retailer's 24 marketing people, their kinds of work, gates and wages.

Every number stands here once, with unit, source, grade and plausible range; :func:`figures` lists them by the
dotted path at which `simkit explain --sources` shows them.
"""

from __future__ import annotations

from typing import Any

from simkit.scenario.quantity import Figure

_LITMUS = "Litmus State of Email 2017, mean hours per email"
_OURS = "simkit, no published estimate"
_BLS = "BLS Occupational Employment and Wages May 2023, median wage {} / 2080 h, times 1.42 for benefits (BLS ECEC)"
_FILESTAGE = "set so that a hierarchy needs about 3.2 versions and 10 days to approval (Filestage 2023, brands)"

HEADCOUNT = {"strategy": 3, "copy": 5, "design": 5, "build": 4, "data": 3, "crm": 4}
"""A retailer's in-house department with its head among the strategists."""

_LITMUS_ROW = ("survey", _LITMUS)
_OUR_ROW = ("assumption", _OURS)

# step, skill (or gate and where it returns work to), after, mean hours, (grade, source), plausible range
STEPS: dict[str, list[tuple[str, str, tuple[str, ...], float, tuple[str, str], float, float]]] = {
    "email_campaign": [
        ("brief", "strategy", (), 0.5, _OUR_ROW, 0.5, 4),
        ("copy", "copy", ("brief",), 2.99, _LITMUS_ROW, 1.5, 6),
        ("design", "design", ("brief",), 4.10, _LITMUS_ROW, 2, 8),
        ("data", "data", ("brief",), 2.38, _LITMUS_ROW, 1, 5),
        ("legal", "gate:legal:copy", ("copy", "design"), 0, _OUR_ROW, 0, 0),
        ("build", "build", ("legal",), 3.78, _LITMUS_ROW, 2, 8),
        ("test", "build", ("build", "data"), 2.33, _LITMUS_ROW, 1, 5),
        ("board", "gate:board:build", ("test",), 0, _OUR_ROW, 0, 0),
        ("schedule", "crm", ("board",), 0.2, _OUR_ROW, 0.1, 1),
        ("post_send", "crm", ("live",), 2.14, _LITMUS_ROW, 1, 4),
    ],
    "sms_push_campaign": [
        ("brief", "strategy", (), 0.8, _OUR_ROW, 0.5, 3),
        ("copy", "copy", ("brief",), 1.0, _OUR_ROW, 0.5, 3),
        ("data", "data", ("brief",), 1.0, _OUR_ROW, 0.5, 4),
        ("legal", "gate:legal:copy", ("copy",), 0, _OUR_ROW, 0, 0),
        ("setup", "crm", ("legal", "data"), 1.5, _OUR_ROW, 1, 4),
        ("board", "gate:board:setup", ("setup",), 0, _OUR_ROW, 0, 0),
        ("schedule", "crm", ("board",), 0.2, _OUR_ROW, 0.1, 1),
        ("review", "data", ("live",), 1.0, _OUR_ROW, 0.3, 3),
    ],
    "paid_social_campaign": [
        ("brief", "strategy", (), 1.2, _OUR_ROW, 0.5, 4),
        ("copy", "copy", ("brief",), 1.5, _OUR_ROW, 1, 5),
        ("design", "design", ("brief",), 5.0, _OUR_ROW, 2.5, 10),
        ("legal", "gate:legal:copy", ("copy", "design"), 0, _OUR_ROW, 0, 0),
        ("setup", "crm", ("legal",), 2.5, _OUR_ROW, 1, 6),
        ("board", "gate:board:setup", ("setup",), 0, _OUR_ROW, 0, 0),
        ("schedule", "crm", ("board",), 0.2, _OUR_ROW, 0.1, 1),
        ("review", "data", ("live",), 1.0, _OUR_ROW, 0.5, 3),
    ],
    "reactive_campaign": [
        ("brief", "strategy", (), 0.5, _OUR_ROW, 0.3, 2),
        ("copy", "copy", ("brief",), 1.0, _OUR_ROW, 0.5, 3),
        ("data", "data", ("brief",), 1.0, _OUR_ROW, 0.3, 3),
        ("build", "build", ("copy",), 1.2, _OUR_ROW, 0.5, 4),
        ("test", "build", ("build", "data"), 0.8, _OUR_ROW, 0.3, 2),
        ("board", "gate:board:build", ("test",), 0, _OUR_ROW, 0, 0),
        ("schedule", "crm", ("board",), 0.2, _OUR_ROW, 0.1, 1),
    ],
    "internal_request": [
        ("scope", "crm", (), 0.5, _OUR_ROW, 0.3, 3),
        ("copy", "copy", ("scope",), 1.0, _OUR_ROW, 1, 6),
        ("design", "design", ("scope",), 3.0, _OUR_ROW, 1, 6),
        ("figures", "data", ("scope",), 1.5, _OUR_ROW, 0.5, 5),
        ("publish", "crm", ("copy", "design", "figures"), 2.0, _OUR_ROW, 1, 5),
    ],
}
"""The graph of each kind of work. Gates have hours of their own, in :func:`gates`."""

REQUESTS_PER_WEEK = Figure(
    "requests per week", "set so that the department is about three quarters busy", "assumption", 1, 6, 3.0
)

HOURLY_COSTS = {
    "strategy": Figure("currency per hour", _BLS.format("157,620 of marketing managers"), "survey", 80, 140, 108.0),
    "copy": Figure("currency per hour", _BLS.format("73,690 of writers"), "survey", 35, 70, 50.0),
    "design": Figure("currency per hour", _BLS.format("58,910 of graphic designers"), "survey", 30, 60, 40.0),
    "build": Figure("currency per hour", _BLS.format("84,960 of web developers"), "survey", 40, 85, 58.0),
    "data": Figure("currency per hour", _BLS.format("108,020 of data scientists"), "survey", 50, 100, 74.0),
    "crm": Figure("currency per hour", _BLS.format("74,680 of marketing specialists"), "survey", 35, 75, 51.0),
}
OTHER_HOURLY_COST = Figure("currency per hour", "mean of the shipped department", "assumption", 35, 110, 60.0)

_GATES: dict[str, dict[str, Figure]] = {
    "board": {
        "reject.first": Figure("probability", _FILESTAGE, "assumption", 0.1, 0.6, 0.2),
        "reject.decay": Figure("factor per round", _FILESTAGE, "assumption", 0.3, 1, 0.5),
        "finds": Figure("probability per open defect", _OURS, "assumption", 0.3, 0.9, 0.6),
        "effort_hours": Figure("approver's hours per case", _OURS, "assumption", 0.1, 1.0, 0.25),
        "every_days": Figure("working days", "a weekly board", "assumption", 1, 10, 5),
    },
    "legal": {
        "reject.first": Figure("probability", _FILESTAGE, "assumption", 0.2, 0.9, 0.8),
        "reject.decay": Figure("factor per round", _FILESTAGE, "assumption", 0.4, 1, 0.85),
        "finds": Figure("probability per open defect", _OURS, "assumption", 0.2, 0.8, 0.4),
        "effort": Figure("approver's mean hours per round", _OURS, "assumption", 0.1, 1.0, 0.25),
    },
}


def work() -> dict[str, dict[str, Any]]:
    """The shipped kinds of work, as a scenario file would say them."""
    kinds: dict[str, dict[str, Any]] = {kind: {"steps": [_step(row) for row in rows]} for kind, rows in STEPS.items()}
    kinds["internal_request"]["demand"] = {"per_week": REQUESTS_PER_WEEK.value, "priority": 6}
    return kinds


def _step(row: tuple[str, str, tuple[str, ...], float, tuple[str, str], float, float]) -> dict[str, Any]:
    name, who, after, hours = row[:4]
    if who.startswith("gate:"):
        _, gate, back = who.split(":")
        return {"id": name, "gate": gate, "after": after, "return_to": back}
    return {"id": name, "skill": who, "after": after, "effort": {"lognormal": {"mean_hours": hours}}}


def gates() -> dict[str, dict[str, Any]]:
    """The shipped gates: the head's weekly board, and a compliance review by the strategists."""
    board, legal = _GATES["board"], _GATES["legal"]
    return {
        "board": {
            "mode": "cadence",
            "approver": "head",
            "every_days": int(board["every_days"].value),
            "effort_hours": board["effort_hours"].value,
            "finds": board["finds"].value,
            "reject": {"first": board["reject.first"].value, "decay": board["reject.decay"].value},
        },
        "legal": {
            "mode": "on_demand",
            "approver": "skill:strategy",
            "effort": {"lognormal": {"mean_hours": legal["effort"].value}},
            "finds": legal["finds"].value,
            "reject": {"first": legal["reject.first"].value, "decay": legal["reject.decay"].value},
        },
    }


def figures() -> dict[str, Figure]:
    """Every number of the shipped department by its dotted path below ``teams``."""
    found = {
        f"work.{kind}.steps[{row[0]}].effort.lognormal.mean_hours": Figure(
            "hours",
            row[4][1],
            row[4][0],
            row[5],
            row[6],
            row[3],  # type: ignore[arg-type]
        )
        for kind, rows in STEPS.items()
        for row in rows
        if not row[1].startswith("gate:")
    }
    found["work.internal_request.demand.per_week"] = REQUESTS_PER_WEEK
    for gate, numbers in _GATES.items():
        for name, figure in numbers.items():
            path = "effort.lognormal.mean_hours" if name == "effort" else name
            found[f"gates.{gate}.{path}"] = figure
    for skill, figure in HOURLY_COSTS.items():
        found[f"hourly_costs.{skill}"] = figure
    return found
