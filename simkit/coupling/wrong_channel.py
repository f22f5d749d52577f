"""Wrong-channel discovery: what a live campaign's own figures say about its channel becomes work.

Each campaign of a program with `wrong_channel` is read once, so many days after its first message was delivered. Its
opens or clicks are a count of n trials with the expected chance p; the channel is wrong when the share falls short by
`worse_by` and the count lies below n p - 3 sqrt(n p (1 - p)), the lower limit of a p chart (Shewhart; Montgomery,
Statistical Quality Control). What is right is still taken for wrong with `false_alarm_rate`; the draw is keyed by the
campaign: the same readings mislead under every alternative. With `plan: moves` a discovery also changes the plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simkit.coupling.false_alarms import misread
from simkit.coupling.world import NOISE_ERRORS, Key
from simkit.customers.driver import MarketDriver
from simkit.customers.live import Live
from simkit.customers.state import PER_SLOT, SLOT_CLICKED, SLOT_DELIVERED, SLOT_OPENED
from simkit.customers.state import SLOTS_AT as AT
from simkit.records import Signal, WorkOrder
from simkit.rng import crc
from simkit.scenario.quantity import HOURS_PER_DAY
from simkit.scenario.schema import Scenario
from simkit.scenario.wrong_channel import WrongChannel, watched_channel

READING_COLUMNS = ("name", "campaign", "channel", "day", "delivered", "figure", "expected", "found")
FOUND = ("right", "wrong", "too_few", "false_alarm")
"""What a reading may say; `too_few`: not even silence would have been out of the limit."""
_COUNTER = {"opens": SLOT_OPENED, "clicks": SLOT_CLICKED}


@dataclass
class _Seen:
    """What is known of a live campaign that will be read."""

    live: Live
    due: int
    """The day at whose end it is read."""
    delivered: int = 0
    answered: int = 0


class ChannelReadings:
    """Reads campaigns while the days pass; without `wrong_channel` anywhere nothing is done and kept."""

    def __init__(self, scenario: Scenario, market: MarketDriver, key: Key, asleep: bool = False):
        """`asleep`: in a replay nobody reads, for what was found out is in the script."""
        self._scenario, self._market, self._key = scenario, market, key
        self._rules: dict[str, tuple[WrongChannel, str]] = {
            name: (one.wrong_channel, watched_channel(scenario, name))
            for name, one in scenario.campaigns.items()
            if one.wrong_channel is not None and not asleep
        }
        self._open: dict[str, _Seen] = {}
        self._read: set[str] = set()
        self.readings: list[dict[str, Any]] = []
        """A row a reading (`READING_COLUMNS`): `found` is one of `FOUND`."""

    def close_day(self, day: int, totals: np.ndarray) -> list[tuple[str, Signal]]:
        """Note what every watched message did today; the signals of those that are read tonight, by source."""
        if not self._rules:
            return []
        for slot, live in enumerate(self._market.tables.messages):
            if live is not None and live.program in self._rules:
                self._note(live, day, totals[AT + slot * PER_SLOT :][:PER_SLOT])
        due = [name for name, seen in self._open.items() if seen.due <= day]
        return [told for name in due for told in self._judge(self._open.pop(name), day)]

    def _note(self, live: Live, day: int, counts: np.ndarray) -> None:
        rule, channel = self._rules[live.program]
        if live.channel != channel or live.name in self._read:
            return
        if live.name not in self._open:
            if not counts[SLOT_DELIVERED]:
                return
            self._open[live.name] = _Seen(live, day + rule.read_after_days - 1)
        seen = self._open[live.name]
        seen.delivered += int(counts[SLOT_DELIVERED])
        seen.answered += int(counts[_COUNTER[rule.figure]])

    def _judge(self, seen: _Seen, day: int) -> Iterator[tuple[str, Signal]]:
        live = seen.live
        rule, channel = self._rules[live.program]
        self._read.add(live.name)
        name = live.name.rpartition("/")[0]
        source = f"{name} in {channel}"
        found = judged(rule, seen.delivered, seen.answered)
        if found != "wrong" and misread(self._key, source, 0, rule.false_alarm_rate):
            found = "false_alarm"
        self.readings.append(
            {
                "name": name, "campaign": live.program, "channel": channel,
                "day": day - self._scenario.warmup_days, "delivered": seen.delivered * self._scenario.market.represents,
                "figure": seen.answered / seen.delivered, "expected": rule.expected, "found": found,
            }
        )  # fmt: skip
        if found in ("wrong", "false_alarm"):
            yield source, self._signal(source, live, day, rule, found == "false_alarm")

    def _signal(self, source: str, live: Live, day: int, rule: WrongChannel, false_alarm: bool) -> Signal:
        """It happened when the campaign went live, and what is done again is as perishable as that was."""
        segments = live.segments or ()
        return Signal(
            source=live.program,
            key=crc(source),
            happened_day=float(live.first_day),
            noticed_day=day + 1 + rule.lag / HOURS_PER_DAY,
            segment=segments[0] if len(segments) == 1 else None,
            half_life_days=self._scenario.campaigns[live.program].half_life_days,
            stake=0.0,
            exogenous=False,
            false_alarm=false_alarm,
            wrong_channel=True,
        )


def judged(rule: WrongChannel, delivered: int, answered: int) -> str:
    """``wrong``, ``right`` or ``too_few``: so few were delivered that not even silence would be out of the limit."""
    expected = delivered * rule.expected
    limit = expected - NOISE_ERRORS * math.sqrt(expected * (1 - rule.expected))
    if limit <= 0:
        return "too_few"
    return "wrong" if answered < limit and answered <= expected * (1 - rule.worse_by) else "right"


class MovingPlan:
    """Planned campaigns whose program may yet be found in the wrong channel wait here until the day they are asked for.

    From the moment when the department hears of the first discovery (`Signal.noticed_day`), a program with
    `plan: moves` is asked for as its `answered_by`: that kind of work, that priority, those channels, the same dates
    and segments. What was asked for before goes out as it was planned. A false alarm moves a plan like any other.
    """

    def __init__(self, scenario: Scenario):
        self._scenario = scenario
        rules = {name: one.wrong_channel for name, one in scenario.campaigns.items()}
        self._to = {name: rule.answered_by for name, rule in rules.items() if rule is not None and rule.plan == "moves"}
        self._moves_from: dict[str, float] = {}
        self._held: list[WorkOrder] = []

    def heard(self, signals: Iterable[Signal]) -> None:
        """Take note of discoveries; the first of a program moves it."""
        for signal in signals:
            if signal.wrong_channel and signal.source in self._to:
                self._moves_from.setdefault(signal.source, signal.noticed_day)

    def due(self, day: int, orders: list[WorkOrder]) -> list[WorkOrder]:
        """Of what is newly planned and what was held, the orders to be given in the morning of `day`."""
        if not self._to:
            return orders
        held = self._held + [order for order in orders if order.campaign in self._to and order.cause == "planned"]
        self._held = [order for order in held if order.arrives_day >= day + 1]
        kept = {order.key for order in held}
        given = [order for order in orders if order.key not in kept]
        return given + [self._as_asked(order) for order in held if order.arrives_day < day + 1]

    def _as_asked(self, order: WorkOrder) -> WorkOrder:
        assert order.campaign is not None
        if order.arrives_day < self._moves_from.get(order.campaign, math.inf):
            return order
        name = self._to[order.campaign]
        program = self._scenario.campaigns[name]
        return replace(order, kind=program.work, priority=program.priority, campaign=name)
