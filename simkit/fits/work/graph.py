"""What follows what: the step graph of a kind, where rejected work returns to, and how far a hand-off travels."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simkit.fits.work.passes import Passes
from simkit.scenario.work_kinds import LIVE
from simkit.teams.calendar import Calendar

SURE = 0.98
"""Share of cases in which a step must precede another to be waited for, in a log without readiness."""
LEAST_CASES = 20
"""Cases that must have two steps for one to be taken as waited for because it was always over before."""
LEAST_VOTES, VOTES = 2, 0.02
"""A step is waited for if it made the other ready in so many cases, and in this share of them."""
HARDLY_QUEUED = 0.05
"""Quantile of latency and queue together that stands for latency."""
RELATIONS = ("same_person", "same_unit", "same_company")


@dataclass(frozen=True)
class StepsFit:
    """What waits for what in a kind of work."""

    after: dict[str, list[str]]
    """Step -> what it waits for, in the order in which the steps usually begin."""
    assumed: tuple[tuple[str, str], ...] = ()
    """(what is waited for, by which step) where the log shows only that the one was always over before the other."""


def graph(passes: Passes, kind: str) -> StepsFit:
    """The steps of a kind and what each waits for. What never begins is left out."""
    mine = passes.table[passes.table["kind"] == kind]
    first = mine[mine["number"] == 0].set_index(["case", "step"])
    begin = first["ready"].fillna(first["start"]).fillna(first["complete"])
    arrived = begin.index.get_level_values("case").map(passes.arrived)
    typical = (begin - np.asarray(arrived, float)).groupby("step").median().sort_values(kind="stable")
    order = [str(step) for step in typical.index]
    if passes.has_ready:
        found = _by_readiness(passes, mine, order)
        assumed = _loose_ends(found, first, order)
        for step, other in assumed:
            found[other] = [one for one in (*order, LIVE) if one in (*found[other], step)]
        return StepsFit(found, tuple(assumed))
    return StepsFit(_by_precedence(passes, first, order))


def _by_readiness(passes: Passes, mine: pd.DataFrame, order: list[str]) -> dict[str, list[str]]:
    """Whatever was finished at the moment at which a step became ready, in any case, is waited for."""
    finished: dict[tuple[str, float], list[str]] = defaultdict(list)
    for case, step, done, outcome in zip(mine["case"], mine["step"], mine["complete"], mine["outcome"], strict=True):
        if done == done and outcome != "reject":
            finished[case, done].append(step)
    place = {step: i for i, step in enumerate(order)}
    votes: dict[str, Counter[str]] = {step: Counter() for step in order}
    cases: Counter[str] = Counter()
    for case, step, number, ready in zip(mine["case"], mine["step"], mine["number"], mine["ready"], strict=True):
        if number or ready != ready:
            continue
        cases[step] += 1
        at_once = passes.live.get(case) == ready
        causes = [LIVE] if at_once else [one for one in finished[case, ready] if place[one] < place[step]]
        votes[step].update(set(causes))
    return {
        step: [one for one in (*order, LIVE) if votes[step][one] >= max(LEAST_VOTES, VOTES * cases[step])]
        for step in order
    }


def _loose_ends(found: dict[str, list[str]], first: pd.DataFrame, order: list[str]) -> list[tuple[str, str]]:
    """Steps that nothing was ever ready at the end of, each with the first step that never began before its end.

    A branch that is always done long before the others never makes the joining step ready.
    """
    waited = {one for waits in found.values() for one in waits}
    begin = first["ready"].unstack("step")
    done = first["complete"].unstack("step")
    joins = []
    for i, step in enumerate(order):
        for other in order[i + 1 :] if step not in waited else ():
            both = begin[other].notna() & done[step].notna()
            over = done.loc[both, step] <= begin.loc[both, other]
            if LIVE not in found[other] and both.sum() >= LEAST_CASES and over.mean() >= SURE:
                joins.append((step, other))
                break
    return joins


def _by_precedence(passes: Passes, first: pd.DataFrame, order: list[str]) -> dict[str, list[str]]:
    """A step is waited for if its first pass was over before the other began in nearly all cases that have both."""
    begin = first["start"].fillna(first["complete"]).unstack("step").reindex(columns=order)
    done = first["complete"].unstack("step").reindex(columns=order)
    live = pd.Series(passes.live).reindex(begin.index)
    before: dict[str, set[str]] = {step: set() for step in order}
    for i, step in enumerate(order):
        for other in order[:i]:
            both = begin[step].notna() & done[other].notna()
            if both.sum() and (done.loc[both, other] <= begin.loc[both, step]).mean() >= SURE:
                before[step].add(other)
        both = begin[step].notna() & live.notna()
        if both.sum() and (live[both] <= begin.loc[both, step]).mean() >= SURE:
            before[step].add(LIVE)
    followed = {LIVE: {step for step in order if LIVE not in before[step]}}
    found = {}
    for step in order:
        behind = set().union(*(followed[one] if one == LIVE else before[one] for one in before[step]))
        found[step] = [one for one in (*order, LIVE) if one in before[step] - behind]
    return found


def returns_to(passes: Passes, kind: str, gate: str, worked: set[str]) -> str | None:
    """The worked step that most often became ready, or began, when the gate had rejected."""
    mine = passes.table[passes.table["kind"] == kind]
    begin = mine["ready"].fillna(mine["start"]).fillna(mine["complete"])
    again = mine.assign(begin=begin)[(mine["number"] > 0) & mine["step"].isin(worked)]
    by_case: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for case, when, step in zip(again["case"], again["begin"], again["step"], strict=True):
        by_case[case].append((when, step))
    votes: Counter[str] = Counter()
    rejected = mine[(mine["step"] == gate) & (mine["outcome"] == "reject")]
    for case, when in zip(rejected["case"], rejected["complete"], strict=True):
        later = [one for one in by_case[case] if one[0] >= when]
        if later:
            votes[min(later)[1]] += 1
    return votes.most_common(1)[0][0] if votes else None


@dataclass(frozen=True)
class HandOffFit:
    """One line of the distance table, or the intake."""

    relation: str
    n: int
    latency_hours: float
    effort_hours: float


def hand_offs(
    passes: Passes, calendar: Calendar, gates: set[str], after: dict[str, dict[str, list[str]]]
) -> list[HandOffFit]:
    """Latency in working hours from ready to there (the median), and hours of taking over, by how far.

    `after` is the graph of each kind. Where branches join, everybody who gives something is paid for: hours of taking
    over are the least-squares shares of all relations in them, and latency is read where one person gives (or else the
    lower twentieth of that from the last of them). Where the log does not tell when work is ready or there, the gap
    from the completion of what was waited for to the begin holds the queue as well; its lower twentieth stands for it,
    being that of work which hardly queued. Decisions and what was done again at once are left out.
    """
    table = passes.table
    exact = passes.has_ready and passes.has_assigned
    if not passes.has_start and not exact:
        return []
    worked = table[~table["step"].isin(gates) & (table["person"] != "")]
    done = _completions(table)
    gaps: dict[str, list[float]] = defaultdict(list)
    joined: dict[str, list[float]] = defaultdict(list)
    counts: list[list[int]] = []
    taken: list[float] = []
    there = "assigned" if exact else "start"
    names = ("case", "kind", "step", "number", "ready", there, "person", "unit", "coordination_hours")
    for case, kind, step, number, ready, at, person, unit, hours in zip(*(worked[name] for name in names), strict=True):
        if at != at or (exact and ready != ready):
            continue
        waits = after[kind].get(step, [])
        since = ready if exact else at
        givers = _givers(done.get(case, []), since, exact, number > 0, waits, gates, after[kind])
        if not givers and (number or waits):
            continue
        relations = [_relation(one.person, one.unit, person, unit) for one in givers] or ["intake"]
        begin = ready if exact else max((one.when for one in givers), default=passes.arrived[case])
        last = max(range(len(givers)), key=lambda i: givers[i].when, default=0)
        where = gaps if len(relations) == 1 else joined
        where[relations[last]].append(calendar.between(int(begin), int(at)) / 3600)
        if not number or len(waits) < 2:  # a later pass of a join also gets what changed in other branches
            counts.append([relations.count(one) for one in _LINES])
            taken.append(hours)
    quantiles = {one: 0.5 if exact and one in gaps else HARDLY_QUEUED for one in _LINES}
    gaps = {**joined, **gaps}
    shares = np.linalg.lstsq(np.array(counts, float), np.array(taken), rcond=None)[0] if counts else []
    effort = dict(zip(_LINES, np.maximum(shares, 0.0), strict=False))
    return [
        HandOffFit(one, len(gaps[one]), float(np.quantile(gaps[one], quantiles[one])), float(effort[one]))
        for one in _LINES
        if one in gaps
    ]


_LINES = ("intake", *RELATIONS)


@dataclass(frozen=True)
class _Completion:
    when: float
    step: str
    person: str
    unit: str
    outcome: str
    ready: float


def _completions(table: pd.DataFrame) -> dict[str, list[_Completion]]:
    """Case -> completions in order of time."""
    done = table[table["complete"].notna()].sort_values("complete", kind="stable")
    found: dict[str, list[_Completion]] = defaultdict(list)
    names = ("case", "complete", "step", "person", "unit", "outcome", "ready")
    for case, *one in zip(*(done[name] for name in names), strict=True):
        found[case].append(_Completion(*one))
    return found


def _givers(
    done: list[_Completion], since: float, exact: bool, again: bool, waits: list[str], gates: set[str],
    after: dict[str, list[str]],
) -> list[_Completion]:  # fmt: skip
    """Who hands something to a pass, each once: a first pass gets what it waits for, a later one what came back."""
    if again or waits == [LIVE]:
        found = [_giver(done, since, exact, gates | set(waits), after)]
    else:
        found = [_giver(done, since, False, {one}, after) for one in waits if one != LIVE]
    return list({one.person: one for one in found if one is not None}.values())


def _giver(
    done: list[_Completion], since: float, exact: bool, allowed: set[str], after: dict[str, list[str]]
) -> _Completion | None:
    """Who finished at that moment, or, where that is not known, who last finished one of the steps allowed.

    What a gate let pass is still that of whoever handed it in, but was on its way only since the gate let it pass; what
    it sent back comes from who decided.
    """
    released: float | None = None
    for one in reversed(done):
        if one.when > since or (not exact and one.step not in allowed):
            continue
        if exact and one.when != since:
            return None
        if one.outcome != "approve":
            return replace(one, when=one.when if released is None else released) if one.person else None
        released = one.when if released is None else released
        since, allowed = one.ready if exact else one.when, set(after.get(one.step, []))
    return None


def _relation(giver: str, giver_unit: str, person: str, unit: str) -> str:
    if giver == person:
        return "same_person"
    return "same_unit" if giver_unit == unit else "same_company"
