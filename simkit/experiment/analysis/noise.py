"""How much of the variance of an outcome is luck: two-way analysis of variance, case x replication."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simkit.experiment.analysis.tables import AnalysisError, complete

ROUNDING = 1e-12
"""Values that differ by less than this share of the largest are the same."""


@dataclass(frozen=True)
class Noise:
    """Components of variance of one outcome, in its unit squared; None where one replication cannot tell.

    `between` is what the cases differ by; `common` is luck that all cases of a replication share, which paired
    comparisons do not see; `residual` is luck that meets each case differently.
    """

    cases: int
    replications: int
    between: float
    common: float | None
    residual: float | None

    @property
    def luck_share(self) -> float | None:
        """What share of the variance of a single run is luck."""
        if self.common is None or self.residual is None:
            return None
        return _share(self.common + self.residual, self.between)

    @property
    def noise_share(self) -> float | None:
        """What share of the variance between the cases' averages is luck that averaging has left.

        Sensitivity indices and maps are made of these averages. The common part is the same in all of them.
        """
        if self.residual is None:
            return None
        return _share(self.residual / self.replications, self.between)


def noise(table: pd.DataFrame) -> Noise:
    """The components of a table of case x replication, by expected mean squares (Searle, Casella and McCulloch 1992).

    value = mean + case + replication + rest, all random: MS(case) = rest + R case, MS(replication) = rest + n
    replication, MS(rest) = rest, with n cases and R replications. Components that come out below zero are zero. Cases
    with a gap are left out.

    Raises:
        AnalysisError: fewer than two complete cases.
    """
    known = complete(table)
    n, r = known.shape
    if n < 2:
        raise AnalysisError(f"{n} cases have every replication; the variance between cases needs two")
    values = known.to_numpy()
    by_case, by_replication = values.mean(axis=1), values.mean(axis=0)
    rounding = (ROUNDING * np.abs(values).max()) ** 2
    if r < 2:
        return Noise(n, r, _beyond(rounding, by_case.var(ddof=1)), None, None)
    rest = values - by_case[:, None] - by_replication[None, :] + values.mean()
    ms_rest = _beyond(rounding, (rest**2).sum() / ((n - 1) * (r - 1)))
    return Noise(
        cases=n,
        replications=r,
        between=_beyond(rounding, by_case.var(ddof=1) - ms_rest / r),
        common=_beyond(rounding, by_replication.var(ddof=1) - ms_rest / n),
        residual=ms_rest,
    )


def _beyond(rounding: float, variance: float) -> float:
    """A component of variance; none where it is below zero or what sums of binary fractions differ by."""
    return float(variance) if variance > rounding else 0.0


def _share(luck: float, rest: float) -> float | None:
    return luck / (luck + rest) if luck + rest > 0 else None
