"""How fast do customers live? The compiled driver beside the Mesa driver, on the quickstart market.

Identity first: customers, ledger and contact log of both drivers must be equal to the bit. Then CPU nanoseconds per
customer-day on one core (median of some repeats, compilation excluded), the ratio to the Mesa driver, bytes per
customer, how time grows from 100,000 to 1,000,000 customers, and what a market takes in which one in ten is
contacted a day.

Run with ``python experiments/benchmarks/customers.py [--quick]``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from simkit.customers.compiled import CompiledMarket
from simkit.customers.driver import MarketDriver
from simkit.customers.mesa_market import MarketModel
from simkit.customers.state import CUSTOMER_DTYPE
from simkit.scenario.load import load
from simkit.scenario.schema import Scenario

QUICKSTART = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"
REAL_PERSONS = 2_000_000
WARM_DAYS, DAYS = 40, 28
Plan = Callable[[MarketDriver, int], None]
"""What is launched on a day."""


def scenario_of(customers: int) -> Scenario:
    """The quickstart market at another size; each person stands for as many as make the same real market."""
    sets = [f"market.customers={customers}", f"market.represents={REAL_PERSONS / customers}"]
    return load(QUICKSTART, sets).base


def plan(market: MarketDriver, day: int) -> None:
    """What a department of the quickstart brings out: twelve planned campaigns a week, one more in some."""
    segments = list(market.tables.segments)
    for n, (campaign, every) in enumerate(
        [("newsletter", 7), ("promotion", 2.33), ("loyalty", 7), ("win_back", 7), ("flash", 2.33), ("social", 2.33),
         ("trend_offer", 10), ("counter_offer", 30)]
    ):  # fmt: skip
        if int((day + n) / every) != int((day + n - 1) / every):
            whom = segments[day % len(segments)] if campaign in ("promotion", "flash", "social") else None
            market.tables.launch(f"{campaign}-{day}", campaign, whom, 0.5, day)


def newsletters(market: MarketDriver, day: int) -> None:
    """One newsletter every third day, and nothing else."""
    if day % 3 == 0:
        market.tables.launch(f"newsletter-{day}", "newsletter", None, 0.5, day)


def live(market: MarketDriver, first: int, days: int, plan: Plan = plan) -> np.ndarray:
    """Totals of so many days under a plan."""
    totals = []
    for day in range(first, first + days):
        plan(market, day)
        totals.append(market.live_day())
    return np.array(totals)


def check_identity(customers: int, days: int) -> None:
    """Raise unless both drivers agree to the bit."""
    logs: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    scenario = scenario_of(customers)
    fast, slow = CompiledMarket(scenario, 0, log=logs[0]), MarketModel(scenario=scenario, log=logs[1])
    same = np.array_equal(live(fast, 0, days), live(slow, 0, days))
    same &= np.array_equal(fast.customers(), slow.customers())
    same &= np.array_equal(np.concatenate(logs[0]), np.concatenate(logs[1]))
    if not same:
        raise SystemExit("the two drivers differ: nothing is timed")
    print(f"identical: {customers:,} customers, {days} days, {sum(map(len, logs[0])):,} contacts")


def nanoseconds(
    make: Callable[[], MarketDriver], customers: int, days: int, repeats: int, plan: Plan = plan
) -> tuple[float, float]:
    """Median CPU nanoseconds per customer-day, after fatigue has settled; and the share contacted a day."""
    market = make()
    live(market, 0, WARM_DAYS, plan)
    times, contacted = [], []
    for repeat in range(repeats):
        started = time.process_time()
        totals = live(market, WARM_DAYS + repeat * days, days, plan)
        times.append((time.process_time() - started) / customers / days * 1e9)
        contacted.append(totals[:, market.tables.columns["contacted"]].mean() / customers)
    return statistics.median(times), statistics.mean(contacted)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the customers and two repeats")
    quick = parser.parse_args().quick
    most, repeats = (100_000, 2) if quick else (1_000_000, 5)
    check_identity(1_000, 60)
    compiled, contacted = {}, {}
    for n in (most // 10, most):
        compiled[n], contacted[n] = nanoseconds(lambda n=n: CompiledMarket(scenario_of(n), 0), n, DAYS, repeats)
    few, share = nanoseconds(lambda: CompiledMarket(scenario_of(most), 0), most, DAYS, repeats, newsletters)
    mesa, _ = nanoseconds(lambda: MarketModel(scenario=scenario_of(2_000)), 2_000, 7, min(3, repeats))
    for n, each in compiled.items():
        told = f"{each:6.1f} ns per customer-day on one core ({contacted[n]:.3f} contacted a day)"
        print(f"compiled, {n:>9,} customers: {told}")
    print(f"with newsletters only:          {few:6.1f} ns per customer-day on one core ({share:.3f} contacted a day)")
    print(f"Mesa,     {2_000:>9,} customers: {mesa:6.0f} ns per customer-day")
    print(f"the compiled driver is {mesa / compiled[most]:.0f} times as fast as Mesa")
    print(f"ten times the customers take {10 * compiled[most] / compiled[most // 10]:.1f} times as long")
    print(f"{CUSTOMER_DTYPE.itemsize} bytes per customer")


if __name__ == "__main__":
    main()
