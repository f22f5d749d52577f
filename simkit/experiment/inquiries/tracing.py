"""One customer's diary: what happened on which day, and why, in plain sentences.

The one cell is run again with the logs of this person alone; what is told is read from them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

import numpy as np

from simkit.customers.log import CustomerLog
from simkit.customers.state import (
    AD_SEEN,
    ADDRESSED,
    AWAY,
    BECAME_CUSTOMER,
    CLICK,
    CONSENT_GIVEN,
    CONSENT_WITHDRAWN,
    CUSTOMER,
    DEFERRED,
    LEFT,
    LOST,
    MONEY,
    MOVED_STAGE,
    PROSPECT,
    PURCHASE,
    SENT,
    STAGES,
)
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

MINUTES_PER_DAY, DAY_SECONDS = 1440, 86_400
SELDOM_DAYS = 3 * DAYS_PER_YEAR


_RULE_WORDS = {
    "quiet": "quiet hours",
    "blackout": "nothing goes out on this day",
    "suppressed": "the policy suppresses whom its condition names",
    "sunset": "too many messages in a row were not opened",
    "reserved": "its slot is kept for a heavier message already planned",
    "no_consent": "no consent on its channel, and the fallback was held back",
}


class NoSuchCustomer(ValueError):
    """A customer that the market does not have."""


@dataclass(frozen=True)
class Entry:
    """One line of a diary."""

    time: datetime
    kind: str
    """contact, purchase, click, advertisement, consent, stage or life."""
    text: str


@dataclass(frozen=True)
class Diary:
    """The life of one customer in one run."""

    about: ClassVar[str] = "customer"
    """What kind of thing it is the diary of."""
    customer: str
    beginning: str
    """Who this is when the run begins."""
    entries: tuple[Entry, ...]
    ending: str
    """Where this person stands when it ends."""

    def between(self, first: date | None, last: date | None) -> Diary:
        """The same diary with the days from `first` to `last` only, both included."""
        kept = tuple(
            one
            for one in self.entries
            if (first is None or one.time.date() >= first) and (last is None or one.time.date() <= last)
        )
        return Diary(self.customer, self.beginning, kept, self.ending)


def find_customer(text: str, scenario: Scenario) -> tuple[str, int]:
    """``segment:12``, ``segment-12`` (as exported) or ``12``, which counts through the segments in their order.

    Raises NoSuchCustomer with what there is.
    """
    sizes = scenario.market.sizes()
    for mark in (":", "-"):
        segment, found, number = text.rpartition(mark)
        if found and segment in sizes:
            break
    else:
        segment, number = "", text
    if not number.isdigit():
        named = f" and SEGMENT one of {', '.join(sizes)}"
        raise NoSuchCustomer(f"expected SEGMENT:INDEX or INDEX{named}; found {text!r}")
    index = int(number)
    if segment:
        if index >= sizes[segment]:
            raise NoSuchCustomer(f"segment {segment!r} has customers 0 to {sizes[segment] - 1}; found {index}")
        return segment, index
    for name, size in sizes.items():
        if index < size:
            return name, index
        index -= size
    raise NoSuchCustomer(f"the market has customers 0 to {sum(sizes.values()) - 1}; found {number}")


def trace(scenario: Scenario, who: tuple[str, int], replication: int = 0, engine: str = "compiled") -> Diary:
    """Run one cell and tell one customer's days."""
    log = _OneLog(contacts=[], events=[], only=who)
    run = simulate(scenario, replication, engine=engine, log=log)
    assert isinstance(log.contacts, list)
    assert isinstance(log.events, list)
    told = _Telling(scenario, log)
    entries = [one for rows in log.contacts for one in told.contacts(rows)]
    entries += [one for rows in log.events for row in rows for one in told.event(row)]
    entries.sort(key=lambda one: one.time)
    place = list(scenario.market.segments).index(who[0])
    mine = run.customers[(run.customers["segment"] == place) & (run.customers["index"] == who[1])][0]
    return Diary(f"{who[0]}-{who[1]}", told.beginning(log.before), tuple(entries), told.ending(mine, entries))


