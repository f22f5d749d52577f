"""What tests of the results folder share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sweeps import Bench


@pytest.fixture
def bench(tmp_path: Path, cheap: Any, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An experiment of twelve cheap cells, a results folder, and a log of what really ran."""
    monkeypatch.setenv(cheap.LOG, str(tmp_path / "log"))
    return Bench(tmp_path, cheap.MODEL)
