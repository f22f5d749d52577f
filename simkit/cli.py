"""The command line: thin commands over the library. Results go to stdout, everything else to stderr.

Exit codes: 0 ok, 1 internal error, 2 usage, 3 invalid scenario, 4 finished with failed runs, 5 a check was not
met, 6 interrupted, 7 environment (disk, missing extra).
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from simkit.commands import comparing as cli_comparing
from simkit.commands import customers as cli_customers
from simkit.commands import experiments as cli_experiments
from simkit.commands import fits as cli_fits
from simkit.commands import luck as cli_luck
from simkit.commands import teams as cli_teams
from simkit.commands import terminal
from simkit.commands.shared import (
    ENVIRONMENT,
    FAILED_RUNS,
    INTERRUPTED,
    INVALID,
    NOT_MET,
    USAGE,
    Extend,
    File,
    Json,
    Sets,
    require_extension,
)
from simkit.commands.shared import folder_name as _folder_name
from simkit.commands.shared import load_study as _load
from simkit.commands.shared import say as _say
from simkit.commands.shared import stop as _stop
from simkit.commands.validating import validate
from simkit.scenario.errors import Problem, ScenarioError, SenseError

if TYPE_CHECKING:
    from simkit.scenario.load import Study


class _Commands(TyperGroup):
    """The commands, with a wrong option told in our words: a value that is none of the allowed ones comes with a word
    of the library that checks it."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


app = typer.Typer(
    cls=_Commands,
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A wind tunnel for marketing organizations: customers and teams simulated together.",
    epilog="Exit codes: 0 ok, 1 internal error, 2 usage, 3 invalid scenario, 4 finished with failed runs, "
    "5 check not met, 6 interrupted, 7 environment (disk, missing extra).",
)  # fmt: skip


class Engine(StrEnum):
    """Who drives the customers' rules; the results are the same to the bit."""

    compiled = "compiled"
    mesa = "mesa"


def main() -> None:
    """The console script: mistakes of the user end in a sentence and an exit code, never in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    atexit.register(gc.freeze)  # looking through all that is left, before it goes anyway, would take most of a second
    with _sentences():
        app()


@app.command()
def run(
    file: File,
    sets: Sets = None,
    replications: Annotated[int | None, typer.Option(min=1, max=10_000, help="Runs per alternative.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed is other luck.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Results folder; default results/<name>.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Cores to use; the results do not depend on it.")] = None,
    engine: Annotated[Engine, typer.Option(help="Who drives the customers' rules.")] = Engine.compiled,
    worlds: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Also run as many plausible worlds; default 5, 3 or none."),
    ] = None,
    no_worlds: Annotated[bool, typer.Option("--no-worlds", help="Run none.")] = False,
    uncertain: Annotated[
        list[str] | None,
        typer.Option("--uncertain", metavar="A.B=LOW..HIGH", help="Worlds differ in this, not in all doubted numbers."),
    ] = None,
    until: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MEASURE=HALF_WIDTH", help="Replications until intervals are so narrow, --replications at most."
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit 5 when a check of the scenario is not met.")] = False,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """Simulate every alternative under the same luck; print the answer, write results and report.html."""
    if file.is_file():
        from simkit.experiment.executors import start_early

        start_early(workers)
    if no_worlds and (worlds is not None or uncertain):
        _stop(USAGE, "--no-worlds stands beside --worlds or --uncertain; give one of them")
    study = _load(file, sets, extend)
    uncertainties, half_widths = _ranges(uncertain), _half_widths(until)
    folder = out or Path("results") / _folder_name(study.base.name)
    _check_writable(folder)
    from simkit.experiment import study as experiment
    from simkit.experiment.executors import kept_workers
    from simkit.report.style import DRAWS

    try:
        with kept_workers("simkit.report.page", *DRAWS):  # they help with the figures
            result = experiment.run(
                study,
                replications=replications,
                seed=seed,
                workers=workers,
                engine=engine.value,
                progress=not as_json,
                worlds=0 if no_worlds else worlds,
                uncertainties=uncertainties,
                until=half_widths,
            )
            result.save(folder)
    except KeyboardInterrupt:
        _stop(INTERRUPTED, "interrupted; no results were written")
    if as_json:
        terminal.print_json(result.document(folder))
    else:
        from simkit.report.console import show

        show(result, terminal.console(), folder)
    unmet = result.checks_failed if check else []
    for sentence in unmet:
        _say(f"check not met: {sentence}")
    if result.failed or (result.worlds and result.worlds.failed):
        raise typer.Exit(FAILED_RUNS)
    if unmet:
        raise typer.Exit(NOT_MET)


app.command()(validate)


@app.command()
def explain(
    file: File,
    sets: Sets = None,
    sources: Annotated[bool, typer.Option("--sources", help="Where every number comes from.")] = False,
    day: Annotated[bool, typer.Option("--day", help="The order of a customer's day.")] = False,
    teams: Annotated[
        bool, typer.Option("--teams", help="Organization chart of each alternative, and who does what.")
    ] = False,
    policy: Annotated[
        bool, typer.Option("--policy", help="Dry run of the contact policy: what each rule holds back (simulates).")
    ] = False,
    purchases: Annotated[
        bool, typer.Option("--purchases", help="Whether the policy reproduces the fitted purchase rate (simulates).")
    ] = False,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """Print the resolved scenario, every short form expanded; it can be fed back as a scenario file."""
    from simkit.scenario import explain as explained

    study = _load(file, sets, extend)
    document: dict[str, Any] = {}
    if sources:
        document["sources"] = explained.sources_document(explained.sources(study))
    if day:
        document["day"] = _day(study)
    if teams:
        from simkit.scenario.chart import drawn

        departments = explained.departments(study)
        document["teams"] = {name: explained.unit_rows(department) for name, department in departments.items()}
        document["charts"] = {name: drawn(department) for name, department in departments.items()}
    if purchases:
        document["purchases"] = _reproduction(study)
    if policy:
        from simkit.experiment.inquiries.policy_trial import policy_trial

        document["policy"] = {name: policy_trial(one).document for name, one in study.alternatives.items()}
    if not document:
        document["scenario"] = explained.written_out(study)
    if as_json:
        terminal.print_json(document)
    else:
        terminal.print_explained(document, study.base.currency)


@app.command()
def schema(extend: Extend = None) -> None:
    """Print the JSON Schema of the scenario file, for editors; with --extend also of an extension's parameters."""
    from simkit.scenario.extending import find
    from simkit.scenario.json_schema import file_schema
    from simkit.scenario.schema import Scenario

    require_extension(extend)
    extension = find(extend)
    terminal.print_json(file_schema(extension.scenario_class if extension else Scenario))


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Writes NAME.yaml here.")],
    preset: Annotated[str | None, typer.Option("--from", metavar="PRESET", help="Start from a preset.")] = None,
) -> None:
    """Write a commented starter file; never overwrites one."""
    from simkit.scenario.starter import write_starter

    try:
        path = write_starter(name, preset)
    except ValueError as error:
        _stop(USAGE, str(error))
    except FileExistsError as error:
        _stop(USAGE, f"{error.filename} exists; nothing was written")
    print(path)


