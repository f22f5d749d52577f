"""How work moves: ready, handed over, queued, worked, checked, decided, live.

Every transition is a plain function call at one moment of the clock; time passes only in hand-offs, in queues,
on desks and before meetings.
"""

from __future__ import annotations

import datetime

import simpy

from simkit.records import Launch
from simkit.rng import Purpose
from simkit.scenario.organization import Organization
from simkit.scenario.organization_sense import scope_of
from simkit.scenario.work_kinds import CadenceGate, Effort, Fixed
from simkit.teams.calendar import DAY_SECONDS, Calendar
from simkit.teams.decomposition import add_latency, add_queue, add_work
from simkit.teams.dispatcher import Dispatcher, Pool, Task
from simkit.teams.event_log import EventLog
from simkit.teams.gates import Approver, Approvers, Board, Strictness, board_calendar, rejects
from simkit.teams.hand_off import HandOffs
from simkit.teams.luck import Luck, effort_seconds
from simkit.teams.people import Person
from simkit.teams.work import DONE, UNDER_WAY, WAITING, Case, Node, Run

_PAPERWORK_PRIORITY = 1


class Flow:
    """Moves cases through their step graphs; the department's rules without its tables."""

    def __init__(
        self,
        organization: Organization,
        env: simpy.Environment,
        people: list[Person],
        luck: Luck,
        log: EventLog,
        start: datetime.date,
    ):
        self._organization, self._env, self._luck, self._log = organization, env, luck, log
        self._office = Calendar(organization.calendars["office"], start)
        self._hand_offs = HandOffs(organization)
        self._intake = organization.intake
        self._intake_seconds = round(organization.intake.latency_hours * 3600)
        self._error_factor = {unit.id: unit.error_factor for unit in organization.units}
        self._pools: dict[tuple[str, str], Pool] = {}
        self.dispatcher = Dispatcher(env, people)
        self._approvers = Approvers(organization, people, self.dispatcher)
        self._boards = {
            name: Board(gate, board_calendar(organization, gate, start), self.dispatcher, self._meeting_held)
            for name, gate in organization.gates.items()
            if isinstance(gate, CadenceGate)
        }
        self.launches: list[Launch] = []

    def arrive(self, case: Case) -> None:
        """The case enters the department; every step that waits for nothing is ready."""
        self._record(case, "", 0, "arrive")
        for number in case.graph.starts:
            self._begin(case, case.graph.nodes[number], None)

    def expire(self, case: Case) -> None:
        """The occasion has passed: what waits is withdrawn, what is on a desk is finished in vain."""
        if case.status == "open":
            case.status, case.closed, case.expired_time = "expired", True, int(self._env.now)
            self._record(case, "", 0, "expire")

    # --- from step to step ------------------------------------------------------------------------

    def _begin(self, case: Case, node: Node, caused_by: Run | None) -> None:
        case.state[node.number] = UNDER_WAY
        run = Run(node, case.passes[node.number], int(self._env.now), caused_by)
        case.passes[node.number] += 1
        if node.step is None:
            self._go_live(case, run)
        elif node.gate is None:
            self._hand_over(case, run)
        elif node.number in case.approved:
            self._complete(case, run)
        else:
            self._submit(case, run)

    def _complete(self, case: Case, run: Run) -> None:
        """The step is finished; whatever waited for it alone is ready."""
        run.done = int(self._env.now)
        case.state[run.node.number] = DONE
        if run.node.gate is not None or run.node.step is None:
            run.giver, run.giver_unit = _passed_on(run)
        nodes = case.graph.nodes
        for number in run.node.after:
            node = nodes[number]
            if case.state[number] == WAITING and all(case.state[before] == DONE for before in node.before):
                self._begin(case, node, run)

    def _go_live(self, case: Case, run: Run) -> None:
        now = int(self._env.now)
        case.status, case.live_run, case.live_time = "live", run, now
        case.quality = (1 - self._organization.errors.quality_loss_per_defect) ** len(case.defects)
        case.live_defects = len(case.defects)
        self._record(case, "", 0, "live")
        if case.order.campaign is not None:
            self.launches.append(Launch(case.order, now / DAY_SECONDS, case.quality, len(case.defects)))
        self._complete(case, run)

    # --- worked steps -----------------------------------------------------------------------------

    def _hand_over(self, case: Case, run: Run) -> None:
        """On its way to whoever does the step: its earlier doer, the giver, or a queue."""
        self._log_run(case, run, "ready")
        part = "hand_off" if run.caused_by is not None else "intake"
        pool, latency = self._destination(case, run)
        reached = self._office.add(run.ready, latency)
        if reached > run.ready:
            add_latency(run, part, latency, reached - run.ready)
        task = Task(
            run, case, case.order.priority, run.node.step.skill,  # type: ignore[union-attr]
            self._start_work, self._finish_work,
        )  # fmt: skip
        self.dispatcher.after(reached - run.ready, lambda: self._queue(task, pool))

    def _queue(self, task: Task, pool: Pool) -> None:
        if not task.withdrawn:
            self._log_run(task.case, task.run, "queue")  # type: ignore[arg-type]
            self.dispatcher.queue(task, pool)

    def _destination(self, case: Case, run: Run) -> tuple[Pool, int]:
        """The queue a step goes to, and the working seconds until it is there."""
        pool = self._pool(run.node.step.skill, case.home)  # type: ignore[union-attr]
        doer = case.doers[run.node.number]
        cause = run.caused_by
        if doer is not None and cause is not None:
            return self.dispatcher.tray(doer), round(self._line(cause, doer).latency_hours * 3600)
        if cause is None:
            return pool, self._intake_seconds
        if cause.giver is not None and _nobody_better(cause.giver, pool):
            return self.dispatcher.tray(cause.giver), round(self._hand_offs.to_oneself.latency_hours * 3600)
        return pool, self._hand_offs.latency_seconds(cause.giver_unit, pool)

    def _pool(self, skill: str, home: str) -> Pool:
        key = (skill, home)
        if key not in self._pools:
            units = scope_of(self._organization, skill, home)
            assert units is not None, "checked when the organization was made"
            self._pools[key] = self.dispatcher.pool(units, skill)
        return self._pools[key]

    def _line(self, cause: Run, receiver: Person):
        if cause.giver is receiver:
            return self._hand_offs.to_oneself
        return self._hand_offs.between(cause.giver_unit, receiver.unit)

    def _start_work(self, task: Task) -> int:
        run, case, person = task.run, task.case, task.person
        assert case is not None and person is not None
        run.giver, run.giver_unit = person, person.unit
        case.doers[run.node.number] = person
        add_queue(run, "resource_queue", person.calendar, task.queued, task.started)
        if run.caused_by is None:
            taking_over, task.loss = self._intake.effort_hours, 0.0
        else:
            line = self._line(run.caused_by, person)
            taking_over, task.loss = line.effort_hours, line.information_loss
        task.coordination = round(taking_over * 3600)
        return self._on_desk(task)

    def _on_desk(self, task: Task) -> int:
        """On-shift seconds of one pass, other duties included."""
        run, case = task.run, task.case
        assert case is not None and task.person is not None
        again = run.number > 0
        task.category = "rework" if again else "touch"
        u = self._luck.uniform(case.order.key, run.node.word, Purpose.EFFORT, run.number) if again else case.draws[run.node.number][0]
        factor = self._organization.errors.rework_share if again else 1.0
        level = task.person.skills[task.skill]  # type: ignore[index]
        task.effort = effort_seconds(run.node.step.effort, u, factor / level)  # type: ignore[union-attr, arg-type]
        self._log_start(task)
        return self._stretched(task)

    def _stretched(self, task: Task) -> int:
        own = task.coordination + task.effort
        return max(own, round(own / self._organization.primary_share))

    def _finish_work(self, task: Task) -> int:
        """The doer looks the pass over: done, or once more, or done with an error nobody saw."""
        run, case = task.run, task.case
        assert case is not None
        now = int(self._env.now)
        run.done = now
        self._log_spent(task)
        add_work(run, task, "hand_off" if run.caused_by is not None else "intake", now)
        if case.closed:
            return 0
        if self._wrong(task):
            if self._noticed(task):
                return self._redo(task)
            case.defects.add(run.node.number)
        else:
            case.defects.discard(run.node.number)
        self._complete(case, run)
        return 0

    def _wrong(self, task: Task) -> bool:
        run, case = task.run, task.case
        step = run.node.step
        internal = step.internal_error * self._error_factor[run.giver_unit]  # type: ignore[union-attr]
        if run.number == 0:
            u = case.draws[run.node.number][1]  # type: ignore[union-attr]
        else:
            u = self._luck.uniform(case.order.key, run.node.word, Purpose.INTERNAL_ERROR, run.number)  # type: ignore[union-attr]
        return u < 1 - (1 - min(internal, 1.0)) * (1 - task.loss)

    def _noticed(self, task: Task) -> bool:
        key = task.case.order.key  # type: ignore[union-attr]
        u = self._luck.uniform(key, task.run.node.word, Purpose.CAUGHT, task.run.number)
        return u < self._organization.errors.caught

    def _redo(self, task: Task) -> int:
        """The same person does the step again at once, with nothing to be handed over."""
        last, case = task.run, task.case
        assert case is not None
        node = last.node
        task.run = Run(node, case.passes[node.number], int(self._env.now), last)
        task.run.giver, task.run.giver_unit = last.giver, last.giver_unit
        case.passes[node.number] += 1
        self._log_run(case, task.run, "redo")
        task.coordination, task.loss = 0, 0.0
        task.started = int(self._env.now)
        return self._on_desk(task)

    # --- gates ------------------------------------------------------------------------------------

    def _submit(self, case: Case, run: Run) -> None:
        """To the board's agenda, or to the tray of whoever decides on demand."""
        gate = run.node.gate
        assert gate is not None
        self._log_run(case, run, "ready")
        if self._delegated(case, run.node):
            effort = Effort(fixed=Fixed(hours=gate.delegate.effort_hours))  # type: ignore[union-attr]
            self._ask(case, run, self._approvers.find("lead", case.home), effort)
        elif isinstance(gate, CadenceGate):
            self._log_run(case, run, "submit")
            self._boards[run.node.step.gate].submit(case, run, run.ready)  # type: ignore[union-attr, index]
        else:
            self._ask(case, run, self._approvers.find(gate.approver, case.home), gate.effort)

    def _delegated(self, case: Case, node: Node) -> bool:
        """Whether the lead decides; a sampled case goes to the gate's own approver in every round."""
        delegate = node.gate.delegate  # type: ignore[union-attr]
        if delegate is None:
            return False
        if delegate.audit_share == 0:
            return True
        return self._luck.uniform(case.order.key, node.word, Purpose.AUDIT) >= delegate.audit_share

    def _ask(self, case: Case, run: Run, approver: Approver, effort: Effort) -> None:
        run.asked = effort
        task = Task(run, case, case.order.priority, approver.skill, self._start_decision, self._finish_decision)
        self._log_run(case, run, "queue")
        self.dispatcher.queue(task, approver.pool)

    def _start_decision(self, task: Task) -> int:
        run, case, person = task.run, task.case, task.person
        assert case is not None and person is not None and run.asked is not None
        add_queue(run, "approver_queue", person.calendar, task.queued, task.started)
        k = case.rejections[run.node.number]
        key, word = case.order.key, run.node.word
        u = case.draws[run.node.number][0] if k == 0 else self._luck.uniform(key, word, Purpose.EFFORT, k)
        level = person.skills[task.skill] if task.skill else 1.0
        task.category = "approval"
        task.effort = effort_seconds(run.asked, u, 1 / level)
        self._log_start(task)
        return self._stretched(task)

    def _finish_decision(self, task: Task) -> int:
        run, case, person = task.run, task.case, task.person
        assert case is not None and person is not None
        self._log_spent(task)
        add_work(run, task, "approval", int(self._env.now))
        if not case.closed:
            self._decide(case, run, person, person.unit)
        return 0

    def _meeting_held(self, agenda: list[tuple[Case, Run]]) -> None:
        """The board decides its agenda; the approvers' time for it is spent as soon as they are free."""
        now = int(self._env.now)
        asked: dict[Approver, list[Run]] = {}
        for case, run in agenda:
            approver = self._approvers.find(run.node.gate.approver, case.home)  # type: ignore[union-attr]
            asked.setdefault(approver, []).append(run)
            run.parts.append(("approval_cadence", now - run.ready))
            self._decide(case, run, approver.person, approver.unit)
        for approver, runs in asked.items():
            self._paperwork(approver, runs)

    def _paperwork(self, approver: Approver, runs: list[Run]) -> None:
        gate = runs[0].node.gate
        assert isinstance(gate, CadenceGate)
        effort = round(gate.effort_hours * 3600) * len(runs)
        if effort:
            run = Run(runs[0].node, 0, int(self._env.now), None)
            task = Task(run, None, _PAPERWORK_PRIORITY, None, self._start_paperwork, self._finish_paperwork)
            task.category, task.effort = "approval", effort
            self.dispatcher.queue(task, approver.pool)

    def _start_paperwork(self, task: Task) -> int:
        self._log_start(task)
        return self._stretched(task)

    def _finish_paperwork(self, task: Task) -> int:
        self._log_spent(task)
        return 0

    def _decide(self, case: Case, run: Run, person: Person | None, unit: str) -> None:
        node, gate = run.node, run.node.gate
        assert gate is not None
        if self._delegated(case, node):
            strictness = Strictness(gate.finds * gate.delegate.finds_factor, gate.delegate.reject_factor)  # type: ignore[union-attr]
        else:
            strictness = Strictness(gate.finds, 1.0)
        run.done = int(self._env.now)
        rejected = rejects(self._luck, case, node, strictness)
        self._log_run(case, run, "reject" if rejected else "approve", person, unit)
        if not rejected:
            case.approved.add(node.number)
            self._complete(case, run)
            return
        case.rejections[node.number] += 1
        run.giver, run.giver_unit = person, unit
        self._send_back(case, run)

    def _send_back(self, case: Case, run: Run) -> None:
        """Undo the way from the step the work returns to; what is under way there goes on."""
        for number in [*run.node.redo, run.node.number]:
            if case.state[number] == DONE or number == run.node.number:
                case.state[number] = WAITING
        target = run.node.redo[0]
        if case.state[target] == WAITING:
            self._begin(case, case.graph.nodes[target], run)

    # --- log --------------------------------------------------------------------------------------

    def _record(self, case: Case, step: str, number: int, event: str) -> None:
        self._log.append((case.order.name, step, number, event, int(self._env.now), "", case.home, 0, ""))

    def _log_run(
        self, case: Case, run: Run, event: str, person: Person | None = None, unit: str = ""
    ) -> None:
        self._log.append(
            (case.order.name, run.node.id, run.number, event, int(self._env.now),
             person.id if person is not None else "", unit, 0, "")
        )  # fmt: skip

    def _log_start(self, task: Task) -> None:
        self._log_effort(task, "start", 0, "")

    def _log_spent(self, task: Task) -> None:
        other = task.wall - task.coordination - task.effort
        if task.coordination:
            self._log_effort(task, "coordinate", task.coordination, "coordination")
        if other:
            self._log_effort(task, "interrupt", other, "other_duties")
        self._log_effort(task, "complete", task.effort, task.category)

    def _log_effort(self, task: Task, event: str, seconds: int, category: str) -> None:
        person, run = task.person, task.run
        name = task.case.order.name if task.case is not None else ""
        self._log.append(
            (name, run.node.id, run.number, event, int(self._env.now), person.id, person.unit, seconds, category)  # type: ignore[union-attr]
        )


def _passed_on(run: Run) -> tuple[Person | None, str]:
    """Whose work it is after a gate let it pass: that of whoever handed it in."""
    cause = run.caused_by
    return (cause.giver, cause.giver_unit) if cause is not None else (None, "")


def _nobody_better(person: Person, pool: Pool) -> bool:
    """Whether somebody serves a queue and is as good as anybody there: then the work stays with them."""
    level = next((level for level, member in pool.members if member is person), None)
    return level is not None and level >= max(level for level, _ in pool.members)
