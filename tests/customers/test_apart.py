"""What is compiled apart is an ordinary function in Python, and compiled code meets it only when it needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simkit.customers import compiling, state
from simkit.customers.apart import _SLOTS, PIECES, symbol
from simkit.customers.extension import Extension, Layout
from simkit.customers.rules import conditions, journeys

ROOT = Path(__file__).parents[2]
SCENARIOS = ["quickstart.yaml", "journeys.yaml"]
SCENARIOS += sorted({path.name for path in (ROOT / "scenarios").glob("*.yaml")} - set(SCENARIOS))
RUNS = """
import sys
from simkit.customers import compiling
from simkit.customers.apart import _SLOTS
from simkit.customers.compiled import CompiledMarket
from simkit.scenario.load import load
made = []
piece, phase = compiling.compiled_piece, compiling.Phase.compile
compiling.compiled_piece = lambda layout, one: made.append(one.function.__name__) or piece(layout, one)
compiling.Phase.compile = lambda one: made.append(one.loop.py_func.__qualname__) or phase(one)
for file in sys.argv[1:]:
    for scenario in load(file, ["market.customers=300"]).alternatives.values():
        market = CompiledMarket(scenario, 0)
        for _ in range(5):
            market.live_day()
    print(*sorted(slot.piece.function.__name__ for slot in _SLOTS.values() if slot.place.value))
print(*made)
"""


@pytest.fixture(scope="module")
def lines() -> list[list[str]]:
    """Names of the pieces that five days of every alternative of each shipped scenario, and of those before it, needed
    in a process of their own; at last all that was compiled or loaded there, in order."""
    run = subprocess.run(
        [sys.executable, "-c", RUNS, *(str(ROOT / "scenarios" / name) for name in SCENARIOS)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return [line.split() for line in run.stdout.splitlines()]


def test_a_scenario_compiles_what_it_uses(lines):
    """Journeys are compiled for a scenario with journeys, not for one without."""
    without, with_journeys, *_ = lines
    assert "move_on" not in without
    assert "move_on" in with_journeys


def test_one_kernel_serves_all_shipped_scenarios(lines):
    """Whatever ran before, nothing is compiled a second time: the three loops once, each piece when first needed."""
    *needed, made = lines
    assert len(needed) == len(SCENARIOS) >= 12
    loops = [name for name in made if name not in needed[-1]]
    assert sorted(name.split("_")[0] for name in loops) == ["age", "live", "propose"]
    assert sorted(made) == sorted([*loops, *needed[-1]])
    assert set(needed[0]) < set(needed[-1])


def test_a_piece_is_a_plain_function():
    """In Python nothing stands between a piece and who calls it."""
    assert PIECES["judge"].function is conditions.judge
    assert PIECES["move_on"].function is journeys.move_on


def test_every_piece_has_its_slot():
    """Compiled code finds a slot for each piece of a layout, under a name that no other has."""
    compiling.compiled_day().loop("age")
    number = compiling.layout_number(compiling.SHIPPED)
    names = {symbol(piece, number) for piece in PIECES.values()}
    assert len(names) == len(PIECES)
    assert names <= {symbol(slot.piece, number) for slot in _SLOTS.values()}


def test_what_an_extension_adds_moves_no_shipped_field():
    """So its records are served by the shipped pieces, compiled once for all; records that are laid out otherwise
    are not."""
    extension = Extension("points")
    extension.field("points", "f8")
    extension.counter("points_issued")
    assert extension.layout.customer.itemsize > state.CUSTOMER_DTYPE.itemsize
    assert extension.layout.totals == state.TOTALS + 1
    assert compiling.begins_as_shipped(extension.layout)
    moved = np.dtype([("points", "f8"), *((name, state.CUSTOMER_DTYPE[name]) for name in state.CUSTOMER_DTYPE.names)])
    assert not compiling.begins_as_shipped(Layout(customer=moved))
