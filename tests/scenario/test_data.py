"""What data do to relevance: nothing by default, and each in its own direction."""

from __future__ import annotations

import pytest

from simkit.scenario.data import Data


@pytest.mark.parametrize("relevance", [0.0, 0.37, 0.5, 1.0])
def test_defaults_change_nothing(relevance):
    """To the bit."""
    assert Data().fit(relevance) == relevance


def test_wrong_profiles_get_a_random_message():
    """Half of them wrong: half-way to the relevance of a random message, all of them: there; never above the fit."""
    assert Data(quality=0.5, random_relevance=0.2).fit(0.6) == pytest.approx(0.4)
    assert Data(quality=0, random_relevance=0.2).fit(0.6) == 0.2
    assert Data(quality=0.3, random_relevance=0.9).fit(0.6) == pytest.approx(0.6)


def test_personalization_works_through_profiles_that_are_right():
    """All content personalized lifts by the lift; with no right profile it lifts nothing."""
    assert Data(personalization=1).fit(0.5) == pytest.approx(0.5 * 1.03)
    assert Data(personalization=0.5).fit(0.5) == pytest.approx(0.5 * 1.015)
    assert Data(personalization=1, quality=0).fit(0.5) == Data(quality=0).fit(0.5)


def test_individual_targeting_needs_consent():
    """Those who consent gain the lift where their profile is right; by segment, consent does not matter."""
    individual = Data(targeting="individual", individual_lift=0.2, profiling_consent=0.25, quality=0.5)
    assert individual.profiled == 0.25
    assert individual.own_fit == pytest.approx(1.1)
    assert Data(profiling_consent=0.9).profiled == 0
