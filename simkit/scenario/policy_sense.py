"""Whether a contact policy makes sense with the rest of the scenario: names, room in a person's record, and
whether anything can be sent at all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from simkit.scenario.campaigns import Campaign
from simkit.scenario.caps import RECENT_CONTACTS, Cap
from simkit.scenario.journeys import Journey
from simkit.scenario.overlay import choices
from simkit.scenario.stops import TALLIES
from simkit.scenario.tallies import counts_needed

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario

TOPICS = 8
"""Topics that a person's record has room for."""
Told = Iterator[tuple[str, str]]


def policy_sense(scenario: Scenario) -> Told:
    """Mistakes of the contact policy, as (dotted path, sentence)."""
    yield from _names(scenario)
    yield from _forgotten_contacts(scenario)
    for name, campaign in scenario.campaigns.items():
        yield from _fallback(scenario, name, campaign)
        if campaign.stop_after and not set(campaign.channels) & set(addressed_of(scenario)):
            yield f"campaigns.{name}.stop_after", "only messages have outcomes by person; name an addressed channel"
    yield from _tallies(scenario)
    topics = scenario.topics()
    if len(topics) > TOPICS:
        yield "campaigns", f"at most {TOPICS} different topics, found {len(topics)}"


def policy_warnings(scenario: Scenario) -> list[str]:
    """What is allowed and may still mislead."""
    return [*_never(scenario), *_no_use(scenario), *_unlinked(scenario)]


def tags_of(scenario: Scenario) -> set[str]:
    """All tags that messages of the scenario bear."""
    programs: list[Campaign | Journey] = [*scenario.campaigns.values(), *scenario.journeys.values()]
    return {tag for program in programs for tag in program.tags}


def addressed_of(scenario: Scenario) -> list[str]:
    """Channels that the contact policy is about."""
    return [name for name, channel in scenario.channels.items() if channel.kind == "addressed"]


# --- mistakes ---------------------------------------------------------------------------------------------


def _names(scenario: Scenario) -> Told:
    channels, tags = [*addressed_of(scenario), "online", "offline"], tags_of(scenario)
    for i, cap in enumerate(scenario.contact_policy.at_most):
        at = f"contact_policy.at_most[{i}]"
        yield from _unknown(at, "addressed channel", cap.channels, channels)
        yield from _unknown(at, "tag of a campaign", cap.tags, tags)
    yield from _unknown("contact_policy.exempt", "tag of a campaign", scenario.contact_policy.exempt, tags)


def _unknown(at: str, what: str, found: Iterable[str], known: Iterable[str]) -> Told:
    allowed = sorted(known)
    for name in found:
        if name not in allowed:
            yield at, f"unknown {what} {name!r}{choices(name, allowed, 'there are')}"


def _fallback(scenario: Scenario, name: str, campaign: Campaign) -> Told:
    if campaign.fallback is None:
        return
    at, addressed = f"campaigns.{name}.fallback", addressed_of(scenario)
    yield from _unknown(at, "addressed channel", [campaign.fallback], addressed)
    own = [channel for channel in campaign.channels if channel in addressed]
    if len(own) != 1 or campaign.fallback in own:
        yield (
            at,
            f"a fallback is for a campaign on exactly one other addressed channel, found {', '.join(own) or 'none'}",
        )


def _tallies(scenario: Scenario) -> Told:
    """Counts of outcomes beyond what a person's record has room for."""
    needed = counts_needed(scenario)
    if needed > TALLIES:
        apart = scenario.data.identity_resolution < 1 or scenario.data.offline_linked < 1
        yield (
            "contact_policy",
            f"a record counts {TALLIES} outcomes, and stop_bounces (one a channel), stop_complaints, offers, "
            f"prize_draws and stop_after of campaigns need {needed}"
            + (" (one a channel where identities are not resolved)" if apart else ""),
        )


def _forgotten_contacts(scenario: Scenario) -> Told:
    """Caps on some messages need all contacts of their window remembered, those of other messages included."""
    policy = scenario.contact_policy
    programs: list[Campaign | Journey] = [*scenario.campaigns.values(), *scenario.journeys.values()]
    for i, cap in enumerate(policy.at_most):
        others = len(addressed_of(scenario)) > len(scenario.cap_channels(cap)) if cap.channels else False
        others |= bool(cap.tags) and any(not set(one.tags) & set(cap.tags) for one in programs)
        if others and _most_contacts(scenario, cap) > RECENT_CONTACTS:
            yield (
                f"contact_policy.at_most[{i}]",
                f"a record remembers {RECENT_CONTACTS} contacts, and {cap.days} days can hold more of them "
                "on all channels; shorten the window, cap all channels, or widen the gap",
            )


def _most_contacts(scenario: Scenario, cap: Cap) -> float:
    """Contacts of all sorts that a cap's window can hold under the rules that hold for all messages."""
    policy = scenario.contact_policy
    bounds = [cap.days / policy.gap + 1] if policy.gap else []
    if policy.precedence == "all":
        general = [one for one in policy.at_most if not one.channels and not one.tags and not one.when]
        # so many windows of the other cap cover this one; calendar windows need not begin with it
        bounds += [one.count * (math.ceil(cap.days / one.days) + (one.window == "calendar")) for one in general]
    return min(bounds, default=math.inf)


