"""The world's tables as Mesa's agents read them: tuples of Python numbers, made anew only where a row has changed."""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from typing import Any

import numpy as np

from simkit.customers.tables import World

_IN_ROWS = World._fields[1:-1]
"""All tables but today's numbers and the quantiles of spending."""


class PlainTables:
    """Reads one market's tables; most rows are the same from day to day, and are kept."""

    def __init__(self, world: World, my: Any = ()):
        """`my` are an extension's parameters, read as ``w.my`` where there are any."""
        self._types = {name: _row_type(name, getattr(world, name).dtype.names) for name in World._fields[:-1]}
        self._spend = world.spend.tolist()
        self._my = my
        self._rows: dict[str, tuple[Any, ...]] = {}
        self._seen: dict[str, np.ndarray] = {}

    def read(self, world: World) -> Any:
        """The same tables as tuples of Python numbers, fields as in their dtypes."""
        today = self._types["today"](*map(_tuple, world.today.item()))
        plain = World._make([today, *(self._read(name, getattr(world, name)) for name in _IN_ROWS), self._spend])
        return _extended_world()(*plain, self._my) if self._my else plain

    def _read(self, name: str, table: np.ndarray) -> tuple[Any, ...]:
        now = table.view(np.uint8).reshape(len(table), -1)
        if name not in self._rows:
            rows, changed = [None] * len(table), np.arange(len(table))
        else:
            rows, changed = list(self._rows[name]), np.flatnonzero((now != self._seen[name]).any(axis=1))
        if changed.size:
            for i, row in zip(changed.tolist(), table[changed].tolist(), strict=True):
                rows[i] = self._types[name](*map(_tuple, row))
            self._rows[name], self._seen[name] = tuple(rows), now.copy()
        return self._rows[name]


@cache
def _extended_world() -> Any:
    return namedtuple("ExtendedWorld", (*World._fields, "my"))


@cache
def _row_type(table: str, fields: tuple[str, ...]) -> Any:
    return namedtuple(table, fields)


def _tuple(value: Any) -> Any:
    return tuple(value.tolist()) if isinstance(value, np.ndarray) else value