class _OneLog(CustomerLog):
    """The logs of one person, and who that is before the first day."""

    before: np.void

    def begin(self, market: Any) -> None:
        """Keep a copy of the person."""
        super().begin(market)
        assert self.only is not None
        people, place = market.customers(), self.tables.segments[self.only[0]]
        self.before = people[(people["segment"] == place) & (people["index"] == self.only[1])][0].copy()


class _Telling:
    """From rows to sentences."""

    def __init__(self, scenario: Scenario, log: CustomerLog):
        self.scenario, self.tables = scenario, log.tables
        self.channels = {k: name for name, k in self.tables.channel_at.items()}
        self.midnight = datetime.combine(scenario.start, time()) - timedelta(days=scenario.warmup_days)
        self._events: dict[int, Callable[[np.void], str]] = {
            PURCHASE: self._purchase,
            CLICK: self._click,
            AD_SEEN: self._advertisement,
            CONSENT_GIVEN: lambda row: f"agreed to {self.channels[int(row['channel'])]}",
            CONSENT_WITHDRAWN: lambda row: f"consent to {self.channels[int(row['channel'])]} has ended",
            BECAME_CUSTOMER: lambda row: "became a customer",
            LEFT: lambda row: "left for good; the firm cannot see it and goes on writing",
            MOVED_STAGE: self._stage,
        }

    def at(self, days: float) -> datetime:
        """Days since the first simulated midnight in the calendar, to the second below."""
        return self.midnight + timedelta(seconds=math.floor(days * DAY_SECONDS))

    def money(self, units: int) -> str:
        """An amount in the scenario's currency."""
        return f"{units / MONEY:,.2f} {self.scenario.currency}"

    def message(self, what: int) -> str:
        """A message or advertisement by its name, without the channel."""
        known = self.tables.meaning(what)
        return known.label if known else "a message"

    # --- messages -----------------------------------------------------------------------------------------

    def contacts(self, rows: np.ndarray) -> Iterator[Entry]:
        """One day's messages: what came of those that were sent, and why the others were not."""
        held: dict[tuple[datetime, str, str], list[str]] = {}
        for row in rows:
            known = self.tables.meaning(int(row["what"]))
            channel = known.channel if known else "a channel"
            name, when = self.message(int(row["what"])), self.at(row["minute"] / MINUTES_PER_DAY)
            if row["decision"] == SENT:
                yield Entry(when, "contact", f"got {name} by {channel}: {self._reaction(row)}{self._tired(row)}")
                if row["opted_out"]:
                    yield Entry(when, "consent", f"opted out of {channel}; it holds from tomorrow")
            else:
                word = "deferred" if row["decision"] == DEFERRED else "dropped"
                reason = self._reason(int(row["rule"]), word)
                held.setdefault((when, word, reason), []).append(f"{name} ({channel})")
        for (when, word, reason), names in held.items():
            yield Entry(when, "contact", f"{word}: {', '.join(names)}; {reason}")

    def _reaction(self, row: np.void) -> str:
        if not row["delivered"]:
            return "it bounced"
        if not row["opened"]:
            return "not opened"
        if not row["clicked"]:
            return "opened"
        return "opened, clicked and bought" if row["bought"] else "opened and clicked"

    def _tired(self, row: np.void) -> str:
        return f" (fatigue {row['fatigue']:.1f})" if row["fatigue"] >= 0.05 else ""

    def _reason(self, rule: int, word: str) -> str:
        label = self.tables.rules.get(rule, "a rule")
        if label == "gap":
            gap = self.scenario.contact_policy.gap
            reason = f"less than {'a day' if gap == 1 else f'{gap:g} days'} since the last contact"
        elif label in _RULE_WORDS:
            reason = _RULE_WORDS[label]
        else:
            reason = f'the rule "{label}" allows no more'
        last = word == "dropped" and self.scenario.contact_policy.blocked == "defer"
        return f"{reason}, and this was its last day" if last else reason

    # --- events -------------------------------------------------------------------------------------------

    def event(self, row: np.void) -> Iterator[Entry]:
        """One event as a line; clicks on messages are told with the message."""
        kind = int(row["kind"])
        if kind == CLICK and row["channel"] < ADDRESSED:
            return
        word = {PURCHASE: "purchase", CLICK: "click", AD_SEEN: "advertisement", MOVED_STAGE: "stage"}.get(kind)
        word = word or ("consent" if kind in (CONSENT_GIVEN, CONSENT_WITHDRAWN) else "life")
        if text := self._events[kind](row):
            yield Entry(self.at(row["time"]), word, text)

    def _purchase(self, row: np.void) -> str:
        which = "the first purchase" if row["number"] == 1 else f"purchase {row['number']}"
        channel = int(row["channel"])
        if channel < 0:
            why = "nobody asked" if row["number"] == 1 else "a need of their own"
        elif channel < ADDRESSED or self._kind(channel) == "paid":
            why = f"after a click on {self.message(int(row['what']))} ({self.channels[channel]})"
        else:
            why = "after a click on a search result" if self._kind(channel) == "search" else "on a visit"
            why += f" ({self.channels[channel]})"
        return f"bought for {self.money(int(row['amount']))}, {which}: {why}"

    def _click(self, row: np.void) -> str:
        channel = int(row["channel"])
        name = self.channels[channel]
        if self._kind(channel) == "search":
            return f"searched and clicked on our result ({name})"
        if self._kind(channel) == "paid":
            return f"clicked on {self.message(int(row['what']))} ({name})"
        return f"came by unasked ({name})"

    def _advertisement(self, row: np.void) -> str:
        times = "once" if row["number"] == 1 else f"{row['number']} times"
        return f"saw {self.message(int(row['what']))} {times} ({self.channels[int(row['channel'])]})"

    def _stage(self, row: np.void) -> str:
        before, after = int(row["what"]), int(row["number"])
        if STAGES[after] in ("customer", "lost", "away"):
            return ""  # told as an event of its own
        if after < before:
            return f"forgot about us a little: {STAGES[before]} -> {STAGES[after]}"
        return f"{STAGES[before]} -> {STAGES[after]}"

    def _kind(self, channel: int) -> str:
        return self.scenario.channels[self.channels[channel]].kind

    # --- who -----------------------------------------------------------------------------------------------

    def beginning(self, c: np.void) -> str:
        """Who the person is before the first day."""
        relation = int(c["relation"])
        if relation == CUSTOMER:
            since = self.at(float(c["first_purchase_day"])).date()
            who = f"a customer since {since} with {_counted(int(c['purchases']), 'purchase')} so far"
        elif relation == PROSPECT:
            who = f"a prospect, {STAGES[int(c['stage'])]}"
        elif relation == AWAY:
            who = "not there yet"
        else:
            who = "a former customer, lost before the first day"
        parts = [f"On {self.midnight.date()}, before the warm-up: {who}.", f"{self._reach(c)}."]
        if relation in (CUSTOMER, AWAY) and c["rate"] > 0:
            every = 1 / float(c["rate"])
            often = "less than once in three years" if every > SELDOM_DAYS else f"about every {every:,.0f} days"
            parts.append(f"Needs something {often} as long as the relationship lasts.")
        if c["bucket"] < round(self.scenario.contact_policy.control_group * 10_000):
            parts.append("In the control group: gets no messages.")
        return " ".join(parts)

    def ending(self, c: np.void, entries: list[Entry]) -> str:
        """Where the person stands after the last day."""
        relation = {PROSPECT: "a prospect", CUSTOMER: "a customer", LOST: "lost", AWAY: "not there yet"}
        stage = STAGES[int(c["stage"])]
        bought = _counted(sum(one.kind == "purchase" for one in entries), "purchase")
        got = _counted(sum(one.kind == "contact" and one.text.startswith("got ") for one in entries), "message")
        last = self.scenario.start + timedelta(days=self.scenario.horizon_days - 1)
        return (
            f"On {last}, after the last day: {relation.get(int(c['relation']), 'elsewhere')} (stage: {stage}); "
            f"{bought} and {got} since the diary began; "
            f"fatigue {c['fatigue']:.1f}. {self._reach(c)}."
        )

    def _reach(self, c: np.void) -> str:
        may = [name for k, name in self.channels.items() if k < ADDRESSED and (int(c["consent"]) >> k) & 1]
        return f"May be written to by {', '.join(may)}" if may else "May not be written to"


def _counted(number: int, what: str) -> str:
    return f"one {what}" if number == 1 else f"{number or 'no'} {what}s"
