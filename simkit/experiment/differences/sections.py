"""A scenario in sections, so that one can be turned into another section by section.

Every key of the schema belongs to exactly one section. A ready structure (pods, hub-and-spoke) is first written out:
its people, units, lines of assignment and gates are then keys like any other. What no table here names is a section
of its own name, so that a new key of the schema is never forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from simkit.scenario.load import WHOLE_STUDY
from simkit.scenario.organization import Organization, Person, Teams
from simkit.scenario.schema import Scenario
from simkit.scenario.structure_tables import Unit, WrittenOut
from simkit.scenario.structures import organization

STUDY = "the study"
"""What holds for all alternatives of a file."""
PEOPLE, SKILLS, STRUCTURE, ASSIGNMENT = "people", "skills", "structure", "assignment"
STANDARDS, AUTHORITY, APPROVALS = "standards and shared learning", "authority", "approvals"
DEPARTMENT = "department"
"""The whole section `teams`, where it cannot be written out."""

SECTION_OF_FIELD = {
    **dict.fromkeys(WHOLE_STUDY, STUDY),
    "contact_policy": "contact policy",
    "campaigns": "programs",
    "journeys": "programs",
    "work": "programs",
    "occasions": "occasions and monitors",
    "monitors": "occasions and monitors",
    "steer_by": "steering",
    "leads": "leads and sales",
    "sales": "leads and sales",
}
"""Field of a scenario -> section, where it is not one of its own name."""
SECTION_OF_TEAMS = {
    "authority": AUTHORITY,
    "distance": "hand-offs",
    "intake": "hand-offs",
    "work": "work kinds",
    "errors": "work kinds",
    "primary_share": "desk rules",
    "desk": "desk rules",
    "attention": "desk rules",
    "wip_limit": "desk rules",
    "unit_wip_limit": "desk rules",
    "meetings": "meetings",
    "meeting_effect": "meetings",
    **dict.fromkeys(("learning", "digital_skills", "ai", "training", "absence", "assets", "tool_migration"),
                    "learning, tools and absence"),
    "transition": "cost of changing",
    "set_up": "cost of changing",
}  # fmt: skip
"""Field of `teams` -> section, where it is not one of its own name; people, structure and gates are taken apart."""
SHORT_FORMS: dict[str, Any] = {
    "headcount": None, "approvals": {}, "week": None, "holidays": None, "head": None, "experience": None,
    "digital_skill": None, "hourly_costs": {},
}  # fmt: skip
"""Fields of `teams` that only say shortly what the written-out tables say, and what says nothing."""
TAKEN_APART = {"structure", "people", "gates", *SHORT_FORMS}
WHO_DECIDES = ("approver", "delegate")
"""Of a gate; the rest is how it meets and what it finds."""
STANDARD = ("error_factor", "learning_shared")
"""Of a unit, where the firm has them alike in all units; else they belong to the units."""

Pieces = dict[str, dict[str, Any]]
"""Section -> key -> value."""


# --- written out ------------------------------------------------------------------------------------------


def department(scenario: Scenario) -> Organization:
    """The department with every table explicit."""
    return organization(scenario.teams, list(scenario.market.segments))


def written(scenario: Scenario) -> Teams | None:
    """The section `teams` with its structure written out, which makes the same department; None where none does."""
    made = department(scenario)
    units = tuple(_priced(unit, made) for unit in made.units)
    update = {
        **SHORT_FORMS,
        "people": tuple(person for person in made.people if person.unit not in _with_terms(made)),
        "structure": WrittenOut(units=units, assign=made.assign),
        "calendars": made.calendars,
        "gates": made.gates,
    }
    teams = scenario.teams.model_copy(update=update)
    again = organization(teams, list(scenario.market.segments))
    return teams if again == made.model_copy(update={"units": units}) else None


def _with_terms(made: Organization) -> set[str]:
    """Agencies whose people follow from their terms."""
    return {unit.id for unit in made.units if unit.agency is not None}


def _priced(unit: Unit, made: Organization) -> Unit:
    """An agency's unit with the prices that its factor stands for, which otherwise hang on who else is employed."""
    if unit.agency is None:
        return unit
    costs = {person.craft: person.hourly_cost for person in made.people if person.unit == unit.id}
    return unit.model_copy(update={"agency": unit.agency.model_copy(update={"hourly_costs": costs})})


