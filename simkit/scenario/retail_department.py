"""The shipped department: a retailer's 24 marketing people, their kinds of work, gates and wages.

Every number stands here once, with unit, source, grade and plausible range; :func:`figures` lists them by the
dotted path at which `simkit explain --sources` shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simkit.scenario.quantity import Figure, Grade

_LITMUS = "Litmus State of Email 2017, mean hours per email"
_OURS = "simkit, no published estimate"
_BLS = "BLS Occupational Employment and Wages May 2023, median wage of about {}, by 2080 h, x 1.42 for benefits (ECEC)"
_FILESTAGE = "set so that a hierarchy needs about 3.2 versions and 10 days to approval (Filestage 2023, brands)"

HEADCOUNT = {"strategy": 3, "copy": 5, "design": 5, "build": 4, "data": 3, "crm": 4}
"""A retailer's in-house department with its head among the strategists."""


@dataclass(frozen=True)
class _Worked:
    """A step somebody does, with its mean effort and the plausible range of it."""

    id: str
    skill: str
    after: tuple[str, ...]
    mean_hours: float
    low: float
    high: float
    source: str = _OURS

    def table(self) -> dict[str, Any]:
        effort = {"lognormal": {"mean_hours": self.mean_hours}}
        return {"id": self.id, "skill": self.skill, "after": self.after, "effort": effort}

    @property
    def figure(self) -> Figure:
        grade: Grade = "assumption" if self.source == _OURS else "survey"
        return Figure("hours", self.source, grade, self.low, self.high, self.mean_hours)


@dataclass(frozen=True)
class _Decided:
    """A step that is a decision, and where the work goes when it is rejected."""

    id: str
    after: tuple[str, ...]
    return_to: str

    def table(self) -> dict[str, Any]:
        return {"id": self.id, "gate": self.id, "after": self.after, "return_to": self.return_to}


STEPS: dict[str, tuple[_Worked | _Decided, ...]] = {
    "email_campaign": (
        _Worked("brief", "strategy", (), 0.5, 0.2, 4),
        _Worked("copy", "copy", ("brief",), 2.99, 1.5, 6, _LITMUS),
        _Worked("design", "design", ("brief",), 4.1, 2, 8, _LITMUS),
        _Worked("data", "data", ("brief",), 2.38, 1, 5, _LITMUS),
        _Decided("legal", ("copy", "design"), "copy"),
        _Worked("build", "build", ("copy", "design"), 3.78, 2, 8, _LITMUS),
        _Worked("test", "build", ("build", "data", "legal"), 2.33, 1, 5, _LITMUS),
        _Decided("board", ("test",), "build"),
        _Worked("schedule", "crm", ("board",), 0.2, 0.1, 1),
        _Worked("post_send", "crm", ("live",), 2.14, 1, 4, _LITMUS),
    ),
    "sms_push_campaign": (
        _Worked("brief", "strategy", (), 0.8, 0.5, 3),
        _Worked("copy", "copy", ("brief",), 1.0, 0.5, 3),
        _Worked("data", "data", ("brief",), 1.0, 0.5, 4),
        _Decided("legal", ("copy",), "copy"),
        _Worked("setup", "crm", ("legal", "data"), 1.5, 1, 4),
        _Decided("board", ("setup",), "setup"),
        _Worked("schedule", "crm", ("board",), 0.2, 0.1, 1),
        _Worked("review", "data", ("live",), 1.0, 0.3, 3),
    ),
    "paid_social_campaign": (
        _Worked("brief", "strategy", (), 1.2, 0.5, 4),
        _Worked("copy", "copy", ("brief",), 1.5, 1, 5),
        _Worked("design", "design", ("brief",), 5.0, 2.5, 10),
        _Decided("legal", ("copy", "design"), "copy"),
        _Worked("setup", "crm", ("legal",), 2.5, 1, 6),
        _Decided("board", ("setup",), "setup"),
        _Worked("schedule", "crm", ("board",), 0.2, 0.1, 1),
        _Worked("review", "data", ("live",), 1.0, 0.5, 3),
    ),
    "reactive_campaign": (
        _Worked("brief", "strategy", (), 0.5, 0.3, 2),
        _Worked("copy", "copy", ("brief",), 1.0, 0.5, 3),
        _Worked("data", "data", ("brief",), 1.0, 0.3, 3),
        _Worked("build", "build", ("copy",), 1.2, 0.5, 4),
        _Worked("test", "build", ("build", "data"), 0.8, 0.3, 2),
        _Decided("board", ("test",), "build"),
        _Worked("schedule", "crm", ("board",), 0.2, 0.1, 1),
    ),
    "internal_request": (
        _Worked("scope", "crm", (), 0.5, 0.3, 3),
        _Worked("copy", "copy", ("scope",), 1.0, 0.4, 6),
        _Worked("design", "design", ("scope",), 3.0, 1, 6),
        _Worked("figures", "data", ("scope",), 1.5, 0.5, 5),
        _Worked("publish", "crm", ("copy", "design", "figures"), 2.0, 1, 5),
    ),
}
"""The graph of each kind of work. Gates have hours of their own, in :func:`gates`.

An email is built while the compliance review goes on: words it changes are swapped in before the test.
"""

