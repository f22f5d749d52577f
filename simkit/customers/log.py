"""What is written down of customers' days, on request: contacts, and events in everybody's life."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np


class Sink(Protocol):
    """Takes a log day by day: a list, or something that writes it to disk."""

    def append(self, rows: np.ndarray, /) -> None:
        """One day's rows, in order of (segment, index)."""


@dataclass
class CustomerLog:
    """Where the logs of one run go; None is a log that nobody keeps, and that costs nothing.

    >>> log = CustomerLog(events=[])
    """

    contacts: Sink | None = None
    """Every message considered for every person (`state.LOG_DTYPE`)."""
    events: Sink | None = None
    """Purchases, clicks, advertisements seen, consent, stages (`state.EVENT_DTYPE`)."""
    only: tuple[str, int] | None = None
    """One person (segment, index), if nobody else matters."""
    tables: Any = field(default=None, repr=False)
    """The run's `MarketTables`, from before the first day on: what names and numbers mean."""

    def begin(self, market: Any) -> None:
        """Called once with the run's market (`market.MarketDriver`), before the first day."""
        self.tables = market.tables


def gathered(rows: Sink | None, dtype: np.dtype) -> np.ndarray | None:
    """A log kept in a list as one array; None for a log that was not kept so."""
    if not isinstance(rows, list):
        return None
    return np.concatenate([np.zeros(0, dtype), *rows])
