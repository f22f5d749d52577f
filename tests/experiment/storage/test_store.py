"""The store: whatever happens to process or disk, what is finished stays finished, and nothing runs twice."""

from __future__ import annotations

import contextlib
import errno
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
import types
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from simkit.experiment import sweep as sweeping
from simkit.experiment.definition.cases import design_of
from simkit.experiment.definition.files import Experiment, load_experiment
from simkit.experiment.storage import StoreError, disk, merge, read_daily, read_results
from simkit.experiment.sweep import Swept, sweep

ALONE = "market: {customers: 300}\nhorizon: 30 days\nwarmup: 7 days\n"
SCENARIO = ALONE + "alternatives:\n  pods: {teams.structure: pods}\n"


def write(
    folder: Path,
    gaps: str = "[1, 3]",
    replications: int = 3,
    name: str = "gaps",
    question: str = "",
    scenario: str = SCENARIO,
) -> Experiment:
    """An experiment of two alternatives over some gaps between messages."""
    (folder / "small.yaml").write_text(scenario)
    (folder / "experiment.yaml").write_text(
        f"scenario: small.yaml\nname: {name}\nquestion: {question or name}\n"
        f"levers: {{contact_policy.gap: {gaps}}}\ndesign: grid\nreplications: {replications}\n"
    )
    return load_experiment(folder / "experiment.yaml")


