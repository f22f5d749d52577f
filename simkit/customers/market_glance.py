"""Which of today's messages can be decided at a glance (`rules/glance.py`), and by which minutes."""

from __future__ import annotations

import numpy as np

from simkit.customers.state import RECENT
from simkit.customers.tables import COUNT_ATTEMPTED, World


def is_plain(w: World) -> bool:
    """Whether, all run long, nothing but consent, quiet hours and the gap comes before the first cap, which is one
    count in one window for everybody, and all have the firm's clock."""
    today, cap = w.today, w.cap[0]
    return bool(
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


def fill_glance(w: World, live: list[int]) -> None:
    """Today's masks, bounds and order, under a plain policy; `live` are the slots with a message."""
    today, cap, rows = w.today, w.cap[0], w.message[live]
    today["plain"] = 0
    plain = (rows["exempt"] == 0) & (rows["caps"] & 1 == 1) & (rows["quiet"] == 0) & (rows["best"] == 0)
    plain &= rows["fallback"] < 0
    if today["blackout"] or not plain.any():
        return
    minutes, gap = rows["minute"][plain], int(today["gap"])
    earliest, latest = int(minutes.min()), int(minutes.max())
    today["plain"] = _mask(live, plain)
    today["can_wait"] = _mask(live, plain & (rows["last"] == 0)) if today["defer"] else 0
    today["gap_from"] = earliest - gap + 1
    today["open_until"] = cap["start"] if cap["calendar"] else earliest - cap["minutes"] + 1
    today["full_from"] = cap["start"] if cap["calendar"] else latest - cap["minutes"] + 1
    today["one_a_day"] = latest - earliest < gap and not today["by_value"]
    w.message["rank"][live] = _ranks(rows)


def _ranks(rows: np.ndarray) -> np.ndarray:
    """Places in the order of `contact.line_up`: by score, time, priority and occurrence."""
    ranks = np.empty(len(rows), np.int64)
    ranks[np.lexsort((rows["occurrence"], rows["priority"], rows["minute"], -rows["score"]))] = np.arange(len(rows))
    return ranks


def _mask(slots: list[int], flags: np.ndarray) -> int:
    return sum(1 << slot for slot, flag in zip(slots, flags.tolist(), strict=True) if flag)
