"""The condition language: what is accepted, what is refused with which sentence."""

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from simkit.scenario.campaigns import Audience
from simkit.scenario.conditions import FIELDS, LONGEST, SHORT, Condition, names, parse
from simkit.scenario.schema import Scenario


def operators(text):
    """The steps' operators in postfix order."""
    return [step.operator for step in parse(text)]


def test_and_binds_closer_than_or_and_not_closest():
    """Postfix order follows the usual precedence; parentheses change it."""
    assert operators("purchases > 1 or fatigue < 2 and not month = 3") == [">", "<", "=", "not", "and", "or"]
    assert operators("(purchases > 1 or fatigue < 2) and month != 3") == [">", "<", "or", "!=", "and"]
    assert operators("not not fatigue < 2") == ["<"]


def test_short_words_units_and_orders():
    """Short words stand for a comparison, spans have units, words have an order."""
    assert parse("bought_within 2 weeks") == parse("days_since_purchase <= 14")
    assert parse("not_contacted_within 36 hours") == parse("days_since_contact > 1.5")
    assert parse("stage >= intent")[0].value == 3
    assert names("segment is loyal and consents_to email") == [("segment", "loyal"), ("channel", "email")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fatige < 2", "did you mean 'fatigue'"),
        ("stage is intend", "did you mean 'intent'"),
        ("stage is lost", "cannot be 'lost'"),
        ("fatigue < two", "compared with a number, found 'two'"),
        ("fatigue", "expects one of < <= > >= = != is, found 'nothing'"),
        ("fatigue < and month = 2", "compared with nothing"),
        ("(fatigue < 2", "parenthesis is not closed"),
        ("fatigue < 2 month = 2", "expected 'and' or 'or' before 'month'"),
        ("fatigue < 2 and", "ends where a comparison is expected"),
        ("segment > loyal", "a segment has no order"),
        ("stage is 'intent'", "names stand without quotation marks"),
        ("2 < fatigue < 4", "begins with what it asks about and not with a number, found '2'"),
        ("__import__ is os", "cannot ask about '__import__'"),
        ("fatigue < 2; drop", "expected 'and' or 'or' before ';'"),
        (" or ".join(["month = 1"] * 13), f"at most {LONGEST}"),
        ("(" * 100, "at most"),
    ],
)
def test_a_mistake_is_a_sentence(text, said):
    """What was found, what is allowed, and the nearest word."""
    with pytest.raises(ValueError, match=re.escape(said)):
        parse(text)


def test_a_condition_stays_the_text_it_was():
    """As a field it is checked, and survives a round trip."""
    adapter = TypeAdapter(Condition)
    assert adapter.validate_python("  fatigue  < 2 ") == "fatigue < 2"
    with pytest.raises(ValidationError):
        adapter.validate_python(5)
    audience = Audience(where="bought_within 90")
    assert Audience.model_validate_json(audience.model_dump_json()) == audience


def test_names_that_the_scenario_lacks_are_refused_at_their_place():
    """A segment or addressed channel must exist."""
    campaigns = {"one": {"audience": {"where": "segment is loyal or consents_to fax"}}}
    scenario = Scenario(campaigns=campaigns, occasions={}, monitors={})
    assert [path for path, _ in scenario.check_sense()] == ["campaigns.one.audience.where"] * 2
    campaigns = {f"c{i}": {"audience": {"where": f"purchases > {i}"}} for i in range(33)}
    told = Scenario(campaigns=campaigns, occasions={}, monitors={}).check_sense()
    assert [sentence for _, sentence in told] == ["at most 32 different conditions, found 33"]


def test_every_field_is_explained():
    """What can be asked for says what it is; short words lead to fields."""
    assert all(known.does for known in FIELDS.values())
    assert {short.field for short in SHORT.values()} <= set(FIELDS)
