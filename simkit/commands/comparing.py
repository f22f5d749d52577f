"""The commands that hold two scenarios against each other, or look for the best of many."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from simkit.commands import terminal
from simkit.commands.shared import (
    FAILED_RUNS,
    INTERRUPTED,
    NOT_MET,
    USAGE,
    Extend,
    File,
    Json,
    Sets,
    folder_name,
    load_study,
    refuse_experiment,
    require_extension,
    say,
    stop,
)

Workers = Annotated[int | None, typer.Option(min=1, help="Cores to use; the results do not depend on it.")]


def why(
    file: File,
    first: Annotated[str | None, typer.Argument(metavar="[A]", help="The alternative to begin with; the base.")] = None,
    second: Annotated[str | None, typer.Argument(metavar="[B]", help="The alternative to end with.")] = None,
    measure: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Shown, as often as needed; default the outcomes.")
    ] = None,
    replications: Annotated[int | None, typer.Option(min=1, max=10_000, help="Paired runs per scenario.")] = None,
    orders: Annotated[int, typer.Option(min=2, max=10_000, help="Sampled orders where all would be too many.")] = 16,
    workers: Workers = None,
    sets: Sets = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write all measures here.")] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep finished runs here: they are not run again.")
    ] = None,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """What the difference between two alternatives consists of: A is turned into B section by section."""
    study = load_study(file, sets, extend)
    from simkit.experiment.differences import why as reasons
    from simkit.report import why as shown

    try:
        found = reasons.why(
            study, first, second, measures=measure, replications=replications, orders=orders, workers=workers,
            progress=not as_json, folder=keep,
        )  # fmt: skip
    except reasons.NoAnswer as error:
        stop(FAILED_RUNS if isinstance(error, reasons.AllFailed) else USAGE, str(error))
    except KeyboardInterrupt:
        stop(
            INTERRUPTED,
            "interrupted; nothing was written" if keep is None else f"interrupted; finished runs are in {keep}",
        )
    if out is not None:
        from simkit.experiment.store import csv

        out.write_bytes(csv(found.table()))
        say(f"wrote {out}")
    if as_json:
        terminal.print_json(shown.document(found))
    else:
        shown.show(found, terminal.console())
    if found.failures:
        raise typer.Exit(FAILED_RUNS)


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A scenario file, or FILE:alternative.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another; :alternative for one of the same file.")],
    sets: Sets = None,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """What differs between two scenarios, as a reader would say it: resolved values with units and sources."""
    require_extension(extend)
    from simkit.experiment.differences import diff as differing
    from simkit.report import diff as shown
    from simkit.scenario.errors import ScenarioError

    try:
        first = differing.side(a, sets or (), extend)
        second = differing.side(b, sets or (), extend, other=str(first.study.path))
    except differing.NoSuchSide as error:
        stop(USAGE, str(error))
    except ScenarioError:
        for name in (a, b, a.rpartition(":")[0], b.rpartition(":")[0]):
            refuse_experiment(Path(name))
        raise
    found = differing.diff(first, second)
    if as_json:
        terminal.print_json(shown.document(found))
    else:
        shown.show(found, terminal.console())


def optimize(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="EXPERIMENT", help="An experiment file, or the folder it is in.")],
    trials: Annotated[int, typer.Option(min=1, max=100_000, help="Points to look at, in all.")] = 60,
    first: Annotated[int, typer.Option(min=1, max=10_000, help="Replications with which each is looked at.")] = 4,
    replications: Annotated[
        int | None, typer.Option(min=2, max=10_000, help="New ones for the best, at most; default the file's.")
    ] = None,
    outcome: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="What to do best on; several make a front.")
    ] = None,
    constraint: Annotated[
        list[str] | None, typer.Option(metavar="'NAME <= X'", help="A bound on a measure's mean.")
    ] = None,
    alternative: Annotated[str | None, typer.Option(metavar="NAME", help="Only this one; default any of them.")] = None,
    reach: Annotated[
        str | None, typer.Option(metavar="NAME=X", help="Find the one lever's value at which a measure is X.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed is other luck.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Default results/<name>-optimize or -reach.")] = None,
    workers: Workers = None,
    sets: Sets = None,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """The best values of an experiment's levers, and how sure that is; --reach: the value that gets somewhere.

    All runs are kept in the results folder; the same command goes on where it stopped. Ends with 5 when no trial keeps
    the constraints, or the value is not reachable.
    """
    from simkit.commands.experiments import load_file
    from simkit.experiment.search import problem as searched
    from simkit.experiment.search.reach import parse_reach
    from simkit.report import search as shown

    if reach is not None:
        _refuse_with_reach(context)
    experiment = load_file(file, sets, extend)
    folder = out or Path("results") / f"{folder_name(experiment.name)}-{'reach' if reach else 'optimize'}"
    options: dict[str, Any] = {"folder": folder, "workers": workers, "progress": not as_json}
    found: Any
    try:
        if reach is not None:
            from simkit.experiment.search.reach import reach as solve

            measure, value = parse_reach(reach)
            problem = searched.problem_of(
                experiment, outcomes=(), alternative=alternative or _only(experiment.alternatives), seed=seed,
                replications=replications,
            )  # fmt: skip
            found = solve(problem, measure, value, **options)
            _tell(found, as_json, shown.reached_document, shown.show_reached, folder)
            unmet, failed = found.value is None, False
        else:
            from simkit.experiment.search.optimize import optimize as search

            problem = searched.problem_of(
                experiment, outcomes=outcome, constraints=constraint or (), alternative=alternative, seed=seed,
                replications=replications,
            )  # fmt: skip
            found = search(problem, trials=trials, first=first, **options)
            _tell(found, as_json, shown.document, shown.show, folder)
            unmet, failed = found.best is None, bool(found.failed)
    except searched.SearchError as error:
        stop(USAGE, str(error))
    except KeyboardInterrupt:
        stop(INTERRUPTED, f"interrupted; what was run is kept in {folder}, the same command goes on")
    if unmet:
        raise typer.Exit(NOT_MET)
    if failed:
        raise typer.Exit(FAILED_RUNS)


def _refuse_with_reach(context: typer.Context) -> None:
    """What only a search for the best takes would do nothing beside --reach."""
    for name in ("trials", "first", "outcome", "constraint"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            stop(USAGE, f"--reach looks for one value and has no use for --{name}")


def _only(alternatives: tuple[str, ...]) -> str | None:
    return alternatives[0] if len(alternatives) == 1 else None


def _tell(found: Any, as_json: bool, document: Any, show: Any, folder: Path) -> None:
    """Print it, and keep it with the runs."""
    import json

    from simkit.experiment.search.folder import write

    form = document(found)
    write(folder / "answer.json", json.dumps(form, indent=1, ensure_ascii=False, default=str).encode("utf-8"))
    if hasattr(found, "table"):
        from simkit.experiment.store import csv

        write(folder / "trials.csv", csv(found.table()))
    if as_json:
        terminal.print_json(form)
    else:
        show(found, terminal.console())
        print(f"Runs and answer in {folder}")


COMMANDS = (why, diff, optimize)
"""In the order of the help."""
