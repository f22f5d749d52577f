"""What a step takes and how often it is done again: efforts, redos, decisions by round."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simkit.teams.calendar import DAY_SECONDS, Calendar

if TYPE_CHECKING:
    import pandas as pd

LEAST = 5
"""Passes below which no distribution is fitted."""
LILLIEFORS = 0.886
"""Critical distance x sqrt(n) at 5 % of a normal with estimated mean and variance (Lilliefors 1967)."""


@dataclass(frozen=True)
class EffortFit:
    """A lognormal by maximum likelihood: location and scale of log hours."""

    n: int
    mean_hours: float
    cv: float
    mean_error: float
    """Standard error of the mean."""
    distance: float
    """Largest distance between the data's and the fitted distribution function (Kolmogorov-Smirnov)."""

    @property
    def fits(self) -> bool:
        """Whether a lognormal is not refuted at 5 %."""
        return self.distance * math.sqrt(self.n) <= LILLIEFORS


def fit_effort(hours: np.ndarray) -> EffortFit | None:
    """The lognormal of efforts in hours; None when there are too few, or none above zero.

    Location and scale are mean and standard deviation of the logarithms; the mean is exp(location + scale^2 / 2),
    with a standard error by the delta method: mean x scale x sqrt((1 + scale^2 / 2) / n).
    """
    from scipy.special import ndtr

    known = np.log(hours[hours > 0])
    if len(known) < LEAST:
        return None
    location, scale = float(known.mean()), float(known.std())
    mean = math.exp(location + scale**2 / 2)
    if scale < 1e-9:
        return EffortFit(len(known), mean, 0.0, 0.0, 0.0)
    expected = ndtr((np.sort(known) - location) / scale)
    ranks = np.arange(1, len(known) + 1) / len(known)
    distance = float(max(np.max(ranks - expected), np.max(expected - ranks + 1 / len(known))))
    error = mean * scale * math.sqrt((1 + scale**2 / 2) / len(known))
    return EffortFit(len(known), mean, math.sqrt(math.expm1(scale**2)), error, distance)


def on_shift_hours(table: pd.DataFrame, calendar: Calendar) -> np.ndarray:
    """Working hours between begin and end of passes, pauses left out; nan where one of both is unknown."""
    hours = np.full(len(table), np.nan)
    columns = (table[name].tolist() for name in ("start", "complete", "paused"))
    for i, (start, complete, paused) in enumerate(zip(*columns, strict=True)):
        if start == start and complete == complete:
            away = sum(calendar.between(int(a), int(b)) for a, b in paused)
            hours[i] = (calendar.between(int(start), int(complete)) - away) / 3600
    return hours


# --- done again ---------------------------------------------------------------------------------------------


def redone(table: pd.DataFrame) -> pd.Series:
    """Whether each finished pass of a worked step was done again without a rejection in between; None where the case
    has no more passes to tell by, which counts as not done again."""
    rejected = table[table["outcome"] == "reject"].groupby("case")["complete"].apply(np.sort).to_dict()
    ordered = table.sort_values(["case", "step", "number"], kind="stable")
    begin = ordered["ready"].fillna(ordered["start"]).fillna(ordered["complete"])
    same = ordered["case"].eq(ordered["case"].shift(-1)) & ordered["step"].eq(ordered["step"].shift(-1))
    following = begin.shift(-1).where(same)
    again = []
    for case, done, nxt in zip(ordered["case"], ordered["complete"], following, strict=True):
        times = rejected.get(case)
        came = nxt == nxt and done == done
        if came and times is not None:
            came = int(np.searchsorted(times, nxt, "right")) == int(np.searchsorted(times, done, "left"))
        again.append(bool(came))
    import pandas as pd

    return pd.Series(again, ordered.index).reindex(table.index)


# --- decisions ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RejectionFit:
    """Rejection in round k with probability first x decay^(k - 1), by maximum likelihood."""

    decided: tuple[int, ...]
    """Decisions by round."""
    rejected: tuple[int, ...]
    first: float
    first_error: float
    decay: float | None
    """None where nothing was decided in a second round."""
    decay_error: float | None


