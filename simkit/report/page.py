"""report.html: one self-contained page without scripts; the same results give the same bytes."""

from __future__ import annotations

import base64
import hashlib
import importlib
import io
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simkit.experiment.cells import Err, failure
from simkit.experiment.executors import Processes, waiting_workers
from simkit.report import breakdowns, figures, tables, targets, worlds
from simkit.report.answer import answer
from simkit.report.rounding import Format
from simkit.report.style import DRAWS, style
from simkit.report.tables import Table

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from simkit.experiment.result import Result

TEMPLATE = Path(__file__).with_name("page.html")
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


@dataclass(frozen=True)
class Picture:
    """A figure of the page: what it shows, the picture, what it says in words, and its numbers."""

    name: str
    title: str
    svg: str
    words: str
    data: list[Table]


def render(result: Result) -> str:
    """The page of a result."""
    return Page(result).text()


class Page:
    """The page of a result. Worker processes that wait draw its pictures from now on, while others prepare the rest."""

    def __init__(self, result: Result):
        self._result, self._drawing = result, Drawing(result)
        self._drawn = self._drawing.begin()

    def text(self) -> str:
        """HTML; waits for the pictures."""
        from markupsafe import Markup

        result = self._result
        shown, rest = result.outcomes, [name for name in result.measures if name not in result.outcomes]
        return template(TEMPLATE.name).render(
            result=result,
            policy=policy(TEMPLATE.read_text(encoding="utf-8")),
            answer=answer(result),
            outcomes=tables.lines(result, shown),
            others=tables.lines(result, rest),
            differences=tables.difference_table(result),
            goals=tables.goal_table(result),
            investment=breakdowns.investment_tables(result),
            targets=targets.tables(result),
            worlds=worlds.tables(result),
            breakdowns=breakdowns.tables(result),
            command=command(result),
            facts=facts(result),
            pictures=[(one, Markup(one.svg)) for one in self._drawing.pictures(self._drawn)],  # last: others draw them
        )


def template(name: str) -> Template:
    """A page of this folder, to be filled: all text is data, and nothing may be missing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(TEMPLATE.parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    pages.filters["marked"] = marked
    return pages.get_template(name)


def marked(text: str) -> Markup:
    """A sentence for the page: what stands between backticks is something to type."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def style_sheet(text: str) -> str:
    """What stands between the style tags of a page."""
    return text.partition("<style>")[2].partition("</style>")[0]


