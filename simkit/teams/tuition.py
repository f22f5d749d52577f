"""What people were taught and which tools they have: faster later, for time away now."""

from __future__ import annotations

import datetime
import math

from simkit.scenario.organization import Organization
from simkit.scenario.workforce import Training
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.people import Person


class Tuition:
    """Speed that training gave and time took, and what new tools do."""

    def __init__(self, organization: Organization, people: list[Person], start: datetime.date):
        self._migration = organization.tool_migration
        self._migrated = 0
        self._moves: set[int] = set()
        if self._migration is not None:
            self._migrated = seconds_until(self._migration.on, start)
            self._moves = {person.number for person in chosen(self._migration.who, people)}
        self._learned: dict[int, dict[str, tuple[Training, int]]] = {}
        for training in organization.training:
            held = _last_before(training, start)
            for person in chosen(training.who, people) if held is not None else ():
                self.learned(training, person, held or 0)

    def learned(self, training: Training, person: Person, now: int) -> None:
        """The person comes back from a training; a repeated one refreshes it."""
        self._learned.setdefault(person.number, {})[training.id] = (training, now)

    def replace(self, person: Person) -> None:
        """Somebody new has the seat and was taught nothing of it yet; the new tools they know."""
        self._learned.pop(person.number, None)

    def speed(self, person: Person, now: int) -> float:
        """Relative to the person without training, with the old tools."""
        speed = 1.0
        for training, since in self._learned.get(person.number, {}).values():
            speed *= 1 + training.gain * 0.5 ** ((now - since) / DAY_SECONDS / training.half_life_days)
        if self._migration is not None and person.number in self._moves and now >= self._migrated:
            days = (now - self._migrated) / DAY_SECONDS
            dip = self._migration.dip * math.exp(-days / self._migration.recovery_days)
            speed *= (1 + self._migration.gain) * (1 - dip)
        return speed


def chosen(who: tuple[str, ...], people: list[Person]) -> list[Person]:
    """The persons and the members of the units named; everybody of one's own when none is."""
    return [person for person in people if (not who and not person.billed) or person.id in who or person.unit in who]


def seconds_until(date: datetime.date, start: datetime.date) -> int:
    """From the first midnight to a date's."""
    return (date - start).days * DAY_SECONDS


def _last_before(training: Training, start: datetime.date) -> int | None:
    """When a training was last held before the start; None if it was not."""
    first = seconds_until(training.on, start)
    if first >= 0 or training.every_days is None:
        return first if first < 0 else None
    every = training.every_days * DAY_SECONDS
    return first + (-1 - first) // every * every
