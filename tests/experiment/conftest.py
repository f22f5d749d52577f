"""The made-up model, importable by name here and in worker processes."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def synthetic() -> Any:
    """The module of the made-up model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        yield importlib.import_module("synthetic")


@pytest.fixture(scope="session")
def cheap() -> Any:
    """The module of a model of microseconds that takes real scenarios."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        yield importlib.import_module("cheap")


@pytest.fixture(scope="session")
def faults() -> Any:
    """The module of a model that does nothing, slowly or fatally."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        yield importlib.import_module("faults")


@pytest.fixture(scope="session")
def ishigami() -> Any:
    """The module of a model whose only figures are an extension's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        yield importlib.import_module("ishigami")
