"""Does a plausible world need as many persons as the scenario? The same worlds and luck, with few persons and many.

Usage: python experiments/worlds_size/compare.py [SCENARIO] [WORLDS] [PERSONS,PERSONS,...] [FILE.csv]

The most persons are what the others are held against. Every run is a line of FILE.csv as soon as it is done; runs that
are there are not made again, so that a stopped comparison goes on. Of a finished file it only prints the table.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import simkit
from simkit.experiment.statistics import interval
from simkit.experiment.worlds.assumptions import assumptions, usable, values_of
from simkit.experiment.worlds.dependence import share_interval, spearman
from simkit.experiment.worlds.explore import lead_table, maker, possible
from simkit.measures.catalog import compute
from simkit.rng import generator

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
LARGEST_ERROR = 0.5
"""Of the spread between worlds. Beyond it more than a fifth of the leads' variance is customers' luck, and a rank
correlation of 0.5 is seen as less than 0.45."""
LARGEST_SHIFT = 0.2
"""Of the spread between worlds: by so much the mean lead may move."""
LARGEST_CHANGE = 0.1
"""By so much the share of worlds in which the choice holds may move."""
RESAMPLES = 2000
SEED = 1


def run_all(scenario: str, worlds: int, sizes: Sequence[int], file: Path) -> pd.DataFrame:
    """Profit of every alternative in every world at every size, a line each in the file."""
    study = simkit.load(scenario)
    makers = {persons: maker(study, persons, SEED) for persons in sizes}
    held = usable(assumptions(study), makers[sizes[0]], study.base)
    design, _, _ = possible(held, makers[sizes[0]], worlds, SEED)
    key = ["world", "persons", "alternative"]
    done = pd.read_csv(file) if file.is_file() else pd.DataFrame(columns=[*key, "profit", "cpu_seconds"])
    there = set(done[key].itertuples(index=False, name=None))
    warm = False
    for world, numbers in design.iterrows():
        for persons in sizes:
            for name, one in makers[persons](values_of(held, [value.item() for value in numbers.to_numpy()])).items():
                if (world, persons, name) in there:
                    continue
                if not warm:  # so that no run is timed with what compiles before it
                    simkit.simulate(one, replication=world)
                    warm = True
                started = time.process_time()
                profit = compute(simkit.simulate(one, replication=world))["profit"]
                line = f"{world},{persons},{name},{profit:.2f},{time.process_time() - started:.2f}\n"
                with file.open("a", encoding="utf-8") as out:
                    out.write(line if out.tell() else f"world,persons,alternative,profit,cpu_seconds\n{line}")
    runs = pd.read_csv(file)
    return runs[runs["world"].isin(design.index) & runs["persons"].isin(sizes)]


def leads_of(runs: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """The choice (best on average with most persons), and its lead over the best other: worlds x persons."""
    most = runs["persons"].max()
    chosen = str(runs[runs["persons"] == most].groupby("alternative", sort=False)["profit"].mean().idxmax())
    table = {
        persons: lead_table(some.rename(columns={"world": "case"}), "profit", "higher", chosen)
        for persons, some in runs.groupby("persons")
    }
    return chosen, pd.DataFrame({persons: one["lead"] for persons, one in table.items()})


def winners_of(runs: pd.DataFrame) -> pd.DataFrame:
    """Who earns most: worlds x persons."""
    by = runs.pivot(index=["world", "persons"], columns="alternative", values="profit")
    return by.idxmax(axis=1).unstack("persons")


def compared(few: np.ndarray, many: np.ndarray, same_winner: int) -> dict[str, tuple[float, float, float]]:
    """Figures of one size against the largest, world by world, each with a 95 % interval.

    `error` is the root mean square difference of the leads over their spread (standard deviation) between worlds with
    most persons, `shift` the mean difference over that spread, `correlation` Pearson's of the leads, `change` the share
    of worlds that are held with few less that with many, `same_winner` a share of worlds. Intervals of the first three
    are percentiles over resampled worlds; of `change` Student's over worlds; of `same_winner` Clopper and Pearson's.
    Where no world changed, the interval of `change` is that of a share of none in so many.
    """
    count = len(few)
    picks = generator(SEED, "worlds resampled").integers(0, count, (RESAMPLES, count))
    found = {}
    for name, figure in (("error", _error), ("shift", _shift), ("correlation", _correlation)):
        again = figure(few[picks], many[picks])
        low, high = np.nanquantile(again, [0.025, 0.975])
        found[name] = (float(figure(few, many)), float(low), float(high))
    moved = (few > 0).astype(float) - (many > 0)
    change = interval(moved)
    if moved.any() and change.low is not None and change.high is not None:
        found["change"] = (float(moved.mean()), change.low, change.high)
    else:
        most = share_interval(0, count)[1]
        found["change"] = (0.0, -most, most)
    found["same_winner"] = (same_winner / count, *share_interval(same_winner, count))
    return found


def _error(few: np.ndarray, many: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean((few - many) ** 2, axis=-1)) / _spread(many)


def _shift(few: np.ndarray, many: np.ndarray) -> np.ndarray:
    return np.mean(few - many, axis=-1) / _spread(many)


def _correlation(few: np.ndarray, many: np.ndarray) -> np.ndarray:
    apart = [leads - leads.mean(axis=-1, keepdims=True) for leads in (few, many)]
    covariance = np.sum(apart[0] * apart[1], axis=-1) / (few.shape[-1] - 1)
    return covariance / (_spread(few) * _spread(many))


def _spread(leads: np.ndarray) -> np.ndarray:
    """Between worlds, the last axis; none where the worlds drawn are all one."""
    spread = leads.std(ddof=1, axis=-1)
    return np.where(spread > 0, spread, math.nan)


def verdict(found: dict[str, tuple[float, float, float]]) -> str:
    """`hurts` where a limit is broken beyond doubt, `does not hurt` where all hold beyond doubt, else `undecided`."""
    limits = {"error": LARGEST_ERROR, "shift": LARGEST_SHIFT, "change": LARGEST_CHANGE}
    if any(found[name][1] > limit or found[name][2] < -limit for name, limit in limits.items()):
        return "hurts"
    if all(-limit <= found[name][1] and found[name][2] <= limit for name, limit in limits.items()):
        return "does not hurt"
    return "undecided"


def table(runs: pd.DataFrame) -> str:
    """What the README holds: worlds that have all their runs."""
    whole = runs.groupby("world")["profit"].transform("count")
    runs = runs[whole == whole.max()]
    chosen, leads = leads_of(runs)
    winners, most = winners_of(runs), int(runs["persons"].max())
    cost = runs.groupby("persons")["cpu_seconds"].median()
    many = leads[most].to_numpy(float)
    lines = [
        f"{len(leads)} worlds. With {most:,} persons {chosen} is ahead of the best other in {np.mean(many > 0):.0%}; "
        f"mean lead {many.mean():,.0f}, spread {many.std(ddof=1):,.0f}; a run takes {cost[most]:.1f} CPU seconds.",
        "",
        "| persons | CPU seconds a run | error / spread | shift / spread | correlation | rank correlation "
        "| held less held with most | same winner | |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for persons in [one for one in leads if one != most]:
        few = leads[persons].to_numpy(float)
        found = compared(few, many, int((winners[persons] == winners[most]).sum()))
        cells = [f"{mean:.2f} ({low:.2f} to {high:.2f})" for mean, low, high in found.values()]
        cells.insert(3, f"{spearman(few, many):.2f}")
        lines.append(f"| {persons:,} | {cost[persons]:.1f} | {' | '.join(cells)} | {verdict(found)} |")
    return "\n".join(lines)


def without_farthest(runs: pd.DataFrame) -> pd.DataFrame:
    """Without the world whose lead, with most persons, is farthest from the median: it alone may make the spread."""
    _, leads = leads_of(runs)
    lead = leads[runs["persons"].max()]
    return runs[runs["world"] != (lead - lead.median()).abs().idxmax()]


def main(scenario: str, worlds: int, sizes: Sequence[int], file: Path) -> None:
    """Make the runs that are missing, and print the table."""
    runs = run_all(scenario, worlds, sorted(sizes), file)
    rest = without_farthest(runs)
    print(table(runs), "Without the world whose lead is farthest from the median:", table(rest), sep="\n\n")


if __name__ == "__main__":
    usual = [str(ROOT / "scenarios" / "retail.yaml"), "20", "2500,5000,10000,20000", str(HERE / "runs.csv")]
    scenario, worlds, sizes, file = [*sys.argv[1:], *usual[len(sys.argv) - 1 :]]
    main(scenario, int(worlds), [int(one) for one in sizes.split(",")], Path(file))