for _command in (
    *cli_customers.COMMANDS, *cli_fits.COMMANDS, *cli_teams.COMMANDS,
    *cli_luck.COMMANDS, *cli_comparing.COMMANDS, *cli_experiments.COMMANDS,
):  # fmt: skip
    app.command()(_command)


# --- what the commands share ------------------------------------------------------------------------------


def _reproduction(study: Study) -> dict[str, Any]:
    from dataclasses import asdict

    from simkit.experiment.inquiries.purchases import reproduction

    found = reproduction(study.base)
    return {**asdict(found), "sentence": found.sentence}


def _ranges(options: list[str] | None) -> dict[str, tuple[float, float]] | None:
    """``path=low..high`` for each number that worlds shall differ in."""
    found: dict[str, tuple[float, float]] = {}
    for option in options or ():
        path, _, span = option.partition("=")
        low, dots, high = span.partition("..")
        try:
            found[path.strip()] = (float(low), float(high))
        except ValueError:
            dots = ""
        if not (path.strip() and dots):
            _stop(
                USAGE,
                f"--uncertain {option}: expected A.B=LOW..HIGH, such as market.prospects=0.1..0.4",
            )
    return found or None


def _half_widths(options: list[str] | None) -> dict[str, float] | None:
    """``measure=half_width`` for each measure whose intervals shall be narrow."""
    found: dict[str, float] = {}
    for option in options or ():
        measure, _, half = option.partition("=")
        try:
            found[measure.strip()] = float(half.replace("_", ""))
        except ValueError:
            _stop(USAGE, f"--until {option}: expected a measure, '=' and a number, such as profit=20000")
    return found or None


def _check_writable(folder: Path) -> None:
    """Before hours of simulation, not after: whether results can be written there."""
    import tempfile

    from simkit.experiment.store import check_folder

    check_folder(folder)
    above = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def _day(study: Study) -> list[dict[str, str]]:
    from simkit.customers.extension import day_of

    return [{"phase": stage.phase, "name": stage.name, "does": stage.does} for stage in day_of(study.extension)]


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    """What ends a command, as a sentence and an exit code."""
    try:
        yield
    except ScenarioError as error:
        for problem in error.problems:
            _say(_shown(problem))
        sys.exit(INVALID)
    except SenseError as error:
        _say(str(error))
        sys.exit(INVALID)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        doubt = "; nothing was written there (is the place writable, is the disk full?)" if error.strerror else ""
        _say(f"{where}{error.strerror or error}{doubt}")
        sys.exit(ENVIRONMENT)
    except MemoryError:
        _say("not enough memory; fewer market.customers with a larger market.represents need less")
        sys.exit(ENVIRONMENT)


def _shown(problem: Problem) -> str:
    """As `file:line:column: message`; an option of the command line has no line."""
    return str(problem) if problem.line else f"{problem.file}: {problem.message}"
