"""Designs that are not drawn: grids, grids that are not crossed, one factor at a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from simkit.experiment.designs.factors import DesignError, Factor
from simkit.scenario.overlay import choices

Row = tuple[Any, ...]


def grid(factors: Sequence[Factor], n: int | None, most: int) -> list[Row]:
    """Every value with every value; the last factor changes fastest.

    Raises:
        DesignError: a range without n, or more than `most` cases.
    """
    levels = [one.levels(n) for one in factors]
    size = math.prod(len(values) for values in levels)
    if size > most:
        raise DesignError("design", f"the grid has {size:,} cases, more than {most:,}; list fewer values, or sample")
    return list(itertools.product(*levels))


def sub_experiments(
    factors: Sequence[Factor], groups: Sequence[Sequence[str]] | None, base: Mapping[str, Any], n: int | None, most: int
) -> list[Row]:
    """A grid per group with everything else at its base value, one after the other; a case of two grids comes once.

    Raises:
        DesignError: no groups, an empty one, a factor in none or in one twice, no base value for what stays.
    """
    by_path = {one.path: one for one in factors}
    _check_groups(by_path, groups)
    rows: dict[tuple[str, ...], Row] = {}
    for group in groups or ():
        stays = {path: _base(path, base) for path in by_path if path not in group}
        for crossed in grid([by_path[path] for path in group], n, most):
            held = {**stays, **dict(zip(group, crossed, strict=True))}
            row = tuple(held[path] for path in by_path)
            rows.setdefault(tuple(map(repr, row)), row)
    return list(rows.values())


def one_at_a_time(factors: Sequence[Factor], base: Mapping[str, Any], n: int | None) -> list[Row]:
    """The base case first, then each factor's other values with everything else at base; a range gives its two ends.

    With n, a range gives n levels.

    Raises:
        DesignError: a factor without a base value.
    """
    middle = {one.path: _base(one.path, base) for one in factors}
    rows = [tuple(middle.values())]
    for one in factors:
        others = [value for value in one.levels(n or 2) if value != middle[one.path]]
        rows += [tuple({**middle, one.path: value}.values()) for value in others]
    return rows


def _check_groups(by_path: Mapping[str, Factor], groups: Sequence[Sequence[str]] | None) -> None:
    if not groups or not all(groups):
        raise DesignError("design", "sub-experiments need groups, each of at least one factor")
    for group in groups:
        for path in group:
            if path not in by_path:
                raise DesignError("design", f"a group names {path!r}, which is no factor{choices(path, by_path)}")
            if list(group).count(path) > 1:
                raise DesignError(path, "a group names it twice")
    for path in by_path:
        if not any(path in group for group in groups):
            raise DesignError(path, "no group names it, so it would never change")


def _base(path: str, base: Mapping[str, Any]) -> Any:
    if path not in base:
        raise DesignError(path, "it has no base value, and this design keeps it there while others change")
    return base[path]
