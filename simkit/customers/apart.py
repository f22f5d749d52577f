"""Functions of the rulebook that are compiled by themselves, each when a customer first needs it.

What lies behind a rule's guard (a message arrives, a journey goes on) is called through a slot that holds the
address of its machine code. So a scenario compiles only what it uses, no scenario compiles it again, and the loop over
customers stays small. In plain Python such a function is an ordinary function.
"""

from __future__ import annotations

import ctypes
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar
from zlib import crc32

from llvmlite import binding as llvm
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin

APART = "_apart"
"""Ends the name of a function that gets machine code of its own."""
_KINDS: dict[str, Any] = {
    "None": types.void, "bool": types.boolean, "int": types.int64, "float": types.float64,
}  # fmt: skip
_WANTED = "simkit_wanted"
_INT64 = ir.IntType(64)

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


class Piece(NamedTuple):
    """A function that is compiled apart. `first` pieces are of use in nearly every scenario."""

    function: Callable[..., Any]
    records: tuple[str, ...]
    """Its leading arguments: of `c`, `w` and `s` those it takes."""
    numbers: tuple[Any, ...]
    """Numba types of the others."""
    returns: Any
    first: bool


PIECES: dict[str, Piece] = {}
"""All of them by name, in the order in which they were met."""


class _Slot(NamedTuple):
    place: ctypes.c_int64
    piece: Piece
    make: Callable[[Piece], int]


_SLOTS: dict[int, _Slot] = {}
_open_layout = [0]


def apart(first: bool = False) -> Callable[[AnyFunction], AnyFunction]:
    """Have a function compiled by itself. Its arguments begin with `c`, `w` and `s` as far as it needs them; the
    others and what it returns are annotated as int, float or bool."""

    def mark(function: AnyFunction) -> AnyFunction:
        piece = _piece(function, first)
        PIECES[function.__name__] = piece

        class Call(AbstractTemplate):
            key = function

            def generic(self, given: Any, _: Any) -> Any:
                records = given[: len(piece.records)]
                return signature(piece.returns, *records, *piece.numbers)

        infer_global(function, types.Function(Call))
        lower_builtin(function, types.VarArg(types.Any))(_caller(piece))
        return function

    return mark


def _piece(function: Callable[..., Any], first: bool) -> Piece:
    asked = inspect.signature(function)
    names = list(asked.parameters)
    records = tuple(name for name in names if name in ("c", "w", "s"))
    assert tuple(names[: len(records)]) == records, f"{function.__name__}: c, w and s come first"
    numbers = tuple(_KINDS[asked.parameters[name].annotation] for name in names[len(records) :])
    return Piece(function, records, numbers, _KINDS[asked.return_annotation], first)


def symbol(piece: Piece, layout: int) -> str:
    """The name under which compiled code knows a piece's slot, for records of one layout."""
    return f"simkit_{piece.function.__name__}_{layout:08x}"


def open_slots(layout: int, make: Callable[[Piece], int]) -> None:
    """Give every piece an empty slot for records of a layout. `make` compiles a piece, or loads it, and returns
    its address. Code that calls pieces may be compiled or loaded only after this."""
    for piece in PIECES.values():
        name = symbol(piece, layout)
        if crc32(name.encode()) not in _SLOTS:
            place = ctypes.c_int64(0)
            _SLOTS[crc32(name.encode())] = _Slot(place, piece, make)
            llvm.add_symbol(name, ctypes.addressof(place))
    _open_layout[0] = layout


def fill(piece: Piece, layout: int) -> None:
    """Have a piece's code there before anybody calls it."""
    _filled(crc32(symbol(piece, layout).encode()))


def _filled(number: int) -> int:
    slot = _SLOTS[number]
    if slot.place.value == 0:
        slot.place.value = slot.make(slot.piece)
    return slot.place.value


@ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
def _wanted(number: int) -> int:
    """Compiled code asks for a piece that is not there yet."""
    return _filled(number)


llvm.add_symbol(_WANTED, ctypes.cast(_wanted, ctypes.c_void_p).value)


def _caller(piece: Piece) -> Callable[..., Any]:
    """What compiled code does to call a piece: read its slot, have it filled if it is empty, and jump."""

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        name = symbol(piece, _open_layout[0])
        module = builder.module
        slot = module.globals.get(name) or cgutils.add_global_variable(module, _INT64, name)
        address = cgutils.alloca_once(builder, _INT64)
        builder.store(builder.load(slot), address)
        missing = builder.icmp_signed("==", builder.load(address), _INT64(0))
        with cgutils.if_unlikely(builder, missing):
            ask = cgutils.get_or_insert_function(module, ir.FunctionType(_INT64, [_INT64]), _WANTED)
            builder.store(builder.call(ask, [_INT64(crc32(name.encode()))]), address)
        convention = context.call_conv
        kind = convention.get_function_type(sig.return_type, sig.args)
        code = builder.inttoptr(builder.load(address), kind.as_pointer())
        status, result = convention.call_function(builder, code, sig.return_type, sig.args, arguments)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value() if sig.return_type == types.void else result

    return generate
