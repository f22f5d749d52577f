"""From rules to machine code: a phase's rules folded into one compiled loop over customers.

Compiling takes most of a first run. So the loop holds the rules' guards, which a quiet day passes, and what lies behind
them is compiled apart (`apart.py`), each piece when it is first needed and kept in the cache: the main process makes
those that nearly every scenario needs from the first on and its helper from the last, until they meet; and when a
rule is replaced, only the loop is made anew.

Numba's cache notices a change of the function it stores, but not of the functions that one calls; so the
fingerprint of every source that matters (rulebook, generator, layout, replaced rules) is its key.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from types import FunctionType
from typing import Any
from zlib import crc32

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, register_jitable

from simkit import rng
from simkit.customers import apart, state, tables
from simkit.customers import rules as rulebook
from simkit.customers.apart import APART, PIECES, Piece, fill, open_slots
from simkit.customers.day import DAY, Replacement, Rule, Stage, phase
from simkit.customers.extension import SHIPPED, Extension, Layout, chosen_day
from simkit.customers.one_library import BLOCK, KeyedCache, one_library
from simkit.customers.rules.noting import notice, remember, watched
from simkit.customers.tables import blank_world
from simkit.customers.users_rules import blame, compile_helpers, reason
from simkit.scenario.extending import ExtensionError

PHASES = ("live", "propose", "age")
"""The longest first."""


class CompiledDay:
    """The phases of a day for one choice of rules, each compiled (or loaded from the cache) when first asked for.

    A phase is called as ``phase(customers, world, scratch, log, events, cursor)``; empty logs stay unwritten.
    """

    def __init__(self, chosen: Mapping[str, Rule], day: Sequence[Stage] = DAY, layout: Layout = SHIPPED):
        self._chosen, self._day, self._layout = chosen, day, layout
        self._loops: dict[tuple[str, bool], Callable[..., None]] = {}

    def loop(self, name: str, logged: bool = False) -> Callable[..., None]:
        """The loop of `propose` (who could get what), `live` (all else of a day) or `age` (life before day 0); only a
        `logged` one writes logs.

        Raises ExtensionError that names the rule when one of a user's own does not compile.
        """
        if (name, logged) not in self._loops:
            rules = [self._chosen["age"]] if name == "age" else phase(self._chosen, name, self._day)
            self._loops[name, logged] = self._compiled(name, rules, logged)
        return self._loops[name, logged]

    def get_ready(self, helper: bool) -> None:
        """Compile, or load, what nearly every scenario needs; a helper begins at the other end of it."""
        if not helper:
            for name in PHASES:
                self.loop(name)  # first, so that a mistake in a user's rule is said at once
        make_ready(self._layout, backward=helper)
        if helper:
            for name in PHASES:
                self.loop(name)

    def _compiled(self, name: str, rules: Sequence[Rule], logged: bool) -> Callable[..., None]:
        own = [rule for rule in rules if not _shipped(rule)]
        for rule in own:
            compile_helpers(rule)
        try:
            return self._build(name, rules, logged)
        except Exception as error:
            for rule in own:
                blame(rule, partial(self._build, name, [rule], logged))
            if own:
                raise ExtensionError(f"the phase {name!r} does not compile: {reason(error)}") from error
            raise

    def _build(self, name: str, rules: Sequence[Rule], logged: bool) -> Callable[..., None]:
        made = Phase(name, rules, self._layout, logged)
        made.compile()
        return made.loop


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
    modules = [Path(module.__file__ or "") for module in (rng, state, tables, apart)]
    paths = (*modules, Path(__file__), *sorted(Path(rulebook.__file__).parent.glob("*.py")))
    digest = _digest(tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in paths)).copy()
    seen: set[int] = set()
    for name in sorted(chosen):
        if not _shipped(chosen[name]):
            digest.update(name.encode())
            for part in _made_of(chosen[name], seen):
                digest.update(part)
    return int.from_bytes(digest.digest()[:7], "big")


@lru_cache(maxsize=4)
def _digest(files: tuple[tuple[Path, int, int], ...]) -> Any:
    """What these files hold, of so many bytes and written at such a time: read once."""
    digest = hashlib.sha256()
    for path, _, _ in files:
        digest.update(path.read_bytes())
    return digest


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


def compilable(rule: Rule) -> Rule:
    """The rule, to be compiled into its caller's loop: a quiet day then passes its guards without a call."""
    register_jitable(forceinline=True)(rule)
    return rule


AHEAD = 12
"""Customers whose first two cache lines are fetched before their turn; there is no other use of order."""
SOON = 6
"""So many before the turn of somebody with candidates, the lines are fetched that a message touches."""
MESSAGE_LINES = (2, 3, 4)
"""Of CUSTOMER_DTYPE: from affinity to the last field that deciding on a message reads."""


