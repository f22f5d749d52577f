"""What the fits share when they speak: numbers, plain values for JSON, tables, commands."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.customers.purchase_models import Estimate

if TYPE_CHECKING:
    from rich.table import Table

LEFT = ("what", "model", "parameter", "channel", "unit", "note")
"""Headings of columns of words."""


def digits(value: float, precision: int = 6) -> str:
    """A number to so many significant digits, never in exponent notation."""
    return np.format_float_positional(value, precision=precision, unique=False, fractional=False, trim="-")


def plain(value: Any) -> Any:
    """Nested containers with NumPy scalars as Python ones and nan or infinity as None."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def described(estimate: Estimate[Any]) -> dict[str, Any]:
    """An estimate as nested numbers."""
    known = {"standard_errors": estimate.standard_errors, "log_likelihood": estimate.log_likelihood}
    return {"parameters": estimate.parameters(), **known}


def undetermined(name: str, estimate: Estimate[Any]) -> Iterator[str]:
    """A warning that names the parameters whose standard error exceeds their value."""
    values = estimate.parameters()
    loose = [k for k, error in estimate.standard_errors.items() if not error <= values[k]]
    if loose:
        yield f"{name}: the data hardly determine {', '.join(loose)} (standard error above the value)"


def command(words: list[str], options: Mapping[str, Any]) -> str:
    """The command line that repeats a fit, without the options that have their default.

    An option's default is its own name (a column called as it is called by default) or None.
    """
    changed = [(k, v) for k, v in options.items() if v is not None and v != k]
    return shlex.join([*words, *(word for k, v in changed for word in (f"--{k.replace('_', '-')}", str(v)))])


def table(title: str, *headings: str) -> Table:
    """An empty table with words on the left and numbers on the right."""
    from rich.table import Table
    from rich.text import Text

    made = Table(title=Text(title), title_justify="left")  # Text: a file name is no markup
    for heading in headings:
        made.add_column(heading, justify="left" if heading in LEFT else "right")
    return made
