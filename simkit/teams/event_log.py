"""The event log: one table from which every figure of the department can be derived."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("case", "step", "pass", "event", "time", "person", "unit", "effort", "category")

EVENTS = {
    "arrive": "the case reached the department",
    "ready": "all that the step waits for is finished",
    "queue": "the work reached those who may do it, after the hand-off's latency",
    "start": "a person took it up",
    "coordinate": "effort of taking the work over from the giver",
    "interrupt": "mail, meetings and administration in between",
    "complete": "effort of the step itself; the person is done with this pass",
    "redo": "the doer noticed an error and begins the next pass",
    "submit": "the case is on a board's agenda",
    "approve": "a gate let the case pass",
    "reject": "a gate sent the case back",
    "live": "the case is finished and in the world",
    "expire": "its occasion passed before it was live",
    "cut": "what an unfinished task had taken when the simulation ended",
}
"""Every event and what it means. Rows with an effort carry a category; their efforts add up to people's time."""

Row = tuple[str, str, int, str, int, str, str, int, str]


class EventLog:
    """Rows in the order in which they happened; times are whole seconds since the first midnight."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.append = self.rows.append

    def frame(self, extra: list[Row]) -> pd.DataFrame:
        """The log as a table with the columns :data:`COLUMNS`, and `extra` rows at the end."""
        import pandas as pd

        columns = list(zip(*self.rows, *extra, strict=True))
        return pd.DataFrame(dict(zip(COLUMNS, columns or [[] for _ in COLUMNS], strict=True)))
