"""The diary of a piece of work tells who did what, what it waited for, and a lead time that adds up."""

from datetime import date, timedelta

import pytest

from simkit.experiment.inquiries.tracing_work import NoSuchWork, trace_work, work_diary
from simkit.report.diary import document
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate
from simkit.teams.work import PARTS

SCENARIO = Scenario(horizon=40, warmup=20, market={"customers": 40})


@pytest.fixture(scope="module")
def run():
    return simulate(SCENARIO)


@pytest.fixture(scope="module")
def rejected(run):
    """A planned campaign that was sent back and is live."""
    cases = run.cases
    return cases[(cases["status"] == "live") & (cases["versions"] > 2) & (cases["cause"] == "planned")].iloc[0]


def test_the_parts_add_up_to_the_lead_time(run):
    """Of every piece of work that went live, to the second; what did not has none."""
    for case in run.cases.itertuples():
        diary = work_diary(run, case.name)
        assert diary.lead_seconds == max(case.lead_seconds, 0)
        assert dict(diary.parts) == {
            part: getattr(case, f"part_{part}_seconds") for part in PARTS if getattr(case, f"part_{part}_seconds")
        }
        if case.status == "live":
            first, live = (next(one.time for one in diary.entries if one.kind == kind) for kind in ("arrive", "live"))
            assert live - first == timedelta(seconds=int(case.lead_seconds))


def test_a_diary_holds_all_that_happened(run, rejected):
    """Every begin, completion and decision of the log is told, in order, with who did it and when."""
    diary, log = work_diary(run, rejected["name"]), run.log[run.log["case"] == rejected["name"]]
    kinds = [one.kind for one in diary.entries]
    for event in ("start", "reject", "approve", "arrive", "live", "submit"):
        assert kinds.count(event) == (log["event"] == event).sum() > 0, event
    assert [one.time for one in diary.entries] == sorted(one.time for one in diary.entries)
    texts = [one.text for one in diary.entries]
    for row in log[log["event"] == "start"].itertuples():
        assert any(text.startswith(row.step) and row.person in text and "begins" in text for text in texts)
    assert any("legal: strategy-" in text and "rejects it" in text and "back to copy" in text for text in texts)
    assert any("until the meeting" in text for text in texts)
    assert any("on its way" in text for text in texts)
    assert kinds.count("launch") == 1
    assert "customers can get it: relevance" in texts[kinds.index("launch")]


def test_the_document_carries_whole_seconds(run, rejected):
    """`--json`: the name, the entries and the parts, whose sum is the lead time."""
    told = document(work_diary(run, rejected["name"]))
    assert told["campaign"] == rejected["name"]
    assert sum(told["parts_seconds"].values()) == told["lead_seconds"] == rejected["lead_seconds"]


def test_days_can_be_chosen(run, rejected):
    """A window keeps the days within it, and the parts of the whole."""
    whole = work_diary(run, rejected["name"])
    day = whole.entries[3].time.date()
    some = whole.between(day, day)
    assert {one.time.date() for one in some.entries} == {day}
    assert some.parts == whole.parts
    assert not whole.between(date(1999, 1, 1), date(1999, 1, 2)).entries


def test_work_that_does_not_exist_is_said_with_what_there_is():
    """A campaign's name lists the pieces of work that were asked for it, any other what comes near."""
    with pytest.raises(NoSuchWork, match=r"no work is called 'flash': .* asked for \d+ times, as flash-0, flash-1"):
        trace_work(SCENARIO, "flash")
    with pytest.raises(NoSuchWork, match=r"no work is called 'flash-'; did you mean 'flash-9'\? \(there is flash-0, "):
        trace_work(SCENARIO, "flash-")
