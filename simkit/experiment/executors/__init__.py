"""Who runs the cells: this process, worker processes, or a Dask cluster. One protocol, so that it is no one's concern.

``submit_stream(cells, window)`` yields ``(cell, Ok | Err)`` as they finish, with at most `window` cells
handed out and not yet given back. `Dask` is imported from :mod:`simkit.experiment.executors.dask` where it is wanted,
so that a worker process, which reads this page too, starts without it.
"""

from __future__ import annotations

from simkit.experiment.executors.interrupts import gently
from simkit.experiment.executors.limits import Limits
from simkit.experiment.executors.processes import Processes
from simkit.experiment.executors.protocol import Executor, WorkerStartError
from simkit.experiment.executors.serial import Serial
from simkit.experiment.executors.worker import kept_workers, start_early, waiting_workers

__all__ = [
    "Executor",
    "Limits",
    "Processes",
    "Serial",
    "WorkerStartError",
    "gently",
    "kept_workers",
    "start_early",
    "waiting_workers",
]
