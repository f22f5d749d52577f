"""Fit a department to an event log of its work: what `simkit fit-work` does.

What a log can say is estimated; what it cannot is declined and said (`WorkFit.doubts`): without begins, effort cannot
be told from waiting; without hours booked, work on a step cannot be told from other duties in between; errors that
nobody noticed leave no trace; a gate's opinion and the defects it finds are one rejection.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simkit.fits.work.columns import DEFAULTS, LogColumns
from simkit.fits.work.files import LogError
from simkit.fits.work.graph import HandOffFit, graph, hand_offs, returns_to
from simkit.fits.work.passes import Passes, passes
from simkit.fits.work.people import Hours, skills_of, units_of, working_hours
from simkit.fits.work.reading import read_log
from simkit.fits.work.steps import EffortFit, GateFit, fit_effort, fit_gate, on_shift_hours, redone
from simkit.scenario.work_kinds import LIVE

if TYPE_CHECKING:
    import pandas as pd


SPEED_PASSES, SPEED_Z = 20, 3.0
"""Somebody is called faster or slower with at least so many passes and a difference of so many standard errors."""


@dataclass(frozen=True)
class StepFit:
    """One worked step of a kind."""

    step: str
    skill: str
    after: tuple[str, ...]
    n: int
    effort: EffortFit | None
    redo_share: float
    """Share of its passes that were done again without a rejection."""
    redone: tuple[tuple[int, int], ...]
    """(passes, done again) of the first pass, the second and so on."""


@dataclass(frozen=True)
class KindFit:
    """One kind of work: its steps in order, gates among them by name."""

    kind: str
    cases: int
    order: tuple[str, ...]
    steps: dict[str, StepFit]
    gates: dict[str, tuple[str, ...]]
    """Gate -> what it waits for."""
    return_to: dict[str, str]
    assumed: tuple[tuple[str, str], ...] = ()
    """(step, by which it is taken to be waited for): it was always over before, and nothing else tells."""

    @property
    def after(self) -> dict[str, list[str]]:
        """Step or gate -> what it waits for."""
        return {**{name: [*one.after] for name, one in self.steps.items()}, **{k: [*v] for k, v in self.gates.items()}}


@dataclass(frozen=True)
class WorkFit:
    """A department as its log shows it."""

    source: str
    events: int
    first: str
    last: str
    hours: Hours
    units: dict[str, str]
    skills: dict[str, dict[str, float]]
    """Person -> skill -> relative speed."""
    passes_of: dict[str, int]
    kinds: tuple[KindFit, ...]
    gates: dict[str, GateFit]
    hand_offs: tuple[HandOffFit, ...]
    primary_share: float
    share_is: str
    """Where the primary share comes from: measured, stated or unknown."""
    rework_share: float
    doubts: tuple[str, ...]


def fit_work(
    path: Path, columns: LogColumns = DEFAULTS, *, gates: tuple[str, ...] = (), primary_share: float | None = None,
    time_format: str | None = None, time_zone: str | None = None,
) -> WorkFit:  # fmt: skip
    """Fit a department to the log in a file.

    `columns` names its columns, `gates` are steps that are decisions where no column tells an outcome, `primary_share`
    is the share of on-shift time at a step that is work on it, for logs without hours of work; `time_format` and
    `time_zone` are as in `read_log`. Raises LogError.
    """
    if primary_share is not None and not 0 < primary_share <= 1:
        raise LogError(f"primary share: found {primary_share:g}; allowed: above 0, at most 1")
    log = read_log(path, columns, time_format, time_zone)
    events = log.events
    missing = sorted(set(gates) - set(events["step"]))
    if missing:
        known = ", ".join(sorted(set(events["step"])))
        raise LogError(f"{path.name}: no step is called {', '.join(map(repr, missing))}; the log has {known}")
    fit = _fit(path.name, events, passes(events, gates), primary_share)
    return replace(fit, doubts=(*log.notes, *fit.doubts))


def _fit(source: str, events: pd.DataFrame, found: Passes, stated: float | None) -> WorkFit:
    hours = working_hours(found)
    calendar = hours.calendar(found)
    table = found.table
    decided = {str(step) for step in table.loc[table["outcome"] != "", "step"]}
    at_desk = on_shift_hours(table, calendar)
    share, share_is = _primary_share(found, at_desk, stated)
    effort = table["effort_hours"].to_numpy(float) if found.has_effort else at_desk * share
    effort = np.where(table["complete"].notna(), effort, np.nan)
    table = table.assign(effort=effort)
    worked = table[~table["step"].isin(decided)]
    units = units_of(table)
    step_skill, members = skills_of(worked, units)
    speed = _speeds(worked, step_skill)
    mine = zip(table["person"], table["step"].map(step_skill), strict=True)
    table["at_speed"] = table["effort"] * [speed.get(key, 1.0) for key in mine]
    again = redone(table)
    kinds = tuple(_kind(found, str(kind), one, again, decided, step_skill) for kind, one in table.groupby("kind"))
    gate_fits = {
        gate: fit_gate(one, calendar, one["effort"].to_numpy(float))
        for gate, one in table.groupby("step")
        if gate in decided
    }
    skills = {p: {s: speed.get((p, s), 1.0) for s, one in members.items() if p in one} for p in units}
    after = {one.kind: one.after for one in kinds}
    lines = tuple(hand_offs(found, calendar, decided, after))
    fit = WorkFit(
        source=source, events=len(events), first=f"{events['time'].iloc[0]:%Y-%m-%d}",
        last=f"{events['time'].iloc[-1]:%Y-%m-%d}", hours=hours, units=units, skills=skills,
        passes_of=dict(Counter(person for person in worked["person"] if person)), kinds=kinds,
        gates={str(gate): one for gate, one in gate_fits.items()}, hand_offs=lines, primary_share=share,
        share_is=share_is, rework_share=_rework_share(worked), doubts=(),
    )  # fmt: skip
    from simkit.fits.work.doubts import doubts

    return replace(fit, doubts=tuple(doubts(fit, found, speed)))


def _primary_share(found: Passes, at_desk: np.ndarray, stated: float | None) -> tuple[float, str]:
    """Share of on-shift time at a step that was work on it, or on taking it over."""
    table = found.table
    if found.has_effort and found.has_start:
        own = (table["effort_hours"] + table["coordination_hours"]).to_numpy(float)
        known = ~np.isnan(at_desk) & (own > 0)
        if at_desk[known].sum() > 0:
            return float(min(own[known].sum() / at_desk[known].sum(), 1.0)), "measured"
    return (stated, "stated") if stated is not None else (1.0, "unknown")


def _kind(
    found: Passes, kind: str, table: pd.DataFrame, again: pd.Series, decided: set[str], step_skill: dict[str, str]
) -> KindFit:
    order = graph(found, kind)
    after = order.after
    steps, gates, back = {}, {}, {}
    for step, waits in after.items():
        mine = table[table["step"] == step]
        if step in decided:
            gates[step] = tuple(waits)
            if target := returns_to(found, kind, step, _worked_before(step, after, decided)):
                back[step] = target
            continue
        finished = mine[mine["complete"].notna()]
        redos = again.reindex(finished.index)
        rounds = tuple(
            (int(at.sum()), int(redos[at].sum()))
            for k in range(int(finished["number"].max()) + 1 if len(finished) else 0)
            if (at := finished["number"] == k).any()
        )
        fresh = finished.loc[finished["number"] == 0, "at_speed"].to_numpy(float)
        share = float(redos.mean()) if len(redos) else 0.0
        skill = step_skill.get(step, step)
        steps[step] = StepFit(
            step, skill, tuple(waits), len(finished), fit_effort(fresh[~np.isnan(fresh)]), share, rounds
        )
    return KindFit(kind, table["case"].nunique(), tuple(after), steps, gates, back, order.assumed)


def _worked_before(step: str, after: dict[str, list[str]], decided: set[str]) -> set[str]:
    """Worked steps that a step directly or indirectly waits for."""
    found: set[str] = set()
    ahead = [one for one in after[step] if one != LIVE]
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += [before for before in after[one] if before != LIVE]
    return found - decided


def _speeds(worked: pd.DataFrame, step_skill: dict[str, str]) -> dict[tuple[str, str], float]:
    """(person, skill) -> speed against the others at the same steps, where it is clear.

    exp(-(mean log effort of the person less that of all, step by step)); first passes only.
    """
    first = worked[(worked["number"] == 0) & (worked["effort"] > 0) & (worked["person"] != "")]
    if first.empty:
        return {}
    log = np.log(first["effort"])
    keys = [first["kind"], first["step"]]
    gap = log - log.groupby(keys).transform("mean")
    skill = first["step"].map(step_skill)
    found = {}
    for key, one in gap.groupby([first["person"], skill]):
        error = one.std() / np.sqrt(len(one)) if len(one) > 1 else np.inf
        if len(one) >= SPEED_PASSES and abs(one.mean()) > SPEED_Z * error:
            found[key] = round(float(np.clip(np.exp(-one.mean()), 0.05, 5)), 2)
    return found


def _rework_share(worked: pd.DataFrame) -> float:
    """Effort of later passes against first ones: the geometric mean of the ratio, step by step; 1 where unknown."""
    known = worked[worked["effort"] > 0]
    log = np.log(known["effort"])
    first = log[known["number"] == 0].groupby([known["kind"], known["step"]]).mean()
    later = known[known["number"] > 0]
    if later.empty or first.empty:
        return 1.0
    base = first.reindex(list(zip(later["kind"], later["step"], strict=True))).to_numpy()
    gaps = log[later.index].to_numpy() - base
    gaps = gaps[~np.isnan(gaps)]
    return float(min(np.exp(gaps.mean()), 2.0)) if len(gaps) else 1.0
