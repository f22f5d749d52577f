"""Journeys whose messages the department makes: nobody enters before they are done, and errors in them count."""

import numpy as np
import pytest

from simkit.customers.state import SENT, SLOTS
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

WARMUP, HORIZON = 20, 60
EMAIL = {"email": {"reputation": {"worst": 1, "opened_good": 0}}}
"""Inbox placement that does not depend on what others were sent."""
ALWAYS = {"days": "all", "hours": [[0, 24]]}


def department(hours, error=0.0):
    """One person who works day and night; each piece of work takes so many hours, and nobody catches errors."""
    step = {"id": "make", "skill": "making", "effort": hours, "internal_error": error}
    return {
        "calendars": {"office": ALWAYS}, "headcount": {"making": 1}, "primary_share": 1,
        "intake": {"latency_hours": 0, "effort_hours": 0}, "distance": [{"when": "same_company"}],
        "work": {"making": {"steps": [step]}}, "errors": {"caught": 0},
    }  # fmt: skip


def hello(**changes):
    return {"hello": {"starts": "first_purchase", "work": "making", "steps": {"one": {"after": 1}}, **changes}}


def plan(hours, journeys, error=0.0):
    """One journey with a message the day after the first purchase, made in so many hours; no campaign sends."""
    return Scenario(market={"customers": 3000, "represents": 50}, horizon=HORIZON, warmup=WARMUP, channels=EMAIL,
                    campaigns={"letter": {"work": "making"}}, occasions={}, monitors={}, journeys=journeys,
                    teams=department(hours, error))  # fmt: skip


def sent(run):
    """Messages of journeys that went out: who, when and what they met with."""
    rows = run.contacts[(run.contacts["decision"] == SENT) & (run.contacts["slot"] >= SLOTS)]
    return [tuple(row) for row in rows[["index", "segment", "day", "delivered", "opened", "clicked"]].tolist()]


def test_a_journey_begins_later_under_a_slower_department_with_the_same_luck():
    """Made in 40 or 400 hours it begins on day 2 or 17; whoever enters both meets the same; without `work`, at once."""
    exists, fast, slow = (
        simulate(plan(hours, hello(work=work)), contact_log=True)
        for hours, work in ((40, None), (40, "making"), (400, "making"))
    )
    assert exists.launches.empty
    assert (fast.launches["day"].item(), slow.launches["day"].item()) == (2 - WARMUP, 17 - WARMUP)
    at_once, soon, later = sent(exists), sent(fast), sent(slow)
    assert len(at_once) > len(soon) > len(later) > 30
    assert soon == [row for row in at_once if row[2] >= 3]
    assert later == [row for row in at_once if row[2] >= 18]
    assert (fast.cases["cause"] == "journey").all()
    assert fast.cases["launch_day"].tolist() == fast.launches["day"].tolist()


def test_a_journey_is_asked_for_when_live_from_says():
    """Asked for ten days into the measured ones and made in two days, it begins on the thirteenth."""
    run = simulate(plan(48, hello(live_from=10)), contact_log=True)
    assert run.cases["arrived_day"].item() == 10
    assert run.launches["day"].item() == 13
    assert min(row[2] for row in sent(run)) >= WARMUP + 14


def test_errors_that_escape_lower_what_a_journey_says():
    """With an error that nobody catches, fewer open; the messages are the same ones otherwise."""
    clean, flawed = (simulate(plan(40, hello(), error), contact_log=True) for error in (0.0, 0.99))
    assert flawed.launches["defects"].item() > clean.launches["defects"].item() == 0
    one, other = sent(clean), sent(flawed)
    assert [row[:4] for row in one] == [row[:4] for row in other]
    opened = [np.array([row[4] for row in rows]) for rows in (one, other)]
    assert (opened[1] <= opened[0]).all()
    assert opened[1].sum() < opened[0].sum()


def test_a_journey_that_is_never_finished_is_told():
    """The work takes longer than the run: nobody enters, and the run says so."""
    run = simulate(plan(24 * (WARMUP + HORIZON) + 1, hello()), contact_log=True)
    assert sent(run) == []
    assert any("journey 'hello' never began" in note for note in run.warnings)


def test_an_unknown_kind_of_work_is_an_error():
    """The sentence names the place and what there is."""
    problems = Scenario(journeys=hello(work="no_such")).check_sense()
    assert [path for path, _ in problems] == ["journeys.hello.work"]
    assert "no_such" in problems[0][1]
    assert "email_campaign" in problems[0][1]


@pytest.mark.parametrize("work", [None, "making"])
def test_a_journey_is_no_campaign(work):
    """Measures that count campaigns do not count it."""
    from simkit.measures.catalog import compute

    run = simulate(plan(4, hello(work=work)))
    assert compute(run)["campaigns_live"] == 0
