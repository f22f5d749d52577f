"""The contact policy as numbers in the world's tables: caps, what is exempt, scores, and when messages go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from simkit.customers.market_tallies import TallyTables
from simkit.customers.market_zones import ZoneTables
from simkit.customers.rules.laws import MINUTES_PER_DAY
from simkit.customers.state import (
    BLACKOUT,
    GAP,
    HOLDOUT,
    NO_CONSENT,
    QUIET,
    RESERVED,
    SLOTS,
    SUNSET,
    SUPPRESSED,
    TOPIC,
)  # fmt: skip
from simkit.customers.tables import COUNT_ATTEMPTED, COUNT_DELIVERED, COUNT_SENT, World
from simkit.rng import crc
from simkit.scenario.campaigns import Campaign
from simkit.scenario.caps import Cap
from simkit.scenario.channels import Addressed
from simkit.scenario.policy import ContactPolicy
from simkit.scenario.schema import Scenario

if TYPE_CHECKING:
    from simkit.customers.live import Live

_COUNTS = {"sent": COUNT_SENT, "delivered": COUNT_DELIVERED, "attempted": COUNT_ATTEMPTED}


class PolicyTables:
    """One scenario's contact policy."""

    def __init__(self, scenario: Scenario, channel_at: Mapping[str, int], conditions: Mapping[str, int]):
        self.scenario, self.policy = scenario, scenario.contact_policy
        self.channel_at, self.conditions = channel_at, conditions
        self.topics = {name: i for i, name in enumerate(scenario.topics())}
        self.tallies, self.zones = TallyTables(scenario), ZoneTables(scenario)
        self.rules = rule_names(scenario) | self.tallies.rules
        self.steps = [(journey, step) for journey in scenario.journeys.values() for step in journey.steps.values()]
        """Messages of journeys in the order of their slots, behind those of launches."""
        self._step_minutes = [0] * len(self.steps)
        self._calendar = [(k, cap) for k, cap in enumerate(self.policy.at_most) if cap.window == "calendar"]

    def fill(self, w: World) -> None:
        """What stays the same on all days."""
        policy, today = self.policy, w.today
        today["caps"] = len(policy.at_most)
        today["gap"] = round(policy.gap * MINUTES_PER_DAY)
        today["defer"] = policy.blocked == "defer"
        today["control"] = round(policy.control_group * 10_000)
        today["linked"] = round(self.scenario.data.identity_resolution * 10_000)
        today["sunset"] = 256 if policy.sunset is None else policy.sunset
        today["best_effect"] = self.scenario.market.receptive.effect
        today["offline"] = sum(1 << self.channel_at[name] for name in self.scenario.offline_channels)
        today["offline_linked"] = self.scenario.data.offline_linked if today["offline"] else 1.0
        today["look_ahead"] = policy.look_ahead > 0
        self.zones.fill(w)
        self.tallies.fill(w)
        today["counts"] = _COUNTS[policy.counts]
        today["by_value"] = policy.arbitration == "expected_value"
        today["suppress"] = self._row_of(policy.suppress)
        today["opt_down"], today["opt_out_lag"] = policy.opt_down, policy.opt_out_lag
        if policy.at_least is not None:
            today["least"] = policy.at_least.count
            today["least_minutes"] = policy.at_least.days * MINUTES_PER_DAY
        for n, (journey, step) in enumerate(self.steps):
            row, content = w.message[SLOTS + n], ["offer"] if step.offer else []
            self.fill_limits(row, step.channel, journey.tags, None, content)
            row["weight"] = journey.weight
            row["score"] = self.score(step.channel, journey.weight, step.relevance, 0)
            # it is due every day anew, so in quiet hours it has always waited
            self._step_minutes[n], row["quiet"] = self._minute(step.channel, step.send_time, journey.tags, waited=True)
            if self.zones.matter:
                self.zones.set(w, SLOTS + n, *self._in_zones(step.channel, step.send_time, journey.tags, waited=True))
        for k, cap in enumerate(policy.at_most):
            row = w.cap[k]
            row["count"], row["minutes"] = cap.count, cap.days * MINUTES_PER_DAY
            row["calendar"], row["condition"] = cap.window == "calendar", self._row_of(cap.when)

    def begin_day(self, w: World, day: int, today: date) -> None:
        """Where calendar windows began, whether anything goes out today, and when messages of journeys go."""
        if self.policy.blackout:
            dates = [today + timedelta(days=n) for n in (-1, 0, 1)]
            w.today["blackout"] = _bits(
                [any(span.first <= one <= span.last for span in self.policy.blackout) for one in dates]
            )
        self.tallies.begin_day(w, today)
        for k, cap in self._calendar:
            first = today - timedelta(days=days_into(today, cap.per))
            before = first - timedelta(days=1)
            before -= timedelta(days=days_into(before, cap.per))
            after = next_period(first, cap.per)
            row = w.cap[k]
            for field, begins in (("before", before), ("start", first), ("next", after)):
                row[field] = (day + (begins - today).days) * MINUTES_PER_DAY
        if self.steps:
            midnight, at = day * MINUTES_PER_DAY, slice(SLOTS, SLOTS + len(self.steps))
            w.message["midnight"][at] = midnight
            w.message["minute"][at] = [midnight + minute for minute in self._step_minutes]
            if self.policy.arbitration == "first_come":
                w.message["score"][at] = -float(day)

    def fill_program(self, row: np.void, live: Live) -> None:
        """Which caps hold a message back and which count it, and what it says of itself to the policy."""
        campaign = live.campaign
        content = [name for name, has in (("offer", campaign.offer), ("prize_draw", campaign.prize_draw)) if has]
        self.fill_limits(row, live.channel, campaign.tags, live.program, content)
        row["best"], row["weight"] = campaign.send_time == "best", campaign.weight
        row["topic"] = -1 if campaign.topic is None else self.topics[campaign.topic]
        row["campaign"], row["holdout"] = crc(f"holdout {live.program}"), campaign.holdout

    def fill_limits(
        self, row: np.void, channel: str, tags: Sequence[str], campaign: str | None, content: Sequence[str]
    ) -> None:
        """Caps and counts of a message on a channel with some tags; any message that the rules may send needs them."""
        exempt = bool(set(tags) & set(self.policy.exempt))
        if not exempt:
            self.tallies.fill_message(row, channel, campaign, content)
        else:
            row["tallies"] = row["tallies_side"] = row["tallies_apart"] = 0
        of_channel = [not cap.channels or channel in self.scenario.cap_channels(cap) for cap in self.policy.at_most]
        counts = [here and _meant(cap, tags) for here, cap in zip(of_channel, self.policy.at_most, strict=True)]
        typed = [count and bool(cap.tags) for count, cap in zip(counts, self.policy.at_most, strict=True)]
        holding = typed if self.policy.precedence == "type" and any(typed) else counts
        row["exempt"], row["best"] = exempt, 0
        row["counts"] = 0 if exempt else _bits(counts)
        row["caps"] = 0 if exempt else _bits(holding)
        row["fallback"] = row["topic"] = -1
        row["score"] = row["holdout"] = 0

    def live_days(self, campaign: Campaign) -> int:
        """Days on which a message may be tried."""
        return min(campaign.live_days, self.policy.time_to_live or campaign.live_days)

    def sends(self, live: Live, waited: bool) -> tuple[int, bool]:
        """Minute of the day at which a message would go, and whether quiet hours hold it back all day."""
        campaign = live.campaign
        if campaign.send_time == "best":  # the rules look up each person's own minute
            return 0, False
        return self._minute(live.channel, campaign.send_time, campaign.tags, waited)

    def sends_in_zones(self, live: Live) -> tuple[tuple[list[int], list[bool]], ...]:
        """The same in every zone, on its first day and on later ones; nothing where all clocks are the firm's, or at a
        person's best hour, which the rules look up."""
        campaign = live.campaign
        if not self.zones.matter or campaign.send_time == "best":
            return ()
        return tuple(
            self._in_zones(live.channel, campaign.send_time, campaign.tags, waited) for waited in (False, True)
        )

    def _in_zones(
        self, name: str, send_time: float | None, tags: Sequence[str], waited: bool
    ) -> tuple[list[int], list[bool]]:
        return self.zones.sends(self._wanted(name, send_time), waited, bool(set(tags) & set(self.policy.exempt)))

    def _wanted(self, name: str, send_time: float | None) -> float:
        """The hour at which a message would go if nothing held it back."""
        channel = self.scenario.channels[name]
        assert isinstance(channel, Addressed)
        return channel.send_time if send_time is None else send_time

    def _minute(self, name: str, send_time: float | None, tags: Sequence[str], waited: bool) -> tuple[int, bool]:
        wanted = self._wanted(name, send_time)
        if set(tags) & set(self.policy.exempt):
            return round(wanted * 60), False
        return waiting_minute(self.policy, wanted, waited)

    def score(self, name: str, weight: float, relevance: float, first_day: int) -> float:
        """How a message stands against others on its days: the higher goes first."""
        arbitration = self.policy.arbitration
        if arbitration == "first_come":
            return -float(first_day)
        if arbitration == "weight":
            return weight
        if arbitration == "expected_value":
            channel = self.scenario.channels[name]
            assert isinstance(channel, Addressed)
            strength = relevance / self.scenario.market.reference_relevance
            response = channel.open_rate * channel.click_given_open * channel.purchase_days
            return weight * response * strength * strength * strength
        return 0.0

    def _row_of(self, condition: str | None) -> int:
        return -1 if condition is None else self.conditions[condition]


