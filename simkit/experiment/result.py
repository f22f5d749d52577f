"""What a study found: tidy tables of every run, their means, and the paired differences between alternatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simkit.experiment.cells import Cell
from simkit.experiment.statistics import Difference, Interval, effect, holm, interval, paired

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simkit.experiment.worlds.found import Worlds

SUMMARY_COLUMNS = ["alternative", "measure", "unit", "mean", "low", "high", "replications"]
EVERYWHERE = (-np.inf, np.inf)
DECIDING = "profit"
"""What alternatives are chosen by, when it is among the outcomes shown."""


@dataclass(frozen=True)
class Failure:
    """A run that failed, by its cell."""

    cell: Cell
    error: str
    digest: str


@dataclass(frozen=True)
class Result:
    """Everything that came out of a study; made by :func:`simkit.experiment.study.run`.

    `runs` has a row per cell and measure, `daily` a row per cell and day, `cases` a row per cell and piece of
    work. A value that does not exist (a median that was never reached) is nan with status ``ok``. `numbers`
    counts the base's numbers that are yours, published and assumed, where that is known; `sets` are the
    overrides that the study was loaded with.
    """

    path: str
    texts: Mapping[str, str]
    sets: tuple[str, ...]
    scenarios: Mapping[str, Any]
    replications: int
    engine: str
    measures: Mapping[str, Any]
    runs: pd.DataFrame
    daily: pd.DataFrame
    cases: pd.DataFrame
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]
    numbers: Mapping[str, int]
    origin: Mapping[str, Any]
    times: Mapping[str, Any]
    breakdowns: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Tables of all runs by cohort (`cohorts`), by channel (`channels`) and of work by arrival (`responsiveness`), of
    targets by month (`attainment`), of the plan's reviews (`reviews`) and of channels judged by a campaign's figures
    (`channel_readings`), of models that have them."""
    worlds: Worlds | None = None
    """The same alternatives in plausible worlds; None where none were run."""

    # --- what was asked ---------------------------------------------------------------------------------

    @property
    def alternatives(self) -> list[str]:
        """Names of the alternatives, the base first."""
        return list(self.scenarios)

    @property
    def base_name(self) -> str:
        """The alternative that the others are held against."""
        return self.alternatives[0]

    @property
    def base(self) -> Any:
        """The scenario of the base."""
        return self.scenarios[self.base_name]

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.base.name

    @property
    def outcomes(self) -> list[str]:
        """The measures to show first."""
        return [name for name in self.base.outcomes if name in self.measures]

    @property
    def deciding(self) -> str | None:
        """The measure that alternatives are chosen by: profit, or else the first outcome that has a better side."""
        sided = [name for name in self.outcomes if self.measures[name].better]
        return DECIDING if DECIDING in sided else next(iter(sided), None)

    @property
    def failed(self) -> int:
        """How many runs failed."""
        return len(self.failures)

    def warned(self, *lines: str) -> Result:
        """With these warnings too, before all others but those of runs that failed, which always come first."""
        kinds = {(one.error, one.digest) for one in self.failures}
        first = 1 + len(kinds) if kinds else 0  # how many there are, then a line for each way to fail
        return replace(self, warnings=(*self.warnings[:first], *lines, *self.warnings[first:]))

    # --- what came out ----------------------------------------------------------------------------------

    @cached_property
    def _table(self) -> dict[tuple[str, str], np.ndarray]:
        """(alternative, measure) -> the value of each replication, nan where there is none."""
        shape = (len(self.alternatives), self.replications, len(self.measures))
        cube = self.runs["value"].to_numpy(float).reshape(shape)
        return {
            (alternative, measure): cube[i, :, k]
            for i, alternative in enumerate(self.alternatives)
            for k, measure in enumerate(self.measures)
        }

    def values(self, alternative: str, measure: str) -> np.ndarray:
        """One measure of one alternative, a value per replication (nan where it does not exist)."""
        if alternative not in self.scenarios:
            raise KeyError(f"no alternative {alternative!r}; there are: {', '.join(self.alternatives)}")
        if measure not in self.measures:
            raise KeyError(f"no measure {measure!r}; there are: {', '.join(self.measures)}")
        return self._table[alternative, measure]

    def interval(self, alternative: str, measure: str) -> Interval:
        """Mean and 95 % t interval over replications, as far as the measure can go."""
        found = interval(self.values(alternative, measure))
        return found.within(*getattr(self.measures[measure], "possible", EVERYWHERE))

    def unit(self, measure: str) -> str:
        """The unit of a measure, with the scenario's own currency."""
        return self.measures[measure].unit.replace("currency", self.base.currency)

    def summary(self) -> pd.DataFrame:
        """Tidy means: alternative, measure, unit, mean, low, high, replications (those that have a value)."""
        rows = []
        for alternative in self.alternatives:
            for measure in self.measures:
                one = self.interval(alternative, measure)
                rows.append((alternative, measure, self.unit(measure), one.mean, one.low, one.high, one.count))
        table = pd.DataFrame(rows, columns=SUMMARY_COLUMNS)
        return table.astype({"mean": float, "low": float, "high": float})

    # --- comparisons --------------------------------------------------------------------------------------

    def difference(self, measure: str, a: str, b: str) -> Difference:
        """The paired difference a - b of one measure, adjusted together with whatever else is shown."""
        if (known := self._differences.get((measure, a, b))) is not None:
            return known
        if (known := self._differences.get((measure, b, a))) is not None:
            return known.reversed()
        return paired(self.values(a, measure), self.values(b, measure))

    @cached_property
    def _differences(self) -> dict[tuple[str, str, str], Difference]:
        """All comparisons that are shown, in two families: the outcomes shown first, and the other measures."""
        return {**self._family(self.shown_pairs), **self._family(self._other_pairs())}

    def _family(
        self, pairs: list[tuple[str, str, str]], margins: Mapping[str, float] | None = None
    ) -> dict[tuple[str, str, str], Difference]:
        margins = margins or {}
        raw = [paired(self.values(a, name), self.values(b, name), margins.get(name)) for name, a, b in pairs]
        return dict(zip(pairs, holm(raw), strict=True))

    @property
    def shown_pairs(self) -> list[tuple[str, str, str]]:
        """(measure, a, b): outcomes of each alternative against the base, the deciding one between all others."""
        base, *others = self.alternatives
        pairs = [(measure, other, base) for measure in self.outcomes for other in others]
        if self.deciding is not None:
            pairs += [(self.deciding, a, b) for i, b in enumerate(others) for a in others[i + 1 :]]
        return pairs

    def _other_pairs(self) -> list[tuple[str, str, str]]:
        base, *others = self.alternatives
        rest = [measure for measure in self.measures if measure not in self.outcomes]
        return [(measure, other, base) for measure in rest for other in others]

    def comparisons(self) -> pd.DataFrame:
        """All paired differences shown: every alternative against the base, and who is best against each other."""
        return self._comparison_table(self._differences)

    def compare(self, a: str, b: str | None = None, margins: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Paired differences a - b of every measure (`b` is the base unless named).

        Outcomes shown first and other measures are two families for Holm's adjustment. `margins` states for a
        measure which difference is too small to matter; only then a verdict may be ``practically the same``.
        """
        b = self.base_name if b is None else b
        rest = [measure for measure in self.measures if measure not in self.outcomes]
        families = [[(measure, a, b) for measure in part] for part in (self.outcomes, rest)]
        return self._comparison_table({**self._family(families[0], margins), **self._family(families[1], margins)})

    def _comparison_table(self, differences: Mapping[tuple[str, str, str], Difference]) -> pd.DataFrame:
        rows = [
            {
                "measure": measure,
                "unit": self.unit(measure),
                "a": a,
                "b": b,
                "difference": one.difference,
                "low": one.low,
                "high": one.high,
                "verdict": one.verdict,
                "effect": effect(one.verdict, self.measures[measure].better),
                "pairs": one.pairs,
                "unpaired": one.unpaired,
                "p_value": one.p_value,
                "p_adjusted": one.p_adjusted,
                "variance_reduction": one.variance_reduction,
            }
            for (measure, a, b), one in differences.items()
        ]
        numbers = ["difference", "low", "high", "p_value", "p_adjusted", "variance_reduction"]
        table = pd.DataFrame(rows, columns=list(rows[0]) if rows else _COMPARISON_COLUMNS)
        return table.astype(dict.fromkeys(numbers, float))

    @cached_property
    def investment(self) -> pd.DataFrame:
        """Net present value and payback of every alternative against the first (`simkit.experiment.investment`)."""
        from simkit.experiment.investment import investment_case

        return investment_case(self)

    # --- goals and checks ---------------------------------------------------------------------------------

    def goals(self) -> pd.DataFrame:
        """Goals attained: alternative, measure, goal, mean, met on average, share of replications that met it."""
        rows = []
        for alternative, scenario in self.scenarios.items():
            for measure, goal in scenario.goals.items():
                values = self.values(alternative, measure)
                known = values[~np.isnan(values)]
                met = [bool(goal.met(float(value))) for value in known]
                mean = float(known.mean()) if known.size else None
                share = sum(met) / len(met) if met else None
                rows.append((alternative, measure, goal.text, mean, mean is not None and bool(goal.met(mean)), share))
        return pd.DataFrame(rows, columns=["alternative", "measure", "goal", "mean", "met", "share_met"])

    @property
    def checks_failed(self) -> list[str]:
        """The scenario's checks that the means do not meet, each as a sentence."""
        return [
            f"{alternative}: {measure} is {'unknown' if mean is None else format(mean, '.6g')}, expected {check.text}"
            for alternative, scenario in self.scenarios.items()
            for measure, check in scenario.checks.items()
            if (mean := self.interval(alternative, measure).mean) is None or not check.met(mean)
        ]

    # --- ways out -------------------------------------------------------------------------------------------

    def document(self, results_folder: Path | str | None = None) -> dict[str, Any]:
        """The one JSON document of ``simkit run --json``: plain values, None for what does not exist."""
        from simkit.report.worlds import document as worlds_document  # upward on purpose, as below

        comparisons = self.comparisons()
        kept = ["measure", "unit", "a", "b", "difference", "low", "high", "verdict", "effect", "pairs"]
        return {
            "scenario": self.name,
            "seed": int(self.base.seed),
            "alternatives": self.alternatives,
            "outcomes": _plain(self.summary()),
            "comparisons": _plain(comparisons[kept]),
            "investment": _plain(self.investment),
            "worlds": None if self.worlds is None else worlds_document(self.worlds),
            "numbers": dict(self.numbers),
            "warnings": list(self.warnings),
            "results": None if results_folder is None else str(results_folder),
        }

    def save(self, folder: Path | str) -> Path:
        """Write the results folder (tables, manifest, report.html) whole or not at all; its path.

        Raises :class:`simkit.experiment.store.ResultsFolderError` for a folder that holds something else.
        """
        from simkit.experiment.store import save
        from simkit.report.page import Page  # upward on purpose: a result knows how to show itself

        return save(self, Path(folder), Page(self).text)

    def plot(self, measure: str) -> Figure:
        """A matplotlib figure of one measure by alternative: interval and every replication."""
        from simkit.report.figures import outcome

        return outcome(self, measure)

    def __repr__(self) -> str:
        many = len(self.alternatives)
        head = f"Result of {self.name!r}: {many} alternatives x {self.replications} replications, {self.failed} failed"
        table = self.summary()
        shown = table[table["measure"].isin(self.outcomes)]
        return f"{head}\n{shown.to_string(index=False, float_format=lambda number: format(number, '.4g'))}"

    def _repr_html_(self) -> str:
        from simkit.report.tables import outcomes_html

        return outcomes_html(self)


_COMPARISON_COLUMNS = [
    "measure", "unit", "a", "b", "difference", "low", "high", "verdict", "effect", "pairs", "unpaired",
    "p_value", "p_adjusted", "variance_reduction",
]  # fmt: skip


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values for JSON: None for nan, Python numbers for the rest."""
    return [
        {str(key): None if isinstance(value, float) and value != value else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]
