"""What is known of a case when somebody has to decide: the quantities of `scenario/case_conditions.py`."""

from __future__ import annotations

import math
from collections.abc import Callable

from simkit.scenario.case_conditions import CAUSES, holds
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.work import Case

_FIGURES = ("wrong_channel", "false_alarm")
"""Causes that are figures somebody has read; that they misled nobody knows."""


def fits(when: str | None, case: Case, round_: int, now: int, oldest: Callable[[], int | None]) -> bool:
    """Whether a rule's condition holds for a case; one without a condition always does.

    `oldest` says since when the oldest work has been waiting for whoever would decide; None when none is.
    """
    return when is None or holds(when, lambda name: quantity(name, case, round_, now, oldest))


def quantity(name: str, case: Case, round_: int, now: int, oldest: Callable[[], int | None]) -> float | str:
    """One quantity of a case; words as their number, names as text."""
    order = case.order
    if name == "risk":
        return case.risk
    if name == "priority":
        return case.priority
    if name == "round":
        return round_
    if name == "kind":
        return order.kind
    if name == "segment":
        return order.segment or ""
    if name == "cause":
        return CAUSES.index("monitor" if order.cause in _FIGURES else order.cause)
    if name == "campaign":
        return 0 if order.campaign is None else 1
    if name == "age_days":
        return (now - case.arrived) / DAY_SECONDS
    if name == "days_left":
        return math.inf if case.expires is None else (case.expires - now) / DAY_SECONDS
    if name == "waiting_days":
        since = oldest()
        return 0.0 if since is None else (now - since) / DAY_SECONDS
    raise AssertionError(f"no such quantity: {name}")
