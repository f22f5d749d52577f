"""What a sweep's manifest tells besides its parts, and the digest of all that its labels depend on."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simkit.experiment.definition.files import Experiment
from simkit.experiment.storage.address import digest

if TYPE_CHECKING:
    import pandas as pd


def about(
    experiment: Experiment, design: pd.DataFrame, replications: int, seed: int, engine: str, fingerprint: str
) -> dict[str, Any]:
    """What was run, with what, where and when: enough to run it again and to know whether it is the same."""
    extension = experiment.study.extension
    measures = extension.measures if extension is not None else {}  # simkit's own are known to who reads this
    sides = {name: one.better for name, one in measures.items() if one.better}
    made_with = {"file": Path(extension.shown).name, "sha256": extension.sha256} if extension is not None else None
    return {
        "name": experiment.name,
        "question": experiment.question,
        "scenario": {
            "files": {_shown(name, experiment): text for name, text in experiment.texts.items()},
            "resolved": {
                name: experiment.study.alternatives[name].model_dump(mode="json") for name in experiment.alternatives
            },
        },
        "sets": list(experiment.options),
        "levers": list(experiment.levers),
        "uncertainties": list(experiment.uncertainties),
        "outcomes": list(experiment.outcomes),
        "directions": {**sides, **experiment.directions},
        "design": experiment.design.model_dump(exclude_none=True) if experiment.design else None,
        "cases": len(design),
        "alternatives": list(experiment.alternatives),
        "replications": replications,
        "seed": seed,
        "engine": engine,
        "fingerprint": fingerprint,
        "extension": made_with,
        "times": {"started": datetime.now(UTC).isoformat(timespec="seconds")},
    }


@cache
def made_by() -> dict[str, Any]:
    """Code, packages and machine; asked once, because what runs in this process is what it was started with."""
    from simkit.experiment.origin import origin  # brings Numba along: not for a sweep that has nothing left to do

    return origin()


def inputs_of(experiment: Experiment, design: pd.DataFrame, seed: int, fingerprint: str) -> str:
    """Equal as long as (case, alternative, replication) means the same run; it may change where that does not."""
    texts = {_shown(name, experiment): text for name, text in experiment.texts.items()}
    form = {
        "texts": texts,
        "sets": experiment.options,
        "design": {str(name): [_plain(value) for value in design[name]] for name in design.columns},
        "cases": [int(case) for case in design.index],
        "alternatives": experiment.alternatives,
        "seed": seed,
    }
    return digest(json.dumps(form, sort_keys=True, default=str), fingerprint)


def design_table(design: pd.DataFrame) -> pd.DataFrame:
    """The cases with `case` as a column; what Parquet cannot hold in one column (numbers beside texts) as text."""
    table = design.reset_index(names="case")
    for name in table.columns:
        kinds = {type(value) for value in table[name].dropna()}
        if table[name].dtype == object and kinds - {str}:
            table[name] = table[name].map(lambda value: None if value is None else _text(value))
    return table


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(_plain(value), default=str)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _shown(name: str, experiment: Experiment) -> str:
    """A file by its place beside the experiment, so that no machine's folders are recorded."""
    for folder in (experiment.path.parent, experiment.scenario.parent):
        with suppress(ValueError):
            return Path(name).relative_to(folder).as_posix()
    return Path(name).name
