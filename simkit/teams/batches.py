"""Batches: a step that gathers several cases and is then done for all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simkit.teams.calendar import Calendar
from simkit.teams.decomposition import BATCH, add_queue
from simkit.teams.tasks import Task

if TYPE_CHECKING:
    from simkit.scenario.work_kinds import BatchRule
    from simkit.teams.dispatcher import Dispatcher
    from simkit.teams.people import Person
    from simkit.teams.pools import Pool


class Batch(Task):
    """The passes of several cases as one stretch of work for one person."""

    __slots__ = ("members", "setup")

    def __init__(self, members: list[Task], setup: int, lead: Task):
        super().__init__(
            lead.run, lead.case, min(task.priority for task in members), None, lead.on_start, lead.on_finish
        )
        self.members = members
        self.setup = setup
        """Seconds before the first of them."""
        self.skills = lead.skills

    @property
    def withdrawn(self) -> bool:
        """True when all of its cases have expired."""
        return all(task.withdrawn for task in self.members)

    def sum_up(self) -> None:
        """Taking over and effort of all members together."""
        first = self.members[0]
        self.run, self.case, self.of_case, self.category = first.run, first.case, first.of_case, first.category
        self.coordination = sum(task.coordination for task in self.members)
        self.effort = sum(task.effort for task in self.members)
        self.interrupted = sum(task.interrupted for task in self.members)

    def divide(self) -> None:
        """Give the first member what is nobody's own, so that the members' seconds add up to the batch's."""
        for task in self.members:
            task.wall = task.coordination + task.effort
            task.switching = task.lost = 0
        first = self.members[0]
        first.wall += self.wall - self.coordination - self.effort
        first.switching, first.lost = self.switching, self.lost


class Batches:
    """Gathers what waits for a batch."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        office: Calendar,
        start: Callable[[Task, Person], int],
        finish: Callable[[Task, Person], int],
    ):
        self._dispatcher, self._office = dispatcher, office
        self._start, self._finish = start, finish
        self._gathering: dict[tuple[str, int, Pool], list[Task]] = {}

    def add(self, task: Task, pool: Pool, rule: BatchRule) -> None:
        """One more; the batch is ready when it is full, or when its first member has waited long enough."""
        now = task.queued = self._dispatcher.now
        key = (task.of_case.graph.name, task.run.node.number, pool)
        gathered = self._gathering.setdefault(key, [])
        gathered.append(task)
        if len(gathered) == 1:
            self._dispatcher.after(self._until(task, rule) - now, self._time_is_up, key, gathered, rule)
        if self._gathering.get(key) is gathered and sum(not other.withdrawn for other in gathered) >= rule.size:
            self._form(key, rule)

    def _time_is_up(self, key: tuple[str, int, Pool], gathered: list[Task], rule: BatchRule) -> None:
        if self._gathering.get(key) is not gathered:
            return
        first = next((task for task in gathered if not task.withdrawn), None)
        later = self._until(first, rule) - self._dispatcher.now if first is not None else 0
        if later > 0:  # who came first has expired
            self._dispatcher.after(later, self._time_is_up, key, gathered, rule)
        else:
            self._form(key, rule)

    def _until(self, first: Task, rule: BatchRule) -> int:
        return self._office.add(first.queued, round(rule.max_wait_hours * 3600))

    def _form(self, key: tuple[str, int, Pool], rule: BatchRule) -> None:
        members = [task for task in self._gathering.pop(key) if not task.withdrawn]
        if not members:
            return
        now = self._dispatcher.now
        for task in members:
            add_queue(task.run, BATCH, self._office, task.queued, now)
        first = members[0]
        batch = Batch(members, round(rule.setup_hours * 3600), first)
        batch.on_start, batch.on_finish = self._start, self._finish
        self._dispatcher.queue(batch, key[2])
