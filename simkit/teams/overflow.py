"""Work that goes to an agency while a condition holds of the queue it would otherwise join.

Used by departments whose assign lines have conditions or whose units are agencies; the others have none of it. What
waits is counted as it comes and goes, so that a condition costs the same whatever the length of a queue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simkit.scenario.conditions import WORK, Step, parse
from simkit.scenario.organization import Organization
from simkit.scenario.structure_tables import AgencyTerms
from simkit.scenario.who_can import own_units_below
from simkit.teams.calendar import DAY_SECONDS
from simkit.teams.dispatcher import Dispatcher, Pool, Task
from simkit.teams.people import Person
from simkit.teams.work import Case, Run


@dataclass(frozen=True)
class _Line:
    """An assign line with a condition."""

    condition: tuple[Step, ...]
    units: frozenset[str]
    skills: tuple[str, ...] | None
    ready: int
    """Seconds from the start before which it does not hold."""


class Overflow:
    """Which queue work joins where lines have conditions; and how well agencies know the firm."""

    def __init__(self, organization: Organization, dispatcher: Dispatcher):
        self._organization, self._dispatcher = organization, dispatcher
        self._outside = organization.outside
        units = {unit.id: unit for unit in organization.units}
        self._terms = {unit: units[agency].agency or AgencyTerms() for unit, agency in self._outside.items()}
        self._lines = [
            _Line(parse(rule.when, WORK), *self._scope(rule.scope.removeprefix("unit:"), rule.also), rule.skills,
                  self._ready(rule.scope.removeprefix("unit:")))
            for rule in organization.assign
            if rule.when is not None
        ]  # fmt: skip
        self.closed = False
        """Whether nothing more goes to agencies, for there is no money for it."""
        self._capacity: dict[Pool, float] = {}
        self._backlog: dict[Pool, float] = {}
        self._count: dict[Pool, int] = {}
        self._waiting: dict[Task, tuple[Pool, float]] = {}
        self._of_case: dict[Case, set[Task]] = {}
        self._known: dict[tuple[str, tuple[str, ...]], int] = {}

    def _scope(self, unit: str, also: Sequence[str]) -> tuple[frozenset[str]]:
        below = (own_units_below(self._organization, name, self._outside) for name in (unit, *also))
        return (frozenset().union(*below),)

    def _ready(self, unit: str) -> int:
        return round(self._terms[unit].ready_after_days * DAY_SECONDS) if unit in self._terms else 0

    # --- where to ---------------------------------------------------------------------------------

    def elsewhere(self, case: Case, run: Run, own: Pool) -> Pool | None:
        """The queue of the first line whose condition holds of a step for one person; None: the own one."""
        role = run.node.roles[0]
        for line in self._lines:
            places = [(line.units, skill) for skill in role if line.skills is None or skill in line.skills]
            if not places or self._dispatcher.now < line.ready or (self.closed and line.units <= self._outside.keys()):
                continue
            pool = self._dispatcher.pool_of(places)
            if pool.members and holds(line.condition, self._quantities(case, own)):
                return pool
        return None

    def _quantities(self, case: Case, own: Pool) -> dict[str, float]:
        """Every field of `scenario.conditions.WORK`."""
        return {
            "queue_days": self._backlog.get(own, 0.0) / self._hours_a_day(own),
            "queue_length": float(self._count.get(own, 0)),
            "priority": float(case.order.priority),
        }

    def _hours_a_day(self, pool: Pool) -> float:
        """Hours of effort that those who serve a queue get done in a working day."""
        if pool not in self._capacity:
            calendars, share = self._organization.calendars, self._organization.primary_share
            hours = 0.0
            for level, person in pool.members:
                week = calendars[person.table.calendar]
                hours += level * person.table.fte * week.weekly_hours / len(week.days) * share
            self._capacity[pool] = hours
        return self._capacity[pool]

    # --- what waits -------------------------------------------------------------------------------

    def joins(self, task: Task, pool: Pool) -> None:
        """A piece of work is about to wait in a queue; where an agency has no limit, somebody more may come."""
        hours = self._mean_hours(task)
        self._waiting[task] = (pool, hours)
        self._backlog[pool] = self._backlog.get(pool, 0.0) + hours
        self._count[pool] = self._count.get(pool, 0) + 1
        self._of_case.setdefault(task.of_case, set()).add(task)
        self._staff(pool)

    def leaves(self, task: Task) -> None:
        """It is taken up, or nobody need do it any more."""
        if task in self._waiting:
            pool, hours = self._waiting.pop(task)
            self._count[pool] -= 1
            self._backlog[pool] = self._backlog[pool] - hours if self._count[pool] else 0.0
            tasks = self._of_case[task.of_case]
            tasks.discard(task)
            if not tasks:
                del self._of_case[task.of_case]

    def withdraw(self, case: Case) -> None:
        """The case has expired."""
        for task in list(self._of_case.get(case, ())):
            self.leaves(task)

    def _mean_hours(self, task: Task) -> float:
        step = task.run.node.step
        return step.effort.mean_hours if step is not None and step.effort is not None else 0.0

    # --- the agency's people ----------------------------------------------------------------------

    def _staff(self, pool: Pool) -> None:
        """As many people as there is work, where there is no limit to them."""
        seed = pool.members[0][1] if pool.members else None
        if seed is None or seed.unit not in self._terms or self._terms[seed.unit].limit != "unlimited":
            return
        if pool is self._dispatcher.tray(seed):
            return  # what only one person can do; others are no help
        free = sum(person.task is None for _, person in pool.members)
        if free < self._count[pool]:
            craft = f"{seed.unit}-{seed.table.craft}"
            of_craft = sum(person.unit == seed.unit and person.table.craft == seed.table.craft
                           for _, person in pool.members)  # fmt: skip
            self._dispatcher.hire(seed.table.model_copy(update={"id": f"{craft}-{of_craft + 1}"}), seed)

    def effort_factor(self, person: Person, task: Task) -> float:
        """How much longer a pass takes an agency that does not know the firm yet; each first pass teaches it."""
        terms = self._terms.get(person.unit)
        if terms is None or not terms.onboarding_passes:
            return 1.0
        key = (self._outside[person.unit], task.skills)
        done = self._known.get(key, 0)
        if task.run.number == 0:
            self._known[key] = done + 1
        return 1.0 + terms.onboarding_effort * max(0.0, 1 - done / terms.onboarding_passes)


def holds(condition: Sequence[Step], quantities: Mapping[str, float]) -> bool:
    """Carry out a condition's steps in postfix order."""
    stack: list[bool] = []
    for step in condition:
        if step.operator == "not":
            stack.append(not stack.pop())
        elif step.operator in ("and", "or"):
            last, before = stack.pop(), stack.pop()
            stack.append(before and last if step.operator == "and" else before or last)
        else:
            stack.append(_compared(quantities[step.field], step.operator, step.value))
    return stack.pop()


def _compared(found: float, operator: str, value: float) -> bool:
    if operator in ("=", "!="):
        return (found == value) == (operator == "=")
    if operator in ("<", "<="):
        return found < value or (operator == "<=" and found == value)
    return found > value or (operator == ">=" and found == value)


def overflow_of(organization: Organization, dispatcher: Dispatcher) -> Overflow | None:
    """None for a department that needs none of it."""
    if organization.outside or any(rule.when is not None for rule in organization.assign):
        return Overflow(organization, dispatcher)
    return None
