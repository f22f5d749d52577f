"""The commands of experiments: many runs under a design."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simkit.commands import terminal
from simkit.commands.shared import FAILED_RUNS, INTERRUPTED, Extend, Json, Sets, require_extension, require_file, stop

if TYPE_CHECKING:
    from simkit.experiment.files import Experiment

ExperimentPath = Annotated[Path, typer.Argument(metavar="FILE", help="An experiment file, or the folder it is in.")]


def load_file(file: Path, sets: list[str] | None, extend: Path | None) -> Experiment:
    """The experiment in a file, or in the folder that holds an `experiment.yaml`."""
    from simkit.experiment.files import load_experiment

    file = file / "experiment.yaml" if file.is_dir() else file
    require_file(file)
    require_extension(extend)
    return load_experiment(file, sets or (), extend)


def sweep(
    file: ExperimentPath,
    sets: Sets = None,
    replications: Annotated[int | None, typer.Option(min=1, max=10_000, help="Runs of each alternative.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed is other luck.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Cores to use; the results do not depend on it.")] = None,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """Run every case of an experiment under the same luck, as one table of runs."""
    experiment = load_file(file, sets, extend)
    for warning in experiment.warnings:
        typer.echo(f"warning: {warning}", err=True)
    from simkit.experiment import sweep as sweeping

    try:
        found = sweeping.sweep(experiment, replications=replications, seed=seed, workers=workers, progress=not as_json)
    except KeyboardInterrupt:
        stop(INTERRUPTED, "interrupted")
    document = sweeping.document(experiment, found)
    if as_json:
        terminal.print_json(document)
    else:
        _show(document)
    if document["failed"]:
        raise typer.Exit(FAILED_RUNS)


def _show(document: dict[str, Any]) -> None:
    """Failures first, then the mean of each outcome by case and alternative."""
    print(f"{document['question']}\n" if document["question"] else "", end="")
    cases, runs, failed = document["cases"], document["runs"], document["failed"]
    print(f"{cases} cases, {runs} runs, {failed} failed")
    for failure in document["failures"]:
        print(f"  failed: case {failure['case']}, {failure['alternative']}, replication {failure['replication']}: "
              f"{failure['error']} ({failure['times']} times)")  # fmt: skip
    rows = document["means"][:SHOWN_ROWS]
    if rows:
        terminal.print_table(rows, tuple(rows[0]))
    if len(document["means"]) > SHOWN_ROWS:
        print(f"... and {len(document['means']) - SHOWN_ROWS} more rows; --json has all")


SHOWN_ROWS = 40
COMMANDS = (sweep,)
