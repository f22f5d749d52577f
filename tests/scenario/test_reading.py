"""Whatever a scenario file contains, reading it gives a tree or a list of places and sentences, quickly."""

from __future__ import annotations

import contextlib
import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simkit.scenario.errors import ScenarioError
from simkit.scenario.node import Place, follow, plain
from simkit.scenario.reading import MAX_BYTES, MAX_DEPTH, decode, parse, parse_option, read_text
from simkit.scenario.scalars import resolve


def problem_of(text: str) -> tuple[int, int, str]:
    """Line, column and message of the only problem."""
    with pytest.raises(ScenarioError) as caught:
        parse(text, "s.yaml")
    (problem,) = caught.value.problems
    assert problem.file == "s.yaml"
    return problem.line, problem.column, problem.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50_000", 50_000),
        ("-3", -3),
        ("+2", 2),
        ("1_0.5", 10.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("0x1F", 31),
        ("2026-01-04", datetime.date(2026, 1, 4)),
        ("21:00", "21:00"),
        ("21:00-09:00", "21:00-09:00"),
        ("no", "no"),
        ("true", True),
        ("", None),
        ("~", None),
        ("5%", "5%"),
        ("x1.5", "x1.5"),
        ("1_", "1_"),
        ("nan", "nan"),
        ("3 per week", "3 per week"),
    ],
)
def test_bare_words_mean_what_they_look_like(text, value):
    """Underscores group digits, dates are dates, times and `no` are texts."""
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_quoted_text_is_never_a_number():
    """Quotes make a text of anything."""
    assert plain(parse("a: '5'\nb: \"2026-01-04\"\nc: |\n  7\n", "s.yaml")) == {"a": "5", "b": "2026-01-04", "c": "7\n"}


def test_every_value_and_key_knows_its_place():
    """Lines and columns count from 1 and survive nesting and flow style."""
    tree = parse("a:\n  b: {c: [1, 22]}\n", "dir/s.yaml")
    node, steps = follow(tree, ["a", "b", "c", 1])
    assert steps == ["a", "b", "c", 1]
    assert (node.value, node.place) == (22, Place("dir/s.yaml", 2, 14))
    assert follow(tree, ["a", "b", "c"])[0].key == Place("dir/s.yaml", 2, 7)


@pytest.mark.parametrize("text", [".nan", ".inf", "-.inf", "1e400", "-1e400", "9" * 30, "9" * 5000])
def test_numbers_are_finite_and_fit(text):
    """nan, infinities and numbers beyond any use are refused where they stand."""
    line, column, message = problem_of(f"horizon: 3\nseed: {text}\n")
    assert (line, column) == (2, 7)
    assert "finite" in message or "too large" in message


def test_a_date_must_exist():
    """The 30th of February is told, not passed on as a text."""
    assert problem_of("start: 2026-02-30") == (1, 8, "there is no such date: 2026-02-30 (write year-month-day)")


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!anything", "!!str", "!"])
def test_tags_are_refused(tag):
    """No explicit tag is obeyed or ignored, the standard ones included."""
    line, column, message = problem_of(f"a: {tag} [x]\n")
    assert (line, column) == (1, 4)
    assert message.startswith("tags are not allowed")


def test_an_alias_bomb_is_refused_at_its_first_anchor():
    """Anchors and aliases are no part of the format, so nothing can expand."""
    bomb = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    assert problem_of(bomb)[:2] == (1, 4)
    assert "anchors are not allowed" in problem_of(bomb)[2]
    assert "aliases are not allowed" in problem_of("a: *b\n")[2]


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "{a: " * 5000, "a: " + "[" * 5000 + "]" * 5000])
def test_five_thousand_levels_are_one_problem(text):
    """Depth is counted before anything is built: no recursion error."""
    _, _, message = problem_of(text)
    assert message == f"nested deeper than {MAX_DEPTH} levels"


def test_block_nesting_is_counted_too():
    """Indentation is depth as brackets are."""
    text = "\n".join(" " * i + "a:" for i in range(200))
    assert "nested deeper" in problem_of(text)[2]


