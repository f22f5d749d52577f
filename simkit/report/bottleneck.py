"""What one thing more would save: a sentence, then a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simkit.experiment.inquiries.bottleneck import CAMPAIGNS, SIGNALS, Bottleneck, Line, verdict_of
from simkit.experiment.statistics import Difference
from simkit.report.rounding import shared

if TYPE_CHECKING:
    from rich.console import Console


def headline(found: Bottleneck) -> str:
    """Which change saves most, and whether that is shown."""
    now = found.as_it_is(CAMPAIGNS).mean
    lines = found.lines
    if now is None or not lines:
        return "Nothing is known: no campaign was followed for long enough."
    begin = f"Campaigns take {now:.1f} days to live."
    best = next((line for line in lines if line.campaigns.verdict == "higher"), None)
    if best is None:
        return f"{begin} No single change is shown to save time."
    cost = f", for {_money(found, best)} a year" if best.cost_per_year else ""
    told = f"{_days(best.campaigns)} days{cost}."
    first = lines[0]
    if first is best:
        return f"{begin} The most is saved by {best.name}: {told}"
    more = f"Whether {first.name} saves more is undecided: {_days(first.campaigns)}."
    return f"{begin} The most that is shown to be saved is by {best.name}: {told} {more}"


def show(found: Bottleneck, console: Console) -> None:
    """Print it. Names from the scenario are data."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text(headline(found)))
    table = Table(title=Text("Days to live saved, paired by replication (95 % interval)"), title_justify="left")
    for head in ("change", "signals", "campaigns", "verdict", "cost a year", "cost per day of a campaign saved"):
        table.add_column(head)
    for line in found.lines:
        table.add_row(*(Text(cell) for cell in _row(found, line)))
    console.print(table)
    for note in notes(found):
        console.print(Text(note))


def notes(found: Bottleneck) -> list[str]:
    """What to know when reading it."""
    signals = found.as_it_is(SIGNALS)
    told = [f"{found.replications} replications of {found.alternative}; days count up to 60."]
    if signals.mean is not None:
        told.append(f"Signals (occasions) take {signals.mean:.1f} days as it is.")
    if found.left_out:
        told.append(f"Without customers, so not in it: {'; '.join(found.left_out)}.")
    told.append("Meetings and shorter ways have no cost in simkit besides the deciders' time per case.")
    return told


def _row(found: Bottleneck, line: Line) -> list[str]:
    saved, verdict, per_day = line.campaigns.difference, verdict_of(line.campaigns), ""
    if line.cost_per_year and saved and line.campaigns.verdict == "higher":
        per_day = _amount(found, line.cost_per_year / saved)
    return [line.name, _days(line.signals), _days(line.campaigns), verdict, _money(found, line), per_day]


def _days(one: Difference) -> str:
    if one.difference is None:
        return "unknown"
    spread = f" ({one.low:.2f} to {one.high:.2f})" if one.low is not None else ""
    return f"{one.difference:.2f}{spread}"


def _money(found: Bottleneck, line: Line) -> str:
    return "-" if line.cost_per_year is None else _amount(found, line.cost_per_year)


def _amount(found: Bottleneck, value: float) -> str:
    currency = found.scenario.currency
    return shared([value], currency, currency=currency).quantity(value)


def document(found: Bottleneck) -> dict[str, Any]:
    """The one JSON document of ``simkit bottleneck --json``."""
    rows = [
        {key: None if value != value else value for key, value in row.items()}
        for row in found.table().to_dict("records")
    ]
    return {
        "scenario": found.scenario.name,
        "alternative": found.alternative,
        "replications": found.replications,
        "days_to_live": {what: found.as_it_is(what).mean for what in (SIGNALS, CAMPAIGNS)},
        "changes": rows,
        "left_out": list(found.left_out),
        "answer": headline(found),
    }
