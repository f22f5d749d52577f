"""A model that does nothing, slowly or fatally if asked to: what the executors are tested with.

It imports nothing heavy, so that a worker process that is killed costs a test a tenth of a second.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simkit.experiment.cells import Answer, Model, Work

EATEN_BYTES = 240_000_000
FOREVER_SECONDS = 600


@dataclass(frozen=True)
class Scenario:
    """What goes wrong, and how."""

    fault: str = ""


MODEL = Model("faults:simulate", "simkit.experiment.cells:figures_of", {}, warm_up=None)
"""Found by the name of this file's folder on the path, as in a worker."""


def work_of(**faults: str) -> Work:
    """Alternatives by name, each with its fault."""
    return Work({name: Scenario(fault) for name, fault in faults.items()}, "compiled", MODEL)


def simulate(scenario: Scenario, replication: int, *, engine: str = "compiled", threads: int = 1) -> Answer:
    """A figure that no other replication has, and before it what the fault asks for; with ``tables`` a few tables."""
    what, _, detail = scenario.fault.partition(":")
    if what == "slow":
        time.sleep(float(detail))
    if what == "sleep at":
        Path(detail).write_text(str(os.getpid()))
        time.sleep(FOREVER_SECONDS)
    if replication == 1:
        _fail(what, detail)
    tables = _tables(replication) if what == "tables" else {}
    return Answer({"figure": replication / 7}, **tables)


@dataclass(frozen=True)
class Patient:
    """A work whose cells leave a mark in a worker, and in the process that made it wait for so many marks."""

    folder: Path
    marks: int
    maker: int

    def warm(self, helper: bool) -> None:
        """There is nothing to get ready."""

    def run(self, cell: int, threads: int) -> int:
        """How many marks there are in the end."""
        if os.getpid() != self.maker:
            (self.folder / str(cell)).touch()
        deadline = time.monotonic() + 30
        while os.getpid() == self.maker and self._marks() < self.marks and time.monotonic() < deadline:
            time.sleep(0.01)
        return self._marks()

    def _marks(self) -> int:
        return len(list(self.folder.iterdir()))


def _tables(replication: int) -> dict[str, Any]:
    """Days and cases that no other replication has, in the blocks of memory that tables are made of."""
    import numpy as np

    return {"daily": np.arange(5000) / (7 + replication), "cases": np.arange(3000).reshape(3, -1) ** replication}


def _fail(what: str, detail: str) -> None:
    """Die, hang or take memory."""
    if what == "die" or (what == "die once" and not Path(detail).exists()):
        if detail:
            Path(detail).touch()
        os._exit(9)
    if what == "hang":
        time.sleep(FOREVER_SECONDS)
    if what == "eat":
        eaten = b"x" * EATEN_BYTES
        time.sleep(FOREVER_SECONDS + 0 * len(eaten))


def own_threads(scenario: Any, replication: int, *, engine: str, threads: int) -> Answer:
    """How many threads this process may use: by its libraries' settings, and by what it is told."""
    return Answer({"threads": float(threads), "of_libraries": float(os.environ.get("OMP_NUM_THREADS", "0"))})
