"""How long a run needs to forget its start: MSER-5 and Welch's averages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

BATCH = 5
"""Days whose mean is one observation of MSER-5."""


@dataclass(frozen=True)
class WarmUp:
    """What one daily column says of the warm-up.

    `leave_out` is how many days MSER-5 would leave out, counted from the first simulated day; `left_out` how many the
    run does. `settled` is False where the best truncation lies in the second half of the run: then the run is too short
    for the question.
    """

    column: str
    leave_out: int
    left_out: int
    days: int

    @property
    def settled(self) -> bool:
        """Whether the run is long enough for MSER-5 to say."""
        return self.leave_out < self.days / 2

    @property
    def enough(self) -> bool:
        """Whether the warm-up leaves out what it should."""
        return self.settled and self.leave_out <= self.left_out

    @property
    def sentence(self) -> str:
        """What to tell about it."""
        name = self.column.replace("_", " ")
        if not self.settled:
            return (
                f"{name} has not settled within the {self.days} simulated days (MSER-5 would leave out "
                f"{self.leave_out} of them): the run is too short for a steady state."
            )
        if not self.enough:
            return (
                f"{name} needs {self.leave_out} days to settle (MSER-5), and the warm-up leaves out {self.left_out}: "
                "the first measured days still show the start."
            )
        return f"{name} settles after {self.leave_out} days (MSER-5); the warm-up leaves out {self.left_out}."


def mser(values: Sequence[float] | np.ndarray, batch: int = BATCH) -> int:
    """Observations to leave out at the beginning so that the mean of the rest is most precise.

    MSER-m (White 1997; White, Cobb and Spratt 2000): with means of batches of m, the truncation d that minimizes
    sum((Y_i - mean of the rest)²) / (n - d)² over the rest. The last tenth of the truncations is not looked at, where
    few values agree by chance. A result in the second half means that the series is too short.

    Raises ValueError for fewer than ten batches.
    """
    known = np.asarray(values, float)
    count = known.size // batch
    if count < 10:
        raise ValueError(f"MSER-{batch} needs {10 * batch} observations or more; found {known.size}")
    means = known[known.size - count * batch :].reshape(count, batch).mean(axis=1)
    left = np.arange(count, 0, -1)
    sums, squares = np.cumsum(means[::-1])[::-1], np.cumsum((means * means)[::-1])[::-1]
    statistic = np.maximum(squares - sums * sums / left, 0) / (left * left)
    kept = max(1, int(count * 0.9))
    first = int(np.argmin(statistic[:kept]))
    return 0 if first == 0 else known.size - count * batch + first * batch


def welch(table: np.ndarray, window: int) -> np.ndarray:
    """Welch's moving averages: replications x days -> days without the last `window`.

    The mean over replications, then over `window` days to either side, over fewer at the beginning (Law 2015, section
    9.5.1).

    Raises ValueError for a window that is not between 0 and a quarter of the days.
    """
    days = table.shape[1]
    if not 0 <= window <= days / 4:
        raise ValueError(f"the window lies between 0 and a quarter of {days} days; found {window}")
    mean = table.mean(axis=0)
    sums = np.concatenate([[0.0], np.cumsum(mean)])
    at = np.arange(days - window)
    wide = np.minimum(at, window)
    return (sums[at + wide + 1] - sums[at - wide]) / (2 * wide + 1)


def by_day(daily: pd.DataFrame, alternative: str, column: str) -> pd.DataFrame:
    """One column of one alternative: a row a replication, a column a simulated day."""
    mine = daily[daily["alternative"] == alternative]
    return mine.pivot(index="replication", columns="day", values=column)


def warm_up(daily: pd.DataFrame, alternative: str, column: str) -> WarmUp | None:
    """What MSER-5 says of one column's mean over replications; None for a run below ten batches or without the column.

    `daily` is `Result.daily`: days below 0 are the warm-up.
    """
    if column not in daily:
        return None
    table = by_day(daily, alternative, column).dropna(axis=1)
    if table.shape[1] < 10 * BATCH:
        return None
    left_out = int((table.columns.to_numpy(float) < 0).sum())
    return WarmUp(column, mser(table.to_numpy(float).mean(axis=0)), left_out, table.shape[1])
