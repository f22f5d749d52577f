"""The compiled driver: the rulebook over an array of customers, as fast as it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from simkit.customers import state
from simkit.customers.compiling import compiled_day
from simkit.customers.day import Replacement
from simkit.customers.market import MarketTables, stage_counts
from simkit.customers.population import population, sorted_people
from simkit.scenario.schema import Scenario

PEOPLE_PER_THREAD = 10_000
"""A thread is worth its hand-over only for so many people."""


def warm_up(phases: Sequence[str] = ("live", "propose", "age"), rules: Mapping[str, Replacement] | None = None) -> None:
    """Compile phases of the day, or load them from the cache."""
    day = compiled_day(rules)
    for name in phases:
        getattr(day, name)


class CompiledMarket:
    """The customers of one run as an array, living their days on some threads.

    Totals are integers, so neither the number of threads nor the order of customers shows.
    """

    def __init__(
        self,
        scenario: Scenario,
        replication: int,
        *,
        rules: Mapping[str, Replacement] | None = None,
        threads: int = 1,
        people: np.ndarray | None = None,
        log: list[np.ndarray] | None = None,
    ):
        """`people` may bring the persons (CUSTOMER_DTYPE, changed in place); `log` collects contacts by day."""
        self.tables = MarketTables(scenario, replication)
        if people is None:
            people = population(scenario.market, scenario.channels, scenario.days, scenario.seed, replication)
        self._log = log
        self._day = compiled_day(rules)
        threads = max(1, min(threads, len(people) // PEOPLE_PER_THREAD))
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._people = self._aged(people)
        size = max(1, -(-len(people) // threads))
        self._blocks = [self._people[at : at + size] for at in range(0, len(people), size)]
        self._scratch = [np.zeros(1, state.SCRATCH_DTYPE) for _ in self._blocks]
        self._stages = np.bincount(people["stage"], minlength=len(state.STAGES))

    def _aged(self, people: np.ndarray) -> np.ndarray:
        """Everyone on day 0. Order never shows in a result, so people of a kind stand together: the processor then
        guesses most branches right."""
        self._blocks, self._scratch = [people], [np.zeros(1, state.SCRATCH_DTYPE)]
        self._run(self._day.age)
        return sorted_people(people, [people["consent"], people["segment"], people["relation"]])

    def customers(self) -> np.ndarray:
        """Everyone, in order of (segment, index)."""
        return sorted_people(self._people, [self._people["index"], self._people["segment"]])

    def live_day(self, harm: dict[str, float] | None = None) -> np.ndarray:
        """Everyone lives the next day; returns its totals (int64)."""
        self.tables.begin_day(harm or {})
        totals = self._run(self._day.propose)
        self.tables.allocate(totals, self._stages)
        totals = totals + self._run(self._day.live, self._log)
        self._stages = stage_counts(totals)
        return totals

    def _run(self, compiled: Callable[..., Any], log: list[np.ndarray] | None = None) -> np.ndarray:
        """One phase for everyone; the totals of all blocks together."""
        blocks = self._blocks
        most = 0 if log is None else min(state.CANDIDATES, sum(live is not None for live in self.tables.messages))
        rows = [np.zeros(len(block) * most, state.LOG_DTYPE) for block in blocks]
        cursors = [np.zeros(1, np.int64) for _ in blocks]

        def one(k: int) -> np.ndarray:
            scratch = self._scratch[k]
            scratch["total"] = 0
            compiled(blocks[k], self.tables.array, scratch, rows[k], cursors[k])
            return scratch["total"][0]

        parts = list((self._pool.map if self._pool else map)(one, range(len(blocks))))
        if log is not None:
            parts_of_log = [part[: cursor[0]] for part, cursor in zip(rows, cursors, strict=True)]
            log.append(state.in_order(np.concatenate(parts_of_log)))
        return np.asarray(np.sum(parts, axis=0, dtype=np.int64))
