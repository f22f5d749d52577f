"""Fit response and fatigue to a firm's own log of sends.

The path of the data: `read_sends` (`sends`) -> maximum likelihood (`contact_likelihood`, `contact_estimation`) ->
numbers with intervals (`contact_estimates`) -> `ContactFit`, which `contact_report` prints and exports, and
`ContactFit.snippet` turns into the YAML of a scenario's `market.fatigue`. What a log cannot say is said to be not
identifiable, parameter by parameter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from simkit.customers.purchase_models import FitError
from simkit.fits.contacts.estimates import FEWEST_EVENTS, channel_rates, shared_estimates
from simkit.fits.contacts.estimation import ASSUMED_HALF_LIFE, FatigueFit, Told, estimate
from simkit.fits.contacts.likelihood import WEAR_OUTS, ContactLikelihood, WearOut
from simkit.fits.contacts.result import ContactFit
from simkit.fits.contacts.sends import Floats, read_sends
from simkit.fits.output import command
from simkit.fits.read_table import Column, Table
from simkit.scenario.channels import PRESETS

RUN_IN_DAYS = 28
HARDLY = 0.1
"""Fatigue that stays within this share of a person's mean has hardly varied."""
SURELY_UNLIKE = 1e-4
"""Chance would make days differ as much in one log of so many."""
LEAST_VARIANCE = 2.0
"""Of a day's opens, for them to be near enough to normal."""
PROBED_HALF_LIVES = (2.0, 7.0, 28.0)
"""Days: at which variation of fatigue is measured."""


