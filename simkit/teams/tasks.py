"""What a person has on the desk or is offered: one stretch of work, or one for several people at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from simkit.teams.work import Case, Run

if TYPE_CHECKING:
    from simkit.teams.people import Person
    from simkit.teams.pools import Pool

URGENT = 0
"""The priority of what interrupts other work; ahead of 1, the most urgent that does not."""


class Task:
    """Something one person has to do: a pass of a step, a decision, or what a meeting costs."""

    __slots__ = (
        "case", "category", "coordination", "crew", "effort", "interrupted", "loss", "lost", "of_case", "on_finish",
        "on_start", "priority", "queued", "rested", "run", "since", "skill", "skills", "spent", "started", "switching",
        "timer", "wall", "wrong",
    )  # fmt: skip

    def __init__(
        self,
        run: Run,
        case: Case | None,
        priority: int,
        skill: str | None,
        on_start: Callable[[Task, Person], int],
        on_finish: Callable[[Task, Person], int],
        skills: tuple[str, ...] = (),
    ):
        self.run, self.case, self.priority, self.skill = run, case, priority, skill
        self.of_case: Case = case  # type: ignore[assignment]
        """The case of a task that has one."""
        self.on_start = on_start
        """Called when somebody takes it; returns the on-shift seconds it will need."""
        self.on_finish = on_finish
        """Called when those are over; returns the seconds of doing it again at once, or 0."""
        self.category = ""
        self.skills = skills
        """Any of these will do; empty where `skill` says it all."""
        self.crew: Crew | None = None
        """The others who do it together with this person."""
        self.queued = self.started = self.since = -1
        """When it reached the queue, when this pass was taken up, and since when it is worked on without a break."""
        self.coordination = self.effort = self.switching = self.wall = 0
        """Seconds of taking over, of the effort itself, of turning to it from something else, and on-shift seconds
        in all."""
        self.interrupted = 0
        """Seconds that interruptions take which have nothing to do with it."""
        self.spent = self.rested = self.lost = 0
        """On-shift seconds done before `since`, those it lay interrupted, and those that have to be done again since a
        shift ended."""
        self.loss = 0.0
        """Chance that the hand-off made it wrong."""
        self.wrong = 0.0
        """Chance of an internal error, where people's abilities differ."""
        self.timer: int | None = None
        """The number of the moment that ends the present stretch; None while nobody works on it."""

    @property
    def withdrawn(self) -> bool:
        """True when the case has expired."""
        case = self.case
        return case is not None and case.closed

    def stretched(self, primary_share: float) -> int:
        """On-shift seconds in which other duties leave enough for switching, taking over and effort."""
        own = self.switching + self.coordination + self.effort
        if primary_share < 1:
            own = round(own / primary_share)
        return own + self.interrupted

    def begin_again(self, now: int) -> None:
        """The next pass starts at once, on the same desk."""
        self.started = now
        self.spent = self.rested = self.lost = self.switching = 0


class Crew:
    """Work for several people who must be free at the same moment; nobody is kept waiting for the others.

    They start together. Each then does the own share at the own speed and hours; the last to finish ends it.
    """

    __slots__ = ("case", "people", "pools", "priority", "queued", "tasks", "unfinished")

    def __init__(self, tasks: Sequence[Task], pools: Sequence[Pool]):
        self.tasks, self.pools = tuple(tasks), tuple(pools)
        self.case, self.priority = tasks[0].case, tasks[0].priority
        self.queued = -1
        self.people: list[Person] = []
        """Who does it, one for each task; empty until they start."""
        self.unfinished = len(tasks)
        for task in tasks:
            task.crew = self

    @property
    def withdrawn(self) -> bool:
        """True when nobody need take it up any more."""
        return bool(self.people) or (self.case is not None and self.case.closed)