def fit_rejection(decided: tuple[int, ...], rejected: tuple[int, ...]) -> RejectionFit:
    """First and decay (at most 1) from decisions and rejections by round; errors from the curvature at the maximum."""
    n, r = np.array(decided, float), np.array(rejected, float)
    share = float(r[0] / n[0])
    plain_error = math.sqrt(share * (1 - share) / n[0])
    if len(n) < 2 or n[1:].sum() == 0 or r[0] == 0:
        return RejectionFit(decided, rejected, share, plain_error, None, None)
    rounds = np.arange(len(n))

    def loss(point: np.ndarray) -> float:
        p = np.clip(point[0] * point[1] ** rounds, 1e-12, 1 - 1e-12)
        return float(-(r * np.log(p) + (n - r) * np.log1p(-p)).sum())

    from scipy.optimize import minimize

    later = float(r[1] / n[1]) if n[1] else share
    begin = np.array([min(max(share, 0.02), 0.98), min(max(later / max(share, 0.02), 0.05), 0.99)])
    best = minimize(loss, begin, method="L-BFGS-B", bounds=[(1e-6, 1 - 1e-6), (1e-6, 1.0)]).x
    errors = _errors(loss, best)
    return RejectionFit(decided, rejected, float(best[0]), errors[0], float(best[1]), errors[1])


def _errors(loss: Callable[[np.ndarray], float], best: np.ndarray, step: float = 1e-4) -> tuple[float, float]:
    """Standard errors from the inverse of the Hessian by central differences, inside the bounds."""
    at = np.minimum(np.maximum(best, 2 * step), 1 - 2 * step)
    shift = np.eye(2) * step
    hessian = np.array(
        [
            [
                (loss(at + shift[i] + shift[j]) - loss(at + shift[i] - shift[j]) - loss(at - shift[i] + shift[j])
                 + loss(at - shift[i] - shift[j])) / (4 * step * step)
                for j in range(2)
            ]
            for i in range(2)
        ]
    )  # fmt: skip
    try:
        variance = np.diag(np.linalg.inv(hessian))
    except np.linalg.LinAlgError:
        return math.nan, math.nan
    return tuple(math.sqrt(v) if v > 0 else math.nan for v in variance)  # type: ignore[return-value]


@dataclass(frozen=True)
class GateFit:
    """How a gate decides."""

    mode: str
    """``cadence`` or ``on_demand``."""
    rejection: RejectionFit
    approvers: dict[str, int]
    """Person -> decisions; empty where the log names nobody."""
    effort: EffortFit | None = None
    every_days: int | None = None
    at_hour: float | None = None
    meetings: int = 0


def fit_gate(table: pd.DataFrame, calendar: Calendar, hours: np.ndarray) -> GateFit:
    """A gate's passes that were decided; `hours` are what each took of the approver, nan where unknown.

    It meets on a cadence if nobody begins to decide and decisions share their moments; else it is on demand.
    """
    mine = table["outcome"].isin(["approve", "reject"]) & table["complete"].notna()
    decided, hours = table[mine], hours[mine.to_numpy()]
    rounds = decided.sort_values(["case", "complete"]).groupby("case").cumcount().reindex(decided.index)
    most = int(rounds.max()) + 1
    n = tuple(int((rounds == k).sum()) for k in range(most))
    rejection = fit_rejection(
        n, tuple(int(((rounds == k) & (decided["outcome"] == "reject")).sum()) for k in range(most))
    )
    approvers = dict(Counter(person for person in decided["person"] if person).most_common())
    moments = np.unique(decided["complete"].to_numpy())
    of_day = Counter((moments % DAY_SECONDS).tolist()).most_common(1)[0]
    together = decided["start"].isna().mean() > 0.5 and len(moments) >= 2 and of_day[1] >= 0.5 * len(moments)
    if not together:
        return GateFit("on_demand", rejection, approvers, fit_effort(hours[~np.isnan(hours)]))
    days = [int(moment // DAY_SECONDS) for moment in moments if moment % DAY_SECONDS == of_day[0]]
    working = [sum(calendar.is_working_day(day) for day in range(a, b)) for a, b in itertools.pairwise(days)]
    every = Counter(one for one in working if one > 0).most_common(1)
    return GateFit(
        "cadence", rejection, approvers, None, every[0][0] if every else None, of_day[0] / 3600, len(moments)
    )
