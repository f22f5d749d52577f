"""Executors: the same outcomes wherever the cells run, and nothing lost but the cell when a worker dies."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simkit.experiment.cells import Cell, Err, Model, Ok, Work, plan
from simkit.experiment.executors import (
    Processes,
    Serial,
    WorkerStartError,
    kept_workers,
    processes,
    waiting_workers,
    worker,
)
from simkit.experiment.executors.interrupts import gently
from simkit.experiment.executors.worker import start_spares


def outcomes(executor: Any, cells: list[Any], window: int = 2) -> dict[Any, Any]:
    return dict(executor.submit_stream(cells, window))


def test_workers_change_nothing(synthetic: Any):
    """Every cell comes back once, with the same figures, days and cases as in this process."""
    work = Work(synthetic.study(horizon_days=60).alternatives, "compiled", synthetic.MODEL)
    cells = plan(work.scenarios, 2)
    here, there = outcomes(Serial(work, 2), cells), outcomes(Processes(work, 2), cells)
    assert set(here) == set(there) == set(cells)
    for cell in cells:
        assert here[cell].measures == there[cell].measures
        assert here[cell].daily.equals(there[cell].daily)
        assert here[cell].cases.equals(there[cell].cases)


def test_a_killed_worker_costs_its_cell_and_no_other(faults: Any):
    """A cell that always kills its worker ends as an error; the cells around it finish."""
    work = faults.work_of(calm="", deadly="die")
    found = outcomes(Processes(work, 1), plan(work.scenarios, 3))
    failed = {cell for cell, outcome in found.items() if isinstance(outcome, Err)}
    assert {(cell.alternative, cell.replication) for cell in failed} == {("deadly", 1)}
    assert len(found) == 6


def test_a_worker_killed_once_loses_nothing(faults: Any, tmp_path: Path):
    """A cell whose worker was killed is tried again."""
    work = faults.work_of(x=f"die once:{tmp_path / 'mark'}")
    found = outcomes(Processes(work, 1), plan(["x"], 2))
    assert all(isinstance(outcome, Ok) for outcome in found.values())


def test_a_worker_that_is_done_takes_the_next_work(faults: Any):
    """Where workers are kept, a second work is done by the process of the first; after that none is left."""
    others = set(multiprocessing.active_children())
    with kept_workers():
        for scenario in ("first", "second"):
            work = faults.work_of(**{scenario: ""})
            found = outcomes(Processes(work, 1), plan(work.scenarios, 2))
            assert all(isinstance(outcome, Ok) for outcome in found.values())
            assert waiting_workers() == 1
            mine = set(multiprocessing.active_children()) - others
            assert len(mine) == 1
        (kept,) = mine
        assert kept.pid is not None
        os.kill(kept.pid, signal.SIGKILL)
        kept.join()
        again = outcomes(Processes(work, 1), plan(work.scenarios, 2))
        assert {cell: one.measures for cell, one in again.items()} == {c: one.measures for c, one in found.items()}
    assert set(multiprocessing.active_children()) == others


@pytest.mark.parametrize(("left", "given", "kept"), [(1, [1, 0], 0), (2, [1, 1], 0), (3, [1, 1], 1), (4, [2, 1], 1),
                                                     (9, [2, 2], 5)])  # fmt: skip
def test_workers_have_one_in_reserve(monkeypatch: pytest.MonkeyPatch, left: int, given: list[int], kept: int):
    """Each worker gets a cell, then each one more; but the last of those is kept for who lends a hand."""

    class Idle:
        ready = True

        def __init__(self) -> None:
            self.tasks: deque[Any] = deque()

        def give(self, task: Any) -> None:
            self.tasks.append(task)

    monkeypatch.setattr(processes, "Worker", Idle)
    desk = processes.Desk(None, range(left), 2, True, threading.Event())  # type: ignore[arg-type]
    desk.crew = [Idle(), Idle()]  # type: ignore[list-item]
    desk.hand_out()
    assert [len(worker.tasks) for worker in desk.crew] == given
    assert [desk.take() is not None for _ in range(kept + 1)] == [True] * kept + [False]


def test_the_last_call_is_for_what_is_under_way():
    """Once stopped, what workers have in reserve is not waited for, and they are given nothing more."""
    stopped = threading.Event()
    desk = processes.Desk(None, range(9), 2, True, stopped)  # type: ignore[arg-type]
    desk.crew = [SimpleNamespace(tasks=deque([(1, 1), (2, 1)])), SimpleNamespace(tasks=deque())]  # type: ignore[list-item]
    stopped.set()
    desk._last_call()
    assert desk._awaited == {1}
    assert desk.expects_more()
    desk.hand_out()
    assert [len(worker.tasks) for worker in desk.crew] == [2, 0]
    desk._outcomes.put((1, "done"))
    assert desk.next() == (1, "done")
    assert not desk.expects_more()


def test_workers_do_not_wait_for_who_lends_a_hand(faults: Any, tmp_path: Path):
    """While this process is at its first cell, a worker runs all others."""
    work = faults.Patient(tmp_path, 9, os.getpid())
    found = outcomes(Processes(work, 1, lend_a_hand=True), list(range(10)))
    assert found[0] == 9
    assert sorted(found) == list(range(10))


def test_workers_begin_before_anybody_asks(faults: Any, tmp_path: Path):
    """A stream that is begun has its cells run, all but one, though its outcomes are asked for later."""
    begun = Processes(faults.Patient(tmp_path, 4, os.getpid()), 1, lend_a_hand=True).begin(list(range(5)), window=2)
    deadline = time.monotonic() + 30
    while len(list(tmp_path.iterdir())) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(list(tmp_path.iterdir())) >= 4
    assert sorted(cell for cell, _ in begun) == list(range(5))


@pytest.mark.parametrize("early", ["faults", "a_module_that_is_not_there"])
def test_a_worker_started_early_finds_what_was_added_since(
    faults: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, early: str
):
    """A spare process knows the folders of modules that its parent knows when it gets its work, whatever it imported."""
    start_spares(1, early)
    (tmp_path / "added_since.py").write_text("from faults import Scenario\n\n\nclass Later(Scenario):\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    scenario = importlib.import_module("added_since").Later()
    found = outcomes(Processes(Work({"x": scenario}, "compiled", faults.MODEL), 1), plan(["x"], 1))
    assert all(isinstance(outcome, Ok) for outcome in found.values())


def test_what_is_imported_while_the_work_is_read(monkeypatch: pytest.MonkeyPatch):
    """Workers of a coming study import what simulates it; those that get their work at once import what that needs."""
    asked: list[str] = []
    monkeypatch.setattr(worker, "Spare", lambda early="": asked.append(early))
    monkeypatch.setattr(worker.Spare, "waiting", [], raising=False)
    worker.start_early(3)
    assert asked == [Model().module] * 2 == ["simkit.simulation"] * 2


def test_workers_that_cannot_start_are_an_error(faults: Any):
    """Workers that end before taking work raise, and do not hang or start again for ever."""

    class Unreadable(faults.Scenario):
        """Not importable by a worker: it is defined inside a function."""

    Unreadable.__qualname__ = "Unreadable"
    Unreadable.__module__ = "faults"
    faults.Unreadable = Unreadable  # this process finds it, a worker does not
    work = Work({"x": Unreadable()}, "compiled", faults.MODEL)
    with pytest.raises(WorkerStartError):
        outcomes(Processes(work, 1), plan(["x"], 1))


def test_leaving_early_ends_the_workers(faults: Any):
    """A caller that stops listening leaves no process behind."""
    stream = Processes(faults.work_of(x=""), 2).submit_stream(plan(["x"], 8), 2)
    next(stream)
    stream.close()
    assert not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform == "win32", reason="raises a signal as POSIX does")
@pytest.mark.parametrize("lends", [False, True])
def test_one_interrupt_keeps_what_is_under_way(faults: Any, lends: bool):
    """After the first Ctrl-C nothing new begins, what each process is at comes back, not what it has in reserve."""
    told: list[str] = []
    executor = Processes(faults.work_of(x="slow:0.7"), 2, lend_a_hand=lends)
    with gently(executor, told.append) as interrupted:
        stream = executor.submit_stream([Cell("x", i) for i in range(1000)], 3)
        next(stream)
        while not all(one.ready and one.tasks for one in executor._desk.crew):  # each worker is up, and at a cell
            time.sleep(0.01)
        signal.raise_signal(signal.SIGINT)
        started = time.monotonic()
        rest = list(stream)
    assert interrupted.is_set()
    assert 1 <= len(rest) <= 5
    assert time.monotonic() - started < 1.4
    assert all(isinstance(outcome, Ok) for _, outcome in rest)
    assert not multiprocessing.active_children()
    assert len(told) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="raises a signal as POSIX does")
def test_an_interrupt_does_not_wait_for_ever(faults: Any, monkeypatch: pytest.MonkeyPatch):
    """A cell that hangs has its ten seconds, here one; a second Ctrl-C does not wait for them."""
    monkeypatch.setattr(processes, "STOP_SECONDS", 1.0)
    work = faults.work_of(x="slow:0.1", y="slow:300")
    for interrupts, least, most in ((1, 0.9, 3.0), (2, 0.0, 0.8)):
        executor = Processes(work, 2)
        with gently(executor, lambda text: None):
            stream = executor.submit_stream([Cell("x", 0), *(Cell("y", i) for i in range(4))], 2)
            next(stream)
            time.sleep(0.3)
            started = time.monotonic()
            signal.raise_signal(signal.SIGINT)
            if interrupts == 2:
                with pytest.raises(KeyboardInterrupt):
                    signal.raise_signal(signal.SIGINT)
                stream.close()
            else:
                assert list(stream) == []
        assert least <= time.monotonic() - started < most
        assert not multiprocessing.active_children()


@pytest.mark.skipif(os.name != "posix", reason="kills a process as POSIX does")
def test_workers_end_with_their_parent(faults: Any, tmp_path: Path):
    """When the parent is killed outright, its workers end by themselves; no main guard was needed."""
    script = tmp_path / "study.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import multiprocessing, sys, time
            sys.path[:0] = {sys.path!r}
            import faults
            from simkit.experiment.cells import plan
            from simkit.experiment.executors import Processes
            stream = Processes(faults.work_of(x=""), 1).submit_stream(plan(["x"], 1000), 1)
            next(stream)
            print(multiprocessing.active_children()[0].pid, flush=True)
            time.sleep(60)
            """
        ),
        encoding="utf-8",
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(200):
        if not _alive(worker):
            return
        time.sleep(0.05)
    raise AssertionError("the worker outlived its parent")


def _alive(pid: int) -> bool:
    """Whether a process still runs; one that nobody has collected yet does not."""
    status = Path(f"/proc/{pid}/stat")
    if status.parent.parent.joinpath("self").exists():
        return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
