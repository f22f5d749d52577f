"""The results folder: tables, manifest and page of one study, written whole or not at all, read by anyone.

Parquet and CSV for other tools, JSON for the manifest; nothing in it is ever unpickled.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simkit.experiment.cells import BREAKDOWNS

if TYPE_CHECKING:
    import pandas as pd

    from simkit.experiment.result import Result

SCHEMA = "simkit results/1"
MANIFEST = "manifest.json"
SOMETIMES = ("worlds.csv", "worlds.parquet", "investment.csv", *(f"{name}.parquet" for name in BREAKDOWNS))
"""Tables that not every result has."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ResultsFolderError(OSError):
    """A folder that results must not be written to."""


def save(result: Result, folder: Path, page: Callable[[], str]) -> Path:
    """Write `result` and its page into `folder`; the folder.

    Everything is first written beside it, then moved into place file by file, the manifest last: a manifest
    whose checksums hold is a finished save. Results of an earlier run are replaced.
    """
    check_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _folder_beside(folder) as beside:
        _write_tables(result, beside)
        _write(beside / "report.html", page().encode("utf-8"))
        checksums = {path.name: _checksum(path) for path in sorted(beside.iterdir())}
        _write(beside / MANIFEST, _json(manifest(result, checksums)))
        folder.mkdir(exist_ok=True)
        for name in set(SOMETIMES) - set(checksums):
            (folder / name).unlink(missing_ok=True)  # of an earlier run, and not of these numbers
        for name in (*checksums, MANIFEST):
            os.replace(beside / name, folder / name)
        _sync_folder(folder)
    return folder


def check_folder(folder: Path) -> None:
    """Refuse a place that holds something else than results of an earlier run."""
    if folder.exists() and not folder.is_dir():
        raise ResultsFolderError(f"{folder} is a file; name a folder for the results")
    if folder.is_dir() and any(folder.iterdir()) and not is_results_folder(folder):
        raise ResultsFolderError(f"{folder} is not empty and holds no simkit results; name another folder")


def is_results_folder(folder: Path) -> bool:
    """Whether an earlier run was saved here."""
    try:
        form = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(form, dict) and str(form.get("schema", "")).startswith("simkit results/")


def manifest(result: Result, checksums: dict[str, str]) -> dict[str, Any]:
    """What was run, with what, where and when: enough to run it again and to know whether it is the same."""
    return {
        "schema": SCHEMA,
        "name": result.name,
        "scenario": {
            "files": {_shown(name, result.path): text for name, text in result.texts.items()},
            "resolved": {name: one.model_dump(mode="json") for name, one in result.scenarios.items()},
        },
        "sets": list(result.sets),
        "numbers": dict(result.numbers),
        "alternatives": result.alternatives,
        "seed": result.base.seed,
        "replications": result.replications,
        "engine": result.engine,
        "failed": result.failed,
        "warnings": list(result.warnings),
        **_portable(result),
        "times": {**result.times, "saved": datetime.now(UTC).isoformat(timespec="seconds")},
        "sha256": checksums,
    }


# --- tables -----------------------------------------------------------------------------------------------


def _write_tables(result: Result, folder: Path) -> None:
    for name in ("runs", "daily", "cases"):
        _write_parquet(folder / f"{name}.parquet", getattr(result, name))
    for name, table in result.breakdowns.items():
        _write_parquet(folder / f"{name}.parquet", table)
    _write(folder / "summary.csv", csv(result.summary()))
    _write(folder / "comparisons.csv", csv(result.comparisons()))
    if len(result.investment):
        _write(folder / "investment.csv", csv(result.investment))
    if result.worlds is not None:
        _write_parquet(folder / "worlds.parquet", result.worlds.runs)
        _write(folder / "worlds.csv", csv(result.worlds.table()))


def _write_parquet(path: Path, table: pd.DataFrame) -> None:
    table.to_parquet(path, index=False)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def csv(table: pd.DataFrame) -> bytes:
    """A table as CSV in which no text can be taken for a formula by a spreadsheet."""
    import pandas as pd

    safe = table.rename(columns=defused)
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(defused)
    return safe.to_csv(index=False, lineterminator="\n").encode("utf-8")


def defused(value: Any) -> Any:
    """A text that starts as a formula does gets a leading apostrophe; anything else is left as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


# --- files ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _folder_beside(folder: Path) -> Iterator[Path]:
    """A temporary folder on the same disk, gone afterwards whatever happens."""
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
    try:
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the moves themselves last, where the platform can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(form: dict[str, Any]) -> bytes:
    return (json.dumps(form, indent=1, ensure_ascii=False, allow_nan=False, default=str) + "\n").encode("utf-8")


def _portable(result: Result) -> dict[str, Any]:
    """The origin without this machine's folders."""
    origin = dict(result.origin)
    if "extension" in origin:
        origin["extension"] = {**origin["extension"], "file": _shown(origin["extension"]["file"], result.path)}
    return origin


def _shown(name: str, scenario: str) -> str:
    """A file by its place beside the scenario, so that no machine's folders are recorded."""
    folder = Path(scenario).parent
    with contextlib.suppress(ValueError):
        return Path(name).relative_to(folder).as_posix()
    return Path(name).name
