"""Why does pairing gain little on lead times? The supposed reasons are taken away, in departments without customers.

    python experiments/pairing/pairing.py --out experiments/pairing

prints the table of the page and writes what it comes from as `pairing.csv`: days from signal to live of each structure,
replication by replication. Same people, orders and luck in every structure; a condition changes all of them alike.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import simkit
from simkit.coupling.department_only import department_run
from simkit.experiment.statistics import LEVEL
from simkit.measures.responsiveness import RESTRICTED_DAYS, signal_to_live
from simkit.rng import generator
from simkit.scenario.schema import Scenario
from simkit.scenario.structures import organization

ROOT = Path(__file__).resolve().parents[2]
BASE = "hierarchy"
CONDITIONS = {
    "as shipped": [],
    "a board every day": ["teams.approvals.board=every day"],
    "little other work": ["work.campaigns_per_week=1"],
    "both": ["teams.approvals.board=every day", "work.campaigns_per_week=1"],
}
"""Changes of `scenarios/retail.yaml`, for every structure."""
REPLICATIONS = 40
RESAMPLES = 2000


def days_to_live(scenario: Scenario, replication: int) -> float:
    """Mean days from an occasion to the campaign that answers it, restricted to 60, as in `signal_to_live_days`."""
    run = department_run(scenario, organization(scenario.teams, list(scenario.market.segments)), replication)
    curve = signal_to_live(run)
    return float("nan") if curve is None else curve.restricted_mean(RESTRICTED_DAYS)


def answers(sets: list[str], numbers: range) -> pd.DataFrame:
    """A row per replication, a column per structure."""
    study = simkit.load(ROOT / "scenarios" / "retail.yaml", sets)
    found = {name: [days_to_live(one, r) for r in numbers] for name, one in study.alternatives.items()}
    return pd.DataFrame(found, index=pd.Index(numbers, name="replication"))


def removed(a: np.ndarray, b: np.ndarray) -> float:
    """Share of the variance of independent runs' difference that pairing removes."""
    return 1 - float(np.var(a - b, ddof=1) / (np.var(a, ddof=1) + np.var(b, ddof=1)))


def interval(a: np.ndarray, b: np.ndarray, what_for: str) -> tuple[float, float]:
    """Percentile interval of :func:`removed` over resampled replications."""
    picks = generator(1, f"pairing {what_for}").integers(0, len(a), (RESAMPLES, len(a)))
    low, high = np.nanquantile([removed(a[pick], b[pick]) for pick in picks], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def page_table(runs: pd.DataFrame) -> list[str]:
    """The table of the page, line by line."""
    lines = [
        "| condition | structure | days | spread | spread of the paired difference | removed (95 % interval) |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for condition, group in runs.groupby("condition", sort=False):
        base = group[BASE].to_numpy()
        lines.append(f"| {condition} | {BASE} | {base.mean():.1f} | {base.std(ddof=1):.2f} | | |")
        for name in group.columns.drop(["condition", "replication", BASE]):
            other = group[name].to_numpy()
            low, high = interval(other, base, f"{condition} {name}")
            lines.append(
                f"| | {name} | {other.mean():.1f} | {other.std(ddof=1):.2f} | {(other - base).std(ddof=1):.2f} "
                f"| {removed(other, base):.0%} ({low:.0%} to {high:.0%}) |"
            )
    return lines


def main() -> None:
    """Simulate and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--out", type=Path, default=Path())
    given = parser.parse_args()
    frames = []
    for condition, sets in CONDITIONS.items():
        found = answers(sets, range(given.replications)).reset_index()
        frames.append(found.assign(condition=condition))
        print(f"{condition}: done", flush=True)
    runs = pd.concat(frames, ignore_index=True)
    runs = runs[["condition", *runs.columns.drop("condition")]]
    runs.to_csv(given.out / "pairing.csv", index=False, float_format="%.6f", lineterminator="\n")
    print("\n".join(page_table(runs)))


if __name__ == "__main__":
    main()
