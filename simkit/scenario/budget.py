"""The department's budget: how much a year, when it is moved, and what next year's depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario.quantity import DAYS_PER_YEAR, Share, Table, convention, default

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario

_OURS = "simkit, no published estimate"
_SHARE = re.compile(r"^\s*([0-9]*\.?[0-9]+)\s*%\s*of\s+revenue\s*$", re.IGNORECASE)
_AMOUNT = re.compile(
    r"^\s*([0-9][0-9_,]*\.?[0-9]*)\s*([km])?\s*(?:per|a|/)\s*(week|month|quarter|year)\s*$", re.IGNORECASE
)
_TIMES_A_YEAR = {"week": 365 / 7, "month": 12, "quarter": 4, "year": 1}
_THOUSANDS = {"": 1.0, "k": 1e3, "m": 1e6}
_CHANGE = re.compile(r"^\s*([+-])([0-9]*\.?[0-9]+)\s*%\s*$|^\s*x\s*([0-9]*\.?[0-9]+)\s*$", re.IGNORECASE)
KNOWN_DAYS = 28
"""Days of revenue after which a share of it is an amount."""
FORMS = "'7.7% of revenue', '2m per year' or '40_000 per week'"


class Condition(Table):
    """A figure that has worsened: its window is compared with the days before it, as monitors do."""

    figure: Literal["churn_rate", "conversion_rate"]
    worsens_by: Share = default(0.2, unit="share", source=_OURS, grade="assumption", low=0.1, high=0.4)
    """Relative worsening that is acted on; it must also exceed the noise of counting."""
    window_days: Annotated[int, Field(ge=1, le=365)] = convention(28, unit="days", why="four weeks")
    baseline_days: Annotated[int, Field(ge=1, le=730)] = convention(56, unit="days", why="the eight weeks before")
    every_days: Annotated[int, Field(ge=1, le=365)] = convention(7, unit="days", why="read once a week")
    quiet_days: Annotated[int, Field(ge=0, le=3650)] = convention(91, unit="days", why="at most once a quarter")
    """After it was acted on, it is not for this long."""


def parse_change(value: Any) -> Any:
    """``-30%`` or ``x0.7`` -> the factor 0.7."""
    if isinstance(value, str):
        found = _CHANGE.match(value)
        if not found:
            raise ValueError(f"expected a change such as '-30%', '+20%' or 'x1.5'; found {value!r}")
        sign, percent, factor = found.groups()
        return float(factor) if factor is not None else 1 + float(sign + percent) / 100
    return value


class Move(Table):
    """Money of a media channel that is cut, raised or moved to another channel in mid-run."""

    on: date | None = None
    """The day from which it holds."""
    when: Condition | None = None
    """Instead of a date: each time this figure worsens."""
    channel: str
    """A channel that has a budget."""
    change: Annotated[float, BeforeValidator(parse_change), Field(ge=0, le=100)]
    """Factor on the channel's planned budget, written ``-30%``, ``+20%`` or ``x1.5``."""
    to: str | None = None
    """The channel that gets what is taken, or pays for what is added; None: the total changes."""

    @model_validator(mode="after")
    def _either_date_or_rule(self) -> Self:
        if (self.on is None) == (self.when is None):
            raise ValueError("a change of the budget needs either `on`, a date, or `when`, a condition")
        if self.to == self.channel:
            raise ValueError(f"money of {self.channel!r} cannot be moved to itself")
        return self


def parse_amount(value: Any) -> Any:
    """``1.5m per year`` -> currency a year; numbers pass."""
    if not isinstance(value, str):
        return value
    found = _AMOUNT.match(value)
    if not found:
        raise ValueError(f"expected an amount with its period, such as '1.5m per year'; found {value!r}")
    return _a_year(found)


def _a_year(found: re.Match[str]) -> float:
    number = float(found[1].replace("_", "").replace(",", "")) * _THOUSANDS[(found[2] or "").lower()]
    return number * _TIMES_A_YEAR[found[3].lower()]


class Budget(Table):
    """What people, agencies, technology, messages and media may cost; without an amount there is no limit."""

    share_of_revenue: Annotated[Share, Field(gt=0)] | None = None
    """Of the revenue of the last 365 days, set anew when a budget year begins."""
    per_year: Annotated[float, Field(gt=0)] | None = None
    """In `currency`."""
    department_per_year: Annotated[float, BeforeValidator(parse_amount), Field(gt=0)] | None = None
    """What people, agencies and tools (`economics.technology_per_year`) may cost together, in `currency`. Pay and
    agencies' minimums are owed whatever comes, so a department that costs more is an error and not a run; what is left
    pays agencies' hours; once it is used up no more goes to them by a condition. Service and sales have their own."""
    changes: tuple[Move, ...] = ()
    proof: Literal["not_asked", "none", "last_touch", "holdout"] = "not_asked"
    """What can be shown when next year's budget is set. last_touch: purchases upon a click. holdout: what the
    control group did not buy, for messages; last touch for media. none: nothing. not_asked: it is not judged."""
    unproven_cut: Share = default(
        0.154, unit="share per year", source="Gartner CMO spend survey 2024: from 9.1 to 7.7 % of revenue in a year",
        grade="survey", low=0.0, high=0.25,
    )  # fmt: skip
    """What next year's budget loses when nothing can be shown."""
    trust: float = default(
        0.2, unit="per unit of return", source=_OURS, grade="assumption", low=0.05, high=0.5, ge=0, le=10
    )
    """Next year's factor is 1 + trust x (shown margin / cost - 1), within `largest_change`."""
    largest_change: Share = default(0.25, unit="share per year", source=_OURS, grade="assumption", low=0.1, high=0.5)

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if self.share_of_revenue is not None and self.per_year is not None:
            raise ValueError("a budget is either `share_of_revenue` or `per_year`, not both")
        return self

    @property
    def limited(self) -> bool:
        """Whether there is an amount at all."""
        return self.share_of_revenue is not None or self.per_year is not None


