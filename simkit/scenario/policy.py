"""Contact policy: who may be contacted how often, and what happens to a message that may not go."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario.caps import Cap, Caps, Least
from simkit.scenario.conditions import Condition
from simkit.scenario.quantity import Clock, Days, Share, Table, convention, parse_clock
from simkit.scenario.stops import MOST, AnyLimit


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

    @model_validator(mode="after")
    def _have_a_length(self) -> Self:
        if self.start == self.end:
            raise ValueError("quiet hours begin and end at the same time; leave `quiet` out (null) for none")
        return self


class Blackout(Table):
    """Days on which nothing goes out, both included."""

    first: date
    last: date

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"a blackout ends before it begins: {self.first} to {self.last}")
        return self


def _parse_blackout(value: Any) -> Any:
    if value is None:
        return ()
    return [_parse_span(one) for one in (value if isinstance(value, (list, tuple)) else [value])]


def _parse_span(value: Any) -> Any:
    if isinstance(value, date):
        return {"first": value, "last": value}
    if isinstance(value, str):
        first, dots, last = value.partition("..")
        return {"first": first.strip(), "last": last.strip() if dots else first.strip()}
    return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class ContactPolicy(Table):
    """The rules every addressed message passes, in the order in which they are asked."""

    at_most: Caps = (Cap(count=3, per="week", window="rolling"),)
    precedence: Literal["all", "type"] = "all"
    """all: every cap must hold. type: a message that a cap with tags is for is held back by such caps only; it still
    counts in the others."""
    at_least: Least = None
    """Who had fewer contacts than this is not held back by adaptive caps (those with `when`)."""
    counts: Literal["sent", "delivered", "attempted"] = "sent"
    """What caps, gap and `at_least` count. delivered: without bounces. attempted: with what was dropped."""
    gap: Annotated[Days, Field(ge=0, le=365)] = convention(1.0, unit="days", why="at most one message a day")
    """Least time between two contacts of a person, over all channels."""
    quiet: Annotated[QuietHours | None, BeforeValidator(_parse_quiet)] = QuietHours(start=21, end=9)
    """A message due in quiet hours waits until they end."""
    blackout: Annotated[tuple[Blackout, ...], BeforeValidator(_parse_blackout)] = ()
    """Days on which nothing goes out: ``[2026-11-27, 2026-12-24..2026-12-26]``."""
    exempt: Words = ()
    """Tags of campaigns that no rule but consent holds back, and that do not count (receipts, service)."""
    suppress: Condition | None = None
    """For whom this holds, nothing goes out that is not exempt, such as ``bought_within 3``."""
    sunset: Annotated[int, Field(ge=1, le=255)] | None = None
    """After so many delivered messages in a row that were not opened, a channel is closed to the person."""
    stop_bounces: Annotated[int, Field(ge=1, le=MOST)] | None = None
    """After so many messages in a row that bounced, a channel is closed to the person."""
    stop_complaints: Annotated[int, Field(ge=1, le=MOST)] | None = None
    """After so many complaints, on whatever channels, nothing more goes to the person that is not exempt."""
    offers: AnyLimit = None
    """Messages with an `offer` to one person, such as ``2 per month``, in calendar periods of the firm."""
    prize_draws: AnyLimit = None
    """Campaigns with a `prize_draw`, such as ``1 per year``."""
    send_clock: Literal["customer", "firm"] = "customer"
    """Whose clock a `send_time` is on, where persons live in other time zones (`market.segments.X.zones`)."""
    clock: Literal["customer", "firm"] = "customer"
    """Whose clock quiet hours, blackouts and calendar windows are on."""
    control_group: Share = convention(0.0, unit="share of persons", why="nobody is held out unless asked")
    """Persons who never get an addressed message; the same persons in every alternative."""
    blocked: Literal["defer", "drop"] = "defer"
    """What happens to a message that a rule blocks: tried again while it is live, or dropped at once. Before either,
    a campaign's `fallback` channel is tried."""
    journeys_at_once: Annotated[int, Field(ge=1, le=4)] = convention(
        4, unit="journeys", why="as many as a customer's record has room for"
    )
    """Journeys that one person may be in at the same time; an occasion for one more passes."""
    time_to_live: Annotated[int, Field(ge=1, le=60)] | None = None
    """Days on which any blocked message may be tried at most, the first included; none: the campaign's `live_days`."""
    arbitration: Literal["priority", "first_come", "weight", "expected_value"] = "priority"
    """What goes first: the earlier hour and then the campaign's priority; what went live first; the campaign's
    weight; or weight x response x value, by the person's liking of the channel."""
    look_ahead: Annotated[int, Field(ge=0, le=14)] = convention(0, unit="days", why="nothing is reserved unless asked")
    """A message waits when it would leave no room, under caps and gap, for a campaign of greater `weight` that is ready
    and goes to the same person within so many days."""
    opt_down: Share = convention(0.0, unit="share of opt-outs", why="no preference center unless stated")
    """Of those who would opt out of a channel because of a message with a topic, how many refuse the topic only."""
    opt_out_lag: Annotated[int, Field(ge=0, le=30)] = convention(
        0, unit="days", why="an opt-out holds from the next day on"
    )
    """Further days until an opt-out takes effect."""
