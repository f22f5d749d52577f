"""Progress: how far a study is and how long it will take, told on stderr so that results stay clean."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

QUIET_SECONDS = 2.0
"""What is done sooner needs no telling."""
LINE_SECONDS = 15.0
"""Seconds between plain lines when stderr is not a terminal."""


class Progress:
    """Counts finished cells, and failed ones among them: a bar with the time left on a terminal, else plain lines."""

    def __init__(self, total: int, shown: bool):
        self.total, self.done, self.failed = total, 0, 0
        self.started = time.monotonic()
        self._told_at = self.started + QUIET_SECONDS - LINE_SECONDS
        self._lines = shown and not sys.stderr.isatty()
        self._bar: Any = _bar() if shown and sys.stderr.isatty() else None
        self._task: Any = None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("simulating", total=self.total)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, failed: bool = False, seconds: float | None = None) -> None:
        """One more cell is finished, in so many seconds; what came before the first one says nothing of the others."""
        if not self.done and seconds is not None:
            self.started = time.monotonic() - seconds
        self.done += 1
        self.failed += failed
        if self._bar is not None:
            words = f"simulating, {self.failed} failed" if self.failed else "simulating"
            self._bar.update(self._task, completed=self.done, description=words)
        elif self._lines and self.done < self.total:
            self._tell(time.monotonic())

    def _tell(self, now: float) -> None:
        if now - self._told_at < LINE_SECONDS:
            return
        self._told_at = now
        left = (now - self.started) / self.done * (self.total - self.done)
        failed = f", {self.failed} failed" if self.failed else ""
        words = f"{self.done} of {self.total} runs finished{failed}, about {left:.0f} s left"
        print(words, file=sys.stderr, flush=True)


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return RichProgress(*columns, TextColumn("left"), console=Console(stderr=True), transient=True)


@contextmanager
def telling() -> Iterator[Callable[[str], None]]:
    """For work whose length is not known: what it calls with a few words is told once it has lasted a while.

    On a terminal a line that vanishes in the end, elsewhere a plain line now and then.
    """
    from rich.console import Console

    line = Console(stderr=True).status("") if sys.stderr.isatty() else None
    started = time.monotonic()
    told_at = started + QUIET_SECONDS - LINE_SECONDS

    def told(words: str) -> None:
        nonlocal told_at
        if line is not None:
            line.update(words)
        elif time.monotonic() - told_at >= LINE_SECONDS:
            told_at = time.monotonic()
            print(f"{words} ... ({told_at - started:.0f} s)", file=sys.stderr, flush=True)

    patience = threading.Timer(QUIET_SECONDS, line.start) if line is not None else None
    if patience is not None:
        patience.start()
    try:
        yield told
    finally:
        if patience is not None and line is not None:
            patience.cancel()
            patience.join()
            line.stop()
