"""What a search found, on a terminal and as a document: the best and how sure it is, or where a lever gets there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from simkit.experiment.search.optimize import Candidate, Optimum
from simkit.experiment.search.reach import Look, Reached
from simkit.experiment.statistics import LEVEL, Difference
from simkit.report.rounding import Format, shared

if TYPE_CHECKING:
    from rich.console import Console

    from simkit.experiment.search.problem import Problem


# --- the best ---------------------------------------------------------------------------------------------


def headline(found: Optimum) -> str:
    """The best values of the levers, or that none keeps the constraints."""
    problem, best = found.problem, found.best
    if not found.finalists or all(one.error for one in found.trials):
        reason = f"; the first: {found.failed[0].error}" if found.failed else ""
        return f"None of {len(found.trials)} trials could be run{reason}."
    if best is None:
        bounds = " and ".join(one.text for one in problem.constraints)
        return f"No trial of {len(found.trials)} keeps {bounds}; the nearest is {_point(problem, found.finalists[0])}."
    if len(problem.outcomes) > 1:
        return (
            f"{len(found.finalists)} of {len(found.trials)} trials are not dominated in {', '.join(problem.outcomes)}: "
            "nothing there is better in one without being worse in another."
        )
    measure = next(iter(problem.outcomes))
    span = best.intervals[measure]
    form = shared([span.mean, span.low, span.high], problem.unit(measure), currency=problem.currency)
    return (
        f"Best of {len(found.trials)} trials: {_point(problem, best)}, with {measure} {form.quantity(span.mean)} "
        f"({form.range(span.low, span.high)}, {span.count} new replications)."
    )


def sureness(found: Optimum) -> list[str]:
    """How sure the best is against the second best, and what it gains on the scenario as it is."""
    told = []
    if len(found.problem.outcomes) > 1:
        told += _on_the_front(found)
    if found.against_second is not None:
        second = _point(found.problem, _second(found))
        told.append(f"Against the second best, {second}: {_gap(found, found.against_second)}.")
    if found.against_base is not None:
        told.append(f"Against {found.base.point.alternative} as it is: {_gap(found, found.against_base)}.")
    return told


def _on_the_front(found: Optimum) -> list[str]:
    """Which of the front are surely on it, and which are perhaps dominated, by whom."""
    known = [one for one in found.finalists if one.front_probability is not None]
    if not known:
        return ["How sure the front is cannot be told from so few replications."] if len(found.finalists) > 1 else []
    doubted = [one for one in known if (one.front_probability or 0.0) < LEVEL]
    told = [
        f"{len(known) - len(doubted)} of them are undominated in {LEVEL:.0%} of the resamples of their luck or more."
    ]
    for one in doubted:
        rival, share = max(one.dominated_by.items(), key=lambda pair: pair[1])
        told.append(
            f"{_point(found.problem, one)} is not surely on the front: in {one.front_probability:.0%} of the resamples "
            f"nothing dominates it; {rival} does in {share:.0%}."
        )
    return told


def notes(found: Optimum) -> list[str]:
    """What to know when reading it."""
    kept = sum(one.feasible for one in found.trials)
    told = [
        f"Search: {len(found.trials)} trials of {found.first} replications, {found.resumed} of them from before; the "
        f"finalists were then compared under luck that the search had not seen (at most {found.problem.replications} "
        "replications, more for those near the best; verdicts are approximate because they are looked at on the way)."
    ]
    if found.problem.constraints:
        bounds = ", ".join(one.text for one in found.problem.constraints)
        told.append(f"{kept} of {len(found.trials)} trials keep the constraints: {bounds}.")
    if found.problem.uncertainties:
        told.append(f"Held as the scenario has them: {', '.join(found.problem.uncertainties)}.")
    return told


def failure_lines(found: Optimum) -> list[str]:
    """What did not run, first."""
    if not found.failed:
        return []
    first = found.failed[0]
    return [f"{len(found.failed)} of {len(found.trials)} trials failed (the first: {first.point.text}): {first.error}"]


def show(found: Optimum, console: Console) -> None:
    """Print it, failures first. Names from the scenario are data."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    for line in failure_lines(found):
        console.print(Text.assemble(("Warning: ", "yellow"), line))
    console.print(Text(headline(found), style="bold"))
    for line in sureness(found):
        console.print(Text(line))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    forms = {name: _form(found, name) for name in found.base.intervals}
    table.add_column("levers")
    for name, form in forms.items():
        table.add_column(f"{name}{f', {form.unit}' if form.unit else ''}", justify="right")
        table.add_column("95% interval", justify="right", no_wrap=True)
    table.add_column("")
    for one in [*found.finalists, found.base]:
        cells = [cell for name, form in forms.items() for cell in _cells(form, one, name)]
        table.add_row(*(Text(cell) for cell in (_label(found, one), *cells, _state(found, one))))
    console.print(table)
    for line in notes(found):
        console.print(Text(line))


