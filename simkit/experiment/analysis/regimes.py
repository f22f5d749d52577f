"""Regime map: which alternative wins where, over two factors, and where that is undecided."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from simkit.experiment.analysis.tables import AnalysisError, by_decision, check_cases, sign_of
from simkit.experiment.statistics import LEVEL, holm, paired
from simkit.scenario.overlay import choices

WINS, UNDECIDED = "wins", "undecided"
CELL, MAP = "cell", "map"


@dataclass(frozen=True)
class RegimeMap:
    """`table` has a row per place (one value of each factor, the columns named `x` and `y`): best, second, lead,
    low, high (95 % interval of the lead), p_adjusted (against the hardest rival), verdict, rivals (who is not shown to
    be worse), pairs, then the mean of each alternative.

    `verdict` is "wins" only where the best is shown to be better than every other alternative.
    """

    x: str
    y: str
    alternatives: list[str]
    family: str
    table: pd.DataFrame

    @property
    def undecided(self) -> int:
        """In how many places nobody is shown to win."""
        return int((self.table["verdict"] == UNDECIDED).sum())

    def grid(self, column: str) -> pd.DataFrame:
        """One column of the table as y x x."""
        return self.table.pivot(index=self.y, columns=self.x, values=column)


def regime_map(
    runs: pd.DataFrame, design: pd.DataFrame, x: str, y: str, outcome: str, better: str, family: str = CELL
) -> RegimeMap:
    """Who wins at each value of two factors; cases that differ in other factors are averaged within a replication.

    In each place every pair of alternatives is compared by paired t tests with Holm's adjustment, over the pairs of
    the place (`family` "cell": each place by itself is wrong in at most 5 %) or of all places ("map"). All pairs, since
    the winner is picked from the same runs.

    Raises:
        AnalysisError: a factor that the design lacks, the same one twice, or fewer than two alternatives.
    """
    check_cases(runs, design)
    for name in (x, y):
        if name not in design:
            raise AnalysisError(f"{name!r} is no factor of the design{choices(name, map(str, design.columns))}")
    if x == y:
        raise AnalysisError(f"a map needs two factors, found {x!r} twice")
    tables = by_decision(runs, outcome)
    if len(tables) < 2:
        raise AnalysisError("a regime map compares alternatives; there is one only")
    sign, places = sign_of(better, outcome), design.groupby([y, x], sort=True).groups
    found = {place: _values(tables, list(cases)) for place, cases in places.items()}
    return RegimeMap(x, y, list(tables), family, regimes(found, sign, (y, x), family))


def regimes(
    places: Mapping[Any, Mapping[str, np.ndarray]], sign: int, names: tuple[str, str], family: str = CELL
) -> pd.DataFrame:
    """The table of a map from values by replication: place -> alternative -> array, position i being replication i.

    `sign` is 1 where more is better, -1 where less is; a place is a pair of values of the factors `names`.
    """
    if family not in (CELL, MAP):
        raise AnalysisError(f"family is {family!r}; allowed: {CELL}, {MAP}")
    pairs = {
        (place, a, b): paired(sign * values[a][whole], sign * values[b][whole])
        for place, values in places.items()
        for whole in [_whole(values)]
        for a, b in itertools.combinations(values, 2)
    }
    groups = [list(pairs)] if family == MAP else [[key for key in pairs if key[0] == place] for place in places]
    for keys in groups:
        pairs.update(zip(keys, holm([pairs[key] for key in keys]), strict=True))
    both = {**pairs, **{(place, b, a): one.reversed() for (place, a, b), one in pairs.items()}}
    rows = []
    for place, values in places.items():
        rows.append({**dict(zip(names, place, strict=True)), **_winner(place, values, both, sign)})
    return pd.DataFrame(rows)


def _winner(place: Any, values: Mapping[str, np.ndarray], both: Mapping[Any, Any], sign: int) -> dict[str, Any]:
    shared = _whole(values)
    means = {name: float(held[shared].mean()) if shared.any() else np.nan for name, held in values.items()}
    known = sorted(means, key=lambda name: -sign * means[name])
    if not shared.any():
        absent = {"best": "", "second": "", "lead": np.nan, "low": np.nan, "high": np.nan, "p_adjusted": np.nan}
        return {**absent, "verdict": UNDECIDED, "rivals": ", ".join(values), "pairs": 0, **means}
    best, second = known[:2]
    against = {name: both[place, best, name] for name in values if name != best}
    rivals = [name for name, one in against.items() if one.verdict != "higher"]
    lead = against[second]
    hardest = max((1.0 if one.p_adjusted is None else one.p_adjusted) for one in against.values())
    return {
        "best": best,
        "second": second,
        "lead": lead.difference,
        "low": lead.low,
        "high": lead.high,
        "p_adjusted": hardest,
        "verdict": UNDECIDED if rivals or hardest > 1 - LEVEL else WINS,
        "rivals": ", ".join(rivals),
        "pairs": lead.pairs,
        **means,
    }


def _whole(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which replications every alternative has: means and differences are of the same runs."""
    return ~np.isnan(np.array(list(values.values()), float)).any(axis=0)


def _values(tables: Mapping[str, pd.DataFrame], cases: list[int]) -> dict[str, np.ndarray]:
    """By alternative, the mean over the cases of a place for each replication; nan where any of them is missing."""
    return {name: table.reindex(cases).mean(axis=0, skipna=False).to_numpy() for name, table in tables.items()}
