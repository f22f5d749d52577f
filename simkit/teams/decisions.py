"""Decisions at gates: asked for, waited for, made, and what they cost those who make them."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from simkit.scenario.organization import Organization
from simkit.scenario.work_kinds import CadenceGate
from simkit.teams.calendar import Calendar
from simkit.teams.decomposition import APPROVAL, APPROVAL_CADENCE, APPROVER_QUEUE, IT, add_wait, add_work
from simkit.teams.dispatcher import Dispatcher, Task
from simkit.teams.event_log import EventLog
from simkit.teams.gates import Approver, Approvers, Board, Strictness, rejects
from simkit.teams.luck import CHECK, EFFORT, effort_seconds
from simkit.teams.people import Person
from simkit.teams.quantities import fits
from simkit.teams.work import Case, Node, Run

_PAPERWORK_PRIORITY = 1


class Decisions:
    """Everything between a case reaching a gate and its passing or being sent back."""

    def __init__(
        self,
        organization: Organization,
        dispatcher: Dispatcher,
        people: list[Person],
        log: EventLog,
        start: datetime.date,
        complete: Callable[[Case, Run], None],
        send_back: Callable[[Case, Run], None],
    ):
        self._dispatcher, self._log = dispatcher, log
        self._primary_share = organization.primary_share
        self._complete, self._send_back = complete, send_back
        self._starts, self._ends = self._start, self._finish
        self._approvers = Approvers(organization, people, dispatcher)
        self._strict: dict[tuple[Node, bool], Strictness] = {}
        self._boards = {
            name: Board(gate, Calendar(organization.calendars[gate.calendar], start), dispatcher, self._meeting)
            for name, gate in organization.gates.items()
            if isinstance(gate, CadenceGate)
        }

    def submit(self, case: Case, run: Run) -> None:
        """To the board's agenda, or to the tray of whoever decides on demand."""
        gate = run.node.decided_at
        self._log.of_run(case, run, "ready", run.ready)
        if self._with_lead(case, run):
            run.delegated = True
            self._ask(case, run, self._approvers.find("lead", case.home))
        elif isinstance(gate, CadenceGate):
            self._log.of_run(case, run, "submit", run.ready)
            self._boards[run.node.gate_name].submit(case, run, run.ready)
        else:
            self._ask(case, run, self._approvers.find(gate.approver, case.home))

    # --- on demand --------------------------------------------------------------------------------

    def _ask(self, case: Case, run: Run, approver: Approver) -> None:
        task = Task(run, case, case.priority, approver.skill, self._starts, self._ends)
        task.category = "approval"
        self._log.of_run(case, run, "queue", run.ready)
        self._dispatcher.queue(task, approver.pool)

    def _start(self, task: Task, person: Person) -> int:
        run, case = task.run, task.of_case
        add_wait(run, APPROVER_QUEUE, person, task.queued, task.started)
        level = person.skills[task.skill] if task.skill is not None else 1.0
        u = case.luck.draw(run.node.number, EFFORT, case.rejections[run.node.number])
        task.effort = effort_seconds(self._deciding_takes(run), u, 1 / level)
        self._log.of_task(task, person, "start", task.started)
        return task.stretched(self._primary_share)

    def _deciding_takes(self, run: Run) -> tuple[str, float, float]:
        delegate = run.node.delegate
        if delegate is not None and run.delegated:
            return "fixed", delegate.effort_hours, 0.0
        return run.node.effort

    def _finish(self, task: Task, person: Person) -> int:
        now = self._dispatcher.now
        self._log.spent(task, person, now)
        add_work(task.run, task, person, APPROVAL, now)
        if not task.withdrawn:
            self._decide(task.of_case, task.run, person, person.unit, now)
        return 0

    # --- in a meeting -----------------------------------------------------------------------------

    def _meeting(self, agenda: list[tuple[Case, Run]]) -> None:
        """The board decides its agenda; its time for it is spent as soon as its members are free."""
        now = self._dispatcher.now
        asked: dict[Approver, list[Run]] = {}
        for case, run in agenda:
            approver = self._approvers.find(run.node.decided_at.approver, case.home)
            asked.setdefault(approver, []).append(run)
            run.parts[IT if approver.is_it else APPROVAL_CADENCE] += now - run.ready
            self._decide(case, run, approver.person, approver.unit, now)
        for approver, runs in asked.items():
            self._attend(approver, runs)

    def _attend(self, approver: Approver, runs: list[Run]) -> None:
        gate = runs[0].node.decided_at
        effort = round(gate.effort_hours * 3600) * len(runs) if isinstance(gate, CadenceGate) else 0
        if effort:
            run = Run(runs[0].node, 0, self._dispatcher.now, None)
            task = Task(run, None, _PAPERWORK_PRIORITY, None, self._start_attending, self._finish_attending)
            task.category, task.effort = "approval", effort
            self._dispatcher.queue(task, approver.pool)

    def _start_attending(self, task: Task, person: Person) -> int:
        self._log.of_task(task, person, "start", task.started)
        return task.stretched(self._primary_share)

    def _finish_attending(self, task: Task, person: Person) -> int:
        self._log.spent(task, person, self._dispatcher.now)
        return 0

    # --- either way -------------------------------------------------------------------------------

    def _decide(self, case: Case, run: Run, person: Person | None, unit: str, now: int) -> None:
        node, run.done = run.node, now
        if rejects(case, node, self._strictness(node, run.delegated)):
            self._log.of_run_by(case, run, "reject", now, person, unit)
            case.rejections[node.number] += 1
            run.giver, run.giver_unit = person, unit
            self._send_back(case, run)
        else:
            self._log.of_run_by(case, run, "approve", now, person, unit)
            case.approved.add(node.number)
            self._complete(case, run)

    def _strictness(self, node: Node, delegated: bool) -> Strictness:
        found = self._strict.get((node, delegated))
        if found is None:
            gate = node.decided_at
            found = Strictness(gate.finds, 1.0)
            if gate.delegate is not None and delegated:
                found = Strictness(gate.finds * gate.delegate.finds_factor, gate.delegate.reject_factor)
            self._strict[node, delegated] = found
        return found

    def _with_lead(self, case: Case, run: Run) -> bool:
        """Whether the lead decides; a sampled case goes to the gate's own approver in every round."""
        node = run.node
        delegate = node.delegate
        if delegate is None or case.luck.draw(node.number, CHECK) < delegate.audit_share:
            return False
        now, round_ = self._dispatcher.now, case.rejections[node.number] + 1
        return fits(delegate.when, case, round_, now, lambda: self._oldest(case, node))

    def _oldest(self, case: Case, node: Node) -> int | None:
        """Since when the oldest work has been waiting for the gate's own approver."""
        if node.gate_name in self._boards:
            return self._boards[node.gate_name].oldest()
        return self._approvers.find(node.decided_at.approver, case.home).pool.oldest()
