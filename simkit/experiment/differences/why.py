"""What the difference between two alternatives consists of: one is turned into the other section by section.

Every scenario between them runs under the same luck. A section's part is what turning it changes: in the order of the
schema, and averaged over orders (Shapley 1953), so that no section gains by standing first. In each replication the
parts add up to the whole difference, and so do their means.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.experiment.cells import Cell, Err, Model, Work, plan, resolve
from simkit.experiment.differences.ways import Chosen, Parts, Way, parts_of, way
from simkit.experiment.statistics import Difference, Interval, holm, interval, paired
from simkit.experiment.study import stream_cells

if TYPE_CHECKING:
    import pandas as pd

ORDERS = 16
"""Sampled orders, half of them the others backwards; all orders where that takes no more scenarios."""


class NoAnswer(RuntimeError):
    """No such alternative or measure, or nothing to tell apart."""


class AllFailed(NoAnswer):
    """No run gave a number."""


# --- the answer -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """What one block of sections brings: second less first, of one measure."""

    name: str
    in_order: Interval
    average: Difference
    """Averaged over orders; verdicts adjusted over the parts (Holm)."""
    lowest: float | None
    highest: float | None
    """Least and most that turning it brings on average, over what may have been turned before it: far apart where it
    works together with other sections."""


@dataclass(frozen=True)
class Why:
    """The whole difference between two alternatives, and its parts."""

    first: str
    second: str
    scenario: Any
    way: Way
    measures: Mapping[str, Any]
    shown: tuple[str, ...]
    replications: int
    values: Mapping[Chosen, Mapping[str, np.ndarray]]
    """Blocks turned -> measure -> a value per replication, nan where there is none."""
    failures: tuple[str, ...]

    @property
    def everything(self) -> Chosen:
        """All blocks turned: the second alternative."""
        return frozenset(range(len(self.way.blocks)))

    def unit(self, measure: str) -> str:
        """The unit of a measure, with the scenario's own currency."""
        return self.measures[measure].unit.replace("currency", self.scenario.currency)

    def complete(self, measure: str) -> np.ndarray:
        """Replications in which every scenario has the measure: only those are told apart."""
        return ~np.isnan(np.stack([values[measure] for values in self.values.values()])).any(axis=0)

    def whole(self, measure: str) -> Difference:
        """Second less first, over the replications that are told apart."""
        kept = self.complete(measure)
        return paired(self.values[self.everything][measure][kept], self.values[frozenset()][measure][kept])

    def parts(self, measure: str) -> list[Part]:
        """Every block's part, in the order of the schema."""
        kept = self.complete(measure)
        value = {chosen: values[measure][kept] for chosen, values in self.values.items()}
        names = self.way.labels
        averages = [average(value, i, self.way) for i in range(len(names))]
        first = self.way.orders[0]
        steps = {i: value[frozenset(first[: k + 1])] - value[frozenset(first[:k])] for k, i in enumerate(first)}
        told = holm([paired(one, np.zeros_like(one)) for one in averages])
        spans = [_span(value, i) for i in range(len(names))]
        return [
            Part(name, interval(steps[i]), one, *span)
            for i, (name, one, span) in enumerate(zip(names, told, spans, strict=True))
        ]

    def table(self) -> pd.DataFrame:
        """Tidy: measure, part, what it brings in order and on average, each with its 95 % interval, and its span."""
        import pandas as pd

        rows = []
        for measure in self.measures:
            whole = self.whole(measure)
            for part in self.parts(measure):
                one, order = part.average, part.in_order
                rows.append((
                    measure, self.unit(measure), part.name, one.difference, one.low, one.high, one.verdict,
                    order.mean, order.low, order.high, part.lowest, part.highest, one.pairs,
                ))  # fmt: skip
            rows.append((
                measure, self.unit(measure), "whole", whole.difference, whole.low, whole.high, whole.verdict,
                whole.difference, whole.low, whole.high, None, None, whole.pairs,
            ))  # fmt: skip
        table = pd.DataFrame(rows, columns=COLUMNS)
        return table.astype(dict.fromkeys([name for name in COLUMNS[3:-1] if name != "verdict"], float))


COLUMNS = [
    "measure", "unit", "part", "average", "low", "high", "verdict", "in_order", "in_order_low", "in_order_high",
    "lowest", "highest", "replications",
]  # fmt: skip


def average(value: Mapping[Chosen, np.ndarray], block: int, how: Way) -> np.ndarray:
    """A block's part in each replication, averaged over all orders or over the sampled ones.

    Over all orders it is Shapley's value: the sum over the sets S without the block of
    ``|S|! (n - |S| - 1)! / n! * (v(S + block) - v(S))``.
    """
    count = len(how.blocks)
    if not how.exact:
        steps = [_step(value, order, block) for order in how.orders[1:]]
        return np.asarray(np.mean(steps, axis=0))
    total = np.zeros_like(value[frozenset()])
    for chosen in value:
        if block not in chosen:
            size = len(chosen)
            weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            total = total + weight * (value[chosen | {block}] - value[chosen])
    return total


def _step(value: Mapping[Chosen, np.ndarray], order: tuple[int, ...], block: int) -> np.ndarray:
    before = order[: order.index(block)]
    return value[frozenset((*before, block))] - value[frozenset(before)]


