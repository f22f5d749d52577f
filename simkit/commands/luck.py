"""Commands about luck: whether a run forgets its start, and which alternative is best with a stated confidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from simkit.commands import terminal
from simkit.commands.shared import FAILED_RUNS, INTERRUPTED, USAGE, Extend, File, Json, Sets, load_study, stop

COLUMNS = ("mean_fatigue", "active_customers", "profit")


def warmup(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="The results folder of a run.")],
    column: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A column of daily.parquet; may be repeated.")
    ] = None,
    window: Annotated[int, typer.Option(min=0, help="Days to either side in Welch's average.")] = 7,
    out: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Draw Welch's averages here.")] = None,
    as_json: Json = False,
) -> None:
    """Say whether the warm-up of a run is long enough (MSER-5), and draw Welch's averages."""
    import pandas as pd

    from simkit.experiment.analysis.warm_up import by_day, warm_up, welch

    path = results / "daily.parquet"
    if not path.is_file():
        stop(USAGE, f"there is no {str(path)!r}; name the results folder of a `simkit run`")
    daily = pd.read_parquet(path)
    columns = tuple(column or COLUMNS)
    for name in columns:
        if name not in daily:
            stop(USAGE, f"the days have no column {name!r}; there are: {', '.join(map(str, daily.columns))}")
    names = [str(name) for name in daily["alternative"].unique()]
    found = {(name, one): warm_up(daily, name, one) for name in names for one in columns}
    if any(one is None for one in found.values()):
        stop(USAGE, "the run is too short: MSER-5 needs 50 simulated days")
    try:
        lines = {key: welch(by_day(daily, *key).dropna(axis=1).to_numpy(float), window) for key in found}
    except ValueError as error:
        stop(USAGE, f"--window: {error}")
    if out is not None:
        from simkit.report.welch import welch_averages

        welch_averages(lines, int(daily["day"].min())).savefig(out)
    rows = [
        {"alternative": key[0], **vars(one), "settled": one.settled, "enough": one.enough, "says": one.sentence}
        for key, one in found.items()
        if one is not None
    ]
    if as_json:
        terminal.print_json({"columns": rows, "picture": None if out is None else str(out)})
        return
    for row in sorted(rows, key=lambda row: row["enough"]):
        print(f"{'' if row['enough'] else 'Warning: '}{row['alternative']}: {row['says']}")


def select(
    file: File,
    indifference: Annotated[float, typer.Option(help="A smaller lead than this is none, in the outcome's unit.")],
    sets: Sets = None,
    outcome: Annotated[str | None, typer.Option(metavar="MEASURE", help="Default profit, else the first.")] = None,
    confidence: Annotated[float, typer.Option(help="Chance of being right.")] = 0.95,
    most: Annotated[int, typer.Option(min=10, max=10_000, help="Runs of an alternative at most.")] = 200,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """Choose the best alternative with a stated chance of being right, giving up early on those that are not."""
    study = load_study(file, sets, extend)
    from simkit.experiment.progress import telling
    from simkit.experiment.selecting import FailedRunError
    from simkit.experiment.selecting import select as selecting

    wanted: dict[str, Any] = {"indifference": indifference, "outcome": outcome, "confidence": confidence, "most": most}
    try:
        if as_json:
            found = selecting(study, **wanted)
        else:
            with telling() as told:
                found = selecting(study, **wanted, told=told)
    except FailedRunError as error:
        stop(FAILED_RUNS, str(error))
    except ValueError as error:
        stop(USAGE, str(error))
    except KeyboardInterrupt:
        stop(INTERRUPTED, "interrupted")
    document: dict[str, Any] = found.document()
    if as_json:
        terminal.print_json(document)
        return
    print(document["says"])
    from simkit.report.rounding import Format, decimals, shared

    rows = document["alternatives"]
    form = shared([row["mean"] for row in rows], found.unit, currency=study.base.currency)
    telling_apart = decimals(indifference / form.scale / 10) - 2  # a tenth of what counts as a lead is seen
    form = Format(form.scale, max(form.decimals, telling_apart), form.unit)
    shown = [
        row | {"mean": form.quantity(row["mean"]), "probability_of_best": f"{row['probability_of_best']:.1%}"}
        for row in rows
    ]
    terminal.print_table(shown, ("alternative", "mean", "replications", "probability_of_best"))


COMMANDS = (warmup, select)
"""In the order of the help."""
