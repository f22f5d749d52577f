"""What a bare word in a scenario means: YAML 1.2's core rules, plus dates and digits grouped by underscores.

The rules are ours and small because the common ones surprise: here `21:00` is a text (not 1260), `no` is a
text (not false), `50_000` is a number, and a number is always finite.
"""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

_NULL = ("", "~", "null", "Null", "NULL")
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+(_[0-9]+)*")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(_[0-9]+)*(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_LARGEST = 2**63
_MAX_DIGITS = 400


def resolve(text: str) -> Any:
    """The value of an unquoted scalar.

    Raises ValueError, with a sentence for the author, for a number that is not finite or too large and for a
    date that does not exist.

    >>> resolve("50_000"), resolve("21:00"), resolve("2026-01-04")
    (50000, '21:00', datetime.date(2026, 1, 4))
    """
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"numbers must be finite; found {text}")
    if _INT.fullmatch(text) or _BASED.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _real(text)
    found = _DATE.fullmatch(text)
    return _date(found) if found else text


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} digits is too large")
    value = int(text, 0) if _BASED.fullmatch(text) else int(text)
    if abs(value) >= _LARGEST:
        raise ValueError(f"the number is too large: found {text}, allowed up to {_LARGEST - 1}")
    return value


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"numbers must be finite; {shortened(text)} is too large")
    return value


def _date(found: re.Match[str]) -> datetime.date:
    try:
        return datetime.date(*(int(part) for part in found.groups()))
    except ValueError:
        raise ValueError(f"there is no such date: {found[0]} (write year-month-day)") from None


def shortened(value: Any, length: int = 60) -> str:
    """A found value for a message: quoted when it is a text, cut when it is long."""
    text = repr(value) if isinstance(value, str) else _words(value)
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _words(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"a table with {', '.join(map(str, value))}" if value else "an empty table"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    return str(value)
