"""Names in a department: they exist, and no two things have the same."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from simkit.scenario.errors import SenseError


def known(path: str, what: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name in names:
        return
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"
    raise SenseError(path, f"no such {what}: {name!r}; {hint}")


def unique(path: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise SenseError(path, f"the id {name!r} appears twice")
        seen.add(name)
