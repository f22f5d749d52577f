"""Keyed draws: the generator is Philox4x32-10, the same bits everywhere, uniform and independent."""

import numba
import numpy as np
import pytest
from scipy import stats

from simkit import rng


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((rng.MASK,) * 4, (rng.MASK,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers_of_random123(counter, key, expected):
    """Random123's known-answer vectors for philox4x32-10 (zeros, ones, digits of pi)."""
    assert rng.philox(*counter, *key) == expected


@numba.njit
def _compiled(key0, key1, index, what, purpose, k, space):
    return rng.uniform(key0, key1, index, what, purpose, k, space)


def test_python_numpy_and_compiled_code_draw_the_same_bits():
    """One source, three callers, equal to the last bit."""
    key, index = rng.run_key(7, 3), np.arange(500)
    array = rng.uniforms(key, index, 0xFFFFFFFF, rng.Purpose.OPEN_CLICK, 65535, rng.crc("everyone"))
    plain = [rng.uniform(*key, i, 0xFFFFFFFF, 41, 65535, rng.crc("everyone")) for i in range(500)]
    compiled = [_compiled(*key, i, 0xFFFFFFFF, 41, 65535, rng.crc("everyone")) for i in range(500)]
    assert array.tolist() == plain == compiled


@pytest.mark.parametrize("size", [0, 1, 16_384, 40_000])
def test_draws_for_many_are_those_of_each(size):
    """Every counter word may differ between the rows, and be any int64: the bits are those of `philox`, in any shape."""
    random = np.random.default_rng(size)
    index, what, k, space = (random.integers(-(2**63), 2**63 - 1, size) for _ in range(4))
    k %= 65536
    words = rng.philox(index, what, 41 * 65536 + k, space, *(np.full(size, word) for word in rng.run_key(5, 1)))
    expected = rng.unit_interval(*words[:2])
    assert np.array_equal(rng.uniforms(rng.run_key(5, 1), index, what, 41, k, space), expected)
    pairs = rng.uniforms(rng.run_key(5, 1), index[: size // 2 * 2].reshape(-1, 2), 3, 41, 0, 9)
    assert pairs.shape == (size // 2, 2)
    assert (
        pairs.ravel().tolist()[:100]
        == [rng.uniform(*rng.run_key(5, 1), int(i), 3, 41, 0, 9) for i in index[:100]][: pairs.size]
    )


def test_uniforms_stay_strictly_inside_the_unit_interval():
    """The extreme words give 2**-53 and 1 - 2**-53, never 0 or 1: logarithms and quantiles are finite."""
    assert rng.unit_interval(0, 0) == 2.0**-53
    assert rng.unit_interval(rng.MASK, rng.MASK) == 1 - 2.0**-53


@pytest.mark.parametrize("word", ["index", "what", "k", "replication"])
def test_neighboring_words_are_uniform_and_independent(word):
    """Draws that differ by one in any word of the key: Kolmogorov-Smirnov, and no correlation of neighbors."""
    n = 200_000
    key, steps = rng.run_key(1, 0), np.arange(n)
    if word == "index":
        u = rng.uniforms(key, steps, 5, 41, 0, 9)
    elif word == "what":
        u = rng.unit_interval(*rng.philox(steps * 0 + 5, steps, steps * 0 + 41 * 65536, steps * 0 + 9, *key)[:2])
    elif word == "k":
        k = steps % 65536
        u = rng.unit_interval(*rng.philox(steps * 0 + 5, steps // 65536, 41 * 65536 + k, steps * 0 + 9, *key)[:2])
    else:
        u = np.array([rng.uniform(*rng.run_key(1, r), 5, 5, 41, 0, 9) for r in range(4000)])
    assert stats.kstest(u, "uniform").pvalue > 0.001
    for lag in (1, 2, 7):
        correlation = np.corrcoef(u[:-lag], u[lag:])[0, 1]
        assert abs(correlation) < 4 / np.sqrt(len(u))


def test_pairs_are_independent():
    """The two uniforms of one call do not know each other: chi-square on a 16 x 16 grid."""
    key = rng.run_key(2, 0)
    x0, x1, x2, x3 = rng.philox(*(np.full(100_000, v) for v in (0, 3, 41 * 65536, 9)), *key)
    words = rng.philox(np.arange(100_000), np.full(100_000, 3), np.full(100_000, 41 * 65536), np.full(100_000, 9), *key)
    u, v = rng.unit_interval(*words[:2]), rng.unit_interval(*words[2:])
    counts = np.histogram2d(u, v, bins=16, range=[[0, 1], [0, 1]])[0].ravel()
    assert stats.chisquare(counts).pvalue > 0.001
    assert len({int(x0[0]), int(x1[0]), int(x2[0]), int(x3[0])}) == 4


def test_purposes_are_pinned():
    """Purposes are part of the key: their values never change, none is used twice, extensions have their own."""
    pinned = {"ENTRY": 1, "PURCHASE_RATE": 2, "NEED_CLOCK": 20, "LEAVE": 22, "OPEN_CLICK": 41, "CONVERT": 42,
              "IMPRESSIONS": 60, "OCCASION_GAP": 80, "EFFORT": 100, "EXTENSION": 60000}  # fmt: skip
    assert {name: int(rng.Purpose[name]) for name in pinned} == pinned
    assert len({int(p) for p in rng.Purpose}) == len(rng.Purpose.__members__)
    assert all(p + 1 not in set(rng.Purpose) or rng.Purpose(p + 1).name == rng.Purpose(p).name + "_SPEND"
               for p in rng.Purpose if rng.Purpose(p).name.endswith("CONVERT"))  # fmt: skip


def test_replications_and_seeds_share_no_key():
    """(seed, replication) pairs near each other have different keys, and 64-bit seeds count in full."""
    keys = {rng.run_key(seed, replication) for seed in range(60) for replication in range(60)}
    assert len(keys) == 3600
    assert rng.run_key(1, 0) != rng.run_key(1 + 2**32, 0)


def test_a_sampler_is_keyed_by_seed_and_purpose():
    """The same key the same numbers, whatever ran in between; another seed or purpose others; children differ."""
    first = rng.generator(7, "sobol").random(4)
    assert rng.generator(7, "sobol").random(4).tolist() == first.tolist()
    others = [rng.generator(8, "sobol"), rng.generator(7, "morris"), rng.generator(7 + 2**32, "sobol")]
    assert all(set(other.random(4)).isdisjoint(first) for other in (*others, *others[0].spawn(2)))
