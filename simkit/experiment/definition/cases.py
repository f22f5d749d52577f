"""From a design to scenarios: each row of its table is laid over the scenario, for every alternative."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simkit.experiment.cells import Err, failure
from simkit.experiment.definition.checks import why_not_varied
from simkit.experiment.definition.files import Experiment
from simkit.scenario.checking import value_at
from simkit.scenario.errors import Problem, ScenarioError, SenseError
from simkit.scenario.overlay import UNKNOWN_KEY

if TYPE_CHECKING:
    import pandas as pd

NO_SUCH_PATH = (UNKNOWN_KEY, "unknown alternative ", "expected a dotted path")
"""How messages begin that are of a path and not of the value there."""


def design_of(experiment: Experiment) -> pd.DataFrame:
    """The cases: index `case` from 0, a column per factor. One case without columns when nothing is varied.

    An empty value stays as the scenario has it. Raises ScenarioError for a table of cases that does not fit.
    """
    import pandas as pd

    if experiment.design is None:
        return pd.DataFrame(index=pd.RangeIndex(1, name="case"))
    from simkit.experiment.designs import design_table

    options = experiment.design.options
    if "file" in options:
        options["file"] = experiment.path.parent / options["file"]
    if experiment.design.kind in ("sub_experiments", "one_at_a_time"):
        options["base"] = {path: _held(experiment, path) for path in experiment.factors}
    try:
        table = design_table(experiment.design.kind, experiment.factors, **options)
    except SenseError as error:
        raise ScenarioError([experiment.problem(_steps(experiment, error.path), str(error))]) from None
    if experiment.design.kind == "cases":
        _refuse_columns(experiment, table, str(options["file"]))
    return table


def _refuse_columns(experiment: Experiment, table: pd.DataFrame, file: str) -> None:
    """Refuse names that the scenario does not have: all cases would fail, each when it is its turn."""
    problems = []
    for at, path in enumerate(table.columns, start=1):
        why = why_not_varied(path)
        try:
            experiment.study_of({path: table[path].iloc[0]})
        except ScenarioError as error:
            told = [one.message for one in error.problems]
            why = next((one for one in told if one.startswith(NO_SUCH_PATH)), "")
        if why:
            problems.append(Problem(file, 1, at, f"column {path!r}: {why}"))
    if problems:
        raise ScenarioError(problems)


def _held(experiment: Experiment, path: str) -> Any:
    """What the scenario has there, or nothing where that is a table: an empty value leaves it as it is."""
    value = value_at(experiment.study.base, path)
    return value if isinstance(value, (bool, int, float, str)) else None


def _steps(experiment: Experiment, path: str) -> list[str]:
    """Where a factor of this name is written, else the design."""
    sections = {"levers": experiment.levers, "uncertainties": experiment.uncertainties}
    return next(([section, path] for section, factors in sections.items() if path in factors), ["design"])


def resolver(
    experiment: Experiment, design: pd.DataFrame, seed: int
) -> Callable[[int], tuple[dict[str, Any], Err | None]]:
    """Case -> its alternatives by name, with one seed so that they are paired; or the failure that there are none."""
    rows = design.to_dict("index") if len(design.columns) else {case: {} for case in design.index}

    def scenarios(case: int) -> tuple[dict[str, Any], Err | None]:
        started = time.perf_counter()
        try:
            study = experiment.study_of({str(path): value for path, value in rows[case].items()})
        except ScenarioError as error:
            return {}, failure(error, time.perf_counter() - started)
        return {
            name: one if one.seed == seed else one.model_copy(update={"seed": seed})
            for name, one in study.alternatives.items()
        }, None

    return scenarios
