"""What the reader of a fit of work should know: what the log could not say, and what fits badly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simkit.fits.work.passes import Passes

if TYPE_CHECKING:
    from simkit.fits.work.fit import KindFit, WorkFit

NO_BEGIN, SURE = 0.02, 0.95
"""Share of completions without a begin that is told; how sure a bound on what was never seen is."""
OPTIONAL_BELOW, MANY_CASES = 0.9, 20
"""A step that a smaller share of many cases has is told: simkit's steps are for every case."""


def doubts(fit: WorkFit, found: Passes, speed: dict[Any, float]) -> Iterator[str]:
    """Sentences, each of one thing."""
    if nobody := [one for one in found.moments if one not in found.taken_for_moments]:
        yield f"nobody does or decides {', '.join(nobody)}: taken as moments, not as steps"
    for step in found.taken_for_moments:
        yield f"{step}: somebody does it, but that names a moment of the case, and no step; give it another name"
    for kind in fit.kinds:
        yield from _of_efforts(kind, found)
    if all(any(one.effort is None for one in kind.steps.values()) for kind in fit.kinds):
        yield "no kind of work is left, so people and gates are left out as well: simkit's own work asks for its skills"
    yield from _of_begins(found)
    yield from _of_time(fit, found)
    yield from _of_order(fit, found)
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


def _of_begins(found: Passes) -> Iterator[str]:
    """Steps that are begun in the log, and some of whose completions have no begin: their efforts are unknown."""
    done = found.table[found.table["complete"].notna()]
    begun = done["start"].notna().groupby(done["step"]).agg(["mean", "size"])
    few = begun[(begun["mean"] > 0) & (begun["mean"] < 1 - NO_BEGIN)]
    if len(few) and not found.has_effort:
        told = ", ".join(f"{step} ({1 - one['mean']:.0%} of {int(one['size']):,})" for step, one in few.iterrows())
        yield f"completions without a begin tell nothing of effort: {told}"


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


def _of_order(fit: WorkFit, found: Passes) -> Iterator[str]:
    for kind in fit.kinds:
        for step, other in kind.assumed:
            told = f"{other}, which never began before, is taken to wait for it"
            yield f"{kind.kind}: nothing became ready when {step} was done; {told}"
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
        if not any(gate.rejection.rejected):
            most = 1 - (1 - SURE) ** (1 / sum(gate.rejection.decided))
            told = f"nothing was rejected in {sum(gate.rejection.decided):,} decisions"
            yield f"gate {name}: {told}, so the chance is below {most:.2g} ({SURE:.0%} sure)"
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
