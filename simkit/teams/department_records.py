"""What a department leaves behind: cases, event log and people's time as tidy tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.decomposition import TIME_CATEGORIES, lead_time_parts, spent_so_far
from simkit.teams.event_log import EventLog, Row
from simkit.teams.people import Person
from simkit.teams.work import Case

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class DepartmentRecords:
    """Three tables. Days count from the first simulated midnight; seconds are whole."""

    cases: pd.DataFrame
    """One row an order: key, name, kind, campaign, cause, segment, unit, arrived_day, happened_day, due_day,
    live_day, expired_day, status (live, expired, open), versions (1 + rejections), defects, quality, lead_days,
    lead_seconds, and for each part of the lead time `part_<name>_days` and `part_<name>_seconds`; the seconds
    add up to lead_seconds exactly. What never went live has NaN days and -1 lead_seconds with parts of 0."""
    log: pd.DataFrame
    """case, step, pass, event, time (seconds), person, unit, effort (seconds), category; see
    :data:`simkit.teams.event_log.EVENTS`."""
    persons: pd.DataFrame
    """One row a person: id, unit, hourly_cost, fte, paid_seconds, and seconds by category, which add up to
    paid_seconds exactly: touch, rework, coordination, approval, other_duties, idle."""


def department_records(cases: list[Case], people: list[Person], log: EventLog, now: int) -> DepartmentRecords:
    """The tables as of a moment."""
    import pandas as pd

    cut = _cut(people, now)
    return DepartmentRecords(
        cases=pd.DataFrame([_case_row(case) for case in cases if case.arrived < now]),
        log=log.frame(cut),
        persons=pd.DataFrame(_person_rows(people, [*log.rows, *cut], now)),
    )


def _case_row(case: Case) -> dict[str, Any]:
    order = case.order
    nan = float("nan")
    live = case.live_time
    parts = lead_time_parts(case.live_run)
    lead = live - case.arrived if live is not None else -1
    row: dict[str, Any] = {
        "key": order.key,
        "name": order.name,
        "kind": order.kind,
        "campaign": order.campaign,
        "cause": order.cause,
        "segment": order.segment,
        "unit": case.home,
        "arrived_day": case.arrived / DAY_SECONDS,
        "happened_day": nan if order.happened_day is None else order.happened_day,
        "due_day": nan if order.due_day is None else order.due_day,
        "live_day": nan if live is None else live / DAY_SECONDS,
        "expired_day": nan if case.expired_time is None else case.expired_time / DAY_SECONDS,
        "status": case.status,
        "versions": 1 + sum(case.rejections),
        "defects": case.live_defects if live is not None else len(case.defects),
        "quality": case.quality if live is not None else nan,
        "lead_days": nan if live is None else lead / DAY_SECONDS,
        "lead_seconds": lead,
    }
    for part, seconds in parts.items():
        row[f"part_{part}_days"] = nan if live is None else seconds / DAY_SECONDS
        row[f"part_{part}_seconds"] = seconds
    return row


def _cut(people: list[Person], now: int) -> list[Row]:
    """Log rows for what is on people's desks: the part of it that is spent."""
    rows: list[Row] = []
    for person in people:
        task = person.task
        if task is None:
            continue
        name = task.case.order.name if task.case is not None else ""
        spent = spent_so_far(task, person.calendar.between(task.started, now))
        rows += [
            (name, task.run.node.id, task.run.number, "cut", now, person.id, person.unit, seconds, category)
            for category, seconds in spent.items()
            if seconds
        ]
    return rows


def _person_rows(people: list[Person], rows: list[Row], now: int) -> list[dict[str, Any]]:
    spent = {person.id: dict.fromkeys(TIME_CATEGORIES, 0) for person in people}
    for row in rows:
        if row[7]:
            spent[row[5]][row[8]] += row[7]
    return [_person_row(person, spent[person.id], person.calendar.worked(now)) for person in people]


def _person_row(person: Person, spent: dict[str, int], paid: int) -> dict[str, Any]:
    return {
        "id": person.id,
        "unit": person.unit,
        "hourly_cost": person.table.hourly_cost,
        "fte": person.table.fte,
        "paid_seconds": paid,
        **spent,
        "idle": paid - sum(spent.values()),
    }
