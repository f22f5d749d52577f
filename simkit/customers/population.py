"""Who is there: every potential person, with traits that differ and permanent identities.

Traits are quantiles of their distributions at keyed uniforms, so that a person keeps the own rank when a
parameter changes. All arrays are in order of (segment, index).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from simkit.customers.accounts import account_sizes, places
from simkit.customers.purchase_traits import give_purchase_traits
from simkit.customers.rules.laws import at_odds
from simkit.customers.state import (
    ADDRESSED,
    AWAY,
    CUSTOMER,
    FIRST,
    MEDIA,
    NEVER,
    NOT_YET,
    PROSPECT,
    SENSITIVITY_GRAIN,
    people_array,
)
from simkit.rng import Purpose, crc, run_key, uniforms
from simkit.scenario.channels import STAGES, Addressed, Channel
from simkit.scenario.market import Fatigue, Market
from simkit.scenario.purchases import Purchases


def channel_index(channels: dict[str, Channel]) -> dict[str, int]:
    """Place of every channel in a record: addressed ones first, then the others."""
    addressed = [name for name, channel in channels.items() if channel.kind == "addressed"]
    others = [name for name, channel in channels.items() if channel.kind != "addressed"]
    return {name: k for k, name in enumerate(addressed)} | {name: ADDRESSED + k for k, name in enumerate(others)}


def population(market: Market, channels: dict[str, Channel], days: int, seed: int, replication: int) -> np.ndarray:
    """All persons on day 0, before aging: array of CUSTOMER_DTYPE; clocks not yet drawn.

    The last population made is kept: alternatives of one replication usually share it.
    """
    made = _population(
        market.model_dump_json(), tuple((n, c.model_dump_json()) for n, c in channels.items()), days, seed, replication
    )
    people = people_array(len(made))
    people.view(np.uint8)[:] = made.view(np.uint8)  # whole records: an assignment would copy field by field
    return people


def sorted_people(people: np.ndarray, keys: list[np.ndarray]) -> np.ndarray:
    """A copy in the order of some keys, the last one first."""
    ordered = people_array(len(people), people.dtype)
    np.take(people, np.lexsort(keys), out=ordered, mode="clip")  # whole records: an index would copy field by field
    return ordered


@lru_cache(maxsize=1)
def _population(
    market_json: str, channels_json: tuple[tuple[str, str], ...], days: int, seed: int, replication: int
) -> np.ndarray:
    from pydantic import TypeAdapter

    market = Market.model_validate_json(market_json)
    adapter: TypeAdapter[Channel] = TypeAdapter(Channel)
    channels = {name: adapter.validate_json(text) for name, text in channels_json}
    key = run_key(seed, replication)
    sizes = market.sizes()
    people, everyone, first = people_array(sum(sizes.values())), _Draws(key, sizes), 0
    for position, (name, size) in enumerate(sizes.items()):
        mine = slice(first, first + size)
        _fill_segment(people[mine], market, name, position, channels, days, everyone.of(mine), key)
        first += size
    return people


def _fill_segment(
    people: np.ndarray, market: Market, name: str, position: int, channels: dict[str, Channel], days: int, draw: Draw,
    key: tuple[int, int],
) -> None:  # fmt: skip
    size = len(people)
    people["segment"] = position
    people["index"] = np.arange(size)
    segment = market.segments[name]
    group = segment.buying_group
    user = places(account_sizes(group, size, key, crc(name))) > 0 if group else np.zeros(size, bool)
    _life(people, draw, market, segment.purchases or market.purchases, days, user)
    _temper(people, draw, market, segment.fatigue or market.fatigue)
    _consent(people, draw, channels, market.regions[segment.region].odds if segment.region else 1.0)
    _sensitivity(people, draw, market.competition.elasticity_spread)
    _affinities(people, draw, market.affinity_spread, channels)


Draw = Callable[..., np.ndarray]
"""Keyed uniforms of a segment for (purpose, k, what)."""


class _Draws:
    """Keyed uniforms for everyone, drawn for all segments at once."""

    def __init__(self, key: tuple[int, int], sizes: dict[str, int]):
        self._key = key
        self._index = np.concatenate([np.arange(size) for size in sizes.values()])
        self._space = np.repeat([crc(name) for name in sizes], list(sizes.values()))
        self._drawn = lru_cache(maxsize=None)(self._draw)

    def of(self, mine: slice) -> Draw:
        """Those of one segment."""
        return lambda purpose, k=0, what=0: self._drawn(purpose, k, what)[mine]

    def _draw(self, purpose: Purpose, k: int, what: int) -> np.ndarray:
        return uniforms(self._key, self._index, what, int(purpose), k, self._space)


def _life(people: np.ndarray, draw: Draw, market: Market, purchases: Purchases, days: int, user: np.ndarray) -> None:
    """Entry, purchase process and funnel stage; a `user` of an account never buys and stays in the funnel."""
    give_purchase_traits(people, draw, purchases)
    # arrivals go on for at least as long as history, so that the horizon does not change who is there today
    entry = -market.history_days + draw(Purpose.ENTRY) * (market.history_days + max(market.history_days, days))
    prospect = (draw(Purpose.ROLE) < market.prospects) | user
    here = ~prospect & (entry < 0)
    people["relation"] = np.select([prospect, here], [PROSPECT, CUSTOMER], AWAY)
    start = [market.funnel.start.get(stage, 0.0) for stage in STAGES]  # type: ignore[call-overload]
    stage = np.searchsorted(np.cumsum(start)[:-1], draw(Purpose.STAGE), side="right")
    people["stage"] = np.select([prospect, here], [stage, FIRST], NOT_YET)
    people["purchases"] = here
    people["first_purchase_day"] = np.where(prospect, np.inf, entry)
    people["last_purchase_day"] = np.where(here, entry, np.inf)
    people["lost_day"] = np.inf
    people["bucket"] = np.floor(draw(Purpose.BUCKET) * 10_000)
    people["link_bucket"] = np.floor(draw(Purpose.LINK_BUCKET) * 10_000)
    people["recent_minute"] = NEVER
    for field, purpose in (
        ("forget_clock", Purpose.FORGET),
        ("query_clock", Purpose.QUERY),
        ("visit_clock", Purpose.VISIT),
        ("life_clock", Purpose.ADOPTION),
    ):
        people[field] = -np.log(draw(purpose))


def _temper(people: np.ndarray, draw: Draw, market: Market, fatigue: Fatigue) -> None:
    """Patience: lognormal with mean 1; sensitivity is its inverse. The best hour: normal around the market's."""
    from scipy.special import ndtri

    receptive = market.receptive
    hour = receptive.hour + receptive.spread_hours * ndtri(draw(Purpose.BEST_HOUR))
    people["best_hour"] = np.floor(hour + 0.5) % 24
    people["sensitivity"] = 1 / _lognormal(draw(Purpose.PATIENCE), fatigue.patience_spread)


