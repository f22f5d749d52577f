"""Text -> a tree of values with their places. Whatever the text is, the answer is a tree or a list of problems.

ruamel.yaml delivers events (YAML 1.2) one by one; the tree is built from them here without recursion, so that
the limits hold before anything is built: depth, number of values, no tags, no anchors or aliases, no second
document, no key twice. Anchors and aliases are refused altogether: an alias can stand for a billion values,
and `extends` and `alternatives` serve the same end with places that a reader can find.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from simkit.scenario.errors import Problem, ScenarioError
from simkit.scenario.node import Node, Place, copied
from simkit.scenario.scalars import resolve, shortened

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_VALUES = 20_000
MAX_LINE = 20_000
_ARCHIVES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_HINTS = {
    "cannot start any token": "this character cannot start a value; quote the text, and indent by spaces, not tabs",
    "could not find expected ':'": "a ':' is missing after a key",
    "mapping values are not allowed here": "a ': ' stands where none is allowed; quote the text if it is one",
    "expected <block end>": "the indentation does not fit the lines above",
    "found unexpected end of stream": "the file ends inside a quoted text or a bracket",
}


def read_text(path: Path, shown: str) -> str:
    """The text of a scenario file; ScenarioError when it is too large or no text, OSError when unreadable."""
    start = Place(shown, 1, 1)
    if not path.exists():
        raise ScenarioError([start.problem("there is no such file")])
    if not path.is_file():
        raise ScenarioError([start.problem("is not a file; a scenario is one YAML file")])
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    return decode(data, shown)


def decode(data: bytes, shown: str) -> str:
    """UTF-8 text of at most a megabyte without control characters; ScenarioError otherwise."""
    if len(data) > MAX_BYTES:
        raise ScenarioError([Place(shown, 1, 1).problem(f"the file is larger than {MAX_BYTES:,} bytes")])
    if data.startswith(_ARCHIVES):
        raise ScenarioError([Place(shown, 1, 1).problem("is a spreadsheet or an archive; a scenario is a text file")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        problem = _at(before, shown).problem(f"is not UTF-8 text (byte 0x{data[error.start]:02x}); save it as UTF-8")
        raise ScenarioError([problem]) from None
    found = _CONTROL.search(text)
    if found:
        problem = _at(text[: found.start()], shown).problem(f"a control character stands here (code {ord(found[0])})")
        raise ScenarioError([problem])
    for number, line in enumerate(text.split("\n"), start=1):
        # ruamel's time grows with the square of a long line of `!` or `[`
        if len(line) > MAX_LINE:
            raise ScenarioError([Place(shown, number, 1).problem(f"the line is longer than {MAX_LINE:,} characters")])
    return text


def _at(before: str, shown: str) -> Place:
    return Place(shown, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def parse(text: str, shown: str, beside: list[Problem] | None = None) -> Node:
    """The tree of a YAML file whose top is a mapping; ScenarioError with every problem found.

    Problems that leave a tree to go on with are added to `beside` when there is such a list, so that they can be said
    together with what else is wrong; the value that stands at such a place is the text as it was written.
    """
    root = _checked(_of_file(text, shown), beside)
    top = Place(shown, 1, 1)
    if root is None or root.value is None:
        raise ScenarioError(
            [top.problem("the file is empty; write at least a question, such as `question: How many contacts a week?`")]
        )
    if not root.is_mapping:
        raise ScenarioError(
            [root.place.problem(f"expected `key: value` lines at the top, found {shortened(_outline(root))}")]
        )
    return root


def parse_option(text: str, place: Place) -> Node:
    """The value of a `--set` option: a scalar, or a list or table in brackets; everything stands at `place`."""
    if text[:1] in ("[", "{", '"', "'"):
        root = _checked(_build(text, place.file, lambda mark: place))
        return root if root is not None else Node(None, place)
    try:
        return Node(resolve(text), place, text=text)
    except ValueError as error:
        raise ScenarioError([place.problem(str(error))]) from None


def _outline(root: Node) -> Any:
    return [None] * len(root.value) if root.is_list else root.value


@dataclass(frozen=True)
class _Built:
    """What a text came to: the tree as far as it goes, its problems, and whether it was read to its end."""

    root: Node | None
    problems: tuple[Problem, ...]
    whole: bool


@lru_cache(maxsize=16)
def _of_file(text: str, shown: str) -> _Built:
    """The tree of a file; remembered, for reading YAML is nearly all the work of loading a scenario once more."""
    return _build(text, shown, lambda mark: Place(shown, mark.line + 1, mark.column + 1))


def _checked(built: _Built, beside: list[Problem] | None = None) -> Node | None:
    """A tree of the caller's own; its problems raised, or added to `beside` when the text was read to its end."""
    if built.problems and (beside is None or not built.whole):
        raise ScenarioError(list(built.problems))
    if beside is not None:
        beside += built.problems
    return None if built.root is None else copied(built.root)


