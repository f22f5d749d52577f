"""Where the cells of a sweep run, as its user said it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from simkit.experiment.cells import Cell, Outcome, Work
from simkit.experiment.executors.interrupts import gently
from simkit.experiment.executors.limits import Limits
from simkit.experiment.executors.serial import Serial

Stream = Callable[[Iterable[Cell]], Generator[tuple[Cell, Outcome]]]


@dataclass(frozen=True)
class Place:
    """`executor` is ``serial``, ``dask``, or None for this process with workers beside it.

    A `cluster` (the address of a Dask scheduler, or its scheduler file) and `limits` mean Dask. Raises ValueError for
    what does not go together.
    """

    executor: str | None = None
    cluster: str | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.executor not in (None, "serial", "dask"):
            raise ValueError(f"the executor is 'serial' or 'dask'; found {self.executor!r}")
        if self.executor == "serial" and (self.cluster is not None or self.limits != Limits()):
            raise ValueError("a cluster and limits per cell need the executor 'dask', not 'serial'")

    @property
    def beside(self) -> bool:
        """Whether nothing was said: this process, and workers beside it."""
        return self.executor is None and self.cluster is None and self.limits == Limits()

    @contextmanager
    def stream(self, work: Work, workers: int | None, tell: Callable[[str], None]) -> Iterator[Stream]:
        """What streams cells here; a cluster is opened with the first of them, and stays open for later streams.

        After a first Ctrl-C a stream gives back what has begun and then raises KeyboardInterrupt.
        """
        executor: Any
        if self.executor == "serial":
            if work.extension:
                work.warm(helper=False)  # a rule that does not compile ends the sweep, not each of its runs
            executor, opened = Serial(work, threads=1), None
        else:
            from simkit.experiment.executors.dask import Dask

            executor = opened = Dask(work, workers, self.cluster, self.limits, tell=tell)
        with ExitStack() as stack:

            def cells_of(cells: Iterable[Cell]) -> Generator[tuple[Cell, Outcome]]:
                nonlocal opened
                if opened is not None:
                    stack.enter_context(opened)
                    opened = None
                with gently(executor, tell) as interrupted:
                    yield from executor.submit_stream(cells)
                if interrupted.is_set():
                    raise KeyboardInterrupt

            yield cells_of


def memory_bytes(text: str) -> int:
    """``2GB`` as bytes, also ``500 MB`` and ``1.5GiB``. Raises ValueError."""
    from simkit.experiment.extras import optional

    return int(optional("dask.utils").parse_bytes(text))
