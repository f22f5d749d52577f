"""Targets: attainment is a share of what was asked, months add up to the whole, and the impossible is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simkit.coupling.targets import BY_MONTH, WHOLE, attainment, unrealistic
from simkit.measures.catalog import MEASURES, compute
from simkit.report import targets as shown
from simkit.scenario.economics import Target
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate

TARGETS = {"revenue": ">= 1000", "mean_fatigue": "<= 5", "retention_rate": ">= 50%", "profit": ">= 1e15"}


@pytest.fixture(scope="module")
def run():
    """80 persons for three calendar months, of which the first and last are not whole."""
    one = Scenario(market={"customers": 80}, targets=TARGETS, start="2026-01-10", horizon=60, warmup=20)
    return simulate(one)


@pytest.mark.parametrize(
    ("target", "value", "share"),
    [((">=", 4), 3, 0.75), ((">=", 4), 6, 1.5), (("<=", 3), 4, 0.75), (("<=", 3), 0, None), ((">", 4), -2, -0.5),
     ((">=", 4), None, None)],
)  # fmt: skip
def test_attainment_is_the_share_of_what_was_asked(target, value, share):
    """It reaches 1 exactly where the bound is kept, whichever side is asked for."""
    bound = Target(at=target[0], value=target[1])
    assert attainment(bound, value) == share
    assert attainment(bound, bound.value) == 1


def test_the_end_is_the_measure_and_months_add_up_to_it(run):
    """`whole` is what `compute` says; yearly sums of the months, weighed by their days, are the year's."""
    table = run.attainment
    whole = table[table["month"] == WHOLE].set_index("measure")["value"]
    figures = compute(run)
    assert {name: figures[name] for name in TARGETS} == pytest.approx(whole.to_dict())
    revenue = table[(table["measure"] == "revenue") & (table["month"] != WHOLE)].set_index("month")["value"]
    days = {"2026-01": 22, "2026-02": 28, "2026-03": 10}
    assert list(revenue.index) == list(days)
    assert sum(revenue[month] * days[month] for month in days) / 60 == pytest.approx(whole["revenue"])
    assert (table["measure"] == "retention_rate").sum() == 1


def test_months_are_there_for_all_that_the_days_define_and_nothing_else(run):
    """A measure in BY_MONTH needs no other table of the run."""
    days = replace(run, cases=None, persons=None, launches=None, customers=None, cohorts=None, leads=None)
    full = compute(run)
    for name in BY_MONTH:
        assert MEASURES[name].compute(days) == pytest.approx(full[name], nan_ok=True)


def test_what_is_out_of_reach_is_warned_of(run):
    """Only the target of which no month attains half."""
    assert [note.split()[1] for note in unrealistic(run)] == ["profit"]
    assert unrealistic(run)[0] in run.warnings


def test_without_targets_there_is_nothing(run):
    """The same run, without a table and without a warning."""
    plain = simulate(run.scenario.model_copy(update={"targets": {}}))
    assert plain.attainment is None
    assert plain.daily.equals(run.daily)
    assert set(run.warnings) - set(plain.warnings) == set(unrealistic(run))


@pytest.mark.parametrize(
    ("targets", "at", "text"),
    [({"profit": ">= -5"}, "targets.profit", "above 0"), ({"retention_rate": ">= 120%"}, "targets.retention_rate", "at most"),
     ({"profits": ">= 5"}, "targets", "unknown measure")],
)  # fmt: skip
def test_targets_that_make_no_sense_are_refused(targets, at, text):
    """With the place."""
    ((found, sentence),) = Scenario(targets=targets).check_sense()
    assert found == at
    assert text in sentence


def test_the_page_shows_the_end_and_every_month(run):
    """A row a target and alternative; three months of those that have them."""
    from types import SimpleNamespace

    frame = run.attainment.assign(alternative="today", replication=0)
    result = SimpleNamespace(
        breakdowns={"attainment": frame}, base=run.scenario, measures=MEASURES,
        unit=lambda name: MEASURES[name].unit.replace("currency", "USD"),
    )  # fmt: skip
    end, months = shown.tables(result)
    assert [row[0] for row in end.rows] == [MEASURES[name].title for name in TARGETS]
    assert months.head[2:] == ["2026-01", "2026-02", "2026-03"]
    assert len(months.rows) == 3
    assert shown.tables(SimpleNamespace(breakdowns={})) == []
