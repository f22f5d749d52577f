"""A small made-up model for tests: no customers and no teams, only numbers that look as if there were.

Deterministic in (seed, replication); pods are faster and earn more, hub costs more than it brings.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from simkit.experiment.cells import Model
from simkit.rng import crc, run_key, uniforms

CHANNELS = ("email", "sms", "push")
STAGES = ("unaware", "aware", "considering", "intent", "customer", "repeat", "advocate", "lost")
PARTS = ("intake", "queue", "work", "handoff", "approval", "rework")


class Goal(BaseModel):
    """At least so much."""

    least: float

    @property
    def text(self) -> str:
        return f">= {self.least}"

    def met(self, value: float) -> bool:
        return value >= self.least


class Channel(BaseModel):
    """A way to reach people."""

    kind: str = "addressed"


class Scenario(BaseModel):
    """What the runner reads of a scenario, and three knobs for the made-up model."""

    model_config = ConfigDict(frozen=True)
    name: str = "made-up"
    question: str = "Pods or hierarchy for our load?"
    currency: str = "SAR"
    start: dt.date = dt.date(2026, 1, 4)
    horizon_days: int = 364
    warmup_days: int = 28
    seed: int = 7
    replications: int = 10
    channels: dict[str, Channel] = {name: Channel() for name in CHANNELS} | {"paid_social": Channel(kind="paid")}
    outcomes: tuple[str, ...] = (
        "signal_to_live_days", "contacts_per_customer_week", "mean_fatigue", "retention_rate", "profit",
    )  # fmt: skip
    goals: dict[str, Goal] = {"retention_rate": Goal(least=0.6)}
    checks: dict[str, Goal] = {}
    lead_days: float = 20.0
    lift: float = 0.0
    noise: float = 0.1
    fault: str = ""


@dataclass(frozen=True)
class Measure:
    name: str
    unit: str
    title: str
    formula: str
    better: str


MEASURES = {
    one.name: one
    for one in (
        Measure("signal_to_live_days", "days", "Signal to live", "mean lead, at most 60", "lower"),
        Measure("signal_to_live_days_median", "days", "Signal to live, median", "median lead", "lower"),
        Measure("campaigns_live", "campaigns", "Campaigns live", "count", ""),
        Measure("contacts_per_customer_week", "contacts/person/week", "Contacts a week", "delivered / persons", ""),
        Measure("mean_fatigue", "ratio", "Mean fatigue", "mean over days", "lower"),
        Measure("retention_rate", "share", "Retention", "kept / had", "higher"),
        Measure("revenue", "currency/year", "Revenue", "sum x 365 / days", "higher"),
        Measure("profit", "currency/year", "Profit", "(revenue - costs) x 365 / days", "higher"),
        Measure("profit_per_customer", "currency/customer/year", "Profit per customer", "profit / customers", "higher"),
    )
}


@dataclass(frozen=True)
class Run:
    daily: pd.DataFrame
    cases: pd.DataFrame
    persons: pd.DataFrame = field(default_factory=pd.DataFrame)
    launches: pd.DataFrame = field(default_factory=pd.DataFrame)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Study:
    alternatives: dict[str, Scenario]
    path: Path = Path("made-up.yaml")
    warnings: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=lambda: {"made-up.yaml": "name: made-up\n"})
    sets: tuple[str, ...] = ()

    @property
    def base(self) -> Scenario:
        return next(iter(self.alternatives.values()))


def study(**common: Any) -> Study:
    """Three alternatives of the made-up model."""
    return Study(
        {
            "today": Scenario(**common),
            "pods": Scenario(lead_days=9.0, lift=0.03, **common),
            "hub": Scenario(lead_days=14.0, lift=-0.01, **common),
        }
    )


MODEL = Model("synthetic:simulate", "synthetic:compute", "synthetic:MEASURES", warm_up=None)
"""Found by the name of this file's folder on the path, as in a worker."""


def simulate(scenario: Scenario, replication: int, *, engine: str = "compiled", threads: int = 1) -> Run:
    """One made-up run; with the fault ``raise`` the second replication fails."""
    if scenario.fault == "raise" and replication == 1:
        raise ValueError("no such luck")
    key = run_key(scenario.seed, replication)
    return Run(_daily(scenario, key), _cases(scenario, key), warnings=["made up"])


