"""Steps that somebody does: handed over, queued, worked, looked over, done again or finished."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import cast

from simkit.rng import Purpose
from simkit.scenario.organization import Distance, Organization
from simkit.scenario.who_can import places_of
from simkit.teams.abilities import Abilities
from simkit.teams.batches import Batch, Batches
from simkit.teams.calendar import Calendar
from simkit.teams.changeover import Changeover
from simkit.teams.decomposition import (
    AGENCY,
    HAND_OFF,
    INTAKE,
    JOIN,
    add_batch_work,
    add_latency,
    add_queue,
    add_wait,
    add_work,
)
from simkit.teams.dispatcher import Crew, Dispatcher, Pool, Task
from simkit.teams.event_log import EventLog
from simkit.teams.exceptions import CORRECT, IGNORE, REWORK, Exceptions
from simkit.teams.givers import other_givers
from simkit.teams.hand_off import HandOffs, seconds_of
from simkit.teams.interruptions import interrupted_seconds
from simkit.teams.luck import CHECK, EFFORT, OUTCOME, effort_seconds
from simkit.teams.meetings import Talk
from simkit.teams.overflow import overflow_of
from simkit.teams.people import Person
from simkit.teams.work import Case, Node, Run


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
        self._organization, self._dispatcher, self._log = organization, dispatcher, log
        self._complete, self._undo = complete, undo
        self.abilities, self._talk = abilities, talk
        self._errors, self._intake = organization.errors, organization.intake
        self._office = Calendar(organization.calendars["office"], start)
        self._hand_offs = HandOffs(organization)
        self._to_oneself = seconds_of(self._hand_offs.to_oneself.latency_hours)
        self._intake_latency = seconds_of(organization.intake.latency_hours)
        self._primary_share = organization.primary_share
        self._error_factor = {unit.id: unit.error_factor for unit in organization.units}
        authority = organization.authority
        self._exceptions: Exceptions | None = None
        if authority is not None:
            self._exceptions = Exceptions(organization, authority, dispatcher, people, log, self._office)
            self._correct_share = authority.correct_share
        self._batches = Batches(dispatcher, self._office, self._start_batch, self._finish_batch)
        self._pools: dict[tuple[tuple[str, ...], str, int], Pool] = {}
        self._pools_of_steps: dict[tuple[Node, str], list[Pool]] = {}
        self.overflow = overflow_of(organization, dispatcher)
        self.changeover = Changeover(organization) if Changeover.needed(organization) else None

    # --- on the way -------------------------------------------------------------------------------

    def hand_over(self, case: Case, run: Run) -> None:
        """Send a step that is ready on its way to the tray or queue where it will be taken up."""
        ready, roles = run.ready, run.node.roles
        self._log.of_run(case, run, "ready", ready)
        pools, latency = self._destination(case, run)
        there = ready
        if latency:
            there = self._office.add(ready, latency)
            add_latency(run, self._way(run, pools), latency, there - ready)
        if run.others:
            there = self._joined(run, pools, there)
        if len(roles) == 1:
            self._dispatcher.after(there - ready, self._queue, self.task(case, run, roles[0]), pools[0])
        else:
            crew = Crew([self.task(case, run, skills) for skills in roles], pools)
            self._dispatcher.after(there - ready, self.queue_crew, crew)

    def _way(self, run: Run, pools: Sequence[Pool]) -> int:
        """The part of the lead time that the way to a desk belongs to: an agency's, if it is on either end of it."""
        cause, outside = run.caused_by, self._organization.outside
        if cause is None or not outside:
            return taking_over(run)
        there = all(person.billed for pool in pools for _, person in pool.members)
        return AGENCY if there or cause.giver_unit in outside else HAND_OFF

    def _joined(self, run: Run, pools: Sequence[Pool], there: int) -> int:
        """When what the other branches hand over has come too."""
        last = there
        for other in run.others:
            latency = max(self._hand_offs.latency(other.giver_unit, pool) for pool in pools)
            last = max(last, self._office.add(other.done, latency))
        add_queue(run, JOIN, self._office, there, last)
        return last

    def task(self, case: Case, run: Run, skills: tuple[str, ...]) -> Task:
        task = Task(run, case, case.priority, None, self._start, self._finish)
        task.skills = skills
        return task

    def _queue(self, task: Task, pool: Pool) -> None:
        if not task.withdrawn:
            self._log.of_run(task.of_case, task.run, "queue", self._dispatcher.now)
            if self.overflow is not None:
                self.overflow.joins(task, pool)
            if task.run.node.batch is None:
                self._dispatcher.queue(task, pool)
            else:
                self._batches.add(task, pool, task.run.node.batch)

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

    def _destination(self, case: Case, run: Run) -> tuple[Sequence[Pool], int]:
        """The queue that each person a step takes is looked for in, and the office's seconds until it is there.

        What was done before goes back to its doers; what nobody could do better stays with the giver.
        """
        number, cause = run.node.number, run.caused_by
        pools = self._pools_of(run.node, case.home)
        doer = case.doers[number]
        if self.overflow is not None and len(pools) == 1 and doer is None:
            pools = [self.overflow.elsewhere(case, run, pools[0]) or pools[0]]
        if cause is None:
            return pools, self._intake_latency
        if len(run.node.before) > 1:
            run.others = other_givers(case, run)
        if doer is not None:
            doers = case.crews.get(number, [doer])
            trays = [self._dispatcher.tray(doer) for doer in doers]
            return trays, seconds_of(max(self._line(cause, doer).latency_hours for doer in doers))
        if cause.giver is not None and len(pools) == 1 and pools[0].nobody_better_than(cause.giver):
            return [self._dispatcher.tray(cause.giver)], self._to_oneself
        if len(pools) == 1:
            return pools, self._hand_offs.latency(cause.giver_unit, pools[0])
        return pools, max(self._hand_offs.latency(cause.giver_unit, pool) for pool in pools)

    def _pools_of(self, node: Node, home: str) -> Sequence[Pool]:
        """The queues of a step's places for cases of a unit."""
        key = (node, home)
        if key not in self._pools_of_steps:
            roles = node.roles
            self._pools_of_steps[key] = [self.pool(skills, home, roles.count(skills)) for skills in roles]
        return self._pools_of_steps[key]

    def pool(self, skills: tuple[str, ...], home: str, least: int) -> Pool:
        """The queue of those who have any of some skills, for cases of a unit; `least` of them are needed at once."""
        key = (skills, home, least)
        if key not in self._pools:
            self._pools[key] = self._dispatcher.pool_of(places_of(self._organization, skills, home, least))
        return self._pools[key]

    def _line(self, cause: Run, receiver: Person) -> Distance:
        if cause.giver is receiver:
            return self._hand_offs.to_oneself
        return self._hand_offs.between(cause.giver_unit, receiver.unit)

    # --- on a desk --------------------------------------------------------------------------------

    def _start(self, task: Task, person: Person) -> int:
        run, case, crew = task.run, task.of_case, task.crew
        if crew is None or task is crew.tasks[0]:
            run.giver, run.giver_unit = person, person.unit
            case.doers[run.node.number] = person
        if self.overflow is not None:
            self.overflow.leaves(task)
        if crew is None:
            add_wait(run, person.queue_part, person, task.queued, task.started)
        else:
            case.crews.setdefault(run.node.number, [])[:] = crew.people
        task.coordination, task.loss = self._taken_over(run, person)
        return self._on_desk(task, person)

    def _taken_over(self, run: Run, person: Person) -> tuple[int, float]:
        """Seconds of taking a step over from all who give something to it, and the chance that something got lost."""
        cause = run.caused_by
        if cause is None:
            return round(self._intake.effort_hours * 3600), 0.0
        if cause.node.number == run.node.number:
            return 0, 0.0  # a crew's own redo, or after a decision
        line = self._line(cause, person)
        loss = self._loss(line, cause, person)
        hours, kept = line.effort_hours, 1 - loss
        if not run.others:
            return round(hours * 3600), loss
        for other in run.others:
            line = self._line(other, person)
            hours, kept = hours + line.effort_hours, kept * (1 - self._loss(line, other, person))
        return round(hours * 3600), 1 - kept

    def _loss(self, line: Distance, cause: Run, person: Person) -> float:
        """The chance that something got lost between two people; less where they sit in the same meetings."""
        if self._talk is None:
            return line.information_loss
        return line.information_loss * self._talk.loss_factor(cause.giver, person)

    def _on_desk(self, task: Task, person: Person) -> int:
        """On-shift seconds of one pass, other duties included."""
        run = task.run
        again = run.number > 0
        task.category = "rework" if again else "touch"
        factor = 1.0
        if again:
            factor = self._errors.rework_share if run.share is None else run.share
        if self.overflow is not None:
            factor *= self.overflow.effort_factor(person, task)
        if self.changeover is not None:
            factor *= self.changeover.effort_factor(person, task, self._dispatcher.now)
        if person.desk:
            factor *= self._dispatcher.desk.effort_factor(person)
        if self.abilities is not None:
            factor *= self.abilities.effort_factor(task, person, self._dispatcher.now)
        factor *= 1 - run.carried
        u = task.of_case.luck.draw(run.node.number, EFFORT, run.number)
        task.effort = effort_seconds(run.node.effort, u, factor / person.level(task.skills))
        if self.abilities is not None:
            task.effort += self.abilities.building_seconds(task, person, self._dispatcher.now)
        if self._organization.interruptions is not None:
            task.interrupted = interrupted_seconds(self._organization.interruptions, task)
        self._log.of_task(task, person, "start", self._dispatcher.now)
        return task.stretched(self._primary_share)

    def _finish(self, task: Task, person: Person) -> int:
        """The doer looks the pass over: done, or once more, or done with an error nobody saw."""
        run, now = task.run, self._dispatcher.now
        self._log.spent(task, person, now)
        self._done(task, person)
        if task.crew is not None and not self._was_last(task, task.crew, person):
            return 0
        run.done = now
        add_work(run, task, person, taking_over(run), run.done)
        return self._looked_over(task, person)

    def _done(self, task: Task, person: Person) -> None:
        """The person has one pass more behind them; not yet while its own result is looked over."""
        if self.abilities is not None:
            task.wrong = self.abilities.wrong(self._internal_error(task), task, person)
            self.abilities.done(task, person, self._dispatcher.now)

    def _looked_over(self, task: Task, person: Person) -> int:
        run, case = task.run, task.of_case
        if case.closed:
            return 0
        if case.ignored:
            case.ignored.discard(run.node.number)
        if self._wrong(task):
            if case.luck.draw(run.node.number, CHECK, run.number) < self._errors.caught:
                return self._noticed(task, person, self._exceptions)
            case.defects.add(run.node.number)
        else:
            case.defects.discard(run.node.number)
        self._accepted(task, person, run)
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
            self._log.of_run(case, task.run, "return", self._dispatcher.now, person, person.unit)
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
        self._log.of_run(case, again, "redo", run.done, doer, doer.unit)
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
        return self._errors.rework_share * self._correct_share if outcome == CORRECT else None

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
            self._done(member, person)
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
        internal = self._internal_error(task) if self.abilities is None else task.wrong
        kept = 1 - internal if internal < 1.0 else 0.0
        if task.crew is None:
            kept *= 1 - task.loss
        else:
            for other in task.crew.tasks:
                kept *= 1 - other.loss
        return task.of_case.luck.draw(run.node.number, OUTCOME, run.number) < 1 - kept

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
            self._log.of_run(case, run, "redo", last.done, person, person.unit)
            self._again_together(task.crew, case, run)
            return 0
        task.run = run
        task.coordination, task.loss = 0, 0.0
        self._log.of_task(task, person, "redo", last.done)
        return max(1, self._on_desk(task, person))  # no second at all would say that nothing is done again

    def _again_together(self, crew: Crew, case: Case, run: Run) -> None:
        trays = [self._dispatcher.tray(doer) for doer in crew.people]
        self.queue_crew(Crew([self.task(case, run, other.skills) for other in crew.tasks], trays))


def taking_over(run: Run) -> int:
    """The part of the lead time that reaching the first desk, or the next one, belongs to."""
    return INTAKE if run.caused_by is None else HAND_OFF
