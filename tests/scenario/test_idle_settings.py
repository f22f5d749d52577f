"""What a scenario says and nothing comes of is told of, each with its place, and the shipped files have none of it."""

import datetime
from pathlib import Path
from typing import Any

import pytest

from simkit.scenario.errors import ScenarioError
from simkit.scenario.idle_settings import idle_settings
from simkit.scenario.load import load
from simkit.scenario.organization import Teams
from simkit.scenario.structures import organization

PEOPLE = [
    {"id": "ann", "unit": "top", "skills": {"lead": 1, "copy": 0.5}},
    {"id": "bob", "unit": "desk", "skills": {"copy": 1}},
]
UNITS = [{"id": "top", "lead": "ann"}, {"id": "desk", "parent": "top", "lead": "bob"}]
AGENCY = {"id": "out", "parent": "top", "kind": "agency", "agency": {"skills": ["copy"]}}


def written(*more: dict[str, Any], assign: list[dict[str, Any]] | None = None, **tables: Any) -> dict[str, Any]:
    steps = [
        {"id": "write", "skill": "copy", "effort": 1},
        {"id": "polish", "skill": "copy", "effort": 1, "after": ["write"]},
    ]
    structure = {"units": [*UNITS, *more], "assign": assign or [{"scope": "company"}]}
    return {"people": PEOPLE, "structure": structure, "work": {"job": {"steps": steps}}, **tables}


def told(teams: dict[str, Any]) -> list[str]:
    section = Teams.model_validate(teams)
    return list(idle_settings(section, organization(section, ["young"]), datetime.date(2026, 1, 5), 100))


def steps(**more: Any) -> dict[str, Any]:
    plan = written()
    plan["work"]["job"]["steps"][1] |= more
    return plan


IDLE: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a unit without people": (
        written({"id": "empty", "parent": "top"}), written(), "teams.structure.units: empty have no people"),
    "more pods than people of any craft": (
        {"structure": {"preset": "pods", "number": 6}}, {"structure": {"preset": "pods", "number": 5}},
        "teams.structure.number: no craft has 6 people"),
    "spokes when everything is central": (
        {"structure": {"preset": "hub-and-spoke", "central_skills": ["strategy", "copy", "design", "build", "data", "crm"]}},
        {"structure": {"preset": "hub-and-spoke", "central_skills": ["strategy", "copy"]}},
        "teams.structure.number: no craft of 3 is left to them, so spoke-1"),
    "a limit for a unit that is nobody's home": (
        written({"id": "more", "parent": "desk", "wip_limit": 2}, people=[*PEOPLE, {**PEOPLE[1], "id": "c", "unit": "more"}]),
        written({"id": "more", "parent": "desk", "wip_limit": 2, "serves": ["young"]},
                people=[*PEOPLE, {**PEOPLE[1], "id": "c", "unit": "more"}]),
        "teams.structure.units[more].wip_limit limits nothing: cases have their home in top"),
    "learning that reaches nobody who learns": (
        {"structure": {"preset": "hub-and-spoke", "learning_shared": 0.5}},
        {"structure": {"preset": "hub-and-spoke", "learning_shared": 0.5}, "learning": {}},
        "teams.structure.learning_shared does nothing without `learning: {}`"),
    "an agency that no line names": (
        written(AGENCY), written(AGENCY, assign=[{"scope": "unit:out", "when": "queue_days > 1"}, {"scope": "company"}]),
        "teams.structure.units[out] gets no work"),
    "a line that nobody can take": (
        written(assign=[{"scope": "unit:desk", "skills": ["lead"]}, {"scope": "company"}]),
        written(assign=[{"scope": "unit:desk", "skills": ["copy"]}, {"scope": "company"}]),
        "teams.structure.assign[0] is never used"),
    "somebody's use of tools there are not": (
        written(people=[PEOPLE[0], {**PEOPLE[1], "ai_adoption": 1}]),
        written(people=[PEOPLE[0], {**PEOPLE[1], "ai_adoption": 1}], ai={}),
        "teams.people[bob].ai_adoption does nothing without `ai: {}`"),
    "a last touch that is always waited for": (
        steps(polish=0.2), written(), "teams.work.job.steps[polish].polish does nothing without `launch_early` of job"),
    "a gate on nobody's way": (
        written(gates={"client": {"mode": "on_demand", "effort": 1}}), written(gates={"board": {"every_days": 3}}),
        "teams.gates.client decides nothing"),
    "turns of one piece": (
        {"desk": {"turn_hours": 1}}, {"desk": {"turn_hours": 1, "wip_limit": 2}}, "teams.desk.turn_hours does nothing"),
    "a limit to overtime there is not": (
        {"desk": {"overtime_limit_hours": 1}}, {"desk": {"overtime_limit_hours": 1, "end_of_shift": "finish"}},
        "teams.desk.overtime_limit_hours does nothing without end_of_shift: finish"),
    "a loss where nothing is handed over": (
        {"desk": {"hand_over_loss": 0.5}}, {"desk": {"hand_over_loss": 0.5}, "learning": {}, "turnover": {}},
        "teams.desk.hand_over_loss does nothing"),
    "the tired leave, but nobody does": (
        {"morale": {"leaving_gain": 3}}, {"morale": {"leaving_gain": 3}, "learning": {}, "turnover": {}},
        "teams.morale.leaving_gain does nothing"),
    "a wage of nobody": (
        {"hourly_costs": {"coppy": 50}}, {"hourly_costs": {"copy": 50}}, "teams.hourly_costs.coppy is nobody's"),
    "a head beside the written one": (written(head="bob"), {"head": "copy-1"}, "teams.head does nothing"),
    "a meeting at night": (
        {"meetings": [{"id": "m", "hours": 1, "at": 23}]}, {"meetings": [{"id": "m", "hours": 1, "at": 17}]},
        "teams.meetings[m].at: nobody is on shift at 23 o'clock"),
    "a training after the end": (
        {"training": [{"id": "t", "on": "2026-04-15", "hours": 8}]}, {"training": [{"id": "t", "on": "2026-04-14", "hours": 8}]},
        "teams.training[t].on: 2026-04-15 is after the last day simulated"),
    "new tools after the end": (
        {"tool_migration": {"on": "2026-04-15"}}, {"tool_migration": {"on": "2026-04-14"}},
        "teams.tool_migration.on: 2026-04-15 is after the last day simulated"),
}  # fmt: skip


@pytest.mark.parametrize("setting", IDLE)
def test_a_setting_that_does_nothing_is_told_of_and_one_that_does_is_not(setting):
    """Each beside the same setting where something comes of it."""
    idle, used, said = IDLE[setting]
    assert [sentence.startswith(said) for sentence in told(idle)] == [True]
    assert told(used) == []


@pytest.mark.parametrize("file", sorted(Path("scenarios").glob("*.yaml")), ids=lambda file: file.stem)
def test_no_shipped_scenario_says_what_does_nothing(file):
    """The warnings of every shipped file say nothing of the kind."""
    assert not [one for one in load(file).warnings if one.startswith("teams.")]


def test_who_writes_work_alone_is_told_whose_campaigns_these_are(tmp_path):
    """The shipped campaigns ask for shipped work; the sentence says how to have none."""
    file = tmp_path / "own.yaml"
    file.write_text("teams: {work: {job: {steps: [{id: write, skill: copy, effort: 1}]}}}\ncampaigns: {}\n")
    with pytest.raises(ScenarioError, match="own; a file that writes `monitors`, be it"):
        load(file)
    file.write_text(file.read_text() + "monitors: {}\noccasions: {}\n")
    load(file)
