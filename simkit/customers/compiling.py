"""From rules to machine code: a phase's rules folded into one compiled loop over customers.

Compiling takes most of a first run. So a phase is made of parts of a few rules, each kept in the cache as well: the
main process compiles them from the first on and its helper from the last, until they meet; and of a phase in which
one rule was replaced the other parts are there already.

Numba's cache notices a change of the function it stores, but not of the functions that one calls; so the
fingerprint of every source that matters (rulebook, generator, layout, replaced rules) is a captured constant and
thereby part of the cache's key.
"""

from __future__ import annotations

import gc
import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property, lru_cache, partial
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
import numpy as np
from llvmlite import binding as llvm
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.extending import intrinsic, register_jitable
from numba.np.arrayobj import make_array

from simkit import rng
from simkit.customers import rules as rulebook
from simkit.customers import state, tables
from simkit.customers.day import DAY, Replacement, Rule, Stage, phase
from simkit.customers.extension import SHIPPED, Extension, Layout, chosen_day
from simkit.customers.rules.noting import notice, remember, watched
from simkit.customers.tables import blank_world
from simkit.customers.users_rules import blame, compile_helpers, reason
from simkit.scenario.extending import ExtensionError


class CompiledDay:
    """The phases of a day for one choice of rules, each compiled (or loaded from the cache) when first asked for.

    A phase is called as ``phase(customers, world, scratch, log, events, cursor)``; empty logs stay unwritten.
    """

    def __init__(self, chosen: Mapping[str, Rule], day: Sequence[Stage] = DAY, layout: Layout = SHIPPED):
        self._chosen, self._day, self._layout = chosen, day, layout

    @cached_property
    def propose(self) -> Callable[..., int]:
        """Who could get which message, and who is after which advertisement."""
        return self._ready("propose", phase(self._chosen, "propose", self._day))

    @cached_property
    def live(self) -> Callable[..., int]:
        """Everything else of a day."""
        return self._ready("live", phase(self._chosen, "live", self._day))

    @cached_property
    def age(self) -> Callable[..., int]:
        """Life before day 0."""
        return self._ready("age", [self._chosen["age"]])

    def _ready(self, name: str, rules: Sequence[Rule]) -> Callable[..., int]:
        """A phase, made ready by letting nobody pass through.

        Raises ExtensionError that names the rule when one of a user's own does not compile.
        """
        own = [rule for rule in rules if not _shipped(rule)]
        for rule in own:
            compile_helpers(rule)
        try:
            return self._build(name, rules)
        except Exception as error:
            for rule in own:
                blame(rule, partial(self._build, name, [rule]))
            if own:
                raise ExtensionError(f"the phase {name!r} does not compile: {reason(error)}") from error
            raise

    def _build(self, name: str, rules: Sequence[Rule]) -> Callable[..., int]:
        made = Phase(name, rules, self._layout)
        made.compile()
        return made.loop

    def help(self) -> None:
        """Do from the end what another process does from the beginning: compile parts of the longest phase."""
        rules = phase(self._chosen, "live", self._day)
        if all(map(_shipped, rules)):
            Phase("live", rules, self._layout).compile_backward()


def compiled_day(rules: Mapping[str, Replacement] | None = None, extension: Extension | None = None) -> CompiledDay:
    """The compiled day for a choice of replaced rules and an extension; made once in a process."""
    chosen, day = chosen_day(rules, extension)
    return _compiled(tuple(sorted(chosen.items())), day, extension.layout if extension else SHIPPED)


@lru_cache(maxsize=4)
def _compiled(rules: tuple[tuple[str, Rule], ...], day: tuple[Stage, ...], layout: Layout) -> CompiledDay:
    return CompiledDay(dict(rules), day, layout)


# --- what the cache must notice ----------------------------------------------------------------------------


def fingerprint(chosen: Mapping[str, Rule]) -> int:
    """A number that changes with any source the compiled day is made of."""
    digest = hashlib.sha256()
    for module in (rng, state, tables):
        digest.update(Path(module.__file__ or "").read_bytes())
    for path in (Path(__file__), *sorted(Path(rulebook.__file__).parent.glob("*.py"))):
        digest.update(path.read_bytes())
    seen: set[int] = set()
    for name in sorted(chosen):
        if not _shipped(chosen[name]):
            digest.update(name.encode())
            for part in _made_of(chosen[name], seen):
                digest.update(part)
    return int.from_bytes(digest.digest()[:7], "big")


def _shipped(rule: Rule) -> bool:
    """Whether a rule is of the rulebook."""
    return rule.__module__.startswith(rulebook.__name__)


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


