"""The compiled driver: the rulebook over an array of customers, as fast as it goes.

`build_day` folds the rules of a phase into one compiled function. Numba's cache notices a change of the
function it stores, but not of the functions that one calls; so the fingerprint of every source that matters
(rulebook, generator, layout, replaced rules) is a captured constant and thereby part of the cache's key.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, register_jitable
from numba.np.arrayobj import make_array

from simkit import rng
from simkit.customers import rules as rulebook
from simkit.customers import state, tables
from simkit.customers.day import Replacement, Rule, day_rules, phase
from simkit.customers.market import MarketTables, stage_counts
from simkit.customers.population import population, sorted_people
from simkit.customers.tables import blank_world
from simkit.scenario.schema import Scenario


def fingerprint(chosen: Mapping[str, Rule]) -> int:
    """A number that changes with any source the compiled day is made of."""
    digest = hashlib.sha256()
    for module in (rng, state, tables, rulebook):
        digest.update(Path(module.__file__ or "").read_bytes())
    seen: set[int] = set()
    for name in sorted(chosen):
        if chosen[name].__module__ != rulebook.__name__:
            digest.update(name.encode())
            for part in _made_of(chosen[name], seen):
                digest.update(part)
    return int.from_bytes(digest.digest()[:7], "big")


def _made_of(thing: Any, seen: set[int]) -> Iterator[bytes]:
    """All that a replaced rule depends on: its source, and what the names in it stand for, however deep.

    Compiled code freezes the values of globals; so a number in another file of the user's counts as well.
    """
    if id(thing) in seen or getattr(thing, "__module__", "").split(".")[0] in ("simkit", "numba", "numpy", "math"):
        return
    seen.add(id(thing))
    thing = getattr(thing, "py_func", thing)
    if inspect.isfunction(thing):
        yield _source(thing)
        names = inspect.getclosurevars(thing)
        for name, value in sorted({**names.globals, **names.nonlocals}.items()):
            yield name.encode()
            yield from _made_of(value, seen)
    elif inspect.ismodule(thing):
        path = getattr(thing, "__file__", None)
        yield Path(path).read_bytes() if path and thing.__name__.split(".")[0] != "simkit" else thing.__name__.encode()
    else:
        yield repr(thing).encode()


def _source(function: Callable[..., Any]) -> bytes:
    """The whole file of a replaced rule, for it may call others there; its own text when there is no file."""
    path = inspect.getsourcefile(function)
    if path and Path(path).is_file():
        return Path(path).read_bytes() + function.__qualname__.encode()
    return inspect.getsource(function).encode()


PEOPLE_PER_THREAD = 10_000
"""A thread is worth its hand-over only for so many people."""
PLACES = 12
"""Rules that a phase's loop calls directly; every further level of calls costs compile time."""


def compilable(rule: Rule) -> Rule:
    """The rule, to be compiled into its caller's loop: a quiet day then passes its guards without a call."""
    register_jitable(forceinline=True)(rule)
    return rule


def fold(chosen: Sequence[Rule]) -> list[Rule]:
    """The rules of a phase on exactly PLACES places: empty ones do nothing, what is too much shares the last."""
    rules = [compilable(rule) for rule in chosen]
    while len(rules) > PLACES:
        rules[-2:] = [_both(*rules[-2:])]
    return rules + [compilable(_nothing)] * (PLACES - len(rules))


def _nothing(c: Any, w: Any, s: Any) -> None:
    """The rule of an empty place."""


def _both(first: Rule, second: Rule) -> Rule:
    def both(c: Any, w: Any, s: Any) -> None:
        first(c, w, s)
        second(c, w, s)

    return compilable(both)


AHEAD = 12
"""Customers whose first cache line is fetched before their turn; there is no other use of order."""


@intrinsic
def fetch(typing_context: Any, customers: Any, index: Any) -> Any:
    """Ask the processor to bring a customer's first cache line near. Compiled code only; changes no result."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type = signature.args[0]
        array = make_array(array_type)(context, builder, arguments[0])
        line = builder.bitcast(builder.gep(array.data, [arguments[1]]), ir.IntType(8).as_pointer())
        integer = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), integer, integer, integer])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(prefetch, [line, integer(1), integer(3), integer(1)])
        return context.get_dummy_value()

    return types.none(customers, index), generate


def build_phase(name: str, chosen: Sequence[Rule], mark: int) -> Callable[..., int]:
    """A compiled function that lets a block of customers pass through the rules of one phase."""
    r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12 = fold(chosen)

    def block(customers: Any, world: Any, scratch: Any, log: Any, cursor: Any) -> int:
        w = world[0]
        s = scratch[0]
        for i in range(customers.shape[0]):
            fetch(customers, min(i + AHEAD, customers.shape[0] - 1))  # type: ignore[call-arg]
            c = customers[i]
            r1(c, w, s)
            r2(c, w, s)
            r3(c, w, s)
            r4(c, w, s)
            r5(c, w, s)
            r6(c, w, s)
            r7(c, w, s)
            r8(c, w, s)
            r9(c, w, s)
            r10(c, w, s)
            r11(c, w, s)
            r12(c, w, s)
            if log.shape[0] > 0:
                write_log(c, w, s, log, cursor)
        return mark

    block.__qualname__ = f"{name}_block"  # each phase has a cache file of its own
    return numba.njit(nogil=True, cache=True)(block)


@register_jitable
def write_log(c: Any, w: Any, s: Any, log: Any, cursor: Any) -> None:
    """Append what was decided on the customer's candidates."""
    for j in range(s.n):
        row = log[cursor[0]]
        row.day = w.today.day
        row.segment = c.segment
        row.index = c.index
        row.slot = s.slot[j]
        row.minute = s.minute[j]
        row.decision = s.decision[j]
        row.rule = s.rule[j]
        row.delivered = s.delivered[j]
        row.opened = s.opened[j]
        row.clicked = s.clicked[j]
        row.bought = s.bought[j]
        row.opted_out = s.opted_out[j]
        cursor[0] += 1


