"""Laying one tree over another: what changes, what stays, and where each value says it was written."""

from __future__ import annotations

import pytest

from simkit.scenario.node import Node, Place, follow, plain
from simkit.scenario.overlay import Overlay, nest, undot
from simkit.scenario.quantity import Table
from simkit.scenario.reading import parse, parse_option
from simkit.scenario.relative import apply


class Cap(Table):
    """A setting with two numbers."""

    count: int
    days: int = 7


class Defaults(Table):
    """What stands below when nobody wrote anything."""

    rate: float = 10.0
    people: int = 5
    caps: dict[str, Cap] = {"email": Cap(count=3), "sms": Cap(count=1)}
    cap: Cap = Cap(count=2)


def known(path: str):
    """The defaults at a dotted path."""
    value = Defaults()
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else getattr(value, step, None)
    return value


def laid(base: str, over: str, grounded: bool = True):
    """The merged values and the problems."""
    overlay = Overlay(known, grounded)
    tree = overlay.merge(parse(base, "base.yaml"), parse(over, "over.yaml"))
    return plain(tree), overlay.problems


def test_tables_merge_key_by_key():
    """What the overlay does not name stays."""
    assert laid("a: {b: 1, c: 2}\nd: 3", "a: {c: 5, e: 6}")[0] == {"a": {"b": 1, "c": 5, "e": 6}, "d": 3}


def test_lists_of_named_things_merge_by_name():
    """The named is changed in its place, the new is appended, and a list of words is replaced."""
    base = "people: [{id: ann, fte: 1}, {id: bob, fte: 1}]\nwords: [a, b]"
    merged, _ = laid(base, "people: [{id: bob, fte: 0.5}, {id: eve, fte: 1}]\nwords: [c]")
    assert merged["people"] == [{"id": "ann", "fte": 1}, {"id": "bob", "fte": 0.5}, {"id": "eve", "fte": 1}]
    assert merged["words"] == ["c"]
    assert laid(base, "people: {bob: {fte: -50%}}")[0]["people"][1] == {"id": "bob", "fte": 0.5}


def test_items_of_a_list_have_numbers():
    """Where things have no names, the first is 0."""
    assert laid("a: [{b: 1}, {b: 2}]", "a: {'1': {b: +2}}")[0] == {"a": [{"b": 1}, {"b": 4}]}
    assert laid("a: [{b: 1}]", "a: {'1': {b: +2}}")[1][0].message == "no '1' in a; there are: 0"
    assert laid("a: [{b: 1}]", "a: {b: 2}")[0] == {"a": {"b": 2}}


def test_a_name_that_is_not_in_the_list_is_a_problem():
    """With the names there are."""
    _, (problem,) = laid("people: [{id: ann}, {id: bob}]", "people: {bop: {fte: 1}}")
    assert str(problem) == "over.yaml:1:10: no 'bop' in people; did you mean 'bob'? there are: ann, bob"


@pytest.mark.parametrize(
    ("base", "change", "result"),
    [
        (100, "-20%", 80),
        (3, "+50%", 4.5),
        (4, "x1.5", 6),
        (4, "+2", 6),
        (0.1, "x3", 0.3),
        ("2 days", "-50%", "1 days"),
        ("7.7% of revenue", "-50%", "3.85% of revenue"),
        ("5%", "x2", "10%"),
        ("5%", "+0.02", 0.07),
    ],
)
def test_a_change_applies_to_the_number_below(base, change, result):
    """Numbers, shares and spans alike; whole numbers stay whole where they can."""
    changed = apply(Node(change, Place("f"), text=change), base).value
    assert changed == result
    assert type(changed) is type(result)


def test_a_plus_is_a_change_and_a_minus_is_a_number():
    """`+2` adds; `-2` is minus two, as everywhere."""
    assert laid("a: 5\nb: 5", "a: +2\nb: -2")[0] == {"a": 7, "b": -2}


def test_a_change_of_what_nobody_wrote_is_relative_to_the_default():
    """The number below may be simkit's own."""
    assert laid("{}", "rate: -20%\ncaps: {email: {count: +2}}")[0]["rate"] == 8
    assert laid("{}", "caps: {email: {count: +2}}")[0]["caps"]["email"]["count"] == 5


@pytest.mark.parametrize(
    ("base", "over"), [("{}", "nowhere: -20%"), ("rate: {a: 1}", "rate: x2"), ("rate: 5% of x", "rate: +1")]
)
def test_a_change_without_a_number_below_is_a_problem(base, over):
    """Its place is the change's."""
    _, (problem,) = laid(base, over)
    assert (problem.file, problem.line) == ("over.yaml", 1)
    assert "write the value itself" in problem.message


def test_a_name_that_looks_like_a_change_stays_a_name():
    """A text below makes the word a text."""
    assert laid("question: why", "question: x2")[0] == {"question": "x2"}


def test_one_entry_of_a_default_table_changes_and_the_others_stay():
    """An alternative that changes a channel keeps the other channels; a file that stands alone lists its own."""
    assert set(laid("{}", "caps: {email: {count: 9}}")[0]["caps"]) == {"email", "sms"}
    assert set(laid("{}", "caps: {email: {count: 9}}", grounded=False)[0]["caps"]) == {"email"}


def test_a_short_form_below_is_expanded_before_it_is_changed():
    """`cap: short` is the table it stands for when only a part of it changes."""
    assert laid("cap: short", "cap: {days: 9}")[0]["cap"] == {"count": 2, "days": 9}


def test_null_takes_an_entry_away_but_is_a_value_for_a_setting():
    """A campaign set to null is gone; quiet hours set to null are none."""
    assert laid("caps: {email: {count: 1}, sms: {count: 1}}", "caps: {sms: null}")[0]["caps"] == {"email": {"count": 1}}
    assert laid("cap: {count: 1}", "cap: null")[0] == {"cap": None}


def test_another_kind_of_table_replaces_the_old():
    """No keys of one model are left in another."""
    assert laid("a: {model: x, r: 1}", "a: {model: y, s: 2}")[0]["a"] == {"model": "y", "s": 2}


def test_places_follow_the_values():
    """After merging, each value still points to the file that wrote it."""
    overlay = Overlay(known)
    tree = overlay.merge(parse("a: {b: 1, c: 2}", "base.yaml"), parse("\na: {c: x2}", "over.yaml"))
    assert follow(tree, ["a", "b"])[0].place.file == "base.yaml"
    assert follow(tree, ["a", "c"])[0].place == Place("over.yaml", 2, 8)


def test_dotted_keys_are_tables_in_tables():
    """Dotted and nested keys mix, and what is dotted is not yet applied."""
    tree = undot(parse("teams.structure: pods\nteams: {week: Sun-Thu}\na.b.c: +2", "s.yaml"))
    assert plain(tree) == {"teams": {"structure": "pods", "week": "Sun-Thu"}, "a": {"b": {"c": 2}}}
    assert follow(tree, ["teams", "structure"])[0].place == Place("s.yaml", 1, 18)


def test_an_option_stands_at_itself():
    """A `--set` has no line; the option is the place."""
    place = Place("--set a.b=3")
    tree = nest("a.b", parse_option("3", place))
    assert plain(tree) == {"a": {"b": 3}}
    assert follow(tree, ["a", "b"])[0].place == place
