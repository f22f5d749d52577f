"""`design_table`: from factors to a table of cases, a row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from simkit.experiment.designs import grids, samples
from simkit.experiment.designs.cases import cases_from_csv, cases_table
from simkit.experiment.designs.factors import DesignError, Factor, factors_of
from simkit.scenario.overlay import choices

MOST_CASES = 1_000_000
"""A larger table is a slip of the pen."""
GRID, SUB_EXPERIMENTS, ONE_AT_A_TIME, CASES = "grid", "sub_experiments", "one_at_a_time", "cases"
LATIN_HYPERCUBE, SOBOL, SALTELLI, MORRIS = "latin_hypercube", "sobol", "saltelli", "morris"
KINDS = (GRID, SUB_EXPERIMENTS, ONE_AT_A_TIME, LATIN_HYPERCUBE, SOBOL, SALTELLI, MORRIS, CASES)


def design_table(
    kind: str,
    factors: Mapping[str, Any],
    *,
    n: int | None = None,
    seed: int = 0,
    base: Mapping[str, Any] | None = None,
    groups: Sequence[Sequence[str]] | None = None,
    second_order: bool = False,
    levels: int = 4,
    file: Path | str | None = None,
) -> pd.DataFrame:
    """The cases of a design: index `case` (0, 1, ...), a column per factor, named by its path.

    Args:
        kind: one of :data:`KINDS`.
        factors: path -> list of values, ``{low, high}`` (see :func:`~simkit.experiment.designs.factors.factors_of`)
            or :class:`~simkit.experiment.designs.factors.Factor`.
        n: cases of a Latin hypercube or Sobol sample; base points of a Saltelli sample; trajectories of Morris;
            levels of a range in the other designs.
        seed: another seed is another sample. Other designs are not drawn.
        base: path -> value of the scenario, for what stays as it is (one at a time, sub-experiments).
        groups: the paths of each sub-experiment; those of one group are crossed, groups are not.
        second_order: whether a Saltelli sample has the points for second-order indices.
        levels: of a Morris sample; even.
        file: a CSV of cases; `factors` is then what is known and may be empty.

    Raises:
        DesignError: a design that makes no sense, naming the factor.
        ScenarioError: a CSV with mistakes, each with its line.
        MissingExtraError: Saltelli and Morris without SALib.

    >>> design_table("grid", {"a": [1, 2], "b": ["x", "y"]}).to_numpy().tolist()
    [[1, 'x'], [1, 'y'], [2, 'x'], [2, 'y']]
    """
    if kind == CASES:
        if file is None:
            raise DesignError("design", "a table of cases needs a file")
        return cases_from_csv(file, factors or None)
    if kind not in KINDS:
        raise DesignError("design", f"there is no design {kind!r}{choices(kind, KINDS)}")
    found = factors_of(factors)
    if kind == GRID:
        rows = grids.grid(found, n, MOST_CASES)
    elif kind == SUB_EXPERIMENTS:
        rows = grids.sub_experiments(found, groups, base or {}, n, MOST_CASES)
    elif kind == ONE_AT_A_TIME:
        rows = grids.one_at_a_time(found, base or {}, n)
    else:
        return cases_table(_sampled(kind, found, n, seed, second_order, levels))
    return cases_table(dict(zip((one.path for one in found), zip(*rows, strict=True), strict=True)))


def _sampled(
    kind: str, found: list[Factor], n: int | None, seed: int, second_order: bool, levels: int
) -> dict[str, list[Any]]:
    if n is None:
        raise DesignError("design", f"{kind} needs n, its size")
    size = n * _rows_per_point(kind, len(found), second_order)
    if size > MOST_CASES:
        raise DesignError("design", f"{size:,} cases are more than {MOST_CASES:,}; take a smaller n")
    if kind == LATIN_HYPERCUBE:
        units = samples.latin_hypercube(found, n, seed)
    elif kind == SOBOL:
        units = samples.sobol(found, n, seed)
    elif kind == SALTELLI:
        units = samples.saltelli(found, n, seed, second_order)
    else:
        units = samples.morris(found, n, seed, levels)
    return {one.path: one.at(units[:, i]) for i, one in enumerate(found)}


def _rows_per_point(kind: str, factors: int, second_order: bool) -> int:
    if kind == SALTELLI:
        return 2 * factors + 2 if second_order else factors + 2
    return factors + 1 if kind == MORRIS else 1
