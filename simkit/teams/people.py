"""A person at work: skills, working hours, and the queues served."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from simkit.scenario.organization import Organization
from simkit.scenario.organization import Person as PersonTable
from simkit.teams.calendar import Calendar

if TYPE_CHECKING:
    from simkit.teams.dispatcher import Pool, Task


class Person:
    """One employee of the running department."""

    __slots__ = ("calendar", "id", "idle_since", "number", "pools", "skills", "table", "task", "unit")

    def __init__(self, table: PersonTable, number: int, calendar: Calendar):
        self.table = table
        self.id = table.id
        self.number = number
        self.unit = table.unit or ""
        self.skills = table.skills
        self.calendar = calendar
        self.task: Task | None = None
        """What the person is at; it stays theirs overnight."""
        self.idle_since = 0
        self.pools: list[tuple[float, Pool]] = []
        """Queues served, each with the level of skill; the own tray is among them."""


def employ(organization: Organization, start: datetime.date) -> list[Person]:
    """The running people of a department; those with the same hours share a calendar."""
    calendars: dict[tuple[str, float], Calendar] = {}
    people = []
    for number, table in enumerate(organization.people):
        hours = (table.calendar, table.fte)
        if hours not in calendars:
            calendars[hours] = Calendar(organization.calendars[table.calendar], start, table.fte)
        people.append(Person(table, number, calendars[hours]))
    return people
