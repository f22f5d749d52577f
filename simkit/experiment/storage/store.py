"""The results folder of a sweep: whatever happens to the process or the disk, what is finished stays finished.

::

    results/<name>/manifest.json          what it is, and every part with its checksum
    results/<name>/design.parquet         the cases
    results/<name>/runs/part-*.parquet    a row per cell
    results/<name>/daily/part-*.parquet   the days of a run by its `cell`, where they were asked for
    results/<name>/spare/part-*.parquet   runs of earlier designs or code, kept so that they need not run again
    results/<name>/quarantine/            damaged parts; their cells run again
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from simkit.experiment.storage import disk, manifest
from simkit.experiment.storage.errors import StoreError
from simkit.experiment.storage.journal import Journal, is_of, orphans, rows_of
from simkit.experiment.storage.manifest import Manifest
from simkit.experiment.storage.rows import Key, Row, from_bytes, parquet, to_bytes

if TYPE_CHECKING:
    import pandas as pd

RUNS, DAILY, SPARE, QUARANTINE = "runs", "daily", "spare", "quarantine"
LOCK = ".lock"
DESIGN = "design.parquet"
PART = "part-*.parquet"
PART_SECONDS = 60.0
"""The journal becomes a part this often, so that readers beside see how far it is."""
SUM_DIGITS = 16
"""Of a part's checksum, in its name."""
_OWN = {manifest.NAME, DESIGN, RUNS, DAILY, SPARE, QUARANTINE, LOCK, "analysis", "report.html"}
"""What a folder may hold whose manifest is lost; the last two are of `simkit analyze`."""


