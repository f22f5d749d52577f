"""What a researcher's own file changes about the customers: fields, counters, rules and stages of the day.

An extension is a list of declarations (`Extension`); both drivers read from it how a person's record, the ledger and
the world are laid out (`Layout`), and in which order which rules run. Without one, all of it is the shipped one.
"""

from __future__ import annotations

import inspect
import keyword
from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from simkit.customers import state, tables
from simkit.customers.day import DAY, Replacement, Rule, Stage, day_rules
from simkit.rng import Purpose, crc, run_key, uniforms
from simkit.scenario.extending import SECTION, Declared, ExtensionError
from simkit.scenario.overlay import choices
from simkit.scenario.schema import MEASURE_NAMES, Scenario

KINDS = ("i1", "i2", "i4", "i8", "f8")
"""What a field may be: whole numbers of 1, 2, 4 or 8 bytes, or a 64-bit float. (32-bit floats would round otherwise
in the two drivers.)"""
TAKEN = {
    "model", "unique_id", "pos", "random", "rng", "scenario", "advance", "remove", "step", "create_agents",
    "from_dataframe", "pass_through",
}  # fmt: skip
"""Names that a person of the Mesa driver has besides the fields of the record."""
_AnyRule = TypeVar("_AnyRule", bound=Rule)
Start = Callable[[np.ndarray, "Draws", Any], Any]
"""The values of a field at the start: ``start(people, draw, my)`` -> one number for each person."""


@dataclass(frozen=True)
class Field:
    """A field added to every person."""

    name: str
    kind: str
    start: float | Start
    does: str


@dataclass(frozen=True)
class Counter:
    """A place of the day's ledger: column of the daily table, ledger units per unit of it."""

    name: str
    place: int
    scale: float


@dataclass(frozen=True)
class Layout:
    """How the records are laid out that rules get: a person, the scratch, the world."""

    customer: np.dtype = state.CUSTOMER_DTYPE
    scratch: np.dtype = state.SCRATCH_DTYPE
    world: np.dtype = tables.WORLD_DTYPE

    @property
    def totals(self) -> int:
        """Length of a day's ledger."""
        return self.scratch["total"].shape[0]


SHIPPED = Layout()


class Draws:
    """Keyed uniforms for everyone, as :attr:`Field.start` gets them."""

    def __init__(self, people: np.ndarray, spaces: list[int], key: tuple[int, int]):
        self._people, self._spaces, self._key = people, spaces, key

    def __call__(self, purpose: int, k: int = 0, what: int = 0) -> np.ndarray:
        """One uniform in (0, 1) for each person; `purpose` is an extension's own, 60000 or more."""
        if not int(Purpose.EXTENSION) <= purpose <= 0xFFFF:
            raise ExtensionError(f"purposes of an extension lie in {int(Purpose.EXTENSION)}..65535, found {purpose}")
        drawn = np.empty(len(self._people))
        for position, space in enumerate(self._spaces):
            own = self._people["segment"] == position
            drawn[own] = uniforms(self._key, self._people["index"][own], what, int(purpose), k, space)
        return drawn


