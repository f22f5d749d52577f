"""Fit response and fatigue to a firm's own log of sends.

The path of the data: `read_sends` (`sends`) -> maximum likelihood (`contact_likelihood`, `contact_estimation`) ->
`ContactFit`, which `contact_report` prints and exports, and `ContactFit.snippet` turns into the YAML of a scenario's
`market.fatigue`. What a log cannot say is said to be not identifiable, parameter by parameter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from simkit.customers.contact_estimation import ASSUMED_HALF_LIFE, FatigueFit, estimate
from simkit.customers.contact_likelihood import ContactLikelihood
from simkit.customers.fit_output import command, digits
from simkit.customers.purchase_models import FitError
from simkit.customers.read_table import Column, Table
from simkit.customers.sends import SendLog, read_sends
from simkit.scenario.channels import PRESETS

RUN_IN_DAYS = 28
FEWEST_EVENTS = 10
"""Opens or opt-outs below which nothing is said about what they depend on."""
HARDLY = 0.1
"""Fatigue that stays within this share of a person's mean has hardly varied."""
VAGUE = 1.0
"""Standard error of a slope (per contact) or a log rate from which on the data cannot tell: a factor of e."""
PROBED_HALF_LIVES = (2.0, 7.0, 28.0)
"""Days: at which variation of fatigue is measured."""


@dataclass(frozen=True)
class Estimated:
    """A number with its 95 % interval; `why_not` says why it is not identifiable, and then the value is nan."""

    value: float
    low: float = math.nan
    high: float = math.nan
    standard_error: float = math.nan
    why_not: str = ""

    @classmethod
    def unknown(cls, why: str) -> Estimated:
        return cls(math.nan, why_not=why)

    @classmethod
    def plain(cls, value: float, error: float) -> Estimated:
        """With a normal interval."""
        return cls(value, value - 1.96 * error, value + 1.96 * error, error)

    @classmethod
    def of_log(cls, value: float, error: float) -> Estimated:
        """exp(value), its interval normal in the logarithm."""
        middle, low, high = (math.exp(value + sign * 1.96 * error) for sign in (0, -1, 1))
        return cls(middle, low, high, middle * error)


@dataclass(frozen=True)
class ChannelRates:
    """Rates of a channel: as observed (with its fatigue), and at no fatigue."""

    sends: int
    delivered: int
    bounce: Estimated
    opened: Estimated
    click_given_open: Estimated
    opted_out: Estimated
    open_rate: Estimated
    """Per delivered message to a mean person without fatigue: `open_rate` of a scenario's channel."""
    opt_out: Estimated
    """Per delivered message without fatigue: `market.fatigue.opt_out` times the channel's `opt_out_factor`."""


