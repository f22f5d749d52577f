"""Steps that somebody does: handed over, queued, worked, looked over, done again or finished."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import cast

from simkit.rng import Purpose
from simkit.scenario.organization import Organization
from simkit.teams.abilities import Abilities
from simkit.teams.batches import Batch, Batches
from simkit.teams.calendar import Calendar
from simkit.teams.changeover import Changeover
from simkit.teams.decomposition import add_batch_work, add_latency, add_wait, add_work
from simkit.teams.dispatcher import Crew, Dispatcher, Pool, Task
from simkit.teams.event_log import EventLog
from simkit.teams.exceptions import CORRECT, IGNORE, REWORK, Exceptions
from simkit.teams.interruptions import interrupted_seconds
from simkit.teams.luck import CHECK, EFFORT, OUTCOME, effort_seconds
from simkit.teams.meetings import Talk
from simkit.teams.overflow import overflow_of
from simkit.teams.people import Person
from simkit.teams.routes import Routes, taking_over
from simkit.teams.work import Case, Run


class WorkedSteps:
    """Everything between a step being ready and its being finished."""

    def __init__(
        self,
        organization: Organization,
        dispatcher: Dispatcher,
        people: list[Person],
        log: EventLog,
        start: datetime.date,
        complete: Callable[[Case, Run], None],
        undo: Callable[[Case, Run, float], None],
        abilities: Abilities | None = None,
        talk: Talk | None = None,
    ):
        self._dispatcher, self._log = dispatcher, log
        self._complete, self._undo = complete, undo
        # what every pass has called, bound once
        self._starts, self._ends, self._queues = self._start, self._finish, self._queue
        self.abilities = abilities
        self._rework_share, self._caught = organization.errors.rework_share, organization.errors.caught
        self._interruptions = organization.interruptions
        self._office = Calendar(organization.calendars["office"], start)
        self._outside = bool(organization.outside)
        self._primary_share = organization.primary_share
        self._error_factor = {unit.id: unit.error_factor for unit in organization.units}
        authority = organization.authority
        self._exceptions: Exceptions | None = None
        if authority is not None:
            self._exceptions = Exceptions(organization, authority, dispatcher, people, log, self._office)
            self._correct_share = authority.correct_share
        self._batches = Batches(dispatcher, self._office, self._start_batch, self._finish_batch)
        self.overflow = overflow_of(organization, dispatcher)
        self.changeover = Changeover(organization) if Changeover.needed(organization) else None
        self._varies = any(part is not None for part in (self.overflow, self.changeover, abilities))
        """Whether a pass takes different people, or at different times, more than skill and effort say."""
        self.routes = Routes(organization, dispatcher, self._office, self.overflow, talk)

    # --- on the way -------------------------------------------------------------------------------

    def hand_over(self, case: Case, run: Run) -> None:
        """Send a step that is ready on its way to the tray or queue where it will be taken up."""
        ready, roles = run.ready, run.node.roles
        self._log.of_run(case, run, "ready", ready)
        pools, latency = self.routes.destination(case, run)
        there = ready
        if latency:
            there = self._office.add(ready, latency)
            part = self.routes.way(run, pools) if self._outside else taking_over(run)
            add_latency(run, part, latency, there - ready)
        if run.others:
            there = self.routes.joined(run, pools, there)
        if len(roles) == 1:
            task = Task(run, case, case.priority, None, self._starts, self._ends, roles[0])
            self._dispatcher.after(there - ready, self._queues, task, pools[0])
        else:
            crew = Crew([self.task(case, run, skills) for skills in roles], pools)
            self._dispatcher.after(there - ready, self.queue_crew, crew)

    def task(self, case: Case, run: Run, skills: tuple[str, ...]) -> Task:
        """Somebody's share of a pass."""
        return Task(run, case, case.priority, None, self._starts, self._ends, skills)

    def _queue(self, task: Task, pool: Pool) -> None:
        if task.of_case.closed:
            return
        run = task.run
        self._log.of_run(task.of_case, run, "queue", self._dispatcher.now)
        if self.overflow is not None:
            self.overflow.joins(task, pool)
        if run.node.batch is None:
            self._dispatcher.queue(task, pool)
        else:
            self._batches.add(task, pool, run.node.batch)

    def queue_again(self, task: Task, pool: Pool) -> None:
        """Somebody who has it gives it to others."""
        for member in task.members if isinstance(task, Batch) else (task,):
            self._log.of_run(member.of_case, member.run, "queue", self._dispatcher.now)
            if self.overflow is not None:
                self.overflow.leaves(member)
                self.overflow.joins(member, pool)
        self._dispatcher.queue(task, pool)

    def given_up(self, task: Task) -> None:
        """A pass is left unfinished."""
        if self.abilities is not None:
            self.abilities.given_up(task)

    def queue_crew(self, crew: Crew) -> None:
        if not crew.withdrawn:
            self._log.of_run(crew.tasks[0].of_case, crew.tasks[0].run, "queue", self._dispatcher.now)
            self._dispatcher.queue_crew(crew)

    # --- on a desk --------------------------------------------------------------------------------

    def _start(self, task: Task, person: Person) -> int:
        run, case, crew = task.run, task.of_case, task.crew
        if crew is None or task is crew.tasks[0]:
            run.giver, run.giver_unit = person, person.unit
            case.doers[run.node.number] = person
        if self.overflow is not None:
            self.overflow.leaves(task)
        if crew is None:
            if task.started > task.queued:
                add_wait(run, person.queue_part, person, task.queued, task.started)
        else:
            case.crews.setdefault(run.node.number, [])[:] = crew.people
        task.coordination, task.loss = self.routes.taken_over(run, person)
        return self._on_desk(task, person)

    def _on_desk(self, task: Task, person: Person) -> int:
        """On-shift seconds of one pass, other duties included."""
        run, log = task.run, self._log
        node, number, factor = run.node, run.number, 1.0
        if number == 0:
            task.category = "touch"
        else:
            task.category = "rework"
            factor = self._rework_share if run.share is None else run.share
        if self._varies or person.desk:
            factor = self._varied(factor, task, person)
        if run.carried:
            factor *= 1 - run.carried
        u, skills = task.of_case.luck.draw(node.number, EFFORT, number), task.skills
        level = person.skills[skills[0]] if len(skills) == 1 else person.level(skills)
        task.effort = effort_seconds(node.effort, u, factor / level)
        if self.abilities is not None:
            task.effort += self.abilities.building_seconds(task, person, self._dispatcher.now)
        if self._interruptions is not None:
            task.interrupted = interrupted_seconds(self._interruptions, task)
        log.of_task(task, person, "start", self._dispatcher.now)
        return task.stretched(self._primary_share)

    def _varied(self, factor: float, task: Task, person: Person) -> float:
        """A factor on effort, and what the agency, a change of structure, the desk and the person's abilities add."""
        now = self._dispatcher.now
        if self.overflow is not None:
            factor *= self.overflow.effort_factor(person, task)
        if self.changeover is not None:
            factor *= self.changeover.effort_factor(person, task, now)
        if person.desk:
            factor *= self._dispatcher.desk.effort_factor(person)
        if self.abilities is not None:
            factor *= self.abilities.effort_factor(task, person, now)
        return factor

    def _finish(self, task: Task, person: Person) -> int:
        """The doer looks the pass over: done, or once more, or done with an error nobody saw."""
        run, now = task.run, self._dispatcher.now
        self._log.spent(task, person, now)
        if self.abilities is not None:
            self._done(task, person, self.abilities)
        if task.crew is not None and not self._was_last(task, task.crew, person):
            return 0
        run.done = now
        add_work(run, task, person, taking_over(run), now)
        return self._looked_over(task, person)

    def _done(self, task: Task, person: Person, abilities: Abilities) -> None:
        """The person has one pass more behind them; not yet while its own result is looked over."""
        task.wrong = abilities.wrong(self._internal_error(task), task, person)
        abilities.done(task, person, self._dispatcher.now)

    def _looked_over(self, task: Task, person: Person) -> int:
        run, case = task.run, task.of_case
        if case.closed:
            return 0
        number = run.node.number
        if case.ignored:
            case.ignored.discard(number)
        if self._wrong(task):
            if case.luck.draw(number, CHECK, run.number) < self._caught:
                return self._noticed(task, person, self._exceptions)
            case.defects.add(number)
        elif case.defects:
            case.defects.discard(number)
        if run.node.rework:
            self._accepted(task, person, run)
        else:
            self._complete(case, run)
        return 0

    def _accepted(self, task: Task, person: Person, run: Run) -> None:
        """The step is finished, unless its pass brings an error of an earlier step to light.

        `run` is the pass, or what was decided about it.
        """
        case = task.of_case
        if not task.run.node.rework or not self._earlier_error(task):
            self._complete(case, run)
            return
        outcome: str | None = REWORK
        if self._exceptions is not None:
            outcome = self._exceptions.raised(
                case, run, run.giver or person, "external", lambda *decided: self._sent_back(task, person, *decided)
            )
        if outcome is not None:
            self._sent_back(task, person, outcome, run)

    def _sent_back(self, task: Task, person: Person, outcome: str, run: Run) -> None:
        """An error of earlier steps goes back to them, to be done again or corrected there, or is left as it is."""
        case = task.of_case
        if outcome == IGNORE:
            case.ignored.update(task.run.node.rework)
            self._complete(case, run)
        else:
            self._log.of_run_by(case, task.run, "return", self._dispatcher.now, person, person.unit)
            self._undo(case, run, self._correct_share if outcome == CORRECT else 1.0)

    # --- an error was noticed ---------------------------------------------------------------------

    def _noticed(self, task: Task, person: Person, exceptions: Exceptions | None) -> int:
        """The doer does it again at once, or somebody decides what becomes of it; seconds of going on at once."""
        if exceptions is None:
            return self._redo(task, person)
        run = task.run
        outcome = exceptions.raised(
            task.of_case, run, run.giver or person, "decision", lambda *decided: self._decided(task, person, *decided)
        )
        if outcome is None:
            return 0
        if outcome == IGNORE:
            self._left(task, person, run)
            return 0
        return self._redo(task, person, self._share_of(outcome))

    def _decided(self, task: Task, person: Person, outcome: str, run: Run) -> None:
        """Somebody else has decided; what has to be done waits in the doers' trays."""
        if outcome == IGNORE:
            self._left(task, person, run)
            return
        case, number = task.of_case, task.run.node.number
        again = case.next_run(case.graph.nodes[number], run.done, run)
        again.share = self._share_of(outcome)
        again.giver, again.giver_unit = run.giver, run.giver_unit
        doer = run.giver or person
        self._log.of_run_by(case, again, "redo", run.done, doer, doer.unit)
        if task.crew is not None:
            self._again_together(task.crew, case, again)
        else:
            self._log.of_run(case, again, "queue", run.done)
            self._dispatcher.queue(self.task(case, again, task.skills), self._dispatcher.tray(doer))

    def _left(self, task: Task, person: Person, run: Run) -> None:
        """The error is left as it is."""
        case, number = task.of_case, task.run.node.number
        case.defects.discard(number)
        case.ignored.add(number)
        self._accepted(task, person, run)

    def _share_of(self, outcome: str) -> float | None:
        """Share of a fresh effort that the next pass takes; the department's rework share when None."""
        return self._rework_share * self._correct_share if outcome == CORRECT else None

    # --- several cases at once --------------------------------------------------------------------

    def _start_batch(self, task: Task, person: Person) -> int:
        batch = cast(Batch, task)
        batch.members = [member for member in batch.members if not member.withdrawn]
        for member in batch.members:
            member.queued, member.started = batch.queued, batch.started
            self._start(member, person)
        batch.sum_up()
        batch.switching += batch.setup
        return batch.stretched(self._primary_share)

    def _finish_batch(self, task: Task, person: Person) -> int:
        """Each is looked over by itself; what has to be done again is done again together."""
        batch, now = cast(Batch, task), self._dispatcher.now
        batch.divide()
        for member in batch.members:
            member.run.done = now
            self._log.spent(member, person, now)
            if self.abilities is not None:
                self._done(member, person, self.abilities)
            add_batch_work(member.run, member, batch, person, taking_over(member.run), now)
        batch.members = [member for member in batch.members if self._looked_over(member, person)]
        if not batch.members:
            return 0
        batch.sum_up()
        batch.switching = 0
        return max(1, batch.stretched(self._primary_share))

    def _was_last(self, task: Task, crew: Crew, person: Person) -> bool:
        """Whether everybody else has done their share; the last one's queue and work are the step's."""
        crew.unfinished -= 1
        if crew.unfinished:
            return False
        add_wait(task.run, person.queue_part, person, task.queued, task.started)
        return True

    def _wrong(self, task: Task) -> bool:
        """An error of one's own, or one that came with what the hand-off lost to anybody who did it."""
        run = task.run
        node = run.node
        internal = node.internal_error * self._error_factor[run.giver_unit] if self.abilities is None else task.wrong
        kept = 1 - internal if internal < 1.0 else 0.0
        if task.crew is None:
            kept *= 1 - task.loss
        else:
            for other in task.crew.tasks:
                kept *= 1 - other.loss
        return kept < 1.0 and task.of_case.luck.draw(node.number, OUTCOME, run.number) < 1 - kept

    def _internal_error(self, task: Task) -> float:
        """The chance under the standards of the unit that does it."""
        return task.run.node.internal_error * self._error_factor[task.run.giver_unit]

    def _earlier_error(self, task: Task) -> bool:
        """Whether this pass brings to light an error of an earlier step."""
        run = task.run
        return task.of_case.luck.about(run.node.id, Purpose.EXTERNAL_ERROR, run.number) < run.node.external_error

    def _redo(self, task: Task, person: Person, share: float | None = None) -> int:
        """The same people do the step again at once, with nothing to be handed over.

        One person goes on without getting up; several start as soon as all of them are free.
        """
        last, case = task.run, task.of_case
        run = case.next_run(last.node, last.done, last)
        if share is not None:
            run.share = share
        run.giver, run.giver_unit = last.giver, last.giver_unit
        if task.crew is not None:
            self._log.of_run_by(case, run, "redo", last.done, person, person.unit)
            self._again_together(task.crew, case, run)
            return 0
        task.run = run
        task.coordination, task.loss = 0, 0.0
        self._log.of_task(task, person, "redo", last.done)
        return max(1, self._on_desk(task, person))  # no second at all would say that nothing is done again

    def _again_together(self, crew: Crew, case: Case, run: Run) -> None:
        trays = [self._dispatcher.tray(doer) for doer in crew.people]
        self.queue_crew(Crew([self.task(case, run, other.skills) for other in crew.tasks], trays))
