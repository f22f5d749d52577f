"""What pairing buys: the variance of email's incremental profit under the same draws, against independent draws.

    python experiments/benchmarks/incrementality.py [customers] [replications]

Correctness first: with nothing withheld the counterfactual must be the run itself, to the bit.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

import simkit
from simkit.experiment.inquiries.incrementality import incrementality
from simkit.simulation import simulate

RETAIL = Path(__file__).parents[2] / "scenarios" / "retail.yaml"
WANTED = 5.0
"""Times by which pairing must reduce the variance."""


def main(customers: int = 10_000, replications: int = 10) -> None:
    """Check, measure, print."""
    study = simkit.load(RETAIL, [f"market.customers={customers}", f"market.represents={2_000_000 // customers}"])
    base = simulate(study.base)
    again = simulate(study.base, script=base.script)
    assert np.array_equal(base.customers, again.customers), "the counterfactual with nothing withheld is another run"
    assert base.daily.equals(again.daily)
    started = time.perf_counter()
    found = incrementality(study, "channel:email", replications=replications)
    ratio, profit = found.variance_ratio, found.line("truth").profit
    assert ratio is not None
    print(f"retail, {customers:,} persons, {replications} replications, {time.perf_counter() - started:.0f} s")
    print(f"incremental profit of email: {profit.mean:,.0f} ({profit.low:,.0f} to {profit.high:,.0f})")
    print(f"variance under independent draws / under the same draws: {ratio:.0f} (at least {WANTED:.0f} wanted)")
    sys.exit(ratio < WANTED)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
