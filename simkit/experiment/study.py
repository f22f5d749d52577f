"""A study run: every alternative under the same luck, replication by replication."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from simkit.experiment.cells import Cell, Model, Outcome, Work, plan, resolve
from simkit.experiment.executors import Processes, Serial
from simkit.experiment.gather import gather
from simkit.experiment.progress import Progress
from simkit.experiment.result import Result

if TYPE_CHECKING:
    from simkit.scenario.load import Study

STAYS_SECONDS = 10.0
"""Work expected to take no longer stays in this process: starting workers costs seconds itself."""


def run(
    study: Study,
    *,
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    engine: str = "compiled",
    progress: bool = False,
    model: Model | None = None,
) -> Result:
    """Simulate every alternative of a study, paired: in one replication all meet the same luck.

    `workers` is the number of cores to use: 1 stays in this process on one core, more start that many
    worker processes; by default what takes seconds stays in the process, on all cores, and the rest goes to
    one worker per core. The result does not depend on it. `model` replaces what simulates and measures.

        >>> simkit.run(simkit.load("scenarios/retail.yaml"), replications=30)  # doctest: +SKIP
    """
    scenarios = _same_luck(study.alternatives, study.base.seed if seed is None else seed)
    count = study.base.replications if replications is None else replications
    if count < 1 or (workers is not None and workers < 1):
        raise ValueError(f"replications and workers are at least 1; found {count} and {workers}")
    model = model or Model()
    cells = plan(scenarios, count)
    started, clock = datetime.now(UTC), time.perf_counter()
    outcomes: dict[Cell, Outcome] = {}
    work = Work(scenarios, engine, model)
    with Progress(len(cells), progress) as bar, closing(_stream(work, cells, workers)) as stream:
        for cell, outcome in stream:
            outcomes[cell] = outcome
            bar.advance()
    times = {"started": started.isoformat(timespec="seconds"), "seconds": round(time.perf_counter() - clock, 3)}
    return gather(study, scenarios, count, engine, outcomes, resolve(model.measures), times)


def _same_luck(alternatives: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Every alternative with one seed, or nothing would be paired."""
    return {
        name: one if one.seed == seed else one.model_copy(update={"seed": seed}) for name, one in alternatives.items()
    }


def _stream(work: Work, cells: list[Cell], workers: int | None) -> Generator[tuple[Cell, Outcome]]:
    """Run the cells here or in workers.

    The first cells always run here: that fills the compilation cache once, and the last of them, no longer
    slowed by compiling, says how long the rest would take.
    """
    cores = workers or os.cpu_count() or 1
    here = Serial(work, threads=cores)
    tried = 2 if workers is None else 1
    first, rest = cells[:tried], cells[tried:]
    seconds = 0.0
    for cell, outcome in here.submit_stream(first):
        seconds = outcome.seconds
        yield cell, outcome
    brief = workers is None and seconds * len(rest) <= STAYS_SECONDS
    if cores == 1 or brief or len(rest) < 2:
        yield from here.submit_stream(rest)
    else:
        yield from Processes(work, min(cores, len(rest))).submit_stream(rest, window=cores)
