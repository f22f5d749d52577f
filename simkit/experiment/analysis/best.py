"""How probable it is that each alternative is the best one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simkit.rng import generator

DRAWS = 100_000


def probability_of_best(
    values: Mapping[str, np.ndarray], *, better: str = "higher", seed: int = 0, draws: int = DRAWS
) -> dict[str, float]:
    """For each alternative the probability that its mean is best, given paired replications.

    `values` are arrays of the same length, position i being replication i; replications without a value of any
    alternative are left out. With an uninformative prior the mean differences to the first alternative have a
    multivariate t distribution with n - k + 1 degrees of freedom for k alternatives (Gelman et al. 2013, section 3.6);
    which alternative is first does not matter. With two, the probability is one minus the one-sided p value of the
    paired t test.

    Raises ValueError for an unknown side, and with too few paired replications (k of k alternatives).
    """
    if better not in ("higher", "lower"):
        raise ValueError(f"better is 'higher' or 'lower'; found {better!r}")
    names = list(values)
    table = np.column_stack([np.asarray(values[name], float) for name in names])
    table = table[~np.isnan(table).any(axis=1)]
    n, k = table.shape
    if k == 1:
        return {names[0]: 1.0}
    if n <= k - 1 or n < 2:
        raise ValueError(f"{k} alternatives need at least {max(k, 2)} paired replications; found {n}")
    gaps = table[:, 1:] - table[:, :1]
    freedom = n - k + 1
    covariance = np.cov(gaps, rowvar=False, ddof=1).reshape(k - 1, k - 1) * (n - 1) / (n * freedom)
    luck = generator(seed, "probability of best")
    turns, sizes, _ = np.linalg.svd(covariance)
    spread = luck.standard_normal((draws, k - 1)) @ (turns * np.sqrt(sizes)).T
    scale = np.sqrt(luck.chisquare(freedom, draws) / freedom)
    drawn = gaps.mean(axis=0) + spread / scale[:, None]
    means = np.column_stack([np.zeros(draws), drawn])
    winner = means.argmax(axis=1) if better == "higher" else means.argmin(axis=1)
    return {name: float((winner == i).mean()) for i, name in enumerate(names)}
