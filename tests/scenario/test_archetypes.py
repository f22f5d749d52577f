"""Four kinds of department: equal in people, payroll, hours of work and money, different in what they do with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from simkit.scenario.load import load
from simkit.scenario.structures import organization
from simkit.scenario.workload import hours_per_case

NAMES = ("brand_managers", "trust_builders", "converters", "marketers_of_tomorrow")
SCENARIO = Path(__file__).parents[2] / "scenarios" / "archetypes.yaml"


@pytest.fixture(scope="module")
def presets(tmp_path_factory):
    path, found = tmp_path_factory.mktemp("archetypes") / "one.yaml", {}
    for name in ("retail", *NAMES):
        path.write_text(f"extends: {name}\n")
        study = load(path)
        assert study.warnings == []
        found[name] = study.base
    return found


def resources(scenario):
    """People, payroll a year, planned hours a week, money a year for media and technology."""
    department = organization(scenario.teams, list(scenario.market.segments))
    hours, scale = hours_per_case(department), scenario.campaign_scale
    planned = sum(one.per_week * scale * hours[one.work] for one in scenario.campaigns.values())
    media = sum(one.budget_per_week for one in scenario.channels.values() if hasattr(one, "budget_per_week"))
    money = media * 365 / 7 + scenario.economics.technology_per_year
    return len(department.people), department.payroll_per_day * 365, planned, money


@pytest.mark.parametrize("name", NAMES)
def test_nobody_has_more_to_spend(presets, name):
    """The same head-count; payroll, hours of planned work, media and technology within 1 % of the plain retailer's."""
    (people, *theirs), (shipped, *ours) = resources(presets[name]), resources(presets["retail"])
    assert people == shipped == 24
    assert theirs == pytest.approx(ours, rel=0.01)


def test_they_differ_in_programs_skills_and_data(presets):
    """No two have the same mix, the same skills or the same data; nothing else differs from retail."""
    for part in ("campaigns", "data"):
        assert len({repr(getattr(presets[name], part)) for name in NAMES}) == len(NAMES)
    assert len({repr(presets[name].teams.headcount) for name in NAMES}) == len(NAMES)
    for name in NAMES:
        for part in ("market", "occasions", "monitors", "journeys", "currency", "start"):
            assert getattr(presets[name], part) == getattr(presets["retail"], part)
        for campaign, one in presets[name].campaigns.items():
            shipped = presets["retail"].campaigns[campaign]
            assert one.model_copy(update={"per_week": shipped.per_week}) == shipped


def test_the_scenario_compares_the_presets(presets):
    """Each alternative says what the preset of its name says."""
    study = load(SCENARIO)
    assert study.warnings == []
    assert tuple(study.alternatives) == NAMES
    for name, one in study.alternatives.items():
        for part in ("campaigns", "teams", "data", "steer_by", "contact_policy", "channels", "economics", "work"):
            assert getattr(one, part) == getattr(presets[name], part)
