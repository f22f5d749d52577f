"""The dispatcher: matches people to waiting work.

Work waits in queues, one for each scope and skill and one tray for each person. Whoever is free and on shift
takes the best work of the queues they serve: by priority, then their own best craft first, then the longest
ready. Work that becomes ready goes to the most skilled free person, then to the longest idle, then by the
order of the list. A shift's start is an event only when somebody idle has work waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

from simpy import Environment
from simpy.events import Timeout

from simkit.teams.calendar import Calendar
from simkit.teams.people import Person
from simkit.teams.work import Case, Run

_TRAY_LEVEL = float("inf")


class Task:
    """Something one person has to do: a pass of a step, a decision, or what a meeting costs."""

    __slots__ = ("case", "category", "coordination", "effort", "loss", "on_finish", "on_start",
                 "priority", "queued", "run", "skill", "started", "wall")  # fmt: skip

    def __init__(
        self,
        run: Run,
        case: Case | None,
        priority: int,
        skill: str | None,
        on_start: Callable[[Task, Person], int],
        on_finish: Callable[[Task, Person], int],
    ):
        self.run, self.case, self.priority, self.skill = run, case, priority, skill
        self.on_start = on_start
        """Called when somebody takes it; returns the on-shift seconds it will need."""
        self.on_finish = on_finish
        """Called when those are over; returns the seconds of doing it again at once, or 0."""
        self.category = ""
        self.queued = self.started = -1
        self.coordination = self.effort = self.wall = 0
        """Seconds of taking over and of the effort itself, and on-shift seconds in all."""
        self.loss = 0.0
        """Chance that the hand-off made it wrong."""

    @property
    def withdrawn(self) -> bool:
        """True when the case has expired."""
        return self.case is not None and self.case.closed

    @property
    def of_case(self) -> Case:
        """The case of a task that has one."""
        assert self.case is not None
        return self.case

    def stretched(self, primary_share: float) -> int:
        """On-shift seconds in which other duties leave enough for taking over and effort."""
        own = self.coordination + self.effort
        return max(own, round(own / primary_share))


class Pool:
    """A queue of tasks and the people who serve it."""

    __slots__ = ("_best_level", "heap", "members")

    def __init__(self) -> None:
        self.heap: list[tuple[int, int, int, Task]] = []
        self.members: list[tuple[float, Person]] = []
        self._best_level = 0.0

    def add(self, person: Person, level: float) -> None:
        """The person serves this queue from now on."""
        self.members.append((level, person))
        self._best_level = max(self._best_level, level)
        person.pools.append((level, self))

    def nobody_better_than(self, person: Person) -> bool:
        """Whether somebody serves this queue and is as good as anybody who does."""
        return any(member is person and level >= self._best_level for level, member in self.members)

    def first(self) -> tuple[int, int, int, Task] | None:
        """What is next, or None."""
        heap = self.heap
        while heap and heap[0][3].withdrawn:
            heappop(heap)
        return heap[0] if heap else None


class Dispatcher:
    """All queues of a department and the people who serve them."""

    def __init__(self, env: Environment, people: list[Person]):
        self._env = env
        self._people = people
        self._sequence = count()
        self._trays: dict[int, Pool] = {}
        self._pools: dict[tuple[frozenset[str], str], Pool] = {}
        self._waking: set[int] = set()
        self._working_alike: dict[int, list[Person]] = {}
        for person in people:
            self._working_alike.setdefault(id(person.calendar), []).append(person)
            self._trays[person.number] = Pool()
            self._trays[person.number].add(person, _TRAY_LEVEL)

    @property
    def now(self) -> int:
        """Whole seconds since the first midnight."""
        return int(self._env.now)

    def tray(self, person: Person) -> Pool:
        """The queue of what only this person can do."""
        return self._trays[person.number]

    def pool(self, units: frozenset[str], skill: str) -> Pool:
        """The queue for a skill in some units; everybody there who has the skill serves it."""
        key = (units, skill)
        if key not in self._pools:
            self._pools[key] = Pool()
            for person in self._people:
                if person.unit in units and skill in person.skills:
                    self._pools[key].add(person, person.skills[skill])
        return self._pools[key]

    def after(self, seconds: int, call: Callable[..., Any], *about: Any) -> None:
        """Do something when so many seconds have passed; at once, when none."""
        if seconds == 0:
            call(*about)
        else:
            Timeout(self._env, seconds, (call, about)).callbacks.append(_call)

    def queue(self, task: Task, pool: Pool) -> None:
        """Put a task into a queue; the best of the free people takes it up, or it waits."""
        now = task.queued = self.now
        heappush(pool.heap, (task.priority, now, next(self._sequence), task))
        free: list[tuple[float, int, int, Person]] = []
        for level, person in pool.members:
            if person.task is None:
                if person.calendar.on_shift(now):
                    free.append((-level, person.idle_since, person.number, person))
                else:
                    self._wake(person.calendar)
        free.sort()
        for *_, person in free:
            self._take(person)
            if task.started >= 0:
                break

    def _take(self, person: Person, least_level: float = 0.0) -> None:
        """The person takes up the best waiting work of the queues they serve, if any."""
        best: tuple[int, float, int, int] | None = None
        chosen: Pool | None = None
        for level, pool in person.pools:
            if not pool.heap or level < least_level:
                continue
            first = pool.first()
            if first is None:
                continue
            rank = (first[0], -level, first[1], first[2])
            if best is None or rank < best:
                best, chosen = rank, pool
        if chosen is not None:
            self._start(person, heappop(chosen.heap)[3])

    def _start(self, person: Person, task: Task) -> None:
        person.task = task
        task.started = self.now
        self._spend(person, task, task.on_start(task, person))

    def _spend(self, person: Person, task: Task, seconds: int) -> None:
        task.wall = seconds
        over = person.calendar.add(task.started, seconds)
        Timeout(self._env, over - task.started, (self._finish, (person, task))).callbacks.append(_call)

    def _finish(self, person: Person, task: Task) -> None:
        again = task.on_finish(task, person)
        if again:
            task.started = self.now
            self._spend(person, task, again)
        else:
            self._free(person)

    def _free(self, person: Person) -> None:
        now = self.now
        person.task = None
        person.idle_since = now
        if person.calendar.on_shift(now):
            self._take(person)
        elif any(pool.first() for _, pool in person.pools):
            self._wake(person.calendar)

    def _wake(self, calendar: Calendar) -> None:
        """See to it that the next shift on a calendar begins with a look at what waits."""
        if id(calendar) in self._waking:
            return
        self._waking.add(id(calendar))
        now = self.now
        self.after(calendar.next_shift(now) - now, self._shift_starts, calendar)

    def _shift_starts(self, calendar: Calendar) -> None:
        """The longest idle choose first, and everybody in their best craft before anyone in a second one."""
        self._waking.discard(id(calendar))
        for only_best in (True, False):
            idle = [person for person in self._working_alike[id(calendar)] if person.task is None]
            for person in sorted(idle, key=lambda person: (person.idle_since, person.number)):
                self._take(person, max(person.skills.values()) if only_best else 0.0)


def _call(timeout: Any) -> None:
    call, about = timeout.value
    call(*about)
