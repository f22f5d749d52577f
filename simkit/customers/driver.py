"""What a market offers to the rest of a run, whichever driver lets its customers live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from simkit.customers.market import MarketTables


class MarketDriver(Protocol):
    """What both drivers offer."""

    tables: MarketTables

    @property
    def notes_lost(self) -> int:
        """Events that did not fit one person's day and are missing in the log."""

    def live_day(self, harm: dict[str, float] | None = None) -> np.ndarray:
        """Everyone lives the next day; returns its totals (int64)."""

    def new_leads(self) -> np.ndarray:
        """Those who became leads on the last day lived, in no order."""

    def customers(self) -> np.ndarray:
        """Everyone as an array of CUSTOMER_DTYPE in order of (segment, index)."""

    def column(self, name: str) -> np.ndarray:
        """One field of everyone, in an order that stays the same."""

    def person(self, place: int) -> Any:
        """The record of whoever stands at a place of that order, to read and change between days by attributes."""
