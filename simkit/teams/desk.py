"""What happens on a person's desk: turning to work, putting it down, taking it up again, and the seconds of it.

A stretch of work lasts from `since` until it is put down or done. What a stretch was is settled when it ends, so
that everybody's seconds add up whenever anybody asks.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simkit.scenario.organization import Organization
from simkit.teams.people import Person
from simkit.teams.shift_end import Finish, Restart, Suspend
from simkit.teams.tasks import Task

if TYPE_CHECKING:
    from simkit.teams.event_log import EventLog


class Desk:
    """How everybody handles what is on their desk."""

    def __init__(self, organization: Organization, log: EventLog):
        self._log = log
        self._table = organization.desk
        self._primary_share = organization.primary_share
        self._turn = round(organization.desk.turn_hours * 3600)
        self.switches = bool(organization.desk.switch_kind_hours or organization.desk.switch_campaign_hours)
        """Whether turning to something else takes time."""
        limit = organization.desk.overtime_limit_hours
        self._shift_end = {
            "suspend": Suspend(),
            "finish": Finish(math.inf if limit is None else round(limit * 3600)),
            "restart": Restart(),
        }[organization.desk.end_of_shift]
        self.rests = organization.desk.end_of_shift == "suspend"
        """Whether work simply rests when a shift ends: nothing is then lost and nobody stays longer."""

    # --- stretches of work ------------------------------------------------------------------------

    def over(self, person: Person, task: Task) -> int:
        """When the task is done, if nothing comes between."""
        return self._shift_end.over(person.calendar, task.since, task.wall - task.spent)

    def turn_ends(self, person: Person, now: int) -> int | None:
        """When the next piece of work has its turn, for those who may have several open."""
        if person.task is not None and person.task.category in ("meeting", "training"):
            return None
        return person.calendar.add(now, self._turn)

    def stretch(self, person: Person, task: Task, now: int) -> tuple[int, int, int]:
        """Seconds done, lost and worked outside the shifts since the task was last taken up."""
        return self._shift_end.spent(person.calendar, task.since, task.wall - task.spent, now)

    def overtime(self, person: Person, now: int) -> int:
        """Seconds worked outside the shifts so far, on the present task too."""
        return person.overtime + (self.stretch(person, person.task, now)[2] if person.task is not None else 0)

    def account(self, person: Person, task: Task, now: int) -> None:
        """A stretch of work has ended."""
        done, lost, overtime = self.stretch(person, task, now)
        task.spent += done
        task.lost += lost
        person.overtime += overtime

    # --- interruptions ----------------------------------------------------------------------------

    def put_down(self, person: Person, now: int, first: bool) -> None:
        """What the person is at rests; `first` says that it is what they return to first."""
        task = person.task
        assert task is not None
        done, lost, overtime = self.stretch(person, task, now)
        task.spent += done
        task.lost += lost
        person.overtime += overtime
        if task.category == "meeting":
            person.met.append((task.since, now))
        task.timer = None
        task.since = now
        if first:
            person.desk.appendleft(task)
        else:
            person.desk.append(task)
        person.task = None
        self._log.of_task(task, person, "suspend", now)

    def take_up(self, person: Person, now: int) -> Task:
        """The person goes on with what has rested longest, or was interrupted last."""
        task = person.desk.popleft()
        person.task = task
        task.rested += person.calendar.between(task.since, now)
        self._log.of_task(task, person, "resume", now)
        again = self.turning_to(person, task)
        if again:
            task.switching += again
            task.wall += math.ceil(again / self._primary_share)
        return task

    # --- effort -----------------------------------------------------------------------------------

    def turning_to(self, person: Person, task: Task) -> int:
        """Seconds of set-up when the person turns to a task after what they were at before."""
        if not self.switches or task.case is None:
            return 0
        order = task.case.order
        last, person.last = person.last, (order.kind, order.campaign)
        hours = 0.0
        if last is not None and last != person.last:
            same_kind = last[0] == order.kind
            hours = self._table.switch_campaign_hours if same_kind else self._table.switch_kind_hours
        return round(hours * 3600)

    def effort_factor(self, person: Person) -> float:
        """How much longer a pass takes because of what else is open on the desk."""
        return 1 + self._table.multitasking_cost * len(person.desk)
