"""How sure the maximum of the likelihood of a log of sends is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simkit.fits.contacts.likelihood import ContactLikelihood

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where the likelihood is largest over the `free` parameters."""

    theta: Floats
    log_likelihood: float
    free: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Certainty:
    """Covariance of the `free` parameters; nan where nothing is known.

    `robust` allows for whatever is alike within a person; `plain` is the inverse of the observed information.
    """

    free: tuple[int, ...]
    robust: Floats
    plain: Floats

    def error(self, place: int) -> float:
        """Standard error of the parameter at this place; nan when it was held or the data do not determine it."""
        if place not in self.free:
            return float("nan")
        at = self.free.index(place)
        return float(np.sqrt(self.robust[at, at]))

    def stretch(self, place: int) -> float:
        """How many times the robust standard error is the plain one."""
        at = self.free.index(place)
        return float(np.sqrt(self.robust[at, at] / self.plain[at, at]))

    def shifted(self, optimum: Optimum, place: int, by: float) -> Floats:
        """The optimum with one parameter moved, and the others as they go with it."""
        at, theta = self.free.index(place), optimum.theta.copy()
        theta[list(self.free)] += np.nan_to_num(self.plain[:, at] / self.plain[at, at]) * by
        theta[place] = optimum.theta[place] + by
        return theta


def certainty(likelihood: ContactLikelihood, found: Optimum) -> Certainty:
    """Observed information J by differences of the exact slopes, B the sum of the people's squared slopes: J^-1, and
    J^-1 B J^-1, which is robust to what is alike within a person (Huber 1967; White 1982, Econometrica 50(1))."""
    free = list(found.free)
    slopes = likelihood(found.theta)[1][:, free]
    steps = 0.5 / np.sqrt(np.maximum((slopes**2).sum(0), 1.0))  # wide: probabilities that reach 1 make small kinks
    rows = []
    for k, step in zip(free, steps, strict=True):
        moved = np.zeros_like(found.theta)
        moved[k] = step
        up, down = (likelihood(found.theta + sign * moved)[1][:, free].sum(0) for sign in (1, -1))
        rows.append(-(up - down) / (2 * step))
    bread = np.array(rows)
    bread = (bread + bread.T) / 2
    strengths, directions = np.linalg.eigh(bread)
    firm = strengths > 0.05  # less is knowing a parameter to +-4.5: nothing, for logarithms and slopes alike
    plain = (directions[:, firm] / strengths[firm]) @ directions[:, firm].T
    robust = plain @ (slopes.T @ slopes) @ plain * likelihood.people / max(likelihood.people - 1, 1)
    loose = np.any(np.abs(directions[:, ~firm]) > 0.1, axis=1)
    for matrix in (robust, plain):
        matrix[loose, :] = matrix[:, loose] = np.nan
    return Certainty(found.free, robust, plain)
