"""The Mesa driver: the same rulebook, one agent a customer, in plain Python. The readable form, and the peer."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import mesa
import numpy as np

from simkit.customers import state
from simkit.customers.accounts import accounts_of
from simkit.customers.day import Replacement, Rule, phase
from simkit.customers.extension import chosen_day, parameters_type
from simkit.customers.log import Sink
from simkit.customers.market import MarketTables, stage_counts
from simkit.customers.plain_tables import PlainTables
from simkit.customers.population import population, sorted_people
from simkit.customers.rules.noting import notice, remember, watched
from simkit.customers.tables import World
from simkit.customers.word_of_mouth import ties_of
from simkit.scenario.schema import Scenario

Row = tuple[float, ...]
"""One line of a log, before it is an array."""


class Customer(mesa.Agent):
    """One person; attributes as in `state.CUSTOMER_DTYPE`."""

    def __init__(self, model: MarketModel, record: np.void):
        super().__init__(model)
        for name, value in zip(record.dtype.names or (), record.item(), strict=True):
            setattr(self, name, value.tolist() if isinstance(value, np.ndarray) else value)

    def pass_through(self, rules: list[Rule], w: World, s: state.Scratch) -> None:
        """Follow the rules of one phase in their order."""
        for rule in rules:
            rule(self, w, s)


class MarketModel(mesa.Model):
    """A market of customers: each step is one day."""

    def __init__(
        self,
        *,
        scenario: Scenario | None = None,
        replication: int = 0,
        rules: Mapping[str, Replacement] | None = None,
        people: np.ndarray | None = None,
        log: Sink | None = None,
        events: Sink | None = None,
        only: tuple[int, int] | None = None,
    ):
        super().__init__()
        scenario = scenario or Scenario()
        self.tables = MarketTables(scenario, replication)
        self.day = -1
        layout, extension = self.tables.layout, self.tables.extension
        self.totals = np.zeros(layout.totals, np.int64)
        if people is None:
            people = population(scenario.market, scenario.channels, scenario.days, scenario.seed, replication)
        if extension:
            people = extension.settle(people, scenario, replication)
        self._ties, self._accounts = ties_of(scenario, replication), accounts_of(scenario, replication)
        self.people = [Customer(self, record) for record in people]
        chosen, day = chosen_day(rules, extension)
        self._phases = {name: phase(chosen, name, day) for name in ("propose", "live")}
        self._scratch, self._log, self._events = state.Scratch(layout.scratch), log, events
        self._plain = PlainTables(self.tables.world, parameters_type(extension)(*self.tables.my))
        self._age(chosen["age"])
        self.tables.keep_log(log is not None, events is not None, only, bool(rules or extension))
        self._stages = np.bincount([c.stage for c in self.people], minlength=len(state.STAGES))
        self.datacollector = mesa.DataCollector(
            model_reporters={"day": "day", "active": "active", "mean_fatigue": "mean_fatigue"}
        )

    @property
    def active(self) -> int:
        """Customers whose last purchase is recent."""
        return int(self.totals[state.ACTIVE])

    @property
    def mean_fatigue(self) -> float:
        """Mean fatigue of reachable persons at the end of the day."""
        return float(self.totals[state.FATIGUE]) / state.GRAIN / max(1, int(self.totals[state.REACHABLE]))

    def step(self) -> None:
        """Everyone lives the next day."""
        self.live_day()
        self.datacollector.collect(self)

    def live_day(self, harm: dict[str, float] | None = None) -> np.ndarray:
        """Everyone lives the next day; returns its totals (int64)."""
        world = self.tables.begin_day(harm or {})
        self.tables.spread(self._stages)
        if self._ties:
            heard = self._ties.heard(self.column("segment"), self.column("index"), self.column("relation"))
            for customer, share in zip(self.people, heard.tolist(), strict=True):
                customer.influence = share
            if self.tables.referrals.on:
                invited = self._ties.invitations(
                    self.column("segment"), self.column("index"), self.column("relation"),
                    self.tables.referred(self.column("referred_day")), self.tables.referrals.prospects,
                )  # fmt: skip
                for customer, times in zip(self.people, invited.tolist(), strict=True):
                    customer.invited = times
        if self._accounts:
            for customer, group, share in zip(
                self.people, *(part.tolist() for part in self._accounts.yesterday(self.column)), strict=True
            ):
                customer.group, customer.favoring = group, share
        self.day = self.tables.day
        totals, morning, _ = self._pass("propose", world)
        self.tables.allocate(totals, self._stages)
        rest, evening, contacts = self._pass("live", world)
        self.totals = totals + rest
        self.tables.end_day(self.totals)
        if self._log is not None:
            self._log.append(state.in_order(np.array(contacts, state.LOG_DTYPE)))
        if self._events is not None:
            self._events.append(state.in_order(np.array(morning + evening, state.EVENT_DTYPE)))
        self._stages = stage_counts(self.totals)
        return self.totals

    def new_leads(self) -> np.ndarray:
        """Those who became leads on the last day lived, in no order."""
        return self._records([c for c in self.people if c.lead_day == self.tables.day + 1])

    def customers(self) -> np.ndarray:
        """Everyone, in order of (segment, index)."""
        rows = self._records(self.people)
        return sorted_people(rows, [rows["index"], rows["segment"]])

    def _records(self, people: list[Customer]) -> np.ndarray:
        kind = self.tables.layout.customer
        rows = state.people_array(len(people), kind)
        rows[:] = np.array([*map(attrgetter(*kind.names or ()), people)], kind)
        return rows

    def column(self, name: str) -> np.ndarray:
        """One field of everyone, in an order that stays the same."""
        return np.array([getattr(customer, name) for customer in self.people], self.tables.layout.customer[name].base)

    def person(self, place: int) -> Any:
        """One customer by the place in that order."""
        return self.people[place]

    def _age(self, rule: Rule) -> None:
        w = self._plain.read(self.tables.world)
        for customer in self.people:
            rule(customer, w, self._scratch)

    @property
    def notes_lost(self) -> int:
        """Events that did not fit one person's day."""
        return int(self._scratch.notes_lost)  # type: ignore[attr-defined]

    def _pass(self, name: str, world: World) -> tuple[np.ndarray, list[Row], list[Row]]:
        """Everyone through one phase: totals, events, contacts."""
        w, s, rules = self._plain.read(world), self._scratch, self._phases[name]
        s.total = [0] * self.tables.layout.totals  # type: ignore[attr-defined]
        contacts: list[Row] = []
        events: list[Row] = []
        logging = self._log is not None or self._events is not None
        for customer in self.people:
            if logging:
                remember(customer, w, s)
            customer.pass_through(rules, w, s)
            if self._log is not None and name == "live" and watched(customer, w):
                contacts.extend(_contacts(customer, w, s))
            if self._events is not None and watched(customer, w):
                notice(customer, w, s)
                events.extend(_noted(customer, w, s))
        return np.array(s.total, np.int64), events, contacts  # type: ignore[attr-defined]


def _contacts(c: Any, w: World, s: Any) -> list[Row]:
    """What was decided on a customer's candidates, as rows of `state.LOG_DTYPE`."""
    return [
        (w.today.day, c.segment, c.index, s.slot[j], w.message[s.slot[j]].occurrence, s.minute[j], s.decision[j],
         s.rule[j], s.delivered[j], s.opened[j], s.clicked[j], s.bought[j], s.opted_out[j],
         s.complained[j], s.zone, s.was_tired)
        for j in range(s.n)
    ]  # fmt: skip


def _noted(c: Any, w: World, s: Any) -> list[Row]:
    """What was noted of a customer in this phase, as rows of `state.EVENT_DTYPE`."""
    return [
        (w.today.day, c.segment, c.index, s.note_kind[j], s.note_channel[j], s.note_time[j], s.note_what[j],
         s.note_number[j], s.note_amount[j])
        for j in range(s.notes)
    ]  # fmt: skip
