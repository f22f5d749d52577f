"""`analyze`: from the results of a sweep to one analysis, with its warnings, tables, sentences and picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from simkit.experiment.analysis import methods
from simkit.experiment.analysis.asked import Asked, Source
from simkit.experiment.analysis.tables import AnalysisError, check_cases, warnings_of
from simkit.scenario.overlay import choices

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Tables = dict[str, pd.DataFrame]
METHODS: dict[str, Callable[[Asked], tuple[Any, Tables]]] = {
    "sobol": methods.sobol,
    "morris": methods.morris,
    "tornado": methods.tornado,
    "regimes": methods.regimes,
    "break-even": methods.break_even,
    "robustness": methods.robustness,
    "scenarios": methods.scenarios,
    "pareto": methods.pareto,
    "noise": methods.noise,
}
"""In the order in which they are tried when none is named."""
MORE_TABLES = ("sobol_pairs", "break_even", "robust_choice", "scenario_box", "peeling", "dominance")
"""Tables that are not called as their method is."""
USES: dict[str, tuple[str, ...]] = {
    "sobol": ("alternative", "against", "seed"),
    "morris": ("alternative", "against", "seed", "levels"),
    "tornado": ("alternative", "against"),
    "regimes": ("better", "x", "y"),
    "break-even": ("alternative", "against", "x"),
    "robustness": ("better", "levers", "threshold", "seed"),
    "scenarios": ("alternative", "against", "better", "threshold"),
    "pareto": ("better", "levers", "seed"),
    "noise": (),
}
"""What each method takes besides the outcome. What none of the named ones takes is refused, not passed over."""


@dataclass(frozen=True)
class Analysis:
    """One analysis of one sweep.

    `warnings` are to be read first; `sentences` say no more than the intervals do; `tables` hold every figure, and
    `found` is what the method returned (see its module).
    """

    method: str
    asked: Asked
    found: Any = field(repr=False)
    tables: Tables = field(repr=False)
    warnings: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """What may be said, each as strong as its interval."""
        from simkit.report.analyses import sentences

        return sentences(self)

    def figure(self) -> Figure | None:
        """The picture, where the method has one: sobol, morris, tornado, regimes, pareto."""
        from simkit.report.analysis_figures import draw

        return draw(self)

    def save(self, folder: str | Path) -> list[Path]:
        """Write tables as CSV and the picture as PNG and SVG into a folder; the files written."""
        from simkit.report.analyses import save

        return save(self, Path(folder))

    def __str__(self) -> str:
        return "\n".join([*(f"Warning: {one}" for one in self.warnings), *self.sentences])


def analyze(
    results: Any,
    method: str | None = None,
    *,
    outcome: str | None = None,
    alternative: str | None = None,
    against: str | None = None,
    better: str | Mapping[str, str] | None = None,
    levers: list[str] | None = None,
    threshold: float | None = None,
    x: str | None = None,
    y: str | None = None,
    seed: int = 0,
    levels: int | None = None,
) -> Analysis:
    """One analysis of the results of a sweep.

    Args:
        results: the folder of a sweep, what `simkit.sweep` returned, or a pair of tables (runs, design).
        method: one of :data:`METHODS`; the first that the design allows unless named.
        outcome: the measure; the experiment's first unless named.
        alternative: whose outcome (sobol, morris, tornado, scenarios), or the first of two (break-even); the
            base unless named.
        against: analyze the paired difference to this alternative instead of the outcome itself.
        better: `higher` or `lower`, for the outcome or by outcome; the experiment's or the measure's unless said.
        levers: the factors that are ours to choose; the experiment's unless said.
        threshold: what has to be reached (robustness: satisfied; scenarios: cases beyond it are of interest).
        x, y: the factors of a map; `x` the lever of a break-even.
        seed: of the bootstraps.
        levels: of a Morris sample; the experiment's, or 4, unless said.

    Raises:
        AnalysisError: these runs cannot answer that; the message says what would.
        StoreError: the folder holds no sweep.

    >>> print(simkit.analyze("results/cadence", "regimes", outcome="lead_time_median"))  # doctest: +SKIP
    """
    ours = None if levers is None else tuple(levers)
    if method is not None:
        check_uses([method], alternative=alternative, against=against, better=better, levers=levers,
                   threshold=threshold, x=x, y=y, seed=seed or None, levels=levels)  # fmt: skip
    asked = Asked(
        Source.of(results), outcome, alternative, against, better, ours, threshold, x, y, seed, levels
    ).resolved()  # fmt: skip
    return fitting(asked)[0] if method is None else run_method(method, asked)


def check_uses(methods: Sequence[str], **given: Any) -> None:
    """Raise AnalysisError for what is given (is not None) and none of the named methods takes, or for no method."""
    for method in methods:
        if method not in METHODS:
            raise AnalysisError(f"there is no method {method!r}{choices(method, METHODS)}")
    for name, value in given.items():
        if value is None or any(name in USES[method] for method in methods):
            continue
        takers = [method for method, taken in USES.items() if name in taken]
        raise AnalysisError(f"{' and '.join(methods)} has no use for {name}; it is for {', '.join(takers)}")


def fitting(asked: Asked) -> list[Analysis]:
    """Every analysis that the design allows, in the order of :data:`METHODS`.

    Raises:
        AnalysisError: none does.
    """
    found, refused = [], []
    for method in METHODS:
        try:
            found.append(run_method(method, asked))
        except AnalysisError as error:
            refused.append(f"{method}: {error}")
    if not found:
        raise AnalysisError("no analysis fits these runs. " + "; ".join(refused))
    if [one.method for one in found] == ["noise"]:
        return [replace(found[0], warnings=(*found[0].warnings, f"no other method fits. {'; '.join(refused)}"))]
    sensitivity = [one for one in found if one.method in ("sobol", "morris", "tornado")]
    # their designs are built for one question; maps and fronts over them would be of chance cells
    return [*sensitivity, *(one for one in found if one.method == "noise")] if sensitivity else found


def run_method(method: str, asked: Asked) -> Analysis:
    """One method on a resolved question.

    Raises:
        AnalysisError: there is no such method, or these runs cannot answer it.
    """
    if method not in METHODS:
        raise AnalysisError(f"there is no method {method!r}{choices(method, METHODS)}")
    check_cases(asked.source.runs, asked.source.design)
    found, tables = METHODS[method](asked)
    outcomes = asked.directions if method == "pareto" else (asked.outcome,)
    told = warnings_of(asked.source.runs, [str(one) for one in outcomes])
    failed = int((asked.source.runs["status"] != "ok").any())  # what failed first, then what was not run at all
    told[failed:failed] = asked.source.warnings
    told += methods.doubts(found)
    return Analysis(method, asked, found, tables, tuple(told))
