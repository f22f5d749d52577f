"""Gates: who decides, when, and whether the work passes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from simkit.rng import Purpose
from simkit.scenario.organization import Organization
from simkit.scenario.work_kinds import CadenceGate
from simkit.teams.calendar import DAY_SECONDS, Calendar
from simkit.teams.decomposition import IT
from simkit.teams.dispatcher import Dispatcher, Pool
from simkit.teams.luck import OUTCOME
from simkit.teams.people import Person
from simkit.teams.work import Case, Node, Run

_MIDWEEK = 2


@dataclass(frozen=True)
class Approver:
    """Who decides: the queue the decision waits in, and the unit that comments come from."""

    pool: Pool
    person: Person | None
    """None when anybody with a skill may decide."""
    unit: str
    skill: str | None = None

    @property
    def is_it(self) -> bool:
        """Whether it is IT that decides: its meetings are a release train's departures."""
        members = self.pool.members
        return bool(members) and all(person.queue_part == IT for _, person in members)


@dataclass(frozen=True)
class Strictness:
    """How a decision is drawn: the gate's own, or that of a lead to whom it is delegated."""

    finds: float
    reject_factor: float


class Approvers:
    """Finds the approver of a case: the head, the lead of its home unit, a named person or anybody skilled."""

    def __init__(self, organization: Organization, people: list[Person], dispatcher: Dispatcher):
        self._people = {person.id: person for person in people}
        self._leads = {unit.id: unit.lead for unit in organization.units}
        self._top = organization.top.id
        self._everywhere = frozenset(unit.id for unit in organization.units if unit.id not in organization.outside)
        self._dispatcher = dispatcher
        self._found: dict[tuple[str, str], Approver] = {}

    def find(self, approver: str, home: str) -> Approver:
        """The approver named in a gate's table, for a case of a home unit."""
        found = self._found.get((approver, home))
        if found is None:
            found = self._found[approver, home] = self._look_for(approver, home)
        return found

    def _look_for(self, approver: str, home: str) -> Approver:
        kind, _, name = approver.partition(":")
        if kind == "skill":
            return Approver(self._dispatcher.pool(self._everywhere, name), None, self._top, name)
        who = {"head": self._leads[self._top], "lead": self._leads[home], "person": name}[kind]
        person = self._people[who]  # type: ignore[index]
        return Approver(self._dispatcher.tray(person), person, person.unit)


class Board:
    """A gate that meets on a cadence: every so many working days, from the third of the week the run begins in.

    Every cadence counts from the same day, so that a board that meets half as often keeps every second date.
    """

    def __init__(
        self,
        gate: CadenceGate,
        calendar: Calendar,
        dispatcher: Dispatcher,
        decide: Callable[[list[tuple[Case, Run]]], None],
    ):
        self._gate, self._calendar, self._dispatcher, self._decide = gate, calendar, dispatcher, decide
        self._agenda: list[tuple[int, int, int, Case, Run]] = []
        self._sequence = count()
        self._called = False
        self._day = -calendar.days_into_week
        self._working_days = 0
        self._meetings: list[int] = []

    def next_meeting(self, now: int) -> int:
        """The first meeting later than a moment: who hands in at its start has missed it."""
        while not self._meetings or self._meetings[-1] <= now:
            self._plan_day()
        return self._meetings[bisect_right(self._meetings, now)]

    def _plan_day(self) -> None:
        if self._calendar.is_working_day(self._day):
            every = self._gate.every_days
            if self._working_days % every == min(_MIDWEEK, every - 1):
                self._meetings.append(self._day * DAY_SECONDS + round(self._gate.at * 3600))
            self._working_days += 1
        self._day += 1

    def submit(self, case: Case, run: Run, now: int) -> None:
        """Put a case on the agenda; the next meeting is held because something is on it."""
        self._agenda.append((case.priority, now, next(self._sequence), case, run))
        self._call(now)

    def oldest(self) -> int | None:
        """Since when the longest waiting case has been on the agenda; None when it is empty."""
        return min((submitted for _, submitted, _, case, _ in self._agenda if not case.closed), default=None)

    def _call(self, now: int) -> None:
        if not self._called:
            self._called = True
            self._dispatcher.after(self.next_meeting(now) - now, self._meet)

    def _meet(self) -> None:
        self._called = False
        now = self._dispatcher.now
        waiting = sorted((entry for entry in self._agenda if not entry[3].closed), key=lambda entry: entry[:3])
        late = [entry for entry in waiting if entry[1] == now]  # whether others called the meeting changes nothing
        waiting = [entry for entry in waiting if entry[1] < now]
        capacity = self._gate.capacity or len(waiting)
        self._agenda = waiting[capacity:] + late
        if self._agenda:
            self._call(now)
        self._decide([(case, run) for *_, case, run in waiting[:capacity]])


def rejects(case: Case, node: Node, strictness: Strictness) -> bool:
    """Draw a gate's decision; found defects leave the case, since what follows is the redo that mends them.

    Opinion rejects round k with ``first * decay ** (k - 1)``; each open defect is found with its own draw.
    """
    k, nodes, found = case.rejections[node.number], case.graph.nodes, set()
    if case.defects:
        found = {
            defect
            for defect in case.defects
            if case.luck.about(f"{node.id}/{nodes[defect].id}", Purpose.FINDS, k) < strictness.finds
        }
        case.defects -= found
    first, decay = node.rejects
    opinion = first * decay**k * strictness.reject_factor
    return bool(found) or case.luck.draw(node.number, OUTCOME, k) < opinion
