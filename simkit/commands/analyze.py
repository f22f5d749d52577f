"""The command that says what a sweep's results show."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simkit.commands import terminal
from simkit.commands.shared import FAILED_RUNS, USAGE, Json, say, stop

if TYPE_CHECKING:
    from simkit.experiment.analysis.analyze import Analysis
    from simkit.experiment.analysis.asked import Asked


def analyze(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="The results folder of a sweep.")],
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METHOD",
            help="sobol, morris, tornado, regimes, break-even, robustness, scenarios, pareto or noise; may be "
            "repeated; what the design allows unless named.",
        ),
    ] = None,
    outcome: Annotated[str | None, typer.Option(metavar="MEASURE", help="Default the experiment's first.")] = None,
    alternative: Annotated[str | None, typer.Option(metavar="NAME", help="Whose outcome; default the base.")] = None,
    against: Annotated[
        str | None, typer.Option(metavar="NAME", help="Analyze the paired difference to this alternative.")
    ] = None,
    better: Annotated[str | None, typer.Option(metavar="SIDE", help="higher or lower, where nobody says.")] = None,
    lever: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="A factor that is ours to choose; may be repeated; none: no one is."),
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="What the outcome has to reach.")] = None,
    x: Annotated[str | None, typer.Option(metavar="PATH", help="Across the map; the lever of a break-even.")] = None,
    y: Annotated[str | None, typer.Option(metavar="PATH", help="Up the map.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstraps.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Default RESULTS/analysis, its page in RESULTS.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what a sweep shows: who wins where, what matters, how robust that is, with tables, pictures and a page."""
    from simkit.experiment.analysis.analyze import check_uses
    from simkit.experiment.analysis.asked import Asked, Source
    from simkit.experiment.analysis.tables import AnalysisError

    if not results.is_dir():
        stop(USAGE, f"there is no folder {str(results)!r}; `simkit sweep` makes one")
    ours = None if lever is None else () if lever == ["none"] else tuple(lever)
    try:
        if method:
            check_uses(method, alternative=alternative, against=against, better=better, levers=lever,
                       threshold=threshold, x=x, y=y, seed=seed or None)  # fmt: skip
        source = Source.of(results)
        asked = Asked(source, outcome, alternative, against, better, ours, threshold, x, y, seed).resolved()
        found = _analyses(asked, method or [])
    except AnalysisError as error:
        stop(USAGE, str(error))
    named = {
        "method": method, "outcome": outcome, "alternative": alternative, "against": against, "better": better,
        "lever": lever, "threshold": threshold, "x": x, "y": y, "seed": seed or None,
    }  # fmt: skip
    _tell(found, out or results / "analysis", out or results, _typed(results, named), as_json)
    if (asked.source.runs["status"] != "ok").any():
        raise typer.Exit(FAILED_RUNS)


def page_of(results: Path) -> Path | None:
    """The page of a finished sweep, made by all analyses that its design allows unless it is newer than the results;
    None, and why is said, where none fits or the page cannot be written.
    """
    page = results / "report.html"
    try:
        if not clear_outdated(results):
            return page
        from simkit.experiment.analysis.asked import Asked, Source
        from simkit.experiment.analysis.tables import AnalysisError

        found = _analyses(Asked(Source.of(results)).resolved(), [])
        return _written(found, results / "analysis", results, _typed(results, {}))[-1]
    except (AnalysisError, OSError) as error:  # the runs are kept, which is what was asked for
        say(f"no page: {error}")
        return None


def clear_outdated(results: Path) -> bool:
    """Take away what earlier analyses said of earlier results, also by methods that no longer fit, unless the page is
    newer than the results; whether there is no page then."""
    from simkit.experiment.analysis.analyze import METHODS, MORE_TABLES
    from simkit.experiment.storage import manifest

    page, stored = results / "report.html", results / manifest.NAME
    if page.is_file() and stored.is_file() and page.stat().st_mtime_ns >= stored.stat().st_mtime_ns:
        return False
    page.unlink(missing_ok=True)
    for stem in (*METHODS, *MORE_TABLES):
        for kind in ("csv", "svg", "png"):
            (results / "analysis" / f"{stem}.{kind}").unlink(missing_ok=True)
    return True


def _analyses(asked: Asked, named: list[str]) -> list[Analysis]:
    from simkit.experiment.analysis.analyze import fitting, run_method

    return [run_method(one, asked) for one in dict.fromkeys(named)] if named else fitting(asked)


def _typed(results: Path, named: Mapping[str, Any]) -> str:
    """What to type for the same, wherever the folder is."""
    words = ["simkit", "analyze", results.resolve().name]
    for name, value in named.items():
        for one in value if isinstance(value, list) else [value]:
            words += [] if one is None else [f"--{name}", str(one)]
    return shlex.join(words)


def _tell(found: list[Analysis], folder: Path, beside: Path, command: str, as_json: bool) -> None:
    from simkit.report.analyses import document, show

    *files, page = _written(found, folder, beside, command)
    if as_json:
        names = [str(path) for path in (*files, page)]
        terminal.print_json({"analyses": [document(one) for one in found], "files": names})
        return
    for one in found:
        show(one, terminal.console())
    say(f"wrote {len(files)} files to {folder}, and all of it as a page: {page}")


def _written(found: list[Analysis], folder: Path, beside: Path, command: str) -> list[Path]:
    """Write tables and pictures, and the page last."""
    from simkit.report import analysis_page

    files = [path for one in found for path in one.save(folder)]
    return [*files, analysis_page.save(found, beside, command)]
