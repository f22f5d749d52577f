"""The event log: one table from which every figure of the department can be derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simkit.teams.decomposition import own_part
from simkit.teams.people import Person
from simkit.teams.tasks import Task
from simkit.teams.work import Case, Run

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("case", "step", "pass", "event", "time", "person", "unit", "effort", "category")

EVENTS = {
    "arrive": "the case reached the department",
    "ready": "all that the step waits for is finished",
    "queue": "the work reached those who may do it, after the hand-off's latency",
    "start": "a person took it up",
    "coordinate": "effort of taking the work over from the giver",
    "interrupt": "mail, meetings and administration in between",
    "complete": "effort of the step itself; the person is done with this pass",
    "redo": "the doer noticed an error and begins the next pass",
    "submit": "the case is on a board's agenda",
    "approve": "a gate let the case pass",
    "reject": "a gate sent the case back",
    "live": "the case is finished and in the world",
    "expire": "its occasion passed before it was live",
    "admit": "a limit on open work let the case in",
    "hurry": "its occasion fades: the case goes on without the last touches",
    "improve": "a last touch was done to what is live",
    "suspend": "the person puts it down for something else",
    "resume": "the person goes on with it",
    "switch": "effort of turning to it from something else",
    "restart": "what the end of a shift cut off and was begun again",
    "return": "the doer found an error of earlier work, which goes back",
    "exception": "the doer noticed an error, and somebody has to decide what becomes of it",
    "timeout": "nobody took the question up in time; the doer decides",
    "rework": "decided: do it again",
    "correct": "decided: mend what is wrong",
    "ignore": "decided: leave it as it is",
    "hand_over": "somebody who is away or has left gives it to others, unfinished",
    "spent": "what they had done of it",
    "left": "a person has left; the seat is vacant",
    "hired": "somebody new has the seat",
    "cut": "what an unfinished task had taken when the simulation ended",
}
"""Every event and what it means. Rows with an effort carry a category; their efforts add up to people's time."""


class EventLog:
    """Rows in the order in which they happened; times are whole seconds since the first midnight."""

    def __init__(self) -> None:
        self.cells: list[Any] = []
        """Row after row in one list: a million little tuples would keep the garbage collector busy."""

    def so_far(self, cut: list[Any]) -> Written:
        """The log as of now; `cut` has rows for what lies on desks."""
        return Written(self.cells, len(self.cells), cut)

    def of_case(self, case: Case, event: str, now: int) -> None:
        """Something that concerns the whole case."""
        cells = self.cells
        cells += (case.order.name, "", 0, event, now, "", case.home, 0, "")

    def of_run(self, case: Case, run: Run, event: str, now: int) -> None:
        """Something that happened to one pass of a step."""
        cells = self.cells
        cells += (case.order.name, run.node.id, run.number, event, now, "", "", 0, "")

    def of_run_by(self, case: Case, run: Run, event: str, now: int, person: Person | None, unit: str) -> None:
        """What somebody, or a board of nobody in particular, decided about one pass of a step."""
        cells, who = self.cells, "" if person is None else person.id
        cells += (case.order.name, run.node.id, run.number, event, now, who, unit, 0, "")

    def of_task(self, task: Task, person: Person, event: str, now: int) -> None:
        """Something a person did."""
        cells, case, run = self.cells, task.case, task.run
        name = "" if case is None else case.order.name
        cells += (name, run.node.id, run.number, event, now, person.id, person.unit, 0, "")

    def of_person(self, person: Person, event: str, now: int) -> None:
        """Something that concerns a person and no work."""
        self.cells += ("", "", 0, event, now, person.id, person.unit, 0, "")

    def unfinished(self, task: Task, person: Person, spent: Mapping[str, int], now: int) -> None:
        """Somebody gives up a pass; seconds by category that they spent on it."""
        case, run = task.case, task.run
        head = ("" if case is None else case.order.name, run.node.id, run.number)
        self.cells += (*head, "hand_over", now, person.id, person.unit, 0, "")
        for category, seconds in spent.items():
            if seconds:
                self.cells += (*head, "spent", now, person.id, person.unit, seconds, category)

    def spent(self, task: Task, person: Person, now: int) -> None:
        """Where the time on a desk went; efforts in on-shift seconds."""
        cells, case, run, who, unit = self.cells, task.case, task.run, person.id, person.unit
        name, step, number = "" if case is None else case.order.name, run.node.id, run.number
        coordination, effort, lost = task.coordination, task.effort, 0
        other = task.wall - coordination - effort
        if task.lost:
            lost = own_part(task, task.lost)
            other += task.lost - lost
        if task.switching:
            other -= task.switching
            cells += (name, step, number, "switch", now, who, unit, task.switching, "switching")
        if coordination:
            cells += (name, step, number, "coordinate", now, who, unit, coordination, "coordination")
        if lost:
            cells += (name, step, number, "restart", now, who, unit, lost, "rework")
        if other:
            cells += (name, step, number, "interrupt", now, who, unit, other, "other_duties")
        cells += (name, step, number, "complete", now, who, unit, effort, task.category)


@dataclass(frozen=True)
class Written:
    """A log as of a moment. What was written until then is not copied: the log only grows."""

    cells: list[Any] = field(repr=False)
    """Row after row, what was written since included."""
    upto: int
    """Cells written until then."""
    cut: list[Any] = field(repr=False)
    """Cells, row after row, for what lay on desks unfinished."""

    def __len__(self) -> int:
        """Rows."""
        return (self.upto + len(self.cut)) // len(COLUMNS)

    def column(self, name: str) -> list[Any]:
        """One of :data:`COLUMNS`."""
        at, wide = COLUMNS.index(name), len(COLUMNS)
        told = self.cells[at : self.upto : wide]
        told += self.cut[at::wide]
        return told

    def frame(self) -> pd.DataFrame:
        """A table with the columns :data:`COLUMNS`."""
        import pandas as pd

        return pd.DataFrame({name: self.column(name) for name in COLUMNS})


def column(cells: list[Any], name: str) -> list[Any]:
    """One column of some cells, row after row."""
    return cells[COLUMNS.index(name) :: len(COLUMNS)]
