"""What is wrong with an experiment: its own lines, its scenario, and every value of a lever tried on the scenario."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from pydantic import ValidationError

from simkit.experiment.definition.tables import KINDS, WORDS, Design, ExperimentFile, Range, Until
from simkit.scenario.complaints import place_of, problems_of
from simkit.scenario.errors import Problem, ScenarioError
from simkit.scenario.extending import Declared
from simkit.scenario.load import Study, Template
from simkit.scenario.node import Node, Place, follow, plain
from simkit.scenario.overlay import UNKNOWN_KEY, choices, did_you_mean
from simkit.scenario.relative import is_change
from simkit.scenario.scalars import shortened
from simkit.scenario.schema import MEASURE_NAMES

KEEP_BASE = ("sub_experiments", "one_at_a_time", "cases")
"""Designs in which a factor may stay as the scenario has it."""


def checked(tree: Node) -> tuple[ExperimentFile | None, list[Problem]]:
    """The file against its schema, the keys of its top in words of an experiment."""
    known = list(ExperimentFile.model_fields)
    problems = []
    for key in [key for key in tree.value if key not in known]:
        node = tree.value.pop(key)
        problems.append((node.key or node.place).problem(f"unknown key {key!r} in the experiment{choices(key, known)}"))
    if "scenario" not in tree.value:
        return None, [*problems, tree.place.problem("the key 'scenario' is missing: the scenario file that is varied")]
    try:
        return ExperimentFile.model_validate(plain(tree)), problems
    except ValidationError as error:
        return None, [*problems, *problems_of(error, tree, ExperimentFile)]


def scenario_of(
    tree: Node, path: Path, sets: Sequence[str], extend: str | Path | Declared | None, problems: list[Problem]
) -> tuple[Template | None, Study | None]:
    """The scenario with `sets`, or its problems."""
    node = tree.value.get("scenario")
    if node is None or not isinstance(node.value, str):
        return None, None
    file = path.parent / node.value
    outside = PurePosixPath(node.value).is_absolute() or PureWindowsPath(node.value).drive or node.value[:1] in "\\~"
    if outside or file.suffix not in (".yaml", ".yml"):
        problems.append(
            node.place.problem(f"scenario: expected a YAML file by its path from here, found {node.value!r}")
        )
        return None, None
    if not file.is_file():
        near = did_you_mean(file.name, [one.name for one in file.parent.glob("*.y*ml")])
        problems.append(node.place.problem(f"scenario: there is no file {node.value!r}{near}"))
        return None, None
    try:
        template = Template(file, sets, extend, laid(tree))
        return template, template.study()
    except ScenarioError as error:
        problems += error.problems
        return None, None


def laid(tree: Node) -> list[tuple[str, Node]]:
    """The `sets` of the file."""
    node = tree.value.get("sets")
    return list(node.value.items()) if node is not None and node.is_mapping else []


def sense(tree: Node, written: ExperimentFile, study: Study | None) -> Iterator[Problem]:
    """What no single value shows."""
    factors = {**written.levers, **written.uncertainties}
    if factors and written.design is None:
        yield _at(tree, "levers" if written.levers else "uncertainties").problem(
            f"factors are varied only by a design: add one, such as `design: grid` (allowed: {', '.join(KINDS)})"
        )
    if written.design and written.design.kind != "cases" and not factors:
        yield _at(tree, "design").problem("there is nothing to vary: add `levers` or `uncertainties`")
    if written.design:
        yield from _design_sense(tree, written.design, factors)
    for name in written.levers:
        if name in written.uncertainties:
            yield _at(tree, "uncertainties", name).problem(f"{name!r} is a lever already: ours to choose, or not ours")
    for section in ("levers", "uncertainties"):
        for name in getattr(written, section):
            if why := why_not_varied(name):
                yield _at(tree, section, name).problem(f"{section}.{name}: {why}")
    if study is not None:
        yield from _names(tree, written, study)


def why_not_varied(path: str) -> str:
    """Why runs of two cases cannot differ by it; nothing where they can."""
    if path == "seed":
        return "all cases meet the same luck; --seed gives all of them another"
    return "no run depends on it" if path.partition(".")[0] in WORDS else ""


def _design_sense(tree: Node, design: Design, factors: Mapping[str, Any]) -> Iterator[Problem]:
    if design.kind in ("grid", "sub_experiments") and design.n is None:
        for name in [name for name, one in factors.items() if isinstance(one, Range)]:
            section = "levers" if name in (tree.value.get("levers") or Node({}, tree.place)).value else "uncertainties"
            yield _at(tree, section, name).problem(
                f"{section}.{name}: a range has no values of its own; list them, or give the design `n`, its levels"
            )
    for i, group in enumerate(design.groups or ()):
        for j, name in enumerate(group):
            if name not in factors:
                yield _at(tree, "design", "groups", i, j).problem(
                    f"design.groups[{i}]: {name!r} is no lever and no uncertainty{choices(name, factors, 'there are')}"
                )


def _names(tree: Node, written: ExperimentFile, study: Study) -> Iterator[Problem]:
    """Outcomes and alternatives that do not exist."""
    extension = study.base.extended_by
    measures = [*MEASURE_NAMES, *(extension.measures if extension else ())]
    asked = [(name, ("outcomes", name)) for name in written.outcomes or ()]
    if isinstance(written.replications, Until):
        asked.append((written.replications.outcome, ("replications", "outcome")))
    for name, where in asked:
        if name not in measures:
            yield _at(tree, *where).problem(
                f"{where[0]}: nobody computes {name!r}{choices(name, sorted(measures), 'there are')}"
            )
    for i, name in enumerate(written.alternatives or ()):
        if name not in study.alternatives:
            yield _at(tree, "alternatives", i).problem(
                f"unknown alternative {name!r}{choices(name, study.alternatives, 'the scenario has')}"
            )


def _at(tree: Node, *steps: str | int) -> Place:
    node, taken = follow(tree, steps)
    return (node.key or node.place) if len(taken) < 2 else place_of(node)


# --- every value tried on the scenario ------------------------------------------------------------------------


def tried(
    tree: Node, template: Template, study: Study, taking_part: Sequence[str] | None = None
) -> tuple[list[Problem], tuple[str, ...]]:
    """Each value of each factor, alone, on the scenario; also said: factors that change no alternative taking part."""
    problems: list[Problem] = []
    idle = []
    for section in ("levers", "uncertainties"):
        table = tree.value.get(section)
        for path, node in (table.value if table is not None and table.is_mapping else {}).items():
            found, moves = _tried_factor(template, study, path, node, taking_part or list(study.alternatives))
            problems += found
            if not found and not moves:
                idle.append(f"{path} changes nothing: every alternative sets it itself, or its values are the same")
    return problems, tuple(idle)


def _tried_factor(
    template: Template, study: Study, path: str, node: Node, names: Sequence[str]
) -> tuple[list[Problem], bool]:
    moved = False
    for value in _probes(node):
        try:
            found = template.study([(path, value)], warn=False)
        except ScenarioError as error:
            return [_blamed(one, path, value, node) for one in error.problems], True
        moved = moved or any(found.alternatives.get(name) != study.alternatives.get(name) for name in names)
    return [], moved


def unheard(written: ExperimentFile, sets: Sequence[str]) -> tuple[str, ...]:
    """What is said of options that no case hears of, because a factor of the same path has a value in each."""
    if written.design is None or written.design.kind in KEEP_BASE:
        return ()
    factors = {"lever": written.levers, "uncertainty": written.uncertainties}
    paths = [option.partition("=")[0].strip() for option in sets]
    return tuple(
        f"--set {path} changes no case: it is {article} {kind} here, which has a value in each"
        for path in paths
        for (kind, table), article in zip(factors.items(), ("a", "an"), strict=True)
        if path in table and not _has_changes(table[path])
    )


def _has_changes(factor: Any) -> bool:
    """Whether a list has changes (`-20%`) among its values, which are laid over what the scenario has."""
    return not isinstance(factor, Range) and any(is_change(str(one)) for one in factor)


def _probes(node: Node) -> Iterator[Node]:
    """Values to try: all that are listed; of a range both ends and what lies between."""
    if node.is_list:
        yield from (replace(one, key=one.place) for one in node.value)
        return
    try:
        span = Range.model_validate(plain(node))
    except ValidationError:
        return  # said already
    for name in ("low", "high"):
        yield replace(node.value[name], key=node.value[name].place)
    inner = span.low + (math.sqrt(5) - 1) / 2 * (span.high - span.low)
    inner = round(inner) if span.whole else inner
    yield Node(inner, node.place, key=node.key, text=str(inner))


def _blamed(problem: Problem, path: str, value: Node, node: Node) -> Problem:
    """A value that is refused is a mistake of the experiment, also when the scenario's own line shows it."""
    place = value.key or value.place
    if node.is_mapping and place == (node.key or node.place) and "a whole number" in problem.message:
        return place.problem(f"{path} takes whole numbers only; add `integer: true`")
    if problem.message.startswith(UNKNOWN_KEY):
        return (node.key or place).problem(f"{path}: {problem.message}")
    if Place(problem.file, problem.line, problem.column) == place:
        return problem
    return place.problem(f"{path} = {shortened(plain(value))}: {problem.message} ({problem.file}:{problem.line})")
