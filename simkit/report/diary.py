"""A customer's or a campaign's diary on a terminal: a date, then what happened and why."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from simkit.experiment.inquiries.tracing_work import WorkDiary

if TYPE_CHECKING:
    from rich.console import Console

    from simkit.experiment.inquiries.tracing import Diary

STYLES = {
    "purchase": "bold green", "consent": "yellow", "life": "bold", "advertisement": "dim", "click": "cyan",
    "live": "bold green", "reject": "yellow", "expire": "yellow", "approve": "green",
}  # fmt: skip


def show(diary: Diary, console: Console) -> None:
    """Print it. Names from the scenario are data: whatever they contain is printed as it is."""
    from rich.text import Text

    console.print(Text(diary.customer, style="bold"))
    console.print(Text(diary.beginning))
    for day, entries in groupby(diary.entries, key=lambda one: one.time.date()):
        console.print()
        console.print(Text(f"{day:%a} {day.day} {day:%B %Y}", style="underline"))
        for one in entries:
            console.print(Text(f"  {one.time:%H:%M}  {one.text}", style=STYLES.get(one.kind, "")))
    console.print()
    if not diary.entries:
        console.print(Text("Nothing happened."))
    console.print(Text(diary.ending))


def document(diary: Diary) -> dict[str, Any]:
    """The one JSON document of ``simkit trace --json``."""
    entries = [{"time": one.time.isoformat(), "kind": one.kind, "text": one.text} for one in diary.entries]
    told: dict[str, Any] = {
        diary.about: diary.customer, "beginning": diary.beginning, "entries": entries, "ending": diary.ending
    }  # fmt: skip
    if isinstance(diary, WorkDiary):
        told |= {"lead_seconds": diary.lead_seconds, "parts_seconds": dict(diary.parts)}
    return told
