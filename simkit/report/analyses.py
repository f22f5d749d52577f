"""An analysis in words: warnings first, then sentences that are no stronger than their intervals, then tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simkit.experiment.analysis.methods import MUCH_NOISE, Scenarios
from simkit.experiment.statistics import LEVEL
from simkit.report.rounding import Format, shared

if TYPE_CHECKING:
    from rich.console import Console

    from simkit.experiment.analysis.analyze import Analysis

SHOWN_ROWS = 40
CRITERION_NAMES = {
    "mean": "mean",
    "worst": "worst world",
    "mean_regret": "mean regret",
    "regret_90": "90th percentile of regret",
    "max_regret": "largest regret",
    "satisfied": "share of worlds in which the threshold is met",
    "standard_deviation": "spread over worlds",
}
NOT_TOLD = 0.05
"""A restriction of a box with a larger chance than this is not told as one."""


def sentences(analysis: Analysis) -> list[str]:
    """What may be said."""
    return _SENTENCES[analysis.method](analysis)


def show(analysis: Analysis, console: Console) -> None:
    """Print it. Names from the scenario are data."""
    from rich.text import Text

    console.print(Text(f"{analysis.method}: {subject(analysis)}", style="bold"))
    for warning in analysis.warnings:
        console.print(Text.assemble(("Warning: ", "yellow"), warning), soft_wrap=True)
    for sentence in analysis.sentences:
        console.print(Text(sentence), soft_wrap=True)
    for name, table in analysis.tables.items():
        console.print(_table(table.head(SHOWN_ROWS)))
        if len(table) > SHOWN_ROWS:
            console.print(Text(f"... and {len(table) - SHOWN_ROWS} more rows in {name}.csv"))


def subject(analysis: Analysis) -> str:
    """What the analysis is of."""
    asked = analysis.asked
    if analysis.method in ("noise", "pareto"):
        return ", ".join(
            asked.directions if analysis.method == "pareto" else dict.fromkeys(n for n, _ in analysis.found)
        )
    whose = f" of {asked.alternative}" if analysis.method not in ("regimes", "robustness") else ""
    less = f" less {asked.against}'s" if asked.against and analysis.method in ("sobol", "morris", "tornado") else ""
    return f"{title_of(asked.measure)}{whose}{less}"


def document(analysis: Analysis) -> dict[str, Any]:
    """The JSON document of ``simkit analyze --json``."""
    return {
        "method": analysis.method,
        "subject": subject(analysis),
        "warnings": list(analysis.warnings),
        "answer": analysis.sentences,
        "tables": {name: _records(table) for name, table in analysis.tables.items()},
    }


def save(analysis: Analysis, folder: Path) -> list[Path]:
    """Tables as CSV, the picture as PNG and SVG; the files written."""
    from simkit.experiment.store import csv
    from simkit.report.style import style

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in analysis.tables.items():
        path = folder / f"{name}.csv"
        path.write_bytes(csv(table))
        written.append(path)
    figure = analysis.figure()
    if figure is not None:
        with style():
            for kind, stamp in (("svg", {"Date": None}), ("png", {"Software": None})):
                path = folder / f"{analysis.method}.{kind}"
                figure.savefig(path, dpi=150, metadata=stamp)
                written.append(path)
    return written


def title_of(outcome: str) -> str:
    """What a measure is called."""
    from simkit.measures.catalog import MEASURES

    return MEASURES[outcome].title if outcome in MEASURES else outcome


def unit_of(analysis: Analysis, outcome: str) -> str:
    """A measure's unit with the scenario's own currency; nothing for what has none or is not known."""
    from simkit.measures.catalog import MEASURES

    unit = MEASURES[outcome].unit if outcome in MEASURES else ""
    return "" if unit == "ratio" else unit.replace("currency", analysis.asked.source.currency)


def form_of(analysis: Analysis, outcome: str, values: Any, gap: bool = False) -> Format:
    """One format for numbers of an outcome that are read together."""
    known = [float(value) for value in np.ravel(values) if value is not None and np.isfinite(value)]
    return shared(list(known), unit_of(analysis, outcome), gap=gap, currency=analysis.asked.source.currency)


# --- a method's sentences -----------------------------------------------------------------------------------


def _sobol(analysis: Analysis) -> list[str]:
    table = analysis.found.table.sort_values("total", ascending=False)
    told = [
        f"{row['factor']} explains {_share(row['first'])} of the variance alone "
        f"({_share(row['first_low'])} to {_share(row['first_high'])}) and {_share(row['total'])} with its interactions "
        f"({_share(row['total_low'])} to {_share(row['total_high'])})."
        for row in _rows(table)
        if row["total_low"] > 0
    ]
    if len(told) > 1 and table["total_low"].iloc[0] <= table["total_high"].iloc[1]:
        told.append(f"Which matters most, {table.index[0]} or {table.index[1]}, is not decided.")
    silent = [str(row["factor"]) for row in _rows(table) if row["total_low"] <= 0]
    if silent:
        told.append(f"No influence is shown for {', '.join(silent)}.")
    return [*told, *_noise_of(analysis.found.noise)]


def _morris(analysis: Analysis) -> list[str]:
    found = analysis.found
    table = found.table.sort_values("mu_star", ascending=False)
    floor = found.floor or 0.0
    form = form_of(analysis, analysis.asked.measure, table["mu_star_high"], gap=True)
    told = [
        f"{row['factor']} moves it by {form.quantity(row['mu_star'])} over its range "
        f"({form.range(row['mu_star_low'], row['mu_star_high'])})"
        f"{', not evenly or not alone' if row['sigma'] > row['mu_star'] else ''}."
        for row in _rows(table)
        if row["mu_star_low"] > floor
    ]
    silent = [str(row["factor"]) for row in _rows(table) if row["mu_star_low"] <= floor]
    if silent:
        told.append(f"No influence is shown for {', '.join(silent)}.")
    return [*told, *_noise_of(found.noise)]


def _tornado(analysis: Analysis) -> list[str]:
    found = analysis.found
    form = form_of(
        analysis, analysis.asked.measure, found.table[["difference", "low", "high"]].to_numpy(float), gap=True
    )
    shown = found.table[found.table["verdict"].isin(["higher", "lower"])]
    told = [
        f"{row['factor']} = {row['value']} instead of {row['base_value']}: "
        f"{form.quantity(row['difference'], sign=True)} ({form.range(row['low'], row['high'], sign=True)})."
        for row in _rows(shown)
    ]
    silent = [str(name) for name in found.span.index if name not in set(shown["factor"])]
    if silent:
        told.append(f"No effect is shown for {', '.join(silent)}.")
    return told


def _noise(analysis: Analysis) -> list[str]:
    told = []
    for (outcome, name), one in analysis.found.items():
        what = f"{title_of(outcome)} of {name}"
        if one.replications < 2:
            told.append(f"{what}: how much is luck cannot be told from one replication.")
        elif one.luck_share is None:
            told.append(f"{what}: it is the same in all runs.")
        elif one.noise_share is None:
            told.append(f"{what}: the variance of a single run is all luck; all cases have the same average.")
        else:
            told.append(
                f"{what}: {_share(one.luck_share)} of the variance of a single run is luck, "
                f"{_share(one.noise_share)} of that between averages over {one.replications} replications."
            )
    return told


def _noise_of(found: Any) -> list[str]:
    if found.noise_share is None:
        return ["How much of this is luck cannot be told from one replication."]
    if found.noise_share <= MUCH_NOISE:  # more than that is a warning already
        return [f"Luck makes {_share(found.noise_share)} of the variance between the averages."]
    return []


def _robustness(analysis: Analysis) -> list[str]:
    found = analysis.found
    told = [f"Over {found.worlds} worlds:"]
    for row in _rows(found.best):
        name = CRITERION_NAMES[row["criterion"]]
        if not row["best"]:
            told.append(f"By {name} none is alone at the top.")
            continue
        sure = "" if found.settled(row["criterion"]) else "; not settled"
        told.append(f"By {name}: {row['best']}, in {_share(row['probability'])} of the resamples{sure}.")
    return told


def _scenarios(analysis: Analysis) -> list[str]:
    found: Scenarios = analysis.found
    box, rows = found.prim.box, _rows(analysis.tables["scenario_box"])
    counted = ", by its average" if found.undecided else ""
    told = [f"In {_share(found.prim.share)} of {found.cases} cases {found.what}{counted}."]
    loose = [str(row["factor"]) for row in rows if row["chance"] >= NOT_TOLD]
    if len(loose) == len(rows) or box.density <= found.prim.share:
        return [*told, "No box of conditions is shown to hold them."]
    limits = " and ".join(f"{row['factor']} in {row['inside']}" for row in rows)  # the shares are of the whole box
    told.append(
        f"Where {limits}: in {_share(box.density)} of {box.cases} cases, {_share(box.coverage)} of all such cases."
    )
    if loose:
        told.append(f"That it limits {', '.join(loose)} may be chance.")
    return told


def _regimes(analysis: Analysis) -> list[str]:
    found = analysis.found
    won = found.table[found.table["verdict"] == "wins"]["best"].value_counts()
    places = len(found.table)
    if not len(won):
        return [f"In none of {places} places is anybody shown to be best."]
    (first, count), *others = won.items()
    rest = "".join(f", {name} in {number}" for name, number in others)
    wrong = max(1, round((1 - LEVEL) * places))
    return [
        f"Of {places} places, {first} is shown to be best in {count}{rest}; {found.undecided} are undecided.",
        f"Each place by itself is wrong in at most {_share(1 - LEVEL)}: of {places} about {wrong} could be.",
    ]


def _break_even(analysis: Analysis) -> list[str]:
    found, row = analysis.found, _rows(analysis.tables["break_even"])[0]
    pair, ends = f"{row['alternative']} and {row['against']}", f"{found.lower:g} and {found.upper:g}"
    if found.status == "undecided":
        return [f"No break-even of {pair} is shown between {ends}: which is higher at the ends is undecided."]
    if found.at is None:
        word = found.status.split()[0]
        return [f"{row['alternative']} is {word} than {row['against']} at both ends of {row['lever']}, {ends}."]
    low = f"{found.low:.4g}" if found.low is not None else f"below {found.lower:g}"
    high = f"{found.high:.4g}" if found.high is not None else f"above {found.upper:g}"
    rises = "higher" if found.direction > 0 else "lower"
    return [
        f"{pair} are equal at {row['lever']} = {found.at:.4g} (95 % interval {low} to {high}); above it "
        f"{row['alternative']} is {rises}."
    ]


def _pareto(analysis: Analysis) -> list[str]:
    table = analysis.found.table
    front = table[table["on_front"]]
    sure = front["front_probability"] >= LEVEL
    told = [f"Nothing is better in every outcome than {_named(front[sure])}."] if sure.any() else []
    if (~sure).any():
        told.append(f"On the front by their averages, but not for sure: {_named(front[~sure])}.")
    out = table[~table["on_front"]]
    open_ones = out[out["front_probability"] > 1 - LEVEL]
    if len(open_ones):
        told.append(f"Beaten by their averages, but not for sure: {_named(open_ones)}.")
    return told


def _named(rows: pd.DataFrame) -> str:
    named = []
    for row in _rows(rows):
        share = row["front_probability"]
        named.append(
            f"{row['decision']} ({'one replication' if np.isnan(share) else f'{_share(share)} of the resamples'})"
        )
    return ", ".join(named)


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.reset_index().to_dict("records")]


_SENTENCES = {
    "sobol": _sobol, "morris": _morris, "tornado": _tornado, "noise": _noise, "robustness": _robustness,
    "scenarios": _scenarios, "regimes": _regimes, "break-even": _break_even, "pareto": _pareto,
}  # fmt: skip


# --- tables -------------------------------------------------------------------------------------------------


def _share(value: float) -> str:
    if 0 < value < 0.005:
        return "less than 1 %"
    return f"{100 * value:.0f} %"


def _table(table: pd.DataFrame) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in table.columns:
        numeric = pd.api.types.is_numeric_dtype(table[name])
        shown.add_column(Text(str(name)), justify="right" if numeric else "left", overflow="fold")
    for row in table.itertuples(index=False):
        shown.add_row(*(Text(cell(value)) for value in row))
    return shown


def cell(value: Any) -> str:
    """A value of a table as text."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "–"
    return (
        f"{value:.4g}"
        if isinstance(value, float) and abs(value) < 1000
        else f"{value:,.0f}"
        if isinstance(value, float)
        else str(value)
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): None if isinstance(value, float) and not np.isfinite(value) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]
