"""Commands that learn from a firm's own data: what a scenario's market is fitted to."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from simkit import terminal
from simkit.cli_shared import ENVIRONMENT, INVALID, USAGE, say, stop

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class Unit(StrEnum):
    """Unit of time of fitted parameters."""

    day = "day"
    week = "week"
    month = "month"
    year = "year"


def fit(
    orders: Annotated[str, typer.Argument(metavar="ORDERS", help="A file of orders, or `cdnow` for the sample.")],
    customer: Annotated[
        str, typer.Option(metavar="COL", help="Column of the customer, by name or number.")
    ] = "customer",
    date: Annotated[str, typer.Option(metavar="COL", help="Column of the date.")] = "date",
    amount: Annotated[str, typer.Option(metavar="COL", help="Column of the money; '' when there is none.")] = "amount",
    date_format: Annotated[
        str | None, typer.Option(metavar="F", help="How dates are written, such as %d.%m.%Y.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Last day of the calibration; later orders test it.")
    ] = None,
    unit: Annotated[Unit, typer.Option(help="Unit of time of the parameters.")] = Unit.week,
    out: Annotated[Path | None, typer.Option(metavar="SNIPPET.yaml", help="Write the scenario snippet here.")] = None,
    as_json: Json = False,
) -> None:
    """Fit how customers buy to an order history; print it as a snippet for `market.purchases`."""
    from simkit.customers import fit_purchases as fits

    try:
        found = fits.fit(
            orders, customer=customer, date=date, amount=amount, until=until, unit=unit.value, date_format=date_format
        )
    except fits.FitError as error:
        stop(INVALID, str(error))
    except fits.MissingExtra as error:
        stop(ENVIRONMENT, str(error))
    if as_json:
        terminal.print_json(fits.to_json(found))
    else:
        fits.render(found, terminal.console(stderr=out is None, markup=True))
    if out is not None:
        out.write_text(found.snippet(), encoding="utf-8")
        say(f"wrote {out}")
    elif not as_json:
        print(found.snippet(), end="")


def fit_contacts(
    sends: Annotated[str, typer.Argument(metavar="SENDS", help="A CSV or Parquet file, one row per send.")],
    customer: Annotated[
        str, typer.Option(metavar="COL", help="Column of the customer, by name or number.")
    ] = "customer",
    time: Annotated[str, typer.Option(metavar="COL", help="Column of the day or time of sending.")] = "time",
    channel: Annotated[
        str, typer.Option(metavar="COL", help="Column of the channel; '' when there is one.")
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
    randomized: Annotated[
        bool, typer.Option("--randomized", help="Frequency was left to chance: compare people with each other, too.")
    ] = False,
    date_format: Annotated[
        str | None, typer.Option(metavar="F", help="How times are written, such as '%d.%m.%Y %H:%M'.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="SNIPPET.yaml", help="Write the scenario snippet here.")] = None,
    as_json: Json = False,
) -> None:
    """Fit response and fatigue to a log of sends; print it as a snippet for `market.fatigue`."""
    from simkit.customers import contact_report
    from simkit.customers import fit_contacts as fits

    try:
        found = fits.fit_contacts(
            sends, customer=customer, time=time, channel=channel, delivered=delivered, opened=opened, clicked=clicked,
            opted_out=opted_out, date_format=date_format, only=only, weights=_weights(weight or []),
            run_in_days=run_in, patience_spread=patience_spread, randomized=randomized,
        )  # fmt: skip
    except fits.FitError as error:
        stop(INVALID, str(error))
    if as_json:
        terminal.print_json(contact_report.to_json(found))
    else:
        contact_report.render(found, terminal.console(stderr=out is None, markup=True))
    _hand_out(found.snippet(), out, as_json)


def _hand_out(snippet: str, out: Path | None, as_json: bool) -> None:
    """A snippet into the file asked for, else to stdout."""
    if out is not None:
        out.write_text(snippet, encoding="utf-8")
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


COMMANDS = (fit, fit_contacts)
"""In the order of the help."""
