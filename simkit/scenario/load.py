"""From a scenario file to checked alternatives: everything that is wrong is said at once, with its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from simkit.scenario.checking import check, unequal_means, value_at, warnings_of
from simkit.scenario.errors import Problem, ScenarioError
from simkit.scenario.extending import Declared, find
from simkit.scenario.node import Node, Place, leaves, places, plain, steps_of
from simkit.scenario.outcomes import outcome_problems
from simkit.scenario.overlay import DEFAULTS, Overlay, choices, nest, undot
from simkit.scenario.reading import parse_option
from simkit.scenario.scalars import shortened
from simkit.scenario.schema import Scenario
from simkit.scenario.sources import PRESET_SUFFIX, Sources

WHOLE_STUDY = (
    "name", "question", "base_name", "currency", "start", "horizon", "warmup", "seed", "replications", "outcomes",
    "goals", "targets", "checks", "alternatives", "extends",
)  # fmt: skip
"""Keys that hold for all alternatives: a comparison is between like and like."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ -]{0,59}")
_ALTERNATIVES = "alternatives"
_ASKED_BY_OTHERS = {"channels"}
"""Sections on which the defaults of others depend: without a channel there are none of its campaigns."""


@dataclass(frozen=True)
class Study:
    """A scenario file, resolved: its base and its alternatives, each complete and checked."""

    path: Path
    base: Scenario
    alternatives: dict[str, Scenario]
    """By name in the order of the file; the base is the first."""
    warnings: list[str]
    """What is allowed and may still mislead."""
    texts: dict[str, str]
    """Every file that was read, as it was."""
    written: set[str]
    """Dotted paths that the user, and no preset, wrote for the base."""
    sets: tuple[str, ...] = ()
    """Overrides it was loaded with, as they were given."""

    @property
    def extension(self) -> Declared | None:
        """The extension it was loaded with."""
        return self.base.extended_by


def load(path: str | Path, sets: Sequence[str] = (), extend: str | Path | Declared | None = None) -> Study:
    """The study in a scenario file; `sets` are overrides such as ``market.customers=5000``.

    `extend` names the file of an extension (`simkit/extend.py`), whose parameters the scenario then may set under
    `extension`. Every run of the study uses it.

    Raises ScenarioError with every problem found, OSError when a file cannot be read.

    >>> load("scenarios/retail.yaml", ["contact_policy.gap=2 days"]).base.contact_policy.gap
    2.0
    """
    return Template(path, sets, extend).study()


class Template:
    """A scenario file read once, to be resolved under many changes: the cases of an experiment.

    `values` are dotted paths laid over the file before `sets` are: an experiment's own, which an option may change.

    Raises as :func:`load` for a file that cannot be read; what is wrong with values is said by :meth:`study`.
    """

    def __init__(
        self,
        path: str | Path,
        sets: Sequence[str] = (),
        extend: str | Path | Declared | None = None,
        values: Sequence[tuple[str, Node]] = (),
    ):
        path = Path(path)
        sources = Sources(path.parent.resolve(), path.parent)
        layers = sources.chain(path, str(path))
        extension = find(extend)
        self._plan = _Plan(path, sources, extension.scenario_class if extension else Scenario)
        for layer in layers:
            self._plan.add_file(layer)
        for where, value in values:
            self._plan.add_value(where, value)
        for option in sets:
            self._plan.add_option(option)
        self._sets = tuple(sets)

    def study(self, changes: Sequence[tuple[str, Node]] = (), warn: bool = True) -> Study:
        """The study with dotted paths laid over it, each as a `--set` would be, its mistakes at the node's place.

        `warn` says whether warnings are looked for, which takes as long as the rest.
        """
        plan = self._plan.again()
        for path, value in changes:
            plan.add_value(path, value)
        return replace(plan.study(warn), sets=self._sets)


@dataclass(frozen=True)
class _Layer:
    """A tree laid over the ones before it."""

    tree: Node
    grounded: bool = True


