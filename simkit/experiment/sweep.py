"""A sweep: every case of an experiment, every alternative, every replication, as one table of runs.

With a results folder it goes on where an earlier one stopped: what was run is not run again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, nullcontext
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from simkit.experiment.cells import Cell, Err, Model, Ok, Outcome, Work, resolve
from simkit.experiment.definition.cases import design_of, resolver
from simkit.experiment.definition.files import Experiment
from simkit.experiment.executors.choice import Place, Stream
from simkit.experiment.halting import how_it_ended, wanted_replications
from simkit.experiment.progress import Progress
from simkit.experiment.storage.address import cell_address, digest, fingerprint, scenario_digest
from simkit.experiment.storage.rows import Key, Row, table_of
from simkit.experiment.study import stream_cells

if TYPE_CHECKING:
    import pandas as pd

CHUNK = 1000
"""Cells whose scenarios are in memory at a time."""
DRAWN = ("latin_hypercube", "sobol", "saltelli", "morris")
"""Designs that are not drawn again where a folder has them: that takes a second or two of imports, and another version
of what draws may draw others."""
Shard = tuple[int, int]
"""Which part of how many, counted from 1."""


class Swept(NamedTuple):
    """What a sweep gives: the runs it made, and the cases they are of."""

    runs: pd.DataFrame
    """A row per cell: `case`, `alternative`, `replication`, `status` (``ok`` or ``failed``), `error`, then a column
    per measure, empty where one does not exist. Sorted by case, alternative as in the scenario, and replication."""
    design: pd.DataFrame
    """Index `case`, a column per factor."""


def sweep(
    experiment: Experiment,
    *,
    folder: str | Path | None = None,
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    engine: str = "compiled",
    progress: bool = False,
    model: Model | None = None,
    design: pd.DataFrame | None = None,
    shard: Shard | None = None,
    retry_failed: bool = False,
    daily: bool = False,
    tell: Callable[[str], None] = lambda text: None,
    place: Place | None = None,
) -> Swept:
    """Run every cell of an experiment: all cases and alternatives meet the same luck in one replication.

    `folder` keeps the results (see `storage/`): cells that it has are not run again, unless they failed and
    `retry_failed` says so; with `daily` it keeps the days of every run as well.

    `replications`, `seed` and `design` (a table of cases) replace what the file says. `shard`
    runs one part of the cells, ``(2, 4)`` the second of four. The result does not depend on `workers`. A cell that
    fails is a row with its error. `tell` is called with a sentence about anything worth knowing on the way. `place`
    says where cells run, and what one may take: by default in this process and workers beside it.

    Raises StoreError for a folder that cannot be used; ScenarioError for a design that does not fit.

    >>> simkit.sweep(simkit.load_experiment("experiments/cadence/experiment.yaml"))  # doctest: +SKIP
    """
    count = experiment.replications if replications is None else replications
    if count < 1 or (workers is not None and workers < 1):
        raise ValueError(f"replications and workers are at least 1; found {count} and {workers}")
    if shard is not None and not 1 <= shard[0] <= shard[1]:
        raise ValueError(f"a shard is I of N, with I from 1 to N; found {shard[0]} of {shard[1]}")
    if daily and folder is None:
        raise ValueError("days are kept in a folder only; name one")
    until = experiment.until if replications is None else None
    work = Work(experiment.study.alternatives, engine, model or Model(), tables=daily)
    luck = experiment.study.base.seed if seed is None else seed
    table = _cases(experiment, work, luck, folder) if design is None else design.rename_axis("case")
    plan = Plan(experiment, table, work, luck, shard)

    def run(keys: list[Key], kept: Kept) -> None:
        missing = [key for key in keys if not kept.has(key, retry_failed, daily)]
        if len(missing) < len(keys):
            tell(f"{len(keys) - len(missing)} of {len(keys)} runs are there already")
        if missing:
            _run(plan, missing, stream, progress, kept.add)

    def run_all(kept: Kept) -> Swept:
        keys = plan.keys(dict.fromkeys(plan.cases, count), by_case=until is not None)
        run(keys, kept)
        while until is not None and (more := wanted_replications(until, keys, kept.rows)):
            before = set(keys)
            keys = plan.keys(more, by_case=True)
            run([key for key in keys if key not in before], kept)
        if until is not None:
            tell(how_it_ended(until, keys, kept.rows))
        return plan.swept(keys, kept.rows)

    gently = folder is not None  # a first Ctrl-C keeps what is under way, where anything is kept
    with _streaming(work, workers, place or Place(), tell, gently) as stream:
        if folder is None:
            return run_all(Memory())
        with plan.store(Path(folder), count, tell) as store:
            return run_all(store)


def _cases(experiment: Experiment, work: Work, seed: int, folder: str | Path | None) -> pd.DataFrame:
    """The design: as the folder has it where it was drawn for the same experiment before, else drawn now."""
    if folder is not None and experiment.design is not None and experiment.design.kind in DRAWN:
        from simkit.experiment.storage.about import inputs_of
        from simkit.experiment.storage.reading import kept_design

        made_of = fingerprint(work.model, work.engine, work.scenarios)
        kept = kept_design(Path(folder), lambda design: inputs_of(experiment, design, seed, made_of))
        if kept is not None:
            return kept
    return design_of(experiment)


class Kept(Protocol):
    """Where finished cells are kept."""

    rows: dict[Key, Row]

    def add(self, row: Row, daily: pd.DataFrame | None = None) -> None:
        """A finished cell."""

    def has(self, key: Key, unless_failed: bool, with_days: bool) -> bool:
        """Whether a cell need not run."""
        ...


class Memory:
    """Finished cells of a sweep without a folder."""

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}

    def add(self, row: Row, daily: pd.DataFrame | None = None) -> None:
        """A finished cell."""
        self.rows[row.key] = row

    def has(self, key: Key, unless_failed: bool, with_days: bool) -> bool:
        """Whether a cell need not run."""
        return key in self.rows


class Plan:
    """Which cells a sweep has, and what each of them is."""

    def __init__(self, experiment: Experiment, design: pd.DataFrame, work: Work, seed: int, shard: Shard | None = None):
        self.experiment, self.design, self.work, self.seed, self.shard = experiment, design, work, seed, shard
        self.cases = [int(case) for case in design.index]
        self.fingerprint = fingerprint(work.model, work.engine, work.scenarios)
        self.scenarios = lru_cache(maxsize=4)(resolver(experiment, design, seed))
        self._digests: dict[tuple[int, str], str] = {}

    def keys(self, replications: Mapping[int, int], by_case: bool) -> list[Key]:
        """Case, alternative and replication of every cell, in the order in which they run; those of the shard."""
        units = [(case, i) for case, count in replications.items() for i in range(count)]
        if self.shard is not None:
            part, parts = self.shard
            place = {case: i for i, case in enumerate(self.cases)}
            numbers = [place[case] if by_case else k for k, (case, _) in enumerate(units)]
            units = [unit for unit, number in zip(units, numbers, strict=True) if number % parts == part - 1]
        return [(case, name, i) for case, i in units for name in self.experiment.alternatives]

    def address(self, key: Key) -> str:
        """Which run the cell is."""
        case, name, replication = key
        if (case, name) not in self._digests:
            self._resolved(case)
        return cell_address(self._digests[case, name], replication, self.fingerprint)

    def _resolved(self, case: int) -> tuple[dict[str, Any], Err | None]:
        """The scenarios of a case, or why it has none; what they are is remembered for the addresses of their runs,
        which are asked for when the scenarios are long forgotten."""
        found, error = self.scenarios(case)
        for one in self.experiment.alternatives:
            if (case, one) not in self._digests:
                self._digests[case, one] = scenario_digest(found[one]) if error is None else self._nonsense(case)
        return found, error

    def _nonsense(self, case: int) -> str:
        values = self.design.loc[case].to_dict() if len(self.design.columns) else {}
        return digest("no scenario", json.dumps(values, sort_keys=True, default=str))

    def cells(self, keys: Iterable[Key]) -> Iterator[tuple[Cell, Err | None]]:
        """Each cell with its scenario, or with why its case has none."""
        for case, name, replication in keys:
            found, error = self._resolved(case)
            yield Cell(name, replication, case, found.get(name)), error

    def row(self, cell: Cell, outcome: Outcome) -> Row:
        """A finished cell."""
        key = (cell.case, cell.alternative, cell.replication)
        if isinstance(outcome, Err):
            error = f"{outcome.error} [{outcome.digest}]"
            return Row(*key, "failed", error, {}, outcome.seconds, self.address(key))
        return Row(*key, "ok", "", outcome.measures, outcome.seconds, self.address(key))

    def store(self, folder: Path, replications: int, tell: Callable[[str], None]) -> Any:
        """The results folder of this plan, as a context; runs of an earlier plan that still fit are taken over."""
        from simkit.experiment.storage.about import about, design_table, inputs_of, made_by
        from simkit.experiment.storage.rows import parquet
        from simkit.experiment.storage.store import Store

        told = about(self.experiment, self.design, replications, self.seed, self.work.engine, self.fingerprint)
        inputs = inputs_of(self.experiment, self.design, self.seed, self.fingerprint)
        cases = parquet(design_table(self.design), {"name": told["name"]})
        return Store(folder, told, inputs, cases, tell, self._addresses, made_by)

    def _addresses(self, replications: Iterable[int]) -> dict[Key, str]:
        names, luck = self.experiment.alternatives, sorted(set(replications))
        keys = [(case, name, i) for case in self.cases for name in names for i in luck]
        return {key: self.address(key) for key in keys}

    def swept(self, keys: Iterable[Key], rows: Mapping[Key, Row]) -> Swept:
        """The finished cells of these keys, in one order whoever ran them."""
        place = {name: i for i, name in enumerate(self.experiment.alternatives)}
        ordered = sorted(keys, key=lambda key: (key[0], place[key[1]], key[2]))
        found = [rows[key] for key in ordered]
        return Swept(table_of(found, self._measures(found)), self.design)

    def _measures(self, rows: list[Row]) -> list[str]:
        """What a run is measured by, as the runs have it: asking the model would import all of it."""
        known = next((list(row.measures) for row in rows if row.status == "ok"), None)
        if known is not None:
            return known
        work = self.work
        return [*resolve(work.model.measures), *(work.extension.measures if work.extension else ())]


def _run(plan: Plan, keys: list[Key], stream: Stream, progress: bool, add: Callable[..., None]) -> None:
    """Run the cells, each stored as it finishes."""
    with Progress(len(keys), progress) as bar:

        def runnable() -> Iterator[Cell]:
            for cell, error in plan.cells(keys):
                if error is None:
                    yield cell
                else:
                    add(plan.row(cell, error))
                    bar.advance(failed=True)

        with closing(stream(runnable())) as outcomes:
            for cell, outcome in outcomes:
                add(plan.row(cell, outcome), outcome.daily if isinstance(outcome, Ok) else None)
                bar.advance(isinstance(outcome, Err), outcome.seconds)


def _streaming(work: Work, workers: int | None, place: Place, tell: Callable[[str], None], gently: bool) -> Any:
    """A context that gives what streams cells where they are to run."""
    if place.beside:
        return nullcontext(partial(_in_chunks, work, workers, tell if gently else None))
    return place.stream(work, workers, tell)


def _in_chunks(
    work: Work, workers: int | None, tell: Callable[[str], None] | None, given: Iterable[Cell]
) -> Generator[tuple[Cell, Outcome]]:
    cells = iter(given)
    while chunk := list(islice(cells, CHUNK)):
        with closing(stream_cells(work, chunk, workers, tell)) as stream:
            yield from stream


def document(experiment: Experiment, swept: Swept) -> dict[str, Any]:
    """What a sweep found, for a terminal or as JSON: failures first, grouped, then means by case and alternative.

    Means leave failed runs out; beside them `runs` says of how many they are, and `failed` how many are in none. A case
    of which every run failed has its row too. `absent` counts the finished runs in which an outcome has no value, and
    which are in no mean of it.
    """
    runs = swept.runs
    failed = runs[runs["status"] == "failed"]
    return {
        "name": experiment.name,
        "question": experiment.question,
        "cases": len(swept.design),
        "runs": len(runs),
        "failed": len(failed),
        "failures": [_failure(group) for _, group in failed.groupby("error", sort=False)],
        "absent": _absent(experiment, swept),
        "means": _means(experiment, swept),
    }


def _failure(group: pd.DataFrame) -> dict[str, Any]:
    first = group.iloc[0]
    where = {name: _plain(first[name]) for name in ("case", "alternative", "replication", "error")}
    return {**where, "times": len(group)}


def _absent(experiment: Experiment, swept: Swept) -> dict[str, int]:
    finished = swept.runs[swept.runs["status"] == "ok"]
    counts = {name: int(finished[name].isna().sum()) for name in experiment.outcomes if name in finished}
    return {name: count for name, count in counts.items() if count}


def _means(experiment: Experiment, swept: Swept) -> list[dict[str, Any]]:
    shown = [name for name in experiment.outcomes if name in swept.runs]
    rows = []
    for _, group in swept.runs.groupby(["case", "alternative"], sort=False):
        case, alternative = group.iloc[0][["case", "alternative"]]
        factors = {str(path): _plain(value) for path, value in swept.design.loc[case].items()}
        finished = group[group["status"] == "ok"]
        counts = {"runs": len(finished), "failed": len(group) - len(finished)}
        figures = {name: _rounded(finished[name].astype(float).mean()) for name in shown}
        rows.append({"case": int(case), **factors, "alternative": alternative, **counts, **figures})
    return rows


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _rounded(value: float) -> float | None:
    return None if value != value else float(f"{value:.6g}")
