"""Ignorance beside luck: the same alternatives in worlds whose doubted numbers differ as far as is plausible.

A world is one point of a Latin hypercube over the plausible ranges. In each, every alternative meets the same luck,
and no two worlds share any. The numbers that the choice seems to depend on most are then halved and doubled, one at a
time, under the luck of the scenario as written.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simkit.experiment.cells import Cell, Model, Ok, Outcome, Work
from simkit.experiment.choosing import choice
from simkit.experiment.progress import Progress
from simkit.experiment.worlds.assumptions import Assumption, assumptions, nested, stated, usable, values_of
from simkit.experiment.worlds.dependence import Dependence, Doubling, dependence, doublings
from simkit.experiment.worlds.found import ATTEMPTS, NONE, Worlds, warnings
from simkit.rng import generator
from simkit.scenario.errors import ScenarioError, SenseError

if TYPE_CHECKING:
    from simkit.experiment.result import Result
    from simkit.scenario.load import Study

Ranges = Mapping[str, tuple[float, float]]
"""(low, high) by dotted path."""
ASKED = 50
"""Worlds where ranges are stated and no number of worlds is."""
DEFAULTS = ((5, 0.3), (3, 1.0))
"""Worlds of a run that does not say how many, and what they may add to its work at most, as a share of it: the first
that do, else none."""
PERSONS = 10_000
"""Simulated persons in a world, each standing for more; `experiments/worlds_size` says what is known of that."""
DAY, PERSON_DAY = 1.0, 3.2e-5
"""Work of a department's day and of a person's, in proportion (measured on the retail scenario)."""
CHECKED, MOST_CHECKED = 3, 8
"""Numbers that are halved and doubled: those that the choice depends on most, so many at least; and all that it depends
on beyond luck, so many at most."""
CHECK_REPLICATIONS = 4
"""Paired runs of each."""

Scenarios = Mapping[str, Any]
Make = Callable[[Mapping[str, float]], Scenarios]
"""Numbers by path -> every alternative with them; raises where they do not go together."""


def wanted(study: Any, replications: int) -> int:
    """Worlds of a run that does not say how many: a few, where they add little to its work."""
    base = study.base
    persons = getattr(getattr(base, "market", None), "customers", None)
    if persons is None:
        return 0
    mine = replications * (DAY + PERSON_DAY * persons)
    one = DAY + PERSON_DAY * min(persons, PERSONS)
    return next((count for count, share in DEFAULTS if count * one <= share * mine), 0)


def check(study: Any, worlds: int | None, uncertainties: Ranges | None) -> None:
    """Raise, before anything runs, what :func:`explore` would raise for these wishes."""
    if worlds is not None and worlds < 0:
        raise SenseError("worlds", f"expected 1 or more, or 0 for none; found {worlds}")
    if worlds == 0 or (worlds is None and not uncertainties):
        return
    if uncertainties:
        stated(study, uncertainties)
    if not unchanged(study):
        raise SenseError("worlds", "the study is not what its file says any more; worlds are made from the file")


def beside(
    study: Any,
    result: Result,
    worlds: int | None,
    uncertainties: Ranges | None,
    *,
    extend: Any = None,
    **how: Any,
) -> Result:
    """The result with its plausible worlds: as many as asked for, none for 0, a few by default (:func:`wanted`).

    A result without worlds says first that it has none. Raises as :func:`explore`, when worlds were asked for.
    """
    from simkit.scenario.load import Study

    if worlds == 0:
        return _without(study, result)
    if worlds is not None or uncertainties is not None:
        found = explore(study, result, ASKED if worlds is None else worlds, uncertainties, extend=extend, **how)
        return _with(result, found)
    count = wanted(study, result.replications) if isinstance(study, Study) and choice(result) else 0
    if count == 0 or not unchanged(study):
        return _without(study, result)
    if not assumptions(study):
        return result  # without doubts there is one world
    try:
        return _with(result, _explored(study, result, count, None, extend, checked=0, **how))
    except SenseError:  # nobody asked, and no world can be
        return _without(study, result)


def _without(study: Any, result: Result) -> Result:
    from simkit.scenario.load import Study

    return result.warned(NONE) if isinstance(study, Study) else result


def _with(result: Result, worlds: Worlds) -> Result:
    return replace(result, worlds=worlds).warned(*warnings(worlds))


def explore(
    study: Study,
    result: Result,
    count: int,
    uncertainties: Ranges | None = None,
    *,
    checked: int = CHECKED,
    extend: Any = None,
    **how: Any,
) -> Worlds:
    """Run the alternatives of a finished result in `count` plausible worlds.

    `uncertainties` are ranges by dotted path, instead of the shipped plausible ranges of all doubted numbers that the
    user did not set. `checked` is how many numbers are halved and doubled at least; 0 for none.

    Raises :class:`SenseError` for an uncertainty that is no number of the scenario, where nothing is doubted, and for a
    study that was changed after it was loaded.
    """
    if count < 1:
        raise SenseError("worlds", f"expected 1 or more, found {count}")
    if not uncertainties and not assumptions(study):
        raise SenseError("worlds", "no number of the scenario is doubted: there is one world only")
    check(study, count, uncertainties)
    return _explored(study, result, count, uncertainties, extend, checked=checked, **how)


def _explored(
    study: Study, result: Result, count: int, uncertainties: Ranges | None, extend: Any, **how: Any
) -> Worlds:
    """:func:`explore` where all is checked."""
    persons = min(study.base.market.customers, PERSONS)
    make = maker(study, persons, int(result.base.seed), extend)
    held = stated(study, uncertainties) if uncertainties else usable(assumptions(study), make, study.base)
    return spread(held, make, result, count, persons=persons, **how)


def unchanged(study: Study) -> bool:
    """Whether the study's file still says what the study holds."""
    from simkit.scenario.load import load

    try:
        return load(study.path, study.sets, study.extension).alternatives == study.alternatives
    except (OSError, ScenarioError):
        return False


