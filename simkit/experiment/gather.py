"""From outcomes of cells to one result: tables in a fixed order, failures, and warnings worth reading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from simkit.experiment.cells import BREAKDOWNS, Cell, Err, Ok, Outcome, extension_of
from simkit.experiment.origin import origin
from simkit.experiment.result import Failure, Result

_NUMBER = re.compile(r"\d[\d.,]*")
RUN_COLUMNS = ["alternative", "replication", "measure", "value", "status", "error", "digest"]


def gather(
    study: Any,
    scenarios: Mapping[str, Any],
    replications: int,
    engine: str,
    outcomes: Mapping[Cell, Outcome],
    measures: Mapping[str, Any],
    times: Mapping[str, Any],
) -> Result:
    """Sort what came back by alternative and replication, whoever ran it and in whatever order."""
    cells = [Cell(name, i) for name in scenarios for i in range(replications)]
    failures = tuple(Failure(cell, one.error, one.digest) for cell in cells if isinstance(one := outcomes[cell], Err))
    rows = [row for cell in cells for row in _run_rows(cell, outcomes[cell], measures)]
    return Result(
        path=str(study.path),
        texts=dict(study.texts),
        sets=study.sets,
        scenarios=scenarios,
        replications=replications,
        engine=engine,
        measures=measures,
        runs=pd.DataFrame(rows, columns=RUN_COLUMNS).astype({"value": float}),
        daily=_stack("daily", cells, outcomes),
        cases=_stack("cases", cells, outcomes),
        breakdowns={name: table for name in BREAKDOWNS if len(table := _stack(name, cells, outcomes))},
        failures=failures,
        warnings=tuple(_warnings(study, cells, outcomes, failures)),
        numbers=_numbers(study),
        origin={**origin(), **_extension(scenarios)},
        times=times,
    )


def _extension(scenarios: Mapping[str, Any]) -> dict[str, Any]:
    """The extension the study ran with: its file, hash and text, and what it changes; nothing without one."""
    extension = extension_of(scenarios)
    if extension is None:
        return {}
    facts = {
        "file": extension.shown,
        "sha256": extension.sha256,
        "does": extension.does,
        "changes": extension.changes(),
    }
    return {"extension": {**facts, "files": dict(extension.texts)}}


def _numbers(study: Any) -> dict[str, int]:
    """How many numbers of the base are yours, published and assumed; nothing for a study of another kind."""
    from simkit.scenario.explain import counts, sources
    from simkit.scenario.load import Study

    return counts(sources(study)) if isinstance(study, Study) else {}


def _run_rows(cell: Cell, outcome: Outcome, measures: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    if isinstance(outcome, Err):
        tail = ("failed", outcome.error, outcome.digest)
        return [(cell.alternative, cell.replication, name, None, *tail) for name in measures]
    figures = outcome.measures
    return [(cell.alternative, cell.replication, name, figures.get(name), "ok", "", "") for name in measures]


def _stack(part: str, cells: list[Cell], outcomes: Mapping[Cell, Outcome]) -> pd.DataFrame:
    """One table of all cells, with the cell's name in front."""
    frames = []
    for cell in cells:
        outcome = outcomes[cell]
        if isinstance(outcome, Ok) and len(frame := _part(outcome, part)):
            front = {"alternative": cell.alternative, "replication": cell.replication}
            frames.append(pd.concat([pd.DataFrame(front, index=frame.index), frame], axis=1))
    if not frames:
        return pd.DataFrame({"alternative": [], "replication": []})
    return pd.concat(frames, ignore_index=True)


def _part(outcome: Ok, part: str) -> pd.DataFrame:
    return outcome.breakdowns.get(part, pd.DataFrame()) if part in BREAKDOWNS else getattr(outcome, part)


def _warnings(
    study: Any, cells: list[Cell], outcomes: Mapping[Cell, Outcome], failures: tuple[Failure, ...]
) -> list[str]:
    """Failed runs first, then what the scenario and the runs warn of, each once with how often."""
    lines = _failure_lines(failures, len(cells)) + list(study.warnings)
    replications = 1 + max(cell.replication for cell in cells)
    if replications == 1:
        lines.append("One replication: nothing is known about luck, so there are no intervals and no verdicts.")
    return lines + _run_warnings(cells, outcomes, replications)


def _run_warnings(cells: list[Cell], outcomes: Mapping[Cell, Outcome], replications: int) -> list[str]:
    """What runs warn of, once for texts that differ in nothing but their numbers."""
    groups: dict[str, list[tuple[Cell, str]]] = {}
    for cell in cells:
        outcome = outcomes[cell]
        for text in dict.fromkeys(outcome.warnings) if isinstance(outcome, Ok) else ():
            groups.setdefault(_NUMBER.sub("#", text), []).append((cell, text))
    everyone = len({cell.alternative for cell in cells})
    lines = []
    for group in groups.values():
        names = dict.fromkeys(cell.alternative for cell, _ in group)
        who = "every alternative" if len(names) == everyone > 1 else ", ".join(names)
        runs = len(names) * replications
        partly = f"in {len(group)} of {runs} runs" if len(group) < runs else ""
        varied = "the first of them is told" if len({text for _, text in group}) > 1 else ""
        notes = ", ".join(note for note in (partly, varied) if note)
        lines.append(f"{who}: {group[0][1]}{f' ({notes})' if notes else ''}")
    return lines


def _failure_lines(failures: tuple[Failure, ...], total: int) -> list[str]:
    groups: dict[tuple[str, str], list[Failure]] = {}
    for one in failures:
        groups.setdefault((one.error, one.digest), []).append(one)
    lines = [f"{len(failures)} of {total} runs failed; means and differences leave them out."] if failures else []
    for (error, digest), group in groups.items():
        first = group[0].cell
        where = f"{first.alternative}, replication {first.replication}"
        lines.append(f"{len(group)} failed (the first: {where}): {error} [{digest}]")
    return lines
