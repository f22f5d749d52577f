"""What a channel, campaign, segment or rule truly brings, and what the usual ways of measuring it would have said.

The truth is an exact counterfactual: the same run again, under the same draws and with the same launches and team
cost, only without the thing. Beside it stands what could have been measured in such runs: a holdout, last and first
touch, before and after. Each figure is one per replication; intervals are t intervals over replications.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from simkit.coupling.outcome import Run
from simkit.customers.population import channel_index
from simkit.customers.state import MONEY
from simkit.customers.withheld import Withheld, held_out
from simkit.experiment.cells import Answer, Cell, Err, Model, Work
from simkit.experiment.inquiries.attribution import WINDOW_DAYS, TouchLog, before_after, campaigns_of, touched
from simkit.experiment.statistics import ROUNDING, Difference, Interval, interval, paired
from simkit.experiment.study import stream_cells
from simkit.scenario.quantity import DAYS_PER_YEAR
from simkit.simulation import simulate

if TYPE_CHECKING:
    import pandas as pd

    from simkit.scenario.load import Study
    from simkit.scenario.schema import Scenario

Kind = Literal["channel", "campaign", "journey", "segment", "rule"]
TENTH = 0.1
"""How much less is the marginal question, and the share of persons that a holdout would keep out."""
_WITH_MESSAGES = ("addressed", "paid")
TRUTH, MARGINAL = "truth", "last tenth"
SWITCHED_OFF: dict[str, Any] = {
    "gap": 0.0, "quiet": None, "blackout": (), "suppress": None, "at_least": None, "control_group": 0.0,
    "opt_down": 0.0, "sunset": None, "stop_bounces": None, "stop_complaints": None, "offers": None, "prize_draws": None,
    "look_ahead": 0,
}  # fmt: skip
"""Rules of a contact policy besides its caps, and what each is when it is off."""
METHODS = ("holdout", "last touch", "first touch", "before and after")


class UnknownThing(ValueError):
    """Something to switch off that the scenario does not have."""


class FailedRuns(RuntimeError):
    """Runs failed, so there is no answer."""


@dataclass(frozen=True)
class Off:
    """What is switched off."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def parse_off(text: str, scenario: Scenario) -> Off:
    """``channel:email`` -> what to switch off. Raises UnknownThing with what the scenario has instead."""
    kind, _, name = (part.strip() for part in text.partition(":"))
    known = things(scenario)
    if kind not in known:
        raise UnknownThing(f"expected {', '.join(f'{one}:NAME' for one in get_args(Kind))}; found {text!r}")
    if name not in known[kind]:
        from simkit.scenario.overlay import did_you_mean

        has = f"the scenario has {', '.join(known[kind])}" if known[kind] else "the scenario has none"
        raise UnknownThing(f"there is no {kind} {name!r}{did_you_mean(name, known[kind])} ({has})")
    return Off(kind, name)  # type: ignore[arg-type]


def things(scenario: Scenario) -> dict[str, list[str]]:
    """All that can be switched off, by kind."""
    policy = scenario.contact_policy
    rules = [cap.label for cap in policy.at_most]
    rules += [name for name, off in SWITCHED_OFF.items() if getattr(policy, name) != off]
    lists: tuple[Iterable[str], ...] = (
        scenario.channels,
        scenario.campaigns,
        scenario.journeys,
        scenario.market.segments,
        rules,
    )
    return {kind: list(names) for kind, names in zip(get_args(Kind), lists, strict=True)}


def without_rule(scenario: Scenario, name: str) -> Scenario:
    """The same scenario whose contact policy lacks one rule."""
    policy = scenario.contact_policy
    change: dict[str, Any] = {"at_most": tuple(cap for cap in policy.at_most if cap.label != name)}
    if name in SWITCHED_OFF:
        change = {name: SWITCHED_OFF[name]}
    return scenario.model_copy(update={"contact_policy": policy.model_copy(update=change)})


# --- one replication ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """What one replication is asked; it travels to worker processes."""

    scenario: Scenario
    off: Off
    rerun_teams: bool
    window_days: float

    @property
    def extended_by(self) -> Any:
        """The extension of its scenario, if any."""
        return getattr(self.scenario, "extended_by", None)


