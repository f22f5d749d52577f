"""Turnover: people leave, their seat is vacant while somebody is looked for, and whoever comes begins with less.

A seat is a row of the list of people. Each who has it stays until the rate of leaving, added up from the first day,
reaches an exponential draw keyed by (seat, how many had it before): the same luck under every structure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from simkit.rng import Purpose, crc
from simkit.scenario.morale import Turnover as TurnoverTable
from simkit.scenario.organization import Organization
from simkit.teams.abilities import Abilities
from simkit.teams.absence import PersonalCalendar
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.dispatcher import Dispatcher, Task
from simkit.teams.event_log import EventLog
from simkit.teams.luck import Luck
from simkit.teams.people import Person
from simkit.teams.staff.morale import Morale
from simkit.teams.staff.standing_in import StandIns
from simkit.teams.tasks import URGENT
from simkit.teams.work import Node, Run

_DAYS_PER_YEAR = 365.25


class Turnover:
    """Who leaves and who comes, at midnight."""

    def __init__(
        self,
        organization: Organization,
        table: TurnoverTable,
        dispatcher: Dispatcher,
        log: EventLog,
        luck: Luck,
        abilities: Abilities,
        morale: Morale | None,
        stand_ins: StandIns,
    ):
        self._organization, self._table, self._luck = organization, table, luck
        self._dispatcher, self._log = dispatcher, log
        self._abilities, self._morale, self._stand_ins = abilities, morale, stand_ins
        self._hiring = round(table.hiring_days) * DAY_SECONDS
        self._passed: dict[int, float] = {}
        """Person's number -> leavings expected of whoever has the seat since they came."""
        self._stays: dict[int, float] = {}
        """Person's number -> at how many expected leavings they leave."""
        self._onboarding = Node(0, None, None)
        self._onboarding.id = "onboarding"

    def day_begins(self, people: Sequence[Person]) -> float:
        """Who comes and who goes this midnight; currency of the day, less the pay of vacant seats."""
        now, cost = self._dispatcher.now, 0.0
        for person in people:
            if person.billed:
                continue
            if person.vacancies and person.vacancies[-1][1] == now:
                self._begin(person, now)
                cost += self._table.hiring_cost
            elif not person.vacant_at(now) and now:
                self._day_with(person, now)
            if person.vacant_at(now):
                cost -= self._organization.person_cost(person.table)
        return cost

    def _day_with(self, person: Person, now: int) -> None:
        wish = self._table.leaving_per_year / _DAYS_PER_YEAR
        if self._morale is not None:
            wish *= self._morale.leaving_factor(person)
        passed = self._passed[person.number] = self._passed.get(person.number, 0.0) + wish
        if person.number not in self._stays:
            u = self._luck.uniform(crc(f"person/{person.id}"), 0, Purpose.LEAVING, len(person.vacancies))
            self._stays[person.number] = -math.log(u)
        if passed >= self._stays[person.number] and self._stand_ins.may_go(person):
            self._leave(person, now)

    def _leave(self, person: Person, now: int) -> None:
        """The seat is vacant from now on; what was in hand is passed on when all who leave today are known."""
        self._log.of_person(person, "left", now)
        calendar = person.calendar
        assert isinstance(calendar, PersonalCalendar)
        person.vacancies.append((now, now + self._hiring))
        self._stand_ins.put_down(person)
        calendar.close(now, now + self._hiring)

    def _begin(self, person: Person, now: int) -> None:
        """Somebody new: less experience, nothing of what the one before was taught, rested, and to be onboarded."""
        self._log.of_person(person, "hired", now)
        del self._passed[person.number], self._stays[person.number]
        self._abilities.replace(person, self._table.experience)
        if self._morale is not None:
            self._morale.replace(person)
        if self._table.onboarding_hours:
            run = Run(self._onboarding, len(person.vacancies), now, None)
            task = Task(run, None, URGENT, None, self._start, self._end)
            task.category, task.effort = "training", max(1, round(self._table.onboarding_hours * 3600))
            self._dispatcher.queue(task, self._dispatcher.tray(person))

    def _start(self, task: Task, person: Person) -> int:
        self._log.of_task(task, person, "start", task.started)
        return task.effort

    def _end(self, task: Task, person: Person) -> int:
        self._log.spent(task, person, self._dispatcher.now)
        return 0
