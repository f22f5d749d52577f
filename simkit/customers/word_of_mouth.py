"""Who hears from whom: a fixed network of persons, drawn once a run, and what share of one's ties has adopted.

It is read once a day outside the rules, from where everyone stood when yesterday ended.
"""

from __future__ import annotations

import numpy as np

from simkit.customers.state import CUSTOMER, INFLUENCE_GRAIN, INVITATION_GRAIN, PROSPECT
from simkit.rng import Purpose, crc, run_key, uniforms
from simkit.scenario.life_cycle import Network
from simkit.scenario.market import Market
from simkit.scenario.schema import Scenario

_FINE = 1024
"""Parts of a unit in which invitations are summed, so that no order of summing can show."""


class Ties:
    """An undirected network of everyone in the market. Persons count in order of (segment, index)."""

    def __init__(self, pairs: np.ndarray, sizes: list[int]):
        """`pairs`: (ties, 2) persons; `sizes`: persons per segment."""
        self._first = np.concatenate([[0], np.cumsum(sizes)])
        people = int(self._first[-1])
        both = np.concatenate([pairs, pairs[:, ::-1]])
        both = both[np.argsort(both[:, 0], kind="stable")]
        self._other = both[:, 1]
        self.degree = np.bincount(both[:, 0], minlength=people)
        self._end = np.cumsum(self.degree)

    def heard(self, segment: np.ndarray, index: np.ndarray, relation: np.ndarray) -> np.ndarray:
        """Share of each person's ties who are or were customers, in 1/INFLUENCE_GRAIN; persons in any order."""
        place = self._first[segment] + index
        adopted = np.zeros(len(self.degree), bool)
        adopted[place] = relation >= CUSTOMER
        running = np.concatenate([[0], np.cumsum(adopted[self._other])])
        count = running[self._end] - running[self._end - self.degree]
        return np.rint(count / np.maximum(self.degree, 1) * INFLUENCE_GRAIN).astype(np.uint8)[place]

    def invitations(
        self, segment: np.ndarray, index: np.ndarray, relation: np.ndarray, refers: np.ndarray, asked: float
    ) -> np.ndarray:
        """How often each prospect is asked, in 1/INVITATION_GRAIN; persons in any order.

        Who refers (a mask) asks `asked` prospects on average, any one among the own ties alike; without any, nobody.
        """
        place = self._first[segment] + index
        prospect, share = np.zeros(len(self.degree), bool), np.zeros(len(self.degree))
        prospect[place] = relation == PROSPECT
        known = self._over_ties(prospect)
        share[place] = np.where(refers, asked, 0.0)
        share /= np.maximum(known, 1)
        times = self._over_ties(np.rint(share * INVITATION_GRAIN * _FINE).astype(np.int64)) * prospect
        return np.minimum(np.rint(times / _FINE), 2**16 - 1).astype(np.uint16)[place]

    def _over_ties(self, values: np.ndarray) -> np.ndarray:
        """Sum of whole numbers over each person's ties."""
        running = np.concatenate([[0], np.cumsum(values[self._other])])
        return running[self._end] - running[self._end - self.degree]


def ties_of(scenario: Scenario, replication: int) -> Ties | None:
    """The network of a run, or None where word of mouth is everybody's or there is none."""
    spread = scenario.market.word_of_mouth
    if spread is None or spread.network is None:
        return None
    draw = _Everyone(scenario.market, run_key(scenario.seed, replication))
    pairs = (
        _small_world(draw, spread.network) if spread.network.kind == "small_world" else _random(draw, spread.network)
    )
    return Ties(pairs, list(scenario.market.sizes().values()))


class _Everyone:
    """Keyed uniforms for all persons of the market."""

    def __init__(self, market: Market, key: tuple[int, int]):
        self.key, self.sizes = key, market.sizes()
        self.people = market.customers

    def __call__(self, purpose: Purpose, k: int) -> np.ndarray:
        return np.concatenate(
            [uniforms(self.key, np.arange(size), 0, int(purpose), k, crc(name)) for name, size in self.sizes.items()]
        )


def _random(draw: _Everyone, network: Network) -> np.ndarray:
    """Everybody has as many ties: the union of neighbors / 2 rings, each in an order of its own."""
    rings = [np.argsort(draw(Purpose.TIE, k), kind="stable") for k in range(network.neighbors // 2)]
    return np.concatenate([np.column_stack([ring, np.roll(ring, -1)]) for ring in rings])


def _small_world(draw: _Everyone, network: Network) -> np.ndarray:
    """Watts & Strogatz 1998: a ring in which each knows the nearest, and a share of ties leads anywhere instead."""
    people = np.arange(draw.people)
    pairs = []
    for k in range(network.neighbors // 2):
        anywhere = people + 1 + np.floor(draw(Purpose.TIE_TO, k) * (draw.people - 1)).astype(np.int64)
        nearest = people + 1 + k
        other = np.where(draw(Purpose.TIE, k) < network.rewired, anywhere, nearest) % draw.people
        pairs.append(np.column_stack([people, other]))
    return np.concatenate(pairs)
