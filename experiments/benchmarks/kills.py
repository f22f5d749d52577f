"""Does a sweep survive ``kill -9`` of its parent, of a worker, and of both, each at twenty random moments?

After each kill: no process outlives its parent by more than 10 s, the same sweep again gives the table of one that was
never disturbed, and no run that was finished is made again. Cells are small and made up, because what is killed here is
the machinery around them; each writes down that it begins, and in which process. Run with
``python experiments/benchmarks/kills.py``; some ten minutes, needs the extra `experiments`. Exit 1 when a claim fails.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from simkit.experiment.cells import Answer, Model
from simkit.experiment.definition.files import load_experiment
from simkit.experiment.executors.choice import Place
from simkit.experiment.storage.journal import PATTERN, rows_of
from simkit.experiment.storage.rows import from_bytes
from simkit.experiment.sweep import Swept, sweep
from simkit.rng import generator

LOG = "KILLS_LOG"
"""Environment: a file that gets a line for each run begun."""
PAUSE_SECONDS = 0.04
"""What a run takes."""
GAPS, REPLICATIONS = (1, 2, 3, 4), 15
CELLS = len(GAPS) * 2 * REPLICATIONS
OUTLIVES_SECONDS = 10.0
PATIENCE_SECONDS = 120.0
MODEL = Model("kills:simulate", "simkit.experiment.cells:figures_of", {"profit": None}, warm_up=None)
EXPERIMENT = """\
scenario: small.yaml
name: kills
levers: {{contact_policy.gap: [{gaps}]}}
design: grid
replications: {replications}
"""
SCENARIO = "market: {customers: 300}\nhorizon: 30 days\nwarmup: 7 days\nalternatives: {pods: {teams.structure: pods}}\n"
HEAD = (
    "killed", "moments", "after runs", "runs kept", "runs begun twice", "finished runs made again",
    "outlived by at most", "tables equal",
)  # fmt: skip
Cell = tuple[int, str, int]


def simulate(scenario: Any, replication: int, *, engine: str, threads: int) -> Answer:
    """A figure that no other cell has, after a short while."""
    preset = scenario.teams.structure.preset
    line = f"{os.getpid()} {scenario.contact_policy.gap:g} {preset} {replication}\n"
    with open(os.environ[LOG], "ab", buffering=0) as file:  # one write, so that lines of two processes do not mix
        file.write(line.encode())
    time.sleep(PAUSE_SECONDS)
    draw = generator(scenario.seed, f"{scenario.contact_policy.gap:g} {preset} {replication}")
    return Answer({"profit": float(draw.standard_normal())})


# --- a sweep in a process of its own ------------------------------------------------------------------------


def swept(home: Path, executor: str | None = None) -> Swept:
    """The sweep of the experiment in `home`, on two processes, into its results folder."""
    os.environ[LOG] = str(home / "log")
    experiment = load_experiment(home / "experiment.yaml")
    return sweep(experiment, folder=home / "results", model=MODEL, workers=2, place=Place(executor))


def begun(home: Path) -> list[tuple[int, Cell]]:
    """Process and cell of each run that has begun."""
    place = home / "log"
    lines = [line.split() for line in place.read_text().splitlines()] if place.exists() else []
    return [(int(pid), (GAPS.index(int(gap)), name, int(number))) for pid, gap, name, number in lines]


def finished(folder: Path) -> set[Cell]:
    """The cells that the results folder holds, in parts and in journals, read without the store."""
    parts = [row for path in (folder / "runs").glob("part-*.parquet") for row in from_bytes(path.read_bytes())[0]]
    lines = [row for path in folder.glob(PATTERN) for row in rows_of(path.read_bytes())]
    return {row.key for row in (*parts, *lines)}


# --- a kill -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Killed:
    """What came of one kill."""

    after: int
    """Runs begun before it."""
    outlived_seconds: float
    """How long a process was there after its parent."""
    kept: int
    """Runs finished before it, as the results folder had them."""
    again: int
    """Finished runs that were made again."""
    twice: int
    """Runs that began twice: those under way."""
    same: bool
    """Whether the table equals that of an undisturbed sweep."""
    went_on: bool
    """Whether a sweep that only lost a worker finished by itself; true of the others."""

    @property
    def good(self) -> bool:
        """Whether all that is claimed held."""
        return self.same and self.went_on and self.again == 0 and self.outlived_seconds <= OUTLIVES_SECONDS


def kill(home: Path, whom: str, luck: random.Random, expected: pd.DataFrame, executor: str | None) -> Killed:
    """Start a sweep, kill `whom` at a random moment, go on, and look."""
    command = [sys.executable, __file__, "--sweep", str(home), *(["--executor", executor] if executor else [])]
    share, delay = luck.random(), luck.uniform(0, 2 * PAUSE_SECONDS)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # all imported, about to begin
        parent = psutil.Process(process.pid)
        if whom == "worker":  # a moment of its life
            wait_until(lambda: process.poll() is not None or any(pid != parent.pid for pid, _ in begun(home)))
        first = len(begun(home))
        runs = first + round(share * (CELLS - first))
        wait_until(lambda: process.poll() is not None or len(begun(home)) >= runs)
        time.sleep(delay)
        family = below(parent)
        working = {pid for pid, _ in begun(home)} & {one.pid for one in family}
        after = len(begun(home))
        if whom in ("worker", "both"):
            for one in family:
                if one.pid in working or whom == "both":
                    end(one)
        if whom in ("parent", "both"):
            end(parent)
        went_on = process.wait(PATIENCE_SECONDS) == 0 or whom != "worker"
        left = time.perf_counter()
        wait_until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family))
        outlived = time.perf_counter() - left
    held, before = finished(home / "results"), len(begun(home))
    same = swept(home, executor).runs.equals(expected)
    again = sum(cell in held for _, cell in begun(home)[before:])
    counts = Counter(cell for _, cell in begun(home))
    return Killed(after, outlived, len(held), again, sum(counts.values()) - len(counts), same, went_on)


def below(parent: psutil.Process) -> list[psutil.Process]:
    """All processes that a process has started; none when it has ended."""
    try:
        return parent.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def end(process: psutil.Process) -> None:
    """kill -9, of a process that may have ended by itself."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def wait_until(true: Callable[[], bool]) -> None:
    """Look a hundred times a second; a process that vanishes while it is looked at has ended."""
    until = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < until:
        try:
            if true():
                return
        except psutil.NoSuchProcess:
            continue
        time.sleep(0.01)
    raise TimeoutError(f"waited for {PATIENCE_SECONDS:g} s")


