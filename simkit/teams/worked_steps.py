"""Steps that somebody does: handed over, queued, worked, looked over, done again or finished."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from simkit.scenario.organization import Distance, Organization
from simkit.scenario.organization_sense import scope_of
from simkit.teams.calendar import Calendar
from simkit.teams.decomposition import HAND_OFF, INTAKE, RESOURCE_QUEUE, add_latency, add_queue, add_work
from simkit.teams.dispatcher import Dispatcher, Pool, Task
from simkit.teams.event_log import EventLog
from simkit.teams.hand_off import HandOffs
from simkit.teams.luck import CHECK, EFFORT, OUTCOME, effort_seconds
from simkit.teams.people import Person
from simkit.teams.work import Case, Run


class WorkedSteps:
    """Everything between a step being ready and its being finished."""

    def __init__(
        self,
        organization: Organization,
        dispatcher: Dispatcher,
        log: EventLog,
        start: datetime.date,
        complete: Callable[[Case, Run], None],
    ):
        self._organization, self._dispatcher, self._log, self._complete = organization, dispatcher, log, complete
        self._errors, self._intake = organization.errors, organization.intake
        self._office = Calendar(organization.calendars["office"], start)
        self._hand_offs = HandOffs(organization)
        self._error_factor = {unit.id: unit.error_factor for unit in organization.units}
        self._pools: dict[tuple[str, str], Pool] = {}

    def hand_over(self, case: Case, run: Run) -> None:
        """Send a step that is ready on its way to the tray or queue where it will be taken up."""
        self._log.of_run(case, run, "ready", run.ready)
        pool, latency_hours = self._destination(case, run)
        latency = round(latency_hours * 3600)
        elapsed = self._office.add(run.ready, latency) - run.ready
        if elapsed:
            add_latency(run, _taking_over(run), latency, elapsed)
        task = Task(run, case, case.order.priority, run.node.skill, self._start, self._finish)
        self._dispatcher.after(elapsed, self._queue, case, task, pool)

    def _queue(self, case: Case, task: Task, pool: Pool) -> None:
        if not task.withdrawn:
            self._log.of_run(case, task.run, "queue", self._dispatcher.now)
            self._dispatcher.queue(task, pool)

    def _destination(self, case: Case, run: Run) -> tuple[Pool, float]:
        """The queue a step goes to, and the office hours until it is there.

        What was done before goes back to its doer; what nobody could do better stays with the giver.
        """
        pool = self._pool(run.node.skill, case.home)
        cause = run.caused_by
        if cause is None:
            return pool, self._intake.latency_hours
        doer = case.doers[run.node.number]
        if doer is not None:
            return self._dispatcher.tray(doer), self._line(cause, doer).latency_hours
        if cause.giver is not None and pool.nobody_better_than(cause.giver):
            return self._dispatcher.tray(cause.giver), self._hand_offs.to_oneself.latency_hours
        return pool, self._hand_offs.latency_hours(cause.giver_unit, pool)

    def _pool(self, skill: str, home: str) -> Pool:
        key = (skill, home)
        if key not in self._pools:
            units = scope_of(self._organization, skill, home)
            assert units is not None, "checked when the organization was made"
            self._pools[key] = self._dispatcher.pool(units, skill)
        return self._pools[key]

    def _line(self, cause: Run, receiver: Person) -> Distance:
        if cause.giver is receiver:
            return self._hand_offs.to_oneself
        return self._hand_offs.between(cause.giver_unit, receiver.unit)

    # --- on the desk ------------------------------------------------------------------------------

    def _start(self, task: Task, person: Person) -> int:
        run, case = task.run, task.of_case
        run.giver, run.giver_unit = person, person.unit
        case.doers[run.node.number] = person
        add_queue(run, RESOURCE_QUEUE, person.calendar, task.queued, task.started)
        if run.caused_by is None:
            hours = self._intake.effort_hours
        else:
            line = self._line(run.caused_by, person)
            hours, task.loss = line.effort_hours, line.information_loss
        task.coordination = round(hours * 3600)
        return self._on_desk(task, person)

    def _on_desk(self, task: Task, person: Person) -> int:
        """On-shift seconds of one pass, other duties included."""
        run = task.run
        again = run.number > 0
        task.category = "rework" if again else "touch"
        factor = self._errors.rework_share if again else 1.0
        u = task.of_case.luck.draw(run.node.number, EFFORT, run.number)
        task.effort = effort_seconds(run.node.effort, u, factor / person.skills[run.node.skill])
        self._log.of_task(task, person, "start", self._dispatcher.now)
        return task.stretched(self._organization.primary_share)

    def _finish(self, task: Task, person: Person) -> int:
        """The doer looks the pass over: done, or once more, or done with an error nobody saw."""
        run, case = task.run, task.of_case
        run.done = self._dispatcher.now
        self._log.spent(task, person, run.done)
        add_work(run, task, _taking_over(run), run.done)
        if case.closed:
            return 0
        if self._wrong(task):
            if case.luck.draw(run.node.number, CHECK, run.number) < self._errors.caught:
                return self._redo(task, person)
            case.defects.add(run.node.number)
        else:
            case.defects.discard(run.node.number)
        self._complete(case, run)
        return 0

    def _wrong(self, task: Task) -> bool:
        """An error of one's own, or one that came with what the hand-off lost."""
        run = task.run
        internal = min(run.node.internal_error * self._error_factor[run.giver_unit], 1.0)
        u = task.of_case.luck.draw(run.node.number, OUTCOME, run.number)
        return u < 1 - (1 - internal) * (1 - task.loss)

    def _redo(self, task: Task, person: Person) -> int:
        """The same person does the step again at once, with nothing to be handed over."""
        last = task.run
        task.run = task.of_case.next_run(last.node, last.done, last)
        task.run.giver, task.run.giver_unit = person, person.unit
        task.coordination, task.loss = 0, 0.0
        self._log.of_task(task, person, "redo", last.done)
        return self._on_desk(task, person)


def _taking_over(run: Run) -> int:
    """The part of the lead time that reaching the first desk, or the next one, belongs to."""
    return INTAKE if run.caused_by is None else HAND_OFF
