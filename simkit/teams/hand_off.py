"""Hand-offs: how far work travels between two people, and what gets lost on the way."""

from __future__ import annotations

from dataclasses import dataclass

from simkit.scenario.organization import Organization
from simkit.teams.dispatcher import Pool


def seconds_of(hours: float) -> int:
    """Whole seconds."""
    return round(hours * 3600)


@dataclass(frozen=True, slots=True)
class Way:
    """A line of the distance table, read for every pass and so in plain numbers."""

    latency: int
    """Seconds of office hours until the work is there."""
    effort: int
    """Seconds of taking it over from one giver."""
    effort_hours: float
    information_loss: float


class HandOffs:
    """The distance table over the tree of units; the first line that holds is used."""

    def __init__(self, organization: Organization):
        self._lines = organization.distance
        self._parent = {unit.id: unit.parent for unit in organization.units}
        self._outside = organization.outside
        self._between: dict[tuple[str, str], Way] = {}
        self._nearest: dict[tuple[str, Pool], int] = {}
        self.to_oneself = self._first({"same_person", "same_unit", "same_parent", "same_company"})

    def between(self, giver: str, receiver: str) -> Way:
        """The line for two different people in two units."""
        key = (giver, receiver)
        found = self._between.get(key)
        if found is None:
            found = self._between[key] = self._first(self._holds(giver, receiver))
        return found

    def latency(self, giver: str, pool: Pool) -> int:
        """Seconds of office hours until work from one unit reaches the nearest desk of a queue."""
        key = (giver, pool)
        found = self._nearest.get(key)
        if found is None:
            found = min(self.between(giver, person.unit).latency for _, person in pool.members)
            self._nearest[key] = found
        return found

    def _holds(self, giver: str, receiver: str) -> set[str]:
        if giver == receiver:
            return {"same_unit", "same_parent", "same_company"}
        if self._outside.get(giver) != self._outside.get(receiver):
            return {"other_company"}
        if self._parent[giver] == self._parent[receiver]:
            return {"same_parent", "same_company"}
        return {"same_company"}

    def _first(self, holds: set[str]) -> Way:
        line = next(line for line in self._lines if line.when in holds)
        hours = line.effort_hours
        return Way(seconds_of(line.latency_hours), seconds_of(hours), hours, line.information_loss)
