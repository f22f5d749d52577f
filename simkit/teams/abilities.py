"""How fast and how sure a person is at a step: effort = hours / (skill x experience x digital skill x AI).

Everything that changes effort or errors beside the stated level of skill is asked for here. A department that states
none of it has no :class:`Abilities` at all.
"""

from __future__ import annotations

import datetime

from simkit.scenario.organization import Organization
from simkit.scenario.workforce import Ai
from simkit.teams.assets import Assets
from simkit.teams.growth import Growth
from simkit.teams.people import Person
from simkit.teams.staff.morale import Morale
from simkit.teams.tasks import Task
from simkit.teams.tuition import Tuition
from simkit.teams.work import Node


class Abilities:
    """The factors on effort and errors of everybody's passes."""

    def __init__(self, organization: Organization, people: list[Person], start: datetime.date):
        self.tuition = Tuition(organization, people, start)
        self._assets = Assets(organization.assets)
        self._growth = Growth(organization, people)
        self.morale = Morale(organization, organization.morale) if organization.morale is not None else None
        self._digital = organization.digital_skills.model_dump()
        self._ai = organization.ai
        self._share: dict[tuple[str, str, str], float] = {}

    @staticmethod
    def needed(organization: Organization) -> bool:
        """Whether anything differs from full professionals who neither learn nor use tools."""
        stated = any(person.experience != 1 or person.digital_skill != "medium" for person in organization.people)
        tables = (organization.learning, organization.ai, organization.tool_migration, organization.morale)
        rows = bool(organization.assets) or bool(organization.training)
        return stated or rows or organization.digital_skills.medium != 1 or any(tables)

    def effort_factor(self, task: Task, person: Person, now: int) -> float:
        """How much longer than at the stated level of skill a pass takes."""
        skill = used_skill(task, person)
        factor = self._growth.effort_factor(person, skill) / self._digital[person.table.digital_skill]
        factor *= self._assets.effort_factor(task, person, now) / self.tuition.speed(person, now)
        if self._ai is not None:
            use = self._use(self._ai, task.run.node, skill, person)
            factor *= self._ai.effort_factor(use, self._growth.experience(person, skill))
        if self.morale is not None:
            factor *= self.morale.effort_factor(person)
        return factor

    def wrong(self, internal: float, task: Task, person: Person) -> float:
        """The chance of an internal error, from that of a full professional."""
        skill = used_skill(task, person)
        internal *= self._growth.error_factor(person, skill) * self._assets.error_factor(task, person)
        if self._ai is not None:
            node = task.run.node
            beyond = self._of_step(self._ai, "off_frontier", node, skill)
            internal += self._use(self._ai, node, skill, person) * beyond * self._ai.off_frontier_error
        if self.morale is not None:
            internal *= self.morale.error_factor(person)
        return internal

    def building_seconds(self, task: Task, person: Person, now: int) -> int:
        """What a pass takes longer because something for later work is built with it."""
        return self._assets.building_seconds(task, person, now)

    def done(self, task: Task, person: Person, now: int) -> None:
        """The person has done a pass."""
        self._growth.practice(person, used_skill(task, person))
        self._assets.done(task, person, now)

    def given_up(self, task: Task) -> None:
        """Whoever goes on with a pass builds what was to be built with it."""
        self._assets.given_up(task)

    def replace(self, person: Person, experience: float) -> None:
        """Somebody new has the seat."""
        self._growth.replace(person, experience)
        self.tuition.replace(person)

    def _use(self, ai: Ai, node: Node, skill: str, person: Person) -> float:
        return _adoption(ai, person.table.ai_adoption) * self._of_step(ai, "exposure", node, skill)

    def _of_step(self, ai: Ai, what: str, node: Node, skill: str) -> float:
        key = (what, node.id, skill)
        if key not in self._share:
            named = getattr(ai, what)
            self._share[key] = named.get(node.id, named.get(skill, getattr(ai, f"{what}_elsewhere")))
        return self._share[key]


def used_skill(task: Task, person: Person) -> str:
    """Of the skills that will do, the one the person is best at."""
    if len(task.skills) == 1:
        return task.skills[0]
    return max((skill for skill in task.skills if skill in person.skills), key=lambda skill: person.skills[skill])


def _adoption(ai: Ai, own: float | None) -> float:
    return ai.adoption if own is None else own
