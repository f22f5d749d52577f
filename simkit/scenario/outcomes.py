"""Figures that a simulation computes and nobody can set, with the settings that move them."""

from __future__ import annotations

from collections.abc import Iterator

from simkit.scenario.errors import Problem
from simkit.scenario.node import Node
from simkit.scenario.schema import MEASURE_NAMES, Scenario

_RELATIONSHIP = "contact_policy, market.fatigue, market.purchases and teams.structure"
_SALES = "campaigns, channels, contact_policy and work"
_MONEY = "campaigns, contact_policy, economics, teams and each channel's cost"
_SPEED = "teams.structure, teams.headcount, teams.approvals and work"
LEVERS = {
    "retention": _RELATIONSHIP,
    "churn": _RELATIONSHIP,
    "opt_out": _RELATIONSHIP,
    "unsubscribe": _RELATIONSHIP,
    "reachable": _RELATIONSHIP,
    "fatigue": "contact_policy, campaigns and work",
    "contacts": "contact_policy, campaigns and work",
    "active": _RELATIONSHIP,
    "conversion": _SALES,
    "open_rate": "channels.<name>.open_rate, contact_policy and campaigns",
    "click": "channels.<name>.click_given_open, contact_policy and campaigns",
    "signal": _SPEED,
    "live": _SPEED,
    "campaigns_live": _SPEED,
    "flow": _SPEED,
    "utilization": _SPEED,
    "expired": _SPEED,
}
"""The beginning of an outcome's name -> what moves it; money moves the rest."""
_ALSO_CALLED = {
    "retention": "retention_rate",
    "churn": "churn_rate",
    "customer_lifetime_value": "clv",
    "lifetime_value": "clv",
    "conversion": "conversion_rate",
    "customer_acquisition_cost": "cac",
    "acquisition_cost": "cac",
    "return_on_ad_spend": "roas",
    "unsubscribe_rate": "opt_out_share",
    "opt_out_rate": "opt_out_share",
    "time_to_market": "signal_to_live_days",
    "lead_time": "signal_to_live_days",
}
"""What people call a measure -> its name."""
OUTCOMES = (
    *MEASURE_NAMES, *_ALSO_CALLED, "turnover", "roi", "open_rate", "click_rate", "response_rate",
)  # fmt: skip
"""Names under which people look for an outcome."""


def outcome_problems(tree: Node) -> Iterator[Problem]:
    """A problem for each outcome set at the top or under `market`; they are taken out of the tree."""
    yield from _outcomes_in(tree, set(Scenario.model_fields))
    market = tree.value.get("market")
    if market is not None and market.is_mapping:
        yield from _outcomes_in(market, set(Scenario.model_fields["market"].annotation.model_fields))  # type: ignore[union-attr]


def _outcomes_in(table: Node, settable: set[str]) -> Iterator[Problem]:
    for name in [key for key in table.value if key in OUTCOMES and key not in settable]:
        node = table.value.pop(name)
        place = node.key or node.place
        yield place.problem(
            f"{name!r} is an outcome: the simulation computes it, it cannot be set. "
            f"What moves it: {_levers(name)}. A target for it belongs under `goals`{_command(name)}"
        )


def _command(name: str) -> str:
    """Which command finds what reaches it; nothing for what no measure tells."""
    measure = _ALSO_CALLED.get(name, name)
    if measure not in MEASURE_NAMES:
        return ""
    return f"; `simkit optimize EXPERIMENT --reach {measure}=...` finds the value of a lever that gets there"


def _levers(name: str) -> str:
    return next((levers for start, levers in LEVERS.items() if name.startswith(start)), _MONEY)
