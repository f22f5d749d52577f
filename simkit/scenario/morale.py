"""Morale and turnover: what overload does to people, who leaves, what it takes to replace them. Off unless stated."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simkit.scenario.quantity import Days, Rate, Share, Table, WorkHours, default

_OURS = "simkit, no published estimate"
_SHRM = "SHRM, Human Capital Benchmarking Report 2016 (2,048 US employers): {}"


class Morale(Table):
    """Everybody's morale, 1 being rested: overload wears it, and half of what is missing comes back in a half-life.

    After each day ``missing = missing x 0.5 ** (1 / half_life_days)``, and a day on shift adds ``wear x overload``.
    Overload is overtime as a share of the day's hours, plus how far the work waiting for a person exceeds
    `bearable_days`, as a share of it; 1 at most.
    """

    bearable_days: Annotated[Days, Field(gt=0, le=365)] = default(
        5.0, unit="working days of work waiting", source=_OURS, grade="assumption", low=2, high=15
    )
    """Work waiting for a person, in days of those who do it, that worries nobody."""
    wear: Share = default(
        0.02, unit="share of morale per overloaded day", source=_OURS, grade="assumption", low=0.005, high=0.05
    )
    half_life_days: Annotated[Days, Field(gt=0, le=3650)] = default(
        30.0, unit="days", source=_OURS, grade="assumption", low=10, high=120
    )
    speed_loss: Annotated[Share, Field(lt=1)] = default(
        0.12,
        unit="share of speed at a morale of 0",
        source="Oswald, Proto & Sgroi 2015: treated people about 12 % more productive; that this is morale 1 against 0 "
        "is simkit's",
        grade="assumption",
        low=0,
        high=0.3,
    )
    error_gain: Annotated[Rate, Field(ge=0, le=20)] = default(
        0.25, unit="share of internal errors at a morale of 0", source=_OURS, grade="assumption", low=0, high=1
    )
    leaving_gain: Annotated[Rate, Field(ge=0, le=100)] = default(
        2.0, unit="share of the rate of leaving at a morale of 0", source=_OURS, grade="assumption", low=0, high=6
    )
    """Needs `turnover`; without it nobody leaves."""


class Turnover(Table):
    """People leave, their seat is vacant for a while, and whoever comes has less experience."""

    leaving_per_year: Annotated[float, Field(ge=0, le=52)] = default(
        0.19,
        unit="leavers per person and year",
        source=_SHRM.format("annual turnover 19 %, of which 8 % involuntary"),
        grade="survey",
        low=0.08,
        high=0.3,
    )
    """At full morale."""
    hiring_days: Annotated[Days, Field(ge=1, le=3650)] = default(
        42.0, unit="days", source=_SHRM.format("42 days to fill a position"), grade="survey", low=20, high=120
    )
    """Until somebody new takes the seat, in whole days; it is not paid meanwhile."""
    hiring_cost: Annotated[float, Field(ge=0, le=1e9)] = default(
        4129.0,
        unit="currency per person hired",
        source=_SHRM.format("4,129 US dollars a hire"),
        grade="survey",
        low=1000,
        high=15_000,
    )
    """Due on the first day of whoever comes."""
    onboarding_hours: Annotated[WorkHours, Field(ge=0, le=2000)] = default(
        24.0, unit="working hours away", source=_OURS, grade="assumption", low=8, high=80
    )
    """Before the first work; paid time, of the category training."""
    experience: Annotated[Rate, Field(ge=0, le=10)] = default(
        0.4, unit="share of full practice", source=_OURS, grade="assumption", low=0.1, high=1
    )
    """Of whoever comes; it grows by `learning`, which has to be on."""
