"""The two tables that every analysis reads, and what of them can be averaged.

`runs` has a row per cell: `case`, `alternative`, `replication`, `status` ("ok" or "failed"), `error`, then a column
per measure (nan where it does not exist). `design` has index `case` and a column per factor; it may have no columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simkit.scenario.overlay import choices

KEY = ["case", "alternative", "replication"]
HIGHER, LOWER = "higher", "lower"
FEW_REPLICATIONS = 5
"""Below this an interval is so wide that only large differences are shown."""


class AnalysisError(ValueError):
    """A question that these runs or this design cannot answer."""


def check_runs(runs: pd.DataFrame) -> None:
    """Raise AnalysisError when a table of runs has no key columns, no rows, or a cell twice."""
    missing = [name for name in [*KEY, "status"] if name not in runs]
    if missing:
        raise AnalysisError(f"the table of runs has no column {', '.join(missing)}")
    if runs.empty:
        raise AnalysisError("the table of runs is empty: nothing has been run yet")
    twice = runs.duplicated(KEY)
    if twice.any():
        case, alternative, replication = runs.loc[twice, KEY].iloc[0]
        raise AnalysisError(f"case {case}, {alternative}, replication {replication} occurs twice in the table of runs")


def alternatives_of(runs: pd.DataFrame) -> list[str]:
    """The alternatives in the order in which they first occur; the first is the base."""
    return [str(name) for name in dict.fromkeys(runs["alternative"])]


def outcome_table(
    runs: pd.DataFrame, outcome: str, alternative: str | None = None, against: str | None = None
) -> pd.DataFrame:
    """One outcome as a table of case x replication, nan where a cell failed or the outcome does not exist.

    Args:
        alternative: whose; may be left out when there is one only.
        against: subtract this alternative's, cell by cell under the same luck.

    Raises:
        AnalysisError: no such outcome or alternative.
    """
    check_runs(runs)
    if outcome not in runs:
        known = [name for name in runs.columns if name not in (*KEY, "status", "error")]
        raise AnalysisError(f"the runs have no outcome {outcome!r}{choices(outcome, map(str, known))}")
    names = alternatives_of(runs)
    if alternative is None:
        if len(names) > 1:
            raise AnalysisError(f"there are several alternatives, name one: {', '.join(names)}")
        alternative = names[0]
    found = _of(runs, outcome, alternative, names)
    return found if against is None else found - _of(runs, outcome, against, names)


def _of(runs: pd.DataFrame, outcome: str, alternative: str, names: list[str]) -> pd.DataFrame:
    if alternative not in names:
        raise AnalysisError(f"there is no alternative {alternative!r}{choices(alternative, names)}")
    rows = runs[runs["alternative"] == alternative]
    values = rows[outcome].astype(float).where(rows["status"] == "ok")
    wide = rows[["case", "replication"]].assign(value=values).pivot(index="case", columns="replication", values="value")
    return wide.sort_index().sort_index(axis=1).astype(float)


def complete(table: pd.DataFrame) -> pd.DataFrame:
    """The cases that have every replication."""
    return table.dropna()


@dataclass(frozen=True)
class Decisions:
    """Runs seen as decisions (what is ours) under worlds (what is not): `runs` with a row per decision, world and
    replication, where `alternative` is the decision and `case` the world; `worlds`, the design of the worlds."""

    runs: pd.DataFrame
    worlds: pd.DataFrame


def decisions(runs: pd.DataFrame, design: pd.DataFrame, levers: Sequence[str] = ()) -> Decisions:
    """Split the factors of a design into levers and uncertainties.

    A decision is an alternative with one setting of the levers; a world is one setting of everything else. Without
    levers, decisions are the alternatives and worlds the cases.

    Raises:
        AnalysisError: a lever that is no factor of the design, a case that the design lacks, or a design in which a
            decision meets a world twice.
    """
    check_runs(runs)
    check_cases(runs, design)
    for lever in levers:
        if lever not in design:
            raise AnalysisError(f"{lever!r} is no factor of the design{choices(lever, map(str, design.columns))}")
    if not levers:
        return Decisions(runs, design)
    rest = [name for name in design if name not in levers]
    world = design.groupby(rest, sort=False, dropna=False).ngroup() if rest else pd.Series(0, index=design.index)
    several = len(alternatives_of(runs)) > 1
    setting = design[list(levers)].apply(lambda row: ", ".join(f"{_last(k)}={v}" for k, v in row.items()), axis=1)
    case = runs["case"]
    named = case.map(setting)
    decided = runs["alternative"].astype(str) + ", " + named if several else named
    split = runs.assign(alternative=decided, case=case.map(world))
    if split.duplicated(KEY).any():
        raise AnalysisError("two cases of the design are equal in every factor; a decision meets a world once")
    worlds = design[rest].groupby(world.to_numpy()).first() if rest else pd.DataFrame(index=[0])
    worlds.index.name = "case"
    return Decisions(split, worlds)


def check_cases(runs: pd.DataFrame, design: pd.DataFrame) -> None:
    """Raise AnalysisError when runs are of cases that the design does not have."""
    strange = sorted(set(runs["case"]) - set(design.index))
    if strange:
        raise AnalysisError(f"the runs have case {strange[0]}, which is not in the design; are they of one experiment?")


def by_decision(runs: pd.DataFrame, outcome: str) -> dict[str, pd.DataFrame]:
    """:func:`outcome_table` of every alternative, on the same cases and replications."""
    tables = {name: outcome_table(runs, outcome, name) for name in alternatives_of(runs)}
    cases = sorted(set().union(*(table.index for table in tables.values())))
    replications = sorted(set().union(*(table.columns for table in tables.values())))
    return {name: table.reindex(index=cases, columns=replications) for name, table in tables.items()}


def warnings_of(runs: pd.DataFrame, outcomes: Iterable[str] = ()) -> list[str]:
    """What to know before reading any result: failed cells first, then missing values, then few replications."""
    check_runs(runs)
    told = []
    failed = runs[runs["status"] != "ok"]
    if len(failed):
        case, alternative, replication = failed[KEY].iloc[0]
        error = str(failed["error"].iloc[0]) if "error" in failed else ""
        told.append(
            f"{len(failed)} of {len(runs)} cells failed and are in no average, first case {case}, {alternative}, "
            f"replication {replication}{': ' if error else ''}{error.splitlines()[0] if error else ''}"
        )
    for outcome in dict.fromkeys(outcomes):
        absent = int((runs[outcome].isna() & (runs["status"] == "ok")).sum()) if outcome in runs else 0
        if absent:
            told.append(f"{outcome} does not exist in {absent} of {len(runs)} cells")
    uneven = runs.groupby(["case", "alternative"])["replication"].nunique()
    if uneven.min() != uneven.max():
        told.append(f"not all cases have the same number of replications: {uneven.min()} to {uneven.max()}")
    if uneven.min() < FEW_REPLICATIONS:
        count = int(uneven.min())
        only = "one replication: luck cannot be told from anything" if count == 1 else f"{count} replications only"
        told.append(f"{only}; more narrow the intervals")
    return told


def sign_of(better: str | Mapping[str, str], outcome: str = "") -> int:
    """1 where more is better, -1 where less is.

    Raises:
        AnalysisError: a direction that is neither `higher` nor `lower`.
    """
    told = better if isinstance(better, str) else better.get(outcome, "")
    if told not in (HIGHER, LOWER):
        raise AnalysisError(f"{outcome or 'the outcome'} needs a better side: {HIGHER} or {LOWER}, found {told!r}")
    return 1 if told == HIGHER else -1


def averages(table: pd.DataFrame) -> np.ndarray:
    """The mean of each case over the replications that it has."""
    return table.mean(axis=1).to_numpy()


def _last(path: str) -> str:
    return path.rsplit(".", 1)[-1]
