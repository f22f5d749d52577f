"""The folder of a search: what is searched, so that only the same search goes on in it, and what came out."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from simkit.experiment.search.problem import Problem
from simkit.experiment.store import ResultsFolderError

SCHEMA = "simkit search/1"
MANIFEST = "manifest.json"


def identity(problem: Problem, code: str, **settings: Any) -> dict[str, Any]:
    """All that the course of a search depends on, but for how long it goes on; `code` is the fingerprint of what makes
    figures (`storage.address.fingerprint`)."""
    return {
        "schema": SCHEMA,
        "name": problem.name,
        "texts": {name: hashlib.sha256(text.encode("utf-8")).hexdigest() for name, text in problem.texts.items()},
        "options": list(problem.options),
        "levers": {name: json.loads(json.dumps(_plain(one), default=str)) for name, one in problem.levers.items()},
        "alternatives": list(problem.alternatives),
        "outcomes": dict(problem.outcomes),
        "constraints": [one.text for one in problem.constraints],
        "seed": problem.seed,
        "settings": settings,
        "code": code,
    }


def claim(folder: Path, wanted: dict[str, Any]) -> None:
    """Make the folder this search's, or go on in it.

    Raises ResultsFolderError when it holds something else, or another search: another file, seed or version of simkit.
    """
    path = folder / MANIFEST
    if path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise ResultsFolderError(f"{path} cannot be read; name another folder, or remove this one") from None
        other = [key for key in wanted if not isinstance(found, dict) or found.get(key) != wanted[key]]
        if other:
            raise ResultsFolderError(
                f"{folder} holds another search ({', '.join(other)} differ); name another with --out, or remove it"
            )
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ResultsFolderError(f"{folder} is not empty and holds no search; name another folder with --out")
    folder.mkdir(parents=True, exist_ok=True)
    write(path, json.dumps(wanted, indent=1, ensure_ascii=False).encode("utf-8"))


def write(path: Path, content: bytes) -> None:
    """The whole file or none of it."""
    beside = path.with_name(f".{path.name}.partial")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def _plain(factor: Any) -> Any:
    return factor.model_dump() if hasattr(factor, "model_dump") else list(factor)
