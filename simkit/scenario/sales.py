"""The sales team: people who answer leads, how fast answers lose their worth, and what they tell marketing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from simkit.scenario.quantity import DAYS_PER_WEEK, Days, Share, Table, convention, default
from simkit.scenario.service import represents_sense
from simkit.scenario.work_kinds import Name

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario

_OURS = "simkit, no published estimate"
_HBR = (
    "simkit; Oldroyd, McElheran & Elkington 2011 (HBR): firms that answer within an hour qualify 7 times as many leads "
    "as those an hour later and 60 times as many as those a day later. A comparison of firms, not an experiment: half "
    "of the log of the latter is taken for an effect; 1.27 is all of it"
)
_PEOPLE = re.compile(r"^\s*([0-9][0-9_]*)\s*(?:people|persons?|salespeople)\s*$", re.IGNORECASE)


class RejectedLeads(Table):
    """What sales sends back moves the threshold of scoring."""

    gain: float = default(
        0.5, unit="log of the threshold per share", source=_OURS, grade="assumption", low=0, high=2, ge=0, le=10
    )
    """At each review the threshold is multiplied by exp(gain x (share rejected - `acceptable`)). 0: nobody listens."""
    acceptable: Share = default(
        0.5, unit="share of answered leads", source=_OURS, grade="assumption", low=0.2, high=0.7
    )
    every_days: Annotated[int, Field(ge=1, le=365)] = convention(7, unit="days", why="a weekly talk")
    largest_factor: float = convention(
        4, unit="of the stated threshold", why="nobody quarters or quadruples it", ge=1, le=100
    )
    """The threshold stays between the stated one divided and multiplied by this."""


class Sales(Table):
    """People who answer leads, the highest score first, of equals the oldest."""

    people: Annotated[int, Field(ge=0, le=1_000_000)]
    calendar: Name = "office"
    """One of `teams.calendars`."""
    minutes: float = default(30, unit="minutes", source=_OURS, grade="assumption", low=10, high=120, gt=0, le=100_000)
    """Mean time that a lead takes (exponential). What was begun is finished after hours."""
    conversion: Share = default(
        0.1, unit="share of qualified leads", source=_OURS, grade="assumption", low=0.02, high=0.3
    )
    """Qualified leads that would buy if they were answered at once."""
    decay: float = default(0.64, unit="exponent", source=_HBR, grade="assumption", low=0.2, high=1.27, ge=0, le=10)
    """Answered after t hours by the clock, the chance is `conversion` x (1 + t)^-decay."""
    half_qualified: float = default(10, unit="points", source=_OURS, grade="assumption", low=5, high=25, gt=0, le=1000)
    """A lead of score s is qualified with s / (s + this); the others are rejected."""
    give_up_days: Days = default(14, unit="days", source=_OURS, grade="assumption", low=3, high=60, gt=0, le=365)
    """A lead nobody answered for so long is dropped."""
    rejected: RejectedLeads = RejectedLeads()
    hourly_cost: float = default(
        50, unit="currency/hour", source=_OURS, grade="assumption", low=25, high=100, ge=0, le=100_000
    )
    """Of a salesperson, waiting for leads included."""


def parse_sales(value: Any) -> Any:
    """``3 people`` or ``3`` -> a table; tables pass."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {"people": value}
    if isinstance(value, str):
        found = _PEOPLE.match(value)
        if not found:
            raise ValueError(f"expected a sales team such as '3 people' or a table; found {value!r}")
        return {"people": int(found[1].replace("_", ""))}
    return value


AnySales = Annotated[Sales, BeforeValidator(parse_sales)]


def sales_sense(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """A sales team without leads, or with leads who have bought."""
    sales = scenario.sales
    if sales is None:
        return
    if sales.calendar not in scenario.teams.calendars:
        known = ", ".join(scenario.teams.calendars)
        yield "sales.calendar", f"unknown calendar {sales.calendar!r}; there are: {known}"
    if scenario.leads is None:
        yield "sales", "a sales team answers leads, and nobody keeps scores: add `leads: {}`"
    elif scenario.leads.who != "prospects":
        yield "leads.who", "a sales team wins prospects: with `sales`, leads.who must be prospects"
    yield from represents_sense(scenario, "sales")


def sales_warnings(scenario: Scenario) -> list[str]:
    """What is allowed and may still mislead."""
    if scenario.sales is None or scenario.sales.people:
        return []
    return ["sales has no people: no lead is ever answered"]


def sales_cost_per_day(scenario: Scenario) -> float:
    """Salespeople's pay, currency per average calendar day."""
    sales = scenario.sales
    if sales is None:
        return 0.0
    return sales.people * scenario.teams.calendars[sales.calendar].weekly_hours / DAYS_PER_WEEK * sales.hourly_cost
