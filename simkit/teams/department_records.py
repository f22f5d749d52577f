"""What a department leaves behind: cases, event log and people's time as tidy tables."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.teams.agency_bills import UNBILLED
from simkit.teams.batches import Batch
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.decomposition import PARTS, TIME_CATEGORIES, spent_so_far
from simkit.teams.desk import Desk
from simkit.teams.event_log import EventLog, Written
from simkit.teams.people import Person
from simkit.teams.staff.morale import Morale
from simkit.teams.tasks import Task
from simkit.teams.work import Case

if TYPE_CHECKING:
    import pandas as pd

_CASE_COLUMNS = (
    "key", "name", "kind", "campaign", "cause", "segment", "unit", "arrived_day", "happened_day", "due_day",
    "live_day", "expired_day", "status", "versions", "defects", "risk", "quality", "lead_days", "lead_seconds",
)  # fmt: skip


@dataclass(frozen=True)
class DepartmentRecords:
    """Three tables. Days count from the first simulated midnight; seconds are whole."""

    cases: pd.DataFrame
    """One row an order: key, name, kind, campaign, cause, segment, unit, arrived_day, happened_day, due_day,
    live_day, expired_day, status (live, expired, open), versions (1 + rejections), defects, risk, quality, lead_days,
    lead_seconds, and for each part of the lead time `part_<name>_days` and `part_<name>_seconds`; the seconds
    add up to lead_seconds exactly. What is not live has NaN days, -1 lead_seconds and parts of 0 seconds."""
    persons: pd.DataFrame
    """One row a person: id, unit, hourly_cost, fte, employer (own or agency), paid_seconds (those of
    overtime_seconds included), and seconds by category, which add up to paid_seconds exactly: touch, rework,
    coordination, approval, other_duties, switching, meeting, training, decision, absent, idle. An agency's people are
    never idle here; their billed_seconds are what is paid, other duties left out. vacant_seconds are those of the
    contract in which nobody had the seat and was paid, left how often somebody left it, and morale_days morale added
    over the days (0 where a scenario has no `morale`)."""
    written: Written = field(repr=False)
    """The event log as it was written."""

    @cached_property
    def log(self) -> pd.DataFrame:
        """case, step, pass, event, time (seconds), person, unit, effort (seconds), category; made when asked
        for. :data:`simkit.teams.event_log.EVENTS` says what each event means."""
        return self.written.frame()


def department_records(
    rows: list[tuple[Any, ...]], people: list[Person], log: EventLog, desk: Desk, now: int, morale: Morale | None = None
) -> DepartmentRecords:
    """The tables as of a moment; `rows` are those of :func:`case_row`."""
    written = log.so_far(_cut(people, desk, now))
    return DepartmentRecords(_cases(rows), _persons(people, written, desk, now, morale), written)


def person_records(
    people: list[Person], log: EventLog, desk: Desk, now: int, morale: Morale | None = None
) -> pd.DataFrame:
    """The table of persons alone, as of a moment: see :class:`DepartmentRecords`."""
    return _persons(people, log.so_far(_cut(people, desk, now)), desk, now, morale)


def _persons(people: list[Person], written: Written, desk: Desk, now: int, morale: Morale | None) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(_person_rows(people, written, desk, now, morale))


def _cases(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """The table of cases, with the days of each part beside its seconds."""
    import pandas as pd

    beside = [f"part_{part}_{unit}" for part in PARTS for unit in ("days", "seconds")]
    if not rows:
        return pd.DataFrame(columns=[*_CASE_COLUMNS, *beside])
    columns = [list(told) for told in zip(*rows, strict=True)]
    table: dict[str, Any] = dict(zip(_CASE_COLUMNS, columns, strict=False))
    live = np.array([status == "live" for status in table["status"]])
    for days, seconds, told in zip(beside[::2], beside[1::2], columns[len(_CASE_COLUMNS) :], strict=True):
        table[seconds] = np.array(told, np.int64)
        table[days] = np.where(live, table[seconds] / DAY_SECONDS, np.nan)
    return pd.DataFrame(table, columns=[*_CASE_COLUMNS, *beside])


def case_row(case: Case) -> tuple[Any, ...]:
    """One case as a row of the table of cases, the parts of its lead time in seconds."""
    order, live = case.order, case.live_time
    nan = math.nan
    lead = live - case.arrived if live is not None else -1
    return (
        order.key, order.name, order.kind, order.campaign, order.cause, order.segment, case.home,
        case.arrived / DAY_SECONDS,
        nan if order.happened_day is None else order.happened_day,
        nan if order.due_day is None else order.due_day,
        nan if live is None else live / DAY_SECONDS,
        nan if case.expired_time is None else case.expired_time / DAY_SECONDS,
        case.status,
        1 + sum(case.rejections),
        case.live_defects if live is not None else len(case.defects),
        case.risk,
        case.quality if live is not None else nan,
        nan if live is None else lead / DAY_SECONDS,
        lead,
        *case.parts,
    )  # fmt: skip


def _cut(people: list[Person], desk: Desk, now: int) -> list[Any]:
    """Log cells for what is on people's desks: the part of it that is spent."""
    cells: list[Any] = []
    for person in people:
        if person.task is not None:
            done, lost, _ = desk.stretch(person, person.task, now)
            cells += _spent(person, person.task, person.task.spent + done, person.task.lost + lost, now)
        for task in person.desk:
            cells += _spent(person, task, task.spent, task.lost, now)
    return cells


def _spent(person: Person, task: Task, done: int, lost: int, now: int) -> list[Any]:
    name = task.case.order.name if task.case is not None else ""
    cells: list[Any] = []
    for category, seconds in spent_so_far(task, done, lost).items():
        step = (name, task.run.node.id, task.run.number)
        cells += (*step, "cut", now, person.id, person.unit, seconds, category)
    for other in task.members[1:] if isinstance(task, Batch) else ():
        step = (other.of_case.order.name, other.run.node.id, other.run.number)
        cells += (*step, "cut", now, person.id, person.unit, 0, other.category)
    return cells


def _person_rows(
    people: list[Person], written: Written, desk: Desk, now: int, morale: Morale | None
) -> list[dict[str, Any]]:
    spent = {person.id: dict.fromkeys(TIME_CATEGORIES, 0) for person in people}
    efforts = written.column("effort")
    rows = zip(written.column("person"), written.column("category"), efforts, strict=True)
    for person_id, category, seconds in compress(rows, efforts):
        spent[person_id][category] += seconds
    overtime = {person.id: desk.overtime(person, now) for person in people}
    return [_person_row(person, spent[person.id], overtime[person.id], now, morale) for person in people]


def _person_row(
    person: Person, spent: dict[str, int], overtime: int, now: int, morale: Morale | None
) -> dict[str, Any]:
    busy = sum(spent.values())
    vacant = person.vacant_seconds(now)
    contract = person.contract.worked(now) - vacant
    absent = 0 if person.billed else contract - person.calendar.worked(now)
    paid = busy if person.billed else contract + overtime
    return {
        "id": person.id,
        "unit": person.unit,
        "hourly_cost": person.table.hourly_cost,
        "fte": person.table.fte,
        "employer": "agency" if person.billed else "own",
        "paid_seconds": paid,
        "overtime_seconds": overtime,
        **spent,
        "absent": absent,
        "idle": paid - absent - busy,
        "vacant_seconds": vacant,
        "left": sum(left <= now for left, _ in person.vacancies),
        "morale_days": morale.days(person) if morale is not None else 0.0,
        "billed_seconds": busy - sum(spent.get(name, 0) for name in UNBILLED) if person.billed else 0,
    }
