"""The resolved scenario can be read, fed back, and says of every number where it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from simkit.scenario.explain import as_yaml, counts, departments, expanded, sources, unit_rows, written_out
from simkit.scenario.json_schema import file_schema
from simkit.scenario.load import load
from simkit.scenario.node import plain
from simkit.scenario.reading import parse
from simkit.scenario.sources import preset_names
from simkit.scenario.starter import starter_text, write_starter

TEXT = """\
question: "x2"
currency: SAR
market: {customers: 1_000, segments: {a: {share: 50%}, b: {share: 0.5, fatigue: {half_life_days: 5}}}}
contact_policy: {at_most: [3 per rolling week, 1 sms per calendar day], quiet: null}
teams: {structure: hierarchy, week: Sun-Thu, approvals: {board: every 3 days}}
work: {campaigns_per_week: 6}
goals: {retention_rate: ">= 60%"}
alternatives:
  pods: {teams.structure: pods, campaigns.newsletter: null}
  hub: {teams.structure: hub-and-spoke, contact_policy.at_most: 2 per rolling week}
  mail: {channels.email.open_rate: x1.5, market.funnel.forgetting_half_life_days: -50%}
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The scenario above."""
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_text(TEXT)
    return load("s.yaml")


def test_what_is_written_out_means_the_same(study):
    """Loading the expansion gives the same alternatives, table by table."""
    Path("again.yaml").write_text(as_yaml(written_out(study)))
    again = load("again.yaml")
    assert list(again.alternatives) == list(study.alternatives)
    for name, scenario in study.alternatives.items():
        assert expanded(again.alternatives[name]) == expanded(scenario)
    assert [unit_rows(one) for one in departments(again).values()] == [
        unit_rows(one) for one in departments(study).values()
    ]


@pytest.mark.parametrize("name", preset_names())
def test_presets_written_out_mean_the_same(name, tmp_path):
    """The same for everything that ships."""
    path, again = tmp_path / "a.yaml", tmp_path / "b.yaml"
    path.write_text(f"extends: {name}\n")
    study = load(path)
    again.write_text("name: a\n" + as_yaml({k: v for k, v in written_out(study).items() if k != "name"}))
    assert expanded(load(again).base) == expanded(study.base)


@pytest.mark.parametrize(
    "text", ["x", "5", "true", "", "2026-01-04", ".nan", "1_000", "21:00", "a: b", "# x", "~", "9" * 30, "ü"]
)
def test_texts_stay_texts(text):
    """Whatever would be read as something else is quoted."""
    assert plain(parse(as_yaml({"a": text}), "s.yaml")) == {"a": text}


@pytest.mark.parametrize("number", [0.1, 1e-7, 1e22, 3.0, -2, 123456789])
def test_numbers_stay_numbers(number):
    """To the last bit."""
    value = plain(parse(as_yaml({"a": number}), "s.yaml"))["a"]
    assert (value, type(value)) == (number, type(number))


def test_every_number_has_an_origin(study):
    """What the user wrote is theirs, also inside a short form; the rest is published, assumed or a convention."""
    found = {number.path: number for number in sources(study)}
    assert found["market.customers"].origin == "yours"
    assert found["contact_policy.at_most[0].count"].origin == "yours"
    assert found["market.segments.b.fatigue.half_life_days"].origin == "yours"
    assert found["market.purchases.r"].origin == "published"
    assert found["channels.email.open_rate"].origin == "published"
    assert found["market.fatigue.delta"].origin == "assumed"
    assert found["seed"].origin == "convention"
    assert found["teams.hourly_costs.copy"].origin == "published"
    assert all(number.source for number in found.values())
    assert all(number.low is not None for number in found.values() if number.origin in ("published", "assumed"))


def test_origins_are_counted(study):
    """The counts are those of the list."""
    numbers = sources(study)
    counted = counts(numbers)
    assert counted["yours"] == sum(number.origin == "yours" for number in numbers) > 0
    assert set(counted) == {"yours", "published", "assumed"}


def test_units_hold_everybody_once(study):
    """Each alternative seats the same people."""
    for department in departments(study).values():
        assert sum(row["people"] for row in unit_rows(department)) == len(department.people) == 24


@pytest.fixture(scope="module")
def schema():
    """That of a scenario file."""
    return file_schema()


def test_the_schema_knows_the_file_format(schema):
    """Everything a scenario may say is a property; nothing is required; alternatives may be dotted."""
    assert {"extends", "alternatives", "market", "teams", "contact_policy"} <= set(schema["properties"])
    assert "required" not in schema
    assert "horizon" not in schema["$defs"]["alternative"]["properties"]
    assert "teams" in schema["$defs"]["alternative"]["properties"]


@pytest.mark.parametrize("preset", [None, *preset_names()])
def test_starters_and_expansions_keep_the_schema(preset, tmp_path, schema):
    """An editor that checks by the schema finds nothing wrong in a valid file."""
    jsonschema = pytest.importorskip("jsonschema")
    path = tmp_path / "s.yaml"
    path.write_text(starter_text("s.yaml", preset))
    checker = jsonschema.Draft202012Validator(schema)
    for text in (path.read_text(), as_yaml(written_out(load(path))), TEXT):
        document = {**plain(parse(text, "s.yaml")), "start": "2026-01-04"}
        assert [error.message for error in checker.iter_errors(document)] == []


@pytest.mark.parametrize("preset", [None, *preset_names()])
def test_a_starter_is_valid(preset, tmp_path):
    """What `simkit new` writes can be run."""
    study = load(write_starter("mine", preset, tmp_path))
    assert list(study.alternatives) == ["today", "pods", "pods_calm"]


def test_a_starter_never_overwrites(tmp_path):
    """A second one of the same name is refused, and so are names that are paths."""
    path = write_starter("mine", folder=tmp_path)
    before = path.read_text()
    with pytest.raises(FileExistsError):
        write_starter("mine.yaml", folder=tmp_path)
    assert path.read_text() == before
    for name in ("../x", "a/b", "", ".hidden", "x" * 80):
        with pytest.raises(ValueError, match="the name"):
            write_starter(name, folder=tmp_path)
