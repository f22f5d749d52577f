"""Every file operation of the store, and nothing else: a write is whole or it is not there.

All of them pass :func:`touch` first, so that a test can have any single one of them fail.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LOCK_SECONDS = 300.0
"""Longer than any write of another sweep takes."""
SYNC_SECONDS = 1.0
"""What a journal holds is asked onto the disk this often: more only helps against a power cut."""
PARTIAL = ".partial"


def touch(operation: str, path: Path) -> None:
    """Called before each operation (`read`, `write`, `sync`, `replace`, ...); tests put a fault here."""


def read(path: Path) -> bytes:
    """The bytes of a file."""
    touch("read", path)
    return path.read_bytes()


def checksum(data: bytes) -> str:
    """SHA-256."""
    return hashlib.sha256(data).hexdigest()


def write(path: Path, data: bytes) -> None:
    """Put a file there in one step: beside it first, then onto the disk, then in its place.

    It may be read by whom the user's mask lets read.
    """
    touch("create", path)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}{PARTIAL}")
    try:
        with beside.open("xb") as file:
            touch("write", path)
            file.write(data)
            file.flush()
            touch("sync", path)
            os.fsync(file.fileno())
        touch("replace", path)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a move itself last, where the platform can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def names(folder: Path, pattern: str) -> list[Path]:
    """Files of a folder, sorted; none where there is no folder."""
    touch("list", folder)
    return sorted(folder.glob(pattern))


def make(folder: Path) -> None:
    """The folder and those above it."""
    touch("make", folder)
    folder.mkdir(parents=True, exist_ok=True)


def remove(path: Path) -> None:
    """Take a file away, if it is there."""
    touch("remove", path)
    path.unlink(missing_ok=True)


def move(path: Path, folder: Path) -> None:
    """Move a file into a folder of the same disk; a file that is gone already is no error."""
    make(folder)
    touch("move", path)
    with contextlib.suppress(FileNotFoundError):
        os.replace(path, folder / path.name)


# --- a file that grows ----------------------------------------------------------------------------------------


class Growing:
    """A file of lines that is held by one process, and is given up when that process ends, however it ends."""

    def __init__(self, path: Path):
        touch("create", path)
        self.path = path
        self._file = path.open("ab")
        self._synced = time.monotonic()
        if not held(self._file):
            self._file.close()
            raise BlockingIOError(f"{path} is in use")

    def add(self, line: bytes) -> None:
        """One more line; a line that does not fit is not there at all."""
        end = self._file.tell()
        try:
            touch("append", self.path)
            self._file.write(line)
            self._file.flush()
            if time.monotonic() - self._synced > SYNC_SECONDS:
                touch("sync", self.path)
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), end)
            raise

    def close(self) -> None:
        """Give it up."""
        with contextlib.suppress(OSError):  # a full disk has been told already
            self._file.close()


def given_up(path: Path) -> Any | None:
    """A growing file whose process has ended, open and held; None where it is in use or gone."""
    touch("open", path)
    try:
        file = path.open("rb+")
    except FileNotFoundError:
        return None
    if held(file):
        return file
    file.close()
    return None


# --- locks ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process at a time; the system gives the lock back when its holder ends, however it ends.

    Raises TimeoutError when another holds it for minutes.
    """
    touch("lock", path)
    with path.open("ab") as file:
        end = time.monotonic() + LOCK_SECONDS
        while not held(file):
            if time.monotonic() > end:
                raise TimeoutError(f"{path.parent}: another process has held it for {LOCK_SECONDS:.0f} s")
            time.sleep(0.02)
        yield


def held(file: io.IOBase | Any) -> bool:
    """Whether this process now has the file for itself."""
    try:
        import fcntl
    except ImportError:  # Windows
        return _held_on_windows(file)
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held_on_windows(file: Any) -> bool:
    import msvcrt

    place = file.tell()
    try:
        file.seek(2**30)  # beyond what is written, which stays readable
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    finally:
        file.seek(place)
    return True
