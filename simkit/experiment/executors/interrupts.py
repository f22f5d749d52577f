"""Ctrl-C once: nothing new begins, what has begun is finished and kept. Twice: the end, at once."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from simkit.experiment.executors.protocol import Executor


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def gently(executor: Executor, tell: Callable[[str], None] = _tell) -> Iterator[threading.Event]:
    """While this lasts, the first Ctrl-C stops the executor gently and sets the event given here.

    The second one raises KeyboardInterrupt. Nothing changes outside the main thread, where no signal arrives, and where
    interrupts are ignored, as in the background of a shell script.
    """
    asked = threading.Event()

    def once(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        executor.stop()
        tell("stopping: runs under way are finished and kept; Ctrl-C again ends at once")

    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if ignored or threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before: Any = signal.signal(signal.SIGINT, once)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
