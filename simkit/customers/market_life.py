"""The tables behind purchases and relationships: season, satiation, competition, opinion, regions, word of mouth."""

from __future__ import annotations

import math
from datetime import date

import numpy as np

from simkit.customers.purchase_traits import PROCESS
from simkit.customers.state import DISSATISFACTION_GRAIN, FIRST, GONE, NOT_YET, SENSITIVITY_GRAIN
from simkit.customers.tables import World
from simkit.scenario.data import Data
from simkit.scenario.deciding import BuyingGroup, Decision
from simkit.scenario.market import Market, Segment
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.service import Dissatisfaction


def fill_life(row: np.void, market: Market, segment: Segment, price: float) -> None:
    """What a segment's row says of its relationships and does not change from day to day."""
    row["process"] = PROCESS[(segment.purchases or market.purchases).model]
    row["consent_odds"] = market.regions[segment.region].odds if segment.region else 1.0
    fill_decisions(row, segment.decision or market.decision, segment.buying_group)
    satiation = segment.satiation or market.satiation
    if satiation:
        row["satiation"], row["satiation_decay"] = satiation.depth, math.log(2) / satiation.half_life_days
    rules = market.competition
    row["demand"], row["elasticity"] = rules.demand, rules.elasticity / SENSITIVITY_GRAIN
    row["loyal"], row["competitor_loyal"] = rules.loyal, rules.competitor_loyal
    row["rival"] = rules.competitors, 0.0, rules.competitors
    row["take_over"] = rules.take_over, 0.0, rules.take_over_competitor_loyal
    row["loyalty_gain"], row["loyalty_loss"] = rules.loyalty_gain, rules.loyalty_loss
    row["own_price_push"] = market.price_churn * (price - 1) / SENSITIVITY_GRAIN
    if market.opinion:
        row["opinion_decay"] = math.log(2) / market.opinion.half_life_days
        row["opinion_message"], row["opinion_ad"] = market.opinion.message, market.opinion.advertising
        row["opinion_pull"], row["opinion_keeps"] = market.opinion.pull, market.opinion.keeps


def fill_decisions(row: np.void, decision: Decision | None, group: BuyingGroup | None) -> None:
    """Whether purchases are decided on before they are made, and how long that takes."""
    row["grouped"], row["budget_open"] = group is not None, 1
    row["decides"] = bool(decision and decision.waits) or bool(group and group.decides)
    if decision:
        row["decision_days"], row["decision_fixed"] = decision.mean_days, decision.spread == "fixed"


def budget_is_open(decision: Decision | None, today: date, day: int) -> bool:
    """Whether what is decided on can be paid today; `day` counts from the first measured one."""
    if decision is None or decision.budget_opens is None:
        return True
    if isinstance(decision.budget_opens, int):
        return day % decision.budget_opens < decision.open_days
    months = {"month": 1, "quarter": 3, "year": 12}[decision.budget_opens]
    opened = date(today.year, today.month - (today.month - 1) % months, 1)
    return (today - opened).days < decision.open_days


def fill_dissatisfaction(row: np.void, rules: Dissatisfaction) -> None:
    """What bad service does to the hazard of leaving, and how fast it is forgotten."""
    row["dissatisfied_push"] = rules.churn / DISSATISFACTION_GRAIN
    row["dissatisfied_decay"] = math.log(2) / rules.half_life_days


def fill_profiling(row: np.void, market: Market, segment: Segment, data: Data) -> None:
    """Who may be targeted as a person: by the law of the segment's region, where it has one."""
    region = market.regions[segment.region] if segment.region else None
    individual, personal = data.targeting == "individual", region is not None and data.personalization > 0
    row["asks_profiling"], row["private"] = individual or personal, personal
    row["profiling"] = data.profiling_consent if region is None else region.profiled(data.profiling_consent)


def season_of(market: Market, segment: Segment, today: date) -> float:
    """Multiplier of a segment's needs today."""
    season = segment.season or market.season
    return season.factor(today.weekday(), today.month) if season else 1.0


def spread(world: World, market: Market, stages: np.ndarray) -> None:
    """Today's hazard of adopting by word of mouth, from the persons by stage at the end of yesterday."""
    word = market.word_of_mouth
    if word is None:
        return
    here = float(stages.sum() - stages[NOT_YET])
    adopted = float(stages[FIRST : GONE + 1].sum()) / here if here else 0.0
    common = word.p if word.network else word.p + word.q * adopted
    world.today["adoption"] = common / DAYS_PER_YEAR
    world.today["contagion"] = word.q / DAYS_PER_YEAR if word.network else 0.0
