"""Which alternative a result speaks for; the answer says it in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simkit.experiment.result import Result


@dataclass(frozen=True)
class Choice:
    """Who to choose, and how the others stand.

    `shown` is the alternative that is shown to be best to choose: the first in `ranked` that is better than the base,
    or the base when all others are worse; None when nothing is shown. `ranked` are the other alternatives by their gain
    over the base, the best first, those that have one.
    """

    shown: str | None
    ranked: tuple[str, ...]
    ahead: str
    """Who leads: what is shown, else the best mean, the base among them."""


def choice(result: Result) -> Choice | None:
    """Choose by the deciding measure; None without one.

    An alternative is chosen only if it is shown to be better than the base.
    """
    measure, base = result.deciding, result.base_name
    if measure is None:
        return None
    gains = {name: gain(result, measure, name, base) for name in result.alternatives[1:]}
    ranked = sorted((name for name in gains if gains[name] is not None), key=lambda name: -(gains[name] or 0.0))
    shown = next((name for name in ranked if is_better(result, measure, name, base)), None)
    if shown is None and ranked and _all_worse(result, measure, ranked):
        shown = base
    leads = ranked[0] if ranked and (gains[ranked[0]] or 0.0) > 0 else base
    return Choice(shown, tuple(ranked), shown or leads)


def gain(result: Result, measure: str, a: str, b: str) -> float | None:
    """How much better a is than b, whichever side is better."""
    gap = result.difference(measure, a, b).difference
    if gap is None:
        return None
    return gap if result.measures[measure].better == "higher" else -gap


def is_better(result: Result, measure: str, a: str, b: str) -> bool:
    """Whether a is shown to be better than b."""
    return result.difference(measure, a, b).verdict == result.measures[measure].better


def _all_worse(result: Result, measure: str, ranked: list[str]) -> bool:
    everyone = len(ranked) == len(result.alternatives) - 1
    return everyone and all(is_better(result, measure, result.base_name, name) for name in ranked)
