"""The commands that hold two scenarios against each other, or look for the best of many."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simkit.commands import terminal
from simkit.commands.shared import (
    FAILED_RUNS,
    INTERRUPTED,
    USAGE,
    Extend,
    File,
    Json,
    Sets,
    load_study,
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
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """What the difference between two alternatives consists of: A is turned into B section by section."""
    study = load_study(file, sets, extend)
    from simkit.experiment import why as reasons
    from simkit.report import why as shown

    try:
        found = reasons.why(
            study, first, second, measures=measure, replications=replications, orders=orders, workers=workers,
            progress=not as_json,
        )  # fmt: skip
    except reasons.NoAnswer as error:
        stop(FAILED_RUNS if isinstance(error, reasons.AllFailed) else USAGE, str(error))
    except KeyboardInterrupt:
        stop(INTERRUPTED, "interrupted; nothing was written")
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
    from simkit.experiment import diff as differing
    from simkit.report import diff as shown

    try:
        first = differing.side(a, sets or (), extend)
        second = differing.side(b, sets or (), extend, other=str(first.study.path))
    except differing.NoSuchSide as error:
        stop(USAGE, str(error))
    found = differing.diff(first, second)
    if as_json:
        terminal.print_json(shown.document(found))
    else:
        shown.show(found, terminal.console())


COMMANDS = (why, diff)
"""In the order of the help."""
