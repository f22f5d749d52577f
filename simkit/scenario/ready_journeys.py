"""Ready journeys that a scenario names: `journeys: [welcome, cart]`. Every number with where it comes from."""

from __future__ import annotations

from typing import Any

from simkit.scenario.quantity import Figure

_OURS = "simkit, no published estimate"


def _days(value: float, low: float, high: float) -> Figure:
    return Figure(unit="days", source=_OURS, grade="assumption", low=low, high=high, value=value)


def _fit(value: float, source: str = _OURS) -> Figure:
    low, high = round(value - 0.15, 2), min(1.0, round(value + 0.15, 2))
    return Figure(unit="share", source=source, grade="assumption", low=low, high=high, value=value)


def _share(value: float, low: float, high: float, unit: str, source: str) -> Figure:
    return Figure(unit=unit, source=source, grade="assumption", low=low, high=high, value=value)


_WELCOME = "simkit; welcome messages are commonly reported opened far more often than others"

READY: dict[str, dict[str, Any]] = {
    "welcome": {
        "starts": "first_purchase",
        "steps": {
            "hello": {"after": _days(1, 0, 2), "relevance": _fit(0.8, _WELCOME), "priority": 2},
            "first_steps": {"after": _days(3, 2, 7), "relevance": _fit(0.65)},
            "offer": {"after": _days(7, 4, 14), "relevance": _fit(0.6)},
        },
    },
    "nurture": {
        "starts": "became_aware",
        "exits": ["purchase", "opt_out"],
        "again_after": _days(180, 60, 365),
        "steps": {
            "story": {"after": _days(2, 1, 5), "relevance": _fit(0.6)},
            "guide": {"after": _days(5, 3, 10), "relevance": _fit(0.6)},
            "proof": {"after": _days(7, 5, 14), "relevance": _fit(0.6)},
            "invitation": {"after": _days(7, 5, 14), "relevance": _fit(0.65), "only_if": "opened"},
        },
    },
    "post_purchase": {
        "starts": "purchase",
        "again_after": _days(30, 14, 90),
        "steps": {
            "thanks": {"after": _days(1, 0, 2), "relevance": _fit(0.7), "priority": 2},
            "care": {"after": _days(7, 4, 14), "relevance": _fit(0.6)},
            "another": {"after": _days(14, 7, 30), "relevance": _fit(0.6)},
        },
    },
    "webinar": {
        "starts": "click",
        "share": _share(
            0.3, 0.1, 0.5, "share of clicks", "simkit; sign-ups per click of an invitation, no published estimate"
        ),
        "attendance": _share(
            0.4, 0.3, 0.55, "share of sign-ups", "simkit; commonly reported between a third and a half"
        ),
        "again_after": _days(60, 30, 180),
        "steps": {
            "confirmation": {"after": _days(0, 0, 1), "relevance": _fit(0.8), "priority": 1},
            "reminder": {"after": _days(7, 3, 14), "relevance": _fit(0.75), "priority": 1},
            "for_attendees": {
                "after": _days(2, 1, 3), "relevance": _fit(0.75), "only_if": "attended", "then": "leave",
            },
            "recording": {"after": _days(0, 0, 1), "relevance": _fit(0.55)},
        },
    },
    "cart": {
        "starts": "visit_without_purchase",
        "share": _share(
            0.1, 0.04, 0.2, "share of visits without a purchase", "simkit; visits that leave something in the cart"
        ),
        "exits": ["purchase", "opt_out"],
        "again_after": _days(7, 3, 30),
        "steps": {
            "reminder": {"after": _days(0.125, 0.05, 1), "relevance": _fit(0.85), "priority": 1},
            "second_reminder": {
                "after": _days(2, 1, 3), "relevance": _fit(0.7), "priority": 2, "only_if": "not_clicked",
            },
        },
    },
    "win_back": {
        "starts": "lapsed",
        "lapsed_days": _days(180, 90, 365),
        "exits": ["purchase", "opt_out"],
        "again_after": _days(180, 90, 365),
        "steps": {
            "we_miss_you": {"after": _days(0, 0, 7), "relevance": _fit(0.5), "priority": 4},
            "offer": {"after": _days(14, 7, 30), "relevance": _fit(0.55), "priority": 4},
            "last_call": {"after": _days(14, 7, 30), "relevance": _fit(0.5), "priority": 4, "only_if": "opened"},
        },
    },
    "sales_cadence": {
        "starts": "lead",
        "exits": ["purchase", "opt_out"],
        "again_after": _days(90, 30, 180),
        "steps": {
            "introduction": {"after": _days(1, 0, 2), "relevance": _fit(0.7), "priority": 2},
            "follow_up": {"after": _days(3, 2, 5), "relevance": _fit(0.65), "priority": 2},
            "case_study": {"after": _days(4, 2, 7), "relevance": _fit(0.65), "priority": 2},
            "proposal": {"after": _days(5, 3, 7), "relevance": _fit(0.7), "priority": 2, "only_if": "opened"},
            "goodbye": {"after": _days(7, 5, 14), "relevance": _fit(0.5), "priority": 2},
        },
    },
}  # fmt: skip
"""Every ready journey as a table whose doubtful numbers are figures."""


def ready_journey(name: str) -> dict[str, Any]:
    """The ready journey as the table a user could have written."""
    return _plain(READY[name])


def journey_figures(name: str) -> dict[str, Figure]:
    """Where a ready journey's numbers come from, by dotted path within it."""
    return dict(_figures(READY[name], "")) if name in READY else {}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value.value if isinstance(value, Figure) else value


def _figures(table: dict[str, Any], path: str) -> list[tuple[str, Figure]]:
    found: list[tuple[str, Figure]] = []
    for key, value in table.items():
        if isinstance(value, Figure):
            found.append((path + key, value))
        elif isinstance(value, dict):
            found += _figures(value, f"{path}{key}.")
    return found
