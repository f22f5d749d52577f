"""Does the reference policy reproduce the fitted purchase process? Asked of every scenario, answered by a small run.

A fitted purchase process already contains the marketing of its time. simkit lets a share of needs become purchases
without any message (`market.organic_share`) and messages add the rest: together they should give one purchase a need.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from simkit.measures.catalog import purchases_per_need
from simkit.simulation import simulate

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario

PERSONS = 4_000
REPLICATIONS = 3
CLOSE = 0.05


@dataclass(frozen=True)
class Reproduction:
    """Repeat purchases per need under a scenario's own policy, and how they came about."""

    per_need: float
    standard_error: float
    organic_share: float
    persons: int

    @property
    def sentence(self) -> str:
        """The answer, as a reader would say it."""
        verdict = "reproduces" if abs(self.per_need - 1) <= CLOSE + 2 * self.standard_error else "does not reproduce"
        return (
            f"This policy {verdict} the fitted purchase rate: {self.per_need:.3f} repeat purchases per need "
            f"(standard error {self.standard_error:.3f}; 1 is the fit), {self.organic_share:.2f} of them without "
            f"messages unless a competitor interferes. {REPLICATIONS} runs of {self.persons:,} persons."
        )


def reproduction(scenario: Scenario) -> Reproduction:
    """Simulate a smaller market of the same kind, each person standing for more, so that budgets mean the same."""
    market = scenario.market
    persons = min(PERSONS, market.customers)
    smaller = market.model_copy(
        update={"customers": persons, "represents": market.represents * market.customers / persons}
    )
    trial = scenario.model_copy(update={"market": smaller})
    values = [purchases_per_need(simulate(trial, replication)) or 0.0 for replication in range(REPLICATIONS)]
    return Reproduction(fmean(values), stdev(values) / math.sqrt(REPLICATIONS), market.organic_share, persons)
