"""Who works when, with whom and on what, as an event log shows it: calendar, units, skills, relative speed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simkit.fits.work.files import LogError
from simkit.fits.work.passes import Passes
from simkit.scenario.working_week import WEEKDAYS, WorkingWeek
from simkit.teams.calendar import DAY_SECONDS, Calendar

if TYPE_CHECKING:
    import pandas as pd

HALF_HOURS = 48
SELDOM = 0.1
"""A weekday or half hour with less than this share of what the typical one has is not worked."""
TAIL = 0.005
"""Share of events that may lie before and after the hours found: somebody stays late now and then."""
DATES_ONLY = 0.9
"""A log in which a larger share of completions lies at midnight has dates only."""
LEAST_SHARE, LEAST_PASSES = 0.01, 2
"""Of a skill's passes: who did fewer was lending a hand."""
ALIKE = 0.5
"""Steps whose doers overlap by at least this share (Jaccard) take one skill."""


@dataclass(frozen=True)
class Hours:
    """The working week that the log shows."""

    week: WorkingWeek
    events: int
    inside: float
    """Share of the events that lie in it."""
    quiet_days: int
    """Working weekdays of the log on which nothing happened: holidays, perhaps."""
    others: tuple[str, ...]
    """People most of whose events lie outside."""

    def calendar(self, passes: Passes) -> Calendar:
        """Working-time arithmetic over the log's own days."""
        return Calendar(self.week, passes.midnight.date())


def working_hours(passes: Passes) -> Hours:
    """Working days and hours from the moments at which people begin and end (a decision in a meeting is neither).

    Raises LogError for a log of dates without hours.
    """
    table = passes.table[passes.table["person"] != ""] if (passes.table["person"] != "").any() else passes.table
    mine = table[table["start"].notna()] if passes.has_start else table
    if mine[["start", "complete"]].isna().all(axis=None):
        raise LogError("no step in it is ever begun or completed, so that there is nothing to fit")
    if ((mine["complete"].dropna() % DAY_SECONDS) == 0).mean() > DATES_ONLY:
        raise LogError("the times have no hour of the day; working hours, efforts and latencies need it")
    seconds = np.concatenate([mine["start"].dropna().to_numpy(), mine["complete"].dropna().to_numpy()])
    weekday = (seconds // DAY_SECONDS + passes.midnight.weekday()).astype(int) % 7
    counts = np.bincount(weekday, minlength=7)
    typical = np.median(np.sort(counts)[-5:])
    days = tuple(name for name, count in zip(WEEKDAYS, counts, strict=True) if count >= SELDOM * typical and count)
    worked = np.isin(weekday, [WEEKDAYS.index(day) for day in days])
    hours = _shifts(seconds[worked] % DAY_SECONDS / 3600)
    week = WorkingWeek(days=days, hours=hours)
    calendar = Calendar(week, passes.midnight.date())
    people = np.concatenate([mine.loc[mine[c].notna(), "person"].to_numpy(object) for c in ("start", "complete")])
    within = np.array([calendar.on_shift(int(t)) or calendar.on_shift(int(t) - 1) for t in seconds])
    others = tuple(
        sorted(p for p in set(people) if p and (mask := people == p).sum() >= 20 and within[mask].mean() < 0.5)
    )
    last = int(seconds.max() // DAY_SECONDS)
    working = {day for day in range(last + 1) if calendar.is_working_day(day)}
    quiet = len(working - set((seconds // DAY_SECONDS).astype(int)))
    return Hours(week, len(seconds), float(within.mean()), quiet, others)


def _shifts(hours: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Half hours in which things happen, joined; at most one break, around noon."""
    low, high = np.quantile(hours, [TAIL, 1 - TAIL])
    first, last = int(np.floor(low * 2 + 1e-3)), min(int(np.ceil(high * 2 - 1e-3)), HALF_HOURS)
    last = max(last, first + 1)
    if last - first > HALF_HOURS - 4:
        return ((0.0, 24.0),)
    counts = np.histogram(hours, bins=np.arange(first, last + 1) / 2)[0]
    quiet = counts < SELDOM * np.median(counts)
    quiet[[0, -1]] = False
    gap = np.flatnonzero(quiet)
    if not len(gap):
        return ((first / 2, last / 2),)
    runs = np.split(gap, np.flatnonzero(np.diff(gap) > 1) + 1)
    longest = max(runs, key=len)
    return (first / 2, (first + int(longest[0])) / 2), ((first + int(longest[-1]) + 1) / 2, last / 2)


def units_of(table: pd.DataFrame) -> dict[str, str]:
    """Person -> the unit most of their passes name; `team` where the log has none."""
    named = table[table["person"] != ""]
    return {
        str(person): (Counter(unit for unit in one["unit"] if unit) or Counter(["team"])).most_common(1)[0][0]
        for person, one in named.groupby("person")
    }


def skills_of(table: pd.DataFrame, units: dict[str, str]) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    """Step -> skill, and skill -> person -> passes; steps with the same doers take one skill.

    A skill is called after its people's unit where that is theirs alone, else after its most frequent step.
    """
    doers: dict[str, Counter[str]] = {}
    for step, one in table[(table["person"] != "") & (table["outcome"] == "")].groupby("step"):
        counted = Counter(one["person"])
        least = max(LEAST_SHARE * len(one), LEAST_PASSES if len(one) >= 10 else 1)
        doers[str(step)] = Counter({p: n for p, n in counted.items() if n >= least}) or counted
    groups: list[list[str]] = []
    for step in sorted(doers, key=lambda name: -doers[name].total()):
        near = [group for group in groups if any(_alike(doers[step], doers[other]) for other in group)]
        if near:
            near[0].append(step)
        else:
            groups.append([step])
    members = [sum((doers[step] for step in group), Counter[str]()) for group in groups]
    home = [Counter(units[p] for p in one).most_common(1)[0] for one in members]
    shared = Counter(unit for unit, _ in home)
    names = []
    for group, mine, (unit, count) in zip(groups, members, home, strict=True):
        own = shared[unit] == 1 and count == len(mine) and unit != "team"
        names.append(unit if own else group[0])
    step_skill = {step: name for name, group in zip(names, groups, strict=True) for step in group}
    return step_skill, {name: dict(one) for name, one in zip(names, members, strict=True)}


def _alike(one: Counter[str], other: Counter[str]) -> bool:
    return len(set(one) & set(other)) >= ALIKE * len(set(one) | set(other))
