"""Agencies: whom they bring, what an hour of theirs costs, and how many own people a hybrid does without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from simkit.scenario import retail_department as retail
from simkit.scenario.errors import SenseError
from simkit.scenario.organization import Organization, Person
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.structure_tables import AgencyTerms, Unit
from simkit.scenario.working_week import WorkingWeek

MONTHS_PER_YEAR = 12


def agency_people(units: Iterable[Unit], own: Sequence[Person]) -> list[Person]:
    """The people of every agency that has terms; of an unlimited one the first of each craft, who stands for all."""
    found = []
    for unit in units:
        terms = unit.agency
        if terms is None:
            continue
        for skill in terms.skills or ():
            count = 1 if terms.limit == "unlimited" else terms.limit
            cost = terms.hourly_costs.get(skill, terms.hourly_factor * _own_cost(skill, own))
            found += [
                Person(id=f"{unit.id}-{skill}-{i + 1}", skills={skill: terms.level}, unit=unit.id, hourly_cost=cost)
                for i in range(count)
            ]
    return found


def _own_cost(skill: str, own: Sequence[Person]) -> float:
    """Mean cost per hour of the own people of a craft, else of those who have the skill at all."""
    costs = [person.hourly_cost or 0.0 for person in own if person.craft == skill]
    costs = costs or [person.hourly_cost or 0.0 for person in own if skill in person.skills]
    return fmean(costs) if costs else retail.OTHER_HOURLY_COST.value


def do_without(people: Sequence[Person], head: str, fewer: int) -> tuple[list[Person], list[Person]]:
    """Who stays and who does not: one after another the last of the largest craft, never the head."""
    kept, gone = list(people), list[Person]()
    for _ in range(fewer):
        crafts: dict[str, list[Person]] = {}
        for person in kept:
            crafts.setdefault(person.craft, []).append(person)
        largest = max(crafts.values(), key=len)
        leaving = next((person for person in reversed(largest) if person.id != head), None)
        if leaving is None or len(largest) < 2:
            raise SenseError(
                "teams.structure.fewer_people",
                f"at most {len(gone)} of {len(people)} people can be done without: one of each craft and the head stay",
            )
        kept.remove(leaving)
        gone.append(leaving)
    return kept, gone


def in_place_of(terms: AgencyTerms, gone: Sequence[Person], calendars: Mapping[str, WorkingWeek]) -> AgencyTerms:
    """The terms with the monthly minimum that the payroll of those who are not there pays for."""
    minimum = terms.minimum_per_month
    if minimum is None:
        per_day = sum(cost_per_day(person, calendars) for person in gone)
        minimum = per_day * DAYS_PER_YEAR / MONTHS_PER_YEAR
    return terms.model_copy(update={"minimum_per_month": minimum, "stands_in_for": len(gone)})


def cost_per_day(person: Person, calendars: Mapping[str, WorkingWeek]) -> float:
    """Currency per average calendar day: salaries are paid on holidays too."""
    week = calendars.get(person.calendar) or calendars["office"]
    return week.weekly_hours / 7 * person.fte * (person.hourly_cost or 0.0)


def means(organization: Organization) -> tuple[int, float]:
    """Heads and currency per calendar day that a structure is given: the own people, and agencies' monthly minimums
    with the heads they stand in for. What an agency bills above its minimum is no means but a result."""
    terms = [unit.agency for unit in organization.units if unit.agency is not None]
    heads = sum(person.unit not in organization.outside for person in organization.people)
    minimums = minimums_per_year(organization) / DAYS_PER_YEAR
    return heads + sum(one.stands_in_for for one in terms), organization.payroll_per_day + minimums


def minimums_per_year(organization: Organization) -> float:
    """Currency that agencies are owed in a year whatever they do."""
    terms = [unit.agency for unit in organization.units if unit.agency is not None]
    return sum((one.minimum_per_month or 0.0) * MONTHS_PER_YEAR for one in terms)


def known_skills(units: Iterable[Unit], organization: Organization, written: bool) -> None:
    """Raise SenseError for an agency's craft that no step asks for; `written` out are its terms in the unit."""
    asked = {
        skill
        for kind in organization.work.values()
        for step in kind.steps
        for role in step.roles
        for skill in role
    }  # fmt: skip
    for unit in units:
        for skill in unit.agency.skills or () if unit.agency is not None else ():
            if skill not in asked:
                raise SenseError(
                    f"teams.structure.units[{unit.id}].agency.skills" if written else "teams.structure.agency.skills",
                    f"no step asks for {skill!r}; steps ask for {', '.join(sorted(asked))}",
                )
