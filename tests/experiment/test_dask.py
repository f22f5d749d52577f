"""Dask: the same outcomes on any cluster, and nothing lost but the cell when something dies."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from simkit.experiment.cells import Cell, Err, Model, Ok, Work, plan
from simkit.experiment.executors import Limits, Serial, WorkerStartError, gently
from simkit.experiment.executors import dask as on_dask
from simkit.experiment.executors.cluster import ClusterError, OtherCodeError
from simkit.experiment.executors.crew import Crew, Post, Terms
from simkit.experiment.executors.dask import Dask
from simkit.experiment.extras import MissingExtraError

pytest.importorskip("distributed")
posix = pytest.mark.skipif(os.name != "posix", reason="sends signals as POSIX does")
ROOT = Path(__file__).parents[2]
NO_SAMPLING = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
PATIENCE_SECONDS = 60.0
"""How long a test waits for other processes before it fails; machines are busy."""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The scheduler file of a Dask scheduler with one worker of two threads, each in a process of its own."""
    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    path = os.pathsep.join([str(ROOT), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    common = {"cwd": folder, "env": os.environ | {"PYTHONPATH": path} | NO_SAMPLING, "stderr": subprocess.DEVNULL}
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    worker = ["worker", "--nthreads", "2", "--no-dashboard", "--scheduler-file", str(file)]
    started = [subprocess.Popen([sys.executable, "-m", "dask", *scheduler], **common)]
    wait_until(file.exists)
    started.append(subprocess.Popen([sys.executable, "-m", "dask", *worker], **common))
    yield file
    for process in reversed(started):
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def wait_until(true: Any, seconds: float = PATIENCE_SECONDS) -> float:
    """How long it took; fails the test when it took too long."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds, "waited in vain"
        time.sleep(0.05)
    return time.monotonic() - started


def failures(outcomes: dict[Cell, Any]) -> dict[tuple[str, int], str]:
    """Failed cells with their errors."""
    return {
        (cell.alternative, cell.replication): found.error for cell, found in outcomes.items() if isinstance(found, Err)
    }


def test_the_same_on_one_worker_on_two_and_on_a_cluster_elsewhere(faults: Any, elsewhere: Path):
    """Every cell comes back once, with figures, days and cases equal to the bit."""
    work = faults.work_of(a="tables", b="tables")
    cells = plan(work.scenarios, 3)
    expected = dict(Serial(work, 1).submit_stream(cells))
    for executor in (Dask(work, workers=1), Dask(work, workers=2), Dask(work, cluster=str(elsewhere))):
        stream = list(executor.submit_stream(iter(cells)))
        found = dict(stream)
        assert len(stream) == len(found) == len(cells)
        for cell in cells:
            assert found[cell].measures == expected[cell].measures
            assert found[cell].daily.tobytes() == expected[cell].daily.tobytes()
            assert found[cell].cases.tolist() == expected[cell].cases.tolist()
    assert not multiprocessing.active_children()


def test_only_the_cell_is_lost_that_kills_hangs_or_eats(faults: Any, tmp_path: Path):
    """Who always kills its worker, never ends or takes all memory is a row with its reason; who kills once is not."""
    work = faults.work_of(calm="", once=f"die once:{tmp_path / 'mark'}", deadly="die", endless="hang", greedy="eat")
    limits = Limits(seconds=4, memory_bytes=150_000_000)
    found = dict(Dask(work, workers=2, limits=limits).submit_stream(plan(work.scenarios, 2)))
    failed = failures(found)
    assert len(found) == 10
    assert set(failed) == {("deadly", 1), ("endless", 1), ("greedy", 1)}
    assert "ended 3 times (exit code 9)" in failed["deadly", 1]
    assert "longer than its limit of 4 s" in failed["endless", 1]
    assert "more than its limit of 150 MB" in failed["greedy", 1]


@posix
def test_killed_worker_processes_lose_nothing(faults: Any):
    """Each process is killed once, whatever it is at: every cell still comes back once, and is right."""
    work = faults.work_of(x="slow:0.05")
    stream = Dask(work, workers=2).submit_stream(plan(work.scenarios, 40))
    found = [next(stream) for _ in range(5)]
    for child in multiprocessing.active_children():
        os.kill(child.pid, signal.SIGKILL)
    found += list(stream)
    assert sorted(cell.replication for cell, _ in found) == list(range(40))
    assert all(isinstance(outcome, Ok) for _, outcome in found)


@posix
def test_who_looks_alive_though_it_was_ended_gets_no_cell(faults: Any):
    """A process that another thread has collected, which starts one itself, costs a cell one attempt, not all."""
    work = faults.work_of(x="")
    post = Post(Crew(Terms("a sweep", pickle.dumps(work), Limits(), None)), helper=False)
    cell = pickle.dumps(Cell("x", 0))
    try:
        first = post.run(cell, wanted=lambda: True)
        dead = post.worker.process
        os.kill(dead.pid, signal.SIGKILL)
        os.waitpid(dead.pid, 0)
        assert dead.is_alive()  # as it looks between the other thread's waiting for it and its noting so
        second = post.run(cell, wanted=lambda: True)
        dead._popen.returncode = -signal.SIGKILL  # noted
    finally:
        post.end(at_work=False)
    assert isinstance(first, Ok)
    assert isinstance(second, Ok)
    assert not multiprocessing.active_children()


@posix
def test_a_killed_dask_worker_loses_nothing(faults: Any, elsewhere: Path):
    """What a Dask worker was at is run again by the next one; its own processes end with it."""
    work = faults.work_of(x="slow:0.1")
    with Dask(work, cluster=str(elsewhere)) as executor:
        stream = executor.submit_stream(plan(work.scenarios, 30))
        found = [next(stream)]
        (pid,) = executor._client.run(os.getpid).values()
        children = psutil.Process(pid).children()
        os.kill(pid, signal.SIGKILL)
        found += list(stream)
    assert sorted(cell.replication for cell, _ in found) == list(range(30))
    assert all(isinstance(outcome, Ok) for _, outcome in found)
    assert children
    assert not any(alive(child) for child in children)


def alive(process: psutil.Process) -> bool:
    """Whether it runs; one that nobody has collected does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


SWEEP = """
import sys
sys.path[:0] = {path!r}
import faults
from simkit.experiment.cells import Work, plan
from simkit.experiment.executors.dask import Dask
work = Work({{"x": faults.Scenario(fault="sleep at:{mark}")}}, "compiled", faults.MODEL)
list(Dask(work, workers=1, cluster={cluster!r}).submit_stream(plan(["x"], 4)))
"""


@posix
@pytest.mark.parametrize("far", [False, True], ids=["here", "elsewhere"])
def test_no_worker_outlives_its_parent(faults: Any, tmp_path: Path, request: pytest.FixtureRequest, far: bool):
    """A sweep that is killed outright in the middle of a long cell leaves no process behind for ten seconds."""
    cluster = str(request.getfixturevalue("elsewhere")) if far else None
    script, mark = tmp_path / "sweep.py", tmp_path / "mark"
    script.write_text(SWEEP.format(path=sys.path, cluster=cluster, mark=mark), encoding="utf-8")
    parent = subprocess.Popen([sys.executable, str(script)])
    try:
        wait_until(lambda: mark.exists() and mark.read_text())
        worker = psutil.Process(int(mark.read_text()))
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not alive(worker), seconds=10)


@posix
def test_one_interrupt_keeps_what_is_under_way(faults: Any, capsys: pytest.CaptureFixture[str]):
    """After the first Ctrl-C nothing new begins, what has begun comes back, and no process stays."""
    executor = Dask(faults.work_of(x="slow:0.5"), workers=2)
    with gently(executor) as interrupted:
        stream = executor.submit_stream(plan(["x"], 1000))
        next(stream)
        signal.raise_signal(signal.SIGINT)
        rest = list(stream)
    assert interrupted.is_set()
    assert 1 <= len(rest) <= 4
    assert all(isinstance(outcome, Ok) for _, outcome in rest)
    assert not multiprocessing.active_children()
    assert capsys.readouterr().err.count("Ctrl-C again") == 1


@posix
def test_two_interrupts_end_at_once(faults: Any):
    """The second Ctrl-C does not wait for a long cell, and leaves no process either."""
    executor = Dask(faults.work_of(x="slow:0.2", y="slow:300"), workers=2)
    with gently(executor), executor:
        stream = executor.submit_stream(plan(["x", "y"], 1))
        next(stream)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        stream.close()
        started = time.monotonic()
    assert time.monotonic() - started < 5
    assert not multiprocessing.active_children()


def test_no_more_is_taken_than_the_window_holds(faults: Any):
    """A caller that is slow to take outcomes is never ahead of by more than the window."""
    taken = given = most = 0

    def cells() -> Iterator[Cell]:
        nonlocal taken, most
        for cell in plan(["x"], 60):
            taken += 1
            most = max(most, taken - given)
            yield cell

    for _ in Dask(faults.work_of(x=""), workers=1).submit_stream(cells(), window=7):
        given += 1
    assert given == 60
    assert 1 < most <= 7


def test_very_small_cells_share_a_task(faults: Any):
    """Cells of a hundredth of a second go out in batches, cells of a second one by one."""
    stream = on_dask._Stream(Dask(faults.work_of(x="")), _NoCluster(), iter(plan(["x"], 500)), None)
    sizes = {}
    for seconds in (None, 0.01, 1.0, 1e-9):
        stream.cell_seconds = seconds
        sizes[seconds] = len(stream._next(window=100).cells)
    assert sizes == {None: 1, 0.01: 20, 1.0: 1, 1e-9: 50}  # the last: half of the window, as one core has two batches


def test_what_a_batch_gives_back_is_batched_anew(faults: Any):
    """Cells that turned out to be long do not stay with the worker that had them, while others have nothing to do."""
    stream = on_dask._Stream(Dask(faults.work_of(x="")), _NoCluster(), iter(plan(["x"], 500)), None)
    stream.cell_seconds = 0.01
    batch = stream._next(window=100)
    given_back = SimpleNamespace(status="finished", result=lambda: [Ok({}, None, None, (), seconds=3.0)])
    assert [cell.replication for cell, _ in stream._taken(given_back, batch)] == [0]
    following = [[cell.replication for cell in stream._next(window=100).cells] for _ in range(20)]
    assert following == [[i] for i in range(1, 21)]


class _NoCluster:
    """A client that runs nothing."""

    def submit(self, *task: Any, key: str) -> None:
        pass


def test_workers_have_one_thread(faults: Any):
    """A cell is told one thread, and libraries below Python are kept to one."""
    work = Work({"x": faults.Scenario()}, "", Model("faults:own_threads", _FIGURES, {}, warm_up=None))
    ((_, found),) = Dask(work, workers=1).submit_stream(plan(["x"], 1))
    assert found.measures == {"threads": 1, "of_libraries": 1}


_FIGURES = "simkit.experiment.cells:figures_of"


def test_a_start_that_fails_says_why(faults: Any):
    """What is wrong with the work itself ends the stream with its reason, not each cell."""
    work = Work({"x": faults.Scenario()}, "", Model("faults:simulate", _FIGURES, {}, warm_up="faults:absent"))
    with pytest.raises(WorkerStartError, match="no attribute 'absent'"):
        list(Dask(work, workers=1).submit_stream(plan(["x"], 1)))


def test_another_simkit_on_the_cluster_is_refused(faults: Any, elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    """Figures of two versions are never mixed."""
    monkeypatch.setattr(on_dask, "code_here", lambda: "another")
    with pytest.raises(OtherCodeError, match="another version of simkit"):
        list(Dask(faults.work_of(x=""), cluster=str(elsewhere)).submit_stream(plan(["x"], 1)))


@pytest.mark.parametrize("silent", [False, True], ids=["nobody", "somebody else"])
def test_a_scheduler_that_does_not_answer(faults: Any, silent: bool):
    """Neither a closed port nor one that is no scheduler is waited for longer than stated."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        if not silent:
            server.close()
        started = time.monotonic()
        with pytest.raises(ClusterError, match=f"no Dask scheduler answered at {address} within 1 s"):
            next(Dask(faults.work_of(x=""), cluster=address, connect_seconds=1).submit_stream(plan(["x"], 1)))
        assert time.monotonic() - started < 10


@pytest.mark.parametrize("address", ["nonsense", "tcp://", "absent.json", "http://127.0.0.1:1"])
def test_an_address_that_is_none(faults: Any, address: str):
    """A slip in the address is a sentence that names it."""
    with pytest.raises(ClusterError, match=address):
        next(Dask(faults.work_of(x=""), cluster=address, connect_seconds=0.5).submit_stream(plan(["x"], 1)))


def test_without_the_extra(faults: Any, monkeypatch: pytest.MonkeyPatch):
    """A missing package is said with the extra that brings it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"simkit\[experiments\]"):
        next(Dask(faults.work_of(x="")).submit_stream(plan(["x"], 1)))
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"memory_bytes": -1}])
def test_limits_are_above_zero(limits: dict[str, float]):
    """No cell can be done in no time."""
    with pytest.raises(ValueError, match="above 0"):
        Limits(**limits)
