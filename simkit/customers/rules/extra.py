"""What a user's own rules may want to do to a person, with the ledger and the log kept right."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.rules.person import count_purchase, pay
from simkit.customers.state import PURCHASES_ORGANIC, REVENUE_ORGANIC


@register_jitable
def buy_more(c: Any, w: Any, s: Any, what: int, purpose: int, time: float) -> int:
    """A customer's purchase beside the fitted process and beside messages; its money in ledger units.

    `what` and `purpose` key its money, `time` is in days. It counts as organic. Nobody leaves because of it: that is
    drawn after needs of the fitted process only, or selling would drive people away.
    """
    count_purchase(c, w, time)
    units = pay(c, w, s, what, purpose, 0, time, -1, 1.0)
    s.total[PURCHASES_ORGANIC] += 1
    s.total[REVENUE_ORGANIC] += units
    return units
