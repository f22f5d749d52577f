"""Keyed random numbers: the only place in simkit that draws.

Every draw is a pure function of who, what about, and what for. The generator is Philox4x32-10 (Salmon,
Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"). Nothing here has state, so the
order of calls, the number of threads and the rest of the scenario cannot change a customer's luck.

One source serves three callers: plain Python integers, NumPy int64 arrays (element by element) and compiled
code. It only needs that a product of two 32-bit words keeps its low 64 bits, which Python's unbounded
integers and wrapping int64 both do. :func:`uniforms` does the same arithmetic in place, for arrays of thousands.

Counter words: ``(index within the segment, what, purpose * 65536 + k, crc32(segment name))`` for customers;
``(work key, step, purpose * 65536 + pass, crc32("teams"))`` for teams.
"""

from __future__ import annotations

import math
import zlib
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numba.extending import register_jitable

RNG_SCHEME = "philox4x32-10/1"
"""Changes whenever a seeded number would; written into every manifest."""

MASK = 0xFFFFFFFF
_MUL0 = 0xD2511F53
_MUL1 = 0xCD9E8D57
_WEYL0 = 0x9E3779B9
_WEYL1 = 0xBB67AE85
_ROUNDS = 10


class Purpose(IntEnum):
    """What a draw is for. Append only; values are pinned because they are part of the key.

    60000 and above belong to extensions.
    """

    # traits of a person, drawn once
    ENTRY = 1
    PURCHASE_RATE = 2
    DROPOUT = 3
    SPEND_SCALE = 4
    PATIENCE = 5
    AFFINITY = 6
    CONSENT = 7
    BUCKET = 8
    STAGE = 9
    ROLE = 10
    # clocks and life cycle; `what` is the ordinal of the need, query, visit or stage
    NEED_CLOCK = 20
    NEED_MET = 21
    LEAVE = 22
    SPEND = 23
    FORGET = 24
    # messages; `what` is the occurrence. The money of a conversion has the purpose after the conversion's
    ARRIVE_OPT_OUT = 40
    OPEN_CLICK = 41
    CONVERT = 42
    CONVERT_SPEND = 43
    # paid campaigns; `what` is the occurrence, k the day since it went live
    IMPRESSIONS = 60
    AD_RESPONSE = 61
    AD_CONVERT = 62
    AD_CONVERT_SPEND = 63
    # searching and visiting; `what` is the ordinal
    QUERY = 64
    QUERY_CLICK = 65
    QUERY_CONVERT = 66
    QUERY_CONVERT_SPEND = 67
    VISIT = 68
    VISIT_CONVERT = 69
    VISIT_CONVERT_SPEND = 70
    # world; `what` is the ordinal of the occasion or campaign, or the day of a monitor's reading
    OCCASION_GAP = 80
    OCCASION_SEGMENT = 81
    DETECTION_LAG = 82
    PLAN_PHASE = 83
    FALSE_ALARM = 84
    # teams; `what` is the step
    EFFORT = 100
    INTERNAL_ERROR = 101
    CAUGHT = 103
    REJECT = 104
    FINDS = 105
    GATE_EFFORT = 106
    POD = 108
    AUDIT = 109
    REQUEST_GAP = 110
    EXTERNAL_ERROR = 111
    ATTENTION_RULE = 112
    ATTENTION_PICK = 113
    # channels; `what` is 0 (once a person; k the channel's tag), the ordinal of a visit or query, or the occurrence
    MEDIA_USE = 140
    VISIT_CHOICE = 141
    QUERY_CHOICE = 142
    ADDRESS_LIFE = 143
    PLACEMENT = 144
    LAPSE = 145
    STANDING = 146
    # life cycle, continued; `what` is the ordinal of the opportunity, 0 for what is drawn once
    LIFETIME = 120
    NEED_ARISES = 121
    ADOPTION = 122
    PRICE_SENSITIVITY = 125
    LOYALTY = 126
    # ties of a network; k is the ring
    TIE = 123
    TIE_TO = 124
    # contact policy
    LINK_BUCKET = 160
    BEST_HOUR = 161
    CAMPAIGN_HOLDOUT = 162
    OPT_DOWN = 163
    ZONE = 164
    OFFLINE_LINK = 165
    # counterfactuals; `what` is the occurrence or ordinal that is withheld, 0 for a person
    WITHHOLD = 200
    HOLDOUT = 201
    # journeys; `what` is crc32 of the journey (with the occasion, for entering), k the person's entry
    JOURNEY_ENTER = 170
    JOURNEY_ATTEND = 171
    LEAD_HOUR = 172
    # once a person
    PROFILING = 210
    # decisions; `what` is the person's purchases so far, or 0: once an account, whose ordinal is the index
    DECISION_DELAY = 220
    GROUP_SIZE = 221
    # service and sales; `what` is the request (reason, attempt, ordinal) or the day of the lead, k which of the real
    # persons one stands for
    SERVICE_ASKS = 420
    SERVICE_DELAY = 421
    SERVICE_HOUR = 422
    SERVICE_DEFLECTED = 423
    SERVICE_WORK = 424
    SERVICE_PATIENCE = 425
    SERVICE_CLOCK = 426
    SERVICE_AGAIN = 427
    SALES_HOUR = 430
    SALES_WORK = 431
    SALES_QUALIFIED = 432
    SALES_WON = 433
    SALES_DELAY = 434
    # goals; `what` is 0 (once a person), the ordinal of the purchase, need or change of role, or the occurrence
    CATEGORY = 230
    REFERRED = 231
    ROLE_MOVE = 232
    ROLE_END = 233
    LOYALTY_GAIN = 234
    LOYALTY_LOSS = 235
    ELIGIBLE = 236
    # people; `what` is 0, k the spell
    SICKNESS_GAP = 250
    SICKNESS_DAYS = 251
    # decisions on errors that were noticed; `what` is crc32 of the step with "/decision" (an error of its own) or
    # "/external" (of an earlier step), k its pass
    WHO_DECIDES = 440
    DECISION = 441
    # experiments; `what` is crc32 of what is put in order, the index which order, or which trial
    TURNING_ORDER = 460
    SEARCH_TRIAL = 461
    # people who leave; `what` is 0, k how many have had the seat before
    LEAVING = 450
    # interruptions; `what` is the step, k the pass
    INTERRUPTED = 451
    EXTENSION = 60000