def _sensitivity(people: np.ndarray, draw: Draw, spread: float) -> None:
    """How much a person minds the price: lognormal with mean 1, in 1/SENSITIVITY_GRAIN."""
    sensitivity = _lognormal(draw(Purpose.PRICE_SENSITIVITY), spread)
    people["price_sensitivity"] = np.minimum(np.rint(sensitivity * SENSITIVITY_GRAIN), 2**8 - 1)


def _consent(people: np.ndarray, draw: Draw, channels: dict[str, Channel], odds: float) -> None:
    """Consent at the start, by the same draw that decides it at the first purchase, under the law of the region."""
    buyer = people["purchases"] > 0
    for name, k in channel_index(channels).items():
        channel = channels[name]
        if isinstance(channel, Addressed):
            share = np.where(buyer, channel.consent_customers, channel.consent_prospects)
            people["consent"] |= ((draw(Purpose.CONSENT, tag(name)) < at_odds(odds, share)) << k).astype(np.uint8)


def _affinities(people: np.ndarray, draw: Draw, spread: float, channels: dict[str, Channel]) -> None:
    for name, k in channel_index(channels).items():
        liking = _lognormal(draw(Purpose.AFFINITY, tag(name)), spread)
        if k < ADDRESSED:
            people["affinity"][:, k] = liking
        elif k < ADDRESSED + MEDIA:
            # who does not use a medium has a negative liking there, and sees nothing until that changes
            users = draw(Purpose.MEDIA_USE, tag(name)) < getattr(channels[name], "audience", 1.0)
            people["media_affinity"][:, k - ADDRESSED] = np.where(users, liking, -liking)


def _lognormal(u: np.ndarray, sigma: float) -> np.ndarray:
    """Lognormal quantiles with mean 1."""
    from scipy.special import ndtri

    return np.exp(sigma * ndtri(u) - sigma * sigma / 2)


def tag(channel: str) -> int:
    """The 16-bit word that stands for a channel in a key, wherever it stands in the list."""
    return crc(channel) & 0xFFFF
