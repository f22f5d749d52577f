"""A study run: every alternative under the same luck, replication by replication."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simkit.experiment.cells import Cell, Model, Outcome, Work, plan, resolve
from simkit.experiment.executors import Processes, Serial, kept_workers
from simkit.experiment.executors.interrupts import gently
from simkit.experiment.progress import Progress
from simkit.experiment.until import enough, notes, stopping
from simkit.scenario.extending import Declared, extended

if TYPE_CHECKING:
    from simkit.experiment.analysis.half_width import Stopping
    from simkit.experiment.result import Result
    from simkit.scenario.load import Study


@kept_workers()
def run(
    study: Study,
    *,
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    engine: str = "compiled",
    progress: bool = False,
    model: Model | None = None,
    extend: str | Path | Declared | None = None,
    worlds: int | None = None,
    uncertainties: Mapping[str, tuple[float, float]] | None = None,
    until: Mapping[str, float] | None = None,
) -> Result:
    """Simulate every alternative of a study, paired: in one replication all meet the same luck.

    `workers` is the number of cores to use, by default all: this process and one worker process for each
    further core. The result does not depend on it. `model` replaces what simulates and measures. `extend` names
    the file of an extension for a study that was not loaded with it; its parameters then have their defaults.
    `worlds` is in how many plausible worlds the alternatives are run as well (`simkit.experiment.worlds`): 0 for none,
    None for a few where they add little to the work. `uncertainties` are the ranges (low, high) by dotted path that
    worlds then differ in, instead of the plausible ranges of all doubted numbers. `until` are half-widths of 95 %
    intervals by measure, of paired differences to the base (of one alternative, of its mean): replications then go on
    from ten until they are reached, `replications` at most (200 unless said).

    >>> simkit.run(simkit.load("scenarios/retail.yaml"), replications=30)  # doctest: +SKIP
    """
    alternatives = {name: extended(one, extend) for name, one in study.alternatives.items()}
    scenarios = _same_luck(alternatives, study.base.seed if seed is None else seed)
    count = study.base.replications if replications is None else replications
    if count < 1 or (workers is not None and workers < 1):
        raise ValueError(f"replications and workers are at least 1; found {count} and {workers}")
    if worlds or uncertainties:  # else what it imports can wait until the workers have begun
        from simkit.experiment.worlds.explore import check

        check(study, worlds, uncertainties)
    model = model or Model()
    started, clock = datetime.now(UTC), time.perf_counter()
    outcomes: dict[Cell, Outcome] = {}
    work = Work(scenarios, engine, model)
    rule = _rule(until, work, replications)
    count = rule.least if rule else count
    while True:
        cells = [cell for cell in plan(scenarios, count) if cell not in outcomes]
        with Progress(len(cells), progress) as bar, closing(stream_cells(work, cells, workers)) as stream:
            for cell, outcome in stream:
                outcomes[cell] = outcome
                bar.advance(seconds=outcome.seconds)
        from simkit.experiment.gather import gather  # pandas and more: workers start meanwhile

        times = {"started": started.isoformat(timespec="seconds"), "seconds": round(time.perf_counter() - clock, 3)}
        result = gather(study, scenarios, count, engine, outcomes, _measures(work), times)
        more = enough(result, rule) if rule else count
        if more == count:
            break
        count = more
    if rule:
        result = result.warned(*notes(result, rule))
    from simkit.experiment.worlds.explore import beside

    return beside(
        study, result, worlds, uncertainties, extend=extend, workers=workers, progress=progress, model=model
    )  # fmt: skip


def _measures(work: Work) -> dict[str, Any]:
    return {**resolve(work.model.measures), **(work.extension.measures if work.extension else {})}


def _rule(until: Mapping[str, float] | None, work: Work, most: int | None) -> Stopping | None:
    return stopping(until, _measures(work), most) if until else None


def _same_luck(alternatives: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Every alternative with one seed, or nothing would be paired."""
    return {
        name: one if one.seed == seed else one.model_copy(update={"seed": seed}) for name, one in alternatives.items()
    }


def stream_cells(
    work: Work, cells: list[Cell], workers: int | None, tell: Callable[[str], None] | None = None
) -> Generator[tuple[Cell, Outcome]]:
    """Run the cells here, on one core, or here and in one worker for each further core.

    This process begins at once. Workers take part as soon as they are up, so that what takes seconds is done in the
    process. While the compilation cache is empty, this process and a worker each fill a part of it.

    With `tell`, the first Ctrl-C is told of, what has begun is given back, and only then is KeyboardInterrupt raised;
    without, and at the second one, it is raised at once.
    """
    cores = min(workers or os.cpu_count() or 1, len(cells))
    executor: Serial | Processes
    if cores == 1:
        if work.extension:
            work.warm(helper=False)  # a rule that does not compile ends the study, not each of its runs
        executor = Serial(work, threads=1)
    else:
        executor = Processes(work, cores - 1, lend_a_hand=True)
    if tell is None:
        yield from executor.submit_stream(cells, window=cores)
        return
    with gently(executor, tell) as interrupted:
        yield from executor.submit_stream(cells, window=cores)
    if interrupted.is_set():
        raise KeyboardInterrupt
