"""Damaged files, other people's folders, disks that refuse: nothing is lost, and each is told."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import stat
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sweeps import ALONE, Bench, emptied, flipped, truncated, write

from simkit.experiment.storage import StoreError, disk, merge, read_results


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


@pytest.mark.parametrize("harm", [truncated, flipped, emptied, Path.unlink])
def test_a_damaged_design_is_told_and_made_again(bench: Bench, harm: Any):
    """Figures beside wrong cases would be worse than none: readers refuse; the next sweep writes it, and runs nothing."""
    expected = bench.sweep()
    bench.ran()
    harm(bench.folder / "design.parquet")
    with pytest.raises(StoreError, match=r"design\.parquet is (damaged|gone); the same sweep again makes it again"):
        read_results(bench.folder)
    with pytest.raises(StoreError, match="design"):
        merge([bench.folder], bench.home / "merged")
    bench.sweep()
    assert bench.ran() == []
    pd.testing.assert_frame_equal(read_results(bench.folder).design, expected.design)


def test_a_refused_folder_is_not_touched(bench: Bench):
    """Not even an empty folder is made in results of another experiment, version or kind."""
    for schema in ("simkit sweep/1", "simkit sweep/9", "simkit results/1"):
        folder = bench.home / schema.replace("/", "-").replace(" ", "-")
        bench.sweep(folder=folder)
        place = folder / "manifest.json"
        place.write_text(json.dumps({**json.loads(place.read_text()), "schema": schema}))
        for path in ("runs", "spare", ".lock"):
            shutil.rmtree(folder / path, ignore_errors=True)
            (folder / path).unlink(missing_ok=True)
        before = {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}
        bench.experiment = write(bench.home, name="other")
        with pytest.raises(StoreError):
            bench.sweep(folder=folder)
        assert {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]} == before
        bench.experiment = write(bench.home)


def test_results_are_readable_by_whom_the_mask_lets_read(bench: Bench):
    """On a shared disk colleagues open the tables too; a stricter mask is kept to."""
    for mask, mode in ((0o022, 0o644), (0o077, 0o600)):
        before = os.umask(mask)
        try:
            folder = bench.home / f"mask{mask}"
            bench.sweep(folder=folder)
        finally:
            os.umask(before)
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert {path.stat().st_mode & 0o777 for path in files if path.suffix in (".parquet", ".json")} == {mode}


def test_what_becomes_of_an_earlier_design_is_told(bench: Bench):
    """Another experiment of the same name takes the folder over aloud: how many runs it shares, where the rest lies."""
    bench.sweep()
    bench.experiment = write(bench.home, gaps="[3, 5]")
    bench.sweep()
    assert bench.told[0].endswith("of its 12 runs 6 are of this sweep too, 6 are kept aside in spare/")
    bench.experiment = write(bench.home, gaps="[9]", question="Something else?")
    bench.sweep()
    assert bench.told[0].endswith("of its 18 runs 0 are of this sweep too, 18 are kept aside in spare/")


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


def test_a_file_is_on_the_disk_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Synced whole under another name, then moved, then the folder is synced: what a power cut leaves is one of the two."""
    done: list[str] = []

    def sync(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        done.append(f"sync {kind} of {os.fstat(handle).st_size}" if kind == "file" else "sync folder")

    def replaced(source: Path, target: Path) -> None:
        done.append("replace")
        Path(source).rename(target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", replaced)
    disk.write(tmp_path / "file", b"five!")
    assert done == ["sync file of 5", "replace", "sync folder"]
