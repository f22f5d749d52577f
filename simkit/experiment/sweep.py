"""A sweep: every case of an experiment, every alternative, every replication, as one table of runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from simkit.experiment.cases import cells_of, design_of
from simkit.experiment.cells import Cell, Err, Model, Outcome, Work, resolve
from simkit.experiment.files import Experiment
from simkit.experiment.progress import Progress
from simkit.experiment.study import stream_cells

if TYPE_CHECKING:
    import pandas as pd

FRONT = ("case", "alternative", "replication", "status", "error")
"""The first columns of `runs`; a column per measure follows."""


class Swept(NamedTuple):
    """What a sweep gives: the runs it made, and the cases they are of."""

    runs: pd.DataFrame
    """A row per cell: `case`, `alternative`, `replication`, `status` (``ok`` or ``failed``), `error`, then a column
    per measure, empty where one does not exist. Sorted by case, alternative as in the scenario, and replication."""
    design: pd.DataFrame
    """Index `case`, a column per factor."""


def sweep(
    experiment: Experiment,
    *,
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    engine: str = "compiled",
    progress: bool = False,
    model: Model | None = None,
    design: pd.DataFrame | None = None,
) -> Swept:
    """Run every cell of an experiment: all cases and alternatives meet the same luck in one replication.

    `replications`, `seed` and `design` (a table of cases) replace what the file says. The result does not depend on
    `workers`. A cell that fails is a row with its error.

    >>> simkit.sweep(simkit.load_experiment("experiments/cadence/experiment.yaml"))  # doctest: +SKIP
    """
    count = experiment.replications if replications is None else replications
    if count < 1 or (workers is not None and workers < 1):
        raise ValueError(f"replications and workers are at least 1; found {count} and {workers}")
    model = model or Model()
    table = design_of(experiment) if design is None else design.rename_axis("case")
    work = Work(experiment.study.alternatives, engine, model, tables=False)
    outcomes: dict[Cell, Outcome] = {}
    cells = []
    for cell, error in cells_of(experiment, table, range(count), seed):
        if error is None:
            cells.append(cell)
        else:
            outcomes[cell] = error
    with Progress(len(cells), progress) as bar, closing(stream_cells(work, cells, workers)) as stream:
        for cell, outcome in stream:
            outcomes[cell] = outcome
            bar.advance()
    return Swept(runs_table(outcomes, experiment.alternatives, measures_of(work)), table)


def measures_of(work: Work) -> dict[str, Any]:
    """What a run of this work is measured by."""
    return {**resolve(work.model.measures), **(work.extension.measures if work.extension else {})}


def runs_table(outcomes: Mapping[Cell, Outcome], alternatives: tuple[str, ...], measures: Any) -> pd.DataFrame:
    """One row per cell, in one order whoever ran them."""
    import pandas as pd

    place = {name: i for i, name in enumerate(alternatives)}
    cells = sorted(outcomes, key=lambda cell: (cell.case, place[cell.alternative], cell.replication))
    rows = list(_rows(cells, outcomes, list(measures)))
    table = pd.DataFrame(rows, columns=[*FRONT, *measures])
    return table.astype({**dict.fromkeys(measures, float), "case": int, "replication": int})


def _rows(cells: list[Cell], outcomes: Mapping[Cell, Outcome], measures: list[str]) -> Iterator[tuple[Any, ...]]:
    for cell in cells:
        found = outcomes[cell]
        failed = isinstance(found, Err)
        front = (cell.case, cell.alternative, cell.replication, "failed" if failed else "ok")
        if isinstance(found, Err):
            yield (*front, f"{found.error} [{found.digest}]", *(None for _ in measures))
        else:
            yield (*front, "", *(found.measures.get(name) for name in measures))


def document(experiment: Experiment, swept: Swept) -> dict[str, Any]:
    """What a sweep found, for a terminal or as JSON: failures first, grouped, then means by case and alternative.

    Means leave failed runs out; `runs` beside them says of how many they are.
    """
    runs = swept.runs
    failed = runs[runs["status"] == "failed"]
    return {
        "name": experiment.name,
        "question": experiment.question,
        "cases": len(swept.design),
        "runs": len(runs),
        "failed": len(failed),
        "failures": [_failure(group) for _, group in failed.groupby("error", sort=False)],
        "means": _means(experiment, swept),
    }


def _failure(group: pd.DataFrame) -> dict[str, Any]:
    first = group.iloc[0]
    where = {name: _plain(first[name]) for name in ("case", "alternative", "replication", "error")}
    return {**where, "times": len(group)}


def _means(experiment: Experiment, swept: Swept) -> list[dict[str, Any]]:
    shown = [name for name in experiment.outcomes if name in swept.runs]
    finished = swept.runs[swept.runs["status"] == "ok"]
    rows = []
    for _, group in finished.groupby(["case", "alternative"], sort=False):
        case, alternative = group.iloc[0][["case", "alternative"]]
        factors = {str(path): _plain(value) for path, value in swept.design.loc[case].items()}
        figures = {name: _rounded(group[name].mean()) for name in shown}
        rows.append({"case": int(case), **factors, "alternative": alternative, "runs": len(group), **figures})
    return rows


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _rounded(value: float) -> float | None:
    return None if value != value else float(f"{value:.6g}")
