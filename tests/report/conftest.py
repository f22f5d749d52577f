"""A result of the made-up model, to be shown."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def synthetic() -> Any:
    """The module of the made-up model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[1] / "experiment"))
        yield importlib.import_module("synthetic")


@pytest.fixture(scope="session")
def result(synthetic: Any) -> Any:
    """Three alternatives, six replications."""
    from simkit.experiment.study import run

    return run(synthetic.study(), replications=6, workers=1, model=synthetic.MODEL)


@pytest.fixture(scope="session")
def page(result: Any) -> str:
    """The page of that result."""
    from simkit.report.page import render

    return render(result)
