"""Messages of launches as rows of the world: filled when a launch gets its slot, aimed anew every morning.

What all launches of a campaign on a channel share is worked out once, and a row is written in a few assignments: a
record of NumPy takes as long for one field as for all of them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from simkit.customers.live import Live, fill_program
from simkit.customers.market_glance import Aimed
from simkit.customers.market_policy import PolicyTables
from simkit.customers.rules.laws import MINUTES_PER_DAY
from simkit.customers.rules.person import NO_BOUND
from simkit.customers.state import ADDRESSED, SLOTS
from simkit.customers.tables import MESSAGE, World
from simkit.scenario.schema import Scenario

_OF_A_LAUNCH = ("occurrence", "strength", "dislike", "score")
_OF_A_DAY = ("midnight", "minute", "quiet", "last", "fallback")
InSlots = Sequence[tuple[int, Live]]
"""Slots in use with what is in them."""


class Shared(NamedTuple):
    """What all launches of a campaign on a channel share."""

    row: np.void
    """Its row of the world, without what differs between launches and days."""
    sends: tuple[tuple[int, bool], tuple[int, bool]]
    """On its first day and on later ones: the minute of the day, and whether quiet hours hold it back."""
    in_zones: tuple[tuple[list[int], list[bool]], ...]
    """The same in every time zone; empty where all clocks are the firm's, or it goes at each person's best hour."""
    exempt: bool
    choosy: bool
    """Whether it is not for everybody it is proposed to and reaches."""
    plain: bool
    """Whether the first cap holds it back, and it goes at the same hour to everybody."""


class MessageTables:
    """The message rows of one run's launches."""

    def __init__(
        self,
        scenario: Scenario,
        channel_at: dict[str, int],
        conditions: dict[str, int],
        policy: PolicyTables,
        world: World,
    ):
        self._scenario, self._channel_at, self._conditions = scenario, channel_at, conditions
        self._policy, self._world = policy, world
        self._reference = scenario.market.reference_relevance
        self._addressed = sum(at < ADDRESSED for at in channel_at.values())
        self._shared: dict[tuple[str, str], Shared] = {}
        """By the name of the campaign and the channel."""
        self._scores = [0.0] * SLOTS
        self._column = {name: world.message[name] for name in (*_OF_A_LAUNCH, *_OF_A_DAY)}

    def fill(self, slot: int, live: Live) -> None:
        """The row of a launch, for all its days."""
        table = self._column
        self._world.message[slot] = self._of(live).row
        table["occurrence"][slot] = live.occurrence
        table["strength"][slot] = live.relevance / self._reference
        table["dislike"][slot] = (1 - live.relevance) / (1 - self._reference) * (1 + live.annoyance)
        score = self._policy.score(live.channel, live.campaign.weight, live.relevance, live.first_day)
        table["score"][slot] = self._scores[slot] = score

    def aim(self, messages: InSlots, day: int, unpaid: Container[str]) -> list[Aimed]:
        """When each message goes today, and which other one takes it when it may not."""
        named = {live.name: (slot, live.channel) for slot, live in messages if live.channel not in unpaid}
        slots, midnights, minutes, held, last, instead = [], [], [], [], [], []
        exempt, choosy, ways, aimed = 0, 0, [], []
        for slot, live in messages:
            shared, date = self._of(live), max(day, live.first_day)
            waited = date > live.first_day
            minute, quiet = shared.sends[waited]
            other, its_channel = named.get(live.fallback, (-1, live.channel))
            slots.append(slot)
            midnights.append(date * MINUTES_PER_DAY)
            minutes.append(date * MINUTES_PER_DAY + minute)
            held.append(quiet)
            last.append(day >= live.last_day)
            instead.append(other)
            ways.append((slot, self._channel_at[live.channel], self._channel_at[its_channel]))
            exempt |= shared.exempt << slot
            choosy |= shared.choosy << slot
            order = (-self._scores[slot], minutes[-1], live.campaign.priority, live.occurrence)
            aimed.append(Aimed(slot, minutes[-1], last[-1], shared.plain and not quiet and other < 0, order))
            if shared.in_zones:
                self._policy.zones.set(self._world, slot, *shared.in_zones[waited])
        if slots:
            at = np.array(slots)
            for name, values in zip(_OF_A_DAY, (midnights, minutes, held, last, instead), strict=True):
                self._column[name][at] = values
        today = self._world.today
        today["exempt"], today["choosy"] = exempt, -1 if today["withholding"] else choosy
        through = reachable(ways, self._addressed)
        today["reachable"][: len(through)] = through
        return aimed

    def _of(self, live: Live) -> Shared:
        key = live.program, live.channel
        if key not in self._shared:
            self._shared[key] = self._work_out(live)
        return self._shared[key]

    def _work_out(self, live: Live) -> Shared:
        row = np.zeros(1, MESSAGE)[0]
        fill_program(row, live, self._channel_at, self._conditions, self._scenario)
        self._policy.fill_program(row, live)
        sends = self._policy.sends(live, waited=False), self._policy.sends(live, waited=True)
        plain = not row["exempt"] and not row["best"] and bool(row["caps"] & 1)
        in_zones = self._policy.sends_in_zones(live)
        return Shared(row, sends, in_zones, bool(row["exempt"]), asks(row), plain)


def reachable(ways: Iterable[tuple[int, int, int]], channels: int) -> list[int]:
    """Messages that each consent lets through, a bit per slot; a consent has a bit per channel.

    `ways` are the slots in use, each with its channel and that of its fallback (or its own again).
    """
    on = [0] * channels
    for slot, own, other in ways:
        on[own] |= 1 << slot
        on[other] |= 1 << slot
    through = [0]
    for messages in on:
        through += [before | messages for before in through]
    return through


def asks(row: np.void) -> bool:
    """Whether a message asks something of a person besides consent."""
    bounded = row["bought_within"] < NO_BOUND or row["not_bought_within"] > -NO_BOUND
    return bool(bounded or row["condition"] >= 0 or row["holdout"] > 0 or row["topic"] >= 0)
