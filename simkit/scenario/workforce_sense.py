"""Do the tables about people make sense? Every mistake names its place in the scenario."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from simkit.scenario.errors import SenseError

if TYPE_CHECKING:
    from simkit.scenario.organization import Organization


def check_workforce(organization: Organization) -> None:
    """Raise SenseError for the first name that nothing has."""
    _ai(organization)


def _ai(organization: Organization) -> None:
    if organization.ai is not None:
        names = _steps(organization) | {skill for person in organization.people for skill in person.skills}
        for table in ("exposure", "off_frontier"):
            for name in getattr(organization.ai, table):
                _known(f"teams.ai.{table}.{name}", "step or skill", name, names)


def _steps(organization: Organization) -> set[str]:
    return {step.id for kind in organization.work.values() for step in kind.steps if step.roles}


def _known(path: str, what: str, name: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"
        raise SenseError(path, f"no such {what}: {name!r}; {hint}")
