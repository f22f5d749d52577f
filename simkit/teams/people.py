"""A person at work: skills, working hours, and the queues served."""

from __future__ import annotations

import datetime
from collections import deque
from typing import TYPE_CHECKING

from simkit.scenario.organization import Organization
from simkit.scenario.organization import Person as PersonTable
from simkit.teams.absence import personal_calendars
from simkit.teams.calendar import Calendar
from simkit.teams.decomposition import AGENCY, IT, RESOURCE_QUEUE

if TYPE_CHECKING:
    from simkit.teams.luck import Luck
    from simkit.teams.pools import Pool
    from simkit.teams.tasks import Task


class Person:
    """One employee of the running department."""

    __slots__ = ("billed", "calendar", "contract", "desk", "finished", "id", "idle_since", "last", "met",
                 "number", "overtime", "pools", "queue_part", "skills", "table", "task", "tray", "unit",
                 "vacancies", "wip_limit")  # fmt: skip

    def __init__(self, table: PersonTable, number: int, calendar: Calendar, wip_limit: int = 1, billed: bool = False):
        self.table = table
        self.id = table.id
        self.number = number
        self.unit = table.unit or ""
        self.skills = table.skills
        self.calendar = calendar
        self.contract = calendar
        """The hours paid for; `calendar` less days away."""
        self.task: Task | None = None
        """What the person is at; it stays theirs overnight."""
        self.desk: deque[Task] = deque()
        """Work that was begun and rests: interrupted, or waiting for its next turn."""
        self.billed = billed
        """Somebody of an agency, paid by the hours worked."""
        self.queue_part = AGENCY if billed else RESOURCE_QUEUE
        """The part of a lead time that waiting for this person belongs to."""
        self.met: list[tuple[int, int]] = []
        """From when until when the person sat in meetings, so far."""
        self.wip_limit = table.wip_limit or wip_limit
        """Pieces of work open at once."""
        self.last: tuple[str, str | None] | None = None
        """Kind and campaign of what the person turned to last."""
        self.finished: tuple[int, str, int] = (0, "", 0)
        """Work, step and pass the person was at last; what their attention is drawn for."""
        self.overtime = 0
        """Seconds worked outside the shifts."""
        self.vacancies: list[tuple[int, int]] = []
        """From when until when nobody had the seat."""
        self.idle_since = 0
        self.pools: list[tuple[float, Pool]] = []
        """Queues served, each with the level of skill; the own tray is among them."""
        self.tray: Pool
        """The queue of what only this person can do; the dispatcher gives it."""

    def vacant_at(self, time: int) -> bool:
        """Whether nobody has the seat."""
        return bool(self.vacancies) and self.vacancies[-1][0] <= time < self.vacancies[-1][1]

    def vacant_seconds(self, now: int) -> int:
        """Working time of the contract that nobody was there for, and nobody was paid."""
        return sum(self.contract.between(left, min(back, now)) for left, back in self.vacancies)

    def level(self, skills: tuple[str, ...]) -> float:
        """Speed where any of some skills will do: that of the best of them."""
        if len(skills) == 1:
            return self.skills[skills[0]]
        return max(self.skills[skill] for skill in skills if skill in self.skills)


def employ(organization: Organization, start: datetime.date, luck: Luck | None = None) -> list[Person]:
    """The running people of a department; those with the same hours share a calendar.

    `luck` draws days of sickness, where there are any.
    """
    calendars: dict[tuple[str, float], Calendar] = {}
    people = []
    for number, table in enumerate(organization.people):
        hours = (table.calendar, table.fte)
        if hours not in calendars:
            calendars[hours] = Calendar(organization.calendars[table.calendar], start, table.fte)
        outside = table.unit in organization.outside
        own = None if outside else personal_calendars(organization, table, start, luck)
        person = Person(table, number, own[0] if own else calendars[hours], organization.desk.wip_limit, outside)
        person.contract = own[1] if own else person.calendar
        if organization.is_it(table):
            person.queue_part = IT
        people.append(person)
    return people
