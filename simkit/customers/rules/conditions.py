"""Conditions of the scenario, carried out step by step: a table says what to compare, nothing is executed."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.categories import how_many
from simkit.customers.rules.laws import MINUTES_PER_DAY
from simkit.customers.rules.person import NO_BOUND, linked
from simkit.customers.state import (
    ADVOCATE,
    CUSTOMER,
    FIRST,
    GROUP_BLOCKER,
    GROUP_BOUGHT,
    GROUP_DECIDES,
    GROUP_USER,
    INFLUENCE_GRAIN,
    MONEY,
    PROSPECT,
    RECENT,
    REPEAT,
)
from simkit.customers.tables import AND, AT_LEAST, AT_MOST, CONDITION_FIELDS, EQUAL, LESS, MORE, NOT, OR

(
    FATIGUE_NOW, SINCE_PURCHASE, SINCE_CONTACT, TENURE, PURCHASES, REVENUE, STAGE, RELATION, SEGMENT, CONSENT_TO,
    LINKED, WEEKDAY, MONTH, ROLE, FAVORING, DECIDING, SECOND_ROLE, CATEGORIES_BOUGHT, CATEGORIES_LEFT,
) = range(len(CONDITION_FIELDS))  # fmt: skip


@register_jitable
def holds(c: Any, w: Any, condition: int) -> bool:
    """Whether row `condition` of ``w.condition`` holds for a person today; -1 is no condition and always holds."""
    return condition < 0 or judge(c, w, condition)


@apart()
def judge(c: Any, w: Any, condition: int) -> bool:
    """The steps of a condition, one by one.

    The truth of what was compared so far stands in the bits of one integer, the latest in the lowest.
    """
    row = w.condition[condition]
    truths = 0
    for i in range(row.steps):
        operator = row.operator[i]
        if operator == AND:
            truths = (truths >> 1) & (truths | -2)
        elif operator == OR:
            truths = (truths >> 1) | (truths & 1)
        elif operator == NOT:
            truths ^= 1
        else:
            truths = (truths << 1) | compared(c, w, operator, row.field[i], row.value[i])
    return truths & 1 == 1


@register_jitable
def compared(c: Any, w: Any, operator: int, field: int, value: float) -> int:
    """One comparison: 1 when it is true."""
    if field == CONSENT_TO:
        has = (c.consent >> int(value)) & 1
        return has if operator == EQUAL else 1 - has
    found = field_value(c, w, field)
    if operator == LESS:
        return 1 if found < value else 0
    if operator == AT_MOST:
        return 1 if found <= value else 0
    if operator == MORE:
        return 1 if found > value else 0
    if operator == AT_LEAST:
        return 1 if found >= value else 0
    if operator == EQUAL:
        return 1 if found == value else 0
    return 1 if found != value else 0


@register_jitable
def field_value(c: Any, w: Any, field: int) -> float:
    """What a condition asks about, as the firm sees it: nobody who left for good looks any different."""
    if field == FATIGUE_NOW:
        return c.fatigue
    if field == SINCE_PURCHASE:
        return NO_BOUND if c.relation == PROSPECT else w.today.day - c.last_purchase_day
    if field == SINCE_CONTACT:
        minute = c.recent_minute[(c.contacts - 1) % RECENT]
        return NO_BOUND if c.contacts == 0 else w.today.day - minute / MINUTES_PER_DAY
    if field == TENURE:
        return 0.0 if c.relation == PROSPECT else w.today.day - c.first_purchase_day
    if field == PURCHASES:
        return float(c.purchases)
    if field == REVENUE:
        return c.revenue / MONEY
    if field == STAGE:
        return float(seen_stage(c, w))
    if field == RELATION:
        return 1.0 if c.relation >= CUSTOMER or c.group & GROUP_BOUGHT != 0 else 0.0
    if field == SEGMENT:
        return float(c.segment)
    if field == LINKED:
        return 1.0 if linked(c, w) else 0.0
    if field == WEEKDAY:
        return float(w.today.weekday)
    if field == ROLE:
        return role(c, w)
    if field == FAVORING:
        return c.favoring / INFLUENCE_GRAIN
    if field == DECIDING:
        return 1.0 if c.decision_due > 0 or c.group & GROUP_DECIDES != 0 else 0.0
    if field == SECOND_ROLE:
        return float(c.role)
    if field == CATEGORIES_BOUGHT:
        return float(how_many(c.categories))
    if field == CATEGORIES_LEFT:
        return float(w.today.categories - how_many(c.categories))
    return float(w.today.month)


@register_jitable
def role(c: Any, w: Any) -> float:
    """Alone, payer, user or blocker: in the order of `scenario.conditions.ROLES`."""
    if w.segment[c.segment].grouped == 0:
        return 0.0
    if c.group & GROUP_BLOCKER != 0:
        return 3.0
    return 2.0 if c.group & GROUP_USER != 0 else 1.0


@register_jitable
def seen_stage(c: Any, w: Any) -> int:
    """The stage of the funnel; who bought is told by purchases alone."""
    if c.relation < CUSTOMER:
        return c.stage
    if c.purchases >= w.segment[c.segment].advocate_after:
        return ADVOCATE
    return REPEAT if c.purchases >= 2 else FIRST
