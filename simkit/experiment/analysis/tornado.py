"""Tornado: what each factor does by itself, from one end to the other, against the base case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from simkit.experiment.analysis.tables import AnalysisError
from simkit.experiment.statistics import holm, paired


@dataclass(frozen=True)
class Tornado:
    """`table` has a row per case other than the base: factor, value, base_value, then the paired difference to the base
    case (difference, low, high, p_adjusted, verdict, pairs). Factors come in the order of their `span`, widest first.

    `base` is the base case's mean over replications.
    """

    table: pd.DataFrame
    span: pd.Series
    base: float
    base_case: int


def tornado(outcomes: pd.DataFrame, design: pd.DataFrame) -> Tornado:
    """Differences to the base case under the same luck, with 95 % t intervals and Holm's adjustment over the cases.

    Args:
        outcomes: case x replication, from :func:`~simkit.experiment.analysis.tables.outcome_table`.
        design: a `one_at_a_time` design; more generally one with a case from which every other differs in one factor.

    Raises:
        AnalysisError: there is no such case, or it has no outcome.
    """
    base_case = _base_case(design)
    wide = outcomes.reindex(design.index)
    middle = wide.loc[base_case].to_numpy()
    if np.isnan(middle).all():
        raise AnalysisError(f"the base case {base_case} has no outcome, and everything is held against it")
    others = [case for case in design.index if case != base_case]
    differences = holm([paired(wide.loc[case].to_numpy(), middle) for case in others])
    rows = []
    for case, found in zip(others, differences, strict=True):
        factor, value, base_value = _changed(design, case, base_case)
        rows.append(
            {
                "factor": factor,
                "value": value,
                "base_value": base_value,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "p_adjusted": found.p_adjusted,
                "verdict": found.verdict,
                "pairs": found.pairs,
            }
        )
    table = pd.DataFrame(rows)
    effects = table["difference"].astype(float)
    span = effects.groupby(table["factor"]).agg(lambda one: max(one.max(), 0.0) - min(one.min(), 0.0))
    span = span.sort_values(ascending=False, kind="stable")
    order = table["factor"].map({factor: i for i, factor in enumerate(span.index)})
    table = table.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    return Tornado(table, span, float(np.nanmean(middle)), int(base_case))


def _changed(design: pd.DataFrame, case: Any, base_case: int) -> tuple[str, Any, Any]:
    """The one factor in which a case differs from the base, its value and the base's."""
    found: dict[str, Any] = {str(name): design.at[case, name] for name in design}
    base: dict[str, Any] = {str(name): design.at[base_case, name] for name in design}
    factor = next(name for name in found if _key(found[name]) != _key(base[name]))
    return factor, found[factor], base[factor]


def _base_case(design: pd.DataFrame) -> int:
    """The case from which every other differs in exactly one factor."""
    cells = design.map(_key).to_numpy(dtype=object)
    if len(cells) > 1:
        for position, case in enumerate(design.index):
            apart = (cells != cells[position]).sum(axis=1)
            if (np.delete(apart, position) == 1).all():
                return int(case)
    raise AnalysisError(
        "a tornado needs the cases of a `one_at_a_time` design: a base, and one factor changed in each other"
    )


def _key(value: Any) -> Any:
    """What makes two values the same; an empty one (the scenario's own) is the same as another empty one."""
    return "" if value is None or value != value else value
