"""What occasions take from a run's purchases, day by day, and what answers give back."""

from __future__ import annotations

from collections.abc import Mapping

from simkit.coupling.world import Episode
from simkit.customers.withheld import Withheld


class Harm:
    """The harm of all episodes of a run; occasions at work at once multiply."""

    def __init__(self, episodes: Mapping[str, Episode], days: int, without: Withheld | None):
        """`days` of the run; `without` is what a counterfactual keeps from customers, answers among it."""
        self._episodes, self._without = episodes, without
        self._at_work: list[list[Episode]] = [[] for _ in range(days)]
        """By day."""
        for episode in episodes.values():
            if episode.occasion.harm > 0:
                for day in episode.days_of_harm(days):
                    self._at_work[day].append(episode)
        self._better: list[tuple[int, str, float]] = []

    def answer(self, source: str, day: int, relevance: float) -> None:
        """An answer takes away part of an occasion's harm from the day it is live."""
        episode = self._episodes.get(source)
        if episode is not None:
            episode.answered_day = min(day, episode.answered_day)
            left = self._without.relief_left(episode.occasion.answered_by) if self._without else 1.0
            episode.relief = episode.occasion.answer_effect * relevance * left

    def answer_better(self, source: str, day: int, relevance: float) -> None:
        """From `day` on an answer that is live has another relevance."""
        self._better.append((day, source, relevance))

    def on(self, day: int) -> dict[str, float]:
        """Share of organic purchases lost today, by segment; ask for every day once, in their order."""
        for when, source, relevance in self._better:
            if when == day:
                self.answer(source, day, relevance)
        left: dict[str, float] = {}
        for episode in self._at_work[day]:
            harm = episode.harm(day)
            if harm:
                for segment in episode.segments:
                    left[segment] = left.get(segment, 1.0) * (1 - harm)
        return {segment: 1 - share for segment, share in left.items()}
