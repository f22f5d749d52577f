"""Each method on a resolved question: what it found, and the tables to show and keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from simkit.experiment.analysis import break_even as breaking
from simkit.experiment.analysis import morris as screening
from simkit.experiment.analysis import noise as noisy
from simkit.experiment.analysis import pareto as fronts
from simkit.experiment.analysis import prim as peeling
from simkit.experiment.analysis import regimes as maps
from simkit.experiment.analysis import robustness as robust
from simkit.experiment.analysis import sobol as variance
from simkit.experiment.analysis import tornado as alone
from simkit.experiment.analysis.asked import Asked
from simkit.experiment.analysis.tables import (
    AnalysisError,
    Decisions,
    alternatives_of,
    decisions,
    outcome_table,
    sign_of,
)
from simkit.experiment.statistics import paired

MOST_PLACES = 400
"""A map of more places than this is no map; its factors were sampled."""
MUCH_NOISE = 0.1
"""A share of luck in averages from which on it is said aloud."""

Tables = dict[str, pd.DataFrame]


def sobol(asked: Asked) -> tuple[variance.SobolIndices, Tables]:
    """Sobol indices of the outcome, or of its difference to another alternative's."""
    found = variance.sobol_indices(asked.table, asked.source.design, asked.seed)
    tables = {"sobol": found.table.reset_index()}
    return found, tables if found.pairs.empty else {**tables, "sobol_pairs": found.pairs.reset_index()}


def morris(asked: Asked) -> tuple[screening.MorrisEffects, Tables]:
    """Elementary effects, on a design of the levels that the experiment or the question says."""
    levels = asked.levels or asked.source.levels
    found = screening.morris_effects(asked.table, asked.source.design, levels, asked.seed)
    return found, {"morris": found.table.reset_index().assign(floor=found.floor)}


def tornado(asked: Asked) -> tuple[alone.Tornado, Tables]:
    """Differences to the base case."""
    found = alone.tornado(asked.table, asked.source.design)
    return found, {"tornado": found.table}


def noise(asked: Asked) -> tuple[dict[tuple[str, str], noisy.Noise], Tables]:
    """Shares of luck for every outcome of the experiment and every alternative."""
    found = {
        (outcome, name): noisy.noise(outcome_table(asked.source.runs, outcome, name))
        for outcome in dict.fromkeys([asked.measure, *asked.source.outcomes])
        for name in alternatives_of(asked.source.runs)
    }
    rows = [
        {"outcome": outcome, "alternative": name, "cases": one.cases, "replications": one.replications,
         "between": one.between, "common": one.common, "residual": one.residual, "luck_share": one.luck_share,
         "noise_share": one.noise_share}
        for (outcome, name), one in found.items()
    ]  # fmt: skip
    return found, {"noise": pd.DataFrame(rows)}


def robustness(asked: Asked) -> tuple[robust.Robustness, Tables]:
    """Criteria of each decision over the worlds."""
    split = decisions(asked.source.runs, asked.source.design, asked.levers or ())
    if len(split.worlds) < 2:
        raise AnalysisError("there is one world only; robustness needs uncertainties that vary")
    _check_crossed(split, asked)
    found = robust.robustness(split.runs, asked.measure, asked.side, asked.threshold, asked.seed)
    parts = {"value": found.table, "low": found.low, "high": found.high}
    table = pd.concat([one.rename_axis("alternative").reset_index().assign(of=of) for of, one in parts.items()])
    return found, {"robustness": table[["alternative", "of", *found.table]], "robust_choice": found.best.reset_index()}


def regimes(asked: Asked) -> tuple[maps.RegimeMap, Tables]:
    """Who wins over two factors."""
    varying = [str(name) for name in asked.source.design if asked.source.design[name].nunique() > 1]
    x, y = asked.x, asked.y
    if x is None or y is None:
        if len(varying) != 2:
            raise AnalysisError(
                f"{len(varying)} factors vary ({', '.join(varying) or 'none'}); name x and y of the map"
            )
        x = x or next(name for name in varying if name != y)
        y = y or next(name for name in varying if name != x)
    for name in (x, y):
        if name in asked.source.design and asked.source.design[name].nunique() ** 2 > MOST_PLACES:
            raise AnalysisError(
                f"{name} takes {asked.source.design[name].nunique()} values; a map needs a grid of a few"
            )
    found = maps.regime_map(asked.source.runs, asked.source.design, x, y, asked.measure, asked.side)
    return found, {"regimes": found.table}


def break_even(asked: Asked) -> tuple[breaking.BreakEven, Tables]:
    """Where two alternatives are equal on a lever."""
    runs, design = asked.source.runs, asked.source.design
    names = alternatives_of(runs)
    against = asked.against or next((name for name in names if name != asked.alternative), None)
    if against is None or (asked.against is None and len(names) > 2):
        raise AnalysisError(f"break-even compares two alternatives, name both: {', '.join(names)}")
    varying = [str(name) for name in design if design[name].nunique() > 1]
    if asked.x is None and len(varying) != 1:
        raise AnalysisError(f"{_factors(varying)} vary; name the lever as x")
    assert asked.alternative is not None
    found = breaking.break_even_of_runs(runs, design, asked.x or varying[0], asked.measure, asked.alternative, against)
    summary = {"lever": asked.x or varying[0], "alternative": asked.alternative, "against": against,
               "status": found.status, "at": found.at, "low": found.low, "high": found.high}  # fmt: skip
    return found, {"break_even": pd.DataFrame([summary])}