class Extension(Declared):
    """What one file adds to the model. Made at the top of the file; decorators and methods add to it.

    >>> extension = Extension("customers collect points")
    >>> extension.field("points", "i8", does="points on the account")
    >>> @extension.stage(after="buy", does="points for today's purchases")
    ... def collect(c, w, s):
    ...     if c.last_purchase_day >= w.today.day:
    ...         c.points += 10
    """

    def __init__(self, does: str):
        """`does` says in a sentence what the file is for."""
        super().__init__(does)
        self.fields: dict[str, Field] = {}
        self.counters: dict[str, Counter] = {}
        self.replaced: dict[str, Rule] = {}
        self.inserted: dict[str, Rule] = {}
        self.day: tuple[Stage, ...] = DAY

    def __repr__(self) -> str:
        return f"Extension({self.does!r}: {'; '.join(self.changes()) or 'changes nothing'})"

    # --- what a file declares -----------------------------------------------------------------------------

    def field(self, name: str, kind: str, start: float | Start = 0, does: str = "") -> None:
        """A field of every person, ``c.<name>`` in rules and a column of ``run.customers``.

        `kind` is i1, i2, i4, i8 or f8. `start` is its value before aging: a number, or a function
        ``start(people, draw, my)`` of all persons (an array of records), keyed uniforms (`Draws`) and the
        parameters, that returns one number for each.
        """
        self._new_name("field", name, [*(state.CUSTOMER_DTYPE.names or ()), *TAKEN, *self.fields])
        if kind not in KINDS:
            raise ExtensionError(f"the field {name!r}: no kind is called {kind!r}; kinds: {', '.join(KINDS)}")
        self.fields[name] = Field(name, kind, start, does)

    def counter(self, name: str, scale: float = 1.0) -> int:
        """A column of the ledger and of ``run.daily``; returns its place, for ``s.total[place] += 1`` in rules.

        Rules add whole numbers, or the order of adding would show. `scale` is ledger units per unit of the column:
        with 100, ``s.total[place] += int(amount * 100.0 + 0.5)`` counts hundredths. Columns are the real market's,
        as all are.
        """
        self._new_name("counter", name, [*state.ledger_names({}, {}, {}, {}), *self.counters])
        if not scale > 0:
            raise ExtensionError(f"the counter {name!r}: scale is more than 0, found {scale!r}")
        self.counters[name] = Counter(name, state.TOTALS + len(self.counters), float(scale))
        return self.counters[name].place

    def rule(self, name: str) -> Callable[[_AnyRule], _AnyRule]:
        """Decorator: the function takes the place of the rule of that name."""
        names = [*(stage.name for stage in DAY if stage.phase != "allocate"), "age"]
        if name not in names:
            raise ExtensionError(f"no rule is called {name!r}{choices(name, names, 'rules')}")
        if name in self.replaced:
            raise ExtensionError(f"the rule {name!r} is replaced already")

        def replace(function: _AnyRule) -> _AnyRule:
            self.replaced[name] = _checked_rule(function)
            return function

        return replace

    def stage(
        self, *, after: str | None = None, before: str | None = None, does: str = ""
    ) -> Callable[[_AnyRule], _AnyRule]:
        """Decorator: the function is a stage of the day, called like it, right after or before another.

        The other is a stage of `propose` or `live` (``simkit explain --day`` lists them), or one inserted before.
        """
        if (after is None) == (before is None):
            raise ExtensionError("say after which stage or before which, one of them")
        other = after or before or ""
        places = [i for i, stage in enumerate(self.day) if stage.name == other]
        if not places:
            raise ExtensionError(f"no stage is called {other!r}{choices(other, [s.name for s in self.day], 'stages')}")
        phase = self.day[places[0]].phase
        if phase == "allocate":
            raise ExtensionError(f"{other!r} is no stage of one person's day; insert into propose or live")

        def insert(function: _AnyRule) -> _AnyRule:
            name = function.__name__
            self._new_name("stage", name, [*(stage.name for stage in self.day), "age"])
            self.inserted[name] = _checked_rule(function)
            at = places[0] + (after is not None)
            stage = Stage(phase, name, does or _does(function))
            self.day = (*self.day[:at], stage, *self.day[at:])
            return function

        return insert

    def measure(self, measure: Any) -> Any:
        """A figure of each run (`simkit.measures.catalog.Measure`), reported beside the shipped ones."""
        self._new_name("measure", measure.name, [*MEASURE_NAMES, *self.measures])
        self.measures[measure.name] = measure
        return measure

    def changes(self) -> list[str]:
        """What it adds and replaces, a phrase each."""
        by_name = {stage.name: i for i, stage in enumerate(self.day)}
        parameters = ", ".join(self.table.model_fields) if self.table else ""
        told = [f"parameters {parameters}"] if parameters else []
        told += [f"field {name}" for name in self.fields] + [f"column {name}" for name in self.counters]
        told += [f"rule {name} replaced" for name in self.replaced]
        told += [f"stage {name} after {self.day[by_name[name] - 1].name}" for name in self.inserted if by_name[name]]
        told += [f"stage {name} before {self.day[1].name}" for name in self.inserted if not by_name[name]]
        return told + [f"measure {name}" for name in self.measures]

    def _new_name(self, what: str, name: str, taken: list[str]) -> None:
        if not name.isidentifier() or name.startswith("_") or keyword.iskeyword(name):
            raise ExtensionError(f"{name!r} cannot name a {what}; expected letters, digits and '_'")
        if name in taken:
            raise ExtensionError(f"a {what} {name!r} exists already; choose another name")

    # --- what the drivers ask -----------------------------------------------------------------------------

    @cached_property
    def layout(self) -> Layout:
        """The shipped layout with room for what is added; the very same objects where nothing is."""
        parameters = [(name, "f8" if f.annotation is float else "i8") for name, f in _fields_of(self.table)]
        return Layout(
            _with_fields(state.CUSTOMER_DTYPE, [(field.name, field.kind) for field in self.fields.values()]),
            _with_totals(state.SCRATCH_DTYPE, state.TOTALS + len(self.counters)),
            np.dtype([*_described(tables.WORLD_DTYPE), ("my", parameters)]) if parameters else tables.WORLD_DTYPE,
        )

    @property
    def rules(self) -> dict[str, Rule]:
        """Its own rules by the name of their stage."""
        return {**self.replaced, **self.inserted}

    def columns(self, known: Mapping[str, int]) -> dict[str, int]:
        """Ledger columns of its counters; raises ExtensionError for one that the scenario's ledger has."""
        clash = next((name for name in self.counters if name in known), None)
        if clash:
            raise ExtensionError(f"the ledger has a column {clash!r} already; rename the counter", self.shown)
        return {counter.name: counter.place for counter in self.counters.values()}

    def settle(self, people: np.ndarray, scenario: Scenario, replication: int) -> np.ndarray:
        """The persons with the added fields at their start; shipped fields keep their values."""
        if people.dtype == self.layout.customer:
            return people
        settled = state.people_array(len(people), self.layout.customer)
        for name in people.dtype.names or ():
            settled[name] = people[name]
        spaces = [crc(name) for name in scenario.market.segments]
        draw = Draws(people, spaces, run_key(scenario.seed, replication))
        for field in self.fields.values():
            settled[field.name] = self._start(field, settled, draw, getattr(scenario, SECTION, None))
        return settled

    def _start(self, field: Field, people: np.ndarray, draw: Draws, my: Any) -> np.ndarray:
        """The start of one field, one value a person, in the field's own kind."""
        try:
            values = np.asarray(field.start(people, draw, my) if callable(field.start) else field.start)
            values = np.broadcast_to(values, (len(people),))
            stored = values.astype(field.kind)
        except ExtensionError:
            raise
        except Exception as error:
            raise ExtensionError(
                f"the start of field {field.name!r}: {type(error).__name__}: {error}", self.shown
            ) from error
        if field.kind != "f8" and not np.array_equal(stored, np.floor(values.astype("f8"))):
            raise ExtensionError(f"the start of field {field.name!r} does not fit its kind {field.kind}", self.shown)
        return stored


