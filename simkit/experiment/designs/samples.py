"""Designs that are drawn, as points of the unit cube: a row per case, a column per factor.

scipy and SALib draw from a generator that `simkit.rng` keys by the seed and what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simkit.experiment.designs.factors import DesignError, Factor
from simkit.experiment.extras import optional
from simkit.rng import generator

LEAST_TRAJECTORIES = 2
"""One has no spread."""


def latin_hypercube(factors: Sequence[Factor], n: int, seed: int) -> np.ndarray:
    """n points, one in each of the n equal parts of every factor (McKay, Beckman and Conover 1979).

    A factor's column is keyed by its path: another factor more or less leaves it as it is.

    Raises:
        DesignError: n below 1.
    """
    _check_size(n, least=1)
    return np.column_stack([_one_in_each_part(n, seed, f"latin hypercube {one.path}") for one in factors])


def _one_in_each_part(n: int, seed: int, what_for: str) -> np.ndarray:
    """The column that `scipy.stats.qmc.LatinHypercube` gives with the same generator, to the bit.

    To import that package takes a second, more than all else that a finished sweep does when it is asked for again.
    """
    (draw,) = generator(seed, what_for).spawn(1)
    within, parts = draw.uniform(size=n), np.arange(1, n + 1)
    draw.shuffle(parts)
    return (parts - within) / n


def sobol(factors: Sequence[Factor], n: int, seed: int) -> np.ndarray:
    """n points of a scrambled Sobol sequence (Owen 1998), balanced in every factor.

    Raises:
        DesignError: n is no power of two.
    """
    from scipy.stats.qmc import Sobol

    _check_power_of_two("sobol", n)
    return Sobol(len(factors), seed=generator(seed, "sobol")).random(n)


def saltelli(factors: Sequence[Factor], n: int, seed: int, second_order: bool) -> np.ndarray:
    """Points for Sobol indices (Saltelli 2002), in n blocks: A, A with each column of B, (B with each of A,) and B.

    n * (factors + 2) rows, or n * (2 * factors + 2) with `second_order`.

    Raises:
        DesignError: n is no power of two, a factor that cannot change, or one factor only.
        MissingExtraError: no SALib.
    """
    _check_power_of_two("saltelli", n)
    _check_changes(factors)
    sampler = optional("SALib.sample.sobol")
    drawn = sampler.sample(unit_problem(factors), n, calc_second_order=second_order, seed=generator(seed, "saltelli"))
    return np.clip(drawn, 0.0, 1.0)


def morris(factors: Sequence[Factor], n: int, seed: int, levels: int) -> np.ndarray:
    """n trajectories of factors + 1 points each, in which every factor moves once (Morris 1991).

    A step is levels / (2 * (levels - 1)) of the factor's range: more than half of it.

    Raises:
        DesignError: fewer than two trajectories, odd levels, a factor that cannot change, or one factor only.
        MissingExtraError: no SALib.
    """
    _check_size(n, LEAST_TRAJECTORIES)
    if levels < 2 or levels % 2:
        raise DesignError("design", f"levels is {levels}; Morris needs an even number of them")
    _check_changes(factors)
    sampler = optional("SALib.sample.morris")
    drawn = sampler.sample(unit_problem(factors), n, num_levels=levels, seed=generator(seed, "morris"))
    return np.clip(drawn, 0.0, 1.0)


def unit_problem(factors: Sequence[Factor] | Sequence[str]) -> dict[str, object]:
    """SALib's description of factors that all go from 0 to 1."""
    names = [one.path if isinstance(one, Factor) else one for one in factors]
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def _check_size(n: int, least: int) -> None:
    if n < least:
        raise DesignError("design", f"n is {n}; allowed: {least} or more")


def _check_power_of_two(kind: str, n: int) -> None:
    if n < 1 or n & (n - 1):
        below = 1 << max(n, 1).bit_length() - 1
        near = f"take {below} or {2 * below}" if n > 1 else "take 64, say"
        raise DesignError("design", f"n is {n}; a {kind} sample is balanced at powers of two only: {near}")


def _check_changes(factors: Sequence[Factor]) -> None:
    """Both methods change factors one by one: each needs two values, and a second factor to be told from."""
    if len(factors) < 2:
        raise DesignError(factors[0].path, "it is the only factor; sensitivity needs two or more to tell apart")
    for one in factors:
        if one.count == 1:
            raise DesignError(one.path, "it has one value, so it has no influence to measure; leave it out")
