"""Where the time went: exclusive parts that add up to it exactly, because all are whole seconds."""

from __future__ import annotations

from operator import add

from simkit.teams.calendar import Calendar
from simkit.teams.dispatcher import Task
from simkit.teams.work import PARTS, Run

TIME_CATEGORIES = ("touch", "rework", "coordination", "approval", "other_duties")
"""What a person's on-shift time goes into; the rest is idle."""

(INTAKE, TOUCH, REWORK, APPROVAL, OTHER_DUTIES, RESOURCE_QUEUE, APPROVER_QUEUE, APPROVAL_CADENCE, HAND_OFF,
 OFF_SHIFT) = range(len(PARTS))  # fmt: skip
_OF_CATEGORY = {"touch": TOUCH, "rework": REWORK, "approval": APPROVAL}


def add_latency(run: Run, part: int, seconds: int, elapsed: int) -> None:
    """On the way from desk to desk, in the office's hours."""
    run.parts[part] += seconds
    run.parts[OFF_SHIFT] += elapsed - seconds


def add_queue(run: Run, part: int, calendar: Calendar, queued: int, started: int) -> None:
    """In a queue: the taker was on shift, and then busy, or off shift."""
    if started > queued:
        busy = calendar.between(queued, started)
        run.parts[part] += busy
        run.parts[OFF_SHIFT] += started - queued - busy


def add_work(run: Run, task: Task, taking_over: int, now: int) -> None:
    """On a desk: taking over, the effort itself, other duties in between, and the nights."""
    parts = run.parts
    parts[taking_over] += task.coordination
    parts[_OF_CATEGORY[task.category]] += task.effort
    parts[OTHER_DUTIES] += task.wall - task.coordination - task.effort
    parts[OFF_SHIFT] += now - task.started - task.wall


def lead_time_parts(last: Run | None) -> list[int]:
    """Seconds by part on the critical path that ended in a run: what made it ready, and so back to arrival."""
    total = [0] * len(PARTS)
    run = last
    while run is not None:
        total = list(map(add, total, run.parts))
        run = run.caused_by
    return total


def spent_so_far(task: Task, on_shift_seconds: int) -> dict[str, int]:
    """How an unfinished task's on-shift seconds divide: taking over first, other duties spread evenly."""
    own = on_shift_seconds * (task.coordination + task.effort) // task.wall if task.wall else 0
    coordination = min(task.coordination, own)
    return {
        "coordination": coordination,
        task.category: own - coordination,
        "other_duties": on_shift_seconds - own,
    }
