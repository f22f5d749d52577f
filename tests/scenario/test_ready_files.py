"""The files in scenarios/ load, ask a question and are listed."""

from pathlib import Path

import pytest

from simkit.scenario.load import load

FOLDER = Path(__file__).parents[2] / "scenarios"
LISTED = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_ready_scenario_loads_and_is_listed(file):
    """No problem in any of its alternatives, a question where there are several, a row in the README."""
    study = load(file)
    assert study.base.question.endswith("?") or len(study.alternatives) == 1
    assert f"| `{file.name}` |" in LISTED
