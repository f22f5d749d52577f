"""Directions that the literature on project organizations agrees on hold: concurrency costs, and no structure is best."""

import importlib.util
from pathlib import Path

from departments import neutral, run, step


def _experiment():
    path = Path(__file__).parents[2] / "experiments" / "structures_regimes" / "regimes.py"
    found = importlib.util.spec_from_file_location("structures_regimes", path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


regimes = _experiment()


def test_many_open_pieces_make_work_wait():
    """Four pieces open at once instead of one: the same 400 orders need more work, which waits more and is live later."""
    effort = {"exponential": {"mean_hours": 1}}
    work = {
        "job": {"demand": {"per_week": 0.7 * 168, "calendar": "always"}, "steps": [step("s", "s", 1, effort=effort)]}
    }
    one, four = (
        run(neutral(headcount={"s": 1}, work=work, desk={"wip_limit": limit}), [], 24).records().cases
        for limit in (1, 4)
    )
    before = one.arrived_day < 20
    done = before & (one.status == "live") & (four.status == "live")
    assert done.sum() > 300
    touch, lead = ([cases[done][f"{what}_seconds"].sum() for cases in (one, four)] for what in ("part_touch", "lead"))
    assert 1.02 * touch[0] < touch[1]
    assert 1.2 * (lead[0] - touch[0]) < lead[1] - touch[1]


def days(structure, distance, load):
    return regimes.days_to_live(regimes.department(structure, distance), load, 0)


def test_no_structure_is_fastest_everywhere():
    """Departments win where hand-offs cost nothing and people are busy, pods where hand-offs are far and people free."""
    assert days("hierarchy", 0.0, 1.3) < days("pods", 0.0, 1.3)
    assert days("pods", 2.0, 0.6) < days("hierarchy", 2.0, 0.6)
