"""Journeys as a user writes them: ready ones by name, changes of single values, and what is refused."""

import pytest

from simkit.scenario.errors import ScenarioError
from simkit.scenario.explain import sources
from simkit.scenario.journeys import Journey
from simkit.scenario.load import load
from simkit.scenario.ready_journeys import READY, journey_figures, ready_journey


def refused(tmp_path, text):
    file = tmp_path / "s.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(file)
    return str(caught.value)


@pytest.mark.parametrize("name", READY)
def test_every_ready_journey_is_valid_and_its_numbers_are_graded(name):
    """A ready journey passes the schema, and every number of days, share and relevance in it has a source and range."""
    journey = Journey.model_validate(ready_journey(name))
    figures = journey_figures(name)
    for step in journey.steps:
        assert f"steps.{step}.after" in figures
        assert f"steps.{step}.relevance" in figures
    assert all(figure.low <= figure.value <= figure.high and figure.source for figure in figures.values())


def test_names_stand_for_ready_journeys_and_single_values_change(tmp_path):
    """A list names ready journeys; a table changes one step of one and takes another out; sources say whose it is."""
    file = tmp_path / "s.yaml"
    file.write_text("journeys: [welcome, cart]\nalternatives:\n  more: {journeys.cart.steps.reminder.relevance: 0.9}\n")
    study = load(file)
    assert list(study.base.journeys) == ["welcome", "cart"]
    changed = study.alternatives["more"].journeys["cart"].steps
    assert changed["reminder"].relevance == 0.9
    assert changed["second_reminder"] == study.base.journeys["cart"].steps["second_reminder"]
    grades = {number.path: number.grade for number in sources(study)}
    assert grades["journeys.cart.share"] == "assumption"
    file.write_text("journeys:\n  welcome: {steps: {offer: null, hello: {channel: sms}}}\n")
    steps = load(file).base.journeys["welcome"].steps
    assert list(steps) == ["hello", "first_steps"]
    assert steps["hello"].channel == "sms"


LOOP = """journeys:
  j:
    starts: purchase
    steps:
      one: {}
      two: {then: one}
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LOOP, ["s.yaml:2:3", "'two'", "loop"]),
        (LOOP.replace("then: one", "then: two"), ["loop"]),
        (LOOP.replace("then: one", "otherwise: three"), ["no step 'three'", "one, two"]),
        (LOOP.replace("then: one", "only_if: attended"), ["attendance"]),
        (LOOP.replace("then: one", "channel: fax"), ["steps.two.channel", "fax", "email"]),
        (LOOP.replace("then: one", "").replace("purchase", "purchas"), ["purchase"]),
        (LOOP.replace("then: one", "").replace("purchase", "click\n    campaign: nothing"), ["campaign", "'nothing'"]),
        ("journeys: [welcom]\n", ["welcom", "welcome"]),
        ("journeys:\n  j: {starts: purchase, steps: {}}\n", ["steps"]),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_where_it_stands(tmp_path, text, words):
    """Loops, unknown steps, channels, campaigns and triggers, and steps that ask for what never happens."""
    said = refused(tmp_path, text)
    assert all(word in said for word in words), said


def test_a_record_has_room_for_eight_journeys(tmp_path):
    """A ninth journey, or a sixty-fifth step, is an error."""
    one = "{starts: purchase, steps: {a: {}}}"
    said = refused(tmp_path, "journeys:\n" + "".join(f"  j{i}: {one}\n" for i in range(9)))
    assert "at most 8 journeys" in said
    steps = ", ".join(f"s{i}: {{}}" for i in range(65))
    assert "at most 64 steps" in refused(tmp_path, f"journeys:\n  j: {{starts: purchase, steps: {{{steps}}}}}\n")
