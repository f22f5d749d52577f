"""Numbers that move are moved on purpose: every measure of a tiny fixed scenario against a committed table.

When a change is meant to move them: ``python tests/test_baseline.py --renew``, commit `tests/baseline.csv`, and say
**Numbers change** in CHANGELOG.md with what moved and why.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simkit.measures.catalog import MEASURES, compute
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

BASELINE = Path(__file__).with_name("baseline.csv")
STRUCTURES = ("hierarchy", "pods", "hub-and-spoke")
REPLICATIONS = (0, 1)
COLUMNS = ("structure", "replication", "measure", "value")


def measured(structure: str, replication: int) -> dict[str, float | None]:
    """All measures of 300 persons over 60 days, after 30 days of warm-up, seed 1."""
    tiny = Scenario(market={"customers": 300}, horizon=60, warmup=30, seed=1, teams={"structure": structure})
    return compute(simulate(tiny, replication))


def rows() -> Iterator[tuple[str, str, str, str]]:
    """The table as text; an absent measure is an empty cell."""
    for structure in STRUCTURES:
        for replication in REPLICATIONS:
            for name, value in measured(structure, replication).items():
                yield structure, str(replication), name, "" if value is None else repr(value)


def committed() -> dict[tuple[str, int], dict[str, float | None]]:
    """The committed values by structure and replication."""
    table: dict[tuple[str, int], dict[str, float | None]] = {}
    with BASELINE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cell = table.setdefault((row["structure"], int(row["replication"])), {})
            cell[row["measure"]] = float(row["value"]) if row["value"] else None
    return table


@pytest.mark.parametrize("replication", REPLICATIONS)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_numbers_are_those_committed(structure, replication):
    """Every measure within 1e-9 of its committed value, absent ones absent.

    Renew with ``python tests/test_baseline.py --renew`` when a change is meant to move them, and tag the entry in
    CHANGELOG.md **Numbers change**.
    """
    expected, found = committed()[structure, replication], measured(structure, replication)
    moved = {
        name: (expected.get(name), found[name]) for name in MEASURES if not _equal(expected.get(name), found[name])
    }
    assert moved == {}, "committed and found; see the docstring of this file for how to renew"
    assert list(expected) == list(found)


def _equal(one: float | None, other: float | None) -> bool:
    return one is other is None or (one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9))


def test_a_moved_number_is_seen():
    """The comparison above can fail: a value off by a millionth, or one that came or went."""
    assert _equal(1.0, 1.0 + 1e-12)
    assert _equal(None, None)
    assert not _equal(1.0, 1.000001)
    assert not _equal(None, 0.0)
    assert not _equal(0.0, None)


def renew() -> None:
    """Write the table anew."""
    with BASELINE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows())


if __name__ == "__main__":
    if sys.argv[1:] != ["--renew"]:
        sys.exit("usage: python tests/test_baseline.py --renew")
    renew()
    print(f"wrote {BASELINE}; commit it, and say 'Numbers change' in CHANGELOG.md")
