"""The answer in one sentence, never stronger than the intervals behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simkit.experiment.choosing import choice, is_better
from simkit.experiment.statistics import LEVEL, UNDECIDED
from simkit.report import worlds as plausible
from simkit.report.rounding import shared

if TYPE_CHECKING:
    from simkit.experiment.result import Result
    from simkit.experiment.statistics import Difference

PER_YEAR = " per year"
DOUBT = (
    "Intervals are over simulated luck only. They say nothing about doubtful assumptions: "
    "if those are wrong, the truth may lie outside."
)


WORLDS = (
    "Intervals of outcomes are over simulated luck only. The worlds differ in {} doubted assumptions ({} numbers), "
    "each as far as is plausible; what is measured or yours is the same in all."
)


@dataclass(frozen=True)
class Answer:
    """What to tell the person who asked."""

    sentence: str
    """What to choose, by how much, and how sure that is."""
    runner_up: str
    """Whether the best is really ahead of the second best, and whether all lose money; empty where neither is told."""
    worlds: str
    """In how many plausible worlds that holds, and what it depends on; empty where none were run."""
    doubt: str
    """What the intervals do not cover."""
    choice: str | None
    """The alternative to choose; None when none is shown to be best."""

    def __str__(self) -> str:
        return " ".join(part for part in (self.sentence, self.runner_up, self.worlds, self.doubt) if part)


def answer(result: Result) -> Answer:
    """Choose by the deciding measure: an alternative only if it is shown to be better than the base."""
    sentence, runner_up, chosen = _said(result)
    runner_up = " ".join(part for part in (runner_up, _losses(result)) if part)
    return Answer(sentence, runner_up, plausible.sentences(result), _doubt(result), chosen)


Said = tuple[str, str, str | None]
"""Sentence, runner-up, choice."""


def _said(result: Result) -> Said:
    measure = result.deciding
    if measure is None:
        return "No outcome shown has a better and a worse side, so nothing can be chosen.", "", None
    if len(result.alternatives) == 1:
        return _alone(result, measure), "", None
    chosen = choice(result)
    ranked = list(chosen.ranked) if chosen else []
    if not ranked:
        return "The alternatives cannot be compared: no replication has a value for two.", "", None
    if result.replications == 1:
        return _one_replication(result, measure, ranked[0]), "", None
    best = chosen.shown if chosen else None
    if best is None or best == result.base_name:
        return _stay(result, measure, ranked, best)
    second = next((name for name in ranked if name != best), None)
    return _choose(result, measure, best), "" if second is None else _against(result, measure, best, second), best


# --- sentences ----------------------------------------------------------------------------------------------


def _choose(result: Result, measure: str, best: str) -> str:
    gap = result.difference(measure, best, result.base_name)
    but = plausible.reservation(result)
    return f"Choose {best}{but}: {_told(result, measure, gap)} over {result.base_name} {_luck(result, measure, gap)}."


def _against(result: Result, measure: str, best: str, second: str) -> str:
    gap = result.difference(measure, best, second)
    told = f"{_told(result, measure, gap)} {_luck(result, measure, gap)}"
    if is_better(result, measure, best, second):
        return f"It is also shown to be better than {second}, the next best: {told}."
    return f"Whether it is better than {second} is not decided: {told}."


def _stay(result: Result, measure: str, ranked: list[str], chosen: str | None) -> Said:
    """No alternative is shown to be better; all may be shown to be worse."""
    base, best = result.base_name, ranked[0]
    gap = result.difference(measure, best, base)
    told = f"{_told(result, measure, gap)} against {base} {_luck(result, measure, gap)}"
    if gap.verdict == UNDECIDED and gap.p_value is not None and gap.p_value <= 1 - LEVEL:
        told += f", which among {len(result.shown_pairs)} comparisons may still be luck"
    but = plausible.reservation(result, chosen is not None)
    if chosen is not None:
        many = "the alternative is" if len(ranked) == 1 else f"all {len(ranked)} alternatives are"
        return f"Keep {base}{but}: {many} shown to be worse; the nearest is {best}, {told}.", "", base
    title = result.measures[measure].title.lower()
    but = f"; {result.worlds.choice} is ahead{but}" if but and result.worlds else ""
    return f"No alternative is shown to beat {base} on {title}{but}; the nearest is {best}, {told}.", "", None


def _losses(result: Result) -> str:
    """Profit is compared, and the best of several may be the smallest loss."""
    if result.deciding != "profit" or len(result.alternatives) == 1:
        return ""
    highs = [result.interval(name, "profit").high for name in result.alternatives]
    return "Every alternative makes a loss." if all(high is not None and high < 0 for high in highs) else ""


def _alone(result: Result, measure: str) -> str:
    one = result.interval(result.base_name, measure)
    if one.mean is None:
        return f"{result.base_name} has no value for {result.measures[measure].title.lower()}."
    form = shared([one.mean, one.low, one.high], result.unit(measure), currency=result.base.currency)
    told = _titled(result, measure, form.quantity(one.mean))
    luck = (
        "one replication, so no interval"
        if one.low is None
        else (f"95% interval over simulated luck: {form.range(one.low, one.high)}; {one.count} replications")
    )
    return f"{result.base_name}: {told} ({luck}). There is no alternative to choose."


def _one_replication(result: Result, measure: str, best: str) -> str:
    gap = result.difference(measure, best, result.base_name)
    return (
        f"Nothing is shown: one replication cannot tell a difference from luck. In it, {best} has "
        f"{_told(result, measure, gap)} against {result.base_name}."
    )


# --- parts of sentences -------------------------------------------------------------------------------------


def _told(result: Result, measure: str, gap: Difference) -> str:
    """``+1.93 m SAR profit a year``."""
    form = shared([gap.difference, gap.low, gap.high], result.unit(measure), gap=True, currency=result.base.currency)
    return _titled(result, measure, form.quantity(gap.difference, sign=True))


def _titled(result: Result, measure: str, quantity: str) -> str:
    """The amount of a measure with its name; what is of a year says so last."""
    title = result.measures[measure].title.lower()
    if quantity.endswith(PER_YEAR):
        return f"{quantity.removesuffix(PER_YEAR)} {title} a year"
    return f"{quantity} {title}"


def _luck(result: Result, measure: str, gap: Difference) -> str:
    form = shared([gap.difference, gap.low, gap.high], result.unit(measure), gap=True, currency=result.base.currency)
    if gap.low is None:
        return f"({gap.pairs} paired replication, so no interval)"
    return f"(95% interval over simulated luck: {form.range(gap.low, gap.high)}; {gap.pairs} paired replications)"


def _doubt(result: Result) -> str:
    """What no interval here covers, and how much of it there is."""
    worlds = result.worlds
    said = DOUBT if worlds is None else WORLDS.format(len(worlds.assumptions), worlds.numbers)
    if not result.numbers:
        return said
    many = ", ".join(f"{count} {origin}" for origin, count in result.numbers.items())
    return f"{said} Numbers in {result.base_name}: {many}."
