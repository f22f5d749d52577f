"""The organization chart: everybody once, no line too long, and who does what as the dispatcher has it."""

from pathlib import Path

import pytest

from simkit.scenario.chart import WIDTH, chart, duties
from simkit.scenario.explain import departments, unit_rows
from simkit.scenario.load import load
from simkit.scenario.organization import Teams
from simkit.scenario.structures import organization

HYBRID = Path(__file__).parents[2] / "scenarios" / "hybrid.yaml"
STRUCTURES = ["hierarchy", "pods", "hub-and-spoke", "hybrid"]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_tree_has_every_unit_once_and_fits(structure):
    """Every unit on a line of its own, below its parent."""
    plan = organization(Teams.model_validate({"structure": structure}), ["a", "b", "c", "d"])
    lines = chart(plan)
    assert max(map(len, lines)) <= WIDTH
    names = [line.lstrip("│├└─ ").split(" ")[0] for line in lines if line.lstrip("│ ")[:1] in "├└" or line == lines[0]]
    assert names == [unit.id for unit in plan.units]


def test_people_are_named_with_their_skills():
    """Alike people together, levels other than full said."""
    people = [{"id": f"p{i}", "skills": {"copy": 1}} for i in (1, 2, 3)]
    people += [{"id": "ann", "skills": {"strategy": 1, "copy": 0.5}, "hourly_cost": 99}]
    work = {"job": {"steps": [{"id": "a", "skill": "copy", "effort": 1}]}}
    lines = chart(organization(Teams.model_validate({"people": people, "work": work}), []))
    assert [line.strip("│├└─ ") for line in lines] == [
        "marketing (lead ann)", "copy (lead p1)", "p1..3: copy", "strategy (lead ann)", "ann: strategy, copy 0.5",
    ]  # fmt: skip


def test_who_does_what():
    """Counts by unit and home; an agency's line by its condition."""
    rows = {
        row["skill"]: row for row in duties(organization(Teams.model_validate({"structure": "hub-and-spoke"}), ["a"]))
    }
    assert rows["data"]["spoke-1"] == "3 center"
    assert rows["copy"]["spoke-1"] == "1 spoke-1, 2 center"
    hybrid = {row["skill"]: row for row in duties(organization(Teams.model_validate({"structure": "hybrid"}), []))}
    assert hybrid["copy"] == {"skill": "copy", "everywhere": "4 copy", "besides": "agency when queue_days > 1"}
    assert hybrid["strategy"]["besides"] == ""


def test_the_example_of_a_structure_of_ones_own():
    """scenarios/hybrid.yaml loads, with equal means; its agency has no wages; a written structure says who sits where."""
    study = load(HYBRID)
    plans = departments(study)
    assert not [note for note in study.warnings if "the structures compared" in note]
    assert list(plans) == ["own_people", "hybrid", "studio"]
    assert plans["hybrid"].transition_cost == 40_000
    studio = {row["unit"]: row for row in unit_rows(plans["studio"])}
    assert studio["agency"]["wages_per_year"] == 0
    assert studio["studio"]["people"] == 14
    assert plans["studio"].outside == {"agency": "agency"}
