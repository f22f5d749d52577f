"""The likelihood of a log of sends under the rulebook's fatigue, when people differ.

Person i on channel c opens a delivered message with probability min(1, p0_c A_ic exp(-delta S_i F)) and opts out
with min(1, h0_c exp(kappa S_i F)); F is the fatigue before that day (`sends`).
- Affinity A_ic is lognormal. Its log has mean gamma_c x_i - sigma^2/2, where x_i is the person's own mean fatigue
  against everybody's (at a reference half-life). So who is written to more may like the channel more or less
  without a word about fatigue: delta rests on what changes within a person (Mundlak 1978, Econometrica 46(1)).
- Sensitivity S_i is 1/patience, patience lognormal with mean 1.
What is not seen of a person is integrated out. Over log A given S: Gauss-Hermite quadrature at nodes around each
person's own mode (Liu & Pierce 1994, Biometrika 81(3)). Over log S: the trapezoidal rule at many points, since opting
out cuts sharply; there the smooth log-likelihood of the opens is interpolated from a few Chebyshev nodes. Opens and
opt-outs are one likelihood: the patient stay longer, and that is accounted for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simkit.customers.sends import SendLog

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

AFFINITY_NODES = 5
PATIENCE_NODES = 8
"""Values of log S at which opens are computed."""
PATIENCE_POINTS = 33
"""Values of log S over which all is summed."""
PATIENCE_REACH = 4.0
"""Standard deviations of log S between the middle and the outermost of both."""
ROWS_AT_ONCE = 8_000
"""Rows whose temporary arrays fit a processor's cache."""
REFERENCE_HALF_LIFE = 7.0
"""Days: at which a person's mean fatigue is measured for x_i; its choice moves gamma only."""
CORNER = 0.1
"""Probabilities this close to 1 are smoothed."""
FURTHEST = 3.0
"""Logarithm of x beyond which nothing more is gained."""
STEPS_TO_MODE = 10


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


@dataclass(frozen=True, eq=False)
class _Rows:
    """Some fitted rows of a block, and how to sum over them by person."""

    at: Ints
    """Places among the fitted rows."""
    who: Ints
    """Their persons, counted from the block's first."""
    people: int
    present: Ints
    """Persons of the block who have rows, in order; each one's rows start at `begins`."""
    begins: Ints

    @classmethod
    def of(cls, at: Ints, who: Ints, people: int) -> _Rows:
        present, begins = np.unique(who, return_index=True)
        return cls(at, who, people, present, begins)

    def total(self, values: Floats) -> Floats:
        """Sums by person of (nodes, rows)."""
        sums = np.zeros((values.shape[0], self.people))
        if len(self.begins):
            sums[:, self.present] = np.add.reduceat(values, self.begins, axis=1)
        return sums


def _yes(log_x: Floats) -> tuple[Floats, Floats, Floats]:
    """log p of what happened, its slope by log x, and minus the slope of that; p = x, and close to 1 bends towards it.

    min(1, x) has a corner, over which no search climbs: above 1 - CORNER, p is 1 - CORNER exp(-(x - 1 + CORNER) /
    CORNER), which joins smoothly.
    """
    x = np.exp(np.minimum(log_x, FURTHEST))
    bent = x > 1 - CORNER
    if not bent.any():
        return log_x, np.ones_like(x), np.zeros_like(x)
    rest = CORNER * np.exp(-np.maximum(x - 1 + CORNER, 0.0) / CORNER)
    slope = x * rest / CORNER / (1 - rest)
    bend = slope * (x / CORNER + slope - 1)
    return np.where(bent, np.log(1 - rest), log_x), np.where(bent, slope, 1.0), np.where(bent, bend, 0.0)


def _no(log_x: Floats) -> tuple[Floats, Floats, Floats]:
    """The same for log(1 - p) of what did not happen."""
    x = np.exp(np.minimum(log_x, FURTHEST))
    rest = np.maximum(1 - x, CORNER)
    slope = x / rest
    beyond = np.maximum(x - 1 + CORNER, 0.0) / CORNER
    return np.log(rest) - beyond, -slope, np.where(beyond > 0, slope, slope / rest)