class _Plan:
    """The layers of base and alternatives, before anything is merged."""

    def __init__(self, path: Path, sources: Sources, schema: type[Scenario]):
        self.path, self.sources, self.schema = path, sources, schema
        self.base: list[_Layer] = [_Layer(_named(path), grounded=False)]
        self.alternatives: dict[str, list[_Layer]] = {}
        self.options: list[tuple[str, Place, Node]] = []
        self.problems: list[Problem] = []
        self.remarks: list[str] = []
        self._merged: _Ground | None = None
        self._shared = 0
        """How many of the base's layers it stands for."""

    def ground(self) -> _Ground:
        """What the base's layers come to, as far as they were there when this was first asked."""
        if self._merged is None:
            nothing = Node({}, Place(str(self.path), 1, 1))
            first = _Ground(nothing, _Held(self.schema, nothing))
            self._merged, self._shared = first.under(self.base, nothing.place), len(self.base)
        return self._merged

    def again(self) -> _Plan:
        """The same layers, to lay others over them."""
        plan = _Plan(self.path, self.sources, self.schema)
        plan._merged, plan._shared = self.ground(), self._shared
        plan.base, plan.alternatives = list(self.base), {name: list(one) for name, one in self.alternatives.items()}
        plan.options, plan.problems = list(self.options), list(self.problems)
        return plan

    def add_file(self, tree: Node) -> None:
        """The next file of the chain, the furthest ancestor first."""
        if tree.place.file != str(self.path):
            tree.value.pop("name", None)  # a preset's name is not the name of what extends it
        alternatives = tree.value.pop(_ALTERNATIVES, None)
        self.problems += outcome_problems(tree)
        self.base.append(_Layer(tree, grounded=len(self.base) > 1))
        if alternatives is not None:
            self._add_alternatives(alternatives)

    def _add_alternatives(self, table: Node) -> None:
        if not table.is_mapping:
            if table.value is not None:
                self._complain(
                    table.place, f"alternatives: expected a table of overlays by name, found {shortened(plain(table))}"
                )
            return
        for name, body in table.value.items():
            self._add_alternative(name, body)

    def _add_alternative(self, name: str, body: Node) -> None:
        if not _NAME.fullmatch(name):
            self._complain(
                body.key or body.place,
                f"the name {name!r} of an alternative: allowed are up to 60 letters, digits, '_', '-' and spaces",
            )
            return
        if body.value is None:
            body = replace(body, value={})
        if not body.is_mapping:
            self._complain(
                body.place, f"alternatives.{name}: expected a table of changes, found {shortened(plain(body))}"
            )
            return
        body = undot(body)
        self.problems += outcome_problems(body)
        self._refuse_whole_study(name, body)
        self.alternatives.setdefault(name, []).append(_Layer(body))

    def _refuse_whole_study(self, name: str, body: Node) -> None:
        for key in [key for key in WHOLE_STUDY if key in body.value]:
            node = body.value.pop(key)
            self._complain(
                node.key or node.place, f"{key!r} holds for all alternatives and cannot stand in one ({name!r})"
            )

    def add_option(self, option: str) -> None:
        """A `--set`."""
        place = Place(f"--set {option}")
        path, equals, text = option.partition("=")
        if not equals or not steps_of(path):
            self._complain(place, "expected a dotted path, '=' and a value, such as market.customers=5000")
            return
        try:
            value = parse_option(text.strip(), place)
        except ScenarioError as error:
            self.problems += error.problems
            return
        self.add_value(path.strip(), replace(value, key=place))

    def add_value(self, path: str, value: Node) -> None:
        """A value at a dotted path, laid over the base or over the alternative that the path names."""
        place, steps = value.key or value.place, steps_of(path)
        if not steps:
            self._complain(place, f"expected a dotted path such as market.customers, found {path!r}")
            return
        try:
            tree = self.sources.place_tables(nest(path, value), self.path.parent)
        except ScenarioError as error:
            self.problems += error.problems
            return
        if steps[0] == "extends":
            self._complain(place, "extends is written in the file")
        elif steps[0] == _ALTERNATIVES:
            self._add_value_of_alternative(place, steps, tree)
        else:
            self.problems += outcome_problems(tree)
            self.base.append(_Layer(tree))

    def _add_value_of_alternative(self, place: Place, steps: list[str], tree: Node) -> None:
        if len(steps) < 3:
            self._complain(place, "expected alternatives.NAME.path=value")
            return
        body = tree.value[_ALTERNATIVES].value[steps[1]]
        self.problems += outcome_problems(body)
        self._refuse_whole_study(steps[1], body)
        self.options.append((steps[1], place, body))

    def study(self, warn: bool) -> Study:
        """Merge, check and give everything back, or raise all problems."""
        shared = self.ground()
        tree, base = self._resolve(shared, self.base[self._shared :])
        base_name = str(plain(tree).get("base_name") or Scenario.model_fields["base_name"].default)
        named = {base_name: [], **self.alternatives}
        self._check_names(tree, base_name)
        for name, place, body in self.options:
            if name in named:
                named[name] = [*named[name], _Layer(body)]
            else:
                self._complain(place, f"unknown alternative {name!r}{choices(name, named, 'there are')}")
        ground = _Ground(tree, _Held(self.schema, tree, base))
        checked = {name: self._alternative(name, ground, base, layers) for name, layers in named.items()}
        unread = {_place(problem) for problem in self.sources.problems}  # what stands there was never understood
        self.problems = self.sources.problems + [p for p in self.problems if _place(p) not in unread]
        if self.problems:
            raise ScenarioError(list(dict.fromkeys(self.problems)))
        scenarios = {name: scenario for name, scenario in checked.items() if scenario is not None}
        assert base is not None
        return Study(
            path=self.path,
            base=base,
            alternatives=scenarios,
            warnings=[*self.remarks, *_warnings(scenarios, base_name)] if warn else [],
            texts=self.sources.texts,
            written=_written(tree),
        )

    def _check_names(self, tree: Node, base_name: str) -> None:
        if base_name in self.alternatives:
            place = self.alternatives[base_name][0].tree.key or tree.place
            self._complain(place, f"{base_name!r} is the name of the base; rename the alternative, or set base_name")

    def _alternative(self, name: str, ground: _Ground, base: Scenario | None, layers: list[_Layer]) -> Scenario | None:
        if not layers:
            return base
        before, told = list(self.problems), len(self.remarks)
        _, scenario = self._resolve(ground, layers)
        self.remarks[told:] = [f"{name}: {remark}" for remark in self.remarks[told:]]
        own = {place for layer in layers for place in places(layer.tree)}
        known = {_place(problem) for problem in before}
        new = [p for p in self.problems[len(before) :] if _place(p) in own or _place(p) not in known]
        self.problems = before + [p if _place(p) in own else _in(name, p) for p in new]
        return scenario

    def _resolve(self, ground: _Ground, layers: list[_Layer]) -> tuple[Node, Scenario | None]:
        """The layers laid one over the other, and checked."""
        ground = ground.under(layers, Place(str(self.path), 1, 1))
        scenario, problems = check(ground.tree, self.schema)
        self.remarks += [remark for overlay in ground.overlays for remark in overlay.remarks]
        unmerged = [problem for overlay in ground.overlays for problem in overlay.problems_beside(problems)]
        said = {_place(problem) for problem in unmerged}
        # a value that could not be merged is no news when the schema refuses it too
        self.problems += unmerged + [problem for problem in problems if _place(problem) not in said]
        return ground.tree, scenario

    def _complain(self, place: Place, message: str) -> None:
        self.problems.append(place.problem(message))


