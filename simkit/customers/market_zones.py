"""Time zones as tables: when each message goes in each zone, on the firm's clock.

Every minute of the model is the firm's. A day of the model is a day of the firm, so a message due at ten goes at the
next ten o'clock there, wherever that is. Clocks are not changed in summer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simkit.customers.rules.laws import MINUTES_PER_DAY
from simkit.customers.tables import World
from simkit.scenario.policy import ContactPolicy

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario


class ZoneTables:
    """The zones of a market, in order of their hours ahead of the firm's clock."""

    def __init__(self, scenario: Scenario):
        self.policy = scenario.contact_policy
        self.shares = [scenario.market.zones_of(name) for name in scenario.market.segments]
        self.hours = scenario.market.zone_hours()

    @property
    def matter(self) -> bool:
        """Whether anybody's clock differs from the firm's."""
        return self.hours != [0.0]

    def fill(self, w: World) -> None:
        """Who lives where, and whose clock dates are by."""
        w.today["zones"] = len(self.hours) if self.matter else 0
        for z, hours in enumerate(self.hours):
            row, ahead = w.zone[z], round(hours * 60)
            row["ahead"] = ahead
            row["calendar"] = ahead if self.policy.clock == "customer" else 0
            row["best_minute"] = [allowed_minute(self.policy, hour, ahead) for hour in range(24)]
            for i, shares in enumerate(self.shares):
                row["below"][i] = sum(share for there, share in shares.items() if there <= hours)

    def sends(self, send_hour: float, waited: bool, exempt: bool) -> tuple[list[int], list[bool]]:
        """When a message goes in each zone, and where quiet hours hold it back."""
        each = [due(self.policy, send_hour, waited, round(hours * 60), exempt) for hours in self.hours]
        return [minute for minute, _ in each], [held for _, held in each]

    def set(self, w: World, slot: int, minutes: list[int], held: list[bool]) -> None:
        """Write down when the message of a slot goes today in each zone."""
        w.zone["minute"][: len(minutes), slot] = minutes
        w.zone["quiet"][: len(held), slot] = held


def due(policy: ContactPolicy, send_hour: float, waited: bool, ahead: int, exempt: bool) -> tuple[int, bool]:
    """When a message goes to a person whose clock is `ahead` minutes: (minute of the firm's day, held back until
    another day). It waits for the end of quiet hours, on the next day of the firm unless it already has `waited`."""
    minute = (round(send_hour * 60) - (ahead if policy.send_clock == "customer" else 0)) % MINUTES_PER_DAY
    if exempt or policy.quiet is None or not is_quiet(policy, minute, ahead):
        return minute, False
    end = policy.quiet.end
    until = (round(end * 60) - (ahead if policy.clock == "customer" else 0)) % MINUTES_PER_DAY
    held = end >= 24 or (until <= minute and not waited)
    return (minute if held else until), held


def is_quiet(policy: ContactPolicy, minute: int, ahead: int) -> bool:
    """Whether a minute of the firm's day lies in quiet hours where the clock is `ahead` minutes."""
    if policy.quiet is None:
        return False
    there = (minute + (ahead if policy.clock == "customer" else 0)) % MINUTES_PER_DAY / 60
    start, end = policy.quiet.start, policy.quiet.end
    return there >= start or there < end if start > end else start <= there < end


def allowed_minute(policy: ContactPolicy, best_hour: int, ahead: int = 0) -> int:
    """Minute of the firm's day for a person whose best hour this is, on the own clock: in quiet hours the nearest
    full hour outside them."""
    for distance in range(13):
        for hour in ((best_hour + distance) % 24, (best_hour - distance) % 24):
            minute = (hour * 60 - ahead) % MINUTES_PER_DAY
            if not is_quiet(policy, minute, ahead):
                return minute
    return (best_hour * 60 - ahead) % MINUTES_PER_DAY
