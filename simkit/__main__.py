"""The command ``simkit``, and ``python -m simkit``."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from simkit.experiment.executors.worker import ONE_THREAD, SELDOM


def main() -> None:
    """Start what takes its time to start, then do as the command line says."""
    gc.set_threshold(*SELDOM)
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")  # matrices are small here, and threads that wait for the next one spin
    start_ahead(sys.argv[1:])
    from simkit import cli

    cli.main()


def start_ahead(words: Sequence[str]) -> None:
    """For `run FILE`, have worker processes start while this one imports: each takes most of a second for that."""
    runs = len(words) > 1 and words[0] == "run" and Path(words[1]).is_file()
    if runs and not any(word.startswith("--workers") for word in words):
        from simkit.experiment.executors import start_early

        start_early(None)


if __name__ == "__main__":
    main()
