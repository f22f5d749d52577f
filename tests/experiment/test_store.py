"""The results folder: whole or not at all, checkable, and refused where something else lives."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from simkit.experiment import store
from simkit.experiment.store import ResultsFolderError, csv, save
from simkit.experiment.study import run
from simkit.rng import RNG_SCHEME


@pytest.fixture(scope="module")
def result(synthetic: Any) -> Any:
    return run(synthetic.study(), replications=2, workers=1, model=synthetic.MODEL)


def test_everything_is_there_and_checks_out(result: Any, tmp_path: Path):
    """The manifest names every other file with its checksum, and how it came about."""
    folder = save(result, tmp_path / "deep" / "out", lambda: "<html>")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    names = {path.name for path in folder.iterdir()}
    assert names == {*manifest["sha256"], "manifest.json"}
    assert {"runs.parquet", "daily.parquet", "cases.parquet", "summary.csv", "comparisons.csv", "report.html"} < names
    for name, checksum in manifest["sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == checksum
    assert manifest["rng"] == RNG_SCHEME
    assert manifest["scenario"]["files"] == {"made-up.yaml": "name: made-up\n"}
    assert manifest["scenario"]["resolved"]["pods"]["lead_days"] == 9.0
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_tables_come_back_as_they_were(result: Any, tmp_path: Path):
    """Parquet holds what the result holds."""
    folder = save(result, tmp_path / "out", lambda: "")
    for name in ("runs", "daily", "cases"):
        again = pd.read_parquet(folder / f"{name}.parquet")
        pd.testing.assert_frame_equal(again, getattr(result, name), check_dtype=False, check_exact=True)


def test_an_earlier_run_is_replaced(result: Any, tmp_path: Path):
    """Saving twice leaves the second."""
    save(result, tmp_path / "out", lambda: "first")
    save(result, tmp_path / "out", lambda: "second")
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") == "second"


@pytest.mark.parametrize("name", ["thesis.txt", "manifest.json"])
def test_a_folder_of_something_else_is_refused(result: Any, tmp_path: Path, name: str):
    """What is not ours is not touched, whatever it is called."""
    (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(ResultsFolderError, match="no simkit results"):
        save(result, tmp_path, lambda: "")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_is_refused(result: Any, tmp_path: Path):
    """Results need a folder."""
    place = tmp_path / "out"
    place.write_text("", encoding="utf-8")
    with pytest.raises(ResultsFolderError, match="is a file"):
        save(result, place, lambda: "")


def test_a_failed_save_leaves_nothing(result: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """When the disk fills up on the way, neither a part of the new nor a change of the old is left."""
    save(result, tmp_path / "out", lambda: "first")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "manifest", full)
    with pytest.raises(OSError, match="No space left"):
        save(result, tmp_path / "out", lambda: "second")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_spreadsheet_formulas_are_defused():
    """A name that a spreadsheet would run gets an apostrophe; numbers stay numbers."""
    table = pd.DataFrame({"alternative": ["=HYPERLINK(1)", "@x", "pods"], "mean": [-1.5, 2.0, 3.0]})
    assert csv(table).decode().splitlines() == ["alternative,mean", "'=HYPERLINK(1),-1.5", "'@x,2.0", "pods,3.0"]


def test_no_machine_paths_in_the_manifest(result: Any, tmp_path: Path, synthetic: Any):
    """Files of a scenario are recorded by their place beside it."""
    home = tmp_path / "home"
    study = synthetic.study()
    other = synthetic.Study(
        study.alternatives, home / "made-up.yaml", texts={str(home / "parts" / "a.yaml"): "", "/elsewhere/b.yaml": ""}
    )
    folder = save(run(other, replications=1, workers=1, model=synthetic.MODEL), tmp_path / "out", lambda: "")
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    assert list(json.loads(text)["scenario"]["files"]) == ["parts/a.yaml", "b.yaml"]
    assert str(tmp_path) not in text
