"""What tests of scenario files share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes files into the current folder and returns the first one's name."""
    monkeypatch.chdir(tmp_path)

    def _write(text: str, **others: str) -> str:
        Path("s.yaml").write_text(text, encoding="utf-8")
        for name, content in others.items():
            path = Path(name.replace("__", "/").replace("_yaml", ".yaml").replace("_csv", ".csv"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return "s.yaml"

    return _write
