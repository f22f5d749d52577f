"""Where the bottleneck is, by finite difference: what one thing more would save in days to live.

One more person of each skill, about one more meeting a week at each gate, half the latency of hand-offs: each is
simulated under the same luck as the department as it is, replication by replication, so a difference is the change's.
Customers are left out, since days to live do not depend on them (`simkit.coupling.department_only` says what else is).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simkit.coupling.department_only import DepartmentRun, department_run, left_out
from simkit.experiment.cells import Answer, Cell, Err, Model, Work
from simkit.experiment.statistics import Difference, Interval, holm, interval, paired
from simkit.experiment.study import stream_cells
from simkit.measures.responsiveness import RESTRICTED_DAYS, days_until, origin, signal_to_live
from simkit.scenario.organization import Organization, Teams
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.scenario.retail_department import HEADCOUNT
from simkit.scenario.structures import organization
from simkit.scenario.work_kinds import CadenceGate

if TYPE_CHECKING:
    import pandas as pd

    from simkit.scenario.load import Study
    from simkit.scenario.schema import Scenario

AS_IS = "as it is"
SIGNALS, CAMPAIGNS = "signals", "campaigns"


class NoAnswer(RuntimeError):
    """Runs failed, or the study has no such alternative."""


@dataclass(frozen=True)
class Change:
    """A department with one thing more."""

    name: str
    organization: Organization
    cost_per_year: float | None
    """Wages a year; None for what simkit has no cost of."""


def changes(scenario: Scenario) -> list[Change]:
    """The department as it is, and every change of it."""
    segments = list(scenario.market.segments)
    base = organization(scenario.teams, segments)
    made = [Change(AS_IS, base, 0.0)]
    for skill, teams in one_more_person(scenario.teams, base):
        more = organization(teams, segments)
        cost = (more.payroll_per_day - base.payroll_per_day) * DAYS_PER_YEAR
        made.append(Change(f"one more person: {skill}", more, cost))
    made += [Change(name, plan, None) for name, plan in one_more_meeting(base)]
    lines = tuple(one.model_copy(update={"latency_hours": one.latency_hours / 2}) for one in base.distance)
    if lines != base.distance:
        made.append(Change("half the hand-off latency", base.model_copy(update={"distance": lines}), None))
    return made


def one_more_person(teams: Teams, base: Organization) -> Iterator[tuple[str, Teams]]:
    """Skill that the work asks for -> the same section with one more of its people, seated as the structure seats them.

    Of a list of persons the last of the craft is hired once more.
    """
    asked = {step.skill for kind in base.work.values() for step in kind.steps if step.skill}
    if teams.people is None:
        headcount = teams.headcount if teams.headcount is not None else HEADCOUNT
        for skill, count in headcount.items():
            if skill in asked:
                yield skill, teams.model_copy(update={"headcount": {**headcount, skill: count + 1}})
        return
    taken = {person.id for person in teams.people}
    for skill in dict.fromkeys(person.craft for person in teams.people):
        if skill in asked:
            model = next(person for person in reversed(teams.people) if person.craft == skill)
            new = next(name for k in range(1, len(taken) + 2) if (name := f"{skill}, new {k}") not in taken)
            yield skill, teams.model_copy(update={"people": (*teams.people, model.model_copy(update={"id": new}))})


def one_more_meeting(base: Organization) -> Iterator[tuple[str, Organization]]:
    """Each board that meets less than daily, with the cadence in whole working days nearest to one more a week."""
    used = {step.gate for kind in base.work.values() for step in kind.steps if step.gate}
    for name, gate in base.gates.items():
        if name not in used or not isinstance(gate, CadenceGate) or gate.every_days == 1:
            continue
        week = len(base.calendars[gate.calendar].days)
        wanted = week / gate.every_days + 1
        every = min(range(1, gate.every_days), key=lambda days: abs(week / days - wanted))
        more = {**base.gates, name: gate.model_copy(update={"every_days": every})}
        told = f"{name} every {every} working day{'s' if every > 1 else ''} instead of every {gate.every_days}"
        yield told, base.model_copy(update={"gates": more})


# --- one replication ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """What a cell is asked; it travels to worker processes."""

    scenario: Scenario
    organization: Organization


def answer(question: Question, replication: int, *, engine: str, threads: int) -> Answer:
    """Days to live of signals and of all campaigns, restricted to 60."""
    run = department_run(question.scenario, question.organization, replication)
    curve = signal_to_live(run)
    days = None if curve is None else curve.restricted_mean(RESTRICTED_DAYS)
    return Answer({SIGNALS: days, CAMPAIGNS: campaign_days(run)})


def campaign_days(run: DepartmentRun) -> float | None:
    """Mean days to live, restricted to 60, of the campaigns asked for on measured days; None where it is not known.

    Of a horizon of 120 days or more those that were followed for 60 days, so that it is always known; of a shorter one
    all, open ones being censored. Signals count from when they happened.
    """
    cases, horizon = run.cases, run.scenario.horizon_days
    until = horizon - RESTRICTED_DAYS if horizon >= 2 * RESTRICTED_DAYS else horizon
    mine = cases[cases["campaign"].notna() & (origin(cases) >= 0) & (origin(cases) < until)]
    return days_until(mine, horizon).restricted_mean(RESTRICTED_DAYS) if len(mine) else None


# --- all replications -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """What a change saves: days of the department as it is less days with the change."""

    name: str
    signals: Difference
    campaigns: Difference
    cost_per_year: float | None


@dataclass(frozen=True)
class Bottleneck:
    """What each change would save, the most first (by campaigns, of which there are more than signals)."""

    scenario: Scenario
    alternative: str
    replications: int
    values: Mapping[str, Mapping[str, np.ndarray]]
    """Change -> signals or campaigns -> a value per replication, nan where there is none."""
    costs: Mapping[str, float | None]
    left_out: tuple[str, ...]

    def as_it_is(self, what: str) -> Interval:
        """Days to live without any change."""
        return interval(self.values[AS_IS][what])

    @property
    def lines(self) -> list[Line]:
        """Every change; p values adjusted over all of them (Holm), signals and campaigns each."""
        names = [name for name in self.values if name != AS_IS]
        by = {
            what: holm([paired(self.values[AS_IS][what], self.values[name][what]) for name in names])
            for what in (SIGNALS, CAMPAIGNS)
        }
        found = [
            Line(name, signals, campaigns, self.costs[name])
            for name, signals, campaigns in zip(names, by[SIGNALS], by[CAMPAIGNS], strict=True)
        ]
        return sorted(found, key=lambda line: -(line.campaigns.difference or 0.0))

    def table(self) -> pd.DataFrame:
        """Tidy: change, what, days saved with interval and verdict, cost a year."""
        import pandas as pd

        rows = [
            (line.name, what, one.difference, one.low, one.high, verdict_of(one), line.cost_per_year)
            for line in self.lines
            for what, one in ((SIGNALS, line.signals), (CAMPAIGNS, line.campaigns))
        ]
        columns = ["change", "what", "days_saved", "low", "high", "verdict", "cost_per_year"]
        return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys((*columns[2:5], columns[6]), float))


def verdict_of(one: Difference) -> str:
    """What may be said of days saved: saves, costs, the same or undecided."""
    return {"higher": "saves", "lower": "costs"}.get(one.verdict, one.verdict)


def bottleneck(
    study: Study,
    *,
    alternative: str | None = None,
    replications: int | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> Bottleneck:
    """What one more person, about one more meeting a week or half the hand-off latency would save in days to live.

    Raises NoAnswer, and SenseError for a change that makes no department.
    """
    from simkit.experiment.progress import Progress

    name = next(iter(study.alternatives)) if alternative is None else alternative
    if name not in study.alternatives:
        raise NoAnswer(f"no alternative is called {name!r}; there are: {', '.join(study.alternatives)}")
    scenario = study.alternatives[name]
    count = scenario.replications if replications is None else replications
    made = changes(scenario)
    here = "simkit.experiment.inquiries.bottleneck"
    model = Model(simulate=f"{here}:answer", compute="simkit.experiment.cells:figures_of", measures={}, warm_up=None)
    work = Work({one.name: Question(scenario, one.organization) for one in made}, "compiled", model)
    cells = [Cell(one.name, k) for k in range(count) for one in made]
    values = {one.name: {what: np.full(count, np.nan) for what in (SIGNALS, CAMPAIGNS)} for one in made}
    with Progress(len(cells), progress) as bar, closing(stream_cells(work, cells, workers)) as stream:
        for cell, outcome in stream:
            if isinstance(outcome, Err):
                raise NoAnswer(f"{cell.alternative}, replication {cell.replication}, failed: {outcome.error}")
            for what, value in outcome.measures.items():
                values[cell.alternative][what][cell.replication] = np.nan if value is None else value
            bar.advance(seconds=outcome.seconds)
    costs = {one.name: one.cost_per_year for one in made}
    return Bottleneck(scenario, name, count, values, costs, tuple(left_out(scenario)))