def rule_names(scenario: Scenario) -> dict[int, str]:
    """Rules that can block a message in this scenario, by number."""
    policy, campaigns = scenario.contact_policy, scenario.campaigns.values()
    used = {
        GAP: ("gap", True),
        QUIET: ("quiet", True),
        BLACKOUT: ("blackout", bool(policy.blackout)),
        SUNSET: ("sunset", policy.sunset is not None),
        SUPPRESSED: ("suppressed", policy.suppress is not None),
        TOPIC: ("topic", policy.opt_down > 0 and any(one.topic for one in campaigns)),
        HOLDOUT: ("holdout", any(one.holdout for one in campaigns)),
        NO_CONSENT: ("no_consent", any(one.fallback for one in campaigns)),
        RESERVED: ("reserved", policy.look_ahead > 0),
    }
    caps = {k: cap.label for k, cap in enumerate(policy.at_most)}
    return caps | {rule: name for rule, (name, present) in used.items() if present}


def _meant(cap: Cap, tags: Sequence[str]) -> bool:
    return not cap.tags or bool(set(tags) & set(cap.tags))


def _bits(flags: Sequence[bool]) -> int:
    return sum(1 << k for k, flag in enumerate(flags) if flag)


def days_into(today: date, per: str) -> int:
    """Days since the calendar day, week (Monday), month, quarter or year of `today` began."""
    first = {
        "day": today,
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "quarter": today.replace(month=today.month - (today.month - 1) % 3, day=1),
        "year": today.replace(month=1, day=1),
    }[per]
    return (today - first).days


def next_period(first: date, per: str) -> date:
    """The day on which the next calendar period begins."""
    if per in ("day", "week"):
        return first + timedelta(days=1 if per == "day" else 7)
    months = first.year * 12 + first.month - 1 + {"month": 1, "quarter": 3, "year": 12}[per]
    return date(months // 12, months % 12 + 1, 1)


def waiting_minute(policy: ContactPolicy, send_hour: float, waited: bool) -> tuple[int, bool]:
    """When a message due at `send_hour` goes: (minute of the day, held back until another day).

    Quiet hours 21:00-09:00: due at 07:00 it goes at 09:00; due at 22:00 it is held back, and goes at 09:00 of the
    next day (`waited`).
    """
    if policy.quiet is None:
        return round(send_hour * 60), False
    start, end = policy.quiet.start, policy.quiet.end
    overnight = start > end
    inside = (send_hour >= start or send_hour < end) if overnight else start <= send_hour < end
    if not inside:
        return round(send_hour * 60), False
    if overnight and send_hour >= start and not waited:
        return round(send_hour * 60), True
    return round(end * 60), end >= 24
