"""Numbers as a reader wants them: three digits that matter, thousands separated, shares in percent, units said."""

from __future__ import annotations

import math
from dataclasses import dataclass

DIGITS = 3
MINUS = "−"
NOTHING = "–"
SCALES = ((1e9, 1e9, "bn"), (1e6, 1e6, "m"), (1e4, 1e3, "k"))
"""Money: from which amount on, told in what, called what."""


@dataclass(frozen=True)
class Format:
    """How the numbers of one line are shown: divided by `scale`, with `decimals`, followed by `unit`."""

    scale: float
    decimals: int
    unit: str

    def number(self, value: float | None, sign: bool = False) -> str:
        """The bare number; a dash for one that does not exist. `sign` also marks what is positive."""
        if value is None or math.isnan(value):
            return NOTHING
        shown = round(value / self.scale, self.decimals)
        text = f"{abs(shown):,.{max(self.decimals, 0)}f}"
        if shown < 0:
            return MINUS + text
        return f"+{text}" if sign and shown > 0 else text

    def quantity(self, value: float | None, sign: bool = False) -> str:
        """The number with its unit."""
        text = self.number(value, sign)
        if text == NOTHING or not self.unit:
            return text
        return f"{text}{self.unit}" if self.unit == "%" else f"{text} {self.unit}"

    def range(self, low: float | None, high: float | None, sign: bool = False) -> str:
        """An interval, without its unit."""
        if low is None or high is None:
            return "no interval"
        return f"{self.number(low, sign)} to {self.number(high, sign)}"


def shared(values: list[float | None], unit: str, *, gap: bool = False, currency: str = "") -> Format:
    """One format for numbers that are read together, from the largest of them.

    `gap` says that they are differences, so that shares are told in percentage points.
    """
    known = [abs(value) for value in values if value is not None and math.isfinite(value)]
    largest = max(known, default=0.0)
    if unit == "share":
        return Format(0.01, decimals(largest / 0.01, floor=1), "points" if gap else "%")
    scale, letter = 1.0, ""
    if currency and unit.partition("/")[0] == currency:
        scale, letter = next(((size, short) for least, size, short in SCALES if largest >= least), (1.0, ""))
    shown = "" if unit == "ratio" else " ".join(part for part in (letter, worded(unit)) if part)
    return Format(scale, decimals(largest / scale), shown)


def decimals(largest: float, floor: int = 0) -> int:
    """Decimals that leave three significant digits on the largest of the numbers."""
    if largest == 0:
        return floor
    return max(floor, min(6, DIGITS - 1 - math.floor(math.log10(largest))))


def worded(unit: str) -> str:
    """A unit as a reader would say it: ``SAR/person`` -> ``SAR per person``."""
    return " per ".join(part for part in unit.split("/"))
