"""What differs between two scenarios, on a terminal and as a document."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from simkit.experiment.differences.diff import Differences, Line
from simkit.report.rounding import shared

if TYPE_CHECKING:
    from rich.console import Console


def headline(found: Differences) -> str:
    """In how many sections the two differ, and whether their means are equal."""
    if found.none:
        return "The two scenarios simulate the same."
    names = ", ".join(found.sections)
    lines = sum(len(one) for one in found.sections.values())
    return f"{lines} difference{'s' if lines != 1 else ''} in: {names}. {means_sentence(found)}"


def means_sentence(found: Differences) -> str:
    """Whether a comparison of the two is one of like means."""
    heads, payroll = found.means.heads, found.means.payroll
    money = [_money(one, side.scenario.currency) for one, side in zip(payroll, (found.a, found.b), strict=True)]
    if found.means.equal:
        return f"Equal means: {heads[0]} people, {money[0]} a year."
    same_heads = f"{heads[0]} people in both" if heads[0] == heads[1] else f"{heads[0]} → {heads[1]} people"
    return f"Means differ: {same_heads}, payroll {money[0]} → {money[1]} a year."


def _money(value: float, currency: str) -> str:
    return shared([value], currency, currency=currency).quantity(value)


def show(found: Differences, console: Console) -> None:
    """Print it. Names from the scenarios are data."""
    from rich.text import Text

    console.print(Text(f"A: {found.a.name}\nB: {found.b.name}"))
    console.print(Text(headline(found), style="bold"))
    for section, lines in found.sections.items():
        console.print()
        console.print(Text(section, style="bold"))
        for line in lines:
            console.print(Text.assemble(f"  {line.said}", (sources(line), "dim")))


def sources(line: Line) -> str:
    """Where the two values come from, where not both are stated in the files."""
    if not line.path or (line.source_a, line.source_b) == ("the file", "the file"):
        return ""
    told = [f"{name}: {text}" for name, text in (("A", line.source_a), ("B", line.source_b)) if text]
    return f"  [{'; '.join(told)}]" if told else ""


def document(found: Differences) -> dict[str, Any]:
    """The one JSON document of ``simkit diff --json``."""
    return {
        "a": found.a.name,
        "b": found.b.name,
        "same": found.none,
        "answer": headline(found),
        "means": {"heads": found.means.heads, "payroll_per_year": found.means.payroll, "equal": found.means.equal},
        "sections": {name: [asdict(line) for line in lines] for name, lines in found.sections.items()},
    }
