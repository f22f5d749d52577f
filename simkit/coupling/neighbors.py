"""What customers and the neighbors of the marketing department do to each other: service desk and sales team."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.customers.driver import MarketDriver
from simkit.customers.feedback import Feedback
from simkit.customers.requests import Requests
from simkit.customers.state import SCORE_GRAIN
from simkit.records import Lead, LeadAnswer, ServiceOutcome
from simkit.scenario.sales import sales_cost_per_day
from simkit.scenario.schema import Scenario
from simkit.scenario.service import service_cost_per_day
from simkit.teams.sales import SalesTeam
from simkit.teams.service import FIGURES, ServiceDesk

if TYPE_CHECKING:
    import pandas as pd

LEAD_COLUMNS = ("day", "segment", "index", "score", "response_hours", "outcome")
NEIGHBOR_COSTS = ("service_cost", "sales_cost")
"""Columns of the daily table that profit pays."""
LEAD_FIGURES = ("answered", "rejected", "won")


class Neighbors:
    """The service desk and the sales team of a run, where it has them; without them nothing is done and kept."""

    def __init__(self, scenario: Scenario, market: MarketDriver, key: tuple[int, int], first: date):
        self._scenario, self._market = scenario, market
        self._desk: ServiceDesk | None = None
        self._team: SalesTeam | None = None
        self.outcomes: list[ServiceOutcome] = []
        self.answers: list[LeadAnswer] = []
        self._lead_days: list[dict[str, float]] = []
        segments, represents = list(scenario.market.segments), scenario.market.represents
        calendars = scenario.teams.calendars
        if scenario.service or scenario.sales:
            self._feedback = Feedback(market, segments)
        if scenario.service:
            self._requests = Requests(scenario.service, market, segments, key)
            self._desk = ServiceDesk(scenario.service, calendars, represents, key, first, scenario.days)
        if scenario.sales:
            self._team = SalesTeam(scenario.sales, calendars, represents, key, first)

    def live_day(self, day: int, leads: Sequence[Lead]) -> None:
        """Leads and requests of a day that customers have lived; what comes of them is felt tomorrow."""
        if self._desk is not None:
            assert self._scenario.service is not None
            rules = self._scenario.service.dissatisfaction
            known = self._desk.run_day(day, self._requests.of_day(day))
            for outcome in known:
                if outcome.dissatisfaction > 0:
                    asked = outcome.request
                    self._feedback.dissatisfy(asked.segment, asked.index, outcome.dissatisfaction, rules)
            self.outcomes += known
        if self._team is not None:
            self._feedback.new_day()
            self._hear(self._team.run_day(day, leads), day)
            self._set_threshold(self._team.threshold_factor)

    def _hear(self, answers: list[LeadAnswer], day: int) -> None:
        """A prospect who was won orders the next day, at the hour of the answer."""
        won = 0
        for answer in answers:
            if answer.outcome == "won":
                lead = answer.lead
                hour = (lead.day + answer.response_hours / 24) % 1
                won += self._feedback.win(lead.segment, lead.index, day + 1 + hour)
        rejected = sum(answer.outcome == "rejected" for answer in answers)
        self._lead_days.append(dict(zip(LEAD_FIGURES, (len(answers), rejected, won), strict=True)))
        self.answers += answers

    def watched(self, day: int) -> dict[str, tuple[int, int]]:
        """What the neighbors tell monitors at the end of a day: numerator and denominator of the day."""
        told: dict[str, tuple[int, int]] = {}
        if self._desk is not None:
            told["service_abandoned_share"] = self._desk.abandoned_on(day)
        if self._team is not None:
            known = self._lead_days[day]
            told["lead_rejected_share"] = int(known["rejected"]), int(known["answered"])
        return told

    def _set_threshold(self, factor: float) -> None:
        assert self._scenario.leads is not None
        today = self._market.tables.world.today
        today["lead_threshold"] = max(1, round(self._scenario.leads.threshold * factor * SCORE_GRAIN))

    # --- what is left behind ----------------------------------------------------------------------------------

    def columns(self) -> dict[str, Any]:
        """Columns of the daily table: counts and money of the real market, by the day of the request or answer."""
        table: dict[str, Any] = {}
        scenario = self._scenario
        if self._desk is not None and scenario.service is not None:
            days = self._desk.days
            table |= {f"service_{name}": np.array([row[name] for row in days]) for name in FIGURES}
            deflected = table["service_deflected"] * scenario.service.cost_per_deflected
            table["service_cost"] = service_cost_per_day(scenario) + deflected
        if self._team is not None:
            represents = scenario.market.represents
            table |= {
                f"leads_{name}": np.array([row[name] for row in self._lead_days]) * represents for name in LEAD_FIGURES
            }
            table["sales_cost"] = np.full(len(self._lead_days), sales_cost_per_day(scenario))
        return table

    def leads_table(self, leads: Sequence[Lead]) -> pd.DataFrame:
        """One row a lead, by day: when and how it was answered; `response_hours` is missing where it was not."""
        import pandas as pd

        known = {(answer.lead.segment, answer.lead.index, answer.lead.day): answer for answer in self.answers}
        rows = []
        for lead in leads:
            answer = known.get((lead.segment, lead.index, lead.day))
            told = (answer.response_hours, answer.outcome) if answer else (np.nan, "open")
            rows.append((lead.day - self._scenario.warmup_days, lead.segment, lead.index, lead.score, *told))
        return pd.DataFrame(rows, columns=list(LEAD_COLUMNS))

    def notes(self) -> list[str]:
        """What a user should know when the run is over."""
        told = []
        if self._desk is not None and self._desk.load > 1:
            told.append(f"customers asked the service desk for {self._desk.load:.0%} of what its agents have time for")
        if self._team is not None and 1 < self._team.load < math.inf:
            told.append(
                f"leads asked sales for {self._team.load:.0%} of what its people have time for: the rest waits, and is "
                "dropped in the end"
            )
        return told
