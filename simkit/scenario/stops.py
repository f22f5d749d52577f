"""When a program or the whole policy stops after what a person did, and how many offers there are in a period."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from simkit.scenario.caps import Period
from simkit.scenario.quantity import Table

TALLIES = 15
"""Counts of outcomes that a customer's record has room for."""
MOST = 15
"""The most that one of them can count to."""

Outcome = Literal["sent", "unopened", "bounced", "opened", "clicked", "purchases", "complaints"]
_WORDS: dict[str, Outcome] = {
    "sent": "sent", "unopened": "unopened", "bounced": "bounced", "bounce": "bounced", "bounces": "bounced",
    "opened": "opened", "open": "opened", "opens": "opened", "clicked": "clicked", "click": "clicked",
    "clicks": "clicked", "purchase": "purchases", "purchases": "purchases", "complaint": "complaints",
    "complaints": "complaints",
}  # fmt: skip
_STOP = re.compile(r"^\s*(\d+)\s+(\w+)\s*$")
_LIMIT = re.compile(r"^\s*(\d+)\s+per\s+(?:calendar\s+)?(day|week|month|quarter|year)\s*$", re.IGNORECASE)


class Stop(Table):
    """So many outcomes of one campaign's messages with a person, and the person gets no more of them."""

    count: Annotated[int, Field(ge=1, le=MOST)]
    outcome: Outcome
    """`unopened` and `bounced` count in a row: an opening, or a delivery, begins anew. `purchases` are those that
    followed a click on its messages."""

    @property
    def label(self) -> str:
        """How it is named, such as ``3 unopened``."""
        return f"{self.count} {self.outcome}"


class Limit(Table):
    """At most `count` messages of a sort to a person per calendar period of the firm."""

    count: Annotated[int, Field(ge=0, le=MOST)]
    per: Period

    @property
    def label(self) -> str:
        """How it is named, such as ``2 per month``."""
        return f"{self.count} per {self.per}"


def _parse_stop(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _STOP.match(value)
    if not found or found[2].lower() not in _WORDS:
        known = ", ".join(dict.fromkeys(_WORDS.values()))
        raise ValueError(f"expected a count and an outcome such as '3 unopened' ({known}); found {value!r}")
    return {"count": int(found[1]), "outcome": _WORDS[found[2].lower()]}


def _parse_stops(value: Any) -> Any:
    if value is None:
        return ()
    return [_parse_stop(one) for one in (value if isinstance(value, (list, tuple)) else [value])]


def _parse_limit(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _LIMIT.match(value)
    if not found:
        raise ValueError(f"expected a limit such as '2 per month' (a calendar day, week, ...); found {value!r}")
    return {"count": int(found[1]), "per": found[2].lower()}


def _all_different(stops: tuple[Stop, ...]) -> tuple[Stop, ...]:
    outcomes = [stop.outcome for stop in stops]
    for outcome in outcomes:
        if outcomes.count(outcome) > 1:
            raise ValueError(f"the outcome {outcome!r} stands twice; the smaller count decides")
    return stops


Stops = Annotated[tuple[Stop, ...], BeforeValidator(_parse_stops), AfterValidator(_all_different)]
AnyLimit = Annotated[Limit | None, BeforeValidator(_parse_limit)]
