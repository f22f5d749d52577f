"""What a contact policy would do: a dry run over a few weeks, counted rule by rule.

The ordinary model lives through the warm-up and four weeks with the launches that the scenario's own department
makes; the contact log of the four weeks says what was sent, what waited, what was given up and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.customers.audit import audit, contacts_of
from simkit.customers.log import CustomerLog, gathered
from simkit.customers.state import HOLDOUT, LOG_DTYPE, SENT, TOPIC
from simkit.simulation import simulate

if TYPE_CHECKING:
    from simkit.customers.market import MarketTables
    from simkit.scenario.schema import Scenario

PERSONS = 2_000
WINDOW_DAYS = 28


@dataclass(frozen=True)
class RuleCount:
    """What one rule did in the window."""

    rule: str
    deferred: int
    """Times a message had to wait for another day."""
    dropped: int
    """Messages given up."""
    persons: int | None
    """Persons it touched; None where the log does not say (holdouts and refused topics come before the contest)."""

    @property
    def binds(self) -> bool:
        """Whether it held anything back."""
        return self.deferred + self.dropped > 0


@dataclass(frozen=True)
class PolicyTrial:
    """A dry run of one alternative's policy."""

    persons: int
    days: int
    sent: int
    delivered: int
    contacted: int
    """Persons who got at least one message."""
    most: int
    """Messages that one person got at most."""
    rules: tuple[RuleCount, ...]
    breaches: dict[str, int]
    """By rule, what an audit finds when each person counts as one: what unresolved identities let through."""

    @property
    def never_bind(self) -> list[str]:
        """Rules that held nothing back."""
        return [rule.rule for rule in self.rules if not rule.binds]

    @property
    def document(self) -> dict[str, Any]:
        """As plain values."""
        rows = [{**vars(rule), "binds": rule.binds} for rule in self.rules]
        return {**vars(self), "rules": rows, "never_bind": self.never_bind, "sentence": self.sentence}

    @property
    def sentence(self) -> str:
        """The answer, as a reader would say it."""
        waited, gone = sum(rule.deferred for rule in self.rules), sum(rule.dropped for rule in self.rules)
        text = (
            f"{self.persons:,} persons, {self.days} days: {self.sent:,} messages sent to {self.contacted:,} of them "
            f"(at most {self.most} to one), {waited:,} times one had to wait, {gone:,} given up."
        )
        if self.sent == 0:
            text += " Nothing is ever sent under this policy." if waited + gone else " Nothing was to be sent."
        if self.never_bind:
            text += f" Never bind: {', '.join(self.never_bind)}."
        if self.breaches:
            broken = ", ".join(f"{count:,} {rule}" for rule, count in self.breaches.items())
            text += f" Contacts beyond what the policy says of a person: {broken}."
        return text


def policy_trial(scenario: Scenario) -> PolicyTrial:
    """Dry run of a scenario's contact policy on a smaller market of the same kind."""
    market = scenario.market
    persons = min(PERSONS, market.customers)
    smaller = market.model_copy(
        update={"customers": persons, "represents": market.represents * market.customers / persons}
    )
    trial = scenario.model_copy(update={"market": smaller, "horizon": float(WINDOW_DAYS)})
    log = CustomerLog([])
    run = simulate(trial, log=log)
    contacts = gathered(log.contacts, LOG_DTYPE)
    assert contacts is not None
    window = contacts[contacts["day"] >= trial.warmup_days]
    ledger = {name: round(value / smaller.represents) for name, value in run.sums.items()}
    return _counted(trial, contacts, window, log.tables, ledger)


def _counted(
    trial: Scenario, contacts: np.ndarray, window: np.ndarray, tables: MarketTables, ledger: dict[str, int]
) -> PolicyTrial:
    sent = window[window["decision"] == SENT]
    _, each = np.unique(_person(sent), return_counts=True)
    rules = tuple(_rule(window, rule, name, ledger) for rule, name in tables.rules.items())
    return PolicyTrial(
        persons=trial.market.customers,
        days=WINDOW_DAYS,
        sent=len(sent),
        delivered=int(sent["delivered"].sum()),
        contacted=len(each),
        most=int(each.max(initial=0)),
        rules=rules,
        breaches=_breaches(trial, contacts, tables),
    )


def _rule(window: np.ndarray, rule: int, name: str, ledger: dict[str, int]) -> RuleCount:
    mine = window[(window["rule"] == rule) & (window["decision"] != SENT)]
    persons = None if rule in (HOLDOUT, TOPIC) else len(np.unique(_person(mine)))
    return RuleCount(name, ledger[f"deferred_{name}"], ledger[f"dropped_{name}"], persons)


def _breaches(trial: Scenario, contacts: np.ndarray, tables: MarketTables) -> dict[str, int]:
    """Breaches within the window, judged with the contacts before it."""
    found: dict[str, int] = {}
    for breach in audit(trial, contacts_of(contacts, tables)):
        if breach.time.date() >= trial.start:
            found[breach.rule] = found.get(breach.rule, 0) + 1
    return found


def _person(rows: np.ndarray) -> np.ndarray:
    return rows["segment"].astype(np.int64) << 32 | rows["index"]
