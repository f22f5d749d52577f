"""Does an agency pay where demand comes in peaks? A hybrid at the same total cost against the other structures.

    python experiments/structures_regimes/peaks.py --out experiments/structures_regimes

The hybrid does without six of the 24 people and has an agency that bills hours and nothing else. In every place it
sends as much to the agency as the pay of the six buys: the lowest threshold of `queue_days` at which people and bills
cost at least half a percent less than 24 people, found on replications that do not count. Luck, orders, board and
figure are those of `regimes.py`; the same orders come more unevenly where peaks are higher.
"""

from __future__ import annotations

from bisect import bisect_left
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from regimes import (
    COUNTED,
    LESS_IS_BETTER,
    LIMIT,
    SEGMENTS,
    START,
    STRUCTURES,
    WARM_UP,
    asked,
    counted_days,
    orders,
)

from simkit.experiment.analysis.regimes import MAP, WINS, regimes
from simkit.experiment.statistics import paired
from simkit.records import WorkOrder
from simkit.rng import run_key
from simkit.scenario.organization import Organization, Teams
from simkit.scenario.structures import organization
from simkit.teams.department import Department

HYBRID = "hybrid"
PEAKS = (1.0, 1.5, 2.0, 3.0)
"""Orders in two of every eight weeks, times the mean rate; fewer in the other six, so that the mean stays."""
PRICES = (1.6, 2.05, 2.56)
"""Agency's hour, times the hourly cost of an own person: the shipped factor; halfway; and what an own hour of work on
cases costs, of which people have 0.39 in an hour that is paid."""
LOAD = 1.0
"""Times the shipped 14 campaigns a week."""
CYCLE, PEAK_BEGINS, PEAK_DAYS = 56, 28, 14
FEWER = 6
"""The most that is plausible; in two replications for trying out, two fewer had lost to pods at the highest peak."""
THRESHOLDS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0, 15.0, 25.0, 50.0)
"""Working days of work that wait for those who would do it, above which the agency does."""
TRIALS = range(10)
"""Replications on which the threshold is found."""
MARGIN = 0.995
DAYS = WARM_UP + COUNTED + LIMIT


def department(structure: str, price: float = 0.0, threshold: float = 0.0) -> Organization:
    """A shipped department with a daily board."""
    preset: Any = structure
    if structure == HYBRID:
        agency = {"hourly_factor": price, "minimum_per_month": 0, "limit": "unlimited"}
        preset = {"preset": HYBRID, "fewer_people": FEWER, "when": f"queue_days > {threshold}", "agency": agency}
    told = {"structure": preset, "approvals": {"board": "every day"}}
    return organization(Teams.model_validate(told), SEGMENTS)


def uneven(planned: list[WorkOrder], peak: float) -> list[WorkOrder]:
    """The same orders at other times: where orders come at a steady rate, so many times as many come in a peak."""
    rest = (CYCLE - peak * PEAK_DAYS) / (CYCLE - PEAK_DAYS)
    ends = np.array([0.0, PEAK_BEGINS, PEAK_BEGINS + PEAK_DAYS, CYCLE])
    expected = np.concatenate(([0.0], np.cumsum(np.diff(ends) * [rest, peak, rest])))
    days = [order.arrives_day for order in planned]
    whole, part = np.divmod(days, CYCLE)
    moved = whole * CYCLE + np.interp(part, expected, ends)
    return [replace(order, arrives_day=float(day)) for order, day in zip(planned, moved, strict=True)]


def outcome(plan: Organization, peak: float, replication: int) -> tuple[float, float]:
    """Days to live of the orders that count, and what people and agency cost, currency a day over all days."""
    run = Department(plan, run_key(1, replication), START, DAYS)
    run.submit(uneven(orders(LOAD, replication), peak))
    for day in range(DAYS):
        run.run_day(day)
    return counted_days(run), run.payroll_per_day + sum(run.extra_costs) / DAYS


