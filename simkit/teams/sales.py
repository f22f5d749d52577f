"""The sales team: leads are answered by score; how late that is decides what comes of them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush, heapreplace
from typing import NamedTuple

import numpy as np

from simkit.records import Lead, LeadAnswer
from simkit.rng import Purpose, crc, uniforms
from simkit.scenario.sales import Sales
from simkit.scenario.working_week import WorkingWeek
from simkit.teams.calendar import DAY_SECONDS, Calendar
from simkit.teams.service import SPREAD_DAYS

HOUR = 3600.0
_TOLD = (Purpose.SALES_WORK, Purpose.SALES_QUALIFIED, Purpose.SALES_WON)


class _Waiting(NamedTuple):
    """A real lead in the order in which sales takes them."""

    rank: float
    """The score, negative."""
    came: float
    number: int
    """In the order of coming, so that no two are alike."""
    lead: Lead
    own: bool
    """Of the simulated person, not of one it stands for."""
    luck: tuple[float, float, float]
    """How long it takes, qualified or not, won or not."""


class SalesTeam:
    """Salespeople on a calendar. `key` comes from :func:`simkit.rng.run_key`; day 0 begins at `start`.

    Each simulated lead stands for `represents` real ones, who come in the days that follow and take time too; what
    becomes of the simulated person's own comes back.
    """

    def __init__(
        self,
        sales: Sales,
        calendars: Mapping[str, WorkingWeek],
        represents: float,
        key: tuple[int, int],
        start: datetime.date,
    ):
        self._sales, self._represents, self._key = sales, represents, key
        self._calendar = Calendar(calendars[sales.calendar], start)
        self._free = [0.0] * sales.people
        self._expected: dict[int, list[_Waiting]] = {}
        self._waiting: list[_Waiting] = []
        self._numbers = 0
        self._answered = self._rejected = 0
        self.threshold_factor = 1.0
        """What the sales team's feedback has made of the threshold of scoring so far."""
        self._days = 0
        self._asked_seconds = 0.0
        self.given_up = 0
        """Real leads that waited too long and were dropped."""

    def run_day(self, day: int, leads: Sequence[Lead]) -> list[LeadAnswer]:
        """Take the leads of [day, day + 1), answer what there is time for, and return the answers in order."""
        self._take_in(leads)
        self._days = day + 1
        coming = sorted(self._expected.pop(day, []), key=lambda lead: (lead.came, lead.number))
        self._asked_seconds += sum(-math.log(lead.luck[0]) for lead in coming) * self._sales.minutes * 60
        end = (day + 1.0) * DAY_SECONDS
        answers: list[LeadAnswer] = []
        at = 0
        while self._free:
            ready = float(self._calendar.next_shift(self._free[0]))  # type: ignore[arg-type]
            while at < len(coming) and coming[at].came <= ready:
                heappush(self._waiting, coming[at])
                at += 1
            if not self._waiting:
                if at == len(coming):
                    break
                heapreplace(self._free, coming[at].came)
            elif ready >= end:
                break
            else:
                self._answer(heappop(self._waiting), ready, answers)
        for lead in coming[at:]:
            heappush(self._waiting, lead)
        self._review(day)
        return answers

    @property
    def load(self) -> float:
        """Work that leads have asked for so far over what all salespeople together had time for; inf without people."""
        there = len(self._free) * self._calendar.worked(self._days * DAY_SECONDS)
        return self._asked_seconds / there if there else math.inf if self._asked_seconds else 0.0

    def _answer(self, waiting: _Waiting, now: float, answers: list[LeadAnswer]) -> None:
        """One lead: dropped when too old, else qualified or rejected, won or lost."""
        sales, lead = self._sales, waiting.lead
        if now - waiting.came > sales.give_up_days * DAY_SECONDS:
            self.given_up += 1
            return
        u_work, u_qualified, u_won = waiting.luck
        hours = (now - waiting.came) / HOUR
        qualified = u_qualified < lead.score / (lead.score + sales.half_qualified)
        won = qualified and u_won < chance_to_win(sales, hours)
        self._answered += 1
        self._rejected += not qualified
        heapreplace(self._free, now - math.log(u_work) * sales.minutes * 60)
        if waiting.own:
            answers.append(LeadAnswer(lead, hours, "won" if won else "lost" if qualified else "rejected"))

    def _review(self, day: int) -> None:
        """What was rejected since the last review moves the threshold."""
        rule = self._sales.rejected
        if (day + 1) % rule.every_days == 0 and self._answered:
            worse = self._rejected / self._answered - rule.acceptable
            factor = self.threshold_factor * math.exp(rule.gain * worse)
            self.threshold_factor = min(rule.largest_factor, max(1 / rule.largest_factor, factor))
            self._answered = self._rejected = 0

    def _take_in(self, leads: Sequence[Lead]) -> None:
        """The leads themselves, and those of the real persons behind each in the days that follow."""
        if not leads:
            return
        who = np.array([lead.index for lead in leads], np.int64)
        day = np.array([lead.day for lead in leads]).astype(np.int64)
        space = np.array([crc(lead.segment) for lead in leads], np.int64)
        whole = int(self._represents)
        one_more = uniforms(self._key, who, day, int(Purpose.SALES_HOUR), 0, space) < self._represents - whole
        of = np.repeat(np.arange(len(leads)), whole + one_more)
        k = np.concatenate([np.arange(whole + more) for more in one_more.astype(np.int64)])

        def draw(purpose: Purpose, which: np.ndarray) -> np.ndarray:
            return uniforms(self._key, who[of], day[of], int(purpose), which, space[of])

        comes = day[of] + np.floor(-np.log(draw(Purpose.SALES_DELAY, k)) * SPREAD_DAYS)
        comes = np.where(k == 0, [leads[i].day for i in of.tolist()], comes + draw(Purpose.SALES_HOUR, k + 1))
        luck = zip(*(draw(purpose, k).tolist() for purpose in _TOLD), strict=True)
        for i, which, came, drawn in zip(of.tolist(), k.tolist(), comes.tolist(), luck, strict=True):
            one = _Waiting(-leads[i].score, came * DAY_SECONDS, self._numbers, leads[i], which == 0, drawn)
            self._expected.setdefault(int(came), []).append(one)
            self._numbers += 1


def chance_to_win(sales: Sales, hours: float) -> float:
    """Chance that a qualified lead buys when it is answered so many hours later."""
    return sales.conversion * math.exp(-sales.decay * math.log(1 + hours))
