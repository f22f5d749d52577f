"""What pairing gains on lead times: the page of the experiment says what its runs say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "pairing"


@pytest.fixture(scope="module")
def pairing() -> Any:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("pairing", FOLDER / "pairing.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_says_what_the_runs_say(pairing: Any):
    """Its table is that of the committed runs, line by line."""
    page = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in page if line.startswith("|")] == pairing.page_table(pd.read_csv(FOLDER / "pairing.csv"))


def test_what_pairing_removes(pairing: Any):
    """All of what two share, none of what each has by itself; what is shared by half is half."""
    a, b, c = np.random.default_rng(1).normal(size=(3, 4000))
    assert pairing.removed(a, a + 3) == pytest.approx(1)
    assert pairing.removed(a, b) == pytest.approx(0, abs=0.05)
    assert pairing.removed(a + b, a + c) == pytest.approx(0.5, abs=0.05)


def test_a_department_is_run_as_the_page_says(pairing: Any):
    """With nothing to wait for, a replication's days are fewer than with a board every five days; twice the same."""
    (slow,), (quick,) = (
        pairing.answers(pairing.CONDITIONS[name], range(1))["hierarchy"] for name in ("as shipped", "both")
    )
    assert 0 < quick < slow < 60
    assert pairing.answers(pairing.CONDITIONS["both"], range(1))["hierarchy"].tolist() == [quick]
