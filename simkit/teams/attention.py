"""What a person who looks for work attends to: the most urgent, the oldest, the newest, or anything.

Which rule holds for a choice, and which piece is picked at random, is drawn for the piece the person has just
finished: (person, work, step, pass). Nothing else in the department changes that.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simkit.rng import Purpose, crc
from simkit.scenario.organization import AttentionRule
from simkit.teams.luck import Luck

if TYPE_CHECKING:
    from simkit.teams.people import Person
    from simkit.teams.tasks import Task

Entry = tuple[int, int, int, "Task"]
RULES = ("priority", "oldest", "newest", "random")


class Arrivals:
    """What waits in one queue in the order in which it came, and in no order."""

    __slots__ = ("_by_age", "_places", "anything")

    def __init__(self) -> None:
        self._by_age: deque[Entry] = deque()
        self.anything: list[Entry] = []
        self._places: dict[int, int] = {}
        """Sequence number -> place in `anything`."""

    def add(self, entry: Entry) -> None:
        """One more waits."""
        self._by_age.append(entry)
        self._places[entry[2]] = len(self.anything)
        self.anything.append(entry)

    def remove(self, entry: Entry) -> None:
        """It was taken up, or need not be."""
        place, last = self._places.pop(entry[2]), self.anything.pop()
        if last is not entry:
            self.anything[place] = last
            self._places[last[2]] = place

    def holds(self, entry: Entry) -> bool:
        """Whether it waits here."""
        return entry[2] in self._places

    def oldest(self) -> Entry | None:
        """What came first of what waits."""
        while self._by_age and self._gone(self._by_age[0]):
            self._by_age.popleft()
        return self._by_age[0] if self._by_age else None

    def newest(self) -> Entry | None:
        """What came last."""
        while self._by_age and self._gone(self._by_age[-1]):
            self._by_age.pop()
        return self._by_age[-1] if self._by_age else None

    def _gone(self, entry: Entry) -> bool:
        return entry[2] not in self._places or self.dropped(entry)

    def dropped(self, entry: Entry) -> bool:
        """Whether it was withdrawn; it is then forgotten."""
        if entry[3].withdrawn:
            self.remove(entry)
            return True
        return False


class Attention:
    """The rule of an organization: shares of choices by each of :data:`RULES`."""

    def __init__(self, table: AttentionRule, luck: Luck):
        shares = (table.priority, table.oldest, table.newest, table.random)
        self._until = [sum(shares[: i + 1]) for i in range(len(shares))]
        self._luck = luck

    def _draw(self, person: Person, purpose: Purpose) -> float:
        work, step, number = person.finished
        return self._luck.uniform(work, crc(f"{person.id}/{step}"), purpose, number)

    def choice(self, person: Person, least_level: float) -> Entry | None:
        """What the person takes up by a rule other than priority; None when that rule holds, or nothing waits."""
        u = self._draw(person, Purpose.ATTENTION_RULE)
        rule = next((name for name, until in zip(RULES, self._until, strict=True) if u < until), RULES[0])
        arrivals = [pool.arrivals for level, pool in person.pools if pool.arrivals is not None and level >= least_level]
        if rule == "oldest":
            return min(filter(None, (queue.oldest() for queue in arrivals)), key=_came, default=None)
        if rule == "newest":
            return max(filter(None, (queue.newest() for queue in arrivals)), key=_came, default=None)
        return self._any(person, arrivals) if rule == "random" else None

    def _any(self, person: Person, arrivals: list[Arrivals]) -> Entry | None:
        u = self._draw(person, Purpose.ATTENTION_PICK)
        while total := sum(len(queue.anything) for queue in arrivals):
            place = int(u * total)
            for queue in arrivals:
                if place < len(queue.anything):
                    break
                place -= len(queue.anything)
            entry = queue.anything[place]
            if not queue.dropped(entry):
                return entry
        return None


def _came(entry: Entry) -> int:
    return entry[2]
