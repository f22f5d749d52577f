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
    opened: bool = False
    clicked: bool = False
    bought: bool = False
    complained: bool = False
    hours_ahead: float = 0.0
    """Of the person's clock; `time` is the firm's."""


@dataclass(frozen=True)
class Breach:
    """A contact that should not have been."""

    rule: str
    """The cap's label, ``gap``, ``quiet``, ``blackout``, ``consent``, ``bounces``, ``complaints``, ``offers``,
    ``prize_draws``, or the campaign and what should have stopped it."""
    customer: str
    time: datetime
    channel: str


def audit(scenario: Scenario, contacts: Iterable[Contact]) -> list[Breach]:
    """Every contact that breaks a cap, the gap, quiet hours, a blackout, an opt-out, a limit on offers or prize draws,
    or what bounces, complaints and a campaign's own outcomes should have stopped.

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
        person, ahead = f"{row['segment']}-{row['index']}", tables.policy.zones.hours[int(row["zone"])]
        channel, name = sources[int(row["what"])]
        found.append(Contact(
            person, when, channel, name, went, arrived, ended, bool(row["opened"]), bool(row["clicked"]),
            bool(row["bought"]), bool(row["complained"]), ahead,
        ))  # fmt: skip
    return found


class _Auditor:
    """The policy as an auditor reads it."""

    def __init__(self, scenario: Scenario):
        self.policy: ContactPolicy = scenario.contact_policy
        self.campaigns = scenario.campaigns
        sides = {name: "offline" if getattr(one, "offline", False) else "online"
                 for name, one in scenario.channels.items()}  # fmt: skip
        self.words = {name: {name, side} for name, side in sides.items()}
        self.offers = {name for name, one in scenario.campaigns.items() if one.offer}
        self.draws = {name for name, one in scenario.campaigns.items() if one.prize_draw}
        self.tags = {name: set(campaign.tags) for name, campaign in scenario.campaigns.items()}
        for name, journey in scenario.journeys.items():
            self.tags |= {f"{name}/{step}": set(journey.tags) for step in journey.steps}
            self.offers |= {f"{name}/{at}" for at, step in journey.steps.items() if step.offer}

    def person(self, contacts: Sequence[Contact]) -> Iterator[Breach]:
        """One person's breaches, in order."""
        for i, contact in enumerate(contacts):
            if contact.sent:
                before = [other for other in contacts[:i] if self._counts(other)]
                earlier = [other for other in contacts[:i] if other.sent and not self._exempt(other)]
                rules = [*self._consent(contact, contacts[:i]), *self._rules(contact, before),
                         *self._stops(contact, earlier)]  # fmt: skip
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
        there = self._clock(contact)
        if any(span.first <= there.date() <= span.last for span in self.policy.blackout):
            yield "blackout"
        if self._in_quiet_hours(there):
            yield "quiet"
        if any(abs(contact.time - other.time) < timedelta(days=self.policy.gap) for other in before):
            yield "gap"
        for cap in self.policy.at_most:
            if self._holds(cap, contact) and not cap.when:
                start = _window_start(cap, there)
                counted = [one for one in before if self._is_for(cap, one) and _within(cap, start, self._clock(one))]
                if len(counted) + 1 > cap.count:
                    yield cap.label

    def _clock(self, contact: Contact) -> datetime:
        """When it was by the clock that the policy goes by."""
        ahead = contact.hours_ahead if self.policy.clock == "customer" else 0
        return contact.time + timedelta(hours=ahead)

    def _stops(self, contact: Contact, earlier: Sequence[Contact]) -> Iterator[str]:
        """What outcomes before the day, and offers before the message, should have held back."""
        if self._exempt(contact):
            return
        settled = [one for one in earlier if one.time.date() < contact.time.date()]
        bounces, most = [one for one in settled if one.channel == contact.channel], self.policy.stop_bounces
        if most and _ever_in_a_row((not one.delivered for one in bounces), most):
            yield "bounces"
        if self.policy.stop_complaints and sum(one.complained for one in settled) >= self.policy.stop_complaints:
            yield "complaints"
        for word, those, limit in (
            ("offers", self.offers, self.policy.offers), ("prize_draws", self.draws, self.policy.prize_draws)
        ):  # fmt: skip
            if limit and contact.campaign in those:
                begin = _period_start(limit.per, contact.time)
                if sum(one.campaign in those and one.time >= begin for one in earlier) >= limit.count:
                    yield word
        campaign = self.campaigns.get(contact.campaign)
        mine = [one for one in settled if one.campaign == contact.campaign]
        for stop in campaign.stop_after if campaign else ():
            if stop.outcome == "sent":
                mine = [one for one in earlier if one.campaign == contact.campaign]
            if _reached(stop.outcome, stop.count, mine):
                yield f"{contact.campaign} {stop.label}"

    def _in_quiet_hours(self, when: datetime) -> bool:
        if self.policy.quiet is None:
            return False
        hour, start, end = when.hour + when.minute / 60, self.policy.quiet.start, self.policy.quiet.end
        return start <= hour < end if start < end else hour >= start or hour < end

    def _is_for(self, cap: Cap, contact: Contact) -> bool:
        on = not cap.channels or bool(self.words[contact.channel] & set(cap.channels))
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
    return _period_start(cap.per, when)


def _within(cap: Cap, start: datetime, when: datetime) -> bool:
    """Whether a contact before lies in the same window; calendar windows have an end too."""
    return when >= start and (cap.window == "rolling" or _period_start(cap.per, when) == start)


def _period_start(per: str, when: datetime) -> datetime:
    """Midnight with which a moment's calendar day, week, month, quarter or year began."""
    today = datetime.combine(when.date(), time())
    if per == "week":
        return today - timedelta(days=today.weekday())
    month = {"month": today.month, "quarter": 3 * ((today.month - 1) // 3) + 1, "year": 1}.get(per)
    return today if month is None else today.replace(month=month, day=1)


def _ever_in_a_row(flags: Iterable[bool], count: int) -> bool:
    """Whether so many came one after the other at any time."""
    streak = 0
    for flag in flags:
        streak = streak + 1 if flag else 0
        if streak >= count:
            return True
    return False


def _reached(outcome: str, count: int, contacts: Sequence[Contact]) -> bool:
    """Whether messages met with an outcome so often: in a row for what goes by rows."""
    if outcome == "unopened":
        return _ever_in_a_row((not one.opened for one in contacts if one.delivered), count)
    if outcome == "bounced":
        return _ever_in_a_row((not one.delivered for one in contacts), count)
    flag = {"sent": "sent", "opened": "opened", "clicked": "clicked", "purchases": "bought", "complaints": "complained"}
    return sum(bool(getattr(one, flag[outcome])) for one in contacts) >= count