def _summed(rows: _Rows, found: tuple[Floats, Floats, Floats], tired: _Tired) -> Floats:
    """Sums by person (4, nodes, people): values, and their slopes by log x: plain, times fatigue, times its slope."""
    value, by_log_x, _ = found
    parts = (value, by_log_x, by_log_x * tired.level[rows.at], by_log_x * tired.slope[rows.at])
    return np.array([rows.total(part) for part in parts])


@dataclass(frozen=True, eq=False)
class _Tired:
    """Fatigue of each fitted row, and its slope by the log of the half-life."""

    level: Floats
    slope: Floats


@dataclass(frozen=True, eq=False)
class _Block:
    """A few people: their fitted rows by channel, opened or not, opted out or not."""

    people: slice
    opened: list[_Rows]
    unopened: list[_Rows]
    leaving: list[_Rows]
    staying: list[_Rows]


class ContactLikelihood:
    """Log-likelihood by person, with its slopes, of the fitted rows of a log.

    `fitted` says which rows are (delivered ones, after the run-in). `randomized`: frequency was assigned by chance, so
    differences between people count as well, and x_i is 0.
    """

    def __init__(self, log: SendLog, fitted: Bools, *, randomized: bool):
        self.log, self.fitted, self.randomized = log, np.flatnonzero(fitted), randomized
        known, self.person = np.unique(log.person[self.fitted], return_inverse=True)
        self.people = len(known)
        self.layout = Layout(len(log.channels), log.opted_out is not None and bool(log.opted_out[fitted].any()))
        self.channel = log.channel[self.fitted]
        self.opened = log.opened[self.fitted]
        self.at_risk, self.left = _opt_out_rows(log, self.fitted)
        self.usual = self._usual()
        self.blocks = list(self._blocks())
        self.nodes, self.points, self.point_weights, self.spline = _patience_points()
        nodes = (len(self.nodes), self.layout.channels, self.people)
        self.mode, self.width = np.zeros(nodes), np.ones(nodes)

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

    def _blocks(self) -> Iterator[_Block]:
        ends = np.cumsum(np.bincount(self.person, minlength=self.people))
        start = 0
        while start < self.people:
            first_row = int(ends[start - 1]) if start else 0
            stop = min(max(start + 1, int(np.searchsorted(ends, first_row + ROWS_AT_ONCE))), self.people)
            yield self._block(slice(start, stop), np.arange(first_row, int(ends[stop - 1])))
            start = stop

    def _block(self, people: slice, rows: Ints) -> _Block:
        def pick(chosen: Bools) -> list[_Rows]:
            marked = [rows[chosen[rows] & (self.channel[rows] == c)] for c in range(self.layout.channels)]
            return [_Rows.of(at, self.person[at] - people.start, people.stop - people.start) for at in marked]

        return _Block(people, *map(pick, (self.opened, ~self.opened, self.left, self.at_risk & ~self.left)))

    def _tired(self, theta: Floats) -> _Tired:
        level, slope = self.log.fatigue(math.exp(theta[self.layout.at("half_life")]))
        return _Tired(level[self.fitted], slope[self.fitted])

    def adapt(self, theta: Floats) -> None:
        """Move the nodes of affinity to where each person's likelihood is."""
        tired = self._tired(theta)
        for block in self.blocks:
            for r in range(len(self.nodes)):
                for c in range(self.layout.channels):
                    self._find_mode(theta, block, tired, c, r)

    def _find_mode(self, theta: Floats, block: _Block, tired: _Tired, c: int, r: int) -> None:
        """Newton's method for the mode of log affinity given patience; the function is concave."""
        base = theta[self.layout.at(f"open:{c}")]
        wear = theta[self.layout.at("delta")] * self._sensitivity(theta, self.nodes[r])
        variance = math.exp(2 * theta[self.layout.at("affinity_spread")])
        center = theta[self.layout.at(f"frequency:{c}")] * self.usual[block.people, c] - variance / 2
        parts = [
            (rows, law, base - wear * tired.level[rows.at])
            for rows, law in ((block.opened[c], _yes), (block.unopened[c], _no))
        ]
        mode = self.mode[r - 1, c, block.people] if r else np.zeros(len(center))
        for _ in range(STEPS_TO_MODE):
            pull, curvature = (center - mode) / variance, np.full(len(center), 1 / variance)
            for rows, law, worn in parts:
                _, slope, bend = law(worn + mode[rows.who])
                by_person = rows.total(np.array([slope, bend]))
                pull, curvature = pull + by_person[0], curvature + by_person[1]
            step = np.clip(pull / curvature, -1.0, 1.0)
            mode = mode + step
            if np.abs(step).max() < 1e-3:
                break
        self.mode[r, c, block.people] = mode
        self.width[r, c, block.people] = 1 / np.sqrt(curvature)

    # --- values ------------------------------------------------------------------------------------------

    def __call__(self, theta: Floats) -> tuple[Floats, Floats]:
        """Log-likelihood of each person, and its slopes by the parameters of `layout` (people, parameters)."""
        values, slopes, tired = np.zeros(self.people), np.zeros((self.people, len(theta))), self._tired(theta)
        for block in self.blocks:
            values[block.people], slopes[block.people], _ = self._of_block(theta, block, tired)
        return values, slopes

    def expected_opens(self, theta: Floats) -> Floats:
        """Probability to open of each fitted row, given all that is seen of its person."""
        expected, tired = np.zeros(len(self.fitted)), self._tired(theta)
        for block in self.blocks:
            points = self._of_block(theta, block, tired)[2]
            near = np.abs(self.points[:, None] - self.nodes).argmin(1)  # each point's share goes to the nearest node
            for r, node in enumerate(self.nodes):
                patience = points[near == r].sum(0)
                wear = theta[self.layout.at("delta")] * self._sensitivity(theta, node)
                for c in range(self.layout.channels):
                    liking, shares, _, _ = self._affinities(theta, block, tired, wear, c, r)
                    base = theta[self.layout.at(f"open:{c}")]
                    for rows in (block.opened[c], block.unopened[c]):
                        log_p = base + liking[:, rows.who] - wear * tired.level[rows.at]
                        share = shares[:, rows.who] * patience[rows.who]
                        expected[rows.at] += (share * np.exp(_yes(log_p)[0])).sum(0)
        return expected

    def _sensitivity(self, theta: Floats, u: Any) -> Any:
        """exp(spread u + spread^2/2): 1/patience, where patience has mean 1."""
        spread = math.exp(theta[self.layout.at("patience_spread")])
        return np.exp(spread * u + spread**2 / 2)

    def _of_block(self, theta: Floats, block: _Block, tired: _Tired) -> tuple[Floats, Floats, Floats]:
        """Values and slopes by person, and the share of each point of patience (points, people)."""
        people, parameters = block.people.stop - block.people.start, len(theta)
        values, slopes = np.zeros((len(self.nodes), people)), np.zeros((len(self.nodes), parameters, people))
        for r in range(len(self.nodes)):
            for c in range(self.layout.channels):
                values[r] += self._opens(theta, block, tired, c, r, slopes[r])
        values = self.spline @ values + self.point_weights[:, None]
        slopes = np.einsum("gr,rkp->gkp", self.spline, slopes)
        if self.layout.opt_outs:
            for c in range(self.layout.channels):
                values += self._opt_outs(theta, block, tired, c, slopes)
        total = _log_sum(values)
        shares = np.exp(values - total)
        return total, np.einsum("gp,gkp->pk", shares, slopes), shares

    def _opens(self, theta: Floats, block: _Block, tired: _Tired, c: int, r: int, slopes: Floats) -> Floats:
        """Opens on a channel at one patience: the value; adds to the slopes (parameters, people)."""
        at, sensitivity = self.layout.at, self._sensitivity(theta, self.nodes[r])
        delta, variance = theta[at("delta")], math.exp(2 * theta[at("affinity_spread")])
        _, shares, found, off = self._affinities(theta, block, tired, delta * sensitivity, c, r)
        by_log_p, by_level, by_slope = (shares * found[1:]).sum(1)
        slopes[at("delta")] -= sensitivity * by_level
        slopes[at("half_life")] -= delta * sensitivity * by_slope
        slopes[at("patience_spread")] -= delta * sensitivity * by_level * self._by_spread(theta, self.nodes[r])
        slopes[at(f"open:{c}")] = by_log_p
        slopes[at(f"frequency:{c}")] = (shares * off).sum(0) / variance * self.usual[block.people, c]
        slopes[at("affinity_spread")] += (shares * (off**2 / variance - 1.0 - off)).sum(0)
        return _log_sum(found[0])

    def _by_spread(self, theta: Floats, u: Any) -> Any:
        """Slope of log sensitivity by the log of the spread of patience."""
        spread = math.exp(theta[self.layout.at("patience_spread")])
        return spread * u + spread**2

    def _affinities(
        self, theta: Floats, block: _Block, tired: _Tired, wear: float, c: int, r: int
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """At each node of log affinity (nodes, people): its value, its share, the sums of `_summed` with the node's
        weight in the first, and the value's distance from the prior mean."""
        base = theta[self.layout.at(f"open:{c}")]
        variance = math.exp(2 * theta[self.layout.at("affinity_spread")])
        center = theta[self.layout.at(f"frequency:{c}")] * self.usual[block.people, c] - variance / 2
        points, log_weights = _hermite(AFFINITY_NODES)
        width = self.width[r, c, block.people]
        liking = self.mode[r, c, block.people] + width * points[:, None]
        off = liking - center
        weight = (log_weights + points**2 / 2)[:, None] - (off**2 / variance) / 2 + np.log(width / math.sqrt(variance))
        found = np.zeros((4, *liking.shape))
        for rows, law in ((block.opened[c], _yes), (block.unopened[c], _no)):
            found += _summed(rows, law(base + liking[:, rows.who] - wear * tired.level[rows.at]), tired)
        found[0] += weight
        return liking, np.exp(found[0] - _log_sum(found[0])), found, off

    def _opt_outs(self, theta: Floats, block: _Block, tired: _Tired, c: int, slopes: Floats) -> Floats:
        """Opting out of a channel at each point of patience: the values; adds to the slopes."""
        at, sensitivity = self.layout.at, self._sensitivity(theta, self.points)[:, None]
        kappa, base = theta[at("kappa")], theta[at(f"opt_out:{c}")]
        found = np.zeros((4, *slopes[:, 0].shape))
        for rows, law in ((block.leaving[c], _yes), (block.staying[c], _no)):
            found += _summed(rows, law(base + kappa * sensitivity * tired.level[rows.at]), tired)
        value, by_log_p, by_level, by_slope = found
        slopes[:, at(f"opt_out:{c}")] = by_log_p
        slopes[:, at("kappa")] += sensitivity * by_level
        slopes[:, at("half_life")] += kappa * sensitivity * by_slope
        by_spread = self._by_spread(theta, self.points)[:, None]
        slopes[:, at("patience_spread")] += kappa * sensitivity * by_level * by_spread
        return np.asarray(value)


def _patience_points() -> tuple[Floats, Floats, Floats, Floats]:
    """Nodes and points of log S in standard deviations, the points' log weights, and the matrix that takes values at
    the nodes to the polynomial's values at the points."""
    nodes = PATIENCE_REACH * np.polynomial.chebyshev.chebpts1(PATIENCE_NODES)
    points = np.linspace(-PATIENCE_REACH, PATIENCE_REACH, PATIENCE_POINTS)
    weights = -(points**2) / 2
    basis = [np.polynomial.chebyshev.chebvander(u / PATIENCE_REACH, PATIENCE_NODES - 1) for u in (points, nodes)]
    return nodes, points, weights - np.log(np.exp(weights).sum()), basis[0] @ np.linalg.inv(basis[1])


def _hermite(nodes: int) -> tuple[Floats, Floats]:
    """Nodes and log weights for means over the standard normal distribution."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return points, np.log(weights / weights.sum())


def _log_sum(values: Floats) -> Floats:
    """log(sum(exp)) over the first axis."""
    most = values.max(0)
    return np.asarray(most + np.log(np.exp(values - most).sum(0)))


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
