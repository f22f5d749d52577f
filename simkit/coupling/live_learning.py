"""What customers answer to launches whose last touches may learn from it (`launch_early.learning` of a kind of work).

Every evening the opens or clicks of what is live are counted and told to the department, which uses them in the last
touches that it finishes from the next day on. Where no kind of work learns, nothing is read and nothing kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from simkit.customers.driver import MarketDriver
from simkit.customers.state import PER_SLOT, SLOT_CLICKED, SLOT_OPENED
from simkit.customers.state import SLOTS_AT as AT
from simkit.records import Answers
from simkit.scenario.organization import Organization
from simkit.scenario.schema import Scenario
from simkit.scenario.work_kinds import LiveLearning

ANSWERS_COLUMNS = ("answers", "relevance_last")
"""Of launches, where somebody learns: answers that the latest last touch used (None: no touch while it was live), and
the relevance since that touch."""
_COUNTER = {"opens": SLOT_OPENED, "clicks": SLOT_CLICKED}


class LiveAnswers:
    """Counts what customers answer to launches that somebody learns from."""

    def __init__(self, scenario: Scenario, organization: Organization, market: MarketDriver, asleep: bool = False):
        """`asleep`: in a replay nobody learns, for what was learnt is in the script."""
        self._market, self._represents = market, scenario.market.represents
        self._rules: dict[str, LiveLearning] = {}
        for name, campaign in scenario.campaigns.items():
            early = organization.work[campaign.work].launch_early
            if early is not None and early.learning is not None:
                self._rules[name] = early.learning
        self.columns = ANSWERS_COLUMNS if self._rules else ()
        self._asleep = asleep or not self._rules
        self._answered: Counter[str] = Counter()
        """By name of the order."""

    def close_day(self, totals: np.ndarray) -> list[Answers]:
        """The figures of what was answered today, all days until now together."""
        if self._asleep:
            return []
        told = list(self._of_today(totals))
        for name, answered in told:
            self._answered[name] += answered
        return [Answers(name, round(self._answered[name] * self._represents)) for name, _ in told]

    def _of_today(self, totals: np.ndarray) -> Iterator[tuple[str, int]]:
        for slot, live in enumerate(self._market.tables.messages):
            if live is None or live.program not in self._rules:
                continue
            answered = int(totals[AT + slot * PER_SLOT + _COUNTER[self._rules[live.program].figure]])
            if answered:
                yield live.name.rpartition("/")[0], answered
