"""Do the tables about people make sense? Every mistake names its place in the scenario."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from simkit.scenario.errors import SenseError
from simkit.scenario.naming import unique

if TYPE_CHECKING:
    from simkit.scenario.organization import Organization


def check_workforce(organization: Organization) -> None:
    """Raise SenseError for the first name that nothing has, and for dates in the wrong order."""
    _ai(organization)
    _who(organization)
    _assets(organization)
    _changing(organization)
    if organization.turnover is not None and organization.learning is None:
        raise SenseError("teams.turnover", "needs `learning: {}`: whoever comes would stay a beginner for ever")
    for person in organization.people:
        for first, last in person.vacation:
            if last < first:
                raise SenseError(f"teams.people[{person.id}].vacation", f"ends on {last}, before it begins on {first}")


def _ai(organization: Organization) -> None:
    if organization.ai is not None:
        names = _steps(organization) | {skill for person in organization.people for skill in person.skills}
        for table in ("exposure", "off_frontier"):
            for name in getattr(organization.ai, table):
                _known(f"teams.ai.{table}.{name}", "step or skill", name, names)


def _who(organization: Organization) -> None:
    """Meetings, trainings and the migration are for people and units there are."""
    names = [person.id for person in organization.people] + [unit.id for unit in organization.units]
    for table in ("meetings", "training"):
        rows = getattr(organization, table)
        ids = [row.id for row in rows]
        for row in rows:
            if ids.count(row.id) > 1:
                raise SenseError(f"teams.{table}", f"the id {row.id!r} appears twice")
            for name in row.who:
                _known(f"teams.{table}[{row.id}].who", "person or unit", name, names)
    for meeting in organization.meetings:
        _known(f"teams.meetings[{meeting.id}].calendar", "calendar", meeting.calendar, organization.calendars)
    if organization.tool_migration is not None:
        for name in organization.tool_migration.who:
            _known("teams.tool_migration.who", "person or unit", name, names)


def _assets(organization: Organization) -> None:
    unique("teams.assets", (asset.id for asset in organization.assets))
    for asset in organization.assets:
        for name in asset.steps:
            _known(f"teams.assets[{asset.id}].steps", "worked step", name, _steps(organization))
        for name in asset.kinds or ():
            _known(f"teams.assets[{asset.id}].kinds", "kind of work", name, organization.work)


def _changing(organization: Organization) -> None:
    """No more people are trained or hired than there are."""
    own = sum(person.unit not in organization.outside for person in organization.people)
    for name in ("trained", "hired"):
        count = getattr(organization.transition, name)
        if count is not None and count > own:
            raise SenseError(f"teams.transition.{name}", f"there are {own} own people, found {count}")


def _steps(organization: Organization) -> set[str]:
    return {step.id for kind in organization.work.values() for step in kind.steps if step.roles}


def _known(path: str, what: str, name: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"
        raise SenseError(path, f"no such {what}: {name!r}; {hint}")
