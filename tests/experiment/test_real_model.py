"""The runner with the model it is made for: every contract between the two, at the smallest size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from simkit.experiment.executors.processes import Desk
from simkit.experiment.store import save
from simkit.experiment.study import run
from simkit.measures.catalog import MEASURES
from simkit.report.page import render
from simkit.report.tables import contacts_by_channel, profit_steps
from simkit.scenario.load import load

SCENARIO = """
extends: retail
horizon: 60 days
warmup: 14 days
market: {customers: 300, represents: 100}
goals: {retention_rate: ">= 60%"}
alternatives:
  pods: {teams.structure: pods}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("study") / "tiny.yaml"
    Path(path).write_text(SCENARIO, encoding="utf-8")
    return load(path)


@pytest.fixture(scope="module")
def result(study: Any) -> Any:
    return run(study, replications=2, workers=1)


def test_nothing_fails_and_every_measure_is_there(result: Any):
    """Two alternatives, two replications, a row for each measure."""
    assert result.failed == 0, result.warnings
    assert len(result.runs) == 2 * 2 * len(MEASURES)
    assert set(result.outcomes) <= set(MEASURES)


def test_workers_change_nothing(study: Any, result: Any, monkeypatch: pytest.MonkeyPatch):
    """A scenario that traveled to a worker simulates to the same bits."""
    monkeypatch.setattr(Desk, "take", lambda desk: None)  # or this process has done them all before a worker is there
    spread = run(study, replications=2, workers=2)
    assert spread.failed == 0
    assert spread.runs.equals(result.runs)
    assert spread.daily.equals(result.daily)
    assert spread.cases.equals(result.cases)


def test_another_alternative_changes_no_other(result: Any, tmp_path: Path):
    """With one more alternative in the file, written before the others, everybody else's runs are the same bits."""
    file = tmp_path / "tiny.yaml"
    file.write_text(SCENARIO.replace("alternatives:\n", "alternatives:\n  busy: {work.campaigns_per_week: 20}\n"))
    more = run(load(file), replications=2, workers=1)
    assert more.alternatives != result.alternatives
    for table in ("runs", "daily", "cases"):
        rows = getattr(more, table)
        kept = rows[rows["alternative"] != "busy"].reset_index(drop=True)
        assert len(kept) < len(rows)
        assert kept.equals(getattr(result, table))


def test_pictures_agree_with_the_measures(result: Any):
    """Channels sum to the contacts measured, and the bridge ends at the paired difference in profit."""
    for name in result.alternatives:
        measured = result.interval(name, "contacts_per_customer_week").mean
        assert contacts_by_channel(result).loc[name].sum() == pytest.approx(measured)
    steps = profit_steps(result)["pods"]
    assert steps["profit"] == pytest.approx(result.difference("profit", "pods", "today").difference)
    assert steps.drop("profit").sum() == pytest.approx(steps["profit"])


@pytest.fixture(scope="module")
def page(result: Any) -> str:
    return render(result)


def test_page_and_numbers(result: Any, page: str):
    """The page has its pictures, and says how many numbers are yours, published and assumed."""
    assert page.count("<svg") == 4
    assert set(result.numbers) == {"yours", "published", "assumed"}
    assert "assumed" in page


def test_cohorts_and_channels_are_kept_and_saved(result: Any, page: str, tmp_path: Path):
    """Every run's tables, with the cell's name in front, and the same from the results folder."""
    folder = save(result, tmp_path / "results", lambda: page)
    for name, keys in (("cohorts", ["cohort", "date"]), ("channels", ["channel"])):
        kept = result.breakdowns[name]
        assert not kept.duplicated(["alternative", "replication", *keys]).any()
        assert len(kept[["alternative", "replication"]].drop_duplicates()) == 4
        pd.testing.assert_frame_equal(pd.read_parquet(folder / f"{name}.parquet"), kept)
    assert "Cohorts by quarter" in (folder / "report.html").read_text(encoding="utf-8")
