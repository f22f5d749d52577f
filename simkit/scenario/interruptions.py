"""Interruptions that have nothing to do with the work (VDT's noise). Off unless stated."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simkit.scenario.quantity import Table, default

_OURS = "simkit, no published estimate"


class Interruptions(Table):
    """Who works on a step is interrupted now and then, and has to find back. It comes on top of `primary_share`.

    The number in a pass is a Poisson draw with mean ``per_hour x hours of the pass``; each takes
    ``minutes + resume_minutes``.
    """

    per_hour: Annotated[float, Field(ge=0, le=60)] = default(
        0.5, unit="interruptions per hour of work", source=_OURS, grade="assumption", low=0.1, high=3
    )
    minutes: Annotated[float, Field(ge=0, le=480)] = default(
        5.0, unit="minutes", source=_OURS, grade="assumption", low=1, high=15
    )
    resume_minutes: Annotated[float, Field(ge=0, le=480)] = default(
        3.0,
        unit="minutes",
        source="simkit; Mark, Gudith & Klocke 2008 : 23 minutes until back, other work in between included",
        grade="assumption",
        low=0,
        high=23,
    )
    """Until the person is where they were."""
