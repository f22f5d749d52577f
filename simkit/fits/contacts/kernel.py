"""The compiled part of the likelihood of a log of sends: sums over rows, nodes and points, one person after another.

`contact_likelihood` says what is computed and prepares the arrays; here it is done. Positive parameters stand as
logarithms at the places of `contact_likelihood.Layout`, the first four of which are repeated below. A person's rows on
channel c are those from `begin[person, c]` to `end[person, c]`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

HALF_LIFE, DELTA, AFFINITY, PATIENCE = range(4)
EXPONENTIAL, HYPERBOLIC, LINEAR = range(3)

CORNER = 0.1
"""Probabilities this close to 1 are smoothed, and so is what is left of the response when wear-out is linear."""
FURTHEST = 3.0
"""Logarithm of x beyond which nothing more is gained."""
STEPS_TO_MODE = 30
SMALLEST = 1e-200
"""Products are kept above it, so that many factors need one logarithm."""

compiled = njit(nogil=True, cache=True, error_model="numpy")
"""Division as NumPy has it. Loops are written out: array expressions take seconds to compile."""


@compiled
def fatigue(edges: Any, gap: Any, since: Any, weight: Any, rate: float, level: Any, slope: Any) -> None:
    """Fatigue before each of a person's contact days, fading at `rate` a day; its slope by the log of the half-life.

    Each person's contacts are repeated for ever before the first; the circle closes with the mean gap.
    """
    for person in range(len(edges) - 1):
        first, last = edges[person], edges[person + 1] - 1
        level[first] = slope[first] = 0.0
        for k in range(first + 1, last + 1):
            kept = math.exp(-rate * gap[k])
            before = level[k - 1] + weight[k - 1]
            level[k] = before * kept
            slope[k] = slope[k - 1] * kept + before * kept * rate * gap[k]
        if first == last:
            continue
        pause = since[last] / (last - first)
        left, back = math.exp(-rate * pause), math.exp(-rate * (since[last] + pause))
        carried = (level[last] + weight[last]) * left
        begun = carried / (1 - back)
        by_rate = slope[last] * left + carried * rate * pause
        by_rate = (by_rate + begun * back * rate * (since[last] + pause)) / (1 - back)
        for k in range(first, last + 1):
            rest = math.exp(-rate * since[k])
            level[k] += begun * rest
            slope[k] += (by_rate + begun * rate * since[k]) * rest


@compiled
def worn(form: int, z: float) -> Any:
    """The log of the response that is left at z = delta S F, and its slope by z.

    max(0, 1 - z) has an end from which no search returns: below CORNER it falls exponentially.
    """
    if form == EXPONENTIAL:
        return -z, -1.0
    if form == HYPERBOLIC:
        rest = max(1.0 + z, CORNER)
        return -math.log(rest), -1.0 / rest
    if z <= 1.0 - CORNER:
        return math.log(1.0 - z), -1.0 / (1.0 - z)
    return math.log(CORNER) - (z - 1.0 + CORNER) / CORNER, -1.0 / CORNER


@compiled
def yes(log_x: float) -> Any:
    """log p of what happened, its slope by log x, and minus the slope of that; p = x, and close to 1 bends towards it.

    min(1, x) has a corner, over which no search climbs: above 1 - CORNER, p is 1 - CORNER exp(-(x - 1 + CORNER) /
    CORNER), which joins smoothly.
    """
    x = math.exp(min(log_x, FURTHEST))
    if x <= 1.0 - CORNER:
        return log_x, 1.0, 0.0
    rest = CORNER * math.exp(-(x - 1.0 + CORNER) / CORNER)
    slope = x * rest / CORNER / (1.0 - rest)
    return math.log(1.0 - rest), slope, slope * (x / CORNER + slope - 1.0)


@compiled
def no(x: float) -> Any:
    """For what did not happen: log(1 - p) is log(rest) - beyond; rest, beyond, slope by log x, minus its slope."""
    rest = 1.0 - x
    if rest >= CORNER:
        slope = x / rest
        return rest, 0.0, -slope, slope / rest
    slope = x / CORNER
    return CORNER, (x - 1.0 + CORNER) / CORNER, -slope, slope


@compiled
def find_modes(
    people: Any, begin: Any, end: Any, opened: Any, level: Any, usual: Any, theta: Any, form: int, nodes: Any,
    mode: Any, width: Any,
) -> None:  # fmt: skip
    """Newton's method for the mode of each person's log affinity (nodes, channels, people) given patience, and the
    width of the likelihood around it; the function is concave."""
    channels = begin.shape[1]
    spread, variance = math.exp(theta[PATIENCE]), math.exp(2 * theta[AFFINITY])
    for person in range(people[0], people[1]):
        for r in range(len(nodes)):
            wear = theta[DELTA] * math.exp(spread * nodes[r] + spread * spread / 2)
            for c in range(channels):
                center = theta[4 + channels + c] * usual[person, c] - variance / 2
                here = mode[r, c, person]
                curvature, before, furthest = 1 / variance, 0.0, 1.0
                for _ in range(STEPS_TO_MODE):
                    pull, curvature = (center - here) / variance, 1 / variance
                    for j in range(begin[person, c], end[person, c]):
                        log_x = theta[4 + c] + here + worn(form, wear * level[j])[0]
                        if opened[j]:
                            _, slope, bend = yes(log_x)
                        else:
                            _, _, slope, bend = no(math.exp(min(log_x, FURTHEST)))
                        pull += slope
                        curvature += bend
                    if pull * before < 0.0:
                        furthest /= 2  # across the top: never to and fro over a corner
                    step = max(-furthest, min(pull / curvature, furthest))
                    here, before = here + step, pull
                    if abs(step) < 1e-3:
                        break
                mode[r, c, person] = here
                width[r, c, person] = 1 / math.sqrt(curvature)


@compiled
def _affinities(
    person: int, c: int, r: int, begin: Any, end: Any, opened: Any, level: Any, slope: Any, usual: Any, theta: Any,
    form: int, sensitivity: float, mode: Any, width: Any, points: Any, log_weights: Any, found: Any,
) -> None:  # fmt: skip
    """Into `found` (6, nodes of affinity): its log likelihood with the node's weight; slopes of that by log p, by the
    wear z times fatigue, and by z times fatigue's own slope; log affinity, and how far that is from its prior mean."""
    channels = begin.shape[1]
    variance = math.exp(2 * theta[AFFINITY])
    center = theta[4 + channels + c] * usual[person, c] - variance / 2
    size = len(points)
    liking, product, value = np.empty(size), np.ones(size), np.zeros(size)
    by_log_p, by_wear, by_half_life = np.zeros(size), np.zeros(size), np.zeros(size)
    likes_most = 0.0
    for q in range(size):
        at = mode[r, c, person] + width[r, c, person] * points[q]
        off = at - center
        found[0, q] = log_weights[q] + points[q] ** 2 / 2 - off * off / variance / 2
        found[0, q] += math.log(width[r, c, person]) - theta[AFFINITY]
        found[4, q], found[5, q] = at, off
        liking[q] = math.exp(at)
        likes_most = max(likes_most, liking[q])
    most = math.exp(FURTHEST)
    count = logs = levels = slopes = 0.0  # of opened rows whose probability is x at all nodes
    for j in range(begin[person, c], end[person, c]):
        log_worn, by_z = worn(form, theta[DELTA] * sensitivity * level[j])
        log_x = theta[4 + c] + log_worn
        x = math.exp(log_x)
        by_level, by_slope = by_z * level[j], by_z * slope[j]
        if x * likes_most <= 1.0 - CORNER:
            if opened[j]:
                count += 1.0
                logs += log_x
                levels += by_level
                slopes += by_slope
                continue
            for q in range(size):  # the case of nearly all rows: no branches, so that it is computed four at a time
                y = x * liking[q]
                by = -y / (1.0 - y)
                product[q] *= 1.0 - y
                by_log_p[q] += by
                by_wear[q] += by * by_level
                by_half_life[q] += by * by_slope
        else:
            for q in range(size):
                if opened[j]:
                    log_p, by, _ = yes(log_x + found[4, q])
                    value[q] += log_p
                else:
                    rest, beyond, by, _ = no(min(x * liking[q], most))
                    value[q] -= beyond
                    product[q] *= rest
                by_log_p[q] += by
                by_wear[q] += by * by_level
                by_half_life[q] += by * by_slope
        if product[size - 1] < SMALLEST or product[0] < SMALLEST:
            for q in range(size):
                value[q] += math.log(product[q])
                product[q] = 1.0
    for q in range(size):
        found[0, q] += value[q] + math.log(product[q]) + logs + count * found[4, q]
        found[1, q], found[2, q] = by_log_p[q] + count, by_wear[q] + levels
        found[3, q] = by_half_life[q] + slopes


