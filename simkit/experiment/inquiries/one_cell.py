"""One cell of a study, found again: by a scenario file, or by the results folder of an earlier run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simkit.scenario.schema import Scenario


class NoSuchCell(ValueError):
    """An alternative or replication that a study does not have."""


@dataclass(frozen=True)
class OneCell:
    """The scenario of one alternative, and which replication's luck it meets."""

    scenario: Scenario
    alternative: str
    replication: int
    note: str = ""
    """What may keep the numbers from being those of the earlier run; empty for nothing."""


def one_cell(
    source: Path,
    alternative: str | None = None,
    replication: int = 0,
    sets: Sequence[str] = (),
    extend: str | Path | None = None,
) -> OneCell:
    """The cell of a scenario file (with overrides) or results folder; the base and replication 0 unless said.

    What was made with an extension needs its file again: `extend`.

    Raises NoSuchCell, ScenarioError for a file with mistakes, OSError for one that cannot be read.
    """
    alternatives, note = _from_folder(source, extend) if source.is_dir() else (_from_file(source, sets, extend), "")
    if source.is_dir() and sets:
        raise NoSuchCell("a results folder is what was run; --set goes with a scenario file")
    name = next(iter(alternatives)) if alternative is None else alternative
    if name not in alternatives:
        raise NoSuchCell(f"no alternative is called {name!r}; there are: {', '.join(alternatives)}")
    return OneCell(alternatives[name], name, replication, note)


def _from_file(path: Path, sets: Sequence[str], extend: str | Path | None) -> dict[str, Scenario]:
    from simkit.scenario.load import load

    return load(path, sets, extend).alternatives


def _from_folder(folder: Path, extend: str | Path | None) -> tuple[dict[str, Scenario], str]:
    """The alternatives as they were resolved when they ran."""
    from simkit.experiment.origin import code_version
    from simkit.experiment.store import MANIFEST, is_results_folder
    from simkit.rng import RNG_SCHEME
    from simkit.scenario.extending import find
    from simkit.scenario.schema import Scenario

    if not is_results_folder(folder):
        raise NoSuchCell(f"{folder} holds no results of `simkit run`")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    resolved = manifest["scenario"]["resolved"]
    extension, made_with = find(extend), manifest.get("extension")
    if bool(extension) != bool(made_with):
        raise NoSuchCell(_other_extension(folder, made_with))
    schema = extension.scenario_class if extension else Scenario
    found = {name: schema.model_validate(one) for name, one in resolved.items()}
    then, now = manifest.get("code") or {}, code_version()
    same = manifest.get("rng") == RNG_SCHEME and then == now and not then.get("dirty")
    if extension and extension.sha256 != made_with["sha256"]:
        return found, f"{extension.shown} was edited since: the numbers may differ from the saved ones"
    return found, "" if same else "made by another version of the code: the numbers may differ from the saved ones"


def _other_extension(folder: Path, made_with: Mapping[str, Any] | None) -> str:
    if made_with is None:
        return f"{folder} was made without an extension"
    return f"{folder} was made with the extension {made_with['file']}; name the file: --extend {made_with['file']}"
