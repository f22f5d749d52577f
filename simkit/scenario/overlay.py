"""Laying one tree over another: key by key, lists of named things by name, changes applied to what was there."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from simkit.scenario.errors import Problem
from simkit.scenario.node import Node, Place, label, steps_of
from simkit.scenario.relative import apply, is_relative

Known = Callable[[str], Any]
"""The value at a dotted path in the checked scenario below, defaults included; None when there is none."""

UNKNOWN_KEY = "unknown key "
"""How the remark on a key that the schema does not know begins."""
DEFAULTS = "simkit's defaults"
"""The file of a place that nobody wrote."""
_NOWHERE = Place(DEFAULTS)
TAGS = ("kind", "model", "preset", "mode")
"""Keys by which a table says what it is."""
CHANGE = "change"
"""A key whose value is itself a change, of something in mid-run; it is not applied to what stands below."""


@dataclass
class Overlay:
    """Merges trees and collects what cannot be merged.

    `known` is asked where the tree below is silent or short: ``channels.email.open_rate: -20%`` over
    ``channels: [email]`` needs the number that the short form stands for.
    """

    known: Known
    grounded: bool = True
    """Whether a table laid over an unwritten one keeps what that one holds by default (a file that stands
    alone lists its own campaigns; an alternative changes one of them)."""
    problems: list[Problem] = field(default_factory=list)
    refused: list[Place | None] = field(default_factory=list)
    """Where the key of each problem's value stands."""
    remarks: list[str] = field(default_factory=list)
    """What can be merged and was perhaps not meant: a new entry whose name is nearly that of another."""

    def problems_beside(self, others: Iterable[Problem]) -> list[Problem]:
        """The problems whose key is no problem itself: an unknown key needs no second remark."""
        unknown = {(p.file, p.line, p.column) for p in others if p.message.startswith(UNKNOWN_KEY)}
        keys = [(key.file, key.line, key.column) if key else None for key in self.refused]
        return [problem for problem, key in zip(self.problems, keys, strict=True) if key not in unknown]

    def merge(self, base: Node | None, over: Node, path: str = "") -> Node:
        """`over` laid over `base`; every value keeps the place where it was written."""
        if over.whole:
            return over
        if over.is_mapping:
            return self._merge_mapping(self._below(base, path), over, path)
        if over.is_list:
            return self._merge_list(base, over, path)
        return self._change(base, over, path) if is_relative(over) and steps_of(path)[-1:] != [CHANGE] else over

    def _below(self, base: Node | None, path: str) -> Node | None:
        if base is not None and (base.is_mapping or (base.is_list and _all_tables(base))):
            return base
        if base is None and not self.grounded:
            return None
        held = self.known(path) if path else None
        return node_of(without_defaults(held)) if isinstance(held, (BaseModel, dict, list, tuple)) else None

    def _merge_mapping(self, base: Node | None, over: Node, path: str) -> Node:
        if base is not None and base.is_list and (_all_named(base) or all(key.isdecimal() for key in over.value)):
            return self._into_list(base, over, path)
        held = base.value if base is not None and base.is_mapping and not _other_kind(base, over) else {}
        merged = dict(held)
        for key, child in over.value.items():
            if child.value is None and self._is_entry(held.get(key), path):
                del merged[key]
            else:
                merged[key] = self.merge(held.get(key), child, _join(path, key))
                if key not in held and child.is_mapping:
                    self._remark(key, held, path)
        return replace(over, value=merged, key=over.key or (base.key if base else None))

    def _remark(self, key: str, held: dict[str, Node], path: str) -> None:
        """A misspelt name would be one more campaign, and nothing would say so."""
        others = [one for one in held if one not in key and key not in one]  # beside letter, letter_2 is a name
        near = [one for one in others if sorted(one) == sorted(key)] or difflib.get_close_matches(key, others, 1, 0.9)
        if self.grounded and near and isinstance(self.known(path), dict):
            self.remarks.append(f"{_join(path, key)} is added to what there is; is {near[0]!r} meant?")

    def _is_entry(self, node: Node | None, path: str) -> bool:
        """Whether null takes something away: a campaign from the campaigns, but not a setting from a table."""
        return node is not None and isinstance(self.known(path), dict)

    def _into_list(self, base: Node, over: Node, path: str) -> Node:
        """A mapping laid over a list changes the items it names, or numbers from 0."""
        items = {label(item) or str(i): item for i, item in enumerate(base.value)}
        for name, child in over.value.items():
            if name in items:
                items[name] = self.merge(items[name], child, f"{path}[{name}]")
            else:
                hint = choices(name, items, "there are")
                self._complain(child.key or child.place, f"no {name!r} in {path}{hint}", child)
        wrote = over if base.place.file == DEFAULTS else base
        return replace(base, value=list(items.values()), place=wrote.place, key=wrote.key)

    def _merge_list(self, base: Node | None, over: Node, path: str) -> Node:
        if base is None or not (base.is_list and _all_named(base) and _all_named(over)):
            items = [self.merge(None, item, f"{path}[{label(item) or i}]") for i, item in enumerate(over.value)]
            return replace(over, value=items)
        merged = {label(item): item for item in base.value}
        for item in over.value:
            name = label(item)
            merged[name] = self.merge(merged.get(name), item, f"{path}[{name}]")
        return replace(over, value=list(merged.values()))

    def _change(self, base: Node | None, over: Node, path: str) -> Node:
        try:
            return apply(over, base.value if base is not None else self.known(path))
        except ValueError as error:
            self._complain(over.place, f"{path}: {error}", over)
            return over

    def _complain(self, place: Place, message: str, node: Node) -> None:
        self.problems.append(place.problem(message))
        self.refused.append(node.key)


