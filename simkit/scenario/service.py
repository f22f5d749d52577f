"""Customer service: who asks for help, who answers, and what waiting does to the relationship."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario.quantity import DAYS_PER_WEEK, Clock, Days, Share, Table, default
from simkit.scenario.service_load import asked_of_desk
from simkit.scenario.work_kinds import Name

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario

_OURS = "simkit, no published estimate"
_GARTNER = "Gartner 2019, customer service and support leader poll"
_BLS = "BLS May 2023, median wage of 39,680 of customer service representatives, by 2080 h, x 1.42 for benefits (ECEC)"
_AGENTS = re.compile(r"^\s*([0-9][0-9_]*)\s*agents?\s*$", re.IGNORECASE)
MOST_ALIKE = 65_000
"""Real persons one simulated person may stand for when service or sales are simulated: each has luck of its own."""


class Shift(Table):
    """Agents who work the same hours."""

    agents: Annotated[int, Field(ge=0, le=1_000_000)]
    calendar: Name = "office"
    """One of `teams.calendars`."""


class Dissatisfaction(Table):
    """What bad service leaves in a customer. Giving up unheard is 1; it adds up to at most 2.5 and fades."""

    half_minutes: float = default(
        20, unit="minutes", source=_OURS, grade="assumption", low=5, high=60, gt=0, le=100_000
    )
    """Who was answered after a wait w is dissatisfied by 1 - 0.5^(w / half_minutes)."""
    half_life_days: Days = default(90, unit="days", source=_OURS, grade="assumption", low=30, high=365, gt=0, le=3650)
    churn: float = default(
        0.7,
        unit="per unit of dissatisfaction",
        source="simkit; 17 % in the US say they would leave after one bad experience (PwC 2018): words, not a hazard",
        grade="assumption",
        low=0.2,
        high=1.6,
        ge=0,
        le=10,
    )
    """bS: dissatisfaction S multiplies the hazard of leaving by exp(bS S)."""
    opinion: float = default(
        0.1, unit="opinion per unit of dissatisfaction", source=_OURS, grade="assumption", low=0, high=0.3, ge=0, le=1
    )
    """The opinion of the brand falls by this times the dissatisfaction, where opinions move (`market.opinion`)."""


class Service(Table):
    """A service desk: requests are answered in the order in which they come, or given up (M/M/c+M on shifts)."""

    agents: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """On the `calendar`; or `shifts`."""
    shifts: Annotated[tuple[Shift, ...], Field(min_length=1, max_length=50)] | None = None
    """Agents by their hours, instead of `agents`."""
    calendar: Name = "office"
    """One of `teams.calendars`: when the desk is open."""
    minutes: float = default(
        6,
        unit="minutes",
        source="simkit; Ifbyphone 2013 counts 4.5 minutes of talk, work after the call comes on top",
        grade="assumption",
        low=3,
        high=15,
        gt=0,
        le=10_000,
    )
    """Mean time that an answer takes an agent (exponential)."""
    patience_minutes: float | Literal["for_ever"] = default(
        5,
        unit="minutes",
        source="simkit; who gave up had waited 71 seconds on average (Dimension Data), who was answered is not counted",
        grade="assumption",
        low=1,
        high=30,
    )
    """Mean time after which somebody unanswered gives up (exponential), in opening hours; or ``for_ever``. 0: nobody
    waits."""
    self_service: Share = default(0.09, unit="share of requests", source=_GARTNER, grade="survey", low=0.05, high=0.4)
    """Requests that self-service answers, so that no agent hears of them."""
    per_purchase: float = default(
        0.15, unit="requests per purchase", source=_OURS, grade="assumption", low=0.05, high=0.5, ge=0, le=1
    )
    after_days: Days = default(4, unit="days", source=_OURS, grade="assumption", low=1, high=10, gt=0, le=365)
    """Mean time between a purchase and what is asked about it (exponential, from the next day on)."""
    per_customer_year: float = default(
        0.3, unit="requests/customer/year", source=_OURS, grade="assumption", low=0, high=2, ge=0, le=1000
    )
    """What customers ask whether they buy or not (Poisson)."""
    asks_again: Share = default(
        0.5, unit="share of those who gave up", source=_OURS, grade="assumption", low=0.2, high=0.8
    )
    """Who gave up may complain the next day: one more request."""
    hours: tuple[Clock, Clock] | Literal["opening"] = "opening"
    """When people ask: in the opening hours of the day, or of the next on which the desk is open; or between two hours
    of any day, such as [8, 22], and whoever asks while nobody is there waits for the opening."""
    hourly_cost: float = default(
        27, unit="currency/hour", source=_BLS, grade="survey", low=10, high=45, ge=0, le=100_000
    )
    """Of an agent, on shift and waiting for work included."""
    cost_per_deflected: float = default(
        0.1, unit="currency/request", source=_GARTNER, grade="survey", low=0.02, high=1, ge=0, le=1000
    )
    """Of a request that self-service answers."""
    dissatisfaction: Dissatisfaction = Dissatisfaction()

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        if (self.agents is None) == (self.shifts is None):
            raise ValueError("give either `agents` (on one calendar) or `shifts`")
        if self.patience_minutes != "for_ever" and not 0 <= self.patience_minutes <= 1e6:
            raise ValueError(
                f"patience_minutes: expected 0 to 1,000,000 or 'for_ever', found {self.patience_minutes:g}"
            )
        if self.hours != "opening" and self.hours[0] >= self.hours[1]:
            raise ValueError("hours: expected an earlier and a later hour, such as [8, 22]")
        return self

    @property
    def crews(self) -> tuple[Shift, ...]:
        """Agents by their hours."""
        return self.shifts or (Shift(agents=self.agents or 0, calendar=self.calendar),)


def parse_service(value: Any) -> Any:
    """``8 agents`` or ``8`` -> a table; tables pass."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {"agents": value}
    if isinstance(value, str):
        found = _AGENTS.match(value)
        if not found:
            raise ValueError(f"expected a service desk such as '8 agents' or a table; found {value!r}")
        return {"agents": int(found[1].replace("_", ""))}
    return value


