"""A scenario's conditions as rows of the world's table, for `rules/conditions.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from simkit.customers.tables import AND, CONDITION_FIELDS, NOT, OR
from simkit.scenario.conditions import COMPARISONS, FIELDS, Step, parse

_OPERATORS = {sign: k for k, sign in enumerate(COMPARISONS)} | {"and": AND, "or": OR, "not": NOT}


def condition_rows(texts: Iterable[str]) -> dict[str, int]:
    """Row of ``w.condition`` for every different condition."""
    return {text: row for row, text in enumerate(dict.fromkeys(texts))}


def fill_conditions(
    table: np.ndarray, rows: Mapping[str, int], segments: Mapping[str, int], channel_at: Mapping[str, int]
) -> None:
    """Write each condition's steps into its row; names of segments and channels become their numbers."""
    for text, k in rows.items():
        steps = parse(text)
        table["steps"][k] = len(steps)
        for i, step in enumerate(steps):
            table["operator"][k, i] = _OPERATORS[step.operator]
            if step.field:
                table["field"][k, i] = CONDITION_FIELDS.index(step.field)
                table["value"][k, i] = _value(step, segments, channel_at)


def _value(step: Step, segments: Mapping[str, int], channel_at: Mapping[str, int]) -> float:
    if not step.name:
        return step.value
    return float((segments if FIELDS[step.field].kind == "segment" else channel_at)[step.name])
