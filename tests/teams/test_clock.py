"""Moments stand in SimPy's queue among its own events, and in the same order."""

from types import SimpleNamespace

import pytest

from simkit.teams.clock import Clock


def test_moments_and_simpys_own_processes_share_one_time():
    """What was asked for first comes first, whoever asked; what is due at the end waits, and the time is told."""
    clock, told, seen = Clock(), SimpleNamespace(now=0), []

    def process():
        for _ in range(3):
            yield clock.timeout(10)
            seen.append(("process", clock.now))

    clock.process(process())
    clock.after(10, lambda: seen.append(("before it", told.now)))
    clock.after(15, lambda: clock.after(5, lambda what: seen.append((what, told.now)), "after it"))
    clock.run_to(30, told)
    assert seen == [("before it", 10), ("process", 10), ("process", 20), ("after it", 20)]
    assert (told.now, clock.now) == (30, 30)
    clock.run_to(31, told)
    assert seen[-1] == ("process", 30)


def test_a_moment_is_told_its_number():
    """By its number it is known which of several moments about the same thing still counts."""
    clock, seen = Clock(), []
    first, second = (clock.numbered(time, lambda *told: seen.append(told), "who", "what") for time in (5, 9))
    clock.run_to(10, SimpleNamespace(now=0))
    assert first != second
    assert seen == [("who", "what", first), ("who", "what", second)]


def test_nothing_is_done_in_the_past():
    """At once is at once, a negative delay an error."""
    clock, seen = Clock(), []
    clock.after(0, seen.append, 1)
    assert seen == [1]
    with pytest.raises(ValueError, match="1 seconds ago"):
        clock.after(-1, seen.append, 2)
