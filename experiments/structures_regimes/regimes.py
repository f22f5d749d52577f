"""Which structure is fastest where? A map over load and hand-off distance, of departments without customers.

    python experiments/structures_regimes/regimes.py --out experiments/structures_regimes

prints the table of the page, draws `regimes.svg` and writes what it comes from as `regimes.csv`. The same people,
wages, orders and luck in every structure; only load and hand-offs change. Figures are days from order to live,
restricted to 60: what is not live by then, or never, counts 60, so that an overloaded structure does not look fast
because its quick cases finished.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simkit.experiment.analysis.regimes import MAP, WINS, regimes
from simkit.records import WorkOrder
from simkit.rng import crc, run_key
from simkit.scenario import retail_department as retail
from simkit.scenario.organization import Organization, Teams
from simkit.scenario.structures import check_equal_means, organization
from simkit.scenario.workload import load_report
from simkit.teams.department import Department

STRUCTURES = ("hierarchy", "pods", "hub-and-spoke")
SEGMENTS = ("a", "b", "c")
WEEKLY = {"email_campaign": 6, "sms_push_campaign": 3, "paid_social_campaign": 3, "reactive_campaign": 2}
LOADS = (0.6, 0.9, 1.15, 1.3)
"""Times the shipped 14 campaigns a week."""
DISTANCES = (0.0, 0.5, 1.0, 2.0)
"""Times the shipped hand-offs: latency, effort and information loss."""
START = datetime.date(2026, 1, 5)
WARM_UP, COUNTED, LIMIT = 42, 112, 60
"""Days before the first order that counts, days in which orders count, and days each is followed."""
LESS_IS_BETTER = -1
REPLICATIONS, FIRST = 40, 100
"""Replications of a place, and the number of the first: 0 to 99 are for trying things out, and count for nothing."""
COLORS = {"hierarchy": "#4269d0", "pods": "#efb118", "hub-and-spoke": "#3ca951"}


def department(structure: str, distance: float) -> Organization:
    """A shipped department with a daily board and hand-offs so many times as far as the shipped ones."""
    lines = [
        {key: value if key == "when" else value * distance for key, value in line.items()} for line in retail.distance()
    ]
    told: dict[str, Any] = {"structure": structure, "distance": lines, "approvals": {"board": "every day"}}
    return organization(Teams.model_validate(told), SEGMENTS)


def orders(load: float, replication: int) -> list[WorkOrder]:
    """Orders by kind with exponential gaps, the same in every structure, at so many times the shipped rate."""
    found = []
    for kind, per_week in WEEKLY.items():
        rng = np.random.Generator(np.random.PCG64([replication, crc(kind)]))
        gaps = rng.exponential(7 / (per_week * load), size=int(per_week * load * 60) + 60)
        found += [
            WorkOrder(key=crc(f"{kind}-{n}"), name=f"{kind}-{n}", kind=kind, arrives_day=float(day), campaign=kind,
                      segment=SEGMENTS[n % len(SEGMENTS)], priority=2 if kind == "reactive_campaign" else 5)
            for n, day in enumerate(np.cumsum(gaps))
            if day < WARM_UP + COUNTED + LIMIT
        ]  # fmt: skip
    return found


def days_to_live(plan: Organization, load: float, replication: int) -> float:
    """Mean days from order to live of the orders that count, restricted to the limit."""
    run = Department(plan, run_key(1, replication), START, WARM_UP + COUNTED + LIMIT)
    run.submit(orders(load, replication))
    for day in range(WARM_UP + COUNTED + LIMIT):
        run.run_day(day)
    return counted_days(run)


def counted_days(run: Department) -> float:
    """The same of a department whose days have passed."""
    cases = run.records().cases
    counted = cases[(cases.arrived_day >= WARM_UP) & (cases.arrived_day < WARM_UP + COUNTED)]
    days = counted.lead_days.where(counted.status == "live", LIMIT)
    return float(days.clip(upper=LIMIT).mean())


Place = tuple[float, float]
"""Hand-off distance, load."""


def answer(distance: float, load: float, numbers: range) -> dict[str, np.ndarray]:
    """Days to live of each structure by replication of these numbers, all under the same orders and luck."""
    plans = {structure: department(structure, distance) for structure in STRUCTURES}
    for plan in plans.values():
        check_equal_means(plans["hierarchy"], plan)
    return {structure: np.array([days_to_live(plan, load, r) for r in numbers]) for structure, plan in plans.items()}


def table(days: dict[Place, dict[str, np.ndarray]], numbers: range) -> pd.DataFrame:
    """Every figure: a row per place and replication, a column per structure."""
    frames = [
        pd.DataFrame({"hand_offs": distance, "load": load, "replication": numbers, **figures})
        for (distance, load), figures in days.items()
    ]
    return pd.concat(frames, ignore_index=True)


def decided(days: Mapping[Place, Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """Who is fastest in each place, and where that is shown: one family of comparisons over the whole map."""
    return regimes(days, LESS_IS_BETTER, ("distance", "load"), MAP)


def page_table(answers: pd.DataFrame) -> list[str]:
    """The table of the page, line by line."""
    lines = [
        f"| hand-offs | load | utilization | {' | '.join(STRUCTURES)} | fastest | by (95 % interval) | shown |",
        "|--:|--:|--:|" + "--:|" * len(STRUCTURES) + "---|--:|---|",
    ]
    for row in answers.to_dict("records"):
        weekly = {kind: per_week * row["load"] for kind, per_week in WEEKLY.items()}
        busiest = max(load_report(department("hierarchy", row["distance"]), weekly).values())
        means = " | ".join(f"{row[structure]:.1f}" for structure in STRUCTURES)
        lead = f"{row['lead']:.1f} ({row['low']:.1f} to {row['high']:.1f})"
        shown = "yes" if row["verdict"] == WINS else f"no: {row['rivals']}"
        place = f"{row['distance']:g} | {row['load']:g} | {busiest:.2f}"
        lines.append(f"| {place} | {means} | {row['best']} | {lead} | {shown} |")
    return lines


def draw(answers: pd.DataFrame, to: Path) -> None:
    """A place for each load and distance, in the color of the fastest; pale where none is shown to be."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axes = figure.subplots()
    for row in answers.itertuples():
        x, y = LOADS.index(row.load), DISTANCES.index(row.distance)
        alpha = 0.85 if row.verdict == WINS else 0.3
        axes.fill_between([x - 0.5, x + 0.5], y - 0.5, y + 0.5, color=COLORS[row.best], alpha=alpha, linewidth=0)
        text = f"{row.best}\n{getattr(row, row.best.replace('-', '_')):.1f} d, {row.lead:.1f} ahead"
        axes.text(x, y, text, ha="center", va="center", fontsize=7)
    axes.set_xticks(range(len(LOADS)), [f"{load:g}" for load in LOADS])
    axes.set_yticks(range(len(DISTANCES)), [f"{distance:g}" for distance in DISTANCES])
    axes.set_xlabel("load, times 14 campaigns a week")
    axes.set_ylabel("hand-offs, times the shipped distance table")
    axes.set_title("Fastest structure (pale: undecided)", loc="left")
    figure.savefig(to, metadata={"Date": None})


def asked(what_for: str | None) -> tuple[range, int, Path]:
    """What the command line of a map says: numbers of the replications, workers, and the folder for what comes out."""
    parser = argparse.ArgumentParser(description=(what_for or "").splitlines()[0])
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--first", type=int, default=FIRST, help="number of the first replication")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path())
    given = parser.parse_args()
    return range(given.first, given.first + given.replications), given.workers, given.out


def main() -> None:
    """Simulate, print the table, draw the map."""
    numbers, workers, folder = asked(__doc__)
    places = [(distance, load) for distance in DISTANCES for load in LOADS]
    with ProcessPoolExecutor(workers) as pool:
        found = pool.map(answer, *zip(*places, strict=True), [numbers] * len(places))
        days = dict(zip(places, found, strict=True))
    table(days, numbers).to_csv(folder / "regimes.csv", index=False, float_format="%.6f", lineterminator="\n")
    answers = decided(days)
    print("\n".join(page_table(answers)))
    draw(answers.rename(columns=lambda name: name.replace("-", "_")), folder / "regimes.svg")


if __name__ == "__main__":
    main()
