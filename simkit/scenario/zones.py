"""Time zones of a market: shares of persons by hours ahead of the firm's clock."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from simkit.scenario.quantity import Share

MOST_ZONES = 8
"""Different zones a market can have."""


def _parse(value: Any) -> Any:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        return {value: 1.0}
    return value


def _sensible(zones: dict[float, float]) -> dict[float, float]:
    if not zones:
        raise ValueError("no zone is named; leave `zones` out for the firm's own")
    for hours in zones:
        if not -24 <= hours <= 24 or hours * 4 != int(hours * 4):
            raise ValueError(f"expected quarters of hours from -24 to 24 ahead of the firm's clock, found {hours:g}")
    total = sum(zones.values())
    if abs(total - 1) > 1e-6:
        raise ValueError(f"shares of the zones must sum to 1, they sum to {total:g}")
    return dict(sorted(zones.items()))


Zones = Annotated[dict[float, Share], BeforeValidator(_parse), AfterValidator(_sensible)]
"""Hours ahead of the firm's clock (behind it: negative) -> share of persons; one number is where everybody lives."""
