"""Does a world need as many persons as the scenario? The same worlds of a scenario, with few persons and with many.

Usage: python experiments/worlds_size/compare.py [SCENARIO] [WORLDS] [FEW] [MANY]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

import simkit
from simkit.experiment.worlds.assumptions import assumptions, usable, values_of
from simkit.experiment.worlds.dependence import spearman
from simkit.experiment.worlds.explore import maker, places
from simkit.measures.catalog import compute

ROOT = Path(__file__).parents[2]


def leads(make, held, drawn) -> tuple[np.ndarray, float]:
    """By how much each alternative earns more than the first, world by world, and the CPU seconds a run took."""
    rows, started = [], time.process_time()
    for world, row in enumerate(drawn):
        values = values_of(held, [one.at(float(place)) for one, place in zip(held, row, strict=True)])
        profit = [compute(simkit.simulate(one, replication=world))["profit"] for one in make(values).values()]
        rows.append([one - profit[0] for one in profit[1:]])
    return np.array(rows), (time.process_time() - started) / (len(drawn) * (1 + len(rows[0])))


def main(scenario: str, worlds: int, few: int, many: int) -> None:
    """Print, for each alternative, how alike the leads are."""
    study = simkit.load(scenario)
    held = usable(assumptions(study), maker(study, few, 1), study.base)
    drawn = places(held, worlds, seed=1)
    simkit.simulate(study.base.model_copy(update={"horizon": 7.0, "warmup": 0.0}), replication=0)  # compile first
    small, small_seconds = leads(maker(study, few, 1), held, drawn)
    large, large_seconds = leads(maker(study, many, 1), held, drawn)
    print(
        f"{worlds} worlds, CPU seconds a run: {small_seconds:.2f} with {few}, {large_seconds:.2f} with {many} persons"
    )
    for i, name in enumerate(list(study.alternatives)[1:]):
        a, b = small[:, i], large[:, i]
        print(
            f"{name}: mean lead {a.mean():,.0f} and {b.mean():,.0f}, spread {a.std(ddof=1):,.0f} and "
            f"{b.std(ddof=1):,.0f}, same sign in {np.mean(np.sign(a) == np.sign(b)):.0%}, rank correlation "
            f"{spearman(a, b):.2f}, ahead in {np.mean(a > 0):.0%} and {np.mean(b > 0):.0%}"
        )


if __name__ == "__main__":
    given = sys.argv[1:]
    scenario = given[0] if given else str(ROOT / "scenarios" / "retail.yaml")
    main(scenario, *map(int, [*given[1:], *["12", "2500", "50000"][len(given[1:]) :]]))
