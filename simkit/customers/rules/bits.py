"""Masks with a bit per thing: which thing is next."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload, register_jitable


def lowest(mask: int) -> int:
    """The position of the lowest bit of a mask that has one; ``mask &= mask - 1`` takes it away.

    Going from bit to bit takes as many turns as there are things; asking bit by bit would take as many as there is
    room for, with a branch in each that no processor guesses.
    """
    return (mask & -mask).bit_length() - 1


@intrinsic
def _trailing_zeros(typing_context: Any, mask: Any) -> Any:
    """One instruction of the processor."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.int64), generate


@overload(lowest)
def _lowest(mask: int) -> Any:
    def compiled(mask: int) -> Any:
        return _trailing_zeros(mask)  # type: ignore[call-arg]

    return compiled


@register_jitable
def ones(mask: int) -> int:
    """How many bits a mask has."""
    count = 0
    while mask != 0:
        mask &= mask - 1
        count += 1
    return count