def _span(value: Mapping[Chosen, np.ndarray], block: int) -> tuple[float | None, float | None]:
    """Least and most of the mean steps of a block, over everything that was run before and after it."""
    means = [
        float((value[chosen | {block}] - one).mean())
        for chosen, one in value.items()
        if block not in chosen and chosen | {block} in value and one.size
    ]
    return (min(means), max(means)) if means else (None, None)


# --- running ----------------------------------------------------------------------------------------------


def why(
    study: Any,
    first: str | None = None,
    second: str | None = None,
    *,
    measures: Sequence[str] | None = None,
    replications: int | None = None,
    orders: int = ORDERS,
    workers: int | None = None,
    engine: str = "compiled",
    progress: bool = False,
    model: Model | None = None,
    parts: Parts | None = None,
    folder: Path | None = None,
) -> Why:
    """What turns alternative `first` (the base unless named) into `second` (the only other one unless named).

    Scenarios between them that make no sense are not run: their sections are merged (`Why.way.merged`). No scenario is
    run twice. `measures` are shown first, the scenario's outcomes unless named. `parts` replaces the sections. With a
    `folder` finished runs are kept there, and not run again as long as scenarios and the code that simulates stay.

    Raises NoAnswer for an unknown alternative or measure, and where the two do not differ; AllFailed where every run
    failed; StoreError for a folder that cannot be used.
    """
    from simkit.experiment.differences.kept import KeptRuns
    from simkit.experiment.progress import Progress

    names = _named(study, first, second)
    scenarios = [study.alternatives[name] for name in names]
    model = model or Model()
    table = {**resolve(model.measures), **_extended(scenarios[0])}
    shown = _shown(scenarios[0], measures, table)
    parts = parts or parts_of(*scenarios)
    if not parts.names:
        raise NoAnswer(f"{names[0]} and {names[1]} do not differ")
    how = way(parts, orders, scenarios[0].seed)
    told = {chosen: _told(names, how, chosen) for chosen in how.needed}
    work = Work({told[one]: parts.between(how.sections(one)) for one in told}, engine, model)
    count = scenarios[0].replications if replications is None else replications
    values = {chosen: {name: np.full(count, np.nan) for name in table} for chosen in told}
    by_name = {name: chosen for chosen, name in told.items()}
    failures: dict[Cell, str] = {}
    cells = plan(told.values(), count)

    def note(cell: Cell, measures: Mapping[str, float | None]) -> None:
        for name, value in measures.items():
            if name in table and value is not None:
                values[by_name[cell.alternative]][name][cell.replication] = value

    kept = None if folder is None else KeptRuns(folder, work)
    there = {} if kept is None else {cell: one for cell in cells if (one := kept.measures(cell)) is not None}
    for cell, one in there.items():
        note(cell, one)
    missing = [cell for cell in cells if cell not in there]
    streaming: Any = closing(stream_cells(work, missing, workers)) if missing else nullcontext(())
    with Progress(len(missing), progress) as bar, streaming as stream:
        for cell, outcome in stream:
            bar.advance(seconds=outcome.seconds)
            if isinstance(outcome, Err):
                failures[cell] = f"{cell.alternative}, replication {cell.replication}, failed: {outcome.error}"
                continue
            note(cell, outcome.measures)
            if kept is not None:
                kept.add(cell, outcome)
    if kept is not None:
        kept.close()
    if len(failures) == len(cells):
        raise AllFailed(f"every run failed; the first: {failures[cells[0]]}")
    said = tuple(failures[cell] for cell in cells if cell in failures)
    return Why(*names, scenarios[0], how, table, shown, count, values, said)


def _named(study: Any, first: str | None, second: str | None) -> tuple[str, str]:
    there = list(study.alternatives)
    for name in (first, second):
        if name is not None and name not in there:
            raise NoAnswer(f"no alternative is called {name!r}; there are: {', '.join(there)}")
    if first is not None and second is None:
        first, second = there[0], first
    if first is None:
        first = there[0]
    others = [name for name in there if name != first]
    if second is None and len(others) == 1:
        second = others[0]
    if second is None:
        raise NoAnswer(f"name two of the alternatives: {', '.join(there)}")
    if first == second:
        raise NoAnswer(f"{first!r} is the base; name another: {', '.join(others) or 'there is none'}")
    return first, second


def _shown(scenario: Any, measures: Sequence[str] | None, table: Mapping[str, Any]) -> tuple[str, ...]:
    for name in measures or ():
        if name not in table:
            from simkit.scenario.overlay import choices

            raise NoAnswer(f"no measure is called {name!r}{choices(name, table, 'there are')}")
    return tuple(measures or (name for name in scenario.outcomes if name in table))


def _extended(scenario: Any) -> Mapping[str, Any]:
    extension = getattr(scenario, "extended_by", None)
    return extension.measures if extension is not None else {}


def _told(names: tuple[str, str], how: Way, chosen: Chosen) -> str:
    """What a scenario is called in messages."""
    if not chosen:
        return names[0]
    if len(chosen) == len(how.blocks):
        return names[1]
    return f"{names[0]} with {', '.join(how.labels[i] for i in sorted(chosen))} of {names[1]}"
