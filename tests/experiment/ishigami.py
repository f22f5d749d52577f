"""A simulation without people or work, whose only figures are an extension's: for sweeps of a known function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simkit.experiment.cells import Model
from simkit.measures.catalog import extended_measures
from simkit.rng import generator

MODEL = Model("ishigami:simulate", "ishigami:compute", {}, warm_up=None)
EXTENSION = """\
import math

from simkit.extend import Extension, Measure, Parameters, convention

extension = Extension("three numbers, and the function of Ishigami and Homma (1990) of them")


@extension.parameters
class Three(Parameters):
    x1: float = convention(0.0, unit="", why="any number")
    x2: float = convention(0.0, unit="", why="any number")
    x3: float = convention(0.0, unit="", why="any number")


def y(run):
    x = run.scenario.extension
    return math.sin(x.x1) + 7 * math.sin(x.x2) ** 2 + 0.1 * x.x3**4 * math.sin(x.x1) + run.luck


extension.measure(Measure("y", "", "Ishigami", "sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1", "", "", "", "higher", y))
"""


@dataclass(frozen=True)
class Run:
    """What an extension's measures are asked of."""

    scenario: Any
    luck: float
    warnings: tuple[str, ...] = ()


def simulate(scenario: Any, replication: int, *, engine: str, threads: int) -> Run:
    """Much luck that all cases of a replication share, and a little of a case's own."""
    own = f"{scenario.extension.model_dump()} {replication}"
    shared, private = (generator(scenario.seed, f"luck of {which}") for which in (replication, own))
    return Run(scenario, 3.0 * shared.standard_normal() + 0.3 * private.standard_normal())


def compute(run: Run) -> dict[str, float | None]:
    """The extension's measures."""
    return {name: one.compute(run) for name, one in extended_measures(run.scenario).items()}
