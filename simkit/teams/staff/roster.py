"""What changes about the people of a department from one day to the next; nothing unless the scenario states some."""

from __future__ import annotations

from collections.abc import Sequence

from simkit.scenario.organization import Organization
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.dispatcher import Dispatcher
from simkit.teams.event_log import EventLog
from simkit.teams.luck import Luck
from simkit.teams.people import Person
from simkit.teams.staff.standing_in import StandIns
from simkit.teams.staff.turnover import Turnover
from simkit.teams.worked_steps import WorkedSteps


class Roster:
    """Morale, turnover and who stands in for whom, settled at every midnight."""

    def __init__(
        self,
        organization: Organization,
        dispatcher: Dispatcher,
        people: Sequence[Person],
        log: EventLog,
        luck: Luck,
        worked: WorkedSteps,
    ):
        self._dispatcher, self._people = dispatcher, people
        self._stand_ins = StandIns(organization, dispatcher, people, log, worked)
        self._hands_over = organization.desk.when_absent == "hand_over"
        self._after_days = organization.desk.hand_over_after_days
        self._missed: dict[int, int] = {}
        """Person's number -> working days missed in a row, today included."""
        abilities = worked.abilities
        self.morale = abilities.morale if abilities is not None else None
        self._turnover: Turnover | None = None
        if organization.turnover is not None:
            assert abilities is not None
            self._turnover = Turnover(
                organization, organization.turnover, dispatcher, log, luck, abilities, self.morale, self._stand_ins
            )

    @staticmethod
    def needed(organization: Organization) -> bool:
        """Whether anything would ever change."""
        stated = organization.morale is not None or organization.turnover is not None
        return stated or organization.desk.when_absent == "hand_over"

    def day_begins(self) -> float:
        """Midnight; the day's cost of hiring less the pay of vacant seats."""
        now, cost = self._dispatcher.now, 0.0
        if self.morale is not None and now:
            self.morale.day_is_over(self._people, self._dispatcher)
        if self._turnover is not None:
            cost = self._turnover.day_begins(self._people)
        for person in self._people:
            if person.vacant_at(now):
                self._stand_ins.hand_over(person, for_good=True)
            elif self._hands_over and not person.billed and self._is_missed(person, now):
                self._stand_ins.hand_over(person, for_good=False)
        return cost

    def _is_missed(self, person: Person, now: int) -> bool:
        """Whether somebody is away today and has been for long enough."""
        if person.contract.between(now, now + DAY_SECONDS):
            away = not person.calendar.between(now, now + DAY_SECONDS)
            self._missed[person.number] = self._missed.get(person.number, 0) + 1 if away else 0
        return self._missed.get(person.number, 0) > self._after_days


def roster_of(
    organization: Organization,
    dispatcher: Dispatcher,
    people: Sequence[Person],
    log: EventLog,
    luck: Luck,
    worked: WorkedSteps,
) -> Roster | None:
    """None for a department in which nothing of it changes."""
    if not Roster.needed(organization):
        return None
    return Roster(organization, dispatcher, people, log, luck, worked)
