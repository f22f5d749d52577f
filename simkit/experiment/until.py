"""Replications of a study until its intervals are narrow enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.experiment.analysis.half_width import LEAST, MOST, Stopping, next_count, reached
from simkit.scenario.errors import SenseError
from simkit.scenario.overlay import choices

if TYPE_CHECKING:
    from simkit.experiment.result import Result


def stopping(until: Mapping[str, float], measures: Mapping[str, Any], most: int | None) -> Stopping:
    """The rule for half-widths by measure; `most` replications, 200 unless said.

    Raises :class:`SenseError` for a measure that nobody computes, a half-width that is none, and fewer than ten.
    """
    for measure in until:
        if measure not in measures:
            raise SenseError(f"until {measure}", f"is no measure{choices(measure, measures, 'there are')}")
    if most is not None and most < LEAST:
        raise SenseError("replications", f"with `until` they are the most, {LEAST} at least; found {most}")
    try:
        return Stopping(dict(until), most=MOST if most is None else most)
    except ValueError as error:
        raise SenseError("until", str(error)) from None


def samples(result: Result, rule: Stopping) -> dict[str, list[np.ndarray]]:
    """Whose intervals are to be narrow: paired differences to the base; of one alternative the measure itself."""
    base, *others = result.alternatives
    return {
        measure: [result.values(other, measure) - result.values(base, measure) for other in others]
        or [result.values(base, measure)]
        for measure in rule.half_widths
    }


def enough(result: Result, rule: Stopping) -> int:
    """How many replications there should be; as many as there are when it is enough."""
    return next_count(samples(result, rule), rule, result.replications)


def notes(result: Result, rule: Stopping) -> list[str]:
    """What to say: a half-width that was not reached, and that the rule peeks."""
    found = reached(samples(result, rule), rule)
    missed = [
        f"After {result.replications} replications, the most allowed, the half-width of {measure} is {half:.4g}, "
        f"not {rule.half_widths[measure]:.4g}."
        for measure, half in found.items()
        if half > rule.half_widths[measure]
    ]
    peeked = f"Replications ended at {result.replications} because intervals were narrow: their 95% is approximate."
    return missed or [peeked]
