"""The made-up model, importable by name here and in worker processes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def synthetic(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the made-up model."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import synthetic

    yield synthetic
    sys.modules.pop("synthetic", None)
