"""The folder of a search: what is searched, so that only the same search goes on in it, and what came out."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sys
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


def mend(journal: Path) -> None:
    """Take away what follows the first line of Optuna's journal that is damaged, and say so.

    The course of a search depends on the numbers of its trials alone, so it is the same again from there, and the runs
    are in a file of their own.
    """
    if not journal.is_file():
        return
    lines = journal.read_bytes().splitlines(keepends=True)
    whole = list(itertools.takewhile(_is_record, lines))
    if len(whole) < len(lines):
        write(journal, b"".join(whole))
        said = f"{journal} was damaged from line {len(whole) + 1} on"
        print(f"{said}; the search goes on from there, and no run is made again", file=sys.stderr)


def _is_record(line: bytes) -> bool:
    try:
        return line.endswith(b"\n") and isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _plain(factor: Any) -> Any:
    return factor.model_dump() if hasattr(factor, "model_dump") else list(factor)
