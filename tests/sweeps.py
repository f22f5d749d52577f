"""A small experiment and what became of it, for tests of the results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simkit.experiment.definition.files import Experiment, load_experiment
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


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(bytes(data))


def emptied(path: Path) -> None:
    path.write_bytes(b"")
