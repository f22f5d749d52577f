"""A log is exported, fitted, and what was put in comes out; what a log cannot say is declined; mistakes have places."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from departments import MONDAY, organized, retail_orders, run
from ruamel.yaml import YAML

from simkit.experiment.inquiries.work_log import work_table
from simkit.experiment.inquiries.xes import write_xes
from simkit.fits.work.columns import LogColumns
from simkit.fits.work.files import LogError
from simkit.fits.work.fit import fit_work
from simkit.fits.work.output import snippet, to_json
from simkit.fits.work.reading import read_log
from simkit.fits.work.steps import fit_effort, fit_rejection
from simkit.scenario.schema import Scenario

DAYS = 400
SE = 4.0
"""Standard errors within which a number put in must come out; the seed is the tests' usual one."""
TRUE = {
    "calendars": {"office": {"days": "Sun-Thu", "hours": [[8, 12], [13, 17.5]]}},
    "people": [
        *({"id": f"writer-{i}", "unit": "words", "skills": {"write": 1}} for i in range(3)),
        *({"id": f"artist-{i}", "unit": "pictures", "skills": {"draw": 1 if i else 0.5}} for i in range(3)),
        {"id": "boss", "unit": "desk", "skills": {"decide": 1}},
    ],
    "structure": {
        "units": [{"id": "all", "lead": "boss"}, *({"id": u, "parent": "all"} for u in ("words", "pictures", "desk"))],
        "assign": [{"scope": "company"}],
    },
    "primary_share": 0.5,
    "errors": {"caught": 1, "rework_share": 0.5},
    "intake": {"latency_hours": 1, "effort_hours": 0.2},
    "distance": [
        {"when": "same_person"},
        {"when": "same_unit", "latency_hours": 0.5, "effort_hours": 0.1},
        {"when": "same_company", "latency_hours": 2, "effort_hours": 0.25},
    ],
    "gates": {
        "legal": {"mode": "on_demand", "approver": "person:boss", "effort": {"lognormal": {"mean_hours": 0.4, "cv": 0.5}},
                  "reject": {"first": 0.5, "decay": 0.6}, "finds": 0},
        "board": {"mode": "cadence", "approver": "head", "every_days": 3, "at": 11, "reject": {"first": 0.25, "decay": 0.8}, "finds": 0},
    },
    "work": {
        "advert": {
            "demand": {"per_week": 9},
            "steps": [
                {"id": "text", "skill": "write", "effort": {"lognormal": {"mean_hours": 3, "cv": 0.5}}, "internal_error": 0.2},
                {"id": "sketch", "skill": "draw", "effort": {"lognormal": {"mean_hours": 1.5, "cv": 0.9}}, "internal_error": 0},
                {"id": "picture", "skill": "draw", "after": ["text", "sketch"], "effort": {"lognormal": {"mean_hours": 2, "cv": 0.7}}, "internal_error": 0.1},
                {"id": "legal", "gate": "legal", "after": ["text"], "return_to": "text"},
                {"id": "board", "gate": "board", "after": ["picture", "legal"], "return_to": "picture"},
                {"id": "proof", "skill": "write", "after": ["board"], "effort": {"lognormal": {"mean_hours": 0.5, "cv": 0.4}}, "internal_error": 0},
            ],
        }
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def records():
    return run(organized(TRUE), [], DAYS).records()


@pytest.fixture(scope="module")
def table(records):
    """The exported work log of about five hundred cases."""
    scenario = SimpleNamespace(start=MONDAY, warmup_days=0, currency="USD")
    return work_table(SimpleNamespace(log=records.log, cases=records.cases, persons=records.persons, scenario=scenario))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def fit(table, folder):
    write_xes(table, folder / "work.xes")
    return fit_work(folder / "work.xes")


def teams_of(fit):
    return YAML(typ="safe").load(io.StringIO(snippet(fit)))


def written(table, folder, drop=(), **rename):
    """A CSV without some columns, and what it is called."""
    path = folder / "part.csv"
    table.drop(columns=list(drop)).rename(columns=rename).to_csv(path, index=False)
    return path


HOURS = ("effort_hours", "coordination_hours", "other_duties_hours")


# --- what was put in comes out -----------------------------------------------------------------------------


def test_efforts_come_out(fit):
    """Mean within four standard errors, coefficient of variation within a tenth, and a lognormal is not refuted; the
    slow artist's efforts are longer by his level, which is found."""
    (kind,) = fit.kinds
    for name, mean, cv in (("text", 3, 0.5), ("proof", 0.5, 0.4)):
        effort = kind.steps[name].effort
        assert abs(effort.mean_hours - mean) < SE * effort.mean_error, name
        assert effort.cv == pytest.approx(cv, rel=0.12)
        assert effort.n > 400
        assert effort.fits
    drawn = fit.skills["artist-0"]["pictures"]
    others = [fit.skills[f"artist-{i}"]["pictures"] for i in (1, 2)]
    assert [drawn / other for other in others] == pytest.approx([0.5, 0.5], abs=0.1)
    assert all(fit.skills[f"writer-{i}"] == {"words": 1} for i in range(3))


def test_rework_and_rejection_come_out(fit):
    """Chances of a redo within four binomial errors; first and decay within four of their own; later passes take half."""
    (kind,) = fit.kinds
    for name, chance in (("text", 0.2), ("picture", 0.1), ("sketch", 0.0), ("proof", 0.0)):
        step = kind.steps[name]
        assert abs(step.redo_share - chance) <= SE * np.sqrt(chance * (1 - chance) / step.n), name
    for name, first, decay in (("legal", 0.5, 0.6), ("board", 0.25, 0.8)):
        found = fit.gates[name].rejection
        assert abs(found.first - first) < SE * found.first_error < 0.1
        assert abs(found.decay - decay) < SE * found.decay_error < 0.5
        assert sum(found.decided) > 500
    assert fit.rework_share == pytest.approx(0.5, rel=0.05)
    assert fit.gates["legal"].effort.mean_hours == pytest.approx(0.4, rel=0.05)


def test_calendar_meetings_and_hand_offs_come_out(fit):
    """Working days, hours with their break, the board's cadence and hour, and latencies, exactly; other duties' share."""
    week = fit.hours.week
    assert week.days == ("Mon", "Tue", "Wed", "Thu", "Sun")
    assert week.hours == ((8, 12), (13, 17.5))
    board = fit.gates["board"]
    assert (board.mode, board.every_days, board.at_hour) == ("cadence", 3, 11)
    lines = {one.relation: (one.latency_hours, one.effort_hours) for one in fit.hand_offs}
    assert lines["intake"] == pytest.approx((1, 0.2), abs=0.002)
    assert lines["same_company"] == pytest.approx((2, 0.25), abs=0.002)
    assert lines["same_unit"] == pytest.approx((0.5, 0.1), abs=0.002)
    assert (fit.primary_share, fit.share_is) == (pytest.approx(0.5, abs=0.005), "measured")


def test_the_graph_and_who_does_what_come_out(fit):
    """What waits for what, joins included; where rejected work returns to; people by unit and skill."""
    (kind,) = fit.kinds
    after = {step["id"]: set(step["after"]) for step in TRUE["work"]["advert"]["steps"] if "after" in step}
    found = {
        **{name: set(one.after) for name, one in kind.steps.items()},
        **{name: set(one) for name, one in kind.gates.items()},
    }
    assert {name: one for name, one in found.items() if one} == after
    assert kind.return_to == {"legal": "text", "board": "picture"}
    assert fit.units == {person["id"]: person["unit"] for person in TRUE["people"]}
    assert {name: one.skill for name, one in kind.steps.items()} == {
        "text": "words",
        "proof": "words",
        "sketch": "pictures",
        "picture": "pictures",
    }


def test_the_snippet_loads_and_works_as_the_log_did(fit, records):
    """As a scenario; simulated under the same arrivals, cases take as long as those of the log, within a tenth."""
    teams = teams_of(fit)
    assert Scenario(teams=teams, campaigns={"c": {"work": "advert"}}, occasions={}, monitors={}).teams.work["advert"]
    teams["work"]["advert"]["demand"] = {"per_week": 9}
    again = run(organized(teams), [], DAYS).records().cases
    days = [one.loc[one["status"] == "live", "lead_days"].mean() for one in (again, records.cases)]
    assert days[0] == pytest.approx(days[1], rel=0.1)


def test_the_shipped_department_comes_out(folder):
    """Every kind's graph, with the branch that is always done long before the join and so never makes it ready; what the
    way costs from each distance that occurs, givers of joins counted; and that edge is said to be taken so."""
    plan = organized({})
    made = run(plan, retail_orders(200), 200).records()
    scenario = SimpleNamespace(start=MONDAY, warmup_days=0, currency="USD")
    table = work_table(SimpleNamespace(log=made.log, cases=made.cases, persons=made.persons, scenario=scenario))
    found = fit_work(written(table, folder))
    for kind in found.kinds:
        true = plan.work[kind.kind].steps
        assert {name: set(waits) for name, waits in kind.after.items()} == {step.id: set(step.after) for step in true}
        assert kind.return_to == {step.id: step.return_to for step in true if step.gate is not None}
    lines = {one.relation: (one.latency_hours, one.effort_hours) for one in found.hand_offs}
    true = {line.when: (line.latency_hours, line.effort_hours) for line in plan.distance}
    true |= {"intake": (plan.intake.latency_hours, plan.intake.effort_hours), "same_company": true["same_parent"]}
    for relation, line in lines.items():
        assert line == pytest.approx(true[relation], abs=0.005), relation
    told = "nothing became ready when data was done; test, which never began before, is taken to wait for it"
    assert f"email_campaign: {told}" in found.doubts
    assert all(one.endswith(told) for one in found.doubts if "is taken to wait for it" in one)


def test_csv_parquet_and_xes_give_the_same(fit, table, folder):
    """One log, three formats, one fit."""
    table.to_parquet(folder / "work.parquet")
    for path in (written(table, folder), folder / "work.parquet"):
        found = fit_work(path)
        assert teams_of(found) == teams_of(fit)
        for one, other in zip(to_json(found)["steps"], to_json(fit)["steps"], strict=True):
            assert one["mean_hours"] == pytest.approx(other["mean_hours"])
            assert one["redone_by_pass"] == other["redone_by_pass"]


# --- what a log cannot say --------------------------------------------------------------------------------


def test_without_hours_the_share_of_other_duties_must_be_stated(table, folder):
    """From begins and ends alone effort is on-shift time; with the share stated it is work, taking over included."""
    path = written(table, folder, drop=HOURS)
    unknown, stated = fit_work(path), fit_work(path, primary_share=0.5)
    assert any("primary_share is not identifiable" in one for one in unknown.doubts)
    assert not any("primary_share is not identifiable" in one for one in stated.doubts)
    took = [one.kinds[0].steps["text"].effort.mean_hours for one in (unknown, stated)]
    assert took[1] == pytest.approx(3 + 0.2, rel=0.05)
    assert took[0] == pytest.approx(2 * took[1])
    assert stated.hours.week.hours == ((8, 12), (13, 17.5))


def test_without_begins_effort_is_declined(table, folder):
    """Completions alone cannot separate effort from waiting: said, and no work is made up; what is left loads."""
    path = written(table[table["lifecycle:transition"] == "complete"], folder, drop=HOURS)
    found = fit_work(path)
    assert any("effort cannot be separated from waiting" in one for one in found.doubts)
    teams = teams_of(found)
    assert "work" not in teams
    assert "people" not in teams
    assert Scenario(teams=teams).teams.calendars["office"].days == found.hours.week.days
    assert found.gates["legal"].rejection.first == pytest.approx(0.5, abs=0.06)


def test_without_readiness_the_order_is_inferred(table, folder):
    """Begins and ends alone give the same graph by precedence; latency is a lower quantile, and that is said."""
    kept = table["lifecycle:transition"].isin(["start", "complete"])
    found = fit_work(written(table[kept], folder))
    kind = found.kinds[0]
    assert set(kind.steps["picture"].after) == {"text", "sketch"}
    assert set(kind.gates["board"]) >= {"picture"}
    assert kind.steps["proof"].after == ("board",)
    assert any("inferred from what precedes what" in one for one in found.doubts)
    line = next(one for one in found.hand_offs if one.relation == "same_company")
    assert 1 < line.latency_hours <= 3


def test_gates_can_be_named_where_outcomes_are_not_logged(table, folder):
    """A gate passed again had rejected; first and decay hardly differ from those with outcomes."""
    found = fit_work(written(table, folder, drop=["outcome", "category"]), gates=("legal", "board"))
    assert found.gates["legal"].rejection.first == pytest.approx(0.5, abs=0.08)
    with pytest.raises(LogError, match=r"no step is called 'legel'; the log has .*legal"):
        fit_work(written(table, folder), gates=("legel",))


def test_pauses_are_no_work():
    """Suspended for the hour before and the hour after lunch: two of three on-shift hours are left."""
    rows = [("start", "09:00"), ("suspend", "11:00"), ("resume", "14:00"), ("complete", "14:00")]
    log = "case,step,time,transition,person\n" + "".join(
        f"c{i},a,2026-01-{5 + i % 5:02}T{at}:00,{word},p\n" for i in range(10) for word, at in rows
    )
    path = Path("pauses.csv")
    with pytest.MonkeyPatch.context() as patch:
        import tempfile

        with tempfile.TemporaryDirectory() as here:
            patch.chdir(here)
            path.write_text(log)
            found = fit_work(
                path, LogColumns(case="case", step="step", time="time", transition="transition", person="person")
            )
    assert found.kinds[0].steps["a"].effort.mean_hours == pytest.approx(2)


def test_several_people_at_once_are_one_pass(tmp_path):
    """Two people begin a pass together and end apart: one pass until the last is done, not a redo; hours are a person's."""
    rows = "".join(
        f"c{i},meet,meet/1,{word},2026-01-0{5 + i % 5}T{at}:00,{who},{hours}\n"
        for i in range(10)
        for word, at, who, hours in (
            ("start", "09:00", "a", 0),
            ("start", "09:00", "b", 0),
            ("complete", "10:00", "a", 1),
            ("complete", "11:00", "b", 2),
        )
    )
    (tmp_path / "crew.csv").write_text("case,step,instance,transition,time,person,hours\n" + rows)
    columns = LogColumns(
        case="case",
        step="step",
        time="time",
        transition="transition",
        person="person",
        instance="instance",
        effort_hours="hours",
    )
    step = fit_work(tmp_path / "crew.csv", columns).kinds[0].steps["meet"]
    assert (step.n, step.redo_share) == (10, 0)
    assert step.effort.mean_hours == pytest.approx(1.5)


# --- estimators -------------------------------------------------------------------------------------------


def test_what_is_not_lognormal_is_refuted():
    """Exponential efforts, and two humps; a lognormal itself is kept in 95 % of a thousand samples (3 s.e.)."""
    draw = np.random.default_rng(4)
    assert not fit_effort(draw.exponential(2, 2000)).fits
    assert not fit_effort(
        np.where(draw.random(500) < 0.5, draw.lognormal(0, 0.1, 500), draw.lognormal(2, 0.1, 500))
    ).fits
    kept = sum(fit_effort(draw.lognormal(1, 0.6, 200)).fits for _ in range(1000))
    assert abs(kept - 950) < 3 * np.sqrt(1000 * 0.95 * 0.05)
    assert fit_effort(np.array([1.0, 2.0])) is None
    assert fit_effort(np.full(9, 1.5)).cv == 0


def test_rejection_by_round_has_its_closed_form_in_two_rounds():
    """Two rounds, two parameters: first and first x decay are the shares; one round leaves decay unknown."""
    found = fit_rejection((200, 80), (80, 16))
    assert (found.first, found.decay) == (pytest.approx(0.4, abs=1e-3), pytest.approx(0.5, abs=2e-3))
    assert found.first_error == pytest.approx(np.sqrt(0.4 * 0.6 / 200), rel=0.02)
    assert fit_rejection((50,), (0,)).decay is None


# --- mistakes have places ---------------------------------------------------------------------------------

SIMPLE = LogColumns(
    case="case",
    step="step",
    time="time",
    transition="",
    person="",
    unit="",
    kind="",
    outcome="",
    effort_hours="",
    coordination_hours="",
)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "a.csv: is empty"),
        ("a.csv", "case,step,time\n", "a.csv: has no events"),
        ("a.csv", "case,activity,time\n1,a,2026-01-05\n", r"a.csv: no column for step \('step'\); the log has 'case', 'activity', 'time'"),
        ("a.csv", "case,step,time\n1,a,2026-01-05\n1,b,soon\n2,,2026-01-06\n", "a.csv: 2 problem.*\n  line 3: time: found 'soon'; allowed: .*\n  line 4: step: found ''"),
        ("a.xes", "<log><trace></log>", r"a.xes:1:15: not well-formed XML: mismatched tag"),
        ("a.xes", "<html/>", "a.xes: is no XES"),
        ("a.xes", '<!DOCTYPE log [<!ENTITY a "b">]><log/>', "a.xes:1: declares a document type"),
        ("a.xes", "<log/>", "a.xes: has no events"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_place(tmp_path, name, text, message):
    """The file, the line or column, what was found and what is allowed."""
    (tmp_path / name).write_text(text)
    with pytest.raises(LogError, match=message):
        read_log(tmp_path / name, SIMPLE)


def test_dates_alone_are_too_little(tmp_path):
    """Without hours of the day neither shifts nor efforts can be known, and that is the error."""
    (tmp_path / "dates.csv").write_text("case,step,time\n" + "".join(f"c{i},a,2026-01-{5 + i:02}\n" for i in range(9)))
    with pytest.raises(LogError, match="the times have no hour of the day"):
        fit_work(tmp_path / "dates.csv", SIMPLE)


def test_public_logs_are_often_compressed(table, folder):
    """A .xes.gz is read as the .xes in it; a file that is none says so."""
    import gzip

    write_xes(table.head(500), folder / "some.xes")
    (folder / "some.xes.gz").write_bytes(gzip.compress((folder / "some.xes").read_bytes()))
    assert read_log(folder / "some.xes.gz").events.equals(read_log(folder / "some.xes").events)
    (folder / "bad.xes.gz").write_bytes(b"<log/>")
    with pytest.raises(LogError, match=r"bad\.xes\.gz: cannot be read"):
        read_log(folder / "bad.xes.gz")


def test_a_log_that_is_not_there():
    """By its name."""
    with pytest.raises(LogError, match=r"nothing\.csv: no such file"):
        read_log(Path("nothing.csv"))


def test_a_shared_share_is_a_share(tmp_path):
    """A primary share above one is refused before anything is read."""
    with pytest.raises(LogError, match="primary share: found 2; allowed: above 0, at most 1"):
        fit_work(tmp_path / "x.csv", primary_share=2.0)
