"""False alarms: now and then a monitor's reading is taken for a change although nothing has changed.

What follows costs work like any answer, and what goes live has no stake. Each reading is one trial with the stated
rate, as on a control chart, whose mean distance between false alarms is 1 / rate readings. Its draw is keyed by
(monitor, day): the same readings mislead under every alternative.
"""

from __future__ import annotations

from simkit.rng import Purpose, crc, uniform

_WORLD = crc("world")


def misread(key: tuple[int, int], monitor: str, day: int, rate: float) -> bool:
    """Whether the reading of a monitor at the end of `day` raises a false alarm; nothing is drawn at rate 0."""
    return rate > 0 and uniform(*key, crc(monitor), day, int(Purpose.FALSE_ALARM), 0, _WORLD) < rate
