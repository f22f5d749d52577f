"""What the difference between two alternatives consists of: a sentence, then a table for each outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simkit.experiment.statistics import SAME, UNDECIDED
from simkit.report.rounding import Format, shared

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from simkit.experiment.differences.why import Part, Why

WHOLE = "the whole difference"


def headline(found: Why) -> str:
    """The whole difference in the measure shown first, and the largest part that is shown."""
    if not found.shown:
        return f"From {found.first} to {found.second}: no measure is shown."
    measure = found.shown[0]
    whole, form = found.whole(measure), _form(found, measure)
    title = found.measures[measure].title.lower()
    if whole.difference is None:
        return f"From {found.first} to {found.second}: {title} is not known in any replication of all scenarios."
    told = f"From {found.first} to {found.second}, {title} changes by {form.quantity(whole.difference, sign=True)}"
    luck = f" ({form.range(whole.low, whole.high, sign=True)})" if whole.low is not None else ""
    parts = [part for part in found.parts(measure) if part.average.verdict not in (UNDECIDED, SAME)]
    if len(found.way.blocks) == 1:
        return f"{told}{luck}. All of it is {found.way.labels[0]}: nothing smaller can be told apart."
    if not parts:
        return f"{told}{luck}. No part is shown to be more than luck."
    largest = max(parts, key=lambda part: abs(part.average.difference or 0.0))
    return f"{told}{luck}. The largest part is {largest.name}: {form.quantity(largest.average.difference, sign=True)}."


def notes(found: Why) -> list[str]:
    """What to know when reading it."""
    way, told = found.way, list[str]()
    told += [
        f"{', '.join(one.sections)}: turned together, because a scenario between them makes no sense ({one.because})."
        for one in way.merged
    ]
    count = len(way.blocks)
    if count > 1:
        over = "all orders" if way.exact else f"{len(way.orders) - 1} sampled orders"
        told.append(
            f"Average: over {over} of turning {count} parts, {len(found.values)} scenarios; intervals are over "
            "simulated luck, verdicts adjusted over the parts. In order: turned one after the other as listed."
        )
        told.append(
            "Least and most: what the part brings, depending on what is turned before it; far apart, it works together "
            "with others."
        )
    for measure in found.shown:
        kept = int(found.complete(measure).sum())
        if kept < found.replications:
            known = f"{kept} of {found.replications} replications"
            told.append(f"{measure}: {known} have it in every scenario; the others are left out.")
    return told


def show(found: Why, console: Console) -> None:
    """Print it, failures first. Names from the scenario are data."""
    from rich.text import Text

    for line in failure_lines(found):
        console.print(Text.assemble(("Warning: ", "yellow"), line))
    console.print(Text(headline(found), style="bold"))
    console.print()
    for measure in found.shown:
        console.print(_table(found, measure))
    for note in notes(found):
        console.print(Text(note))


def failure_lines(found: Why) -> list[str]:
    """How many runs failed, and the first of them."""
    if not found.failures:
        return []
    total = len(found.values) * found.replications
    return [f"{len(found.failures)} of {total} runs failed; their replications are left out. {found.failures[0]}"]


def document(found: Why) -> dict[str, Any]:
    """The one JSON document of ``simkit why --json``."""
    rows = [
        {str(key): None if isinstance(value, float) and value != value else value for key, value in row.items()}
        for row in found.table().to_dict("records")
    ]
    way = found.way
    return {
        "scenario": found.scenario.name,
        "first": found.first,
        "second": found.second,
        "replications": found.replications,
        "parts": rows,
        "shown": list(found.shown),
        "merged": [{"sections": list(one.sections), "because": one.because} for one in way.merged],
        "exact": way.exact,
        "orders": [[way.labels[i] for i in order] for order in way.orders],
        "scenarios": len(found.values),
        "failures": list(found.failures),
        "answer": headline(found),
    }


def _table(found: Why, measure: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    form, parts, whole = _form(found, measure), found.parts(measure), found.whole(measure)
    title = f"{found.measures[measure].title}, {form.unit}" if form.unit else found.measures[measure].title
    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("part")
    for name in ("average", "95% interval", "in order", "least", "most"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict")
    for part in parts:
        table.add_row(*(Text(cell) for cell in _row(part, form)), end_section=part is parts[-1])
    cells = (
        WHOLE, form.number(whole.difference, sign=True), form.range(whole.low, whole.high, sign=True),
        form.number(whole.difference, sign=True), "", "", whole.verdict,
    )  # fmt: skip
    table.add_row(*(Text(cell) for cell in cells))
    return table


def _row(part: Part, form: Format) -> tuple[str, ...]:
    one = part.average
    return (
        part.name, form.number(one.difference, sign=True), form.range(one.low, one.high, sign=True),
        form.number(part.in_order.mean, sign=True), form.number(part.lowest, sign=True),
        form.number(part.highest, sign=True), one.verdict,
    )  # fmt: skip


def _form(found: Why, measure: str) -> Format:
    """One format for all numbers of a measure."""
    whole = found.whole(measure)
    values = [whole.difference, whole.low, whole.high, *(part.average.difference for part in found.parts(measure))]
    return shared(values, found.unit(measure), gap=True, currency=found.scenario.currency)
