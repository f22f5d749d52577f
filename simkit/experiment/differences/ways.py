"""Which scenarios stand between two alternatives, and in which orders the one is turned into the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from simkit.rng import Purpose, crc, run_key, uniform

Chosen = frozenset[int]
"""Blocks that are the second alternative's already."""


@dataclass(frozen=True)
class Parts:
    """What two alternatives differ in, and every scenario between them.

    `between` takes the names that are the second's; `wrong` says what makes a scenario none that can be run.
    """

    names: tuple[str, ...]
    between: Callable[[frozenset[str]], Any]
    wrong: Callable[[Any], list[str]]


def parts_of(first: Any, second: Any) -> Parts:
    """Two scenarios by the sections of the schema."""
    from simkit.experiment.differences.sections import Pair
    from simkit.scenario.checking import nonsense

    pair = Pair(first, second)
    return Parts(pair.names, pair.between, lambda one: [f"{path}: {message}" for path, message in nonsense(one)])


@dataclass(frozen=True)
class Merged:
    """Sections that are turned together, because some scenario with only one of them turned makes no sense."""

    sections: tuple[str, ...]
    because: str


@dataclass(frozen=True)
class Way:
    """How the one is turned into the other: the blocks of sections, and the orders in which they are turned."""

    blocks: tuple[tuple[str, ...], ...]
    orders: tuple[tuple[int, ...], ...]
    """The order of the schema first; then the sampled ones, none where the average is over all orders."""
    merged: tuple[Merged, ...]

    @property
    def exact(self) -> bool:
        """Whether the average is over all orders."""
        return len(self.orders) == 1

    @property
    def labels(self) -> list[str]:
        """What each block is called."""
        return [" and ".join(block) for block in self.blocks]

    @property
    def needed(self) -> list[Chosen]:
        """Every scenario to run, as the blocks turned."""
        if self.exact:
            return subsets(len(self.blocks))
        found = {frozenset(order[:k]) for order in self.orders for k in range(len(order) + 1)}
        return sorted(found, key=lambda one: (len(one), sorted(one)))

    def sections(self, chosen: Chosen) -> frozenset[str]:
        """The sections turned."""
        return frozenset(name for i in chosen for name in self.blocks[i])


def subsets(count: int) -> list[Chosen]:
    """All sets of blocks, the small ones first."""
    return [frozenset(one) for size in range(count + 1) for one in itertools.combinations(range(count), size)]


def way(parts: Parts, orders: int, seed: int) -> Way:
    """The finest blocks of sections between which every scenario that is needed makes sense.

    While one makes none, the two blocks are merged that are told apart by the most scenarios without sense.
    """
    blocks: list[tuple[str, ...]] = [(name,) for name in parts.names]
    known: dict[frozenset[str], list[str]] = {}
    merged: dict[tuple[str, ...], str] = {}
    while True:
        found = Way(tuple(blocks), _orders(blocks, orders, seed), tuple(Merged(*one) for one in merged.items()))
        bad = {one: said for one in found.needed if (said := _wrong(parts, found.sections(one), known))}
        if not bad:
            return found
        i, j = _apart(bad, len(blocks))
        because = next(said[0] for one, said in bad.items() if (i in one) != (j in one))
        both = tuple(name for name in parts.names if name in (*blocks[i], *blocks[j]))
        merged = {names: said for names, said in merged.items() if not set(names) <= set(both)}
        merged[both] = because
        blocks = [block for k, block in enumerate(blocks) if k not in (i, j)]
        blocks = sorted([*blocks, both], key=lambda block: parts.names.index(block[0]))


def _wrong(parts: Parts, chosen: frozenset[str], known: dict[frozenset[str], list[str]]) -> list[str]:
    """What is wrong with a scenario between the two; the two themselves were checked when they were loaded."""
    if not chosen or len(chosen) == len(parts.names):
        return []
    if chosen not in known:
        known[chosen] = parts.wrong(parts.between(chosen))
    return known[chosen]


def _apart(bad: Iterable[Chosen], count: int) -> tuple[int, int]:
    """The two blocks of which the most scenarios without sense have turned just one."""
    pairs = list(itertools.combinations(range(count), 2))
    return max(pairs, key=lambda pair: sum((pair[0] in one) != (pair[1] in one) for one in bad))


def _orders(blocks: Sequence[tuple[str, ...]], orders: int, seed: int) -> tuple[tuple[int, ...], ...]:
    """The order of the schema alone where all orders take no more scenarios than sampled ones, else also those.

    Each is drawn by the names of the sections, and followed by itself backwards.
    """
    count = len(blocks)
    schema = tuple(range(count))
    if 2**count <= 2 + orders * max(1, count - 1):
        return (schema,)
    key = run_key(seed, 0)
    drawn: list[tuple[int, ...]] = []
    for k in range((orders + 1) // 2):
        luck = [uniform(*key, k, crc(block[0]), Purpose.TURNING_ORDER, 0, crc("why")) for block in blocks]
        one = tuple(sorted(schema, key=luck.__getitem__))
        drawn += [one, one[::-1]]
    return (schema, *drawn[:orders])
