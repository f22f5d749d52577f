"""The look of all pictures: colors, line styles and sizes as tables."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from simkit.experiment.result import Result

BASE_COLOR = "#4d4d4d"
DRAWS = ("matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg")
"""What is imported to draw."""
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart by colorblind readers (Okabe and Ito 2008); one per alternative after the base, then again dashed."""
DASHES = ("-", "--", ":", "-.")
HATCHES = ("", "////", "....", "xxxx")
PART_COLORS = ("#332288", "#88ccee", "#44aa99", "#117733", "#ddcc77", "#cc6677", "#882255", "#aa4499", "#999933")
"""For parts of a whole without meanings of their own (the muted scheme of Tol 2021)."""
LEAD_COLORS = {
    "noticing": "#332288",
    "intake": "#88ccee",
    "touch": "#117733",
    "rework": "#999933",
    "approval": "#44aa99",
    "other duties": "#b8b8b8",
    "resource queue": "#ddcc77",
    "approver queue": "#cc6677",
    "approval cadence": "#882255",
    "hand off": "#aa4499",
    "off shift": "#dddddd",
    "switching": "#ccbb44",
    "join": "#66ccee",
    "admission": "#4477aa",
    "batch": "#bbcc33",
    "decision wait": "#ee8866",
    "decision": "#228833",
    "agency": "#ee7733",
    "it": "#aa3377",
    "meeting": "#8c6d31",
    "other": "#777777",
}
"""For the parts of a lead time: work green, waiting for people yellow to red, time off gray."""
PROFIT_COLOR = "#117733"
COST_COLORS = {
    "cost_of_goods": "#b8b8b8", "contact_cost": "#88ccee", "media_cost": "#ddcc77", "team_cost": "#cc6677",
    "overtime_cost": "#e7b5bb", "turnover_cost": "#882255", "agency_cost": "#ee8866", "transition_cost": "#999933",
    "technology_cost": "#aa4499", "service_cost": "#44aa99", "sales_cost": "#6699cc",
}  # fmt: skip
"""Every cost that profit knows, in the order in which they are told."""
BAR: dict[str, Any] = {"height": 0.6, "edgecolor": "white", "linewidth": 0.6}
WIDTH = 10.4
ROW_HEIGHT = 0.34
LABEL_LENGTH = 26
LEAST_PART = 0.015
"""Parts below this share of every bar are drawn together as `other`."""
LEGEND_ROW = 0.2
"""Inches."""
INK = "#222222"
STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#9a9a9a",
    "axes.grid": False,
    "axes.labelcolor": "#444444",
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titley": 1.0,  # stated, because finding a free place takes a third of the time of a page
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "grid.color": "#e7e7e7",
    "grid.linewidth": 0.7,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.7,
    "svg.fonttype": "path",
    "svg.hashsalt": "simkit",
    "text.color": INK,
    "text.parse_math": False,  # a $ in a scenario's names is a $
    "text.usetex": False,
    "xtick.color": "#555555",
    "xtick.major.size": 3,
    "ytick.color": "#555555",
    "ytick.labelcolor": INK,
    "ytick.major.size": 0,
}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """The look of all pictures, for as long as one is made and written."""
    import matplotlib as mpl

    if mpl.rcParams["svg.hashsalt"] == STYLE["svg.hashsalt"]:  # already on
        yield
        return
    with mpl.rc_context(cast(Any, STYLE)):
        yield


def label(name: str) -> str:
    """A name that fits beside a picture."""
    return name if len(name) <= LABEL_LENGTH else name[: LABEL_LENGTH - 1] + "…"


def pen(result: Result, name: str) -> dict[str, Any]:
    """Color and dashes of an alternative, the same in every picture."""
    position = result.alternatives.index(name) - 1
    if position < 0:
        return {"color": BASE_COLOR, "linestyle": "-"}
    lap, color = divmod(position, len(COLORS))
    return {"color": COLORS[color], "linestyle": DASHES[lap % len(DASHES)]}


def fill(result: Result, name: str) -> dict[str, Any]:
    """Color of an alternative's bars; hatched where lines are dashed, since there are more alternatives than colors."""
    look = pen(result, name)
    lap = DASHES.index(look["linestyle"])
    hatched = {"hatch": HATCHES[lap], "edgecolor": "white", "linewidth": 0} if lap else {}
    return {"facecolor": look["color"], **hatched}
