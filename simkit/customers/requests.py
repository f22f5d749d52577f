"""Who asks for help today: after purchases, and now and then whatever they buy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simkit.customers.driver import MarketDriver
from simkit.customers.state import CUSTOMER
from simkit.records import ServiceRequest
from simkit.rng import Purpose, crc, uniforms
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.service import Service

REASONS = ("purchase", "account")
PURCHASE, ACCOUNT = range(2)
_ORDINALS = 1 << 26
ATTEMPTS = 16
"""Times one matter can be asked about."""


def request_key(reason: int, ordinal: np.ndarray | int, attempt: int = 0) -> np.ndarray | int:
    """The word that names a request of a person: its reason, the ordinal of what it is about, and the attempt."""
    return (reason * ATTEMPTS + attempt) * _ORDINALS + ordinal % _ORDINALS


class Requests:
    """The requests of a market's customers, read off their records each evening: no customer's day does any work.

    A purchase leads to a request with `per_purchase`, some days later; each person has a Poisson clock of other
    matters, which sounds only while the person is a customer. Both are keyed by the person and by the ordinal of the
    purchase or matter, so the same person asks about the same matters in every alternative.
    """

    def __init__(self, service: Service, market: MarketDriver, segments: Sequence[str], key: tuple[int, int]):
        self._service, self._market, self._segments, self._key = service, market, list(segments), key
        self._segment = market.column("segment").astype(np.int64)
        self._index = market.column("index").astype(np.int64)
        self._space = np.array([crc(name) for name in segments], np.int64)[self._segment]
        self._purchases = market.column("purchases").astype(np.int64)
        self._matters = np.zeros(len(self._index), np.int64)
        self._per_day = service.per_customer_year / DAYS_PER_YEAR
        everybody = np.arange(len(self._index))
        self._next = self._gap(everybody) if self._per_day else np.full(len(self._index), np.inf)
        self._expected: dict[int, list[tuple[int, int]]] = {}
        """Day -> (who, key) of what comes then."""

    def of_day(self, day: int) -> list[ServiceRequest]:
        """Who asks today; call when customers have lived the day."""
        self._after_purchases(day)
        self._account(day)
        about = self._expected.pop(day, [])
        if not about:
            return []
        who, keys = (np.array(column, np.int64) for column in zip(*about, strict=True))
        parts = self._draw(who, keys, Purpose.SERVICE_HOUR)
        found = [
            ServiceRequest(self._segments[self._segment[i]], int(self._index[i]), day + float(part),
                           REASONS[int(key) // (_ORDINALS * ATTEMPTS)], int(key))
            for i, key, part in zip(who, keys, parts, strict=True)
        ]  # fmt: skip
        return sorted(found, key=lambda request: (request.day, request.segment, request.index, request.key))

    def _after_purchases(self, day: int) -> None:
        """Some of today's purchases will be asked about, from tomorrow on."""
        now = self._market.column("purchases").astype(np.int64)
        who = np.flatnonzero(now > self._purchases)
        if not len(who):
            return
        many = now[who] - self._purchases[who]
        ordinal = np.repeat(self._purchases[who], many) + _count_up(many) + 1
        who = np.repeat(who, many)
        keys = np.asarray(request_key(PURCHASE, ordinal))
        asks = self._draw(who, keys, Purpose.SERVICE_ASKS) < self._service.per_purchase
        who, keys = who[asks], keys[asks]
        delay = -np.log(self._draw(who, keys, Purpose.SERVICE_DELAY)) * self._service.after_days
        self._expect(who, keys, day + 1 + delay.astype(np.int64))
        self._purchases = now

    def _account(self, day: int) -> None:
        """Clocks that run out today; nobody hears those of persons who are no customers."""
        is_customer = self._market.column("relation") == CUSTOMER
        while len(who := np.flatnonzero(self._next < day + 1)):
            heard = who[is_customer[who]]
            self._expect(heard, np.asarray(request_key(ACCOUNT, self._matters[heard])), np.full(len(heard), day))
            self._matters[who] += 1
            self._next[who] += self._gap(who)

    def _expect(self, who: np.ndarray, keys: np.ndarray, days: np.ndarray) -> None:
        for i, key, day in zip(who.tolist(), keys.tolist(), days.tolist(), strict=True):
            self._expected.setdefault(day, []).append((i, key))

    def _gap(self, who: np.ndarray) -> np.ndarray:
        """Days until the next matter of these persons."""
        return -np.log(self._draw(who, self._matters[who], Purpose.SERVICE_CLOCK)) / self._per_day

    def _draw(self, who: np.ndarray, what: np.ndarray, purpose: Purpose) -> np.ndarray:
        return uniforms(self._key, self._index[who], what, int(purpose), 0, self._space[who])


def _count_up(many: np.ndarray) -> np.ndarray:
    """0, 1, ... n - 1 for each n of `many`, one behind the other."""
    return np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
