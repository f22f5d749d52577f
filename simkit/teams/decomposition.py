"""Where the time went: exclusive parts that add up to it exactly, because all are whole seconds."""

from __future__ import annotations

from simkit.teams.calendar import Calendar
from simkit.teams.dispatcher import Task
from simkit.teams.work import Run

PARTS = {
    "intake": "until the first person had the order: latency and effort of taking it in",
    "touch": "work on first passes",
    "rework": "work on later passes",
    "approval": "an approver's work on the decision",
    "other_duties": "mail, meetings and administration while the work was on somebody's desk",
    "resource_queue": "waiting for a person who was on shift and busy",
    "approver_queue": "waiting for an approver who was on shift and busy",
    "approval_cadence": "waiting for a board to meet, nights and weekends included",
    "hand_off": "latency and effort of hand-offs",
    "off_shift": "nights, weekends and holidays of those the work was with",
}
"""The parts of a lead time along the realised critical path, and what each means."""

TIME_CATEGORIES = ("touch", "rework", "coordination", "approval", "other_duties")
"""What a person's on-shift time goes into; the rest is idle."""


def add_latency(run: Run, part: str, seconds: int, elapsed: int) -> None:
    """On the way from desk to desk, in the office's hours."""
    run.parts += [(part, seconds), ("off_shift", elapsed - seconds)]


def add_queue(run: Run, part: str, calendar: Calendar, queued: int, started: int) -> None:
    """In a queue: the taker was on shift, and then busy, or off shift."""
    if started > queued:
        busy = calendar.between(queued, started)
        run.parts += [(part, busy), ("off_shift", started - queued - busy)]


def add_work(run: Run, task: Task, taking_over: str, now: int) -> None:
    """On a desk: taking over, the effort itself, other duties in between, and the nights."""
    run.parts += [
        (taking_over, task.coordination),
        (task.category, task.effort),
        ("other_duties", task.wall - task.coordination - task.effort),
        ("off_shift", now - task.started - task.wall),
    ]


def lead_time_parts(last: Run | None) -> dict[str, int]:
    """Seconds by part on the critical path that ended in a run: what made it ready, and so back to arrival."""
    total = dict.fromkeys(PARTS, 0)
    run = last
    while run is not None:
        for part, seconds in run.parts:
            total[part] += seconds
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
