"""A scenario taken apart and put together: every key in one section, a written-out structure runs as the ready one."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from simkit.experiment.differences.sections import DEPARTMENT, Pair, department, written
from simkit.scenario.checking import nonsense
from simkit.scenario.load import load
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

ALTERNATIVES = [
    ("hybrid", "hybrid"),
    ("retail", "pods"),
    ("retail", "hub_and_spoke"),
    ("archetypes", "converters"),
    ("it_and_legal", "train_every_week"),
]


def pair(file, name):
    study = load(f"scenarios/{file}.yaml")
    other = name if name in study.alternatives else list(study.alternatives)[-1]
    return Pair(study.base, study.alternatives[other])


@pytest.mark.parametrize(("file", "name"), ALTERNATIVES)
def test_what_lies_between_has_each_section_from_one_of_the_two(file, name):
    """For every single section turned, and every single one not: no key is lost, none comes from the other side."""
    two = pair(file, name)
    ours, theirs = two.pieces(two.first), two.pieces(two.second)
    for size in (0, 1, len(two.names) - 1, len(two.names)):
        for chosen in itertools.combinations(two.names, size):
            found = two.pieces(two.between(frozenset(chosen)))
            for section in two.names:
                if section in (DEPARTMENT, "people", "approvals") or set(ours[section]) == set(theirs[section]):
                    assert found[section] == (theirs if section in chosen else ours)[section]
            same = set(ours) - set(two.differing)
            assert all(found[section] == ours[section] for section in same)


def test_every_key_belongs_to_exactly_one_section():
    """Sections share no key, and together they hold every field of a scenario and of its department."""
    two = Pair(Scenario(), Scenario(teams={"structure": "pods"}))
    pieces = two.pieces(two.first)
    keys = [key for section in pieces.values() for key in section if not key.startswith(("people.", "gates."))]
    named = [key for key in keys if key in Scenario.model_fields]
    assert sorted({*named, "teams"}) == sorted(Scenario.model_fields)
    assert len(named) == len(set(named)) + 1  # `work` is the name of a field of both
    assert set(type(two.first.teams).model_fields) - set(keys) <= {
        "structure", "people", "gates", "headcount", "experience", "digital_skill", "head", "hourly_costs", "week",
        "holidays", "approvals",
    }  # fmt: skip


@pytest.mark.parametrize("structure", ["hierarchy", "pods", "hub-and-spoke", "hybrid"])
def test_a_written_out_structure_runs_as_the_ready_one(structure):
    """Day by day and case by case."""
    teams = {"structure": structure, "week": "Sun-Thu", "approvals": {"board": "every 3 days"}}
    scenario = Scenario(horizon=21, warmup=7, market={"customers": 20}, teams=teams)
    long = scenario.model_copy(update={"teams": written(scenario)})
    assert department(long).people == department(scenario).people
    one, other = simulate(scenario, 0, engine="mesa"), simulate(long, 0, engine="mesa")
    pd.testing.assert_frame_equal(one.daily, other.daily)
    pd.testing.assert_frame_equal(one.cases, other.cases)


def test_authority_alone_can_be_turned_and_seats_without_assignment_cannot():
    """Leads of a hierarchy may decide; people who sit in pods and are looked for by craft are not found."""
    two = pair("retail", "pods")
    assert two.names == ("skills", "structure", "assignment", "authority")
    delegated = two.between(frozenset({"authority"}))
    assert nonsense(delegated) == []
    assert department(delegated).gates["board"].delegate is not None
    assert department(delegated).units == department(two.first).units
    assert "no such unit" in nonsense(two.between(frozenset({"structure"})))[0][1]


def test_people_of_one_side_only_come_with_their_own_skills():
    """A headcount of other size is a difference in people, and in nothing else."""
    two = Pair(
        Scenario(),
        Scenario(teams={"headcount": {"strategy": 3, "copy": 6, "design": 5, "build": 4, "data": 3, "crm": 5}}),
    )
    assert two.names == ("people",)
    teams = two.between(frozenset({"people"})).teams
    assert teams == two.second.teams
