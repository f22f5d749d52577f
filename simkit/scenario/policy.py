"""Contact policy: who may be contacted how often, and what happens to a message that may not go."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario.quantity import Clock, Days, Share, Table, convention, parse_clock

RECENT_CONTACTS = 16
"""Contacts a customer's record remembers: the most a cap can count."""

_CAP = re.compile(
    r"^\s*(\d+)\s+(?:(\w+)\s+)?per\s+(rolling|calendar)?\s*(?:(\d+)\s+)?(day|week|month|quarter|year)s?\s*$",
    re.IGNORECASE,
)
_WINDOW_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}


class Cap(Table):
    """At most `count` contacts per window, over all channels or some; all caps must hold."""

    count: Annotated[int, Field(ge=0, le=RECENT_CONTACTS)]
    per: Literal["day", "week", "month", "quarter", "year"] = "week"
    window: Literal["rolling", "calendar"] = "rolling"
    """rolling: the last 24 h x days to the minute. calendar: since the day, week (Monday), month, ... began."""
    periods: Annotated[int, Field(ge=1, le=366)] = 1
    """Length of a rolling window in units of `per`."""
    channels: tuple[str, ...] = ()
    """Channels that count and are held back; none named means all."""

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
        span = self.per if self.periods == 1 else f"{self.periods} {self.per}s"
        return f"{self.count} {what}per {self.window} {span}"


def _parse_cap(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _CAP.match(value)
    if not found:
        raise ValueError(f"expected a cap such as '3 per rolling week' or '1 sms per calendar day'; found {value!r}")
    count, channel, window, periods, per = found.groups()
    return {
        "count": int(count),
        "per": per.lower(),
        "window": (window or "rolling").lower(),
        "periods": int(periods or 1),
        "channels": (channel,) if channel else (),
    }


def _parse_caps(value: Any) -> Any:
    if value is None:
        return ()
    return [_parse_cap(v) for v in (value if isinstance(value, (list, tuple)) else [value])]


def _parse_quiet(value: Any) -> Any:
    if isinstance(value, str):
        start, dash, end = value.partition("-")
        if not dash:
            raise ValueError(f"expected quiet hours such as '21:00-09:00'; found {value!r}")
        value = {"start": parse_clock(start), "end": parse_clock(end)}
    if isinstance(value, dict) and value.get("end") in (24, "24:00") and value.get("start"):
        return {**value, "end": 0}  # midnight belongs to the next day: 21:00-24:00 ends where it begins
    return value


class QuietHours(Table):
    """No message between `start` and `end` (local time); may pass midnight."""

    start: Clock
    end: Clock


class ContactPolicy(Table):
    """The rules every addressed message passes, in the order in which they are asked."""

    at_most: Annotated[tuple[Cap, ...], BeforeValidator(_parse_caps), Field(max_length=8)] = (
        Cap(count=3, per="week", window="rolling"),
    )
    gap: Annotated[Days, Field(ge=0, le=365)] = convention(1.0, unit="days", why="at most one message a day")
    """Least time between two contacts of a person, over all channels."""
    quiet: Annotated[QuietHours | None, BeforeValidator(_parse_quiet)] = QuietHours(start=21, end=9)
    """A message due in quiet hours waits until they end."""
    control_group: Share = convention(0.0, unit="share of persons", why="nobody is held out unless asked")
    """Persons who never get an addressed message; the same persons in every alternative."""
    blocked: Literal["defer", "drop"] = "defer"
    """What happens to a message that a rule blocks: tried again while it is live, or dropped at once."""
