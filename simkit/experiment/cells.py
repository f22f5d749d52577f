"""A cell: one run of one alternative under one replication's luck; and what comes back from it."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simkit.scenario.errors import ScenarioError

BREAKDOWNS = ("cohorts", "channels", "responsiveness", "attainment", "reviews", "channel_readings")
"""Tables that a run may have beside its days and cases."""


@dataclass(frozen=True)
class Cell:
    """One run to be made: which alternative, under which replication's luck."""

    alternative: str
    replication: int
    case: int = 0
    """Which case of an experiment; a study has one."""
    scenario: Any = field(default=None, compare=False, repr=False)
    """What is simulated, where it is not the alternative of the work: a case brings its own."""


@dataclass(frozen=True)
class Ok:
    """A finished run: its measures (None where one does not exist), its days and its cases (None if not wanted)."""

    measures: dict[str, float | None]
    daily: Any
    cases: Any
    warnings: tuple[str, ...]
    seconds: float
    breakdowns: Mapping[str, Any] = field(default_factory=dict)
    """Its tables by cohort, by channel, and of work by arrival."""


@dataclass(frozen=True)
class Err:
    """A run that failed: what was raised and where.

    `digest` is equal for failures that took the same way through the code, so that a thousand rows can be
    grouped into the two mistakes behind them.
    """

    error: str
    digest: str
    seconds: float


Outcome = Ok | Err


@dataclass(frozen=True)
class Answer:
    """What the simulating function of a question (not of a whole run) gives: its figures, in the form of a run."""

    figures: dict[str, float | None]
    daily: Any = None
    cases: Any = None
    warnings: tuple[str, ...] = ()


def figures_of(found: Answer) -> dict[str, float | None]:
    """What a cell with a question is measured by."""
    return found.figures


@dataclass(frozen=True)
class Model:
    """What simulates and what measures; each a function, or ``"module:name"`` to be imported where it is used."""

    simulate: Callable[..., Any] | str = "simkit.simulation:simulate"
    compute: Callable[..., dict[str, float | None]] | str = "simkit.measures.catalog:compute"
    measures: Mapping[str, Any] | str = "simkit.measures.catalog:MEASURES"
    warm_up: Callable[..., None] | str | None = "simkit.simulation:warm_up"
    """Called once in each process before its first cell, as ``warm_up(engine, helper)``, with the extension, if there
    is one, as a third."""

    @property
    def module(self) -> str:
        """Where the function that simulates stands, by name; empty where it is no name."""
        return self.simulate.partition(":")[0] if isinstance(self.simulate, str) else ""


def resolve(reference: Any) -> Any:
    """The object that ``"module:name"`` names; anything but a string stands for itself."""
    if not isinstance(reference, str):
        return reference
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)


@dataclass(frozen=True)
class Work:
    """Everything that is needed to run any cell of one study; it travels to other processes as it is."""

    scenarios: Mapping[str, Any]
    engine: str
    model: Model
    tables: bool = True
    """Whether a run's days, cases and breakdowns come back with its measures."""

    @property
    def extension(self) -> Any:
        """The extension that the scenarios were loaded with, or None."""
        return extension_of(self.scenarios)

    def warm(self, helper: bool) -> None:
        """Get ready for the first cell; a helper does another part of it than the process it helps.

        Raises what is wrong with an extension's rules, but not in a helper: there the one it helps says it.
        """
        warm_up = resolve(self.model.warm_up)
        if warm_up is None:
            return
        if self.extension is None:
            warm_up(self.engine, helper)
            return
        with contextlib.suppress(*((ScenarioError,) if helper else ())):
            warm_up(self.engine, helper, self.extension)

    def run(self, cell: Cell, threads: int) -> Outcome:
        """Run one cell. Never raises: what goes wrong is an :class:`Err`."""
        started = time.perf_counter()
        try:
            simulate, compute = resolve(self.model.simulate), resolve(self.model.compute)
            scenario = self.scenarios[cell.alternative] if cell.scenario is None else cell.scenario
            run = simulate(scenario, cell.replication, engine=self.engine, threads=threads)
            figures = compute(run)
        except Exception as error:
            return failure(error, time.perf_counter() - started)
        if not self.tables:
            return Ok(figures, None, None, tuple(run.warnings), time.perf_counter() - started)
        tables = {name: getattr(run, name, None) for name in BREAKDOWNS}
        kept = {name: table for name, table in tables.items() if table is not None}
        return Ok(figures, run.daily, run.cases, tuple(run.warnings), time.perf_counter() - started, kept)


def extension_of(scenarios: Mapping[str, Any]) -> Any:
    """The extension that the scenarios of a study, or of questions about one, were loaded with; or None."""
    first = next(iter(scenarios.values()), None)
    return getattr(getattr(first, "scenario", first), "extended_by", None)


def plan(alternatives: Iterable[str], replications: int) -> list[Cell]:
    """Every cell, by replication and then by alternative.

    Neighbors share a replication, so that whoever runs them may use its population again.
    """
    names = list(alternatives)
    return [Cell(name, replication) for replication in range(replications) for name in names]


def failure(error: BaseException, seconds: float = 0.0) -> Err:
    """What was raised, as a row: the message, and where it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    way = "\n".join(f"{Path(frame.filename).name}:{frame.name}" for frame in frames)
    digest = hashlib.sha256(f"{type(error).__name__}\n{way}".encode()).hexdigest()[:8]
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    message = " ".join(str(error).split())
    return Err(f"{type(error).__name__}: {message}" if message else type(error).__name__, digest + where, seconds)
