"""Welch's averages as a picture: when a run forgets its start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from simkit.report.style import WIDTH, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANEL_HEIGHT = 2.2
"""Inches."""


def welch_averages(lines: Mapping[tuple[str, str], np.ndarray], first_day: int) -> Figure:
    """A panel for each column, a line for each alternative; the first measured day is day 0.

    `lines` holds Welch's averages by (alternative, column), one value a simulated day from `first_day` on.
    """
    from matplotlib.figure import Figure

    columns = list(dict.fromkeys(column for _, column in lines))
    with style():
        figure = Figure(figsize=(WIDTH, PANEL_HEIGHT * len(columns)), layout="constrained")
        panels = figure.subplots(len(columns), 1, squeeze=False)[:, 0]
        for axes, column in zip(panels, columns, strict=True):
            for (alternative, name), line in lines.items():
                if name == column:
                    axes.plot(first_day + np.arange(line.size), line, label=alternative)
            axes.axvline(0, color="0.6", linewidth=0.8)
            axes.set_title(column.replace("_", " "))
        panels[-1].set_xlabel("day (the warm-up lies before day 0)")
        panels[0].legend(frameon=False)
    return figure