def _noise(key: tuple[int, int], count: int, name: str) -> np.ndarray:
    return uniforms(key, np.arange(count), 0, 1, 0, crc(name))


def _daily(scenario: Scenario, key: tuple[int, int]) -> pd.DataFrame:
    day = np.arange(-scenario.warmup_days, scenario.horizon_days)
    n, luck = day.size, _noise(key, 1, "luck")[0] - 0.5
    wave = 1 + 0.1 * np.sin(2 * np.pi * day / 91) + scenario.noise * (_noise(key, n, "days") - 0.5)
    table: dict[str, Any] = {"day": day, "date": pd.date_range(scenario.start, periods=n)}
    for i, stage in enumerate(STAGES):
        table[f"stage_{stage}"] = 2e5 * (1.5 + 0.3 * i * (1 + scenario.lift) * np.tanh((day + 28) / 120)) / (i + 1)
    for i, channel in enumerate(CHANNELS):
        table[f"delivered_{channel}"] = 1.2e5 / (i + 1) * wave * (1 + scenario.lift)
    table["impressions_paid_social"] = table["delivered_paid_social"] = 5e4 * wave
    for i, rule in enumerate(("at_most", "gap", "quiet", "control_group")):
        table[f"blocked_{rule}"] = 2e4 / (i + 1) * wave * (1 - scenario.lift)
    table["mean_fatigue"] = 0.3 * wave * (1 + scenario.lift) * np.tanh((day + 40) / 60)
    table["active_customers"] = 4e5 * (1 + scenario.lift)
    table["reachable"] = 3.5e5 * np.ones(n)
    table["revenue"] = 1.1e5 * wave * (1 + scenario.lift + 0.2 * luck)
    table["cost_of_goods"] = 0.55 * table["revenue"]
    table["contact_cost"] = 2e3 * wave
    table["media_cost"] = 5e3 * np.ones(n)
    table["team_cost"] = 9e3 * np.ones(n)
    table["technology_cost"] = 1.5e3 * np.ones(n)
    table["profit"] = table["revenue"] - sum(table[part] for part in table if part.endswith("_cost"))
    table["profit"] = table["profit"] - table["cost_of_goods"]
    return pd.DataFrame(table)


def _cases(scenario: Scenario, key: tuple[int, int]) -> pd.DataFrame:
    n, end = 60, scenario.horizon_days
    happened = np.sort(_noise(key, n, "when")) * (end + scenario.warmup_days) - scenario.warmup_days
    lead = scenario.lead_days * (0.3 + 1.4 * _noise(key, n, "lead"))
    live = happened + lead
    status = np.where(_noise(key, n, "fate") < 0.1, "expired", np.where(live >= end, "open", "live"))
    table = pd.DataFrame(
        {
            "name": [f"work-{i}" for i in range(n)],
            "kind": "email",
            "campaign": "news",
            "cause": np.where(np.arange(n) % 3 == 0, "planned", "occasion"),
            "arrived_day": happened + 0.1 * lead,
            "happened_day": np.where(np.arange(n) % 3 == 0, np.nan, happened),
            "live_day": np.where(status == "live", live, np.nan),
            "expired_day": np.where(status == "expired", happened + 5, np.nan),
            "status": status,
            "lead_days": np.where(status == "live", 0.9 * lead, np.nan),
        }
    )
    for i, part in enumerate(PARTS):
        table[f"part_{part}_days"] = table["lead_days"] * (i + 1) / 21
    return table


def compute(run: Run) -> dict[str, float | None]:
    """The made-up measures of a run."""
    days = run.daily[run.daily["day"] >= 0]
    lead = (run.cases["live_day"] - run.cases["happened_day"]).dropna()
    customers = float(days["active_customers"].mean())
    sent = float(sum(days[f"delivered_{channel}"].mean() for channel in CHANNELS)) * 7
    reached = len(lead) > len(run.cases) / 3
    return {
        "signal_to_live_days": float(lead.mean()),
        "signal_to_live_days_median": float(lead.median()) if reached else None,
        "campaigns_live": float(len(lead)),
        "contacts_per_customer_week": sent / customers,
        "mean_fatigue": float(days["mean_fatigue"].mean()),
        "retention_rate": 0.5 + customers / 4e6,
        "revenue": 365 * float(days["revenue"].mean()),
        "profit": 365 * float(days["profit"].mean()),
        "profit_per_customer": 365 * float(days["profit"].mean()) / customers,
    }