class _Held:
    """What the scenario holds below an overlay, defaults included.

    It is made when a short form or a change asks, and anew only when the section they ask for has changed since: a case
    of an experiment changes a few numbers of a scenario that is long known.
    """

    def __init__(self, schema: type[Scenario], tree: Node, scenario: Scenario | None = None):
        self._schema, self._tree, self._scenario = schema, tree, scenario
        self._changed: set[str] = set()

    def __call__(self, path: str) -> Any:
        changed = self._changed
        if self._scenario is None or steps_of(path)[0] in changed or not changed.isdisjoint(_ASKED_BY_OTHERS):
            self._changed = set()
            try:
                self._scenario = self._schema.model_validate(plain(self._tree))
            except ValidationError:
                self._scenario = self._schema()  # what is wrong with it is said elsewhere
        return value_at(self._scenario, path)

    def after(self, tree: Node, over: Node) -> _Held:
        """What is held when a tree has been laid over, which has made this one of it."""
        held = _Held(self._schema, tree, self._scenario)
        held._changed = self._changed | set(over.value)
        return held


@dataclass(frozen=True)
class _Ground:
    """What some layers come to, for others to be laid over."""

    tree: Node
    held: _Held
    overlays: tuple[Overlay, ...] = ()
    """What could not be merged so far."""

    def under(self, layers: Sequence[_Layer], top: Place) -> _Ground:
        """With more layers; the whole stands at the place `top`."""
        tree, held, overlays = self.tree, self.held, list(self.overlays)
        for layer in layers:
            overlays.append(Overlay(held, layer.grounded))
            tree = replace(overlays[-1].merge(tree, layer.tree), place=top, key=None)
            held = held.after(tree, layer.tree)
        return _Ground(tree, held, tuple(overlays))


def _named(path: Path) -> Node:
    """A scenario is called like its file unless it says otherwise."""
    place = Place(DEFAULTS)
    return Node({"name": Node(path.stem[:80] or "scenario", place)}, place)


def _place(problem: Problem) -> Place:
    return Place(problem.file, problem.line, problem.column)


def _in(name: str, problem: Problem) -> Problem:
    return replace(problem, message=f"{problem.message} (in alternative {name!r})")


def _warnings(scenarios: dict[str, Scenario], base_name: str) -> list[str]:
    """What all say once; what only an alternative says under its name."""
    notes: list[str] = []
    for name, scenario in scenarios.items():
        said = [*warnings_of(scenario), *unequal_means(scenarios[base_name], scenario)]
        notes += [note if name == base_name else f"{name}: {note}" for note in said if note not in notes]
    return list(dict.fromkeys(notes))


def _written(tree: Node) -> set[str]:
    return {
        path
        for path, node in leaves(tree)
        if node.place.file != DEFAULTS and not node.place.file.endswith(PRESET_SUFFIX)
    }
