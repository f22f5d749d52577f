"""Numbers as firms write them: 1274.60, or 1.274,60 as spreadsheets of half the world do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

COMMA_DECIMALS = r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?"
COMMA_THOUSANDS = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"


class TwoReadingsError(ValueError):
    """Commas that may be decimal ones or between thousands."""


def numbers(text: pd.Series) -> pd.Series:
    """A column of texts as numbers, nan where unreadable.

    Commas are read in the one way, for the whole column, that reads the most of it; as a mistake where that is no
    more than without them. Raises TwoReadingsError where both ways read as much and differ.
    """
    import pandas as pd

    plain = pd.to_numeric(text, errors="coerce").astype(float)
    if not text.str.contains(",", regex=False).any():
        return plain
    decimal = _read(text, COMMA_DECIMALS, {".": "", ",": "."})
    thousands = _read(text, COMMA_THOUSANDS, {",": ""})
    best = max(decimal, thousands, key=pd.Series.count)
    if best.count() <= plain.count():
        return plain
    if decimal.count() == thousands.count() and not decimal.equals(thousands):
        found = text[decimal != thousands].iloc[0]
        raise TwoReadingsError(
            f"found {found!r}, which may be {decimal[text == found].iloc[0]:g} or "
            f"{thousands[text == found].iloc[0]:g}; write numbers without separators of thousands"
        )
    return best


def _read(text: pd.Series, written: str, signs: dict[str, str]) -> pd.Series:
    """The numbers among texts that are written so, nan for others."""
    import pandas as pd

    bare = text
    for sign, instead in signs.items():
        bare = bare.str.replace(sign, instead, regex=False)
    return pd.to_numeric(bare.where(text.str.fullmatch(written), ""), errors="coerce").astype(np.float64)
