"""Shared assets, new tools and research: effort now for less effort, fewer errors or better launches later."""

import math

import pytest
from departments import neutral, order, organized, run, step

from simkit.scenario.errors import SenseError

HOUR = 3600


def units(asset=None, error=0.0, **tables):
    """Two units with a writer each, who have the work of their own segment."""
    people = [{"id": f"p{u}", "skills": {"copy": 1.0}, "unit": u, "calendar": "always"} for u in "ab"]
    tree = [{"id": "top"}, *({"id": u, "parent": "top", "serves": [u]} for u in "ab")]
    return neutral(
        people=people, work={"job": {"steps": [step("write", "copy", 2, internal_error=error)]}},
        structure={"units": tree, "assign": [{"scope": "home"}]},
        assets=[{"id": "template", "steps": ["write"], "build_hours": 3, **asset}] if asset is not None else [], **tables,
    )  # fmt: skip


def efforts(teams, orders, days=20):
    log = run(teams, orders, days).records().log
    return log[log.category == "touch"].effort.tolist()


def test_an_asset_is_built_once_and_reused():
    """The first pass takes its building too, later ones save; unit by unit where units do not share."""
    orders = [order(f"w{i}", "job", i, segment="ab"[i % 2]) for i in range(4)]
    assert efforts(units({"saves": 0.5}), orders) == [5 * HOUR, HOUR, HOUR, HOUR]
    assert efforts(units({"saves": 0.5, "reach": "unit"}), orders) == [5 * HOUR, 5 * HOUR, HOUR, HOUR]
    assert efforts(units({"saves": 0.5, "lasts_days": 1.5}), orders) == [5 * HOUR, HOUR, 5 * HOUR, HOUR]
    assert efforts(units({"kinds": []}), orders) == [2 * HOUR] * 4


def test_an_asset_saves_errors():
    """A quarter of the passes is wrong, with an asset that prevents four in five one in twenty."""
    wrong = {}
    for fewer in (0.0, 0.8):
        teams = units({"fewer_errors": fewer, "saves": 0.5}, error=0.25, errors={"caught": 0})
        cases = run(teams, [order(f"w{i}", "job", i / 10, segment="a") for i in range(3000)], 320).records().cases
        wrong[fewer] = (cases.defects > 0).mean()
    assert wrong[0] == pytest.approx(0.25, abs=3 * (0.1875 / 3000) ** 0.5)
    assert wrong[0.8] == pytest.approx(0.05, abs=3 * (0.0475 / 3000) ** 0.5)


def test_new_tools_cost_first_and_pay_later():
    """Hours away on the day, slower by the dip that recovers, faster in the end."""
    move = {"on": "2026-01-06", "who": ["pa"], "hours": 5, "dip": 0.5, "recovery_days": 10, "gain": 0.25}
    orders = [order(f"w{i}", "job", i + 0.5, segment="a") for i in (0, 1, 11, 100)]
    records = run(units(tool_migration=move), orders, 110).records()
    assert records.persons.training.tolist() == [5 * HOUR, 0]
    done = records.log[records.log.category == "touch"].effort.tolist()
    speeds = [1.25 * (1 - 0.5 * math.exp(-days / 10)) for days in (0.5, 10.5, 99.5)]
    assert done == [2 * HOUR, *(round(2 * HOUR / speed) for speed in speeds)]
    assert done[1] > 2 * HOUR > done[3]


def test_research_raises_the_fit_of_a_launch_unless_it_was_wrong():
    """The launch carries the factor; an error nobody saw takes it away, and one that somebody decided to leave."""
    steps = [step("research", "copy", 4, raises_fit=0.3), step("write", "copy", 2, after=("research",))]
    left = {"centralization": {"lead": 0, "top": 0}, "outcome": {"self": [0, 0, 1]}}
    unseen, ignored = {"errors": {"caught": 0}}, {"errors": {"caught": 1}, "authority": left}
    for error, tables, fit in ((0, unseen, 1.3), (0.999999, unseen, 1.0), (0, ignored, 1.3), (0.999999, ignored, 1.0)):
        steps[0]["internal_error"] = error
        teams = {**units(**tables), "work": {"job": {"steps": steps}}}
        department = run(teams, [], 0)
        department.submit([order("w", "job", 0.1, campaign="news", segment="a")])
        launches = [launch for day in range(3) for launch in department.run_day(day)]
        assert [launch.fit for launch in launches] == [fit]


def test_assets_for_unknown_steps_are_refused():
    """With the place and what there is."""
    for asset, path in (({"steps": ["wrte"]}, "steps"), ({"kinds": ["jobb"]}, "kinds")):
        with pytest.raises(SenseError) as error:
            organized(units(asset))
        assert error.value.path == f"teams.assets[template].{path}"
