"""Harm by occasions: each day what all of them together take, and what answers give back from their day on."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from simkit.coupling.harm import Harm
from simkit.coupling.world import episodes
from simkit.customers.withheld import Withheld
from simkit.rng import run_key
from simkit.scenario.schema import Scenario

SCENARIO = Scenario(
    market={"customers": 10, "segments": {"north": {"share": 0.5}, "south": {"share": 0.5}}},
    occasions={"price_cut": {"per_year": 60, "half_life_days": 2, "harm": 0.4}},
    horizon=300,
)


def all_of(**changes):
    found = {one.source: one for one in episodes(SCENARIO, run_key(1, 0))}
    return {name: replace(one, **changes) for name, one in found.items()}


def one_by_one(found, day):
    """What every episode of the run takes on a day, asked one after the other."""
    left = {
        name: math.prod(1 - e.harm(day) for e in found.values() if name in e.segments) for name in ("north", "south")
    }
    return {name: pytest.approx(1 - share) for name, share in left.items() if share < 1}


def test_only_those_at_work_are_asked_and_nothing_is_missed():
    """Every day of the run is what asking all episodes would give, days without any included."""
    found = all_of()
    harm = Harm(found, SCENARIO.days, None)
    days = [harm.on(day) for day in range(SCENARIO.days)]
    assert days == [one_by_one(found, day) for day in range(SCENARIO.days)]
    assert {} in days
    assert any(len(day) == 2 for day in days)


@pytest.mark.parametrize(("without", "given_back"), [(None, True), (Withheld("campaign", "counter_offer"), False)])
def test_an_answer_counts_from_its_day_and_a_better_one_from_its_own(without, given_back):
    """Harm falls on the day of the answer and again when it becomes better; not at all where nobody gets it."""
    found = all_of()
    name = next(iter(found))
    first = math.ceil(found[name].signal.happened_day)
    alone = Harm({name: found[name]}, SCENARIO.days, without)
    alone.answer(name, first + 1, 0.3)
    alone.answer_better(name, first + 2, 0.6)
    lost = [next(iter(alone.on(day).values())) for day in range(first, first + 3)]
    untouched = [next(iter(Harm({name: one}, SCENARIO.days, None).on(day).values()))
                 for one in [all_of()[name]] for day in range(first, first + 3)]  # fmt: skip
    assert lost[0] == untouched[0]
    effect = SCENARIO.occasions["price_cut"].answer_effect * given_back
    assert lost[1:] == pytest.approx([untouched[1] * (1 - 0.3 * effect), untouched[2] * (1 - 0.6 * effect)])
