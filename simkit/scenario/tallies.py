"""Rules of a contact policy that go by counts of what a person did with some messages.

A count holds four bits of a person's record. Where the firm cannot see that channels belong to one person, a rule
over several channels keeps a count for each channel, or one online and one offline.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario


@dataclass(frozen=True)
class Tally:
    """One rule by a count: what it counts, of which messages, and from where on it holds them back."""

    label: str
    outcome: str
    limit: int
    channels: tuple[str, ...]
    campaign: str | None = None
    """Messages of this campaign only."""
    content: str | None = None
    """Messages with an ``offer`` or a ``prize_draw`` only."""
    per: str | None = None
    """Calendar period of the firm in which it begins anew; None: never."""

    def parts(self, scenario: Scenario) -> list[tuple[str, ...]]:
        """The channels of each count it needs: jointly, online and offline apart, or channel by channel."""
        if scenario.data.identity_resolution < 1:
            return [(name,) for name in self.channels]
        if scenario.data.offline_linked < 1:
            offline = {name for name in self.channels if name in scenario.offline_channels}
            sides = tuple(n for n in self.channels if n not in offline), tuple(n for n in self.channels if n in offline)
            return [side for side in sides if side]
        return [self.channels]


def tallies_of(scenario: Scenario) -> Iterator[Tally]:
    """All rules of a scenario that go by counts."""
    policy = scenario.contact_policy
    addressed = tuple(name for name, channel in scenario.channels.items() if channel.kind == "addressed")
    if policy.stop_bounces is not None:
        for name in addressed:
            yield Tally(f"{policy.stop_bounces} bounced {name}", "bounced", policy.stop_bounces, (name,))
    if policy.stop_complaints is not None:
        yield Tally(f"{policy.stop_complaints} complaints", "complaints", policy.stop_complaints, addressed)
    for content, limit in (("offer", policy.offers), ("prize_draw", policy.prize_draws)):
        if limit is not None:
            yield Tally(f"{content}s {limit.label}", "sent", limit.count, addressed, content=content, per=limit.per)
    for name, campaign in scenario.campaigns.items():
        asked = [*campaign.channels, *([campaign.fallback] if campaign.fallback else [])]
        own = tuple(channel for channel in asked if channel in addressed)
        for stop in campaign.stop_after if own else ():
            yield Tally(f"{name} {stop.label}", stop.outcome, stop.count, own, campaign=name)


def counts_needed(scenario: Scenario) -> int:
    """Counts that a person's record needs for them."""
    return sum(len(tally.parts(scenario)) for tally in tallies_of(scenario))
