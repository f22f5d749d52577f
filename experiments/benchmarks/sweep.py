"""What a sweep costs beside its runs, and how long a finished one takes to say that it is finished.

python experiments/benchmarks/sweep.py          # about a minute

A thousand cells of a model that does nothing: 50 cases of `scenarios/quickstart.yaml`, two alternatives, ten
replications. First the tables of a sweep with a results folder are held against those of one in memory; then the
overhead per cell is told, once in memory and once with the folder, and the second run, from the start of a fresh
Python to its tables. Limits: 20 ms per cell, 3 s for the second run, on a machine that has nothing else to do.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT), str(HERE.parent)]
CASES, REPLICATIONS, ALTERNATIVES = 50, 10, 2
CELLS = CASES * REPLICATIONS * ALTERNATIVES
MOST_OVERHEAD_MS, MOST_SECONDS = 20.0, 3.0
MEASURES = {"profit": None}


@dataclass(frozen=True)
class Run:
    """A run of the model that does nothing."""

    profit: float
    warnings: tuple[str, ...] = ()


def simulate(scenario: Any, replication: int, *, engine: str, threads: int) -> Run:
    """Nothing but a figure of the scenario."""
    return Run(scenario.contact_policy.gap + replication)


def compute(run: Run) -> dict[str, float | None]:
    """The figure."""
    return {"profit": run.profit}


def write(folder: Path) -> Path:
    """The experiment, beside a scenario that extends the shipped one."""
    for name in ("quickstart.yaml", "retail.yaml", "fits/cdnow.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text((ROOT / "scenarios" / name).read_text(encoding="utf-8"), encoding="utf-8")
    path = folder / "experiment.yaml"
    path.write_text(
        f"scenario: quickstart.yaml\nname: nothing\nlevers: {{contact_policy.gap: {{low: 0.5, high: 9.5}}}}\n"
        f"design: {{kind: latin_hypercube, n: {CASES}}}\nreplications: {REPLICATIONS}\n"
        "alternatives: [hierarchy, pods]\n",
        encoding="utf-8",
    )
    return path


def swept(path: Path, folder: Path | None) -> Any:
    """The sweep in this process, on one core."""
    from simkit.experiment.cells import Model
    from simkit.experiment.definition.files import load_experiment
    from simkit.experiment.sweep import sweep as run

    model = Model("sweep:simulate", "sweep:compute", "sweep:MEASURES", warm_up=None)
    return run(load_experiment(path), folder=folder, model=model, workers=1)


def main() -> int:
    """Measure and tell; 1 when a limit is not kept."""
    with tempfile.TemporaryDirectory() as place:
        path, folder = write(Path(place)), Path(place) / "results"
        started = time.perf_counter()
        plain = swept(path, None).runs
        in_memory = time.perf_counter() - started
        started = time.perf_counter()
        stored = swept(path, folder).runs
        with_folder = time.perf_counter() - started
        assert len(stored) == CELLS
        assert stored.equals(plain), "the tables differ"
        started = time.perf_counter()
        subprocess.run([sys.executable, str(HERE), str(path), str(folder)], check=True)
        again = time.perf_counter() - started
    overhead = 1000 * with_folder / CELLS
    print(f"{CELLS} cells of a model that does nothing, {CASES} cases")
    print(f"overhead per cell, in memory   {1000 * in_memory / CELLS:6.2f} ms")
    print(f"overhead per cell, with folder {overhead:6.2f} ms  (limit {MOST_OVERHEAD_MS:.0f})")
    print(f"second run, fresh process      {again:6.2f} s   (limit {MOST_SECONDS:.0f})")
    return int(overhead > MOST_OVERHEAD_MS or again > MOST_SECONDS)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        swept(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        sys.exit(main())
