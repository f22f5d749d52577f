"""The pictures of a study, as matplotlib figures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simkit.report import tables
from simkit.report.rounding import MINUS, Format, shared
from simkit.report.style import (
    BAR,
    BASE_COLOR,
    COLORS,
    COST_COLORS,
    INK,
    LEAD_COLORS,
    LEAST_PART,
    LEGEND_ROW,
    PART_COLORS,
    PROFIT_COLOR,
    ROW_HEIGHT,
    WIDTH,
    fill,
    label,
    pen,
    style,
)  # fmt: skip

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from simkit.experiment.result import Result

# --- one measure --------------------------------------------------------------------------------------------


def outcome(result: Result, measure: str) -> Figure:
    """One measure by alternative: mean, 95 % interval, and every replication as a small point."""
    with style():
        figure = _figure(1.2 + 1.4 * ROW_HEIGHT * len(result.alternatives), width=7.0)
        axes = _panels(figure, [(_margin(result.alternatives), 1)], bottom=0.55)[0]
        known = [value for name in result.alternatives for value in result.values(name, measure)]
        form = shared(known, result.unit(measure), currency=result.base.currency)
        for row, name in enumerate(result.alternatives):
            color = pen(result, name)["color"]
            values = result.values(name, measure)
            axes.plot(values, np.full(values.size, row + 0.22), ".", color=color, alpha=0.45, markersize=4)
            _interval(axes, result, name, measure, row, color)
        _rows(axes, result.alternatives)
        axes.set_title(result.measures[measure].title)
        axes.set_xlabel(form.unit)
        _scale(axes.xaxis, form)
        axes.grid(axis="x")
    return figure


def _interval(axes: Axes, result: Result, name: str, measure: str, row: float, color: str) -> None:
    spread = result.interval(name, measure)
    if spread.mean is None:
        return
    if spread.low is not None and spread.high is not None:
        axes.plot([spread.low, spread.high], [row, row], color=color, linewidth=2.2, solid_capstyle="butt")
    axes.plot([spread.mean], [row], "o", color=color, markersize=6, markeredgecolor="white")


# --- plausible worlds ---------------------------------------------------------------------------------------


LONG_NAME = 72
"""Of a name that is longer, so many characters at its end."""


def dependence(result: Result) -> Figure:
    """The rank correlation of the lead with each number, its 95 % interval, and pale where it may be luck."""
    from simkit.report.worlds import depended_on

    with style():
        held = depended_on(result)
        names = [one.name[-LONG_NAME:] for one, _, _ in held]
        figure = _figure(0.95 + ROW_HEIGHT * len(held))
        axes = _panels(figure, [(0.35 + 0.07 * max(map(len, names), default=0), 1)], bottom=0.55, top=0.15)[0]
        for row, (one, low, high) in enumerate(held):
            color, alpha = COLORS[0 if one.correlation >= 0 else 1], 0.85 if one.sure else 0.25
            axes.barh(row, one.correlation, color=color, alpha=alpha, **BAR)
            axes.plot([low, high], [row, row], color=INK, linewidth=1.1, marker="|", markersize=5)
        _rows(axes, names, whole=True)
        axes.axvline(0, color=BASE_COLOR, linewidth=0.8)
        axes.set_xlim(-1, 1)
        axes.set_xlabel("rank correlation over the worlds, with 95 % intervals")
        _scale(axes.xaxis, Format(1, 1, ""))
        axes.grid(axis="x")
    return figure


# --- the pictures of the days --------------------------------------------------------------------------


def signal_to_live(result: Result) -> Figure:
    """How fast signals are answered, and where the days go."""
    with style():
        parts = _few(tables.lead_parts(result))
        below = 0.5 + LEGEND_ROW * -(-len(parts.columns) // 3)
        above = _above(result.alternatives)
        figure = _figure(2.25 + above + below)
        left, right = _panels(figure, [(0.5, 1), (_margin(result.alternatives), 1.05)], bottom=below, top=above)
        share = tables.live_share(result)
        for name in share:
            left.step(share.index, share[name], where="post", label=label(str(name)), **pen(result, str(name)))
        left.set(xlim=(0, tables.LIVE_LIMIT_DAYS), ylim=(0, 1), xlabel="days since it happened")
        left.set_title("Signals answered by a live campaign")
        _scale(left.yaxis, Format(0.01, 0, "%"))
        left.grid()
        _legend(figure, left)
        colors = [LEAD_COLORS.get(str(name), LEAD_COLORS["other"]) for name in parts]
        _stack(right, parts, colors, shared(list(parts.sum(axis=1)), "days"))
        right.set_title("Where the days of answered signals go")
    return figure


def contacts(result: Result) -> Figure:
    """What customers are sent, what the contact policy stops, and how tired they get."""
    with style():
        channels, rules = tables.contacts_by_channel(result), tables.blocked_by_rule(result)
        below = 0.5 + LEGEND_ROW * -(-max(len(channels.columns), len(rules.columns)) // 2)
        wide, above = _margin(result.alternatives), _above(result.alternatives)
        figure = _figure(1.25 + 0.6 * ROW_HEIGHT * len(result.alternatives) + above + below)
        sent, blocked, tired = _panels(figure, [(wide, 1), (0.35, 1), (0.6, 1)], bottom=below, top=above)
        for axes, frame, title in (
            (sent, channels, "Contacts per person and week"),
            (blocked, rules, "Dropped or put off by a rule"),
        ):
            _stack(axes, frame, PART_COLORS, shared(list(frame.sum(axis=1)), "ratio"), legend_columns=2)
            axes.set_title(title)
        blocked.set_yticklabels([])
        _over_time(tired, result, tables.fatigue_by_week(result), Format(1, 2, ""))
        tired.set_title("Mean fatigue")
        tired.set_xlabel("week")
        _legend(figure, tired)
    return figure


def funnel(result: Result) -> Figure:
    """How many persons are in each stage, week by week."""
    with style():
        stages = tables.funnel_by_week(result)
        rows = max(1, -(-len(stages) // 4))
        above = _above(result.alternatives)
        figure = _figure(1.85 * rows + above - 0.05)
        grid = _panels(figure, [(0.5, 1)] * 4, rows=rows, bottom=0.5, top=above, between=0.55)
        for axes, (stage, frame) in zip(grid, stages.items(), strict=False):
            form = tables.persons(frame)
            _over_time(axes, result, frame, form)
            axes.set_title(f"{stage.capitalize()}, {form.unit}", weight="normal")
        for axes in grid[len(stages) :]:
            axes.set_axis_off()
        for axes in grid[-4:]:
            axes.set_xlabel("week")
        _legend(figure, grid[0])
    return figure


def profit(result: Result) -> Figure:
    """Where revenue goes, and what makes the difference in profit."""
    with style():
        parts, steps = tables.profit_parts(result), tables.profit_steps(result)
        margins = _margin(result.alternatives), _margin(steps.index)
        columns = _columns(steps.columns, (WIDTH - sum(margins) - 0.3) / 2.1, 3, 0.35)
        below = max(1.05, 0.6 + LEGEND_ROW * -(-len(steps.columns) // columns))
        drawn = max(1.05 + 0.6 * ROW_HEIGHT * len(result.alternatives), 0.25 + 0.1 * steps.size)
        figure = _figure(drawn + 0.4 + below)
        left, right = _panels(figure, [(margins[0], 1.1), (margins[1], 1)], bottom=below)
        _revenue(left, result, parts)
        _bridge(right, result, steps, columns)
    return figure


def _revenue(axes: Axes, result: Result, parts: pd.DataFrame) -> None:
    """Each bar spans revenue: profit first, then the costs; a loss makes it begin left of zero."""
    form = _money(result, parts.to_numpy())
    costs = [name for name in tables.COST_PARTS if name in parts]
    rows = np.arange(len(parts))
    gain = parts["profit"].to_numpy(float)
    axes.barh(rows, np.maximum(gain, 0), color=PROFIT_COLOR, label="profit", **BAR)
    start = gain.copy()
    for name in costs:
        width = parts[name].to_numpy(float)
        axes.barh(rows, width, left=start, color=COST_COLORS[name], label=tables.readable(name), **BAR)
        start += width
    for row, name in enumerate(result.alternatives):
        _whisker(axes, result.interval(name, "profit"), row)
    _rows(axes, result.alternatives)
    axes.axvline(0, color="#9a9a9a", linewidth=0.7)
    if (gain < 0).any():
        axes.set_xlabel("a bar that begins left of zero begins at the loss")
    axes.set_title(f"Revenue a year: profit and costs, {form.unit}")
    _scale(axes.xaxis, form)
    axes.grid(axis="x")
    _legend_below(axes)


def _bridge(axes: Axes, result: Result, steps: pd.DataFrame, legend_columns: int = 3) -> None:
    """For each part, what it adds to the difference in profit to the base."""
    form = _money(result, steps.to_numpy())
    names, height = list(steps.columns), 0.76 / max(1, len(steps.columns))
    for i, name in enumerate(names):
        rows = np.arange(len(steps)) + (i - (len(names) - 1) / 2) * height
        axes.barh(rows, steps[name], height * 0.9, label=label(name), **fill(result, name))
        _whisker(axes, result.difference("profit", name, result.base_name), rows[-1])
    _rows(axes, [tables.readable(name) for name in steps.index])
    axes.axvline(0, color="#9a9a9a", linewidth=0.7)
    axes.axhline(len(steps) - 1.5, color="#cfcfcf", linewidth=0.7)
    axes.set_title(f"Adds to yearly profit, {form.unit}" if names else "No alternative to compare")
    _scale(axes.xaxis, form)
    axes.grid(axis="x")
    if names:
        axes.set_xlabel(f"against {label(result.base_name)}")
        _legend_below(axes, legend_columns)


# --- shared -------------------------------------------------------------------------------------------------


def _figure(height: float, width: float = WIDTH) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def _panels(
    figure: Figure,
    columns: Sequence[tuple[float, float]],
    *,
    rows: int = 1,
    top: float = 0.4,
    bottom: float = 0.4,
    between: float = 0.0,
) -> list[Axes]:
    """Axes row by row; a column is (inches left of it for labels, its share of the rest), the rest in inches.

    Placed by hand because automatic layout draws everything twice, which would double the time of the page.
    """
    width, height = figure.get_size_inches()
    free = width - sum(margin for margin, _ in columns) - 0.3
    tall = (height - top - bottom - between * (rows - 1)) / rows
    axes = []
    for row in range(rows):
        left, low = 0.0, bottom + (rows - 1 - row) * (tall + between)
        for margin, share in columns:
            left += margin
            wide = free * share / sum(one for _, one in columns)
            axes.append(figure.add_axes((left / width, low / height, wide / width, tall / height)))
            left += wide
    return axes


def _margin(names: Any) -> float:
    """Inches that row labels need."""
    return 0.35 + 0.075 * max((len(label(str(name))) for name in names), default=0)


def _few(parts: pd.DataFrame) -> pd.DataFrame:
    """Parts that can be seen in some bar, and all the rest as one."""
    seen = parts.div(parts.sum(axis=1), axis=0).max() >= LEAST_PART
    if seen.all():
        return parts
    return parts.loc[:, seen].assign(other=parts.loc[:, ~seen].sum(axis=1))


def _stack(axes: Axes, frame: pd.DataFrame, colors: Sequence[str], form: Format, legend_columns: int = 3) -> None:
    """Stacked bars, a row per alternative, the total written at the end."""
    start = np.zeros(len(frame))
    for i, name in enumerate(frame):
        width = frame[name].fillna(0).to_numpy(float)
        color = colors[i % len(colors)]
        axes.barh(np.arange(len(frame)), width, left=start, color=color, label=name, **BAR)
        start += width
    for row, total in enumerate(start):
        axes.annotate(form.quantity(total), (total, row), xytext=(4, 0), textcoords="offset points", va="center")
    _rows(axes, [str(name) for name in frame.index])
    axes.set_xlim(0, float(start.max(initial=0)) * 1.16 or form.scale)
    _scale(axes.xaxis, form)
    axes.grid(axis="x")
    if len(frame.columns):
        _legend_below(axes, legend_columns)


def _over_time(axes: Axes, result: Result, frame: pd.DataFrame, form: Format) -> None:
    for name in frame:
        axes.plot(frame.index, frame[name], label=label(str(name)), **pen(result, str(name)))
    axes.set_ylim(0, float(np.nanmax(frame.to_numpy(float), initial=0)) * 1.08 or form.scale)
    first, last = (float(frame.index.min()), float(frame.index.max())) if len(frame) else (0.0, 1.0)
    axes.set_xlim(first, last if last > first else first + 1.0)
    _scale(axes.xaxis, Format(1, 0, ""))
    _scale(axes.yaxis, form)
    axes.grid()


def _rows(axes: Axes, names: Sequence[str], whole: bool = False) -> None:
    """Name the rows, the first on top; long names are cut unless they are wanted `whole`."""
    axes.set_yticks(range(len(names)), [name if whole else label(name) for name in names])
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.spines["left"].set_visible(False)


def _whisker(axes: Axes, spread: Any, row: float) -> None:
    """A 95 % interval over a bar."""
    if spread.low is not None:
        axes.plot([spread.low, spread.high], [row, row], color="black", linewidth=1.1, marker="|", markersize=5)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, names = axes.get_legend_handles_labels()
    columns = _columns(names, *_LEGEND_ABOVE)
    figure.legend(handles, names, loc="upper left", bbox_to_anchor=(0, 1.02), ncols=columns, handlelength=1.8)


_LEGEND_ABOVE = (WIDTH - 0.3, 6, 0.55)
"""Inches that the legend over the panels may have, columns at most, inches of an entry besides its name."""


def _above(names: Sequence[str]) -> float:
    """Inches that titles and the legend over them need."""
    rows = -(-len(names) // _columns(names, *_LEGEND_ABOVE))
    return 0.65 + LEGEND_ROW * max(0, rows - 2)


def _columns(names: Any, inches: float, most: int, besides: float) -> int:
    """Columns of a legend that fit into so many inches, `most` at most; matplotlib fills one after the other."""
    wide = [besides + 0.07 * len(label(str(name))) for name in names]
    for columns in range(min(most, len(wide)), 1, -1):
        rows, longer = divmod(len(wide), columns)
        starts = [i * rows + min(i, longer) for i in range(columns + 1)]
        if sum(max(wide[first:after]) for first, after in pairwise(starts)) <= inches:
            return columns
    return 1


def _legend_below(axes: Axes, columns: int = 3) -> None:
    tall = axes.get_window_extent().height / axes.figure.dpi  # inches
    below = -(0.45 if axes.get_xlabel() else 0.3) / tall
    axes.legend(loc="upper left", bbox_to_anchor=(-0.02, below), ncols=columns, handlelength=0.9, columnspacing=1.2)


def _scale(axis: Axis, form: Format) -> None:
    """Few ticks, with no more digits than they need."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    after = "%" if form.unit == "%" else ""
    axis.set_major_locator(MaxNLocator(4))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / form.scale:,.6g}{after}".replace("-", MINUS)))


def _money(result: Result, values: np.ndarray) -> Format:
    return shared(list(values.ravel()), result.base.currency, currency=result.base.currency)
