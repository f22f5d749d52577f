"""Leads of a day, with a keyed hour, for the sales team."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simkit.customers.state import SCORE_GRAIN
from simkit.records import Lead
from simkit.rng import Purpose, crc, uniforms


def leads_of(people: np.ndarray, day: int, segments: Sequence[str], key: tuple[int, int]) -> list[Lead]:
    """The new leads of `day` (rows of CUSTOMER_DTYPE) in order of their hour.

    The hour is uniform over the day and keyed by person and day, so it does not depend on who else is a lead.
    """
    leads = []
    for k, name in enumerate(segments):
        mine = people[people["segment"] == k]
        index = mine["index"].astype(np.int64)
        hours = uniforms(key, index, day, int(Purpose.LEAD_HOUR), 0, crc(name))
        for person, part in zip(mine, hours, strict=True):
            leads.append(Lead(name, int(person["index"]), day + float(part), int(person["lead_score"]) / SCORE_GRAIN))
    return sorted(leads, key=lambda lead: (lead.day, lead.segment, lead.index))
