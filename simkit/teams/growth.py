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
        full = self._curve.full_practice
        self._before = [person.table.experience * full for person in people]
        self._own: list[dict[str, float]] = [{} for _ in people]
        shares = {unit.id: unit.learning_shared for unit in organization.units}
        self._shared = [shares[person.unit] for person in people]
        self._together: dict[str, float] = {}
        """Skill -> passes done by all who share what they learn."""

    def practice_of(self, person: Person, skill: str) -> float:
        """Passes behind a person, with what reached them of the practice of others."""
        own = self._own[person.number].get(skill, 0.0)
        others = self._together.get(skill, 0.0) - own if self._shared[person.number] else 0.0
        return self._before[person.number] + own + self._shared[person.number] * max(others, 0.0)

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
            own = self._own[person.number]
            own[skill] = own.get(skill, 0.0) + 1
            if self._shared[person.number]:
                self._together[skill] = self._together.get(skill, 0.0) + 1

    def replace(self, person: Person, experience: float) -> None:
        """Somebody new takes the place; what the one before had done is gone with them."""
        own = self._own[person.number]
        self._before[person.number] = experience * self._curve.full_practice
        if self._shared[person.number]:
            for skill, passes in own.items():
                self._together[skill] -= passes
        own.clear()
