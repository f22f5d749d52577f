"""Times of a firm's log: as they are written, or put into one zone; what cannot be read is told with what would."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from simkit.fits.work.files import LogError

if TYPE_CHECKING:
    import pandas as pd

DATES = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d %b %Y")
CLOCKS = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p")
LAYOUTS = ("{date} {clock}", "{date}T{clock}", "{date}, {clock}", "{date}")
"""Ways to write a time that a message may propose."""
ZONE = r"(?:Z|[+-]\d\d:?\d\d)$"
UTC = r"(?:Z|[+-]00:?00)$"
_MARKED_UTC = (
    "all times are marked as UTC and taken as local ones, as simkit writes them; where they are UTC, --time-zone puts "
    "them on the clock of the people"
)


@dataclass(frozen=True)
class Times:
    """A column of times: local ones without zone (NaT where unreadable), what is allowed, what a reader should know."""

    times: pd.Series
    allowed: str
    notes: tuple[str, ...]


def local_times(text: pd.Series, where: str, time_format: str | None, time_zone: str | None) -> Times:
    """Read a column; raises LogError for a format or zone that there is not, and where no row can be read."""
    told = text[text != ""]
    allowed = f"a time written as {time_format}" if time_format else "a time in ISO 8601, such as 2026-01-31T09:30:00"
    notes = []
    if time_zone is None:
        times = _as_written(text, time_format)
        if time_format is None and len(told) and told.str.contains(UTC).all():
            notes.append(_MARKED_UTC)
    else:
        times = _in_zone(text, time_format, time_zone)
        allowed += f" with its zone{' (%z)' if time_format else ', such as Z or +01:00'}"
    if len(told) and times[told.index].isna().all():
        raise LogError(f"{where}: {_unreadable(told, time_format, time_zone)}")
    return Times(times.dt.as_unit("us"), allowed, tuple(notes))


def _as_written(text: pd.Series, time_format: str | None) -> pd.Series:
    """The clock that stands there, whatever the zone."""
    if time_format is None or time_format.endswith("%z"):
        text = text.str.replace(rf"\s*{ZONE}", "", regex=True)
        time_format = time_format and time_format.removesuffix("%z").rstrip()
    return _parsed(text, time_format, utc=False).dt.tz_localize(None)


def _in_zone(text: pd.Series, time_format: str | None, time_zone: str) -> pd.Series:
    """The clock of a zone at that moment; NaT where no zone stands."""
    times = _parsed(text, time_format, utc=True)
    try:
        local = times.dt.tz_convert(time_zone).dt.tz_localize(None)
    except (KeyError, ValueError, OSError):
        raise LogError(f"time zone: found {time_zone!r}; allowed: the name of one, such as Europe/Berlin") from None
    if time_format is None:
        return local.where(text.str.contains(ZONE))
    return local if "%z" in time_format else local.mask(text.notna())  # none stands anywhere


def _parsed(text: pd.Series, time_format: str | None, *, utc: bool) -> pd.Series:
    import pandas as pd

    try:
        return pd.to_datetime(text, format=time_format or "ISO8601", errors="coerce", utc=utc)
    except ValueError as error:
        raise LogError(f"time format {time_format!r}: {error}") from None


def _unreadable(told: pd.Series, time_format: str | None, time_zone: str | None) -> str:
    """That no time can be read, with the first one and a way to write it that would read them all."""
    found = f"no time can be read as {time_format or 'ISO 8601'}: found {told.iloc[0]!r}"
    if time_zone is not None and _as_written(told, time_format).notna().any():
        return (
            f"no time tells its zone (Z or +01:00), so none can be put into {time_zone}: found {told.iloc[0]!r}; "
            "where they are UTC, write Z behind each" + (" and %z behind the format" if time_format else "")
        )
    if told.str.fullmatch(r"\d{9,13}").all():
        return f"{found}, which looks like seconds since 1970; allowed: dates with hours"
    fitting = _formats(told)
    if not fitting:
        return f"{found}; say how they are written with --time-format, such as '%d.%m.%Y %H:%M'"
    return f"{found}; --time-format {' or '.join(map(repr, fitting))} would read them all"


def _formats(told: pd.Series) -> list[str]:
    """The formats that read every one of these texts."""
    import pandas as pd

    values = pd.Series(told.unique())
    every = (layout.format(date=date, clock=clock) for layout, date, clock in product(LAYOUTS, DATES, CLOCKS))
    fitting = list(dict.fromkeys(every))
    for some in (values[:1], values):  # the first alone leaves few to try on all
        fitting = [one for one in fitting if pd.to_datetime(some, format=one, errors="coerce").notna().all()]
    return fitting
