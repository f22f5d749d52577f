"""What is analyzed, and what is asked of it: the tables of a sweep, and a question with every gap filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from simkit.experiment.analysis.tables import KEY, AnalysisError, alternatives_of, check_runs, outcome_table
from simkit.scenario.overlay import choices


@dataclass(frozen=True)
class Source:
    """Runs and design with what the experiment said about them, as far as it is known."""

    runs: pd.DataFrame = field(repr=False)
    design: pd.DataFrame = field(repr=False)
    outcomes: tuple[str, ...] = ()
    directions: Mapping[str, str] = field(default_factory=dict)
    levers: tuple[str, ...] = ()
    name: str = ""
    question: str = ""
    currency: str = "currency"
    levels: int = 4
    """Of a Morris sample."""
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, results: Any) -> Source:
        """From a folder, from anything with `runs` and `design`, or from a pair of tables."""
        if isinstance(results, Source):
            return results
        if isinstance(results, str | Path):
            from simkit.experiment.storage import read_results

            results = read_results(results)
        runs, design = results if isinstance(results, tuple) and len(results) == 2 else (results.runs, results.design)
        check_runs(runs)
        about: Mapping[str, Any] = getattr(results, "about", {})
        missing = int(getattr(results, "missing", 0) or 0)
        told = (f"{missing} cells of the design have not been run yet",) if missing else ()
        return cls(
            runs=runs,
            design=design,
            outcomes=tuple(name for name in about.get("outcomes", ()) if name in runs),
            directions=about.get("directions") or {},
            levers=tuple(name for name in about.get("levers", ()) if name in design),
            name=str(about.get("name", "")),
            question=str(about.get("question", "")),
            currency=_currency(about),
            levels=int((about.get("design") or {}).get("levels") or 4),
            warnings=told,
        )

    @property
    def measures(self) -> list[str]:
        """Every outcome that the runs have."""
        return [str(name) for name in self.runs.columns if name not in (*KEY, "status", "error")]


@dataclass(frozen=True)
class Asked:
    """A question to a sweep; what it leaves open is filled in by :meth:`resolved`."""

    source: Source
    outcome: str | None = None
    alternative: str | None = None
    against: str | None = None
    better: str | Mapping[str, str] | None = None
    levers: tuple[str, ...] | None = None
    threshold: float | None = None
    x: str | None = None
    y: str | None = None
    seed: int = 0
    levels: int | None = None

    def resolved(self) -> Asked:
        """With the experiment's first outcome, its levers, and the base as the alternative, unless said otherwise.

        Raises:
            AnalysisError: an outcome or alternative that does not exist.
        """
        names = alternatives_of(self.source.runs)
        for name in (self.alternative, self.against):
            if name is not None and name not in names:
                raise AnalysisError(f"there is no alternative {name!r}{choices(name, names)}")
        known = self.source.measures
        if not known:
            raise AnalysisError("the table of runs has no outcome")
        if self.outcome is not None and self.outcome not in known:
            raise AnalysisError(f"the runs have no outcome {self.outcome!r}{choices(self.outcome, known)}")
        return replace(
            self,
            outcome=self.outcome or (self.source.outcomes or known)[0],
            levers=self.source.levers if self.levers is None else self.levers,
            alternative=self.alternative or next((name for name in names if name != self.against), names[0]),
        )

    @property
    def measure(self) -> str:
        """The outcome, once resolved."""
        assert self.outcome is not None
        return self.outcome

    @cached_property
    def table(self) -> pd.DataFrame:
        """Case x replication of the outcome, or of its difference."""
        return outcome_table(self.source.runs, self.measure, self.alternative, self.against)

    @cached_property
    def directions(self) -> dict[str, str]:
        """Outcome -> `higher` or `lower`, for the experiment's outcomes with a better side, the asked one first."""
        names = dict.fromkeys([self.measure, *self.source.outcomes])
        if isinstance(self.better, Mapping):
            names = dict.fromkeys([*self.better, *names])
        found = {name: self._direction(name) for name in names}
        return {name: told for name, told in found.items() if told in ("higher", "lower")}

    @property
    def side(self) -> str:
        """The better side of the outcome.

        Raises:
            AnalysisError: nobody says which it is.
        """
        if self.measure not in self.directions:
            raise AnalysisError(f"{self.measure} has no better side by itself; say whether higher or lower is better")
        return self.directions[self.measure]

    def _direction(self, outcome: str) -> str:
        if isinstance(self.better, str):
            return self.better if outcome == self.outcome else self.source.directions.get(outcome, _known(outcome))
        told = (self.better or {}).get(outcome)
        return told or self.source.directions.get(outcome) or _known(outcome)


def _known(outcome: str) -> str:
    from simkit.measures.catalog import MEASURES

    return MEASURES[outcome].better if outcome in MEASURES else ""


def _currency(about: Mapping[str, Any]) -> str:
    """The scenario's own, where a manifest has it."""
    resolved = about.get("scenario", {}).get("resolved", {})
    return next((str(one["currency"]) for one in resolved.values() if "currency" in one), "currency")