def test_a_key_stands_once():
    """The second one is the problem, and the first is named."""
    assert problem_of("seed: 1\nhorizon: 30\nseed: 2\n") == (3, 1, "the key 'seed' stands twice; first in line 1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("~", "empty"),
        ("- a\n", "key: value"),
        ("hello", "key: value"),
        ("a: 1\n---\nb: 2\n", "second document"),
        ("? [a]\n: 1\n", "a key must be a word"),
        (": 1\n", "a key is empty"),
        ("a:\n\tb: 1\n", "tabs"),
        ("a: [1, 2\n", "not valid YAML"),
        ("a: b: c\n", "quote"),
        ('a: "x\n', "ends inside"),
        ('a: "\\UFFFFFFFF"\n', "not valid YAML"),
        ("%FOO\n", "not valid YAML"),
    ],
)
def test_what_is_not_one_table_is_refused(text, says):
    """Broken YAML, no YAML, too many documents and tops of another kind are single problems."""
    assert says in problem_of(text)[2]


def test_all_problems_come_at_once():
    """Reading goes on after a bad value."""
    with pytest.raises(ScenarioError) as caught:
        parse("a: !x 1\nb: .nan\nb: 2\nc: 2026-13-01\n", "s.yaml")
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("data", "line", "column", "says"),
    [
        (b"a: 1\nb: \x00\n", 2, 4, "control character"),
        (b"a: \x1b[31m\n", 1, 4, "control character"),
        (b"a: 1\nb: caf\xe9\n", 2, 7, "UTF-8"),
        ("a: 1".encode("utf-16"), 1, 1, "UTF-8"),
        (b"PK\x03\x04 a spreadsheet", 1, 1, "a scenario is a text file"),
        (b"x" * (MAX_BYTES + 1), 1, 1, "larger"),
        (b"a: 1\nb: " + b"!" * 30_000, 2, 1, "longer"),
    ],
)
def test_bytes_that_are_no_text_are_refused(data, line, column, says):
    """NUL, other control characters, wrong encodings and sizes are named with their place."""
    with pytest.raises(ScenarioError) as caught:
        decode(data, "s.yaml")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (line, column)
    assert says in problem.message


def test_a_byte_order_mark_is_no_problem():
    """Some editors write one."""
    assert decode(b"\xef\xbb\xbfa: 1", "s.yaml") == "a: 1"


def test_a_folder_or_missing_file_is_a_problem(tmp_path):
    """No traceback for a path that is no file."""
    for path, says in ((tmp_path, "not a file"), (tmp_path / "no.yaml", "no such file")):
        with pytest.raises(ScenarioError, match=says):
            read_text(path, str(path))


def test_too_many_values_belong_into_a_table():
    """A huge file of small values stops early."""
    rows = "a:\n" + "- 1\n" * 30_000
    assert "CSV" in problem_of(rows)[2]


def test_an_option_is_a_scalar_or_stands_in_brackets():
    """`--set` values follow the same rules; a text with a colon stays a text."""
    place = Place("--set a=b")
    assert parse_option("50_000", place).value == 50_000
    assert parse_option("Why: because", place).value == "Why: because"
    assert plain(parse_option("[email, {a: 1}]", place)) == ["email", {"a": 1}]
    with pytest.raises(ScenarioError, match="finite"):
        parse_option(".nan", place)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.text(alphabet="a:-[]{},'\"|>&*!?%#@\n \t0.1", max_size=60)))
def test_no_text_escapes_as_another_exception(text):
    """Reading ends in a tree or a ScenarioError, whatever is read."""
    with contextlib.suppress(ScenarioError):
        assert isinstance(plain(parse(decode(text.encode("utf-8", "surrogatepass"), "s.yaml"), "s.yaml")), dict)


def test_a_text_read_again_gives_a_tree_of_ones_own():
    """What is taken out of one tree is in the next of the same text; problems are told each time, in the same words."""
    text = "a: {b: [1, 2]}\nc: 3\n"
    first = parse(text, "s.yaml")
    first.value.pop("c")
    first.value["a"].value["b"].value.clear()
    assert plain(parse(text, "s.yaml")) == {"a": {"b": [1, 2]}, "c": 3}
    said = []
    for _ in range(2):
        with pytest.raises(ScenarioError) as wrong:
            parse("a: 1\na: 2\n", "s.yaml")
        said.append(str(wrong.value))
    assert said[0] == said[1] != ""
