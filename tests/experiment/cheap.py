"""A model of microseconds that takes real scenarios: what a sweep's store is tested with."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field
from typing import Any

from simkit.experiment.cells import Model

MEASURES = {"profit": None, "retention_rate": None}
LOG, PAUSE = "CHEAP_LOG", "CHEAP_PAUSE"
"""Environment: a file that gets a line for each run begun; seconds that a run takes."""


@dataclass(frozen=True)
class Run:
    figures: dict[str, float | None]
    cases: Any = None
    warnings: list[str] = field(default_factory=list)

    @property
    def daily(self) -> Any:
        """Two days, made when they are wanted: few sweeps keep them."""
        import pandas as pd

        return pd.DataFrame({"day": [0, 1], "profit": [self.figures["profit"], 0.0]})


MODEL = Model("cheap:simulate", "cheap:compute", "cheap:MEASURES", warm_up=None)


def simulate(scenario: Any, replication: int, *, engine: str = "compiled", threads: int = 1) -> Run:
    """Profit falls with the gap; luck is shared; a gap of 13 days is unlucky."""
    if os.environ.get(LOG):
        with open(os.environ[LOG], "a") as file:
            file.write(f"{scenario.contact_policy.gap} {scenario.teams.structure.preset} {replication}\n")
    time.sleep(float(os.environ.get(PAUSE, 0)))
    if scenario.contact_policy.gap == 13 and replication == 1:
        raise ValueError("no such luck")
    luck = random.Random(f"{scenario.seed}/{replication}").random()
    bonus = 0.5 if scenario.teams.structure.preset == "pods" else 0.0
    profit = float(luck - scenario.contact_policy.gap / 7 + bonus)
    return Run({"profit": profit, "retention_rate": None})


def sweep_alone(begun: Any, file: str, folder: str, environment: dict[str, str]) -> None:
    """What a process of its own does: say that it has begun, and sweep."""
    from simkit.experiment.definition.files import load_experiment
    from simkit.experiment.sweep import sweep

    os.environ.update(environment)
    experiment = load_experiment(file)
    begun.send(True)
    sweep(experiment, folder=folder, model=MODEL, workers=1)


def compute(run: Run) -> dict[str, float | None]:
    return run.figures