def answer(question: Question, replication: int, *, engine: str, threads: int) -> Answer:
    """Run the base and its counterfactuals under one replication's luck; money a year of the real market."""
    scenario, off = question.scenario, question.off
    log = TouchLog()
    base = simulate(scenario, replication, engine=engine, threads=threads, log=log)
    script = None if question.rerun_teams else base.script

    def again(share: float = 1.0, by_person: bool = False) -> Run:
        if off.kind == "rule":
            changed = without_rule(scenario, off.name)
            return simulate(changed, replication, engine=engine, threads=threads, script=script)
        kept = Withheld(off.kind, off.name, share, by_person)
        return simulate(scenario, replication, engine=engine, threads=threads, script=script, without=kept)

    gone = again()
    truth = _gap(TRUTH, base, gone)
    figures: dict[str, float | None] = {"base.profit": base.sums["profit"], "gone.profit": gone.sums["profit"], **truth}
    if off.kind != "rule":
        figures |= _gap(MARGINAL, base, again(TENTH))
        margin = 1 - base.sums["cost_of_goods"] / base.sums["revenue"] if base.sums["revenue"] else 0.0
        cost = truth[f"{TRUTH}.cost"]
        rows, per_year = log.rows(), _per_year(scenario)
        measured = {"holdout": _holdout(again(TENTH, by_person=True), off)}
        measured |= _credited(scenario, off, log, rows, question.window_days)
        segment = off.name if off.kind == "segment" else None
        gained = before_after(base, rows, campaigns_of(scenario, off.kind, off.name), segment)
        measured["before and after"] = gained
        for method, revenue in measured.items():
            yearly = None if revenue is None else revenue * per_year
            figures[f"{method}.revenue"] = yearly
            figures[f"{method}.profit"] = None if yearly is None else yearly * margin - cost
    return Answer(figures, warnings=tuple(base.warnings))


def _per_year(scenario: Scenario) -> float:
    """From money of simulated persons over the measured days to the real market's a year."""
    return scenario.market.represents * DAYS_PER_YEAR / scenario.horizon_days


def _gap(name: str, base: Run, other: Run) -> dict[str, float]:
    """Base less counterfactual, a year."""
    sums = [(run.sums["revenue"], run.sums["profit"], _spent(run)) for run in (base, other)]
    scale = DAYS_PER_YEAR / base.scenario.horizon_days
    revenue, profit, cost = ((a - b) * scale for a, b in zip(*sums, strict=True))
    return {f"{name}.revenue": revenue, f"{name}.profit": profit, f"{name}.cost": cost}


def _spent(run: Run) -> float:
    return run.sums["contact_cost"] + run.sums["media_cost"]


def _holdout(run: Run, off: Off) -> float | None:
    """What a holdout says: a person's revenue above that of a person held out, times all persons."""
    people = run.customers
    mine = np.ones(len(people), bool)
    if off.kind == "segment":
        mine = people["segment"] == list(run.scenario.market.segments).index(off.name)
    out = held_out(run.scenario, run.replication, people, TENTH)
    paid = (people["revenue"] - run.revenue_before) / MONEY
    control, treated = paid[mine & out], paid[mine & ~out]
    if not len(control) or not len(treated):
        return None
    return float((treated.mean() - control.mean()) * mine.sum())


def _credited(
    scenario: Scenario, off: Off, log: TouchLog, rows: np.ndarray, window_days: float
) -> dict[str, float | None]:
    """Revenue credited by last and first touch, in money of simulated persons."""
    at = channel_index(scenario.channels)
    site = [
        at[name] for name, channel in scenario.channels.items() if channel.kind in ("web", "owned") and name != off.name
    ]
    found = touched(rows, scenario.warmup_days, window_days, site)
    credited: dict[str, float | None] = {}
    for which in ("last", "first"):
        touch = getattr(found, which)
        if off.kind == "channel":
            mine = touch["channel"] == at[off.name]
        elif off.kind == "segment":
            mine = found.sold["segment"] == list(scenario.market.segments).index(off.name)
        else:
            mine = _of_campaign(touch, off, log, scenario)
        credited[f"{which} touch"] = found.revenue(which, mine)
    return credited


def _of_campaign(touch: np.ndarray, off: Off, log: TouchLog, scenario: Scenario) -> np.ndarray:
    """Whether each touch was a click on a message or advertisement of the campaign or journey."""
    kinds = [log.tables.channel_at[one] for one, channel in scenario.channels.items() if channel.kind in _WITH_MESSAGES]
    different, place = np.unique(touch["what"], return_inverse=True)
    known = [log.tables.meaning(int(one)) for one in different]
    step = off.kind == "journey"  # a campaign may have the same name
    mine = np.array([one and one.program == off.name and (one.label == one.name) == step for one in known], bool)
    return np.isin(touch["channel"], kinds) & mine[place]


# --- all replications -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One way to know: what it says, and how far that is from the truth."""

    method: str
    revenue: Interval
    profit: Interval
    error: Difference | None
    """Profit less the true profit, paired by replication; None for the truth itself."""


