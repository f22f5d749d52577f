"""Queues of work and who serves them, kept so that neither is ever searched from end to end."""

from __future__ import annotations

from collections.abc import Callable, Set
from heapq import heapify, heappop, heappush, nsmallest
from typing import TYPE_CHECKING

from simkit.teams.calendar import Calendar
from simkit.teams.tasks import Crew, Task

if TYPE_CHECKING:
    from simkit.teams.attention import Arrivals
    from simkit.teams.people import Person

_FEW = 16
"""Entries among which nobody looks for such as count no more."""

Free = tuple[float, int, int, "Person"]
"""How a free person ranks in a queue: -level of skill, idle since, place in the list of people."""


class Pool:
    """A queue of tasks and the people who serve it."""

    __slots__ = ("_best_level", "_too_long", "arrivals", "crews", "heap", "idle", "levels", "members")

    def __init__(self, arrivals: Arrivals | None = None) -> None:
        self.arrivals = arrivals
        """The same work in other orders, where people do not attend to priority alone."""
        self.heap: list[tuple[int, int, int, Task]] = []
        """By priority, then the longest ready."""
        self.crews: dict[tuple[Pool, ...], list[tuple[int, int, int, Crew]]] = {}
        """Work for several people, apart by whom it needs: where the first cannot start, none of its kind can."""
        self.members: list[tuple[float, Person]] = []
        self.levels: dict[int, float] = {}
        """Person's number -> level."""
        self._best_level = 0.0
        self.idle: dict[Calendar, list[Free]] = {}
        """The free people by calendar, best first; an entry whose person has since been busy counts no more."""
        self._too_long = _FEW
        """Such entries are thrown out when there are more than this."""

    def add(self, person: Person, level: float) -> None:
        """The person serves this queue from now on."""
        self.members.append((level, person))
        self.levels[person.number] = level
        self._best_level = max(self._best_level, level)
        self._too_long = 2 * len(self.members) + _FEW
        person.pools.append((level, self))
        idle = self.idle.setdefault(person.calendar, [])
        if person.task is None:
            heappush(idle, (-level, person.idle_since, person.number, person))

    def nobody_better_than(self, person: Person) -> bool:
        """Whether somebody serves this queue and is as good as anybody who does."""
        return self.levels.get(person.number, -1.0) >= self._best_level

    def first(self) -> tuple[int, int, int, Task] | None:
        """What is next, or None."""
        heap = self.heap
        while heap:
            task = heap[0][3]
            if task.started < 0 and not task.withdrawn:
                return heap[0]
            heappop(heap)
        return None

    def put(self, entry: tuple[int, int, int, Task]) -> None:
        """One more task waits."""
        heappush(self.heap, entry)
        if self.arrivals is not None:
            self.arrivals.add(entry)

    def waiting(self) -> list[Task]:
        """All that waits, in no order."""
        return [entry[3] for entry in self.heap if entry[3].started < 0 and not entry[3].withdrawn]

    def take_out(self, tasks: Set[Task]) -> None:
        """These wait here no more."""
        for entry in self.heap if self.arrivals is not None else ():
            if entry[3] in tasks and self.arrivals is not None and self.arrivals.holds(entry):
                self.arrivals.remove(entry)
        self.heap = [entry for entry in self.heap if entry[3] not in tasks]
        heapify(self.heap)

    def oldest(self) -> int | None:
        """Since when the longest waiting task has been here; None when none waits."""
        waiting = (entry[1] for entry in self.heap if entry[3].started < 0 and not entry[3].withdrawn)
        return min(waiting, default=None)

    def first_crews(self) -> list[tuple[int, int, int, Crew]]:
        """Of each kind of work for several people what is next."""
        found = []
        for kind in list(self.crews):
            heap = self.crews[kind]
            while heap and heap[0][3].withdrawn:
                heappop(heap)
            if heap:
                found.append(heap[0])
            else:
                del self.crews[kind]
        return found

    @property
    def waits(self) -> bool:
        """Whether anything does."""
        return self.first() is not None or (bool(self.crews) and bool(self.first_crews()))

    # --- who is free ------------------------------------------------------------------------------

    def tidy(self, idle: list[Free]) -> None:
        """Forget those who have since been busy, when there are many."""
        if len(idle) > self._too_long:
            idle[:] = {entry[2]: entry for entry in idle if _still_free(entry)}.values()
            heapify(idle)

    def first_free(self, now: int, wake: Callable[[Calendar], None]) -> Person | None:
        """The best of those who are free and on shift; the others' calendars are to be woken."""
        best = None
        for calendar, idle in self.idle.items():
            while idle:
                first = idle[0]
                person = first[3]
                if person.task is not None or person.idle_since != first[1]:
                    heappop(idle)
                    continue
                if not calendar.on_shift(now):
                    wake(calendar)
                elif best is None or first < best:
                    best = first
                break
        return None if best is None else best[3]

    def free(self, calendar: Calendar, count: int) -> list[Free]:
        """The first so many free people of a calendar."""
        free = {entry[2]: entry for entry in self.idle[calendar] if _still_free(entry)}
        return nsmallest(count, free.values())

    @property
    def calendars(self) -> list[Calendar]:
        """Of those who serve here."""
        return list(self.idle)


def offered(person: Person) -> bool:
    """Whether the person may find work in any queue they serve."""
    for _, pool in person.pools:  # noqa: SIM110, a generator for two or three queues costs more than they do
        if pool.heap:
            return True
    return False


def rest(person: Person) -> None:
    """The person has nothing to do from now on: they are free for every queue they serve."""
    calendar, since, number = person.calendar, person.idle_since, person.number
    for level, pool in person.pools:
        idle = pool.idle[calendar]
        heappush(idle, (-level, since, number, person))
        if len(idle) > _FEW:
            pool.tidy(idle)


def _still_free(entry: Free) -> bool:
    person = entry[3]
    return person.task is None and person.idle_since == entry[1]
