"""The front of a search for several outcomes: what nothing dominates, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simkit.experiment.search.optimize import Candidate
    from simkit.experiment.search.problem import Problem
    from simkit.experiment.search.runs import Runs


def gains_of(problem: Problem, means: Mapping[str, float]) -> list[float]:
    """Outcomes turned so that more is better."""
    return [means[name] if side == "higher" else -means[name] for name, side in problem.outcomes.items()]


def dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether one is at least as good everywhere and better somewhere; more is better."""
    return all(a >= b for a, b in zip(one, other, strict=True)) and any(a > b for a, b in zip(one, other, strict=True))


def front_of(problem: Problem, runs: Runs, finalists: list[Candidate], fresh: range) -> list[Candidate]:
    """Those that nobody dominates under new luck either, each with how sure that is."""
    kept = [one for one in finalists if one.feasible and all(span.mean is not None for span in one.intervals.values())]
    gains = [gains_of(problem, {name: one.intervals[name].mean or 0.0 for name in problem.outcomes}) for one in kept]
    front = [
        (gain, one) for gain, one in zip(gains, kept, strict=True) if not any(dominates(other, gain) for other in gains)
    ]
    sure = _sureness(problem, runs, kept, fresh)
    return [sure.get(one.point.key, one) for _, one in sorted(front, key=lambda pair: -pair[0][0])]


def _sureness(problem: Problem, runs: Runs, kept: list[Candidate], fresh: range) -> dict[str, Candidate]:
    """Point -> the candidate with how often it is on the front, and who dominates it how often."""
    import pandas as pd

    from simkit.experiment.analysis.pareto import pareto
    from simkit.experiment.analysis.tables import AnalysisError

    rows = [
        pd.DataFrame({
            "case": 0, "alternative": one.point.key, "replication": [*fresh], "status": "ok",
            **{name: runs.values(one.point, name, fresh) for name in problem.outcomes},
        })
        for one in kept
    ]  # fmt: skip
    try:
        found = pareto(pd.concat(rows, ignore_index=True), problem.outcomes, problem.seed)
    except (AnalysisError, ValueError):  # one finalist, or no replication that all of them have
        return {}
    several, sure = len(problem.alternatives) > 1, {}
    texts = {
        one.point.key: f"{one.point.alternative} with {one.point.text}" if several else one.point.text for one in kept
    }
    for one in kept:
        if one.point.key in found.table.index and found.replications > 1:
            beaten = found.dominance[one.point.key]
            by = {texts[str(key)]: float(share) for key, share in beaten[beaten > 0].items()}
            share = float(found.table["front_probability"][one.point.key])
            sure[one.point.key] = replace(one, front_probability=share, dominated_by=by)
    return sure
