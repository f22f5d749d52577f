"""Accounts: persons of a segment who buy together, one payer and the users.

Who belongs together follows from the stable index, so it never depends on anybody else's luck. What an account thinks
is read once a day outside the rules, from where everyone stood when yesterday ended, so no order can show.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simkit.customers.state import (
    CUSTOMER,
    GROUP_BLOCKER,
    GROUP_BOUGHT,
    GROUP_DECIDES,
    GROUP_USER,
    GROUP_WAITS,
    INFLUENCE_GRAIN,
    PROSPECT,
    STAGES,
)
from simkit.rng import Purpose, crc, run_key, uniforms
from simkit.scenario.deciding import BuyingGroup
from simkit.scenario.schema import Scenario

Column = Callable[[str], np.ndarray]


def account_sizes(group: BuyingGroup, size: int, key: tuple[int, int], space: int) -> np.ndarray:
    """Persons of each account of a segment of `size`, by the account's ordinal; the last one may be left smaller.

    Sizes are quantiles of their shares at keyed uniforms: accounts stay the same when the segment grows.
    """
    shares = np.cumsum([share for _, share in sorted(group.sizes.items())])
    found = np.searchsorted(shares[:-1], uniforms(key, np.arange(size), 0, int(Purpose.GROUP_SIZE), 0, space), "right")
    sizes = np.array(sorted(group.sizes))[found]
    ends = np.cumsum(sizes)
    accounts = int(np.searchsorted(ends, size)) + 1
    sizes = sizes[:accounts].copy()
    sizes[-1] -= int(ends[accounts - 1]) - size
    return sizes


def places(sizes: np.ndarray) -> np.ndarray:
    """Each person's place in the own account: 0 is the payer, then the users."""
    return np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)


class Accounts:
    """All accounts of a market. Persons count in order of (segment, index)."""

    def __init__(self, scenario: Scenario, replication: int):
        key = run_key(scenario.seed, replication)
        sizes = scenario.market.sizes()
        self._first = np.concatenate([[0], np.cumsum(list(sizes.values()))])
        people, self.count = int(self._first[-1]), 0
        self.account = np.full(people, -1)
        """Of each person; -1 for who buys alone."""
        self.place = np.zeros(people, np.int64)
        self._blocker = np.zeros(people, bool)
        self._favor_from = np.zeros(people, np.int64)
        users, needed, blockers = [], [], []
        for start, (name, size) in zip(self._first, sizes.items(), strict=False):
            group = scenario.market.segments[name].buying_group
            if group is None or not group.decides:
                continue
            of = account_sizes(group, size, key, crc(name))
            here = slice(start, start + size)
            self.account[here] = self.count + np.repeat(np.arange(len(of)), of)
            self.place[here] = places(of)
            self._blocker[here] = (self.place[here] > 0) & (self.place[here] <= group.blockers)
            self._favor_from[here] = STAGES.index(group.favor_from)
            self.count += len(of)
            users.append(of - 1)
            needed.append([group.needed(int(n)) for n in of - 1])
            blockers.append(np.minimum(of - 1, group.blockers))
        self.users, self._needed, self._blockers = (
            np.concatenate(part).astype(np.int64) for part in (users, needed, blockers)
        )

    def yesterday(self, column: Column) -> tuple[np.ndarray, np.ndarray]:
        """What `group` and `favoring` say of everyone today; persons in any order, as `column` gives them.

        A payer who is a prospect waits as long as too few users, or not all blockers, are in favor.
        """
        relation = column("relation")
        person = self._first[column("segment")] + column("index")
        account, place = self.account[person], self.place[person]
        user = (account >= 0) & (place > 0)
        payer = (account >= 0) & (place == 0)
        favors = user & (column("stage") >= self._favor_from[person])
        favoring = self._tally(account[favors])
        waits = (favoring < self._needed) | (self._tally(account[favors & self._blocker[person]]) < self._blockers)
        bought = self._tally(account[payer & (relation >= CUSTOMER)]) > 0
        decides = self._tally(account[payer & (column("decision_due") > 0)]) > 0
        group = np.zeros(len(relation), np.uint8)
        group[payer] = GROUP_WAITS * (waits[account] & (relation == PROSPECT))[payer]
        marks = GROUP_USER + GROUP_BLOCKER * self._blocker[person]
        marks += GROUP_BOUGHT * bought[account] + GROUP_DECIDES * decides[account]
        group[user] = marks[user]
        share = np.rint(favoring / np.maximum(self.users, 1) * INFLUENCE_GRAIN).astype(np.uint8)
        return group, np.where(account >= 0, share[account], 0).astype(np.uint8)

    def _tally(self, accounts: np.ndarray) -> np.ndarray:
        return np.bincount(accounts, minlength=self.count)


def accounts_of(scenario: Scenario, replication: int) -> Accounts | None:
    """The accounts of a run, or None where everybody buys alone."""
    groups = [segment.buying_group for segment in scenario.market.segments.values()]
    return Accounts(scenario, replication) if any(group and group.decides for group in groups) else None
