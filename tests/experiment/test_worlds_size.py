"""`experiments/worlds_size`: its program runs, goes on where it stopped, and its figures are those by hand."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simkit.experiment.worlds.explore import PERSONS
from simkit.rng import generator

FOLDER = Path(__file__).parents[2] / "experiments" / "worlds_size"


@pytest.fixture(scope="module")
def compare() -> Any:
    found = importlib.util.spec_from_file_location("worlds_size", FOLDER / "compare.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_program_runs_and_goes_on(compare: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any):
    """A tiny market with few persons and with more: a line a run; what is there is not run again."""
    scenario, file = tmp_path / "tiny.yaml", tmp_path / "runs.csv"
    scenario.write_text(
        "horizon: 10\nwarmup: 7\nmarket: {customers: 40}\nalternatives:\n  pods: {teams.structure: pods}\n",
        encoding="utf-8",
    )
    simulate, made = compare.simkit.simulate, []

    def counted(one: Any, replication: int) -> Any:
        made.append(replication)
        return simulate(one, replication=replication, engine="mesa")

    monkeypatch.setattr(compare.simkit, "simulate", counted)
    compare.main(str(scenario), 3, [10, 20], file)
    assert "3 worlds. With 20 persons" in capsys.readouterr().out
    assert len(made) == 3 * 2 * 2 + 1  # one more: what compiles is not timed
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    again = compare.run_all(str(scenario), 3, [10, 20], file)
    assert len(made) == 13 + 2
    assert [row.rpartition(",")[0] for row in file.read_text(encoding="utf-8").splitlines()] == [
        row.rpartition(",")[0] for row in lines
    ]
    assert set(again["persons"]) == {10, 20}


def test_figures_by_hand(compare: Any):
    """Errors of two and of minus two around leads with a spread of ten: no shift, an error of a fifth, limits kept."""
    many = np.tile([-10.0, 10.0], 40) * math.sqrt(79 / 80)
    few = many + np.repeat([2.0, -2.0], 40)
    found = compare.compared(few, many, same_winner=80)
    assert found["error"] == pytest.approx((0.2, 0.2, 0.2), abs=0.03)
    assert found["shift"][0] == pytest.approx(0)
    assert found["correlation"][0] == pytest.approx(np.corrcoef(few, many)[0, 1])
    assert found["change"] == pytest.approx((0, -0.045, 0.045), abs=0.001)
    assert found["same_winner"][::2] == (1, 1)
    assert compare.verdict(found) == "does not hurt"


@pytest.mark.parametrize(
    ("shift", "noise", "said"), [(0.0, 1.0, "hurts"), (0.6, 0.0, "hurts"), (0.2, 0.1, "undecided")]
)
def test_what_hurts_is_said(compare: Any, shift: float, noise: float, said: str):
    """Luck as large as the spread, and a mean lead that moves, hurt; what lies on a limit is undecided."""
    draws = generator(1, "leads").standard_normal((2, 60))
    assert compare.verdict(compare.compared(draws[0] + shift + noise * draws[1], draws[0], 50)) == said


def test_the_page_holds_the_table(compare: Any):
    """The README's tables are what the program says of the committed runs."""
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name in ("runs.csv", "more_runs.csv"):
        runs = pd.read_csv(FOLDER / name)
        assert compare.table(runs) in page
        assert compare.table(compare.without_farthest(runs)) in page


def test_worlds_have_persons_enough(compare: Any):
    """So many persons as worlds have do not hurt, by the limits stated beforehand, over all worlds that were run for it."""
    runs = pd.read_csv(FOLDER / "more_runs.csv")
    assert runs.groupby(["world", "persons"]).ngroups == 240
    [row] = [line for line in compare.table(runs).splitlines() if line.startswith(f"| {PERSONS:,} |")]
    assert row.endswith("| does not hurt |")
