"""A compliance audit: whether a log of contacts keeps to a contact policy.

It reads the log and the scenario as a reader would, and shares no code with the rules that sent the messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from simkit.customers.state import DEFERRED, SENT
from simkit.rng import crc

if TYPE_CHECKING:
    from simkit.customers.market import MarketTables
    from simkit.scenario.caps import Cap
    from simkit.scenario.policy import ContactPolicy
    from simkit.scenario.schema import Scenario

_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}


@dataclass(frozen=True)
class Contact:
    """One message to one person; contacts of a person stand in the order in which they were decided."""

    customer: str
    time: datetime
    channel: str
    campaign: str
    """Name of the campaign, or ``journey/step``."""
    sent: bool = True
    """False: it was dropped (deferred messages are no contacts)."""
    delivered: bool = True
    opted_out: bool = False
    """The person ended consent on the channel because of it."""


@dataclass(frozen=True)
class Breach:
    """A contact that should not have been."""

    rule: str
    """The cap's label, ``gap``, ``quiet``, ``blackout`` or ``consent``."""
    customer: str
    time: datetime
    channel: str


def audit(scenario: Scenario, contacts: Iterable[Contact]) -> list[Breach]:
    """Every contact that breaks a cap, the gap, quiet hours, a blackout or an opt-out of the scenario's policy.

    Each person counts as one person whatever the firm can see: with identities unresolved the breaches say what
    that costs. Adaptive caps, suppression and holdouts depend on more than a log shows and are not judged.

    >>> from simkit.scenario.schema import Scenario
    >>> day = datetime(2026, 2, 2, 10)
    >>> times = day, day + timedelta(hours=3)
    >>> [breach.rule for breach in audit(Scenario(), [Contact("a", time, "email", "newsletter") for time in times])]
    ['gap']
    """
    persons: dict[str, list[Contact]] = {}
    for contact in contacts:
        persons.setdefault(contact.customer, []).append(contact)
    auditor = _Auditor(scenario)
    return [breach for person in persons.values() for breach in auditor.person(person)]


def contacts_of(log: np.ndarray, tables: MarketTables) -> list[Contact]:
    """What went out or was dropped in a run: rows of ``customers.state.LOG_DTYPE`` and the run's tables, for names."""
    scenario = tables.scenario
    midnight = datetime.combine(scenario.start - timedelta(days=scenario.warmup_days), time())
    sources = {what: (live.channel, live.program) for what, live in tables.named.items()}
    for name, (_, step) in zip(tables.steps, tables.policy.steps, strict=True):
        sources[crc(name)] = step.channel, name
    found = []
    for row in log[log["decision"] != DEFERRED]:
        when = midnight + timedelta(minutes=int(row["minute"]))
        went, arrived, ended = bool(row["decision"] == SENT), bool(row["delivered"]), bool(row["opted_out"])
        person = f"{row['segment']}-{row['index']}"
        found.append(Contact(person, when, *sources[int(row["what"])], went, arrived, ended))
    return found


class _Auditor:
    """The policy as an auditor reads it."""

    def __init__(self, scenario: Scenario):
        self.policy: ContactPolicy = scenario.contact_policy
        self.tags = {name: set(campaign.tags) for name, campaign in scenario.campaigns.items()}
        for name, journey in scenario.journeys.items():
            self.tags |= {f"{name}/{step}": set(journey.tags) for step in journey.steps}

    def person(self, contacts: Sequence[Contact]) -> Iterator[Breach]:
        """One person's breaches, in order."""
        for i, contact in enumerate(contacts):
            if contact.sent:
                before = [other for other in contacts[:i] if self._counts(other)]
                rules = [*self._consent(contact, contacts[:i]), *self._rules(contact, before)]
                yield from (Breach(rule, contact.customer, contact.time, contact.channel) for rule in rules)

    def _tags(self, contact: Contact) -> set[str]:
        return self.tags.get(contact.campaign, set())

    def _exempt(self, contact: Contact) -> bool:
        return bool(self._tags(contact) & set(self.policy.exempt))

    def _counts(self, contact: Contact) -> bool:
        counted = {"sent": contact.sent, "delivered": contact.sent and contact.delivered, "attempted": True}
        return counted[self.policy.counts] and not self._exempt(contact)

    def _consent(self, contact: Contact, before: Sequence[Contact]) -> Iterator[str]:
        for other in before:
            last = other.time.date() + timedelta(days=self.policy.opt_out_lag)
            if other.opted_out and other.channel == contact.channel and contact.time.date() > last:
                yield "consent"
                return

    def _rules(self, contact: Contact, before: Sequence[Contact]) -> Iterator[str]:
        if self._exempt(contact):
            return
        if any(span.first <= contact.time.date() <= span.last for span in self.policy.blackout):
            yield "blackout"
        if self._in_quiet_hours(contact.time):
            yield "quiet"
        if any(abs(contact.time - other.time) < timedelta(days=self.policy.gap) for other in before):
            yield "gap"
        for cap in self.policy.at_most:
            if self._holds(cap, contact) and not cap.when:
                start = _window_start(cap, contact.time)
                counted = [other for other in before if other.time >= start and self._is_for(cap, other)]
                if len(counted) + 1 > cap.count:
                    yield cap.label

    def _in_quiet_hours(self, when: datetime) -> bool:
        if self.policy.quiet is None:
            return False
        hour, start, end = when.hour + when.minute / 60, self.policy.quiet.start, self.policy.quiet.end
        return start <= hour < end if start < end else hour >= start or hour < end

    def _is_for(self, cap: Cap, contact: Contact) -> bool:
        on = not cap.channels or contact.channel in cap.channels
        return on and (not cap.tags or bool(self._tags(contact) & set(cap.tags)))

    def _holds(self, cap: Cap, contact: Contact) -> bool:
        """Under precedence `type` the caps with tags replace the others."""
        if not self._is_for(cap, contact):
            return False
        typed = any(one.tags and self._is_for(one, contact) for one in self.policy.at_most)
        return bool(cap.tags) or self.policy.precedence == "all" or not typed


def _window_start(cap: Cap, when: datetime) -> datetime:
    """First moment that counts together with `when`."""
    if cap.window == "rolling":
        return when - timedelta(days=_DAYS[cap.per] * cap.periods) + timedelta(minutes=1)
    today = datetime.combine(when.date(), time())
    if cap.per == "week":
        return today - timedelta(days=today.weekday())
    month = {"month": today.month, "quarter": 3 * ((today.month - 1) // 3) + 1, "year": 1}.get(cap.per)
    return today if month is None else today.replace(month=month, day=1)
