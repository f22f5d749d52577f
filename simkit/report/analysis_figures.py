"""The pictures of analyses: bars of indices, tornado, regime map, front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.report.analyses import form_of, subject, title_of
from simkit.report.figures import _figure, _margin, _panels, _rows, _scale
from simkit.report.style import BASE_COLOR, COLORS, INK, ROW_HEIGHT, label, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simkit.experiment.analysis.analyze import Analysis

PALE, FULL = 0.25, 0.85
"""Opacity of what is undecided and of what is decided."""
SHOWN_FACTORS = 30
LEAST_LABELED = 0.2
"""Decisions that are on the front in fewer resamples than this get no label."""


def draw(analysis: Analysis) -> Figure | None:
    """The picture of an analysis; None where its method has none."""
    one = _DRAWN.get(analysis.method)
    if one is None:
        return None
    with style():
        return one(analysis)


def _sobol(analysis: Analysis) -> Figure:
    """Total index as a pale bar, first-order in it, both with their intervals."""
    table = analysis.found.table.sort_values("total", ascending=False).head(SHOWN_FACTORS)
    figure, axes = _bars(list(table.index))
    for name, offset, color in (("first", -0.17, COLORS[0]), ("total", 0.17, COLORS[5])):
        rows = np.arange(len(table)) + offset
        axes.barh(
            rows,
            table[name].clip(lower=0),
            height=0.3,
            color=color,
            label={"first": "alone"}.get(name, "with interactions"),
        )
        axes.hlines(rows, table[f"{name}_low"], table[f"{name}_high"], color=INK, linewidth=1.1)
    axes.set_xlim(left=min(0.0, float(table[["first_low", "total_low"]].to_numpy().min())))
    axes.set_xlabel("share of the variance, 95 % intervals")
    axes.set_title(f"What {subject(analysis)} varies with")
    _below(figure, axes)
    return figure


def _morris(analysis: Analysis) -> Figure:
    """Mean size of the effects with intervals, and the floor that luck makes."""
    found = analysis.found
    table = found.table.sort_values("mu_star", ascending=False).head(SHOWN_FACTORS)
    figure, axes = _bars(list(table.index))
    rows = np.arange(len(table))
    axes.barh(rows, table["mu_star"], height=0.5, color=COLORS[0], label="mean size of the effect, 95 % interval")
    axes.hlines(rows, table["mu_star_low"], table["mu_star_high"], color=INK, linewidth=1.1)
    if found.floor:
        axes.axvline(found.floor, color=COLORS[1], linestyle="--", linewidth=1.1, label="what luck alone would give")
    form = form_of(analysis, analysis.asked.measure, table["mu_star_high"], gap=True)
    _scale(axes.xaxis, form)
    axes.set_xlabel(f"over the factor's range, {form.unit}" if form.unit else "over the factor's range")
    axes.set_title(f"What moves {subject(analysis)}")
    _below(figure, axes)
    return figure


def _tornado(analysis: Analysis) -> Figure:
    """A bar per changed case from the base, pale where no effect is shown, its value written at the end."""
    found = analysis.found
    factors = [str(name) for name in found.span.index[:SHOWN_FACTORS]]
    figure, axes = _bars(factors)
    table = found.table[found.table["factor"].isin(factors)].dropna(subset=["difference"])
    form = form_of(analysis, analysis.asked.measure, table[["difference", "low", "high"]].to_numpy(float), gap=True)
    for row, factor in enumerate(factors):
        for one in table[table["factor"] == factor].itertuples():
            up = one.difference >= 0
            shown = one.verdict in ("higher", "lower")
            axes.barh(
                row, one.difference, height=0.55, color=COLORS[0] if up else COLORS[1], alpha=FULL if shown else PALE
            )
            if one.low is not None and not np.isnan(one.low):
                axes.hlines(row, one.low, one.high, color=INK, linewidth=1.1)
            if not shown:
                continue
            axes.annotate(
                label(str(one.value)), (one.difference, row), xytext=(4 if up else -4, 7), textcoords="offset points",
                ha="left" if up else "right", va="center", fontsize=7, color="#555555",
            )  # fmt: skip
    axes.axvline(0, color=BASE_COLOR, linewidth=0.8)
    axes.margins(x=0.12)
    _scale(axes.xaxis, form)
    axes.set_xlabel(f"difference to the base case{f', {form.unit}' if form.unit else ''}; pale: no effect shown")
    axes.set_title(f"What each factor does alone: {subject(analysis)}")
    return figure


def _regimes(analysis: Analysis) -> Figure:
    """A place for each pair of values in the color of the best, pale where nobody is shown to win."""
    found = analysis.found
    best, verdict, lead = (found.grid(name) for name in ("best", "verdict", "lead"))
    colors = {name: COLORS[i % len(COLORS)] for i, name in enumerate(found.alternatives)}
    height, width = 1.3 + 0.42 * len(best.index), min(12.0, 2.2 + 0.95 * len(best.columns))
    figure = _figure(max(height, 2.6), max(width, 5.0))
    axes = _panels(figure, [(0.9, 1)], bottom=0.95, top=0.45)[0]
    form = form_of(analysis, analysis.asked.measure, lead.to_numpy(float), gap=True)
    for row, y in enumerate(best.index):
        for column, x in enumerate(best.columns):
            name = best.at[y, x]
            if not isinstance(name, str) or not name:
                continue
            wins = verdict.at[y, x] == "wins"
            axes.add_patch(_square(column, row, colors[name], FULL if wins else PALE))
            text = f"{label(name)[:14]}\n{form.number(float(lead.at[y, x]))} ahead" if wins else "undecided"
            axes.text(column, row, text, ha="center", va="center", fontsize=6.5, color="white" if wins else INK)
    axes.set_xticks(range(len(best.columns)), [_value(value) for value in best.columns])
    axes.set_yticks(range(len(best.index)), [_value(value) for value in best.index])
    axes.set_xlim(-0.5, len(best.columns) - 0.5)
    axes.set_ylim(-0.5, len(best.index) - 0.5)
    axes.set_xlabel(found.x)
    axes.set_ylabel(found.y)
    unit = f", {form.unit}" if form.unit else ""
    axes.set_title(f"Best by {title_of(analysis.asked.measure)}{unit}; pale: undecided")
    for name, color in colors.items():
        axes.plot([], [], "s", color=color, label=label(name))
    _below(figure, axes)
    return figure


def _pareto(analysis: Analysis) -> Figure:
    """Decisions by their first two outcomes: full where they are on the front for sure, pale by how seldom."""
    table = analysis.found.table
    first, second = list(analysis.asked.directions)[:2]
    figure = _figure(4.2, 7.0)
    axes = _panels(figure, [(0.9, 1)], bottom=0.6, top=0.45)[0]
    middle = (table[first].min() + table[first].max()) / 2
    for name, row in table.iterrows():
        share = row["front_probability"]
        sure = float(row["on_front"]) if np.isnan(share) else float(share)
        axes.plot(row[first], row[second], "o", color=COLORS[0], alpha=PALE + (1 - PALE) * sure, markersize=7)
        if sure >= LEAST_LABELED:
            inward = ("left", 6) if row[first] <= middle else ("right", -6)  # names stay within the picture
            axes.annotate(
                label(str(name)), (row[first], row[second]), xytext=(inward[1], 4), ha=inward[0],
                textcoords="offset points", fontsize=7,
            )  # fmt: skip
    for axis, name in ((axes.xaxis, first), (axes.yaxis, second)):
        form = form_of(analysis, name, table[name])
        _scale(axis, form)
        unit, side = f", {form.unit}" if form.unit else "", analysis.asked.directions[name]
        axis.set_label_text(f"{title_of(name)}{unit} ({side} is better)")
    axes.margins(0.15)
    axes.grid()
    axes.set_title("Nothing is better in everything; pale: not for sure")
    return figure


_DRAWN = {"sobol": _sobol, "morris": _morris, "tornado": _tornado, "regimes": _regimes, "pareto": _pareto}


def _bars(names: list[Any]) -> tuple[Figure, Axes]:
    figure = _figure(1.5 + 1.3 * ROW_HEIGHT * len(names), width=7.6)
    axes = _panels(figure, [(_margin(names), 1)], bottom=0.85, top=0.4)[0]
    _rows(axes, [str(name) for name in names])
    axes.grid(axis="x")
    return figure, axes


def _below(figure: Figure, axes: Axes) -> None:
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="lower left", bbox_to_anchor=(0, 0), ncols=min(len(names), 4), handlelength=1.2)


def _square(column: int, row: int, color: str, alpha: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.5, row - 0.5), 1, 1, color=color, alpha=alpha, linewidth=0)


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else label(str(value))