@dataclass(frozen=True, eq=False)
class ContactFit:
    """What a log of sends says about response and fatigue.

    `check` has one row per band of fatigue: from, to, sends, observed and expected opens (shares).
    """

    source: str
    command: str
    first: pd.Timestamp
    days: int
    run_in_days: int
    rows: int
    people: int
    fitted_rows: int
    fitted_people: int
    assumed_half_life: float | None
    """Days taken for the other estimates when there is fatigue but its half-life is not identifiable."""
    variation: float
    """Standard deviation of fatigue around each person's mean, against the mean; the largest over a few half-lives."""
    weights: Mapping[str, float]
    channels: Mapping[str, ChannelRates]
    half_life_days: Estimated
    delta: Estimated
    opt_out_growth: Estimated
    affinity_spread: Estimated
    patience_spread: float
    fatigue_gain: float
    warnings: tuple[str, ...]
    check: pd.DataFrame

    @property
    def lead_channel(self) -> str:
        """The channel whose opt-outs are `market.fatigue.opt_out`: email, or the one with most messages."""
        return "email" if "email" in self.channels else max(self.channels, key=lambda c: self.channels[c].delivered)

    def shared(self) -> list[tuple[str, str, Estimated]]:
        """What holds for all channels: the name in a scenario, the unit, the estimate."""
        return [
            ("half_life_days", "days", self.half_life_days),
            ("delta", "per contact", self.delta),
            ("opt_out_growth", "per contact", self.opt_out_growth),
            ("affinity_spread", "sigma of log", self.affinity_spread),
        ]

    def snippet(self) -> str:
        """The YAML of `market.fatigue`, under comments on its origin and on the channels' rates.

        What is not identifiable is left out, so that the scenario's own value or the default holds.
        """
        end = self.first + pd.Timedelta(days=self.days - 1)
        header = [f"Fitted to {self.source} by", f"  {self.command}"]
        header += [f"{self.rows} sends to {self.people} people, {self.first:%Y-%m-%d} to {end:%Y-%m-%d}"]
        header += [f"{self.fitted_rows} delivered after each person's first {self.run_in_days} days were fitted"]
        header += [f"{name}: {_told(found)}" for name, _, found in self.shared()]
        header += [f"warning: {warning}" for warning in self.warnings]
        header += ["what belongs elsewhere in a scenario, at this log's mean relevance:"]
        header += list(self._elsewhere())
        lead = self.channels[self.lead_channel].opt_out
        known = {"half_life_days": self.half_life_days, "delta": self.delta, "opt_out": lead,
                 "opt_out_growth": self.opt_out_growth}  # fmt: skip
        body = ["wear_out: exponential"]
        if self.assumed_half_life:
            body += [f"half_life_days: {digits(self.assumed_half_life)}  # assumed, not fitted"]
        body += [f"{name}: {digits(max(found.value, 0.0))}" for name, found in known.items() if not found.why_not]
        body += [f"patience_spread: {digits(self.patience_spread)}"]
        return "\n".join([*(f"# {line}" for line in header), *body, ""])

    def _elsewhere(self) -> Iterator[str]:
        if not self.affinity_spread.why_not:
            yield f"  market.affinity_spread: {digits(self.affinity_spread.value, 3)}"
        lead = self.channels[self.lead_channel].opt_out
        for name, rates in self.channels.items():
            told = {"bounce": rates.bounce, "open_rate": rates.open_rate, "click_given_open": rates.click_given_open}
            known = [f"{key}: {digits(found.value, 3)}" for key, found in told.items() if not found.why_not]
            if not (rates.opt_out.why_not or lead.why_not):
                known += [f"opt_out_factor: {digits(rates.opt_out.value / lead.value, 3)}"]
            yield f"  channels.{name}: {{{', '.join(known)}}}"


def _told(found: Estimated) -> str:
    if found.why_not:
        return f"not identifiable: {found.why_not}"
    return f"{digits(found.value, 4)}, 95 % interval {digits(found.low, 4)} to {digits(found.high, 4)}"


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
    randomized: bool = False,
) -> ContactFit:
    """Estimate rates, wear-out, opt-out slope and the half-life of fatigue from a log of sends.

    A column that is None or '' is not there; `only` and `weights` are those of `read_sends`; a channel without a
    weight has that of simkit's channel of its name, or 1. Each person's first `run_in_days` (default 28, or a third
    of the log when that is less) add to fatigue and are not fitted, as what came before them is unknown.
    `patience_spread` is how much people differ in patience (sigma of log; not estimated). `randomized`: how often
    people were written to was left to chance, so that differences between people count as well as those within.

    Raises FitError when the log cannot be read or has nothing to fit.
    """
    columns = {"customer": customer, "time": time, "channel": channel, "delivered": delivered, "opened": opened,
               "clicked": clicked, "opted_out": opted_out}  # fmt: skip
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
    more = {"date_format": date_format, "only": only, "run_in": run_in_days,
            "patience_spread": None if patience_spread == 0.5 else patience_spread}  # fmt: skip
    words = ["simkit", "fit-contacts", source, *(["--randomized"] if randomized else [])]
    words += [word for name, weight in (weights or {}).items() for word in ("--weight", f"{name}={weight:g}")]
    return _fitted(
        log, fitted, source, command(words, {**options, **more}), run_in, patience_spread, randomized=randomized
    )


def _usual_weights() -> dict[str, float]:
    """What a message adds to fatigue on the channels that simkit knows by name."""
    return {name: row["fatigue_weight"].value for name, row in PRESETS.items() if "fatigue_weight" in row}


