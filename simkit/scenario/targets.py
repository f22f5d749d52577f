"""Targets: what a measure is to come to, judged by how much of it was attained, at the end and month by month."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario

SHARES = frozenset((
    "live_within_7_days_share", "expired_signal_share", "opt_out_share", "bounce_share", "complaint_share",
    "inbox_share", "reachable_share_end", "conversion_rate", "retention_rate", "unmet_demand_share",
    "second_role_share", "service_abandoned_share", "service_deflected_share", "lead_conversion", "utilization",
    "flow_efficiency",
))  # fmt: skip
"""Measures that are a part of a whole."""


def target_problems(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Targets of which no share can be attained, or nobody could attain the whole: (dotted path, sentence)."""
    for measure, target in scenario.targets.items():
        at = f"targets.{measure}"
        if target.value <= 0:
            yield at, f"a target is above 0, so that a share of it can be attained; found {target.text}"
        elif target.at in (">=", ">") and target.value > 1 and measure in SHARES:
            yield at, f"a share is at most 1 (100%), found {target.text}"
