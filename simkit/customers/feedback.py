"""What service and sales leave in a person: dissatisfaction, a worse opinion, or the decision to buy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from simkit.customers.driver import MarketDriver
from simkit.customers.state import DISSATISFACTION_GRAIN, OPINION_GRAIN, PROSPECT
from simkit.scenario.service import Dissatisfaction

MOST = 250
"""Dissatisfaction that a record can hold, in 1/DISSATISFACTION_GRAIN."""


class Feedback:
    """Changes records between two days, the same in both drivers and whatever order people stand in."""

    def __init__(self, market: MarketDriver, segments: Sequence[str]):
        self._market = market
        self._row = {name: k for k, name in enumerate(segments)}
        segment, index = market.column("segment"), market.column("index")
        self._first = np.concatenate([[0], np.cumsum(np.bincount(segment, minlength=len(self._row)))])
        self._place = np.empty(len(index), np.int64)
        self._place[self._first[segment] + index] = np.arange(len(index))

    def dissatisfy(self, segment: str, index: int, amount: float, rules: Dissatisfaction) -> None:
        """Bad service: what was left of earlier anger and the new together, at most 2.5; the opinion falls."""
        row = self._market.tables.world.segment[self._row[segment]]
        c = self._market.person(self._at(segment, index))
        today = self._market.tables.day
        faded = math.exp(-float(row["dissatisfied_decay"]) * (today - int(c.dissatisfied_day)))
        left = int(c.dissatisfaction) * faded + amount * DISSATISFACTION_GRAIN
        c.dissatisfaction, c.dissatisfied_day = min(MOST, int(left + 0.5)), today
        if self._market.tables.scenario.market.opinion is not None:
            faded = math.exp(-float(row["opinion_decay"]) * (today - int(c.opinion_day)))
            opinion = max(-1.0, int(c.opinion) / OPINION_GRAIN * faded - rules.opinion * amount) * OPINION_GRAIN
            c.opinion, c.opinion_day = math.floor(opinion + 0.5), today

    def win(self, segment: str, index: int, time: float) -> bool:
        """The sales team won a prospect, who buys for the first time at `time` of tomorrow; False for who has bought
        meanwhile, or may not buy: a user of an account, or a payer whose users are not in favor yet."""
        place = self._at(segment, index)
        c = self._market.person(place)
        if int(c.relation) != PROSPECT or int(c.group) != 0:
            return False
        c.first_purchase_day = time
        self._market.tables.world.today["won"] = 1
        return True

    def new_day(self) -> None:
        """Nobody has been won for the day after tomorrow yet; call when customers have lived a day."""
        self._market.tables.world.today["won"] = 0

    def _at(self, segment: str, index: int) -> int:
        return int(self._place[self._first[self._row[segment]] + index])
