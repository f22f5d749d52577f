"""Shards into one: the results of the parts of one sweep, made on different machines, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from simkit.experiment.storage import disk
from simkit.experiment.storage.errors import StoreError
from simkit.experiment.storage.reading import Results, read_results
from simkit.experiment.storage.store import DESIGN, Store


def merge(folders: Sequence[str | Path], into: str | Path, tell: Callable[[str], None] = lambda text: None) -> Results:
    """Put the results of several folders into one; what it already holds stays. The folders are only read.

    All must be of one sweep: the same experiment, design, scenario and code, so that a label means one run. Figures of
    a run that two folders have must agree.

    Raises StoreError where they are not, or disagree, or a part is damaged.
    """
    if not folders:
        raise StoreError("name at least one folder to merge")
    found = [read_results(folder) for folder in folders]
    first = found[0]
    for folder, one in zip(folders[1:], found[1:], strict=True):
        if one.inputs != first.inputs:
            raise StoreError(f"{folder} and {folders[0]} are not of one sweep: {_difference(first, one)}")
    design = disk.read(Path(folders[0]) / DESIGN)
    with Store(Path(into), first.about, first.inputs, design, tell) as store:
        for folder, one in zip(folders, found, strict=True):
            for key, row in one.rows.items():
                known = store.rows.get(key)
                if known is not None and known.status == row.status == "ok" and known.measures != row.measures:
                    raise StoreError(f"{folder}: case {key[0]}, {key[1]}, replication {key[2]} has other figures")
                if known is None or (known.status == "failed" and row.status == "ok"):
                    if row.daily:
                        store.copy_days(row, Path(folder))
                    store.add(row)
    return read_results(into)


def _difference(a: Results, b: Results) -> str:
    """What a reader would look at first."""
    for key, words in (
        ("name", "another experiment"),
        ("seed", "another seed"),
        ("fingerprint", "other code or packages"),
        ("cases", "another number of cases"),
        ("alternatives", "other alternatives"),
        ("sets", "other overrides"),
    ):
        if a.about.get(key) != b.about.get(key):
            return f"{words} ({a.about.get(key)}; {b.about.get(key)})"
    return "another experiment file, scenario or design"
