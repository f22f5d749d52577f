"""The house keeps its order: imports point downward, only one file draws, nothing is executed that was read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "simkit").rglob("*.py"))
FLOORS = (
    {"cli", "commands", "app", "__main__"},
    {"report"},
    {"experiment"},
    {"simulation", "coupling", "measures", "extend"},
    {"fits"},
    {"customers", "teams"},
    {"scenario"},
    {"records", "rng"},
)
"""From the top to the ground. A room may use its own floor's and all lower ones."""
STRANGERS = {("customers", "teams"), ("teams", "customers")}
"""Rooms of one floor that never meet: all between them passes in `simulation`."""
UPWARD = {("experiment", "report")}
"""A result knows how to show and save itself: `Result.save`, `plot` and `_repr_html_` ask the report, when called."""
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_ATTRIBUTES = {
    ("pickle", "load"),
    ("pickle", "loads"),
    ("yaml", "load"),
    ("os", "system"),
    ("marshal", "loads"),
}


@cache
def parsed(path: Path) -> ast.Module:
    """A file as a tree; each is looked at by several tests."""
    return ast.parse(path.read_text(encoding="utf-8"))


def room(path: Path) -> str:
    """The folder or file directly below `simkit`."""
    parts = path.relative_to(ROOT / "simkit").with_suffix("").parts
    return parts[0]


def floor(name: str) -> int:
    """0 is the top; a new room is refused until it has its place in FLOORS."""
    found = [i for i, rooms in enumerate(FLOORS) if name in rooms]
    assert found, f"simkit/{name} has no floor yet"
    return found[0]


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module of simkit that is imported at run time, at any depth."""
    typed = {inner for node in ast.walk(tree) if _only_for_types(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if node in typed:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "simkit")


def _only_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def rooms_used(path: Path) -> set[str]:
    """The rooms that a file reaches into."""
    tree = parsed(path)
    names = {module.split(".")[1] for module in imports(tree) if module.startswith("simkit.")}
    return {name for name in names if (ROOT / "simkit" / name).exists() or (ROOT / "simkit" / f"{name}.py").exists()}


def allowed(here: str, there: str) -> bool:
    """Whether one room may use another."""
    return (here, there) in UPWARD or (floor(there) >= floor(here) and (here, there) not in STRANGERS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downward(path):
    """Lazy imports count as well."""
    if path == ROOT / "simkit" / "__init__.py":
        pytest.skip("the public API stands above all")
    here = room(path)
    wrong = sorted(there for there in rooms_used(path) if not allowed(here, there))
    assert wrong == []


@pytest.mark.parametrize(
    ("here", "there"),
    [("scenario", "customers"), ("customers", "teams"), ("teams", "customers"), ("rng", "scenario"), ("report", "cli")],
)
def test_the_rule_refuses_what_it_should(here, there):
    """The test above can fail."""
    assert not allowed(here, there)


def test_the_map_names_every_room():
    """The package's README has a row for each file and folder, and names each floor below the commands in its order."""
    page = (ROOT / "simkit" / "README.md").read_text(encoding="utf-8")
    mapped = {
        name for row in re.findall(r"^\| (`.+?`) \|", page, re.M) for name in re.findall(r"`(\w+)(?:\.py|/)`", row)
    }
    rooms = {room(path) for path in FILES} - {"__init__", "__main__"}
    assert rooms - mapped == set()
    order = page[page.index("Imports point downward") :].split(". ")[0]
    assert [room for names in FLOORS[1:] for room in names if f"`{room}`" not in order] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_rng_draws(path):
    """Every draw is keyed: no other generator exists in the package."""
    if path.name == "rng.py":
        return
    tree = parsed(path)
    assert draws(tree) == []


def draws(tree: ast.AST) -> list[int]:
    """Lines that reach for another source of random numbers."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            bad = any(alias.name in ("random", "secrets", "numpy.random") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            bad = node.module in ("random", "secrets", "numpy.random") or (
                node.module == "numpy" and any(alias.name == "random" for alias in node.names)
            )
        elif isinstance(node, ast.Attribute):
            bad = node.attr in ("default_rng", "rvs") or (
                node.attr == "random" and isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy")
            )
        else:
            bad = False
        if bad:
            found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "code",
    [
        "import random",
        "from random import random",
        "np.random.normal()",
        "from numpy import random",
        "x.default_rng(1)",
        "norm.rvs()",
    ],
)
def test_a_stray_draw_is_seen(code):
    """The test above can fail."""
    assert draws(ast.parse(code)) == [1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_was_read_is_executed(path):
    """No eval, no exec, no pickles, no loading of YAML objects."""
    assert executions(parsed(path)) == []


def executions(tree: ast.AST) -> list[int]:
    """Lines that could run what a file says."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in FORBIDDEN_CALLS:
            found.append(node.lineno)
        of_a_name = isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name)
        if of_a_name and (called.value.id, called.attr) in FORBIDDEN_ATTRIBUTES:
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("code", ["eval('1')", "exec('1')", "pickle.load(f)", "yaml.load(f)", "os.system('x')"])
def test_an_execution_is_seen(code):
    """The test above can fail."""
    assert executions(ast.parse(code)) == [1]
