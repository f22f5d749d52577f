"""Hand-offs: how far work travels between two people, and what gets lost on the way."""

from __future__ import annotations

from simkit.scenario.organization import Distance, Organization
from simkit.teams.dispatcher import Pool


def seconds_of(hours: float) -> int:
    """Whole seconds."""
    return round(hours * 3600)


class HandOffs:
    """The distance table over the tree of units; the first line that holds is used."""

    def __init__(self, organization: Organization):
        self._lines = organization.distance
        self._parent = {unit.id: unit.parent for unit in organization.units}
        self._outside = organization.outside
        self._between: dict[tuple[str, str], Distance] = {}
        self._nearest: dict[tuple[str, Pool], int] = {}
        self.to_oneself = self._first({"same_person", "same_unit", "same_parent", "same_company"})

    def between(self, giver: str, receiver: str) -> Distance:
        """The line for two different people in two units."""
        key = (giver, receiver)
        if key not in self._between:
            self._between[key] = self._first(self._holds(giver, receiver))
        return self._between[key]

    def latency(self, giver: str, pool: Pool) -> int:
        """Seconds of office hours until work from one unit reaches the nearest desk of a queue."""
        key = (giver, pool)
        if key not in self._nearest:
            hours = min(self.between(giver, person.unit).latency_hours for _, person in pool.members)
            self._nearest[key] = seconds_of(hours)
        return self._nearest[key]

    def _holds(self, giver: str, receiver: str) -> set[str]:
        if giver == receiver:
            return {"same_unit", "same_parent", "same_company"}
        if self._outside.get(giver) != self._outside.get(receiver):
            return {"other_company"}
        if self._parent[giver] == self._parent[receiver]:
            return {"same_parent", "same_company"}
        return {"same_company"}

    def _first(self, holds: set[str]) -> Distance:
        return next(line for line in self._lines if line.when in holds)