@compiled
def _opt_outs(
    person: int, c: int, begin: Any, end: Any, risk: Any, level: Any, slope: Any, theta: Any, sensitivity: Any,
    found: Any,
) -> None:  # fmt: skip
    """Into `found` (4, points of patience): log likelihood of opting out or not, and its slopes by log p, times
    fatigue, and times fatigue's own slope."""
    channels = begin.shape[1]
    kappa, base = theta[4 + 2 * channels], theta[5 + 2 * channels + c]
    for g in range(len(sensitivity)):
        value = by_log_p = by_level = by_slope = 0.0
        product = 1.0
        for j in range(begin[person, c], end[person, c]):
            if risk[j] == 0:
                continue
            log_x = base + kappa * sensitivity[g] * level[j]
            if risk[j] == 2:
                log_p, by, _ = yes(log_x)
                value += log_p
            else:
                rest, beyond, by, _ = no(math.exp(min(log_x, FURTHEST)))
                value -= beyond
                product *= rest
                if product < SMALLEST:
                    value += math.log(product)
                    product = 1.0
            by_log_p += by
            by_level += by * level[j]
            by_slope += by * slope[j]
        found[0, g] = value + math.log(product)
        found[1, g], found[2, g], found[3, g] = by_log_p, by_level, by_slope


