"""The order of a customer's day, as data: both drivers follow it and `simkit explain` prints it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from simkit.customers import rules as rulebook

Rule = Callable[[Any, Any, Any], None]


class Stage(NamedTuple):
    """One step of the day: its phase, the name of its rule, and what it does."""

    phase: str
    name: str
    does: str


DAY: tuple[Stage, ...] = (
    Stage(
        "propose", "arrive", "a person whose entry day has come makes the first purchase; word of mouth moves prospects"
    ),
    Stage("propose", "recover", "fatigue decays"),
    Stage("propose", "fall_due", "opt-outs and dead addresses of yesterday take effect; joining or leaving channels"),
    Stage("propose", "propose", "live messages for the person's segment and relation that were not had yet"),
    Stage("propose", "screen", "strike out what the person may not get: control group, consent, audience"),
    Stage("propose", "follow_journeys", "running journeys: the next step whose day has come"),
    Stage("propose", "queue_for_calls", "who waits for a human channel, by standing"),
    Stage("propose", "demand", "paid campaigns see how much affinity their audience has"),
    Stage(
        "allocate",
        "budgets",
        "budgets become planned impressions and a share of search queries; whom callers have time for",
    ),
    Stage("live", "admit", "of those who wait for a caller, the best by standing"),
    Stage("live", "arbitrate", "candidates in order of time and priority against the contact policy"),
    Stage("live", "feel", "what fatigue before today's contacts does to response and to opting out"),
    Stage("live", "deliver", "sent messages arrive or bounce, in the inbox or beside it"),
    Stage("live", "respond", "open and click"),
    Stage("live", "see_ads", "impressions, awareness and clicks of paid media"),
    Stage("live", "search_and_visit", "queries and direct visits of the site"),
    Stage("live", "convert", "what clicks and visits lead to: a purchase, or a step up the funnel"),
    Stage("live", "buy", "needs arise; organic purchases; after each repeat need stay or leave"),
    Stage("live", "opt_out", "a placed message may end consent on its channel, by complaint or not, or attention"),
    Stage("live", "score_leads", "points for engagement fade; enough of them make a lead"),
    Stage("live", "walk_journeys", "journeys go on, are left, and begin with what happened today"),
    Stage("live", "tire", "today's delivered contacts are added to fatigue"),
    Stage("live", "forget", "a prospect nobody reminds falls back a stage"),
    Stage("live", "account", "where everyone stands when the day ends"),
)

Replacement = Callable[[Any, Any, Any], None] | str


def day_rules(replace: Mapping[str, Replacement] | None = None) -> dict[str, Rule]:
    """The rules of a day by name, some replaced by a function or by ``"module:function"``.

    Raises `ValueError` for a name that no rule has.
    """
    chosen: dict[str, Rule] = {s.name: getattr(rulebook, s.name) for s in DAY if s.phase != "allocate"}
    chosen["age"] = rulebook.age
    for name, replacement in (replace or {}).items():
        if name not in chosen:
            raise ValueError(f"no rule is called {name!r}; rules: {', '.join(chosen)}")
        chosen[name] = _find(replacement)
    return chosen


def phase(chosen: Mapping[str, Rule], name: str, day: Sequence[Stage] = DAY) -> list[Rule]:
    """The rules of one phase in their order."""
    return [chosen[stage.name] for stage in day if stage.phase == name]


def _find(replacement: Replacement) -> Rule:
    if callable(replacement):
        return replacement
    module, _, function = replacement.partition(":")
    if not function:
        raise ValueError(f"expected 'module:function', found {replacement!r}")
    return getattr(importlib.import_module(module), function)
