"""Going through a mask from bit to bit, as Mesa's agents and as compiled code do."""

from __future__ import annotations

import numba
import pytest

from simkit.customers.rules.bits import lowest


def positions(mask: int) -> list[int]:
    found = [0]
    while mask != 0:
        found.append(lowest(mask))
        mask &= mask - 1
    return found[1:]


@pytest.mark.parametrize("mask", [0, 1, 0b1011000, 1 << 61, (1 << 62) - 1, 0x2AAA_5555_0000_8001])
def test_every_bit_once_and_in_order(mask: int):
    """The positions are those of the binary digits, from the lowest on, in both drivers."""
    digits = [k for k in range(62) if mask >> k & 1]
    assert positions(mask) == digits
    assert numba.njit(positions)(mask) == digits