def maker(study: Study, persons: int, seed: int, extend: Any = None) -> Make:
    """Alternatives of the study with other numbers, and with fewer persons who stand for as many.

    Overlays of alternatives are laid over the world's numbers, so that `-20%` is a fifth less than in that world.
    """
    from simkit.scenario.load import Template
    from simkit.scenario.overlay import node_of

    market = study.base.market
    size = {"customers": persons, "represents": market.represents * market.customers / persons}
    held = list(study.sets) if persons == market.customers else [*study.sets, f"market={json.dumps(size)}"]
    template = Template(study.path, held, study.extension or extend)

    def make(values: Mapping[str, float]) -> Scenarios:
        changes = [(section, node_of(table)) for section, table in nested(values).items()]
        found = template.study(changes, warn=False).alternatives
        return {name: one.model_copy(update={"seed": seed}) for name, one in found.items()}

    return make


def spread(
    held: Sequence[Assumption],
    make: Make,
    result: Result,
    count: int,
    *,
    persons: int | None = None,
    checked: int = CHECKED,
    workers: int | None = None,
    progress: bool = False,
    model: Model | None = None,
) -> Worlds:
    """:func:`explore` for assumptions and scenarios of any model."""
    clock = time.perf_counter()
    chosen = choice(result)
    if chosen is None:
        raise SenseError("outcomes", "no outcome shown has a better side, so that worlds could not be compared")
    measure, better = str(result.deciding), result.measures[str(result.deciding)].better
    seed = int(result.base.seed)
    design, scenarios, redrawn = possible(held, make, count, seed)
    runner = _Runner(result, workers, progress, model or Model())
    runs = runner.run(scenarios, lambda case: [case])
    leads = lead_table(runs, measure, better, chosen.ahead)
    found = dependence(design.loc[leads.index], leads["lead"].to_numpy(float), seed)
    named = worth_checking(found, checked) if len(result.alternatives) > 1 else []
    tried = _doubled(held, named, make, runner, result, chosen.ahead) if named else []
    failed = runs.loc[runs["status"] != "ok", "case"].nunique()
    return Worlds(
        measure, chosen.ahead, tuple(held), design, runs, leads, tuple(found), tuple(tried), tuple(named), persons,
        redrawn, count - len(design), int(failed), count, round(time.perf_counter() - clock, 3),
    )  # fmt: skip


def worth_checking(found: Sequence[Dependence], least: int) -> list[str]:
    """The numbers to halve and double: the first `least`, and every further one that the lead surely depends on."""
    return [one.name for i, one in enumerate(found[:MOST_CHECKED]) if i < least or (least and one.sure)]


# --- drawing worlds ---------------------------------------------------------------------------------------


def places(held: Sequence[Assumption], count: int, seed: int) -> np.ndarray:
    """A Latin hypercube (McKay, Beckman and Conover 1979): worlds x numbers, each from 0 to 1.

    A number's column is keyed by its name, so that another number more or less leaves it as it is.
    """
    drawn = []
    for one in held:
        luck = generator(seed, f"world {one.name}")
        drawn.append((luck.permutation(count) + luck.random(count)) / count)
    return np.column_stack(drawn)


