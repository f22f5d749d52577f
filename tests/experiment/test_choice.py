"""Where a sweep's cells run: one table whatever was chosen, and choices that go together."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from simkit.experiment.cells import Work
from simkit.experiment.definition.files import Experiment, load_experiment
from simkit.experiment.executors import Limits, Serial
from simkit.experiment.executors.choice import Place, memory_bytes
from simkit.experiment.executors.interrupts import gently
from simkit.experiment.storage import read_results
from simkit.experiment.sweep import sweep


@pytest.fixture
def gaps(tmp_path: Path) -> Experiment:
    """Two cases, two alternatives, two replications."""
    (tmp_path / "small.yaml").write_text(
        "market: {customers: 300}\nhorizon: 30 days\nwarmup: 7 days\nalternatives:\n  pods: {teams.structure: pods}\n"
    )
    (tmp_path / "experiment.yaml").write_text(
        "scenario: small.yaml\nlevers: {contact_policy.gap: [1, 13]}\ndesign: grid\nreplications: 2\n"
    )
    return load_experiment(tmp_path / "experiment.yaml")


def test_one_table_wherever_it_ran(gaps: Experiment, cheap: Any):
    """In this process with workers beside it, alone, or on Dask: equal to the bit, failed cells included."""
    found = [
        sweep(gaps, model=cheap.MODEL, workers=1, place=place).runs
        for place in (None, Place("serial"), Place("dask"), Place(limits=Limits(seconds=300)))
    ]
    assert (found[0]["status"] == "failed").sum() == 2
    for other in found[1:]:
        pd.testing.assert_frame_equal(other, found[0], check_exact=True)


@pytest.mark.skipif(sys.platform == "win32", reason="raises a signal as POSIX does")
def test_an_interrupted_sweep_keeps_what_it_has(gaps: Experiment, cheap: Any, tmp_path: Path):
    """The first Ctrl-C ends the sweep as interrupted; what had finished is not run again."""
    told: list[str] = []

    class Impatient(Place):
        """Interrupts after the first cell."""

        def stream(self, work: Any, workers: Any, tell: Any) -> Any:
            return _interrupting(super().stream(work, workers, tell))

    with pytest.raises(KeyboardInterrupt):
        sweep(gaps, folder=tmp_path / "kept", model=cheap.MODEL, place=Impatient("serial"), tell=told.append)
    assert any("Ctrl-C again" in line for line in told)
    told.clear()
    sweep(gaps, folder=tmp_path / "kept", model=cheap.MODEL, workers=1, tell=told.append)
    assert any("1 of 8 runs are there already" in line for line in told)


@pytest.mark.skipif(sys.platform == "win32", reason="raises a signal as POSIX does")
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_is_gentle_wherever_cells_run(
    gaps: Experiment, cheap: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
):
    """Without a word about executors too: the run under way is kept, and then the sweep ends as interrupted."""
    told: list[str] = []
    monkeypatch.setenv(cheap.PAUSE, "0.3")
    monkeypatch.setenv(cheap.LOG, str(tmp_path / "log"))

    def interrupted(**options: Any) -> None:
        """Ctrl-C while the first runs are under way."""
        (tmp_path / "log").unlink(missing_ok=True)
        pressed = threading.Thread(target=_press_when, args=(tmp_path / "log",))
        pressed.start()
        with pytest.raises(KeyboardInterrupt):
            sweep(gaps, model=cheap.MODEL, workers=workers, tell=told.append, **options)
        pressed.join()

    interrupted(folder=tmp_path / "kept")
    assert sum("Ctrl-C again" in line for line in told) == 1
    assert 1 <= len(read_results(tmp_path / "kept").runs) < 8
    interrupted()  # nothing is kept without a folder: no reason to wait, and nothing to say
    assert len(told) == 1


def test_who_ignores_interrupts_goes_on_ignoring_them(cheap: Any):
    """A sweep in the background of a script is none of Ctrl-C's business."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with gently(Serial(Work({}, "compiled", cheap.MODEL), 1)) as asked:
            signal.raise_signal(signal.SIGINT)
        assert not asked.is_set()
    finally:
        signal.signal(signal.SIGINT, before)


def _press_when(file: Path) -> None:
    """Ctrl-C a moment after the file is there."""
    while not file.exists():
        time.sleep(0.02)
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)


class _interrupting:
    """A place whose user presses Ctrl-C when the first cell is back."""

    def __init__(self, place: Any):
        self.place = place

    def __enter__(self) -> Any:
        stream = self.place.__enter__()

        def cells(given: Any) -> Any:
            for found in stream(given):
                signal.raise_signal(signal.SIGINT)
                yield found

        return cells

    def __exit__(self, *error: Any) -> Any:
        return self.place.__exit__(*error)


@pytest.mark.parametrize(
    "options", [{"executor": "serial", "limits": Limits(seconds=1)}, {"executor": "serial", "cluster": "tcp://x:1"},
                {"executor": "threads"}]
)  # fmt: skip
def test_choices_that_contradict(options: dict[str, Any]):
    """One process can neither end its own cell nor be a cluster."""
    with pytest.raises(ValueError, match="executor"):
        Place(**options)


def test_memory_as_people_write_it():
    """Decimal and binary units; nonsense is refused."""
    assert [memory_bytes(text) for text in ("2GB", "500 MB", "1GiB")] == [2_000_000_000, 500_000_000, 2**30]
    with pytest.raises(ValueError, match="lots"):
        memory_bytes("lots")


def test_an_unreachable_scheduler_is_exit_code_7(
    gaps: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simkit: Any
):
    """The command says the address and how long it waited; no traceback."""
    monkeypatch.setattr("simkit.experiment.executors.dask.CONNECT_SECONDS", 0.5)
    code, _, said = simkit("sweep", str(gaps.path), "--cluster", "tcp://127.0.0.1:9", "--out", str(tmp_path / "out"))
    assert code == 7, said
    assert "no Dask scheduler answered at tcp://127.0.0.1:9 within 0.5 s" in said
