"""Experience: what people did makes them faster and surer (Wright 1936), and what colleagues did, where shared."""

from __future__ import annotations

from simkit.scenario.organization import Organization
from simkit.scenario.workforce import Learning
from simkit.teams.people import Person


class Growth:
    """Everybody's practice by skill, in passes of steps.

    Without a `learning` table practice stays what it was, and stated experience counts by the default curve.
    """

    def __init__(self, organization: Organization, people: list[Person]):
        self._grows = organization.learning is not None
        self._curve = organization.learning or Learning()
        self._stated = {person.number: person.table.experience for person in people}
        """What a person came with, as a share of full practice; those of an agency may come later."""
        self._own: dict[int, dict[str, float]] = {}
        self._shared = {unit.id: unit.learning_shared for unit in organization.units}
        self._together: dict[str, float] = {}
        """Skill -> passes done by all who share what they learn."""

    def practice_of(self, person: Person, skill: str) -> float:
        """Passes behind a person, with what reached them of the practice of others."""
        own = self._done_by(person).get(skill, 0.0)
        before = self._stated.get(person.number, person.table.experience) * self._curve.full_practice
        shared = self._shared[person.unit]
        others = self._together.get(skill, 0.0) - own if shared else 0.0
        return before + own + shared * max(others, 0.0)

    def _done_by(self, person: Person) -> dict[str, float]:
        return self._own.setdefault(person.number, {})

    def experience(self, person: Person, skill: str) -> float:
        """Practice as a share of a full professional's."""
        return self.practice_of(person, skill) / self._curve.full_practice

    def effort_factor(self, person: Person, skill: str) -> float:
        """Effort relative to a full professional's."""
        return self._curve.effort_factor(self.practice_of(person, skill))

    def error_factor(self, person: Person, skill: str) -> float:
        """Internal errors relative to a full professional's."""
        return self._curve.error_factor(self.practice_of(person, skill))

    def practice(self, person: Person, skill: str) -> None:
        """One pass more."""
        if self._grows:
            own = self._done_by(person)
            own[skill] = own.get(skill, 0.0) + 1
            if self._shared[person.unit]:
                self._together[skill] = self._together.get(skill, 0.0) + 1

    def replace(self, person: Person, experience: float) -> None:
        """Somebody new takes the place; what the one before had done is gone with them."""
        own = self._done_by(person)
        self._stated[person.number] = experience
        if self._shared[person.unit]:
            for skill, passes in own.items():
                self._together[skill] -= passes
        own.clear()
