"""What happens outside the department: planned dates, occasions of the world, and monitors on the day's figures.

All of it is keyed by name and ordinal, so every alternative is asked to do the same at the same time; only
monitors answer to what an alternative itself does to its customers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from simkit.coupling.false_alarms import misread
from simkit.records import Signal, WorkOrder
from simkit.rng import Purpose, crc, uniform
from simkit.scenario.campaigns import Campaign, Monitor, Occasion
from simkit.scenario.errors import SenseError
from simkit.scenario.quantity import DAYS_PER_WEEK, DAYS_PER_YEAR, HOURS_PER_DAY
from simkit.scenario.schema import Scenario
from simkit.scenario.wrong_channel import WrongChannel

Key = tuple[int, int]
_WORLD = crc("world")
NOISE_ERRORS = 3.0
"""Standard errors of counting by which a figure must have changed before a monitor speaks."""
_RISING_IS_WORSE = {"churn_rate", "service_abandoned_share", "lead_rejected_share"}
_FADED = 12
"""Half-lives after which an occasion is over: under 0.03 % of it is left."""


def _uniform(key: Key, name: str, ordinal: int, purpose: Purpose) -> float:
    return uniform(*key, crc(name), ordinal, int(purpose), 0, _WORLD)


def planned_orders(scenario: Scenario, key: Key) -> list[WorkOrder]:
    """Requests for planned campaigns at even distances, each program with a phase of its own."""
    orders: list[WorkOrder] = []
    for name, campaign in scenario.campaigns.items():
        per_day = campaign.per_week * scenario.campaign_scale / DAYS_PER_WEEK
        phase = plan_phase(key, name)
        number = math.ceil(scenario.days * per_day - phase) if per_day else 0
        orders += [planned_order(scenario, name, campaign, n, (n + phase) / per_day) for n in range(number)]
    return orders


def journey_orders(scenario: Scenario) -> list[WorkOrder]:
    """Requests for the messages of journeys that the department has to make."""
    return [
        WorkOrder(
            key=crc(f"journey {name}"),
            name=f"journey {name}",
            kind=journey.work,
            arrives_day=0.0 if journey.live_from is None else scenario.warmup_days + journey.live_from,
            cause="journey",
            journey=name,
        )
        for name, journey in scenario.journeys.items()
        if journey.work is not None
    ]


def plan_phase(key: Key, name: str) -> float:
    """A program's own place in the rhythm, 0..1."""
    return _uniform(key, name, 0, Purpose.PLAN_PHASE)


def planned_order(scenario: Scenario, name: str, campaign: Campaign, n: int, day: float) -> WorkOrder:
    """The request for the n-th campaign of a program."""
    label = f"{name}-{n}"
    return WorkOrder(
        key=crc(label),
        name=label,
        kind=campaign.work,
        arrives_day=day,
        segment=_segment(scenario, campaign.audience.segments, n),
        priority=campaign.priority,
        campaign=name,
        due_day=day + campaign.lead_days,
    )


def _segment(scenario: Scenario, wanted: str | tuple[str, ...], n: int) -> str | None:
    """The segment of the n-th campaign of a program: one after the other, or None for all at once."""
    names = list(scenario.market.segments) if wanted == "each" else list(wanted) if isinstance(wanted, tuple) else []
    if len(names) < 2 and wanted != "each":
        return names[0] if names else None
    return names[n % len(names)] if wanted == "each" else None


def no_two_with_one_key(orders: list[WorkOrder]) -> None:
    """Raise SenseError if two orders, planned or asked for by an occasion, would share their luck."""
    seen: dict[int, WorkOrder] = {}
    for order in orders:
        other = seen.setdefault(order.key, order)
        if other is not order:
            at = f"campaigns.{order.campaign}" if order.journey is None else f"journeys.{order.journey}"
            raise SenseError(at, f"{order.name!r} and {other.name!r} have the same key; rename one")


@dataclass
class Episode:
    """One occurrence of an occasion: when it began, whom it concerns, and what was done about it."""

    source: str
    occasion: Occasion
    signal: Signal
    segments: tuple[str, ...]
    answered_day: float = math.inf
    relief: float = 0.0
    """Share of the harm taken away since it was answered."""

    def days_of_harm(self, days: int) -> range:
        """Of so many days, those on which it may do harm."""
        first = math.ceil(self.signal.happened_day)
        return range(first, min(days, first + math.ceil(_FADED * self.occasion.half_life_days) + 1))

    def harm(self, day: float) -> float:
        """Share of organic purchases lost to it on a day."""
        since = day - self.signal.happened_day
        if since < 0 or since > _FADED * self.occasion.half_life_days:
            return 0.0
        left = 1 - self.relief if day >= self.answered_day else 1.0
        return self.occasion.harm * 0.5 ** (since / self.occasion.half_life_days) * left


def episodes(scenario: Scenario, key: Key) -> list[Episode]:
    """Everything that will happen in the run, noticed after its lag; the same under every alternative."""
    found = [e for name, occasion in scenario.occasions.items() for e in _episodes(scenario, key, name, occasion)]
    return sorted(found, key=lambda episode: episode.signal.noticed_day)


def _episodes(scenario: Scenario, key: Key, name: str, occasion: Occasion) -> Iterator[Episode]:
    per_day = occasion.per_year * scenario.occasion_scale / DAYS_PER_YEAR
    day, n = 0.0, 0
    while per_day:
        day += -math.log(_uniform(key, name, n, Purpose.OCCASION_GAP)) / per_day
        if day >= scenario.days:
            return
        lag = -math.log(_uniform(key, name, n, Purpose.DETECTION_LAG)) * occasion.noticed_after / HOURS_PER_DAY
        segments = _concerned(scenario, key, name, occasion, n)
        signal = Signal(
            source=name,
            key=crc(f"{name}@{n}"),
            happened_day=day,
            noticed_day=day + lag,
            segment=segments[0] if len(segments) == 1 else None,
            half_life_days=occasion.half_life_days,
            stake=occasion.stake,
            exogenous=True,
        )
        yield Episode(f"{name}@{n}", occasion, signal, segments)
        n += 1


