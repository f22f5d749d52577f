"""Journeys as tables: one row per journey, one per step, and a message row for each step behind the launches'."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from simkit.customers import tables
from simkit.customers.rules.person import NO_BOUND
from simkit.customers.state import AWARE, CONSIDERING, INTENT, SCORE_GRAIN, SLOTS
from simkit.customers.tables import World
from simkit.rng import crc
from simkit.scenario.campaigns import Campaign
from simkit.scenario.goals import GoalEffects, Leads, Offer
from simkit.scenario.journeys import LEAVE, NEXT, Journey, Step, days_after
from simkit.scenario.schema import Scenario

_NEVER = int(NO_BOUND)
_TRIGGERS = {
    "first_purchase": tables.ON_FIRST_PURCHASE,
    "purchase": tables.ON_PURCHASE,
    "visit_without_purchase": tables.ON_VISIT,
    "click": tables.ON_CLICK,
    "became_aware": tables.ON_STAGE,
    "became_considering": tables.ON_STAGE,
    "became_intent": tables.ON_STAGE,
    "lapsed": tables.ON_LAPSE,
    "lead": tables.ON_LEAD,
}
_ASKS = {
    "cross_sell": tables.ASKS_TO_CROSS,
    "referral": tables.ASKS_TO_REFER,
    "second_role": tables.ASKS_FOR_ROLE,
}
_STAGES = {"became_aware": AWARE, "became_considering": CONSIDERING, "became_intent": INTENT}
_CONDITIONS = {
    "always": tables.IF_ALWAYS,
    "opened": tables.IF_OPENED,
    "not_opened": tables.IF_NOT_OPENED,
    "clicked": tables.IF_CLICKED,
    "not_clicked": tables.IF_NOT_CLICKED,
    "attended": tables.IF_ATTENDED,
    "missed": tables.IF_MISSED,
}


def step_names(journeys: Mapping[str, Journey]) -> list[str]:
    """``journey/step`` in the order of the step table: the names that messages of journeys have in logs and keys."""
    return [f"{name}/{step}" for name, journey in journeys.items() for step in journey.steps]


def fill_journeys(
    w: World,
    scenario: Scenario,
    channel_at: Mapping[str, int],
    segments: Mapping[str, int],
    conditions: Mapping[str, int],
) -> None:
    """What stays the same all days: every journey, its steps, and their messages."""
    w.today["journeys"] = len(scenario.journeys)
    w.today["at_once"] = scenario.contact_policy.journeys_at_once
    w.today["daily"] = any(journey.starts == "lapsed" for journey in scenario.journeys.values())
    first = 0
    for j, (name, journey) in enumerate(scenario.journeys.items()):
        _fill_journey(w.journey[j], name, journey, scenario, channel_at, segments, first)
        w.journey["condition"][j] = _row(conditions, journey.where)
        names = list(journey.steps)
        for at, (step_name, step) in enumerate(journey.steps.items()):
            _fill_step(w.step[first + at], j, journey, step, names, at, first)
            w.step["condition"][first + at] = _row(conditions, step.where)
            row = w.message[SLOTS + first + at]
            _fill_message(row, f"{name}/{step_name}", step, scenario, channel_at)
        first += len(names)


def _row(conditions: Mapping[str, int], where: str | None) -> int:
    return -1 if where is None else conditions[where]


def starts_by_click(journeys: Mapping[str, Journey], campaign: str) -> int:
    """Journeys, a bit each, that a click on a message of this campaign starts."""
    return sum(
        1 << j for j, one in enumerate(journeys.values()) if one.starts == "click" and one.campaign in (None, campaign)
    )


def _fill_journey(
    row: np.void,
    name: str,
    journey: Journey,
    scenario: Scenario,
    channel_at: Mapping[str, int],
    segments: Mapping[str, int],
    first: int,
) -> None:
    wanted = segments if journey.segments == "all" else journey.segments
    row["occurrence"] = crc(f"journey {name}")
    row["trigger"] = _TRIGGERS[journey.starts]
    row["stage"] = _STAGES.get(journey.starts, 0)
    row["lapsed"] = journey.lapsed_days
    row["segments"] = sum(1 << segments[segment] for segment in wanted)
    row["channels"] = sum(1 << channel_at[channel] for channel in journey.channels)
    row["first"] = first
    row["share"] = journey.share
    row["attendance"] = journey.attendance or 0.0
    row["again"] = NO_BOUND if journey.again_after is None else journey.again_after
    row["from_day"] = _first_day(journey, scenario)
    row["exit_purchase"] = "purchase" in journey.exits
    row["exit_opt_out"] = "opt_out" in journey.exits


def _first_day(journey: Journey, scenario: Scenario) -> int:
    """From when on people may enter; never, as long as its messages are not made."""
    if journey.work is not None:
        return _NEVER
    return 0 if journey.live_from is None else scenario.warmup_days + round(journey.live_from)


def begin_journey(w: World, scenario: Scenario, name: str, quality: float, day: int, annoyance: float = 0.0) -> None:
    """The department has made a journey: people may enter from `day` on, and its messages are as good as the work."""
    j = list(scenario.journeys).index(name)
    w.journey["from_day"][j] = day
    for row, step in enumerate(scenario.journeys[name].steps.values(), int(w.journey["first"][j])):
        _fill_strength(w.message[SLOTS + row], step, scenario, quality, annoyance)


def never_begun(w: World, scenario: Scenario) -> list[str]:
    """Journeys whose messages were never made."""
    return [name for j, name in enumerate(scenario.journeys) if w.journey["from_day"][j] == _NEVER]


def _fill_step(row: np.void, j: int, journey: Journey, step: Step, names: Sequence[str], at: int, first: int) -> None:
    row["journey"] = j
    row["after"] = days_after(step)
    row["only_if"] = _CONDITIONS[step.only_if]
    row["then"] = _row_of(step.then, names, at, first)
    row["otherwise"] = _row_of(step.otherwise, names, at, first)
    row["wait"] = step.wait_days if journey.blocked == "defer" else 0
    row["leave"] = journey.blocked == "leave"


def _row_of(to: str, names: Sequence[str], at: int, first: int) -> int:
    """Row of the step that `then` or `otherwise` names; -1 behind the last one."""
    if to == LEAVE or (to == NEXT and at + 1 == len(names)):
        return -1
    return first + (at + 1 if to == NEXT else names.index(to))


def _fill_message(row: np.void, name: str, step: Step, scenario: Scenario, channel_at: Mapping[str, int]) -> None:
    row["occurrence"], row["channel"], row["priority"] = crc(name), channel_at[step.channel], step.priority
    row["bought_within"], row["not_bought_within"] = NO_BOUND, -NO_BOUND
    row["condition"] = -1
    fill_offer(row, step.offer)
    row["impersonal"] = scenario.data.impersonal(step.relevance)
    _fill_strength(row, step, scenario, 1.0)


def _fill_strength(row: np.void, step: Step, scenario: Scenario, quality: float, annoyance: float = 0.0) -> None:
    """What a message's relevance, lowered by errors that escaped, does to response, and what both do to opting out."""
    reference = scenario.market.reference_relevance
    relevance = min(1.0, scenario.data.fit(step.relevance) * quality)
    row["strength"] = relevance / reference
    row["dislike"] = (1 - relevance) / (1 - reference) * (1 + annoyance)


