"""The likelihood of a log of sends under the rulebook's fatigue, when people differ.

Person i on channel c opens a delivered message with probability min(1, p0_c A_ic W(delta S_i F)) and opts out
with min(1, h0_c exp(kappa S_i F)); F is the fatigue before that day (`sends`), and W(z) the wear-out of the scenario:
exp(-z), 1/(1 + z) or max(0, 1 - z).
- Affinity A_ic is lognormal. Its log has mean gamma_c x_i - sigma^2/2, where x_i is the person's own mean fatigue
  against everybody's (at a reference half-life). So who is written to more may like the channel more or less
  without a word about fatigue: delta rests on what changes within a person (Mundlak 1978, Econometrica 46(1)).
- Sensitivity S_i is 1/patience, patience lognormal with mean 1.
What is not seen of a person is integrated out. Over log A given S: Gauss-Hermite quadrature at nodes around each
person's own mode (Liu & Pierce 1994, Biometrika 81(3)). Over log S: the trapezoidal rule at many points, since opting
out cuts sharply; there the smooth log-likelihood of the opens is interpolated from a few Chebyshev nodes (linear
wear-out, which ends sharply, is computed at every point). Opens and opt-outs are one likelihood: the patient stay
longer, and that is accounted for. The loops over rows are compiled (`contact_kernel`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simkit.fits.contacts.sends import SendLog

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
WearOut = Literal["exponential", "hyperbolic", "linear"]

WEAR_OUTS: tuple[WearOut, ...] = ("exponential", "hyperbolic", "linear")
"""In the order of the kernel's numbers."""
AFFINITY_NODES = 9
PATIENCE_NODES = 12
"""Values of log S at which opens are computed."""
PATIENCE_POINTS = 33
"""Values of log S over which all is summed."""
PATIENCE_REACH = 4.0
"""Standard deviations of log S between the middle and the outermost of both."""
REFERENCE_HALF_LIFE = 7.0
"""Days: at which a person's mean fatigue is measured for x_i; its choice moves gamma only."""
ROWS_PER_THREAD = 50_000
"""Fewer are not worth another thread."""


@dataclass(frozen=True)
class Layout:
    """Which parameter stands where. Positive ones stand as logarithms."""

    channels: int
    opt_outs: bool

    @property
    def names(self) -> list[str]:
        """Half-life, delta, spread of affinity, spread of patience, then by channel, then what opting out needs."""
        by_channel = [f"{what}:{c}" for what in ("open", "frequency") for c in range(self.channels)]
        shared = ["half_life", "delta", "affinity_spread", "patience_spread", *by_channel]
        return [*shared, "kappa", *(f"opt_out:{c}" for c in range(self.channels))] if self.opt_outs else shared

    def at(self, name: str) -> int:
        """The place of a parameter."""
        return self.names.index(name)


