"""Where results come from: the code, packages and machine that made them."""

from __future__ import annotations

import contextlib
import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from simkit.rng import RNG_SCHEME

PACKAGES = ("simkit", "numpy", "numba", "scipy", "pandas", "pyarrow", "pydantic", "simpy", "mesa", "matplotlib")


def origin() -> dict[str, Any]:
    """What is needed, besides the scenario, for the same numbers again."""
    return {
        "rng": RNG_SCHEME,
        "code": code_version(),
        "packages": package_versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


@cache
def package_versions() -> dict[str, str]:
    """Versions of simkit and of what its numbers pass through."""
    versions = {}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


@cache
def code_version() -> dict[str, Any]:
    """Commit and dirty flag of simkit's own repository when first asked; empty when it is installed without one."""
    root = Path(__file__).resolve().parents[2]
    top, commit = _git(root, "rev-parse", "--show-toplevel"), _git(root, "rev-parse", "HEAD")
    if top is None or commit is None or Path(top).resolve() != root:
        return {}
    return {"commit": commit, "dirty": bool(_git(root, "status", "--porcelain", "--", "simkit"))}


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