def parse_budget(value: Any) -> Any:
    """``7.7% of revenue`` or ``2m per year`` -> a table; null is no limit; tables pass."""
    if value is None:
        return {}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise ValueError(f"expected an amount with its period, {FORMS}; found {value!r}")
    if not isinstance(value, str):
        return value
    if found := _SHARE.match(value):
        share = float(found[1]) / 100
        if not share:
            raise ValueError("a budget of 0% of revenue pays for nobody; leave `budget` out for no limit")
        return {"share_of_revenue": share}
    if found := _AMOUNT.match(value):
        amount = _a_year(found)
        if not amount:
            raise ValueError("a budget of 0 pays for nobody; leave `budget` out for no limit")
        return {"per_year": amount}
    raise ValueError(f"expected a budget such as {FORMS}; found {value!r}")


AnyBudget = Annotated[Budget, BeforeValidator(parse_budget)]


def budget_sense(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Channels that have no budget to move, and a holdout without anybody held out."""
    media = sorted(name for name, channel in scenario.channels.items() if hasattr(channel, "budget_per_week"))
    for i, move in enumerate(scenario.budget.changes):
        for key, name in (("channel", move.channel), ("to", move.to)):
            if name is not None and name not in media:
                found = f"unknown channel with a budget {name!r}; there are: {', '.join(media) or 'none'}"
                yield f"budget.changes[{i}].{key}", found
    if scenario.budget.proof == "holdout" and not scenario.contact_policy.control_group:
        yield "budget.proof", "a holdout needs a control group; set contact_policy.control_group, such as 5%"


def budget_warnings(scenario: Scenario) -> list[str]:
    """What is allowed and may still mislead."""
    budget, notes = scenario.budget, []
    if budget.share_of_revenue is not None and scenario.warmup_days < KNOWN_DAYS:
        notes.append(
            f"a budget that is a share of revenue needs {KNOWN_DAYS} days of it: with a warm-up of "
            f"{scenario.warmup_days} days nothing is limited until then"
        )
    notes += [
        f"the change of {move.channel}'s budget on {move.on} lies outside the measured days"
        for move in budget.changes
        if move.on is not None and not 0 <= (move.on - scenario.start).days < scenario.horizon_days
    ]
    if budget.proof != "not_asked" and scenario.horizon_days <= DAYS_PER_YEAR:
        notes.append("the run ends before a next year's budget would be set: `budget.proof` changes nothing")
    if budget.proof != "not_asked" and not budget.limited:
        notes.append("there is no amount that `budget.proof` could change: set budget.share_of_revenue or per_year")
    return notes


def overspent(
    budget: Budget, people_per_year: float, tools_per_year: float, agencies_per_year: float = 0.0
) -> Iterator[tuple[str, str]]:
    """A department that costs more than its own budget; of agencies their minimums, which are owed whatever comes."""
    limit, cost = budget.department_per_year, people_per_year + tools_per_year + agencies_per_year
    if limit is not None and cost > limit:
        parts = [f"{people_per_year:,.0f} for people", f"{tools_per_year:,.0f} for tools"]
        parts += [f"{agencies_per_year:,.0f} for agencies"] if agencies_per_year else []
        yield (
            "budget.department_per_year",
            f"the department costs {cost:,.0f} a year ({', '.join(parts)}), {cost - limit:,.0f} more than its budget "
            f"of {limit:,.0f}",
        )


def left_for_agencies(budget: Budget, people_per_year: float, tools_per_year: float) -> float | None:
    """What the department's own budget leaves a year for agencies' bills; None without a limit."""
    limit = budget.department_per_year
    return None if limit is None else max(0.0, limit - people_per_year - tools_per_year)


def unaffordable(budget: Budget, fixed_per_year: float) -> list[str]:
    """A warning when people and technology alone cost more than an amount that is stated."""
    if budget.per_year is None or fixed_per_year <= budget.per_year:
        return []
    return [
        f"people and technology cost {fixed_per_year:,.0f} a year, the budget is {budget.per_year:,.0f}: nothing is "
        "left for media and paid messages"
    ]
