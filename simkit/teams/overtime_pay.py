"""What overtime costs, day by day: hours beyond the shift are paid as those in it."""

from __future__ import annotations

from simkit.scenario.organization import Organization
from simkit.teams.desk import Desk
from simkit.teams.people import Person


class OvertimePay:
    """The pay of own people's overtime; agencies bill every hour anyway."""

    def __init__(self, organization: Organization, people: list[Person]):
        finish = organization.desk.end_of_shift == "finish"
        self._people = [person for person in people if finish and not person.billed]
        self._paid = 0.0

    def of_day(self, desk: Desk, now: int) -> float:
        """Currency for what was worked since the last day's end until `now`."""
        worked = ((desk.overtime(person, now) / 3600, person.table.hourly_cost) for person in self._people)
        owed = sum(hours * (rate or 0.0) for hours, rate in worked)
        due, self._paid = owed - self._paid, owed
        return due
