"""The exported work log: in the words of process mining, equal in every format, and true to the department's own log."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pandas as pd
import pytest

from simkit.experiment.inquiries.exporting import export
from simkit.experiment.inquiries.work_log import COLUMNS, TRANSITIONS, work_table
from simkit.experiment.inquiries.xes import NAMESPACE, write_xes
from simkit.scenario.schema import Scenario
from simkit.simulation import simulate
from simkit.teams.event_log import EVENTS

SCENARIO = Scenario(horizon=40, warmup=20, market={"customers": 40}, teams={"structure": "pods"})
HOURS = ["effort_hours", "coordination_hours", "other_duties_hours"]
STANDARD = {"schedule", "assign", "withdraw", "reassign", "start", "suspend", "resume", "pi_abort", "ate_abort",
            "complete", "autoskip", "manualskip"}  # fmt: skip
"""The life cycle of the XES standard (IEEE 1849-2016, lifecycle extension, standard model)."""
README = Path(__file__).parents[3] / "simkit" / "experiment" / "inquiries" / "README.md"


@pytest.fixture(scope="module")
def run():
    """Pods, so that leads decide at gates; few customers, who do not matter here."""
    return simulate(SCENARIO)


@pytest.fixture(scope="module")
def table(run):
    return work_table(run)


@pytest.fixture(scope="module")
def xes(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("xes") / "work.xes"
    assert write_xes(table, path) == len(table)
    return path


def test_the_transitions_are_the_standards():
    """Every event of the department's log is a transition of the standard life cycle or carries effort alone."""
    assert set(TRANSITIONS.values()) <= STANDARD
    assert set(EVENTS) - set(TRANSITIONS) >= {"coordinate", "cut"}


def test_the_time_of_everybody_is_in_it(run, table):
    """Hours by person are those of the department's log, but for meetings and what was unfinished at the end."""
    log = run.log
    counted = log[log["case"].ne("") & log["event"].ne("cut") & log["effort"].gt(0)]
    expected = counted.groupby("person")["effort"].sum() / 3600
    found = table[table["org:resource"] != ""].groupby("org:resource")[HOURS].sum().sum(axis=1)
    assert found[found > 0].to_dict() == pytest.approx(expected.to_dict(), rel=1e-12)
    touch = counted[counted["category"] == "touch"]["effort"].sum() / 3600
    assert table[table["category"] == "touch"]["effort_hours"].sum() == pytest.approx(touch, rel=1e-12)
    wages = run.persons.set_index("id")["hourly_cost"]
    assert table["cost:total"].sum() == pytest.approx((expected * wages[expected.index]).sum(), rel=1e-12)
    assert set(table.loc[table["cost:total"] > 0, "cost:currency"]) == {"USD"}


def test_every_decision_is_one_completion(run, table):
    """A gate's pass completes once, approved or rejected; on demand it carries the approver's hours."""
    decided = run.log[run.log["event"].isin(["approve", "reject"])]
    told = table[table["outcome"] != ""]
    assert told["outcome"].value_counts().to_dict() == decided["event"].value_counts().to_dict()
    assert (told["outcome"] == "reject").sum() > 3
    assert not told.duplicated(["case:concept:name", "concept:instance"]).any()
    asked = told["concept:name"] == "legal"
    assert (told.loc[asked, "effort_hours"] > 0).all()


def test_transitions_come_in_order(table):
    """Within a pass: schedule, assign, start, complete; times never go back."""
    assert table["time:timestamp"].is_monotonic_increasing
    rank = table["lifecycle:transition"].map({"schedule": 0, "assign": 1, "start": 2, "complete": 3})
    passes = table[table["concept:instance"] != ""].assign(rank=rank)
    for _, one in passes.groupby(["case:concept:name", "concept:instance"]):
        assert one["rank"].is_monotonic_increasing
        assert one["rank"].is_unique
    assert (table["lifecycle:transition"] == "complete").sum() > 500


