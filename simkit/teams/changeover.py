"""What makes passes longer because of the structure: it is new, or the unit does something for the first time."""

from __future__ import annotations

from simkit.scenario.organization import Organization
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.people import Person
from simkit.teams.tasks import Task

HUB = ("coe", "spoke")
"""Kinds of units that hear from each other what one has set up."""


class Changeover:
    """Factors on effort; only for departments that have any."""

    def __init__(self, organization: Organization):
        transition, self._set_up = organization.transition, organization.set_up
        self._dip = transition.productivity_dip
        self._recovery = round(transition.recovery_days * DAY_SECONDS)
        self.begins = 0
        """Second of the change."""
        self._group = {unit.id: "" if unit.kind in HUB else unit.id for unit in organization.units}
        self._last: dict[tuple[str, str, str], int] = {}
        """Unit (or all around a hub), campaign or kind, and step -> when it was last begun."""

    @staticmethod
    def needed(organization: Organization) -> bool:
        """Whether anything would ever be longer."""
        return organization.set_up is not None or organization.transition.productivity_dip > 0

    def effort_factor(self, person: Person, task: Task, now: int) -> float:
        """How much longer a pass takes that this person begins now."""
        factor = 1.0 if person.billed else 1 / self._productivity(now)
        if self._set_up is not None and task.run.number == 0:
            factor *= self._first_time(person, task, now)
        return factor

    def _productivity(self, now: int) -> float:
        if not self.begins <= now < self.begins + self._recovery:
            return 1.0
        return 1 - self._dip * (1 - (now - self.begins) / self._recovery)

    def _first_time(self, person: Person, task: Task, now: int) -> float:
        """Set-up that nobody told this unit how to do."""
        assert self._set_up is not None
        order = task.of_case.order
        what = order.kind if self._set_up.of == "kind" else order.campaign or order.kind
        key = (self._group[person.unit], what, task.run.node.id)
        last, self._last[key] = self._last.get(key), now
        limit = self._set_up.forgotten_after
        known = last is not None and (limit is None or now - last <= limit * DAY_SECONDS)
        return 1.0 if known else 1 + self._set_up.effort
