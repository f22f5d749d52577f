"""Steering: which figure the department watches when it decides which programs grow."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simkit.scenario.quantity import Table, convention, default

_OURS = "simkit, no published estimate"


class Steering(Table):
    """Every quarter programs grow and shrink by what is watched; the hours of work that are planned stay the same."""

    by: Literal["none", "opens", "clicks", "profit"] = "none"
    """opens, clicks: per delivered message. profit: margin of purchases upon a click less the cost of messages, per
    campaign."""
    every_days: Annotated[int, Field(ge=7, le=3650)] = convention(91, unit="days", why="once a quarter")
    strength: float = default(0.5, unit="exponent", source=_OURS, grade="assumption", low=0.2, high=1.0, ge=0, le=5)
    """A program's number changes by (its figure / the mean of all)^strength."""
    largest_factor: float = default(
        2.0, unit="factor per review", source=_OURS, grade="assumption", low=1.25, high=3.0, ge=1, le=100
    )


def parse_steering(value: Any) -> Any:
    """``opens`` -> a table; tables pass."""
    return {"by": value} if isinstance(value, str) else value


AnySteering = Annotated[Steering, BeforeValidator(parse_steering)]
