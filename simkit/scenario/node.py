"""What was written in a scenario, value by value, each with the place where it was written.

A tree of nodes stands between the text and the checked tables: merging overlays moves nodes, so a mistake
in a preset, an alternative or a `--set` is still reported where its author wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simkit.scenario.errors import Problem


@dataclass(frozen=True, order=True)
class Place:
    """A file as the user named it, a line and a column counted from 1; line 0 is a `--set` option."""

    file: str
    line: int = 0
    column: int = 0

    def problem(self, message: str) -> Problem:
        """A mistake standing here."""
        return Problem(self.file, self.line, self.column, message)


@dataclass(frozen=True)
class Node:
    """One written value: a scalar, a mapping of nodes or a list of nodes."""

    value: Any
    place: Place
    key: Place | None = None
    """Where the key stands that leads here; None for items of a list and for the top."""
    text: str = ""
    """A scalar as it was written (``+2`` is the number 2 with the text ``+2``)."""
    whole: bool = False
    """It replaces what it overlays instead of being merged into it (a table read from a file)."""

    @property
    def is_mapping(self) -> bool:
        """Whether it has keys."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """Whether it has items."""
        return isinstance(self.value, list)


def plain(node: Node) -> Any:
    """The values alone, as dicts, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def copied(node: Node) -> Node:
    """The same tree with mappings and lists of its own, which may be taken apart."""
    if isinstance(node.value, dict):
        return replace(node, value={key: copied(child) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[copied(child) for child in node.value])
    return node


def label(node: Node) -> str | None:
    """The name by which an item of a list is known: its `id`, else its `name`; None for an unnamed one."""
    if isinstance(node.value, dict):
        for key in ("id", "name"):
            if key in node.value and isinstance(node.value[key].value, str):
                return node.value[key].value
    return None


def leaves(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every scalar (and every empty table) with its dotted path, items of lists by name or number."""
    if isinstance(node.value, dict) and node.value:
        for key, child in node.value.items():
            yield from leaves(child, f"{path}.{key}" if path else key)
    elif isinstance(node.value, list) and node.value:
        for i, child in enumerate(node.value):
            yield from leaves(child, f"{path}[{label(child) or i}]")
    else:
        yield path, node


def places(node: Node) -> Iterator[Place]:
    """Where the keys and values of a tree were written."""
    yield node.place
    if node.key is not None:
        yield node.key
    below = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    for child in below:
        yield from places(child)


def child_of(node: Node, step: str | int) -> Node | None:
    """The node one step below, or None.

    A checked table may have another shape than what was written: a list of short forms may have become a
    mapping or the reverse. So an item of a list is found by number or by name, a value of a mapping by key or
    by number.
    """
    if isinstance(node.value, dict):
        if str(step) in node.value:
            return node.value[str(step)]
        return _nth(list(node.value.values()), step)
    if isinstance(node.value, list):
        return _nth(node.value, step) or next((item for item in node.value if step in (label(item), item.value)), None)
    return None


def _nth(items: list[Node], step: str | int) -> Node | None:
    number = int(step) if isinstance(step, int) or step.isdecimal() else -1
    return items[number] if 0 <= number < len(items) else None


def follow(node: Node, steps: Sequence[str | int]) -> tuple[Node, list[str | int]]:
    """The deepest written node along the steps, and the steps that led there.

    Steps that were not written (the name of a union's branch, a field inside a short form) are passed over.
    """
    taken: list[str | int] = []
    for step in steps:
        below = child_of(node, step)
        if below is not None:
            node, taken = below, [*taken, step]
    return node, taken


def steps_of(path: str) -> list[str]:
    """``work.email.steps[copy].skill`` -> its steps."""
    return [step for step in path.replace("[", ".").replace("]", "").split(".") if step]
