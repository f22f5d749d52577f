"""What a log of sends says about response and fatigue, as numbers with intervals and as the YAML of a scenario."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from simkit.fits.contacts.likelihood import WearOut
from simkit.fits.output import digits

AS_GOOD = 2.0
"""Forms of wear-out whose AIC is this close fit about as well (Burnham & Anderson 2002, section 2.6)."""


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
    wear_out: WearOut
    """The form of wear-out: the likeliest, or the one asked for."""
    wear_out_aic: Mapping[WearOut, float]
    """How much worse (AIC) each form fits than the best; empty when forms were not compared."""
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

    @property
    def identified(self) -> bool:
        """Whether the log says anything about fatigue, be it that there is none."""
        return not (self.delta.why_not and self.opt_out_growth.why_not and self.half_life_days.why_not)

    def shared(self) -> list[tuple[str, str, Estimated]]:
        """What holds for all channels: the name in a scenario, the unit, the estimate."""
        return [
            ("half_life_days", "days", self.half_life_days),
            ("delta", "per contact", self.delta),
            ("opt_out_growth", "per contact", self.opt_out_growth),
            ("affinity_spread", "sigma of log", self.affinity_spread),
        ]

    def why_wear_out(self) -> str:
        """Why this form of wear-out, in words."""
        if not self.wear_out_aic:
            return "given or by default: forms were not compared"
        others = sorted((worse, form) for form, worse in self.wear_out_aic.items() if form != self.wear_out)
        told = " and ".join(f"{form} by {worse:.1f}" for worse, form in others)
        close = [form for worse, form in others if worse < AS_GOOD]
        doubt = f"; the log hardly tells {' or '.join(close)} apart" if close else ""
        return f"the best of three by AIC, ahead of {told}{doubt}"

    def snippet(self) -> str:
        """The YAML of `market.fatigue`, under comments on its origin and on the channels' rates.

        What is not identifiable is left out, so that the scenario's own value or the default holds.
        """
        end = self.first + pd.Timedelta(days=self.days - 1)
        header = [f"Fitted to {self.source} by", f"  {self.command}"]
        header += [f"{self.rows} sends to {self.people} people, {self.first:%Y-%m-%d} to {end:%Y-%m-%d}"]
        header += [f"{self.fitted_rows} delivered after each person's first {self.run_in_days} days were fitted"]
        header += [f"{name}: {_told(found)}" for name, _, found in self.shared()]
        header += [f"wear_out: {self.wear_out}, {self.why_wear_out()}"]
        header += [f"warning: {warning}" for warning in self.warnings]
        header += ["what belongs elsewhere in a scenario, at this log's mean relevance:"]
        header += list(self._elsewhere())
        lead = self.channels[self.lead_channel].opt_out
        known = {"half_life_days": self.half_life_days, "delta": self.delta, "opt_out": lead,
                 "opt_out_growth": self.opt_out_growth}  # fmt: skip
        body = [f"wear_out: {self.wear_out}"]
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
