"""Directions that the literature on project organizations agrees on hold: concurrency costs, and no structure is best."""

import importlib.util
import sys
from pathlib import Path

import pandas as pd
import pytest
from departments import neutral, run, step

PLACE = Path(__file__).parents[2] / "experiments" / "structures_regimes"


def _experiment(name):
    found = importlib.util.spec_from_file_location(name, PLACE / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(found)  # one of them imports the other
    found.loader.exec_module(module)
    return module


regimes, peaks = _experiment("regimes"), _experiment("peaks")


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


def test_each_structure_is_shown_to_be_fastest_somewhere():
    """The committed figures give the page's table, with the error rate of the whole map; one of them is made again."""
    kept = pd.read_csv(PLACE / "regimes.csv")
    places = {place: rows[list(regimes.STRUCTURES)] for place, rows in kept.groupby(["hand_offs", "load"])}
    answers = regimes.decided({place: {name: rows[name].to_numpy() for name in rows} for place, rows in places.items()})
    assert "\n".join(regimes.page_table(answers)) in (PLACE / "README.md").read_text(encoding="utf-8")
    assert set(answers.loc[answers["verdict"] == "wins", "best"]) == set(regimes.STRUCTURES)
    assert set(kept["replication"]) == set(range(regimes.FIRST, regimes.FIRST + regimes.REPLICATIONS))
    one = kept.iloc[0]
    again = regimes.days_to_live(regimes.department("pods", one["hand_offs"]), one["load"], int(one["replication"]))
    assert again == pytest.approx(one["pods"], abs=1e-6)


def test_an_agency_is_shown_to_be_fastest_at_peaks():
    """The committed figures of the map of peaks give the page's table, with the hybrid winning in one place at no more
    cost than the others; one of them is made again."""
    kept = pd.read_csv(PLACE / "peaks.csv")
    lines = peaks.page_table(kept)
    assert "\n".join(lines) in (PLACE / "README.md").read_text(encoding="utf-8")
    assert [line[:12] for line in lines if "| hybrid |" in line and "| yes |" in line] == ["| 3 | 1.6 | "]
    assert set(kept["replication"]) == set(range(regimes.FIRST, regimes.FIRST + regimes.REPLICATIONS))
    one = kept[(kept["structure"] == peaks.HYBRID) & (kept["peak"] == 3)].iloc[0]
    plan = peaks.department(one["structure"], one["price"], one["threshold"])
    assert peaks.outcome(plan, one["peak"], int(one["replication"])) == pytest.approx(
        (one["days"], one["cost_per_day"]), abs=1e-6
    )
