"""Values that say how much more or less: ``-20%``, ``x1.5``, ``+2``, applied to what they overlay."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from simkit.scenario.node import Node
from simkit.scenario.scalars import shortened

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_RELATIVE = re.compile(rf"([+-]){_NUMBER}\s*%|x\s*{_NUMBER}|\+{_NUMBER}")
_LED_BY_NUMBER = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]+)?|\.[0-9]+)(\s*%)?(\s*[A-Za-z].*)?")
_DIGITS = ".12g"


def is_relative(node: Node) -> bool:
    """Whether a scalar is written as a change of another value."""
    return not isinstance(node.value, (dict, list)) and is_change(node.text)


def is_change(text: str) -> bool:
    """Whether a text says how much more or less."""
    return _RELATIVE.fullmatch(text) is not None


def apply(node: Node, base: Any) -> Node:
    """The node with its change applied to `base`, a number or a text led by one (``2 days``, ``5%``).

    A text that holds no number is overlaid as it is: then the word was no change (a campaign named ``x2``).
    Raises ValueError when there is nothing to be relative to.

    >>> apply(Node("-20%", place, text="-20%"), "3 days").value
    '2.4 days'
    """
    if isinstance(base, bool) or base is None or isinstance(base, (dict, list, tuple)):
        raise ValueError(
            f"{shortened(node.text)} is relative, and there is no number to be relative to; write the value itself"
        )
    if isinstance(base, (int, float)):
        value = _changed(node.text, base)
        return replace(node, value=_as_base(value, base))
    found = _LED_BY_NUMBER.fullmatch(base) if isinstance(base, str) else None
    return node if found is None else replace(node, value=_change_text(node.text, found))


def _changed(text: str, base: float) -> float:
    sign, percent, factor, more = _RELATIVE.fullmatch(text).groups()  # type: ignore[union-attr]
    if percent is not None:
        return base * (1 + float(sign + percent) / 100)
    return base * float(factor) if factor is not None else base + float(more)


def _as_base(value: float, base: float) -> float:
    """Without the noise of binary fractions; a whole number stays one where it can."""
    value = float(format(value, _DIGITS))
    return int(value) if isinstance(base, int) and value.is_integer() else value


def _change_text(text: str, found: re.Match[str]) -> Any:
    number, percent, unit = float(found[1].replace("_", "")), found[2] or "", found[3] or ""
    if percent and "%" not in text and not text.startswith("x"):
        # "+2" on "5%" is ambiguous as text: a plain number adds to the share that the text stands for
        if unit:
            raise ValueError(
                f"{text!r} cannot be added to {found[0]!r}; write the value itself, or a change such as +10%"
            )
        return float(format(_changed(text, number / 100), _DIGITS))
    changed = format(_changed(text, number), _DIGITS)
    return f"{changed}{percent}{unit}" if percent or unit else float(changed)
