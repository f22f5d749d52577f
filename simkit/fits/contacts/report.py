"""What `simkit fit-contacts` prints and exports."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from simkit.fits.contacts.frequency import steady_frequencies, summary
from simkit.fits.contacts.result import ContactFit, Estimated
from simkit.fits.output import digits, plain, table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

RATES = (
    ("bounce", "sent messages that did not arrive"),
    ("opened", "opened, of delivered, as observed"),
    ("click_given_open", "clicked, of opened"),
    ("opted_out", "opted out, of delivered, as observed"),
    ("open_rate", "opened, of delivered, at no fatigue"),
    ("opt_out", "opted out, of delivered, at no fatigue"),
)


def render(fit: ContactFit, console: Console) -> None:
    """Print a fit: warnings, what it means, then frequencies, fatigue, rates, and whether opens follow the fatigue."""
    for warning in fit.warnings:
        console.print(f"[bold yellow]warning[/]: {warning}", highlight=False)
    for sentence in summary(fit):
        console.print(sentence, highlight=False, markup=False)
    console.print()
    if len(steady_frequencies(fit)):
        console.print(_steady(fit))
    if fit.identified:
        console.print(_fatigue(fit), f"wear-out: {fit.wear_out}, {fit.why_wear_out()}\n")
    console.print(_rates(fit))
    if fit.identified:
        console.print(_check(fit))
    console.print(_counts(fit))


def to_json(fit: ContactFit) -> dict[str, Any]:
    """A fit as plain numbers, text and lists, ready for json.dump; what is not known is None."""
    told = ("source", "command", "days", "run_in_days", "rows", "people", "fitted_rows", "fitted_people", "variation",
            "patience_spread", "assumed_half_life", "wear_out", "wear_out_aic", "fatigue_gain", "weights",
            "warnings")  # fmt: skip
    return plain(
        {
            **{name: getattr(fit, name) for name in told},
            "first": f"{fit.first:%Y-%m-%d}",
            "fatigue": {name: {"unit": unit, **asdict(found)} for name, unit, found in fit.shared()},
            "channels": {name: asdict(rates) for name, rates in fit.channels.items()},
            "summary": list(summary(fit)),
            "steady_frequencies": steady_frequencies(fit).to_dict("records"),
            "check": fit.check.to_dict("records"),
        }
    )


def _counts(fit: ContactFit) -> Table:
    made = table(f"{fit.source}: {fit.days} days from {fit.first:%Y-%m-%d}", "what", "how many")
    made.add_row("sends read", f"{fit.rows:,}")
    made.add_row("people", f"{fit.people:,}")
    made.add_row(f"delivered messages fitted, after each person's first {fit.run_in_days} days", f"{fit.fitted_rows:,}")
    made.add_row("people they went to", f"{fit.fitted_people:,}")
    made.add_row("fatigue varies around a person's mean by", f"{fit.variation:.1%}")
    if not math.isnan(fit.fatigue_gain):
        made.add_row("log-likelihood that fatigue adds", f"{fit.fatigue_gain:.1f}")
    return made


def _steady(fit: ContactFit) -> Table:
    title = f"If everybody got a steady number of messages a week ({fit.lead_channel}, and nothing else)"
    made = table(
        title, "a week", "fatigue", "opened", "opens per person and week", "of 1,000 opt out in 30 days", "note"
    )
    for _, row in steady_frequencies(fit).iterrows():
        lost = "" if math.isnan(row["lost_of_1000"]) else f"{row['lost_of_1000']:.0f}"
        cells = (
            f"{row['per_week']:g}",
            f"{row['fatigue']:.2f}",
            f"{row['opened']:.1%}",
            f"{row['opens_per_week']:.2f}",
        )
        made.add_row(*cells, lost, "" if row["seen"] else "more fatigue than this log has seen",
        )  # fmt: skip
    return made


def _fatigue(fit: ContactFit) -> Table:
    made = table("Fatigue, for market.fatigue", "parameter", "estimate", "95 % interval", "unit", "note")
    for name, unit, found in fit.shared():
        note = "for market.affinity_spread" if name == "affinity_spread" else ""
        made.add_row(name, *_cells(found), unit, f"not identifiable: {found.why_not}" if found.why_not else note)
    made.add_row("patience_spread", digits(fit.patience_spread, 3), "", "sigma of log", "given, not estimated")
    return made


def _rates(fit: ContactFit) -> Table:
    made = table("Rates by channel", "channel", "what", "estimate", "95 % interval", "note")
    for name, rates in fit.channels.items():
        for field, words in RATES:
            found = getattr(rates, field)
            unknown = "not identifiable" if found.why_not == fit.delta.why_not else f"not identifiable: {found.why_not}"
            note = unknown if found.why_not else ""
            made.add_row(name, words, *_cells(found), note, end_section=field == RATES[-1][0])
    return made


def _check(fit: ContactFit) -> Table:
    made = table("Opens by fatigue", "fatigue from", "to", "delivered", "opened", "expected")
    for _, row in fit.check.iterrows():
        expected = "" if math.isnan(row["expected"]) else f"{row['expected']:.3f}"
        band = (f"{row['from']:.2f}", f"{row['to']:.2f}", f"{row['sends']:,.0f}")
        made.add_row(*band, f"{row['observed']:.3f}", expected)
    return made


def _cells(found: Estimated) -> tuple[str, str]:
    if found.why_not:
        return "", ""
    return digits(found.value, 4), f"{digits(found.low, 4)} to {digits(found.high, 4)}"