def _fitted(
    log: SendLog, fitted: np.ndarray, source: str, said: str, run_in: int, patience_spread: float, *, randomized: bool
) -> ContactFit:
    likelihood = ContactLikelihood(log, fitted, randomized=randomized)
    variation = max(_variation(likelihood, half_life) for half_life in PROBED_HALF_LIVES)
    opens = int(log.opened[fitted].sum())
    why_not = ""
    if variation < HARDLY:
        often = "never" if variation < 0.005 else "hardly"
        why_not = f"frequency {often} varied (fatigue stays within {variation:.1%} of each person's mean)"
    elif min(opens, int(fitted.sum()) - opens) < FEWEST_EVENTS:
        why_not = f"only {opens} of {int(fitted.sum())} messages were opened"
    found = None if why_not else estimate(likelihood, patience_spread)
    shared = _shared(likelihood, found, why_not)
    warnings = list(_warnings(log, likelihood, found))
    return ContactFit(
        source=source,
        command=said,
        first=log.first,
        days=log.days,
        run_in_days=run_in,
        rows=len(log.person),
        people=len(log.people),
        fitted_rows=int(fitted.sum()),
        fitted_people=likelihood.people,
        assumed_half_life=ASSUMED_HALF_LIFE if found and found.detected and any(found.flat) else None,
        variation=variation,
        weights=dict(zip(log.channels, log.weights, strict=True)),
        channels={name: _rates(log, likelihood, found, why_not, c) for c, name in enumerate(log.channels)},
        **shared,
        patience_spread=patience_spread,
        fatigue_gain=found.gain if found else math.nan,
        warnings=tuple(warnings),
        check=_check(likelihood, found),
    )


def _variation(likelihood: ContactLikelihood, half_life: float) -> float:
    """Standard deviation of fatigue around each person's mean (or everybody's, if randomized), against the mean."""
    level = likelihood.log.fatigue(half_life)[0][likelihood.fitted]
    mean = level.mean()
    if not likelihood.randomized:
        count = np.bincount(likelihood.person)
        level = level - (np.bincount(likelihood.person, level) / count)[likelihood.person]
    return float(level.std() / mean) if mean > 0 else 0.0


def _shared(likelihood: ContactLikelihood, found: FatigueFit | None, why_not: str) -> dict[str, Estimated]:
    """Half-life, delta, kappa and the spread of affinity."""
    names = ("half_life_days", "delta", "opt_out_growth", "affinity_spread")
    if found is None:
        return dict.fromkeys(names, Estimated.unknown(why_not))
    layout, theta = likelihood.layout, found.optimum.theta
    spread = layout.at("affinity_spread")
    few = _few_opt_outs(likelihood)
    slopes = [layout.at(name) for name in ("delta", "kappa") if name in layout.names]
    values = (
        _half_life(layout.at("half_life"), found, slopes),
        _slope(layout.at("delta"), found, "delta"),
        Estimated.unknown(few) if few else _slope(layout.at("kappa"), found, "kappa"),
        _log(theta[spread], found.standard_error(spread)),
    )
    return dict(zip(names, values, strict=True))


def _few_opt_outs(likelihood: ContactLikelihood) -> str:
    leaving = int(likelihood.left.sum())
    return f"only {leaving} opted out after the run-in" if leaving < FEWEST_EVENTS else ""


def _differs(found: FatigueFit, place: int) -> bool:
    """Whether 0 lies outside a slope's 95 % interval."""
    return abs(found.optimum.theta[place]) > 1.96 * found.standard_error(place)


def _half_life(place: int, found: FatigueFit, slopes: list[int]) -> Estimated:
    if not found.detected or not any(_differs(found, slope) for slope in slopes):
        return Estimated.unknown("neither opens nor opt-outs are seen to depend on what was sent before")
    error, value = found.standard_error(place), found.optimum.theta[place]
    if any(found.flat):
        sides = " and ".join(side for side, flat in zip(("shorter", "longer"), found.flat, strict=True) if flat)
        return Estimated.unknown(f"the likelihood is flat: much {sides} half-lives fit as well")
    if not error < VAGUE:
        return Estimated.unknown("the likelihood is flat")
    return Estimated.of_log(value, error)


def _slope(place: int, found: FatigueFit, name: str) -> Estimated:
    value, error = float(found.optimum.theta[place]), found.standard_error(place)
    if not found.detected:
        low, high = found.hulls[name]
        if not (high - low) / 3.92 < VAGUE:
            return Estimated.unknown(f"interval {low:.2g} to {high:.2g}")
        return Estimated(value, low, high, error)
    if not error < VAGUE:
        return Estimated.unknown("the likelihood is flat")
    return Estimated.plain(value, error)


def _log(value: float, error: float) -> Estimated:
    return Estimated.of_log(float(value), error) if error < VAGUE else Estimated.unknown("the likelihood is flat")


