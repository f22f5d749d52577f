"""What the exported work log and the fit of it hold to in random departments, whatever their features."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import random_departments
from departments import MONDAY, order, organized, run
from hypothesis import HealthCheck, given, settings

from simkit.experiment.inquiries.work_log import TRANSITIONS, work_table
from simkit.fits.work.files import LogError
from simkit.fits.work.fit import fit_work
from simkit.fits.work.output import snippet
from simkit.teams.event_log import EVENTS

DAYS = 30
HOURS = ["effort_hours", "coordination_hours", "other_duties_hours"]


def exported(teams):
    orders = [order(f"one-{i}", "one", i * 0.7, segment=(None, "a", "b")[i % 3], priority=1 + i % 3) for i in range(25)]
    records = run(organized(teams), orders, DAYS).records()
    scenario = SimpleNamespace(start=MONDAY, warmup_days=0, currency="USD")
    found = SimpleNamespace(log=records.log, cases=records.cases, persons=records.persons, scenario=scenario)
    return records.log, work_table(found)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(random_departments.teams())
def test_nobodys_time_is_lost_in_the_export(teams):
    """Hours of completed passes are the department's own by person, but for what never came to an end; every event is
    known; the life cycle is in order within a pass and person."""
    log, table = exported(teams)
    assert set(log["event"]) <= set(EVENTS)
    assert len(table) == len(log[log["case"].ne("") & log["event"].isin(TRANSITIONS)]) - _merged(log)
    finished = log[log["case"].ne("") & log["event"].ne("cut") & log["effort"].gt(0)]
    done = log[log["event"] == "complete"].set_index(["case", "step", "pass", "person"]).index
    keys = finished.set_index(["case", "step", "pass", "person"]).index
    expected = finished[keys.isin(done)].groupby("person")["effort"].sum() / 3600
    hours = table.groupby("org:resource")[HOURS].sum().sum(axis=1)
    assert {who: one for who, one in hours.items() if one} == pytest.approx(expected.to_dict(), rel=1e-9)
    assert table["time:timestamp"].is_monotonic_increasing


def _merged(log):
    """Decisions told with the completion of the approver's work on them."""
    work = log[log["event"].eq("complete") & log["category"].eq("approval") & log["case"].ne("")]
    decided = log[log["event"].isin(["approve", "reject"])]
    keys = ["case", "step", "pass", "time"]
    return decided.set_index(keys).index.isin(work.set_index(keys).index).sum()


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(random_departments.teams())
def test_every_log_can_be_fitted(tmp_path_factory, teams):
    """Whatever happened in it: a fit, and a snippet that names the calendars at least; none where nobody did anything."""
    log, table = exported(teams)
    path = tmp_path_factory.mktemp("log") / "work.csv"
    table.to_csv(path, index=False)
    if not log["event"].isin(["start", "complete", "approve", "reject"]).any():
        with pytest.raises(LogError, match="ever begun or completed"):
            fit_work(path)
        return
    found = fit_work(path)
    assert found.events <= len(table)
    assert "calendars:" in snippet(found)
