"""The commands of experiments: many runs under a design."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simkit.commands import terminal
from simkit.commands.analyze import analyze, clear_outdated, page_of
from simkit.commands.shared import (
    FAILED_RUNS,
    INTERRUPTED,
    INVALID,
    NOT_MET,
    USAGE,
    Extend,
    Json,
    Sets,
    folder_name,
    is_scenario,
    require_extension,
    require_file,
    say,
    stop,
)

if TYPE_CHECKING:
    from simkit.experiment.definition.files import Experiment
    from simkit.experiment.executors.choice import Place
    from simkit.experiment.reproduction.reproduce import Reproduction


class Executors(StrEnum):
    """Where cells run."""

    serial = "serial"
    dask = "dask"


ExperimentPath = Annotated[Path, typer.Argument(metavar="FILE", help="An experiment file, or the folder it is in.")]


def load_file(file: Path, sets: list[str] | None, extend: Path | None) -> Experiment:
    """The experiment in a file, or in the folder that holds an `experiment.yaml`."""
    from simkit.experiment.definition.files import load_experiment
    from simkit.scenario.errors import ScenarioError

    file = file / "experiment.yaml" if file.is_dir() else file
    require_file(file)
    require_extension(extend)
    try:
        return load_experiment(file, sets or (), extend)
    except ScenarioError:
        if is_scenario(file):
            stop(INVALID, f"{file} is a scenario; an experiment names one (scenario: {file.name}) and what is varied")
        raise


def sweep(
    file: ExperimentPath,
    sets: Sets = None,
    replications: Annotated[int | None, typer.Option(min=1, max=10_000, help="Runs of each alternative.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed is other luck.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Results folder; default results/<name>.")] = None,
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="One part of the runs, such as 2/4.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run again what failed before.")] = False,
    daily: Annotated[bool, typer.Option("--daily", help="Keep the days of every run as well.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Cores to use; the results do not depend on it.")] = None,
    executor: Annotated[Executors | None, typer.Option(help="Where cells run: this process alone, or Dask.")] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://host:8786, or its file.")
    ] = None,
    cell_timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="A run is ended after so long.")] = None,
    cell_memory: Annotated[str | None, typer.Option(metavar="2GB", help="A run is ended beyond so much.")] = None,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """Run every case of an experiment under the same luck, and write what it shows as report.html; what the results
    folder has is not run again."""
    part = _shard(shard)
    place = _place(executor, cluster, cell_timeout, cell_memory, workers)
    experiment = load_file(file, sets, extend)
    for warning in experiment.warnings:
        say(f"warning: {warning}")
    from simkit.experiment import sweep as sweeping

    folder = out or Path("results") / folder_name(experiment.name)
    try:
        found = sweeping.sweep(
            experiment,
            folder=folder,
            replications=replications,
            seed=seed,
            workers=workers,
            progress=not as_json,
            shard=part,
            retry_failed=retry_failed,
            daily=daily,
            tell=say,
            place=place,
        )
    except KeyboardInterrupt:
        clear_outdated(folder)
        stop(INTERRUPTED, f"interrupted; what is finished is kept in {folder}: the same command goes on")
    if part:
        clear_outdated(folder)
    _finish({**sweeping.document(experiment, found), "folder": str(folder)}, None if part else page_of(folder), as_json)


def _place(
    executor: Executors | None, cluster: str | None, seconds: float | None, memory: str | None, workers: int | None
) -> Place:
    """Where the cells of a sweep run, and what one of them may take."""
    from simkit.experiment.executors import Limits
    from simkit.experiment.executors.choice import Place, memory_bytes

    if cluster is not None and workers is not None:
        stop(USAGE, "--workers is of this machine; the cores of a cluster are those of its workers")
    if executor is Executors.serial and workers not in (None, 1):
        stop(
            USAGE, f"--executor serial is this process alone; --workers {workers} needs another executor, or none named"
        )
    try:
        limits = Limits(seconds, None if memory is None else memory_bytes(memory))
        return Place(executor.value if executor else None, cluster, limits)
    except ValueError as error:
        stop(USAGE, f"{error} (--executor, --cluster, --cell-timeout in seconds, --cell-memory such as 2GB)")


def _shard(text: str | None) -> tuple[int, int] | None:
    """``2/4`` as (2, 4)."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        stop(USAGE, f"--shard is I/N with I from 1 to N, such as 2/4; found {text!r}")
    return int(found[1]), int(found[2])


