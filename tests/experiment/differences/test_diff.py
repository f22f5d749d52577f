"""What differs is said as a reader would: by section, in values that are resolved, with people and steps by name."""

from __future__ import annotations

import json

import pytest

from simkit.cli import main
from simkit.experiment.differences.diff import NoSuchSide, diff, side
from simkit.report.diff import document, headline, sources


def told(a, b, **more):
    first = side(a, **more)
    return diff(first, side(b, other=a, **more))


def said(found, section):
    return [line.said for line in found.sections[section]]


def test_pods_are_told_by_people_units_and_decisions():
    """Equal means; who moved where, what they learn, who decides; and nothing of market or policy."""
    found = told("scenarios/retail.yaml", ":pods")
    assert list(found.sections) == ["skills", "structure", "assignment", "authority"]
    assert found.means.equal
    assert "Equal means: 24 people" in headline(found)
    assert "5 people of craft copy: design at 0.6 besides (copy-1, copy-2, copy-3, copy-4, copy-5)" in said(
        found, "skills"
    )
    assert (
        "5 people moved from copy to pod-1 (copy-1), pod-2 (copy-2), pod-3 (copy-3), shared (copy-4, copy-5)"
        in said(found, "structure")
    )
    (decides,) = found.sections["authority"]
    assert decides.path == "teams.gates.board.delegate"
    assert "none → to lead" in decides.said


def test_values_are_resolved_with_unit_and_source(tmp_path):
    """A short form on one side is the number it stands for; a default names its source, a written value the file."""
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text("market: {fatigue: {half_life_days: 5 days}}\n")
    other.write_text("contact_policy: {gap: 36 hours}\n")
    found = told(str(one), str(other))
    lines = {line.path: line for section in found.sections.values() for line in section}
    half = lines["market.fatigue.half_life_days"]
    assert half.a == 5
    assert half.source_a == "the file"
    assert "(" in half.source_b
    assert half.source_b.rstrip(")").split("(")[-1] in ("measured", "survey", "assumption", "convention")
    gap = lines["contact_policy.gap"]
    assert gap.b == 1.5
    assert gap.unit == "days"
    assert gap.said.endswith("→ 1.5 days")
    assert "B: the file" in sources(gap)
    assert set(found.sections) == {"market", "contact policy"}


def test_steps_gates_and_means():
    """A step that only one side has is a sentence with its skill, hours and place; unequal means are said."""
    found = told("scenarios/it_and_legal.yaml", ":train_every_week")
    assert "email_campaign: step integrate only in B (skill it, 2 hours, after brief)" in said(found, "work kinds")
    assert any(line.path == "teams.gates.release_train.every_days" and (line.a, line.b) == (10, 5)
               for line in found.sections["approvals"])  # fmt: skip
    unequal = told("scenarios/archetypes.yaml", ":converters")
    assert not unequal.means.equal
    assert headline(unequal).split(". ")[1].startswith("Means differ: 24 people in both, payroll 3.00 m USD → 2.97 m")
    assert "only in A: 1 person of craft copy (copy-5)" in said(unequal, "people")


def test_a_scenario_against_itself():
    """Nothing differs, not even between a structure and the same one in other words."""
    found = told("scenarios/retail.yaml", "scenarios/retail.yaml")
    assert found.none
    assert headline(found) == "The two scenarios simulate the same."
    assert document(found)["sections"] == {}


def test_the_command_reads_and_ends_with_0(monkeypatch, capsys):
    """A difference is no failure; --json is one document with all lines."""
    for more in ([], ["--json"]):
        monkeypatch.setattr("sys.argv", ["simkit", "diff", "scenarios/retail.yaml", ":hub_and_spoke", *more])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 0
    plain, _, form = capsys.readouterr().out.partition("{\n")
    assert "standards and shared learning" in plain
    assert json.loads("{\n" + form)["sections"]["standards and shared learning"][0]["b"] == 0.8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scenarios/retial.yaml", "there is no file .*; did you mean 'retail.yaml'"),
        ("scenarios/retail.yaml:pod", "no alternative is called 'pod'; did you mean 'pods'"),
        (":pods", "':pods' names no file"),
    ],
)
def test_bad_input(text, message):
    """A file or an alternative that is not there, with what there is."""
    with pytest.raises(NoSuchSide, match=message):
        side(text)
