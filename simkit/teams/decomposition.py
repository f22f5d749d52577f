"""Where the time went: exclusive parts that add up to it exactly, because all are whole seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from simkit.teams.calendar import Calendar
from simkit.teams.tasks import Task
from simkit.teams.work import PARTS, Run

if TYPE_CHECKING:
    from simkit.teams.people import Person

TIME_CATEGORIES = (
    "touch", "rework", "coordination", "approval", "other_duties", "switching", "meeting", "training", "decision",
)  # fmt: skip
"""What a person's on-shift time goes into; the rest of what is paid is absent or idle."""

(INTAKE, TOUCH, REWORK, APPROVAL, OTHER_DUTIES, RESOURCE_QUEUE, APPROVER_QUEUE, APPROVAL_CADENCE, HAND_OFF,
 OFF_SHIFT, SWITCHING, JOIN, ADMISSION, BATCH, DECISION_WAIT, DECISION, AGENCY, IT,
 MEETING) = range(len(PARTS))  # fmt: skip
_OF_CATEGORY = {"touch": TOUCH, "rework": REWORK, "approval": APPROVAL, "decision": DECISION}
_QUEUE_OF = {"approval": APPROVER_QUEUE, "decision": DECISION_WAIT}


def add_latency(run: Run, part: int, seconds: int, elapsed: int) -> None:
    """On the way from desk to desk, in the office's hours."""
    run.parts[part] += seconds
    run.parts[OFF_SHIFT] += elapsed - seconds


def add_queue(run: Run, part: int, calendar: Calendar, queued: int, started: int) -> None:
    """In a queue, in the hours of a calendar; the rest of the time is off shift."""
    if started > queued:
        busy = calendar.between(queued, started)
        run.parts[part] += busy
        run.parts[OFF_SHIFT] += started - queued - busy


def add_wait(run: Run, part: int, person: Person, queued: int, started: int) -> None:
    """In a queue: the taker was on shift, and then busy or in a meeting, or off shift."""
    if started > queued:
        busy, parts = person.calendar.between(queued, started), run.parts
        parts[part] += busy
        parts[OFF_SHIFT] += started - queued - busy
        if person.met:
            _add_meetings(run, part, person, queued, started)


def _add_meetings(run: Run, part: int, person: Person, begin: int, end: int) -> None:
    """Of what was told as waiting for a busy person, the on-shift time that they sat in meetings."""
    seconds = 0
    for since, until in reversed(person.met):
        if until <= begin:
            break
        if since < end:  # what a crew waited for is told when its last member is done
            seconds += person.calendar.between(max(since, begin), min(until, end))
    run.parts[part] -= seconds
    run.parts[MEETING] += seconds


def add_work(run: Run, task: Task, person: Person, taking_over: int, now: int) -> None:
    """On a desk: turning to it, taking over, the effort itself, what came between, and the nights.

    While the work lay there and its owner was at something else, it waited for a busy person.
    """
    parts, wall, coordination, effort = run.parts, task.wall, task.coordination, task.effort
    if coordination:
        parts[taking_over] += coordination
    parts[_OF_CATEGORY[task.category]] += effort
    parts[OTHER_DUTIES] += wall - coordination - effort
    parts[OFF_SHIFT] += now - task.started - wall
    if task.switching:
        parts[SWITCHING] += task.switching
        parts[OTHER_DUTIES] -= task.switching
    if task.rested:
        part = queue_part(task, person)
        parts[part] += task.rested
        parts[OFF_SHIFT] -= task.rested
        if person.met:
            _add_meetings(run, part, person, task.started, now)
    if task.lost:
        lost = own_part(task, task.lost)
        parts[REWORK] += lost
        parts[OTHER_DUTIES] += task.lost - lost
        parts[OFF_SHIFT] -= task.lost


def add_unfinished(run: Run, task: Task, person: Person, spent: Mapping[str, int], taking_over: int, now: int) -> None:
    """On the desk of somebody who did not finish it; seconds by category, as :func:`spent_so_far` tells them."""
    for category, seconds in spent.items():
        part = {"coordination": taking_over, "other_duties": OTHER_DUTIES, "switching": SWITCHING}.get(category)
        run.parts[_OF_CATEGORY[category] if part is None else part] += seconds
    part = queue_part(task, person)
    run.parts[part] += task.rested
    _add_meetings(run, part, person, task.started, now)
    run.parts[OFF_SHIFT] += now - task.started - task.rested - task.spent - task.lost


def queue_part(task: Task, person: Person) -> int:
    """The part of a lead time that waiting for a busy person belongs to."""
    return _QUEUE_OF.get(task.category, person.queue_part)


def add_batch_work(run: Run, task: Task, batch: Task, person: Person, taking_over: int, now: int) -> None:
    """On a desk together with others: their part of it is waiting for the batch."""
    add_work(run, batch, person, taking_over, now)
    parts = run.parts
    parts[taking_over] -= batch.coordination - task.coordination
    parts[_OF_CATEGORY[batch.category]] -= batch.effort
    parts[_OF_CATEGORY[task.category]] += task.effort
    parts[BATCH] += batch.coordination + batch.effort - task.coordination - task.effort


def own_part(task: Task, on_shift_seconds: int) -> int:
    """What of some on-shift seconds was for the task itself; other duties are spread evenly."""
    own = task.switching + task.coordination + task.effort
    return on_shift_seconds * own // task.wall if task.wall else 0


def spent_so_far(task: Task, done: int, lost: int) -> dict[str, int]:
    """How an unfinished task's on-shift seconds divide: switching and taking over first."""
    own, lost_own = own_part(task, done), own_part(task, lost)
    switching = min(task.switching, own)
    coordination = min(task.coordination, own - switching)
    seconds = {
        "coordination": coordination,
        task.category: own - switching - coordination,
        "other_duties": done - own + lost - lost_own,
    }
    if switching:
        seconds["switching"] = switching
    if lost_own:
        seconds["rework"] = seconds.get("rework", 0) + lost_own
    return seconds