# --- two scenarios in sections ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """Two scenarios, and every scenario between them.

    A person, or a gate, that only one of the two has belongs whole to `people`, or `approvals`.
    """

    first: Scenario
    second: Scenario

    @property
    def names(self) -> tuple[str, ...]:
        """Sections in which the two differ, but for what holds for a whole study."""
        return tuple(name for name in self.differing if name != STUDY)

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """Sections in which the two differ, in the order of the schema."""
        ours, theirs = self.pieces(self.first), self.pieces(self.second)
        return tuple(name for name in dict.fromkeys([*ours, *theirs]) if ours.get(name) != theirs.get(name))

    @cached_property
    def _written(self) -> tuple[Teams, Teams] | None:
        ours, theirs = written(self.first), written(self.second)
        return None if ours is None or theirs is None else (ours, theirs)

    def pieces(self, scenario: Scenario) -> Pieces:
        """What a scenario of the pair, or one between them, says in each section."""
        found: Pieces = {}
        for name in type(scenario).model_fields:
            if name != "teams":
                found.setdefault(section_of(name), {})[name] = getattr(scenario, name)
            elif self._written is None:
                found[DEPARTMENT] = {"teams": scenario.teams}
            else:
                for section, values in self._teams_pieces(self._long(scenario)).items():
                    found.setdefault(section, {}).update(values)
        return found

    def between(self, chosen: frozenset[str]) -> Scenario:
        """The first scenario with the chosen sections of the second; it may make no sense.

        The first for none of the differing sections, the second for all of them.
        """
        if not chosen & set(self.names):
            return self.first
        if chosen >= set(self.names):
            return self.second
        update = {
            name: getattr(self.second, name)
            for name in type(self.first).model_fields
            if name != "teams" and section_of(name) in chosen
        }
        teams = self.first.teams if self.first.teams == self.second.teams else self._teams(chosen)
        return self.first.model_copy(update={**update, "teams": teams})

    # --- the department -----------------------------------------------------------------------------------

    def _teams_pieces(self, teams: Teams) -> Pieces:
        people, units = teams.people or (), _units(teams)
        alike, shared = self._alike, self._shared_gates
        known = self._shared_people
        found: Pieces = {
            PEOPLE: {
                "order": tuple(one.id for one in people if one.id in known),
                **{f"people.{one.id}": _without(one, "skills", "unit") if one.id in known else one for one in people},
            },
            SKILLS: {one.id: one.skills for one in people if one.id in known},
            STRUCTURE: {
                "seats": {one.id: one.unit for one in people if one.id in known},
                "units": tuple(_without(unit, *STANDARD) if alike else unit for unit in units),
            },
            ASSIGNMENT: {"assign": _assign(teams)},
            STANDARDS: {name: getattr(units[0], name) for name in STANDARD} if alike else {},
            AUTHORITY: {f"gates.{name}": _only(teams.gates[name], *WHO_DECIDES) for name in shared},
            APPROVALS: {
                f"gates.{name}": _without(gate, *WHO_DECIDES) if name in shared else gate
                for name, gate in teams.gates.items()
            },
        }
        for name in type(teams).model_fields:
            if name not in TAKEN_APART:
                found.setdefault(SECTION_OF_TEAMS.get(name, name), {})[name] = getattr(teams, name)
        return found

    def _long(self, scenario: Scenario) -> Teams:
        """The section `teams` written out; a scenario between the two has it so."""
        ours, theirs = self._written or (scenario.teams, scenario.teams)
        if scenario.teams == self.first.teams:
            return ours
        return theirs if scenario.teams == self.second.teams else scenario.teams

    @cached_property
    def _alike(self) -> bool:
        """Whether standards are those of the whole firm in both scenarios."""
        return all(
            len({tuple(getattr(unit, name) for name in STANDARD) for unit in _units(teams)}) == 1
            for teams in self._written or ()
        )

    @cached_property
    def _shared_people(self) -> set[str]:
        ours, theirs = self._written or (None, None)
        return _ids(ours) & _ids(theirs)

    @cached_property
    def _shared_gates(self) -> list[str]:
        if self._written is None:
            return []
        return [name for name in self._written[0].gates if name in self._written[1].gates]

    def _teams(self, chosen: frozenset[str]) -> Teams:
        """The department with the chosen sections of the second."""
        if self._written is None:
            return (self.second if DEPARTMENT in chosen else self.first).teams
        ours, theirs = self._written

        def of(section: str) -> Teams:
            return theirs if section in chosen else ours

        plain = {
            name: getattr(theirs, name)
            for name in type(ours).model_fields
            if name not in TAKEN_APART and SECTION_OF_TEAMS.get(name, name) in chosen
        }
        units = _units(of(STRUCTURE))
        if self._alike:
            same = {name: getattr(_units(of(STANDARDS))[0], name) for name in STANDARD}
            units = tuple(unit.model_copy(update=same) for unit in units)
        structure = of(STRUCTURE).structure.model_copy(update={"units": units, "assign": _assign(of(ASSIGNMENT))})
        people = _seated(of(PEOPLE), of(SKILLS), of(STRUCTURE))
        gates = _decided(of(APPROVALS), of(AUTHORITY))
        return ours.model_copy(update={**plain, "structure": structure, "people": people, "gates": gates})


def section_of(field: str) -> str:
    """The section of a scenario's field, `teams` apart."""
    return SECTION_OF_FIELD.get(field, field.replace("_", " "))


def _seated(who: Teams, skilled: Teams, seats: Teams) -> tuple[Person, ...]:
    """The people of one department with the skills of a second and the seats of a third, where those know them."""
    skills = {one.id: one.skills for one in skilled.people or ()}
    units = {one.id: one.unit for one in seats.people or ()}
    return tuple(
        one.model_copy(update={"skills": skills.get(one.id, one.skills), "unit": units.get(one.id, one.unit)})
        for one in who.people or ()
    )


def _decided(meets: Teams, decides: Teams) -> dict[str, Any]:
    """The gates of one department, decided as in another where that has them."""
    return {
        name: gate.model_copy(update={key: getattr(decides.gates.get(name, gate), key) for key in WHO_DECIDES})
        for name, gate in meets.gates.items()
    }


def _units(teams: Teams) -> tuple[Unit, ...]:
    return teams.structure.units if isinstance(teams.structure, WrittenOut) else ()


def _assign(teams: Teams) -> tuple[Any, ...]:
    return teams.structure.assign if isinstance(teams.structure, WrittenOut) else ()


def _ids(teams: Teams | None) -> set[str]:
    return {one.id for one in (teams.people if teams else None) or ()}


def _without(table: Any, *names: str) -> Mapping[str, Any]:
    return {name: getattr(table, name) for name in type(table).model_fields if name not in names}


def _only(table: Any, *names: str) -> Mapping[str, Any]:
    return {name: getattr(table, name) for name in names}
