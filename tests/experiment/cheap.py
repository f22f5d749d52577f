"""A model of microseconds that takes real scenarios: what a sweep's store is tested with."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any

from simkit.experiment.cells import Model
from simkit.rng import crc, run_key, uniforms

MEASURES = {"profit": None, "retention_rate": None}
LOG, PAUSE = "CHEAP_LOG", "CHEAP_PAUSE"
"""Environment: a file that gets a line for each run begun; seconds that a run takes."""


@dataclass(frozen=True)
class Run:
    figures: dict[str, float | None]
    daily: Any = None
    cases: Any = None
    warnings: list[str] = field(default_factory=list)


MODEL = Model("cheap:simulate", "cheap:compute", "cheap:MEASURES", warm_up=None)


def simulate(scenario: Any, replication: int, *, engine: str = "compiled", threads: int = 1) -> Run:
    """Profit falls with the gap; luck is shared; a gap of 13 days is unlucky."""
    if os.environ.get(LOG):
        with open(os.environ[LOG], "a") as file:
            file.write(f"{scenario.contact_policy.gap} {scenario.teams.structure.preset} {replication}\n")
    time.sleep(float(os.environ.get(PAUSE, 0)))
    if scenario.contact_policy.gap == 13 and replication == 1:
        raise ValueError("no such luck")
    import numpy as np

    luck = uniforms(run_key(scenario.seed, replication), np.arange(1), 0, 1, 0, crc("luck"))[0]
    bonus = 0.5 if scenario.teams.structure.preset == "pods" else 0.0
    profit = float(luck - scenario.contact_policy.gap / 7 + bonus)
    import pandas as pd

    return Run({"profit": profit, "retention_rate": None}, pd.DataFrame({"day": [0, 1], "profit": [profit, 0.0]}))


def compute(run: Run) -> dict[str, float | None]:
    return run.figures
