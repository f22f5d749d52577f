"""Rules of a user's own on their way to machine code: what they call goes with them, and what fails is explained."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba.extending import register_jitable

from simkit.customers.day import Rule
from simkit.scenario.extending import ExtensionError

OTHERS = ("simkit", "numba", "numpy", "math", "builtins")
"""Packages whose functions are compiled, or refused, as they are."""
_MOST = 300
_REJECTED = "Rejected as the implementation raised a specific error:"
_PIPELINE = r"(\w+: )?Failed in |- Resolution failure|During:"
"""Characters of a reason; the type of a customer's record alone has thousands."""


def compile_helpers(rule: Rule, seen: set[int] | None = None) -> None:
    """Let the plain functions that a rule calls, however deep, be compiled with it; they stay plain Python."""
    seen = set() if seen is None else seen
    names = inspect.getclosurevars(rule)
    for value in [*names.globals.values(), *names.nonlocals.values()]:
        package = (getattr(value, "__module__", None) or "").split(".")[0]
        if inspect.isfunction(value) and package not in OTHERS and id(value) not in seen:
            seen.add(id(value))
            register_jitable(value)
            compile_helpers(value, seen)


def blame(rule: Rule, compile_alone: Callable[[], Any]) -> None:
    """Raise ExtensionError with the rule's name, its line and the reason, when it does not compile alone."""
    try:
        compile_alone()
    except Exception as error:
        code = rule.__code__
        raise ExtensionError(
            f"the rule {rule.__name__!r} does not compile: {reason(error)}",
            shown(code.co_filename), line_in(str(error), code.co_filename) or code.co_firstlineno,
        ) from error  # fmt: skip


def reason(error: BaseException) -> str:
    """What the compiler says first, without its own pipeline and without the layout of records."""
    if isinstance(error, KeyError):
        return f"there is no field {error}"
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()]
    if _REJECTED in lines:  # a phase calls the rule, the rule a helper: why that does not fit stands below
        lines = lines[lines.index(_REJECTED) + 1 :]
    said = [line for line in lines if line and not re.match(_PIPELINE, line)]
    if len(said) > 1 and said[0].endswith(":"):  # what was asked for stands in the next line
        said[0] += f" {said[1].lstrip('> ')}"
    text = re.sub(r"Record\((?:[^()]|\([^()]*\))*\)?.*?(?=$| (?:with|and)\b)", "the record", said[0] if said else "")
    kind = type(error).__name__
    return (f"{text[:_MOST].rstrip()}…" if len(text) > _MOST else text.rstrip()) or kind


def line_in(text: str, file: str) -> int:
    """The last line of a file that a message of the compiler points at; 0 for none."""
    name = re.escape(os.path.basename(file))
    found = re.findall(rf"{name}\"?,? (?:line )?\(?(\d+)\)?", text)
    return int(found[-1]) if found else 0


def shown(file: str) -> str:
    """A file as seen from where the user stands, when it lies below."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