def fit_contacts(
    sends: Table,
    *,
    customer: Column = "customer",
    time: Column = "time",
    channel: Column = "channel",
    delivered: Column = "delivered",
    opened: Column = "opened",
    clicked: Column = "clicked",
    opted_out: Column = "opted_out",
    date_format: str | None = None,
    only: str | None = None,
    weights: Mapping[str, float] | None = None,
    run_in_days: int | None = None,
    patience_spread: float = 0.5,
    wear_out: WearOut | None = None,
    randomized: bool = False,
    told: Told = lambda _: None,
) -> ContactFit:
    """Estimate rates, wear-out, opt-out slope and the half-life of fatigue from a log of sends.

    A column that is None or '' is not there; `only` and `weights` are those of `read_sends`; a channel without a
    weight has that of simkit's channel of its name, or 1. Each person's first `run_in_days` (default 28, or a third
    of the log when that is less) add to fatigue and are not fitted, as what came before them is unknown.
    `patience_spread` is how much people differ in patience (sigma of log; not estimated). `wear_out` is the form of
    the loss of response with fatigue; without one the likeliest is chosen. `randomized`: how often people were written
    to was left to chance, so that differences between people count as well as those within. `told` gets a few words
    whenever something that may take long begins.

    Raises FitError when the log cannot be read or has nothing to fit.
    """
    columns = {"customer": customer, "time": time, "channel": channel, "delivered": delivered, "opened": opened,
               "clicked": clicked, "opted_out": opted_out}  # fmt: skip
    told("reading the sends")
    log = read_sends(
        sends, columns, date_format=date_format, only=only, weights={**_usual_weights(), **(weights or {})}
    )
    run_in = min(RUN_IN_DAYS, log.days // 3) if run_in_days is None else run_in_days
    fitted = log.delivered & (log.age() >= run_in)
    if not fitted.any():
        raise FitError(
            f"nothing was delivered later than {run_in} days after a person's first message; shorten the run-in"
        )
    source = Path(sends).name if isinstance(sends, str | Path) else "a table"
    options = {name: column if column is not None else "" for name, column in columns.items()}
    more = {"wear_out": wear_out, "date_format": date_format, "only": only, "run_in": run_in_days,
            "patience_spread": None if patience_spread == 0.5 else patience_spread}  # fmt: skip
    words = ["simkit", "fit-contacts", source, *(["--randomized"] if randomized else [])]
    words += [word for name, weight in (weights or {}).items() for word in ("--weight", f"{name}={weight:g}")]
    likelihood = ContactLikelihood(log, fitted, randomized=randomized)
    return _fitted(likelihood, source, command(words, {**options, **more}), run_in, patience_spread, wear_out, told)


def _usual_weights() -> dict[str, float]:
    """What a message adds to fatigue on the channels that simkit knows by name."""
    return {name: row["fatigue_weight"].value for name, row in PRESETS.items() if "fatigue_weight" in row}


def _fitted(
    likelihood: ContactLikelihood, source: str, said: str, run_in: int, patience_spread: float,
    wear_out: WearOut | None, told: Told,
) -> ContactFit:  # fmt: skip
    log, number = likelihood.log, len(likelihood.fitted)
    variation = max(_variation(likelihood, half_life) for half_life in PROBED_HALF_LIVES)
    opens = int(likelihood.opened.sum())
    why_not = ""
    if variation < HARDLY:
        often = "never" if variation < 0.005 else "hardly"
        whose = "everybody's" if likelihood.randomized else "each person's"
        why_not = f"frequency {often} varied (fatigue stays within {variation:.1%} of {whose} mean)"
    elif min(opens, number - opens) < FEWEST_EVENTS:
        why_not = f"only {opens} of {number} messages were opened"
    found = None if why_not else estimate(likelihood, patience_spread, wear_out, told)
    told("putting it together")
    best = found.likelihood if found else likelihood
    expected = best.expected_opens(found.optimum.theta) if found else None
    return ContactFit(
        source=source,
        command=said,
        first=log.first,
        days=log.days,
        run_in_days=run_in,
        rows=len(log.person),
        people=len(log.people),
        fitted_rows=number,
        fitted_people=likelihood.people,
        assumed_half_life=ASSUMED_HALF_LIFE if found and found.detected and any(found.flat) else None,
        variation=variation,
        weights=dict(zip(log.channels, log.weights, strict=True)),
        wear_out=found.likelihood.wear_out if found else wear_out or WEAR_OUTS[0],
        wear_out_aic=found.aic if found else {},
        channels={name: channel_rates(log, likelihood, found, why_not, c) for c, name in enumerate(log.channels)},
        **shared_estimates(likelihood, found, why_not),
        patience_spread=patience_spread,
        fatigue_gain=found.gain if found else math.nan,
        warnings=tuple(_warnings(best, found, expected)),
        check=_check(best, found, expected),
    )


def _variation(likelihood: ContactLikelihood, half_life: float) -> float:
    """Standard deviation of fatigue around each person's mean (or everybody's, if randomized), against the mean."""
    level = likelihood.log.fatigue(half_life)[0][likelihood.fitted]
    mean = level.mean()
    if not likelihood.randomized:
        count = np.bincount(likelihood.person)
        level = level - (np.bincount(likelihood.person, level) / count)[likelihood.person]
    return float(level.std() / mean) if mean > 0 else 0.0


def _warnings(likelihood: ContactLikelihood, found: FatigueFit | None, expected: Floats | None) -> Iterator[str]:
    """What the reader should know before using the fit."""
    log = likelihood.log
    if log.mended:
        yield f"{log.mended} rows were opened or clicked but not delivered or opened; they count as both"
    if log.delivered.all():
        yield "every message was delivered: bounces are missing, or were left out"
    if found is None or expected is None:
        return
    times, chance = _unlike_days(likelihood, expected)
    if chance < SURELY_UNLIKE:
        yield (
            f"opens of a channel differ from day to day {times:.1f} times as much as fatigue and chance explain; where "
            "some messages appeal less than others, half-life and delta may be far off: name a column that tells them "
            "apart, such as the campaign's, as the channel"
        )
    if found.value("delta") < 0 and found.detected:
        yield "opens rise with fatigue: something else moves both, such as busy seasons; delta is written as 0"
    if found.detected and any(found.flat):
        yield f"the half-life is not identifiable; all else is estimated at {ASSUMED_HALF_LIFE:g} days"
    if not found.detected:
        yield f"no fatigue was found: it adds {found.gain:.1f} to the log-likelihood, and chance adds up to 3.9"


def _unlike_days(likelihood: ContactLikelihood, expected: Floats) -> tuple[float, float]:
    """How much more the opens of a channel's days vary around what is expected than by chance (1: no more), and how
    likely chance alone would make it so: Pearson's chi-squared over days with opens enough."""
    from scipy.special import chdtrc

    log, fitted = likelihood.log, likelihood.fitted
    _, cell = np.unique(log.day[fitted] * len(log.channels) + log.channel[fitted], return_inverse=True)
    variance = np.bincount(cell, expected * (1 - expected))
    above = np.bincount(cell, likelihood.opened - expected)
    enough = variance >= LEAST_VARIANCE
    if not enough.any():
        return 1.0, 1.0
    total, count = float((above[enough] ** 2 / variance[enough]).sum()), int(enough.sum())
    return total / count, float(chdtrc(count, total))


def _check(likelihood: ContactLikelihood, found: FatigueFit | None, opens: Floats | None) -> pd.DataFrame:
    """Observed against expected opens in bands of fatigue."""
    half_life = math.exp(found.value("half_life")) if found else 7.0
    level = likelihood.log.fatigue(half_life)[0][likelihood.fitted]
    expected = np.full(len(level), np.nan) if opens is None else opens
    edges = np.unique(np.quantile(level, np.linspace(0, 1, 9)))
    band = np.clip(np.searchsorted(edges, level, side="right") - 1, 0, max(len(edges) - 2, 0))
    table = pd.DataFrame({"band": band, "level": level, "opened": likelihood.opened, "expected": expected})
    by_band = table.groupby("band")
    return pd.DataFrame(
        {
            "from": by_band["level"].min(),
            "to": by_band["level"].max(),
            "sends": by_band.size(),
            "observed": by_band["opened"].mean(),
            "expected": by_band["expected"].mean(),
        }
    ).reset_index(drop=True)
