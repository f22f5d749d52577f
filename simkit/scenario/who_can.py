"""Who can do what in a department: skills, and the units that may be asked for a home's work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simkit.scenario.organization import Organization, Person, Unit
from simkit.scenario.working_week import WEEKDAYS

_WEEK = 7 * 24 * 3600


def homes(organization: Organization) -> list[Unit]:
    return [unit for unit in organization.units if unit.serves is not None] or [organization.top]


def skills(organization: Organization) -> list[str]:
    return sorted({skill for person in organization.people for skill in person.skills})


def doers_of(organization: Organization, role: tuple[str, ...], home: str, least: int) -> set[str]:
    """Ids of the people who may fill a place for cases of a home unit."""
    places = places_of(organization, role, home, least)
    return {
        person.id
        for person in organization.people
        if any(skill in person.skills and person.unit in units for units, skill in places)
    }


def different_people(seats: Sequence[set[str]]) -> bool:
    """Whether every place can be filled by somebody of its own (a matching by augmenting paths)."""
    taken: dict[str, int] = {}

    def seat(place: int, tried: set[str]) -> bool:
        for person in sorted(seats[place] - tried):
            tried.add(person)
            if person not in taken or seat(taken[person], tried):
                taken[person] = place
                return True
        return False

    return all(seat(place, set()) for place in range(len(seats)))


def ever_together(organization: Organization, seats: Sequence[set[str]]) -> bool:
    """Whether at some moment of a week without holidays every place has somebody of its own who is on shift."""
    ids = set().union(*seats)
    shifts = {person.id: _shifts(organization, person) for person in organization.people if person.id in ids}
    for moment in sorted({opens for own in shifts.values() for opens, _ in own}):
        there = {who for who, own in shifts.items() if any((moment - opens) % _WEEK < length for opens, length in own)}
        if different_people([seat & there for seat in seats]):
            return True
    return False


def _shifts(organization: Organization, person: Person) -> list[tuple[int, int]]:
    """Second of the scenario's week at which each shift of a person opens, and its seconds (the first `fte` of it)."""
    week, found = organization.calendars[person.calendar], []
    for day in week.days:
        for opens, closes in week.hours:
            begins = round((WEEKDAYS.index(day) * 24 + opens - person.zone) * 3600) % _WEEK
            found.append((begins, round((closes - opens) * 3600 * person.fte)))
    return found


def can_do(organization: Organization, skill: str) -> bool:
    """Whether every case finds somebody with the skill, wherever its home is."""
    return bool(organization.assign) and all(
        scope_of(organization, skill, home.id) is not None for home in homes(organization)
    )


def scope_of(organization: Organization, skill: str, home: str, least: int = 1) -> frozenset[str] | None:
    """The units whose people do a skill's steps for cases of a home unit: the first assign line that fits.

    It fits when so many people there have the skill. An agency counts where a line names it; lines with a condition
    come on top (`teams/overflow.py`). None when nobody may.
    """
    outside = organization.outside
    for rule in organization.assign:
        if rule.when is not None or (rule.skills is not None and skill not in rule.skills):
            continue
        unit = {"home": home, "company": organization.top.id}.get(rule.scope, rule.scope.removeprefix("unit:"))
        units = frozenset().union(*(own_units_below(organization, name, outside) for name in (unit, *rule.also)))
        if sum(skill in person.skills and person.unit in units for person in organization.people) >= least:
            return units
    return None


def places_of(
    organization: Organization, role: tuple[str, ...], home: str, least: int = 1
) -> list[tuple[frozenset[str], str]]:
    """Where those are who may fill a place for cases of a home unit: units and skill, for each skill that will do.

    `least` people with the same skill are wanted at once; where no line has as many, what there is.
    """
    found = []
    for skill in role:
        units = scope_of(organization, skill, home, least) or scope_of(organization, skill, home)
        if units is not None:
            found.append((units, skill))
    return found


def own_units_below(organization: Organization, unit: str, outside: Mapping[str, str]) -> set[str]:
    """A unit and all units below it; of another company only where the unit itself belongs to it."""
    found = units_below(organization, unit)
    return found if unit in outside else found - set(outside)


def units_below(organization: Organization, unit: str) -> set[str]:
    """A unit and all units below it."""
    found = level = {unit}
    while level:
        level = {other.id for other in organization.units if other.parent in level} - found
        found = found | level
    return found
