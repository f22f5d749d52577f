"""Commands that learn from a firm's own data: what a scenario's market is fitted to."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from simkit.commands import terminal
from simkit.commands.shared import ENVIRONMENT, INVALID, NOT_MET, USAGE, Json, say, stop
from simkit.fits.work.columns import LogColumns

LOG = LogColumns()

CustomerColumn = Annotated[str, typer.Option(metavar="COL", help="Column of the customer, by name or number.")]
Snippet = Annotated[Path | None, typer.Option(metavar="SNIPPET.yaml", help="Write the scenario snippet here.")]


class Unit(StrEnum):
    """Unit of time of fitted parameters."""

    day = "day"
    week = "week"
    month = "month"
    year = "year"


class Model(StrEnum):
    """What can be fitted."""

    bg_nbd = "bg_nbd"
    sbg = "sbg"


class WearOut(StrEnum):
    """How response falls with fatigue."""

    exponential = "exponential"
    hyperbolic = "hyperbolic"
    linear = "linear"


def fit(
    data: Annotated[
        str, typer.Argument(metavar="FILE", help="A file of orders (`cdnow` for the sample), or of contracts.")
    ],
    model: Annotated[
        Model, typer.Option(help="bg_nbd: orders, with Gamma-Gamma for spend. sbg: renewals of contracts.")
    ] = Model.bg_nbd,
    customer: CustomerColumn = "customer",
    date: Annotated[str, typer.Option(metavar="COL", help="Orders: column of the date.")] = "date",
    amount: Annotated[
        str, typer.Option(metavar="COL", help="Orders: column of the money; '' when there is none.")
    ] = "amount",
    start: Annotated[str, typer.Option(metavar="COL", help="Contracts: column of the first day.")] = "start",
    end: Annotated[
        str, typer.Option(metavar="COL", help="Contracts: column of the end; empty where there is none yet.")
    ] = "end",
    period: Annotated[str, typer.Option(metavar="COL", help="A cohort: column of renewals, 0, 1, ...")] = "period",
    survivors: Annotated[str, typer.Option(metavar="COL", help="A cohort: column of those still there.")] = "survivors",
    periods: Annotated[
        int | None, typer.Option(min=1, help="Contracts: renewals of the calibration; later ones test it.")
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(metavar="F", help="How dates are written, such as %d.%m.%Y.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Last day known; of orders, later ones test the fit.")
    ] = None,
    unit: Annotated[Unit | None, typer.Option(help="Unit of time; default week, for contracts year.")] = None,
    out: Snippet = None,
    as_json: Json = False,
) -> None:
    """Fit how customers buy, or renew, to a firm's own data; print it as a snippet for `market.purchases`."""
    from simkit.fits import purchases as fit_purchases
    from simkit.fits import renewals as fit_renewals

    console = terminal.console(stderr=out is None, markup=True)
    try:
        if model is Model.sbg:
            renewal = fit_renewals.fit_renewals(
                data, customer=customer, start=start, end=end, period=period, survivors=survivors, until=until,
                periods=periods, unit=unit.value if unit else "year", date_format=date_format,
            )  # fmt: skip
            snippet, document = renewal.snippet(), fit_renewals.to_json(renewal)
            show = partial(fit_renewals.render, renewal)
        else:
            purchase = fit_purchases.fit(
                data, customer=customer, date=date, amount=amount, until=until,
                unit=unit.value if unit else "week", date_format=date_format,
            )  # fmt: skip
            snippet, document = purchase.snippet(), fit_purchases.to_json(purchase)
            show = partial(fit_purchases.render, purchase)
    except fit_purchases.FitError as error:
        stop(INVALID, str(error))
    except fit_purchases.MissingExtra as error:
        stop(ENVIRONMENT, str(error))
    if as_json:
        terminal.print_json(document)
    else:
        show(console)
    _hand_out(snippet, out, as_json)


def fit_contacts(
    sends: Annotated[str, typer.Argument(metavar="SENDS", help="A CSV or Parquet file, one row per send.")],
    customer: CustomerColumn = "customer",
    time: Annotated[str, typer.Option(metavar="COL", help="Column of the day or time of sending.")] = "time",
    channel: Annotated[
        str, typer.Option(metavar="COL", help="Column of the channel; without it all are of one.")
    ] = "channel",
    delivered: Annotated[
        str, typer.Option(metavar="COL", help="Column of 0/1, delivered or not; '' when all were.")
    ] = "delivered",
    opened: Annotated[str, typer.Option(metavar="COL", help="Column of 0/1, opened or not.")] = "opened",
    clicked: Annotated[str, typer.Option(metavar="COL", help="Column of 0/1; '' when there is none.")] = "clicked",
    opted_out: Annotated[str, typer.Option(metavar="COL", help="Column of 0/1; '' when there is none.")] = "opted_out",
    only: Annotated[str | None, typer.Option(metavar="CHANNEL", help="Fit this channel alone.")] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(metavar="CHANNEL=W", help="What a message adds to fatigue; default as simkit's channels, else 1."),
    ] = None,
    run_in: Annotated[
        int | None, typer.Option(min=0, metavar="DAYS", help="A person's first days, which tire and are not fitted.")
    ] = None,
    patience_spread: Annotated[
        float, typer.Option(min=0, max=3, help="How much people differ in patience, sigma of log; taken as known.")
    ] = 0.5,
    wear_out: Annotated[
        WearOut | None, typer.Option(help="How response falls with fatigue; default: the likeliest of the three.")
    ] = None,
    randomized: Annotated[
        bool,
        typer.Option("--randomized", help="How often each was written to was left to chance: compare people, too."),
    ] = False,
    date_format: Annotated[
        str | None, typer.Option(metavar="F", help="How times are written, such as '%d.%m.%Y %H:%M'.")
    ] = None,
    out: Snippet = None,
    as_json: Json = False,
) -> None:
    """Fit response and fatigue to a log of sends; print it as a snippet for `market.fatigue`.

    Ends with 5 when nothing can be said about fatigue, because frequency never varied or hardly anybody opened; the
    rates are printed all the same.
    """
    from simkit.experiment.progress import telling
    from simkit.fits.contacts import fit as fits
    from simkit.fits.contacts import report as contact_report

    try:
        with telling() as told:
            found = fits.fit_contacts(
                sends, customer=customer, time=time, channel=channel, delivered=delivered, opened=opened,
                clicked=clicked, opted_out=opted_out, date_format=date_format, only=only,
                weights=_weights(weight or []), run_in_days=run_in, patience_spread=patience_spread,
                wear_out=wear_out.value if wear_out else None, randomized=randomized, told=told,
            )  # fmt: skip
    except fits.FitError as error:
        stop(INVALID, str(error))
    if as_json:
        terminal.print_json(contact_report.to_json(found))
    else:
        contact_report.render(found, terminal.console(stderr=out is None, markup=True))
    _hand_out(found.snippet(), out, as_json)
    if not found.identified:
        raise typer.Exit(NOT_MET)