def threshold_of(peak: float, price: float) -> float:
    """The lowest threshold at which the hybrid costs less than 24 people in the replications for trying out."""
    allowed = MARGIN * department("hierarchy").payroll_per_day

    def cheap_enough(threshold: float) -> bool:
        plan = department(HYBRID, price, threshold)
        return bool(np.mean([outcome(plan, peak, number)[1] for number in TRIALS]) <= allowed)

    return THRESHOLDS[bisect_left(THRESHOLDS, True, hi=len(THRESHOLDS) - 1, key=cheap_enough)]


def answer(peak: float, structure: str, price: float, numbers: range) -> tuple[float, np.ndarray]:
    """The threshold, and days to live and cost by replication, of a structure."""
    threshold = threshold_of(peak, price) if structure == HYBRID else np.nan
    plan = department(structure, price, threshold)
    return threshold, np.array([outcome(plan, peak, number) for number in numbers])


def table(found: dict[tuple[float, str, float], tuple[float, np.ndarray]], numbers: range) -> pd.DataFrame:
    """Every figure: a row per peak, structure, price and replication."""
    frames = [
        pd.DataFrame({"peak": peak, "structure": structure, "price": price, "threshold": threshold,
                      "replication": numbers, "days": figures[:, 0], "cost_per_day": figures[:, 1]})
        for (peak, structure, price), (threshold, figures) in found.items()
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def places(rows: pd.DataFrame, what: str) -> dict[tuple[float, float], dict[str, np.ndarray]]:
    """A figure of each structure by replication, for each peak and price; own people have no price."""
    told = {key: group[what].to_numpy() for key, group in rows.groupby(["peak", "structure", "price"])}
    return {
        (peak, price): {
            **{name: told[peak, name, 0.0] for name in STRUCTURES},
            HYBRID: told[peak, HYBRID, price],
        }
        for peak in PEAKS
        for price in PRICES
    }


def page_table(rows: pd.DataFrame) -> list[str]:
    """The table of the page, line by line; the whole map is one family of comparisons."""
    names = [*STRUCTURES, HYBRID]
    answers = regimes(places(rows, "days"), LESS_IS_BETTER, ("peak", "price"), MAP)
    costs = places(rows, "cost_per_day")
    thresholds = rows[rows.structure == HYBRID].groupby(["peak", "price"])["threshold"].first()
    lines = [
        f"| peak | price | threshold | {' | '.join(names)} | fastest | by (95 % interval) | shown "
        "| hybrid's cost, % of 24 people's |",
        "|--:|--:|--:|" + "--:|" * len(names) + "---|--:|---|--:|",
    ]
    for row in answers.to_dict("records"):
        place = row["peak"], row["price"]
        means = " | ".join(f"{row[name]:.1f}" for name in names)
        lead = f"{row['lead']:.1f} ({row['low']:.1f} to {row['high']:.1f})"
        shown = "yes" if row["verdict"] == WINS else f"no: {row['rivals']}"
        share = 100 * costs[place][HYBRID] / costs[place]["hierarchy"]
        against = paired(share, np.full(len(share), 100.0))
        cost = f"{share.mean():.1f} ({100 + against.low:.1f} to {100 + against.high:.1f})"
        head = f"{place[0]:g} | {place[1]:g} | {thresholds[place]:g}"
        lines.append(f"| {head} | {means} | {row['best']} | {lead} | {shown} | {cost} |")
    return lines


def main() -> None:
    """Simulate and print the table."""
    numbers, workers, folder = asked(__doc__)
    wanted = [(peak, name, 0.0) for peak in PEAKS for name in STRUCTURES]
    wanted += [(peak, HYBRID, price) for peak in PEAKS for price in PRICES]
    with ProcessPoolExecutor(workers) as pool:
        found = dict(zip(wanted, pool.map(answer, *zip(*wanted, strict=True), [numbers] * len(wanted)), strict=True))
    rows = table(found, numbers)
    rows.to_csv(folder / "peaks.csv", index=False, float_format="%.6f", lineterminator="\n")
    print("\n".join(page_table(rows)))


if __name__ == "__main__":
    main()
