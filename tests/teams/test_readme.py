"""The page of the teams says what the code does: parts of a lead time, draws, and every default number of the `teams` section.

`PYTHONPATH=tests python tests/teams/test_readme.py --renew` writes the tables between their markers anew.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

import pytest
from pages import ROOT, claims_without_test, renew, section

from simkit.rng import Purpose
from simkit.scenario.organization import Teams
from simkit.scenario.quantity import Table, provenance_of
from simkit.teams.work import PARTS

README = ROOT / "simkit" / "teams" / "README.md"


def tables_in(annotation: Any) -> Iterator[tuple[str, type[Table]]]:
    """Every table that a field may hold, with what stands between its name and that of the table's fields."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield "", annotation
        return
    origin, inner = get_origin(annotation), get_args(annotation)
    below = ".*" if origin is dict else ""
    if origin is not None and (origin in (Union, types.UnionType, dict, tuple) or hasattr(annotation, "__metadata__")):
        for part in inner:
            yield from ((below + path, table) for path, table in tables_in(part))


def figures(table: type[Table], path: str, seen: set[type[Table]]) -> Iterator[tuple[str, Any, Any]]:
    """Path, default and provenance of every graded number in a table and those it holds, each table where it first
    stands; of several that may stand there the name is told."""
    for name, field in table.model_fields.items():
        known = provenance_of(field)
        if known is not None:
            yield f"{path}.{name}", field.default, known
        held = list(dict.fromkeys(tables_in(field.annotation)))
        for between, inner in held:
            if inner not in seen:
                seen.add(inner)
                variant = f" ({inner.__name__})" if len(held) > 1 else ""
                yield from figures(inner, f"{path}.{name}{between}{variant}", seen)


def parts() -> str:
    """The parts of a lead time as a table."""
    return "\n".join(
        ["| part | what it is |", "|---|---|", *(f"| `{part}` | {says} |" for part, says in PARTS.items())]
    )


def defaults() -> str:
    """Every default number of the `teams` section as a table."""
    rows = [
        f"| `{path}` | {'' if value is None else f'{value:g}'} | {known.unit} | "
        f"{'' if known.grade == 'convention' else f'{known.low:g} to {known.high:g}'} | {known.grade} | {known.source} |"
        for path, value, known in figures(Teams, "teams", set())
    ]
    return "\n".join(["| setting | default | unit | plausible | grade | source |", "|---|--:|---|---|---|---|", *rows])


def draws() -> str:
    """The purposes of all draws that the teams make."""
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "simkit" / "teams").rglob("*.py"))
    used = {Purpose[name] for name in re.findall(r"\bPurpose\.([A-Z_]+)", sources)}
    return ", ".join(f"`{purpose.name}`" for purpose in sorted(used)) + "."


SECTIONS = {"parts": parts, "draws": draws, "defaults": defaults}


# --- tests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SECTIONS)
def test_the_page_says_what_the_code_does(name):
    """Parts, draws and defaults are those of the code; `--renew` writes them anew."""
    assert section(README, name) == SECTIONS[name]()


def test_the_walk_over_the_section_finds_what_lies_deep():
    """Defaults inside gates, steps and structures, which are variants, mappings and tuples of tables."""
    found = {path for path, _, _ in figures(Teams, "teams", set())}
    for ending in (
        "errors.caught",
        "audit_share",
        "every_days",
        "second_skill_level",
        "internal_error",
        "lognormal.cv",
    ):
        assert any(path.endswith(ending) for path in found), ending


def test_tests_that_are_named_exist():
    """Every claim is held by a test of that name."""
    assert claims_without_test(README) == []


if __name__ == "__main__":
    renew(README, SECTIONS)
