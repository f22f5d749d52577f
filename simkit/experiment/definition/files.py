"""The experiment file: a question, the scenario it is asked of, what is varied, what is looked at, how often.

Read as scenario files are: the same YAML, every mistake at once with file, line and column, and each value of a lever
is tried on the scenario before anything runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from simkit.experiment.definition.checks import checked, scenario_of, sense, tried, unheard
from simkit.experiment.definition.tables import Design, ExperimentFile, Factor, Range, Until
from simkit.scenario.complaints import place_of
from simkit.scenario.errors import Problem, ScenarioError
from simkit.scenario.extending import Declared
from simkit.scenario.load import Study, Template
from simkit.scenario.node import Node, Place, follow, plain
from simkit.scenario.overlay import node_of
from simkit.scenario.reading import parse, parse_option, read_text
from simkit.scenario.relative import is_relative


@dataclass(frozen=True)
class Experiment:
    """An experiment, read and checked."""

    path: Path
    name: str
    question: str
    scenario: Path
    sets: dict[str, Any]
    levers: dict[str, Factor]
    uncertainties: dict[str, Factor]
    outcomes: tuple[str, ...]
    directions: dict[str, str]
    """Which side is better, where the file says so."""
    design: Design | None
    """None: one case, the scenario as it is."""
    replications: int
    """Runs of each alternative in each case; the least of them when there is an `until`."""
    until: Until | None
    claims: tuple[Any, ...]
    """As written; their mistakes are said by :meth:`problem`."""
    alternatives: tuple[str, ...]
    study: Study = field(repr=False)
    """The scenario with `sets`, before any lever."""
    template: Template = field(repr=False)
    tree: Node = field(repr=False)
    texts: dict[str, str] = field(repr=False)
    """The experiment's text and those of the scenario's files."""
    options: tuple[str, ...] = ()
    """Overrides of the scenario that came with the call (`--set`)."""
    warnings: tuple[str, ...] = ()

    @property
    def factors(self) -> dict[str, Any]:
        """Levers, then uncertainties, in the plain form that designs take: a list, or a table with low and high."""
        return {
            path: one.model_dump(exclude_none=True) if isinstance(one, Range) else list(one)
            for path, one in {**self.levers, **self.uncertainties}.items()
        }

    def study_of(self, values: Mapping[str, Any], warn: bool = False) -> Study:
        """The scenario's alternatives with these values of the factors; an empty value stays as the scenario has it.

        Raises ScenarioError when they make no sense together.
        """
        place = Place(self.path.name)
        changes = [(path, _node(value, place)) for path, value in values.items() if not _empty(value)]
        found = self.template.study(changes, warn)
        kept = {name: found.alternatives[name] for name in self.alternatives if name in found.alternatives}
        return replace(found, alternatives=kept)

    def problem(self, path: Sequence[str | int], message: str) -> Problem:
        """A mistake in the file, at the deepest written value along the steps of `path`."""
        node, _ = follow(self.tree, path)
        return place_of(node).problem(message)


def load_experiment(
    path: str | Path, sets: Sequence[str] = (), extend: str | Path | Declared | None = None
) -> Experiment:
    """The experiment in a file; `sets` are overrides of its scenario, as of `simkit run --set`.

    Raises ScenarioError with every problem found, in the experiment and in its scenario; OSError for a file that
    cannot be read.

    >>> load_experiment("experiments/cadence/experiment.yaml").levers  # doctest: +SKIP
    """
    path = Path(path)
    shown = str(path)
    text = read_text(path, shown)
    problems: list[Problem] = []
    tree = parse(text, shown, problems)
    written, found = checked(tree)
    problems += found
    template, study = scenario_of(tree, path, sets, extend, problems)
    if written is not None:
        problems += sense(tree, written, study)
    warnings: tuple[str, ...] = ()
    if template is not None and study is not None:
        found, warnings = tried(tree, template, study, written.alternatives if written is not None else None)
        problems += found
    if problems or written is None or template is None or study is None:
        raise ScenarioError(list(dict.fromkeys(problems)))
    return _experiment(path, text, tree, written, template, study, tuple(sets), (*warnings, *unheard(written, sets)))


def _experiment(
    path: Path,
    text: str,
    tree: Node,
    written: ExperimentFile,
    template: Template,
    study: Study,
    options: tuple[str, ...],
    warnings: tuple[str, ...],
) -> Experiment:
    until = written.replications if isinstance(written.replications, Until) else None
    count = written.replications if isinstance(written.replications, int) else study.base.replications
    outcomes = written.outcomes if written.outcomes is not None else dict.fromkeys(study.base.outcomes)
    return Experiment(
        path=path,
        name=written.name or (path.parent.resolve().name if path.stem == "experiment" else path.stem),
        question=written.question or study.base.question,
        scenario=path.parent / written.scenario,
        sets=written.sets,
        levers={name: _plain_factor(tree, "levers", name, one) for name, one in written.levers.items()},
        uncertainties={
            name: _plain_factor(tree, "uncertainties", name, one) for name, one in written.uncertainties.items()
        },
        outcomes=tuple(outcomes),
        directions={name: better for name, better in outcomes.items() if better},
        design=written.design,
        replications=until.at_least if until else count,
        until=until,
        claims=written.claims,
        alternatives=tuple(name for name in study.alternatives if name in (written.alternatives or study.alternatives)),
        study=study,
        template=template,
        tree=tree,
        texts={path.name: text, **study.texts},
        options=options,
        warnings=warnings,
    )


def _plain_factor(tree: Node, section: str, name: str, factor: Factor) -> Factor:
    """Listed values as they were written, so that `+2` stays a change of what the scenario has."""
    if isinstance(factor, Range):
        return factor
    return tuple(_value(node) for node in tree.value[section].value[name].value)


# --- values ---------------------------------------------------------------------------------------------------


def _value(node: Node) -> Any:
    return node.text if is_relative(node) else plain(node)


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _node(value: Any, place: Place) -> Node:
    """A value of a case as if it had been written."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, str):
        return replace(parse_option(value, place), key=place)
    if isinstance(value, Iterable):
        return replace(node_of(value), place=place, key=place)
    return Node(value, place, key=place, text=str(value))
