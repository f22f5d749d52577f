"""The tables behind goals that ask for more than a purchase: categories, the second role, referrals."""

from __future__ import annotations

from typing import Any

import numpy as np

from simkit.customers.state import INTENT, INVITATION_GRAIN, REFERRERS, UNAWARE
from simkit.customers.tables import World
from simkit.scenario.schema import Scenario


def fill_assortment(today: Any, scenario: Scenario) -> None:
    """Product categories in their order; none leaves every purchase what it was."""
    assortment = scenario.market.assortment
    if assortment:
        parts = list(assortment.categories.values())
        today["categories"], today["category_keeps"] = len(parts), assortment.keeps
        today["category_share"][: len(parts)] = [one.share for one in parts]
        today["category_spend"][: len(parts)] = assortment.spend_factors()


def fill_role(today: Any, scenario: Scenario) -> None:
    """The second role's funnel."""
    role = scenario.market.second_role
    if role:
        today["roles"] = 1
        today["role_eligible"], today["role_interest"], today["role_take_up"] = (
            role.eligible,
            role.interest,
            role.take_up,
        )
        today["role_forgets"], today["role_drops"] = role.forgets_per_day, role.drops_per_day


class Referrals:
    """Customers who referred yesterday, and what they do to prospects today.

    Each asks `referral_prospects` on average: prospects of the whole market alike, or with a network those among the
    own ties. Being asked once takes `referral_hazard` off a prospect's clock of adopting.
    """

    def __init__(self, scenario: Scenario):
        self.on = any(campaign.goal == "referral" for campaign in scenario.campaigns.values())
        """Whether any campaign asks for referrals."""
        word, effects = scenario.market.word_of_mouth, scenario.market.goal_effects
        self._network = bool(word and word.network)
        self.prospects, self._hazard = effects.referral_prospects, effects.referral_hazard
        self._yesterday = 0

    def note(self, totals: np.ndarray) -> None:
        """How many referred today."""
        self._yesterday = int(totals[REFERRERS])

    def spread(self, world: World, stages: np.ndarray) -> None:
        """Today's hazards, from the persons by stage at the end of yesterday."""
        if not self.on:
            return
        prospects = float(stages[UNAWARE : INTENT + 1].sum())
        asked = self._yesterday * self.prospects / prospects if prospects else 0.0
        world.today["referral"] = 0.0 if self._network else asked * self._hazard
        world.today["invitation"] = self._hazard / INVITATION_GRAIN if self._network and self._yesterday else 0.0
