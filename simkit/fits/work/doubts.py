"""What the reader of a fit of work should know: what the log could not say, and what fits badly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simkit.fits.work.passes import Passes

if TYPE_CHECKING:
    from simkit.fits.work.fit import KindFit, WorkFit

OPTIONAL_BELOW, MANY_CASES = 0.9, 20
"""A step that a smaller share of many cases has is told: simkit's steps are for every case."""


def doubts(fit: WorkFit, found: Passes, speed: dict[Any, float]) -> Iterator[str]:
    """Sentences, each of one thing."""
    if found.moments:
        yield f"nobody does or decides {', '.join(found.moments)}: taken as moments, not as steps"
    for kind in fit.kinds:
        yield from _of_efforts(kind, found)
    if all(any(one.effort is None for one in kind.steps.values()) for kind in fit.kinds):
        yield "no kind of work is left, so people and gates are left out as well: simkit's own work asks for its skills"
    yield from _of_time(fit, found)
    yield from _of_order(found)
    if not (found.table["person"] != "").any():
        yield "the log names nobody: who does what is not identifiable, and one person stands for each skill"
    if speed:
        told = ", ".join(f"{person} {value:g} at {skill}" for (person, skill), value in speed.items())
        yield f"speed is relative to the others at the same steps; clearly different: {told}"
    yield "errors that nobody noticed leave no trace: internal_error is the chance of a redo, and errors.caught is 1"
    yield from _of_gates(fit)
    for kind in fit.kinds:
        yield from _of_rare_steps(kind, found)


def _of_efforts(kind: KindFit, found: Passes) -> Iterator[str]:
    unknown = [one.step for one in kind.steps.values() if one.effort is None]
    if unknown and not found.has_start and not found.has_effort:
        yield (
            f"{kind.kind}: effort is not identifiable: the log has no begins (transition start) and no hours, and from "
            "completions alone effort cannot be separated from waiting; the kind is left out of the snippet"
        )
    elif unknown:
        listed = ", ".join(unknown)
        yield f"{kind.kind}: too few efforts of {listed} for a distribution; the kind is left out of the snippet"
    fits = {one.step: one.effort for one in kind.steps.values() if one.effort is not None}
    poor = [f"{step} (D {effort.distance:.2f}, n {effort.n})" for step, effort in fits.items() if not effort.fits]
    if poor:
        yield f"{kind.kind}: not lognormal at 5 %: {', '.join(poor)}"


def _of_time(fit: WorkFit, found: Passes) -> Iterator[str]:
    if fit.share_is == "unknown" and found.has_start:
        yield (
            "primary_share is not identifiable without hours of work: effort is all on-shift time from begin to end, "
            "mail and meetings in between included, and primary_share is 1; state --primary-share to split it"
        )
    if found.has_effort and not found.has_coordination:
        yield "taking over is not booked apart: the hours of a step include it, and hand-offs cost no effort"
    if not found.has_effort and found.has_start:
        yield "taking over is part of what a step takes, and hand-offs cost no effort"
    hours = fit.hours
    if hours.inside < 0.95:
        yield f"only {hours.inside:.0%} of events lie in the working hours found"
    if hours.others:
        yield f"mostly at other hours than the rest: {', '.join(hours.others)}; one calendar is fitted for all"
    if hours.quiet_days:
        yield f"on {hours.quiet_days} working weekdays nothing happened: holidays, perhaps (calendars.office.holidays)"


def _of_order(found: Passes) -> Iterator[str]:
    if not found.has_ready:
        yield (
            "order of steps: inferred from what precedes what, since the log does not tell when steps are ready "
            "(transition schedule); steps that never ran side by side look as if one waited for the other"
        )
    if not (found.has_ready and found.has_assigned):
        yield (
            "hand-offs: latency and queue cannot be told apart without the transitions schedule and assign; the lower "
            "twentieth of both together stands for the latency"
        )


def _of_gates(fit: WorkFit) -> Iterator[str]:
    if fit.gates:
        yield "a gate's opinion and the defects it finds are one rejection in a log: reject carries both, finds is 0"
    for name, gate in fit.gates.items():
        if gate.rejection.decay is None:
            yield f"gate {name}: nothing was decided in a second round: decay is not identifiable, and the default"
        if gate.mode == "cadence":
            yield f"gate {name}: a limit on cases per meeting is not identifiable, and none is set"
        elif gate.effort is None:
            yield f"gate {name}: no hours of the approver are known; 0.25 hours are put in"


def _of_rare_steps(kind: KindFit, found: Passes) -> Iterator[str]:
    table = found.table
    first = table[(table["kind"] == kind.kind) & (table["number"] == 0)]
    seen = first.groupby("step")["case"].nunique() / kind.cases
    rare = ", ".join(f"{step} ({share:.0%})" for step, share in seen.items() if share < OPTIONAL_BELOW)
    if rare and kind.cases >= MANY_CASES:
        yield f"{kind.kind}: not every case has {rare}; simkit's steps are for every case (some may be unfinished)"