AnyService = Annotated[Service, BeforeValidator(parse_service)]


def service_sense(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Calendars nobody has written, and persons who stand for less than one or for too many."""
    service = scenario.service
    if service is None:
        return
    known = scenario.teams.calendars
    for i, crew in enumerate(service.crews):
        if crew.calendar not in known:
            at = f"service.shifts[{i}].calendar" if service.shifts else "service.calendar"
            yield at, f"unknown calendar {crew.calendar!r}; there are: {', '.join(known)}"
    yield from represents_sense(scenario, "service")


def represents_sense(scenario: Scenario, section: str) -> Iterator[tuple[str, str]]:
    """Queues are simulated in the real market's numbers, one luck for each real person."""
    represents = scenario.market.represents
    if not 1 <= represents <= MOST_ALIKE:
        yield (
            "market.represents",
            f"`{section}` needs persons who stand for 1 to {MOST_ALIKE:,} real ones, found {represents:g}",
        )


def service_warnings(scenario: Scenario) -> list[str]:
    """What is allowed and may still mislead."""
    service = scenario.service
    if service is None or any(crew.calendar not in scenario.teams.calendars for crew in service.crews):
        return []
    notes = []
    if service.patience_minutes == 0:
        notes.append("service.patience_minutes is 0: whoever finds all agents busy gives up at once")
    if not any(crew.agents for crew in service.crews):
        notes.append("service has no agents: every request that self-service does not answer is given up")
        return notes
    load = asked_of_desk(scenario, service, agent_hours_per_week(scenario, service))
    if load > 1:
        ends = "the queue never empties"
        if service.patience_minutes != "for_ever":
            ends = f"at least {1 - 1 / load:.0%} of those who ask give up"
        notes.append(
            f"customers ask the service desk for about {load:.0%} of what its agents can answer, without what messages "
            f"sell: {ends}"
        )
    return notes


def agent_hours_per_week(scenario: Scenario, service: Service) -> float:
    """Hours that all agents together are on shift."""
    calendars = scenario.teams.calendars
    return sum(crew.agents * calendars[crew.calendar].weekly_hours for crew in service.crews)


def service_cost_per_day(scenario: Scenario) -> float:
    """Agents' pay, currency per average calendar day."""
    service = scenario.service
    return agent_hours_per_week(scenario, service) / DAYS_PER_WEEK * service.hourly_cost if service else 0.0