@pytest.fixture
def bench(tmp_path: Path, cheap: Any, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An experiment of twelve cheap cells, a results folder, and a log of what really ran."""
    monkeypatch.setenv(cheap.LOG, str(tmp_path / "log"))
    return Bench(tmp_path, cheap.MODEL)


class Bench:
    """Runs a sweep and knows which cells were simulated."""

    def __init__(self, home: Path, model: Any):
        self.home, self.model, self.told = home, model, list[str]()
        self.folder, self.log = home / "results", home / "log"
        self.experiment = write(home)

    def sweep(self, folder: Path | None = None, **options: Any) -> Swept:
        self.told = []
        folder = self.folder if folder is None else folder
        return sweep(self.experiment, folder=folder, model=self.model, workers=1, tell=self.told.append, **options)

    def plain(self) -> Swept:
        """The same without a store."""
        return sweep(self.experiment, model=self.model, workers=1)

    def ran(self) -> list[str]:
        """Cells simulated since the last question."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def parts(self, place: str = "runs") -> list[Path]:
        return sorted((self.folder / place).glob("part-*.parquet"))


def test_a_store_changes_nothing_and_nothing_runs_twice(bench: Bench):
    """The table is that of a sweep in memory; a second sweep simulates nothing."""
    bench.plain()
    assert len(bench.ran()) == 12
    first = bench.sweep()
    assert len(bench.ran()) == 12
    second = bench.sweep()
    assert bench.ran() == []
    for found in (first, second):
        pd.testing.assert_frame_equal(found.runs, bench.plain().runs)


def test_other_tools_read_the_folder_as_it_is(bench: Bench):
    """Parquet parts with a row per cell, a table of cases, a manifest with a checksum for every part."""
    swept = bench.sweep()
    runs = pd.read_parquet(bench.folder / "runs").sort_values(["case", "alternative", "replication"])
    assert len(runs) == 12
    assert sorted(runs["profit"]) == sorted(swept.runs["profit"])
    assert pd.read_parquet(bench.folder / "design.parquet")["contact_policy.gap"].tolist() == [1, 3]
    told = json.loads((bench.folder / "manifest.json").read_text())
    assert told["schema"] == "simkit sweep/1"
    assert told["parts"] == {f"runs/{path.name}": disk.checksum(path.read_bytes()) for path in bench.parts()}
    assert told["scenario"]["files"]["experiment.yaml"].startswith("scenario: small.yaml")
    assert {"code", "packages", "platform", "rng", "times", "cases", "fingerprint"} <= set(told)
    assert str(bench.home) not in json.dumps(told)


def test_duckdb_reads_the_folder_as_it_is(bench: Bench):
    """The queries of the README: runs beside their cases, and days joined by address, with no help of ours."""
    duckdb = pytest.importorskip("duckdb")
    swept = bench.sweep(daily=True)
    place = bench.folder.as_posix()
    with duckdb.connect() as database:
        order = '"case", alternative, replication'
        runs = database.execute(f"select * from '{place}/runs/*.parquet' order by {order}").df()
        means = database.execute(
            f"""select "contact_policy.gap", avg(profit) from '{place}/runs/*.parquet'
            join '{place}/design.parquet' using ("case") group by 1 order by 1"""
        ).fetchall()
        days = database.execute(
            f"select count(*), sum(days.profit) from '{place}/runs/*.parquet' "
            f"join '{place}/daily/*.parquet' as days using (cell)"
        ).fetchone()
    expected = swept.runs.sort_values(["case", "alternative", "replication"], ignore_index=True)
    pd.testing.assert_series_equal(runs["profit"], expected["profit"])
    assert runs["retention_rate"].isna().all()
    profit = swept.runs.groupby("case")["profit"]
    assert means == [(1.0, pytest.approx(profit.get_group(0).mean())), (3.0, pytest.approx(profit.get_group(1).mean()))]
    assert days == (24, pytest.approx(swept.runs["profit"].sum()))


def test_reading_again_gives_the_same_tables(bench: Bench):
    """For whoever analyzes; nothing is missing, and the figures are the same bits."""
    swept = bench.sweep()
    found = read_results(bench.folder)
    assert found.missing == 0
    pd.testing.assert_frame_equal(found.runs, swept.runs[found.runs.columns])
    pd.testing.assert_frame_equal(found.design, swept.design, check_index_type=False)


def test_words_discard_nothing(bench: Bench):
    """Another question, or a comment, makes no run invalid; and the labels are still right."""
    bench.sweep()
    bench.ran()
    bench.experiment = write(bench.home, question="how often, really?")
    bench.sweep()
    assert bench.ran() == []


@pytest.mark.parametrize("kind", ["latin_hypercube, n: 4", "sobol, n: 4"])
def test_a_drawn_design_is_not_drawn_again(bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str):
    """It is the folder's as long as the experiment is the same, and whole; another seed, file or table draws anew."""
    file = bench.home / "experiment.yaml"
    file.write_text(file.read_text().replace("[1, 3]", "{low: 1.0, high: 3.0}").replace("grid", f"{{kind: {kind}}}"))
    bench.experiment = load_experiment(file)
    first, draws = bench.sweep(), []
    monkeypatch.setattr(sweeping, "design_of", lambda experiment: draws.append(1) or design_of(experiment))
    for _ in range(2):
        again = bench.sweep()
        pd.testing.assert_frame_equal(again.runs, first.runs)
        pd.testing.assert_frame_equal(again.design, first.design, check_index_type=False)
        assert draws == []
    bench.sweep(seed=99)
    assert len(draws) == 1
    bench.sweep()
    assert len(draws) == 2
    place = bench.folder / "design.parquet"
    table = pd.read_parquet(place)
    table.assign(**{"contact_policy.gap": 2.0}).to_parquet(place)
    pd.testing.assert_frame_equal(bench.sweep().runs, first.runs)
    place.write_bytes(b"no table")
    pd.testing.assert_frame_equal(bench.sweep().runs, first.runs)
    assert len(draws) == 4
    pd.testing.assert_frame_equal(read_results(bench.folder).design, first.design, check_index_type=False)
    file.write_text(file.read_text().replace("n: 4", "n: 8"))
    bench.experiment = load_experiment(file)
    assert len(bench.sweep().design) == 8


def test_another_design_runs_only_what_is_new(bench: Bench):
    """Cells are found by what they are: values may move, come and go, and more replications are asked for."""
    bench.sweep()
    bench.ran()
    bench.experiment = write(bench.home, gaps="[3, 5]", replications=4)
    found = bench.sweep()
    assert sorted(bench.ran()) == sorted(
        [f"3.0 {name} 3" for name in ("hierarchy", "pods")]
        + [f"5.0 {name} {i}" for name in ("hierarchy", "pods") for i in range(4)]
    )
    pd.testing.assert_frame_equal(found.runs, bench.plain().runs)
    assert len(pd.read_parquet(bench.folder / "runs")) == 16
    bench.ran()
    bench.experiment = write(bench.home)
    bench.sweep()
    assert bench.ran() == []  # what the other design did not need was kept


def test_other_luck_is_another_cell(bench: Bench):
    """A seed is part of what a run is."""
    bench.sweep()
    bench.ran()
    bench.sweep(seed=77)
    assert len(bench.ran()) == 12


def test_other_code_is_another_cell(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """A change of what simulates makes every run anew; the old ones are no longer among the runs."""
    bench.sweep()
    bench.ran()
    monkeypatch.setattr("simkit.experiment.storage.address.PACKAGES", ("numpy",))
    bench.sweep()
    assert len(bench.ran()) == 12
    assert len(pd.read_parquet(bench.folder / "runs")) == 12


def test_a_failed_cell_is_a_row_and_is_not_forgotten(bench: Bench):
    """It is stored with its error, not run again unless that is asked for."""
    bench.experiment = write(bench.home, gaps="[1, 13]", replications=2)
    found = bench.sweep().runs
    failed = found[found["status"] == "failed"]
    assert failed[["case", "replication"]].to_numpy().tolist() == [[1, 1], [1, 1]]
    assert failed["error"].str.contains("no such luck").all()
    assert failed["profit"].isna().all()
    bench.ran()
    bench.sweep()
    assert bench.ran() == []
    bench.sweep(retry_failed=True)
    assert len(bench.ran()) == 2
    assert len(pd.read_parquet(bench.folder / "runs")) == 8


def test_days_are_kept_on_request(bench: Bench):
    """By cell, so that they outlive a change of the design; a run without its days runs again, and no other."""
    bench.sweep(shard=(1, 2))
    half = len(bench.ran())
    swept = bench.sweep(daily=True)
    assert len(bench.ran()) == 12
    assert half < 12
    assert len(pd.read_parquet(bench.folder / "runs")) == 12
    days = read_daily(bench.folder)
    assert days.groupby(["case", "alternative", "replication"])["profit"].sum().to_numpy() == pytest.approx(
        swept.runs.sort_values(["case", "alternative", "replication"])["profit"].to_numpy()
    )
    flipped(sorted((bench.folder / "daily").iterdir())[0])
    with pytest.raises(StoreError, match="damaged"):
        read_daily(bench.folder)
    bench.experiment = write(bench.home, gaps="[3, 1]")
    bench.sweep(daily=True)
    assert len(bench.ran()) == 1
    assert len(read_daily(bench.folder)) == 24


# --- damage --------------------------------------------------------------------------------------------------


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(bytes(data))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [truncated, flipped, emptied, Path.unlink])
def test_a_damaged_part_is_put_aside_and_made_again(bench: Bench, harm: Any):
    """Only its cells run again, and the reader is told; other parts stay as they are."""
    expected = bench.sweep(shard=(1, 3)), bench.sweep()
    bench.ran()
    parts = bench.parts()
    assert len(parts) == 2
    lost = len(pd.read_parquet(parts[0]))
    harm(parts[0])
    with pytest.raises(StoreError):
        read_results(bench.folder)
    found = bench.sweep()
    assert len(bench.ran()) == lost
    assert str(parts[0]) in bench.told[0]
    pd.testing.assert_frame_equal(found.runs, expected[1].runs)
    assert len(list((bench.folder / "quarantine").glob("*"))) == (0 if harm is Path.unlink else 1)
    assert read_results(bench.folder).missing == 0


@pytest.mark.parametrize("harm", [truncated, flipped, emptied, Path.unlink])
def test_a_damaged_manifest_is_made_again(bench: Bench, harm: Any):
    """Parts prove themselves by their names; nothing runs again."""
    expected = bench.sweep()
    bench.ran()
    (bench.folder / "report.html").write_text("of simkit analyze")
    harm(bench.folder / "manifest.json")
    found = bench.sweep()
    assert bench.ran() == []
    assert "manifest" in bench.told[0]
    pd.testing.assert_frame_equal(found.runs, expected.runs)


def test_a_folder_of_something_else_is_refused(bench: Bench):
    """Another experiment, another version, other results, other files, a file: each with its reason."""
    bench.sweep()
    write(bench.home)
    bench.experiment = write(bench.home, name="other")
    with pytest.raises(StoreError, match="holds the experiment 'gaps', not 'other'"):
        bench.sweep()
    bench.experiment = write(bench.home)
    place = bench.folder / "manifest.json"
    for schema, said in (("simkit sweep/9", "in the form 'simkit sweep/9'"), ("simkit results/1", "of another kind")):
        place.write_text(json.dumps({**json.loads(place.read_text()), "schema": schema}))
        with pytest.raises(StoreError, match=said):
            bench.sweep()
    strange = bench.home / "strange"
    strange.mkdir()
    (strange / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"holds no sweep \(thesis.txt\)"):
        bench.sweep(folder=strange)
    with pytest.raises(StoreError, match="is a file"):
        bench.sweep(folder=strange / "thesis.txt")
    assert (strange / "thesis.txt").read_text() == "mine"


# --- a disk that refuses -------------------------------------------------------------------------------------


class Fault:
    """Fails the n-th file operation, and those after it if asked to."""

    def __init__(self, n: int, code: int, lasting: bool):
        self.n, self.code, self.lasting, self.seen = n, code, lasting, 0

    def __call__(self, operation: str, path: Path) -> None:
        self.seen += 1
        if self.seen == self.n or (self.lasting and self.seen > self.n):
            raise OSError(self.code, os.strerror(self.code), str(path))


@pytest.mark.parametrize("lasting", [False, True])
def test_every_file_operation_may_fail(bench: Bench, monkeypatch: pytest.MonkeyPatch, lasting: bool):
    """Wherever the disk is full, once or from then on: a clear message, no partial file, nothing finished is lost."""
    bench.experiment = write(bench.home, gaps="[1]", replications=2, scenario=ALONE)
    expected = bench.plain()
    for n in range(1, 1000):
        bench.folder = bench.home / f"results{lasting}{n}"
        bench.ran()
        fault = Fault(n, errno.ENOSPC, lasting)
        monkeypatch.setattr(disk, "touch", fault)
        said = ""
        try:
            bench.sweep()
        except StoreError as error:
            said = str(error)
        monkeypatch.setattr(disk, "touch", lambda operation, path: None)
        ran, failed = bench.ran(), fault.seen >= n
        assert not said or ("disk is full" in said and "same command again" in said)
        assert not list(bench.folder.rglob("*.partial"))
        found = bench.sweep()
        pd.testing.assert_frame_equal(found.runs, expected.runs)
        again = bench.ran()
        # at most the one cell whose own line could not be written runs a second time
        assert sum((Counter(ran + again) - Counter(set(ran + again))).values()) <= 1
        if not failed:
            break
    assert 15 < n < 100


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A megabyte of memory as a disk of its own; skipped where nobody may mount."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs to be allowed to mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=False)


def test_a_disk_that_is_really_full(bench: Bench, small_disk: Path):
    """Filled up between two halves of a sweep: a clear message; with room again it goes on."""
    bench.folder = small_disk / "results"
    bench.sweep(shard=(1, 2))
    half = len(bench.ran())
    with contextlib.suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(1000)):
            pass
    with pytest.raises(StoreError, match="the disk is full; no finished run is lost"):
        bench.sweep()
    assert len(bench.ran()) <= 1
    (small_disk / "filler").unlink()
    pd.testing.assert_frame_equal(bench.sweep().runs, bench.plain().runs)
    assert read_results(bench.folder).missing == 0
    assert half == 6


