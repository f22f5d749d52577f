"""report.html of a sweep: what its analyses say, with pictures and tables, as one self-contained page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simkit.report.analyses import SHOWN_ROWS, cell, subject
from simkit.report.page import TEMPLATE, policy, style_sheet, svg, template
from simkit.report.style import style
from simkit.report.tables import Table

if TYPE_CHECKING:
    import pandas as pd

    from simkit.experiment.analysis.analyze import Analysis

NAME = "report.html"


@dataclass(frozen=True)
class Part:
    """One analysis as it stands on the page."""

    name: str
    title: str
    warnings: tuple[str, ...]
    sentences: list[str]
    drawing: Any
    """The picture as SVG; empty where the method has none."""
    tables: list[Table]


def render(analyses: Sequence[Analysis], command: str) -> str:
    """The page of some analyses of one sweep; `command` is what to type for the same page."""
    source = analyses[0].asked.source
    text = TEMPLATE.read_text(encoding="utf-8")
    return template("analysis_page.html").render(
        policy=policy(text), sheet=_markup(style_sheet(text)), name=source.name or "analysis", question=source.question,
        parts=[_part(one) for one in analyses], command=command, facts=_facts(source),
    )  # fmt: skip


def save(analyses: Sequence[Analysis], folder: Path, command: str) -> Path:
    """Write the page into a folder; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.write_text(render(analyses, command), encoding="utf-8")
    return path


def _part(analysis: Analysis) -> Part:
    name, title = re.sub(r"[^a-z]", "", analysis.method), f"{analysis.method.capitalize()}: {subject(analysis)}"
    with style():
        figure = analysis.figure()
        drawing = "" if figure is None else _markup(svg(figure, name, title))
    held = [_table(key, table) for key, table in analysis.tables.items()]
    return Part(name, title, analysis.warnings, analysis.sentences, drawing, held)


def _table(name: str, table: pd.DataFrame) -> Table:
    """As on the terminal: the first rows, and where the others are."""
    shown = table.head(SHOWN_ROWS)
    more = f", the first {SHOWN_ROWS} of {len(table)} rows; {name}.csv has all" if len(table) > SHOWN_ROWS else ""
    rows = [[cell(value) for value in row] for row in shown.itertuples(index=False)]
    return Table(f"{name.replace('_', ' ')}{more}", [str(column) for column in shown.columns], rows)


def _facts(source: Any) -> list[tuple[str, str]]:
    failed = int((source.runs["status"] != "ok").sum())
    told = [("Runs", f"{len(source.runs)} of {len(source.design)} cases, {failed} failed")]
    if len(source.design.columns):
        told.append(("Factors", ", ".join(map(str, source.design.columns))))
    return told


def _markup(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)
