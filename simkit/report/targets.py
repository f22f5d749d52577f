"""Targets on the page: how much of each was attained, over the whole time and month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from simkit.coupling.targets import WHOLE, attainment
from simkit.report.rounding import Format, shared
from simkit.report.tables import Table

if TYPE_CHECKING:
    from simkit.experiment.result import Result


def tables(result: Result) -> list[Table]:
    """Attainment at the end and, of measures that have months, by month; nothing without targets."""
    found = result.breakdowns.get("attainment")
    if found is None:
        return []
    means = found.groupby(["measure", "alternative", "month"], sort=False)["value"].mean()
    whole = means.xs(WHOLE, level="month")
    months = means.drop(WHOLE, level="month")
    return [_at_the_end(result, whole), *([_by_month(result, months)] if len(months) else [])]


def _at_the_end(result: Result, whole: pd.Series) -> Table:
    rows = []
    for key, value in zip(whole.index.to_list(), whole.to_list(), strict=True):
        measure, alternative = key
        form = shared([value], result.unit(measure), currency=result.base.currency)
        title, target = result.measures[measure].title, result.base.targets[measure]
        rows.append([title, alternative, target.text, form.quantity(_known(value)), _share(result, measure, value)])
    return Table("Targets: what the mean over replications attains of each",
                 ["target", "alternative", "asked", "mean", "attained"], rows)  # fmt: skip


def _by_month(result: Result, months: pd.Series) -> Table:
    wide = months.unstack("month")
    keys = [tuple(map(str, key)) for key in wide.index.to_list()]
    rows = [
        [result.measures[measure].title, alternative, *(_share(result, measure, value) for value in row)]
        for (measure, alternative), row in zip(keys, wide.to_numpy(float).tolist(), strict=True)
    ]
    return Table("Targets attained by month: sums are that month's pace, as a year's",
                 ["target", "alternative", *map(str, wide.columns)], rows)  # fmt: skip


def _share(result: Result, measure: str, value: float) -> str:
    return Format(0.01, 0, "%").quantity(_known(attainment(result.base.targets[measure], _known(value))))


def _known(value: float | None) -> float | None:
    return None if value is None or value != value else value