@dataclass(frozen=True)
class Incrementality:
    """What something brings a year, and what each way of measuring would have said; money of the real market."""

    scenario: Scenario
    off: Off
    alternative: str
    replications: int
    rerun_teams: bool
    window_days: float
    values: Mapping[str, np.ndarray]
    """``"truth.profit"`` and so on -> one value per replication, nan where there is none."""
    warnings: tuple[str, ...] = ()

    @property
    def lines(self) -> list[Line]:
        """The truth first, then every method that has a figure."""
        there = [method for method in METHODS if np.isfinite(self.values.get(f"{method}.profit", np.nan)).any()]
        return [self.line(method) for method in (TRUTH, *there)]

    def line(self, method: str) -> Line:
        """One way to know."""
        revenue, profit = (self.values[f"{method}.{what}"] for what in ("revenue", "profit"))
        truth = self.values[f"{TRUTH}.profit"]
        # the truth is a small difference of large sums: what is only their rounding is no error
        rounding = ROUNDING * DAYS_PER_YEAR * np.abs(self.values["base.profit"])
        near = np.where(np.abs(profit - truth) <= rounding, truth, profit)
        error = None if method in (TRUTH, MARGINAL) else paired(near, truth)
        return Line(method, interval(revenue), interval(profit), error)

    @property
    def cost(self) -> Interval:
        """What the messages and media of it cost."""
        return interval(self.values[f"{TRUTH}.cost"])

    def return_on_cost(self, name: str = TRUTH) -> float | None:
        """Contribution (profit before its cost) per unit of its cost; None where it costs nothing."""
        profit, cost = (float(np.mean(self.values[f"{name}.{what}"])) for what in ("profit", "cost"))
        return (profit + cost) / cost if cost > 0 else None

    @property
    def variance_ratio(self) -> float | None:
        """How many times smaller the variance of the paired effect is than that of independent runs."""
        base, gone = self.values.get("base.profit"), self.values.get("gone.profit")
        if base is None or gone is None or len(base) < 2:
            return None
        effect = float((base - gone).var(ddof=1))
        return float(base.var(ddof=1) + gone.var(ddof=1)) / effect if effect else None

    def table(self) -> pd.DataFrame:
        """Tidy: method, measure (revenue, profit), unit, mean, low, high, error against the truth with interval."""
        import pandas as pd

        rows = []
        marginal = [self.line(MARGINAL)] if f"{MARGINAL}.profit" in self.values else []
        for line in [*self.lines[:1], *marginal, *self.lines[1:]]:
            for what in ("revenue", "profit"):
                one, error = getattr(line, what), line.error if what == "profit" else None
                gap = (error.difference, error.low, error.high) if error else (None, None, None)
                rows.append((line.method, what, f"{self.scenario.currency}/year", one.mean, one.low, one.high, *gap))
        columns = ["method", "measure", "unit", "mean", "low", "high", "error", "error_low", "error_high"]
        return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[3:], float))


def incrementality(
    study: Study,
    off: str,
    *,
    alternative: str | None = None,
    replications: int | None = None,
    rerun_teams: bool = False,
    window_days: float = WINDOW_DAYS,
    workers: int | None = None,
    engine: str = "compiled",
    progress: bool = False,
) -> Incrementality:
    """What something brings: ``channel:email``, ``campaign:flash``, ``segment:x`` or ``rule:3 per rolling week``.

    Every replication is run with and without it under the same draws, launches and team cost (unless `rerun_teams`
    lets the department react), with a tenth of it less, and with a tenth of the persons held out. Clicks count for
    purchases of `window_days` after them. Raises UnknownThing, FailedRuns.

    >>> simkit.incrementality(simkit.load("scenarios/retail.yaml"), "channel:email").table()  # doctest: +SKIP
    """
    from simkit.experiment.progress import Progress

    name = next(iter(study.alternatives)) if alternative is None else alternative
    if name not in study.alternatives:
        raise UnknownThing(f"no alternative is called {name!r}; there are: {', '.join(study.alternatives)}")
    scenario = study.alternatives[name]
    question = Question(scenario, parse_off(off, scenario), rerun_teams, window_days)
    count = scenario.replications if replications is None else replications
    model = Model(
        simulate="simkit.experiment.inquiries.incrementality:answer", compute="simkit.experiment.cells:figures_of",
        measures={},
    )  # fmt: skip
    found: dict[int, Any] = {}
    cells = [Cell(name, i) for i in range(count)]
    work = Work({name: question}, engine, model)
    with Progress(count, progress) as bar, closing(stream_cells(work, cells, workers)) as stream:
        for cell, outcome in stream:
            if isinstance(outcome, Err):
                raise FailedRuns(f"replication {cell.replication} failed: {outcome.error}")
            found[cell.replication] = outcome
            bar.advance(seconds=outcome.seconds)
    figures = [found[i].measures for i in range(count)]
    values = {key: np.array([np.nan if row[key] is None else row[key] for row in figures]) for key in figures[0]}
    notes = tuple(dict.fromkeys(note for i in range(count) for note in found[i].warnings))
    return Incrementality(scenario, question.off, name, count, rerun_teams, window_days, values, notes)