def merge(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Results folders of shards of one sweep.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where all of it goes; may be one that has a part already.")],
    as_json: Json = False,
) -> None:
    """Put the results of shards together, as if one sweep had made them; the shards are only read."""
    from simkit.experiment import storage

    found = storage.merge(folders, out, say)
    document = {"folder": str(out), "runs": len(found.runs), "missing": found.missing,
                "failed": int((found.runs["status"] == "failed").sum())}  # fmt: skip
    if as_json:
        terminal.print_json(document)
    else:
        missing = f"; {document['missing']} of the design are missing" if document["missing"] else ""
        print(f"{out}: {document['runs']} runs, {document['failed']} failed{missing}; `simkit analyze {out}` says "
              "what they show")  # fmt: skip


def _finish(document: dict[str, Any], page: Path | None, as_json: bool) -> None:
    if as_json:
        terminal.print_json({**document, "page": None if page is None else str(page)})
    else:
        _show(document)
        print(f"{document['folder']}: runs/*.parquet, design.parquet, manifest.json")
        print("" if page is None else f"what it shows: {page}\n", end="")
    if document["failed"]:
        raise typer.Exit(FAILED_RUNS)


def reproduce(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME_OR_FOLDER", help="A shipped experiment, or a folder of your own.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the shipped experiments.")] = False,
    sets: Sets = None,
    replications: Annotated[int | None, typer.Option(min=1, max=10_000, help="Other than the experiment's.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Other luck.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Cores to use; the results do not depend on it.")] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="Write expected.csv anew, after a change that is meant.")
    ] = False,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """Run a published experiment again: claim by claim what was expected, what came out, and whether it held."""
    from simkit.experiment.reproduction import reproduce as again
    from simkit.report import reproduction as shown

    if listed or name is None:
        _list(as_json)
        return
    require_extension(extend)
    try:
        folder = again.folder_of(name)
    except again.NotThereError as error:
        stop(USAGE, str(error))
    try:
        found = again.reproduce(folder, sets=sets or (), replications=replications, seed=seed, workers=workers,
                                extend=extend, progress=not as_json, tell=say)  # fmt: skip
    except KeyboardInterrupt:
        stop(INTERRUPTED, "interrupted")
    if as_json:
        terminal.print_json(shown.document(found))
    else:
        shown.show(found, terminal.console())
    if renew:
        _renew(folder, found)
    elif not found.reproduced:
        raise typer.Exit(NOT_MET)
    if found.failed_runs:
        raise typer.Exit(FAILED_RUNS)


def _list(as_json: bool) -> None:
    """Name and question of each shipped experiment."""
    from simkit.experiment.reproduction.reproduce import questions

    rows = [{"name": name, "question": question} for name, question in questions().items()]
    if as_json:
        terminal.print_json(rows)
    else:
        terminal.print_table(rows, ("name", "question"))


def _renew(folder: Path, found: Reproduction) -> None:
    """Commit the values of a run that nothing was changed in and that has not failed."""
    from simkit.experiment.reproduction.reproduce import EXPECTED, renewed

    if found.changed or found.failed_runs:
        stop(USAGE, "--renew is for the experiment as it is, with all its runs")
    renewed(folder, found)
    typer.echo(f"wrote {folder / EXPECTED}", err=True)


def _show(document: dict[str, Any]) -> None:
    """Failures first, then the mean of each outcome by case and alternative."""
    print(f"{document['question']}\n" if document["question"] else "", end="")
    cases, runs, failed = document["cases"], document["runs"], document["failed"]
    print(f"{cases} cases, {runs} runs, {failed} failed")
    for failure in document["failures"]:
        times = f" ({failure['times']} times)" if failure["times"] > 1 else ""
        print(f"  failed: case {failure['case']}, {failure['alternative']}, replication {failure['replication']}: "
              f"{failure['error']}{times}")  # fmt: skip
    for name, count in document["absent"].items():
        print(f"  no value: {name} in {count} of the {runs - failed} finished runs, which are in no mean of it")
    rows = document["means"][:SHOWN_ROWS]
    if not failed:
        rows = [{name: value for name, value in row.items() if name != "failed"} for row in rows]
    if rows:
        terminal.print_table([{name: _short(one) for name, one in row.items()} for row in rows], tuple(rows[0]))
    if len(document["means"]) > SHOWN_ROWS:
        print(f"... and {len(document['means']) - SHOWN_ROWS} more rows; --json has all")


def _short(value: Any) -> Any:
    """Six digits are read, not seventeen."""
    if not isinstance(value, float):
        return value
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:.6g}"


SHOWN_ROWS = 40
COMMANDS = (sweep, merge, analyze, reproduce)
