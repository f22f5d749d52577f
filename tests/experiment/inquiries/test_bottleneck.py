"""The bottleneck is where one thing more saves time: exact where theory says how much, and the same as in a whole run."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from simkit.coupling.department_only import DepartmentRun, department_run, left_out
from simkit.experiment.inquiries.bottleneck import (
    AS_IS,
    Bottleneck,
    NoAnswer,
    bottleneck,
    campaign_days,
    changes,
    one_more_meeting,
)
from simkit.measures.responsiveness import signal_to_live
from simkit.report.bottleneck import document, headline, notes
from simkit.scenario.schema import Scenario
from simkit.scenario.structures import organization
from simkit.simulation import simulate

ALWAYS = {"days": "all", "hours": [[0, 24]]}


def line(write, draw, latency=2.0, **more):
    """A campaign a day is written, handed over and drawn, around the clock; nothing else takes time."""
    steps = [
        {"id": "write", "skill": "write", "effort": write, "internal_error": 0},
        {"id": "draw", "skill": "draw", "after": ["write"], "effort": draw, "internal_error": 0},
        *more.pop("steps", ()),
    ]
    teams = {
        "headcount": {"write": 1, "draw": 1, "spare": 1}, "calendars": {"office": ALWAYS}, "primary_share": 1,
        "intake": {"latency_hours": 0, "effort_hours": 0}, "distance": [{"when": "same_company", "latency_hours": latency}],
        "work": {"job": {"steps": steps}}, **more,
    }  # fmt: skip
    return Scenario(
        campaigns={"letter": {"work": "job", "per_week": 7}}, occasions={}, monitors={}, work={},
        horizon=100, warmup=10, teams=teams,
    )  # fmt: skip


def found(scenario, replications=2):
    return bottleneck(
        SimpleNamespace(alternatives={"today": scenario}, base=scenario), replications=replications, workers=1
    )


def saved(answer):
    return {one.name: one.campaigns.difference for one in answer.lines}


def test_a_department_alone_does_the_same_as_in_a_whole_run():
    """Every case of a whole run without monitors, to the second, under each structure; what is left out is said."""
    for structure in ("hierarchy", "pods"):
        scenario = Scenario(
            horizon=30, warmup=10, monitors={}, market={"customers": 30}, teams={"structure": structure}
        )
        whole = simulate(scenario, 1, engine="mesa")
        alone = department_run(scenario, organization(scenario.teams, list(scenario.market.segments)), 1)
        pd.testing.assert_frame_equal(alone.cases, whole.cases.drop(columns="launch_day"))
        assert left_out(scenario) == []
        assert signal_to_live(alone).restricted_mean(20) == signal_to_live(whole).restricted_mean(20)
    assert "churn_up" in left_out(Scenario())[0]
    assert "reviews by clicks" in left_out(Scenario(monitors={}, steer_by="clicks"))[0]


def test_without_a_queue_only_the_way_can_be_shorter():
    """6 + 2 + 6 hours and nobody waits: half the latency saves exactly an hour, people save nothing."""
    answer = found(line(6, 6))
    assert answer.as_it_is("campaigns").mean == pytest.approx(14 / 24)
    assert saved(answer) == pytest.approx(
        {"half the hand-off latency": 1 / 24, "one more person: write": 0, "one more person: draw": 0}
    )
    assert answer.lines[0].name == "half the hand-off latency"
    assert all(np.isnan(values["signals"]).all() for values in answer.values.values())


def test_the_overloaded_skill_is_the_bottleneck():
    """Drawing takes 36 hours where a job a day comes: one more there ends the queue (36 hours and the way are left), one
    more writer saves nothing; only skills that work asks for are tried."""
    answer = found(line(6, 36))
    best = answer.lines[0]
    assert best.name == "one more person: draw"
    left = answer.as_it_is("campaigns").mean - best.campaigns.difference
    assert left == pytest.approx((6 + 2 + 36) / 24)
    assert best.campaigns.difference > 10
    assert saved(answer)["one more person: write"] == pytest.approx(0, abs=0.02)
    assert best.campaigns.verdict == "higher"
    assert "one more person: spare" not in saved(answer)
    assert headline(answer).startswith(
        f"Campaigns take {answer.as_it_is('campaigns').mean:.1f} days to live. The most is saved by one more person: draw"
    )


def test_a_board_that_meets_more_often_saves_waiting():
    """Every 4 of 7 days becomes every 3 days (7/4 + 1 = 2.75 a week; 2.33 is nearest): two days of waiting on average become
    one and a half, and money is not made up for it."""
    gate = {"id": "board", "gate": "board", "after": ["draw"]}
    board = {"board": {"approver": "head", "every_days": 4, "reject": {"first": 0}, "finds": 0, "effort_hours": 0}}
    answer = found(line(1, 1, latency=0, steps=[gate], gates=board), replications=6)
    (name,) = (name for name in saved(answer) if name.startswith("board"))
    assert name == "board every 3 working days instead of every 4"
    assert saved(answer)[name] == pytest.approx(0.5, abs=0.15)
    assert next(one for one in answer.lines if one.name == name).cost_per_year is None


@pytest.mark.parametrize(
    ("every", "days", "more"), [(5, "Mon-Fri", 3), (2, "Mon-Fri", 1), (10, "Mon-Fri", 3), (7, "all", 4)]
)
def test_one_more_meeting_is_the_nearest_whole_cadence(every, days, more):
    """In meetings a week: 5 of 5 days to 1.67 (of 2), 2.5 to 5 (of 3.5), 0.5 to 1.67 (of 1.5), 1 to 1.75 (of 2)."""
    plan = organization(Scenario(teams={"week": days, "gates": {"board": {"every_days": every}}}).teams, ["a"])
    ((told, changed),) = one_more_meeting(plan)
    assert changed.gates["board"].every_days == more
    assert told.startswith(f"board every {more} working day")
    once = organization(Scenario(teams={"gates": {"board": {"every_days": 1}}}).teams, ["a"])
    assert list(one_more_meeting(once)) == []


def test_a_person_costs_a_years_wages():
    """Of a headcount and of a list of persons alike; the new one is seated with the others of the craft."""
    for teams in (
        {"structure": "pods"},
        {
            "people": [
                {"id": f"{s}-{i}", "skills": {s: 1}, "hourly_cost": 50}
                for s in ("copy", "design", "strategy", "build", "data", "crm")
                for i in range(2)
            ]
        },
    ):
        made = {one.name: one for one in changes(Scenario(teams=teams))}
        base, more = made[AS_IS].organization, made["one more person: copy"]
        assert len(more.organization.people) == len(base.people) + 1
        hourly = next(person.hourly_cost for person in base.people if person.craft == "copy")
        assert more.cost_per_year == pytest.approx(hourly * 40 / 7 * 365)
        assert made["half the hand-off latency"].cost_per_year is None


def test_the_answer_as_a_document_and_what_it_leaves_out():
    """JSON has every change twice, for signals and campaigns; monitors are said to be left out; an alternative must be."""
    scenario = Scenario(horizon=30, warmup=10)
    answer = found(scenario, replications=2)
    told = document(answer)
    assert {row["what"] for row in told["changes"]} == {"signals", "campaigns"}
    assert len(told["changes"]) == 2 * len(answer.lines) == 2 * 8
    assert all(row["days_saved"] is None or isinstance(row["days_saved"], float) for row in told["changes"])
    assert any("monitors churn_up" in note for note in notes(answer))
    with pytest.raises(NoAnswer, match="no alternative is called 'pods'; there are: today"):
        bottleneck(SimpleNamespace(alternatives={"today": scenario}), alternative="pods")


@pytest.mark.parametrize(
    ("board", "copy", "told"),
    [
        ((12.0, 12.1, 12.0), (14.9, 15.1, 15.0), "The most is saved by board: 2.97 (2.82 to 3.11) days."),
        ((12.0, 12.1, 12.0), (1.0, 19.0, 9.0), "The most that is shown to be saved is by board: 2.97 (2.82 to 3.11) days. "
         "Whether copy saves more is undecided: 5.33 (-17.07 to 27.74)."),
        ((2.0, 25.0, 16.0), (1.0, 19.0, 9.0), "No single change is shown to save time."),
    ],
)  # fmt: skip
def test_the_headline_is_what_is_shown(board, copy, told):
    """A change that may save more but need not hides none that is shown to save."""
    days = {AS_IS: (15.0, 15.0, 15.0), "board": board, "copy": copy}
    values = {name: {"campaigns": np.array(one), "signals": np.full(3, np.nan)} for name, one in days.items()}
    answer = Bottleneck(Scenario(), "today", 3, values, dict.fromkeys(days), ())
    assert headline(answer) == f"Campaigns take 15.0 days to live. {told}"


def test_days_to_live_are_known_in_every_replication_of_a_long_horizon():
    """Campaigns that came too late to be followed for 60 days are left out from 120 days on, so no pair is lost."""
    scenario = line(6, 6)
    for horizon, late in ((130, 69.9), (130, 70.1), (100, 70.1)):
        cases = pd.DataFrame(
            {
                "campaign": ["a", "a"],
                "happened_day": np.nan,
                "arrived_day": [3.0, late],
                "live_day": [8.0, np.nan],
                "expired_day": np.nan,
            }
        )
        days = campaign_days(DepartmentRun(scenario.model_copy(update={"horizon": horizon}), cases))
        assert days == {(130, 69.9): pytest.approx((5 + 60) / 2), (130, 70.1): 5, (100, 70.1): None}[horizon, late]