@register_jitable
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> tuple[Any, Any, Any, Any]:
    """Ten rounds of Philox4x32: four 32-bit counter words and two key words -> four random 32-bit words."""
    for _ in range(_ROUNDS):
        product0 = c0 * _MUL0
        product1 = c2 * _MUL1
        high0 = (product0 >> 32) & MASK
        high1 = (product1 >> 32) & MASK
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, product1 & MASK, high0 ^ c3 ^ k1, product0 & MASK
        k0 = (k0 + _WEYL0) & MASK
        k1 = (k1 + _WEYL1) & MASK
    return c0, c1, c2, c3


@register_jitable
def unit_interval(high_word: Any, low_word: Any) -> Any:
    """Two 32-bit words -> a float64 strictly inside (0, 1), on a grid of 2**-52 shifted by half a step."""
    return ((high_word >> 6) * 67108864.0 + (low_word >> 6) + 0.5) * (1.0 / 4503599627370496.0)


@register_jitable
def uniform(key0: Any, key1: Any, index: Any, what: Any, purpose: Any, k: Any, space: Any) -> Any:
    """One uniform in (0, 1) for (who, what about, what for); `k` counts draws of the same purpose.

    `space` is the crc32 of the segment's name (or of "teams", "world"), so that an added segment changes
    nobody's luck.
    """
    x0, x1, _, _ = philox(index, what, purpose * 65536 + k, space, key0, key1)
    return unit_interval(x0, x1)


@register_jitable
def uniform_pair(key0: Any, key1: Any, index: Any, what: Any, purpose: Any, k: Any, space: Any) -> tuple[Any, Any]:
    """Two independent uniforms in (0, 1) from one call of the generator."""
    x0, x1, x2, x3 = philox(index, what, purpose * 65536 + k, space, key0, key1)
    return unit_interval(x0, x1), unit_interval(x2, x3)