class ContactLikelihood:
    """Log-likelihood by person, with its slopes, of the fitted rows of a log.

    `fitted` says which rows are (delivered ones, after the run-in); as an attribute, their places in the order in which
    they are computed: by person, then channel. `randomized`: frequency was assigned by chance, so differences between
    people count as well, and x_i is 0.
    """

    def __init__(self, log: SendLog, fitted: Bools, *, randomized: bool, wear_out: WearOut = "exponential"):
        rows = np.flatnonzero(fitted)
        self.log, self.randomized, self.wear_out = log, randomized, wear_out
        self.fitted = rows[np.lexsort((log.channel[rows], log.person[rows]))]
        known, self.person = np.unique(log.person[self.fitted], return_inverse=True)
        self.people = len(known)
        self.layout = Layout(len(log.channels), log.opted_out is not None and bool(log.opted_out[fitted].any()))
        self.channel = log.channel[self.fitted]
        self.opened = log.opened[self.fitted]
        self.at_risk, self.left = _opt_out_rows(log, self.fitted)
        self.usual = self._usual()
        self.begin, self.end = self._ranges()
        self.nodes, self.points, self.point_weights, self.spline = _patience_points(wear_out)
        self._restart()

    def with_wear_out(self, wear_out: WearOut) -> ContactLikelihood:
        """The same rows under another form of wear-out."""
        import copy

        other = copy.copy(self)
        other.wear_out = wear_out
        other.nodes, other.points, other.point_weights, other.spline = _patience_points(wear_out)
        other._restart()
        return other

    def every(self, step: int) -> ContactLikelihood:
        """The same of every so manieth person."""
        fitted = np.zeros(len(self.log.person), bool)
        fitted[self.fitted[self.person % step == 0]] = True
        return ContactLikelihood(self.log, fitted, randomized=self.randomized, wear_out=self.wear_out)

    def level(self, theta: Floats) -> Floats:
        """Fatigue of each fitted row."""
        return self._tired(theta)[0]

    def _restart(self) -> None:
        shape = (len(self.nodes), self.layout.channels, self.people)
        self.mode, self.width = np.zeros(shape), np.ones(shape)

    def _usual(self) -> Floats:
        """x_i by channel: mean fatigue of the person's own rows, against the mean over people who have some."""
        level = self.log.fatigue(REFERENCE_HALF_LIFE)[0][self.fitted]
        usual = np.zeros((self.people, self.layout.channels))
        for c in () if self.randomized else range(self.layout.channels):
            rows = self.channel == c
            count = np.bincount(self.person[rows], minlength=self.people)
            mean = np.bincount(self.person[rows], level[rows], minlength=self.people) / np.maximum(count, 1)
            usual[:, c] = np.where(count > 0, mean - mean[count > 0].mean(), 0.0)
        return usual

    def _ranges(self) -> tuple[Ints, Ints]:
        """Where the rows of each person and channel begin and end."""
        channels = self.layout.channels
        count = np.bincount(self.person * channels + self.channel, minlength=self.people * channels)
        end = np.cumsum(count)
        return (end - count).reshape(-1, channels), end.reshape(-1, channels)

    # --- by people, several at once ------------------------------------------------------------------------

    def _everybody(self, work: Callable[[Ints], None]) -> None:
        """A kernel over all people, in as many threads as the rows are worth; each person is computed alone."""
        import os

        threads = min(os.cpu_count() or 1, 1 + len(self.fitted) // ROWS_PER_THREAD)
        rows = np.linspace(0, len(self.fitted), threads + 1)[1:-1]
        edges = np.r_[0, np.searchsorted(self.end[:, -1], rows), self.people].astype(np.int64)
        parts = [edges[k : k + 2] for k in range(threads)]
        if threads == 1:
            work(parts[0])
            return
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, parts))

    def _tired(self, theta: Floats) -> tuple[Floats, Floats]:
        """Fatigue of each fitted row, and its slope by the log of the half-life."""
        level, slope = self.log.fatigue(math.exp(theta[self.layout.at("half_life")]))
        return level[self.fitted], slope[self.fitted]

    @property
    def _form(self) -> int:
        return WEAR_OUTS.index(self.wear_out)

    def adapt(self, theta: Floats) -> None:
        """Move the nodes of affinity to where each person's likelihood is."""
        from simkit.fits.contacts.kernel import find_modes

        level, _ = self._tired(theta)
        self._everybody(
            lambda people: find_modes(
                people, self.begin, self.end, self.opened, level, self.usual, theta, self._form, self.nodes, self.mode,
                self.width,
            )
        )  # fmt: skip

    def __call__(self, theta: Floats) -> tuple[Floats, Floats]:
        """Log-likelihood of each person, and its slopes by the parameters of `layout` (people, parameters)."""
        return self._evaluate(theta)[:2]

    def _evaluate(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """The same, and the share of each node of patience (nodes, people)."""
        from simkit.fits.contacts.kernel import log_likelihood

        level, slope = self._tired(theta)
        risk = self.at_risk.astype(np.int64) + self.left
        values, slopes = np.zeros(self.people), np.zeros((self.people, len(theta)))
        shares = np.zeros((len(self.nodes), self.people))
        nearest = np.abs(self.points[:, None] - self.nodes).argmin(1)
        at_nodes, at_points = (self._sensitivity(theta, u) for u in (self.nodes, self.points))
        self._everybody(
            lambda people: log_likelihood(
                people, self.begin, self.end, self.opened, risk, level, slope, self.usual, theta, self._form,
                self.layout.opt_outs, self.nodes, at_nodes, self.points, at_points, self.point_weights, self.spline,
                nearest, self.mode, self.width, *_hermite(AFFINITY_NODES), values, slopes, shares,
            )
        )  # fmt: skip
        return values, slopes, shares

    def _sensitivity(self, theta: Floats, u: Floats) -> Floats:
        """exp(spread u + spread^2/2): 1/patience, where patience has mean 1."""
        spread = math.exp(theta[self.layout.at("patience_spread")])
        return np.asarray(np.exp(spread * u + spread**2 / 2))

    def expected_opens(self, theta: Floats) -> Floats:
        """Probability to open of each fitted row, given all that is seen of its person."""
        from simkit.fits.contacts.kernel import expected_opens

        (level, _), (_, _, shares), expected = self._tired(theta), self._evaluate(theta), np.zeros(len(self.fitted))
        self._everybody(
            lambda people: expected_opens(
                people, self.begin, self.end, self.opened, level, self.usual, theta, self._form, self.nodes, self.mode,
                self.width, *_hermite(AFFINITY_NODES), shares, expected,
            )
        )  # fmt: skip
        return expected


def _patience_points(wear_out: WearOut) -> tuple[Floats, Floats, Floats, Floats]:
    """Nodes and points of log S in standard deviations, the points' log weights, and the matrix that takes values at
    the nodes to the polynomial's values at the points."""
    points = np.linspace(-PATIENCE_REACH, PATIENCE_REACH, PATIENCE_POINTS)
    weights = -(points**2) / 2
    weights -= np.log(np.exp(weights).sum())
    if wear_out == "linear":
        return points, points, weights, np.eye(PATIENCE_POINTS)
    nodes = PATIENCE_REACH * np.polynomial.chebyshev.chebpts1(PATIENCE_NODES)
    basis = [np.polynomial.chebyshev.chebvander(u / PATIENCE_REACH, PATIENCE_NODES - 1) for u in (points, nodes)]
    return nodes, points, weights, np.ascontiguousarray(basis[0] @ np.linalg.inv(basis[1]))


def _hermite(nodes: int) -> tuple[Any, Any]:
    """Nodes and log weights for means over the standard normal distribution."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return points, np.log(weights / weights.sum())


def _opt_out_rows(log: SendLog, fitted: Ints) -> tuple[Bools, Bools]:
    """Of the fitted rows: those in which a person could opt out, and those in which one did.

    Later messages of a channel on the day of an opt-out are not at risk: consent is already withdrawn.
    """
    if log.opted_out is None:
        return np.zeros(len(fitted), bool), np.zeros(len(fitted), bool)
    order = np.lexsort((fitted, log.day[fitted], log.channel[fitted], log.person[fitted]))
    rows = fitted[order]
    new = np.r_[
        True, (np.diff(log.person[rows]) != 0) | (np.diff(log.channel[rows]) != 0) | (np.diff(log.day[rows]) != 0)
    ]
    left = log.opted_out[rows].astype(np.int64)
    before = np.cumsum(left) - left
    group = np.cumsum(new) - 1
    risk = np.zeros(len(fitted), bool)
    risk[order] = before == before[np.flatnonzero(new)][group]
    return risk, risk & log.opted_out[fitted]