def extension_of(scenario: Scenario) -> Extension | None:
    """The extension a scenario was loaded with."""
    return scenario.extended_by


def layout_of(scenario: Scenario) -> Layout:
    """The layout of the records of a scenario's market."""
    extension = extension_of(scenario)
    return extension.layout if extension else SHIPPED


def parameter_values(scenario: Scenario) -> tuple[float, ...]:
    """The extension's parameters in the order of its table, as rules read them: true is 1."""
    table = getattr(scenario, SECTION, None)
    return tuple(_number(getattr(table, name)) for name, _ in _fields_of(type(table))) if table else ()


def parameters_type(extension: Extension | None) -> Any:
    """The named tuple of an extension's parameters: what agents read as ``w.my``."""
    return namedtuple("my", [name for name, _ in _fields_of(extension.table if extension else None)])


def chosen_day(
    rules: Mapping[str, Replacement] | None, extension: Extension | None
) -> tuple[dict[str, Rule], tuple[Stage, ...]]:
    """The rules by name and the stages in order, of a market with an extension or without."""
    if extension is None:
        return day_rules(rules), DAY
    return {**day_rules({**extension.replaced, **(rules or {})}), **extension.inserted}, extension.day


def day_of(extension: Any) -> tuple[Stage, ...]:
    """The stages of the day in order; a stage whose rule an extension replaces says so."""
    if extension is None:
        return DAY
    own = f"replaced by {extension.shown}: "
    return tuple(
        s._replace(does=own + _does(extension.replaced[s.name])) if s.name in extension.replaced else s
        for s in extension.day
    )


def _does(rule: Rule) -> str:
    """The first line of a rule's docstring."""
    return (inspect.getdoc(rule) or rule.__name__).partition("\n")[0].rstrip(".")


def _number(value: Any) -> float:
    return int(value) if isinstance(value, bool) else value


def _fields_of(table: Any) -> list[tuple[str, Any]]:
    return list(table.model_fields.items()) if table else []


def _checked_rule(function: Any) -> Rule:
    """A function of exactly (c, w, s), or the sentence that says what it is instead."""
    if not inspect.isfunction(function):
        raise ExtensionError(f"a rule is a function rule(c, w, s), found {function!r}")
    parameters = inspect.signature(function).parameters.values()
    simple = all(p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty for p in parameters)
    if len(parameters) != 3 or not simple:
        found = ", ".join(map(str, parameters))
        raise ExtensionError(
            f"the rule {function.__name__!r} takes a customer, the world and the scratch, (c, w, s), found ({found})"
        )
    return function


# --- layouts --------------------------------------------------------------------------------------------------


def _described(dtype: np.dtype) -> list[Any]:
    """The fields of a record as numpy.dtype takes them."""
    return [(name, *_kind(dtype[name])) for name in dtype.names or ()]


def _kind(dtype: np.dtype) -> tuple[Any, ...]:
    return (dtype.base, dtype.shape) if dtype.shape else (dtype,)


def _with_fields(dtype: np.dtype, fields: list[tuple[str, str]]) -> np.dtype:
    """The record with more fields, the widest first, in whole cache lines."""
    if not fields:
        return dtype
    ordered = sorted(fields, key=lambda field: -np.dtype(field[1]).itemsize)
    size = dtype.itemsize + sum(np.dtype(kind).itemsize for _, kind in fields)
    rest = -size % state.CACHE_LINE
    return np.dtype([*_described(dtype), *ordered, *([("spare_of_extension", "i1", (rest,))] if rest else [])])


def _with_totals(dtype: np.dtype, totals: int) -> np.dtype:
    if totals == dtype["total"].shape[0]:
        return dtype
    return np.dtype([("total", "i8", (totals,)) if row[0] == "total" else row for row in _described(dtype)])
