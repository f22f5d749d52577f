"""What a click does whose message asked for something else than a purchase: refer somebody, take a second role."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from simkit.customers.apart import apart
from simkit.customers.rules.laws import draw, draw_clock
from simkit.customers.state import (
    CANDIDATE,
    CUSTOMER,
    HOLDER,
    NO_ROLE,
    REFERRERS,
    ROLE_CANDIDATES,
    ROLE_DROPPED,
    ROLE_HOLDERS,
    ROLE_TAKEN,
)
from simkit.customers.tables import ASKS_TO_REFER
from simkit.rng import Purpose

# purposes as plain integers: compiled code has no enums
ELIGIBLE = int(Purpose.ELIGIBLE)
ROLE_MOVE = int(Purpose.ROLE_MOVE)
ROLE_END = int(Purpose.ROLE_END)
LAST_DAY = 32_000


@apart()
def answer(c: Any, w: Any, s: Any, i: int, asks: int) -> None:
    """A customer's click on a message that asked: whoever clicks refers, once a day; a role is a matter of chance."""
    if c.relation != CUSTOMER:
        return
    if asks == ASKS_TO_REFER:
        if c.referred_day != w.today.day + 1:
            c.referred_day = w.today.day + 1
            s.total[REFERRERS] += 1
    elif c.role != HOLDER and draw(c, w, 0, ELIGIBLE, 0) < w.today.role_eligible:
        chance = w.today.role_interest if c.role == NO_ROLE else w.today.role_take_up
        if draw(c, w, s.click_what[i], ROLE_MOVE, s.click_touch[i]) < chance * s.click_strength[i]:
            turn(c, w, s, c.role + 1)


@apart()
def turn(c: Any, w: Any, s: Any, role: int) -> None:
    """The person's part in the second role is another one now, until a day that is drawn at once: its hazard is
    constant, so no day needs a draw of its own."""
    if c.role_turns < LAST_DAY:
        c.role_turns += 1
    if role == HOLDER:
        s.total[ROLE_TAKEN] += 1
    elif role == NO_ROLE and c.role == HOLDER:
        s.total[ROLE_DROPPED] += 1
    c.role = role
    if role != NO_ROLE:
        hazard = w.today.role_forgets if role == CANDIDATE else w.today.role_drops
        nights = LAST_DAY + 0.0
        if hazard > 0.0:
            nights = min(nights, draw_clock(c, w, c.role_turns, ROLE_END) / hazard)
        c.role_until = min(LAST_DAY, w.today.day + 1 + int(nights))


@register_jitable
def end_role(c: Any, w: Any, s: Any) -> None:
    """In the morning of its last day a candidate has forgotten, a holder gives up."""
    if c.role != NO_ROLE and c.role_until <= w.today.day:
        turn(c, w, s, NO_ROLE)


@register_jitable
def count_role(c: Any, s: Any) -> None:
    """Where the person stands in the second role when the day ends."""
    if c.role == HOLDER:
        s.total[ROLE_HOLDERS] += 1
    elif c.role == CANDIDATE:
        s.total[ROLE_CANDIDATES] += 1