REQUESTS_PER_WEEK = Figure(
    "requests per week", "set so that the department is about three quarters busy", "assumption", 1, 6, 3.0
)

HOURLY_COSTS = {
    "strategy": Figure("currency per hour", _BLS.format("158,000 of marketing managers"), "survey", 80, 140, 108.0),
    "copy": Figure("currency per hour", _BLS.format("74,000 of writers"), "survey", 35, 70, 50.0),
    "design": Figure("currency per hour", _BLS.format("59,000 of graphic designers"), "survey", 30, 60, 40.0),
    "build": Figure("currency per hour", _BLS.format("85,000 of web developers"), "survey", 40, 85, 58.0),
    "data": Figure("currency per hour", _BLS.format("108,000 of data scientists"), "survey", 50, 100, 74.0),
    "crm": Figure("currency per hour", _BLS.format("75,000 of marketing specialists"), "survey", 35, 75, 51.0),
}
OTHER_HOURLY_COST = Figure("currency per hour", "mean of the shipped department", "assumption", 35, 110, 60.0)

_DISTANCE: dict[str, dict[str, Figure]] = {
    "same_person": {},
    "same_unit": {
        "latency_hours": Figure("office hours", _OURS, "assumption", 0, 4, 0.5),
        "effort_hours": Figure("hours of the receiver", _OURS, "assumption", 0, 0.5, 0.1),
        "information_loss": Figure("probability", _OURS, "assumption", 0, 0.05, 0.01),
    },
    "same_parent": {
        "latency_hours": Figure("office hours", _OURS, "assumption", 0.5, 8, 1.5),
        "effort_hours": Figure("hours of the receiver", _OURS, "assumption", 0.05, 1, 0.2),
        "information_loss": Figure("probability", _OURS, "assumption", 0.01, 0.1, 0.04),
    },
    "same_company": {
        "latency_hours": Figure("office hours", _OURS, "assumption", 1, 16, 4.0),
        "effort_hours": Figure("hours of the receiver", _OURS, "assumption", 0.1, 2, 0.4),
        "information_loss": Figure("probability", _OURS, "assumption", 0.02, 0.15, 0.07),
    },
    "other_company": {
        "latency_hours": Figure("office hours", _OURS, "assumption", 2, 40, 8.0),
        "effort_hours": Figure("hours of the receiver", _OURS, "assumption", 0.2, 3, 0.6),
        "information_loss": Figure("probability", _OURS, "assumption", 0.03, 0.25, 0.1),
    },
}

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
    kinds: dict[str, dict[str, Any]] = {
        kind: {"steps": [step.table() for step in steps]} for kind, steps in STEPS.items()
    }
    kinds["internal_request"]["demand"] = {"per_week": REQUESTS_PER_WEEK.value, "priority": 6}
    return kinds


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


def distance() -> list[dict[str, Any]]:
    """What a hand-off costs by how far giver and receiver are apart."""
    return [
        {"when": when, **{name: figure.value for name, figure in costs.items()}} for when, costs in _DISTANCE.items()
    ]


def figures() -> dict[str, Figure]:
    """Every number of the shipped department by its dotted path below ``teams``."""
    found = {
        f"work.{kind}.steps[{step.id}].effort.lognormal.mean_hours": step.figure
        for kind, steps in STEPS.items()
        for step in steps
        if isinstance(step, _Worked)
    }
    found["work.internal_request.demand.per_week"] = REQUESTS_PER_WEEK
    for gate, numbers in _GATES.items():
        for name, figure in numbers.items():
            path = "effort.lognormal.mean_hours" if name == "effort" else name
            found[f"gates.{gate}.{path}"] = figure
    for i, costs in enumerate(_DISTANCE.values()):
        found |= {f"distance[{i}].{name}": figure for name, figure in costs.items()}
    for skill, figure in HOURLY_COSTS.items():
        found[f"hourly_costs.{skill}"] = figure
    return found
