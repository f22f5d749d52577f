"""What something truly brings, beside what it would have been credited with: a sentence or two, then one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simkit.experiment.inquiries.incrementality import MARGINAL, TENTH, TRUTH, Incrementality, Line
from simkit.experiment.statistics import Difference, paired
from simkit.report.rounding import Format, shared

if TYPE_CHECKING:
    from rich.console import Console

TITLES = {
    TRUTH: "truth: the same run without it",
    MARGINAL: "truth: its last tenth",
    "holdout": "holdout of a tenth of the persons",
    "last touch": "last touch",
    "first touch": "first touch",
    "before and after": "the week after a launch against the week before",
}


def headline(found: Incrementality) -> str:
    """What it brings, and for how much."""
    money = _money(found)
    profit, name = found.line(TRUTH).profit, found.off
    if profit.mean is None:
        return f"{name}: nothing is known."
    verb = "brings" if profit.mean >= 0 else "loses"
    luck = f" (luck: {money.range(profit.low, profit.high)})" if profit.low is not None else ""
    sentence = f"{name} {verb} {money.quantity(abs(profit.mean))} of profit a year{luck}"
    if profit.low is not None and profit.high is not None and profit.low < 0 < profit.high:
        sentence = f"{name} cannot be shown to bring or lose anything: {money.quantity(profit.mean)} a year{luck}"
    back = found.return_on_cost()
    cost = found.cost.mean
    if back is None or cost is None:
        return f"{sentence}."
    currency = found.scenario.currency
    spent = f"{money.quantity(cost)} of messages and media"
    return f"{sentence}: {spent} bring back {back:.3g} {currency} of margin for each {currency}."


def margin_sentence(found: Incrementality) -> str:
    """Whether a little less of it would be missed."""
    if f"{MARGINAL}.profit" not in found.values:
        return ""
    money, last = _money(found), found.line(MARGINAL).profit
    truth = found.values[f"{TRUTH}.profit"]
    gap = paired(found.values[f"{MARGINAL}.profit"], TENTH * truth)
    luck = f" (luck: {money.range(last.low, last.high)})" if last.low is not None else ""
    weight = {"higher": "more than", "lower": "less than"}.get(gap.verdict, "not measurably other than")
    whole = money.number(TENTH * float(truth.mean()))
    return f"Its last tenth brings {money.quantity(last.mean)}{luck}, {weight} a tenth of it all, {whole}."


def verdict(line: Line, found: Incrementality) -> str:
    """How far a method is from the truth, in words."""
    if line.error is None:
        return "exact for this market, up to luck"
    money, error = _money(found), line.error
    if error.difference is None or error.low is None or error.high is None:
        return "one replication says nothing about error"
    if error.difference == 0 and error.low == error.high:
        return "says the truth"
    span = money.range(error.low, error.high, sign=True)
    if not _clear(error):
        return f"cannot be told from the truth; off by {span}"
    word = "overstates" if error.difference > 0 else "understates"
    size, true, said = money.quantity(abs(error.difference)), found.line(TRUTH).profit.mean, line.profit.mean
    times = f", {said / true:.2g} times the truth" if true and said and true > 0 and said > 0 else ""
    return f"{word} profit by {size}{times}; off by {span}"


def show(found: Incrementality, console: Console) -> None:
    """Print the answer. Names from the scenario are data: whatever they contain is printed as it is."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    for warning in found.warnings:
        console.print(Text.assemble(("Warning: ", "yellow"), warning))
    console.print(Text(headline(found), style="bold"))
    if said := margin_sentence(found):
        console.print(Text(said))
    console.print(Text(_conditions(found), style="dim"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    money = _money(found)
    for column in ("measured by", f"revenue, {money.unit} a year", f"profit, {money.unit} a year", "verdict"):
        table.add_column(column, justify="right" if "a year" in column else "left", overflow="fold")
    for line in _lines(found):
        cells = [f"{money.number(one.mean)} ({money.range(one.low, one.high)})" for one in (line.revenue, line.profit)]
        table.add_row(*(Text(cell) for cell in (TITLES[line.method], *cells, verdict(line, found))))
    console.print(table)


def document(found: Incrementality) -> dict[str, Any]:
    """The one JSON document of ``simkit incrementality --json``."""
    table = found.table()
    rows = [{key: None if value != value else value for key, value in row.items()} for row in table.to_dict("records")]
    return {
        "scenario": found.scenario.name,
        "alternative": found.alternative,
        "off": str(found.off),
        "replications": found.replications,
        "rerun_teams": found.rerun_teams,
        "window_days": found.window_days,
        "answer": " ".join(part for part in (headline(found), margin_sentence(found)) if part),
        "cost": found.cost.mean,
        "return_on_cost": found.return_on_cost(),
        "variance_ratio": found.variance_ratio,
        "rows": rows,
        "verdicts": {line.method: verdict(line, found) for line in found.lines},
        "warnings": list(found.warnings),
    }


def _lines(found: Incrementality) -> list[Line]:
    marginal = [found.line(MARGINAL)] if f"{MARGINAL}.profit" in found.values else []
    return [*found.lines[:1], *marginal, *found.lines[1:]]


def _clear(error: Difference) -> bool:
    assert error.low is not None
    assert error.high is not None
    return error.low > 0 or error.high < 0


def _conditions(found: Incrementality) -> str:
    teams = "the department reacts" if found.rerun_teams else "launches and team cost fixed"
    many = f"{found.replications} paired replications" if found.replications > 1 else "1 replication"
    touch = f"; a touch is a click up to {found.window_days:g} days before a purchase" if len(found.lines) > 1 else ""
    return f"Alternative {found.alternative}, {many}, {teams}{touch}; intervals 95 %."


def _money(found: Incrementality) -> Format:
    """One format for all amounts, from the truth: a noisy method must not round it away."""
    truth = found.line(TRUTH)
    values = [truth.revenue.mean, truth.profit.mean]
    currency = found.scenario.currency
    return shared(values, currency, currency=currency)
