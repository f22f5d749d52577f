"""Extending the model: what a researcher's own file imports, and the check that both drivers agree on it.

>>> from simkit.extend import Extension, Parameters, default
>>> extension = Extension("customers collect points")
>>> @extension.parameters
... class Points(Parameters):
...     per_purchase: float = default(10, unit="points", source="my guess", grade="assumption", low=5, high=20)
>>> extension.field("points", "f8", does="points on the account")
>>> ISSUED = extension.counter("points_issued")
>>> @extension.stage(after="buy", does="points for who bought today")
... def collect(c, w, s):
...     if c.last_purchase_day >= w.today.day and c.purchases > 0:
...         c.points += w.my.per_purchase
...         s.total[ISSUED] += int(w.my.per_purchase)
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from simkit.customers.driver import MarketDriver
from simkit.customers.extension import Draws, Extension, extension_of
from simkit.customers.rules.extra import buy_more
from simkit.customers.rules.laws import draw, draw_clock, draw_pair
from simkit.customers.state import AWAY, CUSTOMER, GRAIN, LOST, MONEY, PROSPECT
from simkit.measures.catalog import Measure
from simkit.rng import Purpose
from simkit.scenario.extending import Declared, ExtensionError, Parameters, extended
from simkit.scenario.load import Study
from simkit.scenario.quantity import convention, default
from simkit.scenario.schema import Scenario

__all__ = [
    "AWAY", "CUSTOMER", "GRAIN", "LOST", "MONEY", "PROSPECT", "PURPOSE", "Draws", "Extension", "ExtensionError",
    "Measure", "Parameters", "buy_more", "check", "convention", "default", "draw", "draw_clock", "draw_pair",
]  # fmt: skip

PURPOSE = int(Purpose.EXTENSION)
"""The first purpose of an extension's own draws: ``draw(c, w, what, PURPOSE + 1, k)``."""
PERSONS, DAYS = 200, 40
"""Size of the market that both drivers are held against each other on."""


@dataclass(frozen=True)
class Agreement:
    """Both drivers gave the same bits."""

    file: str
    changes: list[str]
    persons: int
    days: int

    @property
    def sentence(self) -> str:
        """For the user."""
        return f"both drivers agree to the bit on {self.persons} persons over {self.days} days"


def check(
    study: Study | Scenario,
    extend: str | Path | Declared | None = None,
    *,
    persons: int = PERSONS,
    days: int = DAYS,
) -> Agreement:
    """Run a small market of a study in both drivers, day by day, and hold everyone and the ledger against each other.

    Every campaign goes live every fourth day. Takes as long as compiling the rules does, when they are new.
    Raises ExtensionError that names the first day, person and field that differ, or what is wrong with a rule.
    """
    base = extended(study if isinstance(study, Scenario) else study.base, extend)
    extension = extension_of(base)
    if extension is None:
        raise ValueError("there is no extension to check")
    market = base.market.model_copy(update={"customers": persons, "represents": 1})
    scenario = base.model_copy(update={"market": market, "horizon": days, "warmup": 0})
    _compare(scenario, extension, days)
    return Agreement(extension.shown, extension.changes(), persons, days)


def _compare(scenario: Scenario, extension: Extension, days: int) -> None:
    from simkit.customers.compiled import CompiledMarket
    from simkit.customers.mesa_market import MarketModel

    fast = CompiledMarket(scenario, 0)  # first, because of a rule that does not compile the compiler says most
    with _in_mesa(extension, "before day 0"):
        slow = MarketModel(scenario=scenario)
        _hold_customers(fast.customers(), slow.customers(), extension, "before day 0")
    for day in range(days):
        when = f"on day {day}"
        for market in (fast, slow):
            _launch(market, day)
        totals = fast.live_day()
        with _in_mesa(extension, when):
            _hold_totals(totals, slow.live_day(), fast, extension, when)
            _hold_customers(fast.customers(), slow.customers(), extension, when)


def _launch(market: MarketDriver, day: int) -> None:
    for i, name in enumerate(market.tables.scenario.campaigns):
        if (day + i) % 4 == 0:
            market.tables.launch(f"{name}-{day}", name, None, 0.5, day)


@contextmanager
def _in_mesa(extension: Extension, when: str) -> Iterator[None]:
    """What Python says of a rule that the compiler let pass, as a sentence."""
    try:
        yield
    except ExtensionError:
        raise
    except Exception as error:
        folder = extension.path.parent if extension.path else Path()
        own = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(folder)]
        line = (own[-1].lineno or 0) if own else 0
        raise ExtensionError(
            f"fails in the Mesa driver {when}: {type(error).__name__}: {error}", extension.shown, line
        ) from error


def _hold_customers(fast: np.ndarray, slow: np.ndarray, extension: Extension, when: str) -> None:
    """Everyone's record, field by field; the first person who differs is named."""
    for name in fast.dtype.names or ():
        differs = fast[name] != slow[name]
        if fast[name].dtype.kind == "f":  # nan is as good as nan
            differs &= ~(np.isnan(fast[name]) & np.isnan(slow[name]))
        if differs.any():
            i = int(np.flatnonzero(differs.reshape(len(fast), -1).any(axis=1))[0])
            person = f"person {fast['index'][i]} of segment {fast['segment'][i]}"
            _refuse(f"{when}, {person}, field {name!r}", fast[name][i], slow[name][i], extension)


def _hold_totals(fast: np.ndarray, slow: np.ndarray, market: MarketDriver, extension: Extension, when: str) -> None:
    if not np.array_equal(fast, slow):
        place = int(np.flatnonzero(fast != slow)[0])
        column = next((name for name, at in market.tables.columns.items() if at == place), f"place {place}")
        _refuse(f"{when}, column {column!r} of the ledger", fast[place], slow[place], extension)


def _refuse(where: str, fast: Any, slow: Any, extension: Extension) -> NoReturn:
    raise ExtensionError(
        f"the two drivers differ {where}: compiled {fast}, Mesa {slow}. Rules may use math.exp and math.log, no other "
        "function of math or NumPy, no powers (**), no whole numbers beyond their field's size, and nothing that "
        "depends on the driver",
        extension.shown,
    )