@register_jitable
def exponential(key0: Any, key1: Any, index: Any, what: Any, purpose: Any, k: Any, space: Any) -> Any:
    """A unit-exponential clock: -log(u)."""
    return -math.log(uniform(key0, key1, index, what, purpose, k, space))


def uniforms(
    key: tuple[int, int],
    index: np.ndarray,
    what: int | np.ndarray,
    purpose: int,
    k: int | np.ndarray,
    space: int | np.ndarray,
) -> np.ndarray:
    """:func:`uniform` for an array of indices (int64): float64 of the same shape, the same bits.

    `what`, `k` and `space` may differ between the rows."""
    words = [np.asarray(word, np.int64) for word in (index, what, purpose * 65536 + k, space)]
    drawn = np.empty(index.size)
    for at in range(0, index.size, _AT_ONCE):
        part = [word.reshape(-1)[at : at + _AT_ONCE] if word.ndim else word for word in words]
        drawn[at : at + _AT_ONCE] = unit_interval(*_mixed(part, *_round_keys(key)))
    return drawn.reshape(index.shape)


_AT_ONCE = 16_384
"""Counters mixed at once: so many stay in a processor's cache."""
_FACTOR0, _FACTOR1, _HALF, _LOW = (np.asarray(number, np.uint64) for number in (_MUL0, _MUL1, 32, MASK))


@lru_cache(maxsize=4)
def _round_keys(key: tuple[int, int]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The two words that :func:`philox` uses in each of its rounds."""
    first, second = (
        [np.asarray((word + n * step) & MASK, np.uint64) for n in range(_ROUNDS)]
        for word, step in zip(key, (_WEYL0, _WEYL1), strict=True)
    )
    return first, second


def _mixed(words: list[np.ndarray], first: list[np.ndarray], second: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The first two of the words that :func:`philox` makes of four counter words, the first of which is an array.

    The same arithmetic in place: nothing is allocated in a round, and a product of unsigned words needs no mask for
    its high half.
    """
    c0, c1, c2, c3 = counters = [np.empty(len(words[0]), np.uint64) for _ in words]
    for counter, word in zip(counters, words, strict=True):
        counter.view(np.int64)[:] = word
    product0, product1 = np.empty_like(c0), np.empty_like(c0)
    for k0, k1 in zip(first, second, strict=True):
        np.multiply(c0, _FACTOR0, product0)
        np.multiply(c2, _FACTOR1, product1)
        np.right_shift(product1, _HALF, c0)
        np.bitwise_xor(c0, c1, c0)
        np.bitwise_xor(c0, k0, c0)
        np.right_shift(product0, _HALF, c2)
        np.bitwise_xor(c2, c3, c2)
        np.bitwise_xor(c2, k1, c2)
        np.bitwise_and(product1, _LOW, c1)
        np.bitwise_and(product0, _LOW, c3)
    return c0.view(np.int64), c1.view(np.int64)


def run_key(seed: int, replication: int) -> tuple[int, int]:
    """The two key words of one replication, mixed so that neighboring seeds share nothing.

    The scenario's content never enters: alternatives of one replication meet the same luck.
    """
    x0, x1, _, _ = philox(seed & MASK, (seed >> 32) & MASK, replication & MASK, crc("simkit run"), 0, 0)
    return x0, x1


def generator(seed: int, what_for: str) -> np.random.Generator:
    """A NumPy generator for samplers of other libraries (scipy, SALib), keyed by the seed and what it draws.

    Designs and bootstraps only: nothing that a simulated person or piece of work meets. NumPy keeps the stream of
    Philox, not what its methods make of it, so a design is stored with the results and not drawn again.
    """
    words = philox(seed & MASK, (seed >> 32) & MASK, crc(what_for), crc("simkit sampler"), 0, 0)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))


def crc(text: str) -> int:
    """The 32-bit word that stands for a name in a key."""
    return zlib.crc32(text.encode("utf-8"))
