"""How much faster are two worker processes than one, and what does a cell cost beside its work?

Correctness first: both must give the same figures. Run with ``python experiments/benchmarks/workers.py``; needs two
idle cores and the extra `experiments`. Seconds are wall-clock, the start of the cluster left out. Exit 1 below 1.8.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from simkit.experiment.cells import Answer, Model, Outcome, Work, plan
from simkit.experiment.executors.dask import Dask

CELLS = 20
ROUNDS = 6_000_000
"""About a second of plain Python."""
LEAST_RATIO = 1.8
SMALL_CELLS = 1000
UP_CELLS = 8
"""Cells without work that come first, while workers start."""
MODEL = Model("workers:simulate", "simkit.experiment.cells:figures_of", {}, warm_up=None)


def simulate(rounds: int, replication: int, *, engine: str, threads: int) -> Answer:
    """Whole-number work whose result depends on every round."""
    state = replication + 1
    for _ in range(rounds):
        state = (1103515245 * state + 12345) % 2147483648
    return Answer({"state": float(state)})


def timed(rounds: int, cells: int, workers: int) -> tuple[dict[Any, Outcome], float]:
    """Outcomes, and the seconds that they took once every worker was up."""
    work = Work({"up": 1, "cell": rounds}, "", MODEL)
    with Dask(work, workers) as executor:
        started = time.perf_counter()
        every = plan(["up"], UP_CELLS) + plan(["cell"], cells)
        outcomes: dict[Any, Outcome] = {}
        for cell, outcome in executor.submit_stream(every):
            if cell.alternative == "up":
                started = time.perf_counter()
            outcomes[cell] = outcome
        return outcomes, time.perf_counter() - started


def figures(outcomes: dict[Any, Any]) -> dict[Any, float]:
    """The figure of each cell; fails where a cell did."""
    return {cell: outcome.measures["state"] for cell, outcome in outcomes.items()}


def main() -> int:
    """Print the ratios."""
    one, one_seconds = timed(ROUNDS, CELLS, workers=1)
    two, two_seconds = timed(ROUNDS, CELLS, workers=2)
    assert figures(one) == figures(two), "two workers give other figures than one"
    ratio = one_seconds / two_seconds
    print(f"{CELLS} cells of {one_seconds / CELLS:.2f} s: two workers are {ratio:.2f} times as fast as one")
    _, small_seconds = timed(1, SMALL_CELLS, workers=2)
    print(f"a cell without work costs {1000 * small_seconds / SMALL_CELLS:.1f} ms")
    return 0 if ratio >= LEAST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
