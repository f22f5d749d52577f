"""Wrong-channel discovery: a live campaign's own figures say that its channel was the wrong one for its audience."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from simkit.scenario.overlay import choices
from simkit.scenario.quantity import Hours, Share, Table, convention, default

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario

_OURS = "simkit, no published estimate"
_SHEWHART = "one side of a three-sigma control chart has 0.00135 (Montgomery, Statistical Quality Control)"


class WrongChannel(Table):
    """What a campaign is expected to do in its channel, when its figures are read, and what is done when they say no.

    Each campaign is read once: wrong is a channel whose figure falls short of what was expected by `worse_by`, and by
    more than three standard errors of counting (the lower limit of a p chart).
    """

    answered_by: str
    """The campaign that does it again in another channel; it is work of its own."""
    expected: Annotated[Share, Field(gt=0, lt=1)]
    """What the plan counts on: opened or clicked, of delivered messages."""
    figure: Literal["opens", "clicks"] = "clicks"
    """Per delivered message."""
    channel: str | None = None
    """The addressed channel that is judged; may be left out where the campaign has one."""
    worse_by: Share = default(0.5, unit="share", source=_OURS, grade="assumption", low=0.3, high=0.8)
    """Shortfall against `expected` that is acted on."""
    read_after_days: Annotated[int, Field(ge=1, le=90)] = convention(
        3, unit="days", why="a first look while the campaign is fresh"
    )
    """Days of figures, from the first delivered message on, after which the campaign is judged."""
    lag: Hours = default(24, unit="hours", source=_OURS, grade="assumption", low=4, high=72, ge=0)
    """From reading the figures to a request for work."""
    expires_days: Annotated[float, Field(gt=0)] = default(
        30, unit="days", source=_OURS, grade="assumption", low=14, high=60
    )
    """So long after the campaign went live the work on doing it again is given up."""
    plan: Literal["stays", "moves"] = "stays"
    """What becomes of planned campaigns that are asked for after the discovery: they stay what they are, or become
    campaigns of `answered_by` on the same dates."""
    false_alarm_rate: Share = default(
        0.0, unit="share of readings", source="none unless stated; " + _SHEWHART, grade="convention", low=0, high=0.05
    )
    """Readings of a channel that was right, or of which too little is known, that are taken for a wrong one."""


def watched_channel(scenario: Scenario, name: str) -> str:
    """The channel that is judged in a campaign with `wrong_channel`, once it has been checked."""
    campaign = scenario.campaigns[name]
    assert campaign.wrong_channel is not None
    return campaign.wrong_channel.channel or _messages(scenario, campaign.channels)[0]


def wrong_channel_sense(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Channels that nobody can judge, and corrections that correct nothing."""
    for name, campaign in scenario.campaigns.items():
        rule = campaign.wrong_channel
        if rule is None:
            continue
        at = f"campaigns.{name}.wrong_channel"
        own = _messages(scenario, campaign.channels)
        if rule.channel is not None and rule.channel not in own:
            yield (
                f"{at}.channel",
                f"no addressed channel of {name!r}: {rule.channel!r}{choices(rule.channel, own, 'it has')}",
            )
        elif not own:
            yield at, f"{name!r} sends no messages: only of messages it is known who opens and clicks"
        elif rule.channel is None and len(own) > 1:
            yield at, f"{name!r} has several channels; `channel` says which is judged: {', '.join(own)}"
        else:
            yield from _correction(scenario, at, rule.channel or own[0], rule.answered_by)


def _correction(scenario: Scenario, at: str, wrong: str, answered_by: str) -> Iterator[tuple[str, str]]:
    at = f"{at}.answered_by"
    answer = scenario.campaigns.get(answered_by)
    if answer is None:
        yield at, f"unknown campaign {answered_by!r}{choices(answered_by, sorted(scenario.campaigns), 'there are')}"
    elif wrong in (*answer.channels, answer.fallback):
        yield at, f"{answered_by!r} goes out on {wrong!r} too; what is done again takes another channel"
    elif answer.wrong_channel is not None:
        yield at, f"{answered_by!r} has a `wrong_channel` of its own; what was done again is not done a third time"


def _messages(scenario: Scenario, channels: tuple[str, ...]) -> list[str]:
    there = scenario.channels
    return [name for name in channels if name in there and there[name].kind == "addressed"]