def nest(path: str, node: Node) -> Node:
    """``a.b`` and a value -> a table in a table, all standing where the value stands."""
    place = node.key or node.place
    for step in reversed(steps_of(path)):
        node = Node({step: replace(node, key=place)}, node.place)
    return node


def undot(table: Node) -> Node:
    """The table with dotted keys written out (``teams.structure: pods``)."""
    whole = Node({}, table.place, key=table.key)
    for key, child in table.value.items():
        whole = _beside(whole, nest(key, child) if "." in key else Node({key: child}, table.place))
    return whole


def _beside(left: Node, right: Node) -> Node:
    """Two tables as one; where both hold a value, the later stands."""
    if not (left.is_mapping and right.is_mapping):
        return right
    both = dict(left.value)
    for key, child in right.value.items():
        both[key] = _beside(both[key], child) if key in both else child
    return replace(left, value=both)


def node_of(value: Any) -> Node:
    """A tree of values that nobody wrote."""
    if isinstance(value, dict):
        return Node({str(key): node_of(child) for key, child in value.items()}, _NOWHERE)
    if isinstance(value, (list, tuple)):
        return Node([node_of(child) for child in value], _NOWHERE)
    return Node(value, _NOWHERE, text=str(value))


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """``; did you mean 'quiet'?`` when one of the allowed words is close, else nothing."""
    near = difflib.get_close_matches(found, list(allowed), n=1, cutoff=0.65)
    return f"; did you mean {near[0]!r}?" if near else ""


def choices(found: str, allowed: Iterable[str], word: str = "allowed") -> str:
    """The end of a sentence about an unknown word: a close one if there is one, and all there are."""
    words = list(allowed)
    near = did_you_mean(found, words)
    return f"{near}{' ' if near else '; '}{word}: {', '.join(words) or 'none'}"


def without_defaults(held: Any) -> Any:
    """A checked value as somebody would have written it: without what the schema says anyway."""
    if isinstance(held, BaseModel):
        fields = type(held).model_fields
        values = {name: getattr(held, name) for name in fields}
        return {
            name: without_defaults(value)
            for name, value in values.items()
            if name in TAGS
            or fields[name].is_required()
            or value != fields[name].get_default(call_default_factory=True)
        }
    if isinstance(held, dict):
        return {key: without_defaults(value) for key, value in held.items()}
    return [without_defaults(value) for value in held] if isinstance(held, (list, tuple)) else held


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _all_tables(node: Node) -> bool:
    return bool(node.value) and all(item.is_mapping for item in node.value)


def _all_named(node: Node) -> bool:
    return bool(node.value) and all(label(item) is not None for item in node.value)


def _other_kind(base: Node, over: Node) -> bool:
    """Whether both say which model they are, and differ: then nothing of the one fits the other."""
    for key in TAGS:
        if key in base.value and key in over.value and base.value[key].value != over.value[key].value:
            return True
    return False