def document(found: Optimum) -> dict[str, Any]:
    """The one JSON document of ``simkit optimize --json``."""
    problem = found.problem
    return {
        "experiment": problem.name,
        "answer": " ".join([headline(found), *sureness(found)]),
        "outcomes": dict(problem.outcomes),
        "constraints": [one.text for one in problem.constraints],
        "best": None if found.best is None else _candidate(found.best),
        "finalists": [_candidate(one) for one in found.finalists],
        "base": _candidate(found.base),
        "against_second": _difference(found.against_second),
        "against_base": _difference(found.against_base),
        "trials": [
            {"trial": one.number, "alternative": one.point.alternative, "levers": dict(one.point.values),
             "means": {name: None if mean != mean else mean for name, mean in one.means.items()},
             "feasible": one.feasible, "error": one.error}
            for one in found.trials
        ],
        "resumed": found.resumed,
        "runs": found.ran,
        "replications": {"search": found.first, "comparison": found.replications},
    }  # fmt: skip


def _second(found: Optimum) -> Candidate:
    return [one for one in found.finalists if one.feasible][1]


def _gap(found: Optimum, one: Difference) -> str:
    unit, currency = found.problem.unit(next(iter(found.problem.outcomes))), found.problem.currency
    form = shared([one.difference, one.low, one.high], unit, gap=True, currency=currency)
    said = {"undecided": "not decided", "the same": "no difference"}.get(one.verdict, f"shown to be {one.verdict}")
    return f"{form.quantity(one.difference, sign=True)} ({form.range(one.low, one.high, sign=True)}, paired), {said}"


def _point(problem: Problem, one: Candidate) -> str:
    several = len(problem.alternatives) > 1
    return f"{one.point.alternative} with {one.point.text}" if several else one.point.text


def _label(found: Optimum, one: Candidate) -> str:
    return f"{found.base.point.alternative} as it is" if one is found.base else _point(found.problem, one)


def _state(found: Optimum, one: Candidate) -> str:
    if not one.feasible:
        return "breaks a constraint"
    if one is found.base:
        return ""
    if len(found.problem.outcomes) > 1:
        return "" if one.front_probability is None else f"on the front in {one.front_probability:.0%}"
    if one is found.best:
        return "best"
    beaten = found.against_second is not None and found.against_second.verdict in ("higher", "lower")
    return "shown to be worse" if not one.in_race or (beaten and one is _second(found)) else "near the best"


def _form(found: Optimum, measure: str) -> Format:
    values = [one.intervals[measure].mean for one in (*found.finalists, found.base)]
    return shared(values, found.problem.unit(measure), currency=found.problem.currency)


def _cells(form: Format, one: Candidate, measure: str) -> Iterator[str]:
    span = one.intervals[measure]
    yield form.number(span.mean)
    yield form.range(span.low, span.high)