@intrinsic
def fetch(typing_context: Any, customers: Any, index: Any, line: Any) -> Any:
    """Ask the processor to bring one of a customer's cache lines near. Compiled code only; changes no result."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from numba.np.arrayobj import make_array  # takes a while, and compiled code that is kept does without

        array_type = signature.args[0]
        array = make_array(array_type)(context, builder, arguments[0])
        record = builder.bitcast(builder.gep(array.data, [arguments[1]]), ir.IntType(8).as_pointer())
        line = builder.gep(record, [builder.mul(arguments[2], ir.IntType(64)(64))])
        integer = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), integer, integer, integer])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(prefetch, [line, integer(1), integer(3), integer(1)])
        return context.get_dummy_value()

    return types.none(customers, index, types.int64), generate


class Phase:
    """The loop that lets a block of customers pass through the rules of one phase; a `logged` one writes logs too."""

    def __init__(self, name: str, rules: Sequence[Rule], layout: Layout, logged: bool):
        self._layout = layout
        live = _in_turn([compilable(rule) for rule in rules])
        sends = name == "live"

        def block(customers: Any, world: Any, scratch: Any, log: Any, events: Any, cursor: Any) -> None:
            w = world[0]
            s = scratch[0]
            for i in range(customers.shape[0]):
                ahead = min(i + AHEAD, customers.shape[0] - 1)
                fetch(customers, ahead, 0)  # type: ignore[call-arg]
                fetch(customers, ahead, 1)
                if sends:
                    soon = min(i + SOON, customers.shape[0] - 1)
                    if customers[soon].candidates != 0:
                        for line in MESSAGE_LINES:
                            fetch(customers, soon, line)
                live(customers[i], w, s)

        def logged_block(customers: Any, world: Any, scratch: Any, log: Any, events: Any, cursor: Any) -> None:
            w = world[0]
            s = scratch[0]
            for i in range(customers.shape[0]):
                c = customers[i]
                remember(c, w, s)
                live(c, w, s)
                if watched(c, w):
                    if log.shape[0] > 0:
                        write_log(c, w, s, log, cursor)
                    if events.shape[0] > 0:
                        write_events(c, w, s, events, cursor)

        loop = logged_block if logged else block
        loop.__qualname__ = f"{name}_logged{BLOCK}" if logged else name + BLOCK  # each has a cache file of its own
        compiled: Any = numba.njit(nogil=True)(loop)
        mark = fingerprint({f"{i} {rule.__name__}": rule for i, rule in enumerate(rules)})
        compiled._cache = KeyedCache(loop, (mark, layout_number(layout)))
        self.loop = compiled
        world, _ = blank_world(layout.world)
        self._nobody = (
            state.people_array(0, layout.customer), world, np.zeros(1, layout.scratch),
            np.zeros(0, state.LOG_DTYPE), np.zeros(0, state.EVENT_DTYPE), np.zeros(2, np.int64),
        )  # fmt: skip

    def compile(self) -> None:
        """Make the loop ready by letting nobody pass through."""
        open_slots(layout_number(self._layout), partial(compiled_piece, self._layout))
        with one_library():
            self.loop(*self._nobody)


def _nothing(c: Any, w: Any, s: Any) -> None:
    """A rule that does nothing."""


def _in_turn(rules: Sequence[Rule]) -> Rule:
    """A rule that is all of these, one after the other; few steps of folding, for each function takes time to
    compile."""
    if len(rules) == 1:
        return rules[0]
    if len(rules) > 8:
        return _in_turn([_in_turn(rules[at : at + 8]) for at in range(0, len(rules), 8)])
    eight: list[Rule] = [*rules, *[compilable(_nothing)] * (8 - len(rules))]
    r1, r2, r3, r4, r5, r6, r7, r8 = eight

    def in_turn(c: Any, w: Any, s: Any) -> None:
        r1(c, w, s)
        r2(c, w, s)
        r3(c, w, s)
        r4(c, w, s)
        r5(c, w, s)
        r6(c, w, s)
        r7(c, w, s)
        r8(c, w, s)

    return compilable(in_turn)


# --- what is compiled apart ------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def layout_number(layout: Layout) -> int:
    """A number that tells layouts of records apart."""
    return crc32(repr([layout.customer, layout.scratch, layout.world]).encode())


@lru_cache(maxsize=16)
def begins_as_shipped(layout: Layout) -> bool:
    """Whether every shipped field lies where it lies in the shipped records, so that code for those serves: a piece
    gets records by reference and knows nothing of what an extension has added behind."""
    return all(
        own.fields is not None and own.fields[name][1] == place
        for own, shipped in (
            (layout.customer, SHIPPED.customer),
            (layout.scratch, SHIPPED.scratch),
            (layout.world, SHIPPED.world),
        )
        for name, (_, place, *_) in (shipped.fields or {}).items()
    )


def compiled_piece(layout: Layout, piece: Piece) -> int:
    """The address of a piece's machine code for records of a layout; compiled, or loaded from the cache."""
    if begins_as_shipped(layout):
        layout = SHIPPED
    function = piece.function
    copy = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__)
    copy.__qualname__ = function.__name__ + APART
    unwrapped: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    made: Any = numba.njit(nogil=True, **unwrapped)(copy)
    made._cache = KeyedCache(copy, (fingerprint({}), layout_number(layout)))
    records = {"c": layout.customer, "w": layout.world, "s": layout.scratch}
    kinds = tuple(_record_type(records[name]) for name in piece.records) + piece.numbers
    open_slots(layout_number(layout), partial(compiled_piece, layout))
    with one_library():
        made.compile(kinds)
    result = made.overloads[kinds]
    return int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


_record_type = lru_cache(maxsize=64)(numba.from_dtype)
"""Numba's type of a record; with hundreds of fields it takes a while to make."""


def make_ready(layout: Layout, backward: bool) -> None:
    """Fill the slots of the pieces that nearly every scenario needs, from the first on or from the last."""
    number = layout_number(layout)
    open_slots(number, partial(compiled_piece, layout))
    pieces = [piece for piece in PIECES.values() if piece.first]
    for piece in reversed(pieces) if backward else pieces:
        fill(piece, number)


# --- logs ------------------------------------------------------------------------------------------------------


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
        row.complained = s.complained[j]
        row.zone = s.zone
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
