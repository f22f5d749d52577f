"""How much faster are two worker processes than one, and what does a cell cost beside its work?

Correctness first: both must give the same figures. Run with ``python experiments/benchmarks/workers.py``; two to three
minutes on two idle cores, needs the extra `experiments`. Seconds are wall-clock, from the beginning of the first cell
to the end of the last: cells stamp both, so that the start of the cluster is left out.

Cores that share a host slow each other down and change their speed by the minute. So three things take turns: one
worker, two workers, and bare processes, one and two, that do the same work with nothing between them, which is all that
two cores can give. Medians over the turns are told. Exit 1 below 1.8; what bare processes do then says whether the
machine can give it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from simkit.experiment.cells import Answer, Model, Outcome, Work, plan
from simkit.experiment.executors.dask import Dask

CELLS = 8
"""Of each worker in a turn."""
ROUNDS_OF_WORK = 6_000_000
"""About a second of plain Python."""
TURNS = 3
LEAST_RATIO = 1.8
SMALL_CELLS = 1000
UP_CELLS = 8
"""Cells without work that come first, while workers start."""
MODEL = Model("workers:simulate", "simkit.experiment.cells:figures_of", {}, warm_up=None)


def worked(rounds: int, replication: int) -> float:
    """Whole-number work whose result depends on every round."""
    state = replication + 1
    for _ in range(rounds):
        state = (1103515245 * state + 12345) % 2147483648
    return float(state)


def simulate(rounds: int, replication: int, *, engine: str, threads: int) -> Answer:
    """The work, and when it began and ended."""
    began = time.monotonic()
    state = worked(rounds, replication)
    return Answer({"state": state, "began": began, "ended": time.monotonic()})


@dataclass(frozen=True)
class Timed:
    """Figures of the cells, how long they took from the first to the last, and for how much of it workers worked."""

    figures: dict[Any, float]
    seconds: float
    at_work: float

    @classmethod
    def of(cls, outcomes: dict[Any, Any], workers: int) -> Timed:
        """Fails where a cell did."""
        found = {cell: outcome.measures for cell, outcome in outcomes.items()}
        seconds = max(one["ended"] for one in found.values()) - min(one["began"] for one in found.values())
        busy = sum(one["ended"] - one["began"] for one in found.values())
        return cls({cell: one["state"] for cell, one in found.items()}, seconds, busy / seconds / workers)


def timed(rounds: int, cells: int, workers: int) -> Timed:
    """Cells on worker processes that are up."""
    with Dask(Work({"up": 1, "cell": rounds}, "", MODEL), workers) as executor:
        outcomes: dict[Any, Outcome] = dict(executor.submit_stream(plan(["up"], UP_CELLS) + plan(["cell"], cells)))
    return Timed.of({cell: one for cell, one in outcomes.items() if cell.alternative == "cell"}, workers)


def bare(processes: int) -> float:
    """Seconds that so many processes take for the cells of one worker each, from first beginning to last end."""
    command = [sys.executable, __file__, "--bare"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    stamps = [tuple(map(float, one.communicate()[0].split())) for one in started]
    return max(end for _, end in stamps) - min(begin for begin, _ in stamps)


def main() -> int:
    """Print the ratios."""
    ratios, peers, at_work, seconds = [], [], [], []
    for _ in range(TURNS):
        one, two = timed(ROUNDS_OF_WORK, CELLS, 1), timed(ROUNDS_OF_WORK, 2 * CELLS, 2)
        assert one.figures.items() <= two.figures.items(), "two workers give other figures than one"
        ratios.append(2 * one.seconds / two.seconds)
        peers.append(2 * bare(1) / bare(2))
        at_work.append(two.at_work)
        seconds.append(one.seconds / CELLS)
    ratio, peer = median(ratios), median(peers)
    print(f"cells of {median(seconds):.2f} s, medians of {TURNS} turns")
    print(f"two workers are {ratio:.2f} times as fast as one ({', '.join(f'{one:.2f}' for one in ratios)})")
    print(f"two bare processes are {peer:.2f} times as fast as one ({', '.join(f'{one:.2f}' for one in peers)})")
    print(f"two workers are at work {median(at_work):.1%} of the time")
    small = timed(1, SMALL_CELLS, workers=2)
    print(f"a cell without work costs {1000 * small.seconds / SMALL_CELLS:.1f} ms")
    return 0 if ratio >= LEAST_RATIO else 1


if __name__ == "__main__":
    if sys.argv[1:] == ["--bare"]:
        began = time.monotonic()
        for number in range(CELLS):
            worked(ROUNDS_OF_WORK, number)
        print(began, time.monotonic())
    else:
        sys.exit(main())
