"""Who goes on with the work of somebody who is away or has left.

A pass that was begun goes back to the queue of those who can do it, and whoever takes it up does a share of what was
done again. What waits for one person alone goes to the others too; decisions go to a deputy and are made afresh. Work
for several people that was begun, and batches, stay with those who are at it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from copy import copy

from simkit.scenario.organization import Organization
from simkit.teams.batches import Batch
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.decomposition import add_unfinished, add_wait, queue_part, spent_so_far
from simkit.teams.dispatcher import Dispatcher, Pool, Task
from simkit.teams.event_log import EventLog
from simkit.teams.exceptions import Question
from simkit.teams.people import Person
from simkit.teams.routes import taking_over
from simkit.teams.tasks import Crew
from simkit.teams.worked_steps import WorkedSteps

_DECIDING, _ONE_S_OWN = ("approval", "decision"), ("meeting", "training")


class StandIns:
    """Moves work from the desks and trays of those who are not there."""

    def __init__(
        self,
        organization: Organization,
        dispatcher: Dispatcher,
        people: Sequence[Person],
        log: EventLog,
        worked: WorkedSteps,
    ):
        self._dispatcher, self._people, self._log, self._worked = dispatcher, people, log, worked
        self._kept_share = 1 - organization.desk.hand_over_loss
        self._leads = {unit.id: unit.lead for unit in organization.units}
        self._parents = {unit.id: unit.parent for unit in organization.units}
        self._own_units = frozenset(unit.id for unit in organization.units if unit.id not in organization.outside)

    def may_go(self, person: Person) -> bool:
        """Whether nothing lies on the desk that only this person can finish."""
        return all(self._goes_to_others(task) for task in _on_desk(person))

    def put_down(self, person: Person) -> None:
        """The person stops what they are at."""
        if person.task is not None and not self._is_over(person, person.task):
            self._dispatcher.interrupt(person)

    def _is_over(self, person: Person, task: Task) -> bool:
        """Whether the present stretch ends this very second: it is done, and its own moment will say so."""
        if task is not person.task:
            return False
        done, _, _ = self._dispatcher.desk.stretch(person, task, self._dispatcher.now)
        return task.spent + done >= task.wall

    def hand_over(self, person: Person, for_good: bool) -> None:
        """Everything that others can do goes to them; what is nobody else's is forgotten by somebody who has left."""
        now, moved = self._dispatcher.now, []
        if person.task is not None and self._moves(person, person.task, for_good):
            self._dispatcher.interrupt(person)
        kept: deque[Task] = deque()
        for task in person.desk:
            if self._moves(person, task, for_good):
                moved.append(self._give_up(person, task, now))
            else:
                kept.append(task)
        person.desk = kept
        tray = self._dispatcher.tray(person)
        waiting = [task for task in sorted(tray.waiting(), key=_came) if self._moves(person, task, for_good)]
        tray.take_out(set(waiting))
        for task in waiting:
            self._waited(person, task, task.queued, now)
        if person.task is None and (moved or person.desk):
            self._dispatcher.release(person)
        for task in moved + waiting:
            self._pass_on(person, task)
        self._pass_on_crews(person, tray, for_good, now)

    # --- what goes --------------------------------------------------------------------------------

    def _goes_to_others(self, task: Task) -> bool:
        return task.crew is None and not isinstance(task, Batch)

    def _moves(self, person: Person, task: Task, for_good: bool) -> bool:
        if task.started >= 0 and (self._is_over(person, task) or not self._goes_to_others(task)):
            return False
        if task.category in _ONE_S_OWN:
            return for_good
        if task.category in _DECIDING:
            return self._place(person, task) is not None
        return for_good or self._others(person, self._pool(task, 1))

    def _others(self, person: Person, pool: Pool) -> bool:
        return any(other is not person and self.is_there(other) for _, other in pool.members)

    def is_there(self, person: Person) -> bool:
        """Whether the person works today, or would have a day off in any case."""
        now = self._dispatcher.now
        works = person.calendar.between(now, now + DAY_SECONDS) > 0
        return works or person.contract.between(now, now + DAY_SECONDS) == 0

    # --- giving up --------------------------------------------------------------------------------

    def _give_up(self, person: Person, task: Task, now: int) -> Task:
        """What was spent on a pass is told, and a share of it counts for whoever goes on with the task returned.

        It is another, because queues may still hold the old one and know by its start that it was taken.
        """
        task.rested += person.calendar.between(task.since, now)
        spent = spent_so_far(task, task.spent, task.lost)
        self._log.unfinished(task, person, spent, now)
        if task.case is not None:
            add_unfinished(task.run, task, person, spent, taking_over(task.run), now)
        if task.category not in (*_DECIDING, *_ONE_S_OWN):
            done = spent_so_far(task, task.spent, 0)[task.category] / task.effort if task.effort else 0.0
            task.run.carried = 1 - (1 - task.run.carried) * (1 - self._kept_share * done)
            self._worked.given_up(task)
        rest = copy(task)
        rest.begin_again(-1)
        rest.since = -1
        return rest

    def _waited(self, person: Person, task: Task, since: int, now: int) -> None:
        """The wait in a tray until now is part of the lead time."""
        for member in task.members if isinstance(task, Batch) else (task,):
            if member.case is not None:
                add_wait(member.run, queue_part(member, person), person, since, now)

    # --- where it goes ----------------------------------------------------------------------------

    def _pass_on(self, person: Person, task: Task) -> None:
        if task.withdrawn or task.category in _ONE_S_OWN:
            return
        pool = self._place(person, task)
        if pool is None:
            pool = self._dispatcher.tray(person)
        if isinstance(task, Question):
            task.decider = self._deputy(person) or person
        if task.category in _DECIDING:
            self._dispatcher.queue(task, pool)
        else:
            self._worked.queue_again(task, pool)

    def _place(self, person: Person, task: Task) -> Pool | None:
        """The queue of those who can do it; a deputy's tray for what one person decides."""
        if task.category not in _DECIDING:
            return self._pool(task, 1)
        if task.skill is not None:
            pool = self._dispatcher.pool(self._own_units, task.skill)
            return pool if self._others(person, pool) else None
        deputy = self._deputy(person)
        return None if deputy is None else self._dispatcher.tray(deputy)

    def _pool(self, task: Task, least: int) -> Pool:
        return self._worked.routes.pool(task.skills, task.of_case.home, least)

    def _deputy(self, person: Person) -> Person | None:
        """The next lead above; else the dearest of the unit, then of all."""
        unit: str | None = person.unit
        leads = []
        while unit is not None:
            leads.append(self._leads[unit])
            unit = self._parents[unit]
        here = [other for other in self._people if other is not person and not other.billed and self.is_there(other)]
        above = {other.id: other for other in here if other.id in leads}
        for lead in leads:
            if lead in above:
                return above[lead]
        return min(here, key=lambda other: _rank(other, person.unit), default=None)

    # --- work for several people that waits -------------------------------------------------------

    def _pass_on_crews(self, person: Person, tray: Pool, for_good: bool, now: int) -> None:
        """What the same people were to do together again is done by whoever can."""
        if not for_good:
            return
        waiting = {entry[2]: entry[3] for kind in tray.crews.values() for entry in kind if not entry[3].withdrawn}
        for _, crew in sorted(waiting.items(), key=lambda entry: entry[0]):
            task, crew.people = crew.tasks[0], [person]
            add_wait(task.run, person.queue_part, person, crew.queued, now)
            roles = [other.skills for other in crew.tasks]
            tasks = [self._worked.task(task.of_case, task.run, skills) for skills in roles]
            pools = [self._pool(other, roles.count(other.skills)) for other in crew.tasks]
            self._worked.queue_crew(Crew(tasks, pools))


def _on_desk(person: Person) -> list[Task]:
    return [*([] if person.task is None else [person.task]), *person.desk]


def _came(task: Task) -> int:
    return task.queued


def _rank(other: Person, unit: str) -> tuple[bool, float, int]:
    return other.unit != unit, -(other.table.hourly_cost or 0.0), other.number
