"""Ranking and selection: which alternative is best, with a guaranteed chance of being right."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

FIRST = 10
"""Replications of every alternative before any is given up."""
MOST = 1_000
"""Replications after which it ends undecided."""


@dataclass(frozen=True)
class Selection:
    """What the procedure chose, and what it took.

    `chosen` is None when more than one alternative was left after the most replications. `replications` says how many
    runs of each alternative were used, `survivors` who was left.
    """

    chosen: str | None
    survivors: tuple[str, ...]
    replications: Mapping[str, int]
    means: Mapping[str, float]


def kn(
    names: Sequence[str],
    sample: Callable[[Sequence[str], int], Mapping[str, float]],
    *,
    indifference: float,
    better: str = "higher",
    confidence: float = 0.95,
    first: int = FIRST,
    most: int = MOST,
) -> Selection:
    """Kim and Nelson's fully sequential procedure (2001, "A fully sequential procedure for indifference-zone selection
    in simulation", ACM TOMACS 11, 251-273, with c = 1).

    `sample(alternatives, replication)` gives the value of each of them in that replication; the same luck for all of
    them (common random numbers) is allowed and makes it end sooner, because only the variances of differences enter.
    With normal replications the best is chosen with probability `confidence` at least, if it is better than every other
    by `indifference` or more; within that, one of the nearly best is.

    Raises ValueError for an indifference that is not above 0, a confidence that does not lie between 1/k and 1, or
    fewer than two first replications.
    """
    k, sign = len(names), {"higher": 1.0, "lower": -1.0}[better]
    if not (indifference > 0 and math.isfinite(indifference)):
        raise ValueError(f"the indifference is above 0; found {indifference}")
    if k > 1 and not 1 / k < confidence < 1:
        raise ValueError(f"the confidence lies between 1/{k} and 1; found {confidence}")
    if not 2 <= first <= most:
        raise ValueError(f"at least 2 first replications, at most as many as allowed; found {first} and {most}")
    values = {name: [] for name in names}  # type: dict[str, list[float]]

    def observe(alive: Sequence[str], replication: int) -> None:
        for name, value in sample(alive, replication).items():
            values[name].append(sign * float(value))

    for replication in range(first):
        observe(names, replication)
    patience = _patience(names, values, k, first, confidence)
    alive, done = list(names), first
    while True:
        alive = _survivors(alive, values, done, patience, indifference)
        if len(alive) == 1 or done >= most:
            break
        observe(alive, done)
        done += 1
    return Selection(
        alive[0] if len(alive) == 1 else None,
        tuple(alive),
        {name: len(one) for name, one in values.items()},
        {name: sign * float(np.mean(one)) for name, one in values.items()},
    )


def _patience(
    names: Sequence[str], values: Mapping[str, list[float]], k: int, first: int, confidence: float
) -> dict[tuple[str, str], float]:
    """h² S² of every pair: h² = 2 η (n0 - 1) with η = ((2 α / (k - 1))^(-2 / (n0 - 1)) - 1) / 2, n0 the first."""
    if k == 1:
        return {}
    eta = ((2 * (1 - confidence) / (k - 1)) ** (-2 / (first - 1)) - 1) / 2
    h_squared = 2 * eta * (first - 1)
    return {
        (a, b): h_squared * float(np.var(np.subtract(values[a][:first], values[b][:first]), ddof=1))
        for a in names
        for b in names
        if a != b
    }


def _survivors(
    alive: Sequence[str],
    values: Mapping[str, list[float]],
    done: int,
    patience: Mapping[tuple[str, str], float],
    indifference: float,
) -> list[str]:
    """Those whose mean is within W(r) = max(0, δ/(2r) (h²S²/δ² - r)) of every other that is left."""
    means = {name: float(np.mean(values[name][:done])) for name in alive}

    def allowance(a: str, b: str) -> float:
        return max(0.0, indifference / (2 * done) * (patience[a, b] / indifference**2 - done))

    return [a for a in alive if all(means[a] >= means[b] - allowance(a, b) for b in alive if b != a)]
