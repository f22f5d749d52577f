"""The dispatcher: matches people to waiting work.

Work waits in queues, one for each scope and skill and one tray for each person. Whoever is free and on shift
takes the best work of the queues they serve: by priority, then their own best craft first, then the longest
ready. Work that becomes ready goes to the most skilled free person, then to the longest idle, then by the
order of the list. A shift's start is an event only when somebody idle has work waiting.

Urgent work takes somebody from less urgent work when nobody is free; work for several people starts when all are
free at the same moment (`crews.py`); who may have several pieces open works on them in turns (`desk.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from simkit.scenario.organization import Organization
from simkit.scenario.organization import Person as PersonTable
from simkit.teams.attention import Arrivals, Attention
from simkit.teams.calendar import Calendar
from simkit.teams.clock import Clock
from simkit.teams.crews import matched
from simkit.teams.desk import Desk
from simkit.teams.luck import Luck
from simkit.teams.people import Person
from simkit.teams.pools import Pool, offered, rest
from simkit.teams.tasks import URGENT, Crew, Task

if TYPE_CHECKING:
    from simkit.teams.event_log import EventLog

__all__ = ["Crew", "Dispatcher", "Pool", "Task"]

_TRAY_LEVEL = float("inf")


class Dispatcher:
    """All queues of a department and the people who serve them."""

    def __init__(self, clock: Clock, people: list[Person], organization: Organization, log: EventLog, luck: Luck):
        self._clock, self._numbered = clock, clock.numbered
        self.after, self.last = clock.after, clock.last
        # methods that every pass hands on, bound once
        self._ends, self._wakes = self._finish, self._wake
        self.now = 0
        """Whole seconds since the first midnight."""
        self._people = people
        self.desk = Desk(organization, log)
        self._rests, self._switches = self.desk.rests, self.desk.switches
        rule = organization.attention
        self._attention = Attention(rule, luck) if rule.priority < 1 else None
        self._sequence = count()
        self._pools: dict[tuple[tuple[frozenset[str], str], ...], Pool] = {}
        self._waking: set[int] = set()
        self._crews_waited = False
        """Whether any work takes several people: only then is it looked for."""
        self._chooses_by_rank = self._attention is None
        """Whether what people turn to is simply the first of what they are offered."""
        self._working_alike: dict[int, list[Person]] = {}
        for person in people:
            self._working_alike.setdefault(id(person.calendar), []).append(person)
            self._give_tray(person)

    def run(self, until: int) -> None:
        """Let the clock run up to a moment; what is to happen at it waits."""
        self._clock.run_to(until, self)

    def tray(self, person: Person) -> Pool:
        """The queue of what only this person can do."""
        return person.tray

    def pool(self, units: frozenset[str], skill: str) -> Pool:
        """The queue for a skill in some units; everybody there who has the skill serves it."""
        return self.pool_of(((units, skill),))

    def pool_of(self, lines: Iterable[tuple[frozenset[str], str]]) -> Pool:
        """The queue for any of some skills, each in some units; who has several serves it with the best."""
        key = tuple(lines)
        if key not in self._pools:
            self._pools[key] = self._empty_pool()
            for person in self._people:
                own = person.skills
                levels = [own[skill] for units, skill in key if person.unit in units and skill in own]
                if levels:
                    self._pools[key].add(person, max(levels))
        return self._pools[key]

    def hire(self, table: PersonTable, like: Person) -> None:
        """Somebody new, with the hours and skills of another, serves the same queues from now on."""
        person = Person(table, len(self._people), like.calendar, like.wip_limit, like.billed)
        person.idle_since = self.now
        self._people.append(person)
        self._working_alike[id(person.calendar)].append(person)
        self._give_tray(person)
        for level, pool in like.pools[1:]:
            pool.add(person, level)

    def _give_tray(self, person: Person) -> None:
        person.tray = self._empty_pool()
        person.tray.add(person, _TRAY_LEVEL)

    def _empty_pool(self) -> Pool:
        return Pool(None if self._attention is None else Arrivals())

    # --- work becomes ready -----------------------------------------------------------------------

    def queue(self, task: Task, pool: Pool) -> None:
        """Put a task into a queue; the best of the free people takes it up, or it waits."""
        now = task.queued = self.now
        person = pool.first_free(now, self._wakes)
        if person is not None and self._chooses_by_rank and not offered(person):
            self._start(person, task)
            return
        pool.put((task.priority, now, next(self._sequence), task))
        while person is not None and self._take(person) and task.started < 0:
            person = pool.first_free(now, self._wakes)
        if task.priority == URGENT and task.started < 0:
            self._interrupt_for(task, pool, now)

    def _interrupt_for(self, task: Task, pool: Pool, now: int) -> None:
        """Urgent work takes whoever is at the least urgent task, of equals the most skilled."""
        at_work = [
            (-other.priority, -level, person.number, person)
            for level, person in pool.members
            if (other := person.task) is not None and self._yields(person, other, task.priority, now)
        ]
        if at_work:
            person = min(at_work)[3]
            self.interrupt(person)
            self._take(person)

    def _yields(self, person: Person, task: Task, priority: int, now: int) -> bool:
        return task.timer is not None and task.priority > priority and person.calendar.on_shift(now)

    def interrupt(self, person: Person) -> None:
        """Take a person off what they are at; it is the first thing they return to."""
        self.desk.put_down(person, self.now, first=True)

    # --- several people at once -------------------------------------------------------------------

    def queue_crew(self, crew: Crew) -> None:
        """Put work for several people into their queues; it starts at once when all are free."""
        now = crew.queued = self.now
        self._crews_waited, self._chooses_by_rank = True, False
        entry = (crew.priority, now, next(self._sequence), crew)
        for pool in set(crew.pools):
            heappush(pool.crews.setdefault(crew.pools, []), entry)
        self._seize(crew, now)

    def _seize(self, crew: Crew, now: int) -> bool:
        """Start when every place can be filled by somebody free or, if urgent, at less urgent work."""
        people = matched([self._candidates(pool, crew, now) for pool in crew.pools])
        if people is None:
            return False
        crew.people = people
        for person, task in zip(people, crew.tasks, strict=True):
            if person.task is not None:
                self.interrupt(person)
            task.queued = crew.queued
            self._start(person, task)
        return True

    def _candidates(self, pool: Pool, crew: Crew, now: int) -> list[Person]:
        """Who could take a place, best first; no more than could matter."""
        found = []
        for calendar in pool.calendars:
            free = pool.free(calendar, len(crew.pools))
            if calendar.on_shift(now):
                found += free
            elif free:
                self._wake(calendar)
        people = [person for *_, person in sorted(found)]
        if crew.priority == URGENT:
            people += [
                person
                for _, person in sorted(pool.members, key=lambda member: (-member[0], member[1].number))
                if person.task is not None and self._yields(person, person.task, crew.priority, now)
            ]
        return people

    def _seize_before(self, person: Person, best: tuple[int, float, int, int] | None, least_level: float) -> bool:
        """Start what takes several people, if it ranks before other work and all are there."""
        if not any(pool.crews for _, pool in person.pools):
            return False
        rest(person)  # to be counted among the free
        waiting = {
            (priority, -level, queued, number, crew)
            for level, pool in person.pools
            if pool.crews and level >= least_level
            for priority, queued, number, crew in pool.first_crews()
        }
        for *rank, crew in sorted(waiting, key=lambda entry: entry[:4]):
            if best is not None and tuple(rank) > best:
                return False
            if self._seize(crew, self.now) and person.task is not None:
                return True
        return False

    # --- a person looks for work ------------------------------------------------------------------

    def _take(self, person: Person, least_level: float = 0.0) -> bool:
        """The person takes up the best waiting work of the queues they serve, if any."""
        chosen, best, its_level = None, None, 0.0
        for level, pool in person.pools:
            if pool.heap and level >= least_level and (first := pool.first()) is not None:
                if best is not None:  # by priority, then the best craft, then the longest ready
                    if first[0] != best[0]:
                        if first[0] > best[0]:
                            continue
                    elif level < its_level or (level == its_level and best < first):
                        continue
                chosen, best, its_level = pool, first, level
        if self._crews_waited:
            rank = None if best is None else (best[0], -its_level, best[1], best[2])
            if self._seize_before(person, rank, least_level):
                return True
        if chosen is None:
            return False
        if self._attention is None:
            self._start(person, heappop(chosen.heap)[3])
        else:
            self._attend(person, self._attention, chosen, least_level)
        return True

    def _attend(self, person: Person, attention: Attention, chosen: Pool, least_level: float) -> None:
        """Start what the rule of attention says, unless something urgent waits."""
        entry = chosen.heap[0]
        if entry[0] != URGENT:
            entry = attention.choice(person, least_level) or entry
        for _, pool in person.pools:
            if pool.arrivals is not None and pool.arrivals.holds(entry):
                pool.arrivals.remove(entry)
        self._start(person, entry[3])

    def _next(self, person: Person) -> None:
        """What a person with work at rest on the desk turns to: new work while there is room, else what rests."""
        desk = person.desk
        room = len(desk) < person.wip_limit or self._urgent_waits(person, desk[0].priority)
        if not room or not self._take(person):
            self._go_on(person, self.desk.take_up(person, self.now))

    def _urgent_waits(self, person: Person, priority: int) -> bool:
        firsts = (pool.first() for _, pool in person.pools if pool.heap)
        return priority > URGENT and any(first is not None and first[0] == URGENT for first in firsts)

    # --- a person at work -------------------------------------------------------------------------

    def _start(self, person: Person, task: Task) -> None:
        person.task = task
        task.started = task.since = self.now
        if self._switches:
            task.switching = self.desk.turning_to(person, task)
        task.wall = task.on_start(task, person)
        self._until_over(person, task)

    def _go_on(self, person: Person, task: Task) -> None:
        """From now on the person is at the task, until it is done or another has its turn."""
        task.since = self.now
        self._until_over(person, task)

    def _until_over(self, person: Person, task: Task) -> None:
        what = self._ends
        if self._rests:
            over = person.calendar.add(task.since, task.wall - task.spent)
        else:
            over = self.desk.over(person, task)
        if person.wip_limit > 1:
            turn = self.desk.turn_ends(person, self.now)
            if turn is not None and turn < over:
                over, what = turn, self._turn
        task.timer = self._numbered(over, what, person, task)

    def _turn(self, person: Person, task: Task, timer: int) -> None:
        """Something else has its turn, if there is anything."""
        if task.timer != timer:
            return  # the stretch was broken off before
        now = self.now
        room = len(person.desk) + 1 < person.wip_limit and any(pool.waits for _, pool in person.pools)
        if person.desk or room:
            self.desk.put_down(person, now, first=False)
            self._next(person)
        else:
            self._until_over(person, task)

    def _finish(self, person: Person, task: Task, timer: int) -> None:
        """A stretch of work ends, unless it was broken off before."""
        if task.timer != timer:
            return
        task.timer = None
        if self._rests:
            task.spent = task.wall
        else:
            self.desk.account(person, task, self.now)
        if self._attention is not None:
            person.finished = (task.case.order.key if task.case else 0, task.run.node.id, task.run.number)
        again = task.on_finish(task, person)
        if again:
            task.begin_again(self.now)
            task.wall = again
            self._go_on(person, task)
        else:
            self.release(person)

    @property
    def pools(self) -> Iterable[Pool]:
        """Every queue there is, trays included."""
        return (*self._pools.values(), *(person.tray for person in self._people))

    def release(self, person: Person) -> None:
        """The person has nothing in hand from now on, and looks for more."""
        now = self.now
        person.task = None
        person.idle_since = now
        if not person.calendar.on_shift(now):
            rest(person)
            if person.desk or any(pool.waits for _, pool in person.pools):
                self._wake(person.calendar)
        elif person.desk:
            self._next(person)
        elif not self._take(person):
            rest(person)

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
        if not calendar.on_shift(self.now):
            self._wake(calendar)  # the seat has become vacant
            return
        for only_best in (True, False):
            idle = [person for person in self._working_alike[id(calendar)] if person.task is None]
            for person in sorted(idle, key=lambda person: (person.idle_since, person.number)):
                if person.task is not None:
                    continue  # a crew took them
                if person.desk:
                    self._next(person)
                else:
                    self._take(person, max(person.skills.values()) if only_best else 0.0)
