"""The commands that look at single customers and at what marketing truly brought."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simkit.commands import terminal
from simkit.commands.shared import (
    FAILED_RUNS,
    INTERRUPTED,
    USAGE,
    Extend,
    Json,
    Sets,
    folder_name,
    hand_over,
    load_study,
    refuse_experiment,
    require_extension,
    require_file,
    say,
    stop,
)

if TYPE_CHECKING:
    from simkit.experiment.inquiries.one_cell import OneCell

Source = Annotated[Path, typer.Argument(metavar="FILE_OR_RESULTS", help="A scenario file or a results folder.")]
Alternative = Annotated[str | None, typer.Option(metavar="NAME", help="Which alternative; default the base.")]
Replication = Annotated[int, typer.Option(min=0, help="Whose luck: 0 is the first replication.")]


class What(StrEnum):
    """The tables that can be exported."""

    transactions = "transactions"
    contacts = "contacts"
    sends = "sends"
    consent = "consent"
    events = "events"
    daily = "daily"
    work = "work"


class Form(StrEnum):
    """File formats."""

    csv = "csv"
    parquet = "parquet"
    xes = "xes"


def export(
    source: Source,
    what: Annotated[What, typer.Option(help="Which log.")],
    form: Annotated[Form, typer.Option("--format", help="File format; xes for work only.")] = Form.csv,
    alternative: Alternative = None,
    replication: Replication = 0,
    sets: Sets = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Default WHAT-ALTERNATIVE-REPLICATION here.")] = None,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """Write one run's log of customers, or of the department's work, for other tools; runs that one cell again."""
    from simkit.experiment.inquiries.exporting import export as write

    if form is Form.xes and what is not What.work:
        stop(USAGE, f"--format xes is for --what work; found --what {what.value}")
    cell = _cell(source, alternative, replication, sets, extend)
    path = out or Path(f"{what.value}-{folder_name(cell.alternative)}-{replication}.{form.value}")
    rows = write(cell.scenario, what.value, path, form=form.value, replication=replication)
    if as_json:
        terminal.print_json({"file": str(path), "rows": rows, "alternative": cell.alternative, "note": cell.note})
    else:
        print(f"{path}: {rows:,} rows")


def trace(
    source: Source,
    customer: Annotated[
        str | None, typer.Option(metavar="SEGMENT:INDEX", help="Whose; INDEX alone counts through all.")
    ] = None,
    campaign: Annotated[
        str | None, typer.Option(metavar="NAME", help="A piece of work instead, such as newsletter-3.")
    ] = None,
    alternative: Alternative = None,
    replication: Replication = 0,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day told.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day told.")] = None,
    sets: Sets = None,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """The diary of one customer, or of one piece of work: what happened on which day, and why."""
    if (customer is None) == (campaign is None):
        stop(USAGE, "name one of --customer SEGMENT:INDEX and --campaign NAME")
    cell = _cell(source, alternative, replication, sets, extend)
    from simkit.experiment.inquiries import tracing, tracing_work
    from simkit.report import diary as shown

    diary: tracing.Diary
    try:
        if campaign is not None:
            diary = tracing_work.trace_work(cell.scenario, campaign, replication)
        else:
            diary = tracing.trace(cell.scenario, tracing.find_customer(customer or "", cell.scenario), replication)
    except (tracing.NoSuchCustomer, tracing_work.NoSuchWork) as error:
        stop(USAGE, str(error))
    diary = diary.between(first and first.date(), last and last.date())
    if as_json:
        terminal.print_json(shown.document(diary))
    else:
        shown.show(diary, terminal.console())


def incrementality(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A scenario file.")],
    off: Annotated[str, typer.Option(metavar="WHAT", help="channel:, campaign:, journey:, segment: or rule:NAME.")],
    alternative: Alternative = None,
    replications: Annotated[int | None, typer.Option(min=1, max=10_000, help="Paired runs.")] = None,
    rerun_teams: Annotated[bool, typer.Option("--rerun-teams", help="Let the department react as well.")] = False,
    window: Annotated[float, typer.Option(min=0, max=365, help="Days for which a click counts.")] = 30,
    workers: Annotated[int | None, typer.Option(min=1, help="Cores to use; the results do not depend on it.")] = None,
    sets: Sets = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write the table here.")] = None,
    extend: Extend = None,
    as_json: Json = False,
) -> None:
    """What something truly brings, by exact counterfactual, beside what attribution would have said."""
    study = load_study(file, sets, extend)
    from simkit.experiment.inquiries import incrementality as truth
    from simkit.report import incrementality as shown

    try:
        found = truth.incrementality(
            study, off, alternative=alternative, replications=replications, rerun_teams=rerun_teams,
            window_days=window, workers=workers, progress=not as_json,
        )  # fmt: skip
    except truth.UnknownThing as error:
        stop(USAGE, str(error))
    except truth.FailedRuns as error:
        stop(FAILED_RUNS, str(error))
    except KeyboardInterrupt:
        stop(INTERRUPTED, "interrupted; nothing was written")
    hand_over(found, shown, out, as_json)


def _cell(
    source: Path, alternative: str | None, replication: int, sets: list[str] | None, extend: Path | None = None
) -> OneCell:
    from simkit.experiment.inquiries.one_cell import NoSuchCell, one_cell
    from simkit.scenario.errors import ScenarioError

    if not source.is_dir():
        require_file(source)
    require_extension(extend)
    try:
        cell = one_cell(source, alternative, replication, sets or (), extend)
    except NoSuchCell as error:
        stop(USAGE, str(error))
    except ScenarioError:
        refuse_experiment(source)
        raise
    if cell.note:
        say(f"warning: {cell.note}")
    return cell


COMMANDS = (export, trace, incrementality)