def _candidate(one: Candidate) -> dict[str, Any]:
    return {
        "alternative": one.point.alternative,
        "levers": dict(one.point.values),
        "intervals": {name: asdict(span) for name, span in one.intervals.items()},
        "feasible": one.feasible,
        "near_the_best": one.in_race,
        "front_probability": one.front_probability,
        "dominated_by": dict(one.dominated_by),
    }


def _difference(one: Difference | None) -> dict[str, Any] | None:
    return None if one is None else {**asdict(one), "verdict": one.verdict}


# --- where a lever gets there -----------------------------------------------------------------------------


def reached_sentence(found: Reached) -> str:
    """The value of the lever with its interval, or how near the measure comes."""
    form = _measure(found)
    wanted = f"{found.measure} = {form.quantity(found.target)}"
    if found.value is None:
        near = found.nearest
        span = f"{form.quantity(near.span.mean)} ({form.range(near.span.low, near.span.high)})"
        perhaps = found.earliest is not None or found.latest is not None
        doubt = " Luck alone might reach it." if perhaps else ""
        return (
            f"{wanted} is not reachable between {found.lever} = {found.low:g} and {found.high:g}; "
            f"the nearest is {span} at {near.value:.6g}.{doubt}"
        )
    told = f"{wanted} is reached at {found.lever} = {found.value:.6g} ({_interval(found)})"
    if found.neighbors is not None:
        (low, before), (high, after) = ((one, _look(found, one)) for one in found.neighbors)
        told = (
            f"{wanted} is never hit, it is passed: {found.measure} is {form.quantity(before.span.mean)} "
            f"at {found.lever} = {low:.6g} and {form.quantity(after.span.mean)} at {high:.6g}; "
            f"the nearer is {_nearer(found):.6g}"
        )
    more = f" It crosses {found.crossings} times; this is the first." if found.crossings > 1 else ""
    return f"{told}.{more}"


def _look(found: Reached, value: float) -> Look:
    return next(one for one in found.looks if one.value == value)


def _nearer(found: Reached) -> float:
    two = [_look(found, one) for one in found.neighbors or ()]
    return min(two, key=lambda one: abs((one.span.mean or 0.0) - found.target)).value


def _interval(found: Reached) -> str:
    low = f"{found.earliest:.6g}" if found.earliest is not None else f"{found.low:g} or beyond"
    high = f"{found.latest:.6g}" if found.latest is not None else f"{found.high:g} or beyond"
    return f"95% interval over simulated luck: {low} to {high}; {found.replications} paired replications"


def show_reached(found: Reached, console: Console) -> None:
    """Print it, and every value that was tried."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console.print(Text(reached_sentence(found), style="bold"))
    form = _measure(found)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in (found.lever, f"{found.measure}{f', {form.unit}' if form.unit else ''}", "95% interval"):
        table.add_column(Text(name), justify="right")
    for one in found.looks:
        table.add_row(f"{one.value:.6g}", form.number(one.span.mean), form.range(one.span.low, one.span.high))
    console.print(table)
    if found.problem.uncertainties:
        console.print(Text(f"Held as the scenario has them: {', '.join(found.problem.uncertainties)}."))


def reached_document(found: Reached) -> dict[str, Any]:
    """The one JSON document of ``simkit optimize --reach --json``."""
    return {
        "experiment": found.problem.name,
        "alternative": found.alternative,
        "answer": reached_sentence(found),
        "lever": found.lever,
        "measure": found.measure,
        "target": found.target,
        "value": found.value,
        "interval": [found.earliest, found.latest],
        "range": [found.low, found.high],
        "neighbors": found.neighbors,
        "crossings": found.crossings,
        "looks": [{"value": one.value, **asdict(one.span)} for one in found.looks],
        "replications": found.replications,
        "runs": found.ran,
    }


def _measure(found: Reached) -> Format:
    values = [found.target, *(one.span.mean for one in found.looks)]
    return shared(values, found.problem.unit(found.measure), currency=found.problem.currency)