def _rates(log: SendLog, likelihood: ContactLikelihood, found: FatigueFit | None, why_not: str, c: int) -> ChannelRates:
    rows = log.channel == c
    got = rows & log.delivered
    seen = got & log.opened
    none = Estimated.unknown
    opt_out = none(why_not)
    open_rate = none(why_not)
    if found:
        open_rate = _open_rate(likelihood, found, c)
        opt_out = none(_few_opt_outs(likelihood))
        if not opt_out.why_not:
            place = likelihood.layout.at(f"opt_out:{c}")
            opt_out = _log(found.optimum.theta[place], found.standard_error(place))
    return ChannelRates(
        sends=int(rows.sum()),
        delivered=int(got.sum()),
        bounce=_share(log, ~log.delivered, rows, "nothing was sent"),
        opened=_share(log, log.opened, got, "nothing was delivered"),
        click_given_open=(
            none("the log has no clicks") if log.clicked is None else _share(log, log.clicked, seen, "nobody opened")
        ),
        opted_out=(
            none("the log has no opt-outs")
            if log.opted_out is None
            else _share(log, log.opted_out, got, "nothing was delivered")
        ),
        open_rate=open_rate,
        opt_out=opt_out,
    )


def _open_rate(likelihood: ContactLikelihood, found: FatigueFit, c: int) -> Estimated:
    """p0 of the mean person: the mean over people's usual frequency too."""
    layout, theta = likelihood.layout, found.optimum.theta
    base, tilt = layout.at(f"open:{c}"), layout.at(f"frequency:{c}")
    present = np.bincount(likelihood.person[likelihood.channel == c], minlength=likelihood.people) > 0
    usual = likelihood.usual[present, c]
    weight = np.exp(theta[tilt] * usual)
    value = float(theta[base] + math.log(weight.mean()))
    slope = {base: 1.0, tilt: float((weight * usual).sum() / weight.sum())}
    at = [found.optimum.free.index(place) for place in slope if place in found.optimum.free]
    slopes = np.array([part for place, part in slope.items() if place in found.optimum.free])
    variance = float(slopes @ found.covariance[np.ix_(at, at)] @ slopes)
    return _log(value, math.sqrt(variance) if variance >= 0 else math.nan)


def _share(log: SendLog, event: np.ndarray, among: np.ndarray, empty: str) -> Estimated:
    """A share with an interval that knows that one person's messages are alike; on the logit scale."""
    number = int(among.sum())
    if not number:
        return Estimated.unknown(empty)
    share = float(event[among].mean())
    per_person = np.bincount(log.person[among], event[among] - share)
    error = float(np.sqrt((per_person**2).sum())) / number
    if not 0 < share < 1:
        return Estimated(share, *((0.0, 3 / number) if share == 0 else (1 - 3 / number, 1.0)), standard_error=error)
    logit, width = math.log(share / (1 - share)), 1.96 * error / (share * (1 - share))
    low, high = (1 / (1 + math.exp(-logit - sign * width)) for sign in (-1, 1))
    return Estimated(share, low, high, error)


def _warnings(log: SendLog, likelihood: ContactLikelihood, found: FatigueFit | None) -> Iterator[str]:
    """What the reader should know before using the fit."""
    if log.mended:
        yield f"{log.mended} rows were opened or clicked but not delivered or opened; they count as both"
    if log.delivered.all():
        yield "every message was delivered: bounces are missing, or were left out"
    if found is None:
        return
    if found.optimum.theta[likelihood.layout.at("delta")] < 0 and found.detected:
        yield "opens rise with fatigue: something else moves both, such as busy seasons; delta is written as 0"
    if found.detected and any(found.flat):
        yield f"the half-life is not identifiable; all else is estimated at {ASSUMED_HALF_LIFE:g} days"
    if not found.detected:
        yield f"no fatigue was found: it adds {found.gain:.1f} to the log-likelihood, and chance adds up to 3.9"


def _check(likelihood: ContactLikelihood, found: FatigueFit | None) -> pd.DataFrame:
    """Observed against expected opens in bands of fatigue."""
    half_life = math.exp(found.optimum.theta[likelihood.layout.at("half_life")]) if found else 7.0
    level = likelihood.log.fatigue(half_life)[0][likelihood.fitted]
    expected = likelihood.expected_opens(found.optimum.theta) if found else np.full(len(level), np.nan)
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