class Store:
    """One results folder, opened for one sweep. Use it as a context: leaving it stores what is finished.

    Args:
        folder: it is made when it is not there.
        about: what the manifest tells (`name` is checked: a folder belongs to one experiment).
        inputs: digest of all that decides which run a label (case, alternative, replication) means.
        design: the table of cases, as Parquet.
        tell: is called with a sentence about anything that was found damaged.
        addresses: the run that each label means now, for the given replications; asked only when the folder's runs
            were made for another design, scenario or code.
        made_by: code, packages and machine, for the manifest; asked only when one is written.

    Raises StoreError for a folder that holds something else, or that cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        about: Mapping[str, Any],
        inputs: str,
        design: bytes,
        tell: Callable[[str], None] = lambda text: None,
        addresses: Callable[[Iterable[int]], Mapping[Key, str]] = lambda replications: {},
        made_by: Callable[[], Mapping[str, Any]] = dict,
    ):
        self.addresses, self.made_by = addresses, made_by
        self.folder, self.about, self.inputs, self.design, self.tell = folder, about, inputs, design, tell
        self.rows: dict[Key, Row] = {}
        """Finished cells of this experiment as it is now."""
        self.spare: dict[str, Row] = {}
        """Finished cells by address whose label is not known to be right."""
        self._fresh: list[Row] = []
        self._replacing = False
        self._parts: dict[str, str] = {}
        """Parts whose rows are here, with their checksums."""
        self._journal: Journal | None = None
        self._stored_at = time.monotonic()

    def __enter__(self) -> Self:
        with self._explained():
            check_folder(self.folder)
            self._check_owner(manifest.read(self.folder))  # before anything is made in what may be another's folder
            for name in (RUNS, SPARE):
                disk.make(self.folder / name)
            with disk.locked(self.folder / LOCK):
                self._open(manifest.read(self.folder))
                self._journal = Journal(self.folder, self.inputs)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.store()
            self._close(remove=True)
        except StoreError:
            self._close(remove=False)
            if error is None or isinstance(error, KeyboardInterrupt):
                raise
        if error is None:
            self._check_still_ours()

    def add(self, row: Row, daily: pd.DataFrame | None = None) -> None:
        """A finished cell, and its days where they are kept. After this call no end of the process loses it."""
        assert self._journal is not None
        with self._explained():
            if daily is not None:
                row = self._with_days(row, parquet(daily.assign(cell=row.cell), {"name": self.about["name"]}))
            self._journal.add(row)
        self._replacing = self._replacing or row.key in self.rows
        self.rows[row.key] = row
        self._fresh.append(row)
        if time.monotonic() - self._stored_at > PART_SECONDS:
            self.store()
            self._new_journal()

    def has(self, key: Key, unless_failed: bool, with_days: bool) -> bool:
        """Whether a cell need not run: its row is there, and what else is asked of it."""
        row = self.rows.get(key)
        if row is None or row.status == "failed":
            return row is not None and not unless_failed
        return not with_days or self.has_days(row)

    def has_days(self, row: Row) -> bool:
        """Whether the days of a run are there, whole."""
        try:
            return bool(row.daily) and disk.checksum(disk.read(self.folder / days_of(row))) == row.daily
        except FileNotFoundError:
            return False

    def _with_days(self, row: Row, data: bytes) -> Row:
        disk.make(self.folder / DAILY)
        disk.write(self.folder / days_of(row), data)
        return replace(row, daily=disk.checksum(data))

    def copy_days(self, row: Row, folder: Path) -> None:
        """Take the days of a run over from another folder."""
        with self._explained():
            data = disk.read(folder / days_of(row))
            if disk.checksum(data) != row.daily:
                raise StoreError(f"{folder / days_of(row)} is damaged")
            self._with_days(row, data)

    def store(self) -> None:
        """Write what is finished as a part, and the manifest that knows it."""
        self._stored_at = time.monotonic()
        if not self._fresh:
            return
        with self._explained(), disk.locked(self.folder / LOCK):
            held = manifest.read(self.folder) or self._manifest()
            elsewhere = self._of_others(held)
            if held.inputs != self.inputs:  # another design has this folder now; ours goes on when it is run again
                self._write_manifest(held.having(self._write_part(SPARE, self._fresh)))
            elif self._replacing:
                self._rewrite(held)
            else:
                fresh = [row for row in self._fresh if row.cell not in elsewhere]
                added = self._write_part(RUNS, fresh) if fresh else {}
                self._write_manifest(self._manifest(held).having({**held.parts, **added}))
        self._fresh, self._replacing = [], False

    def _adopt(self, held: Manifest | None) -> None:
        """Take runs of an earlier design, scenario or code over, as far as they are what a label means now.

        The others become spare ones. All parts are written anew.
        """
        old = {row.cell: row for row in [*self.spare.values(), *self.rows.values()]}
        meant = self.addresses(row.replication for row in old.values()) if old else {}
        taken = {key: old[cell] for key, cell in meant.items() if cell in old}
        self.rows = {key: row.labelled(key) for key, row in taken.items()}
        used = {row.cell for row in taken.values()}
        self.spare = {cell: row for cell, row in old.items() if cell not in used}
        self._rewrite(held)
        if old:
            self.tell(
                f"{self.folder} held other cases, another scenario or other code under this name: of its {len(old)} "
                f"runs {len(self.rows)} are of this sweep too, {len(self.spare)} are kept aside in {SPARE}/"
            )

    # --- opening -----------------------------------------------------------------------------------------------

    def _open(self, held: Manifest | None) -> None:
        """Read what is finished; called under the lock."""
        self._check_owner(held)
        same = held is None or held.inputs == self.inputs
        listed = held.parts if held is not None else self._there()
        for name, sha in listed.items():
            self._take(name, sha, same)
        journals = orphans(self.folder)
        known = {row.cell for row in [*self.rows.values(), *self.spare.values()]}
        for path, data in journals:
            left = [row for row in rows_of(data) if row.cell not in known]
            ours = same and is_of(path, self.inputs)
            self._sort(left, ours)
            if left:
                self._write_part(RUNS if ours else SPARE, left)
        if not same or (held is None and self.spare):
            self._adopt(held)
        elif held is None or self._parts != dict(listed) or not self._has_design():
            disk.write(self.folder / DESIGN, self.design)
            self._write_manifest(self._manifest(held))
        for path, _ in journals:
            disk.remove(path)

    def _check_owner(self, held: Manifest | None) -> None:
        if held is not None and held.about.get("name") != self.about["name"]:
            raise StoreError(
                f"{self.folder} holds the experiment {held.about.get('name')!r}, not {self.about['name']!r}; "
                "name another folder"
            )

    def _check_still_ours(self) -> None:
        """Raise StoreError where another sweep of this name has the folder now: its answers would pass for ours."""
        with self._explained():
            held = manifest.read(self.folder)
        if held is not None and held.inputs != self.inputs:
            raise StoreError(
                f"{self.folder} was taken over by a sweep of this name with other cases, another scenario or other "
                f"code; the runs of this one are kept aside in {SPARE}/: when that one has ended, give the same "
                "command again; name another folder to keep both"
            )

    def _has_design(self) -> bool:
        try:
            return disk.read(self.folder / DESIGN) == self.design
        except FileNotFoundError:
            return False

    def _there(self) -> dict[str, str]:
        """Parts of a folder without a manifest, by the checksums in their names."""
        paths = [path for place in (RUNS, SPARE) for path in disk.names(self.folder / place, PART)]
        if paths:
            self.tell(f"{self.folder}: the manifest is missing or damaged; it is made again from {len(paths)} parts")
        return {f"{path.parent.name}/{path.name}": path.stem.removeprefix("part-") for path in paths}

    def _take(self, name: str, sha: str, same: bool) -> set[str]:
        """Read a part; the addresses in it. A damaged one is put aside."""
        found = self._read_part(name, sha)
        if found is None:
            return set()
        rows, about, self._parts[name] = found
        self._sort(rows, same and name.startswith(RUNS) and about.get("inputs") == self.inputs)
        return {row.cell for row in rows}

    def _of_others(self, held: Manifest) -> set[str]:
        """Addresses of runs that another sweep has stored since this one looked."""
        new = {name: sha for name, sha in held.parts.items() if name not in self._parts}
        same = held.inputs == self.inputs
        return {cell for name, sha in new.items() for cell in self._take(name, sha, same)}

    def _sort(self, rows: Iterable[Row], labels_hold: bool) -> None:
        for row in rows:
            if not labels_hold:
                self.spare[row.cell] = row
            elif row.status == "ok" or row.key not in self.rows:
                self.rows[row.key] = row

    def _read_part(self, name: str, sha: str) -> tuple[list[Row], dict[str, Any], str] | None:
        """Rows, what the part says of itself, and its checksum; None where it is damaged or gone."""
        path = self.folder / name
        try:
            data = disk.read(path)
        except FileNotFoundError:
            self.tell(f"{path} is gone; its runs are made again")
            return None
        try:
            if not disk.checksum(data).startswith(sha):
                raise StoreError("its checksum is another one")
            rows, about = from_bytes(data)
        except StoreError as error:
            disk.move(path, self.folder / QUARANTINE)
            self.tell(f"{path} is damaged ({error}); it lies in {QUARANTINE}/ and its runs are made again")
            return None
        if about.get("name") != self.about["name"]:
            raise StoreError(f"{path} belongs to the experiment {about.get('name')!r}; name another folder")
        return rows, about, disk.checksum(data)

    # --- writing -----------------------------------------------------------------------------------------------

    def _manifest(self, held: Manifest | None = None) -> Manifest:
        """Of this sweep and the parts it knows; an earlier one's beginning stays."""
        times = dict(held.about.get("times", {})) if held is not None else {}
        now = {"stored": datetime.now(UTC).isoformat(timespec="seconds")}
        told = {**self.about, **self.made_by(), "times": {**self.about["times"], **times, **now}}
        told["design_sha256"] = disk.checksum(self.design)
        return Manifest(told, self.inputs, self._parts)

    def _write_part(self, place: str, rows: Sequence[Row]) -> dict[str, str]:
        """A part named by its checksum, so that it proves itself even without a manifest."""
        rows = sorted(rows, key=lambda row: row.key)
        data = to_bytes(rows, {"name": self.about["name"], "inputs": self.inputs if place == RUNS else ""})
        sha = disk.checksum(data)
        name = f"{place}/part-{sha[:SUM_DIGITS]}.parquet"
        disk.write(self.folder / name, data)
        self._parts[name] = sha
        return {name: sha}

    def _rewrite(self, held: Manifest | None) -> None:
        """All rows in new parts, then the manifest, then the old parts go."""
        before, self._parts = {**self._parts, **(held.parts if held is not None else {})}, {}
        for place, rows in ((RUNS, list(self.rows.values())), (SPARE, list(self.spare.values()))):
            if rows:
                self._write_part(place, rows)
        disk.write(self.folder / DESIGN, self.design)
        self._write_manifest(self._manifest(held))
        for name in before.keys() - self._parts.keys():
            disk.remove(self.folder / name)

    def _write_manifest(self, held: Manifest) -> None:
        disk.write(self.folder / manifest.NAME, held.to_bytes())

    def _new_journal(self) -> None:
        with self._explained(), disk.locked(self.folder / LOCK):
            self._close(remove=True)
            self._journal = Journal(self.folder, self.inputs)

    def _close(self, remove: bool) -> None:
        if self._journal is not None:
            journal, self._journal = self._journal, None
            journal.close(remove)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What the disk refuses, in a sentence that says how to go on."""
        try:
            yield
        except StoreError:
            raise
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = "the disk is full" if full else f"{error.strerror or error} ({error.filename or self.folder})"
            way = "make room" if full else "mend that"
            raise StoreError(
                f"{self.folder}: {why}; no finished run is lost: {way}, give the same command again, and it goes on "
                "where it stopped"
            ) from error


def days_of(row: Row) -> str:
    """The file that holds the days of a run, by its path in the folder."""
    return f"{DAILY}/part-{row.cell[:32]}.parquet"


def check_folder(folder: Path) -> None:
    """Refuse a place that holds something else than a sweep."""
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"{folder} is a file; name a folder for the results")
    if not folder.is_dir() or (folder / manifest.NAME).exists():
        return
    strange = [path.name for path in disk.names(folder, "*") if path.name not in _OWN and not _passing(path.name)]
    if strange:
        raise StoreError(f"{folder} is not empty and holds no sweep ({strange[0]}); name another folder")


def _passing(name: str) -> bool:
    return name.startswith("journal-") or name.endswith(disk.PARTIAL)
