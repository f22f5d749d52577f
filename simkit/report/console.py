"""The answer on a terminal: warnings first, then the sentence, the outcomes, and where the rest is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simkit.report.answer import answer
from simkit.report.tables import Line, lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from simkit.experiment.result import Result

EFFECT_STYLES = {"better": "green", "worse": "red", "": ""}


def show(result: Result, console: Console, folder: Path | str | None = None) -> None:
    """Print a result. Names from the scenario are data: whatever they contain is printed as it is."""
    from rich.text import Text

    for warning in result.warnings:
        console.print(Text.assemble(("Warning: ", "yellow"), warning))
    said = answer(result)
    console.print()
    console.print(Text(said.sentence, style="bold"))
    if said.runner_up:
        console.print(Text(said.runner_up))
    if said.worlds:
        console.print(Text(said.worlds))
    console.print(Text(said.doubt, style="dim"))
    console.print()
    console.print(outcome_table(lines(result, result.outcomes), len(result.alternatives)))
    if folder is not None:
        page = Path(folder) / "report.html"
        console.print()
        console.print(Text(f"Results in {folder}, the page in {page}"), soft_wrap=True)


def outcome_table(shown: list[Line], alternatives: int) -> Table:
    """A row per outcome and alternative: mean, interval, difference to the base, verdict."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("outcome", ratio=2)
    table.add_column("alternative")
    for name in ("mean", "95% interval", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict")
    for line in shown:
        title = f"{line.title}, {line.unit}" if line.unit else line.title
        for i, entry in enumerate(line.entries):
            verdict = f"{entry.verdict}{f', {entry.effect}' if entry.effect else ''}"
            table.add_row(
                Text(title if i == 0 else ""),
                Text(entry.alternative),
                Text(entry.mean),
                Text(entry.range),
                Text(entry.difference),
                Text(verdict, style=EFFECT_STYLES[entry.effect]),
                end_section=i == alternatives - 1,
            )
    return table
