"""Morale: overload wears it, rest brings it back, and it changes speed, errors and the wish to leave."""

from __future__ import annotations

from collections.abc import Sequence

from simkit.scenario.morale import Morale as MoraleTable
from simkit.scenario.organization import Organization
from simkit.scenario.work_kinds import OnDemandGate
from simkit.teams.batches import Batch
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.desk import Desk
from simkit.teams.dispatcher import Dispatcher, Pool, Task
from simkit.teams.people import Person


class Morale:
    """Everybody's morale from 0 to 1; who is not one's own has that of 1."""

    def __init__(self, organization: Organization, table: MoraleTable):
        self._organization, self._table = organization, table
        self._kept = 0.5 ** (1 / table.half_life_days)
        self._missing: dict[int, float] = {}
        """Person's number -> what is missing to 1."""
        self._overtime: dict[int, int] = {}
        """Person's number -> seconds of overtime until the last midnight."""
        self._sum: dict[int, float] = {}

    def of(self, person: Person) -> float:
        """1 is rested."""
        return 1 - self._missing.get(person.number, 0.0)

    def days(self, person: Person) -> float:
        """Morale added over the days so far."""
        return self._sum.get(person.number, 0.0)

    def effort_factor(self, person: Person) -> float:
        """How much longer a pass takes than at full morale."""
        return 1 / (1 - self._table.speed_loss * self._missing.get(person.number, 0.0))

    def error_factor(self, person: Person) -> float:
        """Internal errors relative to those at full morale."""
        return 1 + self._table.error_gain * self._missing.get(person.number, 0.0)

    def leaving_factor(self, person: Person) -> float:
        """The rate of leaving relative to that at full morale."""
        return 1 + self._table.leaving_gain * self._missing.get(person.number, 0.0)

    def replace(self, person: Person) -> None:
        """Somebody new has the seat, and is rested."""
        self._missing[person.number] = 0.0

    # --- a day is over ----------------------------------------------------------------------------

    def day_is_over(self, people: Sequence[Person], dispatcher: Dispatcher) -> None:
        """Midnight: what the day did to everybody."""
        now = dispatcher.now
        waits = {pool: _waiting_hours(pool, self._organization) for pool in dispatcher.pools}
        load = {pool: hours / self._hours_a_day(pool, now) for pool, hours in waits.items() if hours}
        for person in people:
            if not person.billed:
                overload = self._overload(person, load, dispatcher.desk, now)
                missing = self._missing.get(person.number, 0.0) * self._kept + self._table.wear * overload
                self._missing[person.number] = min(missing, 1.0)
                self._sum[person.number] = self._sum.get(person.number, 0.0) + 1 - min(missing, 1.0)

    def _overload(self, person: Person, load: dict[Pool, float], desk: Desk, now: int) -> float:
        """Of a day on shift: 0 to 1."""
        overtime = desk.overtime(person, now)
        beyond, self._overtime[person.number] = overtime - self._overtime.get(person.number, 0), overtime
        on_shift = person.calendar.between(now - DAY_SECONDS, now)
        if not on_shift:
            return 0.0
        waiting = sum(load.get(pool, 0.0) for _, pool in person.pools)
        return min(1.0, beyond / on_shift + max(0.0, waiting / self._table.bearable_days - 1))

    def _hours_a_day(self, pool: Pool, now: int) -> float:
        """Hours of effort that those who have a seat get done in a working day; everybody who might, if none has."""
        hours = here = 0.0
        for level, person in pool.members:
            week = self._organization.calendars[person.table.calendar]
            own = week.weekly_hours / len(week.days) * person.table.fte * self._organization.primary_share
            own *= level if level < float("inf") else 1.0
            hours += own
            here += 0.0 if person.vacant_at(now) else own
        return here or hours


def _waiting_hours(pool: Pool, organization: Organization) -> float:
    """Mean effort of all that waits in a queue, people's hours."""
    tasks = list(pool.waiting())
    tasks += [task for kind in pool.first_crews() for task in kind[3].tasks[:1]]
    return sum(_hours(member, organization) for task in tasks for member in _members(task))


def _members(task: Task) -> Sequence[Task]:
    return task.members if isinstance(task, Batch) else (task,)


def _hours(task: Task, organization: Organization) -> float:
    """Mean effort of a pass or decision that waits."""
    if task.effort:
        return task.effort / 3600
    node = task.run.node
    if isinstance(node.gate, OnDemandGate):
        return node.gate.effort.mean_hours
    if node.step is None or node.step.effort is None:
        return 0.0
    share = task.run.share
    again = organization.errors.rework_share if share is None else share
    return node.step.effort.mean_hours * (again if task.run.number else 1.0)