def test_a_disk_that_is_really_read_only(bench: Bench, small_disk: Path):
    """Said before anything runs, whether the folder is there or not; what is there can be read, and goes on later."""
    bench.folder = small_disk / "results"
    bench.sweep(shard=(1, 2))
    assert len(bench.ran()) == 6
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for folder in (bench.folder, small_disk / "new"):
        with pytest.raises(StoreError, match=r"Read-only file system.*no finished run is lost"):
            bench.sweep(folder)
    assert bench.ran() == []
    assert read_results(bench.folder).missing == 6
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    pd.testing.assert_frame_equal(bench.sweep().runs, bench.plain().runs)
    assert len(bench.ran()) == 6 + 12


def test_a_folder_that_may_not_be_written(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """Said before anything runs."""

    def refused(operation: str, path: Path) -> None:
        if operation in ("make", "create", "write", "lock"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(disk, "touch", refused)
    with pytest.raises(StoreError, match="Permission denied"):
        bench.sweep()
    assert bench.ran() == []


def test_a_write_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What was there before stays when a write fails, at any of its steps."""
    place = tmp_path / "file"
    disk.write(place, b"before")
    for n in range(1, 5):
        monkeypatch.setattr(disk, "touch", Fault(n, errno.ENOSPC, lasting=False))
        with pytest.raises(OSError, match="No space"):
            disk.write(place, b"after")
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]


# --- processes -----------------------------------------------------------------------------------------------


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


# --- shards --------------------------------------------------------------------------------------------------


def test_shards_merged_are_one_sweep(bench: Bench):
    """Four parts share nothing and leave nothing out; merged, they equal a sweep in one piece."""
    expected = bench.plain()
    bench.ran()
    folders = [bench.home / f"shard{i}" for i in range(1, 5)]
    sizes = [len(bench.sweep(folder=folder, shard=(i, 4)).runs) for i, folder in enumerate(folders, 1)]
    assert sum(sizes) == len(bench.ran()) == 12
    assert read_results(folders[0]).missing == 12 - sizes[0]
    merged = merge(folders, bench.folder)
    assert merged.missing == 0
    pd.testing.assert_frame_equal(merged.runs, expected.runs[merged.runs.columns])
    pd.testing.assert_frame_equal(bench.sweep().runs, expected.runs)
    assert bench.ran() == []


def test_what_is_not_one_sweep_is_not_merged(bench: Bench):
    """Other luck, or figures that differ for the same run, are said."""
    bench.sweep(folder=bench.home / "a")
    bench.sweep(folder=bench.home / "b", seed=5)
    with pytest.raises(StoreError, match="another seed"):
        merge([bench.home / "a", bench.home / "b"], bench.folder)
    shutil.copytree(bench.home / "a", bench.folder)
    bench.experiment = write(bench.home, name="other")
    bench.sweep(folder=bench.home / "c")
    with pytest.raises(StoreError, match="holds the experiment 'gaps'"):
        merge([bench.home / "c"], bench.folder)


def test_replications_until_the_interval_is_narrow(bench: Bench):
    """Every case gets as many as it needs for the half-width, all its alternatives the same, and no more than allowed."""
    (bench.home / "experiment.yaml").write_text(
        "scenario: small.yaml\nname: gaps\nlevers: {contact_policy.gap: [1, 3]}\ndesign: grid\n"
        "replications: {outcome: profit, half_width: 0.12, at_least: 10, at_most: 60}\n"
    )
    bench.experiment = load_experiment(bench.home / "experiment.yaml")
    runs = bench.sweep().runs
    for _, group in runs.groupby(["case", "alternative"]):
        half = 2.0 * group["profit"].std() / len(group) ** 0.5
        assert half < 0.125 or len(group) == 60
        assert len(group) > 10
    assert runs.groupby("case").size().tolist() == [2 * len(g) for _, g in runs.groupby(["case", "alternative"])][::2]
    bench.ran()
    bench.sweep()
    assert bench.ran() == []
