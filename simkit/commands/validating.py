"""The command that says what is wrong with a file before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from simkit.commands import terminal
from simkit.commands.shared import INVALID, Extend, File, Json, Sets, is_experiment, load_study, say
from simkit.scenario.errors import ScenarioError

if TYPE_CHECKING:
    from simkit.scenario.load import Study


def validate(file: File, sets: Sets = None, extend: Extend = None, as_json: Json = False) -> None:
    """Say everything that is wrong with a scenario or an experiment, or `ok`; with --extend also whether both drivers
    agree on a scenario."""
    inside = file / "experiment.yaml"
    file = inside if inside.is_file() else file
    if file.is_file() and is_experiment(file):
        _experiment(file, sets, extend, as_json)
    else:
        _scenario(file, sets, extend, as_json)


def _scenario(file: Path, sets: list[str] | None, extend: Path | None, as_json: bool) -> None:
    with _problems(as_json):
        study = load_study(file, sets, extend)
        agreed = _agreement(study)
    if as_json:
        extension = {"extension": agreed} if agreed else {}
        _print_valid(study.warnings, {"alternatives": list(study.alternatives), **extension})
        return
    for warning in study.warnings:
        say(f"warning: {warning}")
    if agreed:
        print(f"{agreed['file']}: {'; '.join(agreed['changes'])}; {agreed['agreement']}")
    print("ok")


def _experiment(file: Path, sets: list[str] | None, extend: Path | None, as_json: bool) -> None:
    """How many runs a sweep of it would have, or what is wrong with it."""
    from simkit.commands.experiments import load_file
    from simkit.experiment.definition.cases import design_of
    from simkit.experiment.reproduction.reproduce import claims_of

    with _problems(as_json):
        experiment = load_file(file, sets, extend)
        design = design_of(experiment)
        claims_of(experiment, design)
    names, count = list(experiment.alternatives), experiment.replications
    if as_json:
        _print_valid(experiment.warnings, {"cases": len(design), "alternatives": names, "replications": count})
        return
    for warning in experiment.warnings:
        say(f"warning: {warning}")
    most = f" to {experiment.until.at_most}" if experiment.until else ""
    print(f"ok: {len(design)} cases x {len(names)} alternatives x {count}{most} replications")


@contextmanager
def _problems(as_json: bool) -> Iterator[None]:
    """What is wrong as a document, where that is asked for; else it is told as in every command."""
    try:
        yield
    except ScenarioError as error:
        if not as_json:
            raise
        terminal.print_json({"valid": False, "problems": [vars(problem) for problem in error.problems], "warnings": []})
        raise typer.Exit(INVALID) from None


def _print_valid(warnings: Iterable[str], told: dict[str, Any]) -> None:
    terminal.print_json({"valid": True, "problems": [], "warnings": list(warnings), **told})


def _agreement(study: Study) -> dict[str, Any]:
    """An extension's changes, and that both drivers agree on them; raises what is wrong with it."""
    if study.extension is None:
        return {}
    from simkit.extend import check

    found = check(study)
    return {"file": found.file, "changes": found.changes, "agreement": found.sentence}
