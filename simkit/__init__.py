"""A wind tunnel for marketing organizations: customers and teams simulated together.

>>> import simkit
>>> study = simkit.load("scenarios/quickstart.yaml")    # doctest: +SKIP
>>> simkit.run(study, replications=5).summary()         # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simkit.coupling.outcome import Run
    from simkit.experiment.analysis.analyze import analyze
    from simkit.experiment.definition.files import load_experiment
    from simkit.experiment.inquiries.incrementality import incrementality
    from simkit.experiment.reproduction.reproduce import reproduce
    from simkit.experiment.result import Result
    from simkit.experiment.storage import read_daily, read_results
    from simkit.experiment.study import run
    from simkit.experiment.sweep import sweep
    from simkit.measures.catalog import MEASURES, Measure, compute
    from simkit.records import Launch, Signal, WorkOrder
    from simkit.scenario.errors import Problem, ScenarioError
    from simkit.scenario.load import Study, load
    from simkit.scenario.schema import Scenario
    from simkit.simulation import simulate

__version__ = "0.1.0"

_HOME = {
    "analyze": "simkit.experiment.analysis.analyze",
    "load": "simkit.scenario.load",
    "Study": "simkit.scenario.load",
    "Scenario": "simkit.scenario.schema",
    "ScenarioError": "simkit.scenario.errors",
    "Problem": "simkit.scenario.errors",
    "run": "simkit.experiment.study",
    "load_experiment": "simkit.experiment.definition.files",
    "sweep": "simkit.experiment.sweep",
    "reproduce": "simkit.experiment.reproduction.reproduce",
    "read_results": "simkit.experiment.storage",
    "read_daily": "simkit.experiment.storage",
    "optimize": "simkit.experiment.search.optimize",
    "export": "simkit.experiment.inquiries.exporting",
    "incrementality": "simkit.experiment.inquiries.incrementality",
    "Result": "simkit.experiment.result",
    "simulate": "simkit.simulation",
    "Run": "simkit.coupling.outcome",
    "compute": "simkit.measures.catalog",
    "Measure": "simkit.measures.catalog",
    "MEASURES": "simkit.measures.catalog",
    "WorkOrder": "simkit.records",
    "Launch": "simkit.records",
    "Signal": "simkit.records",
}

__all__ = [
    "MEASURES",
    "Launch",
    "Measure",
    "Problem",
    "Result",
    "Run",
    "Scenario",
    "ScenarioError",
    "Signal",
    "Study",
    "WorkOrder",
    "analyze",
    "compute",
    "export",
    "incrementality",
    "load",
    "load_experiment",
    "optimize",
    "read_daily",
    "read_results",
    "reproduce",
    "run",
    "simulate",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `simkit --help` does not wait for NumPy."""
    if name not in _HOME:
        raise AttributeError(f"module 'simkit' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
