"""What one cell may take before it is ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simkit.experiment.cells import Err, Outcome


@dataclass(frozen=True)
class Limits:
    """Wall-clock seconds and resident memory that one cell may take; None is no limit.

    Memory is that of the whole worker process (bytes), of which some 300 MB are Python, its libraries and the
    compiled rules. It is looked at ten times a second. Time counts what a first cell still compiles.
    """

    seconds: float | None = None
    memory_bytes: int | None = None

    TIME: ClassVar[str] = "time limit"
    MEMORY: ClassVar[str] = "memory limit"

    def __post_init__(self) -> None:
        for name in ("seconds", "memory_bytes"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"the limit {name} is above 0; found {value}")

    def exceeded(self, pid: int | None, seconds: float) -> Err | None:
        """What a process has to be ended for that has been at its cell for so long; None when it may go on."""
        if self.seconds is not None and seconds > self.seconds:
            return Err(f"ran longer than its limit of {self.seconds:g} s and was ended", self.TIME, seconds)
        if self.memory_bytes is None:
            return None
        taken_bytes = _resident(pid)
        if taken_bytes <= self.memory_bytes:
            return None
        taken, most = (f"{one / 1e6:.0f} MB" for one in (taken_bytes, self.memory_bytes))
        return Err(f"took {taken} of memory, more than its limit of {most}, and was ended", self.MEMORY, seconds)

    def blames_memory(self, outcome: Outcome) -> bool:
        """Whether a cell has failed for its memory."""
        return isinstance(outcome, Err) and outcome.digest == self.MEMORY


def _resident(pid: int | None) -> int:
    """Bytes of memory that a process holds; 0 when it has ended."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
