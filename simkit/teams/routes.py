"""Where a step that is ready goes, how long it is on the way, and what it takes to take it over."""

from __future__ import annotations

from collections.abc import Sequence

from simkit.scenario.organization import Organization
from simkit.scenario.who_can import places_of
from simkit.teams.calendar import Calendar
from simkit.teams.decomposition import AGENCY, HAND_OFF, INTAKE, JOIN, add_queue
from simkit.teams.dispatcher import Dispatcher, Pool
from simkit.teams.givers import other_givers
from simkit.teams.hand_off import HandOffs, Way, seconds_of
from simkit.teams.meetings import Talk
from simkit.teams.overflow import Overflow
from simkit.teams.people import Person
from simkit.teams.work import Case, Node, Run


class Routes:
    """The queues of steps, and the ways between those who give work and those who take it."""

    def __init__(
        self,
        organization: Organization,
        dispatcher: Dispatcher,
        office: Calendar,
        overflow: Overflow | None,
        talk: Talk | None,
    ):
        self._organization, self._dispatcher, self._office = organization, dispatcher, office
        self._overflow, self._talk = overflow, talk
        self._outside = organization.outside
        self._hand_offs = HandOffs(organization)
        self._intake_latency = seconds_of(organization.intake.latency_hours)
        self._intake_effort = seconds_of(organization.intake.effort_hours)
        self._pools: dict[tuple[tuple[str, ...], str, int], Pool] = {}

    # --- queues -----------------------------------------------------------------------------------

    def pool(self, skills: tuple[str, ...], home: str, least: int) -> Pool:
        """The queue of those who have any of some skills, for cases of a unit; `least` of them are needed at once."""
        key = (skills, home, least)
        if key not in self._pools:
            self._pools[key] = self._dispatcher.pool_of(places_of(self._organization, skills, home, least))
        return self._pools[key]

    def _pools_of(self, node: Node, home: str) -> Sequence[Pool]:
        """The queues of a step's places for cases of a unit."""
        found = node.queues.get(home)
        if found is None:
            found = [self.pool(skills, home, node.roles.count(skills)) for skills in node.roles]
            node.queues[home] = found
        return found

    # --- on the way -------------------------------------------------------------------------------

    def destination(self, case: Case, run: Run) -> tuple[Sequence[Pool], int]:
        """The queue that each person a step takes is looked for in, and the office's seconds until it is there.

        What was done before goes back to its doers; what nobody could do better stays with the giver.
        """
        node, cause = run.node, run.caused_by
        pools, doer = node.queues.get(case.home) or self._pools_of(node, case.home), case.doers[node.number]
        alone = len(pools) == 1
        if self._overflow is not None and alone and doer is None:
            pools = [self._overflow.elsewhere(case, run, pools[0]) or pools[0]]
        if cause is None:
            return pools, self._intake_latency
        if node.joins:
            run.others = other_givers(case, run)
        if doer is not None:
            if alone:
                return (doer.tray,), self._line(cause, doer).latency
            doers = case.crews.get(node.number, (doer,))
            return [doer.tray for doer in doers], max([self._line(cause, doer).latency for doer in doers])
        if not alone:
            return pools, max(self._hand_offs.latency(cause.giver_unit, pool) for pool in pools)
        giver = cause.giver
        if giver is not None and pools[0].nobody_better_than(giver):
            return (giver.tray,), self._hand_offs.to_oneself.latency
        return pools, self._hand_offs.latency(cause.giver_unit, pools[0])

    def way(self, run: Run, pools: Sequence[Pool]) -> int:
        """The part of the lead time that the way to a desk belongs to: an agency's, if it is on either end of it."""
        cause = run.caused_by
        if cause is None or not self._outside:
            return taking_over(run)
        there = all(person.billed for pool in pools for _, person in pool.members)
        return AGENCY if there or cause.giver_unit in self._outside else HAND_OFF

    def joined(self, run: Run, pools: Sequence[Pool], there: int) -> int:
        """When what the other branches hand over has come too."""
        last = there
        for other in run.others:
            latency = max([self._hand_offs.latency(other.giver_unit, pool) for pool in pools])
            last = max(last, self._office.add(other.done, latency))
        add_queue(run, JOIN, self._office, there, last)
        return last

    def _line(self, cause: Run, receiver: Person) -> Way:
        if cause.giver is receiver:
            return self._hand_offs.to_oneself
        return self._hand_offs.between(cause.giver_unit, receiver.unit)

    # --- taken over -------------------------------------------------------------------------------

    def taken_over(self, run: Run, person: Person) -> tuple[int, float]:
        """Seconds of taking a step over from all who give something to it, and the chance that something got lost."""
        cause = run.caused_by
        if cause is None:
            return self._intake_effort, 0.0
        if cause.node.number == run.node.number:
            return 0, 0.0  # a crew's own redo, or after a decision
        line = self._line(cause, person)
        loss = line.information_loss if self._talk is None else self._loss(line, cause, person)
        if not run.others:
            return line.effort, loss
        hours, kept = line.effort_hours, 1 - loss
        for other in run.others:
            line = self._line(other, person)
            hours, kept = hours + line.effort_hours, kept * (1 - self._loss(line, other, person))
        return seconds_of(hours), 1 - kept

    def _loss(self, line: Way, cause: Run, person: Person) -> float:
        """The chance that something got lost between two people; less where they sit in the same meetings."""
        if self._talk is None:
            return line.information_loss
        return line.information_loss * self._talk.loss_factor(cause.giver, person)


def taking_over(run: Run) -> int:
    """The part of the lead time that reaching the first desk, or the next one, belongs to."""
    return INTAKE if run.caused_by is None else HAND_OFF
