"""How work moves from step to step: begun, complete, sent back, live, expired.

Every transition is a plain function call at one moment of the clock; time passes only in hand-offs, in queues,
on desks and before meetings.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from simkit.records import Launch
from simkit.scenario.organization import Organization
from simkit.teams.abilities import Abilities
from simkit.teams.admission import Admission
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.decisions import Decisions
from simkit.teams.decomposition import ADMISSION, JOIN
from simkit.teams.dispatcher import Dispatcher
from simkit.teams.event_log import EventLog
from simkit.teams.launch_early import Learning, early_from, is_there, latest, put_off, readiness
from simkit.teams.meetings import Attendance, Talk
from simkit.teams.people import Person
from simkit.teams.work import DONE, UNDER_WAY, WAITING, Case, Node, Run
from simkit.teams.worked_steps import WorkedSteps


class Flow:
    """Moves cases through their step graphs."""

    def __init__(
        self,
        organization: Organization,
        dispatcher: Dispatcher,
        people: list[Person],
        log: EventLog,
        start: datetime.date,
        ended: Callable[[Case], None],
    ):
        self._dispatcher, self._log, self._ended = dispatcher, log, ended
        self._quality_kept = 1 - organization.errors.quality_loss_per_defect
        self._quality_at_risk = organization.authority.quality_loss if organization.authority is not None else 0.0
        self._annoys = organization.errors.annoyance_per_defect
        self._annoys_at_risk = organization.authority.annoyance if organization.authority is not None else 0.0
        abilities = Abilities(organization, people, start) if Abilities.needed(organization) else None
        talk = Talk(organization, people) if organization.meetings else None
        self.worked = WorkedSteps(
            organization, dispatcher, people, log, start, self._complete, self._undo, abilities, talk
        )
        Attendance(organization, dispatcher, people, log, start, abilities.tuition if abilities else None)
        self._decisions = Decisions(organization, dispatcher, people, log, start, self._complete, self._send_back)
        self._admission = Admission(organization, self._admit)
        self.launches: list[Launch] = []
        self.learning = Learning()

    def changes_at(self, second: int) -> None:
        """The structure is new from this moment on."""
        if self.worked.changeover is not None:
            self.worked.changeover.begins = second

    def arrive(self, case: Case) -> None:
        """The case enters the department; every step that waits for nothing is ready."""
        self._log.of_case(case, "arrive", self._dispatcher.now)
        self._admission.arrive(case)

    def _admit(self, case: Case) -> None:
        """There is room for the case: it begins."""
        now = case.admitted = self._dispatcher.now
        if now > case.arrived:
            self._log.of_case(case, "admit", now)
        case.early_from = early_from(case)
        if case.early_from is not None:
            self._dispatcher.after(max(0, case.early_from - now), self._hurry, case)
        for number in case.graph.starts:
            self._begin(case, case.graph.nodes[number], None)

    def _hurry(self, case: Case) -> None:
        """If the occasion has faded enough, go on without the last touches that are missing."""
        now = self._dispatcher.now
        if case.early_from is None or not put_off(case, now):
            return
        self._log.of_case(case, "hurry", now)
        for node in case.graph.nodes:
            if case.state[node.number] == WAITING and node.before and self._waits_no_more(case, node):
                self._begin(case, node, latest(case, node), now)

    def _waits_no_more(self, case: Case, node: Node) -> bool:
        if case.put_off and node.number not in case.put_off:
            return all(is_there(case, before) for before in node.before)
        state = case.state
        for before in node.before:  # noqa: SIM110, a generator for two or three steps costs more than they do
            if state[before] != DONE:
                return False
        return True

    def _better(self, case: Case, node: Node, now: int) -> None:
        """A last touch has been done to what is live."""
        self._log.of_case(case, "improve", now)
        answers = self.learning.apply(case, node)
        if case.order.campaign is not None:
            assert case.live_time is not None
            quality, since = case.quality * readiness(case) / case.live_readiness, case.live_time / DAY_SECONDS
            self.launches.append(
                Launch(
                    case.order,
                    now / DAY_SECONDS,
                    quality,
                    case.live_defects,
                    since,
                    case.fit * case.learnt,
                    case.risk,
                    answers=answers,
                )
            )

    def expire(self, case: Case) -> None:
        """The occasion has passed: what waits is withdrawn, what is on a desk is finished in vain."""
        if case.status == "open":
            case.status, case.closed, case.expired_time = "expired", True, self._dispatcher.now
            self._log.of_case(case, "expire", case.expired_time)
            if self.worked.overflow is not None:
                self.worked.overflow.withdraw(case)
            self._ended(case)
            self._admission.leave(case)

    def _begin(self, case: Case, node: Node, caused_by: Run | None, at: int | None = None) -> None:
        """A step is ready: at once, or at a later moment after having waited for other branches."""
        case.state[node.number] = UNDER_WAY
        since = case.admitted if caused_by is None else caused_by.done
        run = case.next_run(node, since if at is None else at, caused_by)
        if at is not None:
            run.parts[JOIN] += at - since
        if node.gate is None:
            if node.step is not None:
                self.worked.hand_over(case, run)
            else:
                self._go_live(case, run)
        elif node.number in case.approved:
            self._pass_on(case, run)
        else:
            self._decisions.submit(case, run)

    def _complete(self, case: Case, run: Run) -> None:
        """The step is finished; whatever waited for it alone is ready."""
        done, nodes, state = run.node, case.graph.nodes, case.state
        if done.gate is not None:
            run.passed_on()
        state[done.number] = DONE
        case.last[done.number] = run
        if case.put_off:
            self._pass_by(case, done)
        for number in done.after:
            node = nodes[number]
            if state[number] == WAITING and (not node.joins or self._waits_no_more(case, node)):
                self._begin(case, node, run)
        if case.early_from is not None:
            if done.number in case.put_off and case.status == "live":
                self._better(case, done, run.done)
            self._hurry(case)

    def _pass_by(self, case: Case, done: Node) -> None:
        """What waits only for last touches that were put off before their turn came is ready, and goes first."""
        nodes = case.graph.nodes
        for number in done.after:
            if number in case.put_off and case.state[number] == WAITING and is_there(case, number):
                for later in map(nodes.__getitem__, nodes[number].after):
                    if case.state[later.number] == WAITING and self._waits_no_more(case, later):
                        self._begin(case, later, latest(case, later), self._dispatcher.now)
                self._pass_by(case, nodes[number])

    def _pass_on(self, case: Case, run: Run) -> None:
        """An approval given stands; work that another gate sent back passes by."""
        run.done = run.ready
        self._complete(case, run)

    def _send_back(self, case: Case, run: Run) -> None:
        """Undo the way from the step the work returns to; what is under way there goes on."""
        state, gate = case.state, run.node
        state[gate.number] = WAITING
        for number in gate.redo:
            if state[number] == DONE:
                state[number] = WAITING
        if state[gate.redo[0]] == WAITING:
            self._begin(case, case.graph.nodes[gate.redo[0]], run)

    def _undo(self, case: Case, run: Run, part: float) -> None:
        """Back along the rework edges, for a part of the effort they say; what is under way there goes on."""
        state, node, nodes = case.state, run.node, case.graph.nodes
        for number in node.undone:
            if state[number] == DONE or number == node.number:
                state[number] = WAITING
        case.shares |= {number: share * part for number, share in node.rework.items() if state[number] == WAITING}
        for number in node.rework:
            if state[number] == WAITING and all(state[before] == DONE for before in nodes[number].before):
                self._begin(case, nodes[number], run)

    def _go_live(self, case: Case, run: Run) -> None:
        now = run.done = run.ready
        run.passed_on()
        case.status, case.live_time, case.parts = "live", now, run.parts
        case.parts[ADMISSION] += case.admitted - case.arrived
        run.caused_by = None
        case.live_defects = len(case.defects)
        case.quality = self._quality_kept**case.live_defects
        if case.put_off:
            case.live_readiness = readiness(case)
            case.quality *= case.live_readiness
        if case.ignored:
            case.quality *= 1 - self._quality_at_risk * case.risk
        self._log.of_case(case, "live", now)
        self._ended(case)
        if case.order.campaign is not None or case.order.journey is not None:
            case.fit, found = audience_fit(case), case.live_defects
            self.launches.append(
                Launch(
                    case.order,
                    now / DAY_SECONDS,
                    case.quality,
                    found,
                    fit=case.fit,
                    risk=case.risk,
                    annoyance=(1 + self._annoys * found) * (1 + self._annoys_at_risk * case.risk) - 1,
                )
            )
        self._complete(case, run)
        self._admission.leave(case)


def audience_fit(case: Case) -> float:
    """What research done without an error makes of the audience fit of a launch."""
    fit = 1.0
    for node in case.graph.nodes:
        if node.raises_fit and case.state[node.number] == DONE and not case.is_wrong(node.number):
            fit *= 1 + node.raises_fit
    return fit