def _build(text: str, shown: str, locate: Callable[[Any], Place]) -> _Built:
    builder, whole = _Builder(locate), True
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _Stop:
        whole = False
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place, whole = locate(mark) if mark else Place(shown, 1, 1), False
        builder.problems.append(place.problem(f"is not valid YAML: {_hint(error.problem or error.context or '')}"))
    except (YAMLError, ValueError, OverflowError) as error:
        # chr() complains about an escape such as "\UFFFFFFFF", and ruamel passes that on
        whole = False
        builder.problems.append(Place(shown, 1, 1).problem(f"is not valid YAML: {error}"))
    return _Built(builder.root, tuple(builder.problems), whole)


def _hint(said: str) -> str:
    return next((hint for words, hint in _HINTS.items() if words in said), said)


class _Stop(Exception):
    """Reading further could not help, or would cost too much."""


@dataclass
class _Open:
    """A mapping or list whose end has not come yet."""

    node: Node
    key: tuple[str, Place] | None = None
    skip: bool = False
    """The value that follows belongs to a refused key."""


@dataclass
class _Builder:
    """Builds the tree from events, one at a time."""

    locate: Callable[[Any], Place]
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    values: int = 0
    documents: int = 0

    def take(self, event: Event) -> None:
        place = self.locate(event.start_mark)
        if isinstance(event, DocumentStartEvent):
            self._document(place)
        elif isinstance(event, AliasEvent):
            self._stop(
                place,
                f"aliases are not allowed; found *{str(event.anchor)[:40]}: write the value again, or use extends",
            )
        elif isinstance(event, (ScalarEvent, MappingStartEvent, SequenceStartEvent)):
            self._start(event, place)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self.open.pop()

    def _document(self, place: Place) -> None:
        self.documents += 1
        if self.documents > 1:
            self._stop(place, "a second document starts here ('---'); a scenario file holds one")

    def _start(self, event: Any, place: Place) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            self._stop(place, f"more than {MAX_VALUES:,} values; put big tables into a CSV file beside the scenario")
        if event.anchor:
            self._stop(
                place,
                f"anchors are not allowed; found &{str(event.anchor)[:40]}: write the value again, or use extends",
            )
        if event.tag:
            self._complain(place, f"tags are not allowed; found {_tag_as_written(event.tag)}")
        if isinstance(event, ScalarEvent):
            self._scalar(event, place)
        else:
            self._table(event, place)

    def _scalar(self, event: ScalarEvent, place: Place) -> None:
        if self._expects_key():
            self._key(event.value, place)
            return
        value: Any = event.value
        if event.style is None and not event.tag:
            try:
                value = resolve(event.value)
            except ValueError as error:
                self._complain(place, str(error))
        self._put(Node(value, place, text=event.value))

    def _table(self, event: Event, place: Place) -> None:
        if len(self.open) >= MAX_DEPTH:
            self._stop(place, f"nested deeper than {MAX_DEPTH} levels")
        if self._expects_key():
            self._stop(place, "a key must be a word, found a table or list in its place")
        node = self._put(Node({} if isinstance(event, MappingStartEvent) else [], place))
        self.open.append(_Open(node))

    def _expects_key(self) -> bool:
        return bool(self.open) and self.open[-1].node.is_mapping and self.open[-1].key is None

    def _key(self, text: str, place: Place) -> None:
        table = self.open[-1]
        table.key, table.skip = (text, place), text in table.node.value
        if not text:
            self._complain(place, "a key is empty")
        elif table.skip:
            first = table.node.value[text].key
            self._complain(place, f"the key {text!r} stands twice; first in line {first.line}")

    def _put(self, node: Node) -> Node:
        if not self.open:
            self.root = node
            return node
        table = self.open[-1]
        if table.node.is_list:
            table.node.value.append(node)
            return node
        assert table.key is not None
        text, place = table.key
        node = Node(node.value, node.place, key=place, text=node.text)
        if not table.skip:
            table.node.value[text] = node
        table.key = None
        return node

    def _complain(self, place: Place, message: str) -> None:
        self.problems.append(place.problem(message))

    def _stop(self, place: Place, message: str) -> None:
        self._complain(place, message)
        raise _Stop


def _tag_as_written(tag: Any) -> str:
    return shortened(str(tag).replace("tag:yaml.org,2002:", "!!"))
