"""Read an event log of work: what its columns mean, its times, numbers and words; one row a transition of a step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simkit.fits.numbers import TwoReadingsError, numbers
from simkit.fits.work.columns import DEFAULTS, LogColumns
from simkit.fits.work.files import LogError, read_rows
from simkit.fits.work.times import local_times

if TYPE_CHECKING:
    import pandas as pd

PROBLEMS_SHOWN = 20
START, COMPLETE, READY, ASSIGNED = "start", "complete", "schedule", "assign"
KNOWN_TRANSITIONS = (READY, ASSIGNED, START, "suspend", "resume", COMPLETE)
SAME_WORDS = {
    "scheduled": READY, "ready": READY, "assigned": ASSIGNED,
    "started": START, "begin": START, "begun": START, "began": START,
    "suspended": "suspend", "pause": "suspend", "paused": "suspend", "resumed": "resume",
    "completed": COMPLETE, "end": COMPLETE, "ended": COMPLETE, "finish": COMPLETE, "finished": COMPLETE,
    "done": COMPLETE,
}  # fmt: skip
"""What other programs call the transitions of XES."""
APPROVED = ("approve", "approved", "accept", "accepted", "pass", "passed", "ok", "yes", "1", "true")
REJECTED = ("reject", "rejected", "decline", "declined", "return", "returned", "no", "0", "false")


NEEDED = ("case", "step", "time")
_NUMBERS = ("effort_hours", "coordination_hours")


@dataclass(frozen=True)
class Log:
    """The events of a log in order of time, a column per role of :class:`LogColumns` that it has; and what a reader
    should know about them."""

    events: pd.DataFrame
    notes: tuple[str, ...] = ()


def read_log(
    path: Path, columns: LogColumns = DEFAULTS, time_format: str | None = None, time_zone: str | None = None
) -> Log:
    """The events of a log.

    Times are taken as they are written, without their zone, unless `time_zone` (such as ``Europe/Berlin``) says into
    which zone they are to be put. Rows without a transition are completions; transitions that no fit uses are left out;
    rows that are the same in every column count once. Raises LogError.
    """
    text, word = read_rows(path)
    if text.empty:
        raise LogError(f"{path.name}: has no events")
    named = {one.name: getattr(columns, one.name) for one in fields(LogColumns)}
    missing = [
        f"{role} ({name!r})"
        for role, name in named.items()
        if name and name not in text.columns and (role in NEEDED or name != getattr(DEFAULTS, role))
    ]
    missing += [f"{role} (no column named)" for role in NEEDED if not named[role]]
    if missing:
        raise LogError(
            f"{path.name}: no column for {', '.join(missing)}; the log has {', '.join(map(repr, text.columns))}"
        )
    notes = []
    if repeated := int(text.duplicated().sum()):
        notes.append(f"{repeated:,} rows are the same as another in every column and count once")
        text = text.drop_duplicates()
    table = text[[name for name in dict.fromkeys(named.values()) if name in text.columns]]
    table = table.rename(columns={name: role for role, name in named.items() if name})
    return _typed(table, path.name, word, time_format, time_zone, notes)


def _typed(
    table: pd.DataFrame, where: str, word: str, time_format: str | None, time_zone: str | None, notes: list[str]
) -> Log:
    """Times, numbers and words of transitions; all bad rows are told at once."""

    problems: list[tuple[int, str]] = []

    def refuse(role: str, wrong: pd.Series, allowed: str) -> None:
        problems.extend(
            (int(row), f"{role}: found {table.at[row, role]!r}; allowed: {allowed}") for row in table.index[wrong]
        )

    made = table.copy()
    for role in ("time", "start"):
        if role in table:
            read = local_times(table[role], where, time_format, time_zone)
            made[role] = read.times
            unknown = read.times.isna() & ((table[role] != "") | (role == "time"))
            refuse(role, unknown, read.allowed)
            notes += [note for note in read.notes if note not in notes]
    if "start" in made:
        refuse("start", made["start"] > made["time"], "a time that is not after that of the completion")
    for role in ("case", "step"):
        refuse(role, table[role] == "", "a name")
    for role in _NUMBERS:
        if role in table:
            try:
                hours = numbers(table[role].where(table[role] != "", "0"))
            except TwoReadingsError as error:
                raise LogError(f"{where}: {role}: {error}") from None
            refuse(role, ~((hours >= 0) & np.isfinite(hours)), "hours, 0 or more, such as 1.5")
            made[role] = hours
    if problems:
        shown = [f"  {word} {row}: {text}" for row, text in sorted(problems)[:PROBLEMS_SHOWN]]
        first = f"first {PROBLEMS_SHOWN} of " if len(problems) > PROBLEMS_SHOWN else ""
        raise LogError("\n".join([f"{where}: {first}{len(problems)} problem(s)", *shown]))
    for role in ("person", "unit", "kind", "outcome", "instance"):
        made[role] = made.get(role, "")
    words = made["outcome"].str.lower()
    made["outcome"] = words.map(_outcome)
    if others := Counter(words[(words != "") & (made["outcome"] == "")]).most_common(10):
        told = ", ".join(f"{word!r} ({count:,})" for word, count in others)
        notes.append(
            f"outcomes that are neither an approval ({', '.join(APPROVED[:2])}, ...) nor a rejection "
            f"({', '.join(REJECTED[:2])}, ...) count as none: {told}"
        )
    known = _known(_with_begins(_with_transitions(made)), where, notes)
    return Log(known.sort_values("time", kind="stable").reset_index(names="row"), tuple(notes))


def _with_transitions(made: pd.DataFrame) -> pd.DataFrame:
    if "transition" not in made:
        return made.assign(transition=COMPLETE)
    return made.assign(transition=made["transition"].str.lower().replace("", COMPLETE).replace(SAME_WORDS))


def _with_begins(made: pd.DataFrame) -> pd.DataFrame:
    """A begin before each completion that tells when it began; both belong to one pass."""
    import pandas as pd

    if "start" not in made:
        return made
    whole = made["start"].notna() & (made["transition"] == COMPLETE)
    alone = whole & (made["instance"] == "")
    made["instance"] = made["instance"].mask(alone, "row " + made.index.astype(str).to_series(index=made.index))
    nothing = dict.fromkeys((role for role in _NUMBERS if role in made), 0.0)
    begins = made[whole].assign(time=made.loc[whole, "start"], transition=START, outcome="", **nothing)
    return pd.concat([begins, made]).drop(columns="start")


def _known(made: pd.DataFrame, where: str, notes: list[str]) -> pd.DataFrame:
    """The events whose transition a fit uses; what is left out is told."""
    used = made["transition"].isin(KNOWN_TRANSITIONS)
    others = Counter(made.loc[~used, "transition"]).most_common(10)
    if not used.any():
        found = ", ".join(sorted(name for name, _ in others))
        raise LogError(
            f"{where}: no event has a transition that is known; found {found}; allowed: {', '.join(KNOWN_TRANSITIONS)}"
        )
    if others:
        told = ", ".join(f"{name} ({count:,})" for name, count in others)
        notes.append(f"events with a transition that no fit uses are left out: {told}")
    return made[used]


def _outcome(word: str) -> str:
    return "approve" if word in APPROVED else "reject" if word in REJECTED else ""