def fill_offer(row: np.void, offer: Offer | None) -> None:
    """A message's price cut in whole percents."""
    row["discount"], row["valid_days"] = (round(offer.discount * 100), offer.valid_days) if offer else (0, 0)


def fill_goal(row: np.void, campaign: Campaign, effects: GoalEffects) -> None:
    """What a click on a campaign's message does besides."""
    fill_offer(row, campaign.offer)
    row["upsell"] = effects.upsell if campaign.goal == "upsell" else 0.0
    row["saves"] = round(effects.retain_days) if campaign.goal == "retain" else 0
    row["asks"] = _ASKS.get(campaign.goal or "", tables.ASKS_TO_BUY)


def fill_leads(today: np.void, leads: Leads | None, effects: GoalEffects) -> None:
    """How engagement is scored, and what offers and retention do."""
    today["elasticity"] = effects.price_elasticity
    today["saving"] = math.log(1 - effects.retain)
    if leads is not None:
        for field, points in (
            ("lead_threshold", leads.threshold), ("lead_open", leads.per_open), ("lead_click", leads.per_click),
            ("lead_visit", leads.per_visit),
        ):  # fmt: skip
            today[field] = round(points * SCORE_GRAIN)
        today["lead_fading"] = math.log(2) / leads.half_life_days
        today["lead_again"] = math.ceil(leads.again_after)
        today["lead_everyone"] = leads.who == "everyone"