def policy(text: str) -> str:
    """A content-security policy that allows the page's own style sheet and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style_sheet(text).encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'"


@dataclass(frozen=True)
class Drawing:
    """The pictures as cells of a study, so that whoever runs cells can draw them."""

    result: Result

    @property
    def names(self) -> list[str]:
        """What there is to draw: that of worlds where there are some, the others where there are days."""
        depends = worlds.depended_on(self.result)
        return [name for name in MAKERS if (depends if name == DEPENDS else len(tables.measured(self.result)))]

    def begin(self) -> Iterable[tuple[str, Any]]:
        """Pictures by name: waiting workers draw them from now on, this process helps once it asks for them.

        Nothing where no worker waits.
        """
        waiting = waiting_workers()
        cells: Any = self.names
        if not waiting or not cells:
            return ()
        processes: Any = Processes(Drawing(_without_functions(self.result)), waiting, lend_a_hand=True)
        return processes.begin(cells, window=waiting + 1)

    def pictures(self, drawn: Iterable[tuple[str, Any]]) -> list[Picture]:
        """All there is to draw, by this process what nobody has."""
        found = dict(drawn)
        return [one if isinstance(one := found.get(name), Picture) else self.make(name) for name in self.names]

    def warm(self, helper: bool) -> None:
        """Import what draws."""
        for name in DRAWS:
            importlib.import_module(name)

    def run(self, cell: str, threads: int) -> Picture | Err:
        """One picture; what goes wrong in a worker goes wrong here again, where it can be seen."""
        try:
            return self.make(cell)
        except Exception as error:
            return failure(error)

    def make(self, name: str) -> Picture:
        """One picture."""
        with style():
            return MAKERS[name](self.result)


def command(result: Result) -> str:
    """What to type for the same results."""
    engine = "" if result.engine == "compiled" else f" --engine {result.engine}"
    name = " ".join([shlex.quote(Path(result.path).name), *(f"--set {shlex.quote(one)}" for one in result.sets)])
    extension = result.origin.get("extension")
    extend = f" --extend {shlex.quote(Path(extension['file']).name)}" if extension else ""
    return f"simkit run {name}{extend} --replications {result.replications} --seed {result.base.seed}{engine}"


def facts(result: Result) -> list[tuple[str, str]]:
    """What else is needed for the same bytes."""
    code = result.origin["code"]
    commit = f"{code['commit'][:12]}{' with uncommitted changes' if code['dirty'] else ''}" if code else "as installed"
    versions = ", ".join(f"{name} {version}" for name, version in result.origin["packages"].items())
    told = [("Code", commit), ("Packages", versions), ("Random numbers", result.origin["rng"])]
    if extension := result.origin.get("extension"):
        name, digest = Path(extension["file"]).name, extension["sha256"][:12]
        told.append(("Extension", f"{name} (sha256 {digest}…): {extension['does']}: {'; '.join(extension['changes'])}"))
    return told


# --- pictures -----------------------------------------------------------------------------------------------


def _depends(result: Result) -> Picture:
    what = "What the outcome" if len(result.alternatives) == 1 else "What the choice"
    words, data = worlds.dependence_words(result), [worlds.dependence_table(result)]
    return _picture(result, DEPENDS, f"{what} depends on most", figures.dependence, words, data)


def _signal_to_live(result: Result) -> Picture:
    share, parts = tables.live_share(result), tables.lead_parts(result)
    soon, ever = (", ".join(_each(share.loc[days], Format(0.01, 0, "%"))) for days in (7, tables.LIVE_LIMIT_DAYS))
    words = f"Signals answered by a live campaign within 7 days: {soon}; within {tables.LIVE_LIMIT_DAYS} days: {ever}."
    longest = parts.dropna(how="all").idxmax(axis=1)
    words += "".join(f" The largest part of the days until live is {told}." for told in _gathered(longest))
    rows = share.iloc[[1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 60]]
    data = [
        tables.as_table("Signals live within so many days since they happened", rows, "share"),
        tables.as_table("Mean days until live, by part, of signals that went live", parts.T, "ratio"),
    ]
    return _picture(result, "live", "From signal to live campaign", figures.signal_to_live, words, data)


def _contacts(result: Result) -> Picture:
    sent, blocked = tables.contacts_by_channel(result), tables.blocked_by_rule(result)
    tired = tables.fatigue_by_week(result)
    words = (
        f"Contacts per person and week: {', '.join(_each(sent.sum(axis=1), Format(1, 2, '')))}."
        f" Dropped or put off by a rule: {', '.join(_each(blocked.sum(axis=1), Format(1, 2, '')))}."
        f" Mean fatigue in the last full week: {', '.join(_each(tired.iloc[-1], Format(1, 3, '')))}."
    )
    data = [
        tables.as_table("Contacts per person and week by channel", sent),
        tables.as_table("Messages dropped or put off per person and week, by rule", blocked),
        tables.as_table("Mean fatigue", _thinned(tired)),
    ]
    return _picture(result, "contacts", "Contacts and fatigue", figures.contacts, words, data)


def _funnel(result: Result) -> Picture:
    stages = tables.funnel_by_week(result)
    ends = {stage: ", ".join(_each(frame.iloc[-1], _unnamed(tables.persons(frame)))) for stage, frame in stages.items()}
    words = "Persons in the last full week. " + " ".join(f"{stage.capitalize()}: {end}." for stage, end in ends.items())
    data = [tables.as_table(stage.capitalize(), _thinned(frame), "persons") for stage, frame in stages.items()]
    return _picture(result, "funnel", "Customers by stage", figures.funnel, words, data)


def _profit(result: Result) -> Picture:
    currency = result.base.currency
    parts, steps = tables.profit_parts(result), tables.profit_steps(result)
    form = tables.shared(list(parts["profit"]), currency, currency=currency)
    words = f"Profit a year: {', '.join(_each(parts['profit'], form))}."
    biggest = steps.dropna(axis=1, how="all").drop("profit").abs().idxmax().map(tables.readable)
    for told in _gathered(biggest):
        words += f" The largest part of the difference to {result.base_name} is {told}."
    parts, steps = parts.rename(columns=tables.readable), steps.rename(index=tables.readable)
    data = [
        tables.as_table("Revenue, costs and profit a year", parts, currency, currency),
        tables.as_table("What each part adds to yearly profit", steps, currency, currency),
    ]
    return _picture(result, "profit", "Profit and its parts", figures.profit, words, data)


def _picture(
    result: Result, name: str, title: str, draw: Callable[[Result], Figure], words: str, data: list[Table]
) -> Picture:
    return Picture(name, title, svg(draw(result), name, title), words, data)


def _gathered(named: Any) -> list[str]:
    """What is the same for several alternatives, once: ``rework (today, pods)``."""
    return [f"{what} ({', '.join(map(str, names.index))})" for what, names in named.groupby(named, sort=False)]


def _unnamed(form: Format) -> Format:
    """Numbers of persons where persons are already said."""
    return Format(form.scale, form.decimals, form.unit.removesuffix("persons").strip())


def _each(values: Any, form: Format) -> list[str]:
    return [f"{name} {form.quantity(value)}" for name, value in values.items()]


def _thinned(frame: Any) -> Any:
    """About thirteen rows, the first and the last among them."""
    step = max(1, len(frame) // 12)
    return frame.iloc[sorted({*range(0, len(frame), step), len(frame) - 1})]


def _without_functions(result: Result) -> Result:
    """A result that can travel to another process, where nothing is measured."""
    told = {
        name: replace(one, compute=None) if hasattr(one, "compute") else one for name, one in result.measures.items()
    }
    return replace(result, measures=told)


DEPENDS = "depends"
MAKERS: dict[str, Callable[[Result], Picture]] = {
    DEPENDS: _depends,
    "live": _signal_to_live,
    "contacts": _contacts,
    "funnel": _funnel,
    "profit": _profit,
}
"""In their order on the page."""


# --- svg ------------------------------------------------------------------------------------------------------


def svg(figure: Figure, name: str, title: str) -> str:
    """A figure as SVG to stand inside a page: no styles, no dates, names of its own, described by its caption."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=NO_METADATA)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r' style="([^"]*)"', lambda found: _attributes(found[1]), text)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    root = f'<svg role="img" aria-labelledby="{name}-title" aria-describedby="{name}-words"'
    root += ' stroke-linejoin="round" stroke-linecap="butt"'
    return re.sub(r' (width|height)="[^"]*pt"', "", text.replace("<svg", root, 1), count=2)


def _attributes(style: str) -> str:
    """``fill: #fff; stroke: none`` as attributes, so that a strict content-security policy lets them be."""
    pairs = [part.split(":", 1) for part in style.split(";") if ":" in part]
    return "".join(f' {key.strip()}="{value.strip()}"' for key, value in pairs)
