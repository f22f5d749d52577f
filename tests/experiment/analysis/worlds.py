"""Tables of runs from plain functions, in the shape that a sweep leaves."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd


def runs_of(
    design: pd.DataFrame,
    outcomes: dict[str, Callable[..., float]],
    alternatives: Iterable[str] = ("base",),
    replications: int = 1,
) -> pd.DataFrame:
    """A row per cell; an outcome is a function of (factors of the case, alternative, replication)."""
    rows = [
        {"case": case, "alternative": name, "replication": r, "status": "ok", "error": ""}
        | {outcome: of(design.loc[case], name, r) for outcome, of in outcomes.items()}
        for case in design.index
        for name in alternatives
        for r in range(replications)
    ]
    return pd.DataFrame(rows)


def grid_design(**factors: list) -> pd.DataFrame:
    """Every value with every value."""
    index = pd.MultiIndex.from_product(factors.values(), names=list(factors))
    design = index.to_frame(index=False)
    design.index.name = "case"
    return design


def luck(*key: int, sd: float = 1.0) -> float:
    """A normal number that belongs to a key."""
    return float(np.random.default_rng(key).normal(0, sd))
