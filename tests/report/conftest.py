"""A result of the made-up model, to be shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def synthetic(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the made-up model."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "experiment"))
    import synthetic

    yield synthetic
    sys.modules.pop("synthetic", None)


@pytest.fixture
def result(synthetic: Any) -> Any:
    """Three alternatives, six replications."""
    from simkit.experiment.study import run

    return run(synthetic.study(), replications=6, workers=1, model=synthetic.MODEL)
