"""How a day ends: forgetting, and where everyone stands."""

from __future__ import annotations

from typing import Any

from simkit.customers.rules.asking import count_role
from simkit.customers.rules.deciding import keeps_in_mind, lapse
from simkit.customers.rules.person import restart_forgetting
from simkit.customers.state import (
    ACTIVE,
    AWARE,
    AWAY,
    CONTRACT,
    CUSTOMER,
    CUSTOMERS_NOW,
    FATIGUE,
    GRAIN,
    PROSPECT,
    REACHABLE,
    STAGE_AT,
)


def forget(c: Any, w: Any, s: Any) -> None:
    """15 A prospect nobody reminds falls back a stage."""
    if c.relation == PROSPECT and c.stage >= AWARE and not keeps_in_mind(c, w):
        c.forget_clock -= w.segment[c.segment].forget_per_day
        if c.forget_clock < 0.0:
            c.stage -= 1
            if c.decision_due > 0:
                lapse(c, s)
            restart_forgetting(c, w)


def account(c: Any, w: Any, s: Any) -> None:
    """16 Where everyone stands when the day ends."""
    s.total[STAGE_AT + c.stage] += 1
    if c.relation == AWAY:
        return
    if c.relation == CUSTOMER:
        s.total[CUSTOMERS_NOW] += 1
    if w.today.roles == 1:
        count_role(c, s)
    if c.relation >= CUSTOMER:
        if w.segment[c.segment].process == CONTRACT:
            s.total[ACTIVE] += c.relation == CUSTOMER
        elif w.today.day + 1 - c.last_purchase_day <= w.today.active_days:
            s.total[ACTIVE] += 1
    if c.consent != 0:
        s.total[REACHABLE] += 1
        s.total[FATIGUE] += int(c.fatigue * GRAIN + 0.5)
