"""Which alternative of a study is best: KN over paired runs, so that poor ones are given up early."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.experiment.analysis.best import probability_of_best
from simkit.experiment.analysis.selection import FIRST, Selection, kn
from simkit.experiment.cells import Cell, Err, Model, Work, resolve
from simkit.scenario.overlay import choices

if TYPE_CHECKING:
    from simkit.scenario.load import Study


class FailedRunError(ValueError):
    """A run that failed, or that has no value of what is compared: nothing can be chosen with it left out."""


@dataclass(frozen=True)
class Selected:
    """What KN chose among a study's alternatives, and how probable each was the best after the first replications."""

    outcome: str
    unit: str
    better: str
    indifference: float
    confidence: float
    selection: Selection
    probabilities: Mapping[str, float]

    @property
    def sentence(self) -> str:
        """What may be said."""
        runs = sum(self.selection.replications.values())
        if self.selection.chosen is None:
            left = ", ".join(self.selection.survivors)
            return f"Not decided after {runs} runs: {left} are still within {self.indifference:,.10g} {self.outcome}."
        return (
            f"Choose {self.selection.chosen}: with at least {self.confidence:.0%} confidence it is best on "
            f"{self.outcome} or within {self.indifference:,.10g} of the best ({runs} runs)."
        )

    def document(self) -> dict[str, Any]:
        """As plain values."""
        rows = [
            {
                "alternative": name,
                "mean": mean,
                "replications": self.selection.replications[name],
                "probability_of_best": self.probabilities[name],
            }
            for name, mean in self.selection.means.items()
        ]
        return {
            "says": self.sentence,
            "outcome": self.outcome,
            "unit": self.unit,
            "better": self.better,
            "indifference": self.indifference,
            "confidence": self.confidence,
            "chosen": self.selection.chosen,
            "survivors": list(self.selection.survivors),
            "alternatives": rows,
        }


def select(
    study: Study,
    *,
    indifference: float,
    outcome: str | None = None,
    confidence: float = 0.95,
    most: int = 200,
    engine: str = "compiled",
    model: Model | None = None,
    told: Callable[[str], None] = lambda words: None,
) -> Selected:
    """Run the alternatives under common luck until one is left, in this process; `told` is called with how far it is.

    Raises ValueError for a study without alternatives, an outcome that nobody computes or that has no better side, and
    as :func:`simkit.experiment.analysis.selection.kn`; FailedRunError for a run that failed or has no value.
    """
    model = model or Model()
    work = Work(study.alternatives, engine, model, tables=False)
    measures = {**resolve(model.measures), **(work.extension.measures if work.extension else {})}
    sided = [name for name in study.base.outcomes if name in measures and measures[name].better]
    named = outcome or ("profit" if "profit" in sided else next(iter(sided), ""))
    if named not in measures or not measures[named].better:
        raise ValueError(f"outcome: expected a measure that has a better side, found {named!r}{choices(named, sided)}")
    names = list(study.alternatives)
    if len(names) < 2:
        raise ValueError("there is one alternative only, so nothing to choose")
    seen: dict[str, list[float]] = {name: [] for name in names}

    def sample(alive: Sequence[str], replication: int) -> dict[str, float]:
        values = {}
        for name in alive:
            told(f"replication {replication + 1} of at most {most}: {name}, {len(alive)} alternatives left")
            found = work.run(Cell(name, replication), threads=1)
            if isinstance(found, Err) or found.measures.get(named) is None:
                why = found.error if isinstance(found, Err) else f"{named} has no value"
                raise FailedRunError(
                    f"{name}, replication {replication}: {why}; nobody is chosen while a run is missing"
                )
            values[name] = float(found.measures[named] or 0.0)
            if replication < FIRST:
                seen[name].append(values[name])
        return values

    better = measures[named].better
    chosen = kn(names, sample, indifference=indifference, better=better, confidence=confidence, most=most)
    first = {name: np.array(values) for name, values in seen.items()}
    odds = probability_of_best(first, better=better, seed=int(study.base.seed))
    unit = measures[named].unit.replace("currency", study.base.currency)
    return Selected(named, unit, better, indifference, confidence, chosen, odds)