class CompiledDay:
    """The compiled phases of a day for one choice of rules."""

    def __init__(self, chosen: Mapping[str, Rule]):
        mark = fingerprint(chosen)
        self.propose = build_phase("propose", phase(chosen, "propose"), mark)
        self.live = build_phase("live", phase(chosen, "live"), mark)
        self.age = build_phase("age", [chosen["age"]], mark)


@lru_cache(maxsize=4)
def _compiled(rules: tuple[tuple[str, Rule], ...]) -> CompiledDay:
    return CompiledDay(dict(rules))


def warm_up(phases: Sequence[str] = ("live", "propose", "age"), rules: Mapping[str, Replacement] | None = None) -> None:
    """Compile phases of the day, or load them from the cache, by letting nobody pass through."""
    day = _compiled(tuple(sorted(day_rules(rules).items())))
    nobody, nothing = state.people_array(0), np.zeros(0, state.LOG_DTYPE)
    for name in phases:
        world, _ = blank_world()
        getattr(day, name)(nobody, world, np.zeros(1, state.SCRATCH_DTYPE), nothing, np.zeros(1, np.int64))


class CompiledMarket:
    """The customers of one run as an array, living their days on some threads.

    Totals are integers, so neither the number of threads nor the order of customers shows.
    """

    def __init__(
        self,
        scenario: Scenario,
        replication: int,
        *,
        rules: Mapping[str, Replacement] | None = None,
        threads: int = 1,
        people: np.ndarray | None = None,
        log: list[np.ndarray] | None = None,
    ):
        """`people` may bring the persons (CUSTOMER_DTYPE, changed in place); `log` collects contacts by day."""
        self.tables = MarketTables(scenario, replication)
        if people is None:
            people = population(scenario.market, scenario.channels, scenario.days, scenario.seed, replication)
        self._log = log
        self._day = _compiled(tuple(sorted(day_rules(rules).items())))
        threads = max(1, min(threads, len(people) // PEOPLE_PER_THREAD))
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._people = self._aged(people)
        size = max(1, -(-len(people) // threads))
        self._blocks = [self._people[at : at + size] for at in range(0, len(people), size)]
        self._scratch = [np.zeros(1, state.SCRATCH_DTYPE) for _ in self._blocks]
        self._stages = np.bincount(people["stage"], minlength=len(state.STAGES))

    def _aged(self, people: np.ndarray) -> np.ndarray:
        """Everyone on day 0. Order never shows in a result, so people of a kind stand together: the processor then
        guesses most branches right."""
        self._blocks, self._scratch = [people], [np.zeros(1, state.SCRATCH_DTYPE)]
        self._run(self._day.age)
        return sorted_people(people, [people["consent"], people["segment"], people["relation"]])

    def customers(self) -> np.ndarray:
        """Everyone, in order of (segment, index)."""
        return sorted_people(self._people, [self._people["index"], self._people["segment"]])

    def live_day(self, harm: dict[str, float] | None = None) -> np.ndarray:
        """Everyone lives the next day; returns its totals (int64)."""
        self.tables.begin_day(harm or {})
        totals = self._run(self._day.propose)
        self.tables.allocate(totals, self._stages)
        totals = totals + self._run(self._day.live, self._log)
        self._stages = stage_counts(totals)
        return totals

    def _run(self, compiled: Callable[..., Any], log: list[np.ndarray] | None = None) -> np.ndarray:
        """One phase for everyone; the totals of all blocks together."""
        blocks = self._blocks
        most = 0 if log is None else min(state.CANDIDATES, sum(live is not None for live in self.tables.messages))
        rows = [np.zeros(len(block) * most, state.LOG_DTYPE) for block in blocks]
        cursors = [np.zeros(1, np.int64) for _ in blocks]

        def one(k: int) -> np.ndarray:
            scratch = self._scratch[k]
            scratch["total"] = 0
            compiled(blocks[k], self.tables.array, scratch, rows[k], cursors[k])
            return scratch["total"][0]

        parts = list((self._pool.map if self._pool else map)(one, range(len(blocks))))
        if log is not None:
            parts_of_log = [part[: cursor[0]] for part, cursor in zip(rows, cursors, strict=True)]
            log.append(state.in_order(np.concatenate(parts_of_log)))
        return np.asarray(np.sum(parts, axis=0, dtype=np.int64))