def possible(
    held: Sequence[Assumption], make: Make, count: int, seed: int
) -> tuple[pd.DataFrame, dict[int, Scenarios], int]:
    """The worlds whose numbers go together, the alternatives in each, and how many were drawn again."""
    first = places(held, count, seed)
    rows, scenarios, redrawn, refused = {}, {}, 0, ""
    for case in range(count):
        for attempt, place in enumerate(_attempts(first[case], seed, case)):
            row = [_short(one.at(float(at))) for one, at in zip(held, place, strict=True)]
            try:
                scenarios[case] = make(values_of(held, row))
            except (ScenarioError, SenseError, ValueError) as error:
                refused = str(error).partition("\n")[0]
                continue
            rows[case] = row
            redrawn += attempt > 0
            break
    if not rows:
        raise SenseError("worlds", f"none of the worlds drawn can be: {refused}")
    design = pd.DataFrame.from_dict(rows, orient="index", columns=[one.name for one in held])
    return design.rename_axis("case"), scenarios, redrawn


def _attempts(first: np.ndarray, seed: int, case: int) -> Iterator[np.ndarray]:
    """The world of the hypercube, then as many of its own as may be needed, each independent of all others."""
    yield first
    others = generator(seed, f"world {case} again")
    for _ in range(ATTEMPTS):
        yield others.random(first.size)


def _short(value: float) -> float:
    """Six digits: what a reader can write down and set again."""
    return value if isinstance(value, int) else float(f"{value:.6g}")


# --- running them -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Runner:
    """Runs every alternative of many scenarios under given replications."""

    result: Result
    workers: int | None
    progress: bool
    model: Model

    def run(self, scenarios: Mapping[int, Scenarios], replications: Callable[[int], Sequence[int]]) -> pd.DataFrame:
        """A row per case, alternative and replication: status, error, and every measure."""
        from simkit.experiment.study import stream_cells

        names = tuple(self.result.alternatives)
        work = Work(self.result.scenarios, self.result.engine, self.model, tables=False)
        cells = [
            Cell(name, replication, case, scenarios[case][name])
            for case in scenarios for replication in replications(case) for name in names
        ]  # fmt: skip
        outcomes: dict[Cell, Outcome] = {}
        with Progress(len(cells), self.progress) as bar, closing(stream_cells(work, cells, self.workers)) as stream:
            for cell, outcome in stream:
                outcomes[cell] = outcome
                bar.advance(seconds=outcome.seconds)
        return pd.DataFrame([self._row(cell, outcomes[cell]) for cell in cells])

    def _row(self, cell: Cell, outcome: Outcome) -> dict[str, Any]:
        figures = outcome.measures if isinstance(outcome, Ok) else {}
        status, error = ("ok", "") if isinstance(outcome, Ok) else ("failed", outcome.error)
        numbers = {name: np.nan if figures.get(name) is None else figures[name] for name in self.result.measures}
        return {
            "case": cell.case, "alternative": cell.alternative, "replication": cell.replication,
            "status": status, "error": error, **numbers,
        }  # fmt: skip


def lead_table(runs: pd.DataFrame, measure: str, better: str, chosen: str) -> pd.DataFrame:
    """Per case the winner, and by how much `chosen` is ahead of the best other alternative (nan where one is missing).

    With one alternative there is no winner, and `lead` is the measure itself.
    """
    by = runs.pivot_table(index="case", columns="alternative", values=measure, sort=False, dropna=False)
    by = by.reindex(columns=list(dict.fromkeys(runs["alternative"])))
    if by.shape[1] == 1:
        return pd.DataFrame({"winner": "", "lead": by[chosen]})
    worth = by if better == "higher" else -by
    complete = worth.notna().all(axis=1)
    lead = worth[chosen] - worth.drop(columns=chosen).max(axis=1)
    winner = worth[complete].idxmax(axis=1).reindex(worth.index)
    return pd.DataFrame({"winner": winner, "lead": lead.where(complete)})


def _doubled(
    held: Sequence[Assumption], named: Sequence[str], make: Make, runner: _Runner, result: Result, chosen: str
) -> list[Doubling]:
    """The named numbers halved and doubled, one at a time, beside the scenario as written, under the same luck."""
    by_name = {one.name: one for one in held}
    tries: list[tuple[Assumption, str, float]] = []
    scenarios: dict[int, Scenarios] = {0: make({})}
    for one in (by_name[name] for name in named):
        for change, factor in (("halved", 0.5), ("doubled", 2.0)):
            value = one.times(factor)
            if value is None:
                continue
            try:
                scenarios[len(tries) + 1] = make(values_of([one], [_short(value)]))
            except (ScenarioError, SenseError, ValueError):
                continue
            tries.append((one, change, value))
    runs = runner.run(scenarios, lambda _: range(CHECK_REPLICATIONS))
    return doublings(tries, runs, result, chosen)
