"""Lead scoring: points for engagement, which fade; enough of them make a lead."""

from __future__ import annotations

import math
from typing import Any

from simkit.customers.apart import apart
from simkit.customers.state import LEADS, PROSPECT

HIGHEST = 32_767
"""What a score can be, in tenths of a point."""


def score_leads(c: Any, w: Any, s: Any) -> None:
    """14 Points for what was opened, clicked and visited today; a score at the threshold makes a lead."""
    scored = c.relation == PROSPECT or w.today.lead_everyone == 1
    if w.today.lead_threshold > 0 and scored and (s.clicks > 0 or s.sent > 0):
        add_points(c, w, s)


@apart()
def add_points(c: Any, w: Any, s: Any) -> None:
    """Today's points on top of what is left of the earlier ones; a lead is not made again for a while."""
    points = 0
    for j in range(s.n):
        points += s.opened[j] * w.today.lead_open
    for i in range(s.clicks):
        points += w.today.lead_click if s.click_message[i] >= 0 else w.today.lead_visit
    if points > 0:
        left = math.exp(-w.today.lead_fading * (w.today.day - c.score_day))
        c.lead_score = min(int(c.lead_score * left + 0.5) + points, HIGHEST)
        c.score_day = w.today.day
        rested = c.lead_day == 0 or w.today.day + 1 - c.lead_day >= w.today.lead_again
        if c.lead_score >= w.today.lead_threshold and rested:
            c.lead_day = w.today.day + 1
            s.total[LEADS] += 1
