"""The command that looks for the department's bottleneck."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simkit.commands.shared import FAILED_RUNS, INTERRUPTED, USAGE, Json, hand_over, load_study, stop


def bottleneck(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A scenario file.")],
    alternative: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which alternative; default the base.")
    ] = None,
    replications: Annotated[int | None, typer.Option(min=1, max=10_000, help="Paired runs.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Cores to use; the results do not depend on it.")] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="A.B=C", help="Override a value.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write the table here.")] = None,
    as_json: Json = False,
) -> None:
    """What one more person, about one more meeting a week, or half the hand-off latency would save in days to live."""
    study = load_study(file, sets)
    from simkit.experiment.inquiries import bottleneck as found_by
    from simkit.report import bottleneck as shown

    if alternative is not None and alternative not in study.alternatives:
        stop(USAGE, f"no alternative is called {alternative!r}; there are: {', '.join(study.alternatives)}")
    try:
        found = found_by.bottleneck(
            study, alternative=alternative, replications=replications, workers=workers, progress=not as_json
        )  # fmt: skip
    except found_by.NoAnswer as error:
        stop(FAILED_RUNS, str(error))
    except KeyboardInterrupt:
        stop(INTERRUPTED, "interrupted; nothing was written")
    hand_over(found, shown, out, as_json)


COMMANDS = (bottleneck,)
"""In the order of the help."""