# --- the whole ----------------------------------------------------------------------------------------------


def prepared(home: Path) -> Path:
    """A folder with the experiment."""
    home.mkdir()
    (home / "small.yaml").write_text(SCENARIO)
    gaps = ", ".join(map(str, GAPS))
    (home / "experiment.yaml").write_text(EXPERIMENT.format(gaps=gaps, replications=REPLICATIONS))
    return home


def main() -> int:
    """Kill, go on, look; a line for each kind of victim."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--moments", type=int, default=20, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--executor", choices=("serial", "dask"), help="as of simkit sweep")
    parser.add_argument("--sweep", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sweep:
        print("ready", flush=True)
        swept(given.sweep, given.executor)
        return 0
    bad = 0
    print(f"| {' | '.join(HEAD)} |\n|---|{'--:|' * (len(HEAD) - 1)}")
    with tempfile.TemporaryDirectory() as place:
        expected = swept(prepared(Path(place) / "undisturbed"), "serial").runs
        for whom in ("parent", "worker", "both"):
            luck = random.Random(f"{given.seed} {whom}")
            found = [
                kill(prepared(Path(place) / f"{whom}{i}"), whom, luck, expected, given.executor)
                for i in range(given.moments)
            ]
            print(row(whom, found), flush=True)
            bad += sum(not one.good for one in found)
    if bad:
        print(f"{bad} kills did harm")
    return 1 if bad else 0


def row(whom: str, found: list[Killed]) -> str:
    """A line of the printed table."""
    after, kept = sorted(one.after for one in found), sorted(one.kept for one in found)
    return (
        f"| {whom} | {len(found)} | {after[0]} to {after[-1]} of {CELLS} | {kept[0]} to {kept[-1]} "
        f"| {max(one.twice for one in found)} at most | {sum(one.again for one in found)} "
        f"| {max(one.outlived_seconds for one in found):.1f} s | {sum(one.same for one in found)} of {len(found)} |"
    )


if __name__ == "__main__":
    sys.exit(main())
