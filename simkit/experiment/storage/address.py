"""What makes a cell the same cell: what is simulated, by which code, under which luck.

Two addresses are equal exactly when their runs would be: names, questions, goals and other words of a scenario do not
enter, nor does simkit's code beside what simulates and measures.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import platform
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from simkit.experiment.cells import Model, extension_of
from simkit.experiment.definition.tables import WORDS

SIMULATING = (
    "scenario", "customers", "teams", "coupling", "measures", "fits", "records.py", "rng.py", "simulation.py",
    "extend.py",
)  # fmt: skip
"""Rooms of simkit whose code makes figures."""
PACKAGES = ("numpy", "numba", "simpy", "scipy")
"""Packages that figures pass through."""


def digest(*parts: str | bytes) -> str:
    """One SHA-256 over several texts."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "little") + data)
    return found.hexdigest()


def scenario_digest(scenario: Any) -> str:
    """Of everything in a resolved scenario that a run may depend on, its seed included."""
    form = scenario.model_dump(mode="json", exclude=WORDS & set(type(scenario).model_fields))
    return digest(json.dumps(form, sort_keys=True, ensure_ascii=False, default=str))


def cell_address(scenario: str, replication: int, fingerprint: str) -> str:
    """The address of a run: `scenario` is the digest of what is simulated."""
    return digest(scenario, str(replication), fingerprint)


def fingerprint(model: Model, engine: str, scenarios: Any) -> str:
    """Of the code that simulates and measures, of the packages under it, and of an extension's files.

    A change of documentation, of the report or of the statistics leaves it as it is.
    """
    extension = extension_of(scenarios)
    code = _simkit() if model == Model() else digest(*(_module(one) for one in (model.simulate, model.compute)))
    own = extension.sha256 if extension is not None else ""
    return digest(code, own, engine, platform.python_version(), *_versions())


def _versions() -> list[str]:
    return [f"{name} {_version(name)}" for name in PACKAGES]


@lru_cache
def _version(package: str) -> str:
    return metadata.version(package)


@lru_cache(maxsize=1)
def _simkit() -> str:
    root = Path(__file__).resolve().parents[2]
    files = [file for room in SIMULATING for file in _files(root / room)]
    return digest(*(part for file in files for part in (file.relative_to(root).as_posix(), file.read_bytes())))


def _files(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def _module(function: Any) -> bytes:
    """The file in which a replaced function stands."""
    name = function.partition(":")[0] if isinstance(function, str) else function.__module__
    found = importlib.util.find_spec(name)
    place = Path(found.origin) if found is not None and found.origin else None
    return name.encode() + (place.read_bytes() if place is not None and place.is_file() else b"")
