"""The manifest of a results folder: whose results they are, what made them, and every part with its checksum."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from simkit.experiment.storage import disk
from simkit.experiment.storage.errors import StoreError

SCHEMA = "simkit sweep/1"
NAME = "manifest.json"
_KIND = "simkit sweep/"


@dataclass(frozen=True)
class Manifest:
    """What a folder holds. `parts` maps a file, by its path in the folder, to its SHA-256."""

    about: Mapping[str, Any]
    """Name, scenario, design, code, packages, platform, times: see :func:`~simkit.experiment.storage.about.about`."""
    inputs: str
    """Digest of everything that the labels of `runs/` depend on."""
    parts: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """As JSON, an entry a line, with a checksum of its own."""
        body = {"schema": SCHEMA, **self.about, "inputs": self.inputs, "parts": dict(sorted(self.parts.items()))}
        whole = {**body, "sha256": disk.checksum(_canonical(body))}
        lines = (f"{json.dumps(key)}: {_canonical(value).decode()}" for key, value in whole.items())
        return ("{\n" + ",\n".join(lines) + "\n}\n").encode()

    def having(self, added: Mapping[str, str]) -> Manifest:
        """With more parts."""
        return replace(self, parts={**self.parts, **added})


def _canonical(body: Any) -> bytes:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, allow_nan=False, default=str).encode()


def read(folder: Path) -> Manifest | None:
    """The manifest of a folder; None where there is none, or one that was damaged.

    Raises StoreError for results of another kind or of another version of this store.
    """
    try:
        form = json.loads(disk.read(folder / NAME))
    except FileNotFoundError:
        return None
    except ValueError:
        return None
    schema = form.get("schema") if isinstance(form, dict) else None
    if not isinstance(schema, str):
        return None
    if schema != SCHEMA and schema.startswith(_KIND):
        raise StoreError(
            f"{folder} was written in the form {schema!r}, this simkit knows {SCHEMA!r}; name another folder"
        )
    if schema != SCHEMA:
        raise StoreError(f"{folder} holds results of another kind ({schema}); name another folder for the sweep")
    body = {key: value for key, value in form.items() if key != "sha256"}
    if form.get("sha256") != disk.checksum(_canonical(body)):
        return None
    about = {key: value for key, value in body.items() if key not in ("schema", "inputs", "parts")}
    return Manifest(about, body["inputs"], body["parts"])