@dataclass(frozen=True)
class Scenarios:
    """A box of worlds, what is of interest in it, and in how many cases that is not decided."""

    prim: peeling.Prim
    what: str
    undecided: int
    cases: int
    left_out: int


def scenarios(asked: Asked) -> tuple[Scenarios, Tables]:
    """In which worlds does it go wrong: a threshold is missed, or another alternative is better.

    With `threshold`: the alternative's outcome is beyond it on the wrong side. Otherwise it is worse than `against`
    (with two alternatives: than the other one).
    """
    sign = sign_of(asked.side)
    names = alternatives_of(asked.source.runs)
    against = asked.against
    if asked.threshold is None and against is None:
        if len(names) != 2:
            raise AnalysisError("name a threshold, or whom to hold the alternative against")
        against = next(name for name in names if name != asked.alternative)
    table = outcome_table(asked.source.runs, asked.measure, asked.alternative, against)
    whole = table.dropna()
    if whole.empty:
        raise AnalysisError("no case has every replication")
    bar = 0.0 if asked.threshold is None else asked.threshold
    bad = sign * (whole.mean(axis=1) - bar) < 0
    open_cases = sum(paired(row, np.full(len(row), bar)).verdict == "undecided" for row in whole.to_numpy())
    what = f"{asked.alternative} is worse than {against}"
    if asked.threshold is not None:
        of = f"{asked.alternative} against {against}" if against else asked.alternative
        what = f"{of} has {asked.measure} {'below' if sign > 0 else 'above'} {asked.threshold:g}"
    found = peeling.prim(asked.source.design.loc[whole.index], bad)
    box = [
        {"factor": name, "inside": _told(limit), "chance": found.box.chance[name]}
        for name, limit in found.box.limits.items()
    ]
    tables = {"scenario_box": pd.DataFrame(box, columns=["factor", "inside", "chance"]), "peeling": found.table()}
    return Scenarios(found, what, open_cases, len(whole), len(table) - len(whole)), tables


def pareto(asked: Asked) -> tuple[fronts.Pareto, Tables]:
    """What nothing beats in all outcomes that have a better side."""
    if len(asked.directions) < 2:
        raise AnalysisError("a Pareto front needs two outcomes with a better side")
    split = decisions(asked.source.runs, asked.source.design, asked.levers or ())
    _check_crossed(split, asked)
    found = fronts.pareto(split.runs, asked.directions, asked.seed)
    return found, {"pareto": found.table.reset_index(), "dominance": found.dominance.reset_index(names="decision")}


def _check_crossed(split: Decisions, asked: Asked) -> None:
    """Raise AnalysisError where settings of levers meet no world in common, as in a design that is drawn."""
    pairs = split.runs[["alternative", "case"]].drop_duplicates()
    if asked.levers and pairs["case"].value_counts().max() < pairs["alternative"].nunique():
        raise AnalysisError(
            f"no world is met by every setting of {', '.join(asked.levers)}: levers and uncertainties were drawn "
            "together. A grid crosses them; `--lever none` (levers=[]) holds the alternatives against each other over "
            "all cases"
        )


def doubts(found: Any) -> list[str]:
    """What a method's result itself warns of: blocks left out, much luck."""
    told = []
    if isinstance(found, Scenarios) and found.undecided:
        told.append(f"in {found.undecided} of {found.cases} cases it is not decided on which side they are")
    left = getattr(found, "left_out", 0)
    left = len(left) if isinstance(left, list) else left
    if left:
        what = "decisions" if isinstance(found, fronts.Pareto) else "blocks of cases" if _in_blocks(found) else "cases"
        why = "as incomplete"
        if isinstance(found, breaking.BreakEven):
            why = "because they failed or their other factors are not the same at every value of the lever"
        told.append(f"left out {why}: {left} {what}")
    replications = getattr(found, "replications_left_out", 0)
    if replications:
        told.append(f"left out, because not every case and alternative has them: {replications} replications")
    noise_found = getattr(found, "noise", None)
    share = noise_found.noise_share if isinstance(noise_found, noisy.Noise) else None
    if share is not None and share > MUCH_NOISE:
        told.append(f"{share:.0%} of the variance between the averages is luck; more replications lower it")
    return told


def _told(limit: peeling.Limit) -> str:
    if isinstance(limit, frozenset):
        return ", ".join(sorted(map(str, limit)))
    return f"{limit[0]:.4g} to {limit[1]:.4g}"


def _factors(names: list[str]) -> str:
    return f"{len(names)} factors ({', '.join(names)})" if names else "no factors"


def _in_blocks(found: Any) -> bool:
    return isinstance(found, variance.SobolIndices | screening.MorrisEffects)