@compiled
def _shares(values: Any, shares: Any) -> float:
    """log(sum(exp(values))), and each one's share of the sum."""
    most, total = values[0], 0.0
    for k in range(len(values)):
        most = max(most, values[k])
    for k in range(len(values)):
        shares[k] = math.exp(values[k] - most)
        total += shares[k]
    for k in range(len(values)):
        shares[k] /= total
    return float(most + math.log(total))


@compiled
def log_likelihood(
    people: Any, begin: Any, end: Any, opened: Any, risk: Any, level: Any, slope: Any, usual: Any, theta: Any,
    form: int, opt_outs: bool, nodes: Any, at_nodes: Any, points: Any, at_points: Any, point_weights: Any, spline: Any,
    nearest: Any, mode: Any, width: Any, hermite: Any, hermite_weights: Any, values: Any, slopes: Any, shares: Any,
) -> None:  # fmt: skip
    """Adds up each person's log-likelihood, its slopes (people, parameters) and the share of each node of patience.

    Patience: opens at `nodes`, taken by `spline` to `points`, with sensitivities `at_nodes` and `at_points`; `nearest`
    is the node closest to each point.
    """
    channels, size, some, many = begin.shape[1], len(theta), len(nodes), len(points)
    spread, variance = math.exp(theta[PATIENCE]), math.exp(2 * theta[AFFINITY])
    likes, share = np.empty((6, len(hermite))), np.empty(len(hermite))
    leaves, at_point, posterior = np.empty((4, many)), np.empty(many), np.empty(many)
    node_value, node_slopes, point_slopes = np.empty(some), np.empty((some, size)), np.empty((many, size))
    for person in range(people[0], people[1]):
        for r in range(some):
            node_value[r] = 0.0
            for k in range(size):
                node_slopes[r, k] = 0.0
            sensitivity, by_spread = at_nodes[r], spread * nodes[r] + spread * spread
            for c in range(channels):
                if begin[person, c] == end[person, c]:
                    continue
                _affinities(person, c, r, begin, end, opened, level, slope, usual, theta, form, sensitivity, mode,
                            width, hermite, hermite_weights, likes)  # fmt: skip
                node_value[r] += _shares(likes[0], share)
                for q in range(len(hermite)):
                    off, by_level = likes[5, q], share[q] * sensitivity * likes[2, q]
                    node_slopes[r, DELTA] += by_level
                    node_slopes[r, HALF_LIFE] += share[q] * theta[DELTA] * sensitivity * likes[3, q]
                    node_slopes[r, PATIENCE] += theta[DELTA] * by_level * by_spread
                    node_slopes[r, AFFINITY] += share[q] * (off * off / variance - 1.0 - off)
                    node_slopes[r, 4 + c] += share[q] * likes[1, q]
                    node_slopes[r, 4 + channels + c] += share[q] * off / variance * usual[person, c]
        for g in range(many):
            at_point[g] = point_weights[g]
            for k in range(size):
                point_slopes[g, k] = 0.0
            for r in range(some):
                part = spline[g, r]
                if part != 0.0:
                    at_point[g] += part * node_value[r]
                    for k in range(size):
                        point_slopes[g, k] += part * node_slopes[r, k]
        if opt_outs:
            kappa = theta[4 + 2 * channels]
            for c in range(channels):
                _opt_outs(person, c, begin, end, risk, level, slope, theta, at_points, leaves)
                for g in range(many):
                    by_level, by_spread = at_points[g] * leaves[2, g], spread * points[g] + spread * spread
                    at_point[g] += leaves[0, g]
                    point_slopes[g, 5 + 2 * channels + c] += leaves[1, g]
                    point_slopes[g, 4 + 2 * channels] += by_level
                    point_slopes[g, HALF_LIFE] += kappa * at_points[g] * leaves[3, g]
                    point_slopes[g, PATIENCE] += kappa * by_level * by_spread
        values[person] = _shares(at_point, posterior)
        for g in range(many):
            shares[nearest[g], person] += posterior[g]
            for k in range(size):
                slopes[person, k] += posterior[g] * point_slopes[g, k]


@compiled
def expected_opens(
    people: Any, begin: Any, end: Any, opened: Any, level: Any, usual: Any, theta: Any, form: int, nodes: Any,
    mode: Any, width: Any, hermite: Any, hermite_weights: Any, shares: Any, expected: Any,
) -> None:  # fmt: skip
    """Probability to open of each row, given all that is seen of its person and the `shares` of patience."""
    channels = begin.shape[1]
    spread = math.exp(theta[PATIENCE])
    likes, share = np.empty((6, len(hermite))), np.empty(len(hermite))
    for person in range(people[0], people[1]):
        for r in range(len(nodes)):
            sensitivity = math.exp(spread * nodes[r] + spread * spread / 2)
            for c in range(channels):
                _affinities(person, c, r, begin, end, opened, level, level, usual, theta, form, sensitivity, mode,
                            width, hermite, hermite_weights, likes)  # fmt: skip
                _shares(likes[0], share)
                for j in range(begin[person, c], end[person, c]):
                    base = theta[4 + c] + worn(form, theta[DELTA] * sensitivity * level[j])[0]
                    for q in range(len(hermite)):
                        expected[j] += shares[r, person] * share[q] * math.exp(yes(base + likes[4, q])[0])
