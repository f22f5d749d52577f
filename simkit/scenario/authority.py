"""The `authority` table: who decides about an error that was noticed, how long that may take, what they tend to say.

After the Virtual Design Team (Jin & Levitt 1996; Levitt et al. 1999): the more central a decision, the more often it is
to do the work again, and the longer it takes. No published sizes were found: the directions here are published, the
sizes are assumptions.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from simkit.scenario.case_conditions import CaseCondition
from simkit.scenario.quantity import Rate, Share, Table, WorkHours, convention, default

LEVELS = ("self", "lead", "top")
"""Who may decide, the least central first."""
OUTCOMES = ("rework", "correct", "ignore")
"""What may be decided, the most thorough first."""

_VDT = "direction: Jin & Levitt 1996, Levitt et al. 1999; size: simkit, no published estimate"
_OURS = "simkit, no published estimate"
_TOLERANCE = 1e-9


def _share(value: float, unit: str, low: float, high: float) -> Any:
    return default(value, unit=unit, source=_VDT, grade="assumption", low=low, high=high)


def _add_up(table: dict[str, Any], names: tuple[str, ...], rest: str) -> dict[str, Any]:
    """All shares are stated: they must add up to 1, and the rest is known from the others."""
    if rest in table and all(isinstance(table.get(name), (int, float)) for name in names):
        total = sum(table[name] for name in names)
        if not math.isclose(total, 1, abs_tol=_TOLERANCE):
            raise ValueError(f"the shares of {', '.join(names)} must add up to 1, they add up to {total:g}")
        return {name: table[name] for name in table if name != rest}
    return table


def _without_self(value: Any) -> Any:
    return _add_up(value, LEVELS, "self") if isinstance(value, dict) else value


def _by_name(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        if len(value) != len(OUTCOMES):
            raise ValueError(f"expected shares of {', '.join(OUTCOMES)}, found {len(value)} of them")
        value = dict(zip(OUTCOMES, value, strict=True))
    return _add_up(value, OUTCOMES, "ignore") if isinstance(value, dict) else value


class Centralization(Table):
    """Shares of the noticed errors that each level decides about; `self`, the doer, has the rest."""

    lead: Share = _share(0.3, "share of exceptions", 0.1, 0.4)
    """The lead of the doer's unit, or of the next unit above that has one."""
    top: Share = _share(0.6, "share of exceptions", 0.1, 0.6)
    """The lead of the top unit."""

    @model_validator(mode="after")
    def _at_most_all(self) -> Centralization:
        if self.lead + self.top > 1 + _TOLERANCE:
            raise ValueError(f"lead and top decide about {self.lead + self.top:g} of the exceptions, at most 1")
        return self


class Mix(Table):
    """What a level tends to decide."""

    rework: Share
    correct: Share

    @model_validator(mode="after")
    def _at_most_all(self) -> Mix:
        if self.rework + self.correct > 1 + _TOLERANCE:
            raise ValueError(f"rework and correct have {self.rework + self.correct:g} of the decisions, at most 1")
        return self


class TopMix(Mix):
    """What the top decides; the rest is ignored."""

    rework: Share = _share(0.6, "share of decisions", 0.45, 0.7)
    correct: Share = _share(0.3, "share of decisions", 0.15, 0.3)


class LeadMix(Mix):
    """What a lead decides; the rest is ignored."""

    rework: Share = _share(0.4, "share of decisions", 0.25, 0.5)
    correct: Share = _share(0.4, "share of decisions", 0.25, 0.5)


class SelfMix(Mix):
    """What the doer decides; the rest is ignored."""

    rework: Share = _share(0.2, "share of decisions", 0.05, 0.35)
    correct: Share = _share(0.3, "share of decisions", 0.15, 0.5)


class Outcomes(Table):
    """What each level tends to decide: ``[rework, correct, ignore]``, or rework and correct, the rest being ignored."""

    top: Annotated[TopMix, BeforeValidator(_by_name)] = TopMix()
    lead: Annotated[LeadMix, BeforeValidator(_by_name)] = LeadMix()
    self: Annotated[SelfMix, BeforeValidator(_by_name)] = SelfMix()


class DownTo(Table):
    """A rule of delegation: what it is true of is decided no higher than here."""

    to: Literal["self", "lead"]
    when: CaseCondition | None = None
    """A condition about the case, such as ``risk < 0.3 and kind is email_campaign``; always when left out."""


def _one_or_several(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class Authority(Table):
    """An error that the doer notices becomes an exception, about which somebody decides: rework, correct or ignore."""

    centralization: Annotated[Centralization, BeforeValidator(_without_self)] = Centralization()
    outcome: Outcomes = Outcomes()
    delegate: Annotated[tuple[DownTo, ...], BeforeValidator(_one_or_several), Field(max_length=20)] = ()
    """The first rule that holds applies."""
    timeout_hours: Annotated[WorkHours, Field(gt=0, le=2000)] = default(
        16, unit="office hours", source=_OURS, grade="assumption", low=4, high=40
    )
    """A question that nobody has taken up by then is decided by the doer."""
    effort_hours: Annotated[WorkHours, Field(ge=0, le=100)] = default(
        0.5, unit="hours of the lead or top", source=_OURS, grade="assumption", low=0.1, high=2
    )
    """What a decision takes; the doer decides on the way."""
    correct_share: Annotated[Rate, Field(ge=0, le=2)] = default(
        0.5, unit="share of the effort of doing it again", source=_VDT, grade="assumption", low=0.3, high=0.7
    )
    """Effort of correcting what is wrong, instead of doing it all again."""
    quality_loss: Share = default(
        0.3, unit="share of quality at a risk index of 1", source=_OURS, grade="assumption", low=0.1, high=0.6
    )
    """A launch has ``1 - loss x risk`` of its quality, where risk is the share of its work left with a known error."""
    annoyance: Annotated[Rate, Field(ge=0, le=100)] = convention(
        0.0, unit="share of opt-outs at a risk index of 1", why="an error left annoys no more unless stated"
    )
    """The same for what somebody decided to leave, besides `errors.annoyance_per_defect`: ``1 + annoyance x risk``."""
