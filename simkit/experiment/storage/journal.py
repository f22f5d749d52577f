"""The journal of one sweep: a line for each finished cell, written before anything else is done with it.

A process that is killed leaves its journal behind; whoever opens the store next takes its whole lines over.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
import zlib
from pathlib import Path

from simkit.experiment.storage import disk
from simkit.experiment.storage.rows import Row

PATTERN = "journal-*.jsonl"


class Journal:
    """Finished cells of this process that are in no part yet."""

    def __init__(self, folder: Path, inputs: str):
        self.file = disk.Growing(folder / f"{_beginning(inputs)}{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl")

    def add(self, row: Row) -> None:
        """A finished cell; after this call it survives the end of the process."""
        body = json.dumps({**vars(row), "measures": dict(row.measures)}, ensure_ascii=False, allow_nan=False).encode()
        self.file.add(b"%08x %b\n" % (zlib.crc32(body), body))

    def close(self, remove: bool) -> None:
        """Give it up; `remove` when all of it is in a part. One that stays is no harm: its cells are known."""
        if remove:
            with contextlib.suppress(OSError):
                disk.remove(self.file.path)
        self.file.close()


def _beginning(inputs: str) -> str:
    return f"journal-{inputs[:16]}-"


def is_of(path: Path, inputs: str) -> bool:
    """Whether a journal was written under these inputs, so that its labels hold."""
    return path.name.startswith(_beginning(inputs))


def rows_of(data: bytes) -> list[Row]:
    """The whole lines of a journal; a line that was cut off or changed is no row."""
    rows = []
    for line in data.split(b"\n"):
        code, _, body = line.partition(b" ")
        try:
            if int(code, 16) == zlib.crc32(body):
                rows.append(Row.of(json.loads(body)))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return rows


def orphans(folder: Path) -> list[tuple[Path, bytes]]:
    """Journals whose process has ended, with what they hold; call it under the store's lock."""
    found = []
    for path in disk.names(folder, PATTERN):
        file = disk.given_up(path)
        if file is not None:
            with file:
                found.append((path, disk.read(path)))
    return found
