"""Rules that go by what a person did with some messages, as counts in the world's tables.

A count holds four bits of a person's record. Where the firm cannot see that channels belong to one person, a rule
over several channels keeps a count for each channel (or one online, one offline) beside the joint one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from simkit.customers import tables
from simkit.customers.rules.tallies import BITS, FULL
from simkit.customers.state import TALLY_AT
from simkit.scenario.tallies import Tally, tallies_of

if TYPE_CHECKING:
    import numpy as np

    from simkit.scenario.schema import Scenario

_OUTCOMES = {
    "sent": tables.TALLY_SENT, "unopened": tables.TALLY_UNOPENED, "bounced": tables.TALLY_BOUNCED,
    "opened": tables.TALLY_OPENED, "clicked": tables.TALLY_CLICKED, "purchases": tables.TALLY_PURCHASES,
    "complaints": tables.TALLY_COMPLAINTS,
}  # fmt: skip


class TallyTables:
    """A scenario's counts and which messages are in each."""

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        self.places: list[tuple[Tally, int]] = []
        """Each rule with the place of its first count."""
        at = 0
        for tally in tallies_of(scenario):
            self.places.append((tally, at))
            at += len(tally.parts(scenario))
        self.used = at
        self._anew = any(tally.per is not None for tally, _ in self.places)

    @property
    def rules(self) -> dict[int, str]:
        """Number and name of each rule."""
        return {TALLY_AT + at: tally.label for tally, at in self.places}

    def fill(self, w: tables.World) -> None:
        """What stays the same on all days."""
        w.today["tallies"], w.today["tally_keep"] = self.used, -1
        for tally, first in self.places:
            for at in range(first, first + len(tally.parts(self.scenario))):
                row = w.tally[at]
                row["outcome"], row["limit"] = _OUTCOMES[tally.outcome], tally.limit
                row["rule"], row["final"] = TALLY_AT + first, tally.per is None

    def begin_day(self, w: tables.World, today: date) -> None:
        """Counts of calendar periods begin anew with them."""
        if not self._anew:
            return
        keep, began = -1, periods_begun(today)
        for tally, first in self.places:
            if tally.per in began:
                for at in range(first, first + len(tally.parts(self.scenario))):
                    keep &= ~(FULL << (BITS * at))
        w.today["tally_keep"] = keep

    def fill_message(self, row: np.void, channel: str, campaign: str | None, content: Sequence[str]) -> None:
        """Which counts a message that is not exempt is in, by how much of a person the firm sees."""
        joint = side = apart = 0
        for tally, first in self.places:
            ours = tally.campaign in (None, campaign) and tally.content in (None, *content)
            if ours and channel in tally.channels:
                joint |= 1 << first
                side |= 1 << first + self._side(tally, channel)
                apart |= 1 << first + self._place(tally, channel)
        row["tallies"], row["tallies_side"], row["tallies_apart"] = joint, side, apart

    def _place(self, tally: Tally, channel: str) -> int:
        """Which of its counts a channel's messages are in."""
        parts = tally.parts(self.scenario)
        return next(n for n, part in enumerate(parts) if channel in part)

    def _side(self, tally: Tally, channel: str) -> int:
        """The same where online and offline are apart: the count of the side's first channel."""
        offline = channel in self.scenario.offline_channels
        same = [name for name in tally.channels if (name in self.scenario.offline_channels) == offline]
        return self._place(tally, same[0])


def periods_begun(today: date) -> set[str]:
    """Calendar periods whose first day this is."""
    begun = {"day"}
    if today.weekday() == 0:
        begun.add("week")
    if today.day == 1:
        begun.add("month")
        if today.month % 3 == 1:
            begun.add("quarter")
        if today.month == 1:
            begun.add("year")
    return begun
