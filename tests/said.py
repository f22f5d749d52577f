"""What is said about a scenario file, for tests of several modules."""

from __future__ import annotations

import pytest

from simkit.scenario.errors import ScenarioError
from simkit.scenario.load import load

ONE_CAMPAIGN = "campaigns: {c: {per_week: 1}}\noccasions: {}\nmonitors: {}\n"
"""Without the shipped programs, which ask for their channels and kinds of work."""


def problems(path: str, *sets: str) -> list[str]:
    """Every problem as it is printed."""
    with pytest.raises(ScenarioError) as caught:
        load(path, sets)
    return [str(problem) for problem in caught.value.problems]
