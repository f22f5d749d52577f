"""The compiled driver: the rulebook over an array of customers, as fast as it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from simkit.customers import state
from simkit.customers.accounts import accounts_of
from simkit.customers.compiling import compiled_day
from simkit.customers.day import Replacement
from simkit.customers.extension import Extension
from simkit.customers.log import Sink
from simkit.customers.market import MarketTables, stage_counts
from simkit.customers.population import population, sorted_people
from simkit.customers.word_of_mouth import ties_of
from simkit.scenario.schema import Scenario

STRETCH_DAYS = 28
"""Who comes later stands in stretches of so many days; the days within one are lived by all of it."""
PEOPLE_PER_THREAD = 10_000
"""A thread is worth its hand-over only for so many people."""
LOGGED_AT_ONCE = 2048
"""People whose day is written down before the log's rows are used again."""
_NO_LOG, _NO_EVENTS = np.zeros(0, state.LOG_DTYPE), np.zeros(0, state.EVENT_DTYPE)


def warm_up(
    helper: bool = False, rules: Mapping[str, Replacement] | None = None, extension: Extension | None = None
) -> None:
    """Compile what nearly every scenario needs, or load it from the cache; a helper begins at the other end."""
    compiled_day(rules, extension).get_ready(helper)


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
        log: Sink | None = None,
        events: Sink | None = None,
        only: tuple[int, int] | None = None,
    ):
        """`people` may bring the persons (CUSTOMER_DTYPE, changed in place); `log` takes the contacts of each day,
        `events` what happened to everyone, `only` (segment, index) restricts both to one person."""
        self.tables = MarketTables(scenario, replication)
        if people is None:
            people = population(scenario.market, scenario.channels, scenario.days, scenario.seed, replication)
        layout, extension = self.tables.layout, self.tables.extension
        if extension:
            people = extension.settle(people, scenario, replication)
        self._log, self._events = log, events
        self._ties, self._accounts = ties_of(scenario, replication), accounts_of(scenario, replication)
        self._day = compiled_day(rules, extension)
        threads = max(1, min(threads, len(people) // PEOPLE_PER_THREAD))
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._scratch = [np.zeros(1, layout.scratch) for _ in range(threads)]
        self._people = people
        self._run("age", people)
        self._people, self._stretches = _in_good_order(people)
        own_rules = bool(rules or extension)
        if own_rules:  # they may do anything with whoever is not there yet
            self._stretches[:] = 0
        self.tables.keep_log(log is not None, events is not None, only, own_rules)
        self._stages = np.bincount(people["stage"], minlength=len(state.STAGES))

    def _there(self) -> np.ndarray:
        """Those who could do something today: whoever comes in a later stretch of days is left alone, unless
        channels gain or lose people, those to come among them."""
        if self.tables.array["today"]["moving"][0]:
            return self._people
        return self._people[: np.searchsorted(self._stretches, self.tables.day // STRETCH_DAYS + 1, side="right")]

    def customers(self) -> np.ndarray:
        """Everyone, in order of (segment, index)."""
        return sorted_people(self._people, [self._people["index"], self._people["segment"]])

    def new_leads(self) -> np.ndarray:
        """Those who became leads on the last day lived, in no order."""
        return self._people[self._people["lead_day"] == self.tables.day + 1]

    @property
    def threads(self) -> int:
        """On how many its days are lived; no more than its people are worth."""
        return len(self._scratch)

    @property
    def notes_lost(self) -> int:
        """Events that did not fit one person's day."""
        return sum(int(scratch["notes_lost"][0]) for scratch in self._scratch)

    def column(self, name: str) -> np.ndarray:
        """One field of everyone, in an order that stays the same."""
        return self._people[name]

    def person(self, place: int) -> Any:
        """One record by its place in that order; what is assigned to its attributes is remembered."""
        return self._people.view(np.recarray)[place]

    def live_day(self, harm: dict[str, float] | None = None) -> np.ndarray:
        """Everyone lives the next day; returns its totals (int64)."""
        self.tables.begin_day(harm or {})
        self.tables.spread(self._stages)
        if self._ties:
            everyone = self._people
            everyone["influence"] = self._ties.heard(everyone["segment"], everyone["index"], everyone["relation"])
            if self.tables.referrals.on:
                everyone["invited"] = self._ties.invitations(
                    everyone["segment"], everyone["index"], everyone["relation"],
                    self.tables.referred(everyone["referred_day"]), self.tables.referrals.prospects,
                )  # fmt: skip
        if self._accounts:
            self._people["group"], self._people["favoring"] = self._accounts.yesterday(self.column)
        contacts: list[np.ndarray] = []
        events: list[np.ndarray] = []
        there = self._there()
        totals = self._run("propose", there, None, events)
        self.tables.allocate(totals, self._stages)
        totals = totals + self._run("live", there, contacts, events)
        totals[state.STAGE_AT + state.NOT_YET] += len(self._people) - len(there)
        self.tables.end_day(totals)
        self._stages = stage_counts(totals)
        if self._log is not None:
            self._log.append(state.in_order(np.concatenate(contacts)))
        if self._events is not None:
            self._events.append(state.in_order(np.concatenate(events)))
        return totals

    def _run(
        self,
        phase: str,
        people: np.ndarray,
        contacts: list[np.ndarray] | None = None,
        events: list[np.ndarray] | None = None,
    ) -> np.ndarray:
        """One phase for these people; the totals of all blocks together. Logs go where they are wanted, block by
        block."""
        size = max(1, -(-len(people) // len(self._scratch)))
        blocks = [people[at : at + size] for at in range(0, len(people), size)] or [people]
        wanted = contacts is not None and self._log is not None, events is not None and self._events is not None
        logged = any(wanted)
        loop = self._day.loop(phase, logged)

        def one(block: np.ndarray, scratch: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
            total = scratch["total"][0]
            total.fill(0)
            if logged:
                return total, *self._logged(loop, block, scratch, wanted)
            loop(block, self.tables.array, scratch, _NO_LOG, _NO_EVENTS, np.zeros(2, np.int64))
            return total, [], []

        parts = list((self._pool.map if self._pool else map)(one, blocks, self._scratch))
        for _, sent, noted in parts:
            if contacts is not None:
                contacts.extend(sent)
            if events is not None:
                events.extend(noted)
        totals = parts[0][0].copy()
        for total, _, _ in parts[1:]:
            totals += total
        return totals

    def _logged(
        self, compiled: Callable[..., Any], block: np.ndarray, scratch: np.ndarray, wanted: tuple[bool, bool]
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """A block in pieces, so that the logs of one piece have room for all it could write."""
        rows = np.zeros(LOGGED_AT_ONCE * state.CANDIDATES * wanted[0], state.LOG_DTYPE)
        notes = np.zeros(LOGGED_AT_ONCE * state.NOTES * wanted[1], state.EVENT_DTYPE)
        contacts, events = [rows[:0]], [notes[:0]]
        for at in range(0, len(block), LOGGED_AT_ONCE):
            cursor = np.zeros(2, np.int64)
            compiled(block[at : at + LOGGED_AT_ONCE], self.tables.array, scratch, rows, notes, cursor)
            contacts.append(rows[: cursor[0]].copy())
            events.append(notes[: cursor[1]].copy())
        return contacts, events


def _in_good_order(people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Everyone by the stretch of days in which they come (0: there, n: in the n-th), and these stretches.

    Order never shows in a result. Who comes later stands behind; and within a stretch people of a kind stand together,
    for the processor then guesses most branches right.
    """
    away = people["relation"] == state.AWAY
    stretches = np.zeros(len(people), np.int64)
    stretches[away] = 1 + np.maximum(people["first_purchase_day"][away], 0) // STRETCH_DAYS
    keys = [people["consent"], people["segment"], people["relation"], stretches]
    return sorted_people(people, keys), np.sort(stretches)
