"""Conditions about a case, such as ``risk < 0.3 and priority > 2``: the small language over what a department knows.

The language is that of `conditions.py`; these are its words for a case on its way to a decision. What nobody in the
department can know, such as errors that nobody noticed, is not among them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field

from simkit.scenario.conditions import Known, Step, Vocabulary, parse

CAUSES = ("planned", "occasion", "monitor", "request", "journey")

QUANTITIES: dict[str, Known] = {
    "risk": Known("number", "quality-risk index of the case: share of its work with an error left as it is, 0 to 1"),
    "priority": Known("number", "of the case: 1 (most urgent) to 9; 0 for what interrupts other work"),
    "round": Known("number", "at a gate: 1 + rejections there so far; after an error: number of the pass, from 1"),
    "kind": Known("kind", "kind of work, a key of `teams.work`"),
    "segment": Known("segment", "segment the work is for; none for all"),
    "cause": Known("word", "what the work answers; monitor: any figures, be they misleading", CAUSES),
    "campaign": Known("word", "whether a campaign goes live with the work; internal work has none", ("no", "yes")),
    "age_days": Known("days", "days since the work arrived"),
    "days_left": Known("days", "days until the work expires; endless when it never does"),
    "waiting_days": Known(
        "days", "how long the oldest work has been waiting for whoever would decide, tray or agenda; 0 when none is"
    ),
}
"""All that a condition of `teams` can ask about; `teams/quantities.py` reads each (a test compares)."""

CASE = Vocabulary("case", tuple(QUANTITIES.items()))


def _checked(text: str) -> str:
    parse(text, CASE)
    return " ".join(text.split())


CaseCondition = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_checked)]
"""A field of a table that holds a condition about work, checked when read and kept as text."""


def names(text: str) -> list[tuple[str, str]]:
    """The kinds of work and segments a condition names, as (field, name)."""
    return [(step.field, step.name) for step in parse(text, CASE) if step.name]


def holds(text: str, ask: Callable[[str], float | str]) -> bool:
    """Whether a condition is true; `ask` gives the value of a quantity (words as their number)."""
    stack: list[bool] = []
    for step in parse(text, CASE):
        if step.operator == "not":
            stack.append(not stack.pop())
        elif step.operator in ("and", "or"):
            right, left = stack.pop(), stack.pop()
            stack.append(left and right if step.operator == "and" else left or right)
        else:
            stack.append(_compared(step, ask(step.field)))
    return stack.pop()


def _compared(step: Step, found: float | str) -> bool:
    if isinstance(found, str):
        return (found == step.name) == (step.operator == "=")
    return {
        "<": found < step.value,
        "<=": found <= step.value,
        ">": found > step.value,
        ">=": found >= step.value,
        "=": found == step.value,
        "!=": found != step.value,
    }[step.operator]