def _concerned(scenario: Scenario, key: Key, name: str, occasion: Occasion, n: int) -> tuple[str, ...]:
    names = tuple(scenario.market.segments)
    if isinstance(occasion.segments, tuple):
        return occasion.segments
    if occasion.segments == "all":
        return names
    return (names[int(_uniform(key, name, n, Purpose.OCCASION_SEGMENT) * len(names))],)


def order_for(signal: Signal, label: str, campaign: str, program: Campaign, expires_days: float) -> WorkOrder:
    """The work that a signal asks for; it is given up when the occasion has passed."""
    return WorkOrder(
        key=signal.key,
        name=label,
        kind=program.work,
        arrives_day=signal.noticed_day,
        segment=signal.segment,
        priority=program.priority,
        expires_day=signal.happened_day + expires_days,
        campaign=campaign,
        cause=_cause(signal),
        happened_day=signal.happened_day,
    )


def _cause(signal: Signal) -> str:
    if signal.exogenous:
        return "occasion"
    if signal.false_alarm:
        return "false_alarm"
    return "wrong_channel" if signal.wrong_channel else "monitor"


def rule_of(scenario: Scenario, signal: Signal) -> Occasion | Monitor | WrongChannel:
    """What the scenario says about a signal: who answers it, and until when."""
    if signal.wrong_channel:
        rule = scenario.campaigns[signal.source].wrong_channel
        assert rule is not None
        return rule
    return scenario.occasions[signal.source] if signal.exogenous else scenario.monitors[signal.source]


class Rule(Protocol):
    """What both monitors and conditions of the budget say about the figure they watch."""

    @property
    def figure(self) -> str: ...
    @property
    def worsens_by(self) -> float: ...
    @property
    def window_days(self) -> int: ...
    @property
    def baseline_days(self) -> int: ...
    @property
    def every_days(self) -> int: ...
    @property
    def quiet_days(self) -> int: ...


class Trend:
    """Reads one figure at its cadence and says when it has worsened."""

    def __init__(self, rule: Rule):
        self.rule = rule
        self._above: list[int] = []
        self._below: list[int] = []
        self._quiet_until = -1

    def worsened(self, day: int, above: int, below: int) -> bool:
        """Add a day's numerator and denominator; whether the window is worse than its baseline.

        A figure is compared as a ratio of sums, so that days with few events do not count double. Once it has
        spoken, a trend is quiet for its `quiet_days`.
        """
        self._above.append(above)
        self._below.append(below)
        rule = self.rule
        if not self.read_on(day) or not self._worse(-rule.window_days, -rule.window_days - rule.baseline_days):
            return False
        self.rest(day)
        return True

    def read_on(self, day: int) -> bool:
        """Whether the figure is read at the end of a day whose numbers have been added."""
        rule = self.rule
        span = rule.window_days + rule.baseline_days
        return not (len(self._above) < span or (day + 1) % rule.every_days or day + 1 < self._quiet_until)

    def rest(self, day: int) -> None:
        """Be quiet after what was said at the end of a day."""
        self._quiet_until = day + 1 + self.rule.quiet_days

    def _worse(self, window: int, baseline: int) -> bool:
        """Whether the window is worse than its baseline by the threshold, and by more than counting noise.

        The counts are of simulated persons, far fewer than the real market's: without the second condition a
        smaller simulation of the same market would raise more alarms. The noise is that of a ratio of two Poisson
        counts on the log scale, sqrt(1/a + 1/b).
        """
        above, below = sum(self._above[window:]), sum(self._below[window:])
        before, before_below = sum(self._above[baseline:window]), sum(self._below[baseline:window])
        if not below or not before or not before_below:
            return False
        now, then = above / below, before / before_below
        worse = now / then - 1 if self.rule.figure in _RISING_IS_WORSE else 1 - now / then
        change = abs(math.log(max(above, 0.5) / below / then))
        noise = math.sqrt(1 / max(above, 1) + 1 / before)
        return worse >= self.rule.worsens_by and change > NOISE_ERRORS * noise


class Watch:
    """A monitor: when its figure has worsened, work begins.

    With `false_alarm_rate` also when it has not: `key` (:func:`simkit.rng.run_key`) is that of the draws.
    """

    def __init__(self, name: str, monitor: Monitor, key: Key = (0, 0)):
        self.name, self.monitor, self._key = name, monitor, key
        self._trend = Trend(monitor)

    def read(self, day: int, above: int, below: int) -> Signal | None:
        """Add a day's numerator and denominator; a signal when the window is worse than its baseline."""
        monitor = self.monitor
        worse = self._trend.worsened(day, above, below)
        if not worse:
            misled = self._trend.read_on(day) and misread(self._key, self.name, day, monitor.false_alarm_rate)
            if not misled:
                return None
            self._trend.rest(day)
        return Signal(
            source=self.name,
            key=crc(f"{self.name}@day {day}"),
            happened_day=float(day + 1),
            noticed_day=day + 1 + monitor.lag / HOURS_PER_DAY,
            segment=None,
            half_life_days=monitor.half_life_days,
            stake=monitor.stake if worse else 0.0,
            exogenous=False,
            false_alarm=not worse,
        )
