"""Interruptions take a share of working time on top of other duties, by chance, the same under every structure."""

import math

import pytest
from departments import neutral, order, run, step

from simkit.teams.interruptions import poisson


def department(interruptions=None, **step_more):
    return neutral(
        headcount={"copy": 1}, work={"job": {"steps": [step("do", "copy", 2, **step_more)]}},
        **({"interruptions": interruptions} if interruptions is not None else {}),
    )  # fmt: skip


@pytest.mark.parametrize("mean", [0.3, 4.0, 60.0, 900.0])
def test_the_number_has_the_poisson_law(mean):
    """Mean and variance over evenly spaced quantiles are both the stated mean."""
    drawn = [poisson(mean, (i + 0.5) / 20_000) for i in range(20_000)]
    average = sum(drawn) / len(drawn)
    assert average == pytest.approx(mean, rel=1e-3)
    assert sum((x - average) ** 2 for x in drawn) / len(drawn) == pytest.approx(mean, rel=1e-2)


def test_they_take_their_share_of_time():
    """Half a dozen an hour of five minutes: half an hour for each hour of work, within three standard errors."""
    orders = [order(f"w{i}", "job", 0.3 * i) for i in range(400)]
    table = {"per_hour": 6, "minutes": 4, "resume_minutes": 1}
    records = run(department(table), orders, 140).records()
    lost = records.cases.part_other_duties_seconds / 3600
    assert len(lost) == 400
    assert lost.mean() == pytest.approx(1.0, abs=3 * math.sqrt(12) * 5 / 60 / math.sqrt(400))
    assert (records.cases.part_other_duties_seconds % 300 == 0).all()
    assert records.persons.other_duties.sum() == records.cases.part_other_duties_seconds.sum()
    assert (run(department(), orders, 140).records().cases.part_other_duties_seconds == 0).all()


def test_a_batch_is_interrupted_as_often_as_its_cases():
    """The interruptions of its members add up; the same cases one by one have the same."""
    orders = [order(f"w{i}", "job", 0.0) for i in range(4)]
    table = {"per_hour": 6, "minutes": 5, "resume_minutes": 0}
    alone, together = (
        run(department(table, **more), orders, 5).records().persons.other_duties.sum()
        for more in ({}, {"batch": {"size": 4, "max_wait_hours": 1}})
    )
    assert alone == together > 0