# --- warnings ---------------------------------------------------------------------------------------------


def _never(scenario: Scenario) -> Iterator[str]:
    """Rules under which some or all messages can never go."""
    policy = scenario.contact_policy
    for cap in policy.at_most:
        if cap.channels and not scenario.cap_channels(cap):
            yield f"the cap {cap.label!r} never binds: there is no such channel"
        elif cap.count == 0 and not cap.when:
            what = " and ".join([*cap.channels, *(f"tagged {tag}" for tag in cap.tags)]) or "at all"
            yield f"the cap {cap.label!r} lets nothing through: no message {what} is ever sent"
    if policy.quiet is not None and policy.quiet.start == 0 and policy.quiet.end == 24:
        yield "quiet hours last all day: no message is ever sent that is not exempt"
    if policy.control_group == 1:
        yield "everybody is in the control group: no message is ever sent that is not exempt"
    if policy.gap >= scenario.days:
        yield f"a gap of {policy.gap:g} days is longer than the run: nobody gets more than one message"
    days = [scenario.start + timedelta(days=i) for i in range(scenario.horizon_days)]
    if policy.blackout and all(any(span.first <= day <= span.last for span in policy.blackout) for day in days):
        yield "blackouts cover the whole run: no message is ever sent that is not exempt"
    before, after = scenario.start - timedelta(days=scenario.warmup_days), scenario.start + timedelta(days=len(days))
    for span in policy.blackout:
        if span.last < before or span.first >= after:
            dates = str(span.first) if span.first == span.last else f"{span.first} to {span.last}"
            yield f"the blackout {dates} lies outside the run ({before} to {after - timedelta(days=1)})"
    for what, limit in (("an offer", policy.offers), ("a prize draw", policy.prize_draws)):
        if limit is not None and limit.count == 0:
            yield f"the limit {limit.label!r} lets nothing through: no message with {what} is ever sent"
    for name, campaign in scenario.campaigns.items():
        yield from _late(scenario, name, campaign)


def _no_use(scenario: Scenario) -> Iterator[str]:
    """Rules that can never hold anything back."""
    policy, campaigns = scenario.contact_policy, scenario.campaigns.values()
    steps = [step for journey in scenario.journeys.values() for step in journey.steps.values()]
    if policy.offers is not None and not any([*(one.offer for one in campaigns), *(step.offer for step in steps)]):
        yield "contact_policy.offers never binds: no message has an offer"
    if policy.prize_draws is not None and not any(one.prize_draw for one in campaigns):
        yield "contact_policy.prize_draws never binds: no campaign is a prize draw"
    weights = {one.weight for one in campaigns} | {journey.weight for journey in scenario.journeys.values()}
    if policy.look_ahead and len(weights) < 2:
        yield "contact_policy.look_ahead never reserves: all campaigns and journeys have the same weight"
    if policy.look_ahead and not policy.gap and not policy.at_most:
        yield "contact_policy.look_ahead never reserves: there is neither a cap nor a gap"
    addressed = [scenario.channels[name] for name in addressed_of(scenario)]
    complaints = any(getattr(one, "complaint_share", 0) for one in addressed)
    if policy.stop_complaints is not None and not complaints:
        yield "contact_policy.stop_complaints never binds: no channel has a complaint_share"
    if scenario.data.offline_linked < 1 and len({getattr(one, "offline", False) for one in addressed}) < 2:
        yield "data.offline_linked means nothing: the addressed channels are all online, or all offline"


def _late(scenario: Scenario, name: str, campaign: Campaign) -> Iterator[str]:
    """A message due in quiet hours that is given up before they end."""
    policy = scenario.contact_policy
    if policy.quiet is None or policy.quiet.start <= policy.quiet.end or set(campaign.tags) & set(policy.exempt):
        return
    once = min(campaign.live_days, policy.time_to_live or campaign.live_days) == 1 or policy.blocked == "drop"
    for channel in campaign.channels:
        own = getattr(scenario.channels.get(channel), "send_time", None)
        hour = own if campaign.send_time is None else campaign.send_time
        if once and isinstance(hour, (int, float)) and hour >= policy.quiet.start:
            yield (
                f"campaign {name!r} never goes on {channel}: it is due in quiet hours and given up before they end "
                "(send_time, live_days, contact_policy.quiet)"
            )


def _unlinked(scenario: Scenario) -> Iterator[str]:
    """Caps that unlinked persons' records cannot hold: each channel counts for itself."""
    channels = len(addressed_of(scenario))
    most = max((cap.count for cap in scenario.contact_policy.at_most if not cap.channels), default=0)
    if scenario.data.identity_resolution < 1 and most * channels > RECENT_CONTACTS:
        yield (
            f"a record remembers {RECENT_CONTACTS} contacts, and {most} on each of {channels} channels are more: "
            "persons whose identities are not linked get a little less than the policy lets through"
        )
