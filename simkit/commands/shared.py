"""What the commands share: options, exit codes, files that must exist, sentences to stderr."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from simkit.scenario.load import Study

File = Annotated[Path, typer.Argument(metavar="FILE", help="A scenario file.")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=C", help="Override a value; also -20%, x1.5, +2, and alternatives.NAME.A.B=C."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Extend = Annotated[
    Path | None,
    typer.Option("--extend", metavar="FILE.py", help="A file of your own that adds to the model; it is executed."),
]
USAGE, INVALID, FAILED_RUNS, NOT_MET, INTERRUPTED, ENVIRONMENT = 2, 3, 4, 5, 6, 7


def load_study(file: Path, sets: list[str] | None, extend: Path | None = None) -> Study:
    """The study in a scenario file, with an extension if one is named; the command ends when there is none."""
    from simkit.scenario.errors import ScenarioError
    from simkit.scenario.load import load

    require_file(file)
    require_extension(extend)
    try:
        return load(file, sets or (), extend)
    except ScenarioError:
        refuse_experiment(file)
        raise


def refuse_experiment(file: Path) -> None:
    """End the command where what is no scenario is an experiment."""
    if file.is_file() and is_experiment(file):
        stop(INVALID, f"{file} is an experiment, which varies a scenario; `simkit sweep {file}` runs it")


def is_experiment(file: Path) -> bool:
    """Whether a file has what only experiments have: the scenario that it varies."""
    return "scenario" in _keys(file)


def is_scenario(file: Path) -> bool:
    """Whether a file names no scenario, and has keys that only scenarios have."""
    from simkit.experiment.definition.tables import ExperimentFile
    from simkit.scenario.schema import Scenario

    keys = _keys(file)
    return "scenario" not in keys and bool((keys & set(Scenario.model_fields)) - set(ExperimentFile.model_fields))


def _keys(file: Path) -> set[str]:
    """The keys at the top of a file; none where it is no table."""
    from simkit.scenario.errors import ScenarioError
    from simkit.scenario.reading import parse, read_text

    try:
        return set(parse(read_text(file, str(file)), str(file), []).value)  # its mistakes are told by who reads it
    except (ScenarioError, TypeError):
        return set()


def require_file(file: Path) -> None:
    """End the command with a hint when there is no such file."""
    if not file.exists():
        from simkit.scenario.overlay import did_you_mean

        near = did_you_mean(file.name, [path.name for path in file.parent.glob("*.y*ml")])
        stop(USAGE, f"there is no file {str(file)!r}{near}")
    if not file.is_file():
        stop(USAGE, f"{str(file)!r} is not a file; name a scenario, such as scenario.yaml")


def require_extension(extend: Path | None) -> None:
    """End the command when an extension is named that is not there."""
    if extend is not None and not extend.is_file():
        stop(USAGE, f"there is no file {str(extend)!r} to extend the model with")


def hand_over(found: Any, shown: ModuleType, out: Path | None, as_json: bool) -> None:
    """An answer the way it was asked for: its table as a CSV file, then JSON or the page of the terminal.

    `shown` is the module of `simkit.report` that has `document` and `show` for it.
    """
    from simkit.commands import terminal

    if out is not None:
        from simkit.experiment.store import csv

        out.write_bytes(csv(found.table()))
        say(f"wrote {out}")
    if as_json:
        terminal.print_json(shown.document(found))
    else:
        shown.show(found, terminal.console())


def folder_name(name: str) -> str:
    """A scenario's name as the name of a folder, on every system."""
    return re.sub(r"[^\w-]+", "_", name).strip("_") or "scenario"


def say(text: str) -> None:
    """A sentence to stderr."""
    print(text, file=sys.stderr)


def stop(code: int, text: str) -> NoReturn:
    """End the command with a sentence and an exit code."""
    say(text)
    raise typer.Exit(code)
