"""What came out of the plausible worlds, and what is missing among them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from simkit.experiment.worlds.assumptions import Assumption
from simkit.experiment.worlds.dependence import Dependence, Doubling

ATTEMPTS = 20
"""How often a world whose numbers do not go together is drawn again."""
NONE = (
    "no plausible worlds were run: intervals are over luck alone, and whether the answer holds where assumptions are "
    "wrong was not looked at. `--worlds 50` looks."
)
"""The warning of a result without worlds."""


@dataclass(frozen=True)
class Worlds:
    """What came out of the worlds.

    `design` has a row per world (index `case`) and a column per assumption; `runs` a row per world and alternative
    with every measure; `leads` per world the winner and by how much `choice` is ahead of the best other alternative,
    in the deciding measure's unit, positive where it is better.
    """

    measure: str
    choice: str
    """The alternative that the result speaks for, shown or not."""
    assumptions: tuple[Assumption, ...]
    design: pd.DataFrame
    runs: pd.DataFrame
    leads: pd.DataFrame
    depends: tuple[Dependence, ...]
    """Numbers by how much the lead (or, without alternatives, the outcome) depends on them, the strongest first."""
    doublings: tuple[Doubling, ...]
    checked: tuple[str, ...]
    """Names of the numbers that were halved and doubled."""
    persons: int | None
    """Simulated persons in each world; None where that has no meaning."""
    redrawn: int
    impossible: int
    failed: int
    asked: int
    seconds: float = field(compare=False)

    @property
    def alternatives(self) -> list[str]:
        """In the order of the result."""
        return list(dict.fromkeys(self.runs["alternative"]))

    @property
    def numbers(self) -> int:
        """Numbers of the scenario that differ between worlds."""
        return sum(len(one.paths) for one in self.assumptions)

    @property
    def held(self) -> int:
        """Worlds in which the choice is ahead of every other alternative."""
        return int((self.leads["lead"] > 0).sum())

    @property
    def count(self) -> int:
        """Worlds that can be counted."""
        return int(self.leads["lead"].notna().sum())

    @property
    def turning(self) -> list[Doubling]:
        """Halvings and doublings after which another alternative is ahead."""
        return [one for one in self.doublings if one.turns]

    def table(self) -> pd.DataFrame:
        """A row per world: its numbers, the deciding measure of each alternative, who is ahead, and by how much."""
        by = self.runs.pivot(index="case", columns="alternative", values=self.measure)[self.alternatives]
        by.columns = [f"{self.measure} of {name}" for name in by.columns]
        return self.design.join(by).join(self.leads).reset_index()


def warnings(worlds: Worlds) -> list[str]:
    """What is missing among the worlds, and why."""
    errors = worlds.runs.loc[worlds.runs["status"] != "ok", "error"]
    told = []
    if worlds.failed:
        told.append(f"{worlds.failed} of {worlds.asked} worlds have a failed run and are not counted: {errors.iloc[0]}")
    unknown = len(worlds.design) - worlds.failed - worlds.count
    if unknown > 0:
        told.append(f"{unknown} of {worlds.asked} worlds have no value of {worlds.measure} and are not counted.")
    if worlds.redrawn:
        told.append(f"{worlds.redrawn} of {worlds.asked} worlds had numbers that do not go together; drawn again.")
    if worlds.impossible:
        told.append(
            f"{worlds.impossible} of {worlds.asked} worlds were left out: {ATTEMPTS} more draws gave no numbers "
            "that go together."
        )
    return told
