"""Caps of a contact policy: at most, and at least, so many contacts in a window of time."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from simkit.scenario.conditions import Condition
from simkit.scenario.quantity import Table

RECENT_CONTACTS = 16
"""Contacts a customer's record remembers: the most a cap can count."""
MOST_CAPS = 8
"""Caps a policy can have."""

_CAP = re.compile(
    r"^\s*(\d+)\s+(?:(tagged\s+)?(?!per\b)([\w-]+)\s+)?per\s+(rolling|calendar)?\s*(?:(\d+)\s+)?"
    r"(day|week|month|quarter|year)s?(?:\s+when\s+(\S.*))?\s*$",
    re.IGNORECASE,
)
_WINDOW_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
Period = Literal["day", "week", "month", "quarter", "year"]


class Cap(Table):
    """At most `count` contacts per window, over all channels and tags or some."""

    count: Annotated[int, Field(ge=0, le=RECENT_CONTACTS)]
    per: Period = "week"
    window: Literal["rolling", "calendar"] = "rolling"
    """rolling: the last 24 h x days to the minute. calendar: since the day, week (Monday), month, ... began."""
    periods: Annotated[int, Field(ge=1, le=366)] = 1
    """Length of a rolling window in units of `per`."""
    channels: tuple[str, ...] = ()
    """Channels that count and are held back; none named means all."""
    tags: tuple[str, ...] = ()
    """Only messages of campaigns with one of these tags count and are held back; none named means all."""
    when: Condition | None = None
    """An adaptive cap holds only for persons for whom this is true at the time, such as ``fatigue > 3``."""

    @model_validator(mode="after")
    def _calendar_windows_are_single(self) -> Self:
        if self.window == "calendar" and self.periods != 1:
            raise ValueError("a calendar window is one day, week, month, quarter or year; use `rolling` for several")
        return self

    @property
    def days(self) -> int:
        """Length of the rolling window in days."""
        return _WINDOW_DAYS[self.per] * self.periods

    @property
    def label(self) -> str:
        """How the cap is named in ledger and report, such as ``3 email per rolling week``."""
        what = "+".join(self.channels) + " " if self.channels else ""
        what += "tagged " + "+".join(self.tags) + " " if self.tags else ""
        span = self.per if self.periods == 1 else f"{self.periods} {self.per}s"
        return f"{self.count} {what}per {self.window} {span}" + (f" when {self.when}" if self.when else "")


class Floor(Table):
    """At least `count` contacts in the last days, over all channels."""

    count: Annotated[int, Field(ge=1, le=RECENT_CONTACTS)]
    per: Period = "quarter"
    periods: Annotated[int, Field(ge=1, le=366)] = 1

    @property
    def days(self) -> int:
        """Length of the rolling window in days."""
        return _WINDOW_DAYS[self.per] * self.periods


def parse_cap(value: Any) -> Any:
    """``"1 sms per calendar day"``, ``"2 tagged offer per month when fatigue > 3"`` -> a table."""
    if isinstance(value, (dict, Cap)):
        return value
    found = _CAP.match(value) if isinstance(value, str) else None
    if not found:
        raise ValueError(
            "expected a cap such as '3 per rolling week', '1 sms per calendar day', '1 tagged offer per rolling month' "
            f"or '1 per rolling week when fatigue > 3'; found {value!r}"
        )
    count, tagged, name, window, periods, per, when = found.groups()
    return {
        "count": int(count),
        "per": per.lower(),
        "window": (window or "rolling").lower(),
        "periods": int(periods or 1),
        "channels": (name,) if name and not tagged else (),
        "tags": (name,) if name and tagged else (),
    } | ({"when": when} if when else {})


def _parse_caps(value: Any) -> Any:
    if value is None:
        return ()
    return [parse_cap(v) for v in (value if isinstance(value, (list, tuple)) else [value])]


def _parse_floor(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _CAP.match(value)
    if not found or found[3] or found[7] or (found[4] or "rolling").lower() != "rolling":
        raise ValueError(f"expected a least frequency such as '1 per quarter'; found {value!r}")
    return {"count": int(found[1]), "per": found[6].lower(), "periods": int(found[5] or 1)}


def _all_different(caps: tuple[Cap, ...]) -> tuple[Cap, ...]:
    labels = [cap.label for cap in caps]
    for label in labels:
        if labels.count(label) > 1:
            raise ValueError(f"the cap {label!r} stands twice")
    return caps


Caps = Annotated[
    tuple[Cap, ...], BeforeValidator(_parse_caps), Field(max_length=MOST_CAPS), AfterValidator(_all_different)
]
Least = Annotated[Floor | None, BeforeValidator(_parse_floor)]
