"""The runs of a search: each point and replication once, kept in a file, so that a search goes on where it stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np

from simkit.experiment.cells import Cell, Err, Model, Work
from simkit.experiment.search.problem import Point, Problem
from simkit.experiment.study import stream_cells
from simkit.scenario.errors import ScenarioError

CELLS = "cells.jsonl"
"""A line per run: point, replication, its measures or its error."""
START_SECONDS = 5.0
"""What starting a worker process takes."""


class Runs:
    """Runs what is asked for and not yet known; all points of a replication meet the same luck."""

    def __init__(
        self,
        problem: Problem,
        model: Model | None = None,
        folder: Path | None = None,
        workers: int | None = None,
        engine: str = "compiled",
        advance: Callable[[], None] = lambda: None,
    ):
        self.problem, self.workers, self.advance = problem, workers, advance
        self.work = Work(problem.scenarios, engine, model or Model(), tables=False)
        self.file = None if folder is None else folder / CELLS
        self.known: dict[tuple[str, int], dict[str, float | None] | str] = {}
        self.refused: dict[str, str] = {}
        """Points whose values make no sense together, and why."""
        self.ran = 0
        self.seconds: list[float] = []
        self._read()

    def need(self, points: Iterable[Point], replications: Iterable[int]) -> None:
        """Run whatever of these is not known yet."""
        replications = list(replications)
        by_cell: dict[Cell, str] = {}
        for case, point in enumerate({one.key: one for one in points}.values()):
            missing = [i for i in replications if (point.key, i) not in self.known]
            if not missing or point.key in self.refused:
                continue
            try:
                scenario = self.problem.scenario_of(point.values, point.alternative)
            except ScenarioError as error:
                self.refused[point.key] = str(error).splitlines()[0]
                continue
            by_cell |= {Cell(point.alternative, i, case, scenario): point.key for i in missing}
        if not by_cell:
            return
        order = sorted(by_cell, key=lambda cell: (cell.replication, cell.case))
        with closing(stream_cells(self.work, order, self._cores(len(order)))) as stream:
            for cell, outcome in stream:
                self.seconds.append(outcome.seconds)
                found = outcome.error if isinstance(outcome, Err) else dict(outcome.measures)
                self.known[by_cell[cell], cell.replication] = found
                self._write(by_cell[cell], cell.replication, found)
                self.ran += 1
                self.advance()

    def _cores(self, cells: int) -> int | None:
        """One where that is done before a worker process would be up."""
        return 1 if self.seconds and median(self.seconds) * cells < START_SECONDS else self.workers

    def values(self, point: Point, measure: str, replications: Sequence[int]) -> np.ndarray:
        """A measure by replication, nan where it does not exist or the run failed."""
        found = [self.known.get((point.key, i)) for i in replications]
        figures = [one.get(measure) if isinstance(one, dict) else None for one in found]
        return np.array([np.nan if one is None else one for one in figures], float)

    def mean(self, point: Point, measure: str, replications: Sequence[int]) -> float:
        """Over the replications that have it; nan where none has."""
        values = self.values(point, measure, replications)
        kept = values[~np.isnan(values)]
        return float(kept.mean()) if kept.size else float("nan")

    def error(self, point: Point, replications: Sequence[int]) -> str:
        """What is wrong with a point: its values, or the first of its runs that failed; empty when nothing is."""
        if point.key in self.refused:
            return self.refused[point.key]
        found = [self.known.get((point.key, i)) for i in replications]
        return next((one for one in found if isinstance(one, str)), "")

    # --- the file -------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """What an earlier search ran; a last line that was cut off is cut away, so that the next starts on its own."""
        if self.file is None or not self.file.is_file():
            return
        data = self.file.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            with self.file.open("rb+") as file:
                file.truncate(len(whole))
        for line in whole.decode("utf-8").splitlines():
            point, replication, found = json.loads(line)
            self.known[point, replication] = found

    def _write(self, point: str, replication: int, found: dict[str, float | None] | str) -> None:
        if self.file is None:
            return
        line = json.dumps([point, replication, found], ensure_ascii=False, allow_nan=False) + "\n"
        with self.file.open("ab") as file:
            file.write(line.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
