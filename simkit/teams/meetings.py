"""Meetings and training: time that everybody invited is taken away from other work, and what talking saves.

They go before all other work and interrupt it; who is off shift or away misses a meeting, and begins a training when
back.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

from simkit.scenario.organization import Organization
from simkit.scenario.workforce import Meeting, Training
from simkit.teams.calendar import DAY_SECONDS, Calendar
from simkit.teams.dispatcher import Dispatcher
from simkit.teams.event_log import EventLog
from simkit.teams.people import Person
from simkit.teams.tasks import URGENT, Task
from simkit.teams.tuition import Tuition, chosen, seconds_until
from simkit.teams.work import Node, Run


class Attendance:
    """Calls people to meetings and trainings."""

    def __init__(
        self,
        organization: Organization,
        dispatcher: Dispatcher,
        people: list[Person],
        log: EventLog,
        start: datetime.date,
        tuition: Tuition | None,
    ):
        self._dispatcher, self._log, self._tuition = dispatcher, log, tuition
        for meeting in organization.meetings:
            calendar = Calendar(organization.calendars[meeting.calendar], start)
            self._plan(meeting.id, _dates(meeting, calendar), self._meet, meeting, chosen(meeting.who, people))
        for training in organization.training:
            times = _repeated(seconds_until(training.on, start), training.every_days)
            self._plan(training.id, times, self._train, training, chosen(training.who, people))
        migration = organization.tool_migration
        if migration is not None and migration.hours:
            course = Training(id="tool_migration", on=migration.on, hours=migration.hours, gain=0)
            times = _repeated(seconds_until(migration.on, start), None)
            self._plan(course.id, times, self._train, course, chosen(migration.who, people))

    def _plan(
        self,
        name: str,
        times: Iterator[tuple[int, int]],
        hold: Callable[[Node, int, Meeting | Training, list[Person]], None],
        what: Meeting | Training,
        people: list[Person],
    ) -> None:
        node = Node(0, None, None)
        node.id = name

        def call(k: int) -> None:
            hold(node, k, what, people)
            ahead()

        def ahead() -> None:
            found = next(times, None)
            if found is not None:
                k, time = found
                self._dispatcher.after(time - self._dispatcher.now, call, k)

        ahead()

    def _meet(self, node: Node, k: int, meeting: Meeting | Training, people: list[Person]) -> None:
        now = self._dispatcher.now
        for person in people:
            if person.calendar.on_shift(now):
                self._call(Task(Run(node, k, now, None), None, URGENT, None, self._start, self._end), meeting, person)

    def _train(self, node: Node, k: int, training: Training | Meeting, people: list[Person]) -> None:
        def end(task: Task, person: Person) -> int:
            if self._tuition is not None and isinstance(training, Training) and training.gain:
                self._tuition.learned(training, person, self._dispatcher.now)
            return self._end(task, person)

        now = self._dispatcher.now
        for person in people:
            self._call(Task(Run(node, k, now, None), None, URGENT, None, self._start, end), training, person)

    def _call(self, task: Task, what: Meeting | Training, person: Person) -> None:
        task.category = "meeting" if isinstance(what, Meeting) else "training"
        task.effort = max(1, round(what.hours * 3600))
        self._dispatcher.queue(task, self._dispatcher.tray(person))

    def _start(self, task: Task, person: Person) -> int:
        self._log.of_task(task, person, "start", task.started)
        return task.effort

    def _end(self, task: Task, person: Person) -> int:
        self._log.spent(task, person, self._dispatcher.now)
        if task.category == "meeting":
            person.met.append((task.since, self._dispatcher.now))
        return 0


class Talk:
    """What people who sit in the same meetings do not misunderstand."""

    def __init__(self, organization: Organization, people: list[Person]):
        self._effect = organization.meeting_effect
        self._meetings = [
            (_weekly_hours(organization, meeting), {person.number for person in chosen(meeting.who, people)})
            for meeting in organization.meetings
        ]
        self._factor: dict[tuple[int, int], float] = {}

    def loss_factor(self, giver: Person | None, receiver: Person) -> float:
        """What is left of the information loss between two people."""
        if giver is None:
            return 1.0
        key = (giver.number, receiver.number)
        if key not in self._factor:
            hours = sum(hours for hours, members in self._meetings if members.issuperset(key))
            floor = self._effect.floor
            self._factor[key] = floor + (1 - floor) * 0.5 ** (hours / self._effect.halving_hours)
        return self._factor[key]


def _weekly_hours(organization: Organization, meeting: Meeting) -> float:
    return meeting.hours * len(organization.calendars[meeting.calendar].days) / meeting.every_days


def _dates(meeting: Meeting, calendar: Calendar) -> Iterator[tuple[int, int]]:
    """Number and moment of every so many working days, counted from the first of the starting week."""
    working_days = k = 0
    day = -calendar.days_into_week
    while True:
        if calendar.is_working_day(day):
            time = day * DAY_SECONDS + round(meeting.at * 3600)
            if working_days % meeting.every_days == 0 and time > 0:
                yield k, time
                k += 1
            working_days += 1
        day += 1


def _repeated(first: int, every_days: int | None) -> Iterator[tuple[int, int]]:
    """Number and moment of what is held once, or every so many days; only what lies ahead."""
    k, time = 0, first
    while True:
        if time >= 0:
            yield k, max(time, 1)
        if every_days is None:
            return
        k, time = k + 1, time + every_days * DAY_SECONDS