# --- one loop out of many rules ------------------------------------------------------------------------------


PARTS, PLACES = 5, 4
"""Parts of a phase, and rules of a part; every further level of calls costs compile time."""


def compilable(rule: Rule) -> Rule:
    """The rule, to be compiled into its caller's loop: a quiet day then passes its guards without a call."""
    register_jitable(forceinline=True)(rule)
    return rule


def fold(chosen: Sequence[Rule]) -> list[list[Rule]]:
    """The rules of a phase in PARTS parts of PLACES places: empty ones do nothing, what is too much shares the last."""
    rules = [compilable(rule) for rule in chosen]
    while len(rules) > PARTS * PLACES:
        rules[-2:] = [_both(*rules[-2:])]
    each = max(1, -(-len(rules) // PARTS))
    parts = [rules[at : at + each] for at in range(0, PARTS * each, each)]
    return [part + [compilable(_nothing)] * (PLACES - len(part)) for part in parts]


def _nothing(c: Any, w: Any, s: Any) -> None:
    """The rule of an empty place."""


def _both(first: Rule, second: Rule) -> Rule:
    def both(c: Any, w: Any, s: Any) -> None:
        first(c, w, s)
        second(c, w, s)

    return compilable(both)


def build_part(name: str, rules: Sequence[Rule]) -> Any:
    """A few rules as one function that the loop of a phase takes in, with a place of its own in the cache."""
    r1, r2, r3, r4 = rules
    mark = fingerprint({f"{i} {rule.__name__}": rule for i, rule in enumerate(rules)})

    def part(c: Any, w: Any, s: Any) -> int:
        r1(c, w, s)
        r2(c, w, s)
        r3(c, w, s)
        r4(c, w, s)
        return mark

    part.__qualname__ = name
    options: Any = {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(cache=True, **options)(part)


BLOCK = "_block"
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


class Phase:
    """The loop that lets a block of customers pass through the rules of one phase."""

    def __init__(self, name: str, rules: Sequence[Rule], layout: Layout):
        self.parts = [build_part(f"{name}_part_{i}", part) for i, part in enumerate(fold(rules), 1)]
        mark = fingerprint({f"{i} {rule.__name__}": rule for i, rule in enumerate(rules)})

        def block(customers: Any, world: Any, scratch: Any, log: Any, events: Any, cursor: Any) -> int:
            w = world[0]
            s = scratch[0]
            logging = log.shape[0] + events.shape[0] > 0
            for i in range(customers.shape[0]):
                fetch(customers, min(i + AHEAD, customers.shape[0] - 1))  # type: ignore[call-arg]
                c = customers[i]
                if logging:
                    remember(c, w, s)
                part_1(c, w, s)  # type: ignore[name-defined]  # noqa: F821
                part_2(c, w, s)  # type: ignore[name-defined]  # noqa: F821
                part_3(c, w, s)  # type: ignore[name-defined]  # noqa: F821
                part_4(c, w, s)  # type: ignore[name-defined]  # noqa: F821
                part_5(c, w, s)  # type: ignore[name-defined]  # noqa: F821
                if logging and watched(c, w):
                    if log.shape[0] > 0:
                        write_log(c, w, s, log, cursor)
                    if events.shape[0] > 0:
                        write_events(c, w, s, events, cursor)
            return mark

        # parts are globals of the loop, not captured: what is captured is part of the cache's key, and a compiled
        # function is another one in every process
        named = {f"part_{i}": part for i, part in enumerate(self.parts, 1)}
        loop = FunctionType(block.__code__, {**globals(), **named}, block.__name__, None, block.__closure__)
        loop.__qualname__ = name + BLOCK  # each phase has a cache file of its own
        self.loop: Any = numba.njit(nogil=True, cache=True)(loop)
        world, _ = blank_world(layout.world)
        self._nobody = (
            state.people_array(0, layout.customer), world, np.zeros(1, layout.scratch),
            np.zeros(0, state.LOG_DTYPE), np.zeros(0, state.EVENT_DTYPE), np.zeros(2, np.int64),
        )  # fmt: skip

    def compile(self) -> None:
        """Make the loop ready by letting nobody pass through."""
        with one_library():
            self.loop(*self._nobody)

    def compile_backward(self) -> None:
        """Compile the parts from the last on, for a process that compiles the whole; nothing if that is done."""
        signature = tuple(numba.typeof(argument) for argument in self._nobody)
        with one_library():
            if self.loop._cache.load_overload(signature, cpu_target.target_context) is None:
                records = tuple(argument.dtype for argument in signature[:3])
                for part in reversed(self.parts):
                    part.compile(records)


@register_jitable
def write_log(c: Any, w: Any, s: Any, log: Any, cursor: Any) -> None:
    """Append what was decided on the customer's candidates."""
    for j in range(s.n):
        row = log[cursor[0]]
        row.day = w.today.day
        row.segment = c.segment
        row.index = c.index
        row.slot = s.slot[j]
        row.what = w.message[s.slot[j]].occurrence
        row.minute = s.minute[j]
        row.decision = s.decision[j]
        row.rule = s.rule[j]
        row.delivered = s.delivered[j]
        row.opened = s.opened[j]
        row.clicked = s.clicked[j]
        row.bought = s.bought[j]
        row.opted_out = s.opted_out[j]
        row.fatigue = s.was_tired
        cursor[0] += 1


@register_jitable
def write_events(c: Any, w: Any, s: Any, events: Any, cursor: Any) -> None:
    """Append what was noted of the customer in this phase."""
    notice(c, w, s)
    for j in range(s.notes):
        row = events[cursor[1]]
        row.day = w.today.day
        row.segment = c.segment
        row.index = c.index
        row.kind = s.note_kind[j]
        row.channel = s.note_channel[j]
        row.time = s.note_time[j]
        row.what = s.note_what[j]
        row.number = s.note_number[j]
        row.amount = s.note_amount[j]
        cursor[1] += 1


# --- compiling only what is called -----------------------------------------------------------------------------


class _Library(JITCodeLibrary):
    """A function's code, on its way into the loop that calls it: no machine code and no optimizing of its own."""

    inner = False

    def serialize_using_object_code(self) -> Any:
        return self.serialize_using_bitcode() if self.inner else super().serialize_using_object_code()

    @classmethod
    def _unserialize(cls, codegen: Any, state: Any) -> Any:
        name, kind, data = state
        if kind != "bitcode":
            return super()._unserialize(codegen, state)
        library = codegen.create_library(name)
        library._final_module, library.inner = llvm.parse_bitcode(data), True
        library._finalize_final_module()
        return library

    def _optimize_final_module(self) -> None:
        if not self.inner:
            super()._optimize_final_module()

    def _finalize_final_module(self) -> None:
        if self.inner:
            self._finalize_dynamic_globals()
            self._finalized = True
        else:
            super()._finalize_final_module()


@contextmanager
def one_library() -> Iterator[None]:
    """While this lasts, Numba makes machine code of phases only, not of each of the many functions in them.

    A function called from compiled code is linked and optimized there; that Numba beforehand wraps, optimizes and
    translates it alone as well, for calls from Python that never come, takes near half of the time. There is no
    switch for that, so this replaces parts of Numba's CPU target for a while, under its own compiler lock;
    that the loop comes out the same shows in the tests that hold it against Mesa. Nothing may be compiled here
    that Python calls.
    """
    context = cpu_target.target_context
    codegen = context.codegen()
    executable, wrapper, set_env = context.get_executable, context.create_cpython_wrapper, codegen.set_env

    def get_executable(library: Any, description: Any, environment: Any) -> Any:
        if description.qualname.endswith(BLOCK):
            return executable(library, description, environment)
        library.inner = True
        return [].append  # Numba wants a built-in function of its own for each; nobody calls it

    def create_cpython_wrapper(library: Any, description: Any, *more: Any, **named: Any) -> None:
        if description.qualname.endswith(BLOCK):
            wrapper(library, description, *more, **named)

    def set_environment(name: str, environment: Any) -> None:
        if codegen._engine.get_global_value_address(name):  # where there is no machine code there is no place for it
            set_env(name, environment)

    def nothing(*_: Any) -> None:
        """No function is called from C."""

    collecting = gc.isenabled()
    with global_compiler_lock, ExitStack() as given_back:
        for owner, name, value in (
            (codegen, "_library_class", _Library),
            (codegen, "set_env", set_environment),
            (context, "get_executable", get_executable),
            (context, "create_cpython_wrapper", create_cpython_wrapper),
            (context, "create_cfunc_wrapper", nothing),
            (types.Record, "__repr__", lambda record: f"Record of {len(record.fields)} fields"),  # written often
        ):
            given_back.callback(_put_back, owner, name, vars(owner).get(name, _put_back))
            setattr(owner, name, value)
        gc.disable()  # a compiler makes millions of small objects and hardly a cycle
        try:
            yield
        finally:
            if collecting:
                gc.enable()


def _put_back(owner: Any, name: str, value: Any) -> None:
    """Give an attribute its old value, or take it away where there was none."""
    if value is _put_back:
        delattr(owner, name)
    else:
        setattr(owner, name, value)
