"""The best values of levers, by Optuna: TPE for one outcome, NSGA-II for several; and how sure the best is.

The search looks at few replications of many points. Whoever is best among many was also lucky, so the finalists are
compared under luck that the search has not seen, paired, with more of it for those that are still near the best.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.experiment.cells import Model
from simkit.experiment.definition.tables import Factor, Range
from simkit.experiment.extras import optional
from simkit.experiment.progress import Progress
from simkit.experiment.search.folder import claim, identity, mend
from simkit.experiment.search.front import dominates, front_of, gains_of
from simkit.experiment.search.problem import ALTERNATIVE, Point, Problem, SearchError, problem_of
from simkit.experiment.search.runs import Runs
from simkit.experiment.statistics import Difference, Interval, holm, interval, paired
from simkit.experiment.storage.address import fingerprint
from simkit.rng import Purpose, crc, run_key, uniform

if TYPE_CHECKING:
    import pandas as pd

    from simkit.experiment.definition.files import Experiment

TRIALS = 60
FIRST = 4
"""Replications with which the search looks at each point."""
BATCH = 4
"""Points asked for at once, whatever the number of workers: the search must not depend on it."""
POPULATION = 16
"""Of NSGA-II."""
FINALISTS = 6
"""Points compared with new luck; of several outcomes this many times two."""
STUDY_FILE = "study.jnl"


@dataclass(frozen=True)
class Trial:
    """One point that the search looked at."""

    number: int
    point: Point
    means: Mapping[str, float]
    """Outcome -> mean over the first replications."""
    excess: float
    """How far the constraint broken most is beyond its bound; at most 0 where all are kept."""
    error: str = ""

    @property
    def feasible(self) -> bool:
        """Whether it ran and keeps every constraint."""
        return not self.error and self.excess <= 0


@dataclass(frozen=True)
class Candidate:
    """A finalist under new luck."""

    point: Point
    intervals: Mapping[str, Interval]
    """Of outcomes and constrained measures."""
    feasible: bool
    in_race: bool
    """Whether it was still compared at the end; shown to be worse otherwise."""
    front_probability: float | None = None
    """Of several outcomes: in which share of the resamples of its replications no other finalist dominates it."""
    dominated_by: Mapping[str, float] = field(default_factory=dict)
    """Text of another finalist -> share of the resamples in which that one is at least as good in every outcome and
    better in one; those that are so in any."""


@dataclass(frozen=True)
class Optimum:
    """What a search found."""

    problem: Problem
    trials: tuple[Trial, ...]
    finalists: tuple[Candidate, ...]
    """The best first; of several outcomes the front, in the order of the first outcome."""
    base: Candidate
    """The first alternative as it is."""
    against_second: Difference | None
    """Best less second best, paired; None with no second or several outcomes."""
    against_base: Difference | None
    first: int
    replications: int
    """New replications of the best."""
    resumed: int
    """Trials that were there already."""
    ran: int
    """Runs made now."""

    @property
    def best(self) -> Candidate | None:
        """The best finalist that keeps every constraint; None where there is none."""
        return next((one for one in self.finalists if one.feasible), None)

    @property
    def failed(self) -> list[Trial]:
        """Trials that did not run."""
        return [one for one in self.trials if one.error]

    def table(self) -> pd.DataFrame:
        """Tidy: a row per trial with its levers, means, excess and error."""
        import pandas as pd

        rows = [
            {"trial": one.number, ALTERNATIVE: one.point.alternative, **one.point.values, **one.means,
             "excess": one.excess, "error": one.error}
            for one in self.trials
        ]  # fmt: skip
        return pd.DataFrame(rows)


def optimize(
    problem: Problem | Experiment,
    *,
    outcomes: Sequence[str] | None = None,
    constraints: Sequence[str] = (),
    trials: int = TRIALS,
    first: int = FIRST,
    folder: Path | None = None,
    workers: int | None = None,
    engine: str = "compiled",
    progress: bool = False,
    model: Model | None = None,
) -> Optimum:
    """Look at `trials` points, then compare the best with new luck, at most `problem.replications` each.

    An experiment is searched as its file says; `outcomes` (what to do best on; several make a front) and `constraints`
    (``"mean_fatigue <= 2"``, bounds on means) are of an experiment only, a problem has its own.

    With a `folder` all runs and Optuna's journal are kept there, and the same search goes on where it stopped: its
    course is that of one that was never interrupted. It does not depend on `workers`.

    Raises SearchError, MissingExtraError without Optuna, ResultsFolderError for a folder of another search.

    >>> simkit.optimize(simkit.load_experiment("gap.yaml"), constraints=["mean_fatigue <= 2"])  # doctest: +SKIP
    """
    if not isinstance(problem, Problem):
        problem = problem_of(problem, outcomes=outcomes, constraints=constraints)
    elif outcomes or constraints:
        raise SearchError("outcomes and constraints stand beside a problem that has its own; give an experiment")
    if not problem.levers and len(problem.alternatives) < 2:
        raise SearchError("there is nothing to choose: the experiment has no levers and one alternative")
    if trials < 1 or first < 1 or problem.replications < 2:
        raise SearchError(
            f"a search needs 1 trial, 1 replication each and 2 new ones of the best; found {trials}, {first} "
            f"and {problem.replications} (--trials, --first, --replications)"
        )
    optional("optuna")
    if folder is not None:
        code = fingerprint(model or Model(), engine, problem.scenarios)
        claim(folder, identity(problem, code, first=first, batch=BATCH, population=POPULATION))
    runs = Runs(problem, model, folder, workers, engine)
    with _quiet(), Progress(trials * first, progress) as bar:
        runs.advance = bar.advance
        found, resumed = _search(problem, runs, trials, first, folder)
    runs.advance = lambda: None
    return _finals(problem, runs, found, first, resumed)


# --- the search -------------------------------------------------------------------------------------------


def _search(problem: Problem, runs: Runs, trials: int, first: int, folder: Path | None) -> tuple[list[Trial], int]:
    """Every trial by its number, and how many of them an earlier search had finished."""
    import optuna

    sides: list[Any] = ["maximize" if side == "higher" else "minimize" for side in problem.outcomes.values()]
    study = optuna.create_study(storage=_storage(folder), study_name="simkit", directions=sides, load_if_exists=True)
    spread = {name: _distribution(factor) for name, factor in problem.choices.items()}
    resumed = sum(one.state.is_finished() for one in study.get_trials(deepcopy=False))
    for start in range(0, trials, BATCH):
        numbers = range(start, min(start + BATCH, trials))
        asked = list(_asked(study, problem, spread, numbers))
        points = [_point(problem, trial.params) for trial in asked]
        runs.need(points, range(first))
        for trial, point in zip(asked, points, strict=True):
            _tell(study, problem, runs, trial, point, first)
    done = study.get_trials(deepcopy=False)[:trials]
    told = [(one.number, _point(problem, one.params)) for one in done]
    runs.need([point for _, point in told], range(first))  # after another folder of cells, or with points refused
    return [_trial(problem, runs, number, point, first) for number, point in told], min(resumed, trials)


def _asked(study: Any, problem: Problem, spread: Mapping[str, Any], numbers: range) -> Iterator[Any]:
    """The trials of a batch that are not finished; those of a search that was stopped are found again."""
    import optuna

    there = {one.number: one for one in study.get_trials(deepcopy=False)}
    for number in numbers:
        if number not in there:
            study.sampler = _sampler(problem, number)
            yield study.ask(spread)
        elif not there[number].state.is_finished():
            trial = optuna.trial.Trial(study, there[number]._trial_id)
            if set(trial.params) != set(spread):  # stopped while it was asked for
                study.sampler = _sampler(problem, number)
                for name, one in spread.items():
                    trial._suggest(name, one)
            yield trial


def _tell(study: Any, problem: Problem, runs: Runs, trial: Any, point: Point, first: int) -> None:
    import optuna

    found = _trial(problem, runs, trial.number, point, first)
    if found.error:
        trial.set_user_attr("error", found.error)
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return
    for one in problem.constraints:
        trial.set_constraint(one.text, one.excess(runs.mean(point, one.measure, range(first))))
    study.tell(trial, list(found.means.values()))


def _trial(problem: Problem, runs: Runs, number: int, point: Point, first: int) -> Trial:
    seen = range(first)
    means = {name: runs.mean(point, name, seen) for name in problem.outcomes}
    error = runs.error(point, seen)
    missing = [name for name, mean in means.items() if np.isnan(mean)]
    if not error and missing:
        error = f"{', '.join(missing)} has no value"
    return Trial(number, point, means, _excess(problem, runs, point, seen), error)


def _excess(problem: Problem, runs: Runs, point: Point, replications: Sequence[int]) -> float:
    bounds = (one.excess(runs.mean(point, one.measure, replications)) for one in problem.constraints)
    return max(bounds, default=0.0)


def _sampler(problem: Problem, number: int) -> Any:
    """Seeded by the number of the trial, so that a search that was stopped goes on as if it had not been."""
    import optuna

    seed = int(uniform(*run_key(problem.seed, 0), number, 0, Purpose.SEARCH_TRIAL, 0, crc("optimize")) * 2**32)
    if len(problem.outcomes) > 1:
        return optuna.samplers.NSGAIISampler(population_size=POPULATION, seed=seed)
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=10)


def _distribution(factor: Factor) -> Any:
    import optuna

    if not isinstance(factor, Range):
        return optuna.distributions.CategoricalDistribution([_label(one) for one in factor])
    log = bool(factor.log) or factor.distribution == "log"
    if factor.whole:
        return optuna.distributions.IntDistribution(int(factor.low), int(factor.high), log=log)
    return optuna.distributions.FloatDistribution(float(factor.low), float(factor.high), log=log)


def _label(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _point(problem: Problem, params: Mapping[str, Any]) -> Point:
    """What Optuna suggests, in values of the scenario."""
    values = {}
    for name, factor in problem.choices.items():
        listed = {} if isinstance(factor, Range) else {_label(one): one for one in factor}
        values[name] = listed.get(params[name], params[name])
    return Point(values.pop(ALTERNATIVE, problem.alternatives[0]), values)


def _storage(folder: Path | None) -> Any:
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    if folder is None:
        return optuna.storages.InMemoryStorage()
    mend(folder / STUDY_FILE)
    file = str(folder / STUDY_FILE)
    return optuna.storages.JournalStorage(JournalFileBackend(file, lock_obj=JournalFileOpenLock(file)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna's own telling of every trial off, and then as it was."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


# --- the finals -------------------------------------------------------------------------------------------


def _finals(problem: Problem, runs: Runs, trials: list[Trial], first: int, resumed: int) -> Optimum:
    """The best of the search under new luck."""
    points = _chosen(problem, trials)
    base = Point(problem.alternatives[0], {})
    several = len(problem.outcomes) > 1
    racing, shown = (points, problem.replications) if several else _race(problem, runs, points, first)
    fresh = range(first, first + shown)
    runs.need([*points, base] if several else [*racing, base], fresh)
    finalists = [_candidate(problem, runs, point, fresh, point in racing) for point in points]
    ranked = (
        front_of(problem, runs, finalists, fresh) if several else sorted(finalists, key=lambda one: _rank(problem, one))
    )
    second = against = None
    if not several and ranked and ranked[0].feasible:
        measure = next(iter(problem.outcomes))
        feasible = [one for one in ranked[1:] if one.feasible]
        rivals = [one for one in feasible if one.in_race] or feasible[:1]
        mine = runs.values(ranked[0].point, measure, fresh)
        gaps = holm([paired(mine, runs.values(one.point, measure, fresh)) for one in rivals])
        second = gaps[0] if gaps else None
        against = paired(mine, runs.values(base, measure, fresh))
    return Optimum(
        problem, tuple(trials), tuple(ranked), _candidate(problem, runs, base, fresh, True), second, against, first,
        shown, resumed, runs.ran,
    )  # fmt: skip


def _chosen(problem: Problem, trials: list[Trial]) -> list[Point]:
    """The points worth new luck: the best that keep the constraints, of several outcomes those nobody dominates."""
    ran = list({one.point.key: one for one in reversed(trials) if not one.error}.values())
    kept = [one for one in ran if one.feasible] or sorted(ran, key=lambda one: one.excess)[:1]
    if len(problem.outcomes) > 1:
        gains = {one.number: gains_of(problem, one.means) for one in kept}
        front = [one for one in kept if not any(dominates(gains[other.number], gains[one.number]) for other in kept)]
        front.sort(key=lambda one: gains[one.number][0])
        most = 2 * FINALISTS
        if len(front) > most:
            front = [front[round(i * (len(front) - 1) / (most - 1))] for i in range(most)]
        return [one.point for one in front]
    return [one.point for one in sorted(kept, key=lambda one: -gains_of(problem, one.means)[0])[:FINALISTS]]


def _race(problem: Problem, runs: Runs, points: list[Point], first: int) -> tuple[list[Point], int]:
    """Who is still near the best, and how many new replications they have: more in steps, until one is left or there
    are no more. Whoever is shown to be worse than the best (Holm over the rivals) gets no more; the last of them stays
    as the second best."""
    measure, side = next(iter(problem.outcomes.items()))
    racing, count = list(points), 0
    while count < problem.replications and racing:
        count = min(problem.replications, count + max(2, first))
        fresh = range(first, first + count)
        runs.need(racing, fresh)
        racing.sort(key=lambda point: _order(problem, runs, point, fresh))
        best = runs.values(racing[0], measure, fresh)
        told = holm([paired(runs.values(rival, measure, fresh), best) for rival in racing[1:]])
        worse = "lower" if side == "higher" else "higher"
        near = [rival for rival, one in zip(racing[1:], told, strict=True) if one.verdict != worse]
        if not near:
            return racing[:2], count
        racing = [racing[0], *near]
    return racing, count


def _order(problem: Problem, runs: Runs, point: Point, fresh: range) -> tuple[bool, float]:
    """What keeps the constraints first, then the best mean."""
    mean = gains_of(problem, {name: runs.mean(point, name, fresh) for name in problem.outcomes})[0]
    return (bool(runs.error(point, fresh)) or _excess(problem, runs, point, fresh) > 0, -mean)


def _candidate(problem: Problem, runs: Runs, point: Point, fresh: range, in_race: bool) -> Candidate:
    asked = dict.fromkeys([*problem.outcomes, *(one.measure for one in problem.constraints)])
    feasible = not runs.error(point, fresh) and _excess(problem, runs, point, fresh) <= 0
    return Candidate(
        point, {name: interval(runs.values(point, name, fresh)) for name in asked}, feasible, in_race
    )  # fmt: skip


def _rank(problem: Problem, one: Candidate) -> tuple[bool, bool, float]:
    mean = one.intervals[next(iter(problem.outcomes))].mean
    side = next(iter(problem.outcomes.values()))
    gain = -np.inf if mean is None else mean if side == "higher" else -mean
    return (not one.feasible, not one.in_race, -gain)
