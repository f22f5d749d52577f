"""Plausible worlds in words and tables: how often the choice holds, where it turns, what it depends on most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.experiment.worlds.dependence import FEWEST, Dependence, Doubling, share_interval, spearman_interval
from simkit.experiment.worlds.found import NONE
from simkit.report.rounding import MINUS, shared, worded
from simkit.report.tables import Table

if TYPE_CHECKING:
    from simkit.experiment.result import Result
    from simkit.experiment.worlds.found import Worlds

TOLD = 3
"""Numbers named in a sentence."""
LISTED = 12
"""Numbers listed on the page."""
MOST = 0.5
"""Share of worlds beyond which a choice is said to hold without a number in the first sentence."""
QUANTILES_FROM = 20
"""Worlds from which on one in twenty lies below the 5 % quantile."""
QUANTILE_NAMES = {0.0: "lowest", 0.05: "5%", 0.5: "median", 0.95: "95%", 1.0: "highest"}
UNSEEN = " if the assumptions hold (not looked at without --worlds)"


def reservation(result: Result, chosen: bool = True) -> str:
    """What the first sentence must not leave out.

    That nobody looked whether assumptions matter; who is ahead after one number is halved or doubled; and, where it
    names a choice, in how many worlds that holds unless it surely does in most.
    """
    worlds = result.worlds
    if worlds is None:
        return UNSEEN if NONE in result.warnings else ""
    said, as_written = [], ""
    if worlds.turning:
        first, *others = sorted(worlds.turning, key=lambda one: one.lead)
        more = f", and so with {_count(len(others), 'other such change')}" if others else ""
        said.append(f"but not with {_changed(first)}: {first.winner} is then ahead by {_ahead(result, first)}{more}")
    if chosen and worlds.count and share_interval(worlds.held, worlds.count)[0] <= MOST:
        as_written = " as the numbers are written"
        said.append(f"ahead in {worlds.held} of {worlds.count} plausible worlds")
    return f"{as_written} ({'; '.join(said)})" if said else ""


def sentences(result: Result) -> str:
    """What the worlds say, after the answer; nothing where none were run."""
    worlds = result.worlds
    if worlds is None:
        return ""
    if not worlds.count:
        return "No plausible world could be counted: in each a run failed or has no value."
    if len(result.alternatives) == 1:
        return " ".join([_range_of_outcome(result, worlds), *_dependence(worlds), *_too_few(worlds)])
    return " ".join([_holds(result, worlds), *_dependence(worlds), *_checks(worlds)])


def document(worlds: Worlds) -> dict[str, Any]:
    """The same as plain values."""
    share = worlds.held / worlds.count if worlds.count else None
    low, high = share_interval(worlds.held, worlds.count) if worlds.count else (None, None)
    alone = len(worlds.alternatives) == 1
    won = worlds.leads["winner"].dropna().value_counts()
    return {
        "asked": worlds.asked,
        "counted": worlds.count,
        "redrawn": worlds.redrawn,
        "impossible": worlds.impossible,
        "failed": worlds.failed,
        "persons": worlds.persons,
        "measure": worlds.measure,
        "choice": None if alone else worlds.choice,
        "holds": None if alone else worlds.held,
        "share": None if alone else share,
        "share_low": None if alone else low,
        "share_high": None if alone else high,
        "wins": {} if alone else {str(name): int(count) for name, count in won.items()},
        "numbers_varied": sum(len(one.paths) for one in worlds.assumptions),
        "assumptions_varied": len(worlds.assumptions),
        "depends": [{**vars(one), "sure": one.sure} for one in worlds.depends[:LISTED]],
        "halved_and_doubled": [{**vars(one), "turns": one.turns} for one in worlds.doublings],
        "checked": list(worlds.checked),
    }


def tables(result: Result) -> list[Table]:
    """What the lead depends on, and what halving and doubling does; nothing without worlds."""
    if result.worlds is None or not result.worlds.count:
        return []
    return [one for one in (_wins(result), _dependences(result), _doublings(result)) if one.rows]


def depended_on(result: Result) -> list[tuple[Dependence, float, float]]:
    """The numbers listed on the page, each with the 95 % interval of its rank correlation; none without worlds."""
    if result.worlds is None:
        return []
    count = result.worlds.count
    return [(one, *spearman_interval(one.correlation, count)) for one in result.worlds.depends[:LISTED]]


def dependence_words(result: Result) -> str:
    """What stands below the picture of them."""
    worlds = result.worlds
    assert worlds is not None
    sure = sum(one.sure for one in worlds.depends[:LISTED])
    shown = min(len(worlds.depends), LISTED)
    rest = len(worlds.depends) - shown
    return (
        f"To the right: the higher the number, the {_what_rises(worlds)}; to the left the other way round. "
        f"{sure} of the {shown} shown are beyond luck when all {len(worlds.depends)} are asked at once (Holm); the "
        f"others are pale{f', {rest} weaker ones left out' if rest else ''}. Intervals (95%) are of each by itself."
    )


def dependence_table(result: Result) -> Table:
    """The numbers of that picture."""
    rows = [
        [one.name, _signed(one.correlation), f"{_signed(low)} to {_signed(high)}", f"{one.p_adjusted:.2g}"]
        for one, low, high in depended_on(result)
    ]
    return Table("Rank correlation over the worlds", ["number", "correlation", "95% interval", "p (Holm)"], rows)


def _what_rises(worlds: Worlds) -> str:
    if len(worlds.alternatives) == 1:
        return "higher the outcome"
    return f"further ahead is {worlds.choice}"


# --- sentences ----------------------------------------------------------------------------------------------


def _holds(result: Result, worlds: Worlds) -> str:
    share, (low, high) = worlds.held / worlds.count, share_interval(worlds.held, worlds.count)
    title = result.measures[worlds.measure].title.lower()
    told = f"{worlds.held} of {worlds.count}; 95% interval {low:.0%} to {high:.0%}"
    others = "the other" if len(result.alternatives) == 2 else "all others"
    return f"In {share:.0%} of the plausible worlds ({told}) {worlds.choice} is ahead of {others} on {title}."


def _range_of_outcome(result: Result, worlds: Worlds) -> str:
    known = worlds.leads["lead"].dropna()
    (low, middle, high), most = np.quantile(known, _quantiles(len(known))), len(known) >= QUANTILES_FROM
    form = shared([low, middle, high], result.unit(worlds.measure), currency=result.base.currency)
    title = result.measures[worlds.measure].title.lower()
    return (
        f"In {'nine of ten of ' if most else ''}the {worlds.count} plausible worlds {title} is {form.range(low, high)}"
        f"{f' {form.unit}' if form.unit else ''} (median {form.number(middle)})."
    )


def _dependence(worlds: Worlds) -> list[str]:
    if not worlds.depends:
        return []
    sure = [one for one in worlds.depends if one.sure][:TOLD]
    if not sure:
        first = worlds.depends[0]
        return [
            f"{worlds.count} worlds do not show a number that it depends on; the strongest is {first.name} "
            f"(rank correlation {_signed(first.correlation)}), which may be luck."
        ]
    listed = ", ".join(f"{one.name} ({_signed(one.correlation)})" for one in sure)
    return [f"It depends most on {listed} (rank correlation).", *_turning(worlds, sure)]


def _turning(worlds: Worlds, sure: list[Dependence]) -> list[str]:
    if len(worlds.alternatives) == 1:
        return []
    units = {one.name: one.unit for one in worlds.assumptions}
    told = [
        f"{one.name} is {'below' if one.correlation > 0 else 'above'} {_value(one.turns_at, units[one.name])}"
        + (f" ({one.low:.3g} to {one.high:.3g})" if one.low is not None and one.high is not None else "")
        for one in sure
        if one.turns_at is not None
    ]
    return [f"On average it turns where {' or where '.join(told)}."] if told else []


def _checks(worlds: Worlds) -> list[str]:
    if not worlds.checked:
        return _too_few(worlds, ", and halves and doubles those")
    many = _count(len(worlds.checked), "number")
    if not worlds.turning:
        return [f"Of the {many} that seem to matter most, none changes the winner when it is halved or doubled."]
    changed = "; ".join(f"{_changed(one)}: {one.winner}" for one in worlds.turning)
    return [f"Of {many} halved and doubled one at a time, these change the winner: {changed}."]


def _too_few(worlds: Worlds, more: str = "") -> list[str]:
    few = worlds.count < FEWEST
    return [f"So few do not show which numbers it depends on: `--worlds 50` does{more}."] if few else []


def _changed(one: Doubling) -> str:
    return f"{one.name} {one.change} to {_value(one.value, one.unit)}"


def _ahead(result: Result, one: Doubling) -> str:
    form = shared([one.lead], result.unit(str(result.deciding)), gap=True, currency=result.base.currency)
    return f"{form.quantity(abs(one.lead))}{'' if one.shown else ', which may be luck'}"


def _value(value: float | None, unit: str) -> str:
    return f"{value:.3g}{f' {worded(unit)}' if unit and not unit.startswith(('1', 'share')) else ''}"


def _signed(value: float) -> str:
    return f"{MINUS if value < 0 else '+'}{abs(value):.2f}"


def _count(many: int, what: str) -> str:
    return f"{many} {what}{'' if many == 1 else 's'}"


def _quantiles(worlds: int) -> tuple[float, float, float]:
    """Low, middle and high of so many worlds: the outermost where they are too few to leave any out."""
    return (0.05, 0.5, 0.95) if worlds >= QUANTILES_FROM else (0.0, 0.5, 1.0)


# --- tables -------------------------------------------------------------------------------------------------


def _wins(result: Result) -> Table:
    worlds = result.worlds
    assert worlds is not None
    by = worlds.runs.pivot(index="case", columns="alternative", values=worlds.measure)
    rows, at, compared = [], _quantiles(worlds.count), len(worlds.alternatives) > 1
    for name in worlds.alternatives:
        values = by[name].dropna()
        if not len(values):
            continue
        spread = [float(one) for one in np.quantile(values, at)]
        form = shared([*spread], result.unit(worlds.measure), currency=result.base.currency)
        won = f"{int((worlds.leads['winner'] == name).sum())} of {worlds.count}"
        rows.append([name, *([won] if compared else []), *(form.quantity(one) for one in spread)])
    title = result.measures[worlds.measure].title
    columns = ["alternative", *(["ahead in"] if compared else []), *(QUANTILE_NAMES[one] for one in at)]
    return Table(f"{title} over the plausible worlds", columns, rows)


def _dependences(result: Result) -> Table:
    worlds = result.worlds
    assert worlds is not None
    known = {one.name: one for one in worlds.assumptions}
    rows = []
    for one in worlds.depends[:LISTED]:
        held = known[one.name]
        turns = "" if one.turns_at is None else _value(one.turns_at, held.unit)
        rows.append([
            one.name, _signed(one.correlation), "yes" if one.sure else "may be luck", turns,
            _value(held.value, held.unit), f"{held.low:.3g} to {held.high:.3g}", held.grade,
        ])  # fmt: skip
    what = "outcome" if len(worlds.alternatives) == 1 else f"lead of {worlds.choice}"
    head = ["number", "rank correlation", "sure", "turns at", "as written", "range", "grade"]
    return Table(f"What the {what} depends on most, over {worlds.count} worlds", head, rows)


def _doublings(result: Result) -> Table:
    worlds = result.worlds
    assert worlds is not None
    rows = []
    for one in worlds.doublings:
        form = shared(
            [one.lead, one.low, one.high], result.unit(worlds.measure), gap=True, currency=result.base.currency
        )
        said = "changes the winner" if one.turns else "moves the lead" if one.changed else "no effect shown"
        rows.append(
            [_changed(one), one.winner, form.quantity(one.lead, sign=True), form.range(one.low, one.high), said]
        )
    head = ["change", "ahead", f"lead of {worlds.choice}", "95% interval", ""]
    return Table("One number at a time, halved and doubled within its range", head, rows)
