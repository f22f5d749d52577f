"""When boards meet, as far as a scenario can know before it runs: one that never does is a mistake."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from simkit.scenario.organization import Organization
from simkit.scenario.work_kinds import CadenceGate
from simkit.scenario.working_week import WEEKDAYS, WorkingWeek

_MIDWEEK = 2
"""Boards count from the third working day of the week in which the run begins (`teams/gates.py`)."""


def boards_that_never_meet(organization: Organization, start: datetime.date, days: int) -> Iterator[tuple[str, str]]:
    """Place and message for every board that work waits for and that has no meeting in the days simulated."""
    for name, gate, working in _boards(organization, start, days):
        if not any(day >= 0 for day in _meetings(gate, working)):
            ahead = sum(day >= 0 for day in working)
            yield (
                f"teams.gates.{name}",
                f"the gate never meets: every {gate.every_days} working days, and the {days} days simulated have "
                f"{ahead} in the calendar {gate.calendar!r}",
            )


def boards_that_met_before(
    organization: Organization, start: datetime.date, days: int, warmup_days: int
) -> Iterator[str]:
    """What is to be said of boards that work waits for and that have no meeting on a measured day: it stays there."""
    for name, gate, working in _boards(organization, start, days):
        if not any(day >= warmup_days for day in _meetings(gate, working)):
            yield f"the gate {name!r} meets every {gate.every_days} working days, and on none of the measured days"


def _boards(
    organization: Organization, start: datetime.date, days: int
) -> Iterator[tuple[str, CadenceGate, list[int]]]:
    used = {step.gate for kind in organization.work.values() for step in kind.steps}
    for name, gate in organization.gates.items():
        if name in used and isinstance(gate, CadenceGate):
            yield name, gate, _working_days(organization.calendars[gate.calendar], start, days)


def _meetings(gate: CadenceGate, working: list[int]) -> list[int]:
    return [day for i, day in enumerate(working) if i % gate.every_days == min(_MIDWEEK, gate.every_days - 1)]


def _working_days(week: WorkingWeek, start: datetime.date, days: int) -> list[int]:
    """Working days as days since the start, from the beginning of the working week it falls into."""
    first = -((start.weekday() - WEEKDAYS.index(week.days[0])) % 7)
    dates = {day: start + datetime.timedelta(days=day) for day in range(first, days)}
    free: set[datetime.date] = set()
    if week.holidays is not None:
        import holidays

        free = set(holidays.country_holidays(week.holidays, years=sorted({date.year for date in dates.values()})))
    return [day for day, date in dates.items() if WEEKDAYS[date.weekday()] in week.days and date not in free]
