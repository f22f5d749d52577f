"""Exceptions: an error was noticed, and somebody has to decide whether it is done again, corrected or left.

Who decides, and what, is keyed by (work, step, pass). The doer decides at once; a lead or the top finds the question in
their own tray, among their other work, and whatever nobody has taken up in time is decided by the doer.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

from simkit.rng import Purpose
from simkit.scenario.authority import Authority, Mix
from simkit.scenario.organization import Organization
from simkit.teams.calendar import Calendar
from simkit.teams.decomposition import DECISION_WAIT, HAND_OFF, add_wait, add_work
from simkit.teams.dispatcher import Dispatcher, Task
from simkit.teams.event_log import EventLog
from simkit.teams.people import Person
from simkit.teams.quantities import fits
from simkit.teams.work import Case, Node, Run

REWORK, CORRECT, IGNORE = "rework", "correct", "ignore"
SELF, LEAD, TOP = range(3)
_LEVELS = {"self": SELF, "lead": LEAD}

Answer = Callable[[str, Run], None]
"""Called with the outcome and the run that ends with it."""


class Question(Task):
    """A decision that waits in somebody's tray."""

    __slots__ = ("answer", "decider", "late", "level")

    def __init__(self, run: Run, case: Case, level: int, decider: Person, answer: Answer, exceptions: Exceptions):
        super().__init__(run, case, case.priority, None, exceptions.start, exceptions.finish)
        self.level, self.decider, self.answer = level, decider, answer
        self.late = False
        """Whether the doer has decided because nobody else did."""

    @property
    def withdrawn(self) -> bool:
        """True when nobody need answer any more."""
        return self.late or self.of_case.closed


class Exceptions:
    """Who decides about errors that were noticed, and what."""

    def __init__(
        self,
        organization: Organization,
        authority: Authority,
        dispatcher: Dispatcher,
        people: list[Person],
        log: EventLog,
        office: Calendar,
    ):
        self._table, self._dispatcher, self._log, self._office = authority, dispatcher, log, office
        self._primary_share = organization.primary_share
        self._effort = round(authority.effort_hours * 3600)
        self._timeout = round(authority.timeout_hours * 3600)
        mixes = authority.outcome
        self._mixes: dict[int, Mix] = {SELF: mixes.self, LEAD: mixes.lead, TOP: mixes.top}
        self._people = {person.id: person for person in people}
        self._leads = {unit.id: unit.lead for unit in organization.units}
        self._parents = {unit.id: unit.parent for unit in organization.units}
        self._top = organization.top.id
        self._nodes: dict[tuple[Node, str], Node] = {}

    def raised(self, case: Case, run: Run, doer: Person, what: str, answer: Answer) -> str | None:
        """What the doer decides at once; None when somebody else is asked and `answer` is called later.

        `run` is the finished pass that it is about; `what` is ``decision`` for an error of its own and ``external`` for
        one of an earlier step.
        """
        node = self._node(run.node, what)
        question = Run(node, run.number, self._dispatcher.now, run)
        question.giver, question.giver_unit = run.giver, run.giver_unit
        self._log.of_run_by(case, question, "exception", question.ready, doer, doer.unit)
        level, decider = self._decider(case, question, doer)
        if decider is doer:
            return self._outcome(case, question, level, doer)
        self._ask(Question(question, case, level, decider, answer, self))
        return None

    def _node(self, node: Node, what: str) -> Node:
        """The step under the name that a decision about it has in the log and in the keys of draws."""
        if (node, what) not in self._nodes:
            decision = self._nodes[node, what] = copy(node)
            decision.id = f"{node.id.partition('/decision')[0]}/{what}"
        return self._nodes[node, what]

    # --- who decides ------------------------------------------------------------------------------

    def _decider(self, case: Case, question: Run, doer: Person) -> tuple[int, Person]:
        """The level a draw names, or lower where a rule delegates it, and the person; who is that already, decides."""
        u = case.luck.about(question.node.id, Purpose.WHO_DECIDES, question.number)
        shares = self._table.centralization
        level = TOP if u < shares.top else LEAD if u < shares.top + shares.lead else SELF
        decider = self._at(level, doer)
        for rule in self._table.delegate:
            tray = self._dispatcher.tray(decider)
            if fits(rule.when, case, question.number + 1, question.ready, tray.oldest):
                level = min(level, _LEVELS[rule.to])
                return level, self._at(level, doer)
        return level, decider

    def _at(self, level: int, doer: Person) -> Person:
        if level == SELF:
            return doer
        unit: str | None = self._top if level == TOP else doer.unit
        while unit is not None:
            lead = self._leads[unit]
            if lead is not None:
                return self._people[lead]
            unit = self._parents[unit]
        return doer

    # --- what ---------------------------------------------------------------------------------------

    def _outcome(self, case: Case, question: Run, level: int, decider: Person) -> str:
        u = case.luck.about(question.node.id, Purpose.DECISION, question.number)
        mix = self._mixes[level]
        outcome = REWORK if u < mix.rework else CORRECT if u < mix.rework + mix.correct else IGNORE
        self._log.of_run_by(case, question, outcome, self._dispatcher.now, decider, decider.unit)
        return outcome

    def _settle(self, question: Question, level: int, decider: Person) -> None:
        question.run.done = self._dispatcher.now
        question.answer(self._outcome(question.of_case, question.run, level, decider), question.run)

    # --- in somebody's tray -------------------------------------------------------------------------

    def _ask(self, question: Question) -> None:
        now = self._dispatcher.now
        question.category, question.effort = "decision", self._effort
        self._log.of_run(question.of_case, question.run, "queue", now)
        self._dispatcher.queue(question, self._dispatcher.tray(question.decider))
        if question.started < 0:
            self._dispatcher.after(self._office.add(now, self._timeout) - now, self._time_is_up, question)

    def start(self, task: Task, person: Person) -> int:
        """The decider takes the question up; the on-shift seconds it takes."""
        add_wait(task.run, DECISION_WAIT, person, task.queued, task.started)
        self._log.of_task(task, person, "start", task.started)
        return task.stretched(self._primary_share)

    def finish(self, task: Task, person: Person) -> int:
        """The decider answers."""
        assert isinstance(task, Question)
        self._log.spent(task, person, self._dispatcher.now)
        add_work(task.run, task, person, HAND_OFF, self._dispatcher.now)
        if not task.withdrawn:
            self._settle(task, task.level, person)
        return 0

    def _time_is_up(self, question: Question) -> None:
        if question.started >= 0 or question.withdrawn:
            return
        now, doer = self._dispatcher.now, question.run.giver
        question.late = True
        add_wait(question.run, DECISION_WAIT, question.decider, question.queued, now)
        assert doer is not None
        self._log.of_run_by(question.of_case, question.run, "timeout", now, doer, doer.unit)
        self._settle(question, SELF, doer)