def fit_work(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="An event log of work: XES, CSV or Parquet.")],
    case: Annotated[str, typer.Option(metavar="COL", help="Column of the piece of work.")] = LOG.case,
    step: Annotated[str, typer.Option(metavar="COL", help="Column of the step.")] = LOG.step,
    time: Annotated[str, typer.Option(metavar="COL", help="Column of the time.")] = LOG.time,
    transition: Annotated[
        str,
        typer.Option(metavar="COL", help="Column of schedule, assign, start, complete; '' when all are completions."),
    ] = LOG.transition,
    person: Annotated[str, typer.Option(metavar="COL", help="Column of who did it.")] = LOG.person,
    unit: Annotated[str, typer.Option(metavar="COL", help="Column of the person's unit.")] = LOG.unit,
    kind: Annotated[
        str, typer.Option(metavar="COL", help="Column of the kind of work; one kind without it.")
    ] = LOG.kind,
    outcome: Annotated[str, typer.Option(metavar="COL", help="Column of approve or reject.")] = LOG.outcome,
    effort_hours: Annotated[
        str, typer.Option(metavar="COL", help="Column of hours of work booked on a completion.")
    ] = LOG.effort_hours,
    coordination_hours: Annotated[
        str, typer.Option(metavar="COL", help="Column of hours of taking over booked on it.")
    ] = LOG.coordination_hours,
    instance: Annotated[
        str, typer.Option(metavar="COL", help="Column of the pass that an event belongs to.")
    ] = LOG.instance,
    start: Annotated[
        str, typer.Option(metavar="COL", help="Column of the begin, where a row is a whole pass and --time its end.")
    ] = LOG.start,
    gate: Annotated[
        list[str] | None,
        typer.Option(metavar="STEP", help="A step that is a decision, where no column tells its outcome."),
    ] = None,
    primary_share: Annotated[
        float | None,
        typer.Option(min=0.01, max=1, help="Share of on-shift time at a step that is work on it, if known."),
    ] = None,
    time_format: Annotated[
        str | None, typer.Option(metavar="F", help="How times are written, such as '%d.%m.%Y %H:%M'; default ISO 8601.")
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE", help="Put times on this zone's clock, such as Europe/Berlin; default: as written."
        ),
    ] = None,
    out: Snippet = None,
    as_json: Json = False,
) -> None:
    """Fit a department to an event log of its work; print it as a snippet for `teams`."""
    from simkit.fits.work import fit as fits
    from simkit.fits.work import output as shown

    columns = LogColumns(
        case, step, time, transition, person, unit, kind, outcome, effort_hours, coordination_hours, instance, start
    )  # fmt: skip
    try:
        found = fits.fit_work(
            log, columns, gates=tuple(gate or ()), primary_share=primary_share, time_format=time_format,
            time_zone=time_zone,
        )  # fmt: skip
    except fits.LogError as error:
        stop(INVALID, str(error))
    if as_json:
        terminal.print_json(shown.to_json(found))
    else:
        shown.render(found, terminal.console(stderr=out is None))
    _hand_out(shown.snippet(found), out, as_json)


def _hand_out(snippet: str, out: Path | None, as_json: bool) -> None:
    """A snippet into the file asked for, else to stdout."""
    if out is not None:
        from simkit.experiment.inquiries.log_files import whole_or_nothing

        with whole_or_nothing(out) as part:
            part.write_text(snippet, encoding="utf-8")
        say(f"wrote {out}")
    elif not as_json:
        print(snippet, end="")


def _weights(options: list[str]) -> dict[str, float]:
    """The weights of channels given as CHANNEL=W."""
    weights: dict[str, float] = {}
    for option in options:
        name, _, number = option.partition("=")
        try:
            weights[name] = float(number)
        except ValueError:
            weights[name] = -1.0
        if not (name and 0 <= weights[name] <= 100):
            stop(USAGE, f"--weight {option}: expected CHANNEL=W, W from 0 to 100, such as sms=1.5")
    return weights


COMMANDS = (fit, fit_contacts, fit_work)
"""In the order of the help."""