def test_every_format_holds_the_same(run, table, xes, tmp_path, monkeypatch):
    """CSV and Parquet have the documented columns; XES has what is said in them, an event a row."""
    monkeypatch.setattr("simkit.experiment.inquiries.exporting.simulate", lambda *_, **__: run)
    for form in ("csv", "parquet"):
        assert export(SCENARIO, "work", tmp_path / form, form=form) == len(table)
    parquet = pd.read_parquet(tmp_path / "parquet")
    assert list(parquet.columns) == [column.name for column in COLUMNS]
    pd.testing.assert_frame_equal(parquet, table, check_dtype=False)
    written = pd.read_csv(tmp_path / "csv", keep_default_na=False, parse_dates=["time:timestamp"])
    pd.testing.assert_frame_equal(written, table, check_dtype=False)
    events = list(ElementTree.parse(xes).getroot().iter(f"{{{NAMESPACE}}}event"))
    hours = sum(float(one.get("value")) for event in events for one in event if one.get("key") in HOURS)
    assert len(events) == len(table)
    assert hours == pytest.approx(table[HOURS].sum().sum(), rel=1e-12)


def test_the_file_is_xes(xes, table):
    """By the standard's rules: extensions declared, globals in every trace and event, known elements, cases once."""
    root = ElementTree.parse(xes).getroot()
    plain = lambda element: element.tag.removeprefix(f"{{{NAMESPACE}}}")  # noqa: E731
    assert plain(root) == "log"
    float(root.get("xes.version"))
    prefixes = {one.get("prefix") for one in root if plain(one) == "extension"}
    wanted = {one.get("scope"): {attribute.get("key") for attribute in one} for one in root if plain(one) == "global"}
    traces = [one for one in root if plain(one) == "trace"]
    names = []
    for trace in traces:
        told = {one.get("key"): one.get("value") for one in trace if one.get("key")}
        assert wanted["trace"] <= set(told)
        names.append(told["concept:name"])
        for event in (one for one in trace if plain(one) == "event"):
            keys = [one.get("key") for one in event]
            assert len(set(keys)) == len(keys)
            assert wanted["event"] <= set(keys)
            assert {key.partition(":")[0] for key in keys if ":" in key} <= prefixes
            assert {plain(one) for one in event} <= {"string", "date", "int", "float"}
    assert names == list(dict.fromkeys(table["case:concept:name"]))


def test_names_are_data_and_cannot_break_the_file(table, tmp_path):
    """Marks of XML and characters that XML does not have survive as text."""
    odd = table.head(3).assign(**{"org:group": '<a> & "b"\x00\u2028é', "case:kind": "]]>"})
    write_xes(odd, tmp_path / "odd.xes")
    found = [
        one.get("value")
        for one in ElementTree.parse(tmp_path / "odd.xes").getroot().iter()
        if one.get("key") == "org:group"
    ]
    assert found == ['<a> & "b"\ufffd\u2028é'] * 3


def test_pm4py_reads_it(xes, table):
    """An independent tool finds the same cases, events, times, people and hours."""
    pm4py = pytest.importorskip("pm4py", reason="the extra process-mining is not installed")
    read = pm4py.read_xes(str(xes))
    assert len(read) == len(table)
    assert read["case:concept:name"].nunique() == table["case:concept:name"].nunique()
    assert read["effort_hours"].sum() == pytest.approx(table["effort_hours"].sum())
    ours = table.sort_values(["case:concept:name"], kind="stable")
    theirs = read.sort_values(["case:concept:name"], kind="stable")
    assert (theirs["time:timestamp"].dt.tz_localize(None).to_numpy() == ours["time:timestamp"].to_numpy()).all()
    for name in ("concept:name", "lifecycle:transition"):
        assert theirs[name].tolist() == ours[name].tolist()
    completed = read[read["lifecycle:transition"] == "complete"]
    follows, starts, _ = pm4py.discover_dfg(completed)
    assert set(starts) == {"arrive"}
    assert (
        follows["arrive", "brief"]
        == (table[table["concept:name"] == "brief"]["pass"].eq(1) & table["lifecycle:transition"].eq("complete")).sum()
    )


def test_the_page_lists_the_columns():
    """`simkit/experiment/inquiries/README.md` has the table that ``python tests/experiment/inquiries/test_work_log.py`` prints."""
    assert columns_table() in README.read_text(encoding="utf-8")


def columns_table() -> str:
    """The columns as the README shows them."""
    rows = [f"| `{column.name}` | {column.type} | {column.means} |" for column in COLUMNS]
    return "\n".join(["| column | type | meaning |", "|---|---|---|", *rows])


if __name__ == "__main__":
    print(columns_table())
