"""Channels that cannot do anything: allowed, and said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from simkit.scenario.channels import Addressed, Channel, Paid, Search


def channel_warnings(channels: dict[str, Channel], start: date, horizon_days: int) -> list[str]:
    """A sentence for every channel that reaches nobody or spends nothing."""
    last = start + timedelta(days=horizon_days - 1)
    return [
        f"channels.{name}: {reason}" for name, channel in channels.items() for reason in _idle(channel, start, last)
    ]


def _idle(channel: Channel, start: date, last: date) -> Iterator[str]:
    if isinstance(channel, Addressed):
        if channel.consent_customers == 0 and channel.consent_prospects == 0:
            yield "nobody consents, so no message can ever go (consent_customers and consent_prospects are 0)"
        if channel.capacity_per_day == 0:
            yield "capacity_per_day is 0, so nobody is ever contacted"
        if channel.open_rate == 0:
            yield "open_rate is 0: messages only cost and tire"
    elif isinstance(channel, (Paid, Search)):
        if channel.budget_per_week == 0:
            yield "budget_per_week is 0: nothing is bought"
        if isinstance(channel, Search) and channel.share_of_voice == 0:
            yield (
                f"a bid of {channel.bid:g} does not exceed lowest_cost_per_click "
                f"({channel.lowest_cost_per_click:g}): never shown"
            )
        if isinstance(channel, Paid):
            if channel.audience == 0:
                yield "audience is 0: nobody can see anything"
            windows = channel.flighting.dates
            if windows and not any(window.first <= last and window.last >= start for window in windows):
                yield f"flighting.dates lie outside of the measured days ({start} to {last}): nothing is spent"
