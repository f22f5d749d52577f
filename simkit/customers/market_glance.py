"""Which of today's messages can be decided at a glance (`rules/glance.py`), and by which minutes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from simkit.customers.state import RECENT
from simkit.customers.tables import COUNT_ATTEMPTED, World


class Aimed(NamedTuple):
    """When a message goes today, and what else a glance needs of it."""

    slot: int
    minute: int
    last: bool
    """Today is its last day."""
    plain: bool
    """Nothing but consent, the gap and caps may hold it back, the first cap among them."""
    order: tuple[float, int, int, int]
    """Its place among others, as in `contact.line_up`: less its score, minute, priority, occurrence."""


class Glance:
    """Fills the masks, bounds and order of each day, under a plain policy."""

    def __init__(self, w: World):
        self._gap, self._defers, self._by_value = (int(w.today[name]) for name in ("gap", "defer", "by_value"))
        self._calendar, self._minutes = bool(w.cap[0]["calendar"]), int(w.cap[0]["minutes"])

    def fill(self, w: World, aimed: Sequence[Aimed]) -> None:
        """Write down what holds today; `aimed` are all messages in slots."""
        today, plain = w.today, [one for one in aimed if one.plain]
        if not plain or today["blackout"]:
            today["plain"] = 0
            return
        earliest, latest = min(one.minute for one in plain), max(one.minute for one in plain)
        today["plain"] = _mask(plain)
        today["can_wait"] = _mask(one for one in plain if not one.last) if self._defers else 0
        today["gap_from"] = earliest - self._gap + 1
        today["open_until"] = w.cap[0]["start"] if self._calendar else earliest - self._minutes + 1
        today["full_from"] = w.cap[0]["start"] if self._calendar else latest - self._minutes + 1
        today["one_a_day"] = latest - earliest < self._gap and not self._by_value
        w.message["rank"][[one.slot for one in sorted(aimed, key=lambda one: one.order)]] = range(len(aimed))


def glance_of(w: World) -> Glance | None:
    """The one for a world in which, all run long, nothing but consent, quiet hours and the gap comes before the first
    cap, which is one count in one window for everybody, and all have the firm's clock."""
    today, cap = w.today, w.cap[0]
    plain = (
        0 < cap["count"] <= RECENT
        and cap["condition"] < 0
        and today["zones"] == w.zone[0]["calendar"] == 0
        and today["sunset"] > 255
        and today["suppress"] < 0
        and today["tallies"] == 0
        and today["look_ahead"] == 0
        and today["offline_linked"] == 1.0
        and today["counts"] != COUNT_ATTEMPTED
    )
    return Glance(w) if plain else None


def _mask(aimed: Iterable[Aimed]) -> int:
    return sum(1 << one.slot for one in aimed)
