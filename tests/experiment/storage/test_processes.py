"""Sweeps that are killed, and two at once."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import types
from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from sweeps import Bench, write

from simkit.experiment.storage import read_results


@pytest.fixture(scope="module")
def start(cheap: Any) -> Callable[..., Any]:
    """Starts the same sweep in a process of its own, and returns once it has begun; what it imports is imported once."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(
        ["cheap", "simkit.experiment.definition.files", "simkit.experiment.sweep", "pandas"]
    )

    def started(bench: Bench, **environment: str) -> Any:
        ours, theirs = processes.Pipe()
        words = (str(bench.home / "experiment.yaml"), str(bench.folder), {cheap.LOG: str(bench.log), **environment})
        process = processes.Process(target=cheap.sweep_alone, args=(theirs, *words), daemon=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))  # it needs nothing of the tests' own
            process.start()
        theirs.close()
        assert ours.recv()
        return process

    return started


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
def test_a_killed_sweep_goes_on_where_it_stopped(bench: Bench, cheap: Any, start: Callable[..., Any]):
    """Killed outright at some moments of its life: the results equal those of an undisturbed one, and no cell that
    was finished ran again."""
    bench.experiment = write(bench.home, gaps="[1, 2, 3, 4]", replications=10)
    expected = bench.plain()
    bench.ran()
    for runs in (1, 17, 50):
        process = start(bench, **{cheap.PAUSE: "0.01"})
        while not bench.log.exists() or bench.log.read_text().count("\n") < runs:
            time.sleep(0.003)
        process.kill()
        process.join()
    assert bench.log.read_text().count("\n") < 80
    found = bench.sweep()
    pd.testing.assert_frame_equal(found.runs, expected.runs)
    twice = Counter(bench.ran()) - Counter(
        {f"{gap:.1f} {name} {i}": 1 for gap in range(1, 5) for name in ("hierarchy", "pods") for i in range(10)}
    )
    assert sum(twice.values()) <= 3  # the one under way at each kill
    assert read_results(bench.folder).missing == 0


@pytest.mark.skipif(os.name != "posix", reason="two processes beside each other")
def test_two_sweeps_at_once(bench: Bench, cheap: Any, start: Callable[..., Any]):
    """Both end well, the folder holds every cell once, and a third one has nothing left to do."""
    expected = bench.plain()
    both = [start(bench, **{cheap.PAUSE: "0.01"}) for _ in range(2)]
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    bench.ran()
    found = bench.sweep()
    assert bench.ran() == []
    pd.testing.assert_frame_equal(found.runs, expected.runs)
    assert len(pd.read_parquet(bench.folder / "runs")) == 12
